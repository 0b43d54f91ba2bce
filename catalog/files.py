"""The file store: bytes by their SHA-256, in a folder or any other place fsspec can reach."""

import datetime
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from dcat.errors import ConfigError
from dcat.message import Message
from harvesters import bodies
from harvesters.bodies import Body, Incoming

# The length of a SHA-256 in hexadecimal digits.
_HEX = 64
# What is older and no longer used may be let go at any moment (catalog/ingest/retention.py): it is written anew, not relied on.
_SAFE = datetime.timedelta(hours=12)


class Files:
    """A content-addressed store; what is written twice is kept once, and a name never shows half a file."""

    def __init__(self, url: str) -> None:
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ConfigError(
                Message(
                    f"OFFENBAR_FILES_URL ist keine Ablage, die wir erreichen: {error}",
                    f"OFFENBAR_FILES_URL is no storage within our reach: {error}",
                )
            ) from error

    def put(self, body: Body) -> str:
        """Keep bytes; gives their hash."""
        hashed = hashlib.sha256()
        for piece in bodies.pieces(body):
            hashed.update(piece)
        digest = hashed.hexdigest()
        if not self._stays(digest):
            self._write(digest, lambda target: target.writelines(bodies.pieces(body)))
        return digest

    def keep(self, path: Path) -> str:
        """Keep a local file; gives its hash."""
        with path.open("rb") as source:
            return self.take(source)

    def take(self, source: IO[bytes]) -> str:
        """Keep what an open file holds, from its beginning, even if nobody else finds it any more; gives its hash."""
        source.seek(0)
        digest = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
        if not self._stays(digest):
            source.seek(0)
            self._write(digest, lambda target: shutil.copyfileobj(source, target, 1 << 20))
        return digest

    def local(self, digest: str, folder: Path) -> Path:
        """Give the path of what is kept, to be read only; where the store is far away, that of a copy in `folder`."""
        if isinstance(self._fs, LocalFileSystem):
            return Path(self._path(digest))
        target = folder / digest
        with target.open("wb") as file:
            file.writelines(self.stream(digest))
        return target

    def size(self, digest: str) -> int:
        """Tell how many bytes are kept under a hash."""
        return int(self._fs.size(self._path(digest)))

    def put_file(self, path: Path, digest: str) -> None:
        """Keep a local file whose hash is known."""
        if not self._stays(digest):
            with path.open("rb") as source:
                self._write(digest, lambda target: shutil.copyfileobj(source, target, 1 << 20))

    def get(self, digest: str) -> Body:
        """Give bytes back; a large one stays in its file, or in one of this moment where the store is far away."""
        if isinstance(self._fs, LocalFileSystem):
            with Path(self._path(digest)).open("rb") as file:
                return bodies.read(file)
        with closing(Incoming(bodies.LARGE)) as incoming:
            for piece in self.stream(digest):
                incoming.write(piece)
            return incoming.body()

    def stream(self, digest: str, size: int = 1 << 18) -> Iterator[bytes]:
        """Give bytes back piece by piece."""
        with self._fs.open(self._path(digest), "rb") as source:
            while piece := source.read(size):
                yield piece

    def has(self, digest: str) -> bool:
        """Tell whether bytes are kept."""
        return bool(self._fs.exists(self._path(digest)))

    def names(self) -> Iterator[str]:
        """Name everything that is kept."""
        if self._fs.isdir(self._root):
            for path in self._fs.find(self._root):
                name = path.rsplit("/", 1)[-1]
                if len(name) == _HEX and name.isalnum():
                    yield name

    def age(self, digest: str) -> datetime.timedelta:
        """Tell how long bytes have been kept unchanged."""
        modified: datetime.datetime = self._fs.modified(self._path(digest))
        return datetime.datetime.now(datetime.UTC) - modified.astimezone(datetime.UTC)

    def drop(self, digest: str, older: datetime.timedelta) -> bool:
        """Keep bytes no longer that were written longer ago; tells whether there were any. What was written anew meanwhile stays."""
        with suppress(FileNotFoundError), self._alone(digest):
            if self.age(digest) > older:
                self._fs.rm_file(self._path(digest))
                return True
        return False

    def ready(self) -> bool:
        """Tell whether the store can be written to."""
        try:
            self._fs.makedirs(self._root, exist_ok=True)
        except OSError:
            return False
        return bool(self._fs.isdir(self._root))

    def _stays(self, digest: str) -> bool:
        try:
            return self.age(digest) < _SAFE
        except FileNotFoundError:
            return False

    def _write(self, digest: str, fill: Any) -> None:
        path = self._path(digest)
        self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        # Two writers at once each have their own part of the same bytes, and the last move wins.
        part = f"{path}.{uuid.uuid4().hex}.part"
        try:
            with self._fs.open(part, "wb") as target:
                fill(cast(IO[bytes], target))
            with self._alone(digest):
                self._fs.mv(part, path)
        except BaseException:
            with suppress(OSError):
                self._fs.rm_file(part)
            raise

    @contextmanager
    def _alone(self, digest: str) -> Iterator[None]:
        """Let nobody else on this machine show or remove the bytes; in a store far away a removal sees its age a moment before."""
        if not isinstance(self._fs, LocalFileSystem):
            yield
            return
        folder = os.open(self._path(digest).rsplit("/", 1)[0], os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _path(self, digest: str) -> str:
        assert len(digest) == _HEX and digest.isalnum(), "names in the store are hashes"
        return f"{self._root}/{digest[:2]}/{digest}"
