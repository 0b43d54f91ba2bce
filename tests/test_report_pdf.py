"""The PDF of a report: tagged for accessibility, the same bytes each time, text stays text, limits on time and length."""

import dataclasses
import json
import re
import time

import orjson
import pytest
import report_sample
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import report_pdf, report_printing
from catalog.report_printing import BusyError, print_report
from dcat.errors import StateError
from dcat.message import Message
from validators.report import to_json

TEMPLATE = report_pdf._FOLDER / "report.typ"


def texts(found, lang="de", selector="raw") -> list[str]:
    """Ask the typesetter what stands in the document, as it understood it."""
    given = orjson.dumps(report_pdf.printable(found, "b.csv", lang)).decode()
    asked = typst.query(TEMPLATE, selector, sys_inputs={"report": given}, ignore_system_fonts=True)
    return [entry["text"] if "text" in entry else json.dumps(entry["body"]) for entry in json.loads(asked)]


@pytest.mark.parametrize("lang", ["de", "en"])
def test_it_is_tagged_titled_and_in_a_language(lang) -> None:
    made = report_pdf.pdf(report_sample.report(), "bäume.csv", lang)
    assert made.startswith(b"%PDF-1.7")
    for mark in (b"pdfuaid:part>1<", b"/StructTreeRoot", b"/MarkInfo", f"/Lang({lang}".encode(), "bäume.csv".encode()):
        assert mark in made, mark
    assert not re.search(rb"/(JavaScript|JS|Launch|URI|SubmitForm|EmbeddedFile)\b", made)
    # Fonts lie in the file, so that it looks the same everywhere.
    assert made.count(b"/FontFile") >= 2


def test_the_same_report_is_the_same_file() -> None:
    first = report_pdf.pdf(report_sample.report(), "b.csv", "de")
    assert first == report_pdf.pdf(report_sample.report(), "b.csv", "de")
    assert first != report_pdf.pdf(report_sample.clean(), "b.csv", "de")


def test_cells_are_text_and_never_code() -> None:
    shown = [text.replace("\N{ZERO WIDTH SPACE}", "") for text in texts(report_sample.report())]
    assert shown[0] == report_sample.HOSTILE[0]
    assert shown[2] == report_sample.HOSTILE[2]
    assert shown[5] == "[U+0000][U+0007][U+001B][31m[U+FFFE][U+202E][U+4E2D][U+6587][U+1F600]"
    assert shown[6] == "x" * 200 + " …"


def test_words_are_text_and_never_code() -> None:
    code = report_sample.HOSTILE[2]
    hostile = tuple(
        dataclasses.replace(finding, what=Message(code, code), fix=Message(code, code), field=code)
        for finding in report_sample.FINDINGS
    )
    found = report_sample.report(
        findings=hostile, sniffed=dataclasses.replace(report_sample.report().sniffed, part=code)
    )
    headings = texts(found, selector="heading.where(level: 3)")
    assert len(headings) == 4
    assert all("#panic(" in text for text in headings)
    assert report_pdf.pdf(found, code, "de").startswith(b"%PDF")


def test_all_parts_are_there() -> None:
    headings = " ".join(texts(report_sample.report(), selector="heading"))
    for words in ("Zusammenfassung", "Befunde", "Angaben zur Datei", "Fehler", "Pflicht bei HVD", "Warnung", "Hinweis"):
        assert words in headings
    printed = report_pdf.printable(report_sample.report(), "b.csv", "de")
    assert printed["groups"][0]["findings"][0]["repair"].endswith("Dezimalzeichen angepasst.")
    assert [bar["column"] for bar in printed["bars"]] == ["hoehe_m", "art", "ganze Zeile"]


def test_long_words_can_break() -> None:
    long = "a" * 5000
    finding = dataclasses.replace(report_sample.FINDINGS[0], what=Message(long, long))
    (what,) = [
        f["what"]
        for f in report_pdf.printable(report_sample.report(findings=(finding,)), "b", "de")["groups"][0]["findings"]
    ]
    assert max(map(len, re.split("[\N{ZERO WIDTH SPACE} ]", what))) <= 24
    assert len(what) < 2200
    assert report_pdf.pdf(report_sample.report(findings=(finding,)), long, "de").startswith(b"%PDF")


@pytest.mark.slow
def test_thousands_of_findings_are_cut_and_quickly_printed() -> None:
    many = tuple(dataclasses.replace(report_sample.FINDINGS[0], field=f"spalte {number}") for number in range(4000))
    start = time.process_time()
    made = report_pdf.pdf(report_sample.report(findings=many, counts=()), "b.csv", "de")
    assert time.process_time() - start < 10
    assert len(made) < 2_000_000
    left = report_pdf.printable(report_sample.report(findings=many), "b.csv", "de")["left_out"]
    assert left.startswith("3.850 weitere Befunde")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), min_size=1, max_size=5))
def test_any_text_can_be_printed(values: list[str]) -> None:
    finding = dataclasses.replace(
        report_sample.FINDINGS[0], what=Message(values[0] or "x", values[-1] or "x"), examples=tuple(values)
    )
    assert report_pdf.pdf(report_sample.report(findings=(finding,)), values[0], "de").startswith(b"%PDF")


def test_every_character_that_passes_can_be_drawn() -> None:
    """Had a font lost one of these, each report with it would fall back to plain letters."""
    passed = [chr(code) for code in range(0x20, 0x2606) if not report_pdf._UNDRAWABLE.match(chr(code))]
    assert {"ä", "€", "→", "²", "Ω", "ж"} <= set(passed) and "中" not in passed
    words = " ".join(f"a{letter}" for letter in passed if letter != "\n")
    source = b'#set document(title: "x")\n#set text(lang: "de")\n#sys.inputs.t\n#raw(sys.inputs.t)'
    made = typst.compile(source, sys_inputs={"t": words}, pdf_standards=["ua-1"], ignore_system_fonts=True)
    assert made.startswith(b"%PDF")


@pytest.mark.slow
def test_the_web_prints_in_a_process_of_its_own() -> None:
    found = report_sample.report()
    assert print_report(to_json(found), "b.csv", "de") == report_pdf.pdf(found, "b.csv", "de")


@pytest.mark.slow
def test_what_that_process_cannot_print_is_a_sentence() -> None:
    with pytest.raises(StateError) as caught:
        print_report({"broken": True}, "b.csv", "de")
    assert "HTML" in caught.value.message.de and "HTML" in caught.value.message.en


def test_one_report_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_printing, "PATIENCE", 0.01)
    with report_printing._TURN, pytest.raises(BusyError):
        print_report(to_json(report_sample.clean()), "b.csv", "de")
