"""Repairs: each rule on its examples, never a guess, never a valid value, never twice."""

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcat.message import Message
from validators import schemas
from validators.changes import MAX_CHANGES, RULES, Collector, from_json
from validators.check import check_table
from validators.repair_rules import CLEANERS, REPAIRS
from validators.repairs import Repairer, learn, offered, preview
from validators.report import Finding, Severity
from validators.sniff import sniff
from validators.tables import cell_readers

KINDS = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "german": {"type": "number", "decimalChar": ",", "groupChar": "."},
    "comma": {"type": "number", "decimalChar": ","},
    "metres": {"type": "number", "unit": "m"},
    "euros": {"type": "number", "unit": "EUR"},
    "percent": {"type": "number", "unit": "%"},
    "mandatory": {"type": "number", "constraints": {"required": True}},
    "date": {"type": "date"},
    "points": {"type": "date", "format": "%d.%m.%Y"},
    "yearmonth": {"type": "yearmonth"},
    "year": {"type": "year"},
    "datetime": {"type": "datetime"},
    "time": {"type": "time"},
    "boolean": {"type": "boolean", "trueValues": ["true", "1"], "falseValues": ["false", "0"]},
    "jn": {"type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]},
    "enum": {"type": "string", "constraints": {"enum": ["park", "strasse"]}},
    "umlauts": {"type": "string", "constraints": {"enum": ["Höhe", "Breite"]}},
    "pattern": {"type": "string", "constraints": {"pattern": "[a-z]+"}},
    "key": {"type": "string", "constraints": {"pattern": "06[0-9]{6}"}},
    "uri": {"type": "string", "format": "uri"},
    "string": {"type": "string"},
    "geopoint": {"type": "geopoint"},
}


def own(*fields: dict, **more):
    return schemas.read(json.dumps({"fields": list(fields), **more}).encode())


def single(kind: str, **more):
    return own({"name": "x", **KINDS[kind]}, **more)


def mended(schema, *cells: str, learned: bool = True) -> list[str]:
    """One column of cells, repaired."""
    rows = [[cell] for cell in cells]
    names = (schema.fields[0].name,)
    repairer = Repairer(schema, names, None, learn(schema, names, rows) if learned else None)
    return [repairer.row(number, row)[0] for number, row in enumerate(rows, start=2)]


def repaired(schema, cell: str) -> tuple[str, str]:
    """One cell with a filled neighbour, so that a row may lose this cell; gives the rule and the new cell."""
    document = schema.descriptor()
    document["fields"].append({"name": "neighbour"})
    wide = schemas.read(json.dumps(document).encode())
    collector = Collector()
    after = Repairer(wide, ("x", "neighbour"), collector).row(2, [cell, "n"])[0]
    changes = collector.log().changes
    return (changes[0].rule if changes else ""), after


RULE_EXAMPLES = [(rule, *example) for rule in (*CLEANERS, *REPAIRS) for example in rule.mended]
LEFT_EXAMPLES = [(rule, *example) for rule in (*CLEANERS, *REPAIRS) for example in rule.left]


@pytest.mark.parametrize(
    ("rule", "kind", "cell", "after"), RULE_EXAMPLES, ids=lambda value: getattr(value, "code", None)
)
def test_every_rule_mends_its_examples(rule, kind, cell, after):
    assert any(reading.after == after for reading in rule.readings(single(kind).fields[0], cell)), "not by this rule"
    code, result = repaired(single(kind), cell)
    assert result == after
    assert code in RULES


@pytest.mark.parametrize(("rule", "kind", "cell"), LEFT_EXAMPLES, ids=lambda value: getattr(value, "code", None))
def test_every_rule_leaves_its_counterexamples(rule, kind, cell):
    assert repaired(single(kind), cell) == ("", cell)


def test_rules_have_words_and_examples():
    for rule in (*CLEANERS, *REPAIRS):
        assert rule.mended
        assert rule.left
        assert rule.name.de
        assert rule.name.en
    assert all(message.de != message.en for message in RULES.values())


def test_one_cell_needs_several_rules():
    assert repaired(single("metres"), "\u00a01.234,5 m ") == ("unit", "1234.5")
    assert repaired(single("date"), " 31.12.2024\n") == ("date-form", "2024-12-31")


