"""Linked data of a real catalogue: formats, paging at a snapshot, validators, negotiation, and the official shapes."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import databases
import homes
import pyoxigraph as ox
import pytest
from demo_home import DATASETS, IN_CITIES, DemoHome
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from linked_pages import ABOUT, ENDINGS, HYDRA, local, members, quads, strings, torn_apart, values, walk
from lxml import etree
from shared_files import shared
from werkzeug.test import TestResponse

from catalog import jobs, parts, schema, store
from catalog.app import create_app
from catalog.db import Database
from catalog.instance import Instance
from catalog.models import DatasetRow
from dcat import rdf
from dcat.namespaces import HVD_REGULATION, expand
from dcat.profile import RELEASES
from validators.shacl import Combination, ShaclSeverity, check

SITE = "http://127.0.0.1:5000"
WITHHELD = "fledermausquartiere-in-frankfurt-am-main"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


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


@pytest.mark.parametrize("release", list(RELEASES))
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "path",
    ["catalog", "dump", "catalog-hvd", "city/frankfurt/dump", "group/envi/catalog", "dataset/baumkataster-darmstadt"],
)
def test_every_subject_stands_in_one_piece_without_blank_nodes(
    public: FlaskClient, path: str, ending: str, release: str
) -> None:
    body = public.get(f"/{path}.{ending}?profile={release}").data
    assert torn_apart(body, ending) == []
    found = quads(body, ending)
    assert len(found) == len(set(found)) > 20
    assert not any(isinstance(term, ox.BlankNode) for quad in found for term in (quad.subject, quad.object))
    # Two times the same bytes: nothing depends on the order of a set or on the moment.
    assert public.get(f"/{path}.{ending}?profile={release}").data == body


def test_rdf_xml_describes_each_subject_once_with_a_typed_element(public: FlaskClient) -> None:
    root = etree.fromstring(public.get("/catalog.rdf").data)
    subjects = Counter(element.get(ABOUT) for element in root)
    assert None not in subjects and max(subjects.values()) == 1
    datasets = [element for element in root if element.tag == "{http://www.w3.org/ns/dcat#}Dataset"]
    assert len(datasets) == DATASETS


def test_hydra_in_both_forms(public: FlaskClient) -> None:
    body = public.get("/catalog.ttl?limit=5&page=2").data
    links = {name: values(body, f"hydra:{name}") for name in ("first", "previous", "next", "last")}
    for name, found in links.items():
        assert values(body, f"hydra:{name}Page") == found
        asked = parse_qs(urlsplit(found[0]).query)
        assert asked["limit"] == ["5"] and int(asked["snapshot"][0]) > 0
        assert found[0].startswith(f"{SITE}/catalog.ttl?")
    pages = {name: parse_qs(urlsplit(found[0]).query)["page"] for name, found in links.items()}
    assert pages == {"first": ["1"], "previous": ["1"], "next": ["3"], "last": [str(-(-DATASETS // 5))]}
    assert values(body, "hydra:totalItems") == [str(DATASETS)] and values(body, "hydra:itemsPerPage") == ["5"]
    kinds = {t.object.value for t in quads(body, "ttl") if t.subject.value.startswith(f"{SITE}/catalog.ttl")}
    assert {expand("hydra:PagedCollection"), expand("hydra:PartialCollectionView")} <= kinds


def test_ends_have_no_neighbour(public: FlaskClient) -> None:
    first, last = (
        public.get("/catalog.ttl?limit=5").data,
        public.get(f"/catalog.ttl?limit=5&page={-(-DATASETS // 5)}").data,
    )
    assert values(first, "hydra:previous") == [] and values(last, "hydra:next") == []


def test_rdf_xml_on_the_last_page_names_itself_as_govdata_expects(public: FlaskClient) -> None:
    body = public.get(f"/catalog.rdf?limit=5&page={-(-DATASETS // 5)}").data
    view = etree.fromstring(body).find(f"{HYDRA}PagedCollection")
    assert view is not None
    assert view.get(ABOUT) == view.findtext(f"{HYDRA}lastPage")


@pytest.mark.parametrize("limit", [1, 5, 7, DATASETS, 100])
def test_pages_hold_every_dataset_once(public: FlaskClient, limit: int) -> None:
    found = members(walk(public, f"/catalog.ttl?limit={limit}"))
    assert len(found) == len(set(found)) == DATASETS


def test_every_page_describes_what_its_datasets_use(public: FlaskClient) -> None:
    for body in walk(public, "/catalog.ttl?limit=4"):
        described = {t.subject.value for t in quads(body, "ttl")}
        for curie in ("dcterms:publisher", "dcat:contactPoint", "dcterms:license", "dcat:distribution", "dcat:record"):
            assert set(values(body, curie)) <= described, curie
        assert f"{SITE}/catalog" in described


@pytest.mark.parametrize(
    ("path", "query"),
    [("/catalog", ""), ("/city/darmstadt/catalog", ""), ("/organization/wiesbaden-umweltamt/catalog", ""),
     ("/group/envi/catalog", ""), ("/catalog-hvd", ""), ("/catalog", "modified_since=2020-01-01"),
     ("/catalog", "q=Hitze"), ("/catalog", "fq=groups:envi&profile=dcat-ap-de-3.0-govdata")],
)  # fmt: skip
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_link_of_every_page_leads_somewhere(public: FlaskClient, path: str, query: str, ending: str) -> None:
    bodies = walk(public, f"{path}.{ending}?limit=2&{query}", ending)
    total = int(values(bodies[0], "hydra:totalItems", ending)[0])
    assert (
        len(bodies) == max(1, -(-total // 2))
        and len(set(members(bodies, ending))) == len(members(bodies, ending)) == total
    )
    for body in bodies:
        own = {q.subject.value for q in quads(body, ending) if q.object.value == expand("hydra:PagedCollection")}
        assert len(own) == 1
        for step in ("first", "previous", "next", "last"):
            for link in values(body, f"hydra:{step}", ending):
                answer = public.get(local(link))
                assert answer.status_code == 200
                found = [
                    q.subject.value for q in quads(answer.data, ending) if q.predicate.value == expand("hydra:first")
                ]
                # The page itself says so, with or without the key that leads to it at once.
                assert link.split("&after=")[0].split("?")[0] == found[0].split("?")[0]
        assert (
            own == set(values(body, "hydra:last", ending))
            if body is bodies[-1]
            else own != set(values(body, "hydra:last", ending))
        )


def test_modified_since(public: FlaskClient, catalogue: Instance) -> None:
    modified = row(catalogue, "baumkataster-darmstadt").modified_at
    for since, count in (("2020-01-01", DATASETS), ("2020-01-01T00:00:00+01:00", DATASETS), ("2099-01-01T00:00:00", 0)):
        body = public.get(f"/catalog.ttl?modified_since={since}").data
        assert len(values(body, "dcat:dataset")) == count
        assert values(body, "hydra:totalItems") == [str(count)]
    exact = public.get("/catalog.ttl", query_string={"modified_since": modified.isoformat(), "limit": 1})
    assert row(catalogue, "baumkataster-darmstadt").uri in members([exact.data, *walk(public, local_last(exact))])


def local_last(answer: TestResponse) -> str:
    return local(values(answer.data, "hydra:first")[0])


@settings(deadline=None)
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
    ["/catalog.ttl?page=2", f"/catalog.ttl?limit=5&page={-(-DATASETS // 5) + 1}", "/catalog.xyz", "/city/nirgends/catalog.ttl",
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


@pytest.mark.parametrize(("city", "count"), IN_CITIES.items())
def test_one_city(public: FlaskClient, city: str, count: int) -> None:
    bodies = walk(public, f"/city/{city}/catalog.ttl?limit=2")
    assert len(members(bodies)) == count
    assert values(bodies[0], "hydra:first")[0].startswith(f"{SITE}/city/{city}/catalog.ttl?")
    for body in bodies:
        about = {q.object.value for q in quads(body, "ttl") if q.subject.value == f"{SITE}/city/{city}/catalog"}
        assert any(text.startswith("Offene Daten Rhein-Main: ") for text in about), "a title of its own"


def test_the_parts_make_the_whole(public: FlaskClient) -> None:
    def found(path: str) -> set[str]:
        return set(members([public.get(f"{path}.ttl?limit=1000").data]))

    everything = found("/catalog")
    cities = [found(f"/city/{city}/catalog") for city in ("darmstadt", "frankfurt", "wiesbaden")]
    assert set().union(*cities) == everything and sum(map(len, cities)) == len(everything)
    organizations = public.get("/api/action/organization_list").get_json()["result"]
    parts = [found(f"/organization/{name}/catalog") for name in organizations]
    assert set().union(*parts) == everything and sum(map(len, parts)) == len(everything)
    for code in ("envi", "educ", "soci", "tran"):
        searched = members([public.get(f"/catalog.ttl?fq=groups:{code}&limit=1000").data])
        assert found(f"/group/{code}/catalog") == set(searched)


def test_the_high_value_datasets_name_their_law(public: FlaskClient) -> None:
    body = public.get("/catalog-hvd.ttl").data
    assert members([body]) and len(values(body, "dcatap:hvdCategory")) >= len(members([body]))
    law = {q.object.value for q in quads(body, "ttl")
           if q.subject.value == f"{SITE}/catalog-hvd" and q.predicate.value == expand("dcatap:applicableLegislation")}  # fmt: skip
    assert law == {HVD_REGULATION}


@pytest.mark.parametrize(
    ("query", "count"), [("q=Trinkbrunnen", 3), ("q=%22Trinkbrunnen%22", 1), ("fq=organization:wiesbaden-umweltamt", 7),
                         ("fq=-organization:wiesbaden-umweltamt", DATASETS - 7), ("fq=unfug:x", 0), ("q=gibtesnicht", 0),
                         ("fq=organization:wiesbaden-umweltamt+OR+organization:x", 7),
                         ("q=Hitze&fq=groups:heal", 2), ("fq=city:wiesbaden+groups:heal", 2)]
)  # fmt: skip
def test_a_search_chooses_what_is_paged(public: FlaskClient, query: str, count: int) -> None:
    bodies = walk(public, f"/catalog.ttl?{query}&limit=2")
    assert len(members(bodies)) == count and values(bodies[0], "hydra:totalItems") == [str(count)]
    tag = public.get(f"/catalog.ttl?{query}").headers["ETag"]
    assert tag != public.get("/catalog.ttl").headers["ETag"]
    assert public.get(f"/catalog.ttl?{query}", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("query", ["fq=tags:%22x", "q=tags:%22x", "fq=(", "q=organization:[a+TO", "q=city:(a+OR"])
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
        assert any(uri.startswith(f"{site}/dataset/") for uri in members([body]))
    assert client.get("/katalog/catalog", headers={"Accept": "text/turtle"}).mimetype == "text/turtle"
    assert client.get("/katalog/catalog").headers["Location"] == "/katalog/dataset"
    assert client.get("/katalog/city/frankfurt/catalog").headers["Location"] == "/katalog/city/frankfurt"
    for path in ("/katalog/dump.nt", "/katalog/city/frankfurt/dump.nt", "/katalog/catalog-hvd.nt"):
        body = client.get(path).data
        assert SITE.encode() not in body and site.encode() in body
    instance.database.close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_export_is_the_union_of_the_pages(catalogue: Instance, public: FlaskClient, ending: str) -> None:
    whole = homes.exported(catalogue, ending)
    pages: set[tuple[str, str, str]] = set()
    for number in range(1, -(-DATASETS // 5) + 1):
        pages |= strings(public.get(f"/catalog.{ending}?limit=5&page={number}").data, ending)
    assert strings(whole, ending) == pages
    assert public.get(f"/dump.{ending}").data == whole


def test_the_export_of_a_city_is_the_city(catalogue: Instance, public: FlaskClient) -> None:
    whole = homes.exported(catalogue, "nt", parts.of_city(catalogue.config.city("frankfurt")))
    assert public.get("/city/frankfurt/dump.nt").data == whole
    assert strings(whole, "nt") == strings(public.get("/city/frankfurt/catalog.nt").data, "nt")


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from catalog import documents
from catalog.instance import open_instance
instance = open_instance()
for ending in ("ttl", "rdf", "jsonld", "nt"):
    with instance.database.reading() as session:
        sys.stdout.buffer.writelines(documents.dump(session, instance.config, ending))
"""


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_process(demo: DemoHome) -> None:
    outputs = []
    for seed in ("1", "2"):
        environment = os.environ | demo.environment | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT, str(Path(parts.__file__).parent.parent)]
        outputs.append(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert outputs[0] == outputs[1] and len(outputs[0]) > 100_000


def test_nothing_says_when_it_was_made(public: FlaskClient) -> None:
    body = public.get("/catalog.ttl").data
    assert public.get("/catalog.ttl").data == body
    assert not re.search(rb"generat", body)


@pytest.mark.slow
@pytest.mark.parametrize("combination", list(Combination))
def test_the_whole_export_fits_the_official_shapes(catalogue: Instance, combination: Combination) -> None:
    body = homes.exported(catalogue, "ttl")
    results = check(
        body,
        combination,
        shared("standards", "shapes"),
        shared("standards", "vocabularies", "shacl-vocabularies.ttl"),
    )
    assert [result for result in results if result.severity is ShaclSeverity.VIOLATION] == []
