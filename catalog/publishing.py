"""From upstream records to the published catalogue: assemble, render outside any write transaction, then publish in one."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import (
    assemble,
    derived_files,
    desk_rows,
    desk_source,
    edits,
    gate,
    inherited,
    link_uses,
    public,
    store,
    subjects,
)
from catalog.assemble import Assembled, Checked, FileAddress, Setting, Surroundings, Upstream
from catalog.config import Config
from catalog.db import Database, batches, now
from catalog.desk_types import Written
from catalog.drafts import PUBLISHED, Draft, entry
from catalog.file_checks import checked
from catalog.gate import Allowances
from catalog.models import DatasetRow, FileRow, Organization, Quarantine, Record, RecordVersion, Slug, SourceState
from catalog.models_desk import DeskDataset
from catalog.organizations import packaged
from catalog.overlay import Edit
from catalog.policy import Policies
from catalog.public import PublicDataset
from catalog.rendering import Order, Rendered, Workshop, render
from catalog.renditions import VIEW, Renditions, decompress
from catalog.scores import Scored
from catalog.spool import Spool
from dcat import document, naming
from dcat.errors import FetchError, StateError
from dcat.message import Message
from dcat.model import Dataset
from dcat.profile import DEFAULT, RELEASES
from dcat.texts import best
from harvesters.addresses import read_address
from harvesters.network import may_reach
from harvesters.source import Source

BATCH = 200
# How a steward lets a record in that is not complete: as it is now, or whatever it says.
ONCE, ALWAYS = "once", "always"
# In the place of the inputs of a source: its datasets do not all follow the same ones.
MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Item:
    """One record to publish: the dataset's id, its id at the source, what the source said, and the hash of that.

    One that is not `known` is certain to be new: nothing is looked up about it.
    """

    dataset_id: str
    remote_id: str
    dataset: Dataset
    hash: str = ""
    known: bool = True


def setting(config: Config, session: Session, source: Source, policies: Policies) -> tuple[Setting, Organization]:
    """Gather what is the same for all datasets of a source."""
    state = session.get_one(SourceState, source.id)
    organization = session.get_one(Organization, state.organization_id)
    place = desk_source.city(config, source)
    return (
        Setting(
            source=source,
            city=place,
            organization=organization.name,
            organization_title=organization.title,
            ours=desk_source.publishes_files(source),
            local=desk_source.covers_city(source, place),
            policies=policies,
            site_url=config.site_url,
            publishers=policies.spellings(source.city),
        ),
        organization,
    )


def inputs(config: Config, source: Source, policies: Policies) -> str:
    """Hash everything but the records that decides how a source's datasets look: when it changes, they are assembled anew."""
    # Those about other sources too: what is held back there may be shown through this one (catalog/inherited.py).
    decisions = [repr(w) for w in policies.withholdings]
    parts = [assemble.VERSION, source.revision, config.site_url, repr(desk_source.city(config, source)), decisions]
    parts.append(repr(policies.spellings(source.city)))
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def drafts(
    database: Database,
    config: Config,
    source: Source,
    policies: Policies,
    items: Iterable[Item],
    tick: Callable[[int], None] = lambda count: None,
    leaving: Collection[str] = (),
) -> Iterator[Draft]:
    """Assemble and render records batch by batch, and store the renditions; nothing is published yet. `tick` counts along.

    `leaving` names datasets that are withdrawn with the publication, so that what they described is free.
    """
    place = _Place(config, source, policies, leaving)
    waiting: list[Callable[[], list[Draft]]] = []
    with Workshop(BATCH) as workshop:
        for batch in batches(items, BATCH):
            with database.reading() as session:
                wrote = desk_rows.written(session, source.id, [item.dataset_id for item in batch], config.site_url)
                # Who writes at the desk chooses the name.
                place.names |= _taken(session, batch)
                assembled = _assembled(session, place, batch, wrote)
            waiting.append(_begin(database, workshop, assembled))
            # One batch is rendered while the next one is assembled.
            if len(waiting) > 1:
                finished = waiting.pop(0)()
                tick(len(finished))
                yield from finished
        for finish in waiting:
            finished = finish()
            tick(len(finished))
            yield from finished


def draft(
    session: Session, config: Config, source: Source, policies: Policies, item: Item, written: Written
) -> tuple[Draft, Renditions | None]:
    """Assemble and render one dataset of the desk as it is about to be written. Nothing is stored: who publishes it stores the renditions.

    There are none when the public has it like this already.
    """
    batch = _assembled(session, _Place(config, source, policies), [item], {item.dataset_id: written})
    results = [render(order) for order in batch.orders]
    return _finished(session, batch, results)[0], results[0].renditions


