"""The change log as DCAT-AP Feeds: a Linked Data Event Stream of activities, one for each dataset, cut into pages by number.

Specifications: DCAT-AP Feeds (SEMIC, https://semiceu.github.io/LDES-DCAT-AP-feeds/), LDES 1.0 (https://w3id.org/ldes/specification),
TREE (https://w3id.org/tree/specification). What an activity carries stands in the graph that bears its name.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox
from sqlalchemy.orm import Session

from catalog.api import activity
from catalog.api.activity import Activity
from catalog.config import Config
from dcat import rdf, terms
from dcat.kinds import named
from dcat.namespaces import expand

# Our ending -> the media type of a format with named graphs, and the format of the stored fragments it is made of.
MEDIA_TYPES = {"trig": "application/trig", "jsonld": "application/ld+json"}
_FRAGMENTS = {"trig": "ttl", "jsonld": "jsonld"}
_CREATED = ("create", "revive")
_TYPE = named(expand("rdf:type"))


@dataclass(frozen=True, slots=True)
class Tree:
    """How the stream is cut: so many sequence numbers to a page, so many pages to a section."""

    page: int = 250
    section: int = 250

    @property
    def span(self) -> int:
        """How many sequence numbers a section covers."""
        return self.page * self.section

    def pages(self, newest: int) -> int:
        """Count the pages up to a sequence number; there is always one."""
        return max(1, -(-newest // self.page))

    def sections(self, newest: int) -> int:
        """Count the full sections before the newest page."""
        return (self.pages(newest) - 1) // self.section


TREE = Tree()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One form of the feed at the state of a sequence number: our site, the address of its view, the ending of its format."""

    site: str
    address: str
    ending: str
    newest: int
    tree: Tree = TREE

    @property
    def stream(self) -> str:
        """Name the stream, whatever form it is read in."""
        return f"{self.site}/feed#stream"

    def page(self, number: int) -> str:
        """Give the address of a page."""
        return f"{self.address}?page={number}"

    def section(self, number: int) -> str:
        """Give the address of a list of pages."""
        return f"{self.address}?section={number}"

    def closed(self, number: int) -> bool:
        """Tell whether a page can gain no activity any more; it still loses those that a newer one replaces."""
        return self.newest >= number * self.tree.page


@dataclass(frozen=True, slots=True)
class _Link:
    """A node the present one leads to, with the times of the first change in it and of the last; an open node has no last."""

    node: str
    first: datetime.datetime
    last: datetime.datetime | None


def view(session: Session, config: Config, feed: Feed) -> bytes:
    """Make the entry: what the stream is, its full sections, and the pages since."""
    full = feed.tree.sections(feed.newest)
    links = _section_links(session, feed, full)
    links += _page_links(session, feed, full * feed.tree.section + 1, feed.tree.pages(feed.newest))
    return _document(feed.ending, [*_about(config, feed), *_relations(feed.address, links)])


def section(session: Session, feed: Feed, number: int) -> bytes:
    """Make the list of a full section's pages; those whose activities were all replaced are left out."""
    first = (number - 1) * feed.tree.section + 1
    links = _page_links(session, feed, first, first + feed.tree.section - 1)
    return _document(
        feed.ending, [*_node(feed, feed.section(number), closed=True), *_relations(feed.section(number), links)]
    )


def page(session: Session, feed: Feed, number: int) -> bytes:
    """Make one page: the activities with its sequence numbers that are the newest of their datasets, in their order."""
    first, last = (number - 1) * feed.tree.page + 1, number * feed.tree.page
    found = activity.between(session, first, last)
    stream, member = named(feed.stream), named(expand("tree:member"))
    opening = _node(feed, feed.page(number), closed=feed.closed(number))
    opening += [ox.Triple(stream, member, named(uri(feed.site, one.seq))) for one in found]
    return _document(feed.ending, opening, *_activities(session, feed, found))


def single(session: Session, feed: Feed, seq: int) -> bytes | None:
    """Describe one activity by itself; None when a newer one of the same dataset has replaced it."""
    found = activity.between(session, seq, seq)
    return _document(feed.ending, [], *_activities(session, feed, found)) if found else None


def uri(site: str, seq: int) -> str:
    """Name an activity."""
    return f"{site}/feed/activity/{seq}"


def _about(config: Config, feed: Feed) -> list[ox.Triple]:
    """Say what LDES clients must know of the stream (LDES 1.0, context information), with the old words for retention beside the new."""
    stream, policy = named(feed.stream), f"{feed.site}/feed#retention"
    return [
        *_triples(feed.stream, ("rdf:type", "ldes:EventStream"), ("ldes:timestampPath", "as:published")),
        *_triples(feed.stream, ("ldes:versionOfPath", "as:object"), ("ldes:versionCreateObject", "as:Create")),
        *_triples(feed.stream, ("ldes:versionUpdateObject", "as:Update"), ("ldes:versionDeleteObject", "as:Delete")),
        ox.Triple(stream, named(expand("tree:view")), named(feed.address)),
        ox.Triple(stream, named(expand("dcterms:title")), ox.Literal(f"{config.title.de}: Änderungen", language="de")),
        ox.Triple(stream, named(expand("dcterms:title")), ox.Literal(f"{config.title.en}: changes", language="en")),
        *_triples(feed.address, ("rdf:type", "tree:Node")),
        ox.Triple(named(feed.address), named(expand("ldes:retentionPolicy")), named(policy)),
        *_triples(policy, ("rdf:type", "ldes:RetentionPolicy"), ("rdf:type", "ldes:LatestVersionSubset")),
        *_triples(policy, ("ldes:versionKey", "as:object")),
        ox.Triple(named(policy), named(expand("ldes:amount")), terms.integer(1)),
        ox.Triple(named(policy), named(expand("ldes:versionAmount")), terms.integer(1)),
    ]


