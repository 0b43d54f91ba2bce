"""Judges the cells of one column: certain ones by a kernel, the others once for each different value by frictionless' own reader."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from validators.kernels import Kernel, filled, harmless, kernel, whole_numbers
from validators.layout import ColumnReading, UnprovenError
from validators.tables import HOSTILE

# Different values remembered of one column, and the share of them from which a kernel pays.
MAX_KNOWN = 200_000
# Longer cells are read each time, so that what is remembered stays small.
LONG = 200
_MANY = 0.2
_SAMPLE = 5000


@dataclass(frozen=True, slots=True)
class Known:
    """What frictionless says about a cell: its value, the rules it breaks; `crash` when it gives up."""

    value: Any
    rules: tuple[str, ...]
    crash: bool = False

    @property
    def bad(self) -> bool:
        """Tell whether a row with this cell has an error."""
        return bool(self.rules) or self.crash


@dataclass(slots=True)
class Judged:
    """The verdict on the cells of a block: a mask of the bad ones, None when there are none, and how often which rule is broken."""

    bad: Any = None
    counts: Counter[str] = field(default_factory=Counter)


class ColumnJudge:
    """Judges one column block by block, and gives its values where it belongs to a key."""

    def __init__(self, column: ColumnReading) -> None:
        self.column = column
        self.kernel: Kernel | None = kernel(column)
        self.harmless = harmless(column)
        self.known: dict[str, Known] = {}
        self.proving: bool | None = None
        self.ids: dict[Any, int] = {}
        missing = sorted(column.missing)
        self.missing = pa.array(missing, pa.string()) if missing != [""] else None

    def absent(self, cells: Any) -> Any:
        """True for cells that stand for a missing value."""
        if self.missing is None:
            return pc.invert(filled(cells))
        return pc.is_in(cells, value_set=self.missing)

    def blank(self, cells: Any) -> Any:
        """True for cells without a value, and those that a line without anything seems to have."""
        empty = pc.invert(filled(cells))
        return empty if self.missing is None else pc.or_(empty, self.absent(cells))

    def judge(self, cells: Any) -> Judged:
        """Find the bad cells of a block."""
        if self.harmless or not len(cells):
            return Judged()
        doubtful = self._doubtful(cells)
        wrong = [cell for cell in doubtful.to_pylist() if self.read(cell).bad]
        if not wrong:
            return Judged()
        mask = pc.is_in(cells, value_set=pa.array(wrong, pa.string()))
        counts: Counter[str] = Counter()
        for entry in pc.value_counts(cells.filter(mask)).to_pylist():
            for rule in self.read(entry["values"]).rules:
                counts[rule] += entry["counts"]
        return Judged(mask, counts)

    def read(self, cell: str) -> Known:
        """Ask frictionless about a cell, once."""
        if (known := self.known.get(cell)) is None:
            if len(self.known) >= MAX_KNOWN:
                self.known.clear()
            try:
                known = Known(*self.column.read(cell))
            except HOSTILE:
                # Met again when the row is shown to frictionless, and reported as it does.
                known = Known(None, (), crash=True)
            if len(cell) <= LONG:
                self.known[cell] = known
        return known

    def values(self, cells: Any) -> Any:
        """Give the values of cells as a column in which equal values are equal and missing ones null."""
        if self.column.type == "string":
            return self._texts(cells)
        if self.column.type == "integer" and self.kernel is not None:
            return self._integers(cells)
        encoded = cells.dictionary_encode()
        numbers = pa.array([self.number(self.read(cell).value) for cell in encoded.dictionary.to_pylist()], pa.int64())
        return numbers.take(encoded.indices)

    def value(self, value: Any) -> Any:
        """Give one value as `values` has it."""
        if value is None or self.column.type == "string":
            return value
        if self.column.type == "integer" and self.kernel is not None:
            if abs(value) >= 2**63:
                raise UnprovenError
            return value
        return self.number(value)

    @property
    def kind(self) -> Any:
        """The type of what `values` gives."""
        return pa.string() if self.column.type == "string" else pa.int64()

    def number(self, value: Any) -> int | None:
        """Number different values, by Python's own idea of what is equal."""
        if value is None:
            return None
        try:
            if value != value:
                # Not a number equals nothing, not even itself.
                raise UnprovenError
            return self.ids.setdefault(value, len(self.ids))
        except (TypeError, ArithmeticError) as error:
            # Lists have no hash, and a signalling NaN cannot even be compared.
            raise UnprovenError from error

    def _texts(self, cells: Any) -> Any:
        if self.column.format == "default":
            absent = self.absent(cells)
            return pc.if_else(absent, None, cells) if pc.any(absent, min_count=0).as_py() else cells
        none = [cell for cell in pc.unique(cells).to_pylist() if self.read(cell).value is None]
        return pc.if_else(pc.is_in(cells, value_set=pa.array(none, pa.string())), None, cells)

    def _integers(self, cells: Any) -> Any:
        numbers = whole_numbers(cells)
        if self.missing is not None:
            numbers = pc.if_else(self.absent(cells), None, numbers)
        if not numbers.null_count:
            return numbers
        odd = pc.and_(pc.is_null(numbers), pc.invert(self.absent(cells)))
        encoded = cells.filter(odd).dictionary_encode()
        if not len(encoded):
            return numbers
        read = pa.array([self.value(self.read(cell).value) for cell in encoded.dictionary.to_pylist()], pa.int64())
        return pc.replace_with_mask(numbers, odd, read.take(encoded.indices))

    def _doubtful(self, cells: Any) -> Any:
        """The different cells that no kernel has proven."""
        if self.kernel is not None and self.proving is None:
            sample = cells.slice(0, _SAMPLE)
            self.proving = len(pc.unique(sample)) > _MANY * len(sample)
        if not (self.kernel and self.proving):
            different = pc.unique(cells)
            if self.kernel is None or len(different) <= _MANY * len(cells) or len(different) <= _SAMPLE:
                return different
            self.proving = True
        proven = self.kernel(cells)
        if pc.all(proven).as_py():
            return cells.slice(0, 0)
        return pc.unique(cells.filter(pc.invert(proven)))
