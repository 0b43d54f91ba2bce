"""The sixteen shared schemas: agreed with the published table of fields, in both languages, with examples that hold."""

import csv
import io
import json
import re
import subprocess
import sys

import pytest
from frictionless import Schema
from shared_files import shared

from dcat.errors import NotFoundError
from dcat.vocabularies import vocabulary
from validators import schemas
from validators.check import check_table
from validators.patterns import grouped, problem

DUTIES = {
    "mandatory": {"adresse", "bebauungsplan", "luftqualitaet_messwert", "messstelle"},
    "conditional": {"pegel_messwert", "wetter_messwert"},
    "likely": {"haltestelle"},
    "near": {
        "baumkataster",
        "baustelle",
        "bevoelkerung_stadtteil",
        "haushalt",
        "ladepunkt",
        "parken_belegung",
        "parken_statisch",
        "verkehrszaehlung",
    },
    "none": {"oeffentlicher_ort"},
}


def table(schema_id: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(schemas.example(schema_id).decode("utf-8"))))


def published() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(shared("standards", "hvd-fields.csv").read_text(encoding="utf-8").splitlines()):
        found.setdefault(row["schema"], []).append(row)
    return found


def test_all_published_schemas_are_there_in_order():
    assert sorted(published()) == list(schemas.IDS)
    assert [schema.id for schema in schemas.all_schemas()] == list(schemas.IDS)


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_loads_in_frictionless(schema_id):
    loaded = Schema.from_descriptor(schemas.load(schema_id).descriptor())
    assert [field.name for field in loaded.fields] == [field.name for field in schemas.load(schema_id).fields]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_matches_the_published_table_of_fields(schema_id):
    expected = published()[schema_id]
    document = schemas.load(schema_id).descriptor()
    assert [field["name"] for field in document["fields"]] == [row["field"] for row in expected]
    assert (document["title"], document["hvd_category"]) == (expected[0]["title_de"], expected[0]["hvd_category_uri"])
    keys = {key["fields"][0]: key["reference"] for key in document["foreignKeys"]}
    for field, row in zip(document["fields"], expected, strict=True):
        constraints = json.loads(row["constraints"] or "{}")
        assert (field["name"] in document["primaryKey"]) == constraints.pop("primaryKey", False)
        target = keys.get(field["name"], {"resource": "", "fields": [""]})
        lifted = f"{target['resource'] or schema_id}.{target['fields'][0]}" if field["name"] in keys else ""
        assert lifted == constraints.pop("foreignKey", "")
        assert (field["type"], field["format"]) == (row["type"], row["format"])
        assert field.get("constraints", {}) == constraints
        assert field["description"] == row["description_de"]
        assert field["description_en"] == row["description_en"]
        assert field.get("unit", "") == row["unit"]
        assert field.get("aligned_with", "") == row["aligned_with"]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_examples_of_columns_are_valid(schema_id, tmp_path):
    schema = schemas.load(schema_id)
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(field.name for field in schema.fields)
        writer.writerow(field.example for field in schema.fields)
    report = check_table(tmp_path / "t.csv", schema)
    # One row cannot hold its own parent stop.
    assert [finding for finding in report.findings if finding.code != "foreign-key"] == []


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_example_tables_conform(schema_id, tmp_path):
    references = {}
    for key in schemas.load(schema_id).foreign_keys:
        references[key.schema] = tmp_path / f"{key.schema or schema_id}.csv"
        references[key.schema].write_bytes(schemas.example(key.schema or schema_id))
    (tmp_path / "t.csv").write_bytes(schemas.example(schema_id))
    report = check_table(tmp_path / "t.csv", schemas.load(schema_id), references=references)
    assert report.valid
    assert report.findings == ()
    assert 8 <= report.rows <= 20


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_example_tables_refer_to_each_other(schema_id):
    schema = schemas.load(schema_id)
    for key in schema.foreign_keys:
        known = {row[key.reference[0]] for row in table(key.schema or schema_id)}
        used = {row[key.fields[0]] for row in table(schema_id)} - {""}
        assert used
        assert used <= known


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_example_tables_use_every_column(schema_id):
    rows = table(schema_id)
    assert [name for name in rows[0] if not any(row[name] for row in rows)] == []


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_the_empty_template_is_the_header_for_excel(schema_id, tmp_path):
    schema = schemas.load(schema_id)
    written = schemas.template(schema)
    # Without a byte order mark: all names are ASCII, which needs none to open well.
    assert written.decode("ascii") == ";".join(field.name for field in schema.fields) + "\r\n"
    (tmp_path / "t.csv").write_bytes(written)
    assert [finding.code for finding in check_table(tmp_path / "t.csv", schema).findings] == ["empty-table"]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_speaks_both_languages(schema_id):
    schema = schemas.load(schema_id)
    for message in (
        schema.title,
        schema.description,
        schema.purpose,
        schema.provider,
        schema.hvd_note,
        *(release.text for release in schema.releases),
        *(f.title for f in schema.fields),
        *(f.description for f in schema.fields),
    ):
        assert message.de
        assert message.en
    assert schema.purpose.de != schema.purpose.en
    assert schema.hvd_note.de != schema.hvd_note.en
    assert all(field.example for field in schema.fields)


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_patterns_are_safe(schema_id):
    for field in schemas.load(schema_id).fields:
        assert problem(field.pattern) is None
        assert grouped(field.pattern) == field.pattern
        re.compile(f"^{field.pattern}$")


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_has_nothing_to_lint(schema_id):
    document = schemas.load(schema_id).document
    assert schemas.lint(document.encode()) == ()


