"""CKAN package <-> Dataset. CKAN's vocabulary ends here; what its flat form cannot hold is listed in docs/dcat.md."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dcat.ckan_reader import read as read
from dcat.kinds import TextKind
from dcat.model import Agent, Contact, Dataset, Distribution, Place
from dcat.profile import Property, profile
from dcat.texts import best, by_language
from dcat.vocabularies import vocabulary

_TAGS = uuid.UUID("6f0ffe0b-a1a5-5c1e-9d3a-0ffe4ba40007")
_AGENT_KEYS = {"name": "name", "type": "type", "email": "email", "homepage": "url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What CKAN says about a dataset beyond the dataset itself. Times are naive ISO 8601 in UTC with microseconds."""

    id: str
    name: str
    organization: Mapping[str, Any]
    resource_ids: tuple[str, ...]
    created: str
    modified: str
    tables: frozenset[str] = frozenset()
    """the ids of the resources whose rows can be queried"""


def write(dataset: Dataset, package: Package) -> dict[str, Any]:
    """Write the CKAN package with every key clients expect, null where there is nothing."""
    extras: dict[str, str] = {"uri": dataset.uri} if dataset.uri else {}
    main: dict[str, Any] = {}
    for prop in profile()["Dataset"].properties:
        value = getattr(dataset, prop.field)
        if value not in (None, "", ()):
            _write_dataset_value(prop, value, main, extras)
    license_uri = next((d.license for d in dataset.distribution if d.license), "")
    contact = dataset.contact_point[0] if dataset.contact_point else Contact()
    tags = [tag(keyword) for keyword in dict.fromkeys(text.value for text in dataset.keyword)]
    resources = [
        _resource(distribution, resource_id, package, position)
        for position, (distribution, resource_id) in enumerate(
            zip(dataset.distribution, package.resource_ids, strict=True)
        )
    ]
    return {
        "id": package.id,
        "name": package.name,
        "title": package.name,
        "notes": None,
        "url": None,
        "version": None,
        **main,
        "author": best(dataset.creator[0].name) if dataset.creator else None,
        "author_email": None,
        "maintainer": contact.name or None,
        "maintainer_email": contact.email or None,
        **license_fields(license_uri),
        "private": False,
        "state": "active",
        "type": "dataset",
        "owner_org": package.organization["id"],
        "organization": dict(package.organization),
        "creator_user_id": None,
        "metadata_created": package.created,
        "metadata_modified": package.modified,
        "num_resources": len(resources),
        "num_tags": len(tags),
        "tags": tags,
        "groups": [group(uri) for uri in dataset.theme],
        "extras": [{"key": key, "value": extras[key]} for key in sorted(extras)],
        "relationships_as_subject": [],
        "relationships_as_object": [],
        "resources": resources,
    }


def group(theme: str) -> dict[str, Any]:
    """Describe an EU data theme as a CKAN group."""
    concept = vocabulary("theme").find(theme)
    name = concept.code.lower() if concept else theme
    title = concept.label.de if concept else theme
    return {
        "id": name,
        "name": name,
        "title": title,
        "display_name": title,
        "description": "",
        "image_display_url": "",
    }


def licenses() -> list[dict[str, Any]]:
    """List the licences as CKAN does, by GovData's short forms."""
    return [
        {
            "id": concept.code,
            "title": concept.label.de,
            "title_en": concept.label.en,
            "url": concept.extra["text_url"] or concept.uri,
            "uri": concept.uri,
            "status": "active",
            "is_generic": concept.code.startswith("other-"),
            "od_conformance": "approved" if concept.extra["open"] == "yes" else "not reviewed",
            "osd_conformance": "not reviewed",
            "domain_content": False,
            "domain_data": True,
            "domain_software": False,
            "family": "",
            "maintainer": "",
        }
        for concept in vocabulary("license").concepts.values()
    ]


