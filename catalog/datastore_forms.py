"""Rows of a table in the forms programs read: JSON objects or lists, CSV, TSV, XML. Pure; whoever calls holds as many rows as he likes."""

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from catalog.datastore_types import Column

Rows = Sequence[Sequence[Any]]
_AS_THEY_ARE = frozenset(("text", "json", "int", "int4", "int8"))
_NAME = re.compile(r"(?!xml)[^\W\d][\w.-]*", re.IGNORECASE)
# What no XML 1.0 document may hold (section 2.2).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Form:
    """How rows are written: what comes first, what stands between two pieces, what comes last."""

    rows: Callable[[Rows], bytes]
    start: bytes = b""
    between: bytes = b""
    end: bytes = b""


def form(name: str, columns: Sequence[Column], *, heading: bool = False) -> Form:
    """Give the form of this name for some columns."""
    return _FORMS[name](columns, heading)


def _json(columns: Sequence[Column], write: Callable[[Sequence[Any]], Any]) -> Form:
    nested = [place for place, column in enumerate(columns) if column.type == "json"]

    def rows(found: Rows) -> bytes:
        return orjson.dumps([write(_parsed(row, nested) if nested else row) for row in found], default=str)[1:-1]

    return Form(rows, b"[", b",", b"]")


def _objects(columns: Sequence[Column], _heading: bool) -> Form:
    names = [column.id for column in columns]
    return _json(columns, lambda row: dict(zip(names, row, strict=True)))


def _lists(columns: Sequence[Column], _heading: bool) -> Form:
    return _json(columns, list)


def _parsed(row: Sequence[Any], places: Sequence[int]) -> list[Any]:
    cells = list(row)
    for place in places:
        try:
            cells[place] = None if cells[place] is None else orjson.loads(cells[place])
        except orjson.JSONDecodeError:
            continue
    return cells


def _separated(delimiter: str) -> Callable[[Sequence[Column], bool], Form]:
    def made(columns: Sequence[Column], heading: bool) -> Form:
        def written(rows: Rows) -> bytes:
            text = io.StringIO()
            csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
            return text.getvalue().encode()

        def cells(rows: Rows) -> bytes:
            turned: list[Sequence[Any]] = list(zip(*rows, strict=True))
            for place, column in enumerate(columns):
                # Text and whole numbers are written as they are; nothing stands for null.
                if column.type not in _AS_THEY_ARE:
                    turned[place] = [_cell(value) for value in turned[place]]
            return written(list(zip(*turned, strict=True)))

        return Form(cells, written([[column.id for column in columns]]) if heading else b"")

    return made


def _xml(columns: Sequence[Column], _heading: bool) -> Form:
    tags = []
    for column in columns:
        plain = _NAME.fullmatch(column.id)
        name = column.id if plain else f"value name={quoteattr(_xml_text(column.id))}"
        tags.append((name, column.id if plain else "value"))

    def rows(found: Rows) -> bytes:
        return b"".join(map(row, found))

    def row(cells: Sequence[Any]) -> bytes:
        number, inner = "", []
        for (start, end), column, value in zip(tags, columns, cells, strict=True):
            if column.id == "_id":
                number = f' _id="{value}"'
            elif value is None:
                inner.append(f'<{start} xsi:nil="true"/>')
            else:
                inner.append(f"<{start}>{escape(_xml_text(_cell(value)))}</{end}>")
        return f"<row{number}>{''.join(inner)}</row>\n".encode()

    start = b'<?xml version="1.0" encoding="utf-8"?>\n<data xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
    return Form(rows, start, b"", b"</data>\n")


def _xml_text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _cell(value: Any) -> str:
    """Write one value as text: nothing for null, ISO 8601 for times."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    if isinstance(value, str | int):
        return str(value)
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


_FORMS: Mapping[str, Callable[[Sequence[Column], bool], Form]] = {
    "objects": _objects,
    "lists": _lists,
    "csv": _separated(","),
    "tsv": _separated("\t"),
    "xml": _xml,
}
NAMES = frozenset(_FORMS)