@dataclass(frozen=True, slots=True)
class _Made:
    """One dataset assembled: what will be shown of it, which files are looked at, whom it mentions, and what is public now."""

    shown: PublicDataset
    addresses: tuple[FileAddress, ...]
    links: Mapping[str, bool]
    row: DatasetRow | None


@dataclass(slots=True)
class _Place:
    """Where records are assembled: their source and its rules; and what those before them took, names and URIs."""

    config: Config
    source: Source
    policies: Policies
    leaving: Collection[str] = ()
    names: set[str] = field(default_factory=set)
    claims: dict[int, str] = field(default_factory=dict)
    """by the hashes of the URIs: all URIs of a large source would fill the memory"""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some datasets of one organisation, assembled, and the order to render each."""

    made: list[_Made]
    orders: list[Order]
    organization: Organization


def _assembled(session: Session, place: _Place, batch: list[Item], written: Mapping[str, Written]) -> _Batch:
    config, source = place.config, place.source
    held_back = inherited.policies(session, place.policies, source.id, ((i.remote_id, i.dataset) for i in batch))
    present, organization = setting(config, session, source, held_back)
    known = [item for item in batch if item.known]
    rows = _rows(session, known)
    checks = _checks(session, known)
    neighbours = _neighbours(session, batch, config.site_url, place.leaving)
    edited = edits.of(session, [item.dataset_id for item in known])
    made = []
    for item in batch:
        row = rows.get(item.dataset_id)
        desk = written.get(item.dataset_id)
        name = desk.name if desk else row.name if row else _name(item, present.city.slug, place.names)
        place.names.add(name)
        upstream = _upstream(item, name, row, edited.get(item.dataset_id, ()), desk)
        around = neighbours.around(item, place.claims)
        found = assemble.assemble(upstream, present, checks.get(item.dataset_id, {}), around)
        place.claims |= dict.fromkeys(map(hash, assemble.subjects(found.shown.dataset)), item.dataset_id)
        links = {uri: uri in around.pages for uri in neighbours.links[item.dataset_id]}
        made.append(_Made(found.shown, to_check(found.addresses, source), links, row))
    statuses = link_uses.statuses(session, [one.shown for one in made])
    package = packaged(organization)
    orders = []
    for one in made:
        # One that was withdrawn has no renditions left, whatever its hash.
        before = one.row.hash if one.row and one.row.state == PUBLISHED else ""
        orders.append(Order(one.shown, package, config.site_url, statuses[one.shown.id], before))
    return _Batch(made, orders, organization)


def _begin(database: Database, workshop: Workshop, batch: _Batch) -> Callable[[], list[Draft]]:
    """Begin to render a batch; the function that comes back waits for it, stores the renditions and gives the drafts."""
    rendered = workshop.begin(batch.orders)

    def finish() -> list[Draft]:
        results = rendered()
        with database.reading() as session:
            drafts = _finished(session, batch, results)
        with database.writing() as session:
            store.write_renditions(
                session,
                ((d.entry.id, r.renditions) for d, r in zip(drafts, results, strict=True) if r.renditions),
            )
        return drafts

    return finish


def _finished(session: Session, batch: _Batch, results: list[Rendered]) -> list[Draft]:
    drafts = [_draft(one, result, batch.organization) for one, result in zip(batch.made, results, strict=True)]
    known = [draft.entry.id for draft in drafts if draft.changes and draft.was]
    before = store.bodies(session, VIEW, known) if known else {}
    return [
        replace(draft, fields=public.differences(before[draft.entry.id], one.shown))
        if draft.entry.id in before
        else draft
        for one, draft in zip(batch.made, drafts, strict=True)
    ]


def assembled(config: Config, session: Session, source: Source, policies: Policies, dataset_id: str) -> Assembled:
    """Assemble one dataset as it stands, for explanations and checks; nothing is written. StateError when it is withdrawn."""
    item = next(said(session, [dataset_id]), None)
    if item is None:
        raise StateError(
            Message(
                "Dieser Datensatz ist zurückgezogen. Nächster Schritt: offenbar dataset history",
                "This dataset is withdrawn. Next step: offenbar dataset history",
            )
        )
    held_back = inherited.policies(session, policies, source.id, [(item.remote_id, item.dataset)])
    present, _ = setting(config, session, source, held_back)
    row = session.get(DatasetRow, dataset_id)
    checks = _checks(session, [item]).get(dataset_id, {})
    around = _neighbours(session, [item], config.site_url).around(item, {})
    edited = edits.of(session, [dataset_id]).get(dataset_id, ())
    desk = desk_rows.written(session, source.id, [dataset_id], config.site_url).get(dataset_id)
    upstream = _upstream(item, desk.name if desk else row.name if row else "", row, edited, desk)
    return assemble.assemble(upstream, present, checks, around)


def held(session: Session, dataset_ids: Sequence[str]) -> Iterator[Item]:
    """Read what the sources last said of datasets, leaving out those that are gone, or hidden behind another."""
    return _last_said(session, dataset_ids, Record.led_by.is_(None))


def said(session: Session, dataset_ids: Sequence[str]) -> Iterator[Item]:
    """Read what the sources last said of datasets, also of those that are hidden behind another."""
    return _last_said(session, dataset_ids, sa.true())


def _last_said(session: Session, dataset_ids: Sequence[str], only: sa.ColumnElement[bool]) -> Iterator[Item]:
    for part in batches(dataset_ids, BATCH):
        rows = session.execute(
            sa.select(Record.dataset_id, Record.remote_id, RecordVersion.document, Record.hash)
            .join(
                RecordVersion,
                sa.and_(RecordVersion.dataset_id == Record.dataset_id, RecordVersion.version == Record.version),
            )
            .where(Record.dataset_id.in_(part), Record.gone_at.is_(None), only)
        )
        for dataset_id, remote_id, body, digest in rows:
            yield Item(dataset_id, remote_id, document.read(orjson.loads(decompress(body))), digest)


def refresh(
    database: Database,
    config: Config,
    source: Source,
    read_policies: Callable[[], Policies],
    cause: str,
    dataset_ids: Sequence[str] | None = None,
) -> int:
    """Publish anew what the source last said: after a change of policy, definition or checks. Gives the number of changes."""
    with database.reading() as session:
        everything = sa.select(Record.dataset_id).where(Record.source_id == source.id)
        wanted: Sequence[str] = session.scalars(everything).all() if dataset_ids is None else dataset_ids
    changes = 0
    while True:
        # Read every time: what a policy says when something is published decides, not what it said before.
        policies = read_policies()
        with database.reading() as session:
            judge = gate.judge(config, source, allowances(session, source))
        left = set(wanted)
        with Spool[Draft]() as ready:
            for draft in drafts(database, config, source, policies, _valid(database, source, policies, judge, wanted)):
                ready.append(draft)
                left.discard(draft.entry.id)
            with database.writing() as session:
                overtaken = store.overtaken(session, ready)
                fresh = (draft for draft in ready if draft.entry.id not in overtaken)
                changes += store.publish(session, fresh, cause)
                subjects.leave_links(session, left)
                note_inputs(session, config, source, policies, whole=dataset_ids is None and not overtaken)
        if not overtaken:
            return changes
        wanted = sorted(overtaken)


def _valid(
    database: Database, source: Source, policies: Policies, judge: gate.Judge, dataset_ids: Sequence[str]
) -> Iterator[Item]:
    """Read what the sources last said of datasets, a batch at a time, as far as it can be published.

    Where a changed definition leaves no valid description, the last good state stays; a decision holds all the same.
    """
    for part in batches(dataset_ids, BATCH):
        with database.reading() as session:
            items = list(held(session, part))
        for item in items:
            if policies.concerns(source.id, item.remote_id) or judge(item.remote_id, item.hash, item.dataset) is None:
                yield item


def note_inputs(session: Session, config: Config, source: Source, policies: Policies, *, whole: bool = False) -> None:
    """Note by which rules a source's datasets are published; when only some follow the present ones, all are due anew."""
    state, present = session.get_one(SourceState, source.id), inputs(config, source, policies)
    state.applied_revision = present if whole or state.applied_revision in ("", present) else MIXED


