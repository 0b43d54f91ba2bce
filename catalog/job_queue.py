"""Workers on any number of machines: Procrastinate on the catalogue's own PostgreSQL says who harvests what, the ledger what was done.

The queue holds nothing that the ledger does not know: a job that is lost comes again, one that is delivered twice finds nothing to do.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from catalog import derived, jobs, table_orders, workers
from catalog.db import Database, now
from catalog.instance import Instance
from catalog.models import DatasetRow, FileRow
from catalog.store import VISIBLE
from dcat.errors import ConfigError
from dcat.message import Message
from harvesters.source import Source

try:
    import procrastinate
    from procrastinate.jobs import Status
except ImportError:  # the extra "worker" is not installed
    procrastinate = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

QUEUE = "offenbar"
HARVEST, FILES = "harvest", "check_files"
# Seconds without a sign of life after which a worker counts as gone, and its jobs with it.
GONE = 60.0
# Milliseconds that one statement of the queue may take, and seconds for connecting or waiting for a connection.
_STATEMENT, _CONNECT = 30_000, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process that takes jobs from the queue, and sees to it that what is due becomes one."""

    instance: Instance
    look: table_orders.Check
    stop: threading.Event
    threads: int = workers.THREADS
    pause: float = 5.0

    def run(self) -> None:
        """Work until told to stop; a database that restarts ends nothing."""
        connection = prepared(self.instance.database)
        busy = workers.Busy()
        beside = threading.Thread(
            target=jobs.beside,
            args=(self.instance, self.look, self.stop, self.pause, busy),
            kwargs={"files": False},
            daemon=True,
        )
        scheduling = threading.Thread(target=self._schedule, args=(connection,), daemon=True)
        beside.start()
        scheduling.start()
        while not self.stop.is_set():
            workers.guarded("job queue", lambda: asyncio.run(self._take(connection, busy)))
            self.stop.wait(self.pause)
        beside.join(workers.GRACE)
        scheduling.join(workers.GRACE)

    async def _take(self, connection: dict[str, Any], busy: workers.Busy) -> None:
        """Take jobs until told to stop, and those of workers that are gone back."""
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(**_pool(connection)))
        app.task(name=HARVEST, queue=QUEUE)(lambda source: self._harvest(source, busy))
        app.task(name=FILES, queue=QUEUE)(self._check_files)
        async with app.open_async():
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    # Twice as many, for those that wait for servers that do not answer.
                    concurrency=2 * self.threads,
                    fetch_job_polling_interval=self.pause,
                    shutdown_graceful_timeout=workers.GRACE,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            )
            tidying = asyncio.create_task(self._tidy(app))
            while not self.stop.is_set() and not working.done():
                await asyncio.sleep(min(self.pause, 0.2))
            for task in (tidying, working):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _tidy(self, app: Any) -> None:
        """Delete the jobs of workers that are gone: what they had begun is due again by the ledger."""
        while True:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=GONE):
                await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
            await app.job_manager.prune_stalled_workers(GONE)
            await asyncio.sleep(GONE / 2)

    def _schedule(self, connection: dict[str, Any]) -> None:
        """Enter what is due in the queue; of all workers one does."""

        def enter() -> None:
            with workers.first(self.instance.database, "schedule") as first:
                if first:
                    defer(self.instance, connection)

        while not self.stop.is_set():
            workers.guarded("schedule", enter)
            self.stop.wait(self.pause)

    def _harvest(self, source_id: str, busy: workers.Busy) -> None:
        while not self.stop.is_set():
            with busy.alone(source_id, self.threads) as free:
                if free:
                    self._one(source_id, lambda: busy.move(source_id))
                    return
            if busy.has(source_id):
                return
            self.stop.wait(0.05)

    def _one(self, source_id: str, move: Callable[[], None]) -> None:
        def tick(phase: str, done: int) -> None:
            move()
            if self.stop.is_set():
                raise workers.Stopped

        source = _find(self.instance, source_id)
        # The job may be as old as the queue is long, or delivered twice.
        if source is not None and workers.due(self.instance, (source,)):
            with suppress(workers.Stopped):
                workers.guarded(f"source {source_id}", lambda: jobs.harvest(self.instance, source, tick=tick))

    def _check_files(self, source: str) -> None:
        def tick(phase: str, done: int) -> None:
            if self.stop.is_set():
                raise workers.Stopped

        found = _find(self.instance, source)
        if found is not None:
            with suppress(workers.Stopped):
                workers.guarded(
                    f"files of {source}",
                    lambda: jobs.check_files(self.instance, found, self.look, tick=tick, only_due=True),
                )


