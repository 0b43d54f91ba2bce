"""Current values as the public reads them: the series of one distribution, and whether they are still current."""

import datetime
import itertools
import statistics
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import now
from catalog.health import discreet
from catalog.models import LiveFile, LiveValue
from dcat.message import Message

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a series."""

    at: datetime.datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The newest values of one series, oldest first; there is at least one. `old` tells that the next one is overdue."""

    id: str
    label: str
    unit: str
    points: tuple[Point, ...]
    old: bool = False

    @property
    def newest(self) -> Point:
        """The present value."""
        return self.points[-1]

    @property
    def name(self) -> str:
        """What to call the series."""
        return self.label or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a distribution says now. `fetched_at` is when it last answered; `failure` why it did not at `failed_at`."""

    series: tuple[Series, ...] = ()
    fetched_at: datetime.datetime | None = None
    failure: Message | None = None
    failed_at: datetime.datetime | None = None


def read(session: Session, file_id: str, most: int) -> Live | None:
    """Read the newest values of a distribution, at most so many in all but one of each series; None where it has none."""
    file = session.get(LiveFile, file_id)
    if file is None:
        return None
    own = LiveValue.file_id == file_id
    names = list(session.scalars(sa.select(LiveValue.series).where(own).distinct()))
    each = max(1, most // max(1, len(names)))
    series = [_series(session, file_id, name, each) for name in names]
    de, en, at = file.failure or ("", "", "")
    return Live(
        series=tuple(sorted(series, key=lambda each: (each.name.casefold(), each.id))),
        fetched_at=file.fetched_at,
        failure=discreet(Message(de, en)) if file.failure else None,
        failed_at=datetime.datetime.fromisoformat(at) if file.failure else None,
    )


def write(live: Live, file_id: str) -> bytes:
    """Write as JSON: times in UTC, values oldest first."""
    failure = {"at": live.failed_at, "de": live.failure.de, "en": live.failure.en} if live.failure is not None else None
    series = [
        {
            "id": each.id,
            "label": each.label,
            "unit": each.unit,
            "values": [{"at": point.at, "value": point.value} for point in each.points],
        }
        for each in live.series
    ]
    content = {"distribution": file_id, "fetched_at": live.fetched_at, "failure": failure, "series": series}
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def overdue(times: list[datetime.datetime], at: datetime.datetime) -> bool:
    """Tell whether the newest value is old for a series of this pace: three steps late, and more than an hour."""
    if len(times) < 3:
        return at - times[-1] > DAY
    steps = [(after - before).total_seconds() for before, after in itertools.pairwise(times)]
    step = datetime.timedelta(seconds=statistics.median(steps))
    return at - times[-1] > max(HOUR, 3 * step)


def _series(session: Session, file_id: str, name: str, most: int) -> Series:
    query = sa.select(LiveValue.at, LiveValue.value, LiveValue.unit, LiveValue.label)
    query = query.where(LiveValue.file_id == file_id, LiveValue.series == name)
    rows = session.execute(query.order_by(LiveValue.at.desc()).limit(most)).all()
    points = tuple(Point(row.at, row.value) for row in reversed(rows))
    late = overdue([point.at for point in points], now())
    return Series(id=name, label=rows[0].label, unit=rows[0].unit, points=points, old=late)