def _write_dataset_value(prop: Property, value: Any, main: dict[str, Any], extras: dict[str, str]) -> None:
    place, _, key = prop.ckan.partition(":")
    if place in ("title", "notes"):
        main[place] = best(value)
        main[f"{place}_translated"] = by_language(value)
    elif place == "version":
        main["version"] = value
    elif place == "url":
        main["url"] = value[0]
    elif place == "agent":
        _write_agent(value[0] if isinstance(value, tuple) else value, key, extras)
    elif place == "contact":
        for field in ("uri", "name", "email", "url", "telephone"):
            if text := getattr(value[0], field):
                extras[f"contact_{field}"] = text
    elif key == "temporal":
        extras.update({f"temporal_{end}": text for end in ("start", "end") if (text := getattr(value[0], end))})
    elif key == "spatial_uri":
        _write_places(value, extras)
    elif key == "alternate_identifier":
        extras[key] = orjson.dumps([identifier.notation for identifier in value]).decode()
    elif key == "provenance":
        extras[key] = best(value[0].label)
    elif place == "extra":
        extras[key] = _extra(prop, value)


def _write_agent(agent: Agent, key: str, extras: dict[str, str]) -> None:
    if agent.uri:
        extras[f"{key}_uri"] = agent.uri
    for field, suffix in _AGENT_KEYS.items():
        value = getattr(agent, field)
        if value:
            extras[f"{key}_{suffix}"] = best(value) if field == "name" else value


def _write_places(places: tuple[Place, ...], extras: dict[str, str]) -> None:
    uris = [place.uri for place in places if place.uri]
    if uris:
        extras["spatial_uri"] = orjson.dumps(uris).decode()
    if label := next((best(place.label) for place in places if place.label), ""):
        extras["spatial_text"] = label


def _extra(prop: Property, value: Any) -> str:
    if isinstance(prop.kind, TextKind):
        return best(value)
    return orjson.dumps(list(value)).decode() if prop.many else str(value)


def license_fields(uri: str) -> dict[str, Any]:
    """Give what a package says about its licence; an unknown one stands for itself."""
    concept = vocabulary("license").find(uri) if uri else None
    if concept is None:
        return {"license_id": uri or None, "license_title": uri or None, "license_url": uri or None, "isopen": False}
    return {
        "license_id": concept.code,
        "license_title": concept.label.de,
        "license_url": concept.extra["text_url"] or concept.uri,
        "isopen": concept.extra["open"] == "yes",
    }


def tag(keyword: str, vocabulary_id: str | None = None) -> dict[str, Any]:
    """Describe a keyword as a CKAN tag."""
    identity = tag_id(keyword, vocabulary_id) if vocabulary_id else keyword
    return {
        "id": identity,
        "name": keyword,
        "display_name": keyword,
        "state": "active",
        "vocabulary_id": vocabulary_id or None,
    }


def tag_id(keyword: str, vocabulary_id: str) -> str:
    """Name a keyword of a vocabulary, the same in the vocabulary and in datasets; a free one is its own name."""
    return str(uuid.uuid5(_TAGS, f"{vocabulary_id}\n{keyword}"))


def _resource(distribution: Distribution, resource_id: str, package: Package, position: int) -> dict[str, Any]:
    address = [*distribution.download_url, *distribution.access_url, ""][0]
    file_type = vocabulary("format").find(distribution.format) if distribution.format else None
    media_type = vocabulary("media-type").find(distribution.media_type) if distribution.media_type else None
    resource: dict[str, Any] = {
        "id": resource_id,
        "package_id": package.id,
        "name": best(distribution.title) or None,
        "description": best(distribution.description) or None,
        "url": address,
        "url_type": None,
        "format": file_type.label.en if file_type else "",
        "mimetype": media_type.code if media_type else None,
        "mimetype_inner": None,
        "hash": distribution.checksum.value if distribution.checksum else "",
        "size": distribution.byte_size,
        "state": "active",
        "position": position,
        "created": package.created,
        "last_modified": None,
        "metadata_modified": package.modified,
        "resource_type": None,
        "cache_url": None,
        "cache_last_updated": None,
        "datastore_active": resource_id in package.tables,
        "uri": distribution.uri or None,
    }
    if distribution.checksum:
        resource["hash_algorithm"] = distribution.checksum.algorithm
    for prop in profile()["Distribution"].properties:
        value = getattr(distribution, prop.field)
        if prop.ckan and prop.ckan not in resource and value not in (None, "", ()):
            resource[prop.ckan] = best(value) if isinstance(prop.kind, TextKind) else _flat(value)
    return resource


def _flat(value: Any) -> Any:
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return value
