"""Writes an opened table in the two forms that programs read: Parquet, typed by its schema, and CSV in UTF-8 with comma, dot and ISO dates.

What frictionless reads as a value becomes that value, in whatever way it is spelled. A column with a cell that is none stays text.
"""

import csv
import datetime
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from validators.columns import match
from validators.report import TableProfile
from validators.schemas import Field, TableSchema
from validators.sniff import records
from validators.tables import HOSTILE, cell_readers

# Rows of a block, which is a row group of the Parquet file; a block of long rows ends earlier.
_ROWS = 50_000
_CHARACTERS = 20_000_000
# What a cell costs beside its characters.
_CELL = 20
# Different odd spellings whose values are remembered for each column.
_MEMO = 100_000
_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_ISO_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
_TYPES = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
    "year": pa.int64(),
}

Value = tuple[Any, str]


class _NoValueError(Exception):
    """A cell that the column's type cannot read."""


def write(
    path: Path, profile: TableProfile, schema: TableSchema | None, parquet: Path, target: Path, about: Mapping[str, str]
) -> int:
    """Write both copies of a readable table; gives the number of rows. `about` goes into the Parquet file's own description."""
    text: frozenset[str] = frozenset()
    while True:
        columns = _columns(profile, schema, text)
        rows, failed = _write(path, profile, columns, parquet, target, about)
        if not failed:
            return rows
        # Only the columns that no cell broke are typed; these ones are now known.
        text |= failed


def names(header: Sequence[str]) -> tuple[str, ...]:
    """Give every column a name of its own: an empty one is called by its place, a repeated one gets a number."""
    taken: set[str] = set()
    found = []
    for position, label in enumerate(header, 1):
        name = first = label.strip() or f"spalte_{position}"
        number = 2
        while name in taken or (number > 2 and name in header):
            name, number = f"{first}_{number}", number + 1
        taken.add(name)
        found.append(name)
    return tuple(found)


class _Column:
    """One column: its name, its type, and how its cells are read."""

    def __init__(
        self, name: str, field: Field | None, missing: frozenset[str], read: Callable[[str], tuple[Any, Any]] | None
    ) -> None:
        self.name = name
        self.type = _TYPES.get(field.type, pa.string()) if field and read else pa.string()
        self.typed = self.type != pa.string()
        self.missing = missing
        self._field = field
        self._read = read
        self._memo: dict[str, Value] = {}

    def convert(self, cells: list[str | None]) -> tuple[pa.Array, list[str | None]]:
        """Give the values of some cells and how the CSV writes them; _NoValueError when one is none."""
        texts = [None if cell is None or cell in self.missing else cell for cell in cells]
        array = pa.array(texts, pa.string())
        if not self.typed:
            return array, texts
        assert self._field is not None, "typed by its field"
        if (plain := _plain(array, self._field, self.type)) is not None:
            return plain
        encoded = array.dictionary_encode()
        values = [self._value(text) for text in encoded.dictionary.to_pylist()]
        try:
            typed = pa.array([value for value, _ in values], self.type)
        except (pa.ArrowException, OverflowError, ValueError) as error:
            raise _NoValueError(self.name) from error
        written = pa.array([text for _, text in values], pa.string())
        return typed.take(encoded.indices), written.take(encoded.indices).to_pylist()

    def _value(self, text: str) -> Value:
        if text in self._memo:
            return self._memo[text]
        assert self._read is not None and self._field is not None, "typed by its field"
        try:
            value, notes = self._read(text)
        except HOSTILE as error:
            raise _NoValueError(self.name) from error
        # A broken constraint leaves the value what it is.
        if value is None or (notes and "type" in notes):
            raise _NoValueError(self.name)
        found = _written(value, self._field.type, self.name)
        if len(self._memo) < _MEMO:
            self._memo[text] = found
        return found


def _columns(profile: TableProfile, schema: TableSchema | None, text: frozenset[str]) -> list[_Column]:
    labels = names(profile.header)
    if schema is None:
        return [_Column(name, None, frozenset({""}), None) for name in labels]
    rules = schema.rules()
    read = cell_readers(rules)
    own = {field["name"]: field.get("missingValues", rules["missingValues"]) for field in rules["fields"]}
    found = []
    for name, known in zip(labels, match(profile.header, schema).fields, strict=True):
        field = schema.field(known) if known else None
        reader = read[known] if field and name not in text else None
        blank = own[known] if field else [""]
        # Field-level missing values may come as objects with a label (Data Package v2).
        values = frozenset(str(one["value"]) if isinstance(one, dict) else str(one) for one in blank)
        found.append(_Column(name, field, values | {""}, reader))
    return found


