"""The forms of a report: CSV, JSON, SARIF, JUnit XML, badge and the page that is mailed; hostile cells stay text in all of them."""

import base64
import csv
import dataclasses
import hashlib
import io
import itertools
import json
import re

import jsonschema
import pytest
import report_sample
import sarif_schema
from lxml import etree, html

from catalog import report_page
from dcat.message import Message
from validators import exports
from validators.badge import badge
from validators.junit import junit
from validators.report import Finding, Severity, TableProfile, to_json
from validators.sarif import sarif

PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def test_csv_has_a_line_for_each_finding() -> None:
    lines = list(csv.reader(io.StringIO(exports.csv_text(report_sample.report(), "de")), delimiter=";"))
    assert lines[0] == list(exports.COLUMNS)
    assert [line[:6] for line in lines[1:3]] == [
        ["blocks", "type-error", "hoehe_m", "H1290", "1204", "1290 1291"],
        ["hvd", "constraint-error", "art", "B7", "1", "7"],
    ]
    assert lines[1][6].startswith("In „hoehe_m“") and lines[1][10] == "1294 1295"
    assert "Dezimalzeichen" in lines[1][11]
    english = list(csv.reader(io.StringIO(exports.csv_text(report_sample.report(), "en")), delimiter=";"))
    assert english[1][6].startswith("In “hoehe_m”")
    assert len(lines) == len(english) == 5


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1+1", "\0=1"])
def test_no_cell_of_the_csv_is_a_formula(cell: str) -> None:
    finding = dataclasses.replace(report_sample.FINDINGS[0], field=cell, examples=(cell,), what=Message(cell, cell))
    text = exports.csv_text(report_sample.report(findings=(finding,)), "de")
    (line,) = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1:]
    assert "\0" not in text
    for position in (2, 6, 9):
        assert line[position].startswith("'"), line[position]


def test_json_is_the_stored_report() -> None:
    found = report_sample.report()
    assert json.loads(exports.json_text(found)) == json.loads(json.dumps(to_json(found)))


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("name", ["bäume 2026.csv", "http:x.csv", "a#b?c%.csv", "../../etc/passwd", ""])
def test_sarif_keeps_its_schema(lang, name: str) -> None:
    for found in (report_sample.report(), report_sample.clean(), report_sample.report(sha256="", bytes=0)):
        log = json.loads(json.dumps(sarif(found, name, lang, "1.2")))
        jsonschema.validate(log, sarif_schema.SCHEMA, format_checker=jsonschema.FormatChecker())
        uri = log["runs"][0]["artifacts"][0]["location"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9_.~/-]|%[0-9A-F]{2})+", uri), uri


