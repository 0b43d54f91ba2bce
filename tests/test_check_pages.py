"""The page where anybody may check a file: what it shows, what it refuses, and that nothing is kept."""

import base64
import csv
import dataclasses
import io
import json
import logging
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import web_sample
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from catalog.passing import Passing
from catalog.table_orders import TOO_SLOW
from catalog.visits import Shown, Visit, failed
from catalog.web import check_pages
from catalog.web.check_pages import Allowance, Desk
from catalog.web.check_upload import CheckError, Paced
from validators import schemas
from validators.report import Report

TREES = schemas.example("baumkataster").decode()
GERMAN = TREES.replace(",8.5,14.5,", ',"8,5",14.5,').replace("2026-01-15", "15.01.2026")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return web_sample.create(tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def sent(
    client: FlaskClient, body: str | bytes, name: str = "bäume.csv", page: bool = True, **fields: Any
) -> TestResponse:
    raw = body.encode() if isinstance(body, str) else body
    # Built here: the test client would leave the files of large forms open.
    boundary, form = encode_multipart({"file": FileStorage(io.BytesIO(raw), name), **fields})
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.post("/check", data=form, content_type=content_type, headers=BROWSER if page else {})


def main(answer: TestResponse) -> html.HtmlElement:
    (found,) = html.document_fromstring(answer.text).xpath("//main")
    return found


def words(answer: TestResponse) -> str:
    return " ".join(main(answer).text_content().split())


def put_desk(app: Flask, show: Callable[[Visit], Shown], **more: Any) -> None:
    app.extensions["offenbar.desk"] = dataclasses.replace(app.extensions["offenbar.desk"], show=show, **more)


def test_the_form_offers_every_schema_and_says_its_limits(client: FlaskClient) -> None:
    answer = client.get("/check?schema=ladepunkt")
    assert answer.status_code == 200
    page = main(answer)
    values = page.xpath("//select[@name='schema']//option/@value")
    assert set(values) == {"recognise", "own", "none", *schemas.IDS}
    assert page.xpath("//select[@name='schema']//option[@selected]/@value") == ["ladepunkt"]
    assert len(page.xpath("//select[@name='schema']/optgroup")) >= 4
    assert page.xpath("//form[@enctype='multipart/form-data']//input[@type='file']/@name") == ["file", "own"]
    assert "20 MB und 30 Sekunden" in words(answer) and "Nichts wird aufbewahrt" in words(answer)
    assert "<script" not in answer.text
    for field in page.xpath("//form//input | //form//select | //form//textarea"):
        assert page.xpath(f"//label[@for='{field.get('id')}']")
    assert "Check a file" in client.get("/check?lang=en").text
    assert main(client.get("/check?schema=gibtsnicht")).xpath("//option[@selected]/@value")[0] == "recognise"


def test_other_pages_lead_here(client: FlaskClient) -> None:
    for path in ("/", "/api"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert html.document_fromstring(page).xpath("//nav//a[@href='/check']"), path
    assert "/check?schema=baumkataster" in client.get("/schema/baumkataster").text


def test_a_good_file_is_said_to_be_good(client: FlaskClient) -> None:
    answer = sent(client, TREES, schema="baumkataster")
    assert answer.status_code == 200
    assert "Bestanden Baumkataster: Alle 13 Zeilen entsprechen dem Schema." in words(answer)
    assert "Es gibt nichts zu beanstanden." in words(answer)
    assert not main(answer).xpath("//*[@id='places' or @id='repair']")


def test_a_bad_file_with_places_and_repair(client: FlaskClient) -> None:
    answer = sent(client, GERMAN, schema="baumkataster")
    page = main(answer)
    assert "Nicht bestanden" in words(answer)
    marked = page.xpath("//strong[contains(@class, 'o-wrong')]/text()")
    assert "L kronendurchmesser_m" in page.xpath("//section[@aria-labelledby='places']//th/text()")
    assert "8,5" in marked and marked.count("15.01.2026") >= 3
    # The number at a cell leads to a note, and is no bare colour.
    for link in page.xpath("//a[contains(@class, 'o-mark')]"):
        assert page.xpath(f"//li[@id='{link.get('href')[1:]}']"), link.get("href")
        assert "Fehler, Anmerkung" in link.text_content()
    (first,) = page.xpath("//strong[text()='8,5']/following-sibling::a[1]/@href")
    assert "ist 1 Wert keine Zahl" in page.xpath(f"//li[@id='{first[1:]}']")[0].text_content()
    assert page.xpath("//del/text()")[0] == "15.01.2026" and page.xpath("//ins/text()")[0] == "2026-01-15"
    assert "Die Kopie, geprüft: Baumkataster:" in words(answer)


def test_the_copy_in_the_page_is_the_repaired_table(client: FlaskClient) -> None:
    link = main(sent(client, GERMAN, schema="baumkataster")).xpath("//a[@download]")[0]
    assert link.get("download") == "bäume-repariert.csv"
    copy = base64.b64decode(link.get("href").partition("base64,")[2]).decode()
    row = next(csv.DictReader(io.StringIO(copy)))
    assert (row["kronendurchmesser_m"], row["stand"]) == ("8.5", "2026-01-15")
    answer = sent(client, GERMAN, schema="baumkataster", output="repaired")
    assert answer.data.decode() == copy
    assert "b%C3%A4ume-repariert.csv" in answer.headers["Content-Disposition"]


def test_a_large_copy_is_not_in_the_page(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_pages, "IN_PAGE", 100)
    answer = sent(client, GERMAN, schema="baumkataster")
    assert not main(answer).xpath("//a[@download]") and "zu groß für diese Seite" in words(answer)


def test_columns_the_copy_lacks_are_named(client: FlaskClient) -> None:
    lines = GERMAN.splitlines()
    wider = "\n".join([f"{lines[0]},geheimnotiz", *(f"{line},x" for line in lines[1:] if line)])
    assert "Spalten, die das Schema nicht kennt, fehlen in der Kopie: geheimnotiz" in words(
        sent(client, wider, schema="baumkataster")
    )


def test_the_schema_is_recognised(client: FlaskClient) -> None:
    answer = sent(client, TREES)
    assert "Das sieht nach Baumkataster aus: 19 von 19 Spalten." in words(answer)
    assert "Alle 13 Zeilen" in words(answer)
    assert main(answer).xpath("//select[@name='schema']//option[@selected]/@value") == ["baumkataster"]


def test_a_file_held_against_the_wrong_schema_is_recognised_too(client: FlaskClient) -> None:
    answer = sent(client, TREES, schema="haltestelle")
    assert "Das sieht nach Baumkataster aus" in words(answer) and "wählen Sie unten dieses Schema" in words(answer)


def test_a_table_like_none_of_ours_gets_a_schema_proposed(client: FlaskClient) -> None:
    answer = sent(client, "kennung;preis\n0012;1,5\n0013;2,25\n")
    assert "nach keinem der gemeinsamen Schemata" in words(answer)
    table = main(answer).xpath("//table[.//caption[contains(., 'Vorgeschlagenes Schema')]]")[0]
    names, types = table.xpath(".//tbody//th/text()"), table.xpath(".//tbody//code/text()")
    assert (names, types) == (["kennung", "preis"], ["string", "number"])
    assert json.loads(main(answer).xpath("//pre")[0].text_content())["fields"][1]["decimalChar"] == ","


def test_no_schema_at_all(client: FlaskClient) -> None:
    answer = sent(client, TREES, schema="none")
    assert "Lesbar Die Datei ist lesbar: 13 Zeilen, 19 Spalten." in words(answer)


def test_a_schema_of_ones_own(client: FlaskClient) -> None:
    own = b'{"name": "eigenes", "fields": [{"name": "a", "type": "integer"}]}'
    answer = sent(client, "a\n1\nx\n", page=False, schema="own", own=FileStorage(io.BytesIO(own), "schema.json"))
    assert answer.json and answer.json["valid"] is False and answer.json["sniffed"]["schema"]["id"] == "eigenes"
    assert [(f["code"], f["rows"]) for f in answer.json["findings"]] == [("type-error", [3])]


@pytest.mark.parametrize(
    ("own", "part"),
    [(b"{", "JSON"), (b'{"fields": []}', "fields"), (b"\xff\xfe", "UTF-8"), (b"[" * 100_000, ""), (b"", "fehlt")],
)
def test_a_schema_that_cannot_be_used_is_a_sentence(client: FlaskClient, own: bytes, part: str) -> None:
    answer = sent(client, "a\n1\n", schema="own", own=FileStorage(io.BytesIO(own), "schema.json"))
    assert answer.status_code == 400 and part in words(answer)
    assert main(answer).xpath("//form[@enctype]"), "the form is there to try again"


def test_pasted_text(client: FlaskClient) -> None:
    answer = client.post("/check", data={"text": TREES, "schema": "baumkataster"}, headers=BROWSER)
    assert "Alle 13 Zeilen" in words(answer) and "eingefügter Text" in words(answer)
    assert main(answer).xpath("//textarea")[0].text.strip() == TREES.strip().replace("\r\n", "\n")
    cells = "a\tb\n1\t2\n"
    answer = client.post("/check", data={"text": cells, "file": (io.BytesIO(b""), "")}, headers=BROWSER)
    assert "1 Zeile, 2 Spalten" in words(answer)


def test_personal_data_are_named(client: FlaskClient) -> None:
    people = "Name;E-Mail;Wert\n" + "Erika Mustermann;erika@mustermann.example;1\n" * 3
    answer = sent(client, people, schema="none")
    assert "enthält" in words(answer) and "Namen von Personen" in words(answer)
    assert "Erika Mustermann" not in " ".join(main(answer).xpath("//code/text()"))


@pytest.mark.parametrize(
    "form", ["html", "csv", "json", "sarif", "junit.xml", pytest.param("pdf", marks=pytest.mark.slow)]
)
def test_every_form_of_the_report(client: FlaskClient, form: str) -> None:
    answer = sent(client, GERMAN, schema="baumkataster", output=form)
    assert answer.status_code == 200 and len(answer.data) > 500
    assert answer.headers["Cache-Control"] == "no-store"
    if form == "html":
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    if form == "pdf":
        assert answer.data.startswith(b"%PDF")
    if form != "json":
        assert f"-bericht.{form}" in answer.headers["Content-Disposition"]


def test_json_for_programs(client: FlaskClient) -> None:
    for headers in ({"Accept": "application/json"}, {}, {"Accept": "*/*"}):
        answer = client.post(
            "/check?schema=baumkataster", data=GERMAN.encode(), content_type="text/csv", headers=headers
        )
        assert answer.mimetype == "application/json" and answer.json
        assert answer.json["valid"] is False and {"findings", "sniffed", "tasks", "repair"} <= answer.json.keys()
        assert answer.json["repair"]["log"]["values"] == 6
        assert answer.json["looks_like"] == []
    found = client.post("/check?name=b.csv", data=TREES.encode(), content_type="application/octet-stream").json
    assert found and found["looks_like"][0]["schema"] == "baumkataster" and found["valid"] is True
    # Nothing of where it lay is told.
    assert "offenbar-check" not in json.dumps(found)


def test_english(client: FlaskClient) -> None:
    answer = client.post(
        "/check?lang=en",
        data={"file": (io.BytesIO(GERMAN.encode()), "t.csv"), "schema": "baumkataster"},
        headers=BROWSER,
    )
    assert "Not passed" in words(answer) and "The places" in words(answer) and "Before → after" in words(answer)
    assert "Zeilen" not in words(answer)


@pytest.mark.slow
def test_a_name_or_cell_is_never_markup(client: FlaskClient) -> None:
    body = GERMAN.replace("Bessungen", HOSTILE.replace('"', "'")).replace("15.01.2026", "<b>15.01.2026</b>", 1)
    for schema in ("baumkataster", "recognise", "none", "haltestelle"):
        answer = sent(client, body.replace("stadtteil", "<i>stadtteil</i>"), name=f"../../{HOSTILE}.csv", schema=schema)
        assert answer.status_code == 200
        page = main(answer)
        assert not page.xpath("//script | //b | //i | //*[@onerror]")
        assert "</h1>" in answer.text and "../.." not in answer.text
    answer = client.post("/check", data={"text": f"a\n</textarea>{HOSTILE}\n"}, headers=BROWSER)
    assert not main(answer).xpath("//script") and "</textarea>" in main(answer).xpath("//textarea")[0].text


@pytest.mark.slow
def test_what_is_not_to_be_read_ends_in_a_sentence(client: FlaskClient) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", b"a,b\n" + b"1,2\n" * 30_000_000)
    for body in (b"%PDF-1.7 kein Text", bomb.getvalue(), b"\x00\x01\x02" * 99, b"PK\x03\x04abc", b"{" * 5000):
        answer = sent(client, body, name="x.csv", schema="baumkataster")
        assert answer.status_code == 200 and "So wird es richtig" in words(answer), body[:10]
        assert sent(client, body, page=False).json["valid"] is False  # type: ignore[index]


def test_a_check_that_came_to_no_end_is_told(app: Flask) -> None:
    put_desk(app, lambda visit: failed(visit, TOO_SLOW))
    client = app.test_client()
    answer = sent(client, TREES, schema="baumkataster")
    assert answer.status_code == 200 and "zu lange gedauert" in words(answer)
    assert sent(client, TREES, output="repaired").status_code == 422


def test_too_large(client: FlaskClient, app: Flask) -> None:
    app.extensions["offenbar.config"] = dataclasses.replace(app.extensions["offenbar.config"], check_max_bytes=50_000)
    for body in (b"x" * 50_001, b"x" * 3_000_000, b"x" * 9_000_000):
        answer = sent(client, body)
        assert answer.status_code == 413 and "bis 0,05 MB" in words(answer) and "offenbar validate" in words(answer)
        raw = client.post("/check", data=body, content_type="text/csv")
        assert (raw.status_code, raw.mimetype) == (413, "application/problem+json")
    assert sent(client, b"a\n" + b"1\n" * 24_000).status_code == 200
    assert client.post("/check", data={"text": "x" * 1_000_001}, headers=BROWSER).status_code == 413


def test_what_is_no_file_is_refused(client: FlaskClient) -> None:
    nothing = [{}, {"text": ""}, {"file": (io.BytesIO(b""), "leer.csv")}, {"schema": "baumkataster"}]
    for data in nothing:
        answer = client.post("/check", data=data, headers=BROWSER)
        assert answer.status_code == 400 and "Es kam keine Datei an" in words(answer), data
    answer = sent(client, TREES, schema="erfunden")
    assert answer.status_code == 400 and "gibt es hier nicht" in words(answer)
    assert sent(client, TREES, output="exe").status_code == 400
    packed = client.post("/check", data=b"abc", headers={"Content-Encoding": "gzip"}, content_type="text/csv")
    assert packed.status_code == 415 and packed.json and "gepackt" in packed.json["detail"]
    many = {f"feld{n}": "x" for n in range(50)}
    assert client.post("/check", data=many, headers=BROWSER, content_type="multipart/form-data").status_code == 413


def test_who_comes_while_all_places_are_taken_is_asked_to_come_again(app: Flask) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    def show(visit: Visit) -> Shown:
        inside.release()
        leave.wait(20)
        return Shown(report=Report(valid=True))

    put_desk(app, show, places=threading.BoundedSemaphore(2))
    taken = [threading.Thread(target=lambda: sent(app.test_client(), TREES)) for _ in range(2)]
    for thread in taken:
        thread.start()
        assert inside.acquire(timeout=10)
    answer = sent(app.test_client(), TREES)
    leave.set()
    for thread in taken:
        thread.join()
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert "so viele Prüfungen" in words(answer)
    assert sent(app.test_client(), TREES).status_code == 200, "the places are free again"


def test_each_client_has_so_many_checks(app: Flask) -> None:
    put_desk(app, lambda visit: Shown(report=Report(valid=True)), allowance=Allowance(burst=2, refill=60))
    client = app.test_client()
    statuses = [sent(client, "a\n1\n").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = sent(client, "a\n1\n", page=False)
    assert 0 < int(refused.headers["Retry-After"]) <= 61 and refused.mimetype == "application/problem+json"
    # Behind our own proxy it is the client that counts, and not what it says of itself.
    for forwarded, status in (("203.0.113.9", 200), ("1.1.1.1, 203.0.113.9", 200), ("2.2.2.2, 203.0.113.9", 429)):
        answer = client.post("/check", data=b"a\n1\n", content_type="text/csv", headers={"X-Forwarded-For": forwarded})
        assert answer.status_code == status, forwarded


def test_checks_come_back_with_time() -> None:
    allowance = Allowance(burst=2, refill=3.0)
    assert [allowance.wait("a", 100.0) for _ in range(3)] == [0, 0, 3.0]
    assert allowance.wait("b", 100.0) == 0
    assert allowance.wait("a", 102.0) == pytest.approx(1.0) and allowance.wait("a", 103.0) == 0
    assert allowance.wait("a", 103.0) > 0


def test_nothing_is_kept(
    client: FlaskClient, app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    secret = "Geheimzelle-4711"
    before = set(tmp_path.rglob("*"))
    with caplog.at_level(logging.DEBUG):
        answers = [
            sent(client, GERMAN.replace("Bessungen", secret), schema="baumkataster", output=out)
            for out in ("page", "json", "repaired")
        ]

        def broken(visit: Visit) -> Shown:
            assert secret in visit.path.read_text(encoding="utf-8")
            raise RuntimeError("kaputt")

        app.config["PROPAGATE_EXCEPTIONS"] = False
        put_desk(app, broken)
        answers.append(sent(client, GERMAN.replace("Bessungen", secret), name=f"{secret}.csv", schema="baumkataster"))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 500]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert secret not in answers[-1].text
    left = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert not left, left
    assert secret not in caplog.text and secret not in "".join(capfd.readouterr())


def test_an_upload_may_take_only_so_long() -> None:
    class Slow:
        def read(self, size: int) -> bytes:
            time.sleep(0.05)
            return b"x"

    with pytest.raises(CheckError) as error:
        Paced(Slow(), whole=0.4).read()
    assert error.value.status == 408


def test_a_body_is_read_as_it_came_and_not_beyond() -> None:
    content = bytes(range(256)) * 1000
    body = Paced(io.BytesIO(content))
    assert body.read(1000) + body.read() == content and body.read(5) == b""
    # On a line that stays open, reading behind the body would wait forever.
    assert Paced(io.BytesIO(b"abcdefgh"), length=6).read() == b"abcdef"


def test_a_client_that_goes_away_is_no_fault_of_ours(client: FlaskClient) -> None:
    answer = client.post(
        "/check", data=b"a,b\n", environ_overrides={"CONTENT_LENGTH": "1000"}, content_type="text/csv", headers=BROWSER
    )
    assert answer.status_code == 400 and "Nicht geprüft" in words(answer)


def test_the_desk_of_a_worker_starts_nothing_before_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = check_pages.desk()
    assert isinstance(made, Desk) and isinstance(made.passing, Passing)
    assert not list(tmp_path.iterdir())
