"""What stands in the columns of a table: one pass over all rows, block by block, so that repeated values cost nothing."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

from validators.coordinates import LAT, LON
from validators.report import TableProfile
from validators.sniff import records
from validators.spellings import NOTHING

# Different values that are remembered of a column, rows looked at together, and different values up to which uniqueness is watched.
MAX_VALUES = 200
_BLOCK = 20_000
_MAX_SEEN = 5_000_000
_LONGEST = 2000
_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d")
_DATETIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M",
    "%d.%m.%y %H:%M",
)
_TIMES = ("%H:%M:%S", "%H:%M")
_DIGITS = {"Y": r"[0-9]{4}", "y": r"[0-9]{2}", "d": r"[0-9]{2}", "m": r"[0-9]{2}", "H": r"[0-9]{2}", "M": r"[0-9]{2}", "S": r"[0-9]{2}"}  # fmt: skip
_PATTERNS = {
    "digits": r"[0-9]+",
    "integer": r"(?!-0)-?(?:0|[1-9][0-9]{0,17})",
    "year": r"(?:1[0-9]|20|21)[0-9]{2}",
    "point": r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17}(?:[eE][+-]?[0-9]{1,2})?)?",
    "comma": r"-?(?:0|[1-9][0-9]{0,17})(?:,[0-9]{1,17})?",
    "grouped": r"-?(?:(?:0|[1-9][0-9]{0,2}(?:\.[0-9]{3}){0,6})|[1-9][0-9]{0,17})(?:,[0-9]{1,17})?",
    "english": r"-?(?:(?:0|[1-9][0-9]{0,2}(?:,[0-9]{3}){0,6})|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?",
    "yearmonth": r"(?:1[0-9]|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])",
    "uuid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "uri": r"https?://[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,10}(?:/[A-Za-z0-9._~/-]*)?(?:\?[A-Za-z0-9._~=&-]*)?",
    "email": r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+){0,5}@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+){0,3}\.){1,4}[A-Za-z]{2,12}",
    "wkt": r"POINT ?\(-?[0-9.]+ -?[0-9.]+\)",
}
# No word for "no value" begins with a digit; asking first spares numbers and dates the long way.
_NO_NOTHING = frozenset("0123456789")
# kind -> the decimal mark and the thousands mark of its numbers
MARKS = {"point": (".", ""), "comma": (",", ""), "grouped": (",", "."), "english": (".", ",")}
# kind -> the words for yes and no
WORDS = {
    "words ja nein": ("ja", "nein"),
    "words j n": ("j", "n"),
    "words wahr falsch": ("wahr", "falsch"),
    "words true false": ("true", "false"),
    "words yes no": ("yes", "no"),
    "words y n": ("y", "n"),
}
# Numbers may have blanks around them; no other kind of value may.
NUMBERS = frozenset(("integer", "point", "comma", "grouped", "english"))


@dataclass(slots=True)
class Facts:
    """What is known of one column after all rows.

    `kinds` are all kinds that every filled cell is one of, words for "no value" (`nothing`) apart; `values` are the different values
    with their counts, complete unless `many`; `unique` tells whether no text occurs twice; `bounds` has the smallest and largest number
    in each notation (point, comma, english), as long as it is possible.
    """

    filled: int = 0
    empty: int = 0
    kinds: set[str] = field(default_factory=lambda: set(TESTS))
    values: dict[str, int] = field(default_factory=dict)
    many: bool = False
    nothing: dict[str, int] = field(default_factory=dict)
    unique: bool = True
    padded: bool = False
    longest: int = 0
    shortest: int = 0
    bounds: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def add(self, cells: tuple[str, ...]) -> None:
        """Take in the cells of some rows."""
        different = set(cells)
        filled = len(cells)
        if "" in different:
            different.discard("")
            filled -= cells.count("")
            self.empty += cells.count("")
        self.filled += filled
        if not different:
            return
        lengths = [len(value) for value in different]
        self.longest = max(self.longest, *lengths)
        self.shortest = min(self.shortest or _LONGEST, *lengths)
        self._watch(different, filled)
        self._count(cells, different)
        if self.kinds:
            self._test(different, cells)

    def _watch(self, different: set[str], filled: int) -> None:
        if not self.unique:
            return
        if len(different) < filled or len(self._seen) > _MAX_SEEN or not self._seen.isdisjoint(different):
            self.unique = False
            self._seen = set()
        else:
            self._seen |= different

    def _count(self, cells: tuple[str, ...], different: set[str]) -> None:
        if self.many:
            return
        if len(different) > MAX_VALUES:
            self.many = True
            known = [value for value in different if len(value) <= _LONGEST][: MAX_VALUES - len(self.values)]
            self.values |= {value: self.values.get(value, 0) + 1 for value in known}
            return
        for value in cells:
            if not value:
                continue
            if value in self.values or len(self.values) < MAX_VALUES:
                self.values[value] = self.values.get(value, 0) + 1
            else:
                self.many = True

    def _test(self, different: set[str], cells: tuple[str, ...]) -> None:
        texts = []
        for value in different:
            if value[:1] not in _NO_NOTHING and value.strip().casefold() in NOTHING:
                self.nothing[value] = self.nothing.get(value, 0) + cells.count(value)
                if len(self.nothing) > MAX_VALUES:
                    self.kinds = set()
                continue
            text = value.strip(" ")
            if text != value:
                self.padded = True
            if len(text) > _LONGEST:
                self.kinds = set()
            for kind in tuple(self.kinds):
                if not TESTS[kind](text):
                    self.kinds.discard(kind)
            if not self.kinds:
                return
            texts.append(text)
        if texts:
            self._bound(texts)

    def _bound(self, texts: list[str]) -> None:
        for notation, (kinds, read) in _NOTATIONS.items():
            if kinds.isdisjoint(self.kinds):
                continue
            numbers = [read(text) for text in texts] if read else texts
            # Reading all as decimals would take five times as long; what differs beyond the 15th digit does not matter here.
            low, high = Decimal(min(numbers, key=float)), Decimal(max(numbers, key=float))
            known = self.bounds.get(notation, (low, high))
            self.bounds[notation] = (min(low, known[0]), max(high, known[1]))


# notation -> the kinds written in it, and how a cell becomes a number in Python's spelling
_NOTATIONS: dict[str, tuple[frozenset[str], Callable[[str], str] | None]] = {
    "point": (frozenset(("integer", "point")), None),
    "comma": (frozenset(("comma", "grouped")), lambda text: text.replace(".", "").replace(",", ".")),
    "english": (frozenset(("english",)), lambda text: text.replace(",", "")),
}


def gather(path: Path, profile: TableProfile) -> tuple[list[Facts], int]:
    """Look at every row of a table; gives what is known of each column, and the number of rows that are not empty."""
    width = len(profile.header)
    columns = [Facts() for _ in profile.header]
    rows = (row for _, row in records(path, profile) if any(row))
    total = 0
    while block := list(islice(rows, _BLOCK)):
        total += len(block)
        even = [row if len(row) == width else (row + [""] * width)[:width] for row in block]
        for facts, cells in zip(columns, zip(*even, strict=True), strict=True):
            facts.add(cells)
    return columns, total


def writes_german(columns: Iterable[Facts]) -> bool:
    """Tell whether a file writes decimal commas: then 1.134 is one thousand one hundred and thirty-four, wherever it stands."""
    return any("point" not in each.kinds and {"comma", "grouped"} & each.kinds for each in columns)


def notation(kinds: set[str], *, german: bool) -> str:
    """Choose the notation in which a column's numbers are read, where several are possible; empty where none is."""
    order = ("comma", "grouped", "point", "english") if german else ("point", "comma", "grouped", "english")
    return next((kind for kind in order if kind in kinds), "")


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _moment(form: str) -> Callable[[str], bool]:
    """A date or time in exactly one form, with all its digits, that is on the calendar."""
    parts = re.split(r"%(.)", form)
    pattern = "".join(_DIGITS[part] if number % 2 else re.escape(part) for number, part in enumerate(parts))
    compiled = re.compile(pattern)

    def is_one(text: str) -> bool:
        if not compiled.fullmatch(text):
            return False
        try:
            datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            return False
        return True

    return is_one


