"""JSON-LD with contexts that stand elsewhere: known ones are put in, others refused by name, and nothing is ever fetched."""

import socket
from typing import Any

import builders
import orjson
import pyoxigraph as ox
import pytest

from dcat import contexts, rdf_reader
from dcat.errors import UnreadableError
from dcat.model import Agent, Contact, Dataset, Period, Place, Reading, Text
from dcat.namespaces import NAMESPACES, expand
from harvesters import dcat_rdf

BASE = "https://amt.example/katalog.jsonld"
NAMES = ("activitystreams", "dcat", "dcat-us", "hydra", "schema")
DCAT = "https://www.w3.org/ns/dcat.jsonld"
AP = "https://semiceu.github.io/DCAT-AP/releases/3.0.0/context/dcat-ap.jsonld"
US = "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld"
UNKNOWN = "https://fremd.example/kontext.jsonld"

ADDRESSES = [
    ("schema", "https://schema.org"),
    ("schema", "http://schema.org/"),
    ("schema", "https://www.schema.org/"),
    ("schema", "https://schema.org/docs/jsonldcontext.jsonld"),
    ("schema", "http://schema.org/docs/jsonldcontext.json"),
    ("dcat", DCAT),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcat", AP),
    ("dcat", "https://semiceu.github.io/DCAT-AP/releases/3.0.1/context/dcat-ap.jsonld"),
    ("dcat", "https://semiceu.github.io/DCAT-AP/releases/2.2.0-hvd/context/hvd.jsonld"),
    ("dcat", "https://semiceu.github.io/DCAT-AP/releases/2.1.1/dcat-ap_2.1.1.jsonld"),
    ("dcat", "https://raw.githubusercontent.com/SEMICeu/DCAT-AP/master/releases/1.1/dcat-ap_1.1.jsonld"),
    ("dcat", "https://semiceu.github.io/GeoDCAT-AP/releases/3.0.0/context/geodcat-ap.jsonld"),
    ("dcat", "http://data.europa.eu/r5r/"),
    ("dcat-us", US),
    ("dcat-us", "http://project-open-data.cio.gov/v1.1/schema/catalog.jsonld"),
    ("hydra", "http://www.w3.org/ns/hydra/context.jsonld"),
    ("hydra", "http://www.w3.org/ns/hydra/core"),
    ("activitystreams", "https://www.w3.org/ns/activitystreams"),
]


def parse(document: Any) -> rdf_reader.Graph:
    return rdf_reader.parse(orjson.dumps(document), "jsonld", base=BASE)


def only(document: Any) -> Reading:
    [(_, reading)] = rdf_reader.datasets(parse(document))
    return reading


def refusal(document: Any) -> str:
    with pytest.raises(UnreadableError) as error:
        parse(document)
    return error.value.message.en


def dataset(context: Any, **properties: Any) -> dict[str, Any]:
    return {"@context": context, "@id": "https://amt.example/baeume", "@type": "dcat:Dataset", **properties}


# --- which contexts are known ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "address"), ADDRESSES)
def test_known_addresses(name: str, address: str) -> None:
    assert contexts.find(address) is contexts.shipped(name)


@pytest.mark.parametrize(
    "address",
    [
        UNKNOWN,
        "https://schema.org.fremd.example/",
        "https://fremd.example/https://schema.org/",
        "ftp://schema.org/",
        "kontext.jsonld",
        "/context/dcat-ap.jsonld",
        "https://semiceu.github.io/DCAT-AP/" + "a/" * 300 + "dcat-ap.jsonld",
        "",
    ],
)
def test_other_addresses_are_refused_by_name_with_a_next_step(address: str) -> None:
    sentence = refusal(dataset(address))
    assert address[:200] in sentence
    assert "Next step: ask the source" in sentence


@pytest.mark.parametrize("name", NAMES)
def test_every_term_of_our_contexts_means_an_iri_or_a_keyword(name: str) -> None:
    terms = contexts.shipped(name)
    for term, meaning in terms.items():
        if term in NAMESPACES or term.startswith("@"):
            continue
        coerced = isinstance(meaning, dict) and meaning.get("@type", "")
        value: Any = {"@value": "2026"} if coerced and coerced != "@id" else {"@id": "urn:x:1"}
        document = orjson.dumps({"@context": terms, "@id": "urn:x:2", term: value})
        if (meaning if isinstance(meaning, str) else meaning.get("@id")) in ("@id", "@type"):
            continue
        if str(meaning).endswith(("/", "#", ":")):
            document = orjson.dumps({"@context": terms, "@id": "urn:x:2", f"{term}:a": value})
        triples = list(ox.parse(document, ox.RdfFormat.JSON_LD))
        assert len(triples) == (3 if "@container" in meaning else 1), term
        assert not any(triples[0].predicate.value.startswith(f"{prefix}:") for prefix in NAMESPACES), term


