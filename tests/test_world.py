"""What the world writes is read, and nothing of it is lost without a word: every statement is in the model or named in a problem.

The account is kept beside the reader: it walks over the triples of a page itself and asks of each where it went.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import builders
import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shared_files import shared

from dcat import iri, rdf, rdf_reader
from dcat.kinds import Misfit
from dcat.model import Agent, Contact, Period, Place, Problem, Reading, Text
from dcat.namespaces import NAMESPACES, expand
from dcat.profile import Class, Property, profile
from harvesters.dcat_rdf import DCAT

PREFIXES = "".join(f"@prefix {name}: <{uri}> .\n" for name, uri in NAMESPACES.items())
URI = "https://amt.example/d/1"
BASE = "https://amt.example/katalog"
TYPE = expand("rdf:type")


# --- the account -----------------------------------------------------------------------------------------------------


class Account:
    """The statements about one dataset, each to be found in the model or among the problems."""

    def __init__(self, graph: rdf_reader.Graph, problems: tuple[Problem, ...]) -> None:
        self.graph = graph
        self.problems = problems

    def lost(self, cls: Class, node: Any, value: Any, path: str) -> Iterator[str]:
        """Name the statements about a node that are neither in its value nor in a problem."""
        if (
            isinstance(node, ox.NamedNode)
            and not value.uri
            and value != cls.maker()
            and not self.named(path, node.value)
        ):
            yield f"{path} {node}"
        for predicate, terms in self.graph.nodes.get(node, {}).items():
            prop = cls.by_term.get(predicate) or cls.by_term.get(twin(predicate))
            if predicate == TYPE:
                continue
            where = ".".join(filter(None, (path, prop.field if prop else predicate)))
            if prop is None:
                if not self.reported(where):
                    yield f"{where} {terms}"
                continue
            if any(problem.code == "too-many" and problem.path == where for problem in self.problems):
                continue
            for term in terms:
                yield from self.statement(prop, term, value, where)

    def statement(self, prop: Property, term: Any, value: Any, path: str) -> Iterator[str]:
        held = getattr(value, prop.field)
        held = held if isinstance(held, tuple) else (held,)
        if self.named(path, *shown(term)):
            return
        if prop.kind is not None and any(self.named(path, *shown(one)) for one in self.inside(term)):
            return
        if prop.kind is not None:
            meanings = [prop.kind.read(one, prop.vocabulary) for one in (term, *self.inside(term))]
            known = [one for one in meanings if not isinstance(one, Misfit)]
            texts = [one.value if isinstance(one, Text) else str(one) for one in known]
            if not any(one in held for one in known) and not any(text[:400] in self.surplus(path) for text in texts):
                yield f"{path} {term}"
        elif isinstance(term, ox.Literal):
            # A text in the place of a node fills one field of it; which one, the tests below say.
            if not any(one and any(getattr(one, field.name) for field in fields(one)) for one in held):
                yield f"{path} {term}"
        else:
            cls = profile()[prop.node]
            candidates = [one for one in held if one is not None and one.uri == iri_of(term)] + [cls.maker()]
            accounts = [list(self.lost(cls, term, one, path)) for one in candidates]
            if [] not in accounts:
                yield from min(accounts, key=len)

    def surplus(self, path: str) -> str:
        """What is told about the second and further values of this property and of those it belongs to."""
        told = [one for one in self.problems if one.code == "several-values" and f"{path}.".startswith(f"{one.path}.")]
        return "\n".join(one.value for one in told)

    def inside(self, term: Any) -> list[Any]:
        if isinstance(term, ox.Literal):
            return []
        return [value for values in self.graph.nodes.get(term, {}).values() for value in values]

    def named(self, path: str, *values: str) -> bool:
        wanted = {value[:200] for value in values}
        inner = {problem.value[:200] for problem in self.problems if problem.path == path}
        return bool(wanted & inner)

    def reported(self, path: str) -> bool:
        return any(problem.path == path for problem in self.problems)


def shown(term: Any) -> list[str]:
    return (
        [term.value, term.value.strip(), "_:b"] if isinstance(term, ox.BlankNode) else [term.value, term.value.strip()]
    )


def iri_of(term: Any) -> str:
    return iri.cleaned(term.value) if isinstance(term, ox.NamedNode) else ""


def twin(predicate: str) -> str:
    return "http" + predicate[5:] if predicate.startswith("https:") else "https" + predicate[4:]


def lost(graph: rdf_reader.Graph, node: Any, reading: Reading) -> list[str]:
    return list(Account(graph, reading.problems).lost(profile()["Dataset"], node, reading.dataset, ""))


def test_the_account_finds_what_is_missing() -> None:
    text = f'{PREFIXES}<{URI}> a dcat:Dataset ; dcterms:title "Bäume" ; dcterms:publisher [ foaf:name "Amt" ] ; rdfs:comment "x" .'
    graph = rdf_reader.parse(text.encode(), "ttl")
    [node] = graph.of_type("dcat:Dataset")
    whole = rdf_reader.read(graph, node)
    assert lost(graph, node, whole) == []
    for emptied in ({"title": ()}, {"publisher": None}, {"title": (Text("Büsche"),)}, {"publisher": Agent(name=())}):
        values = {field.name: getattr(whole.dataset, field.name) for field in fields(whole.dataset)} | emptied
        assert lost(graph, node, Reading(dataset=type(whole.dataset)(**values), problems=whole.problems))
    assert lost(graph, node, Reading(dataset=whole.dataset, problems=()))


# --- the corpus ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_real_catalogues_are_read_and_nothing_is_lost() -> None:
    files = [file for file in sorted(shared("corpus", "dcat").rglob("*")) if file.suffix[1:] in rdf.FORMATS]
    assert files
    for file in files:
        url = f"https://katalog.example/{file.name}"
        batch = builders.read_page(DCAT, builders.page(file.read_bytes(), url), builders.source(url, type="dcat"))
        records = list(batch.records)
        graph = rdf_reader.parse(file.read_bytes(), file.suffix[1:], base=url)
        nodes = graph.of_type("dcat:Dataset")
        assert len(records) >= len(nodes) > 0, file
        for record in records:
            assert (record.reading is None) == (record.failure is not None), record.remote_id
        uris = {iri_of(node) for node in nodes} - {""}
        assert uris <= {record.remote_id for record in records}, file
        for node in nodes:
            assert lost(graph, node, rdf_reader.read(graph, node)) == [], (file, node)


# --- whatever may come -----------------------------------------------------------------------------------------------

LITERALS = [
    *('"x"', '""', '"  "', '"x"@de', '"x"@waytoolongtag', '"<p>a</p>"', '"a\\u0000b"'),
    *('"2026-01-02"', '"31.5.2026"', '"0000-00-00"', '"1609459200000"', '"2020/2021"', '"2020 bis 2021"', '"gestern"'),
    *('"csv"', '"text/csv; charset=utf-8"', '"de"', '"dl-de/by-2-0"', '"ENVI"', '"annual"', '"public"'),
    *(
        '"https://amt.example/x"',
        '"amt@x.example"',
        '"0615 1/1"',
        '"relativ/x.csv"',
        '"1.5 MB"',
        '"1024.0"',
        "7",
        "true",
    ),
    *('"Darmstadt"@de', '"06411000"', '"POINT(8 49)"', '"ENVELOPE(8,9,50,49)"', '"[]"', '"abcdef01"'),
    '\'{"type": "Point", "coordinates": [8, 49, 100]}\'',
]
NODES = [
    "<https://amt.example/x>",
    "<http://a b/>",
    "<relativ>",
    "<urn:x:y>",
    "<mailto:amt@x.example>",
    "[]",
    "_:n1",
    "_:n2",
]
NODES += [f"<{builders.DARMSTADT}>", f"<{builders.LICENSE}>", f"<{builders.AUTHORITY}/data-theme/ENVI>"]
OTHER = [
    "<urn:x:other>",
    "rdfs:comment",
    "rdfs:label",
    "skos:prefLabel",
    "rdf:value",
    "vcard:hasValue",
    "skos:notation",
]


def statements(name: str, subject: str) -> st.SearchStrategy[str]:
    """A few statements about a node in the terms of a class, current, older, of the other scheme, or of none."""
    terms = sorted(profile()[name].by_term)
    predicates = st.sampled_from([f"<{term}>" for term in terms + [twin(term) for term in terms]] + OTHER)
    one = st.builds("{} {} {} .\n".format, st.just(subject), predicates, st.sampled_from(LITERALS + NODES))
    return st.lists(one, max_size=6).map("".join)


CLASSES = sorted(profile())
PAGES = st.tuples(
    statements("Dataset", f"<{URI}>"),
    *(
        st.sampled_from(CLASSES).flatmap(lambda name, subject=subject: statements(name, subject))  # type: ignore[misc]
        for subject in ("_:n1", "_:n2", "<https://amt.example/x>")
    ),
).map("".join)


@given(PAGES)
@example(
    f'<{URI}> dcterms:title "a" ; <https://purl.org/dc/terms/title> "b" ; owl:versionInfo "1" ; dcat:version "2" .'
)
@example(f'<{URI}> dcterms:publisher _:n1 , _:n2 . _:n1 foaf:name "A" . _:n2 foaf:name "B" .')
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_without_a_word(page: str) -> None:
    graph = rdf_reader.parse(f"{PREFIXES}<{URI}> a dcat:Dataset .\n{page}".encode(), "ttl", base=BASE)
    [node] = graph.of_type("dcat:Dataset")
    assert lost(graph, node, rdf_reader.read(graph, node)) == []


# --- odd spellings with one meaning ----------------------------------------------------------------------------------


def turtle(properties: str, more: str = "") -> Reading:
    """What is read from a dataset with some properties in Turtle."""
    text = f"{PREFIXES}<{URI}> a dcat:Dataset ; {properties} .\n{more}"
    [(_, reading)] = rdf_reader.datasets(rdf_reader.parse(text.encode(), "ttl", base=BASE))
    return reading


def codes(reading: Reading) -> dict[str, str]:
    return {problem.path: problem.code for problem in reading.problems}


@pytest.mark.parametrize(
    ("literal", "period"),
    [
        ("2020/2021", Period(start="2020", end="2021")),
        ("2020-01-01/2021-12-31", Period(start="2020-01-01", end="2021-12-31")),
        ("2009-09-01T12:00:00Z/2010-05-31T12:00:00Z", Period(start="2009-09-01T12:00:00Z", end="2010-05-31T12:00:00Z")),
        ("1.1.2020 - 31.12.2020", Period(start="2020-01-01", end="2020-12-31")),
        ("2020 bis 2021", Period(start="2020", end="2021")),
        ("2020–2021", Period(start="2020", end="2021")),
        ("2020-05", Period(start="2020-05", end="2020-05")),
        ("2020/..", Period(start="2020")),
        ("/2021", Period(end="2021")),
    ],
)
def test_a_period_in_one_text(literal: str, period: Period) -> None:
    reading = turtle(f'dcterms:temporal "{literal}"')
    assert (reading.dataset.temporal, codes(reading)) == ((period,), {})


@pytest.mark.parametrize("literal", ["im Sommer 2020", "2020/P1Y", "/", "../..", "2020/21", "0/0", "2020/" + "1" * 99])
def test_a_period_without_one_meaning_is_reported(literal: str) -> None:
    reading = turtle(f'dcterms:temporal "{literal}"')
    assert (reading.dataset.temporal, codes(reading)) == ((), {"temporal": "literal"})


DISTRICT = "http://dcat-ap.de/def/politicalGeocoding/districtKey/06432"


@pytest.mark.parametrize(
    ("spatial", "place"),
    [
        ('"06411000"', Place(uri=builders.DARMSTADT)),
        ('"06 4 11 000"', Place(uri=builders.DARMSTADT)),
        ('"064110000000"', Place(uri=builders.DARMSTADT)),
        ('"064320000000"', Place(uri=DISTRICT)),
        ('"06432"', Place(uri=DISTRICT)),
        (f'"{builders.DARMSTADT}"', Place(uri=builders.DARMSTADT)),
        ('"99999999"', Place(label=(Text("99999999"),))),
        ('"Darmstadt"@de', Place(label=(Text("Darmstadt", "de"),))),
        ('"POINT(8.6 49.8)"', Place(geometry="POINT(8.6 49.8)")),
        ('"ENVELOPE(8, 9, 50, 49)"', Place(geometry="POLYGON ((8 49, 9 49, 9 50, 8 50, 8 49))")),
        ('\'{"type": "Point", "coordinates": [8, 49]}\'', Place(geometry="POINT (8 49)")),
        ('[ dcat:bbox "ENVELOPE(8,9,50,49)" ]', Place(bbox="POLYGON ((8 49, 9 49, 9 50, 8 50, 8 49))")),
        ('[ geosparql:asWKT "point(8 49)" ; locn:geographicName "Hier" ]', Place(label=(Text("Hier"),), geometry="POINT(8 49)")),
    ],
)  # fmt: skip
def test_places_in_many_spellings(spatial: str, place: Place) -> None:
    reading = turtle(f"dcterms:spatial {spatial}")
    assert (reading.dataset.spatial, codes(reading)) == ((place,), {})


def test_contacts_and_publishers_in_many_spellings() -> None:
    reading = turtle(
        """dcat:contactPoint "amt@x.example" , [ foaf:name "Büro" ; foaf:mbox <mailto:b@x.example> ; foaf:phone "115" ] ;
        adms:contactPoint [ vcard:fn "Alt" ] ;
        dcterms:publisher "https://amt.example/#amt" ; dcterms:creator [ vcard:fn "Amt" ; vcard:hasEmail "a@x.example" ]""",
        '<https://amt.example/#amt> foaf:name "Grünamt"@de .',
    )
    assert set(reading.dataset.contact_point) == {
        Contact(email="amt@x.example"),
        Contact(name="Büro", email="b@x.example", telephone="tel:115"),
    }
    assert reading.dataset.publisher == Agent(uri="https://amt.example/#amt", name=(Text("Grünamt", "de"),))
    assert reading.dataset.creator == (Agent(name=(Text("Amt"),), email="a@x.example"),)
    assert codes(reading) == {"contact_point": "superseded"}


def test_the_second_publisher_is_told_in_full() -> None:
    reading = turtle('dcterms:publisher [ foaf:name "A-Amt"@de ] , [ foaf:name "B-Amt"@de ; foaf:mbox "b@x.example" ]')
    assert reading.dataset.publisher == Agent(name=(Text("A-Amt", "de"),))
    [problem] = reading.problems
    assert (problem.path, problem.code, problem.value) == ("publisher", "several-values", "B-Amt; b@x.example")


def test_a_concept_of_ones_own_is_read_by_its_name() -> None:
    reading = turtle(
        "dcat:theme <https://amt.example/thema/1> ; dcat:distribution [ dcterms:format [ rdfs:label 'irgendwas', 'CSV' ] ]",
        '<https://amt.example/thema/1> a skos:Concept ; skos:prefLabel "Environment"@en .',
    )
    assert reading.dataset.theme == (f"{builders.AUTHORITY}/data-theme/ENVI",)
    assert reading.dataset.distribution[0].format == f"{builders.AUTHORITY}/file-type/CSV"


def test_language_tags_that_are_none() -> None:
    document = f"""<rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}" xmlns:dcat="{NAMESPACES["dcat"]}" xmlns:t="{NAMESPACES["dcterms"]}">
    <dcat:Dataset rdf:about="{URI}"><t:title xml:lang="de_DE">Bäume</t:title><t:title xml:lang="deutsch sprachig">Bäume</t:title>
    <t:description xml:lang="">Text</t:description><t:publisher xml:lang="waytoolongtag">Amt</t:publisher>
    </dcat:Dataset></rdf:RDF>"""
    [(_, reading)] = rdf_reader.datasets(rdf_reader.parse(document.encode(), "rdf"))
    assert set(reading.dataset.title) == {Text("Bäume", "de-de"), Text("Bäume")}
    assert reading.dataset.publisher == Agent(name=(Text("Amt"),))
    assert {(problem.path, problem.code) for problem in reading.problems} == {
        ("title", "language-tag"),
        ("publisher", "language-tag"),
    }


def test_what_was_interpreted_is_named_with_the_original() -> None:
    reading = turtle(
        'dcterms:modified "1609459200000" ; dcat:distribution [ dcat:mediaType "text/csv; charset=latin1" ]'
    )
    assert reading.dataset.modified == "2021-01-01T00:00:00Z"
    assert reading.dataset.distribution[0].media_type.endswith("/text/csv")
    assert {(problem.path, problem.code, problem.value) for problem in reading.problems} == {
        ("modified", "changed", "1609459200000"),
        ("distribution.media_type", "changed", "text/csv; charset=latin1"),
    }


def test_addresses_that_are_none_do_not_vanish() -> None:
    reading = turtle(
        "dcterms:publisher <http://[kaputt/> ; dcterms:creator <http:///x>", '<http://[kaputt/> foaf:name "A" .'
    )
    assert reading.dataset.publisher == Agent(name=(Text("A"),))
    assert codes(reading) == {"publisher": "uri", "creator": "uri"}


def test_two_terms_for_one_thing() -> None:
    same = turtle(
        'owl:versionInfo "1" ; dcat:version "1" ; <https://purl.org/dc/terms/issued> "2026" ; dcterms:issued "2026"'
    )
    assert codes(same) == {}
    other = turtle(
        'owl:versionInfo "1" ; dcat:version "2" ; <https://purl.org/dc/terms/issued> "2026" ; dcterms:issued "2025"'
    )
    assert (other.dataset.version, other.dataset.issued) == ("2", "2025")
    assert codes(other) == {"version": "superseded", "issued": "several-values"}
