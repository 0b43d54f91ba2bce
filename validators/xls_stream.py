"""Looks through an old Excel file (BIFF in a compound file) before a reader holds it in memory: the extent of its sheets, and failed formulas.

[MS-CFB] describes the container, [MS-XLS] the records.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dcat.message import Message
from validators.kind_findings import OTHER_OFFICE, damaged, megabytes, password, too_large, too_much_inside
from validators.text_table import RefusedError
from validators.xlsx_parts import MAX_CELLS, MAX_TEXT

MAX_FILE = 200_000_000
_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA
_ENTRY = 128
_SMALL = 4096
_BOF, _EOF, _FILE_PASSWORD = 0x0809, 0x000A, 0x002F
_FORMULA, _STRING_LIST, _LIST_CONTINUED, _CELL_FROM_LIST = 0x0006, 0x00FC, 0x003C, 0x00FD
_BOOL_OR_ERROR = 0x0205
_WORKSHEET = 0x0010
_CELLS = frozenset((0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E))
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_MAX_ERRORS = 100_000
_TOO_MANY_CELLS = too_much_inside(
    "xls",
    Message(
        f"Blätter, deren belegte Bereiche zusammen mehr als {MAX_CELLS // 1_000_000} Millionen Zellen umfassen",
        f"sheets whose used ranges have more than {MAX_CELLS // 1_000_000} million cells together",
    ),
)


@dataclass(slots=True)
class Sheet:
    """What a worksheet holds: its last row and column, counted from 1, and failed formulas by row and column, counted from 0."""

    rows: int = 0
    columns: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def look(path: Path) -> list[Sheet]:
    """Give the worksheets of a file in their order; RefusedError says what is wrong."""
    if path.stat().st_size > MAX_FILE:
        raise RefusedError(too_large("xls", MAX_FILE))
    try:
        return _sheets(_workbook_stream(path.read_bytes()))
    except (struct.error, IndexError, OverflowError) as error:
        raise RefusedError(damaged("xls", str(error))) from error


def _workbook_stream(data: bytes) -> bytes:
    if not data.startswith(_SIGNATURE):
        raise RefusedError(damaged("xls", "not a compound file"))
    size, small = (
        1 << min(struct.unpack_from("<H", data, 30)[0], 12),
        1 << min(struct.unpack_from("<H", data, 32)[0], 12),
    )
    if size < _ENTRY:
        raise RefusedError(damaged("xls", "sectors too small"))
    table = _sector_table(data, size)
    directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0], size)
    root: tuple[int, int] | None = None
    found: tuple[int, int] | None = None
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        entry = directory[at : at + _ENTRY]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace").casefold()
        place = struct.unpack_from("<II", entry, 116)
        if name == "encryptedpackage":
            raise RefusedError(password("xlsx"))
        if entry[66] == 5:
            root = place
        elif name in ("workbook", "book") and (found is None or name == "workbook"):
            found = place
    if found is None:
        raise RefusedError(OTHER_OFFICE)
    start, length = found
    if length >= _SMALL or root is None:
        return _chain(data, table, start, size)[:length]
    small_table = _numbers(_chain(data, table, struct.unpack_from("<I", data, 60)[0], size))
    return _chain(_chain(data, table, root[0], size), small_table, start, small, first=0)[:length]


def _sector_table(data: bytes, size: int) -> tuple[int, ...]:
    sectors = list(struct.unpack_from("<109I", data, 76))
    more, seen = struct.unpack_from("<I", data, 68)[0], 0
    while more < _END and seen <= len(data) // size:
        block = _numbers(data[(more + 1) * size : (more + 2) * size])
        sectors += block[:-1]
        more, seen = (block[-1] if block else _END), seen + 1
    used = [number for number in sectors if number < _END][: len(data) // size + 1]
    return _numbers(b"".join(data[(number + 1) * size : (number + 2) * size] for number in used))


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _chain(data: bytes, table: tuple[int, ...], start: int, size: int, *, first: int = 1) -> bytes:
    """Join the sectors of a stream; a chain longer than the file goes in a circle."""
    parts: list[bytes] = []
    number = start
    while number < _END:
        if len(parts) > len(data) // size or number >= len(table):
            raise RefusedError(damaged("xls", "a chain of sectors leads nowhere"))
        parts.append(data[(number + first) * size : (number + first + 1) * size])
        number = table[number]
    return b"".join(parts)


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Give the records of a stream: kind, start and length of its content."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, min(length, len(stream) - at - 4)
        at += 4 + length


def _sheets(stream: bytes) -> list[Sheet]:
    sheets: list[Sheet] = []
    present: Sheet | None = None
    shared: list[bytes] = []
    lengths: list[int] = []
    depth = previous = texts = 0
    for kind, at, length in _records(stream):
        if kind == _STRING_LIST or (kind == _LIST_CONTINUED and previous == _STRING_LIST):
            shared.append(stream[at : at + length])
            previous = _STRING_LIST
            continue
        previous = kind
        if kind == _BOF and length >= 4:
            depth += 1
            if depth == 1 and struct.unpack_from("<H", stream, at + 2)[0] == _WORKSHEET:
                present = Sheet()
                sheets.append(present)
                lengths = lengths or _lengths(shared)
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                depth, present = 0, None
        elif kind == _FILE_PASSWORD:
            raise RefusedError(password("xls"))
        elif kind in _CELLS and length >= 6 and present is not None:
            _cell(stream, kind, at, length, present)
            number = struct.unpack_from("<I", stream, at + 6)[0] if kind == _CELL_FROM_LIST and length >= 10 else None
            texts += length if number is None else lengths[number] if number < len(lengths) else 0
            if texts > MAX_TEXT:
                raise RefusedError(too_much_inside("xls", megabytes(MAX_TEXT)))
    if sum(sheet.rows * sheet.columns for sheet in sheets) > MAX_CELLS:
        raise RefusedError(_TOO_MANY_CELLS)
    return sheets


def _lengths(blocks: list[bytes]) -> list[int]:
    """How long the shared texts are; a text torn by the end of a record goes on in the next behind a byte that says how wide it is."""
    found: list[int] = []
    block, at = 0, 8
    while block < len(blocks):
        data = blocks[block]
        if at + 3 > len(data):
            block, at = block + 1, max(at - len(data), 0)
            continue
        characters, flags = struct.unpack_from("<HB", data, at)
        at += 3
        runs = struct.unpack_from("<H", data, at)[0] * 4 if flags & 8 else 0
        at += 2 if flags & 8 else 0
        extra = struct.unpack_from("<I", data, at)[0] if flags & 4 else 0
        at += 4 if flags & 4 else 0
        found.append(characters)
        width = 1 + (flags & 1)
        while characters * width > len(blocks[block]) - at and block + 1 < len(blocks):
            characters -= max(len(blocks[block]) - at, 0) // width
            block, at = block + 1, 1
            width = 1 + (blocks[block][0] & 1) if blocks[block] else 1
        at += characters * width + runs + extra
        while block < len(blocks) and at >= len(blocks[block]):
            at -= len(blocks[block])
            block += 1
    return found


def _cell(stream: bytes, kind: int, at: int, length: int, sheet: Sheet) -> None:
    row, column = struct.unpack_from("<HH", stream, at)
    last = struct.unpack_from("<H", stream, at + length - 2)[0] if kind == 0x00BD else column
    sheet.rows, sheet.columns = max(sheet.rows, row + 1), max(sheet.columns, last + 1)
    code = None
    if kind == _BOOL_OR_ERROR and length >= 8 and stream[at + 7] == 1:
        code = stream[at + 6]
    elif kind == _FORMULA and length >= 14 and stream[at + 6] == 2 and stream[at + 12 : at + 14] == b"\xff\xff":
        code = stream[at + 8]
    if code is not None and len(sheet.errors) < _MAX_ERRORS:
        sheet.errors[row, column] = _ERRORS.get(code, "#N/A")
