"""CKAN's actions that read organisations and groups: lists, records, what is in them, and which somebody works for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from catalog import access, accounts, followers, held, holders
from catalog.access import Capacity
from catalog.api.actions import named, packages
from catalog.api.actions.call import Action, Argument, Call, denied, invalid, not_found
from catalog.holders import Above, Holder, Kind
from catalog.renditions import naive
from dcat.ckan_groups import show_group
from dcat.message import Message

MAX_NAMES = 1000
MAX_FULL = 25
MAX_DATASETS = 1000
_SORTED_BY = ("name", "title", "package_count")
# What each of CKAN's permissions needs.
_WORK = (Capacity.EDITOR, Capacity.ADMIN)
_PERMISSIONS: Mapping[str, tuple[Capacity, ...]] = {
    "read": tuple(Capacity),
    "manage_group": tuple(Capacity),
    "create_dataset": _WORK,
    "update_dataset": _WORK,
    "delete_dataset": _WORK,
    **dict.fromkeys(("admin", "membership", "update", "delete"), (Capacity.ADMIN,)),
}


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of organisations and groups an answer shows."""

    count: bool = True
    extras: bool = False
    users: bool = False
    groups: bool = False
    tags: bool = False


def organization_list(call: Call) -> list[Any]:
    """List organisations: names, or records of them."""
    return _list(call, Kind.ORGANIZATION)


def group_list(call: Call) -> list[Any]:
    """List groups: names, or records of them."""
    return _list(call, Kind.GROUP)


def organization_show(call: Call) -> dict[str, Any]:
    """Show one organisation."""
    return shown(call, named.holder(call, Kind.ORGANIZATION))


def group_show(call: Call) -> dict[str, Any]:
    """Show one group."""
    return shown(call, named.holder(call, Kind.GROUP))


def group_package_show(call: Call) -> list[orjson.Fragment]:
    """List the datasets of a group."""
    limit = call.number("limit", MAX_DATASETS, MAX_DATASETS)
    return _packages(call, named.holder(call, Kind.GROUP), limit)


def organization_autocomplete(call: Call) -> list[dict[str, str]]:
    """Propose organisations whose name or title holds what was typed."""
    return _proposed(call, Kind.ORGANIZATION)


def group_autocomplete(call: Call) -> list[dict[str, str]]:
    """Propose groups whose name or title holds what was typed."""
    return _proposed(call, Kind.GROUP)


def organization_list_for_user(call: Call) -> list[dict[str, Any]]:
    """List the organisations that somebody has a role in which allows something; an administrator of the site has every role."""
    permission = call.text("permission", "" if "permission" in call.arguments else "manage_group")
    actor = _somebody(call)
    if not actor.known:
        return []
    found = holders.active(call.session, call.instance.config, Kind.ORGANIZATION)
    # As in CKAN admins have every permission, such as there is none of, too.
    return _with_roles(call, actor, found, _PERMISSIONS.get(permission, (Capacity.ADMIN,)))


def group_list_authz(call: Call) -> list[dict[str, Any]]:
    """List the groups that whoever asks may put datasets into, or belongs to."""
    if not call.actor.known:
        raise denied()
    found = [one for one in holders.active(call.session, call.instance.config, Kind.GROUP) if not one.theme]
    if call.flag("am_member"):
        found = [one for one in found if one.id in call.actor.roles]
    return _with_roles(call, call.actor, found, tuple(Capacity))


def shown(call: Call, holder: Holder) -> dict[str, Any]:
    """Show one organisation or group as the arguments ask for it."""
    extent = Extent(
        count=call.flag("include_dataset_count", True),
        extras=call.flag("include_extras", True),
        users=call.flag("include_users", True),
        groups=call.flag("include_groups", True),
        tags=True,
    )
    (record,) = records(call, [holder], {}, extent)
    if extent.count:
        record["package_count"] = held.count(call.instance, call.session, call.actor, holder)
    if call.flag("include_datasets"):
        record["packages"] = _packages(call, holder, MAX_DATASETS)
    return record


