"""Documents of linked data, made of stored fragments and the nodes they share, between a header and a footer."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import groupby
from operator import itemgetter

import pyoxigraph as ox
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import scopes, subjects
from catalog.config import Config
from catalog.db import batches
from catalog.models import DatasetRow, Membership, Node, NodeUse, Rendition
from catalog.parts import WHOLE, Part
from catalog.policy import LOCAL_AUTHORITY
from catalog.renditions import BESIDE, CROISSANT, decompress, form
from catalog.store import VISIBLE
from dcat import rdf, rdf_writer, schema_org
from dcat.errors import StateError
from dcat.kinds import named
from dcat.message import Message
from dcat.model import Agent, Catalog, Contact, DataService, Place, Text
from dcat.namespaces import HVD_REGULATION, expand
from dcat.profile import DEFAULT
from dcat.vocabularies import THEMES

_MANY = 5000
# So many different descriptions of one node are looked at, the fullest first.
_MOST_WORDS = 20
_TYPE = named(expand("rdf:type"))
_LANGUAGES = tuple(f"http://publications.europa.eu/resource/authority/language/{code}" for code in ("DEU", "ENG"))


class IncompleteError(StateError):
    """A stored form of a dataset is missing: nothing is sent, since a short catalogue would be taken for a smaller one."""

    def __init__(self) -> None:
        super().__init__(
            Message(
                "Der Katalog wird gerade neu aufbereitet. Nächster Schritt: in einigen Minuten noch einmal abrufen.",
                "The catalogue is being prepared anew. Next step: fetch it again in some minutes.",
            )
        )


def dataset(session: Session, config: Config, dataset_id: str, ending: str, release: str = DEFAULT) -> bytes | None:
    """Give one dataset with the nodes it shares; None when the public may not see it."""
    seen = _Seen()
    pieces: list[rdf.Fragment] = list(_datasets(session, [dataset_id], ending, release, seen))
    if not pieces:
        return None
    if release in BESIDE:
        (body,) = pieces
        assert isinstance(body, bytes), "a stored form is bytes"
        return body if release == CROISSANT else schema_org.document(body)
    shared: dict[str, list[ox.Triple]] = {}
    if seen.served:
        service = rdf_writer.write(_service(config, tuple(sorted(seen.categories))), release=release)
        links = {"dcat:servesDataset": seen.served}
        pieces.append(rdf.with_links(rdf.fragment(service.own, ending), ending, links))
        shared = service.shared
    pieces += _nodes(session, seen.keys, ending, shared)
    return b"".join(rdf.join(pieces, ending))


def dump(session: Session, config: Config, ending: str, part: Part = WHOLE, release: str = DEFAULT) -> Iterator[bytes]:
    """Stream the whole catalogue, or a part of it, as one document; memory does not grow with it.

    All of it is of one moment, and made while it is read: the session stays open as long.
    """
    return rdf.join(fragments(session, config, part, members(session, part), ending, release), ending)


def members(session: Session, part: Part = WHOLE) -> list[str]:
    """List the ids of a part's datasets as it is now."""
    present = sa.select(Membership.dataset_id).where(Membership.scope == part.scope, Membership.until.is_(None))
    return list(session.scalars(present.order_by(Membership.dataset_id)))


def check(session: Session, ids: Iterable[str], ending: str, release: str = DEFAULT) -> None:
    """Make sure that every stored form is there, without reading any; raises IncompleteError."""
    missing = sa.select(DatasetRow.id).outerjoin(Rendition, _stored(ending, release)).where(VISIBLE)
    for part in batches(ids):
        if session.scalar(missing.where(DatasetRow.id.in_(part), Rendition.hash.is_(None)).limit(1)):
            raise IncompleteError


