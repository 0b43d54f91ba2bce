"""Schemas that users bring along: read as meant, or refused with a sentence that names the next step."""

import json
import re
import time
import warnings

import pyarrow
import pyarrow.compute
import pytest
from frictionless import system
from hypothesis import given, settings
from hypothesis import strategies as st

from dcat.errors import ConfigError, UnreadableError
from validators import schemas
from validators.check import check_table
from validators.patterns import grouped, problem
from validators.report import Severity
from validators.schema_fields import ALLOWED


def schema_file(*fields: dict, **more) -> bytes:
    return json.dumps({"fields": list(fields), **more}).encode()


def read_field(**field) -> schemas.Field:
    return schemas.read(schema_file({"name": "x", **field})).fields[0]


def codes(data: bytes) -> list[tuple[str, str, str]]:
    return [(fault.severity.value, fault.code, fault.field) for fault in schemas.lint(data)]


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
        (schema_file({"name": "x", "type": "integer", "groupChar": "."}), "Typ „number“"),
        (schema_file({"name": "x"}, uniqueKeys=[["x"]]), "primaryKey"),
        (schema_file({"name": "x"}, fieldsMatch="subset"), "equal"),
        (schema_file({"name": "x", "categories": ["a"], "categoriesOrdered": True}), "enum"),
        (schema_file({"name": "x", "type": "object", "constraints": {"jsonSchema": {}}}), "eigene Spalte"),
        (schema_file({"name": "x", "type": "duration", "constraints": {"minimum": "PT1H"}}), "Minuten"),
        (schema_file({"name": "x", "type": "duration", "constraints": {"exclusiveMaximum": "PT1H"}}), "Minuten"),
        (schema_file({"name": "x", "type": "time", "format": "any"}), "any"),
        (schema_file({"name": "x", "type": "datetime", "format": "any"}), "any"),
        (schema_file({"name": "x", "type": "geopoint", "format": "utm"}), "Format"),
        (schema_file({"name": "x", "type": "list", "constraints": {"enum": ["a"]}}), "enum"),
        (schema_file({"name": "x", "type": "integer", "constraints": {"enum": [1, "zwei"]}}), "zwei"),
        (schema_file({"name": "x", "type": "integer", "constraints": {"enum": [1.5]}}), "1.5"),
        (schema_file({"name": "x", "constraints": {"enum": ["1", 2]}}), "Anführungszeichen"),
        (schema_file({"name": "x", "type": "boolean", "constraints": {"enum": ["ja"]}}), "boolean"),
        (schema_file({"name": "x", "type": "date", "constraints": {"enum": ["31.12.2024"]}}), "JJJJ-MM-TT"),
        (schema_file({"name": "x", "type": "yearmonth", "constraints": {"enum": ["2024-13"]}}), "2024-13"),
        (schema_file({"name": "x", "type": "duration", "constraints": {"enum": ["1 Stunde"]}}), "1 Stunde"),
        (schema_file({"name": "x", "type": "geopoint", "constraints": {"enum": ["8.6"]}}), "8.6"),
        (schema_file({"name": "x", "type": "geojson", "constraints": {"enum": ["[]"]}}), "geojson"),
        (schema_file({"name": "x", "type": "array", "constraints": {"enum": ["{}"]}}), "array"),
        (schema_file({"name": "x", "type": "year", "constraints": {"maximum": 10000}}), "10000"),
        (schema_file({"name": "x", "type": "time", "constraints": {"minimum": "10:00:00+01:00"}}), "%H:%M:%S%z"),
        (schema_file({"name": "x", "type": "datetime", "constraints": {"maximum": "2024-01-01T10:00:00Z"}}), "%Y-%m"),
        (schema_file({"name": "x", "type": "integer", "constraints": {"minimum": 5, "maximum": 4}}), "beide Grenzen"),
        (schema_file({"name": "x", "constraints": {"minLength": 5, "maxLength": 4}}), "beide Grenzen"),
        (
            schema_file(
                {
                    "name": "x",
                    "type": "date",
                    "format": "%d.%m.%Y",
                    "constraints": {"minimum": "2024-02-01", "maximum": "31.01.2024"},
                }
            ),
            "beide Grenzen",
        ),
        (schema_file({"name": "x", "type": "number", "decimalChar": ",", "groupChar": ","}), "Tausenderzeichen"),
        (schema_file({"name": "x", "type": "number", "decimalChar": ",,"}), "einzelnes Zeichen"),
        (schema_file({"name": "x", "type": "boolean", "trueValues": ["0"]}), "falseValues"),
        (schema_file({"name": "x"}, foreignKeys=[{"fields": ["x"], "reference": {"fields": ["y"]}}]), "y"),
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
        (schema_file({"name": "x", "type": "number", "constraints": {"minimum": "nan"}}), "Grenze"),
        (schema_file({"name": "x", "type": "number", "constraints": {"maximum": float("inf")}}), "Grenze"),
        (schema_file({"name": "x", "type": "integer", "constraints": {"maximum": "1e999"}}), "Grenze"),
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
    started = time.thread_time()
    assert problem(pattern) is not None
    assert time.thread_time() - started < 1


