"""Proposing a schema: German values are taken for what they are, and every table conforms to its own proposal."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from validators import intake, schemas
from validators.check import check_table
from validators.infer import Inference, infer
from validators.recognition import Likeness, recognise
from validators.spellings import NOTHING

EXAMPLES = Path(schemas.__file__).parent / "schemas" / "examples"


def inferred(path: Path, text: str | bytes) -> Inference:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with intake.opened(path) as table:
        return infer(table, path.stem)


def column(folder: Path, name: str, *cells: str) -> dict[str, object]:
    """The field proposed for a column of these cells beside one of plain text."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\n")
    writer.writerows([(name, "bemerkung"), *((cell, f"Text {number}") for number, cell in enumerate(cells))])
    found = inferred(folder / "t.csv", target.getvalue())
    assert check_table(folder / "t.csv", found.schema).valid
    assert found.columns[0].field["name"] == name
    return found.columns[0].field


# Trap 17: what frictionless takes for an integer, a place, a place, text and text.
@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("kennung", ("01123", "01124"), {"type": "string"}),
        ("zahl", ("01123", "1124"), {"type": "string"}),
        ("betrag", ("1.134,50", "12,00"), {"type": "number", "decimalChar": ",", "groupChar": "."}),
        ("hoehe", ("49,87", "8,65"), {"type": "number", "decimalChar": ","}),
        ("datum", ("01.02.2024", "31.12.2024"), {"type": "date", "format": "%d.%m.%Y"}),
        ("aktiv", ("ja", "nein", "Ja"), {"type": "boolean", "trueValues": ["ja", "Ja"], "falseValues": ["nein"]}),
        ("aktiv", ("nein", "nein"), {"type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]}),
        ("plz", ("64283", "64285"), {"type": "string"}),
        ("ags", ("06411000", "06412000"), {"type": "string"}),
        ("Baumnr", ("17", "4"), {"type": "string"}),
        ("anzahl", ("17", "4"), {"type": "integer"}),
        ("anzahl", (" 17", "4 "), {"type": "integer"}),
        ("pflanzjahr", ("1999", "2024"), {"type": "year"}),
        ("hoehe_m", ("12.5", "8"), {"type": "number"}),
        ("lon", ("8.65", "8.7"), {"type": "number"}),
        ("uhrzeit", ("10:30", "23:59"), {"type": "time", "format": "%H:%M"}),
        ("zeit", ("01.02.2024 10:30", "02.02.2024 10:30"), {"type": "datetime", "format": "%d.%m.%Y %H:%M"}),
        ("zeit", ("2024-02-01T10:30:00+01:00", "2024-07-01T10:30:00Z"), {"type": "datetime"}),
        ("stand", ("20240201", "20241231"), {"type": "date", "format": "%Y%m%d"}),
        ("menge", ("20240201", "20241231"), {"type": "integer"}),
        ("monat", ("2024-02", "2024-12"), {"type": "yearmonth"}),
        ("id", ("123e4567-e89b-12d3-a456-426614174000",), {"type": "string", "format": "uuid"}),
        ("seite", ("https://www.darmstadt.de/x?a=1", "http://frankfurt.de"), {"type": "string", "format": "uri"}),
        ("mail", ("amt@darmstadt.de", "buero.sued@frankfurt.de"), {"type": "string", "format": "email"}),
        ("ort", ("8.65,49.87", "8.7, 50.1"), {"type": "geopoint"}),
        ("ort", ("49.87,8.65", "50.1, 8.7"), {"type": "string"}),
        ("datum", ("03/04/2024", "13/04/2024"), {"type": "date", "format": "%d/%m/%Y"}),
        ("datum", ("03/04/2024", "04/13/2024"), {"type": "date", "format": "%m/%d/%Y"}),
        ("wert", ("12,5", "k.A.", "-"), {"type": "number", "decimalChar": ",", "missingValues": ["", "-", "k.A."]}),
        ("richtung", ("n", "n"), {"type": "string"}),
        ("zahl", ("1,134.50", "1,000,000"), {"type": "number", "groupChar": ","}),
        ("wert", ("31.02.2024", "01.02.2024"), {"type": "string"}),
        ("zahl", ("1e5", "2e3"), {"type": "string"}),
        ("zahl", ("-0", "1"), {"type": "number"}),
    ],
)  # fmt: skip
def test_german_values_are_taken_for_what_they_are(
    tmp_path: Path, name: str, cells: tuple[str, ...], expected: dict[str, object]
):
    field = column(tmp_path, name, *cells)
    assert {key: value for key, value in field.items() if key not in ("name", "constraints")} == expected


