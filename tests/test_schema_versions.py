"""A published version of a shared schema never changes, and a changed schema has the version that its change asks for."""

import itertools
import json
import re

import pytest

from dcat.errors import NotFoundError
from validators import schemas
from validators.schema_versions import fingerprint, step

RECORDED = json.loads((schemas.EARLIER.parent / "versions.json").read_text("utf-8"))
TREES = schemas.load("baumkataster").descriptor()


def changed(**column) -> schemas.TableSchema:
    """The tree register with one column changed; `name` says which."""
    document = schemas.load("baumkataster").descriptor()
    next(field for field in document["fields"] if field["name"] == column["name"]).update(column)
    return read(document)


def read(document: dict) -> schemas.TableSchema:
    return schemas.read(json.dumps(document).encode())


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_every_schema_is_recorded():
    assert list(RECORDED) == list(schemas.IDS)


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_a_changed_schema_needs_a_new_version(schema_id):
    schema = schemas.load(schema_id)
    assert RECORDED[schema_id].get(schema.version) == fingerprint(schema), (
        f"The rules of {schema_id} changed. Keep the old file as validators/schemas/earlier/{schema_id}@VERSION.json, raise the "
        f"version (docs/schemas.md), add a line to its changelog and to validators/schemas/versions.json: {fingerprint(schema)}"
    )


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_every_published_version_is_kept(schema_id):
    schema = schemas.load(schema_id)
    published = [release.version for release in schema.releases]
    assert published[0] == schema.version
    assert published == sorted(published, key=numbers, reverse=True)
    assert set(published) >= set(RECORDED[schema_id])
    for release in schema.releases:
        assert re.fullmatch(r"\d+\.\d+\.\d+", release.version)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", release.date)
        kept = schemas.find(f"{schema_id}@{release.version}")
        assert (kept.id, kept.version) == (schema_id, release.version)
        assert fingerprint(kept) == RECORDED[schema_id][release.version]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_versions_grow_as_much_as_the_schema_changed(schema_id):
    kept = [schemas.find(f"{schema_id}@{release.version}") for release in reversed(schemas.load(schema_id).releases)]
    for old, new in itertools.pairwise(kept):
        part = {"major": 0, "minor": 1, "patch": 2, "none": 2}[step(old, new)]
        before, after = numbers(old.version), numbers(new.version)
        assert before[:part] <= after[:part]
        assert before[: part + 1] < after[: part + 1]


def test_a_version_is_found_by_its_number():
    assert schemas.find("baumkataster@1.0.0") == schemas.load("baumkataster") == schemas.find("baumkataster")


@pytest.mark.parametrize(
    "name", ["baumkataster@0.9.0", "baumkataster@../../x", "x@1.0.0", "@1.0.0", "baumkataster@1.0.0@1"]
)
def test_an_unknown_version_names_the_known_ones(name):
    with pytest.raises(NotFoundError) as caught:
        schemas.find(name)
    assert ("1.0.0" if name.startswith("baum") else "baumkataster") in caught.value.message.de


@pytest.mark.parametrize(
    "column",
    [
        {"name": "hoehe_m", "constraints": {"minimum": 0, "maximum": 60}},
        {"name": "hoehe_m", "constraints": {"minimum": 0, "maximum": 70, "required": True}},
        {"name": "hoehe_m", "unit": "cm"},
        {"name": "hoehe_m", "type": "integer"},
        {"name": "hoehe_m", "decimalChar": ","},
        {"name": "sorte", "constraints": {"maxLength": 80, "pattern": "[A-Z].*"}},
        {"name": "baum_id", "constraints": {"required": True, "pattern": "[0-9]+"}},
        {"name": "standort_art", "constraints": {"required": True, "enum": ["strasse", "park"]}},
        {"name": "naturdenkmal", "trueValues": ["ja"]},
        {"name": "faellung_am", "constraints": {"minimum": "1960-01-01"}},
        {"name": "sorte", "constraints": {"minLength": 1, "maxLength": 80}},
    ],
)
def test_what_may_make_a_table_invalid_is_major(column):
    assert step(schemas.load("baumkataster"), changed(**column)) == "major"


def test_other_columns_and_keys_are_major():
    before = schemas.load("baumkataster")
    for fields in (TREES["fields"][:-1], [*TREES["fields"], {"name": "neu"}], TREES["fields"][::-1]):
        assert step(before, read({**TREES, "fields": fields})) == "major"
    assert step(before, read({**TREES, "primaryKey": ["baum_id", "ags"]})) == "major"
    assert step(before, read({**TREES, "missingValues": ["", "-"]})) == "major"
    key = {"fields": ["baum_id"], "reference": {"resource": "messstelle", "fields": ["messstelle_id"]}}
    assert step(before, read({**TREES, "foreignKeys": [key]})) == "major"


@pytest.mark.parametrize(
    "column",
    [
        {"name": "hoehe_m", "constraints": {"minimum": -1, "maximum": 80}},
        {"name": "hoehe_m", "constraints": {}},
        {"name": "baum_id", "constraints": {"pattern": "[A-Za-z0-9][A-Za-z0-9_.:*-]{0,63}"}},
        {"name": "standort_art", "constraints": {"required": True, "enum": ["gewaesser", *TREES["fields"][4]["constraints"]["enum"]]}},
        {"name": "naturdenkmal", "trueValues": [*TREES["fields"][16]["trueValues"], "x"]},
        {"name": "faellung_am", "constraints": {"minimum": "1940-01-01"}},
    ],
)  # fmt: skip
def test_what_only_permits_more_is_minor(column):
    after = changed(**column)
    assert step(schemas.load("baumkataster"), after) == "minor"
    assert fingerprint(after) != RECORDED["baumkataster"]["1.0.0"]


@pytest.mark.parametrize("column", [{"name": "hoehe_m", "title": "Höhe"}, {"name": "hoehe_m", "example": "3.5"}])
def test_words_and_examples_are_a_patch(column):
    after = changed(**column)
    assert step(schemas.load("baumkataster"), after) == "patch"
    assert fingerprint(after) == RECORDED["baumkataster"]["1.0.0"]


def test_nothing_changed_asks_for_nothing():
    assert step(schemas.load("baumkataster"), read(TREES)) == "none"
