"""RDF: what we write comes back exactly, in one piece and without blank nodes; what others write is read as far as it has a meaning."""

import itertools
import os
import random
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import builders
import orjson
import pyoxigraph as ox
import pytest
import rdflib
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_files import shared

from dcat import rdf, rdf_reader, rdf_writer
from dcat.errors import UnreadableError
from dcat.model import Agent, Checksum, Contact, Dataset, Period, Place, Reading, Text
from dcat.namespaces import NAMESPACES, expand
from dcat.profile import DEFAULT, GOVDATA, RELEASES

ROOT = Path(__file__).parent.parent
PREFIXES = "".join(f"@prefix {name}: <{uri}> .\n" for name, uri in NAMESPACES.items())
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
RDFLIB_NAMES = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}
URI = "https://amt.example/d/1"


def body(*descriptions: Any, ending: str = "ttl", release: str = DEFAULT) -> bytes:
    return rdf.serialize(rdf_writer.write(*descriptions, release=release).all(), ending)


def read_only(document: bytes, ending: str = "ttl") -> Reading:
    """The one dataset of a document."""
    [(_, reading)] = rdf_reader.datasets(rdf_reader.parse(document, ending, base="https://amt.example/katalog"))
    return reading


def turtle(properties: str, more: str = "") -> Reading:
    """What is read from a dataset with some properties in Turtle."""
    return read_only(f"{PREFIXES}<{URI}> a dcat:Dataset ; {properties} .\n{more}".encode())


def codes(reading: Reading) -> dict[str, str]:
    return {problem.path: problem.code for problem in reading.problems}


def triples(document: bytes, ending: str) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(document, rdf.FORMATS[ending].syntax)}


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", rdf.FORMATS)
@given(dataset=strategies.datasets(), release=st.sampled_from(sorted(RELEASES)))
@settings(max_examples=60, deadline=None)
def test_round_trip(ending: str, dataset: Dataset, release: str) -> None:
    reading = read_only(body(dataset, ending=ending, release=release), ending)
    assert reading.dataset == strategies.as_written(dataset, release)
    assert reading.problems == ()


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("ending", rdf.FORMATS)
def test_round_trip_of_every_property(ending: str, release: str) -> None:
    full = builders.full_dataset()
    reading = read_only(body(full, ending=ending, release=release), ending)
    assert reading.dataset == strategies.as_written(full, release)
    assert reading.problems == ()
    if release == GOVDATA:
        assert reading.dataset == full, "this release writes everything"


@pytest.mark.parametrize("ending", rdf.FORMATS)
def test_series_services_and_roles_come_back(ending: str) -> None:
    full = builders.full_dataset()
    read = read_only(body(full, ending=ending), ending).dataset
    assert read.in_series == full.in_series == (builders.full_series(),)
    assert [one.access_service for one in read.distribution] == [(builders.full_service(),)]
    for field in ("qualified_attribution", "qualified_relation", "other_identifier", "provenance", "was_generated_by"):
        assert getattr(read, field) == getattr(full, field) != ()
    assert read.sample == full.sample


# --- releases --------------------------------------------------------------------------------------------------------


def terms_of(release: str) -> set[tuple[str, str]]:
    """Class and property of every statement about the full dataset in one release, as CURIEs."""
    written = rdf_writer.write(
        builders.full_dataset(),
        builders.full_record(),
        builders.full_catalog(),
        builders.full_service(),
        release=release,
    ).all()
    classes = {t.subject: curie(t.object) for t in written if curie(t.predicate) == "rdf:type"}
    return {(classes[triple.subject], curie(triple.predicate)) for triple in written}


def curie(term: Any) -> str:
    return next(f"{name}:{term.value[len(uri) :]}" for name, uri in NAMESPACES.items() if term.value.startswith(uri))


# Deprecated in DCAT-AP.de 3.0 (conventions, 2024); GovData still understands them.
DEPRECATED = {
    "dcatde:politicalGeocodingURI",
    "dcatde:geocodingDescription",
    "dcatde:legalBasis",
    "dcatde:qualityProcessURI",
    "dcatde:originator",
    "dcatde:maintainer",
    "owl:versionInfo",
}


