"""Writes organisations and groups, and who belongs to them, each in the caller's transaction and with a note in the log.

What was harvested keeps its place: a department cannot be renamed or deleted while sources or datasets name it.
"""

import uuid
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import accounts, audit, desk_source, followers, holders, organizations, publishing
from catalog.access import Actor, Capacity
from catalog.config import Config
from catalog.db import batches, insert_or_ignore, now, upsert
from catalog.holders import Holder, Kind
from catalog.models import DatasetRow, Membership, Organization, Quarantine, Record, Score, ScoreSum, SourceState
from catalog.models_accounts import Account, Role
from catalog.models_desk import DeskDataset, Group, Nesting
from catalog.store import VISIBLE
from dcat.ckan_groups import GroupInput, Member
from dcat.errors import StateError
from dcat.message import Message
from dcat.states import ACTIVE, DELETED

_CITY = "city"
# No object in the session is changed by such an update.
_UNREAD = {"synchronize_session": False}
# What the log names when it changes.
_FIELDS = ("name", "title", "description", "image_url", "type", "state", "extras", "others")


class WrongError(Exception):
    """A field cannot be kept: its name, and a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


def create(session: Session, config: Config, actor: Actor, kind: Kind, given: GroupInput, wanted_id: str = "") -> str:
    """Found an organisation or group; who does becomes its admin. Gives its id.

    WrongError when its name or id is taken, or when it names somebody or something that is not there.
    """
    document = given.document
    holder_id = wanted_id or str(uuid.uuid4())
    if wanted_id and any(holders.find(session, config, one, wanted_id) for one in Kind):
        raise WrongError("id", "Id already exists")
    _refuse_taken(session, config, document.name, holder_id)
    values = {**_values(given), "id": holder_id, "created_at": now()}
    if kind is Kind.ORGANIZATION:
        session.add(Organization(**values, city=_city(config, given, "")))
    else:
        session.add(Group(**values, theme=""))
    session.flush()
    if given.groups:
        _set_above(session, kind, holder_id, given.groups)
    # The command line acts without an account.
    if session.get(Account, actor.id) is not None:
        accounts.give_role(session, holder_id, actor.id, Capacity.ADMIN)
    if given.users:
        _set_users(session, holder_id, (*given.users, Member(id=actor.id, capacity=Capacity.ADMIN)))
    audit.note(session, actor, f"{kind}.create", holder_id, document.name, title=document.title)
    return holder_id


def change(session: Session, config: Config, actor: Actor, holder: Holder, given: GroupInput) -> None:
    """Change an organisation or group; WrongError or StateError when it cannot be kept so."""
    document, before = given.document, holder.document()
    if document.name != holder.name:
        _refuse_taken(session, config, document.name, holder.id)
        if holder.kind is Kind.ORGANIZATION and _harvested(session, holder.id):
            raise _still_harvested("umbenannt", "renamed")
    if document.state == DELETED != holder.state:
        delete(session, actor, holder)
    values = _values(given)
    if holder.kind is Kind.ORGANIZATION:
        values["city"] = _city(config, given, holder.city)
    session.execute(sa.update(_table(holder)).where(_table(holder).id == holder.id).values(values))
    if given.groups is not None:
        _set_above(session, holder.kind, holder.id, given.groups)
    if given.users is not None and document.state == ACTIVE:
        _set_users(session, holder.id, given.users)
    _outdate(session, actor, holder)
    changed = [name for name in _FIELDS if getattr(document, name) != getattr(before, name)]
    people = ["users"] if given.users is not None and document.state == ACTIVE else []
    if document.state == DELETED and changed == ["state"]:
        # The deletion is noted already.
        return
    details = {"fields": [*changed, *people], "title": document.title}
    audit.note(session, actor, f"{holder.kind}.update", holder.id, document.name, **details)


def delete(session: Session, actor: Actor, holder: Holder) -> None:
    """Delete an organisation or group, so that administrators of the site alone see it; its people lose their roles.

    StateError while an organisation has datasets, sources or departments below it.
    """
    if holder.kind is Kind.ORGANIZATION:
        refuse_in_use(session, holder.id)
    session.execute(sa.update(_table(holder)).where(_table(holder).id == holder.id).values(state=DELETED))
    session.execute(sa.delete(Role).where(Role.holder_id == holder.id))
    _outdate(session, actor, holder)
    audit.note(session, actor, f"{holder.kind}.delete", holder.id, holder.name, title=holder.title)


def purge(session: Session, actor: Actor, holder: Holder, nobody: Organization) -> None:
    """Erase an organisation or group; what belonged to it belongs to none.

    StateError while it has datasets; deleted ones go to `nobody`, who stands in for none.
    """
    if holder.kind is Kind.ORGANIZATION:
        refuse_in_use(session, holder.id, others=False)
        _disown(session, holder.id, nobody)
        session.execute(sa.update(Organization).where(Organization.parent_id == holder.id).values(parent_id=None))
    _outdate(session, actor, holder)
    session.execute(sa.delete(Role).where(Role.holder_id == holder.id))
    session.execute(sa.delete(Nesting).where(sa.or_(Nesting.below_id == holder.id, Nesting.above_id == holder.id)))
    followers.forget(session, followers.GROUP, holder.id)
    session.execute(sa.delete(_table(holder)).where(_table(holder).id == holder.id))
    audit.note(session, actor, f"{holder.kind}.purge", holder.id, holder.name)


def forget_makers_who_left(session: Session, organization_id: str) -> None:
    """Before its datasets belong to no organisation, and so to who made them: forget the makers who may write there no longer."""
    writing = sa.and_(Role.holder_id == organization_id, Role.capacity.in_((Capacity.EDITOR, Capacity.ADMIN)))
    stay = sa.union(sa.select(Role.account_id).where(writing), sa.select(Account.id).where(Account.admin))
    gone = sa.and_(DeskDataset.organization_id == organization_id, DeskDataset.creator_id.not_in(stay))
    session.execute(sa.update(DeskDataset).where(gone).values(creator_id=""), execution_options=_UNREAD)


def put_below(session: Session, actor: Actor, below: Holder, above: Holder | None) -> None:
    """Let an organisation belong to another one, or to none; WrongError when that would make a circle."""
    members = (Member(id=above.id, capacity="parent"),) if above else ()
    parent = _above(session, below.id, members)
    session.execute(sa.update(Organization).where(Organization.id == below.id).values(parent_id=parent))
    audit.note(session, actor, "organization.update", below.id, below.name, fields=["groups"])


def nest(session: Session, actor: Actor, below: Holder, above: Holder, capacity: str, *, inside: bool) -> None:
    """Let an organisation or group belong to a group, or no longer; WrongError when that would make a circle."""
    if inside:
        _nest(session, below.id, above.id, capacity)
    else:
        session.execute(sa.delete(Nesting).where(Nesting.below_id == below.id, Nesting.above_id == above.id))
    audit.note(session, actor, f"{below.kind}.update", below.id, below.name, fields=["groups"])


def _values(given: GroupInput) -> dict[str, Any]:
    """Give the columns that organisations and groups share."""
    document = given.document
    others = [{"field": key, "value": value} for key, value in document.others.items() if key != _CITY]
    return {
        "name": document.name,
        "title": document.title or document.name,
        "description": document.description,
        "image_url": document.image_url,
        "state": document.state,
        "kind": document.type,
        "extras": [{"key": key, "value": value} for key, value in document.extras] + others,
    }


def _city(config: Config, given: GroupInput, kept: str) -> str:
    """Read the city that an organisation belongs to, by its short name; clients of CKAN know nothing of it, so it stays."""
    slug = given.document.others.get(_CITY, kept)
    if slug == kept or (isinstance(slug, str) and (not slug or config.find_city(slug))):
        return str(slug)
    raise WrongError(_CITY, "This city is not configured")


def _set_above(session: Session, kind: Kind, holder_id: str, groups: Iterable[Member]) -> None:
    """Let something belong to exactly these groups, and an organisation to one organisation at most."""
    given = list(groups)
    found = {one.id: _group_id(session, one.id) for one in given}
    others = [one for one in given if not found[one.id]]
    if kind is Kind.ORGANIZATION:
        parent = _above(session, holder_id, others)
        session.execute(sa.update(Organization).where(Organization.id == holder_id).values(parent_id=parent))
    elif others:
        raise WrongError("groups", f"There is no group {others[0].id[:100]}")
    session.execute(sa.delete(Nesting).where(Nesting.below_id == holder_id))
    for one in given:
        if above_id := found[one.id]:
            _nest(session, holder_id, above_id, one.capacity)


def _group_id(session: Session, name_or_id: str) -> str:
    named = sa.or_(Group.id == name_or_id, Group.name == name_or_id)
    return session.scalar(sa.select(Group.id).where(named, Group.state == ACTIVE)) or ""


def _nest(session: Session, below_id: str, above_id: str, capacity: str) -> None:
    seen, waiting = set[str](), {above_id}
    while waiting - seen:
        seen |= waiting
        waiting = set(session.scalars(sa.select(Nesting.above_id).where(Nesting.below_id.in_(waiting)))) - seen
    if below_id in seen:
        raise WrongError("groups", "A group cannot belong to itself")
    upsert(session, Nesting, [{"below_id": below_id, "above_id": above_id, "capacity": capacity}])


def _above(session: Session, holder_id: str, groups: Iterable[Member]) -> str | None:
    """Find what an organisation belongs to: at most one other, and none that belongs to it."""
    names = [one.id for one in groups]
    if not names:
        return None
    above = organizations.find(session, names[0])
    if len(names) > 1 or above is None:
        raise WrongError("groups", "An organization belongs to one other organization at most, which must exist")
    if holder_id in {above.id, *(one.id for one in organizations.lineage(session, above))}:
        raise WrongError("groups", "An organization cannot belong to itself")
    return above.id


def _refuse_taken(session: Session, config: Config, name: str, holder_id: str) -> None:
    if holders.taken(session, config, name, holder_id):
        raise WrongError("name", "Group name already exists in database")


def _set_users(session: Session, holder_id: str, users: Iterable[Member]) -> None:
    """Let exactly these accounts belong to an organisation or group; of one named twice the last word counts."""
    wanted = [one for one in users if one.id]
    names = [one.id for one in wanted]
    known: dict[str, str] = {}
    for part in batches(names):
        named = sa.or_(Account.id.in_(part), Account.name.in_(part))
        query = sa.select(Account.id, Account.name).where(named, Account.state != DELETED)
        for account_id, name in session.execute(query):
            known |= {account_id: account_id, name: account_id}
    if missing := [name for name in names if name not in known]:
        raise WrongError("users", f"There is no account {missing[0][:100]}")
    session.execute(sa.delete(Role).where(Role.holder_id == holder_id))
    for one in wanted:
        accounts.give_role(session, holder_id, known[one.id], Capacity(one.capacity))


def _harvested(session: Session, organization_id: str) -> bool:
    """Whether definitions of sources name this department."""
    ids = session.scalars(sa.select(SourceState.id).where(SourceState.organization_id == organization_id))
    return any(not desk_source.is_desk(one) for one in ids)


def refuse_in_use(session: Session, organization_id: str, *, written: bool = True, others: bool = True) -> None:
    """StateError while something needs an organisation: sources, datasets, with `written` those of the desk, with `others` those below."""
    if _harvested(session, organization_id):
        raise _still_harvested("gelöscht", "deleted")
    visible = sa.select(DatasetRow.id).where(DatasetRow.organization_id == organization_id, VISIBLE)
    desks = sa.select(DeskDataset.id).where(DeskDataset.organization_id == organization_id)
    found = session.scalar(visible.where(DatasetRow.id.not_in(desks)).limit(1))
    if found is not None or (
        written and session.scalar(desks.where(DeskDataset.state != DELETED).limit(1)) is not None
    ):
        raise StateError(
            Message(
                "Die Organisation hat noch Datensätze. Nächster Schritt: sie löschen oder einer anderen geben.",
                "Organization cannot be deleted while it still has datasets. Next step: delete them or give them to another one.",
            )
        )
    below = sa.select(Organization.id).where(Organization.parent_id == organization_id, Organization.state == ACTIVE)
    if others and session.scalar(below.limit(1)) is not None:
        raise StateError(
            Message(
                "Andere Organisationen gehören zu dieser. Nächster Schritt: sie davon lösen.",
                "Other organizations belong to this one. Next step: let them belong to another one.",
            )
        )


def _still_harvested(de: str, en: str) -> StateError:
    return StateError(
        Message(
            f"Diese Organisation steht in der Definition einer Quelle und kann nicht {de} werden. "
            "Nächster Schritt: die Quelle herausnehmen (offenbar source list).",
            f"This organization stands in the definition of a source and cannot be {en}. "
            "Next step: remove the source (offenbar source list).",
        )
    )


def _disown(session: Session, organization_id: str, nobody: Organization) -> None:
    """Let what was deleted belong to no organisation, so that the one it had can go."""
    forget_makers_who_left(session, organization_id)
    old, new = desk_source.source_id(organization_id), desk_source.source_id(nobody.id)
    desk = session.get(SourceState, old)
    if desk is not None:
        state = {column.name: getattr(desk, column.name) for column in SourceState.__table__.columns}
        insert_or_ignore(
            session, SourceState, [state | {"id": new, "organization_id": nobody.id, "applied_revision": ""}]
        )
    for table in (Record, DatasetRow):
        session.execute(sa.update(table).where(table.source_id == old).values(source_id=new))
    session.execute(
        sa.update(DatasetRow).where(DatasetRow.organization_id == organization_id).values(organization_id=nobody.id)
    )
    # Whoever is changing one of them starts anew.
    moved = sa.update(DeskDataset).where(DeskDataset.organization_id == organization_id)
    session.execute(moved.values(organization_id=nobody.id, version=DeskDataset.version + 1))
    for counted in (Score, ScoreSum):
        session.execute(sa.delete(counted).where(counted.organization_id == organization_id))
    session.execute(sa.delete(Quarantine).where(Quarantine.source_id == old))
    session.execute(sa.delete(SourceState).where(SourceState.id == old))


def _outdate(session: Session, actor: Actor, holder: Holder) -> None:
    """Have what shows an organisation or group made anew: public datasets by the job process, in the index the others, too."""
    hidden = sa.select(DeskDataset.id, DeskDataset.name).where(sa.or_(DeskDataset.private, DeskDataset.state != ACTIVE))
    if holder.kind is Kind.ORGANIZATION:
        shown = sa.select(SourceState.id).where(SourceState.organization_id == holder.id)
        hidden = hidden.where(DeskDataset.organization_id == holder.id)
    else:
        hidden = hidden.where(sa.cast(DeskDataset.document, sa.Text).contains(holder.id, autoescape=True))
        inside = sa.select(Membership.dataset_id).where(Membership.scope == holder.scope, Membership.until.is_(None))
        shown = sa.select(DatasetRow.source_id).where(DatasetRow.id.in_(inside), VISIBLE)
    session.execute(
        sa.update(SourceState)
        .where(SourceState.id.in_(shown), SourceState.applied_revision != "")
        .values(applied_revision=publishing.MIXED)
    )
    for dataset_id, name in session.execute(hidden).all():
        audit.note(session, actor, "dataset.reindex", dataset_id, name, because=f"{holder.kind} {holder.name}")


def _table(holder: Holder) -> type[Organization] | type[Group]:
    return Organization if holder.kind is Kind.ORGANIZATION else Group
