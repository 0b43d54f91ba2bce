"""Walks once through a whole text table: counts records and lines, finds broken quotes and rows that are too long or too wide."""

import csv
import io
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from dcat.message import Message
from validators.file_findings import blocking, cell_too_long, stray_quotes, too_many_columns, unclosed_quote
from validators.pieces import PIECE, Piece, broken_at, flat, open_text, piece_of, pieces, reader, supported
from validators.report import Cut, Finding, TableProfile

# An unclosed quote that swallows more lines than this leaves nothing to read behind it.
_SWALLOWED = 1000
# In smaller windows than this, looking for line ends costs more than reading the lines.
_WINDOW = 500


class _TooLongError(Exception):
    """A line, or the lines of one quoted cell, are longer than a cell may be."""


class _Lines:
    """Physical lines of a file, with the number of the last one and a limit on the length of one record."""

    def __init__(self, handle: IO[str], limit: int, before: int) -> None:
        self.handle, self.limit, self.number = handle, limit, before
        self.length = 0
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        while line := self.handle.readline(self.limit + 1):
            self.number += 1
            self.length += len(line)
            if self.length > self.limit:
                raise _TooLongError
            self.record.append(line)
            yield line

    def next_record(self) -> None:
        """Forget the lines of the record that was just read."""
        self.length = 0
        self.record = []


@dataclass(slots=True)
class _Walk:
    """How far the walk has come: records and lines passed, what was found; `ended` where nothing can be read behind it."""

    total: int = 0
    at: int = 0
    last: int = 0
    ended: bool = False
    stray: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)


def walk(path: Path, profile: TableProfile, max_columns: int, max_cell: int) -> TableProfile:
    """Count the records of a file and add what is wrong with its quotes and sizes; `readable` says whether to read on."""
    state = _Walk()
    try:
        if supported(profile):
            for piece in pieces(path, profile, PIECE, longest=4 * max_cell):
                if not _simple(piece, profile, max_columns, max_cell):
                    text = io.StringIO(piece.data.decode("utf-8", errors="ignore"), newline="")
                    _step_by_step(text, state, profile, max_columns, max_cell)
                else:
                    state.total += piece.cut.records
                    state.at += piece.cut.lines
                if state.ended:
                    break
                state.cuts.append(piece.cut)
        else:
            with open_text(path, profile) as handle:
                _step_by_step(handle, state, profile, max_columns, max_cell)
    except (csv.Error, UnicodeError) as error:
        return unreadable(profile, error)
    readable = not any(finding.code in ("too-many-columns", "cell-too-long") for finding in state.findings)
    if state.stray:
        state.findings.append(stray_quotes(state.stray))
    # An unclosed quote can swallow the rest of a large file into one cell, so nothing reads on behind it.
    if any(finding.code == "unclosed-quote" for finding in state.findings) and state.at < state.last - _SWALLOWED:
        readable = False
    return replace(
        profile,
        records=state.total,
        lines=max(state.at, state.last),
        readable=readable,
        findings=(*profile.findings, *state.findings),
        # Where nothing was read behind an end, the rest has not been cut.
        cuts=() if state.ended else tuple(state.cuts),
    )


def lines_of(path: Path, profile: TableProfile, numbers: Collection[int]) -> dict[int, int]:
    """Give the physical lines on which records begin; they differ from the record numbers behind a line break in a cell."""
    if not numbers or 0 < profile.lines == profile.records:
        return {number: number for number in numbers}
    wanted, found = set(numbers), dict[int, int]()
    if not supported(profile):
        with open_text(path, profile) as handle:
            return _lines_in(handle, profile, 1, 0, wanted)
    before = 0
    for cut in profile.cuts or (piece.cut for piece in pieces(path, profile)):
        if here := {number for number in wanted if cut.first <= number < cut.first + cut.records}:
            found |= _begin(piece_of(path, profile, cut), profile, before, here)
        before += cut.lines
        wanted -= here
        if not wanted:
            break
    return found


