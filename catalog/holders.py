"""What holds datasets together, read alike: organisations, groups, and the EU's data themes where they stand as groups."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import scopes
from catalog.access import Capacity
from catalog.config import Config
from catalog.db import batches
from catalog.german import folded
from catalog.models import DatasetRow, Membership, Organization
from catalog.models_accounts import Account, Role
from catalog.models_desk import Group, Nesting
from catalog.store import VISIBLE
from dcat.ckan_groups import GroupDocument
from dcat.states import ACTIVE, DELETED
from dcat.vocabularies import Concept, vocabulary

INTERNAL = "internal"
# When the EU's Publications Office made its list of themes; CKAN's clients want a day for each group.
_THEMES_SINCE = datetime.datetime(2015, 10, 1, tzinfo=datetime.UTC)


class Kind(StrEnum):
    """The two kinds of holders, in CKAN's words."""

    ORGANIZATION = "organization"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An organisation or group. A theme has its code in lower case as id and name, and cannot be changed.

    `extras` are as the tables keep them: `key` and `value`, or `field` and `value` for a field that CKAN has no name for.
    """

    kind: Kind
    id: str
    name: str
    title: str
    created_at: datetime.datetime
    description: str = ""
    image_url: str = ""
    state: str = ACTIVE
    type: str = ""
    extras: tuple[Mapping[str, Any], ...] = ()
    parent_id: str = ""
    city: str = ""
    theme: bool = False

    @property
    def scope(self) -> str:
        """The part of the catalogue that its public datasets are (catalog/scopes.py)."""
        if self.kind is Kind.ORGANIZATION:
            return scopes.organization(self.name)
        return scopes.theme(self.id.upper()) if self.theme else scopes.group(self.id)

    def document(self) -> GroupDocument:
        """Give what its authors wrote, in CKAN's words."""
        others = {one["field"]: one["value"] for one in self.extras if "field" in one}
        return GroupDocument(
            name=self.name,
            title=self.title,
            description=self.description,
            image_url=self.image_url,
            type=self.type,
            state=self.state,
            extras=tuple((one["key"], one["value"]) for one in self.extras if "key" in one),
            others=others | ({"city": self.city} if self.city else {}),
        )


@dataclass(frozen=True, slots=True)
class Above:
    """What an organisation or group belongs to, and as what."""

    holder: Holder
    capacity: str


@dataclass(frozen=True, slots=True)
class Belonging:
    """Who belongs to an organisation or group."""

    account: Account = field(repr=False)
    capacity: Capacity


def active(session: Session, config: Config, kind: Kind) -> list[Holder]:
    """List what everybody may see, by title."""
    if kind is Kind.ORGANIZATION:
        rows = session.scalars(sa.select(Organization).where(Organization.state == ACTIVE))
        found = [_organization(row) for row in rows]
    else:
        found = [_group(row) for row in session.scalars(sa.select(Group).where(Group.state == ACTIVE))]
        found += _themes(config)
    return sorted(found, key=lambda one: (folded(one.title), one.name))


def find(session: Session, config: Config, kind: Kind, name_or_id: str) -> Holder | None:
    """Find one by name or id, deleted ones too: whether it may be shown is for the caller to ask."""
    if "\0" in name_or_id:
        # PostgreSQL refuses to look for what it could not hold.
        return None
    if kind is Kind.ORGANIZATION:
        named = sa.or_(Organization.id == name_or_id, Organization.name == name_or_id)
        row = session.scalar(sa.select(Organization).where(named, Organization.state != INTERNAL))
        return _organization(row) if row else None
    group = session.scalar(sa.select(Group).where(sa.or_(Group.id == name_or_id, Group.name == name_or_id)))
    if group is not None:
        return _group(group)
    return next((theme for theme in _themes(config) if theme.id == name_or_id), None)


def find_active(session: Session, config: Config, name_or_id: str) -> Holder | None:
    """Find the organisation or group that everybody may see by name or id: they share one set of names."""
    found = (find(session, config, kind, name_or_id) for kind in Kind)
    return next((one for one in found if one is not None and one.state == ACTIVE), None)


def taken(session: Session, config: Config, name: str, holder_id: str = "") -> bool:
    """Whether a name, or an id, belongs to another organisation or group, deleted ones too: they share one set of names."""
    named = sa.or_(Organization.name == name, Organization.id == name)
    organizations = sa.select(Organization.id).where(named, Organization.id != holder_id)
    groups = sa.select(Group.id).where(sa.or_(Group.name == name, Group.id == name), Group.id != holder_id)
    if session.scalar(organizations) is not None or session.scalar(groups) is not None:
        return True
    return any(theme.id == name for theme in _themes(config))


