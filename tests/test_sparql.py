"""The SPARQL endpoint: what it answers, in which formats, what it refuses; and the triple store behind it, which follows the change log."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import homes
import pyoxigraph as ox
import pytest
from demo_home import DemoHome
from flask import Flask
from flask.testing import FlaskClient
from homes import define
from lxml import etree, html
from source_site import Entry, Site
from werkzeug.test import TestResponse

import cli
from catalog import documents, jobs, sparql_query, sparql_run, store, triples
from catalog.api.sparql_examples import examples
from catalog.app import create_app
from catalog.config import City
from catalog.instance import Instance
from catalog.models import DatasetRow
from catalog.sparql_run import Query, QueryError
from dcat.errors import StateError
from dcat.namespaces import expand

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
ALL = "SELECT * WHERE { ?s ?p ?o }"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
TITLES = "PREFIX dct: <http://purl.org/dc/terms/> SELECT ?t WHERE { ?s a <http://www.w3.org/ns/dcat#Dataset> ; dct:title ?t }"
PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l ."
ENDLESS = f"SELECT (COUNT(*) AS ?n) WHERE {{ {PRODUCT} }}"
SITE = "https://daten.example.org"


@pytest.fixture(scope="module")
def home(demo: DemoHome, tmp_path_factory: pytest.TempPathFactory) -> DemoHome:
    return demo.copy(tmp_path_factory.mktemp("sparql") / "home")


@pytest.fixture(scope="module")
def opened(home: DemoHome) -> Iterator[Instance]:
    instance = home.open()
    yield instance
    instance.database.close()


@pytest.fixture(scope="module")
def app(opened: Instance) -> Flask:
    return create_app(opened)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask(client: FlaskClient, query: str, accept: str = "", **parameters: str) -> TestResponse:
    headers = {"Accept": accept} if accept else {}
    return client.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


def rows(instance: Instance, query: str) -> list[dict[str, str]]:
    sparql_run.catch_up(instance)
    found = json.loads(sparql_run.run(instance, Query(text=query)).body)
    return [{name: term["value"] for name, term in row.items()} for row in found["results"]["bindings"]]


def titles(instance: Instance) -> list[str]:
    return sorted(row["t"] for row in rows(instance, TITLES))


def quads(instance: Instance) -> set[str]:
    """All quads of the newest snapshot; its default graph must be the union of the others, each triple once."""
    with triples.snapshot(instance) as found:
        content = list(ox.Store.read_only(str(found.folder)))
    union = {str(quad.triple) for quad in content if quad.graph_name == ox.DefaultGraph()}
    assert union == {str(quad.triple) for quad in content if quad.graph_name != ox.DefaultGraph()}
    return {str(quad) for quad in content}


def reloaded(body: bytes) -> set[str]:
    """A document's triples as the store writes them: numbers and times in canonical form."""
    memory = ox.Store()
    memory.load(body, ox.RdfFormat.N_TRIPLES)
    return {str(quad.triple) for quad in memory}


