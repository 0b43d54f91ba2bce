"""Which rows of a table came, went or changed between two versions, told apart by the columns of its key. Reads the CSV copies.

Rows are compared by hashes of eight bytes, so that ten million of them fit into memory.
"""

import csv
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from catalog.file_history import MAX_ROWS, CellChange, RowChanges

MOST = 5_000_000
_CUT = 200
# Changed rows whose cells are compared one by one, to count changes by column.
_COMPARED = 100_000


@dataclass(frozen=True, slots=True)
class _Hashed:
    """The rows of one version, in its order: a hash of each key, and of key and all compared cells."""

    keys: pa.Array
    rows: pa.Array


def compare(before: Path, after: Path, key: Sequence[str]) -> RowChanges | None:
    """Compare two versions; None where their rows cannot be told apart: no key, one not unique, or more rows than MOST."""
    csv.field_size_limit(2**31 - 2)
    old, new = _header(before), _header(after)
    if not key or not set(key) <= set(old) or not set(key) <= set(new):
        return None
    common = [name for name in new if name in old and name not in key]
    first, second = _hashed(before, key, common), _hashed(after, key, common)
    if first is None or second is None:
        return None
    added = pc.invert(pc.is_in(second.keys, value_set=first.keys))
    removed = pc.invert(pc.is_in(first.keys, value_set=second.keys))
    changed = pc.and_not(pc.invert(pc.is_in(second.rows, value_set=first.rows)), added)
    cells, fields = _cells(before, after, key, common, second.keys.filter(changed))
    return RowChanges(
        key=tuple(key),
        added=_number(added),
        removed=_number(removed),
        changed=_number(changed),
        fields=fields,
        new=_keys(after, key, added),
        gone=_keys(before, key, removed),
        cells=cells,
    )


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file), [])


def _rows(path: Path, wanted: Sequence[str]) -> Iterator[list[str]]:
    """Read some columns of a copy."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        places = [header.index(name) for name in wanted]
        for row in reader:
            yield [row[place] for place in places]


def _hash(cells: list[str]) -> int:
    # Python's own: keyed anew in each process, so that nobody can make cells that look the same, and quick.
    return hash(tuple(cells))


def _hashed(path: Path, key: Sequence[str], common: list[str]) -> _Hashed | None:
    keys, rows = array("q"), array("q")
    width = len(key)
    for cells in _rows(path, [*key, *common]):
        if len(keys) == MOST:
            return None
        keys.append(_hash(cells[:width]))
        rows.append(_hash(cells))
    found = _Hashed(_column(keys), _column(rows))
    return found if pc.count_distinct(found.keys).as_py() == len(keys) else None


def _column(values: "array[int]") -> pa.Array:
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def _number(mask: pa.Array) -> int:
    return int(pc.sum(mask, min_count=0).as_py() or 0)


def _keys(path: Path, key: Sequence[str], mask: pa.Array) -> tuple[tuple[str, ...], ...]:
    """Read the keys of the first rows chosen."""
    places = pc.indices_nonzero(mask)[:MAX_ROWS].to_pylist()
    wanted = set(places)
    found = []
    for place, cells in enumerate(_rows(path, key)):
        if place in wanted:
            found.append(tuple(cell[:_CUT] for cell in cells))
            if len(found) == len(wanted):
                break
    return tuple(found)


def _cells(
    before: Path, after: Path, key: Sequence[str], common: list[str], changed: pa.Array
) -> tuple[tuple[CellChange, ...], tuple[tuple[str, int], ...]]:
    """Name the first changed cells, and count them by column; beyond _COMPARED changed rows the counts are left out."""
    counted = len(changed) <= _COMPARED
    wanted = set(changed[: _COMPARED if counted else MAX_ROWS].to_pylist())
    width = len(key)
    old: dict[int, list[str]] = {}
    if wanted:
        for cells in _rows(before, [*key, *common]):
            if (one := _hash(cells[:width])) in wanted:
                old[one] = cells[width:]
    shown: list[CellChange] = []
    fields: Counter[str] = Counter()
    for cells in _rows(after, [*key, *common]) if old else ():
        there = old.pop(_hash(cells[:width]), None)
        if there is None:
            continue
        for name, was, now in zip(common, there, cells[width:], strict=True):
            if was != now:
                fields[name] += 1
                if len(shown) < MAX_ROWS:
                    of = tuple(cell[:_CUT] for cell in cells[:width])
                    shown.append(CellChange(key=of, column=name, before=was[:_CUT], after=now[:_CUT]))
        if not old:
            break
    return tuple(shown), tuple(fields.most_common()) if counted else ()
