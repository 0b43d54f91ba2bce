"""CKAN's actions about who and what belongs to organisations and groups: accounts with a role, datasets, organisations above."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from catalog import access, accounts, audit, desk, desk_rows, holders, structure
from catalog.access import Capacity
from catalog.api.actions import datasets_write, named, packages
from catalog.api.actions.call import Action, Argument, Call, denied, invalid, not_found
from catalog.desk import Change
from catalog.holders import Holder, Kind
from catalog.models_desk import DeskDataset
from catalog.structure import WrongError
from dcat.errors import StateError
from dcat.message import Message
from dcat.states import ACTIVE, DELETED

_SPACE = uuid.UUID("6f0ffe0b-a1a5-5c1e-9d3a-0ffe4ba40003")
_TITLES = {Capacity.ADMIN: "Admin", Capacity.EDITOR: "Editor", Capacity.MEMBER: "Member"}
_USER, _PACKAGE, _GROUP = "user", "package", "group"
_TYPES = (_USER, _PACKAGE, _GROUP)
_PUBLIC = "public"
_WHOSE = ("username", "user_id")


def member_list(call: Call) -> list[tuple[str, str, str]]:
    """List what belongs to an organisation or group: id, type and capacity. Accounts are listed for its members only."""
    wanted, capacity = call.text("object_type"), call.text("capacity").lower()
    holder = named.either(call)
    if wanted and wanted not in _TYPES:
        raise invalid(object_type=f"Must be one of: {', '.join(_TYPES)}")
    seen = access.may_see_members(call.actor, holder.id)
    if wanted == _USER and not seen:
        raise denied("only members see who belongs to it")
    found: list[tuple[str, str, str]] = []
    if seen and wanted in ("", _USER):
        people = holders.members(call.session, [holder.id]).get(holder.id, ())
        chosen = (one for one in people if not capacity or one.capacity == capacity)
        found += [(one.account.id, _USER, _TITLES[one.capacity]) for one in chosen]
    if wanted in ("", _PACKAGE) and capacity in ("", _PUBLIC):
        hidden = (row for row in written(call, holder) if row.private) if seen else ()
        private = [row.id for row in hidden if access.may_read(call.actor, desk_rows.holding(row))]
        found += [(one, _PACKAGE, _PUBLIC) for one in (*holders.public_ids(call.session, holder), *private)]
    if wanted in ("", _GROUP):
        above = holders.above(call.session, [holder]).get(holder.id, ())
        found += [(one.holder.id, _GROUP, one.capacity) for one in above if capacity in ("", one.capacity)]
    return found


def written(call: Call, holder: Holder) -> list[DeskDataset]:
    """List the datasets of the desk that an organisation or group holds, private ones and drafts too, but none that is deleted."""
    query = sa.select(DeskDataset).where(DeskDataset.state != DELETED).order_by(DeskDataset.name)
    if holder.kind is Kind.ORGANIZATION:
        return list(call.session.scalars(query.where(DeskDataset.organization_id == holder.id)))
    named_somewhere = sa.cast(DeskDataset.document, sa.Text).contains(holder.id, autoescape=True)
    rows = call.session.scalars(query.where(named_somewhere))
    return [row for row in rows if holder.id in desk_rows.document(row).groups]


def member_create(call: Call) -> dict[str, Any]:
    """Let an account, a dataset or an organisation belong to an organisation or group."""
    kind, holder = _type(call), named.either(call)
    if kind == _PACKAGE:
        row = _put(call, holder, inside=True)
        return _member(holder, _PACKAGE, row.id, call.text("capacity") or _PUBLIC)
    if kind == _GROUP:
        above = _put_below(call, holder, inside=True)
        return _member(holder, _GROUP, above.id, call.text("capacity") or _PUBLIC)
    return _give(call, holder, ("object",), ("capacity",))


def member_delete(call: Call) -> None:
    """Let an account, a dataset or an organisation no longer belong to an organisation or group."""
    kind, holder = _type(call), named.either(call)
    if kind == _PACKAGE:
        _put(call, holder, inside=False)
    elif kind == _GROUP:
        _put_below(call, holder, inside=False)
    else:
        _take(call, holder, ("object",))


def organization_member_create(call: Call) -> dict[str, Any]:
    """Give an account a role in an organisation, or another one than it has."""
    return _give(call, _named(call, Kind.ORGANIZATION, "role"), _WHOSE, ("role",))


def group_member_create(call: Call) -> dict[str, Any]:
    """Give an account a role in a group, or another one than it has."""
    return _give(call, _named(call, Kind.GROUP, "role"), _WHOSE, ("role",))


def organization_member_delete(call: Call) -> None:
    """Take the role that an account has in an organisation."""
    _take(call, _named(call, Kind.ORGANIZATION), _WHOSE)


def group_member_delete(call: Call) -> None:
    """Take the role that an account has in a group."""
    _take(call, _named(call, Kind.GROUP), _WHOSE)


def member_roles_list(call: Call) -> list[dict[str, str]]:
    """List the roles that there are in organisations, or in groups."""
    kind = call.text("group_type", str(Kind.ORGANIZATION))
    roles = [one for one in _TITLES if kind != Kind.GROUP or one is not Capacity.EDITOR]
    return [{"text": _TITLES[one], "value": str(one)} for one in roles]


def _named(call: Call, kind: Kind, *arguments: str) -> Holder:
    """Find the organisation or group, once nothing is missing."""
    call.required("id")
    call.required(*_WHOSE)
    for argument in arguments:
        call.required(argument)
    return named.holder(call, kind)


def _give(call: Call, holder: Holder, who: tuple[str, ...], role: tuple[str, ...]) -> dict[str, Any]:
    named.require_managed(call, holder)
    if holder.state != ACTIVE:
        raise not_found()
    account, capacity = named.account(call, *who), named.capacity(call, *role)
    with call.writing() as session:
        accounts.give_role(session, holder.id, account.id, capacity)
        audit.note(session, call.actor, "member.create", holder.id, holder.name, user=account.name, role=capacity)
    return _member(holder, _USER, account.id, str(capacity))


def _take(call: Call, holder: Holder, who: tuple[str, ...]) -> None:
    named.require_managed(call, holder)
    account = named.account(call, *who)
    with call.writing() as session:
        # Whoever has no role has lost it, as in CKAN.
        if accounts.take_role(session, holder.id, account.id):
            audit.note(session, call.actor, "member.delete", holder.id, holder.name, user=account.name)


def fill(call: Call, holder: Holder, rows: Iterable[DeskDataset]) -> None:
    """Put datasets into a group; those that are in it stay as they are."""
    for row in rows:
        if holder.id not in desk_rows.document(row).groups:
            _write(call, holder, row, inside=True)


def empty(call: Call, holder: Holder, rows: Iterable[DeskDataset]) -> None:
    """Take datasets out of a group."""
    call.renew()
    for row in rows:
        _write(call, holder, row, inside=False)


def _put(call: Call, holder: Holder, *, inside: bool) -> DeskDataset:
    """Put the dataset that is named into a group, or take it out; an organisation gets it, or has it no longer."""
    row = named.dataset(call, "object")
    if holder.kind is Kind.ORGANIZATION:
        owner = holder.id if inside else None
        if inside or row.organization_id == holder.id:
            datasets_write.change(call, row.id, lambda before: replace(before, owner_org=owner), "dataset.move")
        elif not packages.writes(call, row):
            raise denied()
        return row
    _require_fill(call, holder, row)
    call.renew()
    return _write(call, holder, row, inside=inside)


def _write(call: Call, holder: Holder, row: DeskDataset, *, inside: bool) -> DeskDataset:
    def edit(base: DeskDataset | None) -> Change:
        if base is None:
            raise not_found("dataset")
        _require_fill(call, holder, base)
        document = desk_rows.document(base)
        others = tuple(one for one in document.groups if one not in (holder.id, holder.name))
        groups = (*others, holder.id) if inside else others
        return Change(document=replace(document, groups=groups), organization_id=base.organization_id)

    try:
        return desk.write(call.instance, call.actor, row.id, edit, "dataset.update")
    except StateError as error:
        raise named.conflict(error) from None


def _require_fill(call: Call, holder: Holder, row: DeskDataset) -> None:
    """A group is filled by those who belong to it; what a dataset is about, and so its theme, is for its editors to say."""
    held = desk_rows.holding(row)
    allowed = access.may_edit(call.actor, held) if holder.theme else access.may_fill(call.actor, holder.id)
    if not allowed or not access.may_read(call.actor, held):
        raise denied(f"you may not put datasets into {holder.name}")


def _put_below(call: Call, holder: Holder, *, inside: bool) -> Holder:
    """Let an organisation belong to another one, or it or a group to a group, or no longer."""
    named.require_managed(call, holder)
    above = _above(call, holder)
    if above.theme:
        raise denied(f"{above.name} is a data theme of the EU and cannot be changed")
    if above.kind is Kind.ORGANIZATION:
        named.require_managed(call, above)
        if not inside and holder.parent_id != above.id:
            return above
    try:
        with call.writing() as session:
            if above.kind is Kind.GROUP:
                capacity = call.text("capacity") or _PUBLIC
                structure.nest(session, call.actor, holder, above, capacity, inside=inside)
            else:
                structure.put_below(session, call.actor, holder, above if inside else None)
    except WrongError as wrong:
        raise invalid(object=wrong.sentence) from None
    return above


def _above(call: Call, holder: Holder) -> Holder:
    wanted = call.required("object")
    organization = holder.kind is Kind.ORGANIZATION
    if organization and holders.find(call.session, call.instance.config, Kind.ORGANIZATION, wanted) is not None:
        return named.holder(call, Kind.ORGANIZATION, "object")
    return named.holder(call, Kind.GROUP, "object")


def _type(call: Call) -> str:
    call.required("id")
    call.required("object")
    kind = call.required("object_type")
    if kind not in _TYPES:
        raise invalid(object_type=f"Must be one of: {', '.join(_TYPES)}")
    return kind


def _member(holder: Holder, kind: str, object_id: str, capacity: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(_SPACE, f"{holder.id}\n{kind}\n{object_id}")),
        "group_id": holder.id,
        "table_name": kind,
        "table_id": object_id,
        "capacity": capacity,
        "state": "active",
    }


_ID = Argument("id", "string", Message("Organisation oder Gruppe", "organisation or group"), required=True)
_TYPE = Argument("object_type", "string", Message("user, package oder group", "user, package or group"), required=True)
_OBJECT = Argument("object", "string", Message("was dazugehört", "what belongs to it"), required=True)
_CAPACITY = Argument("capacity", "string", Message("admin, editor oder member", "admin, editor or member"))
_WHO = Argument("username", "string", Message("Konto", "account"), required=True)
_ROLE = Argument("role", "string", Message("admin, editor oder member", "admin, editor or member"), required=True)

ACTIONS: Mapping[str, Action] = {
    "member_list": Action(
        member_list,
        Message(
            "Was zu einer Organisation oder Gruppe gehört; Konten nur für ihre Mitglieder.",
            "What belongs to an organisation or group; accounts for its members only.",
        ),
        (_ID, Argument(_TYPE.name, _TYPE.type, _TYPE.about), _CAPACITY),
        example={"id": "tran", "object_type": "package"},
    ),
    "member_create": Action(
        member_create,
        Message(
            "Konto, Datensatz oder Organisation einer Gruppe oder Organisation zuordnen.",
            "Let an account, dataset or organisation belong to an organisation or group.",
        ),
        (_ID, _OBJECT, _TYPE, _CAPACITY),
        writes=True,
    ),
    "member_delete": Action(
        member_delete, Message("Eine Zuordnung lösen.", "End a membership."), (_ID, _OBJECT, _TYPE), writes=True
    ),
    "organization_member_create": Action(
        organization_member_create,
        Message("Einem Konto eine Rolle in einer Organisation geben.", "Give an account a role in an organisation."),
        (_ID, _WHO, _ROLE),
        writes=True,
    ),
    "group_member_create": Action(
        group_member_create,
        Message("Einem Konto eine Rolle in einer Gruppe geben.", "Give an account a role in a group."),
        (_ID, _WHO, _ROLE),
        writes=True,
    ),
    "organization_member_delete": Action(
        organization_member_delete,
        Message("Einem Konto die Rolle in einer Organisation nehmen.", "Take the role in an organisation."),
        (_ID, _WHO),
        writes=True,
    ),
    "group_member_delete": Action(
        group_member_delete,
        Message("Einem Konto die Rolle in einer Gruppe nehmen.", "Take the role in a group."),
        (_ID, _WHO),
        writes=True,
    ),
    "member_roles_list": Action(
        member_roles_list,
        Message("Die Rollen, die es gibt.", "The roles that there are."),
        (Argument("group_type", "string", Message("organization oder group", "organization or group")),),
        example={},
    ),
}
