"""Random histories of a catalogue: datasets published, changed, withdrawn and revived by the functions that really publish."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import builders
import homes
import pyoxigraph as ox
import sqlalchemy as sa
from flask.testing import FlaskClient
from source_site import Site
from sqlalchemy import event

from catalog import organizations, publishing, store
from catalog.instance import Instance
from catalog.models import Change, DatasetRow
from catalog.publishing import Item
from dcat import naming, rdf
from dcat.model import Dataset, Text
from harvesters.source import Source

# Texts as bad feeds have them: nothing here may break a document.
TEXTS = ("Bäume & <Sträucher>", 'Sie sagte "]]>" und ging', "Tab\tZeile\nWagen\r\n", "Steuer\x0bzeichen\x01\x1f", "\ufffe🌳",
         "}} . <x> { }", "\\u000B\\", "ßÄ" * 300)  # fmt: skip
THEMES = tuple(f"{builders.AUTHORITY}/data-theme/{code}" for code in ("ENVI", "HEAL", "REGI"))


@dataclass
class History:
    """A catalogue of two departments in two cities, and what has become of their datasets, by number."""

    instance: Instance
    sources: tuple[Source, Source]
    random: Random
    versions: dict[int, int] = field(default_factory=dict)
    present: set[int] = field(default_factory=set)

    def publish(self, *numbers: int, **fields: Any) -> None:
        """Publish datasets anew, each department's in a transaction of its own."""
        for half, source in enumerate(self.sources):
            some = [number for number in numbers if number % 2 == half]
            for number in some:
                self.versions[number] = self.versions.get(number, 0) + 1
            put(self.instance, source, [Item(self.id(n), f"satz-{n}", self._dataset(n, **fields)) for n in some])
        self.present |= set(numbers)

    def withdraw(self, *numbers: int) -> None:
        """Take datasets back."""
        with self.instance.database.writing() as session:
            store.withdraw(session, [self.id(number) for number in numbers], "test")
        self.present -= set(numbers)

    def step(self, most: int, highest: int) -> None:
        """Do something to some datasets: publish, change, withdraw or revive up to so many of those up to a number."""
        numbers = self.random.sample(range(1, highest + 1), self.random.randint(1, most))
        gone = [number for number in numbers if number in self.present and self.random.random() < 0.4]
        self.publish(*(number for number in numbers if number not in gone))
        if gone:
            self.withdraw(*gone)

    def id(self, number: int) -> str:
        """Name a dataset."""
        return naming.dataset_id(self.sources[number % 2].id, f"satz-{number}")

    def _dataset(self, number: int, **fields: Any) -> Dataset:
        given = {
            "title": (Text(f"Datensatz {number}, Fassung {self.versions[number]}", "de"),),
            "uri": f"https://daten.amt.example/dataset/{number}",
            "description": (Text(self.random.choice(TEXTS), "de"),),
            "keyword": (Text(self.random.choice(TEXTS)[:20], "de"),),
            "theme": tuple(self.random.sample(THEMES, 2)),
            "publisher": builders.agent(f"Amt {self.random.randint(1, 3)}"),
            "distribution": (builders.distribution(uri=f"https://daten.amt.example/dataset/{number}/datei"),),
        }
        return builders.dataset(**given | fields)


def begin(instance: Instance, site: Site, seed: int = 1) -> History:
    """Make an empty catalogue of two departments."""
    sources = (
        homes.define(instance, site, id="amt", city="darmstadt", department="Grünflächenamt"),
        homes.define(instance, site, id="werk", city="frankfurt", department="Stadtwerk <&> Söhne"),
    )
    with instance.database.writing() as session:
        for source in sources:
            organizations.register(session, source, instance.config.city(source.city))
    return History(instance, sources, Random(seed))


def put(instance: Instance, source: Source, items: list[Item]) -> None:
    """Publish what a source says, as a harvest does after its plan."""
    drafts = list(publishing.drafts(instance.database, instance.config, source, instance.policies(), items))
    with instance.database.writing() as session:
        assert store.overtaken(session, drafts) == set()
        store.publish(session, drafts, "test")


def newest(instance: Instance) -> int:
    """Give the newest sequence number."""
    with instance.database.reading() as session:
        return store.last_seq(session)


def visible(instance: Instance) -> dict[str, str]:
    """Give the id and URI of what the public sees."""
    with instance.database.reading() as session:
        return {
            row.id: row.uri for row in session.execute(sa.select(DatasetRow.id, DatasetRow.uri).where(store.VISIBLE))
        }


def at(instance: Instance, seq: int) -> str:
    """Give the time of a change."""
    with instance.database.reading() as session:
        return session.scalars(sa.select(Change.at).where(Change.seq == seq)).one().isoformat()


def described(client: FlaskClient, instance: Instance) -> dict[str, set[ox.Triple]]:
    """Read every public dataset at its own address, by id."""
    return {dataset_id: triples(client.get(f"/dataset/{dataset_id}.nt").data, "nt") for dataset_id in visible(instance)}


def triples(body: bytes, ending: str) -> set[ox.Triple]:
    """Read a graph."""
    return {quad.triple for quad in ox.parse(body, rdf.FORMATS[ending].syntax)}


@contextmanager
def tables_read(instance: Instance) -> Iterator[list[str]]:
    """Collect the tables that statements read, one entry for each time."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.extend(re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO) (\w+)", statement))

    event.listen(instance.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(instance.database.engine, "before_cursor_execute", note)
