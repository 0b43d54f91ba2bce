"""Which activities somebody may see: the change log of what is public now, and for those inside the desk's log with who did it.

What happened to organisations, groups and accounts stands in the desk's log alone; of it, too, who did it is for those inside.

Everything is decided by the databases in one statement, whose cost follows what is shown; the logs are read from their newer end.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, desk_rows
from catalog.access import Actor
from catalog.api.activity import SMALL
from catalog.models import Change, DatasetRow, Organization
from catalog.models_accounts import Account, AuditEntry
from catalog.models_desk import DeskDataset, Group
from catalog.store import VISIBLE
from dcat.states import ACTIVE

NEW, CHANGED, DELETED = "new package", "changed package", "deleted package"
# What the desk's log calls deeds on something else than datasets, and what CKAN does.
_ACTS = {
    "organization.create": "new organization",
    "organization.update": "changed organization",
    "organization.delete": "deleted organization",
    "group.create": "new group",
    "group.update": "changed group",
    "group.delete": "deleted group",
    "account.create": "new user",
    "account.update": "changed user",
}
TYPES = (NEW, CHANGED, DELETED, *_ACTS.values())
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
    """What is asked for: of datasets by conditions on the change log, and on the desk's log and datasets; None for nothing of it.

    `acts` is the condition on the desk's log for organisations, groups and accounts.
    """

    changes: Condition | None
    deeds: Condition | None
    acts: Condition | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `object_id` is what it happened to; `account_id` is who did it, empty where that is not to be told."""

    log: int
    number: int
    at: datetime.datetime
    type: str
    object_id: str
    account_id: str

    @property
    def id(self) -> str:
        """Name the entry."""
        return str(UUID(int=_LOGS[self.log] | self.number))

    @property
    def kind(self) -> str:
        """What it happened to, in CKAN's words: package, organization, group or user."""
        return self.type.rpartition(" ")[2]


@dataclass(frozen=True, slots=True)
class Title:
    """What something is called: then for those inside, as far as the desk's log says it, and now for everybody else."""

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
    if chosen.acts is not None:
        parts.append(sa.select(_acts(sa.and_(chosen.acts, _shown(actor)), window).subquery()))
    if not parts:
        return []
    found = sa.union_all(*parts).subquery()
    keys = (found.c.at, found.c.log, found.c.number)
    query = sa.select(found).order_by(*(key if window.forward else key.desc() for key in keys))
    rows = [_told(actor, Entry(*row)) for row in session.execute(query.limit(window.limit).offset(window.offset))]
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
        return Chosen(changes=None, deeds=AuditEntry.seq == number, acts=AuditEntry.seq == number)
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


def titles(session: Session, entries: Iterable[Entry]) -> dict[str, Title]:
    """Look up what the things are called that entries are about, by the entry's id."""
    found = list(entries)
    packages = _packages(session, {one.object_id for one in found if one.kind == "package"})
    then = _then(session, [one.number for one in found if one.log == _DESK])
    now = _now(session, {one.object_id for one in found if one.kind != "package" and not one.account_id})
    titles = {}
    for one in found:
        logged = then.get(one.number, Title("", "")) if one.log == _DESK else Title("", "")
        if one.kind == "package":
            present = packages[one.object_id]
            titles[one.id] = replace(present, title=logged.title or present.title)
        else:
            titles[one.id] = now.get(one.object_id) or replace(logged, title=logged.title or logged.name)
    return titles


def _packages(session: Session, ids: Iterable[str]) -> dict[str, Title]:
    wanted = sorted(ids)
    public = sa.select(DatasetRow.id, DatasetRow.name, DatasetRow.title).where(DatasetRow.id.in_(wanted), VISIBLE)
    found = {of: Title(name, title) for of, name, title in session.execute(public)}
    if hidden := [each for each in wanted if each not in found]:
        at_desk = sa.select(DeskDataset.id, DeskDataset.name, DeskDataset.document).where(DeskDataset.id.in_(hidden))
        for of, name, said in session.execute(at_desk):
            found[of] = Title(name, str(said.get("title") or name))
    return found


def _then(session: Session, numbers: list[int]) -> dict[int, Title]:
    """Look up what the desk's log calls things, by the number of the entry; not every entry names a title."""
    if not numbers:
        return {}
    query = sa.select(AuditEntry.seq, AuditEntry.name, AuditEntry.details).where(AuditEntry.seq.in_(numbers))
    return {number: Title(name, str(details.get("title") or "")) for number, name, details in session.execute(query)}


def _now(session: Session, ids: Iterable[str]) -> dict[str, Title]:
    """Look up what organisations, groups and accounts are called now, by id."""
    wanted = sorted(ids)
    found: dict[str, Title] = {}
    if not wanted:
        return found
    for table, title in ((Organization, Organization.title), (Group, Group.title), (Account, Account.name)):
        rows = session.execute(sa.select(table.id, table.name, title).where(table.id.in_(wanted)))
        found |= {of: Title(name, called) for of, name, called in rows}
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


def _acts(which: Condition, window: Window) -> sa.Select[Any]:
    kind = sa.case(*((AuditEntry.action == action, type) for action, type in _ACTS.items()), else_="")
    columns = (AuditEntry.seq, AuditEntry.at, kind, AuditEntry.object_id, AuditEntry.account_id)
    query = _columns(_DESK, *columns).where(which, AuditEntry.action.in_(_ACTS))
    return _windowed(query, window, AuditEntry.seq, AuditEntry.at, kind)


def _shown(actor: Actor) -> Condition:
    """Choose what somebody may see of organisations, groups and accounts: what everybody sees now, their own, and what they did."""
    if access.may_oversee(actor):
        return sa.true()
    present = (sa.select(table.id).where(table.state == ACTIVE) for table in (Organization, Group))
    seen = sa.or_(*(AuditEntry.object_id.in_(ids) for ids in present))
    if access.may_see_account(actor, actor.id):
        seen = sa.or_(seen, AuditEntry.object_id == actor.id, AuditEntry.account_id == actor.id)
    return seen


def _told(actor: Actor, entry: Entry) -> Entry:
    """Keep who did something for those inside. What happened to an account was done by it, as far as anybody is told."""
    if entry.kind == "user":
        return replace(entry, account_id=entry.object_id)
    if entry.kind == "package" or entry.account_id == actor.id or access.may_see_members(actor, entry.object_id):
        return entry
    return replace(entry, account_id="")


def _columns(log: int, number: Any, at: Any, kind: Any, object_id: Any, account_id: Any) -> sa.Select[Any]:
    return sa.select(
        sa.literal(log).label("log"),
        number.label("number"),
        at.label("at"),
        kind.label("type"),
        object_id.label("object_id"),
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
    query = sa.select(*(names(name) for name in ("log", "number", "at", "type", "object_id", "account_id")))
    if inside is None:
        return query
    twin = (
        sa.select(AuditEntry.seq)
        .join(DeskDataset, DeskDataset.id == AuditEntry.object_id)
        .where(AuditEntry.object_id == changes.c.object_id, AuditEntry.action == changes.c.cause, inside)
    )
    return query.where(~twin.correlate(changes).exists())
