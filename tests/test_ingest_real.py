"""The catalogues of two German cities, as they were published: everything comes in or says why not, and what goes out conforms."""

import collections
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import homes
import orjson
import pytest
import source_site
import sqlalchemy as sa
from shared_files import shared
from source_site import Site

from catalog import jobs
from catalog.ingest.run import Outcome
from catalog.instance import Instance
from catalog.models import Quarantine, RecordVersion
from harvesters.source import Source
from validators import shacl
from validators.shacl import Combination, ShaclSeverity

pytestmark = pytest.mark.slow
CITIES = {"rostock": 100, "bremen": 153}

pytestmark = pytest.mark.slow


@pytest.fixture
def site() -> Iterator[Site]:
    with source_site.running() as running:
        yield running


@contextmanager
def harvested(folder: Path, site: Site, name: str) -> Iterator[tuple[Instance, Source, Outcome]]:
    site.put(f"/{name}.rdf", shared("corpus", "dcat", f"{name}-catalog.rdf").read_bytes(), "application/rdf+xml")
    with homes.home(folder / name) as instance:
        # What a steward would write after a look at the quarantine: a description where the source has none.
        described = {"description": "Zu diesem Datensatz hat die Stelle noch keine Beschreibung geliefert."}
        source = homes.define(instance, site, url=site.url(f"/{name}.rdf"), defaults=described)
        yield instance, source, jobs.harvest(instance, source)


@pytest.mark.parametrize("name", CITIES)
def test_every_dataset_comes_in_or_says_why_not(tmp_path: Path, site: Site, name: str) -> None:
    with harvested(tmp_path, site, name) as (instance, source, outcome):
        counts = homes.counted(outcome)
        assert counts["seen"] == CITIES[name]
        assert len(homes.published(instance)) == counts["created"] >= CITIES[name] * 0.95
        with instance.database.reading() as session:
            rows = session.scalars(sa.select(Quarantine)).all()
        assert len(rows) == counts.get("quarantined", 0)
        assert all(len(row.reason[0]) > 20 and row.url.endswith(f"{name}.rdf") for row in rows)
        again = jobs.harvest(instance, source)
        assert homes.counted(again).get("updated", 0) == homes.counted(again).get("created", 0) == 0


def test_a_page_elsewhere_leaves_the_run_partial_and_nothing_missing(tmp_path: Path, site: Site) -> None:
    with harvested(tmp_path, site, "rostock") as (instance, source, outcome):
        assert outcome.status == "partial"
        assert "www.opendata-hro.de" in outcome.reasons[0].en
        before = len(homes.published(instance))
        text = site.answers["/rostock.rdf"].body.decode()
        # One dataset less: the class that makes it one is taken away.
        cut = text.replace('<rdf:type rdf:resource="http://www.w3.org/ns/dcat#Dataset"/>', "", 1)
        assert cut != text
        site.put("/rostock.rdf", cut, "application/rdf+xml")
        for _ in range(3):
            outcome = jobs.harvest(instance, source)
            assert (outcome.status, outcome.counts.missing, outcome.counts.removed) == ("partial", 0, 0)
        assert len(homes.published(instance)) == before


@pytest.mark.parametrize("combination", list(Combination))
@pytest.mark.parametrize("name", CITIES)
def test_what_goes_out_conforms_to_the_official_shapes(
    tmp_path: Path, site: Site, name: str, combination: Combination
) -> None:
    shapes = shared("standards", "shapes")
    vocabularies = shared("standards", "vocabularies", "shacl-vocabularies.ttl")
    with harvested(tmp_path, site, name) as (instance, _, _):
        body = homes.exported(instance)
    results = shacl.check(body, combination, shapes, vocabularies)
    violations = [r for r in results if r.severity is ShaclSeverity.VIOLATION]
    assert [f"{r.focus} {r.path} {r.value} {r.constraint} {r.message}" for r in violations] == []


@pytest.mark.parametrize("name", CITIES)
def test_what_is_not_understood_is_counted_not_lost(tmp_path: Path, site: Site, name: str) -> None:
    with harvested(tmp_path, site, name) as (instance, _, _):
        found = problems(instance)
    assert all(path and code for path, code in found)
    assert found, "real catalogues say more than the profile can hold"


def problems(instance: Instance) -> collections.Counter[tuple[str, str]]:
    """Count what could not be kept, by path without positions and by code."""
    counter: collections.Counter[tuple[str, str]] = collections.Counter()
    with instance.database.reading() as session:
        for listed in session.scalars(sa.select(RecordVersion.problems)):
            counter.update((re.sub(r"\[\d+\]", "", p["path"]), p["code"]) for p in listed)
    assert orjson.dumps(sorted(map(list, counter)))
    return counter
