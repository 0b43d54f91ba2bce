"""The only writer of catalogue records, and the one place that decides what is visible. Everything public is read through here."""

import datetime
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import file_versions, link_uses, public, scores, subjects
from catalog.assemble import FileAddress
from catalog.db import Database, Question, batches, core, insert, insert_or_ignore, now, upsert
from catalog.drafts import GONE, HIDDEN, PUBLISHED, Draft
from catalog.models import Change, DatasetLink, DatasetRow, FileRow, Membership, Node, NodeUse, Rendition, Slug, Subject
from catalog.public import PublicDataset, PublicFile
from catalog.renditions import VIEW, Renditions, decompress

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
VISIBLE = DatasetRow.state == PUBLISHED


def write_renditions(session: Session, made: Iterable[tuple[str, Renditions]]) -> None:
    """Keep renditions; they are seen by nobody until a dataset points at their hash."""
    bodies, nodes = [], []
    for dataset_id, renditions in made:
        bodies += [
            {"dataset_id": dataset_id, "format": form, "hash": renditions.hash, "body": body}
            for form, body in renditions.bodies.items()
        ]
        described = {node for shared in renditions.nodes.values() for node in shared}
        nodes += [{"key": n.key, "format": n.format, "uri": n.uri, "body": n.body} for n in described]
    # The same content may be rendered again with newer times: the newest bytes count.
    upsert(session, Rendition, bodies)
    insert_or_ignore(session, Node, nodes)


def overtaken(session: Session, drafts: Iterable[Draft], leaving: Collection[str] = ()) -> set[str]:
    """Name the datasets that must not be published by these drafts: others changed them, or took their names, since then.

    `leaving` names datasets that are withdrawn in the same transaction.
    """
    found: set[str] = set()
    for part in batches(drafts):
        rows = core(session).execute(_PRESENT, {"ids": [d.entry.id for d in part]})
        present = {dataset_id: (digest, state) for dataset_id, digest, state in rows}
        slugs = core(session).execute(_NAMED, {"names": [d.entry.name for d in part]})
        names = {slug.name: slug.dataset_id for slug in slugs}
        for draft in part:
            moved = present.get(draft.entry.id, ("", "")) != (draft.before, draft.was)
            if moved or names.get(draft.entry.name, draft.entry.id) != draft.entry.id:
                found.add(draft.entry.id)
        found |= subjects.claimed_by_others(session, part, leaving)
    return found


def publish(session: Session, drafts: Iterable[Draft], cause: str) -> int:
    """Make drafts the published state: rows, old renditions away, change log and membership, in the caller's transaction.

    Gives the number of changes. The caller has asked `overtaken` in the same transaction.
    """
    # Writers are alone until they commit (catalog/db.py).
    first, at = _next(session)
    seq = first
    for part in batches(drafts):
        seq += _publish(session, part, cause, seq, at)
    return seq - first


def _publish(session: Session, drafts: list[Draft], cause: str, first: int, at: datetime.datetime) -> int:
    """Publish some of many drafts, with change numbers from `first` on; gives how many changed."""
    changed = [draft for draft in drafts if draft.changes]
    numbered = list(enumerate(changed, first))
    _count_nodes(session, changed)
    upsert(session, DatasetRow, [_row(draft, seq) for seq, draft in numbered], keep=("published_at",))
    insert_or_ignore(session, Slug, [{"name": d.entry.name, "dataset_id": d.entry.id} for d in changed])
    _forget_changed_files(session, drafts)
    upsert(session, FileRow, [_file_row(draft, a, at) for draft in drafts for a in draft.addresses], keep=("due_at",))
    _forget_files(session, drafts)
    hidden = [key for draft in drafts for key, state in draft.entry.states.items() if not state.visible]
    file_versions.forget_changes(session, hidden)
    _forget_renditions(session, [(draft.entry.id, draft.hash) for draft in changed if draft.was])
    log = [
        {
            "seq": seq,
            "dataset_id": draft.entry.id,
            "kind": draft.kind,
            "at": at,
            "before": draft.before,
            "after": draft.hash,
            "fields": list(draft.fields),
            "cause": cause,
        }
        for seq, draft in numbered
    ]
    insert(session, Change, log)
    _write_memberships(session, numbered)
    subjects.write(session, changed)
    if unchanged := [draft for draft in drafts if not draft.changes]:
        subjects.note_links(session, unchanged)
    new = {draft.entry.id for draft in changed if not draft.was}
    link_uses.note(session, (draft.entry for draft in changed), new)
    # News of a link that came after the quality was measured have marked it, and the mark stays.
    scores.write(session, [draft.scored for draft in changed if draft.scored], keep=("stale",), new=new)
    return len(changed)