@contextmanager
def taken(instance: Instance, places: int = sparql_run.PLACES) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(places):
            file = stack.enter_context((triples.work_folder(instance) / f"place-{number}").open("w"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# What it answers


def test_every_example_answers_on_the_page_and_as_data(client: FlaskClient, opened: Instance) -> None:
    offered = examples(opened.config)
    assert len(offered) == 6
    lines = {}
    for example in offered:
        answer = ask(client, example.query, format="csv")
        assert answer.status_code == 200, answer.text
        lines[example.title.en] = answer.text.splitlines()[1:]
        page = client.get("/sparql", query_string={"query": example.query}, headers=BROWSER)
        assert page.status_code == 200
        cells = html.fromstring(page.data).xpath("count(//table//tbody/tr)")
        assert cells == len(lines[example.title.en])
    themes = lines["Datasets per city and theme"]
    assert {line.partition(",")[0] for line in themes} == {"Darmstadt", "Frankfurt am Main", "Wiesbaden"}
    csv = lines["All CSV files to download: Frankfurt am Main"]
    assert any("/download/" in line and line.endswith(".csv") for line in csv)
    assert len(csv) == len(set(csv)) > 5
    with opened.database.reading() as session:
        published = session.query(DatasetRow).where(store.VISIBLE).count()
        hvd = [row.uri for row in session.query(DatasetRow).where(store.VISIBLE) if row.hvd]
    newest = lines["The newest changes"]
    assert len(newest) == min(published, 20) and newest == sorted(newest, key=lambda line: line[:20], reverse=True)
    publishers = lines["Publishers and how many datasets they have"]
    assert sum(int(line.rpartition(",")[2]) for line in publishers) == published
    listed = {line.partition(",")[0] for line in lines["High-value datasets (HVD) with their licences"]}
    assert listed and listed <= set(hvd)
    assert lines["Distributions that do not say their format"] == []


def test_examples_hold_for_a_catalogue_of_other_cities(opened: Instance) -> None:
    odd = City("bad", 'Bad "Hom\\burg"', "06434001")
    for cities in ((), (odd,)):
        config = type(opened.config)(
            **{n: getattr(opened.config, n) for n in opened.config.__slots__} | {"cities": cities}
        )
        for example in examples(config):
            assert sparql_run.run(opened, Query(text=example.query)).body


def test_a_graph_says_what_the_document_of_its_name_says(client: FlaskClient, opened: Instance) -> None:
    with opened.database.reading() as session:
        row = session.query(DatasetRow).where(store.VISIBLE).order_by(DatasetRow.id).first()
        assert row is not None
        document = documents.dataset(session, opened.config, row.id, "nt")
    graph = triples.dataset_graph(opened.config.site_url, row.id)
    assert client.get(graph.removeprefix(opened.config.site_url)).status_code == 200
    found = ask(client, f"CONSTRUCT {{ ?s ?p ?o }} FROM <{graph}> WHERE {{ ?s ?p ?o }}", format="nt")
    links = {f"<{opened.config.site_url}/catalog> <{expand(c)}>" for c in ("dcat:dataset", "dcat:record")}
    got = reloaded(found.data)
    extra = got - reloaded(document or b"")
    assert reloaded(document or b"") <= got
    assert {" ".join(triple.split(" ")[:2]) for triple in extra} == links


def test_without_from_a_query_is_about_all_and_counts_each_triple_once(client: FlaskClient, opened: Instance) -> None:
    quads(opened)
    everything = reloaded(homes.exported(opened))
    (row,) = rows(opened, COUNT)
    assert int(row["n"]) == len(everything)
    (row,) = rows(opened, "SELECT (COUNT(*) AS ?n) FROM <http://nirgends.example/> WHERE { ?s ?p ?o }")
    assert row["n"] == "0"
    graph = triples.catalogue_graph(opened.config.site_url)
    (one,) = rows(opened, f"SELECT (COUNT(*) AS ?n) FROM <{graph}> WHERE {{ ?s ?p ?o }}")
    (same,) = rows(opened, f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    by_protocol = ask(client, COUNT, format="csv", **{"default-graph-uri": graph})
    assert 0 < int(one["n"]) == int(same["n"]) == int(by_protocol.text.split()[1]) < len(everything)
    (kept,) = rows(
        opened, f"SELECT (COUNT(DISTINCT ?g) AS ?n) FROM NAMED <{graph}> WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}"
    )
    assert kept["n"] == "1"


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        (ALL, "", "application/sparql-results+json"),
        (ALL, "*/*", "application/sparql-results+json"),
        (ALL, "application/json", "application/sparql-results+json"),
        (ALL, "application/sparql-results+xml", "application/sparql-results+xml"),
        (ALL, "text/csv;q=0.5, text/tab-separated-values", "text/tab-separated-values"),
        (ALL, "text/csv, text/html;q=0.4", "text/csv"),
        ("ASK {}", "text/csv", "text/csv"),
        ("DESCRIBE ?s WHERE { ?s ?p ?o } LIMIT 1", "", "text/turtle"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/ld+json, text/turtle;q=0.9", "application/ld+json"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/rdf+xml, application/sparql-results+json", "application/rdf+xml"),
        (ALL, "application/rdf+xml, application/sparql-results+json;q=0.1", "application/sparql-results+json"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples", "application/n-triples"),
    ],
)
def test_the_format_is_negotiated(client: FlaskClient, query: str, accept: str, expected: str) -> None:
    answer = ask(client, f"{query} LIMIT 5" if "LIMIT" not in query and "ASK" not in query else query, accept)
    assert (answer.status_code, answer.mimetype) == (200, expected)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept" in answer.vary
    assert not expected.startswith("text/") or answer.content_type.endswith("; charset=utf-8")


def test_formats_hold_what_they_promise(client: FlaskClient) -> None:
    query = "SELECT ?s ?o WHERE { ?s <http://purl.org/dc/terms/title> ?o } ORDER BY ?s ?o LIMIT 3"
    bindings = ask(client, query, format="json").json["results"]["bindings"]  # type: ignore[index]
    assert len(bindings) == 3
    xml = etree.fromstring(ask(client, query, format="xml").data)
    assert len(xml.findall(".//{*}result")) == 3
    for form, kind in (
        ("json", ox.QueryResultsFormat.JSON),
        ("xml", ox.QueryResultsFormat.XML),
        ("tsv", ox.QueryResultsFormat.TSV),
    ):
        parsed = ox.parse_query_results(ask(client, query, format=form).data, format=kind)
        assert [row["o"].value for row in parsed] == [row["o"]["value"] for row in bindings]  # type: ignore[union-attr]
    graphs = [
        ask(client, "DESCRIBE <http://127.0.0.1:5000/catalog>", format=form) for form in ("ttl", "nt", "rdf", "jsonld")
    ]
    parsed_graphs = [
        {str(quad.triple) for quad in ox.parse(answer.data, ox.RdfFormat.from_media_type(answer.mimetype))}
        for answer in graphs
    ]
    assert parsed_graphs[0] and all(found == parsed_graphs[0] for found in parsed_graphs)


def test_the_protocol_in_its_three_forms(client: FlaskClient) -> None:
    expected = ask(client, COUNT).data
    assert client.post("/sparql", data={"query": COUNT}).data == expected
    assert client.post("/sparql", data=COUNT, content_type="application/sparql-query").data == expected
    assert client.post("/sparql", data=COUNT, content_type="application/sparql-query; charset=utf-8").data == expected
    asked = client.options(
        "/sparql", headers={"Access-Control-Request-Method": "POST", "Origin": "https://anderswo.example"}
    )
    assert asked.status_code == 204
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in asked.headers["Access-Control-Allow-Headers"]


def test_what_is_known_costs_no_query(client: FlaskClient, opened: Instance) -> None:
    first = ask(client, COUNT)
    tag = first.headers["ETag"]
    assert 0 < (first.cache_control.max_age or 0) <= 60
    with taken(opened):
        again = client.get("/sparql", query_string={"query": COUNT}, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert ask(client, COUNT, format="csv").headers["ETag"] != tag
    assert ask(client, COUNT + " ").status_code == 200
    changing = ask(client, "SELECT (NOW() AS ?now) {}")
    assert "ETag" not in changing.headers and changing.cache_control.no_store


def test_large_answers_are_compressed_for_who_wants_it(client: FlaskClient) -> None:
    plain = client.get("/sparql", query_string={"query": ALL})
    small = client.get("/sparql", query_string={"query": ALL}, headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip" and len(small.data) < len(plain.data) / 3


def test_the_endpoint_describes_itself(client: FlaskClient) -> None:
    for accept in ("*/*", "text/turtle", "application/rdf+xml", "application/ld+json", ""):
        answer = client.get("/sparql", headers={"Accept": accept} if accept else {})
        found = list(ox.parse(answer.data, ox.RdfFormat.from_media_type(answer.mimetype)))
        said = {(quad.predicate.value.rpartition("#")[2], quad.object.value.rpartition("#")[2]) for quad in found}
        assert {("supportedLanguage", "SPARQL11Query"), ("feature", "UnionDefaultGraph"), ("type", "Service")} <= said
        assert ("endpoint", "http://127.0.0.1:5000/sparql") in said


# The page


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_page(client: FlaskClient, lang: str) -> None:
    page = html.fromstring(client.get(f"/sparql?lang={lang}", headers=BROWSER).data)
    assert page.get("lang") == lang
    assert len(page.xpath("//h1")) == 1
    (field,) = page.xpath("//textarea[@name='query']")
    assert page.xpath(f"//label[@for='{field.get('id')}']")
    assert "SELECT" in field.text
    assert len(page.xpath("//section[@aria-labelledby='examples']//a")) == 6
    assert page.xpath("//script") == []
    assert {link for link in page.xpath("//link/@href | //img/@src | //form/@action") if "//" in link} == set()
    client.get("/sparql?lang=de", headers=BROWSER)


def test_results_of_every_kind_on_the_page(client: FlaskClient) -> None:
    def page(query: str) -> html.HtmlElement:
        answer = client.get("/sparql", query_string={"query": query}, headers=BROWSER)
        assert answer.status_code == 200
        return html.fromstring(answer.data)

    hostile = page('SELECT ("<script>alert(1)</script>"@en AS ?x) (<javascript:alert(1)> AS ?y) (1/0 AS ?z) {}')
    assert hostile.xpath("//script | //a[starts-with(@href, 'javascript')]") == []
    assert [cell.text_content() for cell in hostile.xpath("//tbody//td")] == [
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        "",
    ]
    assert hostile.xpath("//tbody//span/@lang") == ["en"]
    assert page("ASK {}").xpath("//tbody//td")[0].text == "ja"
    assert (
        "dcat"
        in page("DESCRIBE <http://127.0.0.1:5000/catalog>")
        .xpath("//section[@aria-labelledby='result']//pre")[0]
        .text_content()
    )
    links = page(COUNT).xpath("//section[@aria-labelledby='result']//a/@href")
    assert len(links) == 4
    assert all(client.get(link).status_code == 200 for link in links)
    assert page("SELECT * WHERE { <a:b> ?p ?o }").xpath("//tbody/tr") == []


def test_a_failed_query_keeps_its_text_and_says_why(client: FlaskClient) -> None:
    answer = client.get("/sparql", query_string={"query": "SELECT <b>"}, headers=BROWSER)
    page = html.fromstring(answer.data)
    assert answer.status_code == 400
    assert page.xpath("//textarea")[0].text.strip() == "SELECT <b>"
    assert "error at 1:" in page.text_content()


def test_a_result_too_large_for_the_page_is_not_shown_in_part(client: FlaskClient) -> None:
    query = "SELECT * WHERE { ?s ?p ?o . ?x ?y ?z } LIMIT 20000"
    answer = client.get("/sparql", query_string={"query": query}, headers=BROWSER)
    assert answer.status_code == 422
    assert "500 kB" in answer.text and "<table" not in answer.text


# What it refuses


def problem(answer: TestResponse, status: int) -> str:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text[:300]
    content = answer.json
    assert content is not None and content["status"] == status
    assert {"type", "title", "detail", "instance"} <= content.keys()
    assert "/home" not in answer.text and "/tmp" not in answer.text and "snapshot" not in answer.text
    return str(content["detail"])


@pytest.mark.parametrize(
    "query", ["SELECT", "nonsense", "INSERT DATA { <a:a> <a:b> 1 }", "DELETE WHERE { ?s ?p ?o }", "LOAD <http://127.0.0.1/>",
              "CLEAR ALL", "DROP ALL", "SELECT * WHERE { ?s ?p ?o } ; DROP ALL", "SELECT ?\0", "SELECT * { ?s \ud83d ?o }"]
)  # fmt: skip
def test_only_readable_queries_that_read(client: FlaskClient, opened: Instance, query: str) -> None:
    before = quads(opened)
    asked = {"query": query.encode(errors="surrogatepass")}
    assert "error at" in problem(client.get("/sparql", query_string=asked), 400)  # type: ignore[arg-type]
    assert quads(opened) == before


def test_requests_that_are_none(client: FlaskClient) -> None:
    problem(client.post("/sparql", data={"update": "DROP ALL"}), 400)
    problem(client.post("/sparql", data="DROP ALL", content_type="application/sparql-update"), 415)
    problem(client.post("/sparql", json={"query": ALL}), 415)
    problem(client.post("/sparql", data=b"SELECT \xff\xfe", content_type="application/sparql-query"), 400)
    problem(client.get("/sparql?query=SELECT%20%FF"), 400)
    problem(client.get("/sparql", query_string={"query": ["ASK {}", "ASK {}"]}), 400)  # type: ignore[dict-item]
    problem(ask(client, "ASK {}", **{"default-graph-uri": "no iri"}), 400)
    problem(ask(client, "ASK {}", format="pdf"), 406)
    problem(ask(client, "ASK {}", "image/png"), 406)
    problem(ask(client, "ASK {}", format="ttl"), 406)
    problem(ask(client, "DESCRIBE <a:b>", "text/csv"), 406)
    problem(client.get("/sparql?format=csv"), 406)
    assert client.put("/sparql").status_code == 405


def test_queries_have_an_end(client: FlaskClient) -> None:
    long = "ASK {} #" + "ü" * 10_000
    problem(client.post("/sparql", data={"query": long}), 413)
    problem(client.get("/sparql", query_string={"query": long}), 413)
    problem(client.post("/sparql", data=long.encode(), content_type="application/sparql-query"), 413)
    problem(client.post("/sparql", data=b"x" * 1_000_000, content_type="application/sparql-query"), 413)
    assert client.post("/sparql", data=b"x" * 3_000_000, content_type="application/sparql-query").status_code == 413


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"SELECT * WHERE {{ {PRODUCT} }}", "größer als 10 MB"),
        (f"SELECT * WHERE {{ {PRODUCT} }} LIMIT 200000", "größer als 10 MB"),
        (f"SELECT * WHERE {{ {PRODUCT} }} ORDER BY ?c ?f ?i", "mehr Speicher"),
        (f"CONSTRUCT {{ [] ?b ?l }} WHERE {{ {PRODUCT} }}", "größer als 10 MB"),
        ("SELECT * {" + "{" * 5000 + "?s ?p ?o" + "}" * 5000 + "}", "verschachtelt"),
        ("SELECT * { FILTER(" + "!" * 19_000 + "true) }", "verschachtelt"),
        ("ASK { FILTER(" + "(" * 9000 + "1" + ")" * 9000 + ") }", "verschachtelt"),
    ],
    ids=["rows", "limit", "order", "construct", "groups", "not", "brackets"],
)
def test_queries_that_want_too_much(client: FlaskClient, query: str, words: str) -> None:
    assert words in problem(ask(client, query), 422)


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        ENDLESS,
        "SELECT (COUNT(*) AS ?n) { ?s (<a:b>|!<a:b>|^!<a:b>)*/(<a:b>|!<a:b>|^!<a:b>)*/(<a:b>|!<a:b>|^!<a:b>)* ?o }",
    ],
    ids=["product", "paths"],
)
def test_queries_are_ended_in_time_and_others_go_on(
    client: FlaskClient, app: Flask, opened: Instance, query: str
) -> None:
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(app.test_client(), query))) for _ in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while sum(place_is_free(opened, number) for number in range(sparql_run.PLACES)):
        assert time.monotonic() - began < sparql_run.SECONDS
        time.sleep(0.05)
    refused = ask(client, "ASK {}")
    problem(refused, 503)
    assert int(refused.headers["Retry-After"]) > 0
    for thread in threads:
        thread.join()
    assert sparql_run.SECONDS - 1 < time.monotonic() - began < sparql_run.SECONDS + 20
    assert all("Sekunden" in problem(answer, 422) for answer in answers)
    assert ask(client, "ASK {}").status_code == 200


