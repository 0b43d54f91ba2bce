"""The words of a catalogue: which are known, and which one is meant by an unknown one."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from catalog.german import folded

LEAST_CORRECTED = 4
_SHORTEST = 3
_MOST_WORDS = 150_000
_MOST_MEANT = 3


@dataclass(frozen=True, slots=True)
class Meant:
    """A word of the catalogue that an unknown one may be, and how far apart they are in letters."""

    word: str
    distance: int
    count: int


@dataclass(frozen=True, slots=True)
class _Known:
    word: str
    folded: str
    letters: int
    count: int


class Vocabulary:
    """All words of a catalogue with the number of datasets that hold them, ready for being compared with typing errors."""

    def __init__(self, counted: Iterable[tuple[str, int]], others: Iterable[str] = ()) -> None:
        """Take the words in the order of their frequency, and others that lead somewhere though no dataset holds them."""
        self._by_length: dict[int, list[_Known]] = {}
        counts = dict.fromkeys(sorted(others), 0) | dict(islice(counted, _MOST_WORDS))
        for word, count in counts.items():
            plain = folded(word)
            if len(plain) >= _SHORTEST and (count or len(word) >= LEAST_CORRECTED):
                known = _Known(word, plain, _letters(plain), count)
                self._by_length.setdefault(len(plain), []).append(known)

    def meant(self, word: str) -> tuple[Meant, ...]:
        """Name the words that an unknown one may be, the likeliest first: the nearest, and of these the most frequent."""
        plain = folded(word)
        most = allowed(len(plain))
        letters = _letters(plain)
        found: list[Meant] = []
        for length in range(len(plain) - most, len(plain) + most + 1):
            for known in self._by_length.get(length, ()):
                # Each edit changes two letters of the bag at the most.
                if (letters ^ known.letters).bit_count() <= 2 * most:
                    apart = distance(plain, known.folded, most)
                    if apart <= most:
                        found.append(Meant(known.word, apart, known.count))
        found.sort(key=lambda meant: (_cost(plain, meant), meant.word))
        nearest = found[0].distance if found else 0
        return tuple(meant for meant in found[:_MOST_MEANT] if meant.distance == nearest)


def allowed(length: int) -> int:
    """How many typing errors a word of this length may have."""
    return 0 if length < LEAST_CORRECTED else 1 if length < 6 else 2 if length < 13 else 3


def distance(one: str, other: str, most: int) -> int:
    """Count the edits between two words, a swap of neighbours being one; gives up beyond `most`."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, its in enumerate(other, 1):
            best = min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]


def _cost(typed: str, meant: Meant) -> float:
    # The first letter is rarely wrong.
    wrong_start = 0.5 if folded(meant.word)[:1] != typed[:1] else 0.0
    return meant.distance + wrong_start - 0.05 * math.log1p(meant.count)


def _letters(word: str) -> int:
    bag = 0
    for letter in word:
        bag |= 1 << (ord(letter) % 61)
    return bag
