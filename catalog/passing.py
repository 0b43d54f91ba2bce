"""A folder for files that are only passing through: gone when its process ends, however it ends, or else when the next one begins."""

import fcntl
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "offenbar-check-"


class Passing:
    """One process' folder for what visitors show it. It is made when it is needed; a lock on it says that its process lives."""

    def __init__(self, base: Path | None = None) -> None:
        self._base = base or Path(tempfile.gettempdir())
        self._making = threading.Lock()
        self._made: Path | None = None
        sweep(self._base)

    def folder(self) -> Path:
        """Give the folder, readable by this user only."""
        with self._making:
            # Somebody who sweeps may take a folder for a dead one until it is locked; then the next one is tried.
            while self._made is None or not self._made.is_dir():
                self._made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._base))
                with suppress(OSError):
                    lock = os.open(self._made, os.O_RDONLY)
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    weakref.finalize(self, _leave, self._made, lock)
            return self._made

    @contextmanager
    def place(self) -> Iterator[Path]:
        """Give a folder for one file and what is made of it; nothing of it is left afterwards."""
        folder = Path(tempfile.mkdtemp(dir=self.folder()))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _leave(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def sweep(base: Path) -> None:
    """Remove the folders of processes that were killed: nobody holds their locks any more."""
    for folder in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            # A link in a folder that anybody may write to is none of ours.
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.getuid():
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