def test_a_column_proves_its_decimal_mark():
    schema = single("number")
    assert mended(schema, "1,234") == ["1.234"]
    assert mended(schema, "1,234", "1,234.5") == ["1234", "1234.5"]
    assert mended(schema, "1,234", "12,5") == ["1.234", "12.5"]
    mixed = ["1,234", "12,5", "1,234.5"]
    assert mended(schema, *mixed) == mixed


def test_bounds_decide_what_a_mark_means():
    schema = own({"name": "x", "type": "number", "constraints": {"minimum": 7.7, "maximum": 9.5}})
    assert mended(schema, "8,651") == ["8.651"]
    assert mended(schema, "9,651") == ["9,651"]
    large = own({"name": "x", "type": "integer", "constraints": {"minimum": 100}})
    assert mended(large, "1.234") == ["1234"]


def test_a_cell_that_fits_the_other_convention_only_stops_all():
    schema = own({"name": "x", "type": "number", "constraints": {"minimum": 100}})
    assert mended(schema, "150,5", "1.234,5") == ["150.5", "1234.5"]
    doubtful = ["150,5", "1,234"]
    assert mended(schema, *doubtful) == doubtful


def test_an_integer_column_with_decimals_has_no_thousands():
    assert mended(single("integer"), "1.234") == ["1234"]
    assert mended(single("integer"), "1.234", "12.5") == ["1.234", "12.5"]


def test_a_mark_that_the_column_owns_is_not_read_otherwise():
    schema = single("metres")
    assert mended(schema, "1.234 m") == ["1.234 m"]
    assert mended(schema, "1.234 m", "12,5 m") == ["1234", "12.5"]


def test_a_column_proves_whether_the_day_comes_first():
    schema = single("date")
    assert mended(schema, "03/04/2024") == ["03/04/2024"]
    assert mended(schema, "03/04/2024", "13/04/2024") == ["2024-04-03", "2024-04-13"]
    assert mended(schema, "03/04/2024", "04/13/2024") == ["2024-03-04", "2024-04-13"]
    assert mended(schema, "04/04/2024") == ["2024-04-04"]
    mixed = ["03/04/2024", "13/04/2024", "04/13/2024"]
    assert mended(schema, *mixed) == mixed


def test_two_digits_of_a_year_need_bounds():
    schema = own({"name": "x", "type": "date", "constraints": {"minimum": "1990-01-01", "maximum": "2050-01-01"}})
    assert mended(schema, "1.2.24", "1.2.95") == ["2024-02-01", "1995-02-01"]
    assert mended(single("date"), "1.2.24") == ["1.2.24"]


def test_the_format_of_the_field_is_kept():
    schema = own({"name": "x", "type": "datetime", "format": "%d.%m.%Y %H:%M"})
    assert mended(schema, "2026-03-01 08:15", "2026-03-01T08:15:30", "2026-03-01T08:15:00Z") == [
        "01.03.2026 08:15",
        "2026-03-01T08:15:30",
        "2026-03-01T08:15:00Z",
    ]
    assert mended(own({"name": "x", "type": "time", "format": "%H:%M"}), "9 Uhr") == ["09:00"]


def test_zones_are_read():
    cells = ["01.03.2026 08:15 MEZ", "2026-03-01T08:15+0100", "1.7.2026, 8:05 MESZ", "01.03.1850 08:15"]
    assert mended(single("datetime"), *cells) == [
        "2026-03-01T08:15:00+01:00",
        "2026-03-01T08:15:00+01:00",
        "2026-07-01T08:05:00+02:00",
        "01.03.1850 08:15",
    ]


def test_key_of_times_is_repaired_only_when_no_time_has_a_zone():
    schema = single("datetime", primaryKey=["x"])
    naive = "2026-03-01T08:15:00"
    assert mended(schema, naive) == ["2026-03-01T08:15:00+01:00"]
    both = [naive, "2026-03-01T08:15:00+01:00"]
    assert mended(schema, *both) == both
    assert mended(schema, naive, learned=False) == [naive]