def _list(call: Call, kind: Kind) -> list[Any]:
    full = call.flag("all_fields")
    most = MAX_FULL if full else MAX_NAMES
    offset, limit = call.number("offset", 0), min(call.number("limit", most) or most, most)
    field, descending = _order(call)
    found = _chosen(call, kind)
    counts: dict[str, int] = {}
    if field == "package_count":
        counts = held.counts(call.instance, call.session, found)
        found.sort(key=lambda one: counts.get(one.id, 0))
    elif field == "name":
        found.sort(key=lambda one: one.name)
    if descending:
        found.reverse()
    part = found[offset : offset + limit]
    if not full:
        return [one.name for one in part]
    extent = Extent(
        count=call.flag("include_dataset_count", True),
        extras=call.flag("include_extras"),
        users=call.flag("include_users"),
        groups=call.flag("include_groups"),
    )
    return records(
        call, part, counts or (held.counts(call.instance, call.session, part) if extent.count else {}), extent
    )


def _order(call: Call) -> tuple[str, bool]:
    """Read `sort`, and its older form `order_by`."""
    words = (call.text("sort") or call.text("order_by") or "title asc").lower().split()
    if len(words) > 2 or words[0] not in _SORTED_BY or words[1:] not in ([], ["asc"], ["desc"]):
        raise invalid(sort=f"Must be one of {', '.join(_SORTED_BY)}, with asc or desc")
    # As in CKAN the largest come first where nothing else is said.
    return words[0], words[1:] == ["desc"] or (words == ["package_count"])


def _chosen(call: Call, kind: Kind) -> list[Holder]:
    given = (*call.listed(f"{kind}s"), *(call.listed("groups") if kind is Kind.ORGANIZATION else ()))
    wanted = {name.strip() for names in given for name in names.split(",")} - {""}
    typed, type_of = call.text("q").strip().lower(), call.text("type") or str(kind)
    return [
        one
        for one in holders.active(call.session, call.instance.config, kind)
        if one.type == type_of
        and (not wanted or one.name in wanted or one.id in wanted)
        and (not typed or any(typed in text.lower() for text in (one.name, one.title, one.description)))
    ]


def _proposed(call: Call, kind: Kind) -> list[dict[str, str]]:
    typed, limit = call.required("q").strip().lower(), call.number("limit", 20, 100)
    found = (
        one
        for one in holders.active(call.session, call.instance.config, kind)
        if typed in one.name or typed in one.title.lower()
    )
    return [{"id": one.id, "name": one.name, "title": one.title} for one in found][:limit]


def records(call: Call, found: list[Holder], counts: Mapping[str, int], extent: Extent) -> list[dict[str, Any]]:
    """Write organisations or groups; a few queries for all of them."""
    above = holders.above(call.session, found) if extent.groups else {}
    followed = followers.counts(call.session, followers.GROUP, [one.id for one in found])
    seen = [one.id for one in found if access.may_see_members(call.actor, one.id)] if extent.users else []
    people = holders.members(call.session, seen) if seen else {}
    written = []
    for one in found:
        record = show_group(
            one.document(),
            id=one.id,
            kind=str(one.kind),
            created=naive(one.created_at.isoformat()),
            package_count=counts.get(one.id, 0),
            site_url=call.instance.config.site_url,
        )
        record["num_followers"] = followed.get(one.id, 0)
        record["groups"] = [_inside(each) for each in above.get(one.id, ())]
        record["users"] = [named.user(each.account, each.capacity) for each in people.get(one.id, ())]
        # Nobody who writes a shortened record back may empty what it leaves out.
        shown = {"package_count": extent.count, "extras": extent.extras, "users": extent.users}
        shown |= {"groups": extent.groups, "tags": extent.tags}
        for key in [key for key, wanted in shown.items() if not wanted]:
            del record[key]
        written.append(record)
    return written


def _inside(above: Above) -> dict[str, str]:
    # As ckanext-hierarchy writes it: the organisation above stands among the groups.
    found = above.holder
    shown = {"id": found.id, "name": found.name, "title": found.title, "display_name": found.title}
    return {**shown, "capacity": above.capacity}


def _packages(call: Call, holder: Holder, limit: int) -> list[orjson.Fragment]:
    """Give the datasets of an organisation or group; those who belong to it find the private ones that they may read."""
    ids = held.ids(call.instance, call.session, call.actor, holder, limit)
    bodies = packages.bodies(call, ids)
    return [orjson.Fragment(bodies[one]) for one in ids if one in bodies]


def _somebody(call: Call) -> access.Actor:
    """Give whose roles are asked for: one's own, or for administrators anybody's."""
    wanted = call.text("id")
    if not wanted or wanted in (call.actor.id, call.actor.name):
        return call.actor
    if not access.may_oversee(call.actor):
        raise denied("only administrators see what others belong to")
    account = accounts.present(call.session, wanted)
    if account is None:
        raise not_found("user")
    return accounts.actor(call.session, account)