def test_only_so_many_at_once(client: FlaskClient, opened: Instance) -> None:
    with taken(opened):
        refused = ask(client, "ASK {}")
        assert "gleichzeitig" in problem(refused, 503)
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/sparql", query_string={"query": "ASK {}"}, headers=BROWSER).headers["Retry-After"]
    with taken(opened, sparql_run.PLACES - 1):
        assert ask(client, "ASK {}").status_code == 200


def place_is_free(instance: Instance, number: int) -> bool:
    with (triples.work_folder(instance) / f"place-{number}").open("w") as place:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


# No way out


@contextmanager
def listening() -> Iterator[tuple[int, list[object]]]:
    """A server that notes who comes, and hangs up."""
    guests: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def welcome() -> None:
            while not done.is_set():
                try:
                    guest, address = server.accept()
                except TimeoutError:
                    continue
                guests.append(address)
                guest.close()

        thread = threading.Thread(target=welcome)
        thread.start()
        try:
            yield server.getsockname()[1], guests
        finally:
            done.set()
            thread.join()


def federated(port: int, word: str = "SERVICE") -> list[str]:
    return [
        f"SELECT * {{ {word} <http://{host}:{port}/sparql> {{ ?s ?p ?o }} }}" for host in ("127.0.0.1", "localhost")
    ] + [
        f"PREFIX ex: <http://127.0.0.1:{port}/> SELECT * {{ {word}ex:sparql {{ ?s ?p ?o }} }}",
        f"SELECT * {{ VALUES ?x {{ <http://127.0.0.1:{port}/> }} {word} ?x {{ ?s ?p ?o }} }}",
    ]


