"""The bytes of an answer: in memory while they are few, else in a file without a name that is read as if it were memory."""

import io
import mmap
import os
import tempfile
from collections.abc import Iterator
from typing import IO

# Above this size a body is no longer held in memory.
LARGE = 8_000_000
_STEP = 1 << 20


class LargeBody(mmap.mmap):
    """A body in a file. Slices of it are bytes, patterns and `len` work on it; `body[:]` brings all of it into memory."""

    def forget(self) -> None:
        """Give back the memory of what was read; it comes from the file again when it is wanted."""
        self.madvise(mmap.MADV_DONTNEED)


Body = bytes | LargeBody


class Incoming:
    """A body as it arrives. Beyond `most` bytes it goes to a file; None keeps all of it in memory."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._size = 0
        self._file: IO[bytes] = io.BytesIO()

    def write(self, piece: bytes) -> None:
        """Take in the next bytes."""
        self._size += len(piece)
        if self._most is not None and self._size > self._most and isinstance(self._file, io.BytesIO):
            began = self._file
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the body
            self._file.write(began.getbuffer())
        self._file.write(piece)

    def body(self) -> Body:
        """Give all that came."""
        if isinstance(self._file, io.BytesIO):
            return self._file.getvalue()
        with self._file as file:
            file.flush()
            return mapped(file)

    def close(self) -> None:
        """Let go of what came."""
        self._file.close()


def read(file: IO[bytes], most: int = LARGE) -> Body:
    """Give what is in a local file; it may be closed, and even deleted, at once."""
    return mapped(file) if os.fstat(file.fileno()).st_size > most else file.read()


def mapped(file: IO[bytes]) -> LargeBody:
    """Give the bytes of a file that is not empty."""
    return LargeBody(file.fileno(), 0, access=mmap.ACCESS_READ)


def pieces(body: Body) -> Iterator[bytes]:
    """Give a body piece by piece; one that is large takes no more memory than that."""
    for start in range(0, len(body), _STEP):
        yield body[start : start + _STEP]
        forget(body)


def forget(body: Body) -> None:
    """Give back the memory that a large body has come to take."""
    if isinstance(body, LargeBody):
        body.forget()


def close(body: Body) -> None:
    """Let go of a body that is no longer wanted, and of its file."""
    if isinstance(body, LargeBody):
        body.close()
