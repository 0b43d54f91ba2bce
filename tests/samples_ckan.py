"""A CKAN portal by example: packages as opendata.hessen.de writes them (ckanext-dcatde), found by package_search."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from conformance import Answered, Sample, Told

SEARCH = "/api/3/action/package_search?rows=100&sort=id+asc&start={}"
DEFINITION = """\
id: fr-hessen
city: frankfurt
department: Stabsstelle Digitalisierung
type: ckan
url: "{root}"
network:
  allow: ["{host}"]
defaults: {license: dl-by-de/2.0, description: Daten der Stadt im Portal des Landes.}
"""


def package(name: str = "baumkataster", title: str = "Baumkataster", **fields: Any) -> dict[str, Any]:
    """A package with all keys that CKAN writes."""
    return {
        "author": None,
        "author_email": None,
        "creator_user_id": "7c6d1c1e-0000-4000-8000-000000000009",
        "id": name,
        "isopen": False,
        "license_id": "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
        "license_title": "Datenlizenz Deutschland Namensnennung 2.0",
        "maintainer": "Grünflächenamt",
        "maintainer_email": "gruen@frankfurt.example",
        "metadata_created": "2024-05-02T08:00:00.123456",
        "metadata_modified": "2026-05-02T08:00:00.123456",
        "name": f"{name}-1",
        "notes": "Alle Bäume an **Straßen**.\r\n\r\n* Stand: 2026",
        "num_resources": 1,
        "num_tags": 1,
        "organization": {
            "id": "2e1f1c1e-0000-4000-8000-000000000002",
            "name": "stadt-frankfurt",
            "title": "Stadt Frankfurt am Main",
            "type": "organization",
            "state": "active",
        },
        "owner_org": "2e1f1c1e-0000-4000-8000-000000000002",
        "private": False,
        "state": "active",
        "title": title,
        "type": "dataset",
        "url": "",
        "version": None,
        "extras": [],
        "groups": [],
        "resources": [resource()],
        "tags": [{"display_name": "Baum", "id": "t1", "name": "Baum", "state": "active", "vocabulary_id": None}],
        "tracking_summary": {"total": 7, "recent": 1},
        **fields,
    }


def resource(**fields: Any) -> dict[str, Any]:
    """A resource with the keys that CKAN writes."""
    return {
        "created": "2024-05-02T08:00:01.000001",
        "description": "",
        "format": "CSV",
        "hash": "",
        "id": "9a1f1c1e-0000-4000-8000-000000000003",
        "last_modified": None,
        "mimetype": None,
        "name": "Bäume",
        "package_id": "baumkataster",
        "position": 0,
        "size": None,
        "state": "active",
        "url": "https://offenedaten.frankfurt.example/baeume.csv",
        "url_type": None,
        **fields,
    }


def extras(**values: Any) -> list[dict[str, str]]:
    """Extras as CKAN writes them: text alone, lists as JSON in text."""
    return [
        {"key": key, "value": value if isinstance(value, str) else json.dumps(value)} for key, value in values.items()
    ]


def answer(packages: Sequence[Any], count: int | None = None, **fields: Any) -> bytes:
    """An answer of package_search; the packages on other pages count too."""
    result = {"count": len(packages) if count is None else count, "facets": {}, "results": list(packages)}
    about = "https://opendata.hessen.example/api/3/action/help_show?name=package_search"
    return orjson.dumps(
        {"help": about, "success": True, "result": result | {"sort": "id asc", "search_facets": {}}} | fields
    )


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the answers of a portal that sends fewer packages than it is asked for; a spoilt one has no title."""
    answers = {}
    for start in range(0, max(len(told), 1), page_size):
        packages = [package(one.id, "" if one.spoilt else one.title) for one in told[start : start + page_size]]
        answers[SEARCH.format(start)] = Answered(answer(packages, len(told)), "application/json;charset=utf-8")
    return answers


SAMPLE = Sample(definition=DEFINITION, site=site, paged=True, claims_total=True, keyword=('"tags":[', '{"name":"*"},'))