def _write(
    path: Path, profile: TableProfile, columns: list[_Column], parquet: Path, target: Path, about: Mapping[str, str]
) -> tuple[int, frozenset[str]]:
    """Write both copies; gives the rows and the columns that hold a cell of another type, after which nothing more is written."""
    described = pa.schema([(column.name, column.type) for column in columns], dict(about))
    failed: set[str] = set()
    total = 0
    with (
        pq.ParquetWriter(parquet, described, compression="zstd", compression_level=6) as typed,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        plain = csv.writer(file, lineterminator="\n")
        plain.writerow([column.name for column in columns])
        for rows in _blocks(path, profile):
            total += len(rows)
            cells = _turned(rows, len(columns))
            arrays, texts = [], []
            for column, given in zip(columns, cells, strict=True):
                if column.name in failed:
                    continue
                try:
                    array, written = column.convert(given)
                except _NoValueError:
                    failed.add(column.name)
                    continue
                arrays.append(array)
                texts.append(written)
            if not failed:
                typed.write_batch(pa.record_batch(arrays, schema=described), row_group_size=_ROWS)
                _write_rows(file, plain, texts)
    return total, frozenset(failed)


def _write_rows(file: IO[str], plain: Any, texts: list[list[str | None]]) -> None:
    if len(texts) == 1:
        # A row of one empty cell must not become an empty line, which is no row.
        plain.writerows([text or ""] for text in texts[0])
    else:
        plain.writerows(zip(*texts, strict=True))


def _blocks(path: Path, profile: TableProfile) -> Iterator[list[list[str]]]:
    rows: list[list[str]] = []
    size = 0
    for _, row in records(path, profile):
        if not row:
            continue
        rows.append(row)
        size += sum(map(len, row)) + _CELL * len(row)
        if len(rows) >= _ROWS or size > _CHARACTERS:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _turned(rows: list[list[str]], width: int) -> list[list[str | None]]:
    """Turn rows into columns. A short row has nothing in its last columns, and what stands beyond the last one is left out."""
    if all(len(row) == width for row in rows):
        return [list(column) for column in zip(*rows, strict=True)]
    return [[row[position] if position < len(row) else None for row in rows] for position in range(width)]


def _plain(array: pa.Array, field: Field, wanted: pa.DataType) -> tuple[pa.Array, list[str | None]] | None:
    """Read cells of the usual spelling all at once; None where one is spelled otherwise, and must be read on its own."""
    pattern, dot = _pattern(field)
    if not pattern or not pc.all(pc.match_substring_regex(array, pattern), min_count=0).as_py():
        return None
    if field.type == "number" and field.group_char:
        array = pc.replace_substring(array, field.group_char, "")
    if field.type == "number" and dot != ".":
        array = pc.replace_substring(array, dot, ".")
    try:
        return array.cast(wanted), array.to_pylist()
    except pa.ArrowInvalid:
        return None


def _pattern(field: Field) -> tuple[str, str]:
    dot = field.decimal_char
    if field.type in ("integer", "year") and field.format == "default":
        return (r"^-?[1-9][0-9]{0,17}$|^0$", dot) if field.type == "integer" else (r"^[1-9][0-9]{3}$", dot)
    if field.type == "number":
        whole = r"[0-9]{1,15}"
        if field.group_char:
            whole = rf"(?:[0-9]{{1,15}}|[0-9]{{1,3}}(?:{re.escape(field.group_char)}[0-9]{{3}}){{1,4}})"
        return rf"^-?{whole}(?:{re.escape(dot)}[0-9]{{1,15}})?$", dot
    if field.type == "date" and field.format == "default":
        return _ISO_DATE, dot
    if field.type == "datetime" and field.format == "default":
        return _ISO_TIME, dot
    return "", dot


def _written(value: Any, kind: str, name: str) -> Value:
    """Give a value as Parquet takes it and as the CSV writes it."""
    if kind == "boolean":
        return value, "true" if value else "false"
    if kind == "number":
        number = Decimal(value)
        # Written out, an exponent of a million would be as many digits.
        spelled = f"{number:f}" if number.is_finite() and abs(number.adjusted()) < 30 else str(number)
        return float(number), spelled
    if kind == "datetime":
        if value.tzinfo is None:
            # Without a zone it names no instant.
            raise _NoValueError(name)
        instant = value.astimezone(datetime.UTC)
        return instant, instant.isoformat().replace("+00:00", "Z")
    if kind == "date":
        return value, value.isoformat()
    return int(value), str(int(value))
