"""Harvesters of other portals, written from what they do (CKAN with GovData, piveau, InGrid, udata), not from what we serve."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import rdflib
from flask.testing import FlaskClient
from linked_pages import local
from lxml import etree
from rdflib import DCAT, DCTERMS, RDF, URIRef
from werkzeug.test import TestResponse

HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
XML = {
    "rdf": str(RDF),
    "dcat": str(DCAT),
    "dcterms": str(DCTERMS),
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": str(HYDRA),
}
ABOUT, RESOURCE = f"{{{RDF}}}about", f"{{{RDF}}}resource"
Copy = frozenset[str]


class AbortedError(Exception):
    """The run ends here, and nothing is deleted."""


@dataclass
class Web:
    """The way to the catalogue, on which things happen between two requests."""

    client: FlaskClient
    between: Callable[[], None] = lambda: None

    def get(self, address: str) -> TestResponse:
        self.between()
        return self.client.get(local(address) if "://" in address else address)

    def head(self, address: str) -> TestResponse:
        self.between()
        return self.client.head(local(address) if "://" in address else address)


class Consumer(Protocol):
    """What the harvesters have in common: a run brings copies, by the dataset's URI. `met` counts what one run met."""

    ending: str
    copies: dict[str, Copy]
    met: Counter[str]

    def run(self, web: Web, address: str) -> None: ...

    def read(self, body: bytes) -> dict[str, Copy]: ...


@dataclass
class Ckan:
    """CKAN's RDF harvester as GovData runs it: HEAD, then GET; every dataset is rewritten; the rest is deleted in the end."""

    ending: str = "rdf"
    copies: dict[str, Copy] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def run(self, web: Web, address: str) -> None:
        self.met = Counter()
        first = b""
        while address:
            head = web.head(address)
            if head.status_code not in (200, 400, 405):
                raise AbortedError(head.status_code)
            answer = web.get(address)
            if answer.status_code != 200:
                raise AbortedError(answer.status_code)
            answer.data.decode("utf-8", "strict")
            if answer.data == first:
                break
            first = first or answer.data
            graph = _parsed(answer.data, answer.headers["Content-Type"].split(";")[0])
            found = {str(uri): closure(graph, uri) for uri in graph.subjects(RDF.type, DCAT.Dataset)}
            self.met.update(found.keys())
            self.copies |= found
            address = following(graph)
        for uri in self.copies.keys() - self.met.keys():
            del self.copies[uri]

    def read(self, body: bytes) -> dict[str, Copy]:
        graph = _parsed(body, "application/rdf+xml")
        return {str(uri): closure(graph, uri) for uri in graph.subjects(RDF.type, DCAT.Dataset)}


@dataclass
class Piveau:
    """piveau: datasets by identifier; a hash of the closure, the catalogue taken out; an update only where it differs."""

    ending: str = "ttl"
    copies: dict[str, Copy] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    hashes: dict[str, str] = field(default_factory=dict)
    updated: set[str] = field(default_factory=set)

    def run(self, web: Web, address: str) -> None:
        self.met, self.updated, identifiers = Counter(), set(), {}
        while address:
            answer = web.get(address)
            if answer.status_code != 200:
                raise AbortedError(answer.status_code)
            graph = _parsed(answer.data, answer.headers["Content-Type"].split(";")[0])
            address = following(graph)
            for uri, copy in self._datasets(graph):
                identifier = str(graph.value(URIRef(uri), DCTERMS.identifier) or uri)
                identifiers[identifier] = uri
                self.met[uri] += 1
                digest = hashlib.sha256("\n".join(sorted(copy)).encode()).hexdigest()
                if self.hashes.get(uri) != digest:
                    self.updated.add(uri)
                    self.hashes[uri], self.copies[uri] = digest, copy
        for uri in self.copies.keys() - set(identifiers.values()):
            del self.copies[uri], self.hashes[uri]

    def read(self, body: bytes) -> dict[str, Copy]:
        return dict(self._datasets(_parsed(body, "text/turtle")))

    def _datasets(self, graph: rdflib.Graph) -> Iterator[tuple[str, Copy]]:
        for catalogue in list(graph.subjects(RDF.type, DCAT.Catalog)):
            graph.remove((catalogue, None, None))
        for uri in graph.subjects(RDF.type, DCAT.Dataset):
            yield str(uri), closure(graph, uri)