def test_nothing_is_ever_fetched(client: FlaskClient) -> None:
    with listening() as (port, guests):
        for query in federated(port) + federated(port, "service"):
            assert "SERVICE" in problem(ask(client, query), 422)
        for query in (q for q in federated(port, "SERVICE SILENT ") if "ex:" not in q):
            # A failed call that is to be silent leaves one empty solution (SPARQL 1.1 Federated Query, section 2.3.1).
            assert ask(client, query).status_code == 200
        assert guests == []
        with pytest.raises(OSError):
            list(ox.Store().query(federated(port)[0]))  # type: ignore[call-overload]
        time.sleep(0.2)
        assert guests, "without the program's limits the same query does call"


def test_where_the_kernel_cannot_help_the_word_is_refused(opened: Instance) -> None:
    with triples.snapshot(opened) as found:
        for query in ("SELECT * { sErViCe <http://127.0.0.1:1/> {} }", 'ASK { BIND("Service" AS ?x) }'):
            request: dict[str, object] = {"query": query, "solutions": "json", "triples": "ttl", "most": 1000}
            assert sparql_query.answer(str(found.folder), request, offline=False) == ({"outcome": "service"}, b"")
            if "ASK" in query:
                assert sparql_query.answer(str(found.folder), request, offline=True)[0]["outcome"] == "done"


