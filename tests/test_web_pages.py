"""The pages: every one in both languages, safe with hostile text, below a path, and when something is missing."""

import gzip
import itertools
import json
import re
from urllib.parse import urlsplit

import pytest
import web_sample
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from catalog.web.assets import KERN_FOLDER

PAGES = (
    "/",
    "/dataset",
    "/dataset?q=baum&city=frankfurt&theme=ENVI&organization=x&format=CSV&sort=newest&page=3",
    "/dataset?q=nichts&city=frankfurt",
    "/dataset/strassenbaeume-frankfurt",
    "/dataset/pegel-wiesbaden",
    "/dataset/leer",
    "/dataset/boese",
    "/dataset/boese/h1",
    "/dataset/strassenbaeume-frankfurt/d1",
    "/dataset/strassenbaeume-frankfurt/d2",
    "/dataset/strassenbaeume-frankfurt/d3",
    "/dataset/strassenbaeume-frankfurt/d4",
    "/dataset/strassenbaeume-frankfurt/d5",
    "/dataset/strassenbaeume-frankfurt/d1/report",
    "/dataset/strassenbaeume-frankfurt/d1/report?severity=hint&column=bemerkung",
    "/dataset/strassenbaeume-frankfurt/d3/report",
    "/organization",
    "/organization/da-statistik",
    "/city/frankfurt",
    "/group/ENVI",
    "/schema",
    "/schema/baumkataster",
    "/schema/haltestelle",
    "/schema/oeffentlicher_ort",
    "/schema/pegel_messwert",
    "/api",
)
MISSING = ("/nirgends", "/dataset/nirgends", "/dataset/nirgends/x", "/dataset/leer/x", "/organization/x", "/city/x",
           "/group/x", "/schema/x", "/schema/x.json", "/schema/x/1.0.0.json", "/schema/baumkataster/0.9.0.json",
           "/schema/x/example.csv", "/schema/x/template.csv", "/schema/versions.json")  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return web_sample.create(tmp_path_factory.mktemp("home"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html,*/*;q=0.8"
    return client


def tree(response: TestResponse) -> html.HtmlElement:
    return html.document_fromstring(response.get_data(as_text=True))


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_its_landmarks_in_both_languages(client: FlaskClient, path: str, lang: str) -> None:
    client.set_cookie("lang", lang)
    response = client.get(path)
    page = tree(response)
    assert response.status_code == 200
    assert page.get("lang") == lang == response.headers["Content-Language"]
    for landmark in ("//header", "//main", "//footer", "//h1", "//head/title", "//a[@href='#content']"):
        assert len(page.xpath(f"{landmark}[not(ancestor::article)]")) == 1, landmark
    assert page.xpath("//nav[not(@aria-label)]") == []
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for reference in page.xpath("//@aria-labelledby | //@aria-describedby | //label/@for"):
        assert set(reference.split()) <= set(ids)
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4")]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels


def test_languages_differ(client: FlaskClient) -> None:
    assert "Wonach suchen Sie?" in client.get("/").text
    assert "What are you looking for?" in client.get("/?lang=en").text


def test_german_comes_first_whatever_the_browser_asks_for(client: FlaskClient) -> None:
    assert tree(client.get("/", headers={"Accept-Language": "en"})).get("lang") == "de"


def test_the_switch_is_kept_in_one_harmless_cookie(client: FlaskClient) -> None:
    cookies = client.get("/?lang=en").headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert cookies[0].startswith("lang=en;") and "SameSite=Lax" in cookies[0]
    assert tree(client.get("/")).get("lang") == "en"
    assert client.get("/?lang=xx").headers.getlist("Set-Cookie") == []
    assert tree(client.get("/?lang=de")).get("lang") == "de"


def test_the_switch_keeps_the_search(client: FlaskClient) -> None:
    switch = tree(client.get("/dataset?q=b%C3%A4ume&city=frankfurt")).xpath("//a[@hreflang='en']/@href")
    assert switch == ["?q=b%C3%A4ume&city=frankfurt&lang=en"]


def test_numbers_and_dates_follow_the_language(client: FlaskClient) -> None:
    german, english = (
        client.get("/dataset/strassenbaeume-frankfurt"),
        client.get("/dataset/strassenbaeume-frankfurt?lang=en"),
    )
    assert "1,2 MB" in german.text and "2. März 2026" in german.text and "Mai 2024" in german.text
    assert "1.2 MB" in english.text and "2 March 2026" in english.text
    assert "1. Februar 2026, 09:15" in german.text  # 08:15 UTC


def test_text_in_another_language_says_so(client: FlaskClient) -> None:
    assert tree(client.get("/dataset/strassenbaeume-frankfurt?lang=en")).xpath("//h1/@lang") == ["de"]
    assert tree(client.get("/dataset/strassenbaeume-frankfurt?lang=de")).xpath("//h1/@lang") == []
    assert tree(client.get("/dataset/pegel-wiesbaden?lang=en")).xpath("//h1[not(@lang)]/text()") == [
        "Water levels of the brooks"
    ]


@pytest.mark.parametrize("path", [*PAGES, "/dataset/weg"])
def test_hostile_text_stays_text(client: FlaskClient, path: str) -> None:
    page = tree(client.get(path))
    own = "@type='application/ld+json' or starts-with(@src, '/static/') and not(node())"
    assert page.xpath(f"//script[not({own})] | //img | //iframe | //*[@style]") == []
    attributes = {name for element in page.iter() if isinstance(element.tag, str) for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on")]
    for address in page.xpath("//@href | //@src | //@action"):
        assert urlsplit(address).scheme in ("", "http", "https", "mailto", "tel"), address


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_loaded_from_elsewhere(client: FlaskClient, path: str) -> None:
    page = tree(client.get(path))
    for address in page.xpath("//@src | //link/@href | //form/@action | //script/@src"):
        assert urlsplit(address).netloc == "", address
    linked = {urlsplit(address).netloc for address in page.xpath("//a/@href")}
    known = {"daten.example.org", "frankfurt.example", "gut.example", "www.govdata.de", "data.europa.eu"}
    assert linked <= {"", *known, "musterdatenkatalog.de"}, linked


@pytest.mark.parametrize("name", ["", "/d3", "/d4", "/d5"])
def test_a_file_that_is_kept_back_shows_its_reason_and_no_cell(client: FlaskClient, name: str) -> None:
    text = client.get(f"/dataset/strassenbaeume-frankfurt{name}").text
    assert web_sample.SECRET_CELL not in text
    assert not re.search(r"/d[345]\.csv", text)
    if name:
        assert "<table" not in text and "Prüfbericht" not in text


def test_a_decision_is_shown_with_legal_basis_and_review_date(client: FlaskClient) -> None:
    text = client.get("/dataset/strassenbaeume-frankfurt/d4").text
    for expected in ("Wasserversorgung", "DNG § 2 Abs. 3 Nr. 1 Buchst. a dd", "1. Dezember 2027", "S2"):
        assert expected in text


def test_the_report_says_what_why_and_how_to_put_it_right(client: FlaskClient) -> None:
    text = client.get("/dataset/strassenbaeume-frankfurt/d1").text
    for expected in ("In 12 Zeilen ist das Pflanzjahr keine Zahl.", "Programme können damit nicht rechnen.",
                     "Tragen Sie nur vier Ziffern ein", "H12", "1.290 und weitere", "ca. 1960", "Fehler", "Warnung"):  # fmt: skip
        assert expected in text
    table = tree(client.get("/dataset/strassenbaeume-frankfurt/d1")).xpath("//table")[0]
    assert len(table.xpath(".//caption")) == 1
    assert len(table.xpath(".//th[@scope='col']")) == 5


def test_contacts_can_be_written_to_and_called(client: FlaskClient) -> None:
    addresses = tree(client.get("/dataset/strassenbaeume-frankfurt")).xpath("//aside//a/@href")
    assert {"mailto:baeume@frankfurt.example", "tel:+49-69-000000"} <= set(addresses)
    hostile = tree(client.get("/dataset/boese")).xpath("//aside//a/@href")
    assert not [address for address in hostile if address.startswith(("mailto:", "tel:"))]


def test_headers_of_every_answer(client: FlaskClient) -> None:
    for path in ("/", "/nirgends", "/static/offenbar.css", "/schema/baumkataster.json"):
        with client.get(path) as response:
            headers = response.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] and headers["Permissions-Policy"]


def test_request_ids_are_kept_when_harmless(client: FlaskClient) -> None:
    assert client.get("/", headers={"X-Request-ID": "abc-1.2"}).headers["X-Request-ID"] == "abc-1.2"
    assert re.fullmatch(r"[0-9a-f]{16}", client.get("/", headers={"X-Request-ID": "<b>"}).headers["X-Request-ID"])


def test_everything_stays_below_the_path_of_the_application(client: FlaskClient) -> None:
    for path in PAGES:
        page = tree(client.get(path, environ_overrides={"SCRIPT_NAME": "/katalog"}))
        for address in page.xpath("//a/@href | //link/@href | //form/@action"):
            own = not urlsplit(address).netloc and not urlsplit(address).scheme and address[0] not in "#?"
            assert not own or address.startswith("/katalog/"), address
    cookie = client.get("/?lang=en", environ_overrides={"SCRIPT_NAME": "/katalog"}).headers["Set-Cookie"]
    assert "Path=/katalog" in cookie


def test_static_files_carry_their_hash_and_last(client: FlaskClient) -> None:
    [address] = tree(client.get("/")).xpath("//link[contains(@href, 'offenbar.css')]/@href")
    assert re.search(r"\?v=[0-9a-f]{12}$", address)
    with client.get(address) as lasting, client.get("/static/offenbar.css") as short:
        assert "immutable" in lasting.headers["Cache-Control"]
        assert "immutable" not in short.headers["Cache-Control"]
    assert (web_sample.WEB / "static" / "offenbar.css").stat().st_size < 12_000


def test_the_design_system_is_sent_compressed_where_that_is_understood(client: FlaskClient) -> None:
    address = f"/static/{KERN_FOLDER}/kern.min.css"
    with client.get(address) as plain, client.get(address, headers={"Accept-Encoding": "gzip"}) as small:
        assert small.content_encoding == "gzip" and gzip.decompress(small.data) == plain.data
        assert "Accept-Encoding" in small.vary and small.headers["Content-Security-Policy"]
        assert small.content_length == len(small.data) < 50_000
    again = {"Accept-Encoding": "gzip", "If-None-Match": small.headers["ETag"]}
    with client.get(address, headers=again) as unchanged:
        assert unchanged.status_code == 304


@pytest.mark.parametrize("path", MISSING)
def test_what_is_missing_is_said_with_a_next_step(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"X-Request-ID": "kennung-7"})
    assert response.status_code == 404
    assert "Diese Seite gibt es nicht" in response.text and "kennung-7" in response.text
    assert len(tree(response).xpath("//main//form")) == 1


def test_a_withdrawn_dataset_answers_410_with_its_last_title(client: FlaskClient) -> None:
    for path in ("/dataset/weg", "/dataset/weg/x"):
        response = client.get(path)
        assert response.status_code == 410
        assert "Alte Liste &lt;img" in response.text


def test_a_failure_tells_nothing_of_the_inside(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    response = client.get("/dataset/kaputt")
    assert response.status_code == 500
    assert "geheimer" not in response.text and "Traceback" not in response.text
    assert response.headers["X-Request-ID"] in response.text
    assert "geheimer" in caplog.text


def test_programs_get_problem_details(client: FlaskClient) -> None:
    response = client.get("/api/nirgends", headers={"X-Request-ID": "k1"})
    assert response.status_code == 404 and response.content_type == "application/problem+json"
    assert json.loads(response.data)["instance"] == "urn:request:k1"
    assert client.post("/dataset").status_code == 405


def test_old_names_and_ids_lead_to_the_page(client: FlaskClient) -> None:
    moved = client.get("/dataset/alt")
    assert (moved.status_code, moved.location) == (301, "/dataset/strassenbaeume-frankfurt")
    moved = client.get("/dataset/alt/d1")
    assert (moved.status_code, moved.location) == (301, "/dataset/strassenbaeume-frankfurt/d1")
    by_id = client.get(f"/dataset/{web_sample.UUID}")
    assert (by_id.status_code, by_id.location) == (302, "/dataset/strassenbaeume-frankfurt")


def test_odd_search_parameters_do_no_harm(client: FlaskClient) -> None:
    for query in (
        "page=0",
        "page=-1",
        "page=x",
        "page=²",
        "page=999999999999",
        "sort=x",
        "q=%00%FF",
        "q=" + "a" * 5000,
    ):
        assert client.get(f"/dataset?{query}").status_code == 200, query


def test_relevance_is_offered_only_for_a_search_term(client: FlaskClient) -> None:
    current = "//div[@class='o-sort']//a[@aria-current]/text()"
    assert tree(client.get("/dataset?q=baum")).xpath(current) == ["Relevanz"]
    assert tree(client.get("/dataset")).xpath(current) == ["Neueste"]
    assert "Relevanz" not in client.get("/dataset").text


def test_filters_can_be_taken_off_one_by_one(client: FlaskClient) -> None:
    chips = tree(client.get("/dataset?q=baum&city=frankfurt&theme=ENVI")).xpath("//a[@class='o-chip']/@href")
    assert chips == ["/dataset?q=baum&theme=ENVI", "/dataset?q=baum&city=frankfurt"]


def test_the_schema_is_there_for_programs(client: FlaskClient) -> None:
    response = client.get("/schema/baumkataster.json")
    assert response.mimetype == "application/json"
    assert response.json is not None and response.json["name"] == "baumkataster"


def test_only_one_template_names_classes_of_the_design_system() -> None:
    folder = web_sample.WEB / "templates"
    naming = {
        file.relative_to(folder).as_posix() for file in folder.rglob("*.html") if "kern-" in file.read_text("utf-8")
    }
    assert naming == {"macros/kern.html"}


def test_no_template_switches_escaping_off() -> None:
    for file in (web_sample.WEB / "templates").rglob("*.html"):
        assert not re.search(r"\|\s*safe|autoescape|Markup", file.read_text("utf-8")), file
