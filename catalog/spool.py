"""Many things in order, written once and read as often as needed: the first ones in memory, all others in a file without a name."""

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Generic, Self, TypeVar

_T = TypeVar("_T")
_BLOCK = 100


class Spool(Generic[_T]):
    """Holds about `most` things in memory, however many there are. What it gives is equal to what it got, not the same."""

    def __init__(self, things: Iterable[_T] = (), *, most: int = 300) -> None:
        self._most = most
        self._first: list[_T] = []
        self._last: list[_T] = []
        self._blocks: list[int] = []
        self._file: IO[bytes] | None = None
        self._length = 0
        self.extend(things)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[_T]:
        yield from self._first
        for start in self._blocks:
            assert self._file is not None, "blocks lie in the file"
            self._file.seek(start)
            block: list[_T] = pickle.load(self._file)  # noqa: S301 - written below, in a file that nobody else can open
            yield from block
        yield from self._last

    def append(self, thing: _T) -> None:
        """Add one at the end."""
        self._length += 1
        if len(self._first) < self._most:
            self._first.append(thing)
            return
        self._last.append(thing)
        if len(self._last) >= _BLOCK:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the spool
            self._blocks.append(self._file.seek(0, 2))
            pickle.dump(self._last, self._file, pickle.HIGHEST_PROTOCOL)
            self._last = []

    def extend(self, things: Iterable[_T]) -> None:
        """Add some at the end."""
        for thing in things:
            self.append(thing)

    def close(self) -> None:
        """Let go of everything."""
        if self._file is not None:
            self._file.close()