OTHER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from catalog import sparql_run, triples
from catalog.sparql_run import QueryError
from catalog.instance import open_instance
instance = open_instance()
work = sys.argv[2]
if work == "query":
    print(sparql_run.run(instance, sparql_run.Query(text=sys.argv[3], solutions="csv")).body.decode())
elif work == "rebuild":
    print(triples.rebuild(instance))
else:
    sparql_run.catch_up(instance)
    for _ in range(300):
        try:
            answer = sparql_run.run(instance, sparql_run.Query(text=sys.argv[3], solutions="csv"))
            break
        except QueryError as error:
            # It is still being built: ask again, as one is told.
            if error.status != 503:
                raise
            time.sleep(0.2)
    print(answer.body.decode().split()[1])
instance.database.close()
"""


def another(environment: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", OTHER, str(Path(cli.__file__).parent), *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_query_ends_with_the_worker_that_asked(home: DemoHome, opened: Instance) -> None:
    sparql_run.catch_up(opened)
    with another(home.environment, "query", ENDLESS) as worker:
        until = time.monotonic() + 20
        while not (children := Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()):
            assert time.monotonic() < until
            time.sleep(0.05)
        (child,) = children
        while not Path(f"/proc/{child}/cmdline").read_bytes().count(b"sparql_query"):
            time.sleep(0.01)
        time.sleep(0.5)
        assert b"OFFENBAR" not in Path(f"/proc/{child}/environ").read_bytes()
        assert not all(place_is_free(opened, number) for number in range(sparql_run.PLACES))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    until = time.monotonic() + 6
    while not all(place_is_free(opened, number) for number in range(sparql_run.PLACES)):
        assert time.monotonic() < until, "the query outlives its worker"
        time.sleep(0.05)


def test_the_program_loads_nothing_of_the_catalogue() -> None:
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys, runpy; runpy.run_path({str(sparql_query.__file__)!r}); print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"catalog", "dcat", "flask", "sqlalchemy"})


# The store behind it


@pytest.fixture
def source(instance: Instance, site: Site) -> Iterator[object]:
    site.put_catalogue([[Entry("baeume", "Bäume"), Entry("spiel", "Spielplätze"), Entry("haushalt", "Haushalt")]])
    found = define(instance, site)
    jobs.harvest(instance, found)
    return found  # type: ignore[return-value]


def harvest(instance: Instance, site: Site, source: object, *named: str, times: int = 1) -> None:
    site.put_catalogue([[Entry(title.lower(), title) for title in named]])
    for _ in range(times):
        jobs.harvest(instance, source)  # type: ignore[arg-type]


def test_it_follows_what_is_published_changed_and_withdrawn(instance: Instance, site: Site, source: object) -> None:
    assert titles(instance) == ["Bäume", "Haushalt", "Spielplätze"]
    assert triples.catch_up(instance) == 0
    site.put_catalogue([[Entry("baeume", "Baumkataster"), Entry("spiel", "Spielplätze"), Entry("neu", "Neu")]])
    for _ in range(2):
        jobs.harvest(instance, source)  # type: ignore[arg-type]
    assert titles(instance) == ["Baumkataster", "Neu", "Spielplätze"]
    everything = "".join(sorted(quads(instance)))
    assert "Bäume" not in everything and "Haushalt" not in everything
    after = quads(instance)
    assert triples.rebuild(instance) == 4, "three datasets and a tombstone"
    assert quads(instance) == after, "step by step and at once give the same"


def test_only_what_changed_is_written(instance: Instance, site: Site, source: object) -> None:
    assert triples.catch_up(instance) == 3
    site.put_catalogue(
        [[Entry("baeume", "Baumkataster"), Entry("spiel", "Spielplätze"), Entry("haushalt", "Haushalt")]]
    )
    jobs.harvest(instance, source)  # type: ignore[arg-type]
    assert triples.catch_up(instance) == 1
    with triples.snapshot(instance) as found, instance.database.reading() as session:
        assert found.mark.seq == store.last_seq(session)


def described(uri: str, title: str, extra: str = "") -> str:
    return (
        f'<{uri}> a dcat:Dataset ; dct:title "{title}"@de ; dct:description "Text"@de ; {extra} dcat:distribution '
        "[ a dcat:Distribution ; dcat:accessURL <https://files.example/a.pdf> ] .\n"
    )


PREFIXES = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
"""


