"""Cuts a text table into pieces of whole records, bytes in UTF-8, without reading every cell: where quotes are in order, counting is enough."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from validators.report import Cut, TableProfile

PIECE = 4_000_000
LONGEST = 32_000_000
# Encodings whose records can be found in the bytes.
ENCODINGS = {"utf-8": 0, "utf-8-sig": 3, "cp1252": 0}
_LONE_RETURN = re.compile(rb"\r(?!\n)")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some whole records of a file: where they lie, and their bytes."""

    cut: Cut
    raw: bytes
    latin: bool

    @property
    def data(self) -> bytes:
        """Their text in UTF-8; what was no text becomes none."""
        return self.raw.decode("cp1252").encode() if self.latin and not self.raw.isascii() else self.raw


def supported(profile: TableProfile) -> bool:
    """Tell whether files with this encoding and dialect can be cut into pieces."""
    delimiter, quote = profile.delimiter, profile.quote
    plain = len(delimiter) == 1 and delimiter.isascii() and delimiter not in "\r\n\0" and len(quote) == 1
    return plain and quote.isascii() and quote not in (delimiter, "\r", "\n") and profile.encoding in ENCODINGS


def pieces(path: Path, profile: TableProfile, size: int | None = None, longest: int = LONGEST) -> Iterator[Piece]:
    """Read a file piece by piece, as it was cut before, or in pieces of `size` bytes, exceeded only by a single longer record.

    A record of more than `longest` bytes, as an unclosed quote makes one of the rest of a file, ends with the last piece.
    """
    with path.open("rb") as handle:
        if profile.cuts and size is None:
            yield from (_taken(handle, profile, cut) for cut in profile.cuts)
        else:
            yield from _cut(handle, profile, size or PIECE, longest)


def piece_of(path: Path, profile: TableProfile, cut: Cut) -> Piece:
    """Read one piece again."""
    with path.open("rb") as handle:
        return _taken(handle, profile, cut)


def _taken(handle: IO[bytes], profile: TableProfile, cut: Cut) -> Piece:
    handle.seek(cut.offset)
    return Piece(cut, handle.read(cut.length), profile.encoding == "cp1252")


def _cut(handle: IO[bytes], profile: TableProfile, size: int, longest: int) -> Iterator[Piece]:
    shape = _Shape(profile)
    number, offset, rest = 1, ENCODINGS[profile.encoding], b""
    handle.seek(offset)
    while True:
        chunk = handle.read(size)
        rest += chunk
        if not rest:
            return
        asked = size
        while (piece := shape.first(rest, number, offset, last=len(chunk) < asked)) is None:
            if len(rest) > longest:
                yield shape.piece(rest, number, offset, None)
                return
            # Twice as much each time, so that a long record is not read over and over.
            asked = max(size, len(rest))
            chunk = handle.read(asked)
            rest += chunk
        yield piece
        number += piece.cut.records
        offset += len(piece.raw)
        rest = rest[len(piece.raw) :]
        if len(chunk) < asked:
            return


def rows_of(piece: Piece, profile: TableProfile) -> Iterator[tuple[int, list[str]]]:
    """Read the records of a piece as csv.reader does, each with its record number."""
    text = io.StringIO(piece.data.decode("utf-8", errors="ignore"), newline="")
    return enumerate(reader(text, profile), start=piece.cut.first)


def open_text(path: Path, profile: TableProfile) -> IO[str]:
    """Open a file with the encoding that was found and its line ends as they are."""
    return path.open(encoding=profile.encoding, newline="")


def flat(piece: Piece, profile: TableProfile) -> bytes:
    """The text of a regular piece with spaces for the line breaks in cells: every line is a record."""
    if not piece.cut.broken:
        return piece.raw
    # The line end before it lets the expression see a cell at the very beginning.
    quoted = _Shape(profile).quoted
    return quoted.sub(lambda cell: cell[0].replace(b"\n", b" "), b"\n" + piece.raw)[1:]


def broken_at(piece: Piece, profile: TableProfile) -> Iterator[int]:
    """Give the places of the line breaks in the cells of a regular piece."""
    for cell in _Shape(profile).quoted.finditer(b"\n" + piece.raw):
        at = cell[0].find(b"\n")
        while at >= 0:
            yield cell.start() - 1 + at
            at = cell[0].find(b"\n", at + 1)


def has_blank_line(piece: Piece) -> bool:
    """Tell whether there may be a line without anything in a piece."""
    raw = piece.raw
    return b"\n\n" in raw or b"\n\r\n" in raw or raw.startswith((b"\n", b"\r")) or not piece.cut.regular


