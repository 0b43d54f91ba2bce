"""Copies the parts of an Excel workbook that hold cells, looking at every byte first: a reader that holds whole sheets in memory sees only these.

Failed formulas become text on the way, because the reader would leave their cells empty.
"""

import re
import zipfile
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from dcat.message import Message
from validators.kind_findings import XLSB, damaged, megabytes, too_many_cells, too_much_inside
from validators.text_table import RefusedError
from validators.zip_parts import pieces, wanted, zip_file

# A sheet is held in memory as a full rectangle of cells, 24 bytes and more for each.
MAX_CELLS = 20_000_000
MAX_UNPACKED = 1_000_000_000
# One long text can stand in every cell at the cost of a few bytes each.
MAX_TEXT = 1_000_000_000
# Shared texts are held in memory, all of them, and so is the list of sheets with everything around it.
MAX_SHARED = 400_000_000
MAX_SHARED_ITEMS = 10_000_000
MAX_BOOK = 50_000_000
MAX_MERGED = 200_000
_TOO_MANY_CELLS = too_many_cells("xlsx", MAX_CELLS)
_LONGEST_TAG = 4_000_000
_SKIPPED = re.compile(
    r"xl/(?:drawings|media|charts|embeddings|theme|pivot\w+|externalLinks|printerSettings|ctrlProps|activeX|customXml)/",
    re.IGNORECASE,
)
# Cells as nearly all programs write them: first those in the columns A to Z and the first 99,999 rows, then all.
_NO_NEAR_CELL = re.compile(rb'<c(?! r="[A-Z][0-9]{1,5}"|ol[ s>])')
_NO_PLAIN_CELL = re.compile(rb'<c(?! r="[A-Z]{1,3}[0-9]{1,7}"|ol[ s>])')
_PREFIXED = re.compile(rb":(?:c|row)\b")
_WIDE_CELL = re.compile(rb'<c r="([A-Z]{2,3})')
_LOW_CELL = re.compile(rb'<c r="[A-Z]{1,3}([0-9]{6,7})"')
_TAG = re.compile(rb"<(?:[\w.-]{1,60}:)?(row|c)\b([^>]*)")
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]*)([0-9]*)""")
_LAST_ROW = re.compile(rb'<row r="(\d{1,9})"')
_ERROR_CELL = re.compile(rb"""(<(?:[\w.-]{1,60}:)?c\s[^<>]*?\bt\s*=\s*)(["'])e\2""")
_HIDDEN_ROW = re.compile(rb"""<(?:[\w.-]{1,60}:)?row\s[^<>]*?\bhidden\s*=\s*["'](?:1|true)["']""")
_HIDDEN_COLUMN = re.compile(rb"""<(?:[\w.-]{1,60}:)?col\s[^<>]*?\bhidden\s*=\s*["'](?:1|true)["']""")
_SHARED = re.compile(rb't="s"(?: [^<>]*)?><v>(\d{1,9})</v>')
_TEXT_CELL = re.compile(rb"""\bt\s*=\s*["']s["']""")
_ITEM = re.compile(rb"<(?:[\w.-]{1,60}:)?si\b")


@dataclass(slots=True)
class Extent:
    """The rectangle that the cells of one sheet fill, counted from 1, how many cells there are, and what is hidden."""

    rows: int = 0
    columns: int = 0
    cells: int = 0
    merged: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0
    _row: int = 0
    _column: int = 0

    def look(self, piece: bytes) -> None:
        """Take in a piece of XML that ends between two tags. Quick: never too small, and too large by as much as 26 columns and 99,999 rows."""
        self.cells += piece.count(b"<c")
        self.merged += piece.count(b"mergeCell ")
        if odd := _is_odd(piece):
            self.read(piece)
        elif b"<c " in piece:
            self.columns, self.rows = max(self.columns, 26), max(self.rows, 99_999)
            if odd is None:
                self.columns = max([self.columns, *map(_number, set(_WIDE_CELL.findall(piece)))])
                self.rows = max([self.rows, *map(int, _LOW_CELL.findall(piece))])
            last = piece.rfind(b'<row r="')
            if last >= 0 and (found := _LAST_ROW.match(piece, last)):
                self._row = int(found[1])
        if b"hidden=" in piece:
            self.hidden_rows += len(_HIDDEN_ROW.findall(piece))
            self.hidden_columns += len(_HIDDEN_COLUMN.findall(piece))

    def read(self, piece: bytes) -> None:
        """Take in a piece of XML tag by tag: exact, and slow."""
        self.cells += piece.count(b":c")
        for found in _TAG.finditer(piece):
            name, attributes = found.groups()
            if attributes.count(b'"') % 2 or attributes.count(b"'") % 2:
                raise RefusedError(damaged("xlsx", "a > in an attribute"))
            place = _PLACE.search(attributes)
            row = int(place[2][:9] or 0) if place else 0
            if name == b"row":
                self._row = row or self._row + 1
                self._column = 0
                continue
            self._column = _number(place[1]) if place and place[1] else self._column + 1
            if not attributes.endswith(b"/"):
                self.columns = max(self.columns, self._column)
                self.rows = max(self.rows, row or self._row, 1)

    @property
    def area(self) -> int:
        """How many cells the rectangle has."""
        return self.rows * self.columns


def copy(path: Path, target: Path) -> dict[str, Extent]:
    """Write the needed parts into an uncompressed workbook; gives the extent of each member that has cells. RefusedError says what is wrong."""
    extents: dict[str, Extent] = {}
    with zip_file(path, "xlsx") as source:
        names = {name.casefold() for name in source.namelist()}
        if "xl/workbook.bin" in names:
            raise RefusedError(XLSB)
        members = wanted(source, "xlsx", _is_needed, MAX_UNPACKED)
        if any(info.file_size > _most(info.filename) for info in members):
            raise RefusedError(too_much_inside("xlsx", _TOO_MUCH_ASIDE))
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copied:
            for info in members:
                with copied.open(info.filename, "w", force_zip64=True) as part:
                    if _holds_no_cells(info.filename):
                        part.writelines(pieces(source, info))
                        continue
                    extent = Extent()
                    for piece in _between_tags(pieces(source, info)):
                        extent.look(piece)
                        if extent.cells > MAX_CELLS * 2:
                            raise RefusedError(_TOO_MANY_CELLS)
                        if extent.merged > MAX_MERGED:
                            raise RefusedError(too_much_inside("xlsx", _TOO_MUCH_ASIDE))
                        part.write(_errors_as_text(piece))
                if extent.area > MAX_CELLS and _exact(source, info).area > MAX_CELLS:
                    raise RefusedError(_TOO_MANY_CELLS)
                if extent.cells:
                    extents[info.filename] = extent
    _check_texts(target, sum(extent.cells for extent in extents.values()))
    return extents


_TOO_MUCH_ASIDE = Message(
    "außerhalb der Zellen, etwa an Texten und Namen, mehr, als in einer Tabelle sein kann",
    "more outside its cells, such as texts and names, than a table can have",
)


def unread(path: Path) -> list[str]:
    """Name what a workbook holds besides sheets: the keys of the sentence about it."""
    with zip_file(path, "xlsx") as source:
        names = [name.casefold() for name in source.namelist()]
    kinds = ("pivotcache", "comments", "embeddings", "externallinks")
    return [kind for kind in kinds if any(name.startswith((f"xl/{kind}", f"xl/threaded{kind}")) for name in names)]


def sheet_members(copied: Path) -> dict[str, str]:
    """Tell in which member of a copy each sheet is, by the sheet's name."""
    with zipfile.ZipFile(copied) as parts:
        names = {name.casefold(): name for name in parts.namelist()}
        book, links = names.get("xl/workbook.xml"), names.get("xl/_rels/workbook.xml.rels")
        if book is None or links is None:
            return {}
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        try:
            relations = etree.fromstring(parts.read(links), parser)
            sheets = etree.fromstring(parts.read(book), parser)
        except etree.XMLSyntaxError as error:
            raise RefusedError(damaged("xlsx", str(error))) from error
    targets = {one.get("Id", ""): one.get("Target", "") for one in relations.iter("{*}Relationship")}
    result: dict[str, str] = {}
    for sheet in sheets.iter("{*}sheet"):
        number = next((value for key, value in sheet.attrib.items() if str(key).endswith("}id")), "")
        target = str(targets.get(number, "")).lstrip("/")
        member = names.get(target.casefold()) or names.get(f"xl/{target}".casefold())
        if member:
            result[str(sheet.get("name", ""))] = member
    return result


def _is_odd(piece: bytes) -> bool | None:
    """Tell whether cells are written in an unusual way; None when they are not, but stand far to the right or far below."""
    if _PREFIXED.search(piece):
        return True
    if not _NO_NEAR_CELL.search(piece):
        return False
    return True if _NO_PLAIN_CELL.search(piece) else None


def _is_needed(name: str) -> bool:
    low = name.casefold()
    return low in ("[content_types].xml", "_rels/.rels") or (
        low.startswith("xl/") and low.endswith((".xml", ".rels")) and not _SKIPPED.match(low)
    )


def _most(name: str) -> int:
    """How large a part may be that is read at once."""
    low = name.casefold()
    if low.endswith("sharedstrings.xml"):
        return MAX_SHARED
    return MAX_BOOK if low.endswith(("workbook.xml", ".rels", "styles.xml", "[content_types].xml")) else MAX_UNPACKED


def _holds_no_cells(name: str) -> bool:
    return name.casefold().endswith(("sharedstrings.xml", "styles.xml", ".rels"))


def _exact(source: zipfile.ZipFile, info: zipfile.ZipInfo) -> Extent:
    extent = Extent()
    for piece in _between_tags(pieces(source, info)):
        extent.read(piece)
    return extent


def _between_tags(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a stream so that no tag is torn."""
    rest = b""
    for part in parts:
        part = rest + part
        end = part.rfind(b"<")
        if end < 0:
            end = len(part)
        if len(part) - end > _LONGEST_TAG:
            raise RefusedError(damaged("xlsx", "a text without end"))
        rest = part[end:]
        yield part[:end]
    yield rest


def _errors_as_text(piece: bytes) -> bytes:
    return _ERROR_CELL.sub(rb'\1"str"', piece) if b'"e"' in piece or b"'e'" in piece else piece


def _check_texts(target: Path, cells: int) -> None:
    """RefusedError if shared texts, written out in every cell that names them, are larger than memory should hold."""
    with zipfile.ZipFile(target) as copied:
        shared = next((i for i in copied.infolist() if i.filename.casefold().endswith("sharedstrings.xml")), None)
        if shared is None:
            return
        lengths = _lengths(_between_tags(pieces(copied, shared)))
        if not lengths or max(lengths) * cells <= MAX_TEXT:
            return
        total = 0
        for info in copied.infolist():
            if _holds_no_cells(info.filename):
                continue
            for piece in _between_tags(pieces(copied, info)):
                used = Counter(map(int, _SHARED.findall(piece)))
                # Cells that are written in an unusual way count as the longest text.
                others = len(_TEXT_CELL.findall(piece)) - used.total()
                total += sum(lengths[at] * number for at, number in used.items() if at < len(lengths))
                total += others * max(lengths)
                if total > MAX_TEXT:
                    raise RefusedError(too_much_inside("xlsx", megabytes(MAX_TEXT)))


def _lengths(parts: Iterable[bytes]) -> "array[int]":
    """How long the shared texts are, roughly: from where one begins to where the next does."""
    lengths = array("I")
    for piece in parts:
        before, *items = map(len, _ITEM.split(piece))
        if lengths:
            lengths[-1] += before
        lengths.extend(items)
        if len(lengths) > MAX_SHARED_ITEMS:
            raise RefusedError(too_much_inside("xlsx", _TOO_MUCH_ASIDE))
    return lengths


def _number(letters: bytes) -> int:
    """Count a column named as in A or AA."""
    number = 0
    for letter in letters[:7].upper():
        number = number * 26 + letter - 64
    return number
