"""The budget of hosts, shared through the database by all workers (harvesters/budget.py says what it means).

A worker keeps its turn at a host for a run of requests, so that most of them cost no statement: it looks again after two seconds,
and gives back what nobody has used for one. What a dead worker held is free at once on this machine, elsewhere when its request
would have ended.
"""

import datetime
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from catalog.db import Database, batches
from catalog.ingest import lease
from catalog.models import HostBudget, HostSlot
from dcat.errors import StateError
from harvesters.budget import FAILURES, HostState, Visit, refusal, too_late

# Seconds: until the database is asked again, until an unused slot goes back, between two looks at a busy host.
KEPT = 2.0
UNUSED = 1.0
POLL = 0.05
# Who has made room for others asks again only after they have had time to take it.
STEP_BACK = 4 * POLL
# A wish for a slot is renewed with every look.
WISH = 1.0


@dataclass(slots=True, eq=False)
class _Slot:
    """A slot this process has: since when on the monotonic clock, and until which moment others believe it."""

    id: str
    seen_at: float = 0.0
    until: float = 0.0
    busy: bool = True
    left_at: float = 0.0
    lease: ExitStack = field(default_factory=ExitStack)


@dataclass(slots=True)
class _Host:
    """What this process knows of a host: its state at the last look, and the slots it has there."""

    state: HostState = field(default_factory=HostState)
    slots: list[_Slot] = field(default_factory=list)


class DatabaseBudget:
    """The budget of all workers on one database; one for each process, shared by its threads and fetchers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hosts: dict[str, _Host] = {}
        self._changed = threading.Condition()
        self._sweeper: threading.Timer | None = None

    @contextmanager
    def enter(self, host: str, rate: float, connections: int, until: float) -> Iterator[Visit]:
        """Wait for a turn at a host and hold it."""
        slot, visit = self._wait(host, rate, connections, until)
        try:
            yield visit
        finally:
            self._leave(host, slot, visit)

    def release(self) -> None:
        """Give back every slot that is not in use."""
        with self._changed:
            if self._sweeper is not None:
                self._sweeper.cancel()
                self._sweeper = None
        self._give_back(unused_since=time.monotonic())

    def _wait(self, host: str, rate: float, connections: int, until: float) -> tuple[_Slot, Visit]:
        while True:
            with self._changed:
                entry = self._hosts.setdefault(host, _Host())
                if sum(slot.busy for slot in entry.slots) >= connections:
                    if time.monotonic() >= until:
                        raise too_late(host, 0.0)
                    self._changed.wait(until - time.monotonic())
                    continue
                kept = next((slot for slot in entry.slots if not slot.busy), None)
                if kept is not None:
                    kept.busy = True
                    if not rate and _still_good(kept, entry.state, until):
                        return kept, Visit()
            found = self._ask(host, entry, kept, rate, connections, until)
            if not isinstance(found, float):
                return found
            if time.monotonic() + found >= until:
                raise too_late(host, found)
            with self._changed:
                self._changed.wait(found)

    def _ask(
        self, host: str, entry: _Host, kept: _Slot | None, rate: float, connections: int, until: float
    ) -> tuple[_Slot, Visit] | float:
        """Ask the database for a turn; without one, tells how many seconds to wait before the next look."""
        slot: _Slot | None = None
        try:
            with self._database.aside() as connection:
                state, wanted_at = _read(connection, host)
                now, entry.state = time.time(), state
                if state.rests(now):
                    raise refusal(host, state, now)
                if state.free_at > now:
                    return state.free_at - now
                lapses = now + max(until - time.monotonic(), 0.0) + KEPT
                if kept is not None and now - wanted_at < WISH and time.monotonic() - kept.seen_at > KEPT:
                    connection.execute(sa.delete(HostSlot).where(HostSlot.id == kept.id))
                    self._forget(entry, kept)
                    return STEP_BACK
                if kept is not None and not _extend(connection, kept, lapses):
                    self._forget(entry, kept)
                    return POLL
                slot = kept or _take(connection, host, connections, now, lapses)
                if slot is None:
                    connection.execute(_update(host, wanted_at=_moment(now)))
                    return POLL
                started = state.started(now, rate)
                if started != state:
                    connection.execute(_update(host, **_values(started)))
        finally:
            with self._changed:
                if slot is None and kept is not None:
                    kept.busy, kept.left_at = False, time.monotonic()
        with self._changed:
            entry.state = started
            slot.seen_at, slot.until = time.monotonic(), lapses
            if slot is not kept:
                entry.slots.append(slot)
        return slot, Visit(trial=state.failures >= FAILURES)

    def _forget(self, entry: _Host, slot: _Slot) -> None:
        slot.lease.close()
        with self._changed:
            entry.slots.remove(slot)

    def _leave(self, host: str, slot: _Slot, visit: Visit) -> None:
        """Tell the others what matters to them, and keep the slot for the next request."""
        entry = self._hosts[host]
        if visit.pause or visit.trial or visit.answered is False or (visit.answered and entry.state.failures):
            # What cannot be told now is only forgotten; the caller's own failure must not be hidden by it.
            with suppress(StateError), self._database.aside() as connection:
                state = _read(connection, host)[0].ended(visit, time.time())
                connection.execute(_update(host, **_values(state)))
                entry.state = state
        with self._changed:
            slot.busy, slot.left_at = False, time.monotonic()
            self._changed.notify_all()
            self._sweep_later()

    def _sweep_later(self) -> None:
        if self._sweeper is None:
            self._sweeper = threading.Timer(UNUSED, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        self._give_back(unused_since=time.monotonic() - UNUSED)
        with self._changed:
            if self._sweeper is threading.current_thread():
                self._sweeper = None
                if any(entry.slots for entry in self._hosts.values()):
                    self._sweep_later()

    def _give_back(self, unused_since: float) -> None:
        with self._changed:
            gone: list[_Slot] = []
            for entry in self._hosts.values():
                unused = [slot for slot in entry.slots if not slot.busy and slot.left_at <= unused_since]
                entry.slots = [slot for slot in entry.slots if slot not in unused]
                gone += unused
        if gone:
            # A database that does not answer frees them by itself, when their leases lapse.
            with suppress(StateError), self._database.aside() as connection:
                for part in batches(gone):
                    connection.execute(sa.delete(HostSlot).where(HostSlot.id.in_([slot.id for slot in part])))
        for slot in gone:
            slot.lease.close()


def _still_good(slot: _Slot, state: HostState, until: float) -> bool:
    """Tell whether a request may start without asking: we looked a moment ago, and nothing spoke against it."""
    now = time.time()
    fresh = time.monotonic() - slot.seen_at < KEPT and slot.until >= now + until - time.monotonic()
    return fresh and state.failures < FAILURES and state.free_at <= now


def _read(connection: sa.Connection, host: str) -> tuple[HostState, float]:
    """Read a host's row and lock it; the second value is when somebody last found no slot free."""
    query = sa.select(HostBudget.__table__).where(HostBudget.name == host).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        connection.execute(_new_host(connection), {"name": host, "failures": 0})
        row = connection.execute(query).one()
    state = HostState(
        free_at=_seconds(row.next_at),
        failures=row.failures,
        failing_since=_seconds(row.failing_since),
        rests_until=_seconds(row.open_until),
    )
    return state, _seconds(row.wanted_at)