def test_enum_values_are_put_into_the_notation_of_the_column(tmp_path):
    schema = schemas.read(
        schema_file(
            {"name": "d", "type": "date", "format": "%d.%m.%Y", "constraints": {"enum": ["2024-12-31"]}},
            {"name": "n", "type": "number", "decimalChar": ",", "constraints": {"enum": ["0.5", "1,5"]}},
        )
    )
    (tmp_path / "t.csv").write_text("d;n\n31.12.2024;0,5\n31.12.2024;1,5\n30.12.2024;2,5\n", encoding="utf-8")
    assert [(f.field, f.rows) for f in check_table(tmp_path / "t.csv", schema).findings] == [("d", (4,)), ("n", (4,))]


def test_lint_lists_everything_in_the_order_of_the_document():
    document = schema_file(
        {"name": "a", "type": "date", "format": "any", "constraints": {"pattern": "x", "required": "ja"}},
        {"name": "b", "constraints": {"pattern": "ab|cd", "enum": []}},
        {"name": "c", "type": "zahl"},
        {"name": "d", "type": "date", "format": "%d.%m.%Y", "constraints": {"minimum": "2000-01-01"}},
        {"name": "e", "type": "integer", "required": True, "example": "viele"},
        name="Mein Schema",
        missingValues=["-"],
        uniqueKeys=[["a"]],
        foreignKeys=[{"fields": ["fehlt"], "reference": {"resource": "messstelle", "fields": ["messstelle_id"]}}],
    )
    assert codes(document) == [
        ("blocks", "ignored", ""),
        ("blocks", "any-date", "a"),
        ("blocks", "constraint", "a"),
        ("blocks", "constraint", "a"),
        ("hint", "alternatives", "b"),
        ("blocks", "enum", "b"),
        ("blocks", "type", "c"),
        ("hint", "bound-rewritten", "d"),
        ("warning", "misplaced", "e"),
        ("warning", "example", "e"),
        ("warning", "name", ""),
        ("blocks", "key", ""),
        ("hint", "no-key", ""),
        ("hint", "no-words", ""),
        ("warning", "no-empty", ""),
    ]
    for fault in schemas.lint(document):
        for sentence in (fault.message.de, fault.message.en):
            assert sentence.endswith((".", "]"))
            assert len(sentence) < 400


def test_lint_says_what_reading_says_first():
    document = schema_file({"name": "x", "constraints": {"pattern": "("}}, {"name": "x"}, primaryKey=["y"])
    with pytest.raises(ConfigError) as caught:
        schemas.read(document)
    assert caught.value.message == next(f for f in schemas.lint(document) if f.severity is Severity.BLOCKS).message


