"""Instants as a search names them: dates of any length, NOW, and the sums on both (Solr, "Date Math Syntax"). Pure."""

import calendar
import datetime
import re
from dataclasses import dataclass

_DATE = re.compile(
    r"(?P<YEAR>\d{4})(?:-(?P<MONTH>\d\d)(?:-(?P<DAY>\d\d)(?:[T ](?P<HOUR>\d\d)"
    r"(?::(?P<MINUTE>\d\d)(?::(?P<SECOND>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?)?)?)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_SUM = re.compile(r"(?P<amount>[+-]\d{1,9})(?P<unit>[A-Z]+)|/(?P<floor>[A-Z]+)", re.ASCII)
_UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_OTHER_NAMES = {"DATE": "DAY", "MILLISECOND": "MILLI"}
_LENGTHS = {
    "DAY": datetime.timedelta(days=1),
    "HOUR": datetime.timedelta(hours=1),
    "MINUTE": datetime.timedelta(minutes=1),
    "SECOND": datetime.timedelta(seconds=1),
    "MILLI": datetime.timedelta(milliseconds=1),
}
_LATEST = datetime.datetime.max.replace(tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a text names, in seconds since 1970: an instant, or a period from `start` up to and without `end`."""

    start: float
    end: float

    @property
    def is_instant(self) -> bool:
        """Whether it is an instant and no period."""
        return self.start == self.end


def moment(text: str, now: datetime.datetime) -> Moment | None:
    """Read what a search says of time; None for what is no time, or lies outside of the years 1 to 9999.

    Without a zone a time is in UTC. `2026-05` is the whole month; with a sum behind it (`2026-05/YEAR`) an instant.
    """
    try:
        if text.startswith("NOW"):
            return _instant(_summed(now.astimezone(datetime.UTC), text, 3))
        date = _DATE.match(text)
        if date is None:
            return None
        begin, unit = _read(date)
        if unit == "SECOND" or date.end() < len(text):
            return _instant(_summed(begin, text, date.end()))
        return Moment(begin.timestamp(), _end(begin, unit).timestamp())
    except (ValueError, OverflowError):
        return None


def _instant(at: datetime.datetime) -> Moment:
    return Moment(at.timestamp(), at.timestamp())


def _read(date: re.Match[str]) -> tuple[datetime.datetime, str]:
    """Give the beginning of a date, and its smallest unit."""
    given = [unit for unit in _UNITS if date[unit]]
    parts = {unit: int(date[unit] or unit in ("MONTH", "DAY")) for unit in _UNITS}
    hour, minute, second = parts["HOUR"], parts["MINUTE"], parts["SECOND"]
    micro = int((date["fraction"] or "0").ljust(6, "0")[:6])
    zone = datetime.datetime.strptime(date["zone"] or "Z", "%z").tzinfo
    begin = datetime.datetime(parts["YEAR"], parts["MONTH"], parts["DAY"], hour, minute, second, micro, zone)
    return begin.astimezone(datetime.UTC), given[-1]


def _end(begin: datetime.datetime, unit: str) -> datetime.datetime:
    try:
        return _added(begin, 1, unit)
    except (ValueError, OverflowError):
        return _LATEST


def _summed(at: datetime.datetime, text: str, position: int) -> datetime.datetime:
    """Follow sums such as `-1MONTH/DAY` from left to right; ValueError for anything else."""
    while position < len(text):
        step = _SUM.match(text, position)
        if step is None:
            raise ValueError
        unit = (step["unit"] or step["floor"]).removesuffix("S")
        unit = _OTHER_NAMES.get(unit, unit)
        at = _floored(at, unit) if step["floor"] else _added(at, int(step["amount"]), unit)
        position = step.end()
    return at


def _added(at: datetime.datetime, amount: int, unit: str) -> datetime.datetime:
    if unit in _LENGTHS:
        return at + amount * _LENGTHS[unit]
    if unit not in ("YEAR", "MONTH"):
        raise ValueError
    months = at.year * 12 + at.month - 1 + amount * (12 if unit == "YEAR" else 1)
    year, month = months // 12, months % 12 + 1
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        raise OverflowError
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))


def _floored(at: datetime.datetime, unit: str) -> datetime.datetime:
    if unit == "MILLI":
        return at.replace(microsecond=at.microsecond // 1000 * 1000)
    smaller = _UNITS[_UNITS.index(unit) + 1 :]
    return at.replace(microsecond=0, **{each.lower(): int(each in ("MONTH", "DAY")) for each in smaller})  # type: ignore[arg-type]
