"""Measures the search engine on made-up datasets: filling the index, and queries of every kind with four facets and the count.

.venv/bin/python -m benchmarks.search --count 100000
"""

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from catalog import search, search_index, synonym_groups
from catalog.index_entry import IndexEntry
from catalog.index_fields import document, entry_words
from catalog.index_writing import learnt
from catalog.query import All, Between, Is, SearchQuery, Within
from catalog.search_index import Index

FACETS = ("city", "theme", "format", "license")
_CITIES = [f"stadt-{n}" for n in range(60)]
_THEMES = ("AGRI", "ECON", "EDUC", "ENER", "ENVI", "GOVE", "HEAL", "JUST", "REGI", "SOCI", "TECH", "TRAN")
_FORMATS = ("CSV", "GEOJSON", "WMS_SRVC", "XLSX", "PDF", "JSON", "XML", "SHP")
_LICENSES = ("dl-by-de/2.0", "dl-zero-de/2.0", "cc-by/4.0", "other-closed")
_LONG = 110


def main() -> None:
    """Fill an index and search it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=240)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index, seconds = _filled(Path(folder) / "index", given.count)
        size = sum(file.stat().st_size for file in (Path(folder) / "index").iterdir())
        print(f"{given.count:,} datasets: filled in {seconds:.1f} s, {size / 1e6:.0f} MB")
        print("| queries | number | p50 ms | p95 ms | p99 ms | without result |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name, queries in _queries(given.queries).items():
            _measure(name, index, queries)


def _filled(folder: Path, count: int) -> tuple[Index, float]:
    start = time.monotonic()
    index = search_index.fresh(folder)
    sample = set().union(*(entry_words(entry) for entry in itertools.islice(_entries(count), 5000)))
    splitter = search_index.splitter_of(None, learnt(None, sample))
    with index.committing() as writer:
        for entry in _entries(count):
            writer.add_document(document(entry, splitter))
        writer.add_document(search_index.mark_document({"changes": count}))
    return index, time.monotonic() - start


def _words() -> list[str]:
    """The words of the synonyms, and compounds of two of the basic ones: some ten thousand, as a large catalogue has them."""
    basic = [word for word in sorted(synonym_groups.basic()) if len(word) > 3]
    chance = random.Random(7)
    made = {chance.choice(basic) + chance.choice(basic) for _ in range(20_000)}
    words = [*sorted(synonym_groups.load().said), *basic, *sorted(made)]
    chance.shuffle(words)
    return words


def _entries(count: int) -> Iterator[IndexEntry]:
    chance = random.Random(11)
    words = _words()
    # The most frequent word stands in a third of all datasets, most stand in few.
    weights = list(itertools.accumulate(1 / (rank + 50) for rank in range(len(words))))
    for number in range(count):
        said = chance.choices(words, cum_weights=weights, k=_LONG)
        city = chance.choice(_CITIES)
        west, south = 8 + chance.random(), 49 + chance.random()
        yield IndexEntry(
            id=f"{number:08}-0000-0000-0000-000000000000",
            name=f"datensatz-{number}",
            title=(" ".join(word.capitalize() for word in said[:4]),),
            keyword=tuple(said[4:8]),
            publisher=(f"Stadt {city}", f"{said[8].capitalize()}amt"),
            text=(" ".join(said[8:]),),
            city=city,
            organization=f"amt-{number % 900}",
            theme=(chance.choice(_THEMES),),
            tag=tuple(said[4:8]),
            format=tuple({chance.choice(_FORMATS), chance.choice(_FORMATS)}),
            license=(chance.choice(_LICENSES),),
            validation=chance.choice(("", "valid", "invalid")),
            quality=chance.choice(("excellent", "good", "sufficient", "bad")),
            created=1_600_000_000 + number,
            modified=1_700_000_000 + number % 1000,
            box=(west, south, west + 0.1, south + 0.1),
        )


def _queries(number: int) -> dict[str, list[SearchQuery]]:
    chance = random.Random(13)
    words = _words()
    weights = list(itertools.accumulate(1 / (rank + 50) for rank in range(len(words))))
    alike = sorted(synonym_groups.load().said)

    def asked(text: str, **given: object) -> SearchQuery:
        return SearchQuery(text=text, facets=FACETS, rows=10, **given)  # type: ignore[arg-type]

    def word() -> str:
        return chance.choices(words, cum_weights=weights)[0]

    each = number // 6
    narrowed = All((Is("city", "stadt-7"), Between("modified", 1_700_000_300, None), Within(8.2, 49.2, 8.7, 49.7)))
    return {
        "one word": [asked(word()) for _ in range(each)],
        "two words": [asked(f"{word()} {word()}") for _ in range(each)],
        "four words": [asked(" ".join(word() for _ in range(4))) for _ in range(each)],
        "a word with synonyms": [asked(chance.choice(alike)) for _ in range(each)],
        "a typing error": [asked(_mistyped(word(), chance)) for _ in range(each)],
        "a word, a city, a time and a box": [asked(word(), where=narrowed) for _ in range(each)],
        "everything, the newest first, page after page": [asked("", start=10 * page) for page in range(each)],
    }


def _mistyped(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def _measure(name: str, index: Index, queries: list[SearchQuery]) -> None:
    alike = synonym_groups.load()
    search.find(index, queries[0], alike)
    took, nothing = [], 0
    for query in queries:
        start = time.perf_counter()
        hits = search.find(index, query, alike)
        took.append((time.perf_counter() - start) * 1000)
        nothing += not hits.count
    took.sort()
    p50, p95, p99 = (took[min(len(took) - 1, int(len(took) * share))] for share in (0.5, 0.95, 0.99))
    print(f"| {name} | {len(took)} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {nothing} |")


if __name__ == "__main__":
    main()
