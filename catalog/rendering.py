"""Rendering many datasets: where there is a second core, a process of its own makes the bytes while this one reads and writes.

The helper ends when its input does, also when the process that started it was killed.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from catalog import quality
from catalog.public import PublicDataset
from catalog.renditions import Renditions, content_hash, make

# More than these find nothing to do: the rest of the work is one process's.
MOST = 3
_WORK = "import sys; sys.path.insert(0, sys.argv[1]); from catalog.rendering import main; main()"


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
    """Renders batches, here or in helpers. Helpers start with the second full batch: few datasets are quicker made at once."""

    def __init__(self, full: int, cores: int | None = None) -> None:
        self._full = full
        self._most = min(MOST, (cores or len(os.sched_getaffinity(0))) - 1)
        self._helpers: list[_Helper] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.close()

    def begin(self, orders: Sequence[Order]) -> Callable[[], list[Rendered]]:
        """Begin to render a batch; the function that comes back waits for it."""
        if not self._helpers:
            if len(orders) >= self._full and self._most > 0:
                self._helpers = [_Helper() for _ in range(self._most)]
            made = [render(order) for order in orders]
            return lambda: made
        share = -(-len(orders) // len(self._helpers))
        parts = [orders[start : start + share] for start in range(0, len(orders), share)]
        waiting = [helper.ask(part) for helper, part in zip(self._helpers, parts, strict=False)]
        return lambda: [one for future in waiting for one in future.result()]


class _Helper:
    """One process that renders what it is asked for, in turn. Should it end on its own, the work is done here."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", _WORK, str(Path(__file__).parent.parent)]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._thread = ThreadPoolExecutor(max_workers=1)

    def ask(self, orders: Sequence[Order]) -> Future[list[Rendered]]:
        return self._thread.submit(self._answer, list(orders))

    def close(self) -> None:
        self._process.kill()
        self._thread.shutdown()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self._process.wait()

    def _answer(self, orders: list[Order]) -> list[Rendered]:
        assert self._process.stdin is not None and self._process.stdout is not None, "both are pipes"
        try:
            pickle.dump(orders, self._process.stdin, protocol=5)
            self._process.stdin.flush()
            answer: list[Rendered] = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            return [render(order) for order in orders]
        return answer


def main() -> None:
    """Render what comes on standard input until it ends."""
    given, taken = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError):
        while True:
            orders: list[Order] = pickle.load(given)  # noqa: S301 - from our own process
            pickle.dump([render(order) for order in orders], taken, protocol=5)
            taken.flush()
