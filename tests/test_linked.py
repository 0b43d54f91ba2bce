"""Linked data of a real catalogue: formats, paging at a snapshot, validators, negotiation, and the official shapes."""

import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import databases
import pyoxigraph as ox
import pytest
from demo_home import DemoHome
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shared_files import shared
from werkzeug.test import TestResponse

from catalog import jobs, schema, store
from catalog.api import linked
from catalog.app import create_app
from catalog.db import Database
from catalog.instance import Instance
from catalog.models import DatasetRow
from dcat import rdf
from dcat.namespaces import expand
from validators.shacl import Combination, ShaclSeverity, check

SITE = "http://127.0.0.1:5000"
ENDINGS = ("ttl", "rdf", "jsonld", "nt")
WITHHELD = "fledermausquartiere-in-frankfurt-am-main"
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
HYDRA = "{http://www.w3.org/ns/hydra/core#}"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def triples(body: bytes, ending: str) -> list[ox.Quad]:
    return list(ox.parse(body, rdf.FORMATS[ending].syntax))


def strings(body: bytes, ending: str, of: str = "") -> set[tuple[str, str, str]]:
    """A document's triples without the page's own description, which names its own address."""
    found = {(str(t.subject), str(t.predicate), str(t.object)) for t in triples(body, ending)}
    return {t for t in found if "hydra" not in t[1] and "hydra" not in t[2] and of in t[0]}


def values(body: bytes, curie: str, ending: str = "ttl") -> list[str]:
    return [t.object.value for t in triples(body, ending) if t.predicate.value == expand(curie)]