@pytest.mark.parametrize(
    ("other", "kind"), [("8,5", {"decimalChar": ",", "groupChar": "."}), ("8.5", {})], ids=["german", "english"]
)
def test_the_other_columns_decide_whether_a_point_groups(tmp_path: Path, other: str, kind: dict[str, str]):
    found = inferred(tmp_path / "t.csv", f"a;b;c\n1.134;{other};x\n2.500;{other};y\n")
    field = found.columns[0].field
    assert field["type"] == "number"
    assert {key: field[key] for key in ("decimalChar", "groupChar") if key in field} == kind
    assert (found.columns[0].note is None) == (kind != {}), "an open question is named"


def test_a_value_in_the_last_of_many_rows_counts(tmp_path: Path):
    rows = "".join(f"{number};Text\n" for number in range(30_000))
    assert inferred(tmp_path / "a.csv", f"zahl;b\n{rows}").columns[0].field["type"] == "integer"
    found = inferred(tmp_path / "b.csv", f"zahl;b\n{rows}0815;Text\n").columns[0].field
    assert found["type"] == "string"


def test_cp1252_and_title_rows_are_no_obstacle(tmp_path: Path):
    found = inferred(
        tmp_path / "t.csv", "Bäume 2024\n\nStraße;Höhe\nRheinstraße;12,5\nLandgraf-Georg-Str.;8,0\n".encode("cp1252")
    )
    assert [guess.label for guess in found.columns] == ["Straße", "Höhe"]
    assert found.columns[1].field["decimalChar"] == ","


def test_rules_of_a_column(tmp_path: Path):
    rows = "".join(
        f"B{number};{'gut' if number % 2 else 'schlecht'};{number % 7};{'' if number else 'x'}\n"
        for number in range(60)
    )
    found = inferred(tmp_path / "t.csv", f"baum_id;zustand;stufe;notiz\n{rows}")
    rules = {guess.label: guess.field["constraints"] for guess in found.columns}
    assert found.schema.primary_key == ("baum_id",)
    assert rules["zustand"] == {"required": True, "enum": ["gut", "schlecht"]}
    assert rules["stufe"] == {"required": True, "minimum": 0, "maximum": 10}
    assert rules["notiz"] == {"maxLength": 10}


def test_a_column_with_a_double_is_no_key(tmp_path: Path):
    found = inferred(tmp_path / "t.csv", "id;wert\na;1\nb;2\na;3\n")
    assert found.schema.primary_key == ()
    assert "unique" not in found.columns[0].field["constraints"]


def test_a_postcode_is_no_key_of_the_row(tmp_path: Path):
    found = inferred(tmp_path / "t.csv", "PLZ;Nr;Ort\n64283;a1;Darmstadt\n60311;a2;Frankfurt\n")
    assert found.schema.primary_key == ("Nr",)


def test_digits_with_leading_zeros_keep_their_length(tmp_path: Path):
    assert column(tmp_path, "menge", "01123", "01124")["constraints"] == {"pattern": "[0-9]{5}", "required": True}


def test_columns_without_a_name_get_one(tmp_path: Path):
    found = inferred(tmp_path / "t.csv", "a;;a\n1;2;3\n4;5;6\n")
    assert [guess.label for guess in found.columns] == ["a", "spalte_2", "spalte_3"]
    assert found.columns[2].note is not None


