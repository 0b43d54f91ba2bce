"""Tells by its content, never by its name, what kind of file is read as a table in another way than as CSV."""

import re
from pathlib import Path

from validators.text_table import RefusedError
from validators.zip_parts import zip_file

_START = 200_000
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3\0", "geopackage"),
)
_BLANK = b"\xef\xbb\xbf \t\r\n"
_JSON = re.compile(rb'[{\[]\s*["{\[\]}]')
_WIDE_JSON = re.compile(rb"(?:\xff\xfe(?:\s\0)*[{\[]\0|\xfe\xff(?:\0\s)*\0[{\[])")


def kind_of(path: Path) -> str:
    """Give xlsx, xls, ods, office, zip, gzip, json, geopackage or parquet; nothing for a file that the sniffer looks at."""
    with path.open("rb") as handle:
        head = handle.read(_START)
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path, head)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return "json" if _JSON.match(head.lstrip(_BLANK)) or _WIDE_JSON.match(head) else ""


def _zip_kind(path: Path, head: bytes) -> str:
    try:
        with zip_file(path, "zip") as opened:
            names = {name.casefold() for name in opened.namelist()}
    except RefusedError:
        # What it was meant to be shows in its first bytes; the reader of that kind says what is wrong.
        if b"opendocument" in head:
            return "ods"
        return "xlsx" if b"xl/" in head or b"[Content_Types].xml" in head else "zip"
    if any(name.startswith("xl/workbook.") for name in names):
        return "xlsx"
    if {"mimetype", "content.xml"} <= names:
        return "ods"
    return "office" if "[content_types].xml" in names else "zip"
