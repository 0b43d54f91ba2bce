"""Mapped tables: every rule on single cells, whole files with what departments deliver, and nothing invented or lost in silence."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcat.errors import ConfigError, UnreadableError
from dcat.message import Message
from validators import intake, mapping, schemas
from validators.changes import RULES, ChangeLog
from validators.check import check_table
from validators.mapped import derive
from validators.mapping import Mapping
from validators.schemas import Field, TableSchema
from validators.transforms import (
    Codes,
    Column,
    Coordinates,
    Extract,
    Mapped,
    Moment,
    Number,
    Pad,
    Point,
    Rule,
    Split,
    Step,
    Template,
    Tidy,
    Words,
    transform,
)

SAMPLES = Path(__file__).parent / "fixtures" / "mappings"


def field(kind: str = "string", **given: object) -> Field:
    known = {"name": "x", "title": Message("", ""), "description": Message("", ""), "type": kind}
    return Field(**known | given)  # type: ignore[arg-type]


def one(step: Step, cell: str, kind: str = "string", **given: object) -> Mapped:
    return transform(Rule(source=Column(labels=("a",)), steps=(step,)), field(kind, **given))((cell,))


GERMAN = Number(decimal=",", group=".")
CENTI = Number(decimal=",", factor=Decimal("0.01"))
DAY = Moment(kind="date", form="%d.%m.%Y")
LOCAL = Moment(kind="datetime", form="%d.%m.%Y %H:%M")


@pytest.mark.parametrize(
    ("step", "kind", "cell", "made"),
    [
        (Split(by=",", part=1), "string", "Markt 1, Frankfurt", "Markt 1"),
        (Split(by=",", part=2), "string", "Markt 1, Frankfurt", "Frankfurt"),
        (Split(by=",", part=-1), "string", "a,b,c", "c"),
        (Split(by=",", part=2, rest=True), "string", "a,b,c", "b,c"),
        (Split(by=",", part=3), "string", "a,b", ""),
        (Extract(pattern="[0-9]{5}"), "string", "60311 Frankfurt", "60311"),
        (Extract(pattern="^([^0-9]+)"), "string", "Am Markt 7", "Am Markt"),
        (Extract(pattern="(x)?"), "string", "abc", ""),
        (Tidy(trim=True), "string", " a\u00a0 b\t", "a b"),
        (Tidy(case="upper"), "string", "straße", "STRASSE"),
        (Pad(width=8), "string", "6411000", "06411000"),
        (Codes(pairs=(("1", "gut"),)), "string", " 1 ", "gut"),
        (Codes(pairs=(("gut", "0"),)), "string", "GUT", "0"),
        (Codes(pairs=(("a", "1"), ("A", "2"))), "string", "A", "2"),
        (Codes(pairs=(("1", "gut"),), default="?"), "string", "9", "?"),
        (Codes(pairs=(("", "offen"),)), "string", "", "offen"),
        (GERMAN, "number", "1.134,50", "1134.50"),
        (GERMAN, "number", "-12", "-12"),
        (GERMAN, "integer", "1.134,00", "1134"),
        (GERMAN, "integer", "1.134,50", "1134.50"),
        (CENTI, "number", "1250", "12.5"),
        (CENTI, "number", "1200,0", "12"),
        (Number(factor=Decimal("0.001"), decimals=1), "number", "1250", "1.3"),
        (Number(decimals=0), "integer", "2.5", "3"),
        (DAY, "date", "1.2.2024", "2024-02-01"),
        (DAY, "year", "01.02.2024", "2024"),
        (DAY, "yearmonth", "01.02.2024", "2024-02"),
        (Moment(kind="date", form="%d.%m.%y"), "date", "01.02.24", "2024-02-01"),
        (Moment(kind="time", form="%H:%M"), "time", "9:05", "09:05:00"),
        (LOCAL, "datetime", "01.02.2024 10:30", "2024-02-01T10:30:00+01:00"),
        (LOCAL, "datetime", "01.07.2024 10:30", "2024-07-01T10:30:00+02:00"),
        (LOCAL, "date", "01.07.2024 10:30", "2024-07-01"),
        (Moment(kind="datetime", form="%d.%m.%Y %H:%M %z"), "datetime", "01.07.2024 10:30 +0000", "2024-07-01T10:30:00+00:00"),
        (Words(yes=("ja", "j"), no=("nein",)), "boolean", " JA ", "true"),
        (Words(yes=("x",), no=("",)), "boolean", "", "false"),
    ],
)  # fmt: skip
def test_a_step_makes_of_a_cell(step: Step, kind: str, cell: str, made: str):
    assert one(step, cell, kind, true_values=("true",), false_values=("false",)) == Mapped(made)


@pytest.mark.parametrize(
    ("step", "kind", "cell"),
    [
        (Extract(pattern="[0-9]{5}"), "string", "Frankfurt"),
        (Extract(pattern="a"), "string", "a" * 501),
        (Pad(width=8), "string", "6411a"),
        (Codes(pairs=(("1", "gut"),)), "string", "2"),
        (GERMAN, "number", "1.13,5"),
        (GERMAN, "number", "1.5"),
        (GERMAN, "number", "12,5 m"),
        (GERMAN, "number", "٣"),
        (Number(decimals=2), "number", "9" * 99),
        (DAY, "date", "31.02.2024"),
        (DAY, "date", "2024-02-01"),
        (LOCAL, "datetime", "27.10.2024 02:30"),
        (LOCAL, "datetime", "31.03.2024 02:30"),
        (LOCAL, "datetime", "01.01.0001 00:00"),
        (Words(yes=("ja",), no=("nein",)), "boolean", "vielleicht"),
    ],
)
def test_a_cell_that_a_step_cannot_read_stays_and_is_counted(step: Step, kind: str, cell: str):
    assert one(step, cell, kind) == Mapped(cell, unread=True)


def test_a_number_that_was_not_converted_cannot_pass_for_one_that_was():
    """12.5 centimetres with a point, where a comma was agreed, must not become a tree of 12.5 metres."""
    assert one(CENTI, "12.5", "number") == Mapped("? 12.5", unread=True)
    assert one(CENTI, "unbekannt", "number") == Mapped("unbekannt", unread=True)


def test_the_double_hour_is_decided_by_the_mapping_or_left():
    cell = "27.10.2024 02:30"
    first = Moment(kind="datetime", form="%d.%m.%Y %H:%M", ambiguous="first")
    second = Moment(kind="datetime", form="%d.%m.%Y %H:%M", ambiguous="second")
    assert one(first, cell, "datetime").text == "2024-10-27T02:30:00+02:00"
    assert one(second, cell, "datetime").text == "2024-10-27T02:30:00+01:00"
    assert one(second, "31.03.2024 02:30", "datetime").unread, "this hour never was"


def test_values_are_written_in_the_notation_of_the_field():
    assert one(Number(), "1134.5", "number", decimal_char=",").text == "1134,5"
    assert one(DAY, "01.02.2024", "date", format="%d/%m/%y").text == "01/02/24"
    assert one(Words(yes=("x",), no=("o",)), "x", "boolean", true_values=("ja",), false_values=("nein",)).text == "ja"


@pytest.mark.parametrize(
    ("source", "cells", "made"),
    [
        (Column(labels=("a", "b"), join=" "), ("Markt", "1"), "Markt 1"),
        (Column(labels=("a", "b"), join=" "), ("Markt", " "), "Markt"),
        (Template(parts=("da-", "a", "")), ("17",), "da-17"),
        (Template(parts=("da-", "a", "")), (" ",), ""),
        (Template(parts=("", "a", " (", "b", ")")), ("x", ""), "x ()"),
    ],
)
def test_sources(source: Column | Template, cells: tuple[str, ...], made: str):
    assert transform(Rule(source=source), field())(cells) == Mapped(made)


@pytest.mark.parametrize(
    ("form", "cell", "lon", "lat"),
    [
        ("wkt", "POINT (8.6785 50.1129)", "8.6785", "50.1129"),
        ("wkt", "SRID=4326;point z(8.6785 50.1129 99)", "8.6785", "50.1129"),
        ("lat,lon", "50.1129,8.6785", "8.6785", "50.1129"),
        ("lat,lon", "[50.1129, 8.6785]", "8.6785", "50.1129"),
        ("lon,lat", "8,6785; 50,1129", "8.6785", "50.1129"),
        ("lon,lat", "8.6785 50.1129", "8.6785", "50.1129"),
        ("geojson", '{"type":"Point","coordinates":[8.6785,50.1129]}', "8.6785", "50.1129"),
    ],
)
def test_points(form: str, cell: str, lon: str, lat: str):
    made = [
        transform(Rule(source=Point(label="a", form=form, axis=axis)), field("number"))((cell,))  # type: ignore[arg-type]
        for axis in ("lon", "lat")
    ]
    assert made == [Mapped(lon), Mapped(lat)]


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        ("wkt", "POLYGON ((8 50, 9 50, 9 51, 8 50))"),
        ("lat,lon", "8.6785,50.1129"),
        ("lon,lat", "8,6785,50,1129"),
        ("geojson", '{"type":"Point","coordinates":"x"}'),
        ("geojson", "[" * 400),
        ("wkt", "POINT (" + "8" * 600),
    ],
)
def test_what_is_no_point_stays(form: str, cell: str):
    rule = Rule(source=Point(label="a", form=form, axis="lon"))  # type: ignore[arg-type]
    assert transform(rule, field("number"))((cell,)) == Mapped(cell, unread=True)


def test_metres_that_stay_are_no_degrees():
    run = transform(Rule(source=Coordinates(x="x", y="y", crs="EPSG:25832", axis="lon", decimal=",")), field("number"))
    assert run(("474946,12", "5524742,37")) == Mapped("8.6513190")
    assert run(("8.65", "49.87")) == Mapped("? 8.65", unread=True)
    assert run(("", "")) == Mapped("")


ANY = st.text(st.characters(codec="utf-8"), max_size=30) | st.from_regex(r"[0-9.,: /-]{0,20}", fullmatch=True)
STEPS: tuple[Step, ...] = (
    GERMAN,
    CENTI,
    DAY,
    LOCAL,
    Pad(width=5),
    Extract(pattern="[0-9]+"),
    Codes(pairs=(("1", "x"),)),
)


@given(ANY, st.sampled_from(STEPS), st.sampled_from(("string", "number", "integer", "date", "datetime", "year")))
def test_whatever_stands_in_a_cell_is_read_or_stays(cell: str, step: Step, kind: str):
    made = one(step, cell, kind)
    if made.unread:
        assert made.text.removeprefix("? ") == cell
    elif not cell.strip():
        assert made.text == ""


def applied(
    folder: Path, table: str | bytes, schema: TableSchema, given: Mapping | None = None, *, repair: bool = False
) -> tuple[list[list[str]], ChangeLog]:
    path, target = folder / "in.csv", folder / "out.csv"
    path.write_bytes(table.encode() if isinstance(table, str) else table)
    with intake.opened(path, schema) as opened:
        log = derive(opened.path, opened.profile, schema, target, mapping=given, repair=repair)
    assert b"\r" not in target.read_bytes()
    with target.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle)), log


def schema(*fields: str) -> TableSchema:
    listed = ", ".join(f'{{"name": "{name}", "type": "{kind}"}}' for name, kind in (one.split(":") for one in fields))
    return schemas.read(f'{{"name": "probe", "fields": [{listed}]}}'.encode())


def rules(text: str, head: str = "schema: probe\n") -> Mapping:
    return mapping.read(f"{head}columns:\n{text}".encode(), "m.yaml")


def totals(log: ChangeLog) -> dict[tuple[str, str], int]:
    return {(total.column, total.rule): total.count for total in log.totals}


@pytest.mark.parametrize("name", ["da-baeume", "wi-pegel", "ffm-parken"])
def test_exports_of_departments_become_tables_of_the_shared_schemas(tmp_path: Path, name: str):
    given = mapping.read((SAMPLES / f"{name}.yaml").read_bytes(), name)
    target = schemas.load(given.schema)
    source = SAMPLES / f"{name}.csv"
    assert mapping.misfits(given, target) == ()
    assert not check_table(source, target).conforms
    rows, log = applied(tmp_path, source.read_bytes(), target, given)
    report = check_table(tmp_path / "out.csv", target)
    assert report.conforms, [finding.what.de for finding in report.findings]
    assert rows[0] == [field.name for field in target.fields]
    assert not any(rule == "unread" for _, rule in totals(log))
    assert all(total.rule in RULES for total in log.totals)


def test_only_the_columns_of_the_schema_stand_in_the_copy_in_its_order(tmp_path: Path):
    rows, log = applied(
        tmp_path,
        "geheim;B;A\nx;1;eins\ny;2;zwei\n",
        schema("a:string", "b:integer", "c:string"),
        rules("  b: B\n  a: A\n"),
    )
    assert rows == [["a", "b", "c"], ["eins", "1", ""], ["zwei", "2", ""]]
    assert log == ChangeLog(), "a mere copy changes nothing"


def test_the_log_tells_what_became_of_every_value(tmp_path: Path):
    text = "A;B;C\n1,5;;ja\n\n2.5;x;ja;zu viel\nk.A.;y;nein\n"
    rows, log = applied(
        tmp_path,
        text,
        schema("a:number", "b:string", "s:string"),
        rules('  a: {from: A, decimal: ","}\n  b: B\n  s: {value: "fest"}\n', "schema: probe\nmissing: ['k.A.']\n"),
    )
    assert rows[1:] == [["1.5", "", "fest"], ["2.5", "x", "fest"], ["", "y", "fest"]]
    assert totals(log) == {
        ("a", "mapped"): 2,
        ("a", "unread"): 1,
        ("s", "constant"): 3,
        ("", "extra-cells"): 1,
        ("", "empty-row"): 1,
    }
    changes = {(change.rule, change.before, change.after, change.rows) for change in log.changes}
    assert ("mapped", "1,5", "1.5", (2,)) in changes
    assert ("unread", "2.5", "2.5", (4,)) in changes
    assert ("mapped", "k.A.", "", (5,)) in changes
    assert ("extra-cells", "zu viel", "", (4,)) in changes


def test_short_rows_have_empty_cells(tmp_path: Path):
    rows, _ = applied(tmp_path, "A;B\n1;x\n2\n", schema("a:string", "b:string"), rules("  a: A\n  b: B\n"))
    assert rows[1:] == [["1", "x"], ["2", ""]]


def test_without_a_mapping_names_spellings_and_synonyms_decide(tmp_path: Path):
    target = schemas.load("baumkataster")
    rows, log = applied(tmp_path, "Höhe_m;BAUM_ID;Stammumfang (cm);strase\n12;da-1;140;Markt\n", target)
    made = dict(zip(rows[0], rows[1], strict=True))
    assert (made["hoehe_m"], made["baum_id"], made["stammumfang_cm"]) == ("12", "da-1", "140")
    assert made["strasse"] == "", "a likeness alone moves no data"
    assert totals(log) == {
        ("hoehe_m", "column-name"): 1,
        ("baum_id", "column-name"): 1,
        ("stammumfang_cm", "column-name"): 1,
    }


def test_repairs_come_after_the_mapping_when_asked_for(tmp_path: Path):
    target = schema("a:number", "b:date")
    given = rules("  a: A\n  b: B\n")
    plain, _ = applied(tmp_path, "A;B\n1,5;31.12.2024\n", target, given)
    assert plain[1] == ["1,5", "31.12.2024"]
    repaired, log = applied(tmp_path, "A;B\n1,5;31.12.2024\n", target, given, repair=True)
    assert repaired[1] == ["1.5", "2024-12-31"]
    assert totals(log) == {("a", "decimal-mark"): 1, ("b", "date-form"): 1}
    asked = rules("  a: A\n  b: B\n", "schema: probe\nrepair: true\n")
    assert applied(tmp_path, "A;B\n1,5;31.12.2024\n", target, asked)[0] == repaired


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("A;B\n1;2\n", "  a: Fehlt\n", "„Fehlt“ gibt es nicht, es gibt: A, B"),
        ("A;B;A\n1;2;3\n", "  a: A\n", "„A“ gibt es in der Datei mehrfach"),
        ("A;B\n1;2\n", "  andere: A\n", "„andere“ gibt es nicht"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path: Path, text: str, columns: str, says: str
):
    with pytest.raises(ConfigError) as refused:
        applied(tmp_path, text, schema("a:string"), rules(columns))
    assert says in refused.value.message.de
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_no_table_is_refused(tmp_path: Path):
    with pytest.raises(UnreadableError):
        applied(tmp_path, b"%PDF-1.7\n", schema("a:string"), rules("  a: A\n"))


def test_a_cell_that_would_grow_without_end_is_refused(tmp_path: Path):
    columns = "  a: {from: [" + ", ".join(["A"] * 20) + "]}\n"
    with pytest.raises(UnreadableError, match="too large"):
        applied(tmp_path, f"A;B\n{'x' * 60_000};1\n", schema("a:string"), rules(columns))
