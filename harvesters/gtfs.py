"""GTFS (gtfs.org): a timetable in a ZIP file becomes one dataset; feed_info, agencies and calendars say what it is about."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dcat import dates, iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Period, Problem, Reading, Text
from dcat.spellings import find
from harvesters import archives, areas
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.distributions import distribution
from harvesters.json_answers import text
from harvesters.source import Source

# One source is one feed: its address may change with every timetable, this does not.
ID = "gtfs"
MAX_ROWS = 2_000_000
MAX_AGENCIES = 50
_DAY = re.compile(r"(19|20)\d{6}", re.ASCII)

Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed says of itself. `days` are the first and the last day of service, as GTFS writes them."""

    url: str
    info: tuple[tuple[str, str], ...] = ()
    agencies: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    days: tuple[str, str] = ("", "")
    stops: int = 0
    routes: int = 0
    positions: tuple[areas.Position, ...] = ()
    problems: tuple[Problem, ...] = ()

    def said(self, name: str) -> str:
        """Give a value of feed_info.txt."""
        return dict(self.info).get(name, "")


def split(page: Page, source: Source) -> Batch:
    """Read the small tables of a feed and count the large ones; timetables themselves stay unread."""
    with archives.opened(page.body[:], page.url) as archive:
        if archives.member(archive, "agency.txt") is None and archives.member(archive, "feed_info.txt") is None:
            raise UnreadableError(
                Message(
                    f"{page.url} enthält weder agency.txt noch feed_info.txt. Nächster Schritt: die Adresse des GTFS-Feeds prüfen.",
                    f"{page.url} holds neither agency.txt nor feed_info.txt. Next step: check the address of the GTFS feed.",
                )
            )
        feed = _feed(archive, source.url)
    return Batch(items=iter([Item(remote_id=ID, content=feed, stamp=repr(feed).encode())]))


def read(item: Item, source: Source) -> Reading:
    """Describe one feed."""
    feed: Feed = item.content
    publisher = feed.said("feed_publisher_name") or (feed.agencies[0] if len(feed.agencies) == 1 else "")
    name = publisher or ", ".join(feed.agencies[:3])
    if not name:
        raise UnreadableError(
            Message(
                f"{feed.url} nennt weder Herausgeber (feed_publisher_name) noch Verkehrsunternehmen (agency_name).",
                f"{feed.url} names neither a publisher (feed_publisher_name) nor an agency (agency_name).",
            )
        )
    home, email = iri.web(feed.said("feed_publisher_url")), feed.said("feed_contact_email")
    start, end = (feed.said("feed_start_date") or feed.days[0], feed.said("feed_end_date") or feed.days[1])
    period = Period(start=_day(start), end=_day(end))
    languages = [concept.uri for code in feed.languages if (concept := find(code, "language"))]
    dataset = Dataset(
        identifier=(f"{source.id}/{item.remote_id}",),
        title=(Text(f"Fahrplan (GTFS): {name}", "de"),),
        description=(Text(_described(feed), "de"),),
        keyword=tuple(Text(word, "de") for word in dict.fromkeys(("Fahrplan", "GTFS", *feed.agencies))),
        publisher=Agent(name=(Text(publisher, "de"),), homepage=home) if publisher else None,
        contact_point=_contact(publisher, email, iri.web(feed.said("feed_contact_url"))),
        landing_page=(home,) if home else (),
        language=tuple(dict.fromkeys(languages)),
        spatial=areas.place(feed.positions),
        temporal=(period,) if period.start or period.end else (),
        version=feed.said("feed_version"),
        distribution=tuple(_distributions(feed, source)),
    )
    return Reading(dataset=dataset, problems=feed.problems)


GTFS = Harvester(type="gtfs", accept="application/zip, */*;q=0.5", split=split, map=read, options=("realtime",))


def _feed(archive: zipfile.ZipFile, url: str) -> Feed:
    problems: list[Problem] = []

    def table(name: str) -> Iterator[Row]:
        return _rows(archive, name, problems)

    info = next(table("feed_info.txt"), {})
    agencies = [row for _, row in zip(range(MAX_AGENCIES), table("agency.txt"), strict=False)]
    stops, positions = _stops(table)
    routes, days = sum(1 for _ in table("routes.txt")), _days(table)
    # What was read of a damaged table is no count, and no end.
    damaged = {problem.path for problem in problems}
    languages = (info.get("feed_lang", ""), *(row.get("agency_lang", "") for row in agencies))
    return Feed(
        url=url,
        info=tuple((key, text(value, 500)) for key, value in info.items() if key.startswith("feed_") and value),
        agencies=tuple(dict.fromkeys(filter(None, (text(row.get("agency_name"), 200) for row in agencies)))),
        languages=tuple(code for code in languages if code and code.casefold() not in ("mul", "und")),
        days=("", "") if damaged & {"calendar.txt", "calendar_dates.txt"} else days,
        stops=stops if "stops.txt" not in damaged else 0,
        routes=routes if "routes.txt" not in damaged else 0,
        positions=positions if "stops.txt" not in damaged else (),
        problems=tuple(problems),
    )


