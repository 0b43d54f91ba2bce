"""The sentences for frictionless' errors: every type and rule has words, nothing copied from a file stands in them."""

import itertools

import pytest

from dcat.message import Message
from validators import schemas
from validators.error_findings import error_findings, grouped
from validators.error_words import reason, words
from validators.report import Count, Severity

X = Message("x", "x")
TYPES = (
    "any",
    "array",
    "boolean",
    "date",
    "datetime",
    "duration",
    "geojson",
    "geopoint",
    "integer",
    "list",
    "number",
    "object",
)
TYPES = (*TYPES, "string", "time", "year", "yearmonth")
RULES = (
    "",
    "required",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
)
KINDS = (
    "type-error",
    "constraint-error",
    "unique-error",
    "primary-key",
    "foreign-key",
    "blank-row",
    "missing-cell",
    "extra-cell",
)
KINDS = (*KINDS, "blank-label", "duplicate-label", "source-error")


def field(kind: str = "string", **more) -> schemas.Field:
    return schemas.Field(name="wert", type=kind, title=X, description=X, **more)


def said(kind: str, column: schemas.Field | None, rule: str = "", count: int = 1) -> tuple[str, str]:
    what, fix = words(kind, "wert", rule, "C", count, count, column, None)
    return what.de, fix.de


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_has_words(kind):
    for code, rule, count in itertools.product(KINDS, RULES, (1, 2, 1234)):
        for column in (
            field(kind),
            field(kind, example="7", minimum="1", maximum="9", unit="m", pattern="[0-9]+"),
            None,
        ):
            for message in words(code, "wert", rule, "C", count, count, column, None):
                assert message.de.endswith("."), (code, rule, message.de)
                assert message.en.endswith("."), (code, rule, message.en)
                assert ".." not in message.de
                assert "  " not in message.de + message.en
                assert not {"{", "}"} & set(message.de + message.en)


@pytest.mark.parametrize(
    ("column", "what", "fix"),
    [
        (field("number"), "In „wert“ (Spalte C) ist 1 Wert keine Zahl.", "Ziffern mit Dezimalpunkt"),
        (field("number", decimal_char=","), "keine Zahl", "Ziffern mit Dezimalkomma"),
        (field("integer", example="7"), "keine ganze Zahl", "ohne Tausenderpunkt, zum Beispiel 7."),
        (field("date"), "kein Datum", "„Zellen formatieren > Benutzerdefiniert“, dort JJJJ-MM-TT eingeben"),
        (field("date", format="%d.%m.%Y"), "kein Datum", "TT.MM.JJJJ"),
        (field("datetime"), "kein Zeitpunkt", "JJJJ-MM-TT, ein T und hh:mm:ss+01:00"),
        (field("time"), "keine Uhrzeit", "hh:mm:ss"),
        (field("boolean", true_values=("ja",), false_values=("nein",)), "kein Ja oder Nein", "ja oder nein"),
        (field("geopoint"), "kein Punkt", "zuerst die Länge, dann die Breite"),
        (field("string", format="uri"), "keine vollständige Internetadresse", "https://"),
        (field("string", format="email"), "keine E-Mail-Adresse", "name@stadt.de"),
        (field("duration"), "keine Zeitdauer", "PT30M"),
        (field("yearmonth"), "kein Jahr mit Monat", "JJJJ-MM"),
    ],
)
def test_wrong_types(column, what, fix):
    found = said("type-error", column)
    assert what in found[0]
    assert fix in found[1]