def public_counts(session: Session, holders: Sequence[Holder]) -> dict[str, int]:
    """Count the public datasets of many holders, by their id, in one query for each 500."""
    found: dict[str, int] = {}
    for part in batches(holders):
        organizations = [one.id for one in part if one.kind is Kind.ORGANIZATION]
        owned = (
            sa.select(DatasetRow.organization_id, sa.func.count())
            .where(DatasetRow.organization_id.in_(organizations), VISIBLE)
            .group_by(DatasetRow.organization_id)
        )
        found |= dict(session.execute(owned).all()) if organizations else {}
        groups = {one.scope: one.id for one in part if one.kind is Kind.GROUP}
        chosen = (
            sa.select(Membership.scope, sa.func.count())
            .where(Membership.scope.in_(groups), Membership.until.is_(None))
            .group_by(Membership.scope)
        )
        found |= {groups[scope]: number for scope, number in session.execute(chosen)} if groups else {}
    return found


def public_count(session: Session, holder: Holder) -> int:
    """Count the public datasets of one holder."""
    return session.scalar(sa.select(sa.func.count()).select_from(DatasetRow).where(*_holds(holder))) or 0


def public_ids(session: Session, holder: Holder, *, start: int = 0, rows: int | None = None) -> list[str]:
    """List the ids of the public datasets of one holder, by name."""
    query = sa.select(DatasetRow.id).where(*_holds(holder)).order_by(DatasetRow.name).offset(start)
    return list(session.scalars(query if rows is None else query.limit(rows)))


def members(session: Session, holder_ids: Iterable[str]) -> dict[str, list[Belonging]]:
    """List who belongs to some organisations or groups, by name."""
    found: dict[str, list[Belonging]] = {}
    query = sa.select(Role.holder_id, Account, Role.capacity).join(Account, Account.id == Role.account_id)
    query = query.where(Account.state != DELETED).order_by(Account.name)
    for part in batches(holder_ids):
        for holder_id, account, capacity in session.execute(query.where(Role.holder_id.in_(part))):
            found.setdefault(holder_id, []).append(Belonging(account, Capacity(capacity)))
    return found


def parents(session: Session, holders: Iterable[Holder]) -> dict[str, Holder]:
    """Read what organisations belong to, by the id of the one above; deleted ones are left out."""
    found: dict[str, Holder] = {}
    for part in batches({one.parent_id for one in holders if one.parent_id}):
        rows = session.scalars(sa.select(Organization).where(Organization.id.in_(part), Organization.state == ACTIVE))
        found |= {row.id: _organization(row) for row in rows}
    return found


def above(session: Session, holders: Sequence[Holder]) -> dict[str, list[Above]]:
    """Read what organisations and groups belong to, by their id: the organisation above, then groups by title; none that is deleted."""
    parent = parents(session, holders)
    found = {one.id: [Above(parent[one.parent_id], "public")] for one in holders if one.parent_id in parent}
    query = sa.select(Nesting, Group).join(Group, Group.id == Nesting.above_id).where(Group.state == ACTIVE)
    for part in batches(one.id for one in holders):
        for nesting, group in session.execute(query.where(Nesting.below_id.in_(part)).order_by(Group.title)):
            found.setdefault(nesting.below_id, []).append(Above(_group(group), nesting.capacity))
    return found


def _holds(holder: Holder) -> tuple[sa.ColumnElement[bool], ...]:
    if holder.kind is Kind.ORGANIZATION:
        return (DatasetRow.organization_id == holder.id, VISIBLE)
    inside = sa.select(Membership.dataset_id).where(Membership.scope == holder.scope, Membership.until.is_(None))
    return (DatasetRow.id.in_(inside), VISIBLE)


def _organization(row: Organization) -> Holder:
    return replace(_holder(Kind.ORGANIZATION, row), parent_id=row.parent_id or "", city=row.city)


def _group(row: Group) -> Holder:
    return _holder(Kind.GROUP, row)


def _holder(kind: Kind, row: Organization | Group) -> Holder:
    return Holder(
        kind=kind,
        id=row.id,
        name=row.name,
        title=row.title,
        created_at=row.created_at,
        description=row.description,
        image_url=row.image_url,
        state=row.state,
        type=row.kind,
        extras=tuple(row.extras),
    )


def _themes(config: Config) -> list[Holder]:
    concepts = vocabulary("theme").concepts.values() if config.ckan_themes_as_groups else ()
    return [_theme(concept) for concept in concepts]


def _theme(concept: Concept) -> Holder:
    code = concept.code.lower()
    return Holder(
        kind=Kind.GROUP,
        id=code,
        name=code,
        title=concept.label.de,
        created_at=_THEMES_SINCE,
        type="group",
        theme=True,
    )