def test_ours_need_no_other_context() -> None:
    for name in NAMES:
        assert not {"@import", "@base"} & contexts.shipped(name).keys()
        for meaning in contexts.shipped(name).values():
            assert isinstance(meaning, str) or "@context" not in meaning


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("a parser opened a connection")

    monkeypatch.setattr(socket, "socket", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    assert only(dataset([DCAT, "https://schema.org/"], title="Bäume")).dataset.title
    assert UNKNOWN in refusal(dataset(UNKNOWN))


# --- where a context may stand ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "context",
    [
        DCAT,
        [DCAT],
        [{"titel": "dcterms:title"}, DCAT],
        [DCAT, {"x": "https://x.example/"}],
        {"@import": DCAT},
        {"@version": 1.1, "@import": DCAT, "@protected": True},
        {"@import": DCAT, "@propagate": True},
        [None, DCAT],
        [[DCAT]][0],
    ],
)
def test_contexts_in_every_place_of_a_list(context: Any) -> None:
    assert only(dataset(context, title="Bäume")).dataset.title == (Text("Bäume"),)


def test_what_imports_overrules_what_it_imports() -> None:
    context = {"@import": DCAT, "title": "dcterms:description"}
    assert only(dataset(context, title="Bäume")).dataset.description == (Text("Bäume"),)


def test_contexts_inside_nodes_and_terms() -> None:
    plain = {"dcat": NAMESPACES["dcat"], "distribution": {"@id": "dcat:distribution"}}
    inside = dataset(plain, distribution=[{"@context": DCAT, "title": "Datei", "accessURL": "baeume.csv"}])
    scoped = dataset(
        plain | {"distribution": {"@id": "dcat:distribution", "@context": DCAT}},
        distribution=[{"title": "Datei", "accessURL": "baeume.csv"}],
    )
    by_type = dataset(
        plain | {"Datei": {"@id": "dcat:Distribution", "@context": [DCAT]}},
        distribution=[{"@type": "Datei", "title": "Datei", "accessURL": "baeume.csv"}],
    )
    for document in (inside, scoped, by_type):
        [distribution] = only(document).dataset.distribution
        assert distribution.title == (Text("Datei"),)
        assert distribution.access_url == ("https://amt.example/baeume.csv",)


def test_a_context_that_does_not_propagate_ends_with_its_node() -> None:
    context = {"@import": DCAT, "@propagate": False}
    reading = only(dataset(context, title="Bäume", distribution={"title": "Datei"}))
    assert reading.dataset.title == (Text("Bäume"),)
    assert reading.dataset.distribution == ()


@pytest.mark.parametrize(
    "document",
    [
        dataset({"dcat": NAMESPACES["dcat"]}, teil={"@context": UNKNOWN}),
        dataset({"@import": UNKNOWN}),
        dataset([DCAT, {"teil": {"@id": "dcat:x", "@context": UNKNOWN}}]),
        [{"@graph": [{"@context": [DCAT, UNKNOWN]}]}],
    ],
)
def test_an_unknown_context_is_found_wherever_it_hides(document: Any) -> None:
    assert UNKNOWN in refusal(document)


def test_data_that_only_looks_like_a_context_is_left_alone() -> None:
    value = {"@type": "@json", "@value": {"@context": UNKNOWN}}
    assert parse(dataset({"x": "https://x.example/"}, **{"x:daten": value})).of_type("dcat:Dataset") == []
    graph = parse(dataset(DCAT, **{"dcat:daten": value}))
    [node] = graph.of_type("dcat:Dataset")
    assert UNKNOWN in graph.values(node, "dcat:daten")[0].value


def test_a_document_without_contexts_is_not_touched() -> None:
    body = orjson.dumps([{"@id": "urn:x:1", expand("dcterms:title"): [{"@value": 1.50}]}]) + b"\n"
    assert contexts.put_in(body) is body


# --- limits ----------------------------------------------------------------------------------------------------------


def test_too_many_references_are_refused() -> None:
    document = [{"@context": DCAT, "title": str(number)} for number in range(contexts.MAX_PUT_IN)]
    assert len(parse(document).nodes) == contexts.MAX_PUT_IN
    assert "once at the top" in refusal([*document, {"@context": DCAT}])


