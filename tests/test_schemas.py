"""The shared schemas and the reading of foreign ones."""

import csv
import json
import re
import time

import pytest
from frictionless import Schema
from shared_files import shared

from dcat.errors import ConfigError, NotFoundError, UnreadableError
from validators import schemas
from validators.patterns import grouped, problem
from validators.tables import check_table


def schema_file(*fields: dict, **more) -> bytes:
    return json.dumps({"fields": list(fields), **more}).encode()


def read_field(**field) -> schemas.Field:
    return schemas.read(schema_file({"name": "x", **field})).fields[0]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_loads_in_frictionless(schema_id):
    loaded = Schema.from_descriptor(schemas.load(schema_id).descriptor())
    assert [field.name for field in loaded.fields] == [field.name for field in schemas.load(schema_id).fields]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_matches_the_published_table_of_fields(schema_id):
    rows = csv.DictReader(shared("standards", "hvd-fields.csv").read_text(encoding="utf-8").splitlines())
    expected = [row for row in rows if row["schema"] == schema_id]
    document = schemas.load(schema_id).descriptor()
    assert [field["name"] for field in document["fields"]] == [row["field"] for row in expected]
    assert document["hvd_category"] == expected[0]["hvd_category_uri"]
    for field, row in zip(document["fields"], expected, strict=True):
        constraints = json.loads(row["constraints"] or "{}")
        assert (field["name"] in document["primaryKey"]) == constraints.pop("primaryKey", False)
        constraints.pop("foreignKey", None)
        assert (field["type"], field["format"]) == (row["type"], row["format"])
        assert field.get("constraints", {}) == constraints
        assert field["description"] == row["description_de"]
        assert field["description_en"] == row["description_en"]
        assert field.get("unit", "") == row["unit"]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_examples_are_valid(schema_id, tmp_path):
    schema = schemas.load(schema_id)
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(field.name for field in schema.fields)
        writer.writerow(field.example for field in schema.fields)
    report = check_table(tmp_path / "t.csv", schema)
    assert report.valid
    assert report.findings == ()


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_speaks_both_languages(schema_id):
    schema = schemas.load(schema_id)
    assert schema.version == "1.0.0"
    for message in (
        schema.title,
        schema.description,
        *(f.title for f in schema.fields),
        *(f.description for f in schema.fields),
    ):
        assert message.de
        assert message.en
    assert all(field.example for field in schema.fields)


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_patterns_are_safe(schema_id):
    for field in schemas.load(schema_id).fields:
        assert problem(field.pattern) is None
        assert grouped(field.pattern) == field.pattern
        re.compile(f"^{field.pattern}$")


def test_foreign_keys_resolve():
    keys = [(schema, key) for schema in schemas.all_schemas() for key in schema.foreign_keys]
    assert keys
    for schema, key in keys:
        target = schemas.load(key.schema) if key.schema else schema
        assert all(target.field(name) for name in key.reference)
        assert key.reference == target.primary_key


def test_notes_what_is_only_near():
    assert schemas.load("baumkataster").hvd_note.de
    assert not schemas.load("messstelle").hvd_note.de
    assert schemas.load("oeffentlicher_ort").hvd_category == ""


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