def test_sarif_says_rule_level_and_lines() -> None:
    (run,) = sarif(report_sample.report(), "b.csv", "de")["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["type-error", "constraint-error", "encoding", "bom"]
    assert rules[0]["help"]["text"] == "Ersetzen Sie das Komma durch einen Punkt."
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "note"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    first = run["results"][0]
    assert [place["physicalLocation"]["region"]["startLine"] for place in first["locations"]] == [1294, 1295]
    assert [place["logicalLocations"][0]["fullyQualifiedName"] for place in first["locations"]] == ["H1290", "H1291"]
    assert first["occurrenceCount"] == 1204
    assert "Programme können damit nicht rechnen." in first["message"]["text"]
    assert "region" not in run["results"][2]["locations"][0]["physicalLocation"]


def test_sarif_lists_a_rule_once() -> None:
    twice = report_sample.report(findings=(*report_sample.FINDINGS, report_sample.FINDINGS[0]))
    (run,) = sarif(twice, "b.csv", "de")["runs"]
    assert len(run["tool"]["driver"]["rules"]) == 4 and len(run["results"]) == 5


def test_junit_has_failures_for_what_breaks_something_only() -> None:
    root = etree.fromstring(junit(report_sample.report(), "bäume.csv", "de").encode(), PARSER)
    (suite,) = root
    assert dict(suite.attrib) == {"name": "bäume.csv", "tests": "7", "failures": "3", "errors": "0", "skipped": "0"}
    assert len(suite.findall("testcase")) == 7
    assert [case.getparent().get("name") for case in suite.iter("failure")] == [
        "Schema baumkataster 1.0.0",
        "type-error H1290",
        "constraint-error B7",
    ]
    assert len(suite.findall("testcase/system-out")) == 2
    untouched = [case.get("classname") for case in suite if case.get("name") == "ok"]
    assert untouched == ["baum_id", "stand"]
    assert suite.find("testcase/failure[@type='type-error']").text.count("\n") >= 5


def test_junit_of_a_clean_report_has_no_failure() -> None:
    root = etree.fromstring(junit(report_sample.clean(), "b.csv", "en").encode(), PARSER)
    assert root.get("failures") == "0" and root.get("tests") == "5"
    assert not list(root.iter("failure"))


def test_junit_fails_even_where_no_finding_explains_why() -> None:
    root = etree.fromstring(junit(report_sample.clean(valid=False), "b.csv", "de").encode(), PARSER)
    assert root.get("failures") == "1"


def test_junit_fails_where_a_valid_file_must_not_be_published() -> None:
    root = etree.fromstring(junit(report_sample.report(valid=True), "b.csv", "de").encode(), PARSER)
    assert root.get("failures") == "3"


def test_hostile_cells_stay_text_in_junit() -> None:
    hostile = tuple(
        dataclasses.replace(finding, field=text, address=text, what=Message(text, text), examples=(text,))
        for finding in report_sample.FINDINGS
        for text in report_sample.HOSTILE
    )
    profile = TableProfile(header=report_sample.HOSTILE)
    for name in report_sample.HOSTILE:
        written = junit(report_sample.report(findings=hostile, sniffed=profile), name, "de")
        root = etree.fromstring(written.encode(), PARSER)
        assert {element.tag for element in root.iter()} <= {
            "testsuites",
            "testsuite",
            "testcase",
            "failure",
            "system-out",
        }
        assert "file:///etc/passwd" in "".join(root.itertext())


def drawn(found, lang="de") -> etree._Element:
    return etree.fromstring(badge(found, lang).encode(), PARSER)


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("changes", "german", "english"),
    [
        ({}, "gültig 97 %", "valid 97%"),
        ({"faulty_rows": 1}, "gültig 99 %", "valid 99%"),
        ({"faulty_rows": 1834}, "gültig 0 %", "valid 0%"),
        ({"limited": True}, "gültig 97 %", "valid 97%"),
        ({"limited": True, "partial": True}, "gültig höchstens 97 %", "valid at most 97%"),
        ({"faulty_rows": 0}, "verletzt", "broken"),
        ({"faulty_rows": None}, "verletzt", "broken"),
        ({"valid": True, "findings": ()}, "gültig", "valid"),
        ({"sniffed": TableProfile(readable=False)}, "nicht lesbar", "not readable"),
        ({"schema_id": "", "valid": True, "findings": ()}, "lesbar", "readable"),
        ({"schema_id": ""}, "Fehler", "errors"),
    ],
)
def test_badge_says_the_verdict(changes: dict[str, object], german: str, english: str) -> None:
    for lang, words in (("de", german), ("en", english)):
        root = drawn(report_sample.report(**changes), lang)
        assert "".join(root.findall(f".//{SVG}text")[1].itertext()).replace("\xa0", " ") == words
        title = root.find(f"{SVG}title").text
        assert title and title == root.get("aria-label") and root.get("role") == "img"
        assert title.replace("\xa0", " ").endswith(words)
        labels = {"de": "Baumkataster", "en": "Tree register"}
        assert (labels[lang] in title) == bool(report_sample.report(**changes).schema_id)


