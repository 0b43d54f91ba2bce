"""A dataset as a client of CKAN's Action API wrote it, brought to CKAN's shape: the package document, and its JSON for storage.

What the site adds (id, times, organisation, positions) is not part of it; dcat/ckan_show.py puts both together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.states import ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDocument:
    """A keyword, free or from a vocabulary."""

    name: str
    vocabulary_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDocument:
    """A resource as it was written. `others` are the fields CKAN has no name for; times are naive ISO 8601 in UTC.

    The URL of an uploaded file (`url_type` is "upload") is the name of the file alone.
    """

    id: str = ""
    url: str = ""
    name: str | None = None
    description: str | None = None
    url_type: str | None = None
    format: str = ""
    mimetype: str | None = None
    mimetype_inner: str | None = None
    hash: str = ""
    size: int | None = None
    resource_type: str | None = None
    cache_url: str | None = None
    cache_last_updated: str | None = None
    created: str | None = None
    last_modified: str | None = None
    metadata_modified: str | None = None
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageDocument:
    """A dataset as it was written. `groups` and `owner_org` are ids or names, `extras` and translations pairs in their order.

    `others` are fields at the top that CKAN has no name for, such as those of ckanext-scheming.
    """

    name: str
    title: str
    notes: str | None = None
    url: str | None = None
    version: str | None = None
    author: str | None = None
    author_email: str | None = None
    maintainer: str | None = None
    maintainer_email: str | None = None
    license_id: str | None = None
    type: str = "dataset"
    state: str = ACTIVE
    private: bool = False
    owner_org: str | None = None
    title_translated: tuple[tuple[str, str], ...] = ()
    notes_translated: tuple[tuple[str, str], ...] = ()
    tags: tuple[TagDocument, ...] = ()
    groups: tuple[str, ...] = ()
    extras: tuple[tuple[str, str], ...] = ()
    resources: tuple[ResourceDocument, ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)

    def resource(self, resource_id: str) -> ResourceDocument | None:
        """Find a resource by its id."""
        return next((one for one in self.resources if one.id == resource_id), None)


PLAIN_FIELDS = tuple(one.name for one in fields(PackageDocument))[:14]
RESOURCE_FIELDS = tuple(one.name for one in fields(ResourceDocument))[:-1]
TRANSLATED = ("title_translated", "notes_translated")


def write(document: PackageDocument) -> dict[str, Any]:
    """Write a document as JSON values in CKAN's shape. Reading it as input changes nothing."""
    written: dict[str, Any] = {**document.others, **{name: getattr(document, name) for name in PLAIN_FIELDS}}
    written |= {name: dict(pairs) for name in TRANSLATED if (pairs := getattr(document, name))}
    return {
        **written,
        "tags": [{"name": tag.name, "vocabulary_id": tag.vocabulary_id} for tag in document.tags],
        "groups": [{"id": group} for group in document.groups],
        "extras": write_extras(document.extras),
        "resources": [write_resource(resource) for resource in document.resources],
    }


def write_resource(resource: ResourceDocument) -> dict[str, Any]:
    """Write one resource as JSON values."""
    return {**resource.others, **{name: getattr(resource, name) for name in RESOURCE_FIELDS}}


def write_extras(extras: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Write pairs as CKAN's list of extras."""
    return [{"key": key, "value": value} for key, value in extras]


def read(stored: Mapping[str, Any]) -> PackageDocument:
    """Read a stored document back without judging it again; UnreadableError when it is none of ours."""
    known = {*PLAIN_FIELDS, *TRANSLATED, "tags", "groups", "extras", "resources"}
    try:
        return PackageDocument(
            **{name: stored[name] for name in PLAIN_FIELDS},
            title_translated=tuple(stored.get("title_translated", {}).items()),
            notes_translated=tuple(stored.get("notes_translated", {}).items()),
            tags=tuple(TagDocument(**tag) for tag in stored["tags"]),
            groups=tuple(group["id"] for group in stored["groups"]),
            extras=tuple((extra["key"], extra["value"]) for extra in stored["extras"]),
            resources=tuple(_read_resource(resource) for resource in stored["resources"]),
            others={key: value for key, value in stored.items() if key not in known},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(Message(f"Kein Paket-Dokument: {error}", f"Not a package document: {error}")) from error


def settled(
    document: PackageDocument, before: PackageDocument | None, now: str, new_id: Callable[[], str]
) -> PackageDocument:
    """Give each resource what the site decides: an id, when it was made, when its description last changed.

    `now` is naive ISO 8601 in UTC. Resources that did not change keep their times. Where a resource states another time than it had,
    as those may who load it from elsewhere, that is when its description last changed.
    """
    known = {resource.id: resource for resource in before.resources} if before else {}
    resources = []
    for resource in document.resources:
        was = known.get(resource.id)
        created = resource.created or (was.created if was else None) or now
        stated = resource.metadata_modified
        if was and stated == was.metadata_modified:
            stated = None
        dated = replace(resource, id=resource.id or new_id(), created=created, metadata_modified=stated or now)
        if was and not stated and replace(dated, metadata_modified=was.metadata_modified) == was:
            dated = was
        resources.append(dated)
    return replace(document, resources=tuple(resources))


def _read_resource(stored: Mapping[str, Any]) -> ResourceDocument:
    others = {key: value for key, value in stored.items() if key not in RESOURCE_FIELDS}
    return ResourceDocument(**{name: stored[name] for name in RESOURCE_FIELDS}, others=others)
