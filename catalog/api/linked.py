"""DCAT-AP.de for machines: catalogue pages, single datasets and dumps, all made of stored fragments between a header and a footer."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import store
from catalog.config import Config
from catalog.db import Database
from catalog.layers import LOCAL_AUTHORITY
from catalog.models import Change, DatasetRow, Membership, Node, Rendition
from catalog.renditions import decompress
from catalog.store import VISIBLE
from dcat import rdf
from dcat.kinds import named
from dcat.model import Agent, Catalog, Contact, DataService, Place, Text
from dcat.namespaces import HVD_REGULATION, expand

PAGE = 100
MAX_PAGE = 1000
_BATCH = 500
_TYPE = named(expand("rdf:type"))
_THEMES = "http://publications.europa.eu/resource/authority/data-theme"
_LANGUAGES = tuple(f"http://publications.europa.eu/resource/authority/language/{code}" for code in ("DEU", "ENG"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which datasets a page shows: the catalogue as it was at sequence number `at`, of one city or all, changed since or ever."""

    at: int
    page: int = 1
    limit: int = PAGE
    city: str = ""
    since: str = ""
    query: str = ""
    """the search as it stands in the address; `within` are the datasets it found"""
    within: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguePage:
    """One page ready to be sent; `total` counts the datasets of all pages."""

    body: bytes
    total: int
    last: int


