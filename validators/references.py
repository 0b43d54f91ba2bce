"""Foreign keys: the values that another table holds, and the rows whose values it lacks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from validators.blocks import blocks
from validators.layout import ColumnReading, ForeignColumns, Layout, Lookups, Reference, UnprovenError
from validators.pieces import supported
from validators.report import TableProfile
from validators.tables import HOSTILE, layout_of

# The name of a table in its own foreign keys.
OWN = ("", "table")
# Combinations of cells that are remembered, and how long they may be.
_MAX_KNOWN = 200_000
_LONG = 200


def lookups(path: Path, profile: TableProfile, expected: Layout, references: Mapping[str, Reference]) -> Lookups:
    """Read the columns of other tables (or of the own one) that foreign keys point to. UnprovenError where only frictionless can."""
    found: dict[tuple[str, tuple[str, ...]], set[tuple[Any, ...]]] = {}
    try:
        for key in expected.foreign_keys:
            if (key.name, key.reference) in found:
                continue
            if key.name in OWN:
                values = _values(path, profile, expected, key.reference)
            else:
                other = references[key.name]
                values = _values(
                    other.path, other.profile, layout_of(other.path, other.profile, other.descriptor), key.reference
                )
            found[key.name, key.reference] = values
    except HOSTILE as error:
        raise UnprovenError from error
    return found


def _values(path: Path, profile: TableProfile, expected: Layout, names: Sequence[str]) -> set[tuple[Any, ...]]:
    """All values that stand together in some columns of a table; None for columns it does not have."""
    if not supported(profile) or len(expected.columns) != len(profile.header):
        raise UnprovenError
    at = {column.name: position for position, column in enumerate(expected.columns)}
    known = [name for name in names if name in at]
    readings = [expected.columns[at[name]] for name in known]
    found: set[tuple[Any, ...]] = set()

    def add(values: Mapping[str, Any]) -> None:
        cells = tuple(values.get(name) for name in names)
        if set(cells) != {None}:
            found.add(cells)

    for part in blocks(path, profile):
        for number, cells in part.odd:
            add(expected.row(number, cells)[0])
        if known:
            for raw in together([part.columns[at[name]] for name in known])[0]:
                values = [reading.read(cell)[0] for reading, cell in zip(readings, raw, strict=True)]
                add(dict(zip(known, values, strict=True)))
    return found


class ReferenceJudge:
    """Judges the rows of one foreign key block by block."""

    def __init__(self, key: ForeignColumns, readings: Sequence[ColumnReading], found: Lookups) -> None:
        self.key, self.readings = key, readings
        self.found = found[key.name, key.reference]
        self.known: dict[tuple[str, ...], bool] = {}

    def lacks(self, values: Sequence[Any]) -> bool:
        """Tell whether values are not in the other table; no value at all points nowhere."""
        try:
            return any(value is not None for value in values) and tuple(values) not in self.found
        except HOSTILE as error:
            raise UnprovenError from error

    def judge(self, columns: Sequence[Any]) -> Any:
        """Find the rows of a block that point to nothing; a mask, None when there are none."""
        cells, groups = together(columns)
        wrong = [number for number, raw in enumerate(cells) if self._wrong(raw)]
        return pc.is_in(groups, value_set=pa.array(wrong, groups.type)) if wrong else None

    def _wrong(self, raw: tuple[str, ...]) -> bool:
        if (wrong := self.known.get(raw)) is None:
            try:
                wrong = self.lacks([reading.read(cell)[0] for reading, cell in zip(self.readings, raw, strict=True)])
            except HOSTILE as error:
                raise UnprovenError from error
            if len(self.known) >= _MAX_KNOWN:
                self.known.clear()
            if sum(map(len, raw)) <= _LONG:
                self.known[raw] = wrong
        return wrong


def together(columns: Sequence[Any]) -> tuple[list[tuple[str, ...]], Any]:
    """Give the different rows of some columns, and for each row the number of the one it is like."""
    joint = columns[0]
    if len(columns) > 1:
        # With the length before each cell, cells cannot run into each other.
        parts = [part for column in columns for part in (pc.cast(pc.binary_length(column), pa.string()), column)]
        joint = pc.binary_join_element_wise(*parts, ":")
    encoded = joint.dictionary_encode()
    first = pc.index_in(encoded.dictionary, value_set=joint)
    cells = zip(*(column.take(first).to_pylist() for column in columns), strict=True)
    return list(cells), encoded.indices
