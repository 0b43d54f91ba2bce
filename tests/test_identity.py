"""The same dataset through several sources: one leads and is shown, the others wait behind it, and there is never a gap."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import builders
import homes
import pytest
import source_site
import sqlalchemy as sa
from homes import define
from source_site import Entry, Site

from catalog import jobs
from catalog.ingest import identity
from catalog.ingest import run as runs
from catalog.instance import Instance
from catalog.models import Change, DatasetRow, Record
from dcat import document
from dcat.model import Identifier
from harvesters.source import Source

SAME = "https://daten.amt.example/dataset/baeume"
UUID = "6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40001"
# From the department to the national portal.
PORTALS = {"amt": 90, "stadt": 70, "land": 50, "bund": 30}


@pytest.fixture
def site() -> Iterator[Site]:
    with source_site.running() as site:
        yield site


@pytest.fixture
def instance(tmp_path: Any) -> Iterator[Instance]:
    with homes.home(tmp_path / "home") as instance:
        yield instance


def portal(instance: Instance, site: Site, name: str, **fields: Any) -> Source:
    given = {"id": name, "url": site.url(f"/{name}.ttl"), "authority": PORTALS.get(name, 50)}
    return define(instance, site, **{**given, **fields})


def tell(site: Site, name: str, *entries: Entry) -> None:
    site.put(f"/{name}.ttl", source_site.catalogue(site.url(f"/{name}.ttl"), entries))


def baeume(name: str, **fields: Any) -> Entry:
    return Entry(name, f"Bäume, wie {name} sie beschreibt", uri=SAME, **fields)


def shown(instance: Instance) -> list[str]:
    """Which sources are seen describing the trees."""
    return [one.source for one in homes.shown_all(instance) if one.dataset.uri == SAME]


def harvest(instance: Instance, source: Source) -> str:
    outcome = jobs.harvest(instance, source)
    homes.counted(outcome)
    return outcome.status


def test_the_higher_authority_leads_whoever_came_first(instance: Instance, site: Site) -> None:
    for name in ("land", "amt"):
        tell(site, name, baeume(name))
        assert harvest(instance, portal(instance, site, name)) == "applied"
    assert shown(instance) == ["amt"]
    with instance.database.reading() as session:
        gone = session.scalars(sa.select(DatasetRow).where(DatasetRow.source_id == "land")).one()
        (leader,) = session.scalars(sa.select(DatasetRow.id).where(DatasetRow.source_id == "amt"))
        kinds = session.execute(sa.select(Change.kind, Change.cause).order_by(Change.seq)).all()
    assert (gone.state, gone.successor) == ("gone", leader)
    assert [kind for kind, _ in kinds] == ["create", "withdraw", "create"]
    assert kinds[1].cause == kinds[2].cause, "both belong to one run, and to one transaction"


def test_among_equals_the_first_stays(instance: Instance, site: Site) -> None:
    for name in ("b", "a"):
        tell(site, name, baeume(name))
        harvest(instance, portal(instance, site, name))
    assert shown(instance) == ["b"]


def test_the_follower_comes_forward_when_the_leader_goes(instance: Instance, site: Site) -> None:
    sources = {}
    for name in PORTALS:
        tell(site, name, baeume(name))
        sources[name] = portal(instance, site, name, guard={"misses": 1, "min_days": 0, "removals_min": 10})
        harvest(instance, sources[name])
    order = list(PORTALS)
    for leader, following in itertools.pairwise(order):
        assert shown(instance) == [leader]
        tell(site, leader, Entry("anderes", f"Etwas anderes ({leader})", uri=f"{SAME}/{leader}"))
        harvest(instance, sources[leader])
        assert shown(instance) == [following], "in the transaction that took the leader away"
    with instance.database.reading() as session:
        rows = {row.source_id: row for row in session.scalars(sa.select(DatasetRow).where(DatasetRow.uri == SAME))}
    assert rows["amt"].successor == rows["stadt"].id
    tell(site, "bund", Entry("anderes", "Etwas anderes (bund)", uri=f"{SAME}/bund"))
    harvest(instance, sources["bund"])
    assert shown(instance) == []


def test_a_leader_that_returns_leads_again_under_its_old_address(instance: Instance, site: Site) -> None:
    guard = {"misses": 1, "min_days": 0, "removals_min": 10}
    sources = {name: portal(instance, site, name, guard=guard) for name in ("amt", "land")}
    for name, source in sources.items():
        tell(site, name, baeume(name))
        harvest(instance, source)
    before = homes.shown_all(instance)[0].id
    tell(site, "amt", Entry("anderes", "Etwas anderes", uri=f"{SAME}/2"))
    harvest(instance, sources["amt"])
    tell(site, "amt", baeume("amt"), Entry("anderes", "Etwas anderes", uri=f"{SAME}/2"))
    harvest(instance, sources["amt"])
    assert shown(instance) == ["amt"]
    assert before in [one.id for one in homes.shown_all(instance)]


def test_changes_of_a_follower_are_kept_and_not_shown(instance: Instance, site: Site) -> None:
    for name in ("amt", "land"):
        tell(site, name, baeume(name))
    for name in ("amt", "land"):
        harvest(instance, portal(instance, site, name))
    before = homes.changes(instance)
    tell(site, "land", Entry("land", "Bäume, neu beschrieben", uri=SAME))
    assert harvest(instance, portal(instance, site, "land")) == "applied"
    assert homes.changes(instance) == before
    with instance.database.reading() as session:
        record = session.scalars(sa.select(Record).where(Record.source_id == "land")).one()
    assert record.version == 2 and record.led_by


def test_a_plan_says_beforehand_who_will_be_shown(instance: Instance, site: Site) -> None:
    tell(site, "stadt", baeume("stadt"))
    harvest(instance, portal(instance, site, "stadt"))
    for name, code in (("land", "led"), ("amt", "leads")):
        tell(site, name, baeume(name))
        outcome = jobs.harvest(instance, portal(instance, site, name), dry=True)
        with instance.database.reading() as session:
            (item,) = runs.plan_items(session, outcome.run)
        assert item.reason[0] == code and "stadt" in item.reason[1]
    assert shown(instance) == ["stadt"], "a plan changes nothing"


def test_a_changed_authority_changes_who_leads(instance: Instance, site: Site) -> None:
    for name in ("amt", "land"):
        tell(site, name, baeume(name))
        harvest(instance, portal(instance, site, name))
    harvest(instance, portal(instance, site, "land", authority=95))
    assert shown(instance) == ["land"]
    harvest(instance, portal(instance, site, "land", authority=10))
    assert shown(instance) == ["amt"]


def test_a_source_without_definition_does_not_come_forward(instance: Instance, site: Site) -> None:
    guard = {"misses": 1, "min_days": 0, "removals_min": 10}
    for name in ("amt", "land"):
        tell(site, name, baeume(name))
        harvest(instance, portal(instance, site, name, guard=guard))
    (instance.config.sources / "land.yaml").unlink()
    tell(site, "amt", Entry("anderes", "Etwas anderes", uri=f"{SAME}/2"))
    harvest(instance, portal(instance, site, "amt", guard=guard))
    assert shown(instance) == []


def known(**fields: Any) -> frozenset[str]:
    return identity.keys(document.write(builders.dataset(**fields)))


def test_what_makes_two_records_the_same() -> None:
    one = known(uri="http://daten.amt.example/baeume/", identifier=(UUID,))
    assert one & known(uri="https://daten.amt.example/baeume")
    assert one & known(uri="", identifier=(f"{{{UUID.upper()}}}",))
    assert one & known(uri="", other_identifier=(Identifier(notation=UUID),))
    assert not known(uri="", identifier=("17", "baeume", "http://"))


def test_what_a_portal_has_from_us_never_comes_back(instance: Instance, site: Site) -> None:
    guard = {"misses": 1, "min_days": 0, "removals_min": 10}
    tell(site, "amt", baeume("amt"))
    harvest(instance, portal(instance, site, "amt", guard=guard))
    tell(site, "land", baeume("land"), Entry("eigenes", "Nur beim Land", uri=f"{SAME}/land"))
    mirror = portal(instance, site, "land", mirrors=True)
    for _ in range(2):
        harvest(instance, mirror)
    assert homes.quarantined(instance) == {SAME: "echo"}
    tell(site, "amt", Entry("anderes", "Etwas anderes", uri=f"{SAME}/2"))
    harvest(instance, portal(instance, site, "amt", guard=guard))
    tell(site, "land", baeume("land neu"), Entry("eigenes", "Nur beim Land", uri=f"{SAME}/land"))
    harvest(instance, mirror)
    assert shown(instance) == [], "what the department withdrew does not live on in its own echo"
    assert len(homes.published(instance)) == 2


def test_a_late_decision_reaches_the_source_that_is_shown_in_its_place(instance: Instance, site: Site) -> None:
    files = (site.url("/baeume.csv"),)
    sources = {}
    for name, authority in (("amt", 50), ("land", 90)):
        tell(site, name, baeume(name, files=files))
        sources[name] = portal(instance, site, name, authority=authority)
        harvest(instance, sources[name])
    assert shown(instance) == ["land"]
    homes.withhold(instance, "amt", SAME)
    assert jobs.refresh(instance, sources["land"]) == 1
    (one,) = homes.shown_all(instance)
    assert one.withheld is not None and one.dataset.distribution == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_whatever_happens_each_dataset_is_described_once_by_the_best_there_is(
    instance: Instance, site: Site, seed: int
) -> None:
    chance = random.Random(seed)
    guard = {"misses": 1, "min_days": 0, "removals_min": 1000, "updates": "100%"}
    told: dict[str, set[int]] = {name: set() for name in PORTALS}
    for step in range(30):
        name = chance.choice(list(PORTALS))
        told[name] = {n for n in range(6) if chance.random() < 0.6} or {0}
        tell(site, name, *(Entry(f"{n}", f"{n} bei {name}, {step}", uri=f"{SAME}/{n}") for n in sorted(told[name])))
        assert harvest(instance, portal(instance, site, name, guard=guard)) in ("applied", "unchanged")
        harvested = {one for one, numbers in told.items() if numbers}
        best = {
            f"{SAME}/{n}": max((one for one in harvested if n in told[one]), key=PORTALS.__getitem__)
            for n in set().union(*told.values())
        }
        found = homes.shown_all(instance)
        assert len({one.dataset.uri for one in found}) == len(found)
        assert {one.dataset.uri: one.source for one in found} == best
