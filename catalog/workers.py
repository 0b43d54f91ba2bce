"""Which sources are due, and threads that harvest them: by priority, then by time; no source twice at once, no slow one in the way."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import definitions, schedule
from catalog.db import Database, now
from catalog.ingest import lease, ledger
from catalog.instance import Instance
from catalog.models import Run, SourceState
from catalog.schedule import History
from dcat.errors import OffenbarError
from harvesters.source import Source

log = logging.getLogger(__name__)

THREADS = 4
# A harvest that has not moved for so many seconds waits for a server: another one may begin beside it.
STALLED = 2.0
# Seconds that harvests have for coming to the end of a page once they are told to stop.
GRACE = 4.0
LONGEST_PAUSE = 300.0
# A lock that a connection holds, and gives back when its process is gone.
_LOCK = "(hashtext('offenbar ' || :what || ' ' || current_schema()))"


class Stopped(BaseException):
    """The process is to end: a run stops between two pages, and goes on when the next process finds it."""


class Busy:
    """The sources that this process harvests just now. The ledger's lease keeps other processes apart; this keeps threads apart."""

    def __init__(self, stalled: float = STALLED) -> None:
        self._stalled = stalled
        self._lock = threading.Lock()
        self._moved: dict[str, float] = {}

    @contextmanager
    def alone(self, source_id: str, threads: int) -> Iterator[bool]:
        """Take a source; gives false when another thread has it, or when as many harvests as there may be are at work."""
        with self._lock:
            free = source_id not in self._moved and self._working() < threads
            if free:
                self._moved[source_id] = time.monotonic()
        try:
            yield free
        finally:
            if free:
                with self._lock:
                    del self._moved[source_id]

    def move(self, source_id: str) -> None:
        """Note that a harvest goes on."""
        with self._lock:
            self._moved[source_id] = time.monotonic()

    def working(self) -> int:
        """Count the harvests that do not just wait."""
        with self._lock:
            return self._working()

    def _working(self) -> int:
        return sum(time.monotonic() - moved < self._stalled for moved in self._moved.values())

    def has(self, source_id: str) -> bool:
        """Tell whether a thread of this process harvests a source."""
        with self._lock:
            return source_id in self._moved


def defined(instance: Instance) -> tuple[Source, ...]:
    """Read the source definitions; one that cannot be used is named in the log and stops no other."""
    found = definitions.present(instance.config.sources)
    if found.unreadable:
        log.warning("%s definitions of sources cannot be read; offenbar source lint names the errors", found.unreadable)
    return tuple(source for source in found.sources.values() if _usable(instance, source))


def due(instance: Instance, sources: tuple[Source, ...]) -> list[Source]:
    """List the sources that are due, those to begin with first: the time has come, or a run was interrupted and nobody goes on."""
    present = now()
    found = []
    with instance.database.reading() as session:
        for source in sources:
            run = _last(session, source.id)
            if run is not None and run.phase in ledger.OPEN:
                if not lease.is_held(run.holder, run.lease_until, present):
                    found.append((source, run.started_at))
                continue
            if run is not None and run.replay_of is not None:
                run = _last(session, source.id, Run.replay_of.is_(None))
            at = schedule.due_at(source, history(run, session.get(SourceState, source.id)), present)
            if at <= present:
                found.append((source, at))
    return [source for source, _ in sorted(found, key=lambda pair: schedule.order(*pair))]


def history(run: Run | None, state: SourceState | None) -> History:
    """Gather what a schedule needs to know of a source's past."""
    return History(
        started_at=run.started_at if run else None,
        finished_at=run.finished_at if run else None,
        failures=state.failures if state else 0,
    )


