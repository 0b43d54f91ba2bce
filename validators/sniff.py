"""Finds out what a file is before anything reads it as a table: kind, encoding, delimiter, header row, broken quotes. Streams; never guesses twice."""

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dcat.errors import UnreadableError
from dcat.message import Message
from validators.file_findings import (
    BOM,
    SEP_LINE,
    blocking,
    no_header,
    not_utf8,
    nul_bytes,
    title_lines,
    undecodable,
    utf16,
)
from validators.pieces import open_text, reader
from validators.report import Finding, TableProfile
from validators.structure import unreadable, walk

MAX_BYTES = 2_000_000_000
MAX_COLUMNS = 2000
MAX_CELL = 1_000_000
_CHUNK = 1_000_000
_SAMPLE = 200_000
_HEADER_LINES = 30
_DELIMITERS = ";\t,|"
_UNDEFINED_CP1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"%PDF", "pdf", "ein PDF-Dokument", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "xls", "eine alte Excel-Datei (.xls)", "an old Excel file (.xls)"),
    (b"\x1f\x8b", "gzip", "eine gepackte Datei (gzip)", "a compressed file (gzip)"),
    (b"PAR1", "parquet", "eine Parquet-Datei", "a Parquet file"),
    (b"\x89PNG", "image", "ein Bild", "an image"),
    (b"\xff\xd8\xff", "image", "ein Bild", "an image"),
    (b"7z\xbc\xaf", "7z", "ein 7-Zip-Archiv", "a 7-Zip archive"),
    (b"Rar!", "rar", "ein RAR-Archiv", "a RAR archive"),
    (b"SQLite format 3", "sqlite", "eine SQLite-Datenbank", "an SQLite database"),
    (b"{\\rtf", "rtf", "ein RTF-Dokument", "an RTF document"),
)
_NUMBER_OR_DATE = re.compile(r"\s*(?:[+-]?\d[\d.,]*|\d{4}-\d\d-\d\d.*|\d{1,2}\.\d{1,2}\.\d{2,4})\s*")


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What one pass over the bytes tells."""

    size: int
    sha256: str
    head: bytes
    encoding: str
    decided: str
    findings: tuple[Finding, ...]


def sniff(
    path: Path, *, max_bytes: int = MAX_BYTES, max_columns: int = MAX_COLUMNS, max_cell: int = MAX_CELL
) -> TableProfile:
    """Examine a local file; what is wrong with it stands in `findings`, and `readable` says whether to read on."""
    try:
        seen = _read_bytes(path, max_bytes)
    except OSError as error:
        raise UnreadableError(
            Message(
                f"Die Datei kann nicht geöffnet werden: {error.strerror}", f"Cannot open the file: {error.strerror}"
            )
        ) from error
    profile = TableProfile(
        encoding=seen.encoding, decided=seen.decided, bytes=seen.size, sha256=seen.sha256, findings=seen.findings
    )
    if (wrong := _not_a_table(seen, max_bytes)) is not None:
        kind, finding = wrong
        return replace(profile, kind=kind, readable=False, findings=(*seen.findings, finding))
    if any(finding.code == "undecodable" for finding in seen.findings):
        return replace(profile, readable=False)
    return _read_text(path, profile, max_columns, max_cell)


def records(path: Path, profile: TableProfile) -> Iterator[tuple[int, list[str]]]:
    """Read the records below the header, each with its record number (the first record of the file is 1)."""
    with open_text(path, profile) as handle:
        for number, row in enumerate(reader(handle, profile), start=1):
            if number > profile.header_row:
                yield number, row


def _read_bytes(path: Path, max_bytes: int) -> _Bytes:
    """One pass: hash, BOM, strict UTF-8 over the whole file, else cp1252, with the place of the first foreign byte."""
    digest, size, line, nul = hashlib.sha256(), 0, 1, 0
    head, name = b"", "utf-8"
    decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder(name)()
    failed: tuple[int, int] | None = None
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            if not head:
                head = chunk[:_SAMPLE]
                name = next((codec for bom, codec in _BOMS if chunk.startswith(bom)), "utf-8")
                decoder = codecs.getincrementaldecoder(name)()
            digest.update(chunk)
            if failed is None:
                pending = decoder.getstate()[0]
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    place = max(error.start - len(pending), 0)
                    failed = (size + error.start - len(pending), line + chunk.count(b"\n", 0, place))
            line += chunk.count(b"\n")
            nul += chunk.count(b"\0")
            size += len(chunk)
            if size > max_bytes:
                break
    if failed is None and size <= max_bytes:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            failed = (size - (error.end - error.start), line)
    findings: list[Finding] = []
    encoding, decided = name, "utf-8" if name == "utf-8" else "bom"
    if failed is not None and name == "utf-8" and not _has_undefined(path):
        encoding, decided = "cp1252", "cp1252"
        findings.append(not_utf8(*failed))
    elif failed is not None:
        findings.append(undecodable(*failed, name))
    elif name == "utf-8-sig":
        findings.append(BOM)
    elif name != "utf-8":
        findings.append(utf16(name))
    if nul and encoding in ("utf-8", "utf-8-sig", "cp1252"):
        findings.append(nul_bytes(nul))
    return _Bytes(size, digest.hexdigest(), head, encoding, decided, tuple(findings))


def _has_undefined(path: Path) -> bool:
    """Tell whether a file has bytes that stand for nothing in cp1252."""
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            if len(chunk.translate(None, _UNDEFINED_CP1252)) < len(chunk):
                return True
    return False


def _not_a_table(seen: _Bytes, max_bytes: int) -> tuple[str, Finding] | None:
    """Tell what the file is when it is no text table at all."""
    head = seen.head
    if seen.size > max_bytes:
        limit = max_bytes // 1_000_000
        return "csv", blocking(
            "too-big",
            Message(f"Die Datei ist größer als {limit} MB.", f"The file is larger than {limit} MB."),
            Message("So große Dateien werden nicht geprüft.", "Files of this size are not checked."),
            Message("Teilen Sie die Datei, zum Beispiel nach Jahren.", "Split the file, for example by year."),
        )
    if not head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        return "empty", blocking(
            "empty-file",
            Message("Die Datei ist leer.", "The file is empty."),
            Message("Es gibt nichts zu veröffentlichen.", "There is nothing to publish."),
            Message(
                "Prüfen Sie den Export und laden Sie die Datei neu.", "Check the export and upload the file again."
            ),
        )
    found = _kind(head)
    if (
        found is None
        and seen.encoding in ("utf-8", "cp1252")
        and head[:4000].count(b"\0") > max(8, len(head[:4000]) // 10)
    ):
        found = ("binary", "eine Binärdatei oder UTF-16 ohne Kennung", "a binary file, or UTF-16 without a mark")
    if found is None:
        return None
    kind, de, en = found
    return kind, blocking(
        "not-a-table",
        Message(f"Die Datei ist {de}, keine CSV-Tabelle.", f"The file is {en}, not a CSV table."),
        Message("Nur Tabellen im CSV-Format können geprüft werden.", "Only tables in CSV format can be checked."),
        Message(
            "Speichern Sie die Tabelle als „CSV UTF-8 (durch Trennzeichen getrennt)“ und laden Sie diese Datei."
            if kind != "html"
            else "Prüfen Sie die Adresse: Sie muss ohne Anmeldung auf die Datei selbst führen.",
            "Save the table as “CSV UTF-8 (comma delimited)” and upload that file."
            if kind != "html"
            else "Check the address: it must lead to the file itself without a login.",
        ),
    )


def _kind(head: bytes) -> tuple[str, str, str] | None:
    if head.startswith(b"PK\x03\x04"):
        start = head[:_SAMPLE]
        if b"xl/" in start or b"[Content_Types].xml" in start:
            return "xlsx", "eine Excel-Arbeitsmappe (.xlsx)", "an Excel workbook (.xlsx)"
        if b"opendocument.spreadsheet" in start:
            return "ods", "eine LibreOffice-Tabelle (.ods)", "a LibreOffice spreadsheet (.ods)"
        return "zip", "ein ZIP-Archiv", "a ZIP archive"
    for signature, kind, de, en in _SIGNATURES:
        if head.startswith(signature):
            return kind, de, en
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:_SAMPLE].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        if b"password" in start or b"login" in start or b"anmeld" in start:
            return "html", "eine Webseite, vermutlich eine Anmeldeseite", "a web page, probably a login page"
        return "html", "eine Webseite (HTML)", "a web page (HTML)"
    if start.startswith((b"<?xml", b"<")):
        return "xml", "ein XML-Dokument", "an XML document"
    if re.match(rb'[{\[]\s*["{\[\]}]', start):
        return "json", "eine JSON-Datei", "a JSON file"
    return None


def _read_text(path: Path, profile: TableProfile, max_columns: int, max_cell: int) -> TableProfile:
    """Find dialect and header in the sample, then walk the whole file once for broken quotes and limits."""
    with open_text(path, profile) as handle:
        sample = handle.read(_SAMPLE)
    lines = io.StringIO(sample, newline="").readlines()
    if len(sample) == _SAMPLE and len(lines) > 1:
        lines = lines[:-1]
    declared = re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE) if lines else None
    delimiter = declared[1] if declared else _delimiter(lines)
    profile = replace(profile, delimiter=delimiter, quote=_quote(lines, delimiter))
    try:
        start = [row for row, _ in zip(reader(iter(lines), profile), range(_HEADER_LINES), strict=False)]
    except csv.Error as error:
        return unreadable(profile, error)
    row, findings = header_row(start, sep_line=declared is not None)
    # frictionless strips labels too.
    header = tuple(label.strip() for label in start[row - 1]) if row else ()
    profile = replace(profile, header_row=row, header=header, findings=(*profile.findings, *findings))
    return walk(path, profile, max_columns, max_cell)


def _delimiter(lines: list[str]) -> str:
    """The delimiter that gives most lines the same number of cells, more than one."""
    best, best_score = ",", 0.0
    for candidate in _DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(lines[:100], delimiter=candidate) if any(row))
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        share = count / widths.total()
        score = share**3 * (width - 1) ** 0.5
        if score > best_score * 1.05:
            best, best_score = candidate, score
    return best


def _quote(lines: list[str], delimiter: str) -> str:
    text = "".join(lines[:100])
    edge = re.escape(delimiter)
    single = re.findall(rf"(?:^|{edge})'[^'\r\n]*'(?={edge}|\r?$)", text, re.MULTILINE)
    return "'" if '"' not in text and len(single) >= 3 else '"'


def header_row(start: list[list[str]], *, sep_line: bool = False) -> tuple[int, list[Finding]]:
    """Find the header: the first record as wide as the table is; records above it with at most one filled cell are a title."""
    findings = [SEP_LINE] if sep_line else []
    first = 2 if sep_line else 1
    widths = Counter(len(row) for row in start if sum(bool(cell.strip()) for cell in row) > 1)
    usual = widths.most_common(1)[0][0] if widths else 1
    for number, row in enumerate(start[first - 1 :], start=first):
        filled = sum(bool(cell.strip()) for cell in row)
        if filled >= 1 and (usual == 1 or (filled > 1 and filled * 2 >= usual)):
            if number > first:
                findings.append(title_lines(number, number - first))
            numeric = sum(bool(_NUMBER_OR_DATE.fullmatch(cell)) for cell in row)
            if numeric * 2 > filled:
                findings.append(no_header(number))
            return number, findings
        if filled > 1:
            break
    return (first if len(start) >= first else 0), findings
