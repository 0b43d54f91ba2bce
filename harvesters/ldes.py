"""DCAT-AP Feeds: event streams of activities, each with what it carries in the graph that bears its name.

Specifications: DCAT-AP Feeds (SEMIC, https://semiceu.github.io/LDES-DCAT-AP-feeds/), LDES 1.0, TREE, ActivityStreams 2.0. The whole
stream is read in every run; of all activities about one object the newest counts, in whatever order its pages come.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyoxigraph as ox

from dcat import contexts, dates, iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Problem, Reading
from dcat.namespaces import expand
from dcat.rdf_reader import MAX_TRIPLES, Graph
from harvesters import dcat_rdf, web_pages
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.decode import decode
from harvesters.json_answers import too_many
from harvesters.source import Source

MAX_RELATIONS = 20_000
# TriG reads Turtle, N-Quads reads N-Triples.
_TYPES = {
    "application/trig": ox.RdfFormat.TRIG,
    "application/x-trig": ox.RdfFormat.TRIG,
    "text/turtle": ox.RdfFormat.TRIG,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/json": ox.RdfFormat.JSON_LD,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/n-triples": ox.RdfFormat.N_QUADS,
}
_WRITTEN = ("as:Create", "as:Update")
_REMOVED = ("as:Delete", "as:Remove")
# Sorts before every time there is.
_UNDATED = "0"


def split(page: Page, source: Source) -> Batch:
    """Cut one node of a stream into its activities; the relations of the node lead on."""
    named = _graphs(page)
    node = Graph(named.pop(ox.DefaultGraph(), ()))
    removed = {one for kind in _REMOVED for one in node.of_type(kind)}
    activities = sorted({*removed, *(one for kind in _WRITTEN for one in node.of_type(kind))}, key=str)
    members = [value for values in node.nodes.values() for value in values.get(expand("tree:member"), ())]
    following = _following(node, page.url)
    if not activities and members:
        raise UnreadableError(
            Message(
                f"{page.url} ist ein Strom, dessen Mitglieder keine Aktivitäten sind (as:Create, as:Update, as:Delete).",
                f"{page.url} is a stream whose members are no activities (as:Create, as:Update, as:Delete).",
            )
        )
    if not (activities or following or any(map(node.of_type, ("ldes:EventStream", "tree:Node", "tree:Collection")))):
        raise UnreadableError(
            Message(
                f"{page.url} ist kein Strom von Änderungen (LDES). Nächster Schritt: die Adresse des Stroms eintragen.",
                f"{page.url} is no stream of changes (LDES). Next step: enter the address of the stream.",
            )
        )
    many = len(following) > MAX_RELATIONS
    return Batch(
        items=_items(node, activities, removed, named),
        following=following[:MAX_RELATIONS],
        problems=(too_many(page.url, len(following), MAX_RELATIONS),) if many else (),
        whole=not many,
    )


def read(item: Item, source: Source) -> Reading:
    """Read what an activity says about a dataset; UnreadableError where it says nothing, or names no object or title."""
    graph, about, activity = item.content
    if item.remote_id.startswith("?"):
        raise UnreadableError(
            Message(
                f"Die Aktivität {activity} nennt kein Objekt mit Adresse (as:object).",
                f"The activity {activity} names no object with an address (as:object).",
            )
        )
    if graph is None:
        raise UnreadableError(
            Message(
                f"Die Aktivität {activity} trägt keine Beschreibung: Es gibt keinen Graphen dieses Namens.",
                f"The activity {activity} carries no description: there is no graph of its name.",
            )
        )
    reading = dcat_rdf.read(replace(item, content=(graph, about)), source)
    if not item.version.startswith(_UNDATED + " "):
        return reading
    message = Message(
        "Die Aktivität sagt nicht, wann sie geschah (as:published); sie gilt als die älteste.",
        "The activity does not say when it happened (as:published); it counts as the oldest.",
    )
    problem = Problem(path="", code="no-time", value=activity[:500], message=message)
    return replace(reading, problems=(*reading.problems, problem))


LDES = Harvester(
    type="ldes",
    accept="application/trig, application/ld+json;q=0.9, application/n-quads;q=0.8, text/turtle;q=0.7",
    crossing=True,
    split=split,
    map=read,
)


def _graphs(page: Page) -> dict[Any, list[ox.Triple]]:
    """Parse a page into its graphs, by name."""
    text = decode(page.body, page.charset)
    web_pages.refuse(page.url, text.text, "RDF")
    syntax = _TYPES.get(page.media_type)
    if syntax is None:
        syntax = ox.RdfFormat.JSON_LD if text.text.lstrip()[:1] in ("{", "[") else ox.RdfFormat.TRIG
    found: dict[Any, list[ox.Triple]] = {}
    try:
        body = contexts.put_in(text.utf8) if syntax == ox.RdfFormat.JSON_LD else text.utf8
        base = page.url if iri.is_iri(page.url) else None
        for count, quad in enumerate(ox.parse(body, syntax, base_iri=base, lenient=True)):
            if count >= MAX_TRIPLES:
                raise UnreadableError(
                    Message(
                        f"{page.url} hat über {MAX_TRIPLES} Aussagen.",
                        f"{page.url} has over {MAX_TRIPLES} statements.",
                    )
                )
            found.setdefault(quad.graph_name, []).append(quad.triple)
    except (SyntaxError, ValueError) as error:
        where = re.sub(r"\s+", " ", str(error))[:200]
        raise UnreadableError(
            Message(f"{page.url} ist kein lesbares RDF: {where}", f"{page.url} is no readable RDF: {where}")
        ) from error
    return found


def _items(node: Graph, activities: list[Any], removed: set[Any], named: dict[Any, list[ox.Triple]]) -> Iterator[Item]:
    for activity in activities:
        about = next(iter(sorted(node.values(activity, "as:object"), key=str)), None)
        remote_id = iri.cleaned(about.value) if isinstance(about, ox.NamedNode) else ""
        version = _version(node, activity)
        if activity in removed and remote_id:
            yield Item(remote_id=remote_id, content=None, version=version, gone=True)
            continue
        triples = named.get(activity, [])
        graph = Graph(triples) if triples else None
        if graph is None or not remote_id or _is_dataset(graph, about):
            content = (graph, about, str(activity.value))
            stamp = _stamp(triples)
            yield Item(
                remote_id=remote_id or f"?{activity.value}",
                content=content,
                stamp=stamp,
                version=version if remote_id else "",
            )


def _is_dataset(graph: Graph, about: Any) -> bool:
    """Streams may carry catalogues and services too; what has no class is taken for a dataset."""
    classes = graph.values(about, "rdf:type")
    return not classes or about in graph.of_type("dcat:Dataset")


def _version(node: Graph, activity: Any) -> str:
    """Order activities by their time, and those of one instant by their number: a longer one is the later."""
    times = sorted(_instant(value.value) for value in node.values(activity, "as:published"))
    name = str(activity.value)
    return f"{(times or [''])[-1] or _UNDATED} {len(name):04} {name}"


def _instant(value: str) -> str:
    """Bring a time into a form that sorts; empty when it is none."""
    try:
        at = datetime.datetime.fromisoformat(dates.cleaned(value))
        at = at if at.tzinfo else at.replace(tzinfo=datetime.UTC)
        return at.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return ""


def _stamp(triples: list[ox.Triple]) -> bytes:
    """Give the statements in a stable order; blank nodes have other names each time, so that nothing can be told of them."""
    if any(isinstance(term, ox.BlankNode) for one in triples for term in (one.subject, one.object)):
        return b""
    return "\n".join(sorted(map(str, triples))).encode()


def _following(node: Graph, url: str) -> tuple[str, ...]:
    """Give what the relations lead to; without any, the view of a stream whose own address says nothing more."""
    links = [value for values in node.nodes.values() for value in values.get(expand("tree:node"), ())]
    views = [value for values in node.nodes.values() for value in values.get(expand("tree:view"), ())]
    has_members = any(expand("tree:member") in values for values in node.nodes.values())
    if not links and not has_members:
        # Each view has all members: one of them is enough.
        links = sorted((view for view in views if view.value != url), key=lambda view: view.value)[:1]
    found = (iri.joined(url, link.value) for link in links if not isinstance(link, ox.BlankNode))
    return tuple(dict.fromkeys(address for address in found if iri.is_web(address) and address != url))
