"""Files of every kind that is read as a table, made anew for each test: workbooks, old Excel files, GeoPackages, archives."""

import io
import sqlite3
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

XLSX_SHEET = "xl/worksheets/sheet1.xml"


def xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], *, hidden: Sequence[str] = ()) -> Path:
    """An Excel workbook; a tuple in the place of a cell is a formula with its cached value."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, tuple):
                        sheet.write_formula(number, column, *value[:1], None, value[1])
                    elif isinstance(value, str):
                        sheet.write_string(number, column, value)
                    elif value is not None:
                        sheet.write(number, column, value)
            if name in hidden:
                sheet.hide()
    return path


def with_member(path: Path, member: str, change: Any) -> Path:
    """The same ZIP file with one member changed by a function from bytes to bytes."""
    with zipfile.ZipFile(path) as source:
        parts = {info.filename: source.read(info) for info in source.infolist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts.items():
            target.writestr(name, data)
    return path


def ods(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """A LibreOffice spreadsheet; a dictionary in the place of a cell gives the attributes of its tag and its `text`."""
    document = OpenDocumentSpreadsheet()
    for name, rows in sheets.items():
        table = Table(name=name)
        document.spreadsheet.addElement(table)
        for values in rows:
            row = TableRow()
            table.addElement(row)
            for value in values:
                row.addElement(_ods_cell(value))
    document.save(str(path))
    return path


def _ods_cell(value: Any) -> Any:
    if isinstance(value, dict):
        given = dict(value)
        text = given.pop("text", None)
    elif value is None:
        given, text = {}, None
    elif isinstance(value, str):
        given, text = {"valuetype": "string"}, value
    else:
        given, text = {"valuetype": "float", "value": str(value)}, str(value)
    cell = TableCell(**given)
    if text is not None:
        cell.addElement(P(text=text))
    return cell


def xls(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """An old Excel file (BIFF8). An error is written as {"error": code}, a failed formula as {"formula": code}."""
    path.write_bytes(compound_file(biff({name: _cells(rows) for name, rows in sheets.items()})))
    return path


def _cells(rows: Sequence[Sequence[Any]]) -> list[tuple[int, int, Any]]:
    return [(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row) if value is not None]


def biff(sheets: Mapping[str, Sequence[tuple[int, int, Any]]]) -> bytes:
    """The stream of a workbook from its cells: row, column, value."""
    texts = list(dict.fromkeys(v for cells in sheets.values() for *_, v in cells if isinstance(v, str)))
    bodies = [
        _substream(0x10, b"".join(_cell(row, column, value, texts) for row, column, value in cells))
        for cells in sheets.values()
    ]
    shared = struct.pack("<II", len(texts), len(texts)) + b"".join(
        struct.pack("<HB", len(text), 1) + text.encode("utf-16-le") for text in texts
    )

    def start(offsets: Sequence[int]) -> bytes:
        names = b"".join(
            _record(0x85, struct.pack("<IBBBB", offset, 0, 0, len(name), 1) + name.encode("utf-16-le"))
            for offset, name in zip(offsets, sheets, strict=True)
        )
        return _substream(5, _record(0x42, struct.pack("<H", 1200)) + names + _record(0xFC, shared))

    size = len(start([0] * len(bodies)))
    offsets = [size + sum(map(len, bodies[:number])) for number in range(len(bodies))]
    return start(offsets) + b"".join(bodies)


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _substream(kind: int, content: bytes) -> bytes:
    return _record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 6)) + content + _record(0x0A, b"")


def _cell(row: int, column: int, value: Any, texts: Sequence[str]) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0xFD, place + struct.pack("<I", texts.index(value)))
    if isinstance(value, bool):
        return _record(0x205, place + bytes([value, 0]))
    if isinstance(value, dict) and "error" in value:
        return _record(0x205, place + bytes([value["error"], 1]))
    if isinstance(value, dict):
        result = bytes([2, 0, value["formula"], 0, 0, 0]) + b"\xff\xff"
        return _record(0x06, place + result + struct.pack("<HIH", 0, 0, 0))
    return _record(0x203, place + struct.pack("<d", value))


def compound_file(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file (OLE) with one stream."""
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    sectors = len(stream) // 512
    tables = -(-(sectors + 2) // 127)
    chain = [*range(1, sectors), 0xFFFFFFFE, 0xFFFFFFFE, *[0xFFFFFFFD] * tables]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * 512, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, tables, sectors, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *[*range(sectors + 1, sectors + 1 + tables), *[0xFFFFFFFF] * (109 - tables)])

    def entry(name: str, kind: int, child: int, start: int, length: int) -> bytes:
        title = name.encode("utf-16-le") + b"\0\0"
        return (
            title.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(title), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
            + b"\0" * 36
            + struct.pack("<IQ", start, length)
        )

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(name, 2, 0xFFFFFFFF, 0, len(stream)) + b"\0" * 256
    return header + stream + directory + table


def point(x: float, y: float, system: int = 4326) -> bytes:
    """A point as GeoPackage stores it."""
    return b"GP\0\x01" + struct.pack("<i", system) + struct.pack("<BIdd", 1, 1, x, y)


def polygon(ring: Sequence[tuple[float, float]], system: int = 4326) -> bytes:
    """An area with one ring as GeoPackage stores it, with an envelope."""
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    envelope = struct.pack("<4d", min(xs), max(xs), min(ys), max(ys))
    points = b"".join(struct.pack("<dd", x, y) for x, y in ring)
    return b"GP\0\x03" + struct.pack("<i", system) + envelope + struct.pack("<BIII", 1, 3, 1, len(ring)) + points


def geopackage(
    path: Path, layers: Mapping[str, Sequence[Mapping[str, Any]]], *, system: int = 4326, kind: str = "POINT"
) -> Path:
    """A GeoPackage with a layer for each list of rows; `geom` is the geometry, its key is `fid`."""
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT);"
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER);"
            "CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER);"
            "INSERT INTO gpkg_spatial_ref_sys VALUES (4326, 'EPSG', 4326), (25832, 'EPSG', 25832), (0, 'NONE', 0);"
        )
        for name, rows in layers.items():
            columns = list(dict.fromkeys(key for row in rows for key in row))
            database.execute(f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY, {", ".join(columns)})')
            database.execute("INSERT INTO gpkg_contents VALUES (?, 'features')", (name,))
            if "geom" in columns:
                database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?)", (name, kind, system))
            for row in rows:
                marks = ", ".join("?" for _ in row)
                database.execute(f'INSERT INTO "{name}" ({", ".join(row)}) VALUES ({marks})', tuple(row.values()))
    database.close()
    return path


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    """A ZIP file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def zipped_bytes(members: Mapping[str, bytes]) -> bytes:
    """A ZIP file in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return buffer.getvalue()