def _draft(made: _Made, rendered: Rendered, organization: Organization) -> Draft:
    row = made.row
    draft = Draft(
        entry=entry(made.shown),
        organization_id=organization.id,
        addresses=made.addresses,
        hash=rendered.hash,
        nodes={},
        release_nodes={},
        links=made.links,
        before=row.hash if row else "",
        was=row.state if row else "",
        fields=(),
    )
    renditions = rendered.renditions
    if renditions is None:
        return draft
    present = renditions.node_keys()
    others = {release: keys for release in RELEASES if (keys := renditions.node_keys(release)) != present}
    nodes = {node.key: node.uri for node in renditions.nodes[DEFAULT]}
    # Of a new dataset whose links are known from others, news may come before it is published.
    scored = Scored(made.shown.id, organization.id, rendered.points, stale=rendered.judged_links)
    return replace(draft, nodes=nodes, release_nodes=others, scored=scored)


def to_check(named: tuple[FileAddress, ...], source: Source) -> tuple[FileAddress, ...]:
    """Choose the data files we look at: those that only we publish, and linked tables on hosts the source may reach."""
    if desk_source.publishes_files(source):
        return named
    # A derived table has no address to be looked at, but stands beside the others.
    return tuple(a for a in named if a.ours or not a.url or (_is_table(a, source) and reachable(source, a.url)))