def test_foreign_keys_resolve():
    keys = [(schema, key) for schema in schemas.all_schemas() for key in schema.foreign_keys]
    assert len(keys) == 6
    for schema, key in keys:
        target = schemas.load(key.schema) if key.schema else schema
        assert all(target.field(name) for name in key.reference)
        assert key.reference == target.primary_key


def test_says_how_far_the_law_demands_them():
    found: dict[str, set[str]] = {}
    for schema in schemas.all_schemas():
        found.setdefault(schema.hvd_duty, set()).add(schema.id)
    assert found == DUTIES
    for schema_id in DUTIES["near"]:
        note = schemas.load(schema_id).hvd_note
        assert note.de.startswith("Thematisch nah, nicht verpflichtend")
        assert note.en.startswith("Thematically near, not mandatory")
    assert "2023/1804" in schemas.load("ladepunkt").hvd_note.de
    assert "2022/670" in schemas.load("baustelle").hvd_note.en


def test_categories_are_leaves_of_the_vocabulary():
    for schema in schemas.all_schemas():
        if schema.hvd_duty == "none":
            assert schema.hvd_category == ""
            continue
        concept = vocabulary("hvd-category").find(schema.hvd_category)
        assert concept is not None
        assert concept.extra["broader"]


def test_unknown_schema_names_the_known_ones():
    with pytest.raises(NotFoundError) as caught:
        schemas.load("baeume")
    assert "baumkataster" in caught.value.message.de
    assert "oeffentlicher_ort" in caught.value.message.en


def test_descriptor_is_a_fresh_copy():
    schemas.load("messstelle").descriptor()["fields"].clear()
    assert schemas.load("messstelle").descriptor()["fields"]


def test_boolean_takes_german_words():
    field = schemas.load("baumkataster").field("naturdenkmal")
    assert {"ja", "Ja", "JA", "wahr", "true", "1"} <= set(field.true_values)
    assert {"nein", "Nein", "NEIN", "falsch", "false", "0"} <= set(field.false_values)


@pytest.mark.parametrize(
    ("field", "mark", "yes"),
    [
        ({"type": "number", "decimalChar": ","}, ",", "true"),
        # frictionless takes an empty mark for the usual one.
        ({"type": "number", "decimalChar": ""}, ".", "true"),
        ({"type": "integer", "decimalChar": ","}, ".", "true"),
        ({"type": "boolean", "trueValues": ["ja"], "falseValues": []}, ".", "ja"),
    ],
)
def test_a_column_writes_values_in_its_own_notation(field, mark, yes):
    (column,) = schemas.read(json.dumps({"fields": [{"name": "x", **field}]}).encode()).fields
    assert (column.mark, column.truth(True), column.truth(False)) == (mark, yes, "false")


def test_rules_are_all_that_frictionless_heeds():
    rules = schemas.load("baumkataster").rules()
    assert Schema.from_descriptor(rules).field_names == [field.name for field in schemas.load("baumkataster").fields]
    assert not {"example", "title", "description"} & {key for field in rules["fields"] for key in field}
    assert {"constraints", "type"} <= {key for field in rules["fields"] for key in field}


def test_web_workers_load_no_engine_with_them():
    code = (
        "import sys, validators.schemas; print(*{'frictionless', 'pyarrow', 'sqlalchemy', 'rdflib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