def _node(feed: Feed, address: str, *, closed: bool) -> list[ox.Triple]:
    """Open a page or section; a closed one need not be read again by whoever read it (LDES server primer, immutability)."""
    triples = _triples(feed.stream, ("rdf:type", "ldes:EventStream")) + _triples(address, ("rdf:type", "tree:Node"))
    if closed:
        triples.append(ox.Triple(named(address), named(expand("ldes:immutable")), terms.boolean(value=True)))
    return triples


def _section_links(session: Session, feed: Feed, full: int) -> list[_Link]:
    span = feed.tree.span
    times = activity.times(session, (seq for n in range(full) for seq in (n * span + 1, (n + 1) * span)))
    return [_Link(feed.section(n + 1), times[n * span + 1], times[(n + 1) * span]) for n in range(full)]


def _page_links(session: Session, feed: Feed, first: int, last: int) -> list[_Link]:
    """Link the pages that hold anything, and the newest, which will."""
    size = feed.tree.page
    held = {-(-seq // size) for seq in activity.present(session, (first - 1) * size + 1, last * size)}
    if last == feed.tree.pages(feed.newest):
        held.add(last)
    edges = {n: ((n - 1) * size + 1, n * size) for n in sorted(held)}
    times = activity.times(session, (seq for edge in edges.values() for seq in edge))
    # The first page of an empty catalogue has no first change yet.
    begin = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return [_Link(feed.page(n), times.get(low, begin), times.get(high)) for n, (low, high) in edges.items()]


def _relations(address: str, links: Iterable[_Link]) -> Iterator[ox.Triple]:
    """Bound each node's times on both sides. Neighbours share an instant where one publication crosses their edge, so both bounds
    include it: whoever leaves out pages by time misses none."""
    for link in links:
        yield from _relation(address, link.node, "from", "tree:GreaterThanOrEqualToRelation", link.first)
        if link.last is not None:
            yield from _relation(address, link.node, "until", "tree:LessThanOrEqualToRelation", link.last)


def _relation(address: str, node: str, name: str, kind: str, at: datetime.datetime) -> Iterator[ox.Triple]:
    relation = f"{node}#{name}"
    yield ox.Triple(named(address), named(expand("tree:relation")), named(relation))
    yield from _triples(relation, ("rdf:type", kind), ("tree:path", "as:published"))
    yield ox.Triple(named(relation), named(expand("tree:value")), terms.instant(at))
    yield ox.Triple(named(relation), named(expand("tree:node")), named(node))


def _activities(session: Session, feed: Feed, found: list[Activity]) -> Iterator[tuple[list[ox.Triple], list[bytes]]]:
    """Give each activity with what it carries: nothing for a deletion."""
    payloads = activity.payloads(session, found, _FRAGMENTS[feed.ending])
    for one in found:
        subject = named(uri(feed.site, one.seq))
        about = [
            ox.Triple(subject, _TYPE, named(expand(_kind(one)))),
            ox.Triple(subject, named(expand("as:object")), named(one.uri)),
            ox.Triple(subject, named(expand("as:published")), terms.instant(one.at)),
        ]
        yield about, payloads.get(one.id, [])


def _kind(one: Activity) -> str:
    if not one.visible:
        return "as:Delete"
    return "as:Create" if one.kind in _CREATED else "as:Update"


def _document(ending: str, opening: list[ox.Triple], *activities: tuple[list[ox.Triple], list[bytes]]) -> bytes:
    pieces = [rdf.fragment(opening, _FRAGMENTS[ending])]
    write = _trig if ending == "trig" else _jsonld
    pieces += [write(about, payload) for about, payload in activities]
    return b"".join(rdf.join(pieces, _FRAGMENTS[ending]))


def _trig(about: list[ox.Triple], payload: list[bytes]) -> bytes:
    said = rdf.fragment(about, "ttl")
    return said + b"%s {\n%s}\n" % (str(about[0].subject).encode(), b"".join(payload)) if payload else said


def _jsonld(about: list[ox.Triple], payload: list[bytes]) -> bytes:
    """Put the graph into the activity's object (JSON-LD 1.1, section 4.9)."""
    said = rdf.fragment(about, "jsonld")
    return said[:-1] + b',"@graph":[' + b",".join(payload) + b"]}" if payload else said


def _triples(subject: str, *pairs: tuple[str, str]) -> list[ox.Triple]:
    return [ox.Triple(named(subject), named(expand(term)), named(expand(value))) for term, value in pairs]
