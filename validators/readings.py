"""How a number, date or time that people wrote can be read: every possible reading, in the notation its column asks for."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from validators.schemas import Field

MAX_LENGTH = 60
_MARKS = str.maketrans({"\u2212": "-", "\u00a0": " ", "\u2007": " ", "\u202f": " ", "’": "'"})
_GROUPED = re.compile(r"(\d{1,3}(?:[ '_]\d{3})+)([.,]\d+)?")
_SINGLE_UNDERSCORES = re.compile(r"\d+(?:_\d+)+")
_COMMA = re.compile(r"(?:(\d+)|([1-9]\d{0,2}(?:\.\d{3})+))(?:,(\d+))?|(),(\d+)")
_POINT = re.compile(r"(?:(\d+)|([1-9]\d{0,2}(?:,\d{3})+))(?:\.(\d+))?|()\.(\d+)")
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d\d)")
_EITHER = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})")
_NAMED = re.compile(r"(\d{1,2})\.?\s*([A-Za-zäÄ]{3,9})\.?\s*(\d{4})")
_MOMENT = re.compile(
    r"(.{6,20}?)(?:\s*[T,]\s*|\s+)(\d{1,2}):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(?: Uhr)?\s*(Z|[+-]\d\d:?\d\d|MEZ|MESZ|CET|CEST|UTC)?"
)
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d\d)(?::(\d\d))?)?(\s?Uhr)?")
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?\Z")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jan jänner",
            "februar feb",
            "märz mär mrz",
            "april apr",
            "mai",
            "juni jun",
            "juli jul",
            "august aug",
            "september sep sept",
            "oktober okt",
            "november nov",
            "dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONES = {"Z": 0, "UTC": 0, "MEZ": 60, "CET": 60, "MESZ": 120, "CEST": 120}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a cell. `sense` is the convention it takes for granted, if that is not the column's own notation.

    Senses are `comma` or `point` as decimal mark, `day` or `month` first. `own` says that the reading is the column's own notation
    and still not the only one.
    """

    rule: str
    after: str
    sense: str = ""
    own: bool = False


def numbers(column: Field, cell: str) -> list[Reading]:
    """Read a number by the German and by the English convention; what begins with zeros may be a code and is left alone."""
    body, sign, grouped = _body(cell)
    if not body or re.match(r"0\d", body):
        return []
    comma, point = _parts(_COMMA, body), _parts(_POINT, body)
    ambiguous = comma is not None and point is not None and comma != point
    result = []
    for sense, mark, parts in (("comma", ",", comma), ("point", ".", point)):
        if parts is None or (after := _written(column, sign, *parts[:2])) is None:
            continue
        own = not parts[2] and (not parts[1] or (mark == column.decimal_char and column.type == "number"))
        if parts[1] and mark != column.decimal_char:
            rule = "decimal-mark"
        else:
            rule = "thousands-mark" if parts[2] or grouped else "number-spelling"
        result.append(
            Reading(rule=rule, after=after, sense="" if own and not ambiguous else sense, own=own and ambiguous)
        )
        if comma == point:
            break
    return result


def number_sense(column: Field, cell: str) -> str:
    """Tell which decimal mark a number can only be meant with, unless it is the column's own: comma, point or nothing."""
    body, _, _ = _body(cell)
    comma, point = _parts(_COMMA, body), _parts(_POINT, body)
    if (comma is None) == (point is None):
        return ""
    sense, mark, parts = ("comma", ",", comma) if comma else ("point", ".", point)
    own = column.type == "number" and mark == column.decimal_char and parts is not None and not parts[2]
    return "" if own else sense


def date_sense(cell: str) -> str:
    """Tell which order of day and month a date with slashes can only have: day, month or nothing."""
    found = _EITHER.match(cell.strip()) if len(cell) <= MAX_LENGTH else None
    if found is None:
        return ""
    one, two = int(found[1]), int(found[3])
    return "day" if one > 12 >= two else "month" if two > 12 >= one else ""


def _body(cell: str) -> tuple[str, str, bool]:
    """The digits and marks of a number in ASCII, its sign, and whether blanks or apostrophes set thousands apart."""
    text = unicodedata.normalize("NFC", cell).translate(_MARKS).strip() if len(cell) <= MAX_LENGTH else ""
    if text.endswith("-") and text[0].isdecimal():
        # Bookkeeping programs write the sign behind the number.
        text = f"-{text[:-1].rstrip()}"
    sign = "-" if text.startswith("-") else ""
    body = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    body = body[1:] if body.startswith(("-", "+")) else body
    if found := _GROUPED.fullmatch(body):
        return re.sub(r"[ '_]", "", found[1]) + (found[2] or ""), sign, True
    return (body.replace("_", "") if _SINGLE_UNDERSCORES.fullmatch(body) else body), sign, False


def _parts(form: re.Pattern[str], body: str) -> tuple[str, str, bool] | None:
    """Digits before and behind the decimal mark, and whether thousands were set apart."""
    if (found := form.fullmatch(body)) is None:
        return None
    whole, groups, fraction, _, bare = found.groups()
    if bare is not None:
        return "0", bare, False
    return whole or re.sub(r"[.,]", "", groups), fraction or "", bool(groups)


def _written(column: Field, sign: str, whole: str, fraction: str) -> str | None:
    if column.type == "integer":
        return f"{sign}{whole}" if not fraction.strip("0") else None
    return f"{sign}{whole}{column.decimal_char if fraction else ''}{fraction}"