def test_the_default_release_writes_no_deprecated_term() -> None:
    assert not DEPRECATED & {term for _, term in terms_of(DEFAULT)}


def test_the_release_of_govdata_adds_the_deprecated_german_terms_and_nothing_else() -> None:
    assert terms_of(GOVDATA) - terms_of(DEFAULT) == {("dcat:Dataset", term) for term in DEPRECATED}
    assert terms_of(DEFAULT) < terms_of(GOVDATA)


def test_an_older_term_says_the_same_as_the_current_one() -> None:
    dataset = read_as_written(GOVDATA)
    for current, older in (
        ("geodcatap:originator", "dcatde:originator"),
        ("geodcatap:custodian", "dcatde:maintainer"),
        ("dcat:version", "owl:versionInfo"),
    ):
        assert dataset[expand(older)] == dataset[expand(current)] != []


def test_release_2_0_knows_nothing_that_came_with_3_0() -> None:
    older, current = terms_of("dcat-ap-de-2.0"), terms_of(DEFAULT)
    new = {
        "dcatap:hvdCategory", "dcatap:applicableLegislation", "dcat:inSeries", "dcat:version", "dcat:hasVersion",
        "geodcatap:originator", "geodcatap:custodian",
    }  # fmt: skip
    assert not new & {term for _, term in older}
    assert new <= {term for _, term in current}
    assert not [term for cls, term in older if cls == "dcat:DatasetSeries"]
    assert {cls for cls, term in older if term == "dcatap:availability"} == {"dcat:Distribution"}
    assert {("dcat:Dataset", "dcterms:hasVersion"), ("dcat:Dataset", "owl:versionInfo")} <= older


def test_sizes_are_decimals_in_release_2_0() -> None:
    sizes = {
        release: {
            t.object.datatype.value
            for t in rdf_writer.write(builders.full_dataset(), release=release).all()
            if curie(t.predicate) == "dcat:byteSize"
        }
        for release in RELEASES
    }
    assert sizes == {
        DEFAULT: {expand("xsd:nonNegativeInteger")},
        GOVDATA: {expand("xsd:nonNegativeInteger")},
        "dcat-ap-de-2.0": {expand("xsd:decimal")},
    }


def read_as_written(release: str) -> dict[str, list[Any]]:
    graph = rdf_reader.parse(body(builders.full_dataset(), release=release), "ttl")
    return graph.nodes[ox.NamedNode(f"{builders.SITE}/dataset/baumkataster")]


def test_what_a_release_only_reads_is_read() -> None:
    reading = turtle(
        f"""dcatde:politicalGeocodingURI <{builders.DARMSTADT}> ; dcatde:geocodingDescription "Die Stadt"@de ;
        dcatde:legalBasis "§ 12a EGovG"@de ; dcatde:qualityProcessURI <https://amt.example/qualitaet>"""
    )
    dataset = reading.dataset
    assert dataset.political_geocoding == (builders.DARMSTADT,)
    assert dataset.geocoding_description == (Text("Die Stadt", "de"),)
    assert dataset.legal_basis == (Text("§ 12a EGovG", "de"),)
    assert dataset.quality_process == "https://amt.example/qualitaet"
    assert reading.problems == ()
    assert {f.name for f in fields(Dataset) if getattr(read_only(body(dataset)).dataset, f.name)} == {"uri"}


def test_the_end_of_nodes() -> None:
    """A contact with several channels that every distribution's service names counts every time it is read."""
    services = " ".join(
        f"""<s{n}> dcat:contactPoint {", ".join(f"<c{m}>" for m in range(300))} .""" for n in range(200)
    )
    contacts = " ".join(f'<c{m}> vcard:fn "{m}" .' for m in range(300))
    document = f"""{PREFIXES}<{URI}> a dcat:Dataset ; dcat:distribution <d> .
        <d> dcat:accessService {", ".join(f"<s{n}>" for n in range(200))} . {services} {contacts}"""
    reading = read_only(document.encode())
    [distribution] = reading.dataset.distribution
    read = 1 + sum(1 + len(service.contact_point) for service in distribution.access_service)
    assert read <= rdf_reader.MAX_NODES < 1 + 200 * 301
    [problem] = reading.problems
    assert (problem.path, problem.code, problem.value) == (
        "distribution.access_service.contact_point",
        "too-many",
        str(rdf_reader.MAX_NODES),
    )


