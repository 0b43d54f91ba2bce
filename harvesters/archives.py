"""ZIP files from outside: what is in them is read piece by piece within limits, so that none becomes more than it may."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from dcat.errors import UnreadableError
from dcat.message import Message

MAX_DIRECTORY = 2_000_000
MAX_MEMBER = 200_000_000
MAX_RATIO = 200
# Below this size every ratio is harmless.
_SMALL = 1_000_000
_END, _ZIP64 = b"PK\x05\x06", b"PK\x06\x07"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FAULTS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError),
    *(ValueError, OverflowError, struct.error, IndexError),
)


@contextmanager
def opened(body: bytes, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP file; UnreadableError for what is none, or lists more members than it may."""
    end = body.rfind(_END, max(0, len(body) - 70_000))
    if end < 0 or len(body) < end + 22:
        raise _refused(name, "ist keine ZIP-Datei", "is no ZIP file")
    if struct.unpack("<I", body[end + 12 : end + 16])[0] > MAX_DIRECTORY or body[max(0, end - 20) :].startswith(_ZIP64):
        raise _refused(name, "hat ein zu großes Inhaltsverzeichnis", "has too large a directory")
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except _FAULTS as error:
        raise _refused(name, "ist eine beschädigte ZIP-Datei", "is a damaged ZIP file") from error
    with archive:
        yield archive


def member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo | None:
    """Find a file by its name, in the root or else in the one folder that has it."""
    found = [info for info in archive.infolist() if info.filename == name]
    found = found or [info for info in archive.infolist() if info.filename.endswith(f"/{name}")]
    return found[0] if len(found) == 1 else None


class Member(io.RawIOBase):
    """The bytes of one member, unpacked as they are read; UnreadableError where they grow beyond all measure or are damaged."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        super().__init__()
        self._name = info.filename[:200]
        if info.compress_type not in _METHODS:
            raise _refused(self._name, "ist unüblich gepackt", "is packed unusually")
        self._most = min(MAX_MEMBER, max(_SMALL, info.compress_size * MAX_RATIO))
        self._size = 0
        try:
            self._file = archive.open(info)
        except (*_FAULTS, KeyError) as error:
            raise _refused(
                self._name, "ist im ZIP beschädigt oder verschlüsselt", "is damaged in the ZIP, or encrypted"
            ) from error

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Unpack the next piece."""
        try:
            piece = self._file.read(min(len(buffer), 1 << 16))
        except _FAULTS as error:
            raise _refused(self._name, "ist im ZIP beschädigt", "is damaged in the ZIP") from error
        self._size += len(piece)
        if self._size > self._most:
            raise _refused(self._name, "ist entpackt zu groß", "is too large when unpacked")
        buffer[: len(piece)] = piece
        return len(piece)


def _refused(name: str, de: str, en: str) -> UnreadableError:
    return UnreadableError(
        Message(
            f"{name} {de}. Nächster Schritt: die Datei herunterladen und ansehen.",
            f"{name} {en}. Next step: download the file and look at it.",
        )
    )
