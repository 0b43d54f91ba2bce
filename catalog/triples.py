"""The triple store behind /sparql: one named graph per dataset, the default graph their union, caught up from the change log.

One process writes at a time, under our own lock, and nobody queries what is being written: a finished state is set down as a
snapshot (RocksDB links its files, which costs milliseconds), and queries open the newest snapshot for reading only. A store can be
thrown away; the documents of the datasets fill a new one.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

import pyoxigraph as ox
import sqlalchemy as sa

from catalog import documents, locks, store
from catalog.config import Config
from catalog.instance import Instance
from catalog.models import DatasetRow
from dcat import rdf, rdf_writer
from dcat.errors import StateError
from dcat.message import Message
from dcat.namespaces import expand

BATCH = 200
# Raised when the same catalogue would be other quads: every store is then made anew.
_LAYOUT = 1
_DEFAULT = ox.DefaultGraph()
_NOT_READY = Message(
    "Der Speicher für SPARQL wird gerade aufgebaut. Nächster Schritt: in einer Minute noch einmal fragen.",
    "The store for SPARQL is being built. Next step: ask again in a minute.",
)

_BROKEN = Message(
    "Der Speicher für SPARQL war nicht lesbar oder nicht zu schreiben und wird neu aufgebaut. Nächster Schritt: wenn das wieder "
    "geschieht, Platz und Rechte des Datenordners prüfen.",
    "The store for SPARQL could not be read or written and is made anew. Next step: if this happens again, check space and rights "
    "of the data folder.",
)


class StoreError(StateError):
    """The store is not there yet, or could not be read or written."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a store holds: the catalogue `site` says of itself, by its hash, and all changes up to `seq`."""

    layout: int
    site: str
    about: str
    seq: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state nobody writes any more; it stays as long as `lock`, an open file descriptor, is held by anyone."""

    folder: Path
    mark: Mark
    lock: int


def catch_up(instance: Instance, patience: float = 600, most: int | None = None) -> int:
    """Bring the store up to the change log; gives the number of datasets written. Cheap when there is nothing new.

    With `most`, work stops after about so many datasets; what is done is kept, and shows once the rest is done as well.
    """
    folder = _folder(instance)
    if _is_current(instance, folder):
        return 0
    with _lock_file(folder) as lock:
        # Whoever held the lock has probably done it.
        if not locks.acquire(lock, patience) or _is_current(instance, folder):
            return 0
        try:
            return _fill(instance, folder, most)
        except (OSError, RuntimeError) as error:
            # Damage shows while reading, or the disk is full: either way the next one begins anew.
            shutil.rmtree(folder / "store", ignore_errors=True)
            raise StoreError(_BROKEN) from error


def rebuild(instance: Instance) -> int:
    """Make the store anew from the catalogue."""
    discard(instance)
    return catch_up(instance)


def discard(instance: Instance, patience: float = 600, seen: Path | None = None) -> None:
    """Throw the store away, or only if the snapshot `seen` is still the newest. Snapshots being queried go with the next ones."""
    folder = _folder(instance)
    with _lock_file(folder) as lock:
        if not locks.acquire(lock, patience) or (seen and (folder / "current").resolve() != seen):
            return
        (folder / "current").unlink(missing_ok=True)
        shutil.rmtree(folder / "store", ignore_errors=True)
        _remove_unused(folder)


@contextmanager
def snapshot(instance: Instance) -> Iterator[Snapshot]:
    """Hold the newest snapshot; StoreError when there is none yet."""
    folder = _folder(instance)
    while True:
        try:
            target = (folder / "current").resolve(strict=True)
            lock = os.open(target, os.O_RDONLY)
        except FileNotFoundError as error:
            raise StoreError(_NOT_READY) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
            # It may have been removed between finding and holding it.
            if target.exists():
                mark = _read_mark(target)
                if mark is None or (mark.layout, mark.site) != (_LAYOUT, instance.config.site_url):
                    raise StoreError(_NOT_READY)
                yield Snapshot(target, mark, lock)
                return
        finally:
            os.close(lock)


def work_folder(instance: Instance) -> Path:
    """Give the folder that holds the store, its snapshots and its locks; made if it is missing."""
    folder = _folder(instance)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def dataset_graph(site_url: str, dataset_id: str) -> str:
    """Name a dataset's graph: the address of the document that says the same, which is never the dataset itself."""
    return f"{site_url}/dataset/{dataset_id}.ttl"


def catalogue_graph(site_url: str) -> str:
    """Name the graph in which the catalogue describes itself."""
    return f"{site_url}/catalog.ttl"


def _fill(instance: Instance, folder: Path, most: int | None) -> int:
    work, config = folder / "store", instance.config
    triples, wanted = _wanted(config)
    quads, mark = _open(work, wanted)
    if mark.about != wanted.about:
        _replace(quads, catalogue_graph(config.site_url), triples)
    written, complete = 0, False
    while not complete:
        if most is not None and written >= most:
            return written
        with instance.database.reading() as session:
            newest = store.last_seq(session)
            if mark.seq > newest:
                # The database is an older one, put back from a backup.
                del quads
                shutil.rmtree(work)
                return _fill(instance, folder, most)
            query = sa.select(DatasetRow.id, DatasetRow.uri, DatasetRow.seq).where(DatasetRow.seq > mark.seq)
            rows = session.execute(query.order_by(DatasetRow.seq).limit(BATCH)).all()
            for dataset_id, uri, _ in rows:
                _describe(quads, config.site_url, dataset_id, uri, documents.dataset(session, config, dataset_id, "nt"))
        complete = len(rows) < BATCH
        # On disk before the mark is: a mark may fall behind the quads, which is made good by doing it again, but not run ahead.
        quads.flush()
        mark = replace(wanted, seq=newest if complete else rows[-1].seq)
        _write_mark(work, mark)
        written += len(rows)
    _set_down(quads, folder, mark)
    return written