def local(address: str) -> str:
    """A link of the catalogue as the test client asks for it."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def walk(client: FlaskClient, address: str) -> list[bytes]:
    """Follow hydra:next to the end, as a harvester does."""
    bodies = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        bodies.append(answer.data)
        address = next((local(link) for link in values(answer.data, "hydra:next")), "")
    return bodies


def members(bodies: list[bytes]) -> list[str]:
    return [uri for body in bodies for uri in values(body, "dcat:dataset")]


def row(instance: Instance, name: str) -> DatasetRow:
    with instance.database.reading() as session:
        found = store.find_row(session, name)
        assert found is not None
        return found


def test_the_four_formats_hold_the_same_graph(public: FlaskClient) -> None:
    answers = {ending: public.get(f"/catalog.{ending}") for ending in ENDINGS}
    for ending, answer in answers.items():
        assert answer.mimetype == rdf.FORMATS[ending].media_type
    graphs = [strings(answer.data, ending) for ending, answer in answers.items()]
    assert graphs[0] == graphs[1] == graphs[2] == graphs[3]
    assert len(graphs[0]) > 500


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_blank_nodes_and_no_prefix_left_over(public: FlaskClient, ending: str) -> None:
    body = public.get(f"/catalog.{ending}").data
    for triple in triples(body, ending):
        assert not isinstance(triple.subject, ox.BlankNode) and not isinstance(triple.object, ox.BlankNode)
    assert len(triples(body, ending)) == len(set(triples(body, ending)))


@pytest.mark.parametrize("ending", ["ttl", "nt"])
def test_every_subject_stands_in_one_piece(public: FlaskClient, ending: str) -> None:
    subjects = [t.subject.value for t in triples(public.get(f"/catalog.{ending}").data, ending)]
    runs = [subject for before, subject in zip(["", *subjects], subjects, strict=False) if subject != before]
    assert [subject for subject, times in Counter(runs).items() if times > 1] == []


def test_rdf_xml_describes_each_subject_once_with_a_typed_element(public: FlaskClient) -> None:
    root = etree.fromstring(public.get("/catalog.rdf").data)
    subjects = Counter(element.get(ABOUT) for element in root)
    assert None not in subjects and max(subjects.values()) == 1
    datasets = [element for element in root if element.tag == "{http://www.w3.org/ns/dcat#}Dataset"]
    assert len(datasets) == 18


def test_hydra_in_both_forms(public: FlaskClient) -> None:
    body = public.get("/catalog.ttl?limit=5&page=2").data
    links = {name: values(body, f"hydra:{name}") for name in ("first", "previous", "next", "last")}
    for name, found in links.items():
        assert values(body, f"hydra:{name}Page") == found
        asked = parse_qs(urlsplit(found[0]).query)
        assert asked["limit"] == ["5"] and int(asked["snapshot"][0]) > 0
        assert found[0].startswith(f"{SITE}/catalog.ttl?")
    pages = {name: parse_qs(urlsplit(found[0]).query)["page"] for name, found in links.items()}
    assert pages == {"first": ["1"], "previous": ["1"], "next": ["3"], "last": ["4"]}
    assert values(body, "hydra:totalItems") == ["18"] and values(body, "hydra:itemsPerPage") == ["5"]
    kinds = {t.object.value for t in triples(body, "ttl") if t.subject.value.startswith(f"{SITE}/catalog.ttl")}
    assert {expand("hydra:PagedCollection"), expand("hydra:PartialCollectionView")} <= kinds


def test_ends_have_no_neighbour(public: FlaskClient) -> None:
    first, last = public.get("/catalog.ttl?limit=5").data, public.get("/catalog.ttl?limit=5&page=4").data
    assert values(first, "hydra:previous") == [] and values(last, "hydra:next") == []


def test_rdf_xml_on_the_last_page_names_itself_as_govdata_expects(public: FlaskClient) -> None:
    body = public.get("/catalog.rdf?limit=5&page=4").data
    view = etree.fromstring(body).find(f"{HYDRA}PagedCollection")
    assert view is not None
    assert view.get(ABOUT) == view.findtext(f"{HYDRA}lastPage")


@pytest.mark.parametrize("limit", [1, 5, 7, 18, 100])
def test_pages_hold_every_dataset_once(public: FlaskClient, limit: int) -> None:
    found = members(walk(public, f"/catalog.ttl?limit={limit}"))
    assert len(found) == len(set(found)) == 18


def test_every_page_describes_what_its_datasets_use(public: FlaskClient) -> None:
    for body in walk(public, "/catalog.ttl?limit=4"):
        described = {t.subject.value for t in triples(body, "ttl")}
        for curie in ("dcterms:publisher", "dcat:contactPoint", "dcterms:license", "dcat:distribution", "dcat:record"):
            assert set(values(body, curie)) <= described, curie
        assert f"{SITE}/catalog" in described


def test_the_set_stays_while_the_catalogue_changes(demo: DemoHome, tmp_path: Path) -> None:
    instance = demo.copy(tmp_path / "home").open()
    client = create_app(instance).test_client()
    before = members(walk(client, "/catalog.ttl?limit=4"))
    first = client.get("/catalog.ttl?limit=4")
    gone = before[1].rpartition("/")[2], before[9].rpartition("/")[2]
    with instance.database.writing() as session:
        store.withdraw(session, list(gone), "test")
    rest = walk(client, local(values(first.data, "hydra:next")[0]))
    assert values(rest[-1], "hydra:totalItems") == ["18"]
    kept = [uri for uri in before[4:] if not uri.endswith(gone)]
    assert members(rest) == kept
    again = members(walk(client, "/catalog.ttl?limit=4"))
    assert again == [uri for uri in before if not uri.endswith(gone)]
    for address in (f"/dataset/{gone[0]}.ttl", f"/dataset/{gone[0]}.rdf"):
        answer = client.get(address)
        assert answer.status_code == 410
        assert "zurückgezogen" in answer.text
    assert client.get(f"/dataset/{gone[0]}", headers={"Accept": "text/turtle"}).status_code == 410
    assert client.get(f"/dataset/{gone[0]}").status_code == 410
    instance.database.close()


def test_modified_since(public: FlaskClient, catalogue: Instance) -> None:
    modified = row(catalogue, "baumkataster-darmstadt").modified_at
    for since, count in (("2020-01-01", 18), ("2020-01-01T00:00:00+01:00", 18), ("2099-01-01T00:00:00", 0)):
        body = public.get(f"/catalog.ttl?modified_since={since}").data
        assert len(values(body, "dcat:dataset")) == count
        assert values(body, "hydra:totalItems") == [str(count)]
    exact = public.get("/catalog.ttl", query_string={"modified_since": modified.isoformat(), "limit": 1})
    assert row(catalogue, "baumkataster-darmstadt").uri in members([exact.data, *walk(public, local_last(exact))])


def local_last(answer: TestResponse) -> str:
    return local(values(answer.data, "hydra:first")[0])


@given(st.text(max_size=40))
def test_modified_since_is_a_date_or_a_bad_request(public_once: FlaskClient, text: str) -> None:
    assert public_once.get("/catalog.ttl", query_string={"modified_since": text}).status_code in (200, 400)


@pytest.fixture(scope="module")
def public_once(application: Flask) -> FlaskClient:
    return application.test_client()


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=1.5", "page=%C2%B2", "limit=0", "limit=1001", "limit=99999999999999999999",
     "snapshot=-1", "snapshot=x", "modified_since=gestern", "modified_since=2026-13-45", "modified_since=2026",
     "modified_since=0000-01-01", "modified_since=2026-01-01T25:00:00", "modified_since=-2026-01-01"],
)  # fmt: skip
def test_bad_parameters(public: FlaskClient, query: str) -> None:
    assert public.get(f"/catalog.ttl?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/catalog.ttl?page=2", "/catalog.ttl?limit=5&page=5", "/catalog.xyz", "/city/nirgends/catalog.ttl",
     "/dataset/nirgends.ttl", "/dataset/00000000-0000-4000-8000-000000000000.ttl"],
)  # fmt: skip
def test_what_is_not_there(public: FlaskClient, path: str) -> None:
    assert public.get(path).status_code == 404


def test_a_snapshot_of_the_future_is_the_present(public: FlaskClient) -> None:
    links = values(public.get("/catalog.ttl?snapshot=999999999").data, "hydra:first")
    assert "999999999" not in links[0]


def test_an_empty_catalogue_is_a_page_whose_links_work(demo: DemoHome, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    database = Database(url)
    schema.upgrade(database)
    database.close()
    instance = demo.open(OFFENBAR_DATABASE_URL=url)
    client = create_app(instance).test_client()
    answer = client.get("/catalog.ttl")
    assert answer.status_code == 200 and values(answer.data, "hydra:totalItems") == ["0"]
    assert client.get(local_last(answer)).status_code == 200
    instance.database.close()


@pytest.mark.parametrize(
    "path", ["/catalog.rdf", "/catalog.ttl?limit=3&page=2", "/dataset/baumkataster-darmstadt.jsonld"]
)
def test_validators(public: FlaskClient, path: str) -> None:
    plain = public.get(path)
    packed = public.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    tags = plain.headers["ETag"], packed.headers["ETag"]
    assert tags[0] != tags[1] and not any(tag.startswith("W/") for tag in tags)
    for tag, coding in zip(tags, ("identity", "gzip"), strict=True):
        again = public.get(path, headers={"If-None-Match": f'"x", {tag}', "Accept-Encoding": coding})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Vary"] == plain.headers["Vary"] and "Cache-Control" in again.headers
    assert public.get(path, headers={"If-None-Match": f"W/{tags[0]}"}).status_code == 304
    assert public.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    modified = plain.headers["Last-Modified"]
    assert public.get(path, headers={"If-Modified-Since": modified}).status_code == 304
    assert public.get(path, headers={"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}).status_code == 200
    assert public.get(path, headers={"If-Modified-Since": modified, "If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("gzip;q=0", False), ("br", False), ("identity", False), ("gzip, br", True), ("GZIP", True), ("*;q=0.1", True)],
)
def test_compression_is_asked_for(public: FlaskClient, coding: str, packed: bool) -> None:
    headers = public.get("/catalog.ttl", headers={"Accept-Encoding": coding}).headers
    assert (headers.get("Content-Encoding") == "gzip") is packed


@pytest.mark.parametrize("path", ["/catalog.ttl", "/dataset/baumkataster-darmstadt.rdf", "/catalog"])
def test_head_and_cors(public: FlaskClient, path: str) -> None:
    wanted = {"Accept": "text/turtle"}
    answer, head = public.get(path, headers=wanted), public.head(path, headers=wanted)
    assert (head.status_code, head.data) == (200, b"")
    drop = {"X-Request-ID"}
    assert {k: v for k, v in head.headers if k not in drop} == {k: v for k, v in answer.headers if k not in drop}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept-Encoding" in answer.vary


def test_the_validator_follows_the_settings_it_speaks_of(demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    tags = set()
    file = home.path / "offenbar.yaml"
    for contact in ("opendata@rhein-main.example", "neu@rhein-main.example"):
        file.write_text(file.read_text("utf-8").replace("opendata@rhein-main.example", contact), encoding="utf-8")
        instance = home.open()
        tags.add(create_app(instance).test_client().get("/catalog.ttl").headers["ETag"])
        instance.database.close()
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/turtle", "text/turtle"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("application/xml", "application/rdf+xml"),
        ("text/turtle;q=0.4, application/ld+json;q=0.9", "application/ld+json"),
        ("text/html;q=0.5, text/turtle", "text/turtle"),
        ("text/turtle;q=0.5, text/html", "text/html"),
        ("text/turtle, text/html", "text/html"),
        (BROWSER, "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("application/json", "text/html"),
        ("unsinn;;q=x,,", "text/html"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/catalog", "dataset"])
def test_negotiation(public: FlaskClient, catalogue: Instance, path: str, accept: str, media_type: str) -> None:
    path = f"/dataset/{row(catalogue, WITHHELD).id}" if path == "dataset" else path
    answer = public.get(path, headers={"Accept": accept}, follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    first = public.get(path, headers={"Accept": accept})
    assert "Accept" in first.vary


def test_a_browser_is_led_to_the_page(public: FlaskClient, catalogue: Instance) -> None:
    answer = public.get(f"/dataset/{row(catalogue, WITHHELD).id}", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/dataset/{WITHHELD}")
    assert public.get("/catalog", headers={"Accept": BROWSER}).headers["Location"] == "/dataset"


@pytest.mark.parametrize("kind", databases.KINDS)
def test_no_name_makes_a_database_fail(demo: DemoHome, tmp_path: Path, kind: str) -> None:
    with databases.database_url(kind, tmp_path) as url:
        database = Database(url)
        schema.upgrade(database)
        database.close()
        instance = demo.open(OFFENBAR_DATABASE_URL=url)
        client = create_app(instance).test_client()
        assert client.get("/catalog.ttl").status_code == 200
        for name in ("%00", "x%00y", "%FF%FE", "a" * 5000, "%F0%9F%8C%B3"):
            for path in (f"/dataset/{name}.ttl", f"/dataset/{name}", f"/api/action/package_show?id={name}"):
                assert client.get(path).status_code in (404, 409), path
        instance.database.close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_dataset_says_what_the_catalogue_says(public: FlaskClient, catalogue: Instance, ending: str) -> None:
    known = row(catalogue, "baumkataster-darmstadt")
    by_name, by_id = (public.get(f"/dataset/{name}.{ending}") for name in (known.name, known.id))
    assert by_name.data == by_id.data
    whole = strings(public.get("/catalog.nt").data, "nt")
    # The data API serves fewer datasets here, as it says what it serves of those on the page.
    assert strings(by_name.data, ending) - whole == set()
    assert strings(by_name.data, ending, known.uri)


@pytest.mark.parametrize(("city", "count"), [("darmstadt", 7), ("frankfurt", 6), ("wiesbaden", 5)])
def test_one_city(public: FlaskClient, city: str, count: int) -> None:
    bodies = walk(public, f"/city/{city}/catalog.ttl?limit=2")
    assert len(members(bodies)) == count
    assert values(bodies[0], "hydra:first")[0].startswith(f"{SITE}/city/{city}/catalog.ttl?")


@pytest.mark.parametrize(
    ("query", "count"), [("q=Trinkbrunnen", 1), ("fq=organization:wiesbaden-umweltamt", 5), ("q=gibtesnicht", 0),
                         ("q=Hitze&fq=groups:heal", 2), ("fq=city:wiesbaden+groups:heal", 2)]
)  # fmt: skip
def test_a_search_chooses_what_is_paged(public: FlaskClient, query: str, count: int) -> None:
    bodies = walk(public, f"/catalog.ttl?{query}&limit=2")
    assert len(members(bodies)) == count and values(bodies[0], "hydra:totalItems") == [str(count)]
    tag = public.get(f"/catalog.ttl?{query}").headers["ETag"]
    assert tag != public.get("/catalog.ttl").headers["ETag"]
    assert public.get(f"/catalog.ttl?{query}", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("query", ["fq=unfug:x", "q=a+OR+b", "fq=-organization:x"])
def test_a_search_we_do_not_understand_is_no_whole_catalogue(public: FlaskClient, query: str) -> None:
    assert public.get(f"/catalog.ttl?{query}").status_code == 400


def test_withheld_data_are_described_and_not_given(public: FlaskClient) -> None:
    body = public.get(f"/dataset/{WITHHELD}.ttl").data
    assert values(body, "dcterms:accessRights") == [
        "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"
    ]
    assert values(body, "dcat:distribution") == [] and values(body, "dcat:downloadURL") == []


def test_below_a_path(demo: DemoHome, tmp_path: Path) -> None:
    site = "https://daten.example.org/katalog"
    instance = demo.copy(tmp_path / "home").open(OFFENBAR_SITE_URL=site)
    for source in instance.sources():
        assert jobs.refresh(instance, source)
    client = create_app(instance).test_client()
    for path in ("/katalog/catalog.ttl?limit=5", "/catalog.ttl?limit=5"):
        body = client.get(path).data
        assert values(body, "hydra:next")[0].startswith(f"{site}/catalog.ttl?page=2&")
        assert SITE.encode() not in body
        assert members([body])[0].startswith(f"{site}/dataset/")
    assert client.get("/katalog/catalog", headers={"Accept": "text/turtle"}).mimetype == "text/turtle"
    assert client.get("/katalog/catalog").headers["Location"] == "/katalog/dataset"
    instance.database.close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_export_is_the_union_of_the_pages(catalogue: Instance, public: FlaskClient, ending: str) -> None:
    whole = b"".join(linked.dump(catalogue.database, catalogue.config, ending))
    pages: set[tuple[str, str, str]] = set()
    for number in range(1, 5):
        pages |= strings(public.get(f"/catalog.{ending}?limit=5&page={number}").data, ending)
    assert strings(whole, ending) == pages


def test_the_export_of_a_city_is_the_city(catalogue: Instance, public: FlaskClient) -> None:
    whole = b"".join(linked.dump(catalogue.database, catalogue.config, "nt", "frankfurt"))
    assert strings(whole, "nt") == strings(public.get("/city/frankfurt/catalog.nt").data, "nt")


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from catalog.api import linked
from catalog.instance import open_instance
instance = open_instance()
for ending in ("ttl", "rdf", "jsonld", "nt"):
    for piece in linked.dump(instance.database, instance.config, ending):
        sys.stdout.buffer.write(piece)
"""


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_process(demo: DemoHome) -> None:
    outputs = []
    for seed in ("1", "2"):
        environment = os.environ | demo.environment | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT, str(Path(linked.__file__).parent.parent.parent)]
        outputs.append(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert outputs[0] == outputs[1] and len(outputs[0]) > 100_000


def test_nothing_says_when_it_was_made(public: FlaskClient) -> None:
    body = public.get("/catalog.ttl").data
    assert public.get("/catalog.ttl").data == body
    assert not re.search(rb"generat", body)


@pytest.mark.slow
@pytest.mark.parametrize("combination", list(Combination))
def test_the_whole_export_fits_the_official_shapes(catalogue: Instance, combination: Combination) -> None:
    body = b"".join(linked.dump(catalogue.database, catalogue.config, "ttl"))
    results = check(
        body,
        combination,
        shared("standards", "shapes"),
        shared("standards", "vocabularies", "shacl-vocabularies.ttl"),
    )
    assert [result for result in results if result.severity is ShaclSeverity.VIOLATION] == []
