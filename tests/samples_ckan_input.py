"""Datasets as clients write them through the Action API, and what a site adds to them."""

from itertools import count
from typing import Any

from dcat import ckan, ckan_package
from dcat.ckan_input import read_package
from dcat.ckan_package import PackageDocument
from dcat.ckan_show import Shown
from dcat.ckan_values import Refused
from dcat.vocabularies import vocabulary

CREATED = "2026-01-02T03:04:05.000000"
MODIFIED = "2026-02-03T04:05:06.000000"
FIRST = "1f9ab000-0000-4000-8000-000000000001"
SECOND = "1f9ac000-0000-4000-8000-000000000002"
ORGANIZATION = {"id": "0a5e1c1e-0000-4000-8000-00000000000a", "name": "gruenflaechenamt", "title": "Grünflächenamt"}
RICH: dict[str, Any] = {
    "name": "baumkataster",
    "title": "Baumkataster",
    "notes": "Alle Bäume.",
    "author": "Amt",
    "maintainer_email": "gruen@darmstadt.example",
    "license_id": "dl-by-de/2.0",
    "owner_org": ORGANIZATION["id"],
    "title_translated": {"de": "Baumkataster", "en": "Trees"},
    "tags": [{"name": "Bäume"}, {"name": "Straße 1.2_x"}],
    "groups": [{"name": "envi"}],
    "extras": [{"key": "issued", "value": "2020-01-01"}, {"key": "spatial", "value": '{"type": "Point"}'}],
    "scheming_field": {"a": [1, None, True]},
    "resources": [
        {"id": FIRST, "url": "https://amt.example/a.csv", "format": "csv", "schema": {"fields": []}, "size": "12"},
        {"id": SECOND, "url": "baeume 2026.csv", "url_type": "upload", "name": "Bäume", "last_modified": "2026-01-01"},
    ],
}


def document(given: Any = None, **fields: Any) -> PackageDocument:
    """The document of what a client wrote, which must be right; its resources have ids and times."""
    found = read_package({**RICH, **fields} if given is None else given)
    assert isinstance(found, PackageDocument), found
    return settled(found)


def settled(found: PackageDocument, before: PackageDocument | None = None, now: str = CREATED) -> PackageDocument:
    """The document as a site keeps it."""
    numbers = count(1)
    return ckan_package.settled(found, before, now, lambda: f"00000000-0000-4000-8000-{next(numbers):012}")


def shown(found: PackageDocument) -> Shown:
    """What a site adds, with the groups of the document."""
    themes = (vocabulary("theme").find(group) for group in found.groups)
    return Shown(
        id="0b5e1c1e-0000-4000-8000-000000000001",
        created=CREATED,
        modified=MODIFIED,
        organization=ORGANIZATION,
        groups=tuple(ckan.group(theme.uri) for theme in themes if theme),
        creator="0c5e1c1e-0000-4000-8000-00000000000c",
        tables=frozenset({FIRST}),
        site_url="https://daten.example",
    )


def errors(found: Any) -> dict[str, Any]:
    """The errors of an input that must be wrong, in CKAN's shape."""
    assert isinstance(found, Refused), found
    assert found.errors, "refused without a reason"
    for name, sentences in found.errors.items():
        assert isinstance(name, str)
        assert isinstance(sentences, list) and sentences
        assert all(isinstance(each, str) for each in sentences) or all(isinstance(each, dict) for each in sentences)
        assert all(len(each) < 1500 for each in sentences if isinstance(each, str))
    return found.errors
