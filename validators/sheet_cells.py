"""Writes the cells of a spreadsheet as the text that the schema's column expects: numbers, dates, times, booleans, failed formulas."""

import datetime
import decimal
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from validators.report import MAX_ROWS, Finding
from validators.schemas import Field
from validators.sheet_findings import cell_errors, lost_digits, lost_zeros, turned_into_date

# What formulas answer when they fail, as Excel stores it and as German programs show it.
ERRORS = frozenset(
    (
        "#NULL!",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NAME?",
        "#NUM!",
        "#N/A",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#UNKNOWN!",
        "#NV",
        "#WERT!",
        "#BEZUG!",
        "#ZAHL!",
        "#ÜBERLAUF!",
        "#FELD!",
    )
)
# Spreadsheets hold 15 digits; a longer whole number has been rounded.
_EXACT = 1e15
_LONGEST = 1e21
# A number written in so many characters is neither rounded nor in scientific notation with too many digits.
_SHORT = 15
# Text columns without a pattern whose names say how many digits they have; a telephone number stored as number has always lost some.
_CODE_LENGTHS = {"plz": 5, "postleitzahl": 5, "ags": 8, "ars": 12, "gemeindeschluessel": 8, "telefon": 99, "tel": 99}
_ISO_DURATION = re.compile(r"PT(\d{1,9})H(\d{1,2})M(\d{1,2})(?:\.\d+)?S")
_MIDNIGHT = datetime.time()
_MAX_ZEROS = 12