@pytest.mark.parametrize("data", [b"", b"nix", b"\xff\xfe\x00", b"[" * 100_000, b" " * (schemas.MAX_BYTES + 1)])
def test_refuses_what_is_no_json(data):
    with pytest.raises(UnreadableError):
        schemas.read(data)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"[]", "Objekt"),
        (b"{}", "fields"),
        (schema_file(), "fields"),
        (schema_file({"type": "string"}), "Namen"),
        (schema_file({"name": "x", "type": "zahl"}), "Typ"),
        (schema_file({"name": "x"}, {"name": "x"}), "zweimal"),
        (schema_file({"name": "x"}, primaryKey="y"), "y"),
        (schema_file({"name": "x"}, primaryKey=5), "Liste"),
        (schema_file({"name": "x"}, uniqueKeys=[["x"]]), "uniqueKeys"),
        (schema_file({"name": "x", "categories": ["a"]}), "categories"),
        (schema_file({"name": "x", "type": "integer", "groupChar": "."}), "groupChar"),
        (schema_file({"name": "x", "type": "date", "format": "any"}), "any"),
        (schema_file({"name": "x", "format": "telefon"}), "Format"),
        (schema_file({"name": "x", "constraints": {"pattern": "(a+)+"}}), "Wiederholung"),
        (schema_file({"name": "x", "constraints": {"pattern": "a" * 201}}), "200"),
        (schema_file({"name": "x", "constraints": {"pattern": "("}}), "regulärer"),
        (schema_file({"name": "x", "constraints": {"minimum": 1}}), "minimum"),
        (schema_file({"name": "x", "constraints": {"enum": []}}), "enum"),
        (schema_file({"name": "x", "constraints": {"maxLength": "5"}}), "maxLength"),
        (schema_file({"name": "x", "constraints": {"required": "ja"}}), "required"),
        (schema_file({"name": "x", "constraints": 5}), "constraints"),
        (schema_file({"name": "x", "type": "date", "constraints": {"minimum": "gestern"}}), "Grenze"),
        (schema_file({"name": "x", "type": "number", "constraints": {"minimum": "viel"}}), "Grenze"),
        (schema_file({"name": "x", "type": "number", "constraints": {"minimum": True}}), "Grenze"),
        (schema_file({"name": "x"}, foreignKeys=[{"fields": "x"}]), "reference"),
        (schema_file({"name": "x"}, foreignKeys=[{"fields": ["x"], "reference": {"fields": ["a", "b"]}}]), "gleich"),
    ],
)
def test_refuses_with_a_sentence(data, word):
    with pytest.raises(ConfigError) as caught:
        schemas.read(data)
    assert word in caught.value.message.de
    assert caught.value.message.en


def test_bounds_are_put_into_the_format_of_the_field():
    date = {"type": "date", "format": "%d.%m.%Y"}
    assert read_field(**date, constraints={"minimum": "2000-01-31"}).minimum == "31.01.2000"
    assert read_field(**date, constraints={"minimum": "31.01.2000"}).minimum == "31.01.2000"
    number = {"type": "number", "decimalChar": ",", "groupChar": "."}
    assert read_field(**number, constraints={"minimum": "0.5"}).minimum == "0.5"
    assert read_field(**number, constraints={"maximum": "1.000,5"}).maximum == "1000.5"
    assert read_field(type="integer", constraints={"maximum": "12"}).maximum == "12"


def test_bounds_that_crashed_frictionless_are_checked(tmp_path):
    schema = schemas.read(
        schema_file(
            {"name": "d", "type": "date", "format": "%d.%m.%Y", "constraints": {"minimum": "2000-01-01"}},
            {"name": "n", "type": "number", "decimalChar": ",", "constraints": {"minimum": "0.5"}},
        )
    )
    (tmp_path / "t.csv").write_text("d;n\n31.12.1999;0,4\n01.01.2000;0,5\n", encoding="utf-8")
    report = check_table(tmp_path / "t.csv", schema)
    assert [(f.code, f.field, f.count) for f in report.findings] == [
        ("constraint-error", "d", 1),
        ("constraint-error", "n", 1),
    ]


def test_alternatives_are_grouped(tmp_path):
    schema = schemas.read(schema_file({"name": "x", "constraints": {"pattern": "ab|cd"}}))
    (tmp_path / "t.csv").write_text("x\nab\nabX\ncd\nXcd\n", encoding="utf-8")
    assert [finding.rows for finding in check_table(tmp_path / "t.csv", schema).findings] == [(3, 5)]


def test_own_schema_without_a_name_gets_a_stable_one():
    one, two = schemas.read(schema_file({"name": "x"})), schemas.read(schema_file({"name": "x"}))
    assert one.id == two.id
    assert one.id.startswith("schema-")
    assert schemas.read(schema_file({"name": "x"}, name="meins", title="Meins")).title.de == "Meins"


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{5}",
        "ab|cd",
        "(?:[a-z]{2}-){3}x",
        r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
        "[^]]+",
        r"\(a+\)+",
        "a+?b",
        "(?P<x>a)b",
    ],
)
def test_harmless_patterns_pass(pattern):
    assert problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|aa)+",
        "(.*)*",
        "((a+))+",
        "(a?){30}a{30}",
        "a?" * 30 + "a" * 30,
        "a*a*a*a*b",
        "(?=a)b",
        r"(a)\1",
        "(?i)a",
    ],
)
def test_dangerous_patterns_are_refused(pattern):
    started = time.monotonic()
    assert problem(pattern) is not None
    assert time.monotonic() - started < 1
