"""Copies the part of an OpenDocument spreadsheet that holds cells, counting first what its repetitions stand for: one tag can mean a billion cells."""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from validators.file_findings import cell_too_long
from validators.kind_findings import OTHER_OFFICE, damaged, megabytes, password, too_many_cells, too_much_inside
from validators.text_table import RefusedError
from validators.xlsx_parts import MAX_CELLS, MAX_TEXT, MAX_UNPACKED
from validators.zip_parts import pieces, wanted, zip_file

_NEEDED = ("content.xml", "mimetype", "META-INF/manifest.xml", "styles.xml", "settings.xml")
_MAX_DEPTH = 200
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
# One tag can stand for a billion blanks, too.
_LONGEST_CELL = 10_000_000
_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_TOO_MANY_CELLS = too_many_cells("ods", MAX_CELLS)


@dataclass(slots=True)
class _Counter:
    """Counts the filled rectangles of the sheets while the XML goes by; RefusedError as soon as there is too much."""

    depth: int = 0
    row: int = 0
    rows_at_once: int = 1
    column: int = 0
    columns_at_once: int = 1
    last_row: int = 0
    last_column: int = 0
    before: int = 0
    filled: bool = False
    row_filled: bool = False
    length: int = 0
    texts: int = 0
    nested: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise RefusedError(damaged("ods", "elements too deep inside each other"))
        if name == f"{_TEXT} s":
            self._add(_times(attributes, f"{_TEXT} c"))
        match name.removeprefix(f"{_TABLE} "):
            case "table":
                # The reader holds all sheets at once.
                self.before += self.last_row * self.last_column
                self.row = self.last_row = self.last_column = 0
            case "table-row":
                self.column, self.row_filled = 0, False
                self.rows_at_once = _times(attributes, f"{_TABLE} number-rows-repeated")
            case "table-cell" | "covered-table-cell":
                self.columns_at_once = _times(attributes, f"{_TABLE} number-columns-repeated")
                self.filled = any(key.endswith(" value-type") for key in attributes)
                self.length = 0

    def text(self, text: str) -> None:
        self._add(len(text))

    def _add(self, length: int) -> None:
        self.length += length
        if self.length > _LONGEST_CELL:
            raise RefusedError(cell_too_long(self.row + 1, _LONGEST_CELL))

    def end(self, name: str) -> None:
        self.depth -= 1
        match name.removeprefix(f"{_TABLE} "):
            case "table-cell" | "covered-table-cell":
                self.column += self.columns_at_once
                if self.filled or self.length:
                    self.last_column = max(self.last_column, self.column)
                    self.row_filled = True
                    self.texts += self.length * self.columns_at_once * self.rows_at_once
            case "table-row":
                self.row += self.rows_at_once
                if self.row_filled:
                    self.last_row = self.row
                    if self.before + self.last_row * self.last_column > MAX_CELLS:
                        raise RefusedError(_TOO_MANY_CELLS)
                    if self.texts > MAX_TEXT:
                        raise RefusedError(too_much_inside("ods", megabytes(MAX_TEXT)))


def copy(path: Path, target: Path) -> None:
    """Write the needed parts into an uncompressed spreadsheet; RefusedError says what is wrong."""
    with zip_file(path, "ods") as source:
        members = wanted(source, "ods", lambda name: name in _NEEDED, MAX_UNPACKED)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copied:
            for info in members:
                counter = _counting() if info.filename == "content.xml" else None
                seen = b""
                with copied.open(info.filename, "w", force_zip64=True) as part:
                    for piece in pieces(source, info):
                        if counter:
                            _feed(counter, piece)
                        elif len(seen) < 1_000_000:
                            seen += piece
                        part.write(piece)
                if info.filename == "mimetype" and not seen.startswith(_SPREADSHEET):
                    raise RefusedError(OTHER_OFFICE)
                if info.filename.endswith("manifest.xml") and re.search(rb"<(?:\w+:)?encryption-data", seen):
                    raise RefusedError(password("ods"))
                if counter:
                    _feed(counter, b"", last=True)


def _counting() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    counter = _Counter()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = counter.start, counter.end
    parser.CharacterDataHandler = counter.text
    # Without entities of its own a document cannot grow while it is read.
    parser.StartDoctypeDeclHandler = _no_doctype
    return parser


def _feed(parser: expat.XMLParserType, piece: bytes, *, last: bool = False) -> None:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        raise RefusedError(damaged("ods", str(error))) from error


def _no_doctype(*_: object) -> None:
    raise RefusedError(damaged("ods", "a document type declaration"))


def _times(attributes: dict[str, str], name: str) -> int:
    given = attributes.get(name, "1")
    return int(given) if given.isdecimal() and len(given) < 12 else 1
