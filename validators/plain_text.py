"""The text of a cell as people read it: the many blanks, dashes and invisible signs that word processors put in are made plain."""

import functools
import unicodedata
from collections.abc import Callable

# Cells with one of these are not what they look like. A class for RE2 and Python alike, so it is written with the signs themselves.
ODD = (
    "[\u00a0\u00ad\u0300-\u036f\u061c\u180e\u2000-\u2015\u202a-\u202f\u205f-\u2069\u2212\u3000\ufe52\ufe63\ufe6b"
    "\ufeff\uff01-\uff5e]"
)
# A long row of accents takes quadratic time to be put in order.
_COMPOSED = 5_000
_BLANKS = (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_INVISIBLE = (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
_DASHES = (*range(0x2010, 0x2016), 0x2212, 0xFE63)
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys(_BLANKS, " "),
    **dict.fromkeys(_INVISIBLE),
    **dict.fromkeys(_DASHES, "-"),
    0xFE52: ".",
    0xFE6B: "@",
    # The wide forms of ASCII.
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
}


def plain_text(cell: str) -> str:
    """Give the text that a cell shows, letters with accents as one sign each, in time that grows with its length only."""
    return cell if cell.isascii() else _made_plain(cell)


def reads_plain(test: Callable[[str], bool]) -> Callable[[str], bool]:
    """Let a test of a cell see its plain text."""

    @functools.wraps(test)
    def tested(cell: str) -> bool:
        return test(plain_text(cell))

    return tested


# Many tests ask about the same cell.
@functools.lru_cache(maxsize=16)
def _made_plain(cell: str) -> str:
    text = cell.translate(_PLAIN)
    return unicodedata.normalize("NFC", text) if len(text) <= _COMPOSED else text