@pytest.mark.parametrize(("levels", "readable"), [(200, True), (300, False), (5_000, False)])
@pytest.mark.parametrize(
    "inner", [b'{"a":%s}', b'{"@context": {"a": "urn:a"}, "a":%s}', b'{"@context": {"a": {"@id": "urn:a"}}, "a":[%s]}']
)
def test_deep_documents_are_read_or_refused(inner: bytes, levels: int, readable: bool) -> None:
    before, after = inner.split(b"%s")
    levels = levels // 2 if after == b"]}" else levels
    body = b'{"@context": {"a": {"@id": "urn:a"}}, "a":' + before * levels + b"1" + after * levels + b"}"
    if readable:
        assert len(rdf_reader.parse(body, "jsonld").nodes) == levels + 1
    else:
        with pytest.raises(UnreadableError):
            rdf_reader.parse(body, "jsonld")


@pytest.mark.parametrize(("levels", "readable"), [(80, True), (300, False)])
def test_contexts_inside_contexts_end_somewhere(levels: int, readable: bool) -> None:
    body = b'{"@context":' + b'{"t": {"@id": "urn:a", "@context":' * levels + b'"https://schema.org"' + b"}}" * levels
    body += b', "@id": "urn:x", "urn:b": "c"}'
    if readable:
        assert rdf_reader.parse(body, "jsonld").nodes
    else:
        with pytest.raises(UnreadableError):
            rdf_reader.parse(body, "jsonld")


# --- what comes out --------------------------------------------------------------------------------------------------


def test_a_dataset_in_the_words_of_dcat_ap() -> None:
    reading = only(
        {
            "@context": AP,
            "@id": "https://amt.example/baeume",
            "@type": "Dataset",
            "title": {"@value": "Bäume", "@language": "de"},
            "publisher": {"@type": "Agent", "name": "Grünamt"},
            "contactPoint": {"@type": "Kind", "fn": "Büro", "hasEmail": "mailto:amt@x.example"},
            "modificationDate": "2026-01-02",
            "theme": "http://publications.europa.eu/resource/authority/data-theme/ENVI",
            "temporalCoverage": {"@type": "PeriodOfTime", "startDate": "2020", "endDate": "2021"},
            "geographicalCoverage": {"@id": builders.DARMSTADT},
            "datasetDistribution": [
                {
                    "@type": "Distribution",
                    "accessUrl": "https://amt.example/baeume.csv",
                    "licence": "http://dcat-ap.de/def/licenses/dl-zero-de/2_0",
                    "byteSize": 1024,
                }
            ],
        }
    )
    assert reading.problems == ()
    assert reading.dataset.publisher == Agent(name=(Text("Grünamt"),))
    assert reading.dataset.contact_point == (Contact(name="Büro", email="amt@x.example"),)
    assert reading.dataset.temporal == (Period(start="2020", end="2021"),)
    assert reading.dataset.spatial == (Place(uri=builders.DARMSTADT),)
    [distribution] = reading.dataset.distribution
    assert (distribution.license, distribution.byte_size) == (builders.LICENSE, 1024)
    assert distribution.access_url == ("https://amt.example/baeume.csv",)


US_DATASET = {
    "title": "Bäume",
    "identifier": "baeume-7",
    "accessLevel": "public",
    "keyword": ["Baum", "Straße"],
    "modified": "2026-01-02",
    "accrualPeriodicity": "R/P1Y",
    "publisher": {"@type": "org:Organization", "name": "Grünamt"},
    "contactPoint": {"@type": "vcard:Contact", "fn": "Büro", "hasEmail": "mailto:amt@x.example"},
    "spatial": "Darmstadt",
    "temporal": "2020-01-01T00:00:00Z/2021-12-31T00:00:00Z",
    "license": "https://creativecommons.org/publicdomain/zero/1.0/",
    "distribution": [{"downloadURL": "https://amt.example/baeume.csv", "mediaType": "text/csv", "format": "CSV"}],
}


@pytest.mark.parametrize("types", [("dcat:Catalog", "dcat:Dataset"), ("", "")])
def test_a_data_json_of_dcat_us(types: tuple[str, str]) -> None:
    kinds = [{"@type": one} if one else {} for one in types]
    document = {"@context": US, **kinds[0], "dataset": [{**kinds[1], **US_DATASET}]}
    page = builders.page(orjson.dumps(document), "https://amt.example/data.json", media_type="application/json")
    [record] = builders.read_page(dcat_rdf.DCAT, page, builders.source(BASE, type="dcat")).records
    assert record.remote_id == "baeume-7"
    assert record.reading is not None
    found = record.reading.dataset
    assert found.publisher == Agent(name=(Text("Grünamt"),))
    assert found.contact_point == (Contact(name="Büro", email="amt@x.example"),)
    assert found.spatial == (Place(label=(Text("Darmstadt"),)),)
    assert found.temporal == (Period(start="2020-01-01T00:00:00Z", end="2021-12-31T00:00:00Z"),)
    assert found.frequency.endswith("/ANNUAL")
    assert found.distribution[0].media_type.endswith("/text/csv")
    reported = {problem.path for problem in record.reading.problems}
    assert {"https://project-open-data.cio.gov/v1.1/schema#accessLevel", expand("dcterms:license")} <= reported


