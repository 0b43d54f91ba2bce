"""Reads a text table as columns of text, block by block, with the rows that do not fit into columns beside them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from validators.pieces import Piece, pieces, reader, rows_of
from validators.report import TableProfile

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some rows of a table below its header: those with the right number of cells as columns, the `odd` ones as they are.

    `numbers` are the record numbers of the rows in the columns, `piece` is the text all of them came from.
    """

    piece: Piece
    numbers: Any
    columns: tuple[Any, ...]
    odd: tuple[Row, ...]

    def without(self, rows: Any, odd: list[Row]) -> "Block":
        """Take rows out of the columns, by a mask, and keep them as odd ones."""
        keep = pc.invert(rows)
        return Block(
            piece=self.piece,
            numbers=self.numbers.filter(keep),
            columns=tuple(column.filter(keep) for column in self.columns),
            odd=tuple(sorted([*self.odd, *odd])),
        )

    def rows(self, mask: Any, limit: int | None = None) -> list[Row]:
        """Give the first rows of the columns that a mask chooses, as lists of cells."""
        positions = pc.indices_nonzero(mask).slice(0, limit)
        numbers = self.numbers.take(positions).to_pylist()
        cells = zip(*(column.take(positions).to_pylist() for column in self.columns), strict=True)
        return [(number, list(row)) for number, row in zip(numbers, cells, strict=True)]


def blocks(path: Path, profile: TableProfile, size: int | None = None) -> Iterator[Block]:
    """Read the rows below the header of a file that `pieces.supported`."""
    for piece in pieces(path, profile, size):
        if piece.cut.first + piece.cut.records > profile.header_row + 1:
            yield block(piece, profile)


def block(piece: Piece, profile: TableProfile) -> Block:
    """Read the rows of one piece."""
    width = len(profile.header)
    if piece.cut.regular:
        columns, odd = _parsed(piece, profile, width)
        numbers = _numbers(piece, [number for number, _ in odd])
        # The header is a row like others up to here.
        skip = sum(1 for number in numbers.slice(0, profile.header_row).to_pylist() if number <= profile.header_row)
    else:
        columns, numbers, odd = _read(piece, profile, width)
        skip = 0
    return Block(
        piece=piece,
        numbers=numbers.slice(skip),
        columns=tuple(column.slice(skip) for column in columns),
        odd=tuple(row for row in odd if row[0] > profile.header_row),
    )


def _parsed(piece: Piece, profile: TableProfile, width: int) -> tuple[tuple[Any, ...], list[Row]]:
    """Read a regular piece with pyarrow, of which it is certain to be read as csv.reader does."""
    found: list[tuple[int, str]] = []

    def keep(row: Any) -> str:
        found.append((row.number, row.text))
        return "skip"

    names = [str(position) for position in range(width)]
    data = piece.data
    table = pa_csv.read_csv(
        pa.BufferReader(data),
        # With more than one thread there are no row numbers.
        read_options=pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 16),
        parse_options=pa_csv.ParseOptions(
            delimiter=profile.delimiter,
            quote_char=profile.quote,
            newlines_in_values=piece.cut.broken > 0,
            ignore_empty_lines=False,
            invalid_row_handler=keep,
        ),
        convert_options=pa_csv.ConvertOptions(
            check_utf8=False, column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    odd = _cells(profile, {number + piece.cut.first - 1: text for number, text in found})
    columns = tuple(_one(column) for column in table.columns)
    if (len(columns[0]) if columns else 0) + len(odd) != piece.cut.records:
        raise pa.ArrowInvalid("records were counted differently")
    return columns, odd


def _cells(profile: TableProfile, texts: dict[int, str]) -> list[Row]:
    """Read the rows of another width from their text."""
    return [(number, next(reader(io.StringIO(text, newline=""), profile), [])) for number, text in texts.items()]


def _one(column: Any) -> Any:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _numbers(piece: Piece, odd: list[int]) -> Any:
    every = pa.arange(piece.cut.first, piece.cut.first + piece.cut.records)
    if not odd:
        return every
    return every.filter(pc.invert(pc.is_in(every, value_set=pa.array(odd, pa.int64()))))


def _read(piece: Piece, profile: TableProfile, width: int) -> tuple[tuple[Any, ...], Any, list[Row]]:
    """Read a piece in which readers could disagree with the reader that frictionless uses."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    odd: list[Row] = []
    for number, row in rows_of(piece, profile):
        if len(row) != width:
            odd.append((number, row))
        elif number > profile.header_row:
            numbers.append(number)
            rows.append(row)
    columns = tuple(pa.array([row[position] for row in rows], pa.string()) for position in range(width))
    return columns, pa.array(numbers, pa.int64()), odd
