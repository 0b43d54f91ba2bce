"""The work behind the pages: harvests when they are due, checks of data files, the index. One process does it beside the web workers."""

import logging
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from catalog import (
    audit,
    definitions,
    derived,
    desk_files,
    desk_source,
    dismissals,
    editing,
    file_checks,
    file_references,
    file_versions,
    link_checks,
    live,
    notice_delivery,
    processes,
    publishing,
    quality,
    schedule,
    search,
    store,
    table_orders,
    triples,
    uploads,
    workers,
)
from catalog.db import now
from catalog.ingest import leaving, ledger, retention
from catalog.ingest.guard import Counts
from catalog.ingest.run import Harvest, Outcome, Tick
from catalog.instance import Instance
from catalog.models import DatasetRow, Exchange, FileRow, Organization, Record, Run, SourceState
from catalog.policy import Withholding
from catalog.store import VISIBLE
from dcat.message import Message
from harvesters.fetch import Fetcher
from harvesters.source import Source

log = logging.getLogger(__name__)
# Seconds between two looks at what is over.
_HOUSEKEEPING = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Checks:
    """What became of a source's file checks: how many were made, and how many datasets changed by them."""

    made: int = 0
    changed: int = 0


def quiet(phase: str, done: int) -> None:
    """Tell nobody."""


def harvest(
    instance: Instance, source: Source, *, dry: bool = False, full: bool = False, tick: Tick = quiet
) -> Outcome:
    """Harvest one source; what policies or the definition changed is published first, whether the source answers or not.

    Each week one harvest asks for everything anew, as a full one does.
    """
    if not dry:
        refresh(instance, source)
    with instance.fetcher(source) as fetcher:
        outcome = _harvest(instance, source, fetcher, tick).run(dry=dry, full=full or _full(instance, source))
    if not dry:
        settle(instance)
    return outcome


def resume(instance: Instance, source: Source, *, tick: Tick = quiet) -> Outcome | None:
    """Go on with an unfinished run of a source; None when there is none."""
    with instance.fetcher(source) as fetcher:
        return _harvest(instance, source, fetcher, tick).resume()


def _full(instance: Instance, source: Source) -> bool:
    with instance.database.reading() as session:
        state = session.get(SourceState, source.id)
    return schedule.is_full(source.schedule, state.read_at if state else None, now())


def replay(
    instance: Instance, source: Source, run_id: int | None = None, *, dry: bool = False, tick: Tick = quiet
) -> Outcome:
    """Read the stored pages of a run anew, by default of the last one that read any; the source is not asked."""
    wanted = run_id if run_id is not None else _last_read(instance, source)
    if not dry:
        refresh(instance, source)
    with instance.fetcher(source) as fetcher:
        outcome = _harvest(instance, source, fetcher, tick).replay(wanted, dry=dry)
    if not dry:
        settle(instance)
    return outcome


def _last_read(instance: Instance, source: Source) -> int:
    query = sa.select(sa.func.max(Exchange.run_id)).join(Run, Run.id == Exchange.run_id)
    with instance.database.reading() as session:
        return session.scalar(query.where(Run.source_id == source.id, ~Run.dry)) or 0


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
    look: table_orders.Check,
    *,
    tick: Tick = quiet,
    only_due: bool = False,
) -> Checks:
    """Check a source's data files, and publish what the checks change. Servers that know the file's state make this cheap."""
    changed = _show(instance, source)
    wanted = _to_check(instance, source, only_due=only_due)
    with instance.fetcher(source) as fetcher:
        for number, file_id in enumerate(wanted, 1):
            if _check_file(instance, source, fetcher, look, file_id):
                changed += _show(instance, source)
            tick("checking", number)
    return Checks(len(wanted), changed)