def about(config: Config, part: Part = WHOLE) -> Catalog:
    """Describe the catalogue, or a part of it as a catalogue of its own."""
    site = config.site_url
    title = (Text(config.title.de, "de"), Text(config.title.en, "en"))
    if part.title is not None:
        title = (Text(f"{config.title.de}: {part.title.de}", "de"), Text(f"{config.title.en}: {part.title.en}", "en"))
    return Catalog(
        uri=f"{site}{part.path}",
        title=title,
        description=(Text(config.description.de, "de"), Text(config.description.en, "en")),
        publisher=_publisher(config),
        homepage=f"{site}/",
        language=_LANGUAGES,
        theme_taxonomy=(THEMES,),
        license="http://dcat-ap.de/def/licenses/cc-zero",
        spatial=tuple(Place(uri=city.place) for city in config.cities),
        applicable_legislation=(HVD_REGULATION,) if part.scope == scopes.HVD else (),
        service=(f"{site}/api/data",),
    )


def fragments(
    session: Session, config: Config, part: Part, ids: list[str], ending: str, release: str
) -> Iterator[rdf.Fragment]:
    """Stream the datasets, the catalogue's own nodes with the links to them, and the nodes they share."""
    seen = _Seen()
    yield from _datasets(session, ids, ending, release, seen)
    catalogue = rdf_writer.write(about(config, part), release=release)
    service = rdf_writer.write(_service(config, tuple(sorted(seen.categories))), release=release)
    links: Mapping[str, Iterable[str]] = {
        "dcat:dataset": seen.uris,
        "dcat:record": (
            f"{config.site_url}/record/{dataset_id}" for dataset_id in ids if dataset_id not in seen.hidden
        ),
    }
    yield rdf.with_links(rdf.fragment(catalogue.own, ending), ending, links)
    yield rdf.with_links(rdf.fragment(service.own, ending), ending, {"dcat:servesDataset": seen.served})
    yield from _nodes(session, seen.keys, ending, catalogue.shared | service.shared)


def stored(session: Session, ids: list[str], ending: str, release: str) -> Iterator[bytes]:
    """Read the stored forms of datasets, by id; raises IncompleteError where one is missing."""
    return _datasets(session, ids, ending, release, _Seen())


@dataclass(slots=True)
class _Seen:
    """What the datasets of a document have to do with the nodes around them, gathered while they pass."""

    hidden: set[str] = field(default_factory=set)
    uris: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    categories: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def _datasets(session: Session, ids: list[str], ending: str, release: str, seen: _Seen) -> Iterator[bytes]:
    """Read the stored forms of those the public may see, by id; raises IncompleteError where one is missing."""
    row = DatasetRow
    query = (
        sa.select(row.id, row.uri, row.served, row.hvd, row.nodes, row.release_nodes, Rendition.body)
        .outerjoin(Rendition, _stored(ending, release))
        .where(VISIBLE)
    )
    for part in batches(ids):
        found = session.execute(query.where(row.id.in_(part)).order_by(row.id)).all()
        if len(found) < len(part):
            seen.hidden.update(set(part).difference(one.id for one in found))
        for _, uri, served, hvd, nodes, others, body in found:
            if body is None:
                raise IncompleteError
            seen.uris.append(uri)
            if served:
                seen.served.append(uri)
                seen.categories.update(hvd)
            seen.keys.update(others.get(release, nodes))
            yield decompress(body)


def _publisher(config: Config) -> Agent:
    return Agent(uri=f"{config.site_url}/publisher", name=(Text(config.publisher, "de"),), type=LOCAL_AUTHORITY)


def _service(config: Config, categories: tuple[str, ...]) -> DataService:
    """Describe our data API; it names the datasets it serves, and they do not link back."""
    site = config.site_url
    return DataService(
        uri=f"{site}/api/data",
        title=(Text("Daten-API", "de"), Text("Data API", "en")),
        description=(
            Text("Die Zeilen der geprüften Tabellen als JSON, seitenweise.", "de"),
            Text("The rows of the checked tables as JSON, page by page.", "en"),
        ),
        endpoint_url=(f"{site}/api/data",),
        endpoint_description=(f"{site}/api",),
        publisher=_publisher(config),
        contact_point=(
            Contact(
                uri=f"{site}/contact",
                name=config.title.de,
                email=config.contact,
                url="" if config.contact else f"{site}/",
            ),
        ),
        page=(f"{site}/api",),
        license="http://dcat-ap.de/def/licenses/cc-zero",
        applicable_legislation=(HVD_REGULATION,) if categories else (),
        hvd_category=categories,
    )