_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?")


def _iso(text: str) -> bool:
    if not _ISO.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_PAIR = re.compile(r"(-?[0-9]{1,3}\.[0-9]{1,17}), ?(-?[0-9]{1,3}\.[0-9]{1,17})")


def _pair(first: tuple[float, float], second: tuple[float, float]) -> Callable[[str], bool]:
    """Two degrees with a point each, inside a box around Germany: 49,87 is one number with a comma and never a place."""

    def is_one(text: str) -> bool:
        if (found := _PAIR.fullmatch(text)) is None:
            return False
        x, y = float(found[1]), float(found[2])
        return first[0] <= x <= first[1] and second[0] <= y <= second[1]

    return is_one


def _word(*words: str) -> Callable[[str], bool]:
    return lambda text: text.casefold() in words


# kind -> the test of one cell
TESTS: dict[str, Callable[[str], bool]] = {
    **{kind: _matches(pattern) for kind, pattern in _PATTERNS.items()},
    **{f"date {form}": _moment(form) for form in _DATES},
    "datetime default": _iso,
    **{f"datetime {form}": _moment(form) for form in _DATETIMES},
    **{f"time {form}": _moment(form) for form in _TIMES},
    "lon,lat": _pair(LON, LAT),
    "lat,lon": _pair(LAT, LON),
    **{kind: _word(*words) for kind, words in WORDS.items()},
}
