"""The folder of the index: opened, healed, written by one process at a time; and what is learnt from it for reading queries."""

import fcntl
import shutil
import time
import zlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import orjson
import tantivy

from catalog import index_fields, locks, synonym_groups
from catalog.german import LEAST_LEARNT, Splitter
from catalog.index_fields import ANYWHERE, MARK, WORD
from catalog.index_query import public, term_query
from catalog.search_words import Meant, Vocabulary

_HEAP = 30_000_000
# Reading all words of a large catalogue takes a moment: they may be so many times older than that.
_WORDS_OLD = 20
# Questions whose counts are remembered while nothing changes.
_MOST_COUNTED = 200


@dataclass(frozen=True, slots=True)
class _Words:
    marks: str
    read_at: float
    took: float
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class _State:
    """One state of an index: the file that names its parts, as it was when they were opened, and the mark inside."""

    file: tuple[int, int, int]
    searcher: tantivy.Searcher
    mark: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many datasets a question finds, and how often it finds each value of some fields."""

    hits: int
    facets: Mapping[str, Mapping[str, int]]


class Index:
    """One index folder. Opening it is cheap; searching opens what another process has committed since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = _open(folder)
        self._state: _State | None = None
        self._words: _Words | None = None
        self._splitter: tuple[str, Splitter] | None = None
        self._hides: tuple[str, bool] | None = None
        self._counted: tuple[tantivy.Searcher | None, dict[Hashable, Counted]] = (None, {})

    def searcher(self) -> tantivy.Searcher:
        """Give the newest state, which stays as it is."""
        return self._newest().searcher

    def _newest(self) -> _State:
        """Open the newest state, unless it is open: every commit writes the file anew that names its parts."""
        found = (self._folder / "meta.json").stat()
        file = (found.st_mtime_ns, found.st_ino, found.st_size)
        if self._state is None or self._state.file != file:
            self._index.reload()
            searcher = self._index.searcher()
            self._state = _State(file, searcher, mark_text(searcher))
        return self._state

    @property
    def mark(self) -> str:
        """The mark of the newest state, which no other state has."""
        return self._newest().mark

    @property
    def marks(self) -> dict[str, int]:
        """How far the index has come in each log, as the same commit wrote it; nothing for an index of an older form."""
        return _marks(self._newest().mark)

    @contextmanager
    def writing(self, patience: float) -> Iterator[tantivy.IndexWriter | None]:
        """Write alone, in one commit; None when another process still writes after `patience` seconds."""
        with lock_file(self._folder) as lock:
            if not locks.acquire(lock, patience):
                yield None
                return
            self._index.reload()
            with self.committing() as writer:
                yield writer

    @contextmanager
    def committing(self) -> Iterator[tantivy.IndexWriter]:
        """Write in one commit; whoever calls holds the lock."""
        writer = self._index.writer(_HEAP, 1)
        try:
            yield writer
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()
        self._index.reload()

    def counted(self, searcher: tantivy.Searcher, key: Hashable, count: Callable[[], Counted]) -> Counted:
        """Count what a question finds, once in each state: who turns pages or sorts asks the same again."""
        state, kept = self._counted
        if state is not searcher or len(kept) >= _MOST_COUNTED:
            kept = {}
            self._counted = (searcher, kept)
        found = kept.get(key)
        if found is None:
            found = kept[key] = count()
        return found

    def hides(self, searcher: tantivy.Searcher) -> bool:
        """Whether a state holds anything that is not public."""
        state = mark_text(searcher)
        kept = self._hides
        if kept is None or kept[0] != state:
            everybody = searcher.search(public(), 1, count=True).count  # type: ignore[attr-defined]
            # The mark is not public either.
            kept = self._hides = (state, int(searcher.num_docs) > int(everybody) + 1)
        return kept[1]

    def splitter(self, searcher: tantivy.Searcher) -> Splitter:
        """Give what takes compounds apart by the words of this state."""
        state = mark_text(searcher)
        kept = self._splitter
        if kept is None or kept[0] != state:
            kept = (state, splitter_of(searcher))
            self._splitter = kept
        return kept[1]

    def meant(self, searcher: tantivy.Searcher, others: frozenset[str], word: str) -> tuple[Meant, ...]:
        """Name the words that an unknown one may be: public ones, and others that lead to them."""
        state, kept = mark_text(searcher), self._words
        if kept is None or (kept.marks != state and time.monotonic() > kept.read_at + _WORDS_OLD * kept.took):
            began = time.monotonic()
            vocabulary = Vocabulary(searcher.terms_with_prefix(WORD, "", filter_query=public()), others)
            kept = _Words(state, time.monotonic(), time.monotonic() - began, vocabulary)
            self._words = kept
        return kept.vocabulary.meant(word)


@cache
def opened(folder: Path) -> Index:
    """Open an index, once per process."""
    return Index(folder)


def splitter_of(searcher: tantivy.Searcher | None, learnt: frozenset[str] = frozenset()) -> Splitter:
    """Make a splitter that knows our words, those of an index, and some that are about to come in."""
    seed = synonym_groups.seed()

    def known(term: str) -> bool:
        if term in seed or term in learnt:
            return True
        return searcher is not None and len(term) >= LEAST_LEARNT and bool(searcher.doc_freq(ANYWHERE, term))

    return Splitter(known, synonym_groups.whole())


def mark_text(searcher: tantivy.Searcher) -> str:
    """Read the mark of a state as it is written; it differs from state to state."""
    hits = searcher.search(term_query("id", MARK), 1, count=False).hits
    return str(searcher.doc(hits[0][1])["marks"][0]) if hits else ""


def marks_of(searcher: tantivy.Searcher) -> dict[str, int]:
    """Read how far a state has come in each log."""
    return _marks(mark_text(searcher))


def _marks(written: str) -> dict[str, int]:
    content = orjson.loads(written) if written else {}
    return dict(content["logs"]) if content.get("form") == form() else {}


def mark_document(marks: Mapping[str, int]) -> tantivy.Document:
    """Make the document that holds the marks."""
    # The time makes every commit's mark another one.
    content = {"form": form(), "at": time.time_ns(), "logs": dict(marks)}
    return index_fields.mark(orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode())


@cache
def form() -> str:
    """Name the form of the documents: an index of another form is made anew."""
    seed = "\n".join(sorted(synonym_groups.seed())) + "\n" + "\n".join(sorted(synonym_groups.whole()))
    return f"{index_fields.VERSION}-{zlib.crc32(seed.encode()):08x}"


def lock_file(folder: Path) -> IO[str]:
    """Open the lock of whoever writes in a folder."""
    return (folder.parent / "index.lock").open("w")


def fresh(folder: Path) -> Index:
    """Make an empty index in a folder, whatever lies there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tantivy.Index(index_fields.schema(), path=str(folder))
    return Index(folder)


def _open(folder: Path) -> tantivy.Index:
    if index := _usable(folder):
        return index
    with lock_file(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Whoever held the lock may have made it meanwhile.
        if index := _usable(folder):
            return index
        # An index that cannot be read is no loss: the change log fills a new one.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return tantivy.Index(index_fields.schema(), path=str(folder))


def _usable(folder: Path) -> tantivy.Index | None:
    try:
        if tantivy.Index.exists(str(folder)):
            index = tantivy.Index.open(str(folder))
            return index if index.schema == index_fields.schema() else None
    except ValueError:
        pass
    return None
