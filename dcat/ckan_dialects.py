"""What other CKANs call things: the keys of ckanext-dcat, ckanext-dcatde and ckanext-scheming, brought to ours before reading."""

import functools
import re
from collections.abc import Mapping
from typing import Any

import orjson

from dcat.plain_values import mappings, written
from dcat.profile import profile

MAX_EXTRAS = 2_000
AGENTS = ("publisher", "creator", "contributor", "originator", "custodian")
_AGENT_PARTS = ("name", "uri", "email", "url", "type")
_CONTACT_PARTS = ("name", "uri", "email", "url", "telephone")
_PLACE_PARTS = ("uri", "text", "geom", "bbox", "centroid")
# Key of an extra or field elsewhere -> ours. Where both stand, ours counts.
_ALIASES = {
    "contributorID": "contributor_id",
    "politicalGeocodingURI": "political_geocoding_uri",
    "politicalGeocodingLevelURI": "political_geocoding_level_uri",
    "geocodingText": "geocoding_description",
    "legalbasisText": "legal_basis",
    "qualityProcessURI": "quality_process_uri",
    "plannedAvailability": "availability",
    "licenseAttributionByText": "license_attribution_by_text",
    "dcat_issued": "issued",
    "dcat_modified": "modified",
    "dcat_publisher_name": "publisher_name",
    "dcat_publisher_email": "publisher_email",
    "contact_tel": "contact_telephone",
    "spatial": "spatial_geom",
    "author_url": "creator_url",
    "author_type": "creator_type",
    "accrual_periodicity": "frequency",
}
_RESOURCE_ALIASES = {
    "licenseAttributionByText": "license_attribution_by_text",
    "plannedAvailability": "availability",
    "name_translated": "name",
    "description_translated": "description",
}
# ckanext-dcatde writes these texts as JSON lists; elsewhere a text in brackets is a text.
_TEXT_LISTS = ("legalbasisText", "geocodingText")
_LISTS_BY_COMMA = ("language",)
# Keys that CKAN and its harvesters keep for themselves, or that stand elsewhere in a package too.
_INTERNAL = re.compile(
    r"harvest_|source_catalog_|metadata_|spatial_(harvester|data_service_type|reference_system)|import_source$"
    r"|(guid|homepage|catalog_uri|dcat_version|dcat_uri|tracking_summary)$|\w+_contacttype$"
)


def extras(package: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what a package says beyond CKAN's own fields, by our keys; ckanext-scheming keeps it beside them."""
    found = {key: package[key] for key in (*sorted(_known()), *_ALIASES) if _is_said(package.get(key))}
    listed = mappings(package.get("extras"))[:MAX_EXTRAS]
    found |= {
        key: value for extra in listed if (key := written(extra.get("key"))) and _is_said(value := extra.get("value"))
    }
    for key, ours in _ALIASES.items():
        if key in found and not _is_said(found.get(ours)):
            found[ours] = _list_in_text(found[key]) if key in _TEXT_LISTS else found[key]
    for key in _LISTS_BY_COMMA:
        value = found.get(key)
        if isinstance(value, str) and "," in value and not value.startswith("["):
            found[key] = [part.strip() for part in value.split(",")]
    return found


def unknown(package: Mapping[str, Any]) -> dict[str, Any]:
    """Give the extras that are not understood, without those that only concern the portal."""
    pairs = ((written(extra.get("key")), extra.get("value")) for extra in mappings(package.get("extras"))[:MAX_EXTRAS])
    ours = _known() | _ALIASES.keys()
    return {key: value for key, value in pairs if key not in ours and _is_said(value) and not _INTERNAL.match(key)}


def resource(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the keys of a resource to ours."""
    found = dict(raw)
    for key, ours in _RESOURCE_ALIASES.items():
        if key in raw and (key.endswith("_translated") or not _is_said(raw.get(ours))):
            found[ours] = raw[key] or raw.get(ours)
    if not _is_said(raw.get("modified")) and isinstance(changed := raw.get("last_modified"), str):
        # CKAN's own times are in UTC and say no zone; when the file was changed is one of them.
        found["modified"] = f"{changed}Z" if re.fullmatch(r"[-\d]{10}T[:.\d]+", changed, re.ASCII) else changed
    if raw.get("url_type") == "upload" and not _is_said(raw.get("download_url")):
        found["download_url"] = raw.get("url")
    return found


def nodes(key: str, package: Mapping[str, Any], flat: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the descriptions behind a key such as `publisher` or `contact`: nested ones, else the one in flat keys."""
    nested = mappings(package.get(key))
    if nested:
        return nested
    return [{name.removeprefix(f"{key}_"): value for name, value in flat.items() if name.startswith(f"{key}_")}]


@functools.cache
def _known() -> frozenset[str]:
    """Our keys: those of the property table and the parts of agents, contacts, places and periods."""
    table = (prop.ckan.partition(":") for prop in profile()["Dataset"].properties)
    keys = {key for place, _, key in table if place == "extra"} - {"temporal"}
    keys |= {f"{agent}_{part}" for agent in AGENTS for part in _AGENT_PARTS}
    keys |= {f"contact_{part}" for part in _CONTACT_PARTS} | {f"spatial_{part}" for part in _PLACE_PARTS}
    keys |= {f"maintainer_{part}" for part in ("url", "tel", "type", "street", "city", "zip", "country")}
    return frozenset(
        keys | {"uri", "temporal_start", "temporal_end", "metadata_original_html", "license_attribution_by_text"}
    )


def _is_said(value: Any) -> bool:
    return value not in (None, "", [], {})


def _list_in_text(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value
