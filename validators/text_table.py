"""Writes the one text table that every kind of file is read as: CSV in UTF-8, commas, line feeds, quotes where needed, within limits."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from validators.file_findings import cell_too_long, nul_bytes, too_many_columns
from validators.kind_findings import megabytes, too_much_inside
from validators.report import Finding, TableProfile
from validators.sniff import MAX_BYTES, MAX_CELL, MAX_COLUMNS

# Records kept for finding the header row.
_START = 30
_SPECIAL = re.compile(r'[",\n\r]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a file may be: bytes (unpacked too), columns, characters in a row."""

    bytes: int = MAX_BYTES
    columns: int = MAX_COLUMNS
    cell: int = MAX_CELL


class RefusedError(Exception):
    """A file cannot be read as a table; carries the finding that says so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(slots=True)
class TextTable:
    """A text table that is being written. `start` keeps the first records."""

    path: Path
    limits: Limits
    records: int = 0
    nul: int = 0
    start: list[list[str]] = field(default_factory=list)
    _handle: IO[str] | None = None
    _written: int = 0

    def __enter__(self) -> Self:
        self._handle = self.path.open("w", encoding="utf-8", newline="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle:
            self._handle.close()

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Write some rows, all of one width; RefusedError when they are wider, longer or larger together than the limits."""
        self.write_columns(list(zip(*rows, strict=True)))

    def write_columns(self, columns: Sequence[Sequence[str]]) -> None:
        """Write some rows given as columns of equal length."""
        assert self._handle is not None
        if not columns or not columns[0]:
            return
        number = len(columns[0])
        if len(self.start) < _START:
            self.start += [list(row) for row in islice(zip(*columns, strict=True), _START - len(self.start))]
        if len(columns) > self.limits.columns:
            raise RefusedError(too_many_columns(self.records + 1, len(columns), self.limits.columns))
        lines = _lines(columns, number)
        if len(lines) > self.limits.cell:
            for at, row in enumerate(zip(*columns, strict=True), self.records + 1):
                if sum(map(len, row)) + len(row) > self.limits.cell:
                    raise RefusedError(cell_too_long(at, self.limits.cell))
        self.nul += lines.count("\0")
        self._handle.write(lines)
        self._written += len(lines)
        if self._written > self.limits.bytes:
            raise RefusedError(too_much_inside("", megabytes(self.limits.bytes)))
        self.records += number

    def profile(self, header_row: int, *, kind: str, part: str = "", findings: Iterable[Finding] = ()) -> TableProfile:
        """Describe the finished table; size and checksum of the original are for the caller to add."""
        header = self.start[header_row - 1] if header_row else []
        nul = (nul_bytes(self.nul),) if self.nul else ()
        return TableProfile(
            encoding="utf-8",
            decided=kind,
            delimiter=",",
            header_row=header_row,
            # frictionless strips labels too.
            header=tuple(label.strip() for label in header),
            records=self.records,
            # Line breaks inside cells of the CSV are no lines that anyone sees in the file it was made of.
            lines=self.records,
            kind=kind,
            part=part,
            findings=(*findings, *nul),
        )


def one_line_end(text: str) -> str:
    """Write every line break inside a cell as a line feed; a lone carriage return would end the record for most readers."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _lines(columns: Sequence[Sequence[str]], number: int) -> str:
    """Join cells, in the plain way where the result has as many commas and line feeds as that makes, else with quotes."""
    text = _joined(columns)
    plain = text.count(",") == number * (len(columns) - 1) and text.count("\n") == number
    if plain and '"' not in text and "\r" not in text and len(columns) > 1:
        return text
    return _joined([_quoted(column, alone=len(columns) == 1) for column in columns])


def _joined(columns: Sequence[Sequence[str]]) -> str:
    return "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"


def _quoted(column: Sequence[str], *, alone: bool) -> Sequence[str]:
    """Quote the cells of a column that need it. A cell that is alone in its row and empty would be no row without quotes."""
    text = "".join(column)
    if not _SPECIAL.search(text):
        return [cell or '""' for cell in column] if alone else column
    cells = [one_line_end(cell) for cell in column]
    quoted = ['"' + cell.replace('"', '""') + '"' if _SPECIAL.search(cell) else cell for cell in cells]
    return [cell or '""' for cell in quoted] if alone else quoted
