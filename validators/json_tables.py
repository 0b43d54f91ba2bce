"""Reads JSON as a table: a list of flat objects, alone or under `data` or `records`, or one object on each line. GeoJSON goes to validators/geo.py."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from dcat.message import Message
from validators import geo
from validators.file_findings import cell_too_long, too_many_columns
from validators.json_cells import Cells
from validators.kind_findings import NOT_TABULAR, bad_json, not_objects, too_large, too_much_inside
from validators.report import MAX_ROWS, TableProfile
from validators.schemas import TableSchema
from validators.text_table import Limits, RefusedError, TextTable

# A document is held in memory whole, at some ten times its size.
MAX_DOCUMENT = 100_000_000
_LISTS = ("data", "records", "features", "items", "results", "rows")
_MAX_VALUES = 8_000_000
_AT_ONCE = 2_000
_MAX_LINE = 10_000_000


def read(path: Path, target: Path, schema: TableSchema | None, limits: Limits, part: str) -> TableProfile:
    """Write the list of objects as CSV; RefusedError says why that cannot be done."""
    size = path.stat().st_size
    first = _first_line(path)
    if size > MAX_DOCUMENT and first is None:
        raise RefusedError(too_large("json", MAX_DOCUMENT))
    document: Any = None
    try:
        if first is None or size <= _MAX_LINE:
            document = load(path)
    except ValueError as error:
        if first is None:
            raise RefusedError(bad_json(str(error))) from error
    if document is None and first is not None:
        return _write(lambda: _lines(path), target, schema, limits)
    if geo.is_geojson(document):
        return geo.read(document, target, schema, limits)
    entries = _entries(document)
    if entries is None:
        raise RefusedError(NOT_TABULAR)
    return _write(lambda: iter(entries), target, schema, limits)


def load(path: Path) -> Any:
    """Read a JSON document whole; ValueError if it is none, RefusedError if it would fill the memory."""
    data = _unicode(path.read_bytes())
    if data.count(b"{") + data.count(b"[") > _MAX_VALUES:
        millions = _MAX_VALUES // 1_000_000
        what = Message(
            f"mehr als {millions} Millionen Listen und Objekte", f"more than {millions} million lists and objects"
        )
        raise RefusedError(too_much_inside("json", what))
    return orjson.loads(data)


def _write(
    entries: Callable[[], Iterator[Any]], target: Path, schema: TableSchema | None, limits: Limits
) -> TableProfile:
    """Go through the entries twice: for the names of the columns, and for their values."""
    labels: dict[str, None] = {}
    strange: list[int] = []
    count = 0
    for number, entry in enumerate(entries(), 2):
        if isinstance(entry, dict):
            labels.update(dict.fromkeys(entry))
            if len(labels) > limits.columns:
                raise RefusedError(too_many_columns(number, len(labels), limits.columns))
        else:
            count += 1
            strange += [number] if len(strange) < MAX_ROWS else []
    if not labels:
        raise RefusedError(NOT_TABULAR)
    cells = Cells(labels, schema)
    with TextTable(target, limits) as table:
        table.write([cells.labels])
        some: list[list[str]] = []
        for entry in entries():
            some.append(cells.row(entry if isinstance(entry, dict) else {}))
            if len(some) == _AT_ONCE:
                table.write(some)
                some = []
        table.write(some)
    findings = cells.findings() + ([not_objects(count, strange)] if count else [])
    return table.profile(1, kind="json", findings=findings)


def _entries(document: Any) -> list[Any] | None:
    """Find the list of objects in a document."""
    if isinstance(document, dict):
        lists = [document[key] for key in _LISTS if isinstance(document.get(key), list)]
        document = lists[0] if lists else None
    if not isinstance(document, list):
        return None
    objects = sum(isinstance(entry, dict) for entry in document)
    return document if objects * 2 > len(document) else None


def _first_line(path: Path) -> dict[str, Any] | None:
    """Give the object on the first line, if the file may be one with an object on each line."""
    with path.open("rb") as handle:
        line = handle.readline(_MAX_LINE + 1)
        more = handle.read(1)
    if not more or len(line) > _MAX_LINE:
        return None
    try:
        found = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as handle:
        number = 0
        while line := handle.readline(_MAX_LINE + 1):
            number += 1
            if len(line) > _MAX_LINE:
                raise RefusedError(cell_too_long(number, _MAX_LINE))
            if not line.strip():
                continue
            try:
                yield orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            except ValueError as error:
                raise RefusedError(bad_json(f"line {number}: {error}")) from error


def _unicode(data: bytes) -> bytes:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16").encode()
    return data.removeprefix(b"\xef\xbb\xbf")
