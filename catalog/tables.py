"""Checks of data files in a process of its own: what a hostile file breaks is that process, and the check says so in a sentence.

The process knows no settings and no passwords, reaches no network, starts no program, has limits of time, memory and file size, and
ends with the one that started it, or when nothing is asked of it for a while.
"""

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self

import orjson

from catalog import processes
from catalog.table_orders import BROKEN, MB, TOO_MUCH, TOO_SLOW, Answer, Order, failed_answer, read_answer, write_order
from catalog.visits import Shown, Visit, failed, read_shown, write_visit
from dcat.message import Message

# Seconds without an order after which the process ends by itself.
IDLE = 30.0
# Seconds beyond an order's own that its answer may take.
GRACE = 20.0
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
        self._free: list[_Helper] = []
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
            except _EndedError as error:
                if not used or error.what is TOO_SLOW:
                    return error.what
                # What other files left behind in a process must not count against this one.
                try:
                    return self._asked(self._new(), line, seconds)
                except _EndedError as again:
                    return again.what

    def _asked(self, helper: "_Helper", line: bytes, seconds: float) -> dict[str, Any]:
        try:
            said = helper.ask(line, seconds)
        except BaseException:
            helper.close()
            raise
        with self._lock:
            self._free.append(helper)
        return said

    def _taken(self) -> tuple["_Helper", bool]:
        """Take a process that waits, or start one; also tells whether it has checked files before."""
        with self._lock:
            while self._free:
                helper = self._free.pop()
                if helper.ready():
                    return helper, True
                helper.close()
        return self._new(), False

    def _new(self) -> "_Helper":
        return _Helper(self._memory, self._idle, self._grace, self._folder() if self._folder else None)


class _EndedError(Exception):
    """The process ended, or was ended, before it answered."""

    def __init__(self, what: Message) -> None:
        super().__init__(what.en)
        self.what = what


class _Helper:
    """One process that checks file after file, with a folder of its own for what it writes on the way."""

    def __init__(self, memory: int, idle: float, grace: float, base: Path | None = None) -> None:
        self._folder = TemporaryDirectory(prefix="offenbar-table-", dir=base)
        self._idle, self._grace = idle, grace
        self._used = time.monotonic()
        place = str(base or self._folder.name)
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            processes.command("table_work", str(os.getpid()), str(memory), str(idle), place, isolated=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=processes.bare_environment() | {"TMPDIR": self._folder.name, "PYTHONUTF8": "1"},
        )

    def ready(self) -> bool:
        """Tell whether it can be asked; one that is about to end for want of work cannot."""
        return self._process.poll() is None and time.monotonic() - self._used < self._idle / 2

    def ask(self, line: bytes, seconds: float) -> dict[str, Any]:
        """Have one order carried out that may take so many seconds."""
        given, taken = self._pipes()
        until = time.monotonic() + seconds + self._grace
        try:
            given.write(line + b"\n")
            given.flush()
            answer: dict[str, Any] = orjson.loads(self._line(taken, until))
        except (OSError, ValueError) as error:
            raise _EndedError(BROKEN) from error
        self._used = time.monotonic()
        return answer

    def close(self) -> None:
        """End it, and remove what it left behind."""
        self._process.kill()
        for pipe in self._pipes():
            with suppress(OSError):
                pipe.close()
        self._process.wait()
        with suppress(OSError):
            self._folder.cleanup()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None and self._process.stdout is not None, "both are pipes"
        return self._process.stdin, self._process.stdout

    def _line(self, taken: IO[bytes], until: float) -> bytes:
        """Read one line of the answer; a process that gives none in time is ended."""
        pieces: list[bytes] = []
        size = 0
        waiting = select.poll()
        waiting.register(taken, select.POLLIN)
        while not pieces or not pieces[-1].endswith(b"\n"):
            if not waiting.poll(max(until - time.monotonic(), 0) * 1000):
                raise _EndedError(TOO_SLOW)
            piece = os.read(taken.fileno(), 1 << 20)
            size += len(piece)
            if not piece:
                raise _EndedError(_ENDED_BY.get(self._process.wait(), BROKEN))
            if size > _MAX_ANSWER:
                raise _EndedError(TOO_MUCH)
            pieces.append(piece)
        return b"".join(pieces)
