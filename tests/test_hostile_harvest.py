"""Sources that want what is not theirs, and histories that no single test of a part thinks of."""

from collections.abc import Iterator
from typing import Any

import homes
import pytest
import source_site
import sqlalchemy as sa
from homes import define
from source_site import Entry, Site

from catalog import jobs
from catalog.ingest import identity, leaving, staging
from catalog.instance import Instance
from catalog.models import Record
from harvesters.source import Source

SAME = "https://daten.amt.example/dataset/baeume"


@pytest.fixture
def site() -> Iterator[Site]:
    with source_site.running() as site:
        yield site


@pytest.fixture
def instance(tmp_path: Any) -> Iterator[Instance]:
    with homes.home(tmp_path / "home") as instance:
        yield instance


def portal(instance: Instance, site: Site, name: str, **fields: Any) -> Source:
    return define(instance, site, **{"id": name, "url": site.url(f"/{name}.ttl"), **fields})


def tell(site: Site, name: str, *entries: Entry) -> None:
    site.put(f"/{name}.ttl", source_site.catalogue(site.url(f"/{name}.ttl"), entries))


def baeume(name: str, **fields: Any) -> Entry:
    return Entry(name, f"Bäume, wie {name} sie beschreibt", uri=SAME, **fields)


def shown(instance: Instance) -> list[str]:
    return [one.source for one in homes.shown_all(instance) if one.dataset.uri == SAME]


def test_withheld(instance: Instance, site: Site) -> None:
    for name, authority in (("amt", 90), ("land", 50)):
        tell(site, name, baeume(name, files=("a.csv",)))
        homes.withhold(instance, "amt", SAME)
        jobs.harvest(instance, portal(instance, site, name, authority=authority))
    one, = homes.shown_all(instance)
    print(one.source, one.withheld, one.dataset.distribution)
    tell(site, "amt", Entry("x", "anderes"))
    amt = portal(instance, site, "amt", authority=90)
    for _ in range(3):
        print(jobs.harvest(instance, amt).status)
    for one in homes.shown_all(instance):
        print(one.source, one.withheld, one.dataset.uri, one.dataset.distribution)
    assert all(one.withheld for one in homes.shown_all(instance) if one.dataset.uri == SAME)


def test_withheld_outranked(instance: Instance, site: Site) -> None:
    homes.withhold(instance, "amt", SAME)
    for name, authority in (("amt", 50), ("land", 90)):
        tell(site, name, baeume(name, files=("a.csv",)))
        jobs.harvest(instance, portal(instance, site, name, authority=authority))
    assert all(one.withheld for one in homes.shown_all(instance) if one.dataset.uri == SAME)


def test_orphan(instance: Instance, site: Site) -> None:
    for name, authority in (("amt", 90), ("land", 50)):
        tell(site, name, baeume(name))
        jobs.harvest(instance, portal(instance, site, name, authority=authority))
    assert shown(instance) == ["amt"]
    amt = portal(instance, site, "amt", authority=90)
    land = instance.config.sources / "land.yaml"
    text = land.read_text()
    land.write_text("id: [")
    tell(site, "amt", Entry("x", "anderes"), Entry("y", "noch eines"))
    for _ in range(3):
        jobs.harvest(instance, amt)
    print(homes.records(instance))
    land.write_text(text)
    print(jobs.harvest(instance, portal(instance, site, "land", authority=50)))
    print(jobs.harvest(instance, portal(instance, site, "land", authority=50), full=True))
    assert shown(instance) == ["land"]


def test_renamed_name_again(instance: Instance, site: Site) -> None:
    tell(site, "amt", Entry("1", "Bäume"), Entry("2", "Wege"))
    old = portal(instance, site, "amt")
    jobs.harvest(instance, old)
    (instance.config.sources / "amt.yaml").unlink()
    tell(site, "neu", Entry("1", "Bäume"), Entry("2", "Wege"))
    new = portal(instance, site, "neu", url=site.url("/amt.ttl"))
    with instance.database.writing() as session:
        leaving.rename(session, "amt", new, {"neu": new}, jobs_policies(instance))
    print(jobs.harvest(instance, new))
    before = homes.records(instance)
    print(before)
    again = portal(instance, site, "amt", url=site.url("/amt.ttl"))
    print(jobs.harvest(instance, again))
    with instance.database.reading() as session:
        rows = session.execute(sa.select(Record.source_id, Record.remote_id, Record.dataset_id)).all()
    for row in rows:
        print(row)
    assert len(rows) == 4


def jobs_policies(instance: Instance) -> Any:
    from catalog import policy
    return policy.load(instance.config.policies)
