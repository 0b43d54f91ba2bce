"""The search index: tantivy in the data folder, fed with our own German terms, caught up from the change log before every search."""

import fcntl
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import sqlalchemy as sa
import tantivy
from sqlalchemy.orm import Session

from catalog import locks, store
from catalog.db import batches
from catalog.german import terms
from catalog.instance import Instance
from catalog.models import Change, DatasetRow
from catalog.public import PublicDataset
from catalog.store import VISIBLE
from dcat.texts import best
from dcat.vocabularies import vocabulary

FACETS = ("city", "theme", "organization", "format", "license", "tag")
ORDERS = {"newest": ("modified", False), "title": ("title_order", True), "name": ("name", True)}
MAX_WINDOW = 10_000
_MARK = "mark"
_BOOSTS = (("title", 5.0), ("keyword", 3.0), ("publisher", 2.0), ("text", 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The ids a search found, in order, with the number of all hits and the facet counts."""

    count: int
    ids: tuple[str, ...]
    facets: dict[str, dict[str, int]]


class Index:
    """One index folder. Opening it is cheap; searching reloads what another process has committed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = _open(folder)

    @property
    def seq(self) -> int:
        """The newest change in the index, as the same commit wrote it."""
        searcher = self._searcher()
        hits = searcher.search(tantivy.Query.term_query(_schema(), "id", _MARK), 1).hits
        return int(searcher.doc(hits[0][1])["seq"][0]) if hits else 0

    def search(
        self, text: str, filters: Iterable[tuple[str, str]] = (), *, order: str = "", start: int = 0, rows: int = 20
    ) -> Hits:
        """Search; every word must match somewhere, every filter exactly."""
        searcher, query = self._searcher(), _query(text, filters)
        limit = max(1, min(rows, MAX_WINDOW))
        if order in ORDERS:
            field, ascending = ORDERS[order]
            direction = tantivy.Order.Asc if ascending else tantivy.Order.Desc
            result = searcher.search(query, limit, offset=start, count=True, order_by_field=field, order=direction)
        else:
            result = searcher.search(query, limit, offset=start, count=True)
        ids = tuple(str(searcher.doc(address)["id"][0]) for _, address in result.hits[:rows])
        wanted = {name: {"terms": {"field": name, "size": 1000}} for name in FACETS}
        found = searcher.aggregate(query, wanted)
        facets = {name: {b["key"]: b["doc_count"] for b in found[name]["buckets"]} for name in FACETS}
        return Hits(count=int(result.count), ids=ids, facets=facets)  # type: ignore[attr-defined]

    @contextmanager
    def writing(self, patience: float) -> Iterator[tantivy.IndexWriter | None]:
        """Write alone, in one commit; None when another process still writes after `patience` seconds."""
        with _lock_file(self._folder) as lock:
            if not locks.acquire(lock, patience):
                yield None
                return
            self._index.reload()
            writer = self._index.writer(15_000_000, 1)
            yield writer
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()

    def _searcher(self) -> tantivy.Searcher:
        self._index.reload()
        return self._index.searcher()


def catch_up(instance: Instance, patience: float = 600) -> int:
    """Bring the index up to the change log; gives the number of datasets written. Cheap when there is nothing new."""
    index = opened(_folder(instance))
    with instance.database.reading() as session:
        if index.seq >= store.last_seq(session):
            return 0
    with index.writing(patience) as writer, instance.database.reading() as session:
        if writer is None:
            return 0
        since, newest = index.seq, store.last_seq(session)
        query = sa.select(Change.dataset_id).where(Change.seq > since, Change.seq <= newest).distinct()
        changed = list(session.scalars(query)) if since else _all(session)
        for part in batches(changed):
            # An empty index has nothing to delete, and would remember each deletion until the commit.
            for dataset_id in part if since else ():
                writer.delete_documents_by_term("id", dataset_id)
            for shown in store.views(session, part):
                writer.add_document(_document(shown))
        writer.delete_documents_by_term("id", _MARK)
        writer.add_document(_mark(newest))
    return len(changed)


def rebuild(instance: Instance) -> int:
    """Make the index anew from the catalogue."""
    folder = _folder(instance)
    opened.cache_clear()
    with _lock_file(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(folder, ignore_errors=True)
    return catch_up(instance)


def search(
    instance: Instance,
    text: str,
    filters: Iterable[tuple[str, str]] = (),
    *,
    order: str = "",
    start: int = 0,
    rows: int = 20,
) -> Hits:
    """Catch up, then search; while another process fills the index, nobody waits longer than a moment."""
    catch_up(instance, patience=2)
    return opened(_folder(instance)).search(text, filters, order=order, start=start, rows=rows)


@cache
def opened(folder: Path) -> Index:
    """Open an index, once per process."""
    return Index(folder)


def _folder(instance: Instance) -> Path:
    return instance.config.home / "index"


def _lock_file(folder: Path) -> IO[str]:
    return (folder.parent / "index.lock").open("w")


def _open(folder: Path) -> tantivy.Index:
    if index := _usable(folder):
        return index
    with _lock_file(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Whoever held the lock may have made it meanwhile.
        if index := _usable(folder):
            return index
        # An index that cannot be read is no loss: the change log fills a new one.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return tantivy.Index(_schema(), path=str(folder))


def _usable(folder: Path) -> tantivy.Index | None:
    try:
        if tantivy.Index.exists(str(folder)):
            index = tantivy.Index.open(str(folder))
            return index if index.schema == _schema() else None
    except ValueError:
        pass
    return None


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("seq", stored=True)
    for field, _ in _BOOSTS:
        builder.add_text_field(field, tokenizer_name="whitespace")
    for field in (*FACETS, "kind", "name", "title_order"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_unsigned_field("modified", fast=True)
    return builder.build()


def _document(shown: PublicDataset) -> tantivy.Document:
    dataset = shown.dataset
    document = tantivy.Document()
    document.add_text("id", shown.id)
    document.add_text("kind", "dataset")
    document.add_text("name", shown.name)
    document.add_text("title", _terms(*(text.value for text in dataset.title)))
    document.add_text("keyword", _terms(*(text.value for text in dataset.keyword)))
    document.add_text(
        "publisher",
        _terms(shown.organization_title, *(t.value for t in dataset.publisher.name)) if dataset.publisher else "",
    )
    labels = [label for uri in dataset.theme for label in _labels("theme", uri)]
    files = [text.value for file in shown.files for text in file.distribution.title]
    document.add_text("text", _terms(*(text.value for text in dataset.description), *labels, *files))
    document.add_text("city", shown.city)
    document.add_text("organization", shown.organization)
    for field, name, uris in (
        ("theme", "theme", dataset.theme),
        ("format", "format", {d.format for d in dataset.distribution if d.format}),
        ("license", "license", {d.license for d in dataset.distribution if d.license}),
    ):
        for uri in sorted(uris):
            concept = vocabulary(name).find(uri)
            document.add_text(field, concept.code if concept else uri)
    for tag in sorted({text.value for text in dataset.keyword}):
        document.add_text("tag", tag)
    document.add_text("title_order", " ".join(terms(best(dataset.title))))
    document.add_unsigned("modified", _seconds(shown.modified_at))
    return document


def _mark(seq: int) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("id", _MARK)
    document.add_unsigned("seq", seq)
    return document


def _query(text: str, filters: Iterable[tuple[str, str]]) -> tantivy.Query:
    schema, must = _schema(), tantivy.Occur.Must
    parts = [(must, tantivy.Query.term_query(schema, "kind", "dataset"))]
    parts += [(must, _word(term)) for term in terms(text)[:20]]
    parts += [(must, tantivy.Query.term_query(schema, field, value)) for field, value in filters]
    return tantivy.Query.boolean_query(parts)


def _word(term: str) -> tantivy.Query:
    """A word matches as a whole, or at half weight as the beginning of a longer one: Baum in Baumkataster."""
    schema, should = _schema(), tantivy.Occur.Should
    choices = [
        (should, tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, term), boost))
        for field, boost in _BOOSTS
    ]
    # A pattern that is too long would stop the search.
    if 3 <= len(term) <= 60:
        choices += [
            (should, tantivy.Query.boost_query(tantivy.Query.regex_query(schema, field, f"{term}.+"), boost / 2))
            for field, boost in _BOOSTS
        ]
    return tantivy.Query.boolean_query(choices)


def _terms(*texts: str) -> str:
    return " ".join(term for text in texts for term in terms(text))


def _labels(name: str, uri: str) -> tuple[str, str]:
    label = vocabulary(name).label(uri)
    return label.de, label.en


def _seconds(time: str) -> int:
    return int(store.instant(time).timestamp())


def _all(session: Session) -> list[str]:
    return list(session.scalars(sa.select(DatasetRow.id).where(VISIBLE).order_by(DatasetRow.id)))
