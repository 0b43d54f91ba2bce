"""Dates as DCAT writes them: the lexical forms of xsd:gYear, gYearMonth, date and dateTime, and the odd forms of real feeds."""

import datetime
import functools
import re

_ZONE = r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_FORMS = (
    ("xsd:dateTime", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?" + _ZONE, re.ASCII)),
    ("xsd:date", re.compile(r"\d{4}-\d\d-\d\d" + _ZONE, re.ASCII)),
    ("xsd:gYearMonth", re.compile(r"\d{4}-\d\d", re.ASCII)),
    ("xsd:gYear", re.compile(r"\d{4}", re.ASCII)),
)
_DAY = r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})|(\d{4})(\d\d)(\d\d)"
_TIME = (
    r"[T ,]+(?P<before>GMT |UTC )?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<second>:\d\d)?(?:[.,](?P<fraction>\d{1,20}))?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(?:\s*Uhr)?"
)
_ODD = re.compile(rf"(?:{_DAY})(?:{_TIME})?", re.ASCII)
_MONTHS = (
    *("januar", "februar", "märz", "april", "mai", "juni"),
    *("juli", "august", "september", "oktober", "november", "dezember"),
)
_NAMED = re.compile(r"(?:(\d{1,2})\.\s*)?([A-Za-zä]{3,9})\s+(\d{4})")
_MONTH = re.compile(r"(\d{1,2})[./](\d{4})", re.ASCII)
# Milliseconds since 1970 as programs write them; thirteen digits are the years 2001 to 2286.
_COUNT = re.compile(r"[1-9]\d{12}", re.ASCII)


@functools.lru_cache(maxsize=10_000)
def datatype(value: str) -> str:
    """Name the XSD type of a date as a CURIE; empty when it is none or names a day that does not exist."""
    for name, form in _FORMS:
        if form.fullmatch(value):
            return name if _exists(value) else ""
    return ""


def stamp(at: datetime.datetime) -> str:
    """Write an instant in UTC as RFC 3339 and xsd:dateTime do, as exactly as it is known."""
    return at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def is_count(value: str) -> bool:
    """Tell whether a value is a bare number that can only be milliseconds since 1970."""
    return _COUNT.fullmatch(value.strip()) is not None


def cleaned(value: str) -> str:
    """Bring an odd date into an XSD form where it has one meaning; empty where it has none."""
    value = value.strip()
    if datatype(value):
        return value
    if is_count(value):
        moment = datetime.datetime.fromtimestamp(int(value) // 1000, datetime.UTC)
        value = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif match := _ODD.fullmatch(value):
        value = _in_order(match)
    elif (match := _NAMED.fullmatch(value)) and match[2].lower() in _MONTHS:
        day = f"-{int(match[1]):02}" if match[1] else ""
        value = f"{match[3]}-{_MONTHS.index(match[2].lower()) + 1:02}{day}"
    elif match := _MONTH.fullmatch(value):
        value = f"{match[2]}-{int(match[1]):02}"
    return value if datatype(value) else ""


def _in_order(match: re.Match[str]) -> str:
    numbers = [number for number in match.groups()[:9] if number]
    year, month, day = reversed(numbers) if len(numbers[0]) < 4 else numbers
    value = f"{year}-{int(month):02}-{int(day):02}"
    if match["hour"] is None:
        return value
    zone = "Z" if match["before"] or match["zone"] in ("Z", "UTC", "GMT") else match["zone"] or ""
    if len(zone) in (3, 5):
        zone = f"{zone[:3]}:{zone[3:] or '00'}"
    fraction = f".{match['fraction'][:6]}" if match["fraction"] else ""
    return f"{value}T{int(match['hour']):02}:{match['minute']}{match['second'] or ':00'}{fraction}{zone}"


def _exists(value: str) -> bool:
    day = f"{value[:10]}-01-01"[:10] if len(value) < 10 else value[:10]
    try:
        datetime.date.fromisoformat(day)
        if "T" in value:
            datetime.time.fromisoformat(re.split(r"[Z+.-]", value[11:])[0])
    except ValueError:
        return False
    return True
