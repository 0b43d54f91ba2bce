"""Reads ZIP files that strangers made: the list of members within limits, and each member no further than it says it is long."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dcat.message import Message
from validators.kind_findings import damaged, megabytes, password, too_much_inside
from validators.text_table import RefusedError

CHUNK = 1_000_000
MAX_MEMBERS = 10_000
# The list of members of a ZIP file is read at once; 4 MB hold more than 50,000 of them.
_MAX_LIST = 4_000_000
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile was seen to raise on damaged files.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    LookupError,
    OSError,
)


class _Careful(io.FileIO):
    """A file that refuses to be read in huge pieces, as zipfile does with the list of members."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _MAX_LIST:
            raise ValueError("the list of members is too long")
        return super().read(-1 if size is None else size) or b""


@contextmanager
def zip_file(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP file; RefusedError for one that is damaged or has too many members, also from inside the context."""
    try:
        with _Careful(path, "rb") as raw, zipfile.ZipFile(raw) as opened:
            if len(opened.infolist()) > MAX_MEMBERS:
                what = Message(f"mehr als {MAX_MEMBERS} Dateien", f"more than {MAX_MEMBERS} files")
                raise RefusedError(too_much_inside(kind, what))
            yield opened
    except _BROKEN as error:
        raise RefusedError(damaged(kind, str(error))) from error


def wanted(
    opened: zipfile.ZipFile, kind: str, is_wanted: Callable[[str], bool], max_bytes: int
) -> list[zipfile.ZipInfo]:
    """List the members that are wanted by name; RefusedError if they are encrypted, doubled, or larger than the limit together."""
    members = [info for info in opened.infolist() if not info.is_dir() and is_wanted(info.filename)]
    if any(info.flag_bits & _ENCRYPTED for info in members):
        raise RefusedError(password(kind))
    if len({info.filename.casefold() for info in members}) < len(members):
        raise RefusedError(damaged(kind, "two members have the same name"))
    if any(info.compress_type not in _METHODS for info in members):
        raise RefusedError(damaged(kind, "a method of compression that is not in use"))
    if sum(info.file_size for info in members) > max_bytes:
        raise RefusedError(too_much_inside(kind, megabytes(max_bytes)))
    return members


def pieces(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Read a member piece by piece, never more bytes than its entry in the list says."""
    with opened.open(info) as member:
        while piece := member.read(CHUNK):
            yield piece
