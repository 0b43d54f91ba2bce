"""rdflib and pyoxigraph read the same graph: what others publish, in every format, and what we write.

The two differ where a document is wrong. Each difference that occurs is named here and taken out of both graphs, nothing else is.
"""

import logging
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pyoxigraph as ox
import pytest
import rdflib
import strategies
from hypothesis import given, settings
from shared_files import shared

from dcat import contexts, iri, rdf, rdf_writer
from dcat.model import Dataset
from dcat.namespaces import NAMESPACES, expand

NAMES = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}
BASE = "https://katalog.example/"
Triple = tuple[Any, Any, Any]


@pytest.fixture(autouse=True)
def lexical_forms() -> Iterator[None]:
    """Let rdflib keep lexical forms as written; its habit of rewriting numbers and dates is a difference of its own."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    logging.disable(logging.ERROR)  # rdflib logs each odd date and IRI at length
    yield
    logging.disable(logging.NOTSET)
    rdflib.NORMALIZE_LITERALS = before


def with_rdflib(document: bytes, ending: str) -> set[Triple]:
    graph = rdflib.Graph()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph.parse(data=document, format=NAMES[ending], publicID=BASE)
    return {(of_rdflib(s), of_rdflib(p), of_rdflib(o)) for s, p, o in graph}


def with_pyoxigraph(document: bytes, ending: str) -> set[Triple]:
    quads = ox.parse(document, rdf.FORMATS[ending].syntax, base_iri=BASE, lenient=True)
    return {of_pyoxigraph(quad.triple) for quad in quads}


def of_rdflib(of: Any) -> Any:
    if isinstance(of, rdflib.URIRef):
        return node(str(of))
    if isinstance(of, rdflib.BNode):
        return ox.BlankNode(str(of))
    return literal(str(of), of.language, str(of.datatype) if of.datatype else "")


def of_pyoxigraph(triple: ox.Triple) -> Triple:
    def plain(of: Any) -> Any:
        if isinstance(of, ox.NamedNode):
            return node(of.value)
        return of if isinstance(of, ox.BlankNode) else literal(of.value, of.language, of.datatype.value)

    return plain(triple.subject), plain(triple.predicate), plain(triple.object)


def node(value: str) -> ox.NamedNode:
    """Take out a difference: an address that is none, such as one with blanks, each engine keeps in its own way; see dcat/iri.py."""
    return ox.NamedNode(iri.cleaned(value) or f"urn:x-no-iri:{quote(value, safe='')}")


def literal(value: str, language: str | None, datatype: str) -> ox.Literal:
    """Take out two differences: the case of language tags, which BCP 47 gives no meaning, and xsd:string, which RDF 1.1 implies.

    A tag that is none, such as de_DE, both keep; it stands here as a type, because no literal can be made with it.
    """
    if language is not None:
        return ox.Literal(value, datatype=ox.NamedNode(f"urn:x-language:{quote(language.lower(), safe='')}"))
    return ox.Literal(value, datatype=ox.NamedNode(datatype or expand("xsd:string")))


def canonical(triples: set[Triple]) -> set[ox.Quad]:
    graph = ox.Dataset(ox.Quad(*triple) for triple in triples)
    graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return set(graph)


def assert_same(first: set[Triple], second: set[Triple]) -> None:
    """Compare as graphs: blank nodes by what is said about them."""
    left, right = canonical(first), canonical(second)
    assert sorted(map(str, left - right))[:5] == sorted(map(str, right - left))[:5] == []


@pytest.mark.slow
@pytest.mark.parametrize("ending", NAMES)
def test_what_others_publish(ending: str) -> None:
    files = [file for file in sorted(shared("corpus", "dcat").rglob("*")) if file.suffix[1:] in rdf.FORMATS]
    assert files
    for file in files:
        document = in_format(file.read_bytes(), file.suffix[1:], ending)
        first, second = with_pyoxigraph(document, ending), with_rdflib(document, ending)
        assert len(first) > 1_000, file
        assert_same(first, second)


def in_format(document: bytes, written: str, ending: str) -> bytes:
    """Give a document as it is, or in another format as pyoxigraph writes it."""
    if ending == written:
        return document
    quads = ox.parse(document, rdf.FORMATS[written].syntax, base_iri=BASE, lenient=True)
    return ox.serialize((quad.triple for quad in quads), format=rdf.FORMATS[ending].syntax) or b""


@pytest.mark.parametrize("ending", NAMES)
@given(dataset=strategies.datasets())
@settings(max_examples=25, deadline=None)
def test_what_we_write(ending: str, dataset: Dataset) -> None:
    triples = rdf_writer.write(dataset).all()
    document = rdf.serialize(triples, ending)
    first, second = with_pyoxigraph(document, ending), with_rdflib(document, ending)
    assert first == {of_pyoxigraph(triple) for triple in triples}
    assert first == second


@pytest.mark.parametrize(
    ("ending", "document"),
    [
        (
            "ttl",
            '<a> <urn:p> "x"@de-DE , "x" , "31.5.2026"^^<http://www.w3.org/2001/XMLSchema#date> , <b> , <?c=d> , <#e> , [] .',
        ),
        (
            "ttl",
            '<a> <urn:p> [ <urn:q> ( 1 2.0 true 1e3 ) ] ; <urn:r> "1.0"^^<http://www.w3.org/2001/XMLSchema#decimal> .',
        ),
        ("nt", '<urn:a> <urn:p> "\\u00e4\\n\\"" .'),
        (
            "rdf",
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:p="urn:p#" xml:base="https://x.example/">'
            '<p:A r:about="a" p:name="x"><p:b r:parseType="Resource"><p:c xml:lang="de">y</p:c></p:b>'
            '<p:d r:nodeID="n"/><p:e r:resource="#f"/></p:A></r:RDF>',
        ),
        (
            "jsonld",
            '{"@context": {"p": "urn:p#", "d": {"@id": "p:d", "@type": "@id"}}, "@id": "a", "p:n": ["x", 1, true, '
            '{"@value": "y", "@language": "de"}], "d": ["b", {"p:m": {"@list": ["1"]}}]}',
        ),
    ],
)
def test_corners_of_the_formats(ending: str, document: str) -> None:
    first, second = with_pyoxigraph(document.encode(), ending), with_rdflib(document.encode(), ending)
    assert first
    assert_same(first, second)


def test_a_difference_would_be_seen() -> None:
    document = b'<urn:a> <urn:p> [ <urn:q> "x" ] .'
    with pytest.raises(AssertionError):
        assert_same(with_pyoxigraph(document, "ttl"), with_rdflib(document.replace(b'"x"', b'"y"'), "ttl"))


@pytest.mark.parametrize("name", ["activitystreams", "dcat", "dcat-us", "hydra", "schema"])
def test_our_contexts_mean_the_same_to_both(name: str) -> None:
    terms = {term: meaning for term, meaning in contexts.shipped(name).items() if term not in NAMESPACES}
    classes = [term for term in terms if term[0].isupper()]
    properties = [term for term, meaning in terms.items() if term[0].islower() and not is_prefix_or_keyword(meaning)]
    node = {"@id": "#b", "@type": classes} | dict.fromkeys(properties, "2026")
    document = {"@context": contexts.shipped(name), "@id": "#a", "urn:p": node}
    body = contexts.put_in(orjson.dumps(document))
    first, second = with_pyoxigraph(body, "jsonld"), with_rdflib(body, "jsonld")
    assert len(first) > len(properties) // 2
    assert_same(first, second)


def is_prefix_or_keyword(meaning: Any) -> bool:
    return isinstance(meaning, str) and (meaning.startswith("@") or meaning.endswith(("/", "#", ":")))


def test_the_differences_are_as_explained() -> None:
    document = (
        b'<urn:a> <urn:p> "a"@DE , "b"^^<http://www.w3.org/2001/XMLSchema#string> , <x/../y> , <http://x.example/a b> .'
    )
    raw = {quad.object for quad in ox.parse(document, ox.RdfFormat.TURTLE, base_iri=BASE, lenient=True)}
    assert ox.NamedNode(f"{BASE}y") in raw
    assert "http://x.example/a b" in {one.value for one in raw}
    first, second = with_pyoxigraph(document, "ttl"), with_rdflib(document, "ttl")
    # RFC 3986, 5.2.4 takes dots out of a path; rdflib leaves them. This one is not taken out: no feed we know has such addresses.
    assert {str(one) for _, _, one in first - second} == {f"<{BASE}y>"}
    assert {str(one) for _, _, one in second - first} == {f"<{BASE}x/../y>"}


def test_rdflib_rewrites_values_unless_told_otherwise() -> None:
    document = b'<urn:a> <urn:p> "007"^^<http://www.w3.org/2001/XMLSchema#integer> .'
    assert with_pyoxigraph(document, "ttl") == with_rdflib(document, "ttl")
    rdflib.NORMALIZE_LITERALS = True
    assert with_pyoxigraph(document, "ttl") != with_rdflib(document, "ttl")
