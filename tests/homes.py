"""A catalogue of a test's own: an empty home, the sources it harvests, and what came of it in short form."""

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyoxigraph as ox
import sqlalchemy as sa
from source_site import Site

from catalog import config, documents, jobs, schema, store
from catalog.db import Database
from catalog.ingest.run import Outcome
from catalog.instance import Instance, open_instance
from catalog.models import Change, DatasetRow, FileRow, PlanItem, Quarantine, Record, Rendition
from catalog.parts import WHOLE, Part
from catalog.public import PublicDataset
from catalog.renditions import decompress
from catalog.table_work import check as look
from dcat import rdf
from harvesters.source import Source

SECRET = "0123456789abcdef0123456789abcdef"
CITIES = [
    {"slug": "darmstadt", "name": "Darmstadt", "ags": "06411000"},
    {"slug": "frankfurt", "name": "Frankfurt am Main", "ags": "06412000"},
]
# What changes with the moment of a harvest, not with what was harvested.
__all__ = ["decompress", "look"]

TIMES = ("http://www.w3.org/ns/dcat#CatalogRecord",)
# Deletion counts at once: tests cannot wait a week.
PROMPT = {"misses": 2, "min_days": 0}


def environment(home: Path, database_url: str = "") -> dict[str, str]:
    """Give what a program needs in order to work on a home."""
    named = {"OFFENBAR_DATABASE_URL": database_url} if database_url else {}
    return {"OFFENBAR_HOME": str(home), "OFFENBAR_SECRET_KEY": SECRET, **named}


@contextmanager
def home(folder: Path, database_url: str = "") -> Iterator[Instance]:
    """Make an empty catalogue and open it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sources").mkdir()
    (folder / "policies").mkdir()
    site = {"site": {"url": "https://daten.example.org"}, "cities": CITIES}
    (folder / "offenbar.yaml").write_text(json.dumps(site), encoding="utf-8")
    _new_database(config.load(environment(folder, database_url)).database_url)
    with opened(folder, database_url) as instance:
        yield instance


def _new_database(url: str) -> None:
    """Make the tables: a file is a copy of one made before, which is quicker than the migrations."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(parsed.database or "").write_bytes(_empty_database())
    else:
        _migrate(url)


@functools.cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        _migrate(f"sqlite:///{file}")
        return file.read_bytes()


