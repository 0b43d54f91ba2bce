"""Tools for labelled tables: columns with personal data of every kind, and innocent ones that look alike, the same on every run.

What a column holds is known from how it is made, never from what the scan says. Surnames are placeholders and numbers are drawn, so no
real person is described. The tables held out differ from the others in words, names, notations and subjects.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

_VALUES = {sign: number for number, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ş": "s", "é": "e", " ": ""}

Maker = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column and the kinds of personal data it holds, by their codes."""

    label: str
    holds: frozenset[str]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A labelled table."""

    subject: str
    columns: tuple[Column, ...]


def table(subject: str, rows: int, *columns: tuple[str, str, Maker]) -> Table:
    """Make a table from columns given as label, codes with blanks between, and the maker of a cell."""
    return Table(
        subject=subject,
        columns=tuple(
            Column(label=label, holds=frozenset(kinds.split()), cells=tuple(make() for _ in range(rows)))
            for label, kinds, make in columns
        ),
    )


def iban(draw: random.Random, country: str = "DE", digits: int = 18) -> str:
    """Draw an IBAN with right check digits (ISO 13616)."""
    body = "".join(str(draw.randrange(10)) for _ in range(digits))
    number = int("".join(str(_VALUES[sign]) for sign in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02d}{body}"


def tax_id(draw: random.Random) -> str:
    """Draw a tax identification number: ten digits of which one occurs twice and one not at all, and the check digit of ISO 7064."""
    while True:
        digits = draw.sample(range(10), 9)
        digits.insert(draw.randrange(10), draw.choice(digits))
        if digits[0]:
            break
    product = 10
    for digit in digits:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return "".join(map(str, digits)) + str((11 - product) % 10)


def pension(draw: random.Random) -> str:
    """Draw a number of the pension insurance."""
    head = f"{draw.choice((12, 13, 28, 53, 65)):02d}{draw.randint(1, 28):02d}{draw.randint(1, 12):02d}{draw.randint(30, 99):02d}"
    letter, serial = draw.choice("ABCDEFGHKLMNPRSTW"), f"{draw.randrange(100):02d}"
    digits = f"{head}{_VALUES[letter] - 9:02d}{serial}"
    total = 0
    for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True):
        part = int(digit) * weight
        total += part // 10 + part % 10
    return f"{head}{letter}{serial}{total % 10}"


def health(draw: random.Random) -> str:
    """Draw a number of the health insurance."""
    letter, body = draw.choice("ABCDEFGHJKLMNPQRSTUVWXYZ"), f"{draw.randrange(10**8):08d}"
    total = 0
    for place, digit in enumerate(f"{_VALUES[letter] - 9:02d}{body}"):
        part = int(digit) * (2 if place % 2 else 1)
        total += part // 10 + part % 10
    return f"{letter}{body}{total % 10}"


def spaced(text: str, *widths: int) -> str:
    """Write a number in groups."""
    parts, start = [], 0
    for width in widths:
        parts.append(text[start : start + width])
        start += width
    return " ".join(part for part in (*parts, text[start:]) if part)


def date(draw: random.Random, first: int, last: int, form: str = "{d:02d}.{m:02d}.{y}") -> str:
    """Draw a day between two years."""
    return form.format(d=draw.randint(1, 28), m=draw.randint(1, 12), y=draw.randint(first, last))


def often(draw: random.Random, share: float, make: Maker, other: Maker) -> Maker:
    """Make the first cell and a share of the others in one way, the rest in another."""
    first = iter((True,))
    return lambda: make() if next(first, False) or draw.random() < share else other()


def of_words(text: str) -> tuple[str, ...]:
    """Split a text into words."""
    return tuple(text.split())


def of(draw: random.Random, *values: str) -> Maker:
    """Choose one of some values."""
    return lambda: draw.choice(values)


def empty() -> str:
    """Leave a cell empty."""
    return ""


def plain_letters(text: str) -> str:
    """Write a name as it stands in an e-mail address."""
    return re.sub("[äöüßşé ]", lambda match: _LETTERS[match[0]], text.casefold())