def test_a_shared_node_goes_with_the_last_dataset_that_uses_it(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    agent = "<https://amt.example/stelle> foaf:name 'Gemeinsame Stelle'@de .\n"
    one, two, three = (
        described(
            f"https://amt.example/{n}", f"Satz {n}", "dct:publisher <https://amt.example/stelle> ;" if n < 3 else ""
        )
        for n in (1, 2, 3)
    )
    names = "SELECT ?n WHERE { <https://amt.example/stelle> <http://xmlns.com/foaf/0.1/name> ?n }"
    expected = {one + two + three: 1, two + three: 1, three: 0}
    for pieces, count in expected.items():
        site.put("/1.ttl", PREFIXES + pieces + agent)
        for _ in range(2):
            jobs.harvest(instance, source)
        assert len(rows(instance, names)) == count
        quads(instance)


def test_an_agent_cannot_speak_for_a_dataset_that_comes_later(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    first = described("https://amt.example/1", "Eins", "dct:publisher <https://amt.example/2> ;")
    claim = "<https://amt.example/2> foaf:name 'Untergeschoben'@de .\n"
    site.put("/1.ttl", PREFIXES + first + claim)
    jobs.harvest(instance, source)
    names = "SELECT ?n WHERE { <https://amt.example/2> <http://xmlns.com/foaf/0.1/name> ?n }"
    assert rows(instance, names) == [{"n": "Untergeschoben"}]
    site.put("/1.ttl", PREFIXES + first + described("https://amt.example/2", "Zwei") + claim)
    jobs.harvest(instance, source)
    assert rows(instance, names) == []
    assert titles(instance) == ["Eins", "Zwei"]


def store_files(instance: Instance) -> list[Path]:
    return [
        file for file in (triples.work_folder(instance)).rglob("*") if file.is_file() and file.parent.name != "sparql"
    ]


@pytest.mark.parametrize(
    "damage", ["zeroed", "torn", "no tables", "no store", "no snapshot", "foreign", "dangling", "everything"]
)
def test_a_damaged_store_heals(instance: Instance, source: object, damage: str) -> None:
    before = titles(instance)
    folder = triples.work_folder(instance)
    tables = [file for file in store_files(instance) if file.suffix == ".sst"]
    assert tables
    if damage == "zeroed":
        for file in tables:
            file.write_bytes(b"\0" * file.stat().st_size)
    elif damage == "torn":
        for file in store_files(instance):
            os.truncate(file, file.stat().st_size // 2)
    elif damage == "no tables":
        for file in tables:
            file.unlink()
    elif damage == "no store":
        shutil.rmtree(folder / "store")
    elif damage == "no snapshot":
        shutil.rmtree((folder / "current").resolve())
    elif damage == "foreign":
        for file in folder.rglob("mark.json"):
            file.write_text(json.dumps(json.loads(file.read_text()) | {"layout": 0}))
    elif damage == "dangling":
        (folder / "current").unlink()
        (folder / "current").symlink_to("nirgends")
    else:
        shutil.rmtree(folder)
    assert titles(instance) == before
    quads(instance)


@pytest.mark.parametrize("stage", ["before the mark", "before the snapshot"])
def test_an_interrupted_writer_does_no_harm(instance: Instance, site: Site, source: object, stage: str) -> None:
    triples.catch_up(instance)
    folder = triples.work_folder(instance)
    old, shown = (folder / "store" / "mark.json").read_bytes(), (folder / "current").readlink().name
    shutil.copytree(folder / shown, folder / "kept")
    harvest(instance, site, source, "Bäume", "Neu", times=2)
    triples.catch_up(instance)
    after = quads(instance)
    (folder / "kept").rename(folder / shown)
    (folder / "current").unlink()
    (folder / "current").symlink_to(shown)
    if stage == "before the mark":
        (folder / "store" / "mark.json").write_bytes(old)
    assert titles(instance) == ["Bäume", "Neu"]
    assert quads(instance) == after


def test_a_database_from_a_backup_is_taken_up(instance: Instance, site: Site, source: object, tmp_path: Path) -> None:
    assert titles(instance) == ["Bäume", "Haushalt", "Spielplätze"]
    instance.database.close()
    kept = tmp_path / "kept.db"
    file = instance.config.home / "offenbar.db"
    shutil.copy(file, kept)
    harvest(instance, site, source, "Bäume", "Spielplätze", "Haushalt", "Neu")
    assert "Neu" in titles(instance)
    instance.database.close()
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink(missing_ok=True)
    shutil.copy(kept, file)
    assert titles(instance) == ["Bäume", "Haushalt", "Spielplätze"]


def test_much_that_is_missing_is_loaded_in_parts(
    instance: Instance, source: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triples, "BATCH", 2)
    client = create_app(instance).test_client()
    early = ask(client, COUNT)
    assert "aufgebaut" in problem(early, 503)
    assert int(early.headers["Retry-After"]) > 0
    assert ask(client, COUNT).status_code == 200
    assert titles(instance) == ["Bäume", "Haushalt", "Spielplätze"]


def test_a_query_does_not_wait_for_a_writer(instance: Instance, site: Site, source: object) -> None:
    triples.catch_up(instance)
    harvest(instance, site, source, "Neu")
    with (triples.work_folder(instance) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        began = time.monotonic()
        assert titles(instance) == ["Bäume", "Haushalt", "Spielplätze"]
        assert time.monotonic() - began < 15
    assert "Neu" in titles(instance)


def test_snapshots_do_not_pile_up_and_stay_while_they_are_read(instance: Instance, site: Site, source: object) -> None:
    triples.catch_up(instance)
    with triples.snapshot(instance) as held:
        for title in ("A", "B", "C"):
            harvest(instance, site, source, title)
            triples.catch_up(instance)
        assert {str(quad) for quad in ox.Store.read_only(str(held.folder))}
        assert len(list(triples.work_folder(instance).glob("snapshot-*"))) == 2
    harvest(instance, site, source, "D")
    triples.catch_up(instance)
    assert len(list(triples.work_folder(instance).glob("snapshot-*"))) == 1
    assert len(list((triples.work_folder(instance) / "store").glob("LOG.old.*"))) <= 2


def test_without_a_store_it_says_so(instance: Instance) -> None:
    with pytest.raises(StateError), triples.snapshot(instance):
        pass
    assert titles(instance) == [], "an empty catalogue has a store, too"
    with pytest.raises(QueryError) as found:
        sparql_run.run(instance, Query(text="SELECT"))
    assert found.value.status == 400 and found.value.message.de and found.value.message.en


@pytest.mark.slow
def test_processes_share_a_store(instance: Instance, site: Site, source: object) -> None:
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s a <http://www.w3.org/ns/dcat#Dataset> }"
    environment = homes.environment(instance.config.home)
    for title in ("Eins", "Zwei"):
        harvest(instance, site, source, "Bäume", title, times=2)
        asked = [("catch up and query", count)] * 2 + ([("rebuild",)] if title == "Zwei" else [])
        with ExitStack() as stack:
            for process in [stack.enter_context(another(environment, *words)) for words in asked]:
                output, errors = process.communicate(timeout=120)
                assert (process.returncode, errors) == (0, "")
                assert output.strip().isdigit()
        assert titles(instance) == sorted(["Bäume", title])
        quads(instance)
