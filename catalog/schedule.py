"""When a source is harvested next, and whether in full. Pure: from its definition, what the ledger says of it, and the present."""

import datetime
import hashlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from harvesters.source import Schedule, Source

BERLIN = ZoneInfo("Europe/Berlin")
# The wait after the first failure in a row; each further one doubles it, up to the interval.
FIRST_WAIT = datetime.timedelta(minutes=5)
# Sources that share an interval or a window are spread over so much of it, but never over more than LARGEST_SPREAD.
SPREAD = 0.1
LARGEST_SPREAD = datetime.timedelta(minutes=10)
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the ledger says of a source: when its last run began and ended, how many runs failed in a row."""

    started_at: datetime.datetime | None = None
    finished_at: datetime.datetime | None = None
    failures: int = 0


def due_at(source: Source, history: History, present: datetime.datetime) -> datetime.datetime:
    """Give the instant from which a source may be harvested again; one that never was is due at once, whatever its window says.

    What lies in the future counts as now: clocks are put back.
    """
    if history.started_at is None:
        return present
    started = min(history.started_at, present)
    ended = min(history.finished_at or started, present)
    every = datetime.timedelta(seconds=source.schedule.every)
    # Early rather than late: a daily harvest must not wander out of its window.
    regular = started + every - _spread(source, every)
    if history.failures:
        wait = min(every, FIRST_WAIT * 2 ** min(history.failures - 1, 30))
        regular = min(regular, ended + wait + _spread(source, wait))
    return _in_window(source, regular)


def is_full(schedule: Schedule, read_at: datetime.datetime | None, present: datetime.datetime) -> bool:
    """Tell whether a harvest that begins now asks for everything anew: the first, and one each `full` of the schedule."""
    if read_at is None or read_at > present:
        return True
    # The last harvest within the time is the full one: the one after it would be too late.
    return present - read_at >= datetime.timedelta(seconds=schedule.full - schedule.every)


def order(source: Source, at: datetime.datetime) -> tuple[int, datetime.datetime, str]:
    """Sort key of sources that are due: by priority, then by time."""
    return (-source.schedule.priority, at, source.id)


def _spread(source: Source, span: datetime.timedelta) -> datetime.timedelta:
    """Give a source its place in a span of time, the same on every call."""
    digest = hashlib.sha256(source.id.encode()).digest()
    return min(span * SPREAD, LARGEST_SPREAD) * (int.from_bytes(digest[:4]) / 2**32)


def _in_window(source: Source, at: datetime.datetime) -> datetime.datetime:
    """Put an instant off to the source's time of day, in Europe/Berlin; such a window may reach over midnight."""
    if not source.schedule.window:
        return at
    opens, closes = (datetime.time.fromisoformat(text) for text in source.schedule.window.split("-"))
    local = at.astimezone(BERLIN)
    clock = local.time()
    overnight = closes <= opens
    inside = (clock >= opens or clock < closes) if overnight else opens <= clock < closes
    day = local.date()
    if inside and clock < opens:
        day -= _DAY
    elif not inside and clock >= opens:
        day += _DAY
    opening = datetime.datetime.combine(day, opens, BERLIN).astimezone(datetime.UTC)
    length = (datetime.datetime.combine(day, closes) - datetime.datetime.combine(day, opens)) % _DAY or _DAY
    return max(at, opening + _spread(source, length)).astimezone(datetime.UTC)