@pytest.mark.parametrize(
    ("rule", "column", "what", "fix"),
    [
        (
            "required",
            field(example="7"),
            "In der Pflichtspalte „wert“ (Spalte C) fehlt 1 Wert.",
            "zum Beispiel 7. In Excel",
        ),
        ("enum", field(enum=("a", "b")), "nicht auf der Liste", "Erlaubt sind: a, b."),
        (
            "pattern",
            field(pattern="06[0-9]{6}", example="06411000"),
            "verlangte Form",
            "Die Regel des Schemas ist: 06[0-9]{6}.",
        ),
        ("pattern", field(pattern="06[0-9]{6}"), "verlangte Form", "Fehlen Nullen am Anfang"),
        ("minimum", field("number", minimum="5"), "liegt 1 Wert unter 5.", "mindestens 5"),
        ("exclusiveMinimum", field("number", minimum="5"), "liegt 1 Wert nicht über 5.", "mindestens 5"),
        ("maximum", field("number", maximum="9", minimum="1"), "liegt 1 Wert über 9.", "von 1 bis 9"),
        ("exclusiveMaximum", field("number", maximum="9"), "liegt 1 Wert nicht unter 9.", "höchstens 9"),
        ("maximum", field("number", maximum="9", unit="m"), "über 9", "Prüfen Sie Einheit (m) und Spalte."),
        ("maxLength", field(max_length=3), "zu lang", "Höchstens 3 Zeichen"),
        ("minLength", field(min_length=3), "zu kurz", "Mindestens 3 Zeichen"),
    ],
)
def test_broken_rules(rule, column, what, fix):
    found = said("constraint-error", column, rule)
    assert what in found[0]
    assert fix in found[1]


def missing_station(row: int, cell: str) -> dict:
    return {
        "type": "foreign-key",
        "rowNumber": row,
        "note": "not found",
        "cells": [cell],
        "fieldNames": ["messstelle_id"],
        "fieldCells": [cell],
        "referenceName": "messstelle",
        "referenceFieldNames": ["messstelle_id"],
    }


def test_foreign_keys_name_the_table_and_the_missing_values():
    schema = schemas.load("pegel_messwert")
    (finding,) = error_findings([missing_station(2, "geheim"), missing_station(5, "x")], schema, Severity.BLOCKS)
    assert (
        finding.what.de
        == "2 Zeilen nennen einen Wert in „messstelle_id“, den es in der Tabelle „messstelle“ nicht gibt."
    )
    assert finding.examples == ("geheim", "x")
    assert "„messstelle“" in finding.fix.de
    assert (finding.field, finding.rows, finding.count, finding.address) == ("messstelle_id", (2, 5), 2, "A2")
    assert "geheim" not in finding.what.de + finding.why.de + finding.fix.de


def test_foreign_keys_of_several_columns_and_of_the_same_table():
    error = {**missing_station(2, "a"), "fieldNames": ["a", "b"], "fieldCells": ["1", "2"], "referenceName": ""}
    (finding,) = error_findings([error], schemas.load("haltestelle"), Severity.BLOCKS)
    assert finding.what.de == "1 Zeile nennt Werte, die es in dieser Tabelle nicht gibt."
    assert finding.examples == ("1 | 2",)


def test_all_errors_count_where_the_list_is_cut():
    errors = [
        {
            "type": "type-error",
            "rowNumber": row,
            "fieldName": "hoehe_m",
            "fieldNumber": 3,
            "cell": "x",
            "note": "type is",
        }
        for row in (2, 3)
    ]
    counts = [Count(type="type-error", field="hoehe_m", number=5000), Count(type="type-error", field="lon", number=9)]
    (finding,) = error_findings(errors, schemas.load("baumkataster"), Severity.BLOCKS, counts)
    assert finding.count == 5000
    assert "5.000 Werte" in finding.what.de
    assert list(grouped(errors)) == [("type-error", "hoehe_m", "")]


def test_reasons_fit_the_schema():
    own = schemas.read(b'{"fields": [{"name": "x"}]}')
    assert "Städte" in reason("type-error", schemas.load("baumkataster")).de
    assert "Städte" not in reason("type-error", own).de
    assert "falsche Spalten" in reason("extra-cell", None).de
    assert "Kennung" in reason("primary-key", own).de
    assert "verbindet" in reason("foreign-key", own).de
