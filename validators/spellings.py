"""Spellings of numbers, dates, words and points that people use and a schema does not mean: yes or no for one cell of one column."""

import re

from validators.coordinates import LAT, LON
from validators.schemas import Field

# Characters without ink that Excel, web pages and databases leave behind; joiners are no part of it, as some scripts need them.
HIDDEN = "\u200b\u200e\u200f\u2060\ufeff"
# The same with control characters but for tab and line breaks.
_HIDDEN = re.compile(f"[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f{HIDDEN}]")
_BLANKS = f" \t\r\n\u00a0\u2007\u202f{HIDDEN}"
YES = frozenset(("ja", "j", "yes", "y", "wahr", "true", "1", "x"))
NO = frozenset(("nein", "n", "no", "falsch", "false", "0"))
# Words for "no value". Not "null", which is German for zero, and no error of Excel such as #WERT!, which hides a fault.
NOTHING = frozenset(
    (
        "k.a.",
        "k. a.",
        "k.a",
        "keine angabe",
        "keine angaben",
        "ohne angabe",
        "o.a.",
        "nicht bekannt",
        "unbekannt",
        "n/a",
        "n.a.",
        "na",
        "nan",
        "#nv",
        "#n/a",
        "none",
        "-",
        "--",
        "---",
        "–",
        "—",
        "?",
    )
)
# Units a column can have, as UCUM writes them, and how they are written in cells.
UNITS: dict[str, tuple[str, ...]] = {
    "m": ("m", "meter"),
    "cm": ("cm", "zentimeter"),
    "mm": ("mm", "millimeter"),
    "km": ("km", "kilometer"),
    "ha": ("ha", "hektar"),
    "%": ("%", "prozent"),
    "EUR": ("€", "eur", "euro"),
    "EUR/kWh": ("€/kwh", "eur/kwh", "euro/kwh"),
    "Cel": ("°c", "grad celsius", "°", "grad"),
    "deg": ("°", "grad"),
    "m/s": ("m/s",),
    "km/h": ("km/h", "kmh"),
    "hPa": ("hpa",),
    "kW": ("kw",),
    "W/m2": ("w/m²", "w/m2"),
    "a": ("jahre", "jahr", "j."),
}
_SUFFIXES = {
    "m": "m",
    "cm": "cm",
    "mm": "mm",
    "km": "km",
    "ha": "ha",
    "prozent": "%",
    "eur": "EUR",
    "euro": "EUR",
    "kw": "kW",
    "kmh": "km/h",
    "hpa": "hPa",
    "grad": "deg",
}
_DECIMAL_COMMA = re.compile(r"\s*[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+\s*")
_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:[ \u00a0\u202f'’]\d{3})+)\s*")
_GERMAN_DATE = re.compile(r"\s*\d{1,2}\.\d{1,2}\.\d{2,4}(?:[ ,T]+\d{1,2}:\d\d(?::\d\d)?)?\s*")
_DOTTED_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}")
_SLASH_DATE = re.compile(r"\s*\d{1,2}/\d{1,2}/\d{4}\s*")
_NO_ZONE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?")
_NO_SECONDS = re.compile(r"\s*\d{1,2}[:.]\d\d(?: Uhr)?\s*")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"-?0[0-9]+")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})*(?:,\d+)?|[+-]?\d+(?:,\d+)?")
_NUMBER_LIKE = re.compile(r"[+-]?\d[\d., \u00a0\u202f]*")
_UNIT_WORDS = tuple(sorted({word for words in UNITS.values() for word in words}, key=len, reverse=True))


def decimal_comma(column: Field, cell: str) -> bool:
    """Find a decimal comma where the schema asks for a point."""
    return column.type in ("number", "integer") and column.decimal_char != "," and bool(_DECIMAL_COMMA.fullmatch(cell))


def english_decimal(column: Field, cell: str) -> bool:
    """Find points that cannot be thousands marks in a German column: 1.5 would be read as 15."""
    german = column.type == "number" and column.decimal_char == "," and column.group_char == "."
    return german and "." in cell and not _GROUPED.fullmatch(cell.strip())


def thousands_mark(column: Field, cell: str) -> bool:
    """Find 1.234 and 1 234 in a column of whole numbers, and 1 234 in any column of numbers."""
    if column.type not in ("number", "integer") or not _THOUSANDS.fullmatch(cell):
        return False
    return "." not in cell or column.type == "integer"


def german_date(column: Field, cell: str) -> bool:
    """Find 31.12.2024 where the schema asks for 2024-12-31."""
    return column.type in ("date", "datetime") and column.format == "default" and bool(_GERMAN_DATE.fullmatch(cell))


def slash_date(column: Field, cell: str) -> bool:
    """Find 03/04/2024, which can be March or April, where the schema asks for something else."""
    return column.type == "date" and "/" not in column.format and bool(_SLASH_DATE.fullmatch(cell))