def test_a_value_no_list_of_the_eu_explains_brings_its_names() -> None:
    [written] = [
        {(curie(t.predicate), t.object.value, t.object.language) for t in node if isinstance(t.object, ox.Literal)}
        for uri, node in rdf_writer.write(builders.full_record()).shared.items()
        if "changetype" in uri
    ]
    assert written == {("skos:prefLabel", "geändert", "de"), ("skos:prefLabel", "updated", "en")}


@pytest.mark.parametrize("ending", rdf.FORMATS)
@given(datasets=strategies.several_datasets())
@settings(max_examples=30, deadline=None)
def test_joined_fragments_are_the_graph_of_the_whole(ending: str, datasets: list[Dataset]) -> None:
    parts = [rdf_writer.write(dataset) for dataset in datasets]
    # As a page has them: the datasets' own pieces, then each shared piece once.
    pieces = [
        *(part.own for part in parts),
        *{str(piece): piece for part in parts for piece in part.shared.values()}.values(),
    ]
    joined = b"".join(rdf.join((rdf.fragment(piece, ending) for piece in pieces), ending))
    assert triples(joined, ending) == set(rdf_writer.write(*datasets).all())
    assert triples(joined, ending) == triples(body(*datasets, ending=ending), ending)


@pytest.mark.parametrize("ending", rdf.FORMATS)
def test_a_page_without_datasets_is_a_document(ending: str) -> None:
    assert triples(b"".join(rdf.join([], ending)), ending) == set()
    assert triples(b"".join(rdf.join([b"", rdf.fragment([], ending)], ending)), ending) == set()


@given(strategies.datasets())
@settings(max_examples=60, deadline=None)
def test_no_blank_node_and_each_subject_in_one_piece(dataset: Dataset) -> None:
    written = rdf_writer.write(dataset, builders.record(), builders.service(), builders.catalog()).all()
    assert not any(isinstance(term, ox.BlankNode) for triple in written for term in (triple.subject, triple.object))
    assert len(written) == len(set(written))
    pieces = [subject for subject, _ in itertools.groupby(triple.subject for triple in written)]
    assert len(pieces) == len(set(pieces))


@pytest.mark.parametrize("ending", rdf.FORMATS)
def test_each_subject_stands_in_one_piece_in_the_bytes(ending: str) -> None:
    document = body(builders.full_dataset(), builders.record(), builders.service(), builders.catalog(), ending=ending)
    statements = [quad.triple for quad in ox.parse(document, rdf.FORMATS[ending].syntax)]
    assert len(statements) == len(set(statements)), "nothing is said twice"
    order = [triple.subject for triple in statements]
    pieces = [subject for subject, _ in itertools.groupby(order)]
    assert len(pieces) == len(set(pieces)) > 10
    if ending == "rdf":
        assert document.count(b"<dcat:Dataset rdf:about=") == 1


def test_a_node_that_is_publisher_and_contact_keeps_both() -> None:
    uri = "https://amt.example/id/amt"
    dataset = builders.dataset(publisher=builders.agent(uri=uri), contact_point=(builders.contact(uri=uri),))
    reading = read_only(body(dataset))
    assert reading.dataset.contact_point == dataset.contact_point
    # The address of the contact is the publisher's too: it is one node.
    assert reading.dataset.publisher == builders.agent(uri=uri, email=dataset.contact_point[0].email)


def test_vocabulary_values_are_typed() -> None:
    written = set(rdf_writer.write(builders.full_dataset()).all())
    license_type = ox.NamedNode(expand("dcterms:LicenseDocument"))
    assert ox.Triple(ox.NamedNode(builders.LICENSE), ox.NamedNode(expand("rdf:type")), license_type) in written


