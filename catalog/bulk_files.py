"""Tables that stewards edit in their spreadsheet program: written as XLSX or CSV, read back from any of its formats.

The only door to XlsxWriter. CSV has a byte-order mark and semicolons, as Excel in German expects; either separator is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter

from dcat.errors import ConfigError, UnreadableError
from dcat.message import Message
from dcat.printable import printable
from validators import sheets
from validators.text_table import Limits, RefusedError

MAX_ROWS, MAX_COLUMNS, MAX_BYTES, MAX_CELL = 20_000, 500, 50_000_000, 300_000
KINDS = ("xlsx", "csv")
_SHEETS = ("xlsx", "xls", "ods")
# What no cell of Excel can hold more of.
_EXCEL_CELL = 32_767
# A cell that begins so is a formula for spreadsheet programs; the apostrophe before it makes it text, for them and for us.
_FORMULA = re.compile(r"[=+\-@\t\r']")
_LOOKED_AT = 20
_SEPARATORS = ";\t,"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts: the names of its columns and its rows, each with its number in the file; all rows are of one width."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()


def write(path: Path, table: Table) -> None:
    """Write a table as the ending of the file says; ConfigError when it cannot hold the table."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise _unknown_kind(path, KINDS)
    rows = [[neutral(cell) for cell in row] for row in table.rows]
    if kind == "csv":
        _write_csv(path, table.columns, rows)
    else:
        _write_xlsx(path, table.columns, rows)


def read(path: Path, known: Iterable[str]) -> Table:
    """Read a table; its header is the row with most of the `known` names (in lower case). UnreadableError says what is wrong with the file."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in (*_SHEETS, "csv", "tsv", "txt"):
        raise _unknown_kind(path, (*_SHEETS, "csv"))
    if path.stat().st_size > MAX_BYTES:
        raise _unreadable(path, f"größer als {MAX_BYTES // 1_000_000} MB", f"larger than {MAX_BYTES // 1_000_000} MB")
    names = frozenset(known)
    candidates = [_sheet_rows(kind, path)] if kind in _SHEETS else _csv_rows(path)
    best = max(candidates, key=lambda rows: _header(rows, names)[1])
    header, hits = _header(best, names)
    if not hits:
        raise _unreadable(path, "keine Zeile mit Spaltennamen", "no row with names of columns")
    columns = tuple(cell.strip() for cell in best[header])
    width = max((at for at, name in enumerate(columns, 1) if name), default=0)
    kept = [(number, row) for number, row in enumerate(best[header + 1 :], header + 2) if any(map(str.strip, row))]
    if len(kept) > MAX_ROWS or width > MAX_COLUMNS:
        raise _unreadable(
            path,
            f"mehr als {MAX_ROWS} Zeilen oder {MAX_COLUMNS} Spalten",
            f"more than {MAX_ROWS} rows or {MAX_COLUMNS} columns",
        )
    _refuse_wide(path, kept, width)
    rows = tuple(tuple(restored(cell) for cell in (*row[:width], *[""] * (width - len(row)))) for _, row in kept)
    return Table(columns[:width], rows, tuple(number for number, _ in kept))


def neutral(cell: str) -> str:
    """Write a text so that no spreadsheet program calculates it (OWASP: CSV injection)."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Read a text that `neutral` may have written."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def same(one: str, other: str) -> bool:
    """Tell whether two cells say the same: line ends and control characters do not survive every program."""
    return one == other or printable(one).strip() == printable(other).strip()


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target, delimiter=";")
        writer.writerow(columns)
        writer.writerows(rows)


def _write_xlsx(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        if too_long := [name for name, cell in zip(columns, row, strict=True) if len(cell) > _EXCEL_CELL]:
            raise ConfigError(
                Message(
                    f"„{row[1][:100]}“: {too_long[0]} ist länger, als eine Zelle in Excel fasst. Nächster Schritt: -o DATEI.csv",
                    f"“{row[1][:100]}”: {too_long[0]} is longer than a cell of Excel holds. Next step: -o FILE.csv",
                )
            )
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Datensätze")
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        for position, name in enumerate(columns):
            sheet.write_string(0, position, name, bold)
        for number, row in enumerate(rows, 1):
            for position, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, position, printable(cell), wrapped)
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, len(columns) - 1, 24)
        # Nothing is lost when a number or date is typed: everything is text.
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _sheet_rows(kind: str, path: Path) -> list[list[str]]:
    with TemporaryDirectory(prefix="offenbar-") as folder:
        target = Path(folder) / "table.csv"
        try:
            sheets.read(kind, path, target, None, Limits(bytes=MAX_BYTES, columns=MAX_COLUMNS, cell=2_000_000), "")
        except RefusedError as error:
            found = error.finding.what
            raise _unreadable(path, found.de, found.en) from error
        return _rows(path, target.read_text("utf-8"), ",")


def _csv_rows(path: Path) -> list[list[list[str]]]:
    """Read a CSV file by each separator it may have; the header tells which one it is."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel writes as plain CSV.
        text = data.decode("cp1252", "replace")
    return [_rows(path, text, separator) for separator in _SEPARATORS]


def _rows(path: Path, text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(MAX_CELL)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append(row)
            if len(rows) > MAX_ROWS + _LOOKED_AT:
                break
    except csv.Error as error:
        raise _unreadable(path, str(error), str(error)) from error
    return rows


def _header(rows: Sequence[Sequence[str]], known: frozenset[str]) -> tuple[int, int]:
    """Find the row of the header, and how many known names it has."""
    hits = [sum(cell.strip().lower() in known for cell in row) for row in rows[:_LOOKED_AT]]
    return (hits.index(max(hits)), max(hits)) if hits else (0, 0)


def _refuse_wide(path: Path, rows: Iterable[tuple[int, Sequence[str]]], width: int) -> None:
    for number, row in rows:
        if any(cell.strip() for cell in row[width:]):
            raise _unreadable(
                path,
                f"Zeile {number} hat mehr Zellen, als es Spalten mit Namen gibt",
                f"row {number} has more cells than there are columns with names",
            )


def _unknown_kind(path: Path, kinds: Iterable[str]) -> ConfigError:
    listed = ", ".join(f".{kind}" for kind in kinds)
    return ConfigError(Message(f"{path.name}: möglich sind {listed}", f"{path.name}: possible are {listed}"))


def _unreadable(path: Path, de: str, en: str) -> UnreadableError:
    return UnreadableError(
        Message(
            f"{path.name} lässt sich nicht lesen: {de.rstrip('.')}.", f"{path.name} cannot be read: {en.rstrip('.')}."
        )
    )
