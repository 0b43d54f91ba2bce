"""The repairs: deterministic rules that give the readings of one cell in the notation of its column, each with its own examples."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from dcat.message import Message
from validators import spellings
from validators.changes import RULES
from validators.columns import plain
from validators.readings import Reading, dates, moments, numbers, times, years
from validators.schemas import Field

_HOST = re.compile(r"(?:www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}(?:[/?#]\S*)?", re.IGNORECASE)
_MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One rule. `readings` gives what a cell of a column may mean; `types` are the field types it knows, all when empty.

    `mended` are its examples: kind of column, cell, cell afterwards; `left` are cells it must leave alone.
    """

    code: str
    readings: Callable[[Field, str], list[Reading]]
    types: tuple[str, ...] = ()
    mended: tuple[tuple[str, str, str], ...] = ()
    left: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> Message:
        """What the rule does, in words for people."""
        return RULES[self.code]


def _cleaner(code: str, clean: Callable[[str], str]) -> Callable[[Field, str], list[Reading]]:
    return lambda _, cell: [Reading(rule=code, after=after)] if (after := clean(cell)) != cell else []


def _single_spaces(cell: str) -> str:
    return " ".join(cell.split())


# Cleaning, one after the other, each on what the one before left over.
CLEANERS = (
    Repair(
        code="line-break",
        readings=_cleaner("line-break", lambda cell: cell.rstrip("\r\n")),
        mended=(("pattern", "a\n", "a"), ("enum", "park\r\n", "park")),
        left=(("string", "Text\n"),),
    ),
    Repair(
        code="invisible",
        readings=_cleaner("invisible", spellings.without_hidden),
        mended=(
            ("string", "Dar\u200bmstadt", "Darmstadt"),
            ("number", "1\x005", "15"),
            ("date", "\ufeff2024-12-31", "2024-12-31"),
        ),
        left=(("string", "a\u200db"),),
    ),
    Repair(
        code="spaces",
        readings=_cleaner("spaces", _single_spaces),
        mended=(("enum", " park ", "park"), ("date", "2024-12-31\u00a0", "2024-12-31"), ("number", "  ", "")),
        left=(("string", " Park "), ("string", " ")),
    ),
    Repair(
        code="unicode",
        readings=_cleaner("unicode", lambda cell: unicodedata.normalize("NFC", cell)),
        mended=(("umlauts", unicodedata.normalize("NFD", "Höhe"), "Höhe"),),
        left=(("string", unicodedata.normalize("NFD", "Höhe")),),
    ),
)


def _of(*codes: str) -> Callable[[Field, str], list[Reading]]:
    return lambda column, cell: [reading for reading in numbers(column, cell) if reading.rule in codes]


def _unit(column: Field, cell: str) -> list[Reading]:
    rest = spellings.without_unit(column, cell)
    found = numbers(column, rest) if rest else []
    return [Reading(rule="unit", after=r.after, sense=r.sense, own=r.own) for r in found]


def _boolean(column: Field, cell: str) -> list[Reading]:
    word = cell.strip().casefold()
    own_yes = {value.casefold() for value in column.true_values}
    own_no = {value.casefold() for value in column.false_values}
    if word in own_yes ^ own_no:
        values = column.true_values if word in own_yes else column.false_values
        after = next(value for value in values if value.casefold() == word)
    elif word in spellings.YES - own_no and column.true_values:
        after = column.true_values[0]
    elif word in spellings.NO - own_yes and column.false_values:
        after = column.false_values[0]
    else:
        return []
    return [Reading(rule="yes-no", after=after)]


def _code_word(column: Field, cell: str) -> list[Reading]:
    wanted = plain(cell) if len(cell) <= 200 else ""
    fitting = [value for value in column.enum if plain(value) == wanted]
    return [Reading(rule="code-word", after=value) for value in fitting] if wanted else []


def _leading_zero(column: Field, cell: str) -> list[Reading]:
    if not (column.pattern or column.enum) or len(cell) > 20 or not re.fullmatch("[0-9]+", cell):
        return []
    # A spreadsheet takes all zeros away, but only a list says for sure how many there were.
    most = max((len(value) for value in column.enum), default=len(cell) + 1)
    return [Reading(rule="leading-zero", after=cell.zfill(length)) for length in range(len(cell) + 1, most + 1)]


def _empty_word(_: Field, cell: str) -> list[Reading]:
    return [Reading(rule="empty-word", after="")] if cell.strip().casefold() in spellings.NOTHING else []


def _web_address(column: Field, cell: str) -> list[Reading]:
    address = column.format == "uri" and len(cell) <= _MAX_LENGTH and _HOST.fullmatch(cell)
    return [Reading(rule="web-address", after=f"https://{cell}")] if address else []


def _swap_point(column: Field, cell: str) -> list[Reading]:
    if not spellings.swapped_point(column, cell):
        return []
    one, two = (part.strip() for part in cell.strip(" []").split(","))
    after = f"[{two},{one}]" if column.format == "array" else f"{two},{one}"
    return [Reading(rule="swapped-coordinates", after=after)]