def test_badge_can_be_read() -> None:
    for changes in ({}, {"faulty_rows": 900}, {"valid": True, "findings": ()}):
        fills = {rect.get("fill") for rect in drawn(report_sample.report(**changes)).iter(f"{SVG}rect")} - {None}
        assert len(fills) == 2
        for fill in fills:
            parts = [int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5)]
            red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
            assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_badge_loads_nothing_and_escapes_the_title_of_a_schema() -> None:
    for text in report_sample.HOSTILE:
        written = badge(report_sample.report(schema_title=Message(text, text)), "de")
        root = etree.fromstring(written.encode(), PARSER)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
            "svg",
            "title",
            "clipPath",
            "rect",
            "g",
            "text",
        }
        assert not [name for element in root.iter() for name in element.attrib if "href" in name or name[:2] == "on"]


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_page_is_whole_by_itself_and_accessible(lang) -> None:
    written = report_page.html(report_sample.report(), "bäume.csv", lang)
    page = html.document_fromstring(written)
    assert page.get("lang") == lang and page.xpath("//title/text()")[0].endswith("bäume.csv")
    assert page.xpath("//script | //link | //img | //iframe | //@src | //*[@style]") == []
    assert all(address.startswith("#") for address in page.xpath("//@href"))
    assert not re.search(r"url\(|@import|https?:", page.xpath("string(//style)"))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.xpath("//@href")} <= set(ids)
    assert set(page.xpath("//@aria-labelledby")) <= set(ids)
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(page.xpath("//main")) == 1 and len(page.xpath("//table/caption")) == 1
    assert all(sign.get("aria-hidden") == "true" for sign in page.xpath("//svg"))


def test_the_page_says_all_parts() -> None:
    text = html.document_fromstring(report_page.html(report_sample.report(), "b.csv", "de")).text_content()
    for part in (
        "37 Zeilen entsprechen nicht dem Schema",
        "97\xa0%",
        "1.834",
        "1.204",
        "Zelle H1290",
        "im Texteditor Zeile 1.294, 1.295",
        "Warum das wichtig ist",
        "So wird es richtig",
        "Dezimalzeichen angepasst",
        "Pflicht bei HVD",
        "Warnung",
        "Hinweis",
        "Windows-1252",
        report_sample.HOSTILE[0],
    ):
        assert part in text, part
    assert "x" * 201 not in text
    clean = report_page.html(report_sample.clean(), "b.csv", "en")
    assert "There is nothing to complain about." in clean


def test_hostile_cells_stay_text_on_the_page() -> None:
    for text in report_sample.HOSTILE[:5]:
        hostile = dataclasses.replace(
            report_sample.FINDINGS[0], what=Message(text, text), field=text, address=text, examples=(text,)
        )
        page = html.document_fromstring(report_page.html(report_sample.report(findings=(hostile,)), text, "de"))
        assert page.xpath("//script | //img | //iframe | //*[@onerror]") == []
        assert page.text_content().count(text[:30]) >= 4


def test_the_page_ends_after_some_findings_and_says_so() -> None:
    one = report_sample.FINDINGS[2]
    many = tuple(dataclasses.replace(one, code=f"c{number}") for number in range(350))
    page = html.document_fromstring(report_page.html(report_sample.report(findings=many), "b.csv", "de"))
    assert len(page.xpath("//article")) == 300
    assert "50 weitere Befunde stehen in der CSV-Fassung des Berichts." in page.text_content()
    assert "350 Warnungen" in page.text_content()


def test_the_page_may_be_served_with_its_own_style_and_nothing_else() -> None:
    policy = report_page.content_security()
    assert "default-src 'none'" in policy and "unsafe" not in policy and "sandbox" in policy
    style = html.document_fromstring(report_page.html(report_sample.clean(), "b", "de")).xpath("string(//style)")
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy


def test_a_finding_without_words_breaks_no_form() -> None:
    nothing = Message("", "")
    bare = Finding(severity=Severity.BLOCKS, code="x", what=nothing, why=nothing, fix=nothing, count=0)
    found = report_sample.report(findings=(bare,))
    assert "<article" in report_page.html(found, "", "de")
    etree.fromstring(junit(found, "", "de").encode(), PARSER)
    jsonschema.validate(sarif(found, "", "de"), sarif_schema.SCHEMA)
    assert len(exports.csv_text(found, "en").splitlines()) == 2
