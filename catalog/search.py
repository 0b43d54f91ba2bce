"""The search: what stands in the index, caught up from the logs before every search, found, counted and proposed."""

import fcntl
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import tantivy
from sqlalchemy.orm import Session

from catalog import search_order, search_text, synonym_groups
from catalog.german import folded, term, words
from catalog.index_fields import TAG_START, VALUES
from catalog.index_query import all_of, filters, prefix_query, public, stem_start, term_query
from catalog.index_writing import behind, write_slice
from catalog.instance import Instance
from catalog.query import All, Is, Order, SearchQuery
from catalog.search_index import Counted, Index, fresh, lock_file, opened
from catalog.search_text import Asked, Known
from catalog.synonym_groups import Synonyms

__all__ = ["Hits", "Index", "Proposal", "catch_up", "opened", "rebuild", "search", "simple", "suggest"]

FACETS = ("city", "theme", "organization", "format", "license", "tag")
ORDERS: Mapping[str, tuple[Order, ...]] = {
    "newest": (Order("modified", descending=True), Order("name")),
    "title": (Order("title"),),
    "name": (Order("name"),),
}
# The most hits that one search gives back; a next one may start after them.
MAX_WINDOW = 10_000
FACET_VALUES = 1000
# A search waits no longer for others who write, and writes no longer by itself before it searches.
_PATIENCE = 1.0
# While there is nothing in the index at all: to find nothing would be wrong, not only old.
_FIRST_PATIENCE = 15.0
# The engine counts within each segment the values up to a rank; beyond it the counts are no longer exact, and it says so.
_COUNTED = (10_000, 65_000)
_HITS = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The ids a search found, in order, with the number of all hits and the facet counts.

    `suggestion` is the text without its typing errors, empty where there are none; `terms` are those that count as found, for
    highlighting (catalog/snippets.py).
    """

    count: int
    ids: tuple[str, ...]
    facets: dict[str, dict[str, int]]
    suggestion: str = ""
    terms: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody who types may mean: a dataset by its title and name, or a keyword with the number of its datasets."""

    kind: str
    text: str
    name: str = ""
    count: int = 1


def search(
    instance: Instance,
    query: SearchQuery | str,
    chosen: Iterable[tuple[str, str]] = (),
    *,
    order: str = "",
    start: int = 0,
    rows: int = 20,
) -> Hits:
    """Catch up, then search; while another process fills the index, nobody waits longer than a moment.

    Text with chosen values stands for the query that `simple` makes of them.
    """
    asked = simple(query, chosen, order=order, start=start, rows=rows) if isinstance(query, str) else query
    return find(_caught_up(instance), asked, synonyms(instance))


def find(index: Index, asked: SearchQuery, alike: Synonyms) -> Hits:
    """Search an index as it is."""
    searcher = index.searcher()
    read = _read(index, searcher, asked, alike)
    allowed = filters(asked)
    query = all_of([allowed, read.plain]) if read.plain else allowed
    ranked = all_of([_unranked(allowed), read.ranked]) if read.ranked else None
    # Whatever the order and the page, there are as many.
    key = (replace(asked, order=(), start=0, rows=0), alike)
    counted = index.counted(searcher, key, lambda: count(searcher, query, asked.facets))
    rows = min(asked.rows, MAX_WINDOW)
    page = search_order.page(searcher, query, asked.order, asked.start, rows, count=counted.hits, ranked=ranked)
    return Hits(
        count=counted.hits,
        ids=tuple(str(searcher.doc(address)["id"][0]) for address in page),
        facets={name: dict(values) for name, values in counted.facets.items()},
        suggestion=read.suggestion,
        terms=read.terms,
    )


def simple(
    text: str, chosen: Iterable[tuple[str, str]] = (), *, order: str = "", start: int = 0, rows: int = 20
) -> SearchQuery:
    """Make a query of text and chosen values of public datasets, with the usual facets."""
    return SearchQuery(
        text=text,
        where=All(tuple(Is(name, value) for name, value in chosen)),
        order=ORDERS.get(order, ()),
        start=start,
        rows=rows,
        facets=FACETS,
    )


