"""Addresses of CSW 2.0.2: GetRecords by GET, page by page (OGC 07-006r1, 10.8)."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from harvesters import kvp
from harvesters.source import Source

MAX_ROWS = 1_000
GMD = "http://www.isotc211.org/2005/gmd"
_ALWAYS = {
    "service": "CSW",
    "version": "2.0.2",
    "request": "GetRecords",
    "resultType": "results",
    "outputSchema": GMD,
    "elementSetName": "full",
}


@dataclass(frozen=True, slots=True)
class Position:
    """Which records an address asks for: from `start` on, `rows` of them, of pages that have `whole` rows."""

    start: int
    rows: int
    whole: int


def is_document(url: str) -> bool:
    """Tell whether an address is that of a document, or asks for single records."""
    request = kvp.parameter(url, "request").lower()
    try:
        return request == "getrecordbyid" or urlsplit(url).path.lower().endswith(".xml")
    except ValueError:
        return False


def rows_of(source: Source) -> int:
    """Give how many records a page has."""
    stated = source.option("rows", "50").strip()
    return min(max(int(stated), 1), MAX_ROWS) if re.fullmatch(r"[0-9]{1,6}", stated) else 50


def page(url: str, start: int, rows: int, source: Source) -> str:
    """Write the address of a page: sorted, so that pages do not shift against each other."""
    missing = {"typeNames": "csw:Record", "sortBy": "dc:identifier:A"}
    if constraint := _constraint(source):
        missing |= {
            "constraintLanguage": "CQL_TEXT",
            "constraint_language_version": "1.1.0",
            "constraint": constraint,
        }
    asked = {**_ALWAYS, "startPosition": str(start), "maxRecords": str(rows)}
    # What may stand in the address already comes first, so that one page is asked for by one address.
    return kvp.asked(kvp.asked(url, {}, missing), asked)


def _constraint(source: Source) -> str:
    """Give the CQL of the options; a keyword is looked for within the subjects."""
    stated, keyword = source.option("constraint").strip(), source.option("keyword").strip()
    like = f"dc:subject LIKE '%{keyword.replace(chr(39), chr(39) * 2)}%'" if keyword else ""
    return f"({stated}) AND {like}" if stated and like else stated or like


def position(url: str, source: Source) -> Position:
    """Read which records an address asks for."""
    whole = rows_of(source)
    start, rows = (kvp.parameter(url, name) for name in ("startPosition", "maxRecords"))
    return Position(
        start=max(int(start), 1) if re.fullmatch(r"[0-9]{1,9}", start) else 1,
        rows=max(int(rows), 1) if re.fullmatch(r"[0-9]{1,6}", rows) else whole,
        whole=whole,
    )