def month_first(column: Field, cell: str) -> bool:
    """Find dates with points in a column whose format puts the month first, as nobody in Germany does."""
    if column.type not in ("date", "datetime") or "%m" not in column.format or "%d" not in column.format:
        return False
    return column.format.startswith("%m") and bool(_DOTTED_DATE.match(cell.strip()))


def no_zone(column: Field, cell: str) -> bool:
    """Find times without zone or seconds."""
    if column.type != "datetime" or column.format != "default" or not _NO_ZONE.fullmatch(cell):
        return False
    return not (cell.endswith("Z") and "T" in cell and cell.count(":") == 2 and "." not in cell)


def no_seconds(column: Field, cell: str) -> bool:
    """Find a time of day without seconds."""
    return column.type == "time" and column.format == "default" and bool(_NO_SECONDS.fullmatch(cell))


def yes_no(column: Field, cell: str) -> bool:
    """Find yes and no in words the schema does not know."""
    known = (*column.true_values, *column.false_values)
    return column.type == "boolean" and cell.strip().casefold() in YES | NO and cell not in known


def nothing_word(column: Field, cell: str) -> bool:
    """Find words for "no value" in a column of values that may stay empty."""
    return column.type not in ("string", "any") and not column.required and cell.strip(_BLANKS).casefold() in NOTHING


def blank(cell: str) -> bool:
    """Tell whether a cell that is not empty shows nothing."""
    return cell != "" and not cell.strip(_BLANKS)


def looks_empty(column: Field, cell: str) -> bool:
    """Find cells of blanks in a mandatory column."""
    return column.required and blank(cell)


def odd_number(column: Field, cell: str) -> bool:
    """Find numbers that frictionless reads and others do not: ` 7`, +12, 1_000, NaN, Arabic digits."""
    if column.type not in ("number", "integer") or column.decimal_char != "." or _PLAIN_NUMBER.fullmatch(cell):
        return False
    # 1,234 is read under a comma as thousands mark.
    plain = cell.replace(column.group_char, "") if column.group_char else cell
    if _PLAIN_NUMBER.fullmatch(plain):
        return False
    try:
        float(plain)
    except ValueError:
        return False
    return True


def leading_zeros(column: Field, cell: str) -> bool:
    """Find whole numbers such as 007: a code that loses its zeros."""
    return column.type == "integer" and bool(_LEADING_ZERO.fullmatch(cell.strip()))


def line_break(column: Field, cell: str) -> bool:
    """Find a line break at the end, which a pattern lets through."""
    return bool(column.pattern) and cell.endswith(("\n", "\r"))


def hidden_character(column: Field, cell: str) -> bool:
    """Find zero-width and other characters without ink, in any column; NUL is found in the whole file by the sniffer."""
    return bool(column.name) and hidden(cell.replace("\0", "")) and not blank(cell)


def hidden(cell: str) -> bool:
    """Tell whether a cell holds characters without ink."""
    return _HIDDEN.search(cell) is not None


def without_hidden(cell: str) -> str:
    """Take characters without ink out of a cell."""
    return _HIDDEN.sub("", cell)


def unit_of(column: Field) -> str:
    """Give the unit of a column in UCUM: the schema's, else the one its name ends with; empty when there is none."""
    return column.unit if column.unit in UNITS else _SUFFIXES.get(column.name.rpartition("_")[2].casefold(), "")


def without_unit(column: Field, cell: str) -> str:
    """Give the number of a cell that ends or begins with the unit of its column; empty when it does not."""
    unit = unit_of(column)
    text = cell.strip(_BLANKS)
    folded = text.casefold()
    for written in sorted(UNITS.get(unit, ()), key=len, reverse=True):
        if folded.endswith(written) and len(folded) == len(text):
            rest = text[: -len(written)].strip(_BLANKS)
        elif unit == "EUR" and folded.startswith(written) and len(folded) == len(text):
            rest = text[len(written) :].strip(_BLANKS)
        else:
            continue
        if rest[-1:].isdigit() or rest.endswith("-"):
            return rest
    return ""


def with_unit(column: Field, cell: str) -> bool:
    """Find a unit behind a number, its column's or another one."""
    if column.type not in ("number", "integer"):
        return False
    if without_unit(column, cell):
        return True
    text = cell.strip(_BLANKS).casefold()
    word = next((word for word in _UNIT_WORDS if text.endswith(word)), "")
    return bool(word) and bool(_NUMBER_LIKE.fullmatch(text[: -len(word)]))


def swapped(lon: str, lat: str) -> bool:
    """Tell whether longitude and latitude of a place in Germany are exchanged."""
    x, y = degrees(lon), degrees(lat)
    return x is not None and y is not None and LAT[0] <= x <= LAT[1] and LON[0] <= y <= LON[1]


def swapped_point(column: Field, cell: str) -> bool:
    """Find points of a geopoint column, longitude first, that name the latitude first."""
    if column.type != "geopoint" or column.format not in ("default", "array"):
        return False
    parts = cell.strip(" []").split(",")
    return len(parts) == 2 and swapped(*parts)


def degrees(cell: str) -> float | None:
    """Read a coordinate, with point or comma."""
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None