def defer(instance: Instance, connection: dict[str, Any]) -> int:
    """Enter what is due and does not wait yet; gives how many jobs came in. A job is named by its source, so it waits once only."""
    wanted = [
        (HARVEST, source, source.schedule.priority) for source in workers.due(instance, workers.defined(instance))
    ]
    checks = _with_due_files(instance)
    with instance.database.reading() as session:
        folder = instance.config.sources
        checks |= {one.id for one in workers.defined(instance) if derived.stale(session, folder, one)}
    wanted += [(FILES, source, -1) for source in workers.defined(instance) if source.id in checks]
    if not wanted:
        return 0
    entered = 0
    with procrastinate.App(connector=procrastinate.SyncPsycopgConnector(**_pool(connection))).open() as app:
        waiting = {job.queueing_lock for job in app.job_manager.list_jobs(queue=QUEUE, status="todo")}
        for task, source, priority in wanted:
            name = f"{task} {source.id}"
            if name in waiting:
                continue
            # Two at once would ask for the same files; harvests are kept apart by the ledger.
            lock = name if task == FILES else None
            with suppress(procrastinate.exceptions.AlreadyEnqueued):
                deferring = app.configure_task(task, queue=QUEUE, queueing_lock=name, lock=lock, priority=priority)
                deferring.defer(source=source.id)
                entered += 1
    return entered


def prepared(database: Database) -> dict[str, Any]:
    """Make the queue's tables if they are missing, in a schema of their own for each release; gives how to connect to them."""
    if procrastinate is None:
        raise ConfigError(
            Message(
                "Für Arbeiter auf PostgreSQL fehlt Procrastinate. Nächster Schritt: pip install 'offenbar[worker]'",
                "Workers on PostgreSQL need Procrastinate. Next step: pip install 'offenbar[worker]'",
            )
        )
    with database.writing() as session:
        # Writers wait for each other: several workers that start at once make it once.
        name = f"{session.scalar(sa.text('SELECT current_schema()'))}_queue_{procrastinate.__version__}".replace(
            ".", "_"
        )
        there = session.scalar(sa.text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": name})
        if there is None:
            session.execute(sa.text(f'CREATE SCHEMA "{name}"'))
            session.execute(sa.text(f'SET LOCAL search_path TO "{name}"'))
            tables = procrastinate.schema.SchemaManager.get_schema()
            session.connection().exec_driver_sql(tables.replace("%", "%%"))
    _, given = database.engine.dialect.create_connect_args(database.engine.url)
    options = f"{given.get('options', '')} -c search_path={name} -c statement_timeout={_STATEMENT}".strip()
    return {**given, "options": options, "connect_timeout": _CONNECT, "tcp_user_timeout": _STATEMENT}


def _pool(connection: dict[str, Any]) -> dict[str, Any]:
    return {"kwargs": connection, "min_size": 1, "max_size": 4, "timeout": _CONNECT}


def _find(instance: Instance, source_id: str) -> Source | None:
    return next((source for source in workers.defined(instance) if source.id == source_id), None)


def _with_due_files(instance: Instance) -> set[str]:
    """Name the sources with files that are due, or whose checks the public does not see yet."""
    query = sa.select(DatasetRow.source_id).join(FileRow, DatasetRow.id == FileRow.dataset_id).distinct()
    due = sa.or_(FileRow.due_at.is_(None), FileRow.due_at <= now())
    with instance.database.reading() as session:
        return set(session.scalars(query.where(VISIBLE, sa.or_(sa.and_(FileRow.url != "", due), ~FileRow.shown))))
