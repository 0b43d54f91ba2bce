"""A package document as `package_show` gives it: what a client wrote and what the site adds. Its DCAT description is read from that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dcat import ckan, ckan_package, iri, spellings
from dcat.ckan_package import PackageDocument, ResourceDocument
from dcat.model import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the site adds to a document. Times are naive ISO 8601 in UTC with microseconds.

    `groups` are those of the document as CKAN shows them inside a package (`dcat.ckan.group`), `tables` the ids of the resources
    whose rows can be queried, `site_url` the root under which uploaded files are served.
    """

    id: str
    created: str
    modified: str
    organization: Mapping[str, Any] | None = None
    groups: tuple[Mapping[str, Any], ...] = ()
    creator: str | None = None
    tables: frozenset[str] = frozenset()
    site_url: str = ""


def show(document: PackageDocument, shown: Shown) -> dict[str, Any]:
    """Write the package with every key clients expect, null where there is nothing."""
    written = ckan_package.write(document)
    resources = [_resource(resource, shown, position) for position, resource in enumerate(document.resources)]
    return {
        **written,
        "id": shown.id,
        **_license(document.license_id or ""),
        "license_id": document.license_id,
        "owner_org": shown.organization["id"] if shown.organization else document.owner_org,
        "organization": dict(shown.organization) if shown.organization else None,
        "creator_user_id": shown.creator,
        "metadata_created": shown.created,
        "metadata_modified": shown.modified,
        "num_resources": len(resources),
        "num_tags": len(document.tags),
        "tags": [ckan.tag(one.name, one.vocabulary_id) for one in document.tags],
        "groups": [dict(group) for group in shown.groups],
        "relationships_as_subject": [],
        "relationships_as_object": [],
        "resources": resources,
    }


def to_dataset(document: PackageDocument, shown: Shown) -> Reading:
    """Read the DCAT description of a document as that of any other CKAN package."""
    return ckan.read(show(document, shown))


def _resource(resource: ResourceDocument, shown: Shown, position: int) -> dict[str, Any]:
    url = resource.url
    if resource.url_type == "upload" and url:
        url = f"{shown.site_url}/dataset/{shown.id}/resource/{resource.id}/download/{quote(url, safe='')}"
    return {
        **ckan_package.write_resource(resource),
        "package_id": shown.id,
        "url": url,
        "state": "active",
        "position": position,
        "created": resource.created or shown.created,
        "metadata_modified": resource.metadata_modified or shown.modified,
        "datastore_active": resource.id in shown.tables,
    }


def _license(license_id: str) -> dict[str, Any]:
    concept = spellings.find(license_id, "license") if len(license_id) <= iri.MAX_LENGTH else None
    found = ckan.license_fields(concept.uri if concept else license_id)
    if concept is None and not iri.is_web(license_id):
        del found["license_url"]
    return found