@dataclass
class InGrid:
    """InGrid: RDF/XML as a tree of elements. It ends at the page that calls itself the last."""

    ending: str = "rdf"
    copies: dict[str, Copy] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def run(self, web: Web, address: str) -> None:
        self.met, found = Counter(), {}
        while True:
            answer = web.get(address)
            if answer.status_code != 200:
                raise AbortedError(answer.status_code)
            root = etree.fromstring(answer.data)
            (paging,) = root.findall("hydra:PagedCollection", XML)
            assert int(paging.findtext("hydra:totalItems", namespaces=XML)) >= 0
            here = self.read(answer.data)
            self.met.update(here.keys())
            found |= here
            if paging.get(ABOUT) == paging.findtext("hydra:lastPage", namespaces=XML):
                break
            address = paging.findtext("hydra:nextPage", namespaces=XML)
        self.copies = found

    def read(self, body: bytes) -> dict[str, Copy]:
        root = etree.fromstring(body)
        nodes = {element.get(ABOUT): element for element in root}
        found = {}
        for dataset in root.findall("dcat:Dataset", XML):
            assert dataset.findtext("dcterms:identifier", namespaces=XML)
            parts = [dataset]
            for path in ("dcat:distribution", "dcterms:publisher", "dcat:contactPoint"):
                parts += [nodes[link.get(RESOURCE)] for link in dataset.findall(path, XML)]
            found[dataset.get(ABOUT)] = frozenset(
                etree.tostring(part, method="c14n").decode().strip() for part in parts
            )
        return found


@dataclass
class Udata:
    """udata: PartialCollectionView with hydra:next, or PagedCollection with nextPage; what is not met stays, marked as gone."""

    ending: str = "jsonld"
    copies: dict[str, Copy] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def run(self, web: Web, address: str) -> None:
        self.met = Counter()
        while address:
            answer = web.get(address)
            if answer.status_code != 200:
                raise AbortedError(answer.status_code)
            found = self.read(answer.data)
            self.met.update(found.keys())
            self.copies |= found
            address = following(_parsed(answer.data, "application/ld+json"))
        self.copies = {uri: copy for uri, copy in self.copies.items() if uri in self.met}

    def read(self, body: bytes) -> dict[str, Copy]:
        graph = _parsed(body, "application/ld+json")
        return {str(uri): closure(graph, uri) for uri in graph.subjects(RDF.type, DCAT.Dataset)}


KINDS: tuple[type[Consumer], ...] = (Ckan, Piveau, InGrid, Udata)


def closure(graph: rdflib.Graph, start: rdflib.term.Node) -> Copy:
    """Everything that can be reached from a node within a graph."""
    waiting, seen, found = [start], {start}, set()
    while waiting:
        node = waiting.pop()
        for predicate, value in graph.predicate_objects(node):
            found.add(f"{node.n3()} {predicate.n3()} {value.n3()} .")
            if not isinstance(value, rdflib.Literal) and value not in seen:
                seen.add(value)
                waiting.append(value)
    return frozenset(found)


def following(graph: rdflib.Graph) -> str:
    """Name the page that follows; empty for the last one."""
    for kind in (HYDRA.PartialCollectionView, HYDRA.PagedCollection):
        for view in graph.subjects(RDF.type, kind):
            if found := graph.value(view, HYDRA.next) or graph.value(view, HYDRA.nextPage):
                return str(found)
    return ""


def _parsed(body: bytes, media_type: str) -> rdflib.Graph:
    names = {"application/rdf+xml": "xml", "text/turtle": "turtle", "application/ld+json": "json-ld"}
    with warnings.catch_warnings():
        # rdflib's own reader of JSON-LD uses what rdflib has given up.
        warnings.simplefilter("ignore", DeprecationWarning)
        return rdflib.Graph().parse(data=body, format=names[media_type])