def suggest(instance: Instance, typed: str, limit: int = 10) -> tuple[Proposal, ...]:
    """Propose keywords and titles of public datasets to who has typed the beginning of a word, or some words and a beginning."""
    said = folded(typed[:200]).split()
    if not said:
        return ()
    searcher = _caught_up(instance).searcher()
    counted = searcher.terms_with_prefix(TAG_START, " ".join(said), filter_query=public(), limit=limit)
    tags = [Proposal("tag", each.split("\t", 1)[1], count=count) for each, count in counted if count]
    whole = [term_query("title", term(word)) for word in said[:-1] if words(word)]
    query = all_of([_unranked(public()), *whole, prefix_query("title", stem_start(said[-1]))])
    newest = (Order("modified", descending=True),)
    page = search_order.page(searcher, query, newest, 0, limit, count=search_order.count_hits(searcher, query))
    documents = [searcher.doc(address) for address in page]
    titles = [Proposal("dataset", str(found["shown"][0]), str(found["name"][0])) for found in documents]
    return (*tags[: max(limit // 2, limit - len(titles))], *titles)[:limit]


def count_values(instance: Instance, field: str, start: str = "", *, most: int) -> list[tuple[str, int]]:
    """List the values that public datasets have in a field, with the number of datasets, by value."""
    assert field in VALUES
    counted = _caught_up(instance).searcher().terms_with_prefix(field, start, filter_query=public(), limit=most)
    return sorted((value, number) for value, number in counted if number)


def catch_up(instance: Instance, patience: float = 600, budget: float | None = None) -> int:
    """Bring the index up to the logs; gives the number of datasets looked at. Cheap when there is nothing new.

    With a budget of seconds it begins no further slice after them: the rest waits for the next time.
    """
    index = opened(_folder(instance))
    until = None if budget is None else time.monotonic() + budget
    written = 0
    while True:
        # The marks first: a database read later is never older than they are, unless it was put back.
        marks = index.marks
        with instance.database.reading() as session:
            if not behind(session, marks):
                return written
        with index.writing(patience if marks else max(patience, _FIRST_PATIENCE)) as writer:
            if writer is None:
                return written
            with instance.database.reading() as session:
                written += write_slice(index, writer, session, brief=budget is not None)
        if until is not None and time.monotonic() > until:
            return written


def rebuild(instance: Instance) -> int:
    """Make the index anew from the catalogue, beside the old one, which is searched until then; gives the number of datasets."""
    folder = _folder(instance)
    beside, away = (folder.with_name(f"index.{name}") for name in ("new", "old"))
    with lock_file(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        index = fresh(beside)
        while True:
            marks = index.marks
            with instance.database.reading() as session:
                if not behind(session, marks):
                    break
                with index.committing() as writer:
                    write_slice(index, writer, session)
        shutil.rmtree(away, ignore_errors=True)
        if folder.exists():
            folder.rename(away)
        beside.rename(folder)
        shutil.rmtree(away, ignore_errors=True)
        opened.cache_clear()
    return int(opened(folder).searcher().num_docs) - 1


def synonyms(instance: Instance) -> Synonyms:
    """Give the synonyms, with a steward's as the file says now."""
    return synonym_groups.load(instance.config.synonyms, instance.config.thesaurus, _written(instance))


def _written(instance: Instance) -> tuple[float, ...]:
    """Tell when the files of synonyms were written."""
    files = (instance.config.synonyms, instance.config.thesaurus)
    return tuple(file.stat().st_mtime for file in files if file is not None and file.is_file())


def _read(index: Index, searcher: tantivy.Searcher, asked: SearchQuery, alike: Synonyms) -> Asked:
    if not asked.text.strip():
        return Asked(None)
    anywhere = replace(asked, where=All())
    known = Known(
        searcher=searcher,
        splitter=index.splitter(searcher),
        synonyms=alike,
        meant=partial(index.meant, searcher, alike.said | synonym_groups.basic()),
        # Words of what somebody may not read are words that there are not.
        visible=filters(anywhere),
        narrowed=None if asked == anywhere else filters(asked),
        hidden=index.hides(searcher),
    )
    return search_text.read(asked.text, known)


def _unranked(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)


def count(searcher: tantivy.Searcher, query: tantivy.Query, names: Iterable[str] = ()) -> Counted:
    """Count all hits, and the values of some fields among them; of each field the most frequent ones."""
    asked = list(names)
    fields = [name for name in asked if name in VALUES]
    if not fields:
        return Counted(search_order.count_hits(searcher, query), {name: {} for name in asked})
    found = _aggregated(searcher, query, fields, _COUNTED[0])
    if inexact := [name for name in fields if found[name].get("doc_count_error_upper_bound")]:
        found |= _aggregated(searcher, query, inexact, _COUNTED[1])
    values = {name: {each["key"]: each["doc_count"] for each in found[name]["buckets"]} for name in fields}
    return Counted(int(found[_HITS]["value"]), {name: values.get(name, {}) for name in asked})


def _aggregated(searcher: tantivy.Searcher, query: tantivy.Query, names: list[str], depth: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        name: {"terms": {"field": name, "size": FACET_VALUES, "segment_size": depth}} for name in names
    }
    # Every dataset has one time at which it came.
    return dict(searcher.aggregate(query, wanted | {_HITS: {"value_count": {"field": "created"}}}))


def caught_up(instance: Instance, reader: Session | sa.Connection) -> tuple[Index, str]:
    """Give the index, after a moment of catching up where the `reader` sees that it is behind, and the name of its state.

    The same state finds the same; it has no name while the index is still behind.
    """
    index = opened(_folder(instance))
    if behind(reader, index.marks):
        # What it reads next is of another moment.
        reader.commit()
        _caught_up(instance)
        if behind(reader, index.marks):
            return index, ""
    return index, f"{index.mark} {_written(instance)}"


def _caught_up(instance: Instance) -> Index:
    catch_up(instance, patience=_PATIENCE, budget=_PATIENCE)
    return opened(_folder(instance))


def _folder(instance: Instance) -> Path:
    return instance.config.home / "index"