def _open(work: Path, wanted: Mark) -> tuple[ox.Store, Mark]:
    """Open the store to write; one that cannot be read, or is another catalogue's, is no loss."""
    mark = _read_mark(work)
    if mark is not None and (mark.layout, mark.site) == (wanted.layout, wanted.site):
        for log in work.glob("LOG.old.*"):
            log.unlink()
        try:
            return ox.Store(work), mark
        except (OSError, RuntimeError):
            pass
    shutil.rmtree(work, ignore_errors=True)
    return ox.Store(work), replace(wanted, about="", seq=0)


def _describe(quads: ox.Store, site: str, dataset_id: str, uri: str, document: bytes | None) -> None:
    """Let a dataset's graph say what its document says, with its place in the catalogue; a withdrawn one loses its graph."""
    graph = dataset_graph(site, dataset_id)
    if document is None:
        _replace(quads, graph, ())
        return
    catalogue, dataset = ox.NamedNode(f"{site}/catalog"), ox.NamedNode(uri)
    links = (
        ox.Triple(catalogue, ox.NamedNode(expand("dcat:dataset")), dataset),
        ox.Triple(catalogue, ox.NamedNode(expand("dcat:record")), ox.NamedNode(f"{site}/record/{dataset_id}")),
    )
    _replace(quads, graph, (*links, *(quad.triple for quad in ox.parse(document, ox.RdfFormat.N_TRIPLES))))
    # Others may have described it as an agent or a contact before it came: only a dataset speaks for itself.
    for quad in list(quads.quads_for_pattern(dataset, None, None, None)):
        if quad.graph_name not in (ox.NamedNode(graph), _DEFAULT):
            _remove(quads, quad)


def _replace(quads: ox.Store, name: str, triples: Iterable[ox.Triple]) -> None:
    """Give a graph new content, touching only what differs. Doing it again after an interruption is harmless.

    The default graph is kept as a set of its own: pyoxigraph's union of graphs counts a triple once per graph that holds it.
    """
    graph, new = ox.NamedNode(name), set(triples)
    old = {quad.triple: quad for quad in quads.quads_for_pattern(None, None, None, graph)}
    for triple in old.keys() - new:
        _remove(quads, old[triple])
    added = new - old.keys()
    quads.extend(_quad(triple, place) for triple in added for place in (graph, _DEFAULT))
    if not new:
        quads.remove_graph(graph)


def _remove(quads: ox.Store, quad: ox.Quad) -> None:
    """Take a triple out of a graph, and out of the union where no other graph holds it."""
    holders = quads.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    if all(other.graph_name in (quad.graph_name, _DEFAULT) for other in holders):
        quads.remove(_quad(quad.triple, _DEFAULT))
    quads.remove(quad)


def _quad(triple: ox.Triple, graph: ox.NamedNode | ox.DefaultGraph) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def _set_down(quads: ox.Store, folder: Path, mark: Mark) -> None:
    target = folder / f"snapshot-{time.time_ns()}"
    quads.backup(target)
    _write_mark(target, mark)
    link = folder / "next"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(folder / "current")
    _remove_unused(folder)


def _remove_unused(folder: Path) -> None:
    current = (folder / "current").resolve()
    for old in folder.glob("snapshot-*"):
        if old.resolve() == current:
            continue
        held = os.open(old, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
        except BlockingIOError:
            # A query still reads it.
            continue
        finally:
            os.close(held)


def _is_current(instance: Instance, folder: Path) -> bool:
    # The mark first: what is written meanwhile must not look like a database put back from a backup.
    mark = _read_mark(folder / "current")
    with instance.database.reading() as session:
        return mark == replace(_wanted(instance.config)[1], seq=store.last_seq(session))


def _wanted(config: Config) -> tuple[tuple[ox.Triple, ...], Mark]:
    """Give what the catalogue says of itself, and the mark of a store that holds nothing else."""
    parts = rdf_writer.write(documents.about(config))
    triples = (*parts.own, *(triple for node in parts.shared.values() for triple in node))
    text = rdf.fragment(triples, "nt").decode()
    return triples, Mark(_LAYOUT, config.site_url, store.digest(text), 0)


def _read_mark(folder: Path) -> Mark | None:
    try:
        return Mark(**json.loads((folder / "mark.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _write_mark(folder: Path, mark: Mark) -> None:
    new = folder / "mark.json.new"
    new.write_text(json.dumps(asdict(mark)), encoding="utf-8")
    new.replace(folder / "mark.json")


def _folder(instance: Instance) -> Path:
    return instance.config.home / "sparql"


def _lock_file(folder: Path) -> IO[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "lock").open("w")
