"""Reports on the web: the page with its filters, the forms, the badge; what is kept back shows no cell."""

import csv
import dataclasses
import io
import json
from pathlib import Path

import pytest
import web_sample
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree, html

from catalog import report_printing
from validators.report import to_json

FILE = "/dataset/strassenbaeume-frankfurt/d1"
TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "sarif": "application/sarif+json",
    "junit.xml": "application/xml",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return web_sample.create(tmp_path_factory.mktemp("home"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("form", [*[f for f in TYPES if f != "pdf"], pytest.param("pdf", marks=pytest.mark.slow)])
def test_every_form_with_type_name_and_validator(client: FlaskClient, form: str) -> None:
    answer = client.get(f"{FILE}/report.{form}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, TYPES[form])
    assert f"-bericht.{form}" in answer.headers["Content-Disposition"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get(f"{FILE}/report.{form}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head(f"{FILE}/report.{form}").data == b""
    assert client.get(f"{FILE}/report.{form}").data == answer.data


def test_another_report_has_another_validator(tmp_path: Path) -> None:
    tags = []
    for rows in (1834, 1835):
        files = tuple(
            dataclasses.replace(file, report=to_json(dataclasses.replace(web_sample.REPORT, rows=rows)))
            for file in web_sample.TREES.files
        )

        class Changed(web_sample.Sample):
            datasets = (dataclasses.replace(web_sample.TREES, files=files),)

        app = web_sample.create(tmp_path)
        app.extensions["offenbar.reading"] = Changed
        tags.append([app.test_client().get(f"{FILE}/report.{form}").headers["ETag"] for form in ("json", "html")])
    assert len({tag for pair in tags for tag in pair}) == 4


def test_what_the_forms_say(client: FlaskClient) -> None:
    stored = json.loads(client.get(f"{FILE}/report.json").data)
    assert [finding["code"] for finding in stored["findings"]] == ["type-error", "encoding", "extra-label"]
    text = client.get(f"{FILE}/report.csv").data.decode("utf-8-sig")
    assert text.startswith("schwere;") and client.get(f"{FILE}/report.csv").data.startswith(b"\xef\xbb\xbf")
    assert len(list(csv.reader(io.StringIO(text), delimiter=";"))) == 4
    assert json.loads(client.get(f"{FILE}/report.sarif").data)["version"] == "2.1.0"
    assert etree.fromstring(client.get(f"{FILE}/report.junit.xml").data).get("failures") == "2"


def test_forms_speak_the_language_of_their_address_whatever_the_cookie_says(client: FlaskClient) -> None:
    client.set_cookie("lang", "en")
    german, english = client.get(f"{FILE}/report.html"), client.get(f"{FILE}/report.html?lang=en")
    assert "Prüfbericht" in german.text and "Validation report" in english.text
    assert german.headers["ETag"] != english.headers["ETag"]
    assert "gültig" in client.get(f"{FILE}/badge.svg").text or "verletzt" in client.get(f"{FILE}/badge.svg").text
    assert "broken" in client.get(f"{FILE}/badge.svg?lang=en").text


def test_the_page_to_mail_may_show_its_own_style_only(client: FlaskClient) -> None:
    policy = client.get(f"{FILE}/report.html").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "style-src 'sha256-" in policy and "unsafe" not in policy


def test_the_badge_can_be_cached_and_shown_elsewhere(client: FlaskClient) -> None:
    answer = client.get(f"{FILE}/badge.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "public" in answer.headers["Cache-Control"] and answer.headers["ETag"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert etree.fromstring(answer.data).tag == "{http://www.w3.org/2000/svg}svg"
    again = client.get(f"{FILE}/badge.svg", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def findings(client: FlaskClient, query: str) -> list[str]:
    page = html.document_fromstring(client.get(f"{FILE}/report?{query}").text)
    return [heading.text_content() for heading in page.xpath("//ul[@class='o-findings']/li/h4")]


def test_findings_are_filtered_without_a_script(client: FlaskClient) -> None:
    assert len(findings(client, "")) == 3
    assert findings(client, "severity=blocks") == ["In 12 Zeilen ist das Pflanzjahr keine Zahl."]
    assert findings(client, "column=bemerkung") == ["Eine Spalte steht nicht im Schema."]
    assert findings(client, "severity=blocks&column=bemerkung") == []
    assert findings(client, "severity=nix&column=%00%FF") == []
    page = html.document_fromstring(client.get(f"{FILE}/report?severity=blocks").text)
    assert page.xpath("//select[@name='severity']/option[@selected]/@value") == ["blocks"]
    assert page.xpath("//select[@name='severity']/option/@value") == ["", "blocks", "warning", "hint"]
    assert page.xpath("//select[@name='column']/option/@value") == ["", "pflanzjahr", "bemerkung"]
    assert "Kein Befund passt zu dieser Auswahl." in client.get(f"{FILE}/report?severity=nix").text


def test_the_page_has_numbers_chart_forms_and_badge(client: FlaskClient) -> None:
    page = html.document_fromstring(client.get(f"{FILE}/report").text)
    assert page.xpath("//dl[@class='o-numbers']//dd/text()")[0] == "1.834"
    assert page.xpath("//figure//span[@class='o-bars__name']/text()") == ["pflanzjahr"]
    assert page.xpath("//figure//svg/@aria-hidden") == ["true"]
    assert len(page.xpath("//ul[@class='o-forms']//a")) == 6
    (badge,) = page.xpath("//main//a[text()='badge.svg']/@href")
    assert badge == f"{FILE}/badge.svg?lang=de" and client.get(badge).status_code == 200


def test_the_page_shows_how_the_file_fared(client: FlaskClient) -> None:
    page = html.document_fromstring(client.get(f"{FILE}/report").text)
    newest, middle, oldest = page.xpath("//ol[@class='o-history']/li")
    assert "nicht übernommen" in newest.text_content()
    assert "0 neue Befunde, 2 behoben, 0 bleiben" in newest.text_content()
    text = " ".join(middle.text_content().split())
    for part in (
        "2. März 2026, 10:00",
        "1.834 Zeilen, 123 kB",
        "1 neuer Befund, 1 behoben, 1 bleibt",
        "Hinweis: Eine Spalte steht nicht im Schema.",
        "Warnung: Die Datei ist in Windows-1252 geschrieben.",
        "(vorher 12)",
        "34 Zeilen neu, 0 Zeilen entfallen, 2 Zeilen geändert (verglichen über baum_id).",
        "ffm-1834",
        web_sample.HOSTILE,
    ):
        assert part in text, part
    assert "behoben" not in oldest.text_content() and "1.800 Zeilen" in oldest.text_content()
    assert "o-history" not in client.get("/dataset/strassenbaeume-frankfurt/d3/report").text


def test_the_file_leads_to_its_report(client: FlaskClient) -> None:
    page = html.document_fromstring(client.get(FILE).text)
    addresses = page.xpath("//main//a/@href")
    assert f"{FILE}/report" in addresses and f"{FILE}/report.pdf" in addresses
    for address in addresses:
        if "/report" in address and not address.endswith(".pdf"):
            assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("form", ["report", "badge.svg", *(f"report.{form}" for form in TYPES if form != "pdf")])
def test_a_file_that_is_held_shows_no_cell_and_what_is_withheld_nothing(client: FlaskClient, form: str) -> None:
    held = client.get(f"/dataset/strassenbaeume-frankfurt/d3/{form}")
    assert held.status_code == 200
    for cell in ("ca. 1960", "onerror", web_sample.SECRET_CELL):
        assert cell not in held.text
    assert client.get(f"/dataset/strassenbaeume-frankfurt/d4/{form}").status_code == 404
    assert client.get(f"/dataset/strassenbaeume-frankfurt/d5/{form}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/dataset/alt/d1/report", 301, f"{FILE}/report"),
        ("/dataset/alt/d1/report.csv", 301, f"{FILE}/report.csv"),
        ("/dataset/alt/d1/badge.svg", 301, f"{FILE}/badge.svg"),
        (f"/dataset/{web_sample.UUID}/d1/report", 301, f"{FILE}/report"),
        ("/dataset/weg/d1/report", 410, None),
        ("/dataset/nirgends/d1/report", 404, None),
        (f"{FILE[:-1]}9/report", 404, None),
        ("/dataset/pegel-wiesbaden/p1/report", 404, None),
        ("/dataset/pegel-wiesbaden/p1/badge.svg", 404, None),
        (f"{FILE}/report.exe", 404, None),
    ],
)
def test_what_moved_or_is_not_there(client: FlaskClient, path: str, status: int, location: str | None) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (status, location)


def test_a_busy_printer_asks_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_printing, "PATIENCE", 0.01)
    # An application of its own remembers no PDF yet.
    fresh = web_sample.create(tmp_path).test_client()
    with report_printing._TURN:
        answer = fresh.get(f"{FILE}/report.pdf")
    assert answer.status_code == 503 and answer.headers["Retry-After"] == str(report_printing.SECONDS)
