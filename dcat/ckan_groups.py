"""Organisations and groups as clients of CKAN's Action API write them, and as CKAN shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from dcat.ckan_input import read_extras, read_tags, reference
from dcat.ckan_package import TagDocument, write_extras
from dcat.ckan_pictures import read_picture, shown_picture
from dcat.ckan_values import JUNK, Fields, Refused
from dcat.states import ACTIVE, DELETED

KINDS = ("organization", "group")
STATES = (ACTIVE, DELETED)
CAPACITIES = ("admin", "editor", "member")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDocument:
    """An organisation or group as it was written; `others` are fields that CKAN has no name for."""

    name: str
    title: str = ""
    description: str = ""
    image_url: str = ""
    type: str = "group"
    state: str = ACTIVE
    approval_status: str = "approved"
    extras: tuple[tuple[str, str], ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account or group by its id or name, and what it may do or is."""

    id: str
    capacity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInput:
    """A document, and who and what belongs to it; None where the client says nothing, so that it stays."""

    document: GroupDocument
    users: tuple[Member, ...] | None = None
    groups: tuple[Member, ...] | None = None
    packages: tuple[str, ...] | None = None
    tags: tuple[TagDocument, ...] | None = None


PLAIN_FIELDS = tuple(one.name for one in fields(GroupDocument))[:7]
_IGNORED = (
    *("id", "display_name", "image_display_url", "is_organization", "created", "package_count", "num_followers"),
    *("revision_id", "tag_string", "clear_upload", "image_upload"),
)
_KNOWN = frozenset((*PLAIN_FIELDS, *_IGNORED, "extras", "users", "groups", "packages", "tags"))
_TAKEN = frozenset(("id", *PLAIN_FIELDS, "users", "groups", "packages", "tags", "extras"))


def read_group(given: Any, kind: str, *, before: GroupDocument | None = None) -> GroupInput | Refused:
    """Read what a client wrote about an organisation or group (`kind`), or say what is wrong with it.

    With `before` it replaces that document: what is missing goes, but name, type, state and approval stay.
    """
    assert kind in KINDS
    fields = Fields(given)
    if before is not None and fields.text("type") not in (None, "", before.type):
        fields.wrong("type", "Must not change")
    others = fields.others(_KNOWN)
    if JUNK in fields.errors:
        return Refused(fields.errors)
    kept = before or GroupDocument(name="", type=kind)
    document = GroupDocument(
        name=fields.name("name", kept.name),
        title=fields.text("title") or "",
        description=fields.text("description") or "",
        image_url=read_picture(fields),
        type=fields.word("type", kept.type),
        state=fields.word("state", kept.state, STATES),
        approval_status=fields.word("approval_status", kept.approval_status),
        extras=read_extras(fields, _TAKEN),
        others=others,
    )
    found = GroupInput(
        document=document,
        users=_members(fields, "users", CAPACITIES, "member") if "users" in fields else None,
        groups=_members(fields, "groups", (), "public") if "groups" in fields else None,
        packages=tuple(one.id for one in _members(fields, "packages", (), "")) if "packages" in fields else None,
        tags=read_tags(fields) if "tags" in fields or "tag_string" in fields else None,
    )
    return Refused(fields.errors) if fields.errors else found


def patched_group(before: GroupDocument, given: Any) -> GroupInput | Refused:
    """Merge the fields at the top (`organization_patch`, `group_patch`)."""
    if not isinstance(given, Mapping):
        return Refused({JUNK: ["Must be an object"]})
    return read_group({**write_group(before), **given}, before.type if before.type in KINDS else "group", before=before)


def write_group(document: GroupDocument) -> dict[str, Any]:
    """Write a document as JSON values in CKAN's shape. Reading it as input changes nothing."""
    plain = {name: getattr(document, name) for name in PLAIN_FIELDS}
    return {**document.others, **plain, "extras": write_extras(document.extras)}


def show_group(
    document: GroupDocument, *, id: str, kind: str, created: str, package_count: int, site_url: str = ""
) -> dict[str, Any]:
    """Write an organisation or group with every key clients expect; members, parents and datasets are added by who may show them."""
    return {
        **write_group(document),
        "id": id,
        "display_name": document.title or document.name,
        "image_display_url": shown_picture(document.image_url, "group", site_url),
        "is_organization": kind == "organization",
        "created": created,
        "package_count": package_count,
        "num_followers": 0,
        "tags": [],
        "groups": [],
        "users": [],
    }


def group_inside(id: str, name: str, title: str, description: str, image_url: str, site_url: str) -> dict[str, str]:
    """Describe a group as it stands inside a package."""
    return {
        "id": id,
        "name": name,
        "title": title,
        "display_name": title or name,
        "description": description,
        "image_display_url": shown_picture(image_url, "group", site_url),
    }


def organization_inside(
    id: str, name: str, title: str, description: str, image_url: str, *, type: str, created: str, state: str
) -> dict[str, Any]:
    """Describe an organisation as it stands inside a package."""
    return {
        "id": id,
        "name": name,
        "title": title,
        "type": type,
        "description": description,
        "image_url": image_url,
        "created": created,
        "is_organization": True,
        "approval_status": "approved",
        "state": state,
    }


def _members(fields: Fields, name: str, capacities: tuple[str, ...], default: str) -> tuple[Member, ...]:
    entries = fields.entries(name, 10_000)
    members = [Member(id=reference(one), capacity=one.word("capacity", default, capacities)) for one in entries]
    fields.gather(name, entries)
    return tuple(dict.fromkeys(members))
