"""Rendering many datasets: where there is a second core, a process of its own makes the bytes while this one reads and writes.

The helper ends when its input does, also when the process that started it was killed.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from catalog import processes, quality
from catalog.public import PublicDataset
from catalog.renditions import Renditions, content_hash, make

# More than these find nothing to do: the rest of the work is one process's.
MOST = 3
_SHARE = 10


@dataclass(frozen=True, slots=True)
class Order:
    """One dataset to render: what is shown, what goes into its CKAN package, what is known of its links, and the hash that is public now."""

    shown: PublicDataset
    organization: Mapping[str, Any]
    site_url: str
    statuses: Mapping[str, int]
    before: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The hash of what is shown; where it differs from before, its bytes and its quality, and whether checks of links count in that."""

    hash: str
    renditions: Renditions | None = None
    points: tuple[int, ...] = ()
    judged_links: bool = False


def render(order: Order) -> Rendered:
    """Render one dataset, unless the public has it like this already."""
    digest = content_hash(order.shown)
    if digest == order.before:
        return Rendered(digest)
    renditions = make(order.shown, order.organization, order.site_url, digest)
    points = quality.measure(order.shown, order.statuses).points
    return Rendered(digest, renditions, points, judged_links=bool(order.statuses))


class Workshop:
    """Renders batches, here and in helpers. Helpers start with the second full batch: few datasets are quicker made at once."""

    def __init__(self, full: int, cores: int | None = None) -> None:
        self._full = full
        self._most = min(MOST, (cores or len(os.sched_getaffinity(0))) - 1)
        self._helpers: list[_Helper] = []
        self._waiting: deque[_Share] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.close()

    def begin(self, orders: Sequence[Order]) -> Callable[[], list[Rendered]]:
        """Begin to render a batch; the function that comes back helps along and waits for it."""
        if not self._helpers:
            if len(orders) >= self._full and self._most > 0:
                self._helpers = [_Helper(self._waiting) for _ in range(self._most)]
            made = [render(order) for order in orders]
            return lambda: made
        shares = [_Share(orders[start : start + _SHARE]) for start in range(0, len(orders), _SHARE)]
        self._waiting.extend(shares)
        for helper in self._helpers:
            helper.wake()

        def finish() -> list[Rendered]:
            while (share := _next(self._waiting)) is not None:
                share.make(render_all)
            return [one for share in shares for one in share.done.result()]

        return finish


def render_all(orders: Sequence[Order]) -> list[Rendered]:
    """Render some datasets here."""
    return [render(order) for order in orders]


@dataclass(frozen=True, slots=True)
class _Share:
    """A few orders that one process renders in one go."""

    orders: Sequence[Order]
    done: Future[list[Rendered]] = field(default_factory=Future)

    def make(self, how: Callable[[Sequence[Order]], list[Rendered]]) -> None:
        try:
            self.done.set_result(how(self.orders))
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits for it
            self.done.set_exception(error)


def _next(waiting: deque[_Share]) -> _Share | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


class _Helper:
    """One process that takes share after share. Should it end on its own, the work is done here."""

    def __init__(self, waiting: deque[_Share]) -> None:
        command = processes.command("rendering")
        self._waiting = waiting
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._thread = ThreadPoolExecutor(max_workers=1)

    def wake(self) -> None:
        self._thread.submit(self._work)

    def close(self) -> None:
        self._waiting.clear()
        self._process.kill()
        self._thread.shutdown()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self._process.wait()

    def _work(self) -> None:
        while (share := _next(self._waiting)) is not None:
            share.make(self._answer)

    def _answer(self, orders: Sequence[Order]) -> list[Rendered]:
        assert self._process.stdin is not None and self._process.stdout is not None, "both are pipes"
        try:
            pickle.dump(list(orders), self._process.stdin, protocol=5)
            self._process.stdin.flush()
            answer: list[Rendered] = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            return render_all(orders)
        return answer


def main() -> None:
    """Render what comes on standard input until it ends."""
    given, taken = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError):
        while True:
            orders: list[Order] = pickle.load(given)  # noqa: S301 - from our own process
            pickle.dump(render_all(orders), taken, protocol=5)
            taken.flush()
