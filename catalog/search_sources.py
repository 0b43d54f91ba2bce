"""Where the index learns what changed, and what it holds of it. Another log is one more line in SOURCES."""

import datetime
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import index_desk, store
from catalog.index_entry import IndexEntry
from catalog.index_public import entry_of
from catalog.models import Change, DatasetRow, Score
from catalog.models_accounts import AuditEntry
from catalog.models_desk import DeskDataset
from catalog.renditions import CKAN

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What changed up to a number of a log: the ids, each once."""

    upto: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log of changes: how its newest number is asked for and read, and the next `most` changes after a number.

    One that is `kept` never forgets: when the index is ahead of it, the database is an older one. Of the others an empty index
    needs nothing: what they tell stands in the entries.
    """

    name: str
    last: sa.ColumnElement[Any]
    changed: Callable[[Session, int, int], Changed]
    number: Callable[[Any], int] = int
    kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A part of the catalogue: its logs, and the entries of those ids that belong to it."""

    logs: tuple[Log, ...]
    entries: Callable[[Session, list[str]], Iterator[IndexEntry]]


def entries(session: Session, ids: list[str]) -> Iterator[IndexEntry]:
    """Give the entries of the ids that the index should hold; a source further up comes first."""
    left = list(ids)
    for source in SOURCES:
        found = set()
        for entry in source.entries(session, left):
            found.add(entry.id)
            yield entry
        left = [one for one in left if one not in found]


def logs() -> Iterable[Log]:
    """Give all logs."""
    return (log for source in SOURCES for log in source.logs)


def newest(session: Session | sa.Connection) -> dict[str, int]:
    """Give the newest number of each log, 0 for an empty one, in one statement: every search asks for them."""
    row = session.execute(_newest(SOURCES)).one()
    return {log.name: 0 if at is None else log.number(at) for log, at in zip(logs(), row, strict=True)}


# Making the statement costs more than running it.
@functools.cache
def _newest(sources: tuple[Source, ...]) -> sa.Select[Any]:
    return sa.select(*(log.last for source in sources for log in source.logs))


def _changed(session: Session, since: int, most: int) -> Changed:
    rows = session.execute(
        sa.select(Change.seq, Change.dataset_id).where(Change.seq > since).order_by(Change.seq).limit(most)
    ).all()
    return Changed(upto=rows[-1].seq if rows else since, ids=tuple(dict.fromkeys(row.dataset_id for row in rows)))


def _scored(session: Session, since: int, most: int) -> Changed:
    """Scores that were written after a time: links answer or do not, with no change of the dataset itself."""
    after = sa.select(Score.scored_at, Score.dataset_id).where(Score.scored_at > _EPOCH + since * _MICROSECOND)
    times = session.scalars(after.with_only_columns(Score.scored_at).order_by(Score.scored_at).limit(most)).all()
    if not times:
        return Changed(upto=since, ids=())
    # Many are written at the same moment; they are taken together.
    rows = session.execute(after.where(Score.scored_at <= times[-1]).order_by(Score.scored_at, Score.dataset_id))
    return Changed(upto=_number(times[-1]), ids=tuple(dataset_id for _, dataset_id in rows))


def _number(at: datetime.datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _done(session: Session, since: int, most: int) -> Changed:
    upto, ids = index_desk.changed(session, since, most)
    return Changed(upto=upto, ids=ids)


def _public(session: Session, ids: list[str]) -> Iterator[IndexEntry]:
    packages = store.bodies(session, CKAN, ids)
    rows = session.execute(
        sa.select(DatasetRow.id, DatasetRow.organization_id, Score.total, DeskDataset.creator_id)
        .outerjoin(Score, Score.dataset_id == DatasetRow.id)
        .outerjoin(DeskDataset, DeskDataset.id == DatasetRow.id)
        .where(DatasetRow.id.in_(ids))
    )
    beside = {row.id: row for row in rows}
    for shown in store.views(session, ids):
        row = beside[shown.id]
        package = orjson.loads(packages[shown.id]) if shown.id in packages else {}
        yield entry_of(shown, package, owner=row.organization_id, creator=row.creator_id or "", total=row.total)


def _last(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.select(sa.func.max(column)).scalar_subquery()


CHANGES = Log(name="changes", last=_last(Change.__table__.c.seq), changed=_changed)
SCORES = Log(name="scores", last=_last(Score.__table__.c.scored_at), changed=_scored, number=_number, kept=False)
DEEDS = Log(name="deeds", last=_last(AuditEntry.__table__.c.seq), changed=_done)
SOURCES: tuple[Source, ...] = (
    Source(logs=(CHANGES, SCORES), entries=_public),
    Source(logs=(DEEDS,), entries=index_desk.entries),
)