@dataclass(slots=True)
class Crew:
    """Threads that harvest what is due until told to stop. `harvest` does one source; it gets a function to be told of progress.

    `threads` harvests work at a time. As many more may wait for servers that do not answer, so that these are in nobody's way.
    """

    instance: Instance
    harvest: Callable[[Source, Callable[[str, int], None]], object]
    stop: threading.Event
    pause: float = 5.0
    threads: int = THREADS
    busy: Busy = field(default_factory=Busy)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: list[Source] = field(default_factory=list)
    _looked_at: float = -1e9
    _troubles: dict[str, int] = field(default_factory=dict)
    _again: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Harvest beside what is done inside; at the end the threads come to the end of their pages."""
        # Nobody waits for them at the end of the process: what they do may be cut off at any instruction.
        crew = [threading.Thread(target=self._work, daemon=True) for _ in range(2 * self.threads)]
        for thread in crew:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            until = time.monotonic() + GRACE
            for thread in crew:
                thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while not self.stop.is_set():
            source = self._next()
            if source is None:
                self.stop.wait(min(self.pause, 0.5))
                continue
            with self.busy.alone(source.id, self.threads) as free:
                if free:
                    self._one(source)
            if not free and not self.busy.has(source.id):
                with self._lock:
                    self._waiting.insert(0, source)

    def _next(self) -> Source | None:
        """Take the source to begin with, unless as many harvests as there may be are at work."""
        with self._lock:
            if self.busy.working() >= self.threads:
                return None
            if time.monotonic() - self._looked_at >= self.pause:
                self._looked_at = time.monotonic()
                guarded("sources that are due", self._look)
            return self._waiting.pop(0) if self._waiting else None

    def _look(self) -> None:
        free = [source for source in defined(self.instance) if not self.busy.has(source.id)]
        found = due(self.instance, tuple(free))
        self._waiting = [source for source in found if self._again.get(source.id, 0.0) <= time.monotonic()]

    def _one(self, source: Source) -> None:
        def tick(phase: str, done: int) -> None:
            self.busy.move(source.id)
            if self.stop.is_set():
                raise Stopped

        try:
            # Another process, or a person, may have been quicker.
            if not due(self.instance, (source,)) or guarded(f"source {source.id}", lambda: self.harvest(source, tick)):
                self._troubles.pop(source.id, None)
                return
            # A harvest that breaks off without ending its run would be due again at once.
            self._troubles[source.id] = min(self._troubles.get(source.id, 0) + 1, 20)
            self._again[source.id] = time.monotonic() + min(self.pause * 2 ** self._troubles[source.id], LONGEST_PAUSE)
        except Stopped:
            log.info("source %s: stopped between two pages", source.id)


@contextmanager
def first(database: Database, what: str) -> Iterator[bool]:
    """Be the one process, of all that work on a PostgreSQL database, that does what is inside; gives false to the others."""
    if database.engine.dialect.name != "postgresql":
        yield True
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = bool(connection.scalar(sa.text(f"SELECT pg_try_advisory_lock{_LOCK}"), {"what": what}))
        try:
            yield taken
        finally:
            if taken:
                connection.execute(sa.text(f"SELECT pg_advisory_unlock{_LOCK}"), {"what": what})


def guarded(what: str, job: Callable[[], object]) -> bool:
    """One source's trouble, or a database that restarts, must not end the work for all. Tells whether there was none."""
    try:
        job()
        return True
    except OffenbarError as error:
        log.warning("%s: %s", what, error.message.en)
    except Exception as error:
        log.warning("%s: %s", what, type(error).__name__, exc_info=True)
    return False


def _last(session: Session, source_id: str, *conditions: sa.ColumnElement[bool]) -> Run | None:
    query = sa.select(Run).where(Run.source_id == source_id, ~Run.dry, *conditions)
    return session.scalar(query.order_by(Run.id.desc()).limit(1))


def _usable(instance: Instance, source: Source) -> bool:
    try:
        definitions.require(source, instance.config)
    except OffenbarError as error:
        log.warning("source %s: %s", source.id, error.message.en)
        return False
    return True
