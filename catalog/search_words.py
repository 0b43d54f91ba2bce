"""The words of a catalogue: which are known, and which one is meant by an unknown one."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice

import tantivy

from catalog.german import folded

LEAST_CORRECTED = 4
_MOST_WORDS = 150_000
_MOST_MEANT = 3
_LOOKED_AT = 40
# The engine compares no farther.
_FARTHEST = 2


@dataclass(frozen=True, slots=True)
class Meant:
    """A word of the catalogue that an unknown one may be, and how far apart they are in letters."""

    word: str
    distance: int
    count: int


class Vocabulary:
    """All words of a catalogue with the number of datasets that hold them, in an index of their own that finds what is written alike."""

    def __init__(self, counted: Iterable[tuple[str, int]], others: Iterable[str] = ()) -> None:
        """Take the words in the order of their frequency, and others that lead somewhere though no dataset holds them."""
        counts = dict.fromkeys(sorted(others), 0) | dict(islice(counted, _MOST_WORDS))
        index = tantivy.Index(_schema())
        writer = index.writer(15_000_000, 1)
        for word, count in counts.items():
            made = tantivy.Document()
            made.add_text("folded", folded(word))
            made.add_text("word", word)
            made.add_unsigned("count", count)
            writer.add_document(made)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def meant(self, word: str) -> tuple[Meant, ...]:
        """Name the words that an unknown one may be, the likeliest first: the nearest, and of these the most frequent."""
        plain = folded(word)
        for apart in range(1, allowed(len(plain)) + 1):
            query = tantivy.Query.fuzzy_term_query(_schema(), "folded", plain, apart)
            hits = self._searcher.search(query, _LOOKED_AT, count=False, order_by_field="count").hits
            if hits:
                found = [self._meant(plain, count, address) for count, address in hits]
                found.sort(key=lambda meant: (_cost(plain, meant), meant.word))
                return tuple(meant for meant in found[:_MOST_MEANT] if meant.distance == found[0].distance)
        return ()

    def _meant(self, plain: str, count: int, address: tantivy.DocAddress) -> Meant:
        word = str(self._searcher.doc(address)["word"][0])
        return Meant(word, distance(plain, folded(word), _FARTHEST), count)


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("folded", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("count", fast=True)
    return builder.build()


def allowed(length: int) -> int:
    """How many typing errors a word of this length may have."""
    return 0 if length < LEAST_CORRECTED else 1 if length < 6 else _FARTHEST


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
