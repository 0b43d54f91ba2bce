"""DCAT-AP.de for machines: catalogue pages, single datasets and dumps, all made of stored fragments between a header and a footer."""

import datetime
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import groupby
from operator import itemgetter
from urllib.parse import urlencode

import pyoxigraph as ox
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import scopes, store
from catalog.config import Config
from catalog.db import Database
from catalog.layers import LOCAL_AUTHORITY
from catalog.models import Change, DatasetRow, Membership, Node, NodeUse, Rendition
from catalog.renditions import BESIDE, CROISSANT, SCHEMA_ORG, decompress, form
from catalog.store import VISIBLE
from dcat import rdf, schema_org
from dcat.errors import StateError
from dcat.kinds import named
from dcat.message import Message
from dcat.model import Agent, Catalog, Contact, DataService, Place, Text
from dcat.namespaces import HVD_REGULATION, expand
from dcat.profile import DEFAULT

PAGE = 100
MAX_PAGE = 1000
_BATCH = 500
_MANY = 5000
# So many different descriptions of one node are looked at, the fullest first.
_MOST_WORDS = 20
_TYPE = named(expand("rdf:type"))
_THEMES = "http://publications.europa.eu/resource/authority/data-theme"
_LANGUAGES = tuple(f"http://publications.europa.eu/resource/authority/language/{code}" for code in ("DEU", "ENG"))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the catalogue with an address of its own: its scope (catalog/scopes.py), its path, what its title adds."""

    scope: str = scopes.ALL
    path: str = "/catalog"
    title: Message | None = None


WHOLE = Part()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which datasets a page shows: a part of the catalogue as it was at sequence number `at`, all or those changed since.

    `after` is the id that ended the page before; with it a page is found by key.
    """

    at: int
    part: Part = WHOLE
    release: str = DEFAULT
    page: int = 1
    limit: int = PAGE
    after: str = ""
    since: str = ""
    query: str = ""
    """the search as it stands in the address; `within` are the datasets it found"""
    within: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where a page stands: the ids on it, the number of the last page; `total` counts the datasets of all pages."""

    ids: tuple[str, ...]
    total: int
    last: int


class IncompleteError(StateError):
    """A stored form of a dataset is missing: nothing is sent, since a short catalogue would be taken for a smaller one."""

    def __init__(self) -> None:
        super().__init__(
            Message(
                "Der Katalog wird gerade neu aufbereitet. Nächster Schritt: in einigen Minuten noch einmal abrufen.",
                "The catalogue is being prepared anew. Next step: fetch it again in some minutes.",
            )
        )


def extent(session: Session, selection: Selection) -> Extent | None:
    """Find what stands on a page; None behind the last one.

    Pages are counted from this one on: what a search finds may shrink while its pages are read, and none is cut off then.
    """
    members = _members(session, selection)
    listed, skipped = members.subquery(), (selection.page - 1) * selection.limit
    total = session.scalar(sa.select(sa.func.count()).select_from(listed)) or 0
    query = members.order_by(Membership.dataset_id).limit(selection.limit)
    if selection.after:
        following = sa.select(sa.func.count()).select_from(listed).where(listed.c.dataset_id > selection.after)
        remaining = session.scalar(following) or 0
        query = query.where(Membership.dataset_id > selection.after)
    else:
        remaining = total - skipped
        query = query.offset(skipped)
        if remaining <= 0 and selection.page > 1:
            return None
    last = selection.page - 1 + max(1, -(-remaining // selection.limit))
    return Extent(ids=tuple(session.scalars(query)), total=total, last=last)


def page(session: Session, config: Config, selection: Selection, found: Extent, ending: str) -> bytes:
    """Make one page."""
    if selection.release == SCHEMA_ORG:
        fragments = _datasets(session, list(found.ids), ending, SCHEMA_ORG, _Seen())
        return schema_org.catalog_document(about(config, selection.part), fragments)
    view = rdf.fragment(_view(config, selection, found, ending), ending)
    document = _document(session, config, selection.part, list(found.ids), ending, selection.release)
    return b"".join(rdf.join((view, *document), ending))


def steps(config: Config, selection: Selection, found: Extent, ending: str) -> dict[str, str]:
    """Name the addresses that lead from a page to others."""
    address = _address(config, selection, ending)
    here = _link(address, selection, selection.page, selection.after)
    named_steps = {"first": _link(address, selection, 1)}
    if selection.page > 1:
        named_steps["previous"] = _link(address, selection, selection.page - 1)
    if selection.page < found.last:
        named_steps["next"] = _link(address, selection, selection.page + 1, found.ids[-1])
    # Who ends where a page calls itself the last one must find its own address there.
    named_steps["last"] = here if selection.page == found.last else _link(address, selection, found.last)
    return named_steps


def check(session: Session, ids: Iterable[str], ending: str, release: str = DEFAULT) -> None:
    """Make sure that every stored form is there, without reading any; raises IncompleteError."""
    missing = sa.select(DatasetRow.id).outerjoin(Rendition, _stored(ending, release)).where(VISIBLE)
    listed = list(ids)
    for start in range(0, len(listed), _BATCH):
        part = DatasetRow.id.in_(listed[start : start + _BATCH])
        if session.scalar(missing.where(part, Rendition.hash.is_(None)).limit(1)):
            raise IncompleteError


def members(session: Session, part: Part = WHOLE) -> list[str]:
    """List the ids of a part's datasets as it is now."""
    present = sa.select(Membership.dataset_id).where(Membership.scope == part.scope, Membership.until.is_(None))
    return list(session.scalars(present.order_by(Membership.dataset_id)))