def test_a_key_that_counts_keeps_its_value():
    german = single("german", primaryKey=["x"])
    assert mended(german, "1.5") == ["1.5"]
    assert mended(single("integer", primaryKey=["x"]), "+12", "NaN") == ["12", "NaN"]
    assert repaired(single("integer", primaryKey=["x"]), "k.A.") == ("", "k.A.")
    assert mended(own({"name": "x", "constraints": {"unique": True}}), "a\u200b") == ["a\u200b"]
    both = own({"name": "x", "type": "integer", "constraints": {"unique": True}}, primaryKey=["x"])
    assert mended(both, "1.234") == ["1.234"]


def test_leading_zeros_come_from_lists():
    schema = own({"name": "x", "constraints": {"enum": ["0011", "0012"]}})
    assert mended(schema, "11", "13") == ["0011", "13"]
    postcode = own({"name": "x", "constraints": {"pattern": "[0-9]{5}"}})
    assert mended(postcode, "1067", "123") == ["01067", "123"]


def test_words_that_fit_two_codes_are_left():
    schema = own({"name": "x", "constraints": {"enum": ["Straße", "strasse", "Weg"]}})
    assert mended(schema, "STRASSE", "weg") == ["STRASSE", "Weg"]


def test_boolean_words_of_the_schema_come_first():
    odd = own({"name": "x", "type": "boolean", "trueValues": ["n", "Vorhanden"], "falseValues": ["j"]})
    assert mended(odd, "N", "J", "vorhanden", "nein") == ["n", "j", "Vorhanden", "j"]
    unclear = own({"name": "x", "type": "boolean", "trueValues": ["JA"], "falseValues": ["ja"]})
    assert mended(unclear, "Ja") == ["Ja"]


def test_missing_values_of_the_schema_count():
    schema = own({"name": "x", "type": "number"}, {"name": "y"}, missingValues=["-", ""])
    assert Repairer(schema, ("x", "y")).row(2, ["-", "y"]) == ["-", "y"]
    strange = own({"name": "x", "type": "number"}, {"name": "y"}, missingValues=["NA"])
    assert Repairer(strange, ("x", "y")).row(2, ["k.A.", "y"]) == ["k.A.", "y"]


def test_a_row_is_never_emptied():
    schema = own({"name": "x", "type": "number"}, {"name": "y", "type": "number"})
    assert Repairer(schema, ("x", "y")).row(2, ["-", " "]) == ["-", " "]
    assert Repairer(schema, ("x", "y")).row(2, ["-", "1"]) == ["", "1"]


PLACE = own(
    {"name": "name"},
    {"name": "lon", "type": "number", "constraints": {"minimum": 7.7, "maximum": 9.5}},
    {"name": "lat", "type": "number", "constraints": {"minimum": 49.3, "maximum": 50.8}},
)
NAMES = ("name", "lon", "lat")


def test_swapped_coordinates_are_exchanged():
    collector = Collector()
    repairer = Repairer(PLACE, NAMES, collector)
    assert repairer.row(2, ["a", "49.87", "8.65"]) == ["a", "8.65", "49.87"]
    assert repairer.row(3, ["a", "49,87", "8,65"]) == ["a", "8.65", "49.87"]
    assert repairer.row(4, ["a", "8.65", "49.87"]) == ["a", "8.65", "49.87"]
    assert repairer.row(5, ["a", "52.5", "13.4"]) == ["a", "52.5", "13.4"]
    assert repairer.row(6, ["a", "49.87"]) == ["a", "49.87"]
    log = collector.log()
    assert (log.values, log.rows) == (4, 2)
    assert {(total.column, total.rule) for total in log.totals} == {
        ("lon", "swapped-coordinates"),
        ("lat", "swapped-coordinates"),
    }


def test_swapped_coordinates_without_bounds():
    schema = own({"name": "lon", "type": "number"}, {"name": "lat", "type": "number"})
    repairer = Repairer(schema, ("lon", "lat"))
    assert repairer.row(2, ["49.87", "8.65"]) == ["8.65", "49.87"]
    assert repairer.row(2, ["8.65", "49.87"]) == ["8.65", "49.87"]


def test_coordinates_that_fit_both_ways_stay():
    wide = {"type": "number", "constraints": {"minimum": 0, "maximum": 60}}
    repairer = Repairer(own({"name": "lon", **wide}, {"name": "lat", **wide}), ("lon", "lat"))
    assert repairer.row(2, ["49.87", "8.65"]) == ["49.87", "8.65"]


