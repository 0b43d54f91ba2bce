"""Series of files that one pattern names, such as `verkehr_{year}_Q{quarter}.csv`: which files belong to it, and to which time each.

The parts are {year}, {quarter}, {month}, {day} and {date}; `*` and `?` stand for any signs, as in patterns without parts.
"""

import calendar
import datetime
import fnmatch
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from dcat.message import Message
from dcat.model import Period, Text

MONTHS_DE = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip
_WORDS = {
    word: number for number, month in enumerate(MONTHS_DE, 1) for word in {month.casefold(), month[:3].casefold()}
}
_WORDS |= {"maerz": 3, "mrz": 3, "sept": 9}
_WORD = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
PARTS = {
    "year": "(?:19|20)[0-9]{2}",
    "quarter": "[1-4]",
    "month": f"0?[1-9](?![0-9])|1[0-2]|0[1-9]|{_WORD}",
    "day": "0?[1-9](?![0-9])|[12][0-9]|3[01]|0[1-9]",
    "date": "(?:19|20)[0-9]{2}-?[01][0-9]-?[0-3][0-9]",
}
_PART = re.compile(r"\{([A-Za-z_]+)\}")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A day, month, quarter or year, as its first and last day."""

    last: datetime.date
    first: datetime.date

    @property
    def period(self) -> Period:
        """The span as DCAT has it."""
        return Period(start=self.first.isoformat(), end=self.last.isoformat())

    @property
    def title(self) -> tuple[Text, Text]:
        """What people call it."""
        first, year = self.first, self.first.year
        days = (self.last - first).days
        if days == 0:
            return Text(f"{first:%d.%m.%Y}", "de"), Text(f"{first.isoformat()}", "en")
        if days < 31:
            return Text(f"{year}, {MONTHS_DE[first.month - 1]}", "de"), Text(f"{year}, {_ENGLISH[first.month]}", "en")
        if days < 100:
            number = (first.month + 2) // 3
            return Text(f"{year}, {number}. Quartal", "de"), Text(f"{year}, quarter {number}", "en")
        return Text(str(year), "de"), Text(str(year), "en")


def is_series(pattern: str) -> bool:
    """Tell whether a pattern has parts that tell a time."""
    return bool(_PART.search(pattern))


def matches(pattern: str, name: str) -> bool:
    """Tell whether a name fits a pattern, with parts or without."""
    if is_series(pattern):
        return read(pattern, name) is not None
    return fnmatch.fnmatchcase(name, unicodedata.normalize("NFC", pattern))


def read(pattern: str, name: str) -> Span | None:
    """Read the time a file's name tells; None for a file that is not of the series."""
    found = _expression(pattern).fullmatch(unicodedata.normalize("NFC", name))
    if found is None:
        return None
    given = found.groupdict()
    try:
        if "date" in given:
            day = datetime.date.fromisoformat(given["date"])
            return Span(day, day)
        return _span(int(given["year"]), given)
    except (KeyError, ValueError):
        # A date no calendar has, such as 31 February.
        return None


def identity(pattern: str) -> str:
    """Give the id of the dataset that a series is: the pattern without the ending of the files."""
    return unicodedata.normalize("NFC", pattern).rpartition(".")[0] or pattern


def label(pattern: str) -> str:
    """Give a title for a series that has none: what stands before its first part, or behind the last one."""
    pieces = _PART.split(unicodedata.normalize("NFC", identity(pattern)))[::2]
    words = (re.sub(r"[\W_]+", " ", piece).strip() for piece in pieces)
    return next((word for word in words if len(word) > 1), identity(pattern))


def fault(pattern: str) -> Message | None:
    """Say what is wrong with a pattern's parts; None if nothing is."""
    parts = _PART.findall(pattern)
    for part in parts:
        if part not in PARTS:
            return Message(
                f"der Teil {{{part[:30]}}} ist unbekannt, möglich sind {', '.join(f'{{{name}}}' for name in PARTS)}",
                f"the part {{{part[:30]}}} is unknown, possible are {', '.join(f'{{{name}}}' for name in PARTS)}",
            )
    if len(set(parts)) < len(parts):
        return Message("ein Teil kommt zweimal vor", "a part occurs twice")
    given = set(parts)
    if given and given not in _FITTING:
        return Message(
            "die Teile ergeben keine Zeit, möglich sind {date} allein, oder {year}, dazu {quarter} oder {month}, dazu {day}",
            "the parts make no time, possible are {date} alone, or {year}, with it {quarter} or {month}, with it {day}",
        )
    return None


_FITTING = ({"date"}, {"year"}, {"year", "quarter"}, {"year", "month"}, {"year", "month", "day"})
_ENGLISH = dict(enumerate(("January", "February", "March", "April", "May", "June", "July", "August", "September",
                           "October", "November", "December"), 1))  # fmt: skip


def _span(year: int, given: dict[str, str]) -> Span:
    if "quarter" in given:
        first, last = 3 * int(given["quarter"]) - 2, 3 * int(given["quarter"])
    elif "month" in given:
        first = last = _month(given["month"])
    else:
        first, last = 1, 12
    if "day" in given:
        day = datetime.date(year, first, int(given["day"]))
        return Span(day, day)
    return Span(datetime.date(year, last, calendar.monthrange(year, last)[1]), datetime.date(year, first, 1))


def _month(text: str) -> int:
    return int(text) if text.isdecimal() else _WORDS[text.casefold()]


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """Make the expression of a pattern; unknown parts stand for themselves."""
    pieces = _PART.split(unicodedata.normalize("NFC", pattern))
    text = ""
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            text += "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in re.sub(r"\*+", "*", piece))
        else:
            text += f"(?P<{piece}>(?i:{PARTS[piece]}))" if piece in PARTS else re.escape(f"{{{piece}}}")
    return re.compile(text, re.DOTALL)
