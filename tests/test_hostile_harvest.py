"""Sources that want what is not theirs or never end, and histories that no test of a single part thinks of."""

import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import homes
import pytest
import samples_gbfs
import source_site
import sqlalchemy as sa
from homes import define
from source_site import Entry, Site

from catalog import jobs
from catalog.db import now
from catalog.files import Files
from catalog.ingest import identity, leaving, retention
from catalog.instance import Instance
from catalog.models import Record
from dcat import node_texts
from dcat.errors import UnreadableError
from harvesters.base import Page
from harvesters.gbfs import GBFS
from harvesters.source import Identity, Source

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
    return Entry(name, f"Bäume, wie {name} sie beschreibt", uri=SAME, files=("https://geheim.example/a.csv",), **fields)


def shown(instance: Instance) -> list[tuple[str, bool]]:
    """Which sources are seen describing the trees, and whether their files are held back."""
    return [(one.source, one.withheld is not None) for one in homes.shown_all(instance) if one.dataset.uri == SAME]


def held_by(instance: Instance) -> dict[tuple[str, str], str]:
    with instance.database.reading() as session:
        rows = session.execute(sa.select(Record.source_id, Record.remote_id, Record.dataset_id))
        return {(source, remote.rsplit("/", 1)[-1]): dataset for source, remote, dataset in rows}


def test_what_is_withheld_does_not_come_out_through_the_portal_behind(instance: Instance, site: Site) -> None:
    homes.withhold(instance, "amt", SAME)
    sources = {}
    for name, authority in (("amt", 90), ("land", 50)):
        tell(site, name, baeume(name))
        sources[name] = portal(instance, site, name, authority=authority)
        jobs.harvest(instance, sources[name])
    assert shown(instance) == [("amt", True)]
    tell(site, "amt", Entry("x", "Anderes"))
    for _ in range(2):
        jobs.harvest(instance, sources["amt"])
    assert shown(instance) == [("land", True)]
    assert b"geheim.example" not in homes.exported(instance)


def test_what_is_withheld_does_not_come_out_through_a_higher_authority(instance: Instance, site: Site) -> None:
    homes.withhold(instance, "amt", SAME)
    for name, authority in (("amt", 50), ("land", 90)):
        tell(site, name, baeume(name), Entry("y", "Offenes", files=("https://offen.example/a.csv",)))
        jobs.harvest(instance, portal(instance, site, name, authority=authority))
    assert shown(instance) == [("land", True)]
    exported = homes.exported(instance)
    assert b"geheim.example" not in exported and b"offen.example" in exported


def test_a_follower_whose_definition_was_unreadable_comes_forward_later(instance: Instance, site: Site) -> None:
    sources = {}
    for name, authority in (("amt", 90), ("land", 50)):
        tell(site, name, baeume(name))
        sources[name] = portal(instance, site, name, authority=authority)
        jobs.harvest(instance, sources[name])
    file = instance.config.sources / "land.yaml"
    definition = file.read_text()
    file.write_text("id: [")
    tell(site, "amt", Entry("x", "Anderes"))
    for _ in range(2):
        jobs.harvest(instance, sources["amt"])
    assert shown(instance) == []
    file.write_text(definition)
    assert jobs.harvest(instance, sources["land"]).status == "applied"
    assert shown(instance) == [("land", False)]
    assert jobs.harvest(instance, sources["land"]).status == "unchanged"


def test_a_leader_whose_definition_is_removed_leads_as_before(instance: Instance, site: Site) -> None:
    sources = {}
    for name, authority in (("amt", 90), ("land", 50)):
        tell(site, name, baeume(name))
        sources[name] = portal(instance, site, name, authority=authority)
        jobs.harvest(instance, sources[name])
    (instance.config.sources / "amt.yaml").unlink()
    with instance.database.writing() as session:
        leaving.note_left(session, {"land": sources["land"]})
    tell(site, "land", baeume("land", description="Neu beschrieben."))
    jobs.harvest(instance, sources["land"])
    assert [one.source for one in homes.shown_all(instance)] == ["amt"]


