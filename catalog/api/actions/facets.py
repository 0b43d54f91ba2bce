"""CKAN's facets: which fields of datasets are counted, and their values with their names and numbers."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from catalog.access import UNOWNED
from catalog.api.actions.call import Call, invalid
from catalog.api.query_fields import is_known
from catalog.models import Organization
from catalog.models_desk import Group
from dcat.vocabularies import vocabulary

# CKAN's name of a facet -> ours.
FACETS: Mapping[str, str] = {
    "organization": "organization",
    "groups": "groups",
    "tags": "tag",
    "res_format": "format",
    "license_id": "license",
    "city": "city",
    "schema": "schema",
    "hvd": "hvd",
    "validation": "validation",
    "quality": "quality",
    "frequency": "frequency",
    "type": "kind",
    "dataset_type": "kind",
    "owner_org": "owner",
    "state": "state",
    "private": "private",
}


def wanted(call: Call) -> tuple[str, ...]:
    """Name the fields whose values are counted. CKAN takes a list only; a bare word is one, too, where it is a field."""
    given = call.arguments.get("facet.field")
    if isinstance(given, str) and given and not given.startswith("[") and not is_known(given) and given not in FACETS:
        raise invalid(**{"facet.field": "Must be a JSON list"})
    return tuple(dict.fromkeys(call.listed("facet.field"))) if call.flag("facet", True) else ()


def described(call: Call, found: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Describe the counts of the fields that are asked for as CKAN's `search_facets`: the most frequent, by their names downwards."""
    least = call.number("facet.mincount", 1)
    # A negative limit means all of them.
    most = -1 if call.text("facet.limit").startswith("-") else call.number("facet.limit", 50)
    facets = {}
    for field in wanted(call):
        counts = found.get(FACETS.get(field, ""), {})
        items = sorted(
            ((value, number) for value, number in counts.items() if number >= least and value != UNOWNED),
            key=lambda item: (-item[1], item[0]),
        )
        items = items if most < 0 else items[:most]
        names = _names(call, field, [value for value, _ in items])
        shown = [{"name": value, "display_name": names.get(value) or value, "count": number} for value, number in items]
        shown.sort(key=lambda item: str(item["display_name"]), reverse=True)
        facets[field] = {"title": field, "items": shown}
    return facets


def _names(call: Call, field: str, values: Collection[str]) -> dict[str, str]:
    """What people call the values of a field, where that is something else."""
    if field == "organization":
        return _titles(call, Organization, values)
    if field == "groups":
        return _labels("theme", values) | _titles(call, Group, values)
    return _labels("license", values) if field == "license_id" else {}


def _titles(call: Call, table: type[Organization] | type[Group], names: Collection[str]) -> dict[str, str]:
    if not names:
        return {}
    with call.asking() as reader:
        rows = reader.execute(sa.select(table.name, table.title).where(table.name.in_(names)))
        return {name: title for name, title in rows if title.strip()}


def _labels(name: str, values: Iterable[str]) -> dict[str, str]:
    concepts = ((value, vocabulary(name).find(value.upper() if name == "theme" else value)) for value in values)
    return {value: concept.label.de for value, concept in concepts if concept}