def check_written(instance: Instance, look: table_orders.Check, file_id: str) -> None:
    """Check one file of a desk that was written just now, and publish what that changes. What fails is left for later."""
    with instance.database.reading() as session:
        query = sa.select(Organization).join(DatasetRow, DatasetRow.organization_id == Organization.id)
        found = session.scalar(
            query.join(FileRow, FileRow.dataset_id == DatasetRow.id).where(FileRow.id == file_id, VISIBLE)
        )
    if found is None:
        return
    source = desk_source.definition(found, instance.config)

    def job() -> None:
        with instance.fetcher(source) as fetcher:
            _check_file(instance, source, fetcher, look, file_id)
        _show(instance, source)

    workers.guarded(f"table {file_id}", job)


def _to_check(instance: Instance, source: Source, *, only_due: bool) -> list[str]:
    """Name the files to check, those first that foreign keys of others may point to."""
    query = sa.select(FileRow.id, FileRow.schema_id).join(DatasetRow, DatasetRow.id == FileRow.dataset_id)
    query = query.where(DatasetRow.source_id == source.id, FileRow.url != "", VISIBLE)
    due = sa.or_(FileRow.due_at.is_(None), FileRow.due_at <= now())
    with instance.database.reading() as session:
        stale = derived.stale(session, instance.config.sources, source)
        if only_due:
            query = query.where(sa.or_(due, FileRow.id.in_(stale)))
        elif not desk_source.publishes_files(source):
            query = query.where(sa.or_(due, FileRow.schema_id != "", FileRow.id.in_(stale)))
        rows = session.execute(query.order_by(FileRow.dataset_id, FileRow.position)).all()
    return [file_id for file_id, _ in sorted(rows, key=lambda row: len(file_references.named(row.schema_id)))]


def _check_file(instance: Instance, source: Source, fetcher: Fetcher, look: table_orders.Check, file_id: str) -> bool:
    """Check one file and note what was found; tells whether the public may see a difference."""
    with instance.database.reading() as session:
        row = session.get(FileRow, file_id)
        if row is None:
            return False
        remote_id = session.scalar(sa.select(Record.remote_id).where(Record.dataset_id == row.dataset_id)) or ""
        dismissed = dismissals.of_file(session, source, remote_id, row.name)
        mapping = derived.find(instance.config.sources, source, row.name)
        needed = file_references.named(row.schema_id) | file_references.named(derived.schema_of(mapping))
        found = file_references.find(session, source, needed)
        upload = desk_files.find(session, file_id)
    with TemporaryDirectory() as folder:
        wanted = file_checks.Wanted(
            ours=upload is not None or desk_source.publishes_files(source),
            mapping=mapping,
            references=file_references.laid_out(instance.files, found, Path(folder)),
            anew=derived.is_due(row, mapping),
            share=instance.config.compare_engines,
            left=partial(dismissals.findings_left, dismissed),
        )
        door = fetcher if upload is None else desk_files.Uploads(instance.files, upload)
        result = file_checks.check(row, door, instance.files, look, wanted)
    _note(instance, source, row, result)
    return not result.unchanged


def _note(instance: Instance, source: Source, row: FileRow, result: file_checks.Result) -> None:
    values = result.values if result.unchanged else result.values | {"shown": False}
    with instance.database.writing() as session:
        session.execute(sa.update(FileRow).where(FileRow.id == row.id).values(**values))
        link_checks.heard(session, source.id, row.url, result.error)
        if result.version is not None:
            file_versions.note(session, result.version)
        file_references.mark_due(session, source, file_checks.new_tables(row, values), row.id)
    if result.version and result.version["compared"] not in ("", file_versions.EQUAL):
        log.error("the engines judge %s of %s differently: %s", row.name, source.id, result.version["compared"])


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
    known = desk_source.with_desks(instance) if due else {}
    return sum(
        publishing.refresh(instance.database, instance.config, known[source_id], instance.policies, "link", datasets)
        for source_id, datasets in due.items()
        if source_id in known
    )


def keep_house(instance: Instance) -> None:
    """Let go of what is over: plans nobody decided, edits past their day, old pages, old entries of the desk's log.

    Sources that have left are noted.
    """
    present = definitions.present(instance.config.sources)
    with instance.database.writing() as session:
        ledger.expire(session)
        if not present.unreadable:
            leaving.note_left(session, present.sources)
    editing.expire(instance)
    uploads.tidy(instance.config)
    audit.forget(instance.database, instance.config.audit_days)
    retention.sweep(instance.database, instance.files)