def test_a_source_under_the_old_name_of_another_takes_nothing_from_it(instance: Instance, site: Site) -> None:
    tell(site, "amt", Entry("1", "Bäume"), Entry("2", "Wege"))
    jobs.harvest(instance, portal(instance, site, "amt"))
    before = held_by(instance)
    (instance.config.sources / "amt.yaml").unlink()
    new = portal(instance, site, "neu", url=site.url("/amt.ttl"))
    with instance.database.writing() as session:
        leaving.rename(session, "amt", new, {"neu": new}, instance.policies())
    jobs.harvest(instance, new)
    jobs.harvest(instance, portal(instance, site, "amt"))
    after = held_by(instance)
    assert {name: after["neu", name] for name in "12"} == {name: before["amt", name] for name in "12"}
    assert len(set(after.values())) == 4


def test_ids_that_change_and_change_back_are_two_datasets(instance: Instance, site: Site) -> None:
    tell(site, "amt", *(Entry(f"alt-{number}", f"Satz {number}") for number in range(9)))
    amt = portal(instance, site, "amt")
    jobs.harvest(instance, amt)
    tell(site, "amt", *(Entry(f"neu-{number}", f"Satz {number}") for number in range(9)))
    assert jobs.harvest(instance, amt).status == "held"
    jobs.decide(instance, amt, "rekeyed")
    kept = held_by(instance)
    tell(
        site,
        "amt",
        *(Entry(f"neu-{number}", f"Satz {number}, neu") for number in range(9)),
        *(Entry(f"alt-{number}", f"Anderes {number}") for number in range(3)),
    )
    if jobs.harvest(instance, amt).status == "held":
        jobs.decide(instance, amt, "approved")
    after = held_by(instance)
    assert len(set(after.values())) == len(after) == 12
    assert all(after[key] == dataset for key, dataset in kept.items())


def test_the_uri_counts_however_many_identifiers_there_are() -> None:
    many = [f"http://a.example/{number}" for number in range(200)]
    first = identity.keys({"uri": "https://z.example/1", "identifier": many})
    assert len(first) == identity.MAX_KEYS and identity.keys({"uri": "https://z.example/1"}) < first


def test_one_id_over_and_over_costs_a_question_each(instance: Instance, site: Site) -> None:
    entry = {"identifier": "a", "description": "d", "publisher": {"name": "Amt"}}
    listed = [entry | {"title": f"Satz {number}"} for number in range(540)]
    listed.insert(100, entry | {"identifier": "a#50", "title": "Echt"})
    schema = "https://project-open-data.cio.gov/v1.1/schema"
    site.put("/data.json", json.dumps({"conformsTo": schema, "dataset": listed}), "application/json")
    asked: list[str] = []

    def count(*statement: Any) -> None:
        asked.append(statement[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        outcome = jobs.harvest(instance, define(instance, site, type="data-json", url=site.url("/data.json")))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    assert homes.counted(outcome) == {"seen": 541, "created": 1, "quarantined": 540}
    assert len(asked) < 3 * 541


def test_a_list_that_leads_to_a_list_ends() -> None:
    source = Source(id="a", city="b", department="c", type="gbfs", url="https://rad.example/gbfs/gbfs.json")
    body = samples_gbfs.discovery("https://rad.example")
    (following,) = GBFS.split(Page(url=source.url, body=body), source).following
    with pytest.raises(UnreadableError):
        GBFS.split(Page(url=following, body=body), source)


def test_names_without_end_are_no_work_for_a_rule() -> None:
    rule = Identity(dataset="strip-suffix:[0-9]+", distribution="strip-suffix:[0-9]+")
    endless = "1" * 1_000_000 + "x"
    assert rule.dataset_id(endless) == rule.distribution_id(endless) == endless
    assert rule.dataset_id("baum12") == "baum"


def test_bytes_that_come_again_are_not_swept_away_before_their_row_is_there(instance: Instance, tmp_path: Path) -> None:
    files: Files = instance.files
    digest = files.put(b"alt")
    (path,) = Path(instance.config.home).rglob(digest)
    long_ago = (now() - datetime.timedelta(days=200)).timestamp()
    os.utime(path, (long_ago, long_ago))
    assert files.put(b"alt") == digest
    assert retention.sweep(instance.database, files).blobs == 0
    assert files.has(digest)


def test_half_a_sign_is_no_place() -> None:
    assert node_texts.meaning("Place", "Bäume \ud83d") == {}