def _count_nodes(session: Session, drafts: list[Draft]) -> None:
    """Count who describes the shared nodes in which words, before and after."""
    change: Counter[str] = Counter()
    uris: dict[str, str] = {}
    for start in range(0, len(drafts), 500):
        if known := [draft.entry.id for draft in drafts[start : start + 500] if draft.was]:
            for nodes in session.scalars(sa.select(DatasetRow.nodes).where(DatasetRow.id.in_(known))):
                change.subtract(nodes)
    for draft in drafts:
        change.update(draft.nodes.keys())
        uris |= draft.nodes
    _add_uses(session, change, uris)


def _add_uses(session: Session, change: Counter[str], uris: Mapping[str, str]) -> None:
    more = [
        {"key": key, "uri_key": subjects.key_of(uri), "uses": change[key]} for key, uri in uris.items() if change[key]
    ]
    upsert(session, NodeUse, more, keep=("uri_key",), add=("uses",))
    if fewer := [{"of": key, "by": number} for key, number in change.items() if number and key not in uris]:
        counted = sa.update(NodeUse).where(NodeUse.key == sa.bindparam("of"))
        core(session).execute(counted.values(uses=NodeUse.uses + sa.bindparam("by")), fewer)


def _write_memberships(session: Session, numbered: list[tuple[int, Draft]]) -> None:
    """Let each dataset leave and enter the parts of the catalogue as of its change."""
    present: dict[str, set[str]] = {}
    if ids := [draft.entry.id for _, draft in numbered if draft.was]:
        query = sa.select(Membership.dataset_id, Membership.scope)
        for dataset_id, scope in session.execute(
            query.where(Membership.dataset_id.in_(ids), Membership.until.is_(None))
        ):
            present.setdefault(dataset_id, set()).add(scope)
    entered, left = [], []
    for seq, draft in numbered:
        now_in, was_in = draft.entry.scopes, present.get(draft.entry.id, set())
        entered += [
            {"scope": scope, "dataset_id": draft.entry.id, "since": seq, "until": None}
            for scope in sorted(now_in - was_in)
        ]
        left += [{"in": scope, "of": draft.entry.id, "at": seq} for scope in sorted(was_in - now_in)]
    insert_or_ignore(session, Membership, entered)
    if left:
        statement = sa.update(Membership).where(
            Membership.scope == sa.bindparam("in"),
            Membership.dataset_id == sa.bindparam("of"),
            Membership.until.is_(None),
        )
        core(session).execute(statement.values(until=sa.bindparam("at")), left)