def _is_table(address: FileAddress, source: Source) -> bool:
    named = address.schema_id or derived_files.mapping_name(source, address.name)
    return bool(named) or address.name.lower().endswith(".csv")


def reachable(source: Source, url: str) -> bool:
    """Tell whether the source's allow-list lets us look at an address."""
    try:
        address, start = read_address(url), read_address(source.url)
    except FetchError:
        return False
    return may_reach(source.network, address, start)


def allowances(session: Session, source: Source) -> Allowances:
    """Read what stewards have done for a source's incomplete records: let in, or completed by an edit."""
    query = sa.select(Quarantine.remote_id, Quarantine.release, Quarantine.hash).where(
        Quarantine.source_id == source.id
    )
    accepted: dict[str, str] = {}
    ids: dict[str, str] = {}
    for remote_id, release, digest in session.execute(query):
        ids[naming.dataset_id(source.id, remote_id)] = remote_id
        if release:
            accepted[remote_id] = "" if release == ALWAYS else digest
    edited = edits.of(session, list(session.scalars(edits.DATASETS)))
    for part in batches(edited):
        held_ones = sa.select(Record.dataset_id, Record.remote_id).where(Record.dataset_id.in_(part))
        ids.update(session.execute(held_ones.where(Record.source_id == source.id)).all())
    return Allowances(accepted, {ids[one]: found for one, found in edited.items() if one in ids})


def _upstream(
    item: Item, name: str, row: DatasetRow | None, edited: tuple[Edit, ...], written: Written | None
) -> Upstream:
    if written is not None:
        # What the desk wrote last is as old as that; what checks or policies change afterwards is as new as this moment.
        fresh = row is None or row.modified_at < written.modified_at
        return Upstream(
            id=item.dataset_id,
            name=name,
            remote_id=item.remote_id,
            dataset=item.dataset,
            published_at=written.created_at.isoformat(),
            modified_at=(written.modified_at if fresh else now()).isoformat(),
            edits=edited,
            written=written,
        )
    time = now().isoformat(timespec="seconds")
    return Upstream(
        id=item.dataset_id,
        name=name,
        remote_id=item.remote_id,
        dataset=item.dataset,
        published_at=row.published_at.isoformat(timespec="seconds") if row else time,
        modified_at=time,
        edits=edited,
    )


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """Which datasets describe the URIs that a batch of records names, by URI; and what each record links to, by dataset."""

    holders: Mapping[str, str]
    links: Mapping[str, frozenset[str]]
    site_url: str
    leaving: Collection[str]

    def around(self, item: Item, claims: Mapping[int, str]) -> Surroundings:
        """Say what other datasets have to do with one record; `claims` are those of the records assembled just before, by hash."""
        pages = {}
        for uri in self.links[item.dataset_id].union(assemble.subjects(item.dataset)):
            holder = claims.get(hash(uri)) or self.holders.get(uri)
            if holder is not None and holder != item.dataset_id and holder not in self.leaving:
                pages[uri] = f"{self.site_url}/dataset/{holder}#page"
        return Surroundings(pages)


def _neighbours(session: Session, batch: list[Item], site_url: str, leaving: Collection[str] = ()) -> _Neighbours:
    links = {item.dataset_id: assemble.links(item.dataset) for item in batch}
    uris = frozenset[str]().union(*links.values(), *(assemble.subjects(item.dataset) for item in batch))
    return _Neighbours(subjects.holders(session, uris), links, site_url, leaving)


def _rows(session: Session, batch: list[Item]) -> dict[str, DatasetRow]:
    ids = [item.dataset_id for item in batch]
    return {row.id: row for row in session.scalars(sa.select(DatasetRow).where(DatasetRow.id.in_(ids)))} if ids else {}


def _checks(session: Session, batch: list[Item]) -> dict[str, dict[str, Checked]]:
    found: dict[str, dict[str, Checked]] = {}
    ids = [item.dataset_id for item in batch]
    if not ids:
        return found
    for row in session.scalars(sa.select(FileRow).where(FileRow.dataset_id.in_(ids), FileRow.outcome != "")):
        found.setdefault(row.dataset_id, {})[row.id] = checked(row)
    return found


def _taken(session: Session, batch: list[Item]) -> set[str]:
    names = {naming.slug(best(item.dataset.title)) for item in batch}
    return {
        *session.scalars(sa.select(Slug.name).where(Slug.name.in_(names))),
        *session.scalars(sa.select(DeskDataset.name).where(DeskDataset.name.in_(names))),
    }


def _name(item: Item, city: str, taken: set[str]) -> str:
    """Choose an address: the title; where it is taken, with the city; where that is taken too, with a piece of the id."""
    name = naming.slug(best(item.dataset.title))
    if name not in taken:
        return name
    ending = f"-{city[:40]}-{item.dataset_id[:8]}"
    return name[: 100 - len(ending)] + ending
