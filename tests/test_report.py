"""Reports as JSON, without cells, and as one sentence."""

import dataclasses
import json
import string

import pytest

from dcat.message import Message
from validators import schemas
from validators.check import check_table
from validators.report import (
    Finding,
    Report,
    Severity,
    by_weight,
    column_letter,
    from_json,
    sentence,
    to_json,
    without_cells,
)

TREES = schemas.load("baumkataster")
HEADER = ";".join(field.name for field in TREES.fields)
SECRET = "Geheimnis"


def row(**cells: str) -> str:
    return ";".join(cells.get(field.name, field.example) for field in TREES.fields)


@pytest.fixture
def report(tmp_path):
    def make(*lines: str, schema: schemas.TableSchema | None = TREES, **options) -> Report:
        path = tmp_path / "t.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return check_table(path, schema, **options)

    return make


def test_json_is_the_frictionless_report_with_two_keys(report):
    result = report(HEADER, row(hoehe_m="1,5"))
    document = to_json(result)
    assert set(document) == {*result.frictionless, "findings", "sniffed"}
    assert {key: document[key] for key in result.frictionless} == result.frictionless
    assert document["findings"][0]["what"]["de"]
    assert document["findings"][0]["severity"] == "blocks"
    assert document["sniffed"]["encoding"] == "utf-8"
    assert document["sniffed"]["schema"]["version"] == "1.0.0"


def test_json_round_trip(report):
    for result in (report(HEADER, row(hoehe_m="1,5")), report("a;b", "1;2", schema=None), report("", schema=None)):
        assert from_json(json.loads(json.dumps(to_json(result)))) == result


def test_without_cells_keeps_no_cell(report):
    name = SECRET + "spalte"
    dirty = (
        report(
            HEADER,
            row(hoehe_m=SECRET, ags=SECRET, baum_id=SECRET, art_botanisch=" "),
            row(baum_id=SECRET),
            f";{SECRET}",
        ),
        report(f"{HEADER};{name}", row() + f";{SECRET}"),
        report(f"{name};{name};", f"1;2;3;{SECRET}", schema=None),
        report(f"{SECRET};1;2;3", "x;4;5;6", schema=None),
    )
    for result in dirty:
        assert result.findings
        assert SECRET in json.dumps(to_json(result))
        bare = without_cells(result)
        assert SECRET not in json.dumps(to_json(bare))
        assert [f.code for f in bare.findings] == [f.code for f in result.findings]
        assert [f.count for f in bare.findings] == [f.count for f in result.findings]
        assert from_json(json.loads(json.dumps(to_json(bare)))) == bare


def test_without_cells_leaves_the_report_itself_alone(report):
    result = report(HEADER, row(hoehe_m=SECRET))
    before = json.dumps(to_json(result))
    without_cells(result)
    assert json.dumps(to_json(result)) == before


def test_sentences(report):
    good = report(HEADER, row(), row(baum_id="da-2"))
    assert sentence(good).de == "Baumkataster: Alle 2 Zeilen entsprechen dem Schema."
    assert sentence(good).en == "Tree register: all 2 rows conform to the schema."
    comma = report(HEADER, *(row(baum_id=f"da-{i}", hoehe_m="1,5") for i in range(3)))
    assert (
        sentence(comma).de
        == "Baumkataster: 3 Zeilen entsprechen nicht dem Schema: in hoehe_m steht 3-mal ein Dezimalkomma."
    )
    assert (
        sentence(comma).en == "Tree register: 3 rows do not conform to the schema: hoehe_m has a decimal comma 3 times."
    )
    one = report(HEADER, row(stand=""))
    assert sentence(one).de == (
        "Baumkataster: 1 Zeile entspricht nicht dem Schema: in der Pflichtspalte „stand“ (Spalte S) fehlt 1 Wert."
    )
    assert sentence(report(HEADER)).de == "Baumkataster: Die Spalten stimmen, aber es gibt keine Zeilen."
    assert sentence(report("a;b", "1;2")).de == (
        "Baumkataster: Die Spalten passen nicht zum Schema (19 Spalten fehlen, 2 Spalten unbekannt)."
    )
    assert sentence(report("a;b", "1;2", schema=None)).de == "Die Datei ist lesbar: 1 Zeile, 2 Spalten."
    assert (
        sentence(report("%PDF-1.4", schema=None)).de == "Die Datei: Die Datei ist ein PDF-Dokument, keine CSV-Tabelle."
    )
    limited = report(HEADER, *(row(baum_id=f"da-{i}", hoehe_m="1,5") for i in range(9)), limit_errors=4)
    # Errors that are no longer described are counted all the same.
    assert sentence(limited).de.startswith("Baumkataster: 9 Zeilen") and limited.limited and not limited.partial
    partial = dataclasses.replace(limited, partial=True)
    assert sentence(partial).de.startswith("Baumkataster: mindestens 9 Zeilen")
    assert from_json(json.loads(json.dumps(to_json(partial)))).partial


def test_every_finding_has_text_in_both_languages(report):
    texts = [
        message
        for result in (report(HEADER, row(lon="49.9", lat="8.6", stand="1.1.2024")), report("a;b", "1", schema=None))
        for finding in result.findings
        for message in (finding.what, finding.why, finding.fix)
    ]
    assert texts
    for message in texts:
        assert message.de != message.en
        assert not [field for _, field, _, _ in string.Formatter().parse(message.de.replace("{", "{{")) if field]
        assert message.de.endswith(".")
        assert message.en.endswith(".")


def test_column_letters():
    assert [column_letter(n) for n in (1, 26, 27, 52, 53, 702, 703)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_heaviest_first():
    text = Message("x", "x")
    found = [
        Finding(severity=severity, code=severity, what=text, why=text, fix=text)
        for severity in (Severity.HINT, Severity.BLOCKS, Severity.WARNING, Severity.HVD)
    ]
    assert [finding.code for finding in by_weight(found)] == ["blocks", "hvd", "warning", "hint"]


def test_conforms_needs_more_than_valid():
    text = Message("x", "x")
    blocking = Finding(severity=Severity.BLOCKS, code="x", what=text, why=text, fix=text)
    assert Report(valid=True).conforms
    assert not Report(valid=False).conforms
    assert not Report(valid=True, findings=(blocking,)).conforms
    assert Report(valid=True, findings=(dataclasses.replace(blocking, severity=Severity.WARNING),)).conforms
