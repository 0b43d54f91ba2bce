"""Reads Parquet as a table, one batch of rows after the other; how many cells there are is known from its footer before anything is unpacked."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from dcat.message import Message
from validators.file_findings import cell_too_long, too_many_columns
from validators.kind_findings import damaged, megabytes, nested, no_table, too_much_inside
from validators.report import TableProfile
from validators.schemas import Field, TableSchema
from validators.sheet_cells import Column
from validators.text_table import Limits, RefusedError, TextTable

MAX_CELLS = 100_000_000
# A column of a row group may be unpacked at once.
MAX_GROUP = 1_000_000_000
_AT_ONCE = 5_000
_NESTED_AT_ONCE = 200
_MAX_TEXT = 50_000_000


def read(path: Path, target: Path, schema: TableSchema | None, limits: Limits, part: str) -> TableProfile:
    """Write all row groups as CSV; RefusedError says why that cannot be done."""
    try:
        with pq.ParquetFile(path, thrift_string_size_limit=50_000_000, thrift_container_size_limit=5_000_000) as probe:
            _check(probe, limits)
            texts = [field.name for field in probe.schema_arrow if _is_text(field.type)]
        # One long text can stand in every row; as a dictionary it is in memory once.
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            return _write(file, target, schema, limits)
    except (
        pa.ArrowException,
        OSError,
        TypeError,
        ValueError,
        LookupError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as error:
        raise RefusedError(damaged("parquet", str(error).splitlines()[0] if str(error) else "")) from error


def _check(file: Any, limits: Limits) -> None:
    footer, names = file.metadata, file.schema_arrow.names
    if not names:
        raise RefusedError(no_table("parquet"))
    if len(names) > limits.columns:
        raise RefusedError(too_many_columns(1, len(names), limits.columns))
    if footer.num_rows * len(names) > MAX_CELLS:
        millions = MAX_CELLS // 1_000_000
        raise RefusedError(
            too_much_inside(
                "parquet", Message(f"mehr als {millions} Millionen Zellen", f"more than {millions} million cells")
            )
        )
    groups = [footer.row_group(at).total_byte_size for at in range(footer.num_row_groups)]
    if max(groups, default=0) > MAX_GROUP:
        raise RefusedError(too_much_inside("parquet", megabytes(MAX_GROUP)))
    if sum(groups) > limits.bytes:
        raise RefusedError(too_much_inside("parquet", megabytes(limits.bytes)))


def _write(file: Any, target: Path, schema: TableSchema | None, limits: Limits) -> TableProfile:
    names = [str(name) for name in file.schema_arrow.names]
    fields = [schema.field(name) if schema else None for name in names]
    deep = [str(field.name) for field in file.schema_arrow if pa.types.is_nested(field.type)]
    columns = [Column(number, name, field) for number, (name, field) in enumerate(zip(names, fields, strict=True), 1)]
    count = 0
    with TextTable(target, limits) as table:
        table.write([names])
        for batch in file.iter_batches(batch_size=_NESTED_AT_ONCE if deep else _AT_ONCE, use_threads=False):
            parts = [_texts(array, column) for array, column in zip(batch.columns, columns, strict=True)]
            deeper = [array for array in batch.columns if pa.types.is_nested(array.type)]
            count += sum(len(array) - array.null_count for array in deeper)
            if parts and parts[0]:
                _write_some(table, list(zip(*parts, strict=True)))
    findings = [nested(deep, count)] if count else []
    return table.profile(1, kind="parquet", findings=findings)


def _write_some(table: TextTable, rows: list[tuple[str, ...]]) -> None:
    """Write rows, a few at a time when they are long."""
    start = size = 0
    for at, row in enumerate(rows):
        length = sum(map(len, row))
        if length > table.limits.cell:
            raise RefusedError(cell_too_long(table.records + at - start + 1, table.limits.cell))
        size += length
        if size > _MAX_TEXT:
            table.write(rows[start : at + 1])
            start, size = at + 1, 0
    table.write(rows[start:])


def _texts(array: Any, column: Column) -> Sequence[str]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        known = [*_texts(array.dictionary, column), ""]
        return [known[-1 if at is None else at] for at in array.indices.to_pylist()]
    if pa.types.is_floating(kind):
        return [_number(text, column.wanted) for text in array.cast(pa.string()).to_pylist()]
    if pa.types.is_timestamp(kind):
        array = array.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_time(kind):
        array = array.cast(pa.time64("us"), safe=False)
    elif pa.types.is_duration(kind):
        array = array.cast(pa.duration("us"), safe=False)
    return [_text(value, column) for value in array.to_pylist()]


def _text(value: Any, column: Column) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | dict | tuple):
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    if type(value) in column.writes:
        return column.writes[type(value)](value).removesuffix("+00:00") + ("Z" if _is_utc(value) else "")
    return str(value)


def _is_utc(value: Any) -> bool:
    return (
        hasattr(value, "tzinfo")
        and value.tzinfo is not None
        and hasattr(value, "date")
        and value.isoformat().endswith("+00:00")
    )


def _number(text: str | None, wanted: Field | None) -> str:
    """Arrow writes the shortest number that reads back the same in the column's own precision."""
    if text is None:
        return ""
    text = text.removesuffix(".0")
    return text.replace(".", wanted.mark) if wanted else text


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))
