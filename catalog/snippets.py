"""Pieces of a text around the words that were searched for, with marks as data. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from catalog.german import LEAST_LEARNT, term, words

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, and whether it is one of the words."""

    text: str
    marked: bool = False


def marked(text: str, looked_for: Collection[str]) -> tuple[Piece, ...]:
    """Cut a whole text into pieces; together they are the text."""
    pieces: list[Piece] = []
    at = 0
    for start, end in _places(text, looked_for):
        if start > at:
            pieces.append(Piece(text[at:start]))
        pieces.append(Piece(text[start:end], marked=True))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return tuple(pieces)


def snippet(text: str, looked_for: Collection[str], length: int = 200) -> tuple[Piece, ...]:
    """Cut out the passage of about `length` characters with the most words; the beginning where there is none."""
    text = " ".join(text.split())
    if len(text) <= length:
        return marked(text, looked_for)
    places = list(_places(text, looked_for))
    if not places:
        return (Piece(_to_word(text, 0, length)[1]),)
    start = max((start for start, _ in places), key=lambda at: (_worth(text, places, at, length), -at))
    begin, passage = _to_word(text, max(0, min(start - length // 5, len(text) - length)), length)
    pieces = marked(passage, looked_for)
    before = (Piece("… "),) if begin else ()
    after = (Piece(" …"),) if begin + len(passage) < len(text) else ()
    return (*before, *pieces, *after)


def _worth(text: str, places: list[tuple[int, int]], at: int, length: int) -> int:
    """How many different words stand in a passage."""
    return len({text[start:end].lower() for start, end in places if at - length // 5 <= start < at + length * 4 // 5})


def _to_word(text: str, begin: int, length: int) -> tuple[int, str]:
    """Cut a passage so that no word is torn, unless it is longer than the passage."""
    if begin:
        blank = text.find(" ", begin, begin + length // 3)
        begin = blank + 1 if blank >= 0 else begin
    end = begin + length
    if end < len(text):
        blank = text.rfind(" ", begin + 1, end)
        end = blank if blank > 0 else end
    return begin, text[begin:end]


def _places(text: str, looked_for: Collection[str]) -> list[tuple[int, int]]:
    wanted = frozenset(looked_for)
    parts = tuple(each for each in wanted if len(each) >= LEAST_LEARNT)
    found = []
    for match in _WORD.finditer(text):
        said = "".join(map(term, words(match[0])))
        if said and (said in wanted or said.startswith(parts) or said.endswith(parts)):
            found.append((match.start(), match.end()))
    return found