def reader(lines: Iterable[str], profile: TableProfile, *, strict: bool = False) -> Iterator[list[str]]:
    """Read records with exactly the dialect that frictionless is given."""
    # A low limit on cells would be global; records are limited instead.
    csv.field_size_limit(2**31 - 2)
    return csv.reader(lines, delimiter=profile.delimiter, quotechar=profile.quote, strict=strict)


class _Shape:
    """The marks of one dialect, as bytes."""

    def __init__(self, profile: TableProfile) -> None:
        self.profile = profile
        self.quote = profile.quote.encode()
        quote, edge = re.escape(self.quote), re.escape(profile.delimiter.encode()) + rb"\r\n"
        # Begins with a plain character, for which the search is fast.
        self.quoted = re.compile(
            rb"%b(?<=[%b]%b)[^%b]*+(?:%b%b[^%b]*+)*+%b(?=[%b]|\Z)"
            % (quote, edge, quote, quote, quote, quote, quote, quote, edge)
        )

    def first(self, raw: bytes, number: int, offset: int, *, last: bool) -> Piece | None:
        """Take the whole records off the beginning of some text; None when not even one is whole."""
        end = len(raw) if last else raw.rfind(b"\n") + 1
        whole = raw[:end]
        outside = self.outside(whole)
        if outside is None and not last:
            # The last line end may stand in a cell.
            whole = raw[: self._even(raw)]
            outside = self.outside(whole)
            if outside is None:
                whole = raw[: self._slow_cut(raw)]
        return self.piece(whole, number, offset, outside) if whole else None

    def _even(self, raw: bytes) -> int:
        """Find the last line end outside quotes, if they are in order: an even number of them has gone before."""
        end = raw.rfind(b"\n") + 1
        count = raw.count(self.quote, 0, end)
        while end and count % 2:
            before = raw.rfind(self.quote, 0, end)
            shorter = raw.rfind(b"\n", 0, before) + 1
            count -= raw.count(self.quote, shorter, end)
            end = shorter
        return end

    def piece(self, raw: bytes, first: int, offset: int, outside: bytes | None) -> Piece:
        """Describe whole records; `outside` is their text without quoted cells, None if they are not regular."""
        latin = self.profile.encoding == "cp1252"
        open_end = not raw.endswith(b"\n")
        if outside is not None:
            ends = outside.count(b"\n")
            broken = 0 if outside is raw else raw.count(b"\n") - ends
            records = ends + open_end
            lines = records + broken
        else:
            text = _Lines(raw.decode("cp1252" if latin else "utf-8", errors="ignore"))
            records = sum(1 for _ in reader(text, self.profile))
            lines, broken = text.number, text.number - records
        cut = Cut(
            first=first,
            records=records,
            offset=offset,
            length=len(raw),
            regular=outside is not None,
            broken=broken,
            lines=lines,
        )
        return Piece(cut, raw, latin)

    def outside(self, raw: bytes) -> bytes | None:
        """What stands outside quoted cells; None for what readers disagree about: stray quotes, line ends of old Macs, NUL, a mark."""
        if _LONE_RETURN.search(raw) or b"\0" in raw or raw.startswith(BOM):
            return None
        if self.quote not in raw:
            return raw
        # A cell at the very beginning has nothing before it that the expression could see.
        outside = self.quoted.sub(b"", b"\n" + raw)[1:] if raw.startswith(self.quote) else self.quoted.sub(b"", raw)
        return None if self.quote in outside else outside

    def _slow_cut(self, raw: bytes) -> int:
        """Let the reader itself say where records end; one that touches the last line may go on behind it."""
        text = self._text(raw)
        lines = _Lines(text)
        end = 0
        for _ in reader(lines, self.profile):
            if lines.length >= len(text):
                break
            end = lines.length
        encoding = "cp1252" if self.profile.encoding == "cp1252" else "utf-8"
        return len(text[:end].encode(encoding))

    def _text(self, raw: bytes) -> str:
        if self.profile.encoding == "cp1252":
            return raw.decode("cp1252")
        # The last character may be cut in two.
        return raw.decode("utf-8", errors="ignore")


class _Lines:
    """The lines of a text as a file gives them, with how many and how long they were so far."""

    def __init__(self, text: str) -> None:
        self.text = io.StringIO(text, newline="")
        self.number = self.length = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.text:
            self.number += 1
            self.length += len(line)
            yield line
