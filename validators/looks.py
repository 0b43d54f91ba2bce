"""Looks at every cell of a table for more than frictionless asks: each look answers yes or no, and where it does is counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from validators.blocks import Block, blocks
from validators.kernels import filled
from validators.pieces import supported
from validators.references import together
from validators.report import MAX_ROWS, TableProfile
from validators.searching import Column
from validators.sniff import records

# Different values that are remembered of one look in one place.
MAX_VALUES = 1000
_MEMO = 20_000
# Longer cells than this are not remembered.
_LONG = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One question about the cells of a row at `positions` (counted from 0); empty cells are never asked about.

    `prefilter` is a regular expression in RE2 that every cell found (of two cells the first) matches somewhere; without one every
    different cell is looked at.
    """

    code: str
    positions: tuple[int, ...]
    finds: Callable[..., bool]
    prefilter: str = ""


@dataclass(slots=True)
class Tally:
    """How often a look found something: the first record numbers, and the different values with their counts.

    `asked` is the number of rows it was asked about: those whose cells are all filled.
    """

    count: int = 0
    asked: int = 0
    rows: list[int] = field(default_factory=list)
    values: dict[tuple[str, ...], int] = field(default_factory=dict)

    def add(self, row: int, cells: tuple[str, ...]) -> None:
        """Count one row."""
        self.count += 1
        if len(self.rows) < MAX_ROWS:
            self.rows.append(row)
        self.remember(cells, 1)

    def remember(self, cells: tuple[str, ...], number: int) -> None:
        """Count a value that was found so many times."""
        if cells in self.values or (len(self.values) < MAX_VALUES and sum(map(len, cells)) <= _LONG):
            self.values[cells] = self.values.get(cells, 0) + number


def look_over(path: Path, profile: TableProfile, looks: Sequence[Look]) -> list[Tally]:
    """Ask all questions of all rows below the header, in one pass; gives one tally for each look."""
    if supported(profile) and profile.header:
        overview = Overview(looks)
        try:
            for block in blocks(path, profile):
                overview.take(block)
        except (pa.ArrowException, MemoryError):
            # What pyarrow cannot hold is read row by row.
            pass
        else:
            return overview.tallies
    overview = Overview(looks)
    for number, row in records(path, profile):
        overview.ask(number, row)
    return overview.tallies


class Overview:
    """Some looks at a table that is read block by block; `tallies` has one tally for each of them."""

    def __init__(self, looks: Sequence[Look]) -> None:
        self.tallies = [Tally() for _ in looks]
        self.looks = [_Asked(look, tally) for look, tally in zip(looks, self.tallies, strict=True)]
        self.places: dict[tuple[int, ...], list[_Asked]] = {}
        for asked in self.looks:
            self.places.setdefault(asked.look.positions, []).append(asked)

    def take(self, block: Block) -> None:
        """Ask about the rows of a block."""
        columns: dict[int, Column] = {}
        for positions, asked in self.places.items():
            if max(positions) >= len(block.columns) or not len(block.numbers):
                continue
            if positions[0] not in columns:
                columns[positions[0]] = Column(block.columns[positions[0]])
            cells = [block.columns[position] for position in positions]
            present = filled(cells[0])
            for other in cells[1:]:
                present = pc.and_(present, filled(other))
            number = pc.sum(present).as_py()
            for one in asked:
                one.tally.asked += number
            self._search(block, columns[positions[0]], cells, present, asked)
        for one in self.looks:
            one.settle(block)

    def ask(self, number: int, row: list[str]) -> None:
        """Ask about one row."""
        for one in self.looks:
            one.ask(number, row)

    def _search(self, block: Block, column: Column, cells: list[Any], present: Any, asked: list["_Asked"]) -> None:
        if all(one.look.prefilter for one in asked) and not column.may_hold([one.look.prefilter for one in asked]):
            return
        different: list[tuple[str, ...]] | None = None
        for one in asked:
            searched = column.matching(one.look.prefilter) if column.may_hold([one.look.prefilter]) else False
            if searched is False:
                continue
            if searched is not None:
                mask = pc.and_(present, searched)
                found = [raw for raw in _different([part.filter(mask) for part in cells]) if one.found(raw)]
            else:
                if different is None:
                    different = [raw for raw in _different(cells) if all(raw)]
                found = [raw for raw in different if one.found(raw)]
            if found:
                one.hit = _among(cells, found)
                one.block_cells = cells


class _Asked:
    """One look, its tally, its answers so far, and the rows of the present block that it found."""

    def __init__(self, look: Look, tally: Tally) -> None:
        self.look, self.tally = look, tally
        self.memo: dict[tuple[str, ...], bool] = {}
        self.hit: Any = None
        self.block_cells: list[Any] = []

    def ask(self, number: int, row: list[str]) -> None:
        """Ask about one row."""
        if (cells := self._cells(row)) is not None:
            self.tally.asked += 1
            if self.found(cells):
                self.tally.add(number, cells)

    def found(self, cells: tuple[str, ...]) -> bool:
        """Ask about cells, once."""
        if (found := self.memo.get(cells)) is None:
            found = self.look.finds(*cells)
            if len(self.memo) < _MEMO and sum(map(len, cells)) <= _LONG:
                self.memo[cells] = found
        return found

    def settle(self, block: Block) -> None:
        """Count what was found in a block, in the order of its rows."""
        hit, self.hit = self.hit, None
        if not block.odd:
            if hit is not None:
                self._count(block.numbers.filter(hit), [cells.filter(hit) for cells in self.block_cells])
            return
        rows: list[tuple[int, tuple[str, ...]]] = []
        for number, row in block.odd:
            if (cells := self._cells(row)) is not None:
                self.tally.asked += 1
                if self.found(cells):
                    rows.append((number, cells))
        if hit is not None:
            parts = [cells.filter(hit).to_pylist() for cells in self.block_cells]
            rows += zip(block.numbers.filter(hit).to_pylist(), zip(*parts, strict=True), strict=True)
        for number, cells in sorted(rows):
            self.tally.add(number, cells)

    def _count(self, numbers: Any, cells: list[Any]) -> None:
        tally = self.tally
        tally.count += len(numbers)
        tally.rows += numbers.slice(0, MAX_ROWS - len(tally.rows)).to_pylist()
        different, groups = together(cells)
        # In the order in which they first occur, as they would come one by one.
        for entry in pc.value_counts(groups).to_pylist():
            tally.remember(different[entry["values"]], entry["counts"])

    def _cells(self, row: list[str]) -> tuple[str, ...] | None:
        """The cells that the look is about; None when one is empty or not there."""
        if max(self.look.positions) >= len(row):
            return None
        cells = tuple(row[position] for position in self.look.positions)
        return cells if all(cells) else None


def _different(cells: list[Any]) -> list[tuple[str, ...]]:
    """The different cells of a column, or combinations of cells of some columns."""
    return [(cell,) for cell in pc.unique(cells[0]).to_pylist()] if len(cells) == 1 else together(cells)[0]


def _among(cells: list[Any], found: list[tuple[str, ...]]) -> Any:
    """A mask of the rows that have one of the given combinations of cells."""
    if len(cells) == 1:
        return pc.is_in(cells[0], value_set=pa.array([raw[0] for raw in found], pa.string()))
    different, groups = together(cells)
    wanted = set(found)
    hits = [number for number, raw in enumerate(different) if raw in wanted]
    return pc.is_in(groups, value_set=pa.array(hits, groups.type))
