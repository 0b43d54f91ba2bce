"""What a report says in words and numbers: places, weights, repairs, share of valid rows, errors by column, facts."""

import dataclasses
import json

import pytest
import report_sample

from dcat.message import Message
from validators import finding_words, summary
from validators.changes import RULES
from validators.report import Count, Finding, Severity, TableProfile, faulty, from_json, to_json, without_cells

TEXT = Message("x", "x")


def finding(**changes: object) -> Finding:
    made = Finding(severity=Severity.BLOCKS, code="x", what=TEXT, why=TEXT, fix=TEXT)
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "german", "english"),
    [
        ({}, "", ""),
        ({"column": "C"}, "Spalte C", "Column C"),
        (
            {"field": "art", "column": "B", "address": "B7", "rows": (7,), "lines": (7,)},
            "Spalte „art“ (B), Zelle B7, Zeile 7",
            "Column “art” (B), cell B7, row 7",
        ),
        (
            {"field": "art", "column": "B", "address": "B7", "rows": (7, 1290), "count": 2},
            "Spalte „art“ (B), zuerst in Zelle B7, Zeilen 7, 1.290",
            "Column “art” (B), first in cell B7, rows 7, 1,290",
        ),
        (
            {"address": "A7", "rows": (7,), "lines": (9,), "count": 5},
            "Zuerst in Zelle A7, Zeilen 7 und weitere (im Texteditor Zeile 9 und weitere)",
            "First in cell A7, rows 7 and more (line 9 and more in a text editor)",
        ),
    ],
)
def test_where_a_finding_is(changes: dict[str, object], german: str, english: str) -> None:
    assert finding_words.where(finding(**changes)) == Message(german, english)


def test_a_repair_is_named_in_words() -> None:
    assert finding_words.repair(finding()).de == ""
    assert finding_words.repair(finding(repair="decimal-mark")).de.endswith(f"{RULES['decimal-mark'].de}.")
    assert finding_words.repair(finding(repair="no such rule")).en == ""


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_weights_differ_in_word_and_outline_and_can_be_read_on_white() -> None:
    weights = finding_words.WEIGHTS
    assert set(weights) == set(Severity)
    assert len({weight.drawing.split("z")[0] for weight in weights.values()}) == len(weights)
    assert len({weight.label for weight in weights.values()}) == len(weights)
    assert all(1.05 / (_luminance(weight.colour) + 0.05) >= 4.5 for weight in weights.values())


def test_the_share_of_valid_rows_is_rounded_down() -> None:
    assert summary.summarise(report_sample.report(rows=1_000_000, faulty_rows=1)).valid == 99
    assert summary.summarise(report_sample.report(rows=3, faulty_rows=3)).valid == 0
    assert summary.summarise(report_sample.clean()).valid == 100
    assert summary.summarise(report_sample.report(faulty_rows=None)).valid is None
    assert summary.summarise(report_sample.report(rows=0, faulty_rows=0)).valid is None
    assert summary.summarise(report_sample.report(schema_id="")).faulty is None
    # Missing columns, or a check that failed: no row is at fault, and still nothing is valid.
    assert summary.summarise(report_sample.report(faulty_rows=0)).valid is None
    assert summary.summarise(report_sample.report(partial=True)).at_least


def error(kind: str, row: int) -> dict[str, object]:
    return {"type": kind, "rowNumber": row}


def test_faulty_rows_are_counted_from_the_list_of_frictionless_where_nobody_did() -> None:
    rows = [error("type-error", 3), error("type-error", 3), error("blank-row", 5)]
    raw = {"tasks": [{"errors": rows}], "errors": []}
    found = report_sample.report(faulty_rows=None, frictionless=raw)
    assert faulty(found) == 2
    assert faulty(from_json(json.loads(json.dumps(to_json(found))))) == 2
    assert faulty(dataclasses.replace(found, faulty_rows=7)) == 7
    labels = {"tasks": [{"errors": [*rows, {"type": "incorrect-label"}]}], "errors": []}
    assert faulty(dataclasses.replace(found, frictionless=labels)) is None
    assert faulty(dataclasses.replace(found, frictionless={})) is None


def test_faulty_rows_outlive_the_short_form() -> None:
    stored = from_json(to_json(report_sample.report()))
    assert faulty(from_json(to_json(dataclasses.replace(stored, frictionless={})))) == 37


def test_errors_by_column() -> None:
    found = summary.summarise(report_sample.report())
    assert [(bar.column.de, bar.number, bar.percent) for bar in found.bars] == [
        ("hoehe_m", 1204, 100),
        ("art", 13, 1),
        ("ganze Zeile", 2, 1),
    ]
    assert summary.chart_words(found).de == "Fehler je Spalte: hoehe_m 1.204, art 13, ganze Zeile 2."
    assert summary.chart_words(summary.summarise(report_sample.clean())).en == "No column has errors."


def test_errors_by_column_without_counts_come_from_the_heavy_findings() -> None:
    found = summary.summarise(report_sample.report(counts=()))
    assert [(bar.column.de, bar.number) for bar in found.bars] == [("hoehe_m", 1204), ("art", 1)]


def test_the_chart_ends_after_some_columns() -> None:
    counts = tuple(Count(type="type-error", field=f"s{number}", number=number) for number in range(1, 101))
    bars = summary.summarise(report_sample.report(counts=counts)).bars
    assert len(bars) == summary.MAX_BARS + 1
    assert bars[0].column.de == "s100" and bars[-1].column.de == "und 80 Spalten mehr"
    assert sum(bar.number for bar in bars) == 5050


def test_facts_about_the_file() -> None:
    facts = {name.de: value.de for name, value in summary.summarise(report_sample.report()).facts}
    assert facts == {
        "Schema": "baumkataster 1.0.0",
        "Art der Datei": "CSV",
        "Zeilen": "1.834",
        "Spalten": "4",
        "Zeichensatz": "Windows-1252",
        "Trennzeichen": "Semikolon",
        "Kopfzeile": "3",
        "Größe": "123 kB",
        "SHA-256": "ab" * 32,
    }
    sheet = report_sample.report(sniffed=TableProfile(kind="xlsx", part="Tabelle1", delimiter=","), bytes=1)
    facts = {name.en: value.en for name, value in summary.summarise(sheet).facts}
    assert facts["Kind of file"] == "XLSX, Tabelle1" and facts["Size"] == "1 byte" and "Delimiter" not in facts


def test_a_bare_report_without_schema_names_no_column() -> None:
    bare = without_cells(report_sample.report(schema_id=""))
    assert {count.field for count in bare.counts} == {""}
    assert {count.field for count in without_cells(report_sample.report()).counts} == {"hoehe_m", "art", ""}
