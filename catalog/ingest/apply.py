"""Applying a plan: everything is rendered beforehand, then one transaction makes it public. Applying twice changes nothing."""

import datetime
from collections.abc import Callable, Iterator

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import publishing, store
from catalog.config import Config
from catalog.db import Database, batches, insert_or_ignore, now, upsert
from catalog.ingest import plan
from catalog.models import PlanItem, Quarantine, Record, RecordVersion, Run, SourceState, Staged
from catalog.policy import Policies
from catalog.publishing import Item
from catalog.renditions import decompress
from catalog.store import Draft
from dcat import document
from harvesters.source import Source

_CHANGES = (plan.CREATE, plan.UPDATE, plan.REVIVE)
_BATCH = 200


def prepare(
    database: Database, config: Config, source: Source, policies: Policies, run_id: int, tick: Callable[[int], None]
) -> list[Draft]:
    """Assemble and render what the plan would publish; the renditions are stored, seen by nobody yet."""
    return list(publishing.drafts(database, config, source, policies, _planned(database, run_id), tick))


def apply(session: Session, run: Run, drafts: list[Draft], source: Source) -> int:
    """Make a plan real in the caller's transaction; gives how many datasets were withdrawn."""
    at = now()
    _write_records(session, run, at)
    store.publish(session, drafts, f"run {run.id}")
    _seen_again(session, run, at)
    removed = _missing(session, run, source, at)
    _quarantine(session, run, at)
    if run.complete:
        session.get_one(SourceState, run.source_id).last_complete_at = at
    return removed


def _planned(database: Database, run_id: int) -> Iterator[Item]:
    """Read the records to publish, in the order of their ids, never more than a batch at a time."""
    last = ""
    while True:
        with database.reading() as session:
            rows = session.execute(
                sa.select(PlanItem.remote_id, PlanItem.dataset_id, Staged.document)
                .join(Staged, sa.and_(Staged.run_id == PlanItem.run_id, Staged.remote_id == PlanItem.remote_id))
                .where(PlanItem.run_id == run_id, PlanItem.action.in_(_CHANGES), PlanItem.remote_id > last)
                .order_by(PlanItem.remote_id)
                .limit(_BATCH)
            ).all()
        for remote_id, dataset_id, body in rows:
            assert body is not None, "only readable records are planned"
            yield Item(dataset_id, remote_id, document.read(orjson.loads(decompress(body))))
        if len(rows) < _BATCH:
            return
        last = rows[-1][0]


def _write_records(session: Session, run: Run, at: datetime.datetime) -> None:
    known = plan.held(session, run.source_id)
    rows = session.execute(
        sa.select(PlanItem.remote_id, PlanItem.dataset_id, Staged.hash, Staged.document, Staged.problems)
        .join(Staged, sa.and_(Staged.run_id == PlanItem.run_id, Staged.remote_id == PlanItem.remote_id))
        .where(PlanItem.run_id == run.id, PlanItem.action.in_(_CHANGES))
        .execution_options(yield_per=_BATCH)
    )
    for part in rows.partitions(_BATCH):
        records, versions = [], []
        for remote_id, dataset_id, digest, body, problems in part:
            version = known[remote_id].version + 1 if remote_id in known else 1
            records.append(
                {
                    "dataset_id": dataset_id,
                    "source_id": run.source_id,
                    "remote_id": remote_id,
                    "hash": digest,
                    "version": version,
                    "seen_at": at,
                    "misses": 0,
                    "missing_since": None,
                    "gone_at": None,
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


def _seen_again(session: Session, run: Run, at: datetime.datetime) -> None:
    """Who is there is not missing, even one that cannot be read today."""
    staged = sa.select(Staged.remote_id).where(Staged.run_id == run.id)
    session.execute(
        sa.update(Record)
        .where(
            Record.source_id == run.source_id, Record.misses > 0, Record.gone_at.is_(None), Record.remote_id.in_(staged)
        )
        .values(misses=0, missing_since=None, seen_at=at)
    )


def _missing(session: Session, run: Run, source: Source, at: datetime.datetime) -> int:
    """Count misses of a complete run; withdraw what is proven gone: missed often and long enough, or approved by a steward."""
    ids = sa.select(PlanItem.dataset_id).where(PlanItem.run_id == run.id, PlanItem.action == plan.MISSING)
    records = session.scalars(sa.select(Record).where(Record.dataset_id.in_(ids), Record.gone_at.is_(None))).all()
    gone = []
    for record in records:
        record.misses += 1
        record.missing_since = record.missing_since or at
        proven = record.misses >= source.guard.misses and at - record.missing_since >= datetime.timedelta(
            days=source.guard.min_days
        )
        if proven or run.decision == "approved":
            record.gone_at = at
            gone.append(record.dataset_id)
    for part in batches(gone):
        store.withdraw(session, part, f"run {run.id}")
    return len(gone)


def _quarantine(session: Session, run: Run, at: datetime.datetime) -> None:
    items = session.execute(
        sa.select(PlanItem.remote_id, PlanItem.reason, Staged.url)
        .join(Staged, sa.and_(Staged.run_id == PlanItem.run_id, Staged.remote_id == PlanItem.remote_id))
        .where(PlanItem.run_id == run.id, PlanItem.action == plan.QUARANTINE)
    ).all()
    present = {
        row.remote_id: row
        for row in session.scalars(sa.select(Quarantine).where(Quarantine.source_id == run.source_id))
    }
    for remote_id, (code, de, en), url in items:
        row = present.pop(remote_id, None)
        if row is None:
            row = Quarantine(source_id=run.source_id, remote_id=remote_id, created_at=at)
            session.add(row)
        elif row.resolved_at is not None:
            row.created_at, row.resolved_at = at, None
        row.run_id, row.url, row.code, row.reason = run.id, url, code, [de, en]
    readable = sa.select(Staged.remote_id).where(Staged.run_id == run.id, Staged.failure.is_(None))
    mended = set(session.scalars(readable)) & present.keys()
    for row in present.values():
        if row.resolved_at is None and (run.complete or row.remote_id in mended):
            row.resolved_at = at
