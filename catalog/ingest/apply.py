"""Applying a plan: everything is rendered beforehand, then one transaction makes it public. Applying twice changes nothing."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import edits, notices, publishing, store
from catalog.config import Config
from catalog.db import Database, batches, insert_or_ignore, now, upsert
from catalog.drafts import Draft
from catalog.ingest import identity, plan
from catalog.ingest.identity import Shifts
from catalog.models import Claim, PlanItem, Quarantine, Record, RecordVersion, Run, SourceState, Staged
from catalog.policy import Policies
from catalog.publishing import Item
from catalog.renditions import decompress
from catalog.spool import Spool
from dcat import document
from dcat.model import Dataset
from harvesters.source import Source

_BATCH = 200
# Records that are planned to come or change can be read, so they have a document.
_CHANGED = (
    sa.select(PlanItem)
    .join(Staged, sa.and_(Staged.run_id == PlanItem.run_id, Staged.remote_id == PlanItem.remote_id))
    .where(PlanItem.action.in_((plan.CREATE, plan.UPDATE, plan.REVIVE)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What publishing needs beside the plan: all sources whose definitions are there, since a record of any of them may come forward."""

    database: Database
    config: Config
    source: Source
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a plan will publish, rendered already, and who leads afterwards; whether the public sees a difference."""

    drafts: Spool[Draft]
    shifts: Shifts
    gone: tuple[str, ...]
    changes: bool


def prepare(
    setup: Setup, policies: Policies, run_id: int, drafts: Spool[Draft], tick: Callable[[int], None]
) -> Prepared:
    """Assemble and render what the plan would publish into `drafts`; the renditions are stored, seen by nobody yet."""
    with setup.database.reading() as session:
        run = session.get_one(Run, run_id)
        gone, shifts = _outlook(session, setup, run)
    leaving = shifts.leaving.union(gone)
    planned = (item for item in _planned(setup.database, run_id) if shifts.led.get(item.dataset_id) is None)
    render = partial(publishing.drafts, setup.database, setup.config, tick=tick, leaving=leaving)
    changes = False
    for draft in render(source=setup.source, policies=policies, items=planned):
        changes = changes or draft.changes
        drafts.append(draft)
    for source_id, dataset_ids in shifts.shown.items():
        with setup.database.reading() as session:
            coming = list(publishing.said(session, dataset_ids))
        for draft in render(source=setup.sources[source_id], policies=policies, items=coming):
            changes = changes or draft.changes
            drafts.append(draft)
    return Prepared(drafts, shifts, gone, changes)


def apply(session: Session, setup: Setup, run: Run, prepared: Prepared) -> int | None:
    """Make a plan real in the caller's transaction; gives how many datasets were withdrawn.

    None, and nothing done, when what was prepared is no longer what the plan comes to: others have published meanwhile.
    """
    if (prepared.gone, prepared.shifts) != _outlook(session, setup, run):
        return None
    leaving = prepared.shifts.leaving.union(prepared.gone)
    if store.overtaken(session, prepared.drafts, leaving):
        return None
    at, cause = now(), f"run {run.id}"
    changed = _write_records(session, run, prepared.shifts, at)
    identity.write(session, prepared.shifts.led, changed)
    _count_misses(session, run, prepared.gone, at)
    for part in batches(sorted(leaving)):
        store.withdraw(session, part, cause, {**prepared.shifts.successors, **prepared.shifts.hidden})
    store.publish(session, prepared.drafts, cause)
    store.discard(session, (one for one, leader in prepared.shifts.led.items() if leader is not None))
    _seen_again(session, run, at)
    _quarantine(session, run, at)
    if run.complete:
        session.get_one(SourceState, run.source_id).last_complete_at = at
    return len(prepared.gone)


def _outlook(session: Session, setup: Setup, run: Run) -> tuple[tuple[str, ...], Shifts]:
    """Tell what goes with this run, and who leads after it."""
    gone = _proven_gone(session, run, setup.source)
    query = _CHANGED.with_only_columns(PlanItem.dataset_id, PlanItem.keys).where(PlanItem.run_id == run.id)
    rows = session.execute(query.execution_options(yield_per=_BATCH))
    known = {dataset_id: tuple(keys) for dataset_id, keys in rows}
    return gone, identity.shifts(session, run.source_id, known, gone, setup.sources.keys())


def _planned(database: Database, run_id: int) -> Iterator[Item]:
    """Read the records to publish, in the order of their ids, never more than a batch at a time."""
    last = ""
    while True:
        with database.reading() as session:
            rows = session.execute(
                _CHANGED.with_only_columns(PlanItem.remote_id, PlanItem.dataset_id, Staged.document, Staged.hash)
                .where(PlanItem.run_id == run_id, PlanItem.remote_id > last)
                .order_by(PlanItem.remote_id)
                .limit(_BATCH)
            ).all()
        for remote_id, dataset_id, body, digest in rows:
            yield Item(dataset_id, remote_id, _dataset(body), digest)
        if len(rows) < _BATCH:
            return
        last = rows[-1][0]


def _dataset(body: bytes | None) -> Dataset:
    assert body is not None, "only readable records are planned"
    return document.read(orjson.loads(decompress(body)))


def _write_records(session: Session, run: Run, shifts: Shifts, at: datetime.datetime) -> set[str]:
    """Write new versions of the records that changed, and what they are known by; gives their datasets."""
    known = plan.held(session, run.source_id)
    rows = session.execute(
        _CHANGED.with_only_columns(
            PlanItem.remote_id,
            PlanItem.dataset_id,
            PlanItem.keys,
            Staged.hash,
            Staged.stamp,
            Staged.document,
            Staged.problems,
        )
        .where(PlanItem.run_id == run.id)
        .execution_options(yield_per=_BATCH)
    )
    written: set[str] = set()
    for part in rows.partitions(_BATCH):
        records, versions, claims, bodies = [], [], [], {}
        for remote_id, dataset_id, keys, digest, stamp, body, problems in part:
            version = known[remote_id].version + 1 if remote_id in known else 1
            bodies[dataset_id] = body
            claims += [{"key": key, "dataset_id": dataset_id} for key in keys]
            records.append(
                {
                    "dataset_id": dataset_id,
                    "source_id": run.source_id,
                    "remote_id": remote_id,
                    "hash": digest,
                    "stamp": stamp,
                    "version": version,
                    "seen_at": at,
                    "misses": 0,
                    "missing_since": None,
                    "gone_at": None,
                    "stale_since": None,
                    "led_by": shifts.led.get(dataset_id),
                }
            )
            versions.append(
                {
                    "dataset_id": dataset_id,
                    "version": version,
                    "hash": digest,
                    "document": body,
                    "problems": problems,
                    "run_id": run.id,
                    "created_at": at,
                }
            )
        upsert(session, Record, records)
        insert_or_ignore(session, RecordVersion, versions)
        session.execute(sa.delete(Claim).where(Claim.dataset_id.in_(list(bodies))))
        insert_or_ignore(session, Claim, claims)
        said = {one: _dataset(bodies[one]) for one in edits.edited(session, bodies)}
        for dataset_id, fields in edits.note_conflicts(session, said, at).items():
            notices.conflict(session, run.source_id, run.id, dataset_id, fields)
        written |= bodies.keys()
    return written


def _seen_again(session: Session, run: Run, at: datetime.datetime) -> None:
    """Who is there is not missing, even one that cannot be read today; who can be read is not stale, and keeps its newest stamp."""
    staged = sa.select(Staged.remote_id).where(Staged.run_id == run.id)
    live = sa.and_(Record.source_id == run.source_id, Record.gone_at.is_(None))
    session.execute(
        sa.update(Record)
        .where(live, Record.misses > 0, Record.remote_id.in_(staged))
        .values(misses=0, missing_since=None, seen_at=at)
    )
    readable = staged.where(Staged.failure.is_(None))
    session.execute(
        sa.update(Record)
        .where(live, Record.stale_since.is_not(None), Record.remote_id.in_(readable))
        .values(stale_since=None)
    )
    refused = staged.where(Staged.failure.is_not(None))
    session.execute(
        sa.update(Record)
        .where(live, Record.stale_since.is_(None), Record.remote_id.in_(refused))
        .values(stale_since=at)
    )
    same = sa.and_(Staged.run_id == run.id, Staged.remote_id == Record.remote_id, Staged.hash == Record.hash)
    session.execute(
        sa.update(Record)
        .where(live, same, Staged.stamp != Record.stamp)
        .values(stamp=Staged.stamp)
        .execution_options(synchronize_session=False)
    )


def _proven_gone(session: Session, run: Run, source: Source) -> tuple[str, ...]:
    """Name the datasets that this run proves gone: missed often and long enough by complete runs, or approved by a steward."""
    rows = session.execute(
        sa.select(Record.dataset_id, Record.misses, Record.missing_since)
        .join(PlanItem, PlanItem.dataset_id == Record.dataset_id)
        .where(PlanItem.run_id == run.id, PlanItem.action == plan.MISSING, Record.gone_at.is_(None))
    )
    # The moment the run began, so that the answer is the same whenever it is asked.
    long_ago = run.started_at - datetime.timedelta(days=source.guard.min_days)
    return tuple(
        sorted(
            dataset_id
            for dataset_id, misses, since in rows
            if run.decision == "approved"
            or (misses + 1 >= source.guard.misses and (since or run.started_at) <= long_ago)
        )
    )


def _count_misses(session: Session, run: Run, gone: tuple[str, ...], at: datetime.datetime) -> None:
    """Count what a complete run did not name, and close the records that are proven gone."""
    missing = sa.select(PlanItem.dataset_id).where(PlanItem.run_id == run.id, PlanItem.action == plan.MISSING)
    session.execute(
        sa.update(Record)
        .where(Record.dataset_id.in_(missing), Record.gone_at.is_(None))
        .values(misses=Record.misses + 1, missing_since=sa.func.coalesce(Record.missing_since, run.started_at))
        .execution_options(synchronize_session=False)
    )
    for part in batches(gone):
        session.execute(sa.update(Record).where(Record.dataset_id.in_(part)).values(gone_at=at, led_by=None))


def _quarantine(session: Session, run: Run, at: datetime.datetime) -> None:
    """Let wait what cannot be taken in; what can be, or is no longer there, waits no more."""
    waiting = sa.select(PlanItem.remote_id).where(PlanItem.run_id == run.id, PlanItem.action == plan.QUARANTINE)
    for part in batches(session.scalars(waiting).all(), _BATCH):
        _hold_back(session, run, at, part)
    own = sa.and_(Quarantine.source_id == run.source_id, Quarantine.resolved_at.is_(None))
    over = sa.update(Quarantine).where(own, Quarantine.remote_id.not_in(waiting))
    if not run.complete:
        readable = sa.select(Staged.remote_id).where(Staged.run_id == run.id, Staged.failure.is_(None))
        over = over.where(Quarantine.remote_id.in_(readable))
    session.execute(over.values(resolved_at=at).execution_options(synchronize_session=False))


def _hold_back(session: Session, run: Run, at: datetime.datetime, remote_ids: list[str]) -> None:
    items = session.execute(
        sa.select(PlanItem.remote_id, PlanItem.reason, PlanItem.title, Staged.url, Staged.hash, Staged.document)
        .join(Staged, sa.and_(Staged.run_id == PlanItem.run_id, Staged.remote_id == PlanItem.remote_id))
        .where(PlanItem.run_id == run.id, PlanItem.remote_id.in_(remote_ids))
    ).all()
    known = sa.select(Quarantine).where(Quarantine.source_id == run.source_id, Quarantine.remote_id.in_(remote_ids))
    present = {row.remote_id: row for row in session.scalars(known)}
    for remote_id, (code, de, en), title, url, digest, body in items:
        row = present.get(remote_id)
        if row is None:
            row = Quarantine(source_id=run.source_id, remote_id=remote_id, created_at=at)
            session.add(row)
        elif row.resolved_at is not None:
            row.created_at, row.resolved_at = at, None
        if row.release == publishing.ONCE and row.hash != digest:
            # A steward let in what it said then, not what it says now.
            row.release = ""
        row.run_id, row.url, row.code, row.reason = run.id, url, code, [de, en]
        row.title, row.hash, row.document = title, digest, body
    session.flush()
