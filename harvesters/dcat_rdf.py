"""DCAT catalogues in RDF, with Hydra paging in its new and its old form (standards: DCAT 3, Hydra Core)."""

import re
from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from dcat import iri, rdf, rdf_reader, rdf_stamp
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Reading
from dcat.namespaces import expand
from harvesters import web_pages
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.decode import decode
from harvesters.source import Source

_ENDINGS = {"ttl": "ttl", "turtle": "ttl", "rdf": "rdf", "xml": "rdf", "jsonld": "jsonld", "json": "jsonld", "nt": "nt"}
_TYPES = {form.media_type: ending for ending, form in rdf.FORMATS.items()} | {
    "application/xml": "rdf",
    "text/xml": "rdf",
    "application/json": "jsonld",
    "text/n3": "ttl",
    "application/x-turtle": "ttl",
}
_NEXT = ("hydra:next", "hydra:nextPage")
_LOCALE = re.compile(rb"""(?<=["'])(@[a-z]{2,3})_([A-Za-z]{2,4})(?=[\s;,.\]])""")


def split(page: Page, source: Source) -> Batch:
    """Cut one page of a catalogue into its datasets; the pages that follow are named by its Hydra view."""
    text = decode(page.body, page.charset)
    ending = _ending(page, text.text)
    graph = _parse(text.utf8, ending, page.url)
    nodes = _datasets(graph)
    if not nodes and not graph.of_type("dcat:Catalog") and not graph.of_type("hydra:PagedCollection"):
        raise UnreadableError(
            Message(
                f"{page.url} enthält weder Datensätze noch einen Katalog (dcat:Dataset, dcat:Catalog).",
                f"{page.url} holds neither datasets nor a catalogue (dcat:Dataset, dcat:Catalog).",
            )
        )
    return Batch(items=_items(graph, nodes), following=_following(graph, page.url), total=_total(graph))


def read(item: Item, source: Source) -> Reading:
    """Read one dataset of a page; UnreadableError without an identity or a title."""
    graph, node = item.content
    reading = rdf_reader.read(graph, node)
    if item.remote_id.startswith("?"):
        title = item.remote_id[1:]
        raise UnreadableError(
            Message(
                f"Der Datensatz „{title}“ hat weder URI noch dcterms:identifier.",
                f"The dataset “{title}” has neither a URI nor a dcterms:identifier.",
            )
        )
    if not reading.dataset.title:
        raise UnreadableError(Message(f"{item.remote_id} hat keinen Titel.", f"{item.remote_id} has no title."))
    return reading


DCAT = Harvester(
    type="dcat",
    accept="text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8, application/n-triples;q=0.7",
    split=split,
    map=read,
)


def _parse(body: bytes, ending: str, url: str) -> rdf_reader.Graph:
    try:
        return rdf_reader.parse(body, ending, base=url)
    except UnreadableError:
        # Older programs write locales such as de_DE where language tags belong; in Turtle one of them spoils the page.
        repaired = _LOCALE.sub(rb"\1-\2", body) if ending in ("ttl", "nt") else body
        if repaired == body:
            raise
        return rdf_reader.parse(repaired, ending, base=url)


def _datasets(graph: rdf_reader.Graph) -> list[Any]:
    """List the datasets of a page: what is typed so, and what a catalogue names as its dataset and describes without a type."""
    typed = graph.of_type("dcat:Dataset")
    key = expand("dcat:dataset")
    named = {node for values in graph.nodes.values() for node in values.get(key, ()) if node in graph.nodes}
    return typed + sorted((node for node in named if not graph.values(node, "rdf:type")), key=str)


def _items(graph: rdf_reader.Graph, nodes: list[Any]) -> Iterator[Item]:
    stamps = rdf_stamp.Stamps(graph)
    for node in nodes:
        yield Item(remote_id=_remote_id(graph, node), content=(graph, node), stamp=stamps.of(node))


def _remote_id(graph: rdf_reader.Graph, node: Any) -> str:
    """Give a dataset's URI, else its identifier, else its title behind a question mark."""
    if not isinstance(node, ox.BlankNode):
        return str(iri.cleaned(node.value))
    dataset = rdf_reader.read(graph, node).dataset
    return dataset.uri or next(iter(dataset.identifier), "") or f"?{next((t.value for t in dataset.title), '?')}"


def _ending(page: Page, text: str) -> str:
    # First of all: a login page comes under any address, and some servers call it RDF.
    web_pages.refuse(page.url, text, "RDF")
    if ending := _TYPES.get(page.media_type):
        return ending
    name = re.search(r"\.([a-z]+)$", page.url.split("?")[0].lower())
    if name and name[1] in _ENDINGS:
        return _ENDINGS[name[1]]
    start = text.lstrip()[:200]
    return "rdf" if start.startswith("<?xml") or "<rdf:" in start else "jsonld" if start[:1] in "[{" else "ttl"


def _following(graph: rdf_reader.Graph, url: str) -> tuple[str, ...]:
    views = graph.of_type("hydra:PartialCollectionView") or graph.of_type("hydra:PagedCollection")
    for curie in _NEXT:
        for view in sorted(views, key=lambda node: (node.value != url, node.value)):
            for value in graph.values(view, curie):
                if not isinstance(value, ox.BlankNode) and (following := iri.joined(url, value.value)):
                    return (following,)
    return ()


def _total(graph: rdf_reader.Graph) -> int | None:
    for name in ("hydra:PagedCollection", "hydra:Collection", "hydra:PartialCollectionView"):
        for view in graph.of_type(name):
            for value in graph.values(view, "hydra:totalItems"):
                # At most nine digits: a larger number is a slip, not a catalogue.
                if re.fullmatch(r"[0-9]{1,9}", value.value):
                    return int(value.value)
    return None
