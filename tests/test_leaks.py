"""Nothing that is kept back can be read anywhere: every public address of a real catalogue is asked and searched."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import sqlalchemy as sa
import tantivy
from demo_home import DATASETS, SOURCES, DemoHome
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from catalog import german, jobs, store
from catalog.app import create_app
from catalog.index_fields import ANYWHERE, WORD
from catalog.instance import Instance
from catalog.models import DatasetRow, FileRow
from catalog.reading import Reading
from catalog.table_work import check as look
from examples import server
from validators import schemas

KEPT_BACK = {
    "baumpaten.csv": "ffm-gruenflaechen/baumpatenschaften/baumpaten.csv",
    "fledermausquartiere.csv": "ffm-gruenflaechen/fledermausquartiere/fledermausquartiere.csv",
    "notwasserbrunnen.geojson": "wi-umwelt/notwasserbrunnen.geojson",
}

REPORTS = ("report", "report.html", "report.csv", "report.json", "report.sarif", "report.junit.xml", "badge.svg")


def cells(name: str) -> set[str]:
    """Every cell or value of an example file."""
    text = (server.ROOT / KEPT_BACK[name]).read_text("utf-8-sig")
    if name.endswith(".csv"):
        return {cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row}
    return set(re.findall(r"-?\d+\.\d+|\"[^\"]*\"", text)) - {'"Feature"'}


def known_elsewhere() -> str:
    """What departments say openly: the other files, the metadata, the definitions."""
    kept_back = {server.ROOT / path for path in KEPT_BACK.values()}
    folder = Path(server.__file__).parent
    folders = (folder, Path(schemas.__file__).parent / "schemas")
    paths = [path for each in folders for path in sorted(each.rglob("*")) if path.is_file() and path not in kept_back]
    parts = [path.read_bytes() for path in paths]
    return b"\n".join(parts).decode("utf-8", "replace")


def secrets() -> set[str]:
    """The cells that stand in kept-back files only, and are long enough to be recognised."""
    elsewhere = known_elsewhere()
    found = {cell.strip('"') for name in KEPT_BACK for cell in cells(name)}
    return {cell for cell in found if len(cell) > 4 and cell not in elsewhere}


def pages(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every page a visitor can reach by links, in both languages, starting at the home page."""
    for lang in ("de", "en"):
        client.set_cookie("lang", lang)
        waiting, seen = ["/", "/catalog", "/api", "/schema", "/organization", "/dataset"], set[str]()
        while waiting:
            address = waiting.pop()
            # Searches with several filters show nothing that searches with one do not.
            # A PDF says what the page to mail says, and its text is compressed.
            if (
                address in seen
                or "&" in address
                or address.endswith(".pdf")
                or address.startswith(("/static/", "/api/3/", "/api/action/"))
            ):
                continue
            seen.add(address)
            answer = client.get(address, follow_redirects=True, headers={"Accept": "text/html,*/*;q=0.8"})
            assert answer.status_code < 500, address
            yield f"{address} ({lang})", read(answer)
            if answer.mimetype == "text/html":
                links = html.document_fromstring(answer.data).xpath("//a/@href | //link/@href | //form/@action")
                waiting += [f"{parts.path}{'?' + parts.query if parts.query else ''}" for link in links
                            if not (parts := urlsplit(link.replace("http://127.0.0.1:5000", ""))).netloc
                            and not parts.scheme and parts.path.startswith("/") and "lang=" not in parts.query]  # fmt: skip
        assert len(seen) > 60