def unreadable(profile: TableProfile, error: Exception) -> TableProfile:
    """Say that the reader gave up on a file."""
    finding = blocking(
        "unreadable",
        Message("Die Datei lässt sich nicht als Tabelle lesen.", "The file cannot be read as a table."),
        Message(f"Der Leser meldet: {error}", f"The reader says: {error}"),
        Message("Exportieren Sie die Tabelle neu als CSV in UTF-8.", "Export the table again as CSV in UTF-8."),
    )
    return replace(profile, readable=False, findings=(*profile.findings, finding))


def _begin(piece: Piece, profile: TableProfile, before: int, wanted: set[int]) -> dict[int, int]:
    """The lines on which records of a piece begin, `before` being those of the pieces before it."""
    if not piece.cut.regular:
        text = io.StringIO(piece.data.decode("utf-8", errors="ignore"), newline="")
        return _lines_in(text, profile, piece.cut.first, before, wanted)
    breaks = _breaks(piece, profile)
    places = ((number, number - piece.cut.first) for number in wanted)
    return {number: before + at + bisect_left(breaks, at) + 1 for number, at in places}


def _breaks(piece: Piece, profile: TableProfile) -> list[int]:
    """For each line break in a cell of a regular piece, how many records of the piece end before it."""
    if not piece.cut.broken:
        return []
    plain = flat(piece, profile)
    breaks: list[int] = []
    seen = ends = 0
    for at in broken_at(piece, profile):
        ends += plain.count(b"\n", seen, at)
        seen = at
        breaks.append(ends)
    return breaks


def _lines_in(text: IO[str], profile: TableProfile, first: int, before: int, wanted: set[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    lines = _Lines(text, 2**31, before)
    at = before + 1
    for number, _ in enumerate(reader(lines, profile), start=first):
        if number in wanted:
            found[number] = at
        at = lines.number + 1
        lines.next_record()
    return found


def _simple(piece: Piece, profile: TableProfile, max_columns: int, max_cell: int) -> bool:
    """Tell whether a piece is in order and no record in it can be too long or too wide."""
    if not piece.cut.regular:
        return False
    raw = flat(piece, profile)
    # A record of that many cells has nearly as many delimiters.
    bound = min(max_columns, max_cell)
    window = bound // 2
    if window >= _WINDOW:
        for start in range(0, len(raw) - window, window):
            if raw.find(b"\n", start, start + window) < 0:
                break
        else:
            return True
    delimiter = profile.delimiter.encode()
    long = [line for line in raw.split(b"\n") if len(line) >= bound]
    return all(len(line) < max_cell and line.count(delimiter) < max_columns for line in long)


def _step_by_step(text: IO[str], state: _Walk, profile: TableProfile, max_columns: int, max_cell: int) -> None:
    """Walk record by record through a text, at the end of which a record ends."""
    lines = _Lines(text, max_cell, state.at)
    try:
        for row in reader(lines, profile):
            state.total += 1
            if len(row) > max_columns:
                state.findings.append(too_many_columns(state.total, len(row), max_columns))
                state.ended = True
                break
            if profile.quote in "".join(lines.record) and (wrong := _quotes(lines.record, profile)):
                if wrong == "open" or len(lines.record) > 1:
                    state.findings.append(unclosed_quote(state.at + 1, state.total))
                    state.ended = True
                    break
                state.stray.append(state.total)
            state.at = lines.number
            lines.next_record()
    except _TooLongError:
        many = len(lines.record) > 1
        state.findings.append(
            unclosed_quote(state.at + 1, state.total + 1) if many else cell_too_long(state.at + 1, max_cell)
        )
        state.ended = True
    state.last = lines.number


def _quotes(record: list[str], profile: TableProfile) -> str:
    """Tell whether the quotes of one record are in order: empty, `open` (never closed) or `stray` (text behind a closing quote)."""
    try:
        for _ in reader(iter(record), profile, strict=True):
            pass
    except csv.Error as error:
        return "open" if "unexpected end" in str(error) else "stray"
    return ""
