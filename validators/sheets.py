"""Reads spreadsheets (XLSX, XLS, ODS), the only door to python-calamine: one sheet as the text table that its program would export."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, cast

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from validators import ods_parts, xls_stream, xlsx_parts
from validators.columns import known, match
from validators.file_findings import too_many_columns
from validators.kind_findings import damaged, left_out, no_such_part, no_table, password
from validators.report import Finding, TableProfile
from validators.schemas import TableSchema
from validators.sheet_cells import Column, as_texts
from validators.sheet_findings import hidden, merged, unread_content
from validators.sniff import header_row
from validators.text_table import Limits, RefusedError, TextTable

_AT_ONCE = 200
# Many rows at once, so that few different values are written once each.
_CELLS_AT_ONCE = 300_000
_START = 30
# Columns looked at for the header; a sheet wider than this is refused anyway, unless limits are set higher.
_WIDEST = 4_000
# Sheets looked at for the one that fits a schema.
_MAX_SHEETS = 50
# What the reader raises on damaged files, besides its own errors.
_BROKEN = (CalamineError, ValueError, OSError, OverflowError, IndexError)


@dataclass(slots=True)
class _Book:
    """An open workbook, and what was found out about its sheets beforehand, by name."""

    kind: str
    opened: CalamineWorkbook
    extents: dict[str, xlsx_parts.Extent] = field(default_factory=dict)
    errors: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """A sheet with cells: its name, its first rows as text, the row of its header and what is to say about it, and how many of its labels the schema knows."""

    name: str
    cells: CalamineSheet
    start: list[list[str]]
    header: int
    about: tuple[Finding, ...]
    fit: int


def read(kind: str, path: Path, target: Path, schema: TableSchema | None, limits: Limits, part: str) -> TableProfile:
    """Write the sheet `part`, or the one that fits the schema best, as CSV; RefusedError says why that cannot be done."""
    copy = path if kind == "xls" else target.with_suffix(".copy")
    extents = xlsx_parts.copy(path, copy) if kind == "xlsx" else {}
    old = xls_stream.look(path) if kind == "xls" else []
    if kind == "ods":
        ods_parts.copy(path, copy)
    try:
        with CalamineWorkbook.from_path(str(copy)) as opened:
            book = _Book(kind, opened)
            names = _worksheets(opened)
            if kind == "xlsx":
                members = xlsx_parts.sheet_members(copy)
                book.unread = xlsx_parts.unread(path)
                book.extents = {name: extents[member] for name, member in members.items() if member in extents}
                book.empty = {name for name in members if name not in book.extents}
            elif len(old) == len(names):
                book.errors = {name: sheet.errors for name, sheet in zip(names, old, strict=True)}
                book.empty = {name for name, sheet in zip(names, old, strict=True) if not sheet.rows}
            return _read(book, target, schema, limits, part)
    except PasswordError as error:
        raise RefusedError(password(kind)) from error
    except _BROKEN as error:
        raise RefusedError(damaged(kind, str(error))) from error
    except BaseException as error:
        # A panic of the reader comes as an exception that is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise RefusedError(damaged(kind, "the reader gave up")) from error


def _worksheets(opened: CalamineWorkbook) -> list[str]:
    return [sheet.name for sheet in opened.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]


def _read(book: _Book, target: Path, schema: TableSchema | None, limits: Limits, part: str) -> TableProfile:
    names = [name for name in _worksheets(book.opened) if name not in book.empty]
    sheet = _named(book, names, schema, part) if part else _chosen(book, names, schema)
    findings: list[Finding] = []
    if others := [name for name in names if name != sheet.name and not _is_empty(book, name)]:
        findings.append(left_out(book.kind, others))
    if book.unread:
        findings.append(unread_content(book.unread))
    extent = book.extents.get(sheet.name)
    if extent and (extent.hidden_rows or extent.hidden_columns):
        findings.append(hidden(extent.hidden_rows, extent.hidden_columns))
    if joined := [first for first, last in sheet.cells.merged_cell_ranges or () if last[0] >= sheet.header - 1]:
        findings.append(merged(len(joined), joined[0][0] + 1, joined[0][1] + 1))
    return replace(_write(book, sheet, target, schema, limits, findings), others=tuple(others))


def _is_empty(book: _Book, name: str) -> bool:
    # Only the reader of ODS has all sheets at hand; for the others it is known beforehand.
    return book.kind == "ods" and book.opened.get_sheet_by_name(name).start is None


def _named(book: _Book, names: Sequence[str], schema: TableSchema | None, part: str) -> _Sheet:
    wanted = part.casefold().strip()
    name = next((name for name in names if name.casefold().strip() == wanted), None)
    sheet = _look(book, name, schema) if name else None
    if sheet is None:
        raise RefusedError(no_such_part(book.kind, part, names))
    return sheet


def _chosen(book: _Book, names: Sequence[str], schema: TableSchema | None) -> _Sheet:
    """Find the sheet whose header fits the schema best; without one the first. A hidden sheet is read only if no other can be meant."""
    visible = {s.name for s in book.opened.sheets_metadata if s.visible == SheetVisibleEnum.Visible}
    best: _Sheet | None = None
    for shown in (True, False):
        for name in [name for name in names if (name in visible) is shown][:_MAX_SHEETS]:
            found = _look(book, name, schema)
            if found and (best is None or found.fit > best.fit):
                best = found
            if best and (schema is None or best.fit == len(schema.fields)):
                return best
        if best and best.fit:
            return best
    if best is None:
        raise RefusedError(no_table(book.kind))
    return best


def _look(book: _Book, name: str, schema: TableSchema | None) -> _Sheet | None:
    cells = book.opened.get_sheet_by_name(name)
    if cells.start is None:
        return None
    rows = islice(_rows(cells, book.errors.get(name, {})), _START)
    start = [as_texts(row[:_WIDEST]) for row in rows]
    # Cells that only look empty at the right end must not count as columns.
    width = max((at for row in start for at, text in enumerate(row, 1) if text.strip()), default=0)
    header, about = header_row([row[:width] for row in start])
    labels = tuple(label.strip() for label in start[header - 1]) if header else ()
    fit = known(labels, schema)
    return _Sheet(name=name, cells=cells, start=start, header=header, about=tuple(about), fit=fit)


def _rows(cells: CalamineSheet, errors: dict[tuple[int, int], str]) -> Iterator[list[Any]]:
    """Give all rows from the first of the sheet on, each from its first column on, so that addresses are those of the program."""
    before = [""] * (cells.start[1] if cells.start else 0)
    if not before and not errors:
        return cast(Iterator[list[Any]], cells.iter_rows())
    return _rows_moved(cells, before, errors)


def _rows_moved(cells: CalamineSheet, before: list[str], errors: dict[tuple[int, int], str]) -> Iterator[list[Any]]:
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in errors.items():
        by_row.setdefault(row, []).append((column, text))
    for number, values in enumerate(cells.iter_rows()):
        whole: list[Any] = [*before, *values]
        for at, failed in by_row.get(number, ()):
            if at < len(whole):
                whole[at] = failed
        yield whole


def _write(
    book: _Book, sheet: _Sheet, target: Path, schema: TableSchema | None, limits: Limits, findings: list[Finding]
) -> TableProfile:
    width = sheet.cells.end[1] + 1 if sheet.cells.end else 0
    if width > limits.columns:
        raise RefusedError(too_many_columns(max(sheet.header, 1), width, limits.columns))
    columns = _columns(sheet, width, schema)
    rows = _rows(sheet.cells, book.errors.get(sheet.name, {}))
    blank = [""] * width
    used = held = 0
    with TextTable(target, limits) as table:
        above = [as_texts(row) for row in islice(rows, sheet.header)]
        table.write(above)
        used = max((at for row in above for at, text in enumerate(row, 1) if text), default=0)
        while values := list(islice(rows, max(_AT_ONCE, _CELLS_AT_ONCE // width))):
            first = table.records + held + 1
            parts = [
                column.texts(given, first) for column, given in zip(columns, zip(*values, strict=True), strict=True)
            ]
            used = max(used, next((at for at in range(width, used, -1) if any(parts[at - 1])), 0))
            filled = len(values)
            while filled and not any(part[filled - 1] for part in parts):
                filled -= 1
            if filled:
                _blank(table, blank, held)
                table.write_columns(parts if filled == len(values) else [part[:filled] for part in parts])
                held = 0
            held += len(values) - filled
    if not used:
        raise RefusedError(no_table(book.kind))
    if used < width:
        _narrow(table, used)
    about_cells = [finding for column in columns for finding in column.findings()]
    return table.profile(
        sheet.header, kind=book.kind, part=sheet.name, findings=(*findings, *sheet.about, *about_cells)
    )


def _columns(sheet: _Sheet, width: int, schema: TableSchema | None) -> list[Column]:
    labels = [label.strip() for label in sheet.start[sheet.header - 1]] if sheet.header else []
    labels += [""] * (width - len(labels))
    meant = [""] * width
    if schema:
        meant = list(match(tuple(labels), schema).meant())
    return [
        Column(number, name or label, schema.field(name) if schema and name else None)
        for number, (label, name) in enumerate(zip(labels, meant, strict=True), 1)
    ]


def _blank(table: TextTable, blank: list[str], number: int) -> None:
    for _ in range(0, number, _AT_ONCE):
        table.write([blank] * min(_AT_ONCE, number))
        number -= _AT_ONCE


def _narrow(table: TextTable, used: int) -> None:
    """Cut columns off at the right that hold nothing at all."""
    whole = table.path.with_suffix(".whole")
    table.path.rename(whole)
    with whole.open(encoding="utf-8", newline="") as source, TextTable(table.path, table.limits) as cut:
        csv.field_size_limit(2**31 - 2)
        rows = csv.reader(source)
        while some := [row[:used] for row in islice(rows, _AT_ONCE)]:
            cut.write(some)
    table.start = cut.start
    whole.unlink()
