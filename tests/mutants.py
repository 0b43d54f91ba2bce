"""Descriptions with exactly one defect each, in RDF: the full description, and for every property of every class what can be wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import builders
import pyoxigraph as ox

from dcat import rdf_writer
from dcat.kinds import KINDS, TextKind
from dcat.namespaces import expand
from dcat.profile import ONE_PER_LANGUAGE, Property, profile
from dcat.vocabularies import vocabulary

# Stands for an address of each mutant's own, because some shapes judge the value by itself.
NONSENSE = ox.NamedNode("https://unsinn.example/wert")
# Where in the full dataset a node of each class stands; the others are roots.
PLACES: dict[str, tuple[str, ...]] = {
    "Dataset": (),
    "Distribution": ("distribution",),
    "Agent": ("publisher",),
    "Contact": ("contact_point",),
    "Place": ("spatial",),
    "Period": ("temporal",),
    "Checksum": ("distribution", "checksum"),
    "Identifier": ("other_identifier",),
    "Provenance": ("provenance",),
    "Activity": ("was_generated_by",),
    "Attribution": ("qualified_attribution",),
    "Relationship": ("qualified_relation",),
    "DatasetSeries": ("in_series",),
    "DataService": ("distribution", "access_service"),
}
_TYPE = ox.NamedNode(expand("rdf:type"))
# A second value of each kind that is as good as the first.
_SECOND: dict[str, Any] = {
    "string": "zwei",
    "uri": "https://daten.example/zwei",
    "date": "2001",
    "integer": 7,
    "decimal": "7.5",
    "duration": "P2D",
    "hex": "cdcdcdcd",
    "wkt": "POINT (8 50)",
    "geometry": "POINT (8 50)",
    "email": "zwei@amt.example",
    "telephone": "tel:+491",
}
_MALFORMED: dict[str, tuple[str, str]] = {
    "date": ("2026-02-30", "xsd:date"),
    "integer": ("-1", "xsd:nonNegativeInteger"),
    "decimal": ("-1", "xsd:decimal"),
    "duration": ("ein Tag", "xsd:duration"),
    "hex": ("xyz", "xsd:hexBinary"),
    "wkt": ("hier", "geosparql:wktLiteral"),
    "geometry": ("hier", "geosparql:wktLiteral"),
}


@dataclass(frozen=True)
class Mutant:
    """One defect: in which property, of which sort, and the triples with the dataset (or other root) that has it."""

    owner: str
    field: str
    defect: str
    root: str
    uris: frozenset[str]
    triples: tuple[ox.Triple, ...]

    def __str__(self) -> str:
        return f"{self.owner}.{self.field} {self.defect}"


@cache
def sound() -> dict[str, tuple[ox.Triple, ...]]:
    """The full description as it is published, by subject. Versions and sources are not: they are relations (decision 0011)."""
    record = builders.full_record()
    assert record.source is not None
    parts = rdf_writer.write(full(), record, record.source, builders.full_catalog(), builders.full_service())
    found: dict[str, tuple[ox.Triple, ...]] = {}
    for triple in parts.all():
        subject = triple.subject.value  # type: ignore[union-attr]
        found[subject] = (*found.get(subject, ()), triple)
    return found


def full() -> Any:
    return builders.full_dataset(has_version=(), source=(), in_series=(builders.full_series(),))


def common() -> list[ox.Triple]:
    """What all mutants refer to."""
    return [triple for triples in sound().values() for triple in triples]


def mutants() -> Iterator[Mutant]:
    """Make every mutant of every property that the default release writes."""
    number = 0
    for cls in profile().values():
        chain = _chain(cls.name)
        for prop in cls.written:
            for defect, objects, more in _defects(prop, chain[-1]):
                number += 1
                yield _mutant(prop, defect, chain, objects, more, number)


def untouched(owner: str) -> Mutant:
    """A copy without a defect: what the checks say of it they say of all."""
    chain = _chain(owner)
    prop = profile()[owner].written[0]
    return _mutant(prop, "none", chain, _objects(chain[-1], prop.term), (), 0)


def _chain(owner: str) -> list[str]:
    """The URIs from the root down to a node of a class."""
    if owner == "Catalog":
        return [builders.full_catalog().uri]
    if owner == "CatalogRecord":
        return [builders.full_record().uri]
    node = full()
    uris = [node.uri]
    for field in PLACES[owner]:
        value = getattr(node, field)
        node = value[0] if isinstance(value, tuple) else value
        uris.append(node.uri)
    return uris


def _objects(subject: str, predicate: ox.NamedNode) -> list[Any]:
    return [triple.object for triple in sound()[subject] if triple.predicate == predicate]


def _mutant(
    prop: Property, defect: str, chain: list[str], objects: list[Any], more: tuple[ox.Triple, ...], number: int
) -> Mutant:
    names = {uri: ox.NamedNode(f"{uri}/mutant-{number}-{prop.owner}") for uri in chain}
    found: list[ox.Triple] = []
    for uri in chain:
        for triple in sound()[uri]:
            if uri != chain[-1] or triple.predicate != prop.term:
                value = names.get(getattr(triple.object, "value", ""), triple.object)
                found.append(ox.Triple(names[uri], triple.predicate, value))
    nonsense = ox.NamedNode(f"{NONSENSE.value}-{number}")
    for value in objects:
        found.append(ox.Triple(names[chain[-1]], prop.term, nonsense if value == NONSENSE else value))
    more = tuple(ox.Triple(nonsense, t.predicate, t.object) if t.subject == NONSENSE else t for t in more)
    uris = frozenset(name.value for name in (*names.values(), nonsense)) | {t.subject.value for t in more}  # type: ignore[union-attr]
    return Mutant(prop.owner, prop.field, defect, names[chain[0]].value, uris, (*found, *more))


def _defects(prop: Property, subject: str) -> Iterator[tuple[str, list[Any], tuple[ox.Triple, ...]]]:
    present = _objects(subject, prop.term)
    kind = next((name for name, one in KINDS.items() if one is prop.kind), "node")
    # Some properties of a chain's nodes are not written there; what can be wrong with them is wrong all the same.
    if present:
        yield "missing", [], ()
    if not prop.many and present:
        second, more = _second(prop, kind, present[0])
        yield "twice", [*present, second], more
    if kind in ("uri", "concept", "concept-or-uri", "email", "telephone", "geometry", "node"):
        yield "literal", [ox.Literal("unsinn")], ()
    else:
        yield "address", [NONSENSE], ()
    if kind in ("concept", "concept-or-uri"):
        yield "foreign", [NONSENSE], (ox.Triple(NONSENSE, _TYPE, prop.range),) if prop.range else ()
    if kind == "date":
        yield "untyped", [ox.Literal("2026-05-31")], ()
    if kind == "email":
        yield "malformed", [ox.NamedNode("mailto:unsinn")], ()
    if kind == "telephone":
        yield "malformed", [ox.NamedNode("tel:unsinn")], ()
    if kind in _MALFORMED:
        value, datatype = _MALFORMED[kind]
        literal = ox.Literal(value, datatype=ox.NamedNode(expand(datatype)))
        if prop.kind and prop.kind.inner:
            node = ox.NamedNode(f"{subject}/unsinn-{prop.field}")
            yield "malformed", [node], _inner(node, prop, literal)
        else:
            yield "malformed", [literal], ()
    if isinstance(prop.kind, TextKind):
        yield "no-language", [ox.Literal("Unsinn")], ()
        yield "empty", [ox.Literal(" ", language="de")], ()
        if prop.field in ONE_PER_LANGUAGE:
            yield "language-twice", [*present, ox.Literal("Unsinn", language="de")], ()
    if kind == "string":
        yield "empty", [ox.Literal(" ")], ()


def _inner(node: ox.NamedNode, prop: Property, literal: ox.Literal) -> tuple[ox.Triple, ...]:
    assert prop.kind is not None and prop.kind.inner is not None
    cls, curie = prop.kind.inner
    return ox.Triple(node, _TYPE, ox.NamedNode(expand(cls))), ox.Triple(node, ox.NamedNode(expand(curie)), literal)


def _second(prop: Property, kind: str, first: Any) -> tuple[Any, tuple[ox.Triple, ...]]:
    if kind == "node":
        node = ox.NamedNode(f"{first.value}/zwei-{prop.owner}-{prop.field}")
        return node, tuple(ox.Triple(node, t.predicate, t.object) for t in sound()[first.value])
    if prop.vocabulary:
        uris = vocabulary(prop.vocabulary).concepts
        other = ox.NamedNode(next(uri for uri in uris if uri != first.value))
        return other, (ox.Triple(other, _TYPE, prop.range),) if prop.range else ()
    assert prop.kind is not None
    value = prop.kind.write(_SECOND[kind])
    if prop.kind.inner:
        node = ox.NamedNode(f"{first.value}/zwei")
        return node, _inner(node, prop, value)
    return value, (ox.Triple(value, _TYPE, prop.range),) if prop.range else ()
