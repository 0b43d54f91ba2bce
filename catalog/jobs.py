"""The work behind the pages: harvests when they are due, checks of data files, the index. One process does it beside the web workers."""

import datetime
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from catalog import file_checks, link_checks, publishing, quality, search, store, triples
from catalog.db import now
from catalog.ingest import lease, ledger
from catalog.ingest.guard import Counts
from catalog.ingest.run import Harvest, Outcome, Tick
from catalog.instance import Instance
from catalog.models import DatasetRow, FileRow, Record, Run, SourceState
from catalog.policy import Withholding
from catalog.store import VISIBLE
from dcat.errors import OffenbarError
from dcat.message import Message
from harvesters.fetch import Fetcher
from harvesters.registry import HARVESTERS
from harvesters.source import Source

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checks:
    """What became of a source's file checks: how many were made, and how many datasets changed by them."""

    made: int = 0
    changed: int = 0


def quiet(phase: str, done: int) -> None:
    """Tell nobody."""


def harvest(instance: Instance, source: Source, *, dry: bool = False, tick: Tick = quiet) -> Outcome:
    """Harvest one source; what policies or the definition changed is published first, whether the source answers or not."""
    if not dry:
        refresh(instance, source)
    with instance.fetcher(source) as fetcher:
        outcome = _harvest(instance, source, fetcher, tick).run(dry=dry)
    if not dry:
        settle(instance)
    return outcome


def resume(instance: Instance, source: Source, *, tick: Tick = quiet) -> Outcome | None:
    """Go on with an unfinished run of a source; None when there is none."""
    with instance.fetcher(source) as fetcher:
        return _harvest(instance, source, fetcher, tick).resume()


def decide(instance: Instance, source: Source, decision: str, *, tick: Tick = quiet) -> Outcome:
    """Approve or reject a source's held plan."""
    with instance.fetcher(source) as fetcher:
        return _harvest(instance, source, fetcher, tick).decide(decision)


def failed(source: Source, reason: Message) -> Outcome:
    """Describe a harvest that could not even begin."""
    return Outcome(run=0, source=source.id, status="failed", counts=Counts(), reasons=(reason,))


def refresh(instance: Instance, source: Source) -> int:
    """Publish a source's datasets anew when its definition, its city or a policy has changed since."""
    policies = instance.policies()
    with instance.database.reading() as session:
        state = session.get(SourceState, source.id)
        if state is None or not state.applied_revision:
            return 0
        if state.applied_revision == publishing.inputs(instance.config, source, policies):
            return 0
    return publishing.refresh(instance.database, instance.config, source, instance.policies, "definition or policy")


def check_files(
    instance: Instance,
    source: Source,
    check_table: file_checks.CheckTable,
    *,
    tick: Tick = quiet,
    only_due: bool = False,
) -> Checks:
    """Check a source's data files, and publish what the checks change. Servers that know the file's state make this cheap."""
    ours = HARVESTERS[source.type].publishes_files
    query = sa.select(FileRow).join(DatasetRow, DatasetRow.id == FileRow.dataset_id)
    query = query.where(DatasetRow.source_id == source.id, FileRow.url != "", VISIBLE)
    due = sa.or_(FileRow.due_at.is_(None), FileRow.due_at <= now())
    if only_due:
        query = query.where(due)
    elif not ours:
        query = query.where(sa.or_(due, FileRow.schema_id != ""))
    changed = _show(instance, source)
    with instance.database.reading() as session:
        rows = session.scalars(query.order_by(FileRow.dataset_id, FileRow.position)).all()
    with instance.fetcher(source) as fetcher:
        for number, row in enumerate(rows, 1):
            result = file_checks.check(row, fetcher, instance.files, check_table, ours=ours)
            values = result.values if result.unchanged else result.values | {"shown": False}
            with instance.database.writing() as session:
                session.execute(sa.update(FileRow).where(FileRow.id == row.id).values(**values))
            if not result.unchanged:
                changed += _show(instance, source)
            tick("checking", number)
    return Checks(len(rows), changed)