def interfaces(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every interface for programs."""
    packages = client.get("/api/action/package_search?rows=1000").get_json()["result"]["results"]
    fields = json.dumps(["organization", "groups", "tags", "res_format", "license_id", "city"])
    addresses = [
        "/api/action/package_list", "/api/action/organization_list?all_fields=true", "/api/action/status_show",
        "/api/action/package_search?rows=1000", f"/api/action/package_search?facet.field={quote(fields)}&facet.limit=-1",
        *(f"/catalog.{ending}" for ending in ("ttl", "rdf", "jsonld", "nt")),
        *(f"/city/{city}/catalog.ttl" for city in ("darmstadt", "frankfurt", "wiesbaden")),
        *(f"/feed{ending}{part}" for ending in ("", ".jsonld") for part in ("", "?page=1")),
        *(f"/oai?verb=ListRecords&metadataPrefix={prefix}" for prefix in ("dcat", "oai_dc")), "/oai?verb=ListSets",
        *(f"/feeds/city/{city}.atom" for city in ("darmstadt", "frankfurt", "wiesbaden")), "/feeds/dataset.atom",
        *(f"/api/action/organization_show?id={p['organization']['name']}&include_datasets=true" for p in packages),
        *(f"/api/action/package_show?id={p['id']}" for p in packages),
        *(f"/dataset/{p['id']}.{ending}" for p in packages for ending in ("ttl", "rdf", "jsonld", "nt")),
    ]  # fmt: skip
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        yield address, read(answer)


def data(client: FlaskClient, catalogue: Instance) -> Iterator[tuple[str, str]]:
    """The data API, the download and the reports of every distribution, kept back or not."""
    with catalogue.database.reading() as session:
        for shown in store.views(session, list(session.scalars(sa.select(DatasetRow.id)))):
            for file in shown.files:
                for address in (f"/api/data/{file.id}?limit=10000", f"/api/data/{file.id}.csv", f"/api/data/{file.id}/changes",
                                f"/dataset/{shown.id}/resource/{file.id}/download/{quote(file.name)}",
                                *(f"/dataset/{shown.name}/{file.id}/{form}" for form in REPORTS)):  # fmt: skip
                    yield address, read(client.get(address))


def read(answer: TestResponse) -> str:
    return f"{answer.data.decode('utf-8', 'replace')}\n{answer.headers}"


@pytest.fixture(scope="module")
def everything(catalogue: Instance) -> dict[str, str]:
    client = create_app(catalogue).test_client()
    return {**dict(pages(client)), **dict(interfaces(client)), **dict(data(client, catalogue))}


@pytest.mark.slow
def test_the_search_for_leaks_sees_what_is_public(everything: dict[str, str]) -> None:
    assert len(everything) > 250
    whole = "\n".join(everything.values())
    assert "Parkstraße" in whole or "straße" in whole
    assert "4400" in whole, "the open figures of the emergency wells"


@pytest.mark.slow
def test_no_cell_of_a_kept_back_file_is_public(everything: dict[str, str]) -> None:
    hidden = secrets()
    assert {"anna.beispiel@example.org", "0176 04069000", "BP-001", "ffm-fm-001", "8.681417", "wi-nb-001"} <= hidden
    pattern = re.compile("|".join(re.escape(cell) for cell in sorted(hidden)))
    assert not any("\n" in cell for cell in hidden)
    # Most lines stand on many pages: each is searched once.
    where = {line: address for address, text in everything.items() for line in text.split("\n")}
    assert {address: found for line, address in where.items() if (found := pattern.findall(line))} == {}


@pytest.mark.slow
def test_no_copy_and_no_history_of_a_kept_back_file_is_public(catalogue: Instance) -> None:
    client = create_app(catalogue).test_client()
    with catalogue.database.reading() as session:
        found = [
            file
            for shown in store.views(session, list(session.scalars(sa.select(DatasetRow.id))))
            for file in shown.files
        ]
        hidden = [file for file in found if not file.state.visible]
        assert {file.name for file in hidden} >= set(KEPT_BACK)
        for file in hidden:
            assert (file.copy, file.table, file.csv, file.log, file.newer, file.unmapped) == (
                "",
                "",
                "",
                "",
                None,
                None,
            )
            assert Reading(catalogue, session).history(file) == ()
            for ending in ("", ".csv", ".parquet", "/changes"):
                assert client.get(f"/api/data/{file.id}{ending}").status_code == 404
        kept = session.scalars(sa.select(FileRow).where(FileRow.id.in_([file.id for file in hidden]))).all()
        served = {digest for file in found if file.state.visible for digest in (file.copy, file.table, file.csv)}
        assert not {digest for row in kept for digest in (row.table_sha256, row.csv_sha256) if digest} & served


@pytest.mark.slow
def test_no_address_of_a_kept_back_file_is_public(demo: DemoHome, everything: dict[str, str]) -> None:
    for path in KEPT_BACK.values():
        for form in (path, path.rsplit("/", 1)[0] + "/" if path.count("/") > 1 else path, quote(path, safe="")):
            assert [address for address, text in everything.items() if form in text] == []


@pytest.mark.slow
def test_addresses_of_departments_are_those_of_linked_files_only(demo: DemoHome, everything: dict[str, str]) -> None:
    found = {
        link
        for text in everything.values()
        for link in re.findall(rf"{re.escape(demo.departments)}[^\s\"'<>&)]*", text)
    }
    assert found
    drops = [
        source
        for source in SOURCES
        if "type: files" in (Path(server.__file__).parent / "sources" / f"{source}.yaml").read_text()
    ]
    assert len(drops) == 7
    assert [link for link in found if any(f"/{source}/" in link for source in drops)] == []


@pytest.mark.slow
def test_no_path_of_ours_is_public(demo: DemoHome, everything: dict[str, str]) -> None:
    forbidden = (str(demo.path), "secret-key", str(Path(server.__file__).parent), "sqlite:", "Traceback")
    assert [(a, word) for a, text in everything.items() for word in forbidden if word in text] == []


@pytest.mark.parametrize(
    "word", ["Mustermann", '"anna.beispiel@example.org"', "BP-001", "Abendsegler", "Quellfassung", "Must*", "04069000"]
)
def test_nothing_kept_back_can_be_searched_for(public: FlaskClient, word: str) -> None:
    assert found(public, word) == []


def test_no_word_of_a_kept_back_cell_stands_in_the_index(public: FlaskClient, demo: DemoHome) -> None:
    """The search takes any word of a question, its parts and what it may have meant; here the whole word, and what is in the index."""
    openly = known_elsewhere().casefold()
    kept = {word for cell in secrets() for word in re.findall(r"\w{4,}", cell.casefold()) if word not in openly}
    assert {"0176", "04069000", "abendsegler", "wasserfledermaus"} <= kept and len(kept) > 100
    assert {word: names for word in sorted(kept) if (names := found(public, f'"{word}"'))} == {}
    searcher = tantivy.Index.open(str(demo.path / "index")).searcher()
    words = {word for word, _ in searcher.terms_with_prefix(WORD, "")}
    terms = {word for word, _ in searcher.terms_with_prefix(ANYWHERE, "")}
    assert {"baumkataster", "fledermausquartiere"} <= words and german.term("fledermausquartiere") in terms
    assert {word for word in kept if word in words or german.term(word) in terms} == set()


def test_a_kept_back_cell_finds_only_what_says_its_words_openly(public: FlaskClient) -> None:
    phrases = {cell for cell in secrets() if re.search(r"\w{3}", cell) and '"' not in cell}
    assert len(phrases) > 100
    for cell in sorted(phrases):
        for name in found(public, f'"{cell}"'):
            package = public.get("/api/action/package_show", query_string={"id": name}).text.casefold()
            assert [word for word in german.words(cell) if word not in package] == [], (cell, name)


def found(client: FlaskClient, text: str) -> list[str]:
    """The names of the datasets that a search finds."""
    answer = client.get("/api/action/package_search", query_string={"q": text, "rows": 100}).get_json()["result"]
    assert answer["count"] == len(answer["results"])
    return [package["name"] for package in answer["results"]]


def test_withdrawal_takes_everything_away(demo: DemoHome, tmp_path: Path) -> None:
    instance = demo.copy(tmp_path / "home").open()
    client = create_app(instance).test_client()
    shown = client.get("/api/action/package_show?id=trinkbrunnen-in-wiesbaden").get_json()["result"]
    addresses = [f"/dataset/{shown['name']}/{resource['id']}" for resource in shown["resources"]]
    addresses += [urlsplit(resource["url"]).path for resource in shown["resources"]]
    addresses += [f"/dataset/{shown['id']}.ttl", f"/dataset/{shown['name']}", f"/api/data/{shown['resources'][0]['id']}",
                  f"/api/action/package_show?id={shown['id']}"]  # fmt: skip
    assert {client.get(address).status_code for address in addresses} == {200}
    with instance.database.writing() as session:
        store.withdraw(session, [shown["id"]], "test")
    answers = {address: client.get(address) for address in addresses}
    assert {answer.status_code for answer in answers.values()} <= {404, 410}
    for answer in answers.values():
        assert "Trinkwasser, Hitze" not in answer.text and "download/" not in answer.text
    assert client.get("/api/action/package_search?rows=100").get_json()["result"]["count"] == DATASETS - 1
    assert shown["id"].encode() not in client.get("/catalog.nt").data
    instance.database.close()


def test_a_file_that_cannot_be_fetched_does_not_tell_where_it_was(demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    (tmp_path / "amt").mkdir()
    (tmp_path / "amt" / "dateien.txt").write_text("intern/fehlt.csv\n", encoding="utf-8")
    with server.start(0, tmp_path / "amt") as departments:
        (home.path / "sources" / "wi-neu.yaml").write_text(
            f"id: wi-neu\ncity: wiesbaden\ndepartment: Neues Amt\ntype: files\nurl: {departments.url}dateien.txt\n"
            f'network: {{allow: ["127.0.0.1:{departments.port}"]}}\nrelease: at_once\n'
            "defaults: {license: dl-zero-de/2.0, contributor: hessen, publisher: {name: Neues Amt}, language: DEU}\n"
            'datasets: [{pattern: "fehlt*", title: Neue Liste, description: "Eine neue Liste.", theme: ENVI}]\n',
            encoding="utf-8",
        )
        instance = home.open()
        (source,) = instance.sources(("wi-neu",))
        outcome = jobs.harvest(instance, source)
        assert outcome.counts.created == 1, outcome
        jobs.check_files(instance, source, look)
        client = create_app(instance).test_client()
        package = client.get("/api/action/package_search?fq=organization:wiesbaden-neues-amt").get_json()["result"]
        (name,) = (found["name"] for found in package["results"])
        page = client.get(f"/dataset/{name}").text
        (link,) = set(re.findall(rf"/dataset/{name}/[0-9a-f-]{{36}}", page))
        for text in (page, client.get(link).text, client.get(f"/dataset/{name}.ttl").text, client.get("/").text):
            assert f"127.0.0.1:{departments.port}" not in text and "intern/" not in text
        instance.database.close()
