"""A catalogue of generated datasets, published straight into a home: what is measured afterwards is not the harvest."""

import datetime
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from benchmarks import generated
from catalog import config as configuration
from catalog import organizations, publishing, schema, store
from catalog.db import Database, insert_or_ignore, now
from catalog.instance import Instance, open_instance
from catalog.models import Record
from catalog.publishing import Item
from dcat import naming
from harvesters.source import Source

_BATCH = 1_000
_SETTINGS = {"cities": [{"slug": "darmstadt", "name": "Darmstadt", "ags": "06411000"}]}
_SOURCE = {
    "id": "messamt",
    "city": "darmstadt",
    "department": "Messamt",
    "type": "dcat",
    "url": f"{generated.SITE}/catalog.ttl",
    "defaults": {"contributor": "hessen"},
}


def environment(folder: Path, database_url: str = "") -> dict[str, str]:
    """Name the home to a program, and its database unless that is a file there; nothing else of the surroundings counts."""
    return {"OFFENBAR_HOME": str(folder)} | ({"OFFENBAR_DATABASE_URL": database_url} if database_url else {})


@contextmanager
def postgresql(server: str) -> Iterator[str]:
    """Make a schema of our own in a PostgreSQL database and give its address; it is gone afterwards."""
    url, name = sa.make_url(server).set(drivername="postgresql+psycopg"), f"bench_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    try:
        yield url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


@contextmanager
def new(folder: Path, database_url: str = "") -> Iterator[Instance]:
    """Set up an empty catalogue with one source, and open it."""
    for name in ("sources", "policies"):
        (folder / name).mkdir(parents=True)
    # JSON is YAML.
    (folder / "offenbar.yaml").write_text(json.dumps(_SETTINGS), encoding="utf-8")
    (folder / "sources" / "messamt.yaml").write_text(json.dumps(_SOURCE), encoding="utf-8")
    database = Database(configuration.load(environment(folder, database_url)).database_url)
    schema.upgrade(database)
    database.close()
    with opened(folder, database_url) as instance:
        (source,) = instance.sources()
        with instance.database.writing() as session:
            organizations.register(session, source, instance.config.city(source.city))
        yield instance


@contextmanager
def opened(folder: Path, database_url: str = "") -> Iterator[Instance]:
    """Open the catalogue of a home."""
    instance = open_instance(environment(folder, database_url))
    try:
        yield instance
    finally:
        instance.database.close()


def fill(instance: Instance, count: int) -> None:
    """Publish `count` generated datasets."""
    (source,) = instance.sources()
    for start in range(0, count, _BATCH):
        items = received(instance, source, range(start, min(start + _BATCH, count)))
        publish(instance, source, items)


def received(instance: Instance, source: Source, numbers: Sequence[int]) -> list[Item]:
    """Enter generated datasets as records of the source; they are not published yet."""
    datasets = [generated.dataset(number) for number in numbers]
    items = [Item(naming.dataset_id(source.id, d.uri), d.uri, d) for d in datasets]
    with instance.database.writing() as session:
        insert_or_ignore(session, Record, [_record(item, source.id, now()) for item in items])
    return items


def publish(instance: Instance, source: Source, items: list[Item]) -> None:
    """Assemble, render and publish records, as the last step of a harvest does; the index is not touched."""
    drafts = list(publishing.drafts(instance.database, instance.config, source, instance.policies(), items))
    with instance.database.writing() as session:
        assert not store.overtaken(session, drafts), "nobody else writes here"
        store.publish(session, drafts, "benchmark")


def _record(item: Item, source_id: str, at: datetime.datetime) -> dict[str, object]:
    return {
        "dataset_id": item.dataset_id,
        "source_id": source_id,
        "remote_id": item.remote_id,
        "hash": "",
        "version": 1,
        "seen_at": at,
        "misses": 0,
    }