def dates(column: Field, cell: str) -> list[Reading]:
    """Read a date; with points the day always comes first, with slashes either may."""
    text = cell.strip()
    if len(text) > MAX_LENGTH:
        return []
    # Excel and databases write midnight behind a date; any other time would get lost, so it stays.
    text = _MIDNIGHT.sub("", text)
    form = "%Y-%m-%d" if column.format == "default" else column.format
    found = ((_strftime(day, form), sense) for day, sense in _days(text))
    return [Reading(rule="date-form", after=after, sense=sense) for after, sense in found if after]


def _days(text: str) -> Iterator[tuple[date, str]]:
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = found[1], found[found.re.groups - 1], found[found.re.groups]
        yield from _day(year, month, day)
    elif found := _DAY.fullmatch(text):
        # Two digits can mean either century; the bounds of the column may decide.
        centuries = ("",) if len(found[3]) == 4 else ("19", "20")
        for century in centuries:
            yield from _day(century + found[3], found[2], found[1])
    elif found := _EITHER.fullmatch(text):
        one, two = found[1], found[3]
        same = int(one) == int(two)
        yield from _day(found[4], two, one, "" if same else "day")
        if not same:
            yield from _day(found[4], one, two, "month")
    elif (found := _NAMED.fullmatch(text)) and (number := _MONTHS.get(found[2].casefold())):
        yield from _day(found[3], str(number), found[1])


def _day(year: str, month: str, day: str, sense: str = "") -> Iterator[tuple[date, str]]:
    try:
        yield date(int(year), int(month), int(day)), sense
    except ValueError:
        return


def _strftime(moment: date | time, form: str) -> str:
    """Write a date so that it can be read back as the same, else give nothing."""
    try:
        written = moment.strftime(form)
        read = datetime.strptime(written, form)  # noqa: DTZ007
    except ValueError:
        return ""
    if isinstance(moment, datetime):
        return written if read.replace(tzinfo=read.tzinfo or moment.tzinfo) == moment else ""
    if isinstance(moment, date):
        return written if read.date() == moment else ""
    return written if read.time() == moment else ""


def moments(column: Field, cell: str) -> list[Reading]:
    """Read a date with a time of day; one without a zone is local time of Germany, unless the clock showed that hour twice or never."""
    if len(cell) > MAX_LENGTH or (found := _MOMENT.fullmatch(cell.strip())) is None:
        return []
    days, hour, minute, second, fraction, zone = found.groups()
    result = []
    for day, sense in _days(days):
        try:
            clock = time(int(hour), int(minute), int(second or 0))
        except ValueError:
            return []
        if column.format == "default":
            offset = _offset(zone) if zone else _german(datetime.combine(day, clock))
            if offset is None:
                continue
            moment = datetime.combine(day, clock, offset).isoformat()
            after = f"{moment[:19]}{fraction or ''}{moment[19:]}"
            rule = "time-zone" if not zone else "time-form" if second is None else "date-form"
        else:
            naive = not zone and "%z" not in column.format.casefold() and not fraction
            after = _strftime(datetime.combine(day, clock), column.format) if naive else ""
            rule = "date-form"
        if after:
            result.append(Reading(rule=rule, after=after, sense=sense))
    return result


def _offset(zone: str) -> tzinfo | None:
    if zone in _ZONES:
        return timezone(timedelta(minutes=_ZONES[zone]))
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 14 or minutes > 59:
        return None
    return timezone((1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))


@cache
def _berlin() -> ZoneInfo:
    return ZoneInfo("Europe/Berlin")


def _german(moment: datetime) -> tzinfo | None:
    """The offset of local time, or nothing in the hours of a clock change and before there was one time for all."""
    if moment.year < 1900:
        return None
    # Both sides of a clock change differ, in the hour shown twice and in the one skipped.
    first, second = (moment.replace(tzinfo=_berlin(), fold=fold).utcoffset() for fold in (0, 1))
    return timezone(first) if first is not None and first == second else None


def times(column: Field, cell: str) -> list[Reading]:
    """Read a time of day: 10:30, 9.05 Uhr, 9 Uhr."""
    found = _TIME.fullmatch(cell.strip()) if len(cell) <= MAX_LENGTH else None
    if found is None or not (found[4] or ":" in cell):
        return []
    try:
        clock = time(int(found[1]), int(found[2] or 0), int(found[3] or 0))
    except ValueError:
        return []
    form = "%H:%M:%S" if column.format == "default" else column.format
    after = _strftime(clock, form)
    return [Reading(rule="time-form", after=after)] if after else []


def years(column: Field, cell: str) -> list[Reading]:
    """Read a year that a spreadsheet wrote with decimals, or a year with its month."""
    text = cell.strip()
    if column.type == "year":
        found = re.fullmatch(r"(\d{4})[.,]0+", text) if len(text) < MAX_LENGTH else None
        return [Reading(rule="number-spelling", after=found[1])] if found else []
    if found := re.fullmatch(r"(\d{1,2})[./-](\d{4})", text):
        month, year = int(found[1]), found[2]
    elif (found := re.fullmatch(r"([A-Za-zäÄ]{3,9})\.? (\d{4})", text)) and found[1].casefold() in _MONTHS:
        month, year = _MONTHS[found[1].casefold()], found[2]
    else:
        return []
    return [Reading(rule="date-form", after=f"{year}-{month:02}")] if 1 <= month <= 12 else []
