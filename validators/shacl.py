"""A second opinion on metadata: the official SHACL shapes in the combinations that work, and our own. The only importer of engines."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from rdflib import RDF, RDFS, BNode, Graph, Literal, Namespace, URIRef
from rdflib.exceptions import ParserError
from rdflib.term import Node

from dcat import iri
from dcat import shapes as own_shapes
from dcat.errors import ConfigError, UnreadableError
from dcat.message import Message
from dcat.namespaces import HVD_REGULATION, NAMESPACES, expand
from dcat.profile import DEFAULT

try:
    import pyshacl
except ImportError:  # an optional extra
    pyshacl = None  # type: ignore[assignment]
try:
    import pyrudof
except ImportError:  # an optional extra
    pyrudof = None  # type: ignore[assignment]

# Values that are not what their type says become results; the log need not carry them too.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

_DCAT, _DCATAP, _SH, _SKOS = (Namespace(NAMESPACES[prefix]) for prefix in ("dcat", "dcatap", "sh", "skos"))
_OWL_IMPORTS = URIRef(expand("owl:imports"))
_HVD_LAW = URIRef(HVD_REGULATION)
_HIERARCHY = "class-hierarchy.ttl"
# Resources of a catalogue that an HVD resource may point to without making them part of it.
_APART = (_DCAT.Catalog, _DCAT.CatalogRecord, _DCAT.Dataset, _DCAT.DatasetSeries, _DCAT.DataService)


class Combination(StrEnum):
    """Which shapes are applied together."""

    GERMAN = "german"
    EUROPEAN = "european"
    HVD = "hvd"


_FILES: dict[Combination, tuple[str, ...]] = {
    Combination.GERMAN: (
        "dcat-ap-3.0.0/dcat-ap-SHACL.ttl",
        "dcat-ap-de-3.0/dcat-ap-SHACL-DE.ttl",
        "dcat-ap-de-3.0/dcat-ap-spec-german-additions.ttl",
        "dcat-ap-de-3.0/dcat-ap-de-deprecated.ttl",
        "dcat-ap-de-3.0/dcat-ap-de-controlledvocabularies.ttl",
    ),
    Combination.EUROPEAN: ("dcat-ap-3.0.1/dcat-ap-SHACL.ttl",),
    Combination.HVD: (
        "dcat-ap-hvd-3.0.1-draft/hvd-SHACL-base.ttl",
        "dcat-ap-hvd-3.0.1-draft/hvd-SHACL-cv.ttl",
        "dcat-ap-hvd-3.0.1-draft/hvd-SHACL-api.ttl",
    ),
}


class Engine(StrEnum):
    """Who validates: pyshacl for single datasets and in CI; rudof, some fifty times as fast, for whole catalogues by the page."""

    PYSHACL = "pyshacl"
    RUDOF = "rudof"


class ShaclSeverity(StrEnum):
    """How a shape weighs its result; only violations break conformity."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ShaclResult:
    """One result of the validation: which node, along which path, with which value, breaks which constraint."""

    severity: ShaclSeverity
    focus: str
    path: str
    value: str
    constraint: str
    shape: str
    message: str


def check(
    graph_bytes: bytes,
    combination: Combination,
    shapes_dir: Path,
    vocabularies: Path,
    engine: Engine = Engine.PYSHACL,
) -> tuple[ShaclResult, ...]:
    """Check a catalogue in Turtle or N-Triples against one combination of the official shapes, offline."""
    _require(engine)
    data = _parse(graph_bytes)
    if combination is Combination.HVD:
        data = _hvd_part(data)
    for triple in _concepts(data, _vocabularies(vocabularies)):
        data.add(triple)
    for triple in _file(shapes_dir / _HIERARCHY):
        data.add(triple)
    if combination is Combination.HVD:
        # What the HVD profile asks of a dataset, such as an API, it does not ask of a series.
        data.remove((_DCAT.DatasetSeries, RDFS.subClassOf, None))
    if engine is Engine.RUDOF:
        return _rudof(data, _official_text(combination, shapes_dir))
    return _pyshacl(data, _official(combination, shapes_dir))


def check_profile(
    graph_bytes: bytes, release: str = DEFAULT, engine: Engine = Engine.PYSHACL
) -> tuple[ShaclResult, ...]:
    """Check a catalogue in Turtle or N-Triples against our own shapes of one release (dcat/shapes.py), offline."""
    _require(engine)
    data = _parse(graph_bytes)
    if engine is Engine.RUDOF:
        return _rudof(data, own_shapes.shapes(release).decode())
    return _pyshacl(data, _own(release))


def _require(engine: Engine) -> None:
    """Refuse an engine that is not installed, with the extra that brings it."""
    if (pyshacl if engine is Engine.PYSHACL else pyrudof) is None:
        package, extra = ("pyshacl", "shacl") if engine is Engine.PYSHACL else ("pyrudof", "rudof")
        raise ConfigError(
            Message(
                f"Für die SHACL-Prüfung fehlt {package}. Installieren Sie offenbar mit dem Zusatz: pip install 'offenbar[{extra}]'.",
                f"The SHACL check needs {package}. Install offenbar with the extra: pip install 'offenbar[{extra}]'.",
            )
        )


def _pyshacl(data: Graph, shapes: Graph) -> tuple[ShaclResult, ...]:
    _, results, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", do_owl_imports=False, meta_shacl=False)
    return tuple(sorted(_results(results)))


def _rudof(data: Graph, shapes: str) -> tuple[ShaclResult, ...]:
    session = pyrudof.Rudof(pyrudof.RudofConfig())
    session.read_shacl(shapes)
    session.read_data(data.serialize(format="nt"), pyrudof.RDFFormat.NTriples)
    return tuple(sorted(map(_from_rudof, session.validate_shacl())))