def without_effect(instance: Instance) -> list[Withholding]:
    """Name the decisions to hold back that meet no dataset or file we know: a misspelt one would hold back nothing."""
    missed = []
    known = definitions.present(instance.config.sources).sources
    with instance.database.reading() as session:
        for decision in instance.policies().withholdings:
            query = sa.select(Record.dataset_id).where(
                Record.source_id == decision.source, Record.remote_id == decision.dataset
            )
            dataset_id = session.scalar(query)
            shown = store.find_public(session, dataset_id) if dataset_id else None
            source = known.get(decision.source)
            steady = source.identity.distribution_id if source else str
            names = {steady(file.name) for file in shown.files} if shown else set()
            if shown is None or (decision.file and steady(decision.file) not in names):
                missed.append(decision)
    return missed


def work(
    instance: Instance,
    look: table_orders.Check,
    stop: threading.Event,
    pause: float = 5.0,
    threads: int = workers.THREADS,
) -> None:
    """Do what is due until told to stop: harvests in threads, all else beside them. What fails is logged and tried again."""
    crew = workers.Crew(
        instance=instance,
        harvest=lambda source, tick: harvest(instance, source, tick=tick),
        stop=stop,
        pause=pause,
        threads=threads,
    )
    with crew.working():
        beside(instance, look, stop, pause, crew.busy)


def beside(
    instance: Instance,
    look: table_orders.Check,
    stop: threading.Event,
    pause: float,
    busy: workers.Busy,
    *,
    files: bool = True,
) -> None:
    """Do all that is due but harvests, until told to stop. Of several processes one does what needs doing only once.

    Without `files` their checks are somebody else's.
    """
    workers.guarded("scores of datasets published before", lambda: quality.fill(instance, stop.is_set))
    watch = live.Watch(instance)
    house_kept = -_HOUSEKEEPING

    def chores() -> None:
        with workers.first(instance.database, "chores") as first:
            if first:
                workers.guarded("live values", lambda: watch.catch_up(stop.is_set))
                _chores(instance, look if files else None, stop, busy)
                nonlocal house_kept
                if time.monotonic() - house_kept >= _HOUSEKEEPING:
                    house_kept = time.monotonic()
                    workers.guarded("housekeeping", lambda: keep_house(instance))

    while not stop.is_set():
        try:
            workers.guarded("chores", chores)
        except workers.Stopped:
            return
        workers.guarded("index", lambda: search.catch_up(instance))
        workers.guarded("triple store", lambda: triples.catch_up(instance))
        processes.give_memory_back()
        stop.wait(pause)


def _chores(instance: Instance, look: table_orders.Check | None, stop: threading.Event, busy: workers.Busy) -> None:
    def tick(phase: str, done: int) -> None:
        if stop.is_set():
            raise workers.Stopped

    for source in (*workers.defined(instance), *desk_source.opened(instance)):
        if stop.is_set():
            return
        workers.guarded(f"source {source.id}", partial(refresh, instance, source))
        # The files of a source that is harvested just now are still to come.
        if look is not None and not busy.has(source.id):
            checks = partial(check_files, instance, source, look, tick=tick, only_due=True)
            workers.guarded(f"source {source.id}", checks)
    workers.guarded("links between datasets", lambda: settle(instance))
    workers.guarded("links to data", lambda: link_checks.check(instance, stop=stop.is_set))
    workers.guarded("scores", lambda: quality.catch_up(instance, stop.is_set))
    workers.guarded("notices", lambda: notice_delivery.deliver(instance, stop=stop.is_set))


def _harvest(instance: Instance, source: Source, fetcher: Fetcher, tick: Tick) -> Harvest:
    return Harvest(
        database=instance.database,
        config=instance.config,
        files=instance.files,
        policies=instance.policies,
        source=source,
        fetcher=fetcher,
        sources=lambda: definitions.present(instance.config.sources).sources,
        tick=tick,
    )