@pytest.mark.parametrize("data", [b"", b"nix", b"\xff\xfe\x00", b"[" * 100_000, b" " * (schemas.MAX_BYTES + 1)])
def test_lint_of_what_is_no_json_is_one_sentence(data):
    assert codes(data) == [("blocks", "no-json", "")]


def test_a_good_schema_has_nothing_to_lint():
    field = {"name": "x", "title": "X", "constraints": {"required": True}, "example": "a"}
    assert codes(schema_file(field, name="gut", primaryKey="x", fieldsMatch=["equal"])) == []


def test_the_rules_of_each_type_are_those_frictionless_heeds():
    for kind, allowed in ALLOWED.items():
        assert set(system.select_field_class(kind).supported_constraints) == set(allowed), kind


_KEYS = st.sampled_from(
    ["name", "type", "format", "constraints", "example", "enum", "pattern", "minimum", "maximum", "required", "fields",
     "primaryKey", "foreignKeys", "missingValues", "reference", "resource", "trueValues", "decimalChar", "groupChar"]
)  # fmt: skip
_WORDS = st.sampled_from(
    [
        "x",
        "",
        "date",
        "number",
        "integer",
        "year",
        "boolean",
        "string",
        "any",
        "default",
        "%d.%m.%Y",
        "2024-01-31",
        "1,5",
        ",",
        "(",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20_000) | st.floats(allow_nan=True) | _WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
)


@given(_JSON, st.lists(st.dictionaries(_KEYS, _JSON, max_size=6), max_size=4))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_schema_file_is_read_or_refused(loose, fields):
    for document in (loose, {"fields": loose}, {"fields": fields, "primaryKey": loose}):
        data = json.dumps(document).encode()
        faults = schemas.lint(data)
        refused = any(fault.severity is Severity.BLOCKS for fault in faults)
        try:
            schemas.read(data)
        except ConfigError:
            assert refused
        else:
            assert not refused


_VALUES = {
    "any": ["a", 1],
    "boolean": ["true", True, "ja"],
    "date": ["2024-01-31", "31.01.2024", "x"],
    "datetime": ["2024-01-31T10:00:00+01:00", "2024-01-31T10:00:00"],
    "duration": ["PT1H", "x"],
    "geojson": ['{"type":"Point","coordinates":[8,50]}', {}],
    "geopoint": ["8.6,49.8", "x"],
    "integer": [1, "1", 1.0, 10**30, "01"],
    "number": [1.5, "1,5", "1.5", 10**30],
    "string": ["a", "1", "a|b"],
    "time": ["10:00:00+01:00", "10:00:00"],
    "year": [2024, "2024", -1],
    "yearmonth": ["2024-01", "2024-1"],
    "array": ["[]", []],
    "object": ["{}", {}],
    "list": ["a,b"],
}


@st.composite
def _columns(draw: st.DrawFn) -> dict:
    kind = draw(st.sampled_from(sorted(_VALUES)))
    some = st.sampled_from(_VALUES[kind])
    rules = {}
    for rule in draw(st.sets(st.sampled_from(ALLOWED[kind]), max_size=3)):
        if rule in ("minLength", "maxLength"):
            rules[rule] = draw(st.integers(0, 3))
        else:
            rules[rule] = {"required": True, "enum": [draw(some)], "pattern": "a|b"}.get(rule) or draw(some)
    column = {"name": draw(st.sampled_from("abc")), "type": kind, "constraints": rules}
    if kind in ("date", "datetime", "time") and draw(st.booleans()):
        column["format"] = draw(st.sampled_from(["%d.%m.%Y", "%H:%M", "%Y-%m-%dT%H:%M:%S%z", "%H:%M:%S%z", "any"]))
    if kind == "number" and draw(st.booleans()):
        column |= {"decimalChar": ",", "groupChar": draw(st.sampled_from([".", ",", " "]))}
    return column


