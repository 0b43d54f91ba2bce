"""What all sources and workers together may ask of one host: how many requests at once, how fast, and when it is left alone."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from dcat.errors import FetchError
from harvesters import failures

# So many requests in a row must fail, then the host rests: 60 s, doubled with each failed trial, at most half an hour.
FAILURES = 5
REST = 60.0
LONGEST_REST = 1800.0
# No server may postpone itself for longer than this.
LONGEST_PAUSE = 1800.0
# While one request tries whether a resting host is back, the others go on leaving it alone.
TRIAL = 60.0


@dataclass(slots=True)
class Visit:
    """One request's turn at a host; what it met there is told here before the turn ends.

    `answered` is whether the host is alive (None: that cannot be told); `pause` is how many seconds it asks everybody to wait.
    """

    trial: bool = False
    answered: bool | None = None
    pause: float = 0.0


class Budget(Protocol):
    """Lets requests in one after another."""

    def enter(self, host: str, rate: float, connections: int, until: float) -> AbstractContextManager[Visit]:
        """Wait for a turn at a host, no longer than `until` (time.monotonic), and hold it while the context lasts.

        At most `connections` turns at once, at most `rate` a second (0: any). FetchError `resting` when the host is left alone or
        the turn would come too late; nothing was sent then.
        """
        ...

    def release(self) -> None:
        """Give back what is kept for further requests; called when a source is done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What is known of a host; moments are seconds on one clock. `free_at` is when the next request may start."""

    free_at: float = 0.0
    failures: int = 0
    failing_since: float = 0.0
    rests_until: float = 0.0

    def rests(self, now: float) -> bool:
        """Tell whether the host is left alone."""
        return self.failures >= FAILURES and now < self.rests_until

    def started(self, now: float, rate: float) -> "HostState":
        """A request starts: the next one waits for the pace, and further trials for this one."""
        trial = self.failures >= FAILURES
        return replace(
            self,
            free_at=max(self.free_at, now + 1 / rate) if rate else self.free_at,
            rests_until=now + TRIAL if trial else self.rests_until,
        )

    def ended(self, visit: Visit, now: float) -> "HostState":
        """A request has ended: count what it met."""
        free_at = max(self.free_at, now + min(visit.pause, LONGEST_PAUSE)) if visit.pause else self.free_at
        state = replace(self, free_at=free_at)
        if visit.answered:
            return HostState(free_at=free_at)
        if visit.answered is None:
            return replace(state, rests_until=now) if visit.trial else state
        if self.rests(now) and not visit.trial:
            # It was under way already when the others failed.
            return state
        failed = self.failures + 1
        rest = min(REST * 2 ** min(max(failed - FAILURES, 0), 10), LONGEST_REST)
        return replace(
            state,
            failures=failed,
            failing_since=self.failing_since if self.failures else now,
            # Not all hosts of a broken network come back at the same second.
            rests_until=now + rest * random.SystemRandom().uniform(0.8, 1.0) if failed >= FAILURES else 0.0,
        )


def refusal(host: str, state: HostState, now: float) -> FetchError:
    """Say that a host is left alone, since when and until when."""
    present = datetime.now(UTC)
    since = present - timedelta(seconds=now - state.failing_since)
    return failures.resting(host, since, present + timedelta(seconds=state.rests_until - now))


def too_late(host: str, wait: float) -> FetchError:
    """Say that a turn would come after the end of the request."""
    return failures.crowded(host, datetime.now(UTC) + timedelta(seconds=wait))


@dataclass(slots=True)
class _Host:
    state: HostState = field(default_factory=HostState)
    active: int = 0


class LocalBudget:
    """The budget of one process; may be shared by threads and fetchers."""

    def __init__(
        self, *, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._changed = threading.Condition()

    @contextmanager
    def enter(self, host: str, rate: float, connections: int, until: float) -> Iterator[Visit]:
        """Wait for a turn at a host and hold it."""
        visit = self._wait(host, rate, connections, until)
        try:
            yield visit
        finally:
            with self._changed:
                entry = self._hosts[host]
                entry.active -= 1
                entry.state = entry.state.ended(visit, self._clock())
                self._changed.notify_all()

    def release(self) -> None:
        """Nothing is kept."""

    def _wait(self, host: str, rate: float, connections: int, until: float) -> Visit:
        while True:
            with self._changed:
                entry = self._hosts.setdefault(host, _Host())
                now = self._clock()
                state = entry.state
                if state.rests(now):
                    raise refusal(host, state, now)
                wait = state.free_at - now
                if wait <= 0 and entry.active < connections:
                    entry.active += 1
                    entry.state = state.started(now, rate)
                    return Visit(trial=state.failures >= FAILURES)
                if now + max(wait, 0.0) >= until:
                    raise too_late(host, max(wait, 0.0))
                if wait <= 0:
                    self._changed.wait(until - now)
                    continue
            self._sleep(wait)
