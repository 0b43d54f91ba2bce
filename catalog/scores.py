"""The table of scores and its counters per organisation: written in the transaction that publishes, so that nothing is ever counted."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches, now, upsert
from catalog.models import Score, ScoreSum
from dcat import quality

# Raised whenever the same dataset would be scored differently: every dataset is then scored anew.
VERSION = 1
DATASETS, TOTAL, BAND = "datasets", "total", "band:"


@dataclass(frozen=True, slots=True)
class Scored:
    """The points of one dataset, in the order of dcat.quality.metrics(). `stale` tells that they may be out of date already."""

    dataset_id: str
    organization_id: str
    points: tuple[int, ...]
    stale: bool = False


def write(session: Session, scored: Sequence[Scored], *, keep: tuple[str, ...] = (), new: Collection[str] = ()) -> None:
    """Write scores and move the counters by what changes; `keep` names columns of existing rows to leave alone.

    Of datasets that are certain to be `new` there is none to look for.
    """
    at = now()
    for part in batches(scored):
        change = _taken_back(session, [one.dataset_id for one in part if one.dataset_id not in new])
        for one in part:
            _count(change, one.organization_id, _named(one.points), 1)
        upsert(
            session,
            Score,
            [
                {
                    "dataset_id": one.dataset_id,
                    "organization_id": one.organization_id,
                    **quality.by_dimension(one.points),
                    "total": sum(one.points),
                    "metrics": _named(one.points),
                    "version": VERSION,
                    "scored_at": at,
                    "stale": one.stale,
                }
                for one in part
            ],
            keep=keep,
        )
        _move(session, change)


def remove(session: Session, dataset_ids: Sequence[str]) -> None:
    """Forget the scores of datasets that are no longer visible."""
    for part in batches(dataset_ids):
        change = _taken_back(session, part)
        session.execute(sa.delete(Score).where(Score.dataset_id.in_(part)))
        _move(session, change)


def _named(points: tuple[int, ...]) -> dict[str, int]:
    return {metric.name: number for metric, number in zip(quality.metrics(), points, strict=True)}


def _taken_back(session: Session, dataset_ids: Sequence[str]) -> Counter[tuple[str, str]]:
    """What the counters lose with the present scores of datasets."""
    change: Counter[tuple[str, str]] = Counter()
    if not dataset_ids:
        return change
    rows = session.execute(sa.select(Score.organization_id, Score.metrics).where(Score.dataset_id.in_(dataset_ids)))
    for organization_id, points in rows:
        _count(change, organization_id, points, -1)
    return change


def _count(change: Counter[tuple[str, str]], organization_id: str, points: Mapping[str, int], sign: int) -> None:
    total = sum(points.values())
    for name, number in points.items():
        change[organization_id, name] += sign * number
    change[organization_id, DATASETS] += sign
    change[organization_id, TOTAL] += sign * total
    change[organization_id, BAND + quality.band(total).name] += sign


def _move(session: Session, change: Counter[tuple[str, str]]) -> None:
    """Add to the counters."""
    moved = [
        {"organization_id": organization_id, "name": name, "value": number}
        for (organization_id, name), number in change.items()
        if number
    ]
    upsert(session, ScoreSum, moved, add=("value",))