@given(st.lists(_columns(), min_size=1, max_size=3), st.data())
@settings(max_examples=80, deadline=None)
def test_a_schema_that_is_taken_never_stops_a_check(tmp_path_factory, columns, data):
    document = schema_file(*columns)
    if any(fault.severity is Severity.BLOCKS for fault in schemas.lint(document)):
        return
    cell = st.sampled_from([str(value) for column in columns for value in _VALUES[column["type"]]] + ["", "0"])
    path = tmp_path_factory.mktemp("t") / "t.csv"
    lines = [[column["name"] for column in columns], *([data.draw(cell) for _ in columns] for _ in range(3))]
    path.write_text(
        "\n".join(";".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in line) for line in lines), "utf-8"
    )
    found = [finding.code for finding in check_table(path, schemas.read(document)).findings]
    assert "check-failed" not in found


@pytest.mark.parametrize(
    "pattern",
    [r"a\Z", r"\u00e4", r"[\b]", r"[\1]", "a++", "a{2}+", "(?>a)", "(?#a)b", "(?x:a b)", "(?a:a)", "a{,3}", "a{1001}", "(?:a{100}){100}",
     "[[a]]", "[a&&b]", r"\ä", "a)(?:b", "["],
)  # fmt: skip
def test_patterns_that_re2_reads_otherwise_or_not_at_all_are_refused(pattern):
    assert problem(pattern) is not None


@pytest.mark.parametrize("pattern", ["(?:[|](?:a|a))*", "(?:(?:[|](?:a|b))*)*", "(?:w(?:wa|w))*", "(?:a(?:b|c))*"])
def test_lists_of_words_must_be_readable_in_one_way(pattern):
    assert problem(pattern) is not None


def test_lists_of_words_pass_and_are_fast():
    pattern = "(?:kfz|rad|radweg)(?:[|](?:kfz|rad|radweg))*"
    assert problem(pattern) is None
    started = time.thread_time()
    assert not re.fullmatch(pattern, "rad|" * 20_000 + "!")
    assert time.thread_time() - started < 1


_PARTS = st.sampled_from(
    ["a", "b", "1", ".", "[a-z]", "[^x]", "[|]", r"\d", r"\.", r"\Z", r"\A", "(", "(?:", "(?i:", "(?P<n>", "(?>", "(?=", "(?x:", ")", "|", "*",
     "+", "?", "??", "++", "{2}", "{0,3}", "{,3}", "{2,}", "{100}", "{50,900}", "^", "$", "[[a]", "[a&&b]", r"\u00e4", "ä", "{", "}", "[", "]",
     r"[\b]", r"[\1]", r"\1", "-", r"\x41", "[]a]", "[a\\]]", r"\t", "\\", "(?#", " "]
)  # fmt: skip


@given(st.lists(_PARTS, min_size=1, max_size=9).map("".join))
@settings(max_examples=500, deadline=None)
def test_every_pattern_that_is_taken_means_the_same_in_both_engines(pattern):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if problem(pattern) is not None:
            return
    cells = ["", "a", "ab", "b", "1", "a1", "aa", "aaa", "|", "x", "A", "ä", ".", "-", "{", " "]
    whole = f"^{grouped(pattern)}$"
    fast = pyarrow.compute.match_substring_regex(pyarrow.array(cells), whole).to_pylist()
    assert fast == [re.match(whole, cell) is not None for cell in cells]


def test_exclusive_bounds_hold(tmp_path):
    schema = schemas.read(
        schema_file({"name": "n", "type": "integer", "constraints": {"exclusiveMinimum": 3, "exclusiveMaximum": 6}})
    )
    (tmp_path / "t.csv").write_text("n\n3\n4\n6\n", encoding="utf-8")
    findings = check_table(tmp_path / "t.csv", schema).findings
    assert sorted(row for finding in findings for row in finding.rows) == [2, 4]