KINDS = {
    "text": st.text("abcXYZäöüß0123456789 .,;:/-'\"\n€@_+", max_size=12),
    "integer": st.integers(-(10**12), 10**12).map(str),
    "zeros": st.integers(0, 99999).map(lambda n: f"{n:05}"),
    "german": st.decimals(-10000, 10000, places=2).map(lambda d: f"{d:,.2f}".translate(str.maketrans(",.", ".,"))),
    "comma": st.decimals(-1000, 1000, places=1).map(lambda d: str(d).replace(".", ",")),
    "point": st.decimals(-1000, 1000, places=3).map(str),
    "date": st.dates().map(lambda d: f"{d.day:02}.{d.month:02}.{d.year:04}"),
    "short date": st.dates().map(lambda d: f"{d.day:02}.{d.month:02}.{d.year % 100:02}"),
    "iso": st.dates().map(str),
    "slash": st.dates().map(lambda d: f"{d.month:02}/{d.day:02}/{d.year:04}"),
    "moment": st.datetimes().map(lambda d: d.isoformat(timespec="seconds")),
    "local": st.datetimes().map(lambda d: f"{d.day:02}.{d.month:02}.{d.year:04} {d.hour:02}:{d.minute:02}"),
    "time": st.times().map(lambda t: t.isoformat(timespec="seconds")),
    "words": st.sampled_from(("ja", "nein", "Ja", "NEIN")),
    "letters": st.sampled_from(("j", "n")),
    "year": st.integers(1000, 2199).map(str),
    "month": st.dates().map(lambda d: f"{d.year:04}-{d.month:02}"),
    "uuid": st.uuids().map(str),
    "mail": st.emails().filter(lambda mail: len(mail) < 60),
    "place": st.tuples(st.floats(47, 56), st.floats(5, 16)).map(lambda p: f"{p[0]:.4f},{p[1]:.4f}"),
    "lonlat": st.tuples(st.floats(5, 16), st.floats(47, 56)).map(lambda p: f"{p[0]:.4f}, {p[1]:.4f}"),
    "uri": st.text("abc./-_~0", max_size=8).map(lambda path: f"https://www.darmstadt.de/{path}"),
    "float": st.floats(allow_nan=False, allow_infinity=False).map(str),
    "nothing": st.sampled_from(("", "-", "k.A.", "n/a")),
    "padded": st.integers(0, 99).map(lambda n: f" {n}"),
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and rows; each column mostly of one kind, with gaps and sometimes a stranger."""
    names = draw(st.lists(st.sampled_from(["id", "jahr", "stand", "plz", "wert", "lon", "prozent", "baumnr", "text"]), min_size=2, max_size=6, unique=True))  # fmt: skip
    number = draw(st.integers(1, 40))
    columns = []
    for name in names:
        kind = draw(st.sampled_from(sorted(KINDS)))
        cells = draw(st.lists(KINDS[kind], min_size=number, max_size=number))
        if draw(st.booleans()):
            cells[draw(st.integers(0, number - 1))] = draw(KINDS[draw(st.sampled_from(sorted(KINDS)))])
        columns.append([name, *cells])
    return [list(row) for row in zip(*columns, strict=True)]


@given(rows=tables())
@settings(max_examples=80, deadline=None)
def test_every_table_conforms_to_its_own_proposal(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    target = io.StringIO()
    csv.writer(target, delimiter=";", lineterminator="\n").writerows(rows)
    found = inferred(path, target.getvalue())
    # What is no table in itself (a row of blanks, a header that is not found) breaks any schema.
    with intake.opened(path) as table:
        assume(table.profile.header == tuple(rows[0]) and table.profile.records == len(rows))
    # A row with nothing but words for nothing is as blank.
    nothing = [set(field.get("missingValues", ("",))) for field in found.schema.descriptor()["fields"]]
    assume(all(any(cell not in words for cell, words in zip(row, nothing, strict=False)) for row in rows))
    report = check_table(path, found.schema)
    assert report.valid, [finding.what.en for finding in report.findings]
    assert report.conforms


def test_no_word_for_nothing_begins_with_a_digit():
    """column_facts.py does not ask values that do."""
    assert not any(word[:1].isdigit() for word in NOTHING)


def recognised(path: Path) -> tuple[Likeness, ...]:
    with intake.opened(path) as table:
        return recognise(table.profile.header, infer(table, path.stem).facts)


@pytest.mark.parametrize("schema_id", schemas.IDS)
def test_the_example_of_every_schema_is_recognised(schema_id: str):
    likely = recognised(EXAMPLES / f"{schema_id}.csv")
    assert likely[0].schema.id == schema_id
    assert likely[0].good == len(likely[0].schema.fields)
    assert likely[0].sentence().de.startswith("Das sieht nach ")


def test_an_export_with_other_names_is_recognised(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text(
        "Baumnr;Straßenname;Ortsteil;Baumart botanisch;Deutscher Name;Pflanzjahr;Höhe (m);Umfang;Krone;X-Wert;Rechtswert;Hochwert\n"
        "17;Rheinstr.;Mitte;Tilia cordata;Winterlinde;1987;12,5;140;8,0;a;474946,12;5524742,37\n"
        "18;Rheinstr.;Mitte;Acer platanoides;Spitzahorn;1990;9,0;95;6,5;b;474950,02;5524740,00\n"
    )
    likely = recognised(path)
    assert likely[0].schema.id == "baumkataster"
    pairs = {pair.field: pair for pair in likely[0].pairs}
    assert pairs["lon"].how == "coordinates"
    assert pairs["hoehe_m"].how == "spelling"
    assert pairs["baum_id"].rule.labels == ("Baumnr",)
    assert pairs["kronendurchmesser_m"].fits == 1.0, "the decimal comma is part of the rule"
    assert likely[0].sentence().de == f"Das sieht nach Baumkataster aus: {likely[0].good} von 19 Spalten."
    assert 10 <= likely[0].good <= 12


def test_a_table_of_something_else_looks_like_nothing(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("Rezept;Zutat;Gramm\nBrot;Mehl;500\nBrot;Salz;10\n")
    assert recognised(path) == ()


def test_more_rows_than_a_block_keep_bounds_doubles_and_words(tmp_path: Path):
    rows = "".join(f"{number};{number % 9},5;{'gut' if number % 2 else 'schlecht'}\n" for number in range(45_000))
    found = inferred(tmp_path / "t.csv", f"id;wert;zustand\n{rows}7;123,5;k.A.\n")
    rules = {guess.label: guess.field["constraints"] for guess in found.columns}
    assert found.schema.primary_key == (), "the double stands in another block"
    assert rules["wert"] == {"minimum": 0, "maximum": 200, "required": True}
    assert rules["zustand"]["enum"] == ["gut", "k.A.", "schlecht"]
    assert found.rows == 45_001