def _with_roles(
    call: Call, actor: access.Actor, found: Iterable[Holder], enough: tuple[Capacity, ...]
) -> list[dict[str, Any]]:
    roles = {one.id: Capacity.ADMIN if actor.admin else actor.roles.get(one.id) for one in found}
    mine = [one for one in found if roles[one.id] in enough][:MAX_NAMES]
    extent = Extent(count=call.flag("include_dataset_count"))
    counts = held.counts(call.instance, call.session, mine) if extent.count else {}
    return [{**one, "capacity": str(roles[one["id"]])} for one in records(call, mine, counts, extent)]


_ID = Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True)
_LIMIT = Argument("limit", "integer", Message("höchstens so viele", "at most so many"))
_TYPED = (Argument("q", "string", Message("was getippt wurde", "what was typed"), required=True), _LIMIT)
_INCLUDE = tuple(
    Argument(f"include_{name}", "boolean", Message(de, en))
    for name, de, en in (
        ("dataset_count", "mit der Zahl der Datensätze", "with the number of datasets"),
        ("extras", "mit den weiteren Angaben", "with further fields"),
        ("users", "mit den Mitgliedern, für Mitglieder", "with the members, for members"),
        ("groups", "mit dem, wozu sie gehören", "with what they belong to"),
        ("followers", "ohne Wirkung: die Zahl steht immer da", "without effect: the number is always there"),
    )
)
_SHOW = (_ID, Argument("include_datasets", "boolean", Message("mit Datensätzen", "with datasets")), *_INCLUDE)
_LISTING = (
    Argument("all_fields", "boolean", Message("Angaben statt nur Namen", "records instead of names")),
    Argument(
        "sort", "string", Message("title, name oder package_count, asc oder desc", "title, name or package_count")
    ),
    Argument("q", "string", Message("Wort in Name, Titel, Beschreibung", "word in name, title, description")),
    Argument("type", "string", Message("nur diese Art", "only this type")),
    _LIMIT,
    Argument("offset", "integer", Message("so viele überspringen", "skip so many")),
    *_INCLUDE,
)
_ONLY = Message("nur diese, nach Namen", "only these, by name")

ACTIONS: Mapping[str, Action] = {
    "organization_list": Action(
        organization_list,
        Message("Die Organisationen.", "The organisations."),
        (Argument("organizations", "array", _ONLY), *_LISTING),
        example={"all_fields": True, "limit": 1},
    ),
    "group_list": Action(
        group_list,
        Message("Die Gruppen, darunter die Themen der EU.", "The groups, the data themes of the EU among them."),
        (Argument("groups", "array", _ONLY), *_LISTING),
        example={"sort": "package_count desc", "limit": 3},
    ),
    "organization_show": Action(
        organization_show,
        Message("Eine Organisation.", "One organisation."),
        _SHOW,
        example={"id": "wiesbaden-umweltamt"},
    ),
    "group_show": Action(group_show, Message("Eine Gruppe.", "One group."), _SHOW, example={"id": "envi"}),
    "group_package_show": Action(
        group_package_show,
        Message("Die Datensätze einer Gruppe.", "The datasets of a group."),
        (_ID, _LIMIT),
        example={"id": "tran", "limit": 1},
    ),
    "organization_autocomplete": Action(
        organization_autocomplete,
        Message("Organisationen zu dem, was getippt wurde.", "Organisations for what was typed."),
        _TYPED,
        example={"q": "umwelt"},
    ),
    "group_autocomplete": Action(
        group_autocomplete,
        Message("Gruppen zu dem, was getippt wurde.", "Groups for what was typed."),
        _TYPED,
        example={"q": "verkehr"},
    ),
    "organization_list_for_user": Action(
        organization_list_for_user,
        Message(
            "Die Organisationen, in denen jemand eine Rolle hat.", "The organisations in which somebody has a role."
        ),
        (
            Argument("id", "string", Message("Konto; für Administratoren", "account; for administrators")),
            Argument("permission", "string", Message("was die Rolle erlaubt", "what the role allows")),
            _INCLUDE[0],
        ),
    ),
    "group_list_authz": Action(
        group_list_authz,
        Message("Die Gruppen, die jemand füllen darf.", "The groups that somebody may put datasets into."),
        (
            Argument("am_member", "boolean", Message("nur eigene Gruppen", "only groups of one's own")),
            Argument("available_only", "boolean", Message("ohne Wirkung", "without effect")),
        ),
    ),
}
