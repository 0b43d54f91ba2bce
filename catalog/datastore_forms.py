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

from catalog.datastore_types import Column, is_json

Rows = Sequence[Sequence[Any]]
_AS_THEY_ARE = frozenset(("text", "json", "int", "int4", "int8"))
# What the name of an XML element cannot begin with, or holds by no means.
_NO_START = re.compile(r"^(?:xml|[\W\d_])+", re.IGNORECASE)
_NO_PART = re.compile(r"[^\w.-]")
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
    readers = {place: _READERS[column.type] for place, column in enumerate(columns) if column.type in _READERS}
    readers |= {place: _parsed for place, column in enumerate(columns) if is_json(column.type)}

    def rows(found: Rows) -> bytes:
        return orjson.dumps([write(_read(row, readers) if readers else row) for row in found], default=str)[1:-1]

    return Form(rows, b"[", b",", b"]")


def _objects(columns: Sequence[Column], _heading: bool) -> Form:
    names = [column.id for column in columns]
    return _json(columns, lambda row: dict(zip(names, row, strict=True)))


def _lists(columns: Sequence[Column], _heading: bool) -> Form:
    return _json(columns, list)


def _read(row: Sequence[Any], readers: Mapping[int, Callable[[Any], Any]]) -> list[Any]:
    cells = list(row)
    for place, reader in readers.items():
        if cells[place] is not None:
            cells[place] = reader(cells[place])
    return cells


def _parsed(cell: Any) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        return cell


def _number(cell: Any) -> Any:
    """Write a number with all its digits, which come as text."""
    return orjson.Fragment(cell) if isinstance(cell, str) else cell


_READERS: Mapping[str, Callable[[Any], Any]] = {"numeric": _number}


def _separated(delimiter: str) -> Callable[[Sequence[Column], bool], Form]:
    def made(columns: Sequence[Column], heading: bool) -> Form:
        def written(rows: Rows) -> bytes:
            text = io.StringIO()
            csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
            return text.getvalue().encode()

        def first(names: Sequence[str]) -> bytes:
            # CKAN ends this line, and no other, as RFC 4180 has it; programs compare.
            return written([names]).removesuffix(b"\n") + b"\r\n"

        def cells(rows: Rows) -> bytes:
            turned: list[Sequence[Any]] = list(zip(*rows, strict=True))
            for place, column in enumerate(columns):
                # Text and whole numbers are written as they are; nothing stands for null.
                if column.type not in _AS_THEY_ARE:
                    turned[place] = [_cell(value) for value in turned[place]]
            return written(list(zip(*turned, strict=True)))

        return Form(cells, first([column.id for column in columns]) if heading else b"")

    return made


def _xml(columns: Sequence[Column], _heading: bool) -> Form:
    tags = _element_names(columns)

    def rows(found: Rows) -> bytes:
        return b"".join(map(row, found))

    def row(cells: Sequence[Any]) -> bytes:
        number, inner = "", []
        for tag, column, value in zip(tags, columns, cells, strict=True):
            if column.id == "_id":
                number = f' _id="{value}"'
            elif value is None:
                inner.append(f'<{tag} xsi:nil="true" />')
            else:
                content = _nested(_parsed(value)) if is_json(column.type) else escape(_xml_text(_cell(value)))
                inner.append(f"<{tag}>{content}</{tag}>")
        return f"<row{number}>{''.join(inner)}</row>\n".encode()

    return Form(rows, b'<data xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n', b"", b"</data>\n")


def _element_names(columns: Sequence[Column]) -> list[str]:
    """Name an element for each column: without what XML forbids, and none as another one."""
    names: list[str] = []
    for column in columns:
        plain = _NO_START.sub("", _NO_PART.sub("", column.id.replace(" ", "_"))) or "value"
        several = (f"{plain}_{number}" for number in range(len(columns)))
        names.append(plain if plain not in names else next(one for one in several if one not in names))
    return names


def _nested(value: Any) -> str:
    """Write what JSON holds: lists and objects as elements with their place or name."""
    if isinstance(value, dict | list):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        return "".join(f"<value key={quoteattr(_xml_text(str(name)))}>{_nested(one)}</value>" for name, one in named)
    return escape(_xml_text(_cell(value)))


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