@dataclass(slots=True)
class _Seen:
    """Where something was seen in a column: how often, the first rows, the first different texts."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    texts: dict[str, None] = field(default_factory=dict)

    def add(self, row: int, text: str) -> None:
        self.count += 1
        if len(self.rows) < MAX_ROWS:
            self.rows.append(row)
        if len(self.texts) < MAX_ROWS:
            self.texts[text] = None


class Column:
    """One column of a sheet: turns its values into text, and remembers what a clerk should know about them."""

    def __init__(self, number: int, label: str, wanted: Field | None) -> None:
        self.number, self.label, self.wanted = number, label, wanted
        kind = wanted.type if wanted else ""
        self._date_is_wrong = kind in ("string", "integer", "number")
        self._mark = wanted.mark if wanted else "."
        self._code = _is_code(wanted)
        self._errors, self._zeros, self._digits, self._dates = _Seen(), _Seen(), _Seen(), _Seen()
        self.writes: dict[type, Callable[[Any], str]] = {
            str: self._text,
            float: self._number,
            int: self._number,
            bool: self._boolean,
            datetime.datetime: self._moment,
            datetime.date: self._date,
            datetime.time: self._time,
            datetime.timedelta: self._duration,
        }

    def texts(self, values: Sequence[Any], first_row: int) -> Sequence[str]:
        """Write the values of consecutive rows."""
        kinds = set(map(type, values))
        distinct = set(values) if len(kinds) == 1 else None
        if kinds == {str} and distinct is not None and not distinct & ERRORS and not self._has_durations(distinct):
            return values
        if kinds == {float} and not self._looks_at_numbers(values):
            return self._numbers(values)
        write = self.writes
        if distinct is not None and len(distinct) * 2 < len(values):
            known = {value: write[type(value)](value) for value in distinct}
            texts = [known[value] for value in values]
        else:
            texts = [write[type(value)](value) for value in values]
        if self._worth_a_look(kinds):
            for row, (value, text) in enumerate(zip(values, texts, strict=True), first_row):
                self._look(row, value, text)
        return texts

    def findings(self) -> list[Finding]:
        """Say what was seen in this column."""
        found = []
        if (seen := self._errors).count:
            found.append(cell_errors(self.number, self.label, seen.count, seen.rows, tuple(seen.texts)))
        if (seen := self._zeros).count:
            found.append(lost_zeros(self.number, self.label, seen.count, seen.rows, tuple(seen.texts)))
        if (seen := self._digits).count:
            found.append(lost_digits(self.number, self.label, seen.count, seen.rows))
        if (seen := self._dates).count:
            found.append(turned_into_date(self.number, self.label, seen.count, seen.rows, tuple(seen.texts)))
        return found

    def _looks_at_numbers(self, values: Sequence[float]) -> bool:
        return self._code is not None or max(values) >= _EXACT or min(values) <= -_EXACT

    def _numbers(self, values: Sequence[float]) -> list[str]:
        """Write many numbers at once, as `_number` does one by one."""
        texts = [text[:-2] if text[-2:] == ".0" else text for text in map(repr, values)]
        if max(map(len, texts)) > _SHORT or "-0" in texts:
            texts = [plain_number(v) if len(t) > _SHORT or t == "-0" else t for t, v in zip(texts, values, strict=True)]
        return texts if self._mark == "." else [text.replace(".", self._mark) for text in texts]

    def _worth_a_look(self, kinds: set[type]) -> bool:
        dates = self._date_is_wrong and bool(kinds & {datetime.date, datetime.datetime})
        return dates or bool(kinds & {str, float, int})

    def _look(self, row: int, value: Any, text: str) -> None:
        kind = type(value)
        if kind is str:
            if value in ERRORS:
                self._errors.add(row, text)
        elif kind is float or kind is int:
            if abs(value) >= _EXACT and text.lstrip("-").isdigit():
                self._digits.add(row, text)
            elif self._code and self._code(text):
                self._zeros.add(row, text)
        elif self._date_is_wrong and kind in (datetime.date, datetime.datetime):
            self._dates.add(row, text)

    def _has_durations(self, distinct: set[Any]) -> bool:
        return bool(self.wanted) and any(text.startswith("PT") for text in distinct)

    def _text(self, value: str) -> str:
        # LibreOffice's durations arrive as ISO 8601 text.
        if self.wanted and (match := _ISO_DURATION.fullmatch(value)) and self.wanted.type != "duration":
            hours, minutes, seconds = (int(part) for part in match.groups())
            return self._duration(datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds))
        return value

    def _number(self, value: float) -> str:
        return plain_number(value).replace(".", self._mark)

    def _boolean(self, value: bool) -> str:
        return self.wanted.truth(value) if self.wanted else "true" if value else "false"

    def _moment(self, value: datetime.datetime) -> str:
        kind = self.wanted.type if self.wanted else ""
        value = _whole(value)
        if kind in ("date", "yearmonth") and value.time() == _MIDNIGHT:
            return self._date(value.date())
        if kind == "time":
            return self._time(value.time())
        return self._formatted(value, "datetime") or value.isoformat()

    def _date(self, value: datetime.date) -> str:
        kind = self.wanted.type if self.wanted else ""
        if kind == "datetime":
            return self._moment(datetime.datetime.combine(value, _MIDNIGHT))
        if kind == "yearmonth" and value.day == 1:
            return f"{value.year:04}-{value.month:02}"
        return self._formatted(value, "date") or value.isoformat()

    def _time(self, value: datetime.time) -> str:
        if self.wanted and self.wanted.type == "duration":
            return f"PT{value.hour}H{value.minute}M{value.second}S"
        return self._formatted(value, "time") or value.isoformat()

    def _duration(self, value: datetime.timedelta) -> str:
        kind = self.wanted.type if self.wanted else ""
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
        if kind == "duration":
            return f"{sign}PT{hours}H{minutes}M{rest}S"
        if kind == "time" and not sign and hours < 24:
            return self._time(datetime.time(hours, minutes, rest))
        return f"{sign}{hours:02}:{minutes:02}:{rest:02}"

    def _formatted(self, value: Any, kind: str) -> str:
        """Write in the format of the schema's column, if that is one of Python's patterns and meant for this kind of value."""
        wanted = self.wanted
        if wanted is None or wanted.type != kind or "%" not in wanted.format:
            return ""
        try:
            text: str = value.strftime(wanted.format)
        except ValueError:
            return ""
        return text


def plain_number(value: float) -> str:
    """Write a number with a point and no more than the 15 digits that spreadsheets show; whole numbers without a point."""
    if isinstance(value, int):
        return str(value)
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2] if text != "-0.0" else "0"
    if len(text) > _SHORT:
        text = f"{value:.15g}"
    if "e" in text and value.is_integer() and abs(value) < _LONGEST:
        return str(int(decimal.Decimal(text)))
    return text


def _whole(value: datetime.datetime) -> datetime.datetime:
    """Days counted in a floating number miss a full second by less than a millisecond."""
    if value.microsecond >= 999_000:
        return value.replace(microsecond=0) + datetime.timedelta(seconds=1)
    return value.replace(microsecond=0) if value.microsecond < 1000 else value


def as_texts(values: Sequence[Any]) -> list[str]:
    """Write values that belong to no column, such as those above the header."""
    return [_NO_COLUMN.writes[type(value)](value) for value in values]


def _is_code(wanted: Field | None) -> Callable[[str], bool] | None:
    """Give the question whether digits lack leading zeros, for text columns whose pattern or name says that they hold codes."""
    if wanted is None or wanted.type != "string":
        return None
    if wanted.pattern:
        pattern = re.compile(wanted.pattern)
        return lambda text: (
            text.isdigit()
            and not pattern.fullmatch(text)
            and any(pattern.fullmatch("0" * n + text) for n in range(1, _MAX_ZEROS))
        )
    length = next((_CODE_LENGTHS[word] for word in wanted.name.split("_") if word in _CODE_LENGTHS), 0)
    return (lambda text: text.isdigit() and len(text) < length) if length else None


_NO_COLUMN = Column(1, "", None)