BYTES = """
import hashlib, sys
import builders
from dcat import rdf, rdf_reader, rdf_writer
for ending in rdf.FORMATS:
    first = rdf.serialize(rdf_writer.write(builders.full_dataset(), builders.record(), builders.catalog()).all(), ending)
    [(_, reading)] = rdf_reader.datasets(rdf_reader.parse(first, ending))
    again = rdf.serialize(rdf_writer.write(reading.dataset).all(), ending)
    print(ending, hashlib.sha256(first).hexdigest(), hashlib.sha256(again).hexdigest())
"""


def test_bytes_do_not_depend_on_the_process() -> None:
    answers = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
        run = subprocess.run(
            [sys.executable, "-c", BYTES], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        answers.add(run.stdout)
    [answer] = answers
    assert answer.count("\n") == len(rdf.FORMATS)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own JSON-LD reader
@pytest.mark.parametrize("ending", rdf.FORMATS)
def test_rdflib_reads_the_same_graph(ending: str) -> None:
    title = (Text("Bäume & <Büsche>\r\n\t\"'\\ ]]>", "de"), Text("\u2028\u0085😀", "de-at"))
    document = body(builders.full_dataset(title=title), builders.record(), builders.catalog(), ending=ending)
    theirs = set(rdflib.Graph().parse(data=document, format=RDFLIB_NAMES[ending]))
    ours = {tuple(map(rdflib_term, triple)) for triple in triples(document, ending)}
    assert theirs == ours
    assert len(ours) > 100


def rdflib_term(term: Any) -> Any:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    assert isinstance(term, ox.Literal)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    plain = term.datatype.value == expand("xsd:string")
    return rdflib.Literal(term.value, datatype=None if plain else rdflib.URIRef(term.datatype.value))


# --- reading what others write ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "count", "without_data"), [("rostock", 100, 0), ("bremen", 153, 4)])
def test_real_catalogues(name: str, count: int, without_data: int) -> None:
    document = shared("corpus", "dcat", f"{name}-catalog.rdf").read_bytes()
    readings = [reading.dataset for _, reading in rdf_reader.datasets(rdf_reader.parse(document, "rdf"))]
    assert len(readings) == count
    assert all(dataset.title and dataset.publisher and dataset.publisher.name for dataset in readings)
    assert sum(not dataset.distribution for dataset in readings) == without_data


def test_datasets_come_with_the_uri_as_found() -> None:
    document = f"{PREFIXES}<urn:x:2> a dcat:Dataset . <{URI}> a dcat:Dataset . [] a dcat:Dataset .".encode()
    found = dict(rdf_reader.datasets(rdf_reader.parse(document, "ttl")))
    assert found.keys() == {"urn:x:2", URI, ""}
    assert found[""].dataset == Dataset()


def test_blank_nodes() -> None:
    reading = turtle(
        """dcterms:publisher [ a foaf:Organization ; foaf:name "Amt"@de ; foaf:mbox "amt@x.example" ] ;
        dcat:contactPoint [ vcard:fn "Büro" ; vcard:hasEmail [ vcard:hasValue <mailto:a@x.example> ] ;
                            vcard:hasTelephone [ vcard:hasValue "0615 1/12-34" ] ] ;
        dcterms:temporal [ dcat:startDate "2020"^^xsd:gYear ] ;
        dcterms:conformsTo [ rdfs:label "irgendein Standard" ] ; dcterms:creator [ ]"""
    )
    dataset = reading.dataset
    assert dataset.publisher == Agent(name=(Text("Amt", "de"),), email="amt@x.example")
    assert dataset.contact_point == (Contact(name="Büro", email="a@x.example", telephone="tel:061511234"),)
    assert dataset.temporal == (Period(start="2020"),)
    assert dataset.creator == ()
    assert codes(reading) == {"conforms_to": "uri"}


def test_names_in_the_place_of_nodes() -> None:
    dataset = turtle(
        """dcterms:publisher "Grünamt\\u0001"@de ; dcterms:creator "https://amt.example/amt" ;
        dcat:contactPoint " Büro " ; dcterms:spatial "Darmstadt" ; dcterms:contributor "x"@de-xx-xx-toolongtag"""
        + "aa"
    ).dataset
    assert dataset.publisher == Agent(name=(Text("Grünamt", "de"),))
    assert dataset.creator == (Agent(uri="https://amt.example/amt"),)
    assert dataset.contact_point == (Contact(name="Büro"),)
    assert dataset.spatial == (Place(label=(Text("Darmstadt"),)),)
    assert dataset.contributor == (Agent(name=(Text("x"),)),)


def test_a_text_where_a_node_without_a_name_belongs_is_reported() -> None:
    assert codes(turtle('dcterms:temporal "im Sommer 2020"')) == {"temporal": "literal"}


@pytest.mark.parametrize(
    ("literal", "date"),
    [
        ('"2021-01-28 GMT 01:51:03"', "2021-01-28T01:51:03Z"),
        ('"31.05.2026"', "2026-05-31"),
        ('"2026-05-31"^^xsd:dateTime', "2026-05-31"),
        ('"2026-05-31T10:00"^^xsd:dateTime', "2026-05-31T10:00:00"),
        ('"2026-02-30"^^xsd:date', ""),
        ('"kürzlich"', ""),
    ],
)
def test_odd_dates(literal: str, date: str) -> None:
    reading = turtle(f"dcterms:modified {literal}")
    assert reading.dataset.modified == date
    assert codes(reading) == ({} if date else {"modified": "date"})


def test_twins_of_http_and_https() -> None:
    document = PREFIXES.replace(NAMESPACES["dcat"], "https://www.w3.org/ns/dcat#").replace(
        NAMESPACES["dcterms"], "https://purl.org/dc/terms/"
    )
    text = f'{document}<{URI}> a dcat:Dataset ; dcterms:title "Bäume" ; dcat:keyword "Baum" ; ' + (
        "dcat:theme <https://publications.europa.eu/resource/authority/data-theme/ENVI> ."
    )
    reading = read_only(text.encode())
    assert reading.dataset.title == (Text("Bäume"),)
    assert reading.dataset.keyword == (Text("Baum"),)
    assert reading.dataset.theme == (f"{builders.AUTHORITY}/data-theme/ENVI",)
    assert reading.problems == ()


@pytest.mark.parametrize(
    "spelling",
    [
        "<http://dcat-ap.de/def/licenses/dl-by-de/2_0>",
        "<https://www.govdata.de/dl-de/by-2-0>",
        '"https://www.govdata.de/dl-de/by-2-0"',
        '"dl-de-by-2.0"',
        "<http://publications.europa.eu/resource/authority/licence/DLDE_BY_2_0>",
        "<https://www.dcat-ap.de/def/licenses/dl-by-de/2.0>",
        '[ skos:notation "dl-by-de/2.0" ]',
    ],
)
def test_superseded_and_foreign_licences(spelling: str) -> None:
    reading = turtle(f"dcat:distribution [ dcterms:license {spelling} ]")
    assert reading.dataset.distribution[0].license == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    assert reading.problems == ()


def test_literals_where_uris_belong() -> None:
    reading = turtle(
        """dcat:landingPage "https://amt.example/mit leer{zeichen}" ; foaf:page "siehe Anlage" ;
        dcat:distribution [ dcat:accessURL "https://amt.example/ä[1].csv" ; dcterms:format "csv" ;
                            dcat:mediaType "text/csv" ; dcterms:language "de" ; dcat:byteSize "1024.0"^^xsd:decimal ]"""
    )
    [distribution] = reading.dataset.distribution
    assert reading.dataset.landing_page == ("https://amt.example/mit%20leer%7Bzeichen%7D",)
    assert distribution.access_url == ("https://amt.example/%C3%A4%5B1%5D.csv",)
    assert distribution.format == f"{builders.AUTHORITY}/file-type/CSV"
    assert distribution.media_type == "https://www.iana.org/assignments/media-types/text/csv"
    assert distribution.language == (f"{builders.AUTHORITY}/language/DEU",)
    assert distribution.byte_size == 1024
    assert codes(reading) == {"page": "uri"}


def test_addresses_that_are_no_iris_do_not_stop_the_writer() -> None:
    reading = turtle(
        "dcat:landingPage <http://x.example/a[1]#b#c>, <http://x.example/50%>, <http://[x/>, <http://x:y/>"
    )
    assert reading.dataset.landing_page == ("http://x.example/50%25", "http://x.example/a%5B1%5D#b%23c")
    assert codes(reading) == {"landing_page": "uri"}
    assert read_only(body(reading.dataset)).dataset == reading.dataset


def test_html_becomes_text() -> None:
    reading = turtle(
        'dcterms:description "<p>Alle <b>B&auml;ume</b></p><ul><li>Eichen</li></ul><script>x()</script>"@de'
    )
    assert reading.dataset.description == (Text("Alle Bäume\n\n- Eichen", "de"),)


def test_language_tags() -> None:
    reading = turtle('dcterms:title "a"@de-DE, "b"@DE, "c"@waytoolongtag')
    assert set(reading.dataset.title) == {Text("a", "de-de"), Text("b", "de"), Text("c")}
    assert read_only(body(reading.dataset)).dataset == reading.dataset


def test_two_values_for_a_single_property() -> None:
    reading = turtle('dcterms:modified "2026-01-02"^^xsd:date, "2026-01-01"^^xsd:date ; dcat:version "1", "1"')
    assert reading.dataset.modified == "2026-01-01"
    assert [(p.path, p.code, p.value) for p in reading.problems] == [("modified", "several-values", "2026-01-02")]


def test_unknown_values_and_properties() -> None:
    reading = turtle(
        'dcat:theme <https://amt.example/thema> ; dcterms:accrualPeriodicity "manchmal" ; rdfs:comment "x"'
    )
    assert (reading.dataset.theme, reading.dataset.frequency) == ((), "")
    assert codes(reading) == {
        "theme": "unknown-theme",
        "frequency": "unknown-frequency",
        expand("rdfs:comment"): "unknown-property",
    }
    assert {problem.value for problem in reading.problems} == {"https://amt.example/thema", "manchmal", "x"}


@pytest.mark.parametrize(
    "namespace",
    [
        "https://www.dcat-ap.de/def/dcatde/1.1/",
        "http://dcat-ap.de/def/dcatde/1.0/",
        "http://dcat-ap.de/def/dcatde/1_0/",
    ],
)
def test_old_namespaces_of_dcat_ap_de(namespace: str) -> None:
    reading = turtle(
        f"""<{namespace}contributorID> <http://dcat-ap.de/def/contributors/auswaertigesAmt> ;
        <{namespace}politicalGeocodingURI> <{builders.DARMSTADT}> ;
        <{namespace}politicalGeocodingLevelURI> <http://dcat-ap.de/def/politicalGeocoding/Level/municipality> ;
        <{namespace}maintainer> [ foaf:name "Amt" ] ; <{namespace}originator> [ foaf:name "Amt" ] ;
        dcat:distribution [ <{namespace}plannedAvailability> <http://dcat-ap.de/def/plannedAvailability/stable> ;
                            <{namespace}licenseAttributionByText> "Amt" ]"""
    )
    dataset = reading.dataset
    assert dataset.contributor_id == ("http://dcat-ap.de/def/contributors/auswaertigesAmt",)
    assert dataset.political_geocoding == (builders.DARMSTADT,)
    assert dataset.political_geocoding_level == ("http://dcat-ap.de/def/politicalGeocoding/Level/municipality",)
    assert dataset.custodian == dataset.originator == (Agent(name=(Text("Amt"),)),)
    [distribution] = dataset.distribution
    assert distribution.availability == f"{builders.AUTHORITY}/planned-availability/STABLE"
    assert distribution.license_attribution == (Text("Amt"),)
    assert reading.problems == ()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_dates_of_schema_org(scheme: str) -> None:
    start, end = f"<{scheme}://schema.org/startDate>", f"<{scheme}://schema.org/endDate>"
    dataset = turtle(f'dcterms:temporal [ {start} "2020-01-01"^^xsd:date ; {end} "2020-12-31"^^xsd:date ]').dataset
    assert dataset.temporal == (Period(start="2020-01-01", end="2020-12-31"),)


def test_a_superseded_term_never_overrules_the_current_one() -> None:
    reading = turtle('owl:versionInfo "alt" ; dcat:version "neu"')
    assert reading.dataset.version == "neu"
    assert codes(reading) == {"version": "superseded"}


def test_a_mail_address_resolved_against_the_page() -> None:
    dataset = turtle("dcat:contactPoint [ vcard:hasEmail <amt@darmstadt.example> ]").dataset
    assert dataset.contact_point == (Contact(email="amt@darmstadt.example"),)


def test_geojson_becomes_wkt() -> None:
    square = '{"type": "Polygon", "coordinates": [[[8, 49], [9, 49], [9, 50.5], [8, 49]]]}'
    reading = turtle(
        f"""dcterms:spatial [ locn:geometry '{square}'^^<https://www.iana.org/assignments/media-types/application/vnd.geo+json> ;
        dcat:centroid "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(8.5 49.5)"^^geosparql:wktLiteral ;
        dcat:bbox '{{"type": "Kreis"}}' ]"""
    )
    assert reading.dataset.spatial == (
        Place(geometry="POLYGON ((8 49, 9 49, 9 50.5, 8 49))", centroid="POINT(8.5 49.5)"),
    )
    assert codes(reading) == {"spatial.bbox": "geometry"}


def test_too_many_values_are_cut_and_reported() -> None:
    reading = turtle("dcat:keyword " + ", ".join(f'"k{number}"' for number in range(rdf_reader.MAX_VALUES + 5)))
    assert len(reading.dataset.keyword) == rdf_reader.MAX_VALUES
    assert [(problem.path, problem.code, problem.value) for problem in reading.problems] == [
        ("keyword", "too-many", str(rdf_reader.MAX_VALUES + 5))
    ]


def test_checksums_of_older_lists() -> None:
    dataset = turtle(
        'dcat:distribution [ spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha1 ; spdx:checksumValue "AABBCCDD" ] ]'
    ).dataset
    assert dataset.distribution[0].checksum == Checksum(
        algorithm="http://spdx.org/rdf/terms#checksumAlgorithm_sha1", value="aabbccdd"
    )


def test_statements_about_statements_are_passed_over() -> None:
    reading = turtle('dcterms:title "Bäume" ; dcterms:relation <<( <urn:a:1> <urn:a:2> "x" )>>, <urn:a:3>')
    assert reading.dataset.title == (Text("Bäume"),)
    assert reading.dataset.relation == ("urn:a:3",)


# --- bytes that are not what they claim to be ------------------------------------------------------------------------


@pytest.mark.parametrize("ending", rdf.FORMATS)
@pytest.mark.parametrize("document", [b"<html><p>Wartung", b"{", b"\xff\xfe\x00", b"<a> <b> c", b'{"a": 1} {'])
def test_wrong_syntax(ending: str, document: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        rdf_reader.parse(document, ending)
    assert rdf.FORMATS[ending].media_type in caught.value.message.de


@pytest.mark.parametrize("ending", rdf.FORMATS)
@given(document=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_random_bytes(ending: str, document: bytes) -> None:
    parsed_or_unreadable(document, ending)


@pytest.mark.parametrize("ending", rdf.FORMATS)
def test_damaged_documents(ending: str) -> None:
    whole = body(builders.full_dataset(), ending=ending)
    dice = random.Random(7)
    readable = sum(parsed_or_unreadable(damaged(whole, dice), ending) for _ in range(300))
    assert 0 < readable < 300


def damaged(document: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(document))
    length = dice.choice((0, 1, 1, 5, 40))
    piece = dice.choice((b"", b'"', b"<", b">", b"@", b"[", b"{", b"\\u", b"\xff", b"<<(", b"%", b"_:", b"&", b"x"))
    return document[:place] + piece + document[place + length :]


def parsed_or_unreadable(document: bytes, ending: str) -> bool:
    """Whether bytes are readable; anything but UnreadableError fails the test."""
    try:
        readings = list(rdf_reader.datasets(rdf_reader.parse(document, ending)))
    except UnreadableError:
        return False
    for _, reading in readings:
        assert isinstance(reading.dataset, Dataset)
    return True


def test_a_useless_base_does_no_harm() -> None:
    assert len(rdf_reader.parse(f"<{URI}> a <{URI}> .".encode(), "ttl", base="http://[x/").nodes) == 1


def json_nested(levels: int) -> bytes:
    return b'{"http://x.example/p":' * levels + b'{"@id":"http://x.example/a"}' + b"}" * levels


def xml_nested(levels: int) -> bytes:
    opening = f'<rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}" xmlns:x="http://x.example/">'.encode()
    one = b"<rdf:Description><x:p>"
    return opening + one * levels + b"</x:p></rdf:Description>" * levels + b"</rdf:RDF>"


@pytest.mark.parametrize(
    ("document", "ending"),
    [
        # pyoxigraph alone overflows the stack at 20,000 levels of JSON-LD: the process dies.
        pytest.param(json_nested(20_000), "jsonld", id="objects"),
        pytest.param(
            b'{"@context":' + b'{"a":{"@context":' * 20_000 + b"{}" + b"}}" * 20_000 + b"}", "jsonld", id="contexts"
        ),
        pytest.param(b"[" * 200_000, "jsonld", id="lists"),
        # ... and needs a minute for 100,000 levels of XML.
        pytest.param(xml_nested(100_000), "rdf", id="elements"),
    ],
)
def test_deep_nesting_is_refused(document: bytes, ending: str) -> None:
    before = time.thread_time()
    with pytest.raises(UnreadableError):
        rdf_reader.parse(document, ending)
    assert time.thread_time() - before < 5


def test_ordinary_nesting_is_read() -> None:
    assert len(rdf_reader.parse(json_nested(30), "jsonld").nodes) == 30
    assert len(rdf_reader.parse(xml_nested(30), "rdf").nodes) == 30


def test_entities_are_refused() -> None:
    # Ten levels of ten would be ten billion times "ha", were they expanded.
    levels = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 11))
    for subset in (f'<!ENTITY e0 "ha">{levels}', '<!ENTITY e10 SYSTEM "file:///etc/passwd">'):
        document = (
            f'{XML}<!DOCTYPE rdf:RDF [{subset}]><rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}" xmlns:x="http://x.example/">'
            '<rdf:Description rdf:about="http://x.example/a"><x:p>&e10;</x:p></rdf:Description></rdf:RDF>'
        )
        before = time.thread_time()
        with pytest.raises(UnreadableError):
            rdf_reader.parse(document.encode(), "rdf")
        assert time.thread_time() - before < 1


def test_a_document_type_without_entities_is_harmless() -> None:
    document = XML.encode() + b"<!DOCTYPE rdf:RDF>" + body(Dataset(uri=URI), ending="rdf").removeprefix(XML.encode())
    assert read_only(document, "rdf").dataset == Dataset(uri=URI)


@pytest.mark.parametrize(
    "context",
    ["https://amt.example/kontext.jsonld", {"@version": 1.1, "@import": "https://amt.example/kontext.jsonld"}],
)
def test_remote_contexts_are_refused(context: Any) -> None:
    document = orjson.dumps({"@context": context, "@id": URI, "name": "Bäume"})
    with pytest.raises(UnreadableError):
        rdf_reader.parse(document, "jsonld")


@pytest.mark.slow
def test_a_page_with_too_many_triples_is_refused() -> None:
    one = ox.Triple(ox.NamedNode(URI), ox.NamedNode(URI), ox.Literal("x"))
    with pytest.raises(UnreadableError):
        rdf_reader.Graph(itertools.repeat(one, rdf_reader.MAX_TRIPLES + 1))


def test_reading_is_the_same_whatever_the_order_of_the_statements() -> None:
    document = body(replace(builders.full_dataset(), modified="2026"), ending="nt")
    lines = document.splitlines(keepends=True)
    lines.append(f'<{builders.SITE}/dataset/baumkataster> <{expand("dcterms:modified")}> "2025" .\n'.encode())
    first = read_only(b"".join(lines), "nt")
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        again = read_only(b"".join(lines), "nt")
        assert again.dataset == first.dataset
        assert set(again.problems) == set(first.problems)