def _from_rudof(entry: Any) -> ShaclResult:
    """rudof writes its own sentence before those of the shape, and paths that are no IRI in a form of its own."""
    sentences = [_plain(part) for part in _BETWEEN.split(entry.message or "")]
    return ShaclResult(
        severity=ShaclSeverity(entry.severity.lower()),
        focus=_plain(entry.focus_node),
        path=entry.path if entry.path and iri.is_iri(entry.path) else "",
        value=_plain(entry.value or ""),
        constraint=entry.constraint_component.rpartition("#")[2],
        shape=_plain(entry.source_shape or ""),
        message=min(sentences[1:] or sentences),
    )


# rudof quotes literals without escaping what is in them.
_VALUE = re.compile(r'"(.*)"(?:@[\w-]+|\^\^\S+)?', re.DOTALL)
_BETWEEN = re.compile(r'(?<=")(?:@[\w-]+)?, (?=")')


def _plain(term: str) -> str:
    """Blank nodes have no name that means anything outside their graph."""
    if term.startswith("_:"):
        return ""
    literal = _VALUE.fullmatch(term)
    return literal[1] if literal else term


def _parse(graph_bytes: bytes) -> Graph:
    try:
        # Without a base of our own rdflib would resolve relative addresses against the current directory.
        return Graph().parse(data=graph_bytes, format="turtle", publicID="urn:offenbar:relative/")
    except (SyntaxError, ValueError, LookupError, ParserError) as error:
        raise UnreadableError(
            Message(
                "Der Graph ist weder gültiges Turtle noch N-Triples.",
                "The graph is neither valid Turtle nor N-Triples.",
            )
        ) from error


def _file(path: Path) -> Graph:
    try:
        return Graph().parse(data=path.read_bytes(), format="turtle")
    except OSError as error:
        raise ConfigError(
            Message(
                f"Die Datei {path.name} für die SHACL-Prüfung fehlt.",
                f"The file {path.name} for the SHACL check is missing.",
            )
        ) from error


@cache
def _vocabularies(path: Path) -> Graph:
    return _file(path)


@cache
def _own(release: str) -> Graph:
    return Graph().parse(data=own_shapes.shapes(release), format="turtle")


@cache
def _official_text(combination: Combination, folder: Path) -> str:
    return _official(combination, folder).serialize(format="nt")


@cache
def _official(combination: Combination, folder: Path) -> Graph:
    shapes = Graph()
    for name in _FILES[combination]:
        for triple in _file(folder / name):
            shapes.add(triple)
    # pyshacl ignores imports unless told otherwise; without them nobody can tell it by mistake.
    shapes.remove((None, _OWL_IMPORTS, None))
    if combination is Combination.EUROPEAN:
        # The European file refers to shapes that are defined nowhere; pyshacl stops at them.
        for shape, reference in list(shapes.subject_objects(_SH.property)):
            if (reference, _SH.path, None) not in shapes:
                shapes.remove((shape, _SH.property, reference))
    return shapes


def _concepts(data: Graph, vocabularies: Graph) -> Iterable[tuple[Node, Node, Node]]:
    """The vocabulary entries the data refer to, and the schemes these belong to: pyshacl needs them in the data graph."""
    wanted: set[Node] = {node for node in data.objects() if isinstance(node, URIRef)}
    wanted |= {scheme for node in wanted for scheme in vocabularies.objects(node, _SKOS.inScheme)}
    return [triple for node in wanted for triple in vocabularies.triples((node, None, None))]


def _hvd_part(data: Graph) -> Graph:
    """The high-value datasets with their distributions and services; HVD shapes would claim every dataset otherwise."""
    marked = set(data.subjects(_DCATAP.applicableLegislation, _HVD_LAW)) | set(data.subjects(_DCATAP.hvdCategory))
    datasets = {node for node in marked if (node, RDF.type, _DCAT.Dataset) in data}
    services = {node for node in marked if (node, RDF.type, _DCAT.DataService) in data}
    for dataset in datasets:
        services |= set(data.subjects(_DCAT.servesDataset, dataset))
        for distribution in data.objects(dataset, _DCAT.distribution):
            services |= set(data.objects(distribution, _DCAT.accessService))
    roots = datasets | services | {node for node in marked if (node, RDF.type, _DCAT.DatasetSeries) in data}
    part, queue, seen = Graph(), list(roots), set(roots)
    while queue:
        node = queue.pop()
        for triple in data.triples((node, None, None)):
            part.add(triple)
            value = triple[2]
            if isinstance(value, Literal) or value in seen:
                continue
            if not any((value, RDF.type, kind) in data for kind in _APART):
                seen.add(value)
                queue.append(value)
    return part


def _results(graph: Graph) -> Iterable[ShaclResult]:
    for node in graph.subjects(RDF.type, _SH.ValidationResult):
        yield ShaclResult(
            severity=_severity(graph.value(node, _SH.resultSeverity)),
            focus=_text(graph.value(node, _SH.focusNode)),
            path=_text(graph.value(node, _SH.resultPath)),
            value=_text(graph.value(node, _SH.value)),
            constraint=_text(graph.value(node, _SH.sourceConstraintComponent)).rpartition("#")[2],
            shape=_text(graph.value(node, _SH.sourceShape)),
            message=min((str(text) for text in graph.objects(node, _SH.resultMessage)), default=""),
        )


def _severity(node: Node | None) -> ShaclSeverity:
    if node == _SH.Warning:
        return ShaclSeverity.WARNING
    return ShaclSeverity.INFO if node == _SH.Info else ShaclSeverity.VIOLATION


def _text(node: Node | None) -> str:
    """Blank nodes have no name that means anything outside their graph."""
    return "" if node is None or isinstance(node, BNode) else str(node)