def _rows(archive: zipfile.ZipFile, name: str, problems: list[Problem]) -> Iterator[Row]:
    """Read a table row by row; one that is damaged or too large ends early, with a remark."""
    info = archives.member(archive, name)
    if info is None:
        return
    try:
        raw = io.BufferedReader(archives.Member(archive, info), 1 << 16)
        lines = csv.reader(io.TextIOWrapper(raw, "utf-8-sig", "replace", newline=""), skipinitialspace=True)
        header = [column.strip() for column in next(lines, [])][:200]
        for count, row in enumerate(lines):
            if count >= MAX_ROWS:
                raise UnreadableError(
                    Message(f"{name} hat mehr als {MAX_ROWS} Zeilen.", f"{name} has more than {MAX_ROWS} rows.")
                )
            if row:
                yield dict(zip(header, (value.strip() for value in row), strict=False))
    except UnreadableError as error:
        problems.append(Problem(path=name, code="unreadable", value=name, message=error.message))
    except csv.Error as error:
        message = Message(f"{name} ist keine lesbare Tabelle: {error}.", f"{name} is no readable table: {error}.")
        problems.append(Problem(path=name, code="unreadable", value=name, message=message))


def _stops(table: Callable[[str], Iterator[Row]]) -> tuple[int, tuple[areas.Position, ...]]:
    """Count the places where people get on, and find the corners of the area they lie in."""
    count, corners = 0, _Corners()
    for row in table("stops.txt"):
        count += row.get("location_type", "") in ("", "0")
        point = areas.position(row.get("stop_lon"), row.get("stop_lat"))
        # Zero, zero stands for unknown.
        if point and point != (0.0, 0.0):
            corners.add(point)
    return count, corners.points()


class _Corners:
    """The corners of the area of many positions, without keeping them all."""

    def __init__(self) -> None:
        self._ends: tuple[float, float, float, float] | None = None

    def add(self, point: areas.Position) -> None:
        """Stretch the area to a position."""
        x, y = point
        w, s, e, n = self._ends or (x, y, x, y)
        self._ends = (min(w, x), min(s, y), max(e, x), max(n, y))

    def points(self) -> tuple[areas.Position, ...]:
        """Give two opposite corners."""
        return (self._ends[:2], self._ends[2:]) if self._ends else ()


def _days(table: Callable[[str], Iterator[Row]]) -> tuple[str, str]:
    """Find the first and the last day of service: of the calendars, and of the days that are added to them."""
    first, last = "", ""
    for row in table("calendar.txt"):
        first, last = _wider(first, last, row.get("start_date", ""), row.get("end_date", ""))
    for row in table("calendar_dates.txt"):
        if row.get("exception_type") == "1":
            first, last = _wider(first, last, row.get("date", ""), row.get("date", ""))
    return first, last


def _wider(first: str, last: str, start: str, end: str) -> tuple[str, str]:
    first = min(filter(None, (first, start if _DAY.fullmatch(start) else "")), default="")
    return first, max(last, end if _DAY.fullmatch(end) else "")


def _described(feed: Feed) -> str:
    counts = (
        (feed.routes, "Linie", "Linien"),
        (feed.stops, "Haltepunkt", "Haltepunkte"),
        (len(feed.agencies), "Verkehrsunternehmen", "Verkehrsunternehmen"),
    )
    said = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    names = f" Verkehrsunternehmen: {', '.join(feed.agencies)}." if feed.agencies else ""
    return f"Fahrplandaten im Format GTFS{f' mit {said}' if said else ''}.{names}"


def _distributions(feed: Feed, source: Source) -> Iterator[Distribution]:
    yield distribution(feed.url, "Fahrplan als ZIP-Datei", "GTFS", download=True)
    for number, address in enumerate(source.option("realtime").split(), 1):
        if iri.is_web(url := iri.cleaned(address.strip(",;"))):
            yield Distribution(
                title=(Text(f"Echtzeit (GTFS-RT) {number}", "de"),),
                description=(Text("GTFS Realtime, Protocol Buffers", "de"),),
                access_url=(url,),
            )


def _contact(name: str, email: str, url: str) -> tuple[Contact, ...]:
    email = email if re.fullmatch(r"[^@\s]+@[^@\s]+", email) else ""
    return (Contact(name=name, email=email, url=url),) if email or url else ()


def _day(value: str) -> str:
    return dates.cleaned(value) if _DAY.fullmatch(value) else ""