def _show(instance: Instance, source: Source) -> int:
    """Publish what checks have found and the public does not see yet, also after an interruption."""
    query = sa.select(FileRow.id, FileRow.dataset_id).join(DatasetRow, DatasetRow.id == FileRow.dataset_id)
    with instance.database.reading() as session:
        found = session.execute(query.where(DatasetRow.source_id == source.id, ~FileRow.shown, VISIBLE)).all()
    if not found:
        return 0
    datasets = sorted({dataset_id for _, dataset_id in found})
    changed = publishing.refresh(instance.database, instance.config, source, instance.policies, "file check", datasets)
    with instance.database.writing() as session:
        session.execute(sa.update(FileRow).where(FileRow.id.in_([file_id for file_id, _ in found])).values(shown=True))
    return changed


def settle(instance: Instance) -> int:
    """Publish anew the datasets that link to one that came or went since; gives the number of changes."""
    with instance.database.reading() as session:
        due = store.unsettled(session)
    known = {source.id: source for source in instance.sources()} if due else {}
    return sum(
        publishing.refresh(instance.database, instance.config, known[source_id], instance.policies, "link", datasets)
        for source_id, datasets in due.items()
        if source_id in known
    )


def without_effect(instance: Instance) -> list[Withholding]:
    """Name the decisions to hold back that meet no dataset or file we know: a misspelt one would hold back nothing."""
    missed = []
    with instance.database.reading() as session:
        for decision in instance.policies().withholdings:
            query = sa.select(Record.dataset_id).where(
                Record.source_id == decision.source, Record.remote_id == decision.dataset
            )
            dataset_id = session.scalar(query)
            shown = store.find_public(session, dataset_id) if dataset_id else None
            names = {file.name for file in shown.files} if shown else set()
            if shown is None or (decision.file and decision.file not in names):
                missed.append(decision)
    return missed


def work(instance: Instance, check_table: file_checks.CheckTable, stop: threading.Event, pause: float = 5.0) -> None:
    """Do what is due until told to stop. A source that fails is logged and tried again at its next time."""
    _guarded("scores of datasets published before", lambda: quality.fill(instance, stop.is_set))
    while not stop.is_set():
        for source in _sources(instance):
            if stop.is_set():
                return
            for job in _jobs(instance, source, check_table):
                _guarded(f"source {source.id}", job)
        _guarded("links between datasets", lambda: settle(instance))
        _guarded("links to data", lambda: link_checks.check(instance, stop=stop.is_set))
        _guarded("scores", lambda: quality.catch_up(instance, stop.is_set))
        _guarded("index", lambda: search.catch_up(instance))
        _guarded("triple store", lambda: triples.catch_up(instance))
        stop.wait(pause)


def _jobs(instance: Instance, source: Source, check_table: file_checks.CheckTable) -> tuple[Callable[[], object], ...]:
    return (
        lambda: refresh(instance, source),
        lambda: _due(instance, source) and harvest(instance, source),
        lambda: check_files(instance, source, check_table, only_due=True),
    )


def _sources(instance: Instance) -> tuple[Source, ...]:
    try:
        return instance.sources()
    except OffenbarError as error:
        log.error("%s", error.message.en)
        return ()


def _guarded(what: str, job: Callable[[], object]) -> None:
    """One source's trouble, or a database that restarts, must not end the work for all."""
    try:
        job()
    except OffenbarError as error:
        log.warning("%s: %s", what, error.message.en)
    except Exception as error:
        log.warning("%s: %s", what, type(error).__name__, exc_info=True)


def _due(instance: Instance, source: Source) -> bool:
    """Whether a harvest is due: its time has come, or the last one was interrupted and nobody goes on with it."""
    query = sa.select(Run).where(Run.source_id == source.id, ~Run.dry)
    with instance.database.reading() as session:
        last = session.scalar(query.order_by(Run.id.desc()).limit(1))
    if last is None:
        return True
    if last.phase in ledger.OPEN:
        return not lease.is_held(last.holder, last.lease_until, now())
    return now() - last.started_at >= datetime.timedelta(seconds=source.schedule.every)


def _harvest(instance: Instance, source: Source, fetcher: Fetcher, tick: Tick) -> Harvest:
    return Harvest(
        database=instance.database,
        config=instance.config,
        files=instance.files,
        policies=instance.policies,
        source=source,
        fetcher=fetcher,
        tick=tick,
    )
