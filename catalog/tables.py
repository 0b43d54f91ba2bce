"""Checks of data files in a process of its own: what a hostile file breaks is that process, and the check says so in a sentence.

The process knows no settings and no passwords, reaches no network, starts no program, has limits of time, memory and file size, and
ends with the one that started it, or when nothing is asked of it for a while.
"""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import orjson

from catalog.processes import EndedError, Helper
from catalog.table_orders import (
    BROKEN,
    MB,
    TOO_MUCH,
    TOO_SLOW,
    Answer,
    Check,
    Order,
    failed_answer,
    read_answer,
    write_order,
)
from catalog.visits import Shown, Visit, failed, read_shown, write_visit
from dcat.errors import StateError
from dcat.message import Message

# Seconds without an order after which the process ends by itself.
IDLE = 30.0
# Seconds beyond an order's own that its answer may take.
GRACE = 20.0
# Of checks that somebody waits for.
_SMALL_SECONDS, _SMALL_GRACE, _SMALL_PATIENCE, _SMALL_MEMORY = 5.0, 5.0, 2.0, 2000 * MB
# An answer names up to a thousand errors, each with its row.
_MAX_ANSWER = 200 * MB

_ENDED_BY = {
    -signal.SIGXCPU: TOO_SLOW,
    -signal.SIGKILL: TOO_MUCH,
    -signal.SIGABRT: TOO_MUCH,
}


class Checker:
    """Checks files in processes of their own, one for each file at a time; they start when they are needed and stay for the next file."""

    def __init__(
        self,
        most: int = 2,
        *,
        memory: int = 3000 * MB,
        idle: float = IDLE,
        grace: float = GRACE,
        folder: Callable[[], Path] | None = None,
    ) -> None:
        """Check `most` files at once. `folder` gives the one to work in, which the processes remove should this one be killed."""
        self._folder = folder
        self._memory = memory
        self._idle = idle
        self._grace = grace
        self._places = threading.BoundedSemaphore(most)
        self._free: list[_Checking] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            free, self._free = self._free, []
        for helper in free:
            helper.close()

    def check(self, order: Order) -> Answer:
        """Check one file. Whatever happens to the process, there is an answer: its report says what went wrong."""
        said = self._said(write_order(order), order.whole_seconds)
        return failed_answer(order, said) if isinstance(said, Message) else read_answer(said, order)

    def show(self, visit: Visit) -> Shown:
        """Look at one file for a visitor; here, too, there is always an answer."""
        said = self._said(write_visit(visit), visit.seconds)
        return failed(visit, said) if isinstance(said, Message) else read_shown(said, visit)

    def _said(self, line: bytes, seconds: float) -> dict[str, Any] | Message:
        """Have an order answered; a message says why there is no answer."""
        with self._places:
            helper, used = self._taken()
            try:
                return self._asked(helper, line, seconds)
            except EndedError as error:
                said = _ENDED_BY.get(error.code, BROKEN)
                if not used or said is TOO_SLOW:
                    return said
                # What other files left behind in a process must not count against this one.
                try:
                    return self._asked(self._new(), line, seconds)
                except EndedError as again:
                    return _ENDED_BY.get(again.code, BROKEN)

    def _asked(self, helper: "_Checking", line: bytes, seconds: float) -> dict[str, Any]:
        try:
            said = helper.ask(line, seconds)
        except BaseException:
            helper.close()
            raise
        with self._lock:
            self._free.append(helper)
        return said

    def _taken(self) -> tuple["_Checking", bool]:
        """Take a process that waits, or start one; also tells whether it has checked files before."""
        with self._lock:
            while self._free:
                helper = self._free.pop()
                if helper.ready():
                    return helper, True
                helper.close()
        return self._new(), False

    def _new(self) -> "_Checking":
        return _Checking(self._memory, self._idle, self._grace, self._folder() if self._folder else None)


def at_once(checker: Checker | None = None) -> Check:
    """Give a check for small tables that somebody waits for. No process is started before the first one.

    StateError when others wait already: the job process checks all that was not checked at once.
    """
    checks = checker or Checker(1, memory=_SMALL_MEMORY, grace=_SMALL_GRACE)
    free = threading.Lock()

    def check(order: Order) -> Answer:
        if not free.acquire(timeout=_SMALL_PATIENCE):
            raise StateError(
                Message(
                    "Gerade wird eine andere Tabelle geprüft. Nächster Schritt: keiner, diese folgt gleich.",
                    "Another table is being checked. Next step: none, this one follows shortly.",
                )
            )
        try:
            return checks.check(replace(order, seconds=_SMALL_SECONDS))
        finally:
            free.release()

    return check


class _Checking:
    """One process that checks file after file, with a folder of its own for what it writes on the way."""

    def __init__(self, memory: int, idle: float, grace: float, base: Path | None = None) -> None:
        self._folder = TemporaryDirectory(prefix="offenbar-table-", dir=base)
        self._grace = grace
        folder = Path(self._folder.name)
        self._helper = Helper("table_work", str(base or folder), memory=memory, idle=idle, folder=folder)
        self.ready = self._helper.ready

    def ask(self, line: bytes, seconds: float) -> dict[str, Any]:
        """Have one order carried out that may take so many seconds."""
        self._helper.ask(line)
        try:
            answer: dict[str, Any] = orjson.loads(self._line(time.monotonic() + seconds + self._grace))
        except ValueError as error:
            raise EndedError(0) from error
        return answer

    def close(self) -> None:
        """End it, and remove what it left behind."""
        self._helper.close()
        with suppress(OSError):
            self._folder.cleanup()

    def _line(self, until: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while not pieces or not pieces[-1].endswith(b"\n"):
            pieces.append(self._helper.read(1 << 20, until))
            size += len(pieces[-1])
            if size > _MAX_ANSWER:
                raise EndedError(-signal.SIGKILL)
        return b"".join(pieces)