def page(session: Session, config: Config, selection: Selection, ending: str, address: str) -> CataloguePage:
    """Make one page; `address` is the public address of the first one, without its parameters."""
    query = _members(selection)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    last = max(1, -(-total // selection.limit))
    offset = (selection.page - 1) * selection.limit
    ids = list(session.scalars(query.order_by(Membership.dataset_id).limit(selection.limit).offset(offset)))
    served = _service(session, config, ids)
    opening = [*_view(selection, address, total, last), *_catalogue(session, config, ids), *served.own]
    pieces = [rdf.fragment(opening, ending), *_fragments(session, ending, ids)]
    pieces += _nodes(session, ending, ids, rdf.write(_about(config)).shared | served.shared)
    return CataloguePage(body=b"".join(rdf.join(pieces, ending)), total=total, last=last)


def dataset(session: Session, config: Config, dataset_id: str, ending: str) -> bytes | None:
    """Give one dataset with the nodes it shares; None when the public may not see it."""
    found = list(_fragments(session, ending, [dataset_id]))
    if not found:
        return None
    served = _service(session, config, [dataset_id])
    pieces = [*found, rdf.fragment(served.own, ending), *_nodes(session, ending, [dataset_id], served.shared)]
    return b"".join(rdf.join(pieces, ending))


def dump(database: Database, config: Config, ending: str, city: str = "") -> Iterator[bytes]:
    """Stream the whole catalogue, or one city's, as one document; memory does not grow with it."""
    with database.reading() as session:
        wanted = sa.select(DatasetRow.id).where(VISIBLE, *([DatasetRow.city == city] if city else []))
        ids = list(session.scalars(wanted.order_by(DatasetRow.id)))

        def pieces() -> Iterator[bytes]:
            served = _service(session, config, ids)
            yield rdf.fragment([*_catalogue(session, config, ids), *served.own], ending)
            keys: set[str] = set()
            for start in range(0, len(ids), _BATCH):
                part = ids[start : start + _BATCH]
                yield from _fragments(session, ending, part)
                keys |= _node_keys(session, part)
            yield from _node_pieces(session, ending, keys, rdf.write(_about(config)).shared | served.shared)

        yield from rdf.join(pieces(), ending)


def last_change(session: Session) -> Change | None:
    """Give the newest change, which dates the catalogue."""
    return session.scalar(sa.select(Change).order_by(Change.seq.desc()).limit(1))


def _members(selection: Selection) -> sa.Select[str]:
    query = sa.select(Membership.dataset_id).where(
        Membership.since <= selection.at, sa.or_(Membership.until.is_(None), Membership.until > selection.at)
    )
    if selection.city or selection.since:
        query = query.join(DatasetRow, DatasetRow.id == Membership.dataset_id)
    if selection.city:
        query = query.where(DatasetRow.city == selection.city)
    if selection.within is not None:
        query = query.where(Membership.dataset_id.in_(selection.within))
    if selection.since:
        query = query.where(DatasetRow.modified_at >= store.instant(selection.since))
    return query


def _about(config: Config) -> Catalog:
    site = config.site_url
    return Catalog(
        uri=f"{site}/catalog",
        title=(Text(config.title.de, "de"), Text(config.title.en, "en")),
        description=(Text(config.description.de, "de"), Text(config.description.en, "en")),
        publisher=_publisher(config),
        homepage=f"{site}/",
        language=_LANGUAGES,
        theme_taxonomy=(_THEMES,),
        license="http://dcat-ap.de/def/licenses/cc-zero",
        spatial=tuple(Place(uri=city.place) for city in config.cities),
        service=(f"{site}/api/data",),
    )


def _publisher(config: Config) -> Agent:
    return Agent(
        uri=f"{config.site_url}/publisher",
        name=(Text(config.publisher, "de"),),
        type=LOCAL_AUTHORITY,
    )


def _service(session: Session, config: Config, ids: list[str]) -> rdf.Parts:
    """Describe our data API, linking those of the datasets whose tables it serves; the datasets do not link back."""
    site = config.site_url
    uris: list[str] = []
    categories: set[str] = set()
    for start in range(0, len(ids), _BATCH):
        rows = session.execute(
            sa.select(DatasetRow.uri, DatasetRow.hvd)
            .where(DatasetRow.id.in_(ids[start : start + _BATCH]), VISIBLE, DatasetRow.served)
            .order_by(DatasetRow.id)
        )
        for uri, hvd in rows:
            uris.append(uri)
            categories.update(hvd)
    return rdf.write(
        DataService(
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
            applicable_legislation=(HVD_REGULATION,) if categories else (),
            hvd_category=tuple(sorted(categories)),
            serves_dataset=tuple(uris),
        )
    )


def _catalogue(session: Session, config: Config, ids: list[str]) -> Iterator[ox.Triple]:
    """Describe the catalogue, linking the datasets of this page and our records about them."""
    yield from rdf.write(_about(config)).own
    subject, dataset, record = (
        named(f"{config.site_url}/catalog"),
        named(expand("dcat:dataset")),
        named(expand("dcat:record")),
    )
    for start in range(0, len(ids), _BATCH):
        rows = session.execute(
            sa.select(DatasetRow.uri, DatasetRow.id)
            .where(DatasetRow.id.in_(ids[start : start + _BATCH]), VISIBLE)
            .order_by(DatasetRow.id)
        )
        for uri, dataset_id in rows:
            yield ox.Triple(subject, dataset, named(uri))
            yield ox.Triple(subject, record, named(f"{config.site_url}/record/{dataset_id}"))


def _view(selection: Selection, address: str, total: int, last: int) -> list[ox.Triple]:
    """Hydra paging in the new form (links) and the old one (texts), as different harvesters read it."""
    here = _link(address, selection, selection.page)
    subject = named(here)
    triples = [
        ox.Triple(subject, named(expand("rdf:type")), named(expand(f"hydra:{name}")))
        for name in ("PagedCollection", "PartialCollectionView")
    ]
    steps = {"first": 1, "previous": selection.page - 1, "next": selection.page + 1, "last": last}
    for name, number in steps.items():
        if 1 <= number <= last:
            link = _link(address, selection, number)
            triples.append(ox.Triple(subject, named(expand(f"hydra:{name}")), named(link)))
            triples.append(ox.Triple(subject, named(expand(f"hydra:{name}Page")), ox.Literal(link)))
    integer = named(expand("xsd:integer"))
    for name, count in (("totalItems", total), ("itemsPerPage", selection.limit)):
        triples.append(ox.Triple(subject, named(expand(f"hydra:{name}")), ox.Literal(str(count), datatype=integer)))
    return triples


def _link(address: str, selection: Selection, number: int) -> str:
    parameters = [f"page={number}", f"snapshot={selection.at}"]
    if selection.limit != PAGE:
        parameters.append(f"limit={selection.limit}")
    if selection.since:
        parameters.append(f"modified_since={selection.since.replace('+', '%2B')}")
    if selection.query:
        parameters.append(selection.query)
    return f"{address}?{'&'.join(parameters)}"


def _fragments(session: Session, ending: str, ids: list[str]) -> Iterator[bytes]:
    for start in range(0, len(ids), _BATCH):
        rows = session.execute(
            sa.select(Rendition.body)
            .join(DatasetRow, sa.and_(DatasetRow.id == Rendition.dataset_id, DatasetRow.hash == Rendition.hash))
            .where(Rendition.dataset_id.in_(ids[start : start + _BATCH]), Rendition.format == ending, VISIBLE)
            .order_by(Rendition.dataset_id)
        )
        yield from (decompress(body) for (body,) in rows)


def _nodes(session: Session, ending: str, ids: list[str], ours: dict[str, list[ox.Triple]]) -> Iterator[bytes]:
    return _node_pieces(session, ending, _node_keys(session, ids), ours)


def _node_keys(session: Session, ids: list[str]) -> set[str]:
    keys: set[str] = set()
    for start in range(0, len(ids), _BATCH):
        rows = session.scalars(
            sa.select(DatasetRow.nodes).where(DatasetRow.id.in_(ids[start : start + _BATCH]), VISIBLE)
        )
        keys.update(*rows)
    return keys


def _node_pieces(session: Session, ending: str, keys: set[str], ours: dict[str, list[ox.Triple]]) -> Iterator[bytes]:
    """Each shared node once, the catalogue's own too; what a dataset says of itself counts more than what others call it."""
    bodies = {uri: rdf.fragment(triples, ending) for uri, triples in ours.items()}
    listed = sorted(keys)
    for start in range(0, len(listed), _BATCH):
        rows = session.execute(
            sa.select(Node.uri, Node.body)
            .where(Node.key.in_(listed[start : start + _BATCH]), Node.format == ending)
            .order_by(Node.key)
        )
        for uri, body in rows:
            bodies[uri] = _fuller(bodies.get(uri, body), body, ending)
    named_uris = sorted(bodies)
    for start in range(0, len(named_uris), _BATCH):
        part = named_uris[start : start + _BATCH]
        datasets = set(session.scalars(sa.select(DatasetRow.uri).where(DatasetRow.uri.in_(part), VISIBLE)))
        yield from (bodies[uri] for uri in part if uri not in datasets)


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