def test_columns_without_a_field_and_short_rows_stay():
    repairer = Repairer(single("number"), ("", "x"))
    assert repairer.row(2, ["1,5", "1,5"]) == ["1,5", "1.5"]
    assert repairer.row(3, ["1,5"]) == ["1,5"]
    assert repairer.row(4, []) == []


@pytest.mark.slow
def test_the_log_is_bounded_and_complete_in_numbers():
    collector = Collector()
    repairer = Repairer(single("number"), ("x",), collector)
    for number in range(20_500):
        repairer.row(number + 2, [f"{number},5"])
    repairer.row(20_502, ["7,5"])
    log = collector.log()
    assert len(log.changes) == MAX_CHANGES
    assert (log.values, log.rows) == (20_501, 20_501)
    first = log.changes[0]
    assert (first.column, first.rule, first.before, first.after, first.count) == ("x", "decimal-mark", "7,5", "7.5", 2)
    assert first.rows == (9, 20_502)
    assert [(t.column, t.rule, t.count) for t in log.totals] == [("x", "decimal-mark", 20_501)]
    assert from_json(json.loads(json.dumps(log.to_json()))) == log


def test_preview_reads_the_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Titel\n\nX;y\n1,5;a\n2.5;b\n1,5;c\n", encoding="utf-8")
    schema = own({"name": "x", "type": "number"}, {"name": "y"})
    log = preview(path, sniff(path), schema)
    assert [(change.before, change.after, change.rows) for change in log.changes] == [("1,5", "1.5", (4, 6))]
    assert log.complete


