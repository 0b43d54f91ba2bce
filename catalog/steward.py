"""What waits for a steward: held plans and the quarantine, each with its reason and the commands that decide. Nothing is decided here."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import health
from catalog.health import RunLine
from catalog.ingest.ledger import EXPIRY
from catalog.ingest.quarantine import RELEASABLE
from catalog.models import DatasetRow, Quarantine, Record, RecordVersion, Run
from catalog.run_view import Sums, cut, in_short, label, read_fields, shown, sums
from catalog.store import VISIBLE
from dcat.message import Message

PAGE = 25
FIELDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A plan that waits for a decision, and until when."""

    line: RunLine
    sums: Sums
    since: datetime.datetime
    expires: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPage:
    """Held plans, the oldest first; `following` is the number that the next page comes after."""

    plans: tuple[Held, ...]
    following: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays public while a record waits: the page of its dataset, and of when its last good version is."""

    slug: str
    title: str
    at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Release:
    """That somebody lets a record in: `once` or `always`, who and why."""

    mode: str
    by: str
    reason: str
    at: datetime.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A record in quarantine."""

    id: int
    source: str
    remote_id: str
    title: str
    url: str
    code: str
    reason: Message
    run: int
    since: datetime.datetime
    kept: Kept | None
    release: Release | None
    releasable: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A field of a record as it was read, in short form."""

    field: str
    label: Message
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage:
    """Records in quarantine, newest first; `following` is the number that the next page comes before."""

    entries: tuple[Waiting, ...]
    following: int


def held(session: Session, after: int = 0) -> HeldPage:
    """Read the inbox of held plans."""
    query = sa.select(Run).where(Run.phase == "held", Run.id > after).order_by(Run.id).limit(PAGE + 1)
    runs = session.scalars(query).all()
    return HeldPage(plans=tuple(map(_held, runs[:PAGE])), following=runs[PAGE - 1].id if len(runs) > PAGE else 0)


def since(run: Run) -> datetime.datetime:
    """Tell when a plan was held."""
    return run.phase_at or run.started_at


def quarantine(session: Session, *, source: str = "", code: str = "", before: int = 0) -> WaitingPage:
    """Read the inbox of the quarantine, of one source or code where asked."""
    query = sa.select(Quarantine).where(Quarantine.resolved_at.is_(None))
    if source:
        query = query.where(Quarantine.source_id == source)
    if code:
        query = query.where(Quarantine.code == code)
    if before:
        query = query.where(Quarantine.id < before)
    rows = session.scalars(query.order_by(Quarantine.id.desc()).limit(PAGE + 1)).all()
    return WaitingPage(
        entries=tuple(_waiting(session, rows[:PAGE])), following=rows[PAGE - 1].id if len(rows) > PAGE else 0
    )


def entry(session: Session, number: int) -> tuple[Waiting, tuple[Value, ...]] | None:
    """Read one record in quarantine with what could be read of it; None when none of this number waits."""
    row = session.get(Quarantine, number)
    if row is None or row.resolved_at is not None:
        return None
    (found,) = _waiting(session, [row])
    return found, tuple(_values(read_fields(row.document)))


def _held(run: Run) -> Held:
    line = health.line(run)
    return Held(line=line, sums=sums(line.counts), since=since(run), expires=since(run) + EXPIRY)


def _values(document: dict[str, Any]) -> Iterable[Value]:
    for field, value in list(document.items())[:FIELDS]:
        yield Value(field, label(field), cut(in_short(value)))


def _waiting(session: Session, rows: Sequence[Quarantine]) -> Iterable[Waiting]:
    kept = _kept(session, rows)
    for row in rows:
        release = Release(row.release, row.released_by, row.release_reason, row.released_at) if row.release else None
        yield Waiting(
            id=row.id,
            source=row.source_id,
            remote_id=row.remote_id,
            title=row.title,
            url=shown(row.url),
            code=row.code,
            reason=Message(*row.reason[:2]),
            run=row.run_id,
            since=row.created_at,
            kept=kept.get((row.source_id, row.remote_id)),
            release=release,
            releasable=row.code == RELEASABLE and row.document is not None,
        )


def _kept(session: Session, rows: Sequence[Quarantine]) -> dict[tuple[str, str], Kept]:
    """Find the datasets of waiting records that are public, by source and id."""
    ids = [(row.source_id, row.remote_id) for row in rows]
    query = (
        sa.select(Record.source_id, Record.remote_id, DatasetRow.name, DatasetRow.title, RecordVersion.created_at)
        .join(DatasetRow, DatasetRow.id == Record.dataset_id)
        .outerjoin(
            RecordVersion,
            sa.and_(RecordVersion.dataset_id == Record.dataset_id, RecordVersion.version == Record.version),
        )
        .where(sa.tuple_(Record.source_id, Record.remote_id).in_(ids), VISIBLE)
    )
    return {(source, remote): Kept(name, title, at) for source, remote, name, title, at in session.execute(query)}