def test_a_catalogue_with_contexts_in_every_node_and_unmapped_words() -> None:
    document = {
        "@context": {"Catalog": expand("dcat:Catalog"), "dataset": expand("dcat:dataset")},
        "@id": "https://amt.example/data.json",
        "@type": "Catalog",
        "dataset": [
            {
                "@context": {
                    "Dataset": expand("dcat:Dataset"),
                    "title": expand("dcterms:title"),
                    "publisher": expand("dcterms:publisher"),
                    "issued": {"@id": expand("dcterms:issued"), "@type": "xsd:dateTime"},
                },
                "@id": "https://amt.example/baeume",
                "@type": "Dataset",
                "title": "Bäume",
                "issued": "2011-11-22",
                "publisher": {"@context": {"name": expand("foaf:name")}, "name": "Grünamt", "abteilung": {"name": "B"}},
                "programm": ["018:001"],
            }
        ],
    }
    reading = only(document)
    assert reading.dataset == Dataset(
        uri="https://amt.example/baeume",
        title=(Text("Bäume"),),
        issued="2011-11-22",
        publisher=Agent(name=(Text("Grünamt"),)),
    )
    # JSON-LD itself would drop these without a word.
    assert {(problem.path, problem.code) for problem in reading.problems} == {
        ("jsonld-term:programm", "unknown-property"),
        ("publisher.jsonld-term:abteilung", "unknown-property"),
    }


def test_a_flat_graph_with_references() -> None:
    graph = [
        {"@id": "#katalog", "@type": "dcat:Catalog", "dcat:dataset": {"@id": "#baeume"}},
        {"@id": "_:b1", "@type": "vcard:Individual", "vcard:fn": "Büro", "vcard:hasTelephone": "+49 40 123"},
        {"@id": "#baeume", "@type": "dcat:Dataset", "dct:title": "Bäume", "dcat:contactPoint": {"@id": "_:b1"}},
    ]
    reading = only({"@context": DCAT, "@graph": graph})
    assert reading.dataset.uri == f"{BASE}#baeume"
    assert reading.dataset.contact_point == (Contact(name="Büro", telephone="tel:+4940123"),)


def test_hydra_pages_in_json_ld() -> None:
    document = {
        "@context": ["http://www.w3.org/ns/hydra/context.jsonld", {"dcat": NAMESPACES["dcat"]}],
        "@id": f"{BASE}?page=1",
        "@type": ["Collection", "dcat:Catalog"],
        "totalItems": 217,
        "view": {"@id": f"{BASE}?page=1", "@type": "PartialCollectionView", "next": "?page=2"},
    }
    batch = builders.read_page(
        dcat_rdf.DCAT, builders.page(orjson.dumps(document), f"{BASE}?page=1"), builders.source(BASE, type="dcat")
    )
    assert (batch.total, batch.following) == (217, (f"{BASE}?page=2",))


def test_a_page_of_schema_org_holds_no_dcat() -> None:
    document = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": "Bäume",
        "license": "https://x.example/l",
    }
    graph = parse(document)
    [node] = graph.of_type("schema:Dataset")
    assert [value.value for value in graph.values(node, "schema:name")] == ["Bäume"]
    assert graph.values(node, "schema:license") == [ox.NamedNode("https://x.example/l")]
    with pytest.raises(UnreadableError):
        builders.read_page(
            dcat_rdf.DCAT, builders.page(orjson.dumps(document), BASE), builders.source(BASE, type="dcat")
        )


@pytest.mark.parametrize(
    "document",
    [
        {
            "@context": {
                "a": {"@id": "http://a.example/a", "@context": {f"t{n}": f"http://x/{n}" for n in range(3000)}}
            },
            "@graph": [{"@id": f"http://x/{n}", "a": {"@id": "http://y/"}} for n in range(1500)],
        },
        {
            "@context": {f"t{n}": f"http://x/{n}" for n in range(5000)},
            "@graph": [{"@context": {"u": "http://x/u"}, "@id": f"http://x/{n}"} for n in range(1000)],
        },
    ],
    ids=["a context in a term", "a context in each node"],
)
def test_contexts_that_multiply_are_refused(document: dict[str, object]) -> None:
    with pytest.raises(UnreadableError, match="more than"):
        contexts.put_in(orjson.dumps(document))


def test_one_large_context_at_the_top_is_ordinary() -> None:
    terms = {f"t{n}": f"http://x/{n}" for n in range(3000)}
    document = {"@context": terms, "@graph": [{"@id": f"http://x/{n}", "t1": "a"} for n in range(3000)]}
    assert contexts.put_in(orjson.dumps(document)).count(b"http://x/") == 6000