def dataset(session: Session, config: Config, dataset_id: str, ending: str, release: str = DEFAULT) -> bytes | None:
    """Give one dataset with the nodes it shares; None when the public may not see it."""
    seen = _Seen()
    pieces: list[rdf.Fragment] = list(_datasets(session, [dataset_id], ending, release, seen))
    if not pieces:
        return None
    if release in BESIDE:
        (stored,) = pieces
        assert isinstance(stored, bytes), "a stored form is bytes"
        return stored if release == CROISSANT else schema_org.document(stored)
    shared: dict[str, list[ox.Triple]] = {}
    if seen.served:
        service = rdf.write(_service(config, tuple(sorted(seen.categories))), release=release)
        links = {"dcat:servesDataset": seen.served}
        pieces.append(rdf.with_links(rdf.fragment(service.own, ending), ending, links))
        shared = service.shared
    pieces += _nodes(session, seen.keys, ending, shared)
    return b"".join(rdf.join(pieces, ending))


def dump(
    database: Database, config: Config, ending: str, part: Part = WHOLE, release: str = DEFAULT
) -> Iterator[bytes]:
    """Stream the whole catalogue, or a part of it, as one document of one moment; memory does not grow with it."""
    with database.reading() as session:
        yield from everything(session, config, ending, part, release)


def everything(session: Session, config: Config, ending: str, part: Part, release: str) -> Iterator[bytes]:
    """Stream a part of the catalogue as one document."""
    return rdf.join(_document(session, config, part, members(session, part), ending, release), ending)


def state(session: Session) -> tuple[int, datetime.datetime | None]:
    """Give number and time of the newest change, which date the catalogue; 0 and None before the first."""
    newest = session.execute(_NEWEST).first()
    return (newest.seq, newest.at) if newest else (0, None)


# Made once: it answers every request that finds nothing new.
_NEWEST = sa.select(Change.seq, Change.at).order_by(Change.seq.desc()).limit(1)


def city_part(config: Config, slug: str) -> Part:
    """Give the part with one city's datasets; ConfigError when the city is unknown."""
    name = config.city(slug).name
    return Part(scopes.city(slug), f"/city/{slug}/catalog", Message(name, name))


HVD_PART = Part(scopes.HVD, "/catalog-hvd", Message("hochwertige Datensätze", "high-value datasets"))


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
        theme_taxonomy=(_THEMES,),
        license="http://dcat-ap.de/def/licenses/cc-zero",
        spatial=tuple(Place(uri=city.place) for city in config.cities),
        applicable_legislation=(HVD_REGULATION,) if part.scope == scopes.HVD else (),
        service=(f"{site}/api/data",),
    )


@dataclass(slots=True)
class _Seen:
    """What the datasets of a document have to do with the nodes around them, gathered while they pass."""

    hidden: set[str] = field(default_factory=set)
    uris: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    categories: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def _document(
    session: Session, config: Config, part: Part, ids: list[str], ending: str, release: str
) -> Iterator[rdf.Fragment]:
    """Stream the datasets, the catalogue's own nodes with the links to them, and the nodes they share."""
    seen = _Seen()
    yield from _datasets(session, ids, ending, release, seen)
    catalogue = rdf.write(about(config, part), release=release)
    service = rdf.write(_service(config, tuple(sorted(seen.categories))), release=release)
    links: Mapping[str, Iterable[str]] = {
        "dcat:dataset": seen.uris,
        "dcat:record": (
            f"{config.site_url}/record/{dataset_id}" for dataset_id in ids if dataset_id not in seen.hidden
        ),
    }
    yield rdf.with_links(rdf.fragment(catalogue.own, ending), ending, links)
    yield rdf.with_links(rdf.fragment(service.own, ending), ending, {"dcat:servesDataset": seen.served})
    yield from _nodes(session, seen.keys, ending, catalogue.shared | service.shared)


def _datasets(session: Session, ids: list[str], ending: str, release: str, seen: _Seen) -> Iterator[bytes]:
    """Read the stored forms of those the public may see, by id; raises IncompleteError where one is missing."""
    row = DatasetRow
    query = (
        sa.select(row.id, row.uri, row.served, row.hvd, row.nodes, row.release_nodes, Rendition.body)
        .outerjoin(Rendition, _stored(ending, release))
        .where(VISIBLE)
    )
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
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