_NUMBERS = ("number", "integer")
REPAIRS = (
    Repair(
        code="decimal-mark",
        readings=_of("decimal-mark"),
        types=_NUMBERS,
        mended=(
            ("number", "12,5", "12.5"),
            ("number", "1.234,50", "1234.50"),
            ("number", "-0,75", "-0.75"),
            ("number", "8,651", "8.651"),
            ("integer", "12,0", "12"),
            ("german", "1.5", "1,5"),
            ("comma", "12.5", "12,5"),
        ),
        left=(
            ("number", "1,2,3"),
            ("integer", "12,5"),
            ("number", "12.5"),
            ("number", "1,5 oder 2"),
            ("number", "007,5"),
        ),
    ),
    Repair(
        code="thousands-mark",
        readings=_of("thousands-mark"),
        types=_NUMBERS,
        mended=(
            ("integer", "1.234", "1234"),
            ("integer", "1 234 567", "1234567"),
            ("integer", "1_000", "1000"),
            ("number", "1'234.5", "1234.5"),
            ("number", "1,234.50", "1234.50"),
        ),
        left=(("number", "1.234"), ("integer", "0.123"), ("integer", "12 34")),
    ),
    Repair(
        code="number-spelling",
        readings=_of("number-spelling"),
        types=_NUMBERS,
        mended=(
            ("integer", "+12", "12"),
            ("integer", "1_0", "10"),
            ("integer", "٧", "7"),
            ("number", "\u22123.5", "-3.5"),
            ("number", "17-", "-17"),
            ("integer", "12.0", "12"),
        ),
        left=(("integer", "007"), ("number", "1e5"), ("number", "inf"), ("integer", "12-14")),
    ),
    Repair(
        code="unit",
        readings=_unit,
        types=_NUMBERS,
        mended=(
            ("metres", "12 m", "12"),
            ("metres", "12,5m", "12.5"),
            ("euros", "€ 3,50", "3.50"),
            ("percent", "45 %", "45"),
        ),
        left=(("metres", "120 cm"), ("number", "12 m"), ("number", "45 %"), ("metres", "m")),
    ),
    Repair(
        code="date-form",
        readings=lambda column, cell: dates(column, cell) if column.type == "date" else years(column, cell),
        types=("date", "yearmonth"),
        mended=(
            ("date", "31.12.2024", "2024-12-31"),
            ("date", "3. Oktober 1990", "1990-10-03"),
            ("date", "2024-12-31 00:00:00", "2024-12-31"),
            ("date", "20241231", "2024-12-31"),
            ("date", "31/12/2024", "2024-12-31"),
            ("points", "2024-12-31", "31.12.2024"),
            ("yearmonth", "3/2024", "2024-03"),
        ),
        left=(
            ("date", "03/04/2024"),
            ("date", "31.02.2024"),
            ("date", "1.2.24"),
            ("date", "31.12.2024 10:30"),
            ("date", "45292"),
        ),
    ),
    Repair(
        code="time-zone",
        readings=moments,
        types=("datetime",),
        mended=(
            ("datetime", "2026-03-01T08:15:00", "2026-03-01T08:15:00+01:00"),
            ("datetime", "2026-07-01 08:15", "2026-07-01T08:15:00+02:00"),
            ("datetime", "01.03.2026 08:15", "2026-03-01T08:15:00+01:00"),
            ("datetime", "2026-03-01T08:15Z", "2026-03-01T08:15:00+00:00"),
        ),
        left=(
            ("datetime", "2026-03-01T08:15:00+01:00"),
            ("datetime", "2025-10-26T02:30:00"),
            ("datetime", "2026-03-29T02:30:00"),
            ("datetime", "01.03.2026"),
        ),
    ),
    Repair(
        code="time-form",
        readings=times,
        types=("time",),
        mended=(("time", "10:30", "10:30:00"), ("time", "9.05 Uhr", "09:05:00"), ("time", "9 Uhr", "09:00:00")),
        left=(("time", "10:30:00"), ("time", "25:00"), ("time", "10.30"), ("time", "9")),
    ),
    Repair(
        code="number-spelling",
        readings=years,
        types=("year",),
        mended=(("year", "1987.0", "1987"), ("year", "1987,0", "1987")),
        left=(("year", "87"), ("year", "1987/88"), ("year", "01.01.1987")),
    ),
    Repair(
        code="yes-no",
        readings=_boolean,
        types=("boolean",),
        mended=(("boolean", "ja", "true"), ("boolean", "NEIN", "false"), ("jn", "JA", "ja"), ("jn", "1", "ja")),
        left=(("boolean", "vielleicht"), ("boolean", "1"), ("boolean", "2")),
    ),
    Repair(
        code="code-word",
        readings=_code_word,
        mended=(("enum", "Park", "park"), ("umlauts", "hoehe", "Höhe"), ("enum", "Straße", "strasse")),
        left=(("enum", "Wald"), ("enum", ""), ("string", "Park")),
    ),
    Repair(
        code="leading-zero",
        readings=_leading_zero,
        types=("string",),
        mended=(("key", "6411000", "06411000"),),
        left=(("key", "641100"), ("key", "7411000"), ("string", "6411000")),
    ),
    Repair(
        code="empty-word",
        readings=_empty_word,
        mended=(("number", "k.A.", ""), ("date", "-", ""), ("number", "NaN", "")),
        left=(("string", "k.A."), ("number", "null"), ("number", "#WERT!"), ("mandatory", "-")),
    ),
    Repair(
        code="web-address",
        readings=_web_address,
        types=("string",),
        mended=(
            ("uri", "www.darmstadt.de/baum", "https://www.darmstadt.de/baum"),
            ("uri", "Wiesbaden.de", "https://Wiesbaden.de"),
        ),
        left=(("uri", "siehe Anlage"), ("uri", "https://darmstadt.de"), ("string", "www.darmstadt.de")),
    ),
    Repair(
        code="swapped-coordinates",
        readings=_swap_point,
        types=("geopoint",),
        mended=(("geopoint", "49.87,8.65", "8.65,49.87"),),
        left=(("geopoint", "8.65,49.87"), ("geopoint", "49.87")),
    ),
)
