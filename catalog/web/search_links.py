"""The address of a search, read and written: every state has one, with its parameters in a fixed order."""

import calendar
import datetime
import math
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Flask, url_for
from werkzeug.datastructures import MultiDict

from catalog.search_types import BOX, FACETS, SINCE, SORTS, Box, Query
from catalog.web.language import lang
from dcat.message import Message

MAX_TEXT = 300
MAX_VALUE = 300
# Values that one search may choose in a facet.
MAX_VALUES = 20
MAX_PAGE = 1_000_000
# As the form sends a box; the address holds it in one.
SIDES = ("west", "south", "east", "north")
_DAY = re.compile(r"(?P<year>[12][0-9]{3})(-(?P<month>[01][0-9])(-(?P<day>[0-3][0-9]))?)?")
_DEGREES = re.compile(r"[-+]?[0-9]{1,3}([.,][0-9]{1,12})?")
NO_BOX = Message(
    "Den Kartenausschnitt verstehen wir nicht, er blieb unberücksichtigt. Er braucht vier Zahlen in Grad: Westen und Osten "
    "zwischen −180 und 180, Süden und Norden zwischen −90 und 90, den Süden unter dem Norden.",
    "We do not understand the part of the map and left it out. It takes four numbers in degrees: west and east between "
    "−180 and 180, south and north between −90 and 90, the south below the north.",
)
NO_DAY = Message(
    "Ein Datum verstehen wir nicht, es blieb unberücksichtigt. Schreiben Sie es als 2026-03-31, 2026-03 oder 2026.",
    "We do not understand a date and left it out. Write it as 2026-03-31, 2026-03 or 2026.",
)
NO_SPAN = Message(
    "Der Zeitraum endet, ehe er beginnt, er blieb unberücksichtigt.",
    "The period ends before it begins; we left it out.",
)


def register(app: Flask) -> None:
    """Give templates the address of a search."""
    app.jinja_env.globals.update(search_address=address, search_fields=fields, degrees=degrees)


def address(query: Query) -> str:
    """Give the one address of a search."""
    asked = urlencode(fields(query), doseq=True, safe="/,")
    return url_for("pages.search") + (f"?{asked}" if asked else "")


def fields(query: Query, *but: str) -> dict[str, list[str]]:
    """Give the parameters of a search in their order, for an address or a form, without some of them."""
    days = {"from": query.start, "to": query.end, SINCE: query.since}
    found = {
        "q": [query.text],
        **{name: sorted(set(query.values(name))) for name in FACETS},
        BOX: [_written(query.box)] if query.box else [],
        **{name: [day.isoformat()] if day else [] for name, day in days.items()},
        "sort": [query.sort] if query.order != Query(text=query.text).order else [],
        "page": [str(query.page)] if query.page > 1 else [],
    }
    return {name: kept for name, values in found.items() if (kept := [v for v in values if v]) and name not in but}


def degrees(value: float) -> str:
    """Write degrees as a reader types them, with all their digits."""
    return _number(value).replace(".", "," if lang() == "de" else ".")


def read(asked: MultiDict[str, str], fixed: Mapping[str, str]) -> tuple[Query, tuple[Message, ...]]:
    """Read a search; what cannot be read is left out, and the notes say so. What the page itself fixes wins."""
    box, bad_box = _box(asked)
    days = {name: _day(asked.get(name, ""), last=name == "to") for name in ("from", "to", SINCE)}
    notes = [NO_BOX] if bad_box else []
    notes += [NO_DAY] if any(asked.get(name, "").strip() and not day for name, day in days.items()) else []
    start, end = days["from"], days["to"]
    if start and end and start > end:
        notes.append(NO_SPAN)
        start = end = None
    page, sort = asked.get("page", ""), asked.get("sort", "")
    query = Query(
        text=_clean(asked.get("q", ""))[:MAX_TEXT].strip(),
        chosen={name: (fixed[name],) if name in fixed else _values(asked.getlist(name)) for name in FACETS},
        box=box,
        start=start,
        end=end,
        since=days[SINCE],
        sort=sort if sort in SORTS else "relevance",
        page=min(max(int(page), 1), MAX_PAGE) if re.fullmatch(r"[0-9]{1,7}", page) else 1,
    )
    return query, tuple(notes)


def _clean(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())


def _values(given: list[str]) -> tuple[str, ...]:
    values = {cleaned[:MAX_VALUE] for value in given[: 10 * MAX_VALUES] if (cleaned := _clean(value))}
    return tuple(sorted(values)[:MAX_VALUES])


def _box(asked: MultiDict[str, str]) -> tuple[Box | None, bool]:
    """Read a box from its one parameter or the four of the form, and tell whether one was there that cannot be read."""
    sides = [asked.get(name, "").strip() for name in SIDES]
    given = sides if any(sides) else [side.strip() for side in asked.get(BOX, "").split(",", 4)]
    if not any(given):
        return None, False
    if len(given) != 4 or not all(_DEGREES.fullmatch(side) for side in given):
        return None, True
    west, south, east, north = (float(side.replace(",", ".")) for side in given)
    fits = all(abs(degrees) <= 180 for degrees in (west, east)) and -90 <= south <= north <= 90
    return (Box(west, south, east, north), False) if fits else (None, True)


def _written(box: Box) -> str:
    return ",".join(_number(side) for side in (box.west, box.south, box.east, box.north))


def _number(degrees: float) -> str:
    # Six digits are a hand's breadth.
    rounded = round(degrees, 6)
    return str(int(rounded)) if math.floor(rounded) == rounded else f"{rounded:.6f}".rstrip("0")


def _day(value: str, *, last: bool) -> datetime.date | None:
    """Read a day, the first or the last one of a month or year; None for what is no date."""
    found = _DAY.fullmatch(value.strip())
    if not found:
        return None
    year, month, day = (int(found[name]) if found[name] else 0 for name in ("year", "month", "day"))
    try:
        month = month or (12 if last else 1)
        return datetime.date(year, month, day or (calendar.monthrange(year, month)[1] if last else 1))
    except ValueError:
        return None
