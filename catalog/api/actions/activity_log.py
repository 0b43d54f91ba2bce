"""Which activities somebody may see: the change log of what is public now, and for those inside the desk's log with who did it.

Everything is decided by the databases in one statement, whose cost follows what is shown; the logs are read from their newer end.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_rows
from catalog.access import Actor
from catalog.api.activity import SMALL
from catalog.models import Change, DatasetRow
from catalog.models_accounts import AuditEntry
from catalog.models_desk import DeskDataset
from catalog.store import VISIBLE

NEW, CHANGED, DELETED = "new package", "changed package", "deleted package"
TYPES = (NEW, CHANGED, DELETED)
Condition = sa.ColumnElement[bool]
# An id names the log that an entry stands in and its number there (RFC 9562, version 8).
_LOGS = (UUID("6f0ffe0b-a1a5-8c1e-8000-000000000000").int, UUID("6f0ffe0b-a1a5-8c1e-8001-000000000000").int)
_NUMBERS = 1 << 48
_PUBLIC, _DESK = 0, 1


@dataclass(frozen=True, slots=True)
class Window:
    """Which entries are wanted: so many behind so many newer ones, of some types, between two instants that stay outside."""

    limit: int
    offset: int = 0
    before: datetime.datetime | None = None
    after: datetime.datetime | None = None
    types: tuple[str, ...] = TYPES

    @property
    def forward(self) -> bool:
        """Whether those next to the earlier instant are wanted, not the newest."""
        return self.after is not None and self.before is None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which datasets are asked for: by conditions on the change log, and on the desk's log and datasets; None for nothing of it."""

    changes: Condition | None
    deeds: Condition | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `account_id` is who did it, empty where that is not to be told."""

    log: int
    number: int
    at: datetime.datetime
    type: str
    dataset_id: str
    account_id: str

    @property
    def id(self) -> str:
        """Name the entry."""
        return str(UUID(int=_LOGS[self.log] | self.number))


@dataclass(frozen=True, slots=True)
class Title:
    """What a dataset is called now."""

    name: str
    title: str


def entries(session: Session, actor: Actor, chosen: Chosen, window: Window) -> list[Entry]:
    """List the entries that somebody may see, the newest first."""
    parts = []
    inside = desk_rows.readable(actor)
    if chosen.changes is not None:
        parts.append(_without_twins(_changes(chosen.changes, window).subquery(), inside))
    if chosen.deeds is not None and inside is not None:
        parts.append(sa.select(_deeds(sa.and_(chosen.deeds, inside), window).subquery()))
    if not parts:
        return []
    found = sa.union_all(*parts).subquery()
    keys = (found.c.at, found.c.log, found.c.number)
    query = sa.select(found).order_by(*(key if window.forward else key.desc() for key in keys))
    rows = [Entry(*row) for row in session.execute(query.limit(window.limit).offset(window.offset))]
    return rows[::-1] if window.forward else rows


def chosen_by_id(activity_id: str) -> Chosen | None:
    """Choose one entry by its id; None for what is no id of ours."""
    try:
        value = UUID(activity_id).int
    except ValueError:
        return None
    number = value % _NUMBERS
    if value == _LOGS[_PUBLIC] | number:
        return Chosen(changes=Change.seq == number, deeds=None)
    if value == _LOGS[_DESK] | number:
        return Chosen(changes=None, deeds=AuditEntry.seq == number)
    return None


def among(session: Session, members: sa.Select[str], key: Any) -> Condition:
    """Choose the changes of some public datasets: of few by these, of many by going along the log. `key` is their column with the id."""
    count = session.scalar(sa.select(sa.func.count()).select_from(members.limit(SMALL + 1).subquery())) or 0
    if count <= SMALL:
        return Change.dataset_id.in_(members)
    return members.where(key == Change.dataset_id).exists()


def fields(session: Session, entry: Entry) -> list[str]:
    """Name the fields that an entry changed."""
    if entry.log == _PUBLIC:
        return [str(name) for name in session.get_one(Change, entry.number).fields]
    return [str(name) for name in session.get_one(AuditEntry, entry.number).details.get("fields", ())]


def titles(session: Session, ids: Iterable[str]) -> dict[str, Title]:
    """Look up what datasets are called now, public or at the desk, by id."""
    wanted = sorted(set(ids))
    public = sa.select(DatasetRow.id, DatasetRow.name, DatasetRow.title).where(DatasetRow.id.in_(wanted), VISIBLE)
    found = {of: Title(name, title) for of, name, title in session.execute(public)}
    if hidden := [each for each in wanted if each not in found]:
        at_desk = sa.select(DeskDataset.id, DeskDataset.name, DeskDataset.document).where(DeskDataset.id.in_(hidden))
        for of, name, said in session.execute(at_desk):
            found[of] = Title(name, str(said.get("title") or name))
    return found


def _changes(which: Condition, window: Window) -> sa.Select[Any]:
    kind = sa.case((Change.kind == "create", NEW), (Change.kind == "withdraw", DELETED), else_=CHANGED)
    public = sa.exists().where(DatasetRow.id == Change.dataset_id, VISIBLE)
    columns = (Change.seq, Change.at, kind, Change.dataset_id, sa.literal(""))
    query = _columns(_PUBLIC, *columns).add_columns(Change.cause.label("cause"))
    return _windowed(query.where(which, public), window, Change.seq, Change.at, kind)


def _deeds(which: Condition, window: Window) -> sa.Select[Any]:
    kind = sa.case(
        (AuditEntry.action == "dataset.create", NEW),
        (AuditEntry.action.in_(("dataset.delete", "dataset.purge")), DELETED),
        else_=CHANGED,
    )
    columns = (AuditEntry.seq, AuditEntry.at, kind, AuditEntry.object_id, AuditEntry.account_id)
    query = _columns(_DESK, *columns).join(DeskDataset, DeskDataset.id == AuditEntry.object_id)
    # Who works along on a dataset is no change of it.
    deeds = sa.not_(AuditEntry.action.startswith("collaborator."))
    return _windowed(query.where(which, deeds), window, AuditEntry.seq, AuditEntry.at, kind)


def _columns(log: int, number: Any, at: Any, kind: Any, dataset_id: Any, account_id: Any) -> sa.Select[Any]:
    return sa.select(
        sa.literal(log).label("log"),
        number.label("number"),
        at.label("at"),
        kind.label("type"),
        dataset_id.label("dataset_id"),
        account_id.label("account_id"),
    )


def _windowed(query: sa.Select[Any], window: Window, number: Any, at: Any, kind: Any) -> sa.Select[Any]:
    """Take as many as can be shown, by number: the logs are in the order of time."""
    if window.before is not None:
        query = query.where(at < window.before)
    if window.after is not None:
        last = sa.select(number).where(at <= window.after).order_by(number.desc()).limit(1)
        query = query.where(number > sa.func.coalesce(last.correlate(None).scalar_subquery(), 0))
    if window.types != TYPES:
        query = query.where(kind.in_(window.types))
    return query.order_by(number if window.forward else number.desc()).limit(window.limit + window.offset)


def _without_twins(changes: sa.Subquery, inside: Condition | None) -> sa.Select[Any]:
    """Leave out the changes that the desk's log tells to whoever reads it, with the same cause.

    Each has its twin there, so that taking them out of those that were taken leaves no gap.
    """
    names: Callable[[str], Any] = changes.c.__getitem__
    query = sa.select(*(names(name) for name in ("log", "number", "at", "type", "dataset_id", "account_id")))
    if inside is None:
        return query
    twin = (
        sa.select(AuditEntry.seq)
        .join(DeskDataset, DeskDataset.id == AuditEntry.object_id)
        .where(AuditEntry.object_id == changes.c.dataset_id, AuditEntry.action == changes.c.cause, inside)
    )
    return query.where(~twin.correlate(changes).exists())
