"""The door to the processes that read and write tables: one question at a time each, limits around them, a sentence when one fails.

They know no settings and no passwords, reach no network, have limits of memory, time and file size, and end when nothing is asked of
them for a while. The engine is loaded there and never by who serves pages.
"""

import signal
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson

from catalog import datastore
from catalog.datastore import (
    BROKEN,
    BUSY,
    FAILURES,
    MB,
    TOO_MUCH,
    TOO_SLOW,
    Found,
    Search,
    UnansweredError,
    Writing,
    Written,
    WrongError,
)
from catalog.datastore_types import Column
from catalog.processes import EndedError, Helper
from dcat.message import Message

# Seconds without a question after which a process ends.
IDLE = 60.0
# Seconds that a question waits for a free process.
_PATIENCE = 5.0
# Seconds beyond a question's own that its answer may take.
_GRACE = 5.0
_LARGEST_FRAME = 1 << 30
_ENDED_BY = {-signal.SIGXCPU: TOO_SLOW, -signal.SIGKILL: TOO_MUCH, -signal.SIGABRT: TOO_MUCH, -signal.SIGSEGV: TOO_MUCH}


class Runner:
    """Asks processes of its own; they start when they are needed and stay for the next question."""

    def __init__(
        self, most: int = 2, *, memory: int = 2500 * MB, idle: float = IDLE, patience: float = _PATIENCE
    ) -> None:
        self._memory = memory
        self._idle = idle
        self._patience = patience
        self._places = threading.BoundedSemaphore(most)
        self._free: list[Helper] = []
        self._lock = threading.Lock()

    def search(self, asked: Search) -> Found:
        """Answer a search; WrongError says that it does not fit the table, UnansweredError why there is no answer."""
        with self._asked(datastore.write_search(asked), asked.seconds) as answer:
            body = b"".join(answer.pieces())
            return _found(answer, body)

    @contextmanager
    def stream(self, asked: Search) -> Iterator[tuple[Found, Iterator[bytes]]]:
        """Answer a search piece by piece, its counts and last `_id` left out; the pieces are read inside the block."""
        with self._asked(datastore.write_search(asked), asked.seconds) as answer:
            answer.check()
            yield _found(answer, b""), answer.pieces()

    def change(self, asked: Writing) -> Written:
        """Write a table anew."""
        with self._asked(datastore.write_writing(asked), asked.seconds) as answer:
            for _ in answer.pieces():
                pass
            end = answer.end
            return Written(rows=end["rows"], touched=end["touched"], given=tuple(end["given"]))

    def close(self) -> None:
        """End the processes that wait."""
        with self._lock:
            free, self._free = self._free, []
        for helper in free:
            helper.close()

    @contextmanager
    def _asked(self, line: bytes, seconds: float) -> Iterator["_Answer"]:
        if not self._places.acquire(timeout=self._patience):
            raise UnansweredError(BUSY, status=503)
        try:
            helper, answer = self._begun(line, seconds)
            try:
                yield answer
            finally:
                # One whose answer was not read to its end cannot be asked again.
                if answer.done:
                    with self._lock:
                        self._free.append(helper)
                else:
                    helper.close()
        finally:
            self._places.release()

    def _begun(self, line: bytes, seconds: float) -> tuple[Helper, "_Answer"]:
        while True:
            helper = self._taken()
            fresh = helper is None
            helper = helper or Helper("datastore_work", memory=self._memory, idle=self._idle)
            try:
                return helper, _Answer(helper, line, seconds)
            except UnansweredError as error:
                helper.close()
                # One that waited may have ended meanwhile; a new one is to blame itself.
                if fresh or error.message is TOO_SLOW:
                    raise
            except BaseException:
                helper.close()
                raise

    def _taken(self) -> Helper | None:
        with self._lock:
            while self._free:
                helper = self._free.pop()
                if helper.ready():
                    return helper
                helper.close()
        return None


@cache
def runner() -> Runner:
    """Give the runner of this process, the same for all who ask; nothing is started before the first question."""
    return Runner()


class _Answer:
    """An answer that is being read: its head, the pieces of its body, and how it ended."""

    def __init__(self, helper: Helper, line: bytes, seconds: float) -> None:
        self._helper = helper
        self._until = time.monotonic() + seconds + _GRACE
        try:
            helper.ask(line)
        except EndedError as error:
            raise _failed(BROKEN) from error
        self.head: dict[str, Any] = orjson.loads(self._frame())
        self._first = self._frame()
        self.end: dict[str, Any] = {}
        self.done = False
        if not self._first:
            self._finish()

    def check(self) -> None:
        """Raise what went wrong before the first row."""
        if self.done:
            self._judge()

    def pieces(self) -> Iterator[bytes]:
        """Give the body piece by piece; raises in the end if it is not all there."""
        piece = self._first
        while not self.done:
            yield piece
            if not (piece := self._frame()):
                self._finish()
        self._judge()

    def _finish(self) -> None:
        self.end = orjson.loads(self._frame())
        self.done = True

    def _judge(self) -> None:
        outcome = self.end["outcome"]
        if outcome == "wrong":
            error = WrongError()
            error.errors = self.end["errors"]
            raise error
        if outcome != "done":
            raise _failed(FAILURES.get(outcome, BROKEN))

    def _frame(self) -> bytes:
        (size,) = struct.unpack(">I", self._read(4))
        if size > _LARGEST_FRAME:
            raise _failed(BROKEN)
        return self._read(size)

    def _read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size:
            try:
                piece = self._helper.read(min(size, 1 << 20), self._until)
            except EndedError as error:
                raise _failed(_ENDED_BY.get(error.code, BROKEN)) from error
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


def _failed(why: Message) -> UnansweredError:
    return UnansweredError(why, status=500 if why is BROKEN else 409)


def _found(answer: _Answer, body: bytes) -> Found:
    return Found(
        columns=tuple(Column(name, kind) for name, kind in answer.head["columns"]),
        total=answer.end.get("total"),
        body=body,
        count=answer.end.get("count", 0),
        last=answer.end.get("last"),
    )