def _members(session: Session, selection: Selection) -> sa.Select[str]:
    query = sa.select(Membership.dataset_id).where(
        Membership.scope == selection.part.scope,
        Membership.since <= selection.at,
        sa.or_(Membership.until.is_(None), Membership.until > selection.at),
    )
    if selection.within is not None:
        query = query.where(Membership.dataset_id.in_(selection.within))
    if selection.since:
        # From the newest change backwards: the cost follows what changed. The log never changes, so the pages stay frozen.
        before = session.scalar(
            sa.select(Change.seq).where(Change.at < store.instant(selection.since)).order_by(Change.seq.desc()).limit(1)
        )
        changed = sa.select(Change.dataset_id).where(Change.seq > (before or 0), Change.seq <= selection.at)
        query = query.where(Membership.dataset_id.in_(changed))
    return query


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


def _view(config: Config, selection: Selection, found: Extent, ending: str) -> list[ox.Triple]:
    """Hydra paging in the new form (links) and the old one (texts), as different harvesters read it."""
    subject = named(_link(_address(config, selection, ending), selection, selection.page, selection.after))
    triples = [
        ox.Triple(subject, _TYPE, named(expand(f"hydra:{name}")))
        for name in ("PagedCollection", "PartialCollectionView")
    ]
    for name, link in steps(config, selection, found, ending).items():
        triples.append(ox.Triple(subject, named(expand(f"hydra:{name}")), named(link)))
        triples.append(ox.Triple(subject, named(expand(f"hydra:{name}Page")), ox.Literal(link)))
    integer = named(expand("xsd:integer"))
    for name, count in (("totalItems", found.total), ("itemsPerPage", selection.limit)):
        triples.append(ox.Triple(subject, named(expand(f"hydra:{name}")), ox.Literal(str(count), datatype=integer)))
    return triples


def _address(config: Config, selection: Selection, ending: str) -> str:
    return f"{config.site_url}{selection.part.path}.{ending}"


def _link(address: str, selection: Selection, number: int, after: str = "") -> str:
    parameters = {"page": str(number), "snapshot": str(selection.at)}
    if after:
        parameters["after"] = after
    if selection.limit != PAGE:
        parameters["limit"] = str(selection.limit)
    if selection.since:
        parameters["modified_since"] = selection.since
    if selection.release != DEFAULT:
        parameters["profile"] = selection.release
    return f"{address}?{urlencode(parameters)}" + (f"&{selection.query}" if selection.query else "")


def _stored(ending: str, release: str) -> sa.ColumnElement[bool]:
    """Join a dataset with its stored form."""
    name = form(ending, release)
    return sa.and_(Rendition.dataset_id == DatasetRow.id, Rendition.hash == DatasetRow.hash, Rendition.format == name)


def _nodes(session: Session, keys: set[str], ending: str, ours: dict[str, list[ox.Triple]]) -> Iterator[bytes]:
    """Each shared node once, the catalogue's own too; what a dataset says of itself counts more than what others call it."""
    own = ((uri, rdf.fragment(ours[uri], ending)) for uri in sorted(ours))
    merged = heapq.merge(own, _stored_nodes(session, keys, ending))
    for part in _batches(groupby(merged, key=itemgetter(0)), ending):
        datasets = store.holders(session, part)
        yield from (body for uri, body in part.items() if uri not in datasets)


def _batches(groups: Iterable[tuple[str, Iterator[tuple[str, bytes]]]], ending: str) -> Iterator[dict[str, bytes]]:
    held: dict[str, bytes] = {}
    for uri, described in groups:
        bodies = sorted({body for _, body in described}, key=lambda body: (-len(body), body))
        held[uri] = reduce(partial(_fuller, ending=ending), bodies[:_MOST_WORDS])
        if len(held) == _BATCH:
            yield held
            held = {}
    yield held


def _stored_nodes(session: Session, keys: set[str], ending: str) -> Iterator[tuple[str, bytes]]:
    """Read nodes in the order of their URIs: few by their keys, many in one pass over the table.

    Who is described differently by several datasets comes in the words of all of them, whichever are asked for: so every page
    says the same of him.
    """
    asked, keys = keys, keys | _other_words(session, keys)
    query = sa.select(Node.uri, Node.body, Node.key).where(Node.format == ending)
    rows: Iterable[sa.Row[str, bytes, str]]
    if len(keys) > _MANY:
        rows = session.execute(query.order_by(Node.uri, Node.key).execution_options(yield_per=_BATCH))
    else:
        listed = sorted(keys)
        starts = range(0, len(listed), _BATCH)
        found = (row for s in starts for row in session.execute(query.where(Node.key.in_(listed[s : s + _BATCH]))))
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
    listed, found = sorted(keys), set[str]()
    for start in range(0, len(listed), _BATCH):
        words = session.scalars(query.where(NodeUse.key.in_(listed[start : start + _BATCH])))
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
