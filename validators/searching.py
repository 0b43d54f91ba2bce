"""Searches columns of text with regular expressions of RE2: first all cells at once, then cell by cell only where something is."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from validators.kernels import holds

# Share of different cells in a column from which it is searched rather than read value by value.
_MANY = 0.2
_SAMPLE = 5000


class Column:
    """The cells of one column in one block, with what several looks need of it made once."""

    def __init__(self, cells: Any) -> None:
        self.cells = cells
        sample = cells.slice(0, _SAMPLE)
        self.varied = len(pc.unique(sample)) > _MANY * len(sample)
        self._text: Any = None

    def may_hold(self, patterns: Sequence[str]) -> bool:
        """Tell whether a cell can match one of the expressions; only a no is certain."""
        usable = [over_lines(pattern) for pattern in patterns]
        if not self.varied or not all(usable) or not usable:
            return True
        if self._text is None:
            offsets = pa.array([0, len(self.cells)], pa.int32())
            self._text = pc.binary_join(pa.ListArray.from_arrays(offsets, self.cells), "\n")
            # A line break inside a cell is taken for the end of one.
            self._broken = holds(self.cells, b"\n")
        if self._broken:
            return True
        joined = "(?m)" + "|".join(f"(?:{pattern})" for pattern in usable)
        try:
            return bool(pc.match_substring_regex(self._text, joined)[0].as_py())
        except pa.ArrowInvalid:
            return True

    def matching(self, pattern: str) -> Any:
        """Give a mask of the cells that match somewhere; None for all when the expression is none of RE2 or there is nothing to save."""
        if not pattern or not self.varied or not _compiles(pattern):
            return None
        return pc.match_substring_regex(self.cells, pattern)


@cache
def over_lines(pattern: str) -> str:
    """Rewrite an expression for cells to one for lines of cells: ends of text become ends of lines, and no line end is matched by what is
    excluded. Empty when that cannot be done.
    """
    result, at, inside = "", 0, False
    while at < len(pattern):
        sign, two = pattern[at], pattern[at : at + 2]
        if sign == "\\":
            result += {"\\A": "^", "\\z": "$"}.get(two, two) if not inside else two
            at += 2
            continue
        if inside:
            inside = sign != "]"
        elif sign == "[":
            inside = True
            if two == "[^":
                result += "[^\\n"
                at += 2
                # A bracket at the beginning stands for itself.
                if pattern[at : at + 1] == "]":
                    result += "\\]"
                    at += 1
                continue
            if two == "[]":
                result += "[\\]"
                at += 2
                continue
        result += sign
        at += 1
    return result if "[:" not in pattern and _compiles(f"(?m){result}") else ""


@cache
def _compiles(pattern: str) -> bool:
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True