def test_a_preview_that_runs_out_of_time_says_so(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x;y\n" + "1,5;a\n" * 5000, encoding="utf-8")
    log = preview(path, sniff(path), own({"name": "x", "type": "number"}, {"name": "y"}), limit_seconds=-1)
    assert not log.complete
    assert log.values < 2000
    assert not from_json(log.to_json()).complete


def test_a_field_that_frictionless_cannot_read_is_left_alone():
    document = {"fields": [{"name": "x", "type": "string", "constraints": {"pattern": "("}}], "missingValues": [""]}
    read = cell_readers(document)["x"]
    assert read("a") == (None, frozenset(("type",)))


def finding(**more):
    text = Message("x", "x")
    return Finding(severity=Severity.WARNING, what=text, why=text, fix=text, **more)


def test_findings_name_their_repair():
    schema = own(*json.loads(PLACE.document)["fields"], {"name": "x", **KINDS["date"]})
    found = offered(
        [
            finding(code="type-error", field="x", examples=("gestern", "31.12.2024")),
            finding(code="type-error", field="x", examples=("gestern",)),
            finding(code="type-error", field="x", examples=("03/04/2024",)),
            finding(code="type-error", field="x", examples=("03/04/2024", "13/04/2024")),
            finding(code="swapped-coordinates", field="lon", examples=("49.87 / 8.65",)),
            finding(code="swapped-coordinates", field="lon", examples=("52.5 / 13.4",)),
            finding(code="not-utf8"),
            finding(code="incorrect-label"),
            finding(code="extra-label", examples=("Latitude",)),
            finding(code="extra-label", examples=("Farbe",)),
            finding(code="nul-byte"),
            finding(code="empty-table"),
        ],
        schema,
    )
    assert [entry.repair for entry in found] == [
        "date-form",
        "",
        "",
        "date-form",
        "swapped-coordinates",
        "",
        "canonical-file",
        "column-name",
        "column-name",
        "",
        "invisible",
        "",
    ]


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_examples_of_the_shared_schemas_are_never_touched(schema_id):
    schema = schemas.load(schema_id)
    names = tuple(field.name for field in schema.fields)
    row = [field.example for field in schema.fields]
    assert Repairer(schema, names, None, learn(schema, names, [row])).row(2, row) == row


@pytest.mark.slow
def test_hostile_cells_take_no_time():
    kinds = own(*({"name": name, **kind} for name, kind in KINDS.items()))
    names = tuple(KINDS)
    repairer = Repairer(kinds, names)
    for text in (
        " " * 1_000_000,
        "1" * 1_000_000,
        "1 " * 1000,
        "1." * 1000,
        "," * 1999,
        "9" * 59 + ",",
        "٧" * 60,
        "\x00" * 60,
    ):
        rows = [[text] * len(names)]
        assert len(repairer.row(2, rows[0])) == len(names)
        learn(kinds, names, rows)


# Cells near to what the columns hold, so that rules meet their edges.
CELL = st.one_of(
    st.text(alphabet="0123456789.,-+/: €m%'_janeinJAkTZ\u00a0\u200b\x00\n\u0308o", max_size=12),
    st.sampled_from([cell for _, _, cell, _ in RULE_EXAMPLES] + [cell for _, _, cell in LEFT_EXAMPLES]),
    st.builds("{:02}/{:02}/2024".format, st.integers(1, 31), st.integers(1, 13)),
    st.builds("{},{:03}".format, st.integers(0, 99), st.integers(0, 999)),
    st.builds("{}.{:03}{}".format, st.integers(0, 99), st.integers(0, 999), st.sampled_from(["", " m", ",5"])),
    st.datetimes().map(str),
    st.just(""),
    st.text(max_size=6),
)
BOUNDED = {
    **KINDS,
    "bounded": {"type": "number", "constraints": {"minimum": 5, "maximum": 500}},
    "mandatory_text": {"type": "string", "constraints": {"required": True}},
}


@st.composite
def tables(draw):
    """A schema with some columns, perhaps a key, and rows."""
    kinds = draw(st.lists(st.sampled_from(sorted(BOUNDED)), min_size=1, max_size=4))
    fields = [{"name": f"c{number}", **BOUNDED[kind]} for number, kind in enumerate(kinds)]
    if draw(st.booleans()):
        fields += [
            {"name": name, **field}
            for name, field in zip(NAMES[1:], json.loads(PLACE.document)["fields"][1:], strict=True)
        ]
    key = draw(st.sampled_from([[], ["c0"]]))
    if not key and draw(st.booleans()):
        constraints = {**fields[-1].get("constraints", {}), "unique": True}
        fields[-1] = {**fields[-1], "constraints": constraints}
    width = len(fields)
    row = st.lists(CELL, min_size=width, max_size=width) if width < 3 else st.tuples(*[CELL] * width).map(list)
    coordinate = st.sampled_from(["8.65", "49.87", "8,65", "49,87", "52.5", "x"])
    rows = draw(st.lists(row, max_size=8))
    if fields[-1]["name"] == "lat":
        rows = [[*row[:-2], draw(coordinate), draw(coordinate)] for row in rows]
    return own(*fields, primaryKey=key), rows


def apply(schema, rows):
    names = tuple(field.name for field in schema.fields)
    repairer = Repairer(schema, names, None, learn(schema, names, rows))
    return [repairer.row(number, row) for number, row in enumerate(rows, start=2)]


def write(path, schema, rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([field.name for field in schema.fields])
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def once_is_enough(table):
    schema, rows = table
    once = apply(schema, rows)
    assert apply(schema, once) == once


def errors_never_grow(folder, table):
    schema, rows = table
    rows = [[cell.replace("\r", "") for cell in row] for row in rows]
    path, mended_path = folder / "t.csv", folder / "mended.csv"
    write(path, schema, rows)
    report = check_table(path, schema, limit_errors=10_000)
    once = apply(schema, rows)
    write(mended_path, schema, once)
    assert errors(check_table(mended_path, schema, limit_errors=10_000)) <= errors(report)
    if report.valid and not report.findings:
        assert once == rows


def errors(report):
    return report.frictionless["stats"]["errors"]


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=150, deadline=None)
@given(table=tables())
def test_twice_is_once(table):
    once_is_enough(table)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(table=tables())
def test_errors_never_grow_and_valid_tables_stay(tmp_path, table):
    errors_never_grow(tmp_path, table)


@pytest.mark.long
@settings(max_examples=5000, deadline=None)
@given(table=tables())
def test_twice_is_once_long(table):
    once_is_enough(table)


@pytest.mark.long
@settings(max_examples=2000, deadline=None, suppress_health_check=QUIET)
@given(table=tables())
def test_errors_never_grow_long(tmp_path, table):
    errors_never_grow(tmp_path, table)