def withdraw(
    session: Session, dataset_ids: list[str], cause: str, successors: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Take datasets out of the public: every rendition goes, the tombstone with the last title stays.

    One that has a successor leads there from now on: the same thing, described by another source.
    """
    for row in _retire(session, dataset_ids, cause):
        row.state, row.successor = GONE, successors.get(row.id)


def hide(session: Session, dataset_ids: list[str], cause: str) -> None:
    """Take datasets out of the public that live on at the desk: no title or name stays behind, and nobody learns that they exist."""
    for row in _retire(session, dataset_ids, cause):
        row.state, row.successor = HIDDEN, None
        row.name, row.title, row.title_en = row.id, "", ""


def _retire(session: Session, dataset_ids: list[str], cause: str) -> list[DatasetRow]:
    """Let go of everything that is public of some datasets, and log it; gives their rows, whose state is still to be said."""
    rows = list(session.scalars(sa.select(DatasetRow).where(DatasetRow.id.in_(dataset_ids), VISIBLE)))
    first, at = _next(session)
    _add_uses(session, Counter({key: -n for key, n in Counter(key for row in rows for key in row.nodes).items()}), {})
    for seq, row in enumerate(rows, first):
        session.add(
            Change(
                seq=seq, dataset_id=row.id, kind="withdraw", at=at, before=row.hash, after="", fields=[], cause=cause
            )
        )
        session.execute(
            sa.update(Membership).where(Membership.dataset_id == row.id, Membership.until.is_(None)).values(until=seq)
        )
        session.execute(sa.delete(Rendition).where(Rendition.dataset_id == row.id))
        freed = list(session.scalars(sa.select(Subject.key).where(Subject.dataset_id == row.id)))
        for table in (Subject, DatasetLink):
            session.execute(sa.delete(table).where(table.dataset_id == row.id))
        subjects.mark_links(session, (), freed)
        row.hash, row.nodes, row.release_nodes = "", [], {}
        row.seq, row.modified_at = seq, at
    for part in batches(row.id for row in rows):
        file_versions.forget_changes(
            session, list(session.scalars(sa.select(FileRow.id).where(FileRow.dataset_id.in_(part))))
        )
    link_uses.forget(session, [row.id for row in rows])
    scores.remove(session, [row.id for row in rows])
    return rows


def discard(session: Session, dataset_ids: Iterable[str]) -> None:
    """Let go of what was made of datasets that stay hidden behind another: a run that was disturbed may have left it."""
    for part in batches(sorted(dataset_ids)):
        visible = sa.select(DatasetRow.id).where(DatasetRow.id.in_(part), VISIBLE)
        session.execute(
            sa.delete(Rendition).where(Rendition.dataset_id.in_(part), Rendition.dataset_id.not_in(visible))
        )


def unsettled(session: Session) -> dict[str, list[str]]:
    """List the datasets that mention what another one describes since, or no longer describes, by source."""
    query = (
        sa.select(DatasetRow.source_id, DatasetRow.id)
        .join(DatasetLink, DatasetLink.dataset_id == DatasetRow.id)
        .where(VISIBLE, DatasetLink.due)
        .distinct()
    )
    found: dict[str, list[str]] = {}
    for source_id, dataset_id in session.execute(query):
        found.setdefault(source_id, []).append(dataset_id)
    return found


def last_seq(session: Session) -> int:
    """Give the newest sequence number of the change log; 0 for an empty one."""
    return session.scalar(_LAST_SEQ) or 0


def newest_change(session: Session) -> tuple[int, datetime.datetime | None]:
    """Give number and time of the newest change, which date the catalogue; 0 and None before the first."""
    newest = session.execute(_NEWEST).first()
    return (newest.seq, newest.at) if newest else (0, None)


_LOG = Change.__table__
_LAST_SEQ = sa.select(sa.func.max(_LOG.c.seq))
# Made once: it answers every request that finds nothing new.
_NEWEST = sa.select(_LOG.c.seq, _LOG.c.at).order_by(_LOG.c.seq.desc()).limit(1)


def _next(session: Session) -> tuple[int, datetime.datetime]:
    """Give the next sequence number and the time that goes with it: later than any before, also when a clock was set back."""
    newest = core(session).execute(_NEWEST).first()
    if newest is None:
        return 1, now()
    return newest.seq + 1, max(now(), newest.at + datetime.timedelta(microseconds=1))


def find_row(session: Session, name_or_id: str) -> DatasetRow | None:
    """Find a dataset's row by id, present or former name: one that is public, or was; none that only the desk knows."""
    row = session.get(DatasetRow, name_or_id) if UUID.fullmatch(name_or_id) else _by_slug(session, name_or_id)
    return row if row is not None and row.state != HIDDEN else None


def _by_slug(session: Session, name: str) -> DatasetRow | None:
    # PostgreSQL refuses to look for what it could not hold.
    slug = session.get(Slug, name) if "\0" not in name else None
    return session.get(DatasetRow, slug.dataset_id) if slug else None


def successor(session: Session, row: DatasetRow) -> DatasetRow | None:
    """Find the visible dataset that took the place of a withdrawn one, after some steps perhaps; None when there is none."""
    passed = {row.id}
    while row.state == GONE and row.successor and row.successor not in passed and len(passed) <= 10:
        passed.add(row.successor)
        following = session.get(DatasetRow, row.successor)
        if following is None:
            return None
        row = following
    return row if row.state == PUBLISHED and len(passed) > 1 else None


def find_public(session: Session, name_or_id: str) -> PublicDataset | None:
    """Find what the public may see of a dataset; None when there is nothing."""
    row = find_row(session, name_or_id)
    if row is None or row.state != PUBLISHED:
        return None
    return next(views(session, [row.id]), None)


def views(session: Session, dataset_ids: list[str]) -> Iterator[PublicDataset]:
    """Read the public views of visible datasets, in the order asked for."""
    found = bodies(session, VIEW, dataset_ids)
    return (public.read(found[key]) for key in dataset_ids if key in found)


def bodies(session: Session | sa.Connection, form: str, dataset_ids: list[str]) -> dict[str, bytes]:
    """Read one rendition of visible datasets, by dataset id."""
    rows = session.execute(_BODIES, {"ids": dataset_ids, "form": form})
    return {dataset_id: decompress(found) for dataset_id, found in rows}


def body(database: Database, form: str, name_or_id: str) -> bytes | None:
    """Read one rendition of a visible dataset by its id, present or former name, in one query; None when there is nothing to see."""
    if "\0" in name_or_id:
        # PostgreSQL refuses to look for what it could not hold.
        return None
    found = database.ask(_BODY_BY_ID if UUID.fullmatch(name_or_id) else _BODY_BY_NAME, of=name_or_id, form=form)
    return decompress(found) if found is not None else None


# Made once, of tables instead of classes: they answer most requests of programs, and the mapper costs more than the database.
_RENDITION, _DATASET, _SLUG = Rendition.__table__, DatasetRow.__table__, Slug.__table__
_PRESENT = sa.select(_DATASET.c.id, _DATASET.c.hash, _DATASET.c.state).where(
    _DATASET.c.id.in_(sa.bindparam("ids", expanding=True))
)
_NAMED = sa.select(_SLUG.c.name, _SLUG.c.dataset_id).where(_SLUG.c.name.in_(sa.bindparam("names", expanding=True)))
_BODY = (
    sa.select(_RENDITION.c.body)
    .join(_DATASET, sa.and_(_DATASET.c.id == _RENDITION.c.dataset_id, _DATASET.c.hash == _RENDITION.c.hash))
    .where(_RENDITION.c.format == sa.bindparam("form"), _DATASET.c.state == PUBLISHED)
)
_BODIES = _BODY.with_only_columns(_RENDITION.c.dataset_id, _RENDITION.c.body).where(
    _RENDITION.c.dataset_id.in_(sa.bindparam("ids", expanding=True))
)
_BODY_BY_ID = Question(_BODY.where(_DATASET.c.id == sa.bindparam("of")))
_BODY_BY_NAME = Question(
    _BODY.join(_SLUG, _SLUG.c.dataset_id == _DATASET.c.id).where(_SLUG.c.name == sa.bindparam("of"))
)


def public_file(session: Session, dataset_id: str, file_id: str) -> PublicFile | None:
    """Find a file the public may have; None when there is none, or it is kept back."""
    shown = find_public(session, dataset_id)
    return next((f for f in shown.files if f.id == file_id and f.state.visible), None) if shown else None


def served(session: Session, start: int, count: int) -> list[PublicDataset]:
    """List visible datasets with tables in the data API, by id."""
    query = (
        sa.select(DatasetRow.id).where(VISIBLE, DatasetRow.served).order_by(DatasetRow.id).offset(start).limit(count)
    )
    return list(views(session, list(session.scalars(query))))


def public_table(session: Session, file_id: str) -> PublicFile | None:
    """Find a table that the data API serves, by the distribution's id."""
    row = session.get(FileRow, file_id)
    file = public_file(session, row.dataset_id, file_id) if row else None
    return file if file and file.served else None


def _row(draft: Draft, seq: int) -> dict[str, object]:
    one = draft.entry
    return {
        "id": one.id,
        "name": one.name,
        "uri": one.uri,
        "title": one.title,
        "title_en": one.title_en,
        "city": one.city,
        "organization_id": draft.organization_id,
        "source_id": one.source,
        "state": PUBLISHED,
        "themes": list(one.themes),
        "hvd": list(one.hvd),
        "served": one.served,
        "hash": draft.hash,
        "nodes": sorted(draft.nodes),
        "release_nodes": dict(draft.release_nodes),
        "seq": seq,
        "successor": None,
        "published_at": instant(one.published_at),
        "modified_at": instant(one.modified_at),
    }


def _file_row(draft: Draft, address: FileAddress, at: datetime.datetime) -> dict[str, object]:
    states = draft.entry.states
    return {
        "id": address.id,
        "dataset_id": draft.entry.id,
        "position": address.position,
        "url": address.url,
        "name": address.name,
        "schema_id": address.schema_id,
        "state": states[address.id],
        "due_at": at,
    }


def _forget_files(session: Session, drafts: list[Draft]) -> None:
    known = {address.id for draft in drafts for address in draft.addresses}
    ids = [draft.entry.id for draft in drafts if draft.was]
    for part in batches(ids):
        held = session.scalars(sa.select(FileRow.id).where(FileRow.dataset_id.in_(part)))
        stale = [file_id for file_id in held if file_id not in known]
        if stale:
            session.execute(sa.delete(FileRow).where(FileRow.id.in_(stale)))


def _forget_changed_files(session: Session, drafts: list[Draft]) -> None:
    """What a server said of one address says nothing of another: a moved file is fetched and checked anew."""
    moved = sa.update(FileRow).where(
        FileRow.id == sa.bindparam("of"),
        sa.or_(FileRow.url != sa.bindparam("to"), FileRow.schema_id != sa.bindparam("schema")),
    )
    present = [
        {"of": a.id, "to": a.url, "schema": a.schema_id} for draft in drafts if draft.was for a in draft.addresses
    ]
    if present:
        core(session).execute(moved.values(etag="", last_modified="", due_at=sa.null()), present)


def _forget_renditions(session: Session, current: list[tuple[str, str]]) -> None:
    if current:
        statement = sa.delete(Rendition).where(
            Rendition.dataset_id == sa.bindparam("of"), Rendition.hash != sa.bindparam("present")
        )
        connection = session.connection()
        connection.execute(statement, [{"of": dataset_id, "present": digest} for dataset_id, digest in current])


def digest(text: str) -> str:
    """Make a validator of what decides an answer's bytes."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def instant(value: str) -> datetime.datetime:
    """Read a time as views carry it."""
    return datetime.datetime.fromisoformat(value)