def _stored(ending: str, release: str) -> sa.ColumnElement[bool]:
    """Join a dataset with its stored form."""
    name = form(ending, release)
    return sa.and_(Rendition.dataset_id == DatasetRow.id, Rendition.hash == DatasetRow.hash, Rendition.format == name)


def _nodes(session: Session, keys: set[str], ending: str, ours: dict[str, list[ox.Triple]]) -> Iterator[bytes]:
    """Each shared node once, the catalogue's own too; what a dataset says of itself counts more than what others call it."""
    own = ((uri, rdf.fragment(ours[uri], ending)) for uri in sorted(ours))
    merged = heapq.merge(own, _stored_nodes(session, keys, ending))
    for part in batches(_one_each(merged, ending)):
        datasets = subjects.holders(session, (uri for uri, _ in part))
        yield from (body for uri, body in part if uri not in datasets)


def _one_each(nodes: Iterable[tuple[str, bytes]], ending: str) -> Iterator[tuple[str, bytes]]:
    """Make one description of each node, the fullest; the nodes come in the order of their URIs."""
    for uri, described in groupby(nodes, key=itemgetter(0)):
        bodies = sorted({body for _, body in described}, key=lambda body: (-len(body), body))
        yield uri, reduce(partial(_fuller, ending=ending), bodies[:_MOST_WORDS])


def _stored_nodes(session: Session, keys: set[str], ending: str) -> Iterator[tuple[str, bytes]]:
    """Read nodes in the order of their URIs: few by their keys, many in one pass over the table.

    Who is described differently by several datasets comes in the words of all of them, whichever are asked for: so every page
    says the same of him.
    """
    asked, keys = keys, keys | _other_words(session, keys)
    query = sa.select(Node.uri, Node.body, Node.key).where(Node.format == ending)
    rows: Iterable[sa.Row[str, bytes, str]]
    if len(keys) > _MANY:
        rows = session.execute(query.order_by(Node.uri, Node.key).execution_options(yield_per=500))
    else:
        found = (row for part in batches(sorted(keys)) for row in session.execute(query.where(Node.key.in_(part))))
        rows = sorted(found, key=itemgetter(0, 2))
    missing = set(asked)
    for uri, body, key in rows:
        if key in keys:
            missing.discard(key)
            yield uri, body
    if missing:
        raise IncompleteError


def _other_words(session: Session, keys: set[str]) -> set[str]:
    """Find the other descriptions of the same nodes that datasets of the catalogue give."""
    other = sa.orm.aliased(NodeUse)
    query = sa.select(other.key).join(NodeUse, NodeUse.uri_key == other.uri_key).where(other.uses > 0)
    found = set[str]()
    for part in batches(sorted(keys)):
        words = session.scalars(query.where(NodeUse.key.in_(part)))
        found.update(key for key in words if key not in keys)
    return found


def _fuller(one: bytes, other: bytes, ending: str) -> bytes:
    """Choose the fuller description of a node; a class only the other gives, with what it says besides, is added."""
    if one == other:
        return one
    longer, shorter = sorted((one, other), key=lambda body: (-len(body), body))
    kept, more = (
        list(ox.parse(b"".join(rdf.join([body], ending)), format=rdf.FORMATS[ending].syntax))
        for body in (longer, shorter)
    )
    said = {(quad.subject, quad.predicate) for quad in kept}
    classes = {(quad.subject, quad.object) for quad in kept if quad.predicate == _TYPE}
    new = {(quad.subject, quad.object) for quad in more if quad.predicate == _TYPE} - classes
    if not new:
        return longer
    added = [q for q in more if (q.subject, q.predicate) not in said or (q.subject, q.object) in new]
    return rdf.fragment([quad.triple for quad in (*kept, *added)], ending)
