"""Brings an index up to its logs: in slices, each one commit with the marks inside; words that are new teach the splitter."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate

import sqlalchemy as sa
import tantivy
from sqlalchemy.orm import Session

from catalog import search_sources
from catalog.db import batches
from catalog.german import LEAST_LEARNT, Splitter, term
from catalog.index_entry import IndexEntry
from catalog.index_fields import MARK, WORD, document, entry_words, learnable, schema
from catalog.search_index import Index, mark_document, marks_of, splitter_of
from catalog.search_sources import Changed
from catalog.spool import Spool

SLICE = 20_000
# What somebody who waits for an answer can wait for.
BRIEF = 500
# So many datasets at the most are made anew in one slice because new words take theirs apart in another way.
_MOST_TAUGHT = 20_000
_UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})


def behind(session: Session | sa.Connection, marks: Mapping[str, int]) -> bool:
    """Whether something happened that an index with these marks does not know; also when the database is an older one."""
    if not marks:
        return True
    newest = search_sources.newest(session)
    for log in search_sources.logs():
        last, mark = newest[log.name], marks.get(log.name, 0)
        if last > mark or (log.kept and last < mark):
            return True
    return False


def write_slice(index: Index, writer: tantivy.IndexWriter, session: Session, *, brief: bool = False) -> int:
    """Write the next changes of all logs, few of them if it shall be brief; gives the number of datasets they are about."""
    searcher = index.searcher()
    marks = marks_of(searcher)
    newest = search_sources.newest(session)
    anew = not marks or any(log.kept and newest[log.name] < marks.get(log.name, 0) for log in search_sources.logs())
    if anew:
        marks = {}
        if searcher.num_docs:
            writer.delete_all_documents()
    changes = _changes(session, marks, newest, min(SLICE, BRIEF) if brief else SLICE)
    ids = list(dict.fromkeys(one for change in changes.values() for one in change.ids))
    with Spool[IndexEntry]() as entries:
        words: set[str] = set()
        for part in batches(ids):
            for entry in search_sources.entries(session, part):
                entries.append(entry)
                words |= entry_words(entry)
        if anew:
            _write(writer, entries, splitter_of(None, learnt(None, words)))
        else:
            _write_over(writer, searcher, session, ids, entries, words)
    writer.delete_documents_by_term("id", MARK)
    writer.add_document(mark_document({name: change.upto for name, change in changes.items()}))
    return len(ids)


def _changes(session: Session, marks: Mapping[str, int], newest: Mapping[str, int], most: int) -> dict[str, Changed]:
    found = {}
    for log in search_sources.logs():
        if not marks and not log.kept:
            found[log.name] = Changed(upto=newest[log.name], ids=())
        else:
            found[log.name] = log.changed(session, marks.get(log.name, 0), most)
    return found


def _write_over(
    writer: tantivy.IndexWriter,
    searcher: tantivy.Searcher,
    session: Session,
    ids: list[str],
    entries: Iterable[IndexEntry],
    words: set[str],
) -> None:
    new = learnt(searcher, words)
    after = splitter_of(searcher, new)
    for dataset_id in ids:
        writer.delete_documents_by_term("id", dataset_id)
    _write(writer, entries, after)
    taught = _taught(searcher, new, after)
    for part in batches(sorted(taught - set(ids))):
        for dataset_id in part:
            writer.delete_documents_by_term("id", dataset_id)
        _write(writer, search_sources.entries(session, part), after)


def _write(writer: tantivy.IndexWriter, entries: Iterable[IndexEntry], splitter: Splitter) -> None:
    for entry in entries:
        writer.add_document(document(entry, splitter))


def learnt(searcher: tantivy.Searcher | None, words: set[str]) -> frozenset[str]:
    """Name the terms that compounds may be made of from now on."""
    known = splitter_of(searcher).knows
    found = {term(word) for word in words if learnable(word)}
    return frozenset(each for each in found if len(each) >= LEAST_LEARNT and not known(each))


def _taught(searcher: tantivy.Searcher, new: frozenset[str], after: Splitter) -> set[str]:
    """Name the datasets with words that are taken apart in another way than before."""
    if not new:
        return set()
    known = [word for word, _ in searcher.terms_with_prefix(WORD, "")]
    if not known:
        return set()
    before = splitter_of(searcher)
    changed = [word for word in _holding(known, new) if before.parts(word) != after.parts(word)]
    if not changed:
        return set()
    query = tantivy.Query.term_set_query(schema(), WORD, changed)
    hits = searcher.search(query, _MOST_TAUGHT, count=False).hits
    return {str(searcher.doc(address)["id"][0]) for _, address in hits}


def _holding(known: list[str], new: Iterable[str]) -> list[str]:
    """Find the words that hold one of some terms, by one pass over all of them for each term."""
    text = "\n".join(known).translate(_UMLAUTS)
    ends = list(accumulate(len(word.translate(_UMLAUTS)) + 1 for word in known))
    found: set[int] = set()
    for each in new:
        at = text.find(each)
        while at >= 0:
            number = bisect_right(ends, at)
            found.add(number)
            at = text.find(each, ends[number])
    return [known[number] for number in sorted(found)]