def _extend(connection: sa.Connection, slot: _Slot, lapses: float) -> bool:
    """Keep a slot for longer; a process that slept too long may have lost it to others."""
    statement = sa.update(HostSlot).where(HostSlot.id == slot.id).values(until=_moment(lapses))
    return bool(connection.execute(statement).rowcount)


def _take(connection: sa.Connection, host: str, connections: int, now: float, lapses: float) -> _Slot | None:
    """Take a slot if one is free; those of workers that are gone count as free."""
    present = datetime.datetime.fromtimestamp(now, datetime.UTC)
    dead = []
    alive = 0
    for row in connection.execute(sa.select(HostSlot.__table__).where(HostSlot.name == host)):
        if lease.is_held(row.holder, row.until, present):
            alive += 1
        else:
            dead.append(row.id)
    if dead:
        connection.execute(sa.delete(HostSlot).where(HostSlot.id.in_(dead)))
    if alive >= connections:
        return None
    slot = _Slot(str(uuid.uuid4()))
    holder = slot.lease.enter_context(lease.taken())
    values = {"id": slot.id, "name": host, "holder": holder, "until": _moment(lapses)}
    connection.execute(sa.insert(HostSlot), values)
    return slot


def _new_host(connection: sa.Connection) -> Any:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return insert(HostBudget).on_conflict_do_nothing()


def _update(host: str, **values: Any) -> sa.Update:
    return sa.update(HostBudget).where(HostBudget.name == host).values(**values)


def _values(state: HostState) -> dict[str, Any]:
    return {
        "next_at": _moment(state.free_at),
        "failures": state.failures,
        "failing_since": _moment(state.failing_since),
        "open_until": _moment(state.rests_until),
    }


def _moment(seconds: float) -> datetime.datetime | None:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC) if seconds else None


def _seconds(moment: datetime.datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
