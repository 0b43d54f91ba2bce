"""An index in memory, made of entries that a test gives; and the same questions answered without it."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import tantivy

from catalog import index_fields, index_query, search_index, search_order, search_text, synonym_groups
from catalog.german import Splitter, folded, terms, words
from catalog.index_entry import IndexEntry
from catalog.index_query import stem_start
from catalog.index_writing import learnt
from catalog.query import All, Between, Condition, Is, Not, Says, SearchQuery, Some, Starts, Within
from catalog.search_text import Asked, Known
from catalog.search_words import Vocabulary


class Memory:
    """Entries in an index of their own."""

    def __init__(self, entries: Sequence[IndexEntry], commits: int = 1) -> None:
        self.entries = entries
        known: set[str] = set().union(*(index_fields.entry_words(entry) for entry in entries))
        self.splitter = search_index.splitter_of(None, learnt(None, known))
        index = tantivy.Index(index_fields.schema())
        for part in range(commits):
            writer = index.writer(15_000_000, 1)
            for entry in entries[part::commits]:
                writer.add_document(index_fields.document(entry, self.splitter))
            writer.commit()
            writer.wait_merging_threads()
        index.reload()
        self.searcher = index.searcher()
        vocabulary = Vocabulary(
            self.searcher.terms_with_prefix(index_fields.WORD, "", filter_query=index_query.public()),
            synonym_groups.load().said | synonym_groups.basic(),
        )
        self.known = Known(
            searcher=self.searcher,
            splitter=self.splitter,
            synonyms=synonym_groups.load(),
            meant=vocabulary.meant,
            visible=index_query.public(),
        )

    def ids(self, query: SearchQuery) -> list[str]:
        """Answer a query without words."""
        wanted = index_query.filters(query)
        count = search_order.count_hits(self.searcher, wanted)
        page = search_order.page(self.searcher, wanted, query.order, query.start, query.rows, count=count)
        return [str(self.searcher.doc(address)["id"][0]) for address in page]

    def find(self, text: str, rows: int = 10) -> tuple[list[str], Asked]:
        """Answer a text, the best first."""
        asked = search_text.read(text, self.known)
        if asked.ranked is None or asked.plain is None:
            return self.ids(SearchQuery(rows=rows)), asked
        allowed = index_query.filters(SearchQuery())
        plain = index_query.all_of([allowed, asked.plain])
        ranked = index_query.all_of([tantivy.Query.const_score_query(allowed, 0.0), asked.ranked])
        count = search_order.count_hits(self.searcher, plain)
        assert count == search_order.count_hits(self.searcher, ranked), "both find the same"
        page = search_order.page(self.searcher, plain, (), 0, rows, count=count, ranked=ranked)
        return [str(self.searcher.doc(address)["id"][0]) for address in page], asked


def fulfils(entry: IndexEntry, condition: Condition, splitter: Splitter) -> bool:
    """Decide about one entry by what catalog/query.py says, without any index."""
    again: Callable[[Condition], bool] = partial(fulfils, entry, splitter=splitter)
    match condition:
        case All(parts):
            return all(map(again, parts))
        case Some(parts):
            return any(map(again, parts))
        case Not(part):
            return not again(part)
        case Is(field, value):
            return value in _values(entry, field)
        case Starts(field, value):
            if field in ("", *index_fields.TEXTS):
                start = stem_start(folded(value))
                return any(said.startswith(start) for text in _texts(entry, field) for said in terms(text))
            return any(each.startswith(value) for each in _values(entry, field))
        case Says(said, field, phrase):
            asked = terms(said)
            if phrase:
                return not asked or any(_in_order(asked, terms(text)) for text in _texts(entry, field))
            return all(each in _said(entry, field, splitter) for each in asked)
        case Between(field, low, high, open_low, open_high):
            number = getattr(entry, field)
            return number is not None and _lies(number, low, high, open_low, open_high)
        case Within(west, south, east, north):
            if entry.box is None or south > north:
                return False
            w, s, e, n = entry.box
            across = west > east
            meets = (w <= 180 and e >= west) or (w <= east and e >= -180) if across else w <= east and e >= west
            return meets and s <= north and n >= south


def _values(entry: IndexEntry, field: str) -> tuple[str, ...]:
    if field == "private":
        return ("true" if entry.private else "false",)
    if field.startswith("extras_"):
        found: object = entry.extras.get(field.removeprefix("extras_"), "")
    else:
        found = entry.values.get(field, ()) if field not in IndexEntry.__slots__ else getattr(entry, field)
    return tuple(each for each in ((found,) if isinstance(found, str) else tuple(found)) if each)  # type: ignore[arg-type, var-annotated]


def _texts(entry: IndexEntry, field: str) -> Iterable[str]:
    for name in (field,) if field else index_fields.TEXTS:
        yield from getattr(entry, name)


def _said(entry: IndexEntry, field: str, splitter: Splitter) -> set[str]:
    found = [word for text in _texts(entry, field) for word in words(text)]
    return {each for word in found for each in (*terms(word), *splitter.parts(word))}


def _in_order(asked: list[str], said: list[str]) -> bool:
    return any(said[at : at + len(asked)] == asked for at in range(len(said)))


def _lies(number: float, low: float | None, high: float | None, open_low: bool, open_high: bool) -> bool:
    above = low is None or (number > low if open_low else number >= low)
    return above and (high is None or (number < high if open_high else number <= high))
