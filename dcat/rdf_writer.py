"""Dataset -> RDF, driven by the profile table: deterministic, and without blank nodes."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from dcat.kinds import Kind, Term, named
from dcat.message import LANGUAGES
from dcat.model import Catalog, CatalogRecord, DataService, Dataset
from dcat.namespaces import expand
from dcat.profile import DEFAULT, OWNED, Class, Property, profile
from dcat.vocabularies import vocabulary

_TYPE = ox.NamedNode(expand("rdf:type"))
_CONCEPT = ox.NamedNode(expand("skos:Concept"))


@dataclass(slots=True)
class Parts:
    """The triples of one description: its own subjects, and nodes that other datasets share, each by URI in one piece."""

    own: list[ox.Triple] = field(default_factory=list)
    shared: dict[str, list[ox.Triple]] = field(default_factory=dict)
    described: set[str] = field(default_factory=set)

    def share(self, uri: str, triples: list[ox.Triple]) -> None:
        """Add what is said about a shared node; one that is publisher and contact at once keeps both."""
        if uri not in self.shared:
            self.shared[uri] = triples
            return
        known = self.shared[uri]
        known.extend(triple for triple in triples if triple not in known)
        known.sort(key=lambda triple: triple.subject != named(uri))

    def all(self) -> list[ox.Triple]:
        """Give every triple, own subjects first, shared ones by URI."""
        return [*self.own, *(triple for uri in sorted(self.shared) for triple in self.shared[uri])]


def write(*descriptions: Dataset | Catalog | CatalogRecord | DataService, release: str = DEFAULT) -> Parts:
    """Write descriptions whose nodes all have URIs (dcat/naming.py sees to that), in the terms of one profile release."""
    parts = Parts()
    for description in descriptions:
        parts.own.extend(_node(description, parts, profile(release)))
    own = {triple.subject.value for triple in parts.own}  # type: ignore[union-attr]
    for uri in own & parts.shared.keys():
        del parts.shared[uri]
    return parts


def _node(value: Any, parts: Parts, classes: Mapping[str, Class]) -> list[ox.Triple]:
    cls = classes[type(value).__name__]
    subject = named(value.uri)
    parts.described.add(value.uri)
    triples = [ox.Triple(subject, _TYPE, cls.uri)]
    children: list[ox.Triple] = []
    for prop in cls.written:
        content = getattr(value, prop.field)
        if not content and content != 0:
            continue
        for one in content if prop.many else (content,):
            term = _term(value, prop, one, children)
            triples.append(ox.Triple(subject, prop.term, term))
            if prop.also:
                triples.extend(ox.Triple(subject, older, term) for older in prop.also)
            if prop.kind is None:
                _add_child(one, prop, parts, children, classes)
            elif prop.range is not None and isinstance(term, ox.NamedNode):
                parts.share(term.value, _typed(term, prop))
    return triples + children


def _term(owner: Any, prop: Property, one: Any, children: list[ox.Triple]) -> Term:
    if prop.kind is None:
        return named(one.uri)
    term = _written(prop.kind, one)
    return _inner_node(owner.uri, prop, term, children) if prop.kind.inner else term


@functools.lru_cache(maxsize=10_000)
def _written(kind: Kind, value: Any) -> Term:
    """Write a value; the same one comes in each release, and many come in each dataset."""
    term: Term = kind.write(value)
    return term


def _typed(term: ox.NamedNode, prop: Property) -> list[ox.Triple]:
    """Say what a named value is; a concept that no list of the EU explains brings its names along."""
    assert prop.range is not None, "asked for values with a class only"
    triples = [ox.Triple(term, _TYPE, prop.range)]
    if prop.range == _CONCEPT:
        label, preferred = vocabulary(prop.vocabulary).label(term.value), named(expand("skos:prefLabel"))
        triples += [ox.Triple(term, preferred, ox.Literal(label.in_(lang), language=lang)) for lang in LANGUAGES]
    return triples


def _inner_node(owner: str, prop: Property, term: Term, children: list[ox.Triple]) -> ox.NamedNode:
    """Put a value into a node of its own, named after its owner."""
    assert prop.kind is not None and prop.kind.inner is not None, "the kind says that its value stands in a node"
    cls, curie = prop.kind.inner
    node = named(f"{owner}{'-' if '#' in owner else '#'}{prop.field}")
    children += [ox.Triple(node, _TYPE, named(expand(cls))), ox.Triple(node, named(expand(curie)), term)]
    return node


def _add_child(
    child: Any, prop: Property, parts: Parts, children: list[ox.Triple], classes: Mapping[str, Class]
) -> None:
    if prop.node not in OWNED:
        parts.share(child.uri, _node(child, parts, classes))
    elif child.uri not in parts.described:
        children.extend(_node(child, parts, classes))
