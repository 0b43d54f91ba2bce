"""The catalogue's linked data as a program reads them: follow the links, take the documents apart."""

import json
from collections import Counter
from urllib.parse import urlsplit

import pyoxigraph as ox
from flask.testing import FlaskClient
from lxml import etree

from dcat import rdf
from dcat.namespaces import expand

ENDINGS = tuple(rdf.FORMATS)
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
HYDRA = "{http://www.w3.org/ns/hydra/core#}"
Graph = frozenset[tuple[str, str, str]]


def quads(body: bytes, ending: str) -> list[ox.Quad]:
    return list(ox.parse(body, rdf.FORMATS[ending].syntax))


def strings(body: bytes, ending: str, of: str = "") -> set[tuple[str, str, str]]:
    """A document's triples without the page's own description, which names its own address."""
    found = {(str(t.subject), str(t.predicate), str(t.object)) for t in quads(body, ending)}
    return {t for t in found if "hydra" not in t[1] and "hydra" not in t[2] and of in t[0]}


def values(body: bytes, curie: str, ending: str = "ttl") -> list[str]:
    return [t.object.value for t in quads(body, ending) if t.predicate.value == expand(curie)]


def local(address: str) -> str:
    """A link of the catalogue as the test client asks for it."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def walk(client: FlaskClient, address: str, ending: str = "ttl") -> list[bytes]:
    """Follow hydra:next to the end, as a harvester does."""
    bodies = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, address
        bodies.append(answer.data)
        address = next((local(link) for link in values(answer.data, "hydra:next", ending)), "")
    return bodies


def members(bodies: list[bytes], ending: str = "ttl") -> list[str]:
    return [uri for body in bodies for uri in values(body, "dcat:dataset", ending)]


def closures(body: bytes, ending: str) -> dict[str, Graph]:
    """All that can be reached from each dataset of a document, by its URI."""
    by_subject: dict[str, list[ox.Quad]] = {}
    for quad in quads(body, ending):
        by_subject.setdefault(quad.subject.value, []).append(quad)
    kind, wanted = expand("rdf:type"), expand("dcat:Dataset")
    datasets = {q.subject.value for qs in by_subject.values() for q in qs
                if q.predicate.value == kind and q.object.value == wanted}  # fmt: skip
    return {uri: _reached(by_subject, uri) for uri in datasets}


def _reached(by_subject: dict[str, list[ox.Quad]], start: str) -> Graph:
    waiting, seen, found = [start], {start}, set()
    while waiting:
        for quad in by_subject.get(waiting.pop(), ()):
            found.add((str(quad.subject), str(quad.predicate), str(quad.object)))
            if isinstance(quad.object, ox.NamedNode) and quad.object.value not in seen:
                seen.add(quad.object.value)
                waiting.append(quad.object.value)
    return frozenset(found)


def torn_apart(body: bytes, ending: str) -> list[str]:
    """Name the subjects that a document describes in more than one place."""
    if ending == "jsonld":
        subjects = [node["@id"] for node in json.loads(body)]
    elif ending == "rdf":
        subjects = [element.get(ABOUT) for element in etree.fromstring(body)]
    else:
        everything = [quad.subject.value for quad in quads(body, ending)]
        subjects = [one for before, one in zip(["", *everything], everything, strict=False) if one != before]
    return [subject for subject, times in Counter(subjects).items() if times > 1]