def _migrate(url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    database.close()


@contextmanager
def opened(folder: Path, database_url: str = "") -> Iterator[Instance]:
    """Open the catalogue of a home."""
    instance = open_instance(environment(folder, database_url))
    try:
        yield instance
    finally:
        instance.database.close()


def define(instance: Instance, site: Site, **fields: Any) -> Source:
    """Write the definition of a source and read it back; a test names only what matters to it. JSON is YAML."""
    content: dict[str, Any] = {
        "id": "amt",
        "city": "darmstadt",
        "department": "Amt für Beispiele",
        "type": "dcat",
        "url": site.url("/1.ttl"),
        "network": {"allow": [site.host]},
        "guard": PROMPT,
        "limits": {"connect": "1s", "read": "2s", "total": "5s"},
        **fields,
    }
    file = instance.config.sources / f"{content['id']}.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    (source,) = instance.sources((content["id"],))
    return source


def define_drop(instance: Instance, site: Site, **fields: Any) -> Source:
    """Write the definition of a file drop at /ablage/ whose green files are published at once."""
    given = {
        "type": "files",
        "url": site.url("/ablage/"),
        "release": "at_once",
        "defaults": {"description": "Beispieldaten, frei erfunden.", "license": "dl-zero-de/2.0"},
    }
    return define(instance, site, **given | fields)


def withhold(instance: Instance, source: str, dataset: str, file: str = "") -> None:
    """Write a policy that holds back a dataset, or one of its files."""
    entry = {
        "scope": "distribution" if file else "dataset",
        "source": source,
        "dataset": dataset,
        "code": "S2",
        "legal_basis": "§ 2 DNG",
        "public_text": "Diese Angaben bleiben vorerst geheim, weil sie Anlagen gefährden würden.",
        "requested_by": "Amt A",
        "approved_by": "Amt B",
        "decided": "2026-10-05",
        "review_by": "2027-10-05",
        **({"file": file} if file else {}),
    }
    (instance.config.policies / "darmstadt.yaml").write_text(
        json.dumps({"city": "darmstadt", "withhold": [entry]}), encoding="utf-8"
    )


def check(instance: Instance, source: Source) -> jobs.Checks:
    """Check a source's files."""
    return jobs.check_files(instance, source, look)


def harvest_and_check(instance: Instance, source: Source) -> Outcome:
    """Harvest a source and check its files, as `harvest run` does."""
    outcome = jobs.harvest(instance, source)
    check(instance, source)
    return outcome


def counted(outcome: Outcome) -> dict[str, int]:
    """Give the sums that are not zero; what was seen must be accounted for."""
    c = outcome.counts
    assert c.seen == c.created + c.updated + c.unchanged + c.quarantined
    names = ("seen", "created", "updated", "unchanged", "missing", "removed", "quarantined")
    return {name: getattr(c, name) for name in names if getattr(c, name)}


def published(instance: Instance) -> list[str]:
    """List the titles of what the public sees."""
    return [shown.dataset.title[0].value for shown in shown_all(instance)]


def shown_all(instance: Instance) -> list[PublicDataset]:
    """Read all public views, by title."""
    with instance.database.reading() as session:
        ids = list(session.scalars(sa.select(DatasetRow.id).where(store.VISIBLE).order_by(DatasetRow.title)))
        return list(store.views(session, ids))


def changes(instance: Instance) -> list[tuple[int, str]]:
    """Read the change log: number and kind."""
    with instance.database.reading() as session:
        return [(seq, kind) for seq, kind in session.execute(sa.select(Change.seq, Change.kind).order_by(Change.seq))]


def plan(instance: Instance, run: int) -> list[tuple[str, str, list[Any]]]:
    """Read a stored plan: action, id, fields."""
    query = sa.select(PlanItem.action, PlanItem.remote_id, PlanItem.fields).where(PlanItem.run_id == run)
    with instance.database.reading() as session:
        return [(action, remote, fields) for action, remote, fields in session.execute(query.order_by("remote_id"))]


def quarantined(instance: Instance) -> dict[str, str]:
    """Read the open quarantine rows: id and code."""
    query = sa.select(Quarantine.remote_id, Quarantine.code).where(Quarantine.resolved_at.is_(None))
    with instance.database.reading() as session:
        return {row.remote_id: row.code for row in session.execute(query)}


def records(instance: Instance) -> dict[str, tuple[str, int, bool]]:
    """Read what we hold of all sources: id, dataset id, misses, whether it is gone."""
    query = sa.select(Record.remote_id, Record.dataset_id, Record.misses, Record.gone_at)
    with instance.database.reading() as session:
        return {remote: (dataset, misses, gone is not None) for remote, dataset, misses, gone in session.execute(query)}


def exported(instance: Instance, ending: str = "nt", part: Part = WHOLE) -> bytes:
    """Export the catalogue, or a part of it, as one document."""
    with instance.database.reading() as session:
        return b"".join(documents.dump(session, instance.config, ending, part))


def triples(instance: Instance, ending: str = "nt") -> set[str]:
    """Export the catalogue as triples, without our own records, which carry the times of harvests."""
    found = list(ox.parse(exported(instance, ending), format=rdf.FORMATS[ending].syntax))
    ours = {str(t.subject) for t in found if getattr(t.object, "value", "") in TIMES}
    return {f"{t.subject} {t.predicate} {t.object}" for t in found if str(t.subject) not in ours}


def everything(instance: Instance) -> dict[str, Any]:
    """Give all that a harvest leaves behind, but the times: to compare two catalogues."""
    with instance.database.reading() as session:
        datasets = session.execute(
            sa.select(DatasetRow.id, DatasetRow.name, DatasetRow.state, DatasetRow.hash).order_by(DatasetRow.id)
        ).all()
        files = session.execute(
            sa.select(FileRow.id, FileRow.url, FileRow.state, FileRow.outcome, FileRow.sha256).order_by(FileRow.id)
        ).all()
        waiting = session.execute(
            sa.select(Quarantine.source_id, Quarantine.remote_id, Quarantine.code).order_by(Quarantine.remote_id)
        ).all()
        kinds = session.execute(sa.select(Change.dataset_id, Change.kind).order_by(Change.dataset_id, Change.seq)).all()
        seqs = list(session.scalars(sa.select(Change.seq).order_by(Change.seq)))
        renditions = session.execute(
            sa.select(Rendition.dataset_id, Rendition.format, Rendition.hash).order_by(
                Rendition.dataset_id, Rendition.format
            )
        ).all()
    assert seqs == list(range(1, len(seqs) + 1)), "no number is missing or given twice"
    return {
        "datasets": [tuple(row) for row in datasets],
        "files": [tuple(row) for row in files],
        "quarantine": [tuple(row) for row in waiting],
        "changes": [tuple(row) for row in kinds],
        "renditions": [tuple(row) for row in renditions],
        "triples": {ending: triples(instance, ending) for ending in rdf.FORMATS},
        "views": shown_timeless(instance),
    }


def shown_timeless(instance: Instance) -> list[str]:
    """Give the public views without their times."""
    return [repr(timeless(shown)) for shown in shown_all(instance)]


def timeless(shown: PublicDataset) -> Any:
    return (shown.name, shown.dataset, shown.withheld, [(f.id, f.state, f.name, f.valid, f.copy) for f in shown.files])
