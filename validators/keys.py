"""Finds repeated keys in a column that is too long to be looked at row by row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """The rows that repeat a key: all of them, and for the first of them every row with the same key up to there."""

    rows: Any
    chosen: tuple[int, ...]


@dataclass(slots=True)
class Keys:
    """The keys of all rows: in each part a column of values (null where there is none) for each column of the key, and record numbers."""

    width: int
    values: list[list[Any]] = field(default_factory=list)
    numbers: list[Any] = field(default_factory=list)

    def add(self, numbers: Any, columns: Sequence[Any]) -> None:
        """Take the keys of more rows."""
        self.numbers.append(numbers)
        self.values.append(list(columns))

    def repeats(self, limit: int) -> Repeats:
        """Find rows whose key occurred before; the `limit` first ones with all rows that have the same key before them."""
        none = Repeats(rows=pa.chunked_array([], pa.int64()), chosen=())
        if not self.numbers or (self.width == 1 and self._rising()):
            return none
        keys, numbers = self._joined()
        if len(keys.unique()) == len(keys):
            return none
        counted = pc.value_counts(keys)
        double = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
        mask = pc.is_in(keys, value_set=double)
        table = pa.table({"key": keys.filter(mask), "number": numbers.filter(mask)}).sort_by("number")
        first = table.group_by("key").aggregate([("number", "min")])["number_min"]
        again = table.filter(pc.invert(pc.is_in(table["number"], value_set=first.combine_chunks())))
        shown = again.slice(0, limit or None)
        same = pc.is_in(table["key"], value_set=shown["key"].combine_chunks())
        before = pc.less_equal(table["number"], shown["number"][-1])
        chosen = table.filter(pc.and_(same, before))["number"].to_pylist()
        return Repeats(rows=again["number"], chosen=tuple(chosen))

    def _rising(self) -> bool:
        """Tell whether every key is greater than the one before: then none is repeated."""
        last = None
        for (column,) in self.values:
            if not len(column):
                continue
            if column.null_count or (last is not None and column[0].as_py() <= last):
                return False
            if not pc.all(pc.greater(column.slice(1), column.slice(0, len(column) - 1)), min_count=0).as_py():
                return False
            last = column[-1].as_py()
        return True

    def _joined(self) -> tuple[Any, Any]:
        """One column that differs wherever the keys differ, without the rows that have no key at all; and their numbers."""
        parts = [pa.chunked_array([part[at] for part in self.values]) for at in range(self.width)]
        numbers = pa.chunked_array(self.numbers, pa.int64())
        if self.width == 1:
            return (
                (parts[0].drop_null(), numbers.filter(parts[0].is_valid()))
                if parts[0].null_count
                else (parts[0], numbers)
            )
        keep = pc.invert(all_null(parts))
        codes: Any = None
        for part in parts:
            encoded = part.combine_chunks().dictionary_encode(null_encoding="encode")
            code = pc.cast(encoded.indices, pa.int64())
            if codes is not None:
                # Numbered anew each time, so that the product of two codes is a number of 64 bits.
                code = pc.add(pc.multiply(codes, len(encoded.dictionary)), code)
                code = pc.cast(code.dictionary_encode().indices, pa.int64())
            codes = code
        return pa.chunked_array([codes.filter(keep.combine_chunks())]), numbers.filter(keep)


def all_null(columns: Sequence[Any]) -> Any:
    """True for rows that have no value in any of the columns."""
    result = pc.is_null(columns[0])
    for column in columns[1:]:
        result = pc.and_(result, pc.is_null(column))
    return result
