"""Large files that come in pieces: each upload is a folder in the home with what it shall be and what has come so far.

It belongs to the account that began it, lies outside everything that is served, and goes when nothing has come for a day.
"""

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import orjson

from catalog.access import Actor
from catalog.config import Config
from catalog.files import Files
from catalog.store import UUID
from dcat.errors import NotFoundError, StateError
from dcat.message import Message

# Seconds after the last piece.
LASTS = 24 * 3600
# Of one account, at once.
MOST = 10
_PIECE = 1 << 20


class OffsetError(Exception):
    """A piece does not follow what has come so far; carries how many bytes that is."""

    def __init__(self, offset: int) -> None:
        super().__init__(str(offset))
        self.offset = offset


class BusyError(Exception):
    """Another request is writing to the same upload."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload: its id, whose it is, what the file is called, its media type, how many bytes it shall have and how many have come."""

    id: str
    account_id: str
    name: str
    media_type: str
    size: int
    offset: int

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        return self.offset == self.size


def begin(config: Config, actor: Actor, name: str, media_type: str, size: int) -> Upload:
    """Begin an upload of so many bytes; StateError when the account has begun too many already."""
    root = _root(config)
    made = Upload(str(uuid.uuid4()), actor.id, name, media_type, size, 0)
    with _counting(root):
        if sum(one.account_id == actor.id for one in _all(root)) >= MOST:
            raise StateError(
                Message(
                    f"Es sind schon {MOST} Uploads angefangen. Nächster Schritt: einen beenden oder einen Tag warten",
                    f"{MOST} uploads have been begun already. Next step: finish one, or wait for a day",
                )
            )
        folder = root / made.id
        folder.mkdir(mode=0o700)
        (folder / "data").touch(mode=0o600)
        about = {"account_id": made.account_id, "name": name, "media_type": media_type, "size": size}
        (folder / "about.json").write_bytes(orjson.dumps(about))
    return made


def find(config: Config, actor: Actor, upload_id: str) -> Upload:
    """Find an upload of whoever asks; NotFoundError for those of others, too."""
    found = _read(_root(config) / upload_id) if UUID.fullmatch(upload_id) else None
    if found is None or not actor.known or found.account_id != actor.id:
        raise _gone()
    return found


def append(config: Config, upload: Upload, offset: int, stream: IO[bytes]) -> int:
    """Write what comes behind what is there, as far as it comes; gives the new offset.

    OffsetError and BusyError say why not, and NotFoundError that the upload was let go meanwhile.
    """
    with _alone(_root(config) / upload.id) as file:
        at = file.seek(0, 2)
        if at != offset:
            raise OffsetError(at)
        # Also when the connection breaks off, what came so far stays.
        while at < upload.size and _there(file) and (piece := stream.read(min(_PIECE, upload.size - at))):
            file.write(piece)
            at += len(piece)
        if not _there(file):
            raise _gone()
        return at


def keep(config: Config, files: Files, upload: Upload) -> str:
    """Put a complete upload into the file store; gives its hash. NotFoundError when it was let go meanwhile."""
    with _data(_root(config) / upload.id, "rb") as file:
        return files.take(file)


def drop(config: Config, upload_id: str) -> None:
    """Let go of an upload."""
    shutil.rmtree(_root(config) / upload_id, ignore_errors=True)


def tidy(config: Config) -> int:
    """Let go of uploads that nothing has come for since a day; gives how many."""
    gone = [one for one in _folders(_root(config)) if time.time() - _touched(one) > LASTS]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def expires(config: Config, upload: Upload) -> float:
    """Tell when an upload goes if nothing more comes, in seconds since 1970."""
    return _touched(_root(config) / upload.id) + LASTS


@contextmanager
def _alone(folder: Path) -> Iterator[IO[bytes]]:
    """Open the bytes of an upload for this request alone."""
    with _data(folder, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError from None
        yield file


def _data(folder: Path, mode: str) -> IO[bytes]:
    try:
        return cast(IO[bytes], (folder / "data").open(mode, buffering=0))
    except FileNotFoundError:
        raise _gone() from None


def _there(file: IO[bytes]) -> bool:
    """Tell whether an open file still has a name."""
    return os.fstat(file.fileno()).st_nlink > 0


def _gone() -> NotFoundError:
    return NotFoundError(Message("Diesen Upload gibt es nicht (mehr).", "There is no such upload (any more)."))


@contextmanager
def _counting(root: Path) -> Iterator[None]:
    """Let nobody else on this machine begin an upload, so that two at once are not both the last one there may be."""
    root.mkdir(parents=True, exist_ok=True)
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _read(folder: Path) -> Upload | None:
    try:
        about = orjson.loads((folder / "about.json").read_bytes())
        return Upload(folder.name, **about, offset=(folder / "data").stat().st_size)
    except (FileNotFoundError, orjson.JSONDecodeError):
        # Just begun by somebody, or just dropped.
        return None


def _all(root: Path) -> Iterator[Upload]:
    return (found for folder in _folders(root) if (found := _read(folder)))


def _folders(root: Path) -> list[Path]:
    return [one for one in root.iterdir() if UUID.fullmatch(one.name)] if root.is_dir() else []


def _touched(folder: Path) -> float:
    for path in (folder / "data", folder):
        with suppress(FileNotFoundError):
            return path.stat().st_mtime
    return 0.0


def _root(config: Config) -> Path:
    return config.home / "uploads"
