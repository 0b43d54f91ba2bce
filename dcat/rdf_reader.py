"""RDF -> Dataset, driven by the profile table: lenient, and everything that is not taken over is reported."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any
from xml.parsers.expat import ExpatError

import pyoxigraph as ox

from dcat import contexts, iri, nesting, node_texts
from dcat.errors import UnreadableError
from dcat.kinds import KINDS, Misfit, Term
from dcat.message import Message
from dcat.model import Dataset, Problem, Reading, Text
from dcat.namespaces import expand
from dcat.profile import OWNED, Class, Property, profile
from dcat.rdf import FORMATS

MAX_VALUES = 1_000
MAX_DISTRIBUTIONS = 5_000
MAX_TRIPLES = 5_000_000
# Descriptions read for one dataset: nodes that are named again and again count every time.
MAX_NODES = 50_000

_TYPE = expand("rdf:type")
_INNER_VALUES = tuple(
    expand(c)
    for c in (
        "vcard:hasValue",
        "rdf:value",
        "skos:prefLabel",
        "rdfs:label",
        "skos:notation",
        "dcterms:title",
        "dcterms:identifier",
        "geosparql:asWKT",
        "time:inXSDDateTimeStamp",
        "time:inXSDDateTime",
        "time:inXSDDate",
        "time:inXSDgYearMonth",
        "time:inXSDgYear",
    )
)
_NO_PROBLEM = {_TYPE}
# Where a name stands in the place of a node, it fills this field.
_NAME_FIELDS = {
    "Agent": "name",
    "Contact": "name",
    "Place": "label",
    "Identifier": "notation",
    "Provenance": "label",
    "Activity": "label",
}


class Graph:
    """Triples by subject and predicate, for reading."""

    def __init__(self, triples: Iterable[ox.Quad | ox.Triple]) -> None:
        self.nodes: dict[ox.NamedNode | ox.BlankNode, dict[str, list[Any]]] = {}
        self.known: dict[tuple[str, Any], Any] = {}
        """nodes that several descriptions name, as they were read"""
        before, described = None, {}
        for count, triple in enumerate(triples):
            if count >= MAX_TRIPLES:
                raise UnreadableError(
                    Message(f"Die Seite hat über {MAX_TRIPLES} Aussagen.", f"The page has over {MAX_TRIPLES} triples.")
                )
            subject, value = triple.subject, triple.object
            # Statements about statements (RDF 1.2) say nothing the profile knows.
            if type(value) is ox.Triple or type(subject) is ox.Triple:
                continue
            if subject != before:
                before, described = subject, self.nodes.setdefault(subject, {})
            described.setdefault(triple.predicate.value, []).append(value)

    def of_type(self, curie: str) -> list[ox.NamedNode | ox.BlankNode]:
        """List the subjects of one class, in a stable order."""
        wanted, key = {expand(curie), _twin(expand(curie))}, _TYPE
        found = (node for node, values in self.nodes.items() if any(t.value in wanted for t in values.get(key, ())))
        return sorted(found, key=str)

    def values(self, node: Any, curie: str) -> list[Any]:
        """List the values of one property of a node."""
        return self.nodes.get(node, {}).get(expand(curie), [])


def parse(body: bytes, ending: str, *, base: str = "") -> Graph:
    """Parse UTF-8 bytes in one of FORMATS; UnreadableError when they are not in it."""
    if not iri.is_iri(base):
        base = ""
    try:
        if ending == "rdf":
            nesting.check_xml(body)
        elif ending == "jsonld":
            body = contexts.put_in(body)
        return Graph(ox.parse(body, FORMATS[ending].syntax, base_iri=base or None, lenient=True))
    except (SyntaxError, ValueError, ExpatError) as error:
        name = FORMATS[ending].media_type
        where = re.sub(r"\s+", " ", str(error))[:200]
        raise UnreadableError(
            Message(f"Kein lesbares RDF ({name}): {where}", f"No readable RDF ({name}): {where}")
        ) from error


def datasets(graph: Graph) -> Iterator[tuple[str, Reading]]:
    """Read every dataset of a graph, with its URI as found (empty for a blank node)."""
    for node in graph.of_type("dcat:Dataset"):
        yield (node.value if isinstance(node, ox.NamedNode) else ""), read(graph, node)


def read(graph: Graph, node: Any) -> Reading:
    """Read one dataset with all that belongs to it."""
    reader = _Reader(graph)
    dataset = Dataset(**reader.values(profile()["Dataset"], node, ""))
    return Reading(dataset=dataset, problems=tuple(reader.problems))


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.problems: list[Problem] = []
        self._read = 0

    def values(self, cls: Class, node: Any, path: str) -> dict[str, Any]:
        """Read what a graph says of a node into the fields of a class, its URI first."""
        found: dict[str, tuple[Property, list[tuple[Any, str]]]] = {}
        for predicate, terms in self.graph.nodes.get(node, {}).items():
            prop = cls.by_term.get(predicate) or cls.by_term.get(_twin(predicate))
            if prop is None:
                if predicate not in _NO_PROBLEM:
                    self._dropped(path, predicate, terms)
                continue
            pairs = [(term, predicate) for term in terms]
            if prop.field in found:
                found[prop.field][1].extend(pairs)
            else:
                found[prop.field] = (prop, pairs)
        values: dict[str, Any] = {"uri": _uri(node)}
        if isinstance(node, ox.NamedNode) and not values["uri"]:
            self._report(path, "uri", node.value, _no_uri(node.value))
        for field_name, (prop, terms_of) in found.items():
            value = self._values(prop, terms_of, f"{path}.{field_name}" if path else field_name)
            if value is not None and value != ():
                values[field_name] = value
        return values

    def _values(self, prop: Property, terms: list[tuple[Any, str]], path: str) -> Any:
        if len(terms) == 1:
            value = self._value(prop, terms[0][0], path)
            return (value,) if prop.many and value is not None else value
        # A superseded term never overrules the current one; the same value twice is one value.
        current = [term for term, predicate in terms if prop.term.value in (predicate, _twin(predicate))]
        unique = list(dict.fromkeys(current or [term for term, _ in terms]))
        most = MAX_DISTRIBUTIONS if prop.node == "Distribution" else MAX_VALUES
        if len(unique) > most:
            self._report(path, "too-many", str(len(unique)), _too_many(prop, len(unique), most))
            unique = unique[:most]
        read = [self._value(prop, term, path) for term in unique]
        kept = sorted({value for value in read if value is not None}, key=_order)
        known = set(current)
        for term in dict.fromkeys(term for term, _ in terms if known and term not in known):
            if prop.kind is None or prop.kind.read(term, prop.vocabulary) not in kept:
                self._report(path, "superseded", _shown(term), _superseded(prop))
        if prop.many:
            return tuple(kept)
        for value in kept[1:]:
            self._report(path, "several-values", _told(value), _several(prop))
        return kept[0] if kept else None

    def _value(self, prop: Property, term: Any, path: str) -> Any:
        if prop.kind is None:
            return self._child(prop, term, path)
        spellings = [term]
        if type(term) is not ox.Literal and term in self.graph.nodes:
            inner = [value for key in _INNER_VALUES for value in self.graph.nodes[term].get(key, ())]
            only_inner = inner and (isinstance(term, ox.BlankNode) or prop.kind.inner)
            spellings = inner if only_inner else [term, *inner]
        read, value = term, None
        for read in spellings:
            value = prop.kind.read(read, prop.vocabulary)
            if not isinstance(value, Misfit):
                break
        remark = value if isinstance(value, Misfit) else prop.kind.remark(read, value)
        if remark:
            self._report(path, remark.code, _shown(read), remark.message)
        return None if isinstance(value, Misfit) else value

    def _child(self, prop: Property, term: Any, path: str) -> Any:
        cls = profile()[prop.node]
        if isinstance(term, ox.Literal):
            field_name = _NAME_FIELDS.get(prop.node)
            text = term.value.strip()
            if iri.is_web(text):
                return self._child(prop, ox.NamedNode(text), path)
            if meant := node_texts.meaning(prop.node, text):
                return cls.maker(**meant)
            name = KINDS["string" if prop.node in ("Contact", "Identifier") else "text"].read(term, "")
            if field_name and not isinstance(name, Misfit):
                if isinstance(name, Text) and (remark := KINDS["text"].remark(term, name)):
                    self._report(path, remark.code, term.language or "", remark.message)
                return cls.maker(**{field_name: (name,) if isinstance(name, Text) else name})
            self._report(path, "literal", text, _literal(prop))
            return None
        self._read += 1
        if self._read > MAX_NODES:
            if self._read == MAX_NODES + 1:
                self._report(path, "too-many", str(MAX_NODES), _too_many(prop, self._read, MAX_NODES))
            return None
        shared = prop.node not in OWNED
        if shared and (prop.node, term) in self.graph.known:
            return self.graph.known[prop.node, term]
        before = len(self.problems)
        values = self.values(cls, term, path)
        child = cls.maker(**values) if values["uri"] or len(values) > 1 else None
        # What has problems is read each time, so that each description names them.
        if shared and len(self.problems) == before:
            self.graph.known[prop.node, term] = child
        return child

    def _report(self, path: str, code: str, value: str, message: Message) -> None:
        self.problems.append(Problem(path=path, code=code, value=value[:500], message=message))

    def _dropped(self, path: str, predicate: str, terms: list[Any]) -> None:
        where = f"{path}.{predicate}" if path else predicate
        message = Message(
            f"Die Eigenschaft {predicate} gehört nicht zum Profil und wird nicht weitergegeben.",
            f"The property {predicate} is not part of the profile and is not passed on.",
        )
        more = [f"… ({len(terms)})"] if len(terms) > 5 else []
        self._report(where, "unknown-property", "; ".join([_shown(term) for term in terms[:5]] + more), message)


def _uri(node: Any) -> str:
    return iri.cleaned(node.value) if isinstance(node, ox.NamedNode) else ""


def _twin(predicate: str) -> str:
    return "http" + predicate[5:] if predicate.startswith("https:") else "https" + predicate[4:]


def _order(value: Any) -> Any:
    if isinstance(value, Text):
        return (value.lang != "de", value.lang, value.value)
    if hasattr(value, "uri"):
        return tuple(str(getattr(value, f.name)) for f in fields(value))
    return value


def _told(value: Any) -> str:
    """Write a value of the model in one line: a node as all that is known about it."""
    if isinstance(value, tuple):
        return ", ".join(_told(one) for one in value)
    if hasattr(value, "uri"):
        return "; ".join(filter(None, (_told(getattr(value, field.name)) for field in fields(value))))
    return value.value if isinstance(value, Text) else "" if value is None else str(value)


def _shown(term: Term) -> str:
    return "_:b" if isinstance(term, ox.BlankNode) else term.value[:200]


def _too_many(prop: Property, count: int, most: int) -> Message:
    return Message(
        f"{prop.label.de}: {count} Werte, nur die ersten {most} werden übernommen.",
        f"{prop.label.en}: {count} values, only the first {most} are taken.",
    )


def _superseded(prop: Property) -> Message:
    return Message(
        f"{prop.label.de} steht auch in einer älteren Schreibweise mit anderem Wert; es gilt die aktuelle.",
        f"{prop.label.en} also stands in an older term with another value; the current one counts.",
    )


def _no_uri(value: str) -> Message:
    return Message(
        f"„{value[:80]}“ ist keine vollständige Adresse; der Knoten bekommt eine eigene.",
        f"“{value[:80]}” is not a complete address; the node gets one of ours.",
    )


def _several(prop: Property) -> Message:
    return Message(
        f"{prop.label.de} darf nur einmal stehen; dieser Wert wird nicht übernommen.",
        f"{prop.label.en} may stand once only; this value is not taken.",
    )


def _literal(prop: Property) -> Message:
    return Message(
        f"{prop.label.de}: Hier steht Text, wo eine Beschreibung mit eigenen Angaben erwartet wird.",
        f"{prop.label.en}: plain text stands where a description of its own is expected.",
    )
