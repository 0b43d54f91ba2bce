"""How long the ledger keeps what a harvest left behind: pages for 90 days, plans for two years. Runs and changes stay.

What made the present state of a source is kept whatever its age, so that it can always be read anew without the source.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import derived, pictures
from catalog.db import Database, batches, now
from catalog.files import Files
from catalog.models import Exchange, FileRow, PlanItem, Run
from catalog.models_desk import DeskResource, DeskTable, Picture

PAGES = datetime.timedelta(days=90)
PLANS = datetime.timedelta(days=730)
# A page is written to the store before its row: what is younger may be about to get one.
_FRESH = datetime.timedelta(days=1)
_STATE = ("applied", "unchanged", "partial")
_NAMED = (
    Exchange.sha256,
    FileRow.sha256,
    FileRow.good_sha256,
    FileRow.table_sha256,
    FileRow.csv_sha256,
    DeskResource.sha256,
    DeskTable.sha256,
    Picture.sha256,
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What was let go: exchanges, lines of plans, stored bytes."""

    exchanges: int = 0
    plan_items: int = 0
    blobs: int = 0


def sweep(database: Database, files: Files) -> Swept:
    """Let go of what is too old to be kept; safe to interrupt and to repeat."""
    present = now()
    with database.writing() as session:
        old = _old(session, present - PAGES, keep=_making_the_state(session))
        exchanges = _delete(session, Exchange, old)
        plan_items = _delete(session, PlanItem, _old(session, present - PLANS, keep=set()))
        pictures.forget_unused(session)
    return Swept(exchanges, plan_items, let_go(database, files, files.names()))


def _making_the_state(session: Session) -> set[int]:
    """Name the newest run of each source that made its state; an unchanged one stands on its own pages."""
    newest = sa.select(sa.func.max(Run.id)).where(Run.status.in_(_STATE), ~Run.dry).group_by(Run.source_id)
    complete = newest.where(Run.complete)
    return {*session.scalars(newest), *session.scalars(complete)}


def _old(session: Session, before: datetime.datetime, keep: set[int]) -> list[int]:
    ended = session.scalars(sa.select(Run.id).where(Run.finished_at < before))
    return [run_id for run_id in ended if run_id not in keep]


def _delete(session: Session, table: type[Exchange | PlanItem], run_ids: list[int]) -> int:
    number = 0
    for part in batches(run_ids):
        number += session.scalar(sa.select(sa.func.count()).select_from(table).where(table.run_id.in_(part))) or 0
        session.execute(sa.delete(table).where(table.run_id.in_(part)))
    return number


def let_go(database: Database, files: Files, digests: Iterable[str]) -> int:
    """Drop those of some stored bytes that no row names, unless they were written so lately that one may be about to; gives how many."""
    number = 0
    with database.reading() as session:
        tables = session.scalars(sa.select(FileRow.derived).where(FileRow.derived.is_not(None)))
        made = {digest for table in tables for digest in derived.hashes(table)}
    for part in batches(digests):
        with database.reading() as session:
            used = _named(session, part)
        number += sum(files.drop(digest, _FRESH) for digest in part if digest not in used and digest not in made)
    return number


def _named(session: Session, digests: Iterable[str]) -> set[str]:
    """Name those of some stored bytes that a row names; what mappings made is not looked for."""
    used: set[str] = set()
    for part in batches(digests):
        for column in _NAMED:
            used.update(session.scalars(sa.select(column).where(column.in_(part))))
    return used
