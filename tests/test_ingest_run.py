"""Harvests against a server whose pages change: what comes in, what is held, what is never lost."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import homes
import pytest
import source_site
import sqlalchemy as sa
from homes import changes, counted, define, plan, published, quarantined, records
from source_site import Entry, Site, entries, uri

import cli
from catalog import jobs
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import Exchange, Node, Organization, Quarantine, Record, RecordVersion, Rendition, Run, Staged
from dcat.errors import StateError


def test_a_first_harvest_takes_everything_in(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2), entries(3)], total=3)
    outcome = jobs.harvest(instance, define(instance, site))
    assert outcome.status == "applied"
    assert counted(outcome) == {"seen": 3, "created": 3}
    assert published(instance) == ["Datensatz 001", "Datensatz 002", "Datensatz 003"]
    assert changes(instance) == [(1, "create"), (2, "create"), (3, "create")]
    with instance.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Staged)) == 0


def test_a_second_run_asks_and_changes_nothing(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2), entries(3)])
    source = define(instance, site)
    jobs.harvest(instance, source)
    before = homes.everything(instance)
    assert site.statuses() == [200, 200]
    for _ in range(2):
        outcome = jobs.harvest(instance, source)
        assert outcome.status == "unchanged"
        assert counted(outcome) == {"seen": 3, "unchanged": 3}
        assert site.statuses() == [304, 304]
    assert homes.everything(instance) == before


def test_without_validators_equal_bytes_are_unchanged(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2), entries(3)], etag=False)
    source = define(instance, site)
    jobs.harvest(instance, source)
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "unchanged"
    assert site.statuses() == [200, 200, 200, 200]
    assert len(changes(instance)) == 3


def test_other_bytes_that_mean_the_same_are_unchanged(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2)])
    source = define(instance, site)
    jobs.harvest(instance, source)
    site.put_catalogue([entries(2, 1)])
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "unchanged"
    assert counted(outcome) == {"seen": 2, "unchanged": 2}
    assert len(changes(instance)) == 2


def test_an_update_names_the_changed_fields(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2)])
    source = define(instance, site)
    jobs.harvest(instance, source)
    site.put_catalogue([[*entries(1, title="Neuer Titel", description="Neu."), *entries(2)]])
    outcome = jobs.harvest(instance, source)
    assert counted(outcome) == {"seen": 2, "updated": 1, "unchanged": 1}
    assert plan(instance, outcome.run) == [("update", uri("satz-001"), ["description", "title"])]
    assert published(instance) == ["Datensatz 002", "Neuer Titel"]
    assert changes(instance)[2:] == [(3, "update")]
    with instance.database.reading() as session:
        versions = session.scalars(sa.select(RecordVersion.version).order_by(RecordVersion.version)).all()
    assert versions == [1, 1, 2], "the former version is kept"


def test_a_missing_dataset_goes_after_two_complete_runs_and_comes_back_the_same(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2, 3)])
    source = define(instance, site)
    jobs.harvest(instance, source)
    (first, *_), before = homes.shown_all(instance), homes.triples(instance)
    client = create_app(instance).test_client()
    address = f"/dataset/{first.id}.ttl"

    site.put_catalogue([entries(2, 3)])
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, counted(outcome)) == ("applied", {"seen": 2, "unchanged": 2, "missing": 1})
    assert records(instance)[uri("satz-001")] == (first.id, 1, False)
    assert client.get(address).status_code == 200
    assert len(changes(instance)) == 3

    outcome = jobs.harvest(instance, source)
    assert counted(outcome) == {"seen": 2, "unchanged": 2, "missing": 1, "removed": 1}
    assert records(instance)[uri("satz-001")] == (first.id, 2, True)
    assert client.get(address).status_code == 410
    assert published(instance) == ["Datensatz 002", "Datensatz 003"]
    with instance.database.reading() as session:
        left = session.scalars(sa.select(Rendition.format).where(Rendition.dataset_id == first.id)).all()
    assert left == []
    assert jobs.harvest(instance, source).status == "unchanged"

    site.put_catalogue([entries(1, 2, 3)])
    outcome = jobs.harvest(instance, source)
    assert counted(outcome) == {"seen": 3, "created": 1, "unchanged": 2}
    assert plan(instance, outcome.run) == [("revive", uri("satz-001"), [])]
    assert client.get(address).status_code == 200
    assert homes.shown_all(instance)[0].name == first.name
    assert homes.triples(instance) == before
    assert [kind for _, kind in changes(instance)] == ["create"] * 3 + ["withdraw", "revive"]


def test_a_dataset_that_comes_back_in_time_was_never_away(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    for names in ((1, 2), (2,), (1, 2), (2,), (1, 2)):
        site.put_catalogue([entries(*names)])
        assert jobs.harvest(instance, source).counts.removed == 0
    assert records(instance)[uri("satz-001")][1:] == (0, False)
    assert len(changes(instance)) == 2


def test_days_must_pass_as_well_as_runs(instance: Instance, site: Site) -> None:
    source = define(instance, site, guard={"misses": 2, "min_days": 7})
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    site.put_catalogue([entries(2)])
    for _ in range(4):
        assert jobs.harvest(instance, source).counts.removed == 0
    assert records(instance)[uri("satz-001")][1:] == (4, False)


def test_a_record_that_is_there_but_unreadable_is_not_missing(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    for names in (entries(2), [*entries(1, title=""), *entries(2)], entries(2)):
        site.put_catalogue([names])
        assert jobs.harvest(instance, source).counts.removed == 0
    assert records(instance)[uri("satz-001")][1:] == (1, False)
    assert published(instance) == ["Datensatz 001", "Datensatz 002"]


def test_an_empty_answer_is_held_and_approval_is_the_proof(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(8))])
    jobs.harvest(instance, source)
    before = homes.everything(instance)
    site.put_catalogue([[]])
    for _ in range(3):
        outcome = jobs.harvest(instance, source)
        assert outcome.status == "held"
        assert outcome.reasons[0].en == "The source names no dataset at all; there were 8 before."
        assert homes.everything(instance) == before
    approved = jobs.decide(instance, source, "approved")
    assert approved.status == "applied"
    assert counted(approved) == {"missing": 8, "removed": 8}
    assert published(instance) == []
    with pytest.raises(StateError, match="No plan is waiting"):
        jobs.decide(instance, source, "approved")


def test_a_rejected_plan_changes_nothing(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(8))])
    jobs.harvest(instance, source)
    before = homes.everything(instance)
    site.put_catalogue([[]])
    jobs.harvest(instance, source)
    assert jobs.decide(instance, source, "rejected").status == "rejected"
    assert homes.everything(instance) == before
    site.put_catalogue([entries(*range(8))])
    assert jobs.harvest(instance, source).status in ("unchanged", "applied")
    assert homes.everything(instance) == before
    with instance.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Staged)) == 0


def test_a_held_plan_is_dropped_when_the_source_recovers(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(8))])
    jobs.harvest(instance, source)
    site.put_catalogue([[]])
    assert jobs.harvest(instance, source).status == "held"
    site.put_catalogue([entries(*range(8))])
    assert jobs.harvest(instance, source).status == "unchanged"
    with pytest.raises(StateError, match="No plan is waiting"):
        jobs.decide(instance, source, "approved")
    assert len(published(instance)) == 8


def test_too_many_updates_are_held_until_approved(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(20))])
    jobs.harvest(instance, source)
    site.put_catalogue([[*entries(*range(7), description="Anders."), *entries(*range(7, 20))]])
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, outcome.reasons[0].en) == ("held", "7 of 20 datasets would be changed.")
    assert len(changes(instance)) == 20
    assert jobs.decide(instance, source, "approved").status == "applied"
    assert len(changes(instance)) == 27


def test_too_many_missing_or_rekeyed_or_quarantined_are_held(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(20))])
    jobs.harvest(instance, source)
    before = homes.everything(instance)
    renamed = [replace(entry, name=f"neu-{entry.name}") for entry in entries(*range(6))]
    for page in (
        entries(*range(6, 20)),
        [*renamed, *entries(*range(6, 20))],
        [*entries(*range(6), title=""), *entries(*range(6, 20))],
    ):
        site.put_catalogue([page])
        assert jobs.harvest(instance, source).status == "held"
        assert homes.everything(instance) == before


def test_an_approved_plan_that_was_read_in_part_stays_partial(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(10)), entries(*range(10, 20))])
    jobs.harvest(instance, source)
    site.put_catalogue([entries(*range(10), description="Anders."), entries(*range(10, 20))])
    site.change("/2.ttl", status=500)
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "held"
    approved = jobs.decide(instance, source, "approved")
    assert (approved.status, counted(approved)) == ("partial", {"seen": 10, "updated": 10})
    assert len(published(instance)) == 20


def test_a_later_page_that_cannot_be_had_leaves_the_run_partial(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2), entries(3, 4), entries(5)])
    jobs.harvest(instance, source)
    site.put_catalogue([[*entries(1, title="Neu"), *entries(6)], entries(3, 4), entries(5)])
    site.change("/2.ttl", status=500)
    for expected in ({"seen": 2, "created": 1, "updated": 1}, {"seen": 2, "unchanged": 2}):
        outcome = jobs.harvest(instance, source)
        assert outcome.status == "partial"
        assert counted(outcome) == expected
        assert "/2.ttl" in outcome.reasons[0].en
    assert len(published(instance)) == 6
    assert all(misses == 0 for _, misses, _ in records(instance).values())


def test_going_back_to_the_state_before_a_partial_run_is_noticed(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2), entries(3)])
    jobs.harvest(instance, source)
    site.put_catalogue([[*entries(1, title="Kurz anders"), *entries(2)], entries(3)])
    site.change("/2.ttl", status=500)
    assert jobs.harvest(instance, source).status == "partial"
    site.put_catalogue([entries(1, 2), entries(3)])
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, counted(outcome)) == ("applied", {"seen": 3, "updated": 1, "unchanged": 2})
    assert published(instance) == ["Datensatz 001", "Datensatz 002", "Datensatz 003"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 404},
        {"body": b"<!DOCTYPE html><html><form>Anmeldung</form></html>", "media_type": "text/html"},
        {"body": b"", "media_type": "text/turtle"},
        {"body": b"<http://a> <http://b> .", "media_type": "text/turtle"},
    ],
    ids=["500", "404", "login", "nothing", "torn"],
)
def test_a_first_page_that_cannot_be_had_fails_the_run(instance: Instance, site: Site, answer: dict[str, Any]) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    before = homes.everything(instance)
    site.change("/1.ttl", **answer)
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, counted(outcome)) == ("failed", {})
    assert len(outcome.reasons) == 1
    assert homes.everything(instance) == before
    assert records(instance)[uri("satz-001")][1:] == (0, False)


def test_a_server_that_is_gone_fails_the_run(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    away = define(instance, site, url="http://127.0.0.1:9/1.ttl", network={"allow": ["127.0.0.1:9"]})
    assert jobs.harvest(instance, away).status == "failed"
    assert len(published(instance)) == 2
    assert jobs.harvest(instance, source).status in ("applied", "unchanged")


def test_a_next_page_outside_the_allow_list_is_named(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    page = source_site.catalogue(site.url("/1.ttl"), entries(1), "https://anderswo.example/2.ttl", 2)
    site.put("/1.ttl", page)
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, counted(outcome)) == ("partial", {"seen": 1, "created": 1})
    assert "anderswo.example" in outcome.reasons[0].de
    assert "anderswo.example" in outcome.reasons[0].en


@pytest.mark.parametrize("period", [1, 2, 3])
def test_pages_that_run_in_a_circle_end(instance: Instance, site: Site, period: int) -> None:
    source = define(instance, site)
    for number in (1, 2, 3):
        back = number + 1 if number < 3 else 4 - period
        page = source_site.catalogue(site.url(f"/{number}.ttl"), entries(number), site.url(f"/{back}.ttl"))
        site.put(f"/{number}.ttl", page)
    for _ in range(2):
        outcome = jobs.harvest(instance, source)
        assert outcome.status == "partial"
        assert outcome.counts.seen == 3
        assert "circle" in outcome.reasons[0].en
        assert len(site.statuses()) == 3
    assert len(published(instance)) == 3


def test_pages_that_only_repeat_themselves_end(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    for number in range(1, 40):
        page = source_site.catalogue(site.url(f"/{number}.ttl"), entries(1, 2), site.url(f"/{number + 1}.ttl"))
        site.put(f"/{number}.ttl", page)
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "partial"
    assert len(site.statuses()) <= 3
    assert published(instance) == ["Datensatz 001", "Datensatz 002"]


@pytest.mark.parametrize("total", [2, 4])
def test_a_total_that_does_not_match_proves_no_absence(instance: Instance, site: Site, total: int) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2, 3, 4)])
    jobs.harvest(instance, source)
    site.put_catalogue([entries(1, 2, 3)], total=total)
    for _ in range(3):
        outcome = jobs.harvest(instance, source)
        assert outcome.counts.missing == outcome.counts.removed == 0
        assert f"claims {total} datasets, 3 were read" in outcome.reasons[0].en
    assert len(published(instance)) == 4
    site.put_catalogue([entries(1, 2, 3)], total=3)
    assert jobs.harvest(instance, source).counts.missing == 1


def test_a_total_that_changes_between_pages_proves_no_absence(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2, 3)])
    jobs.harvest(instance, source)
    site.put("/1.ttl", source_site.catalogue(site.url("/1.ttl"), entries(1), site.url("/2.ttl"), 3))
    site.put("/2.ttl", source_site.catalogue(site.url("/2.ttl"), entries(2), "", 2))
    outcome = jobs.harvest(instance, source)
    assert outcome.counts.missing == 0


def test_what_cannot_be_taken_in_is_in_quarantine_with_a_reason(instance: Instance, site: Site) -> None:
    elsewhere = define(instance, site, id="anderes-amt", url=site.url("/anderes.ttl"))
    site.put("/anderes.ttl", source_site.catalogue(site.url("/anderes.ttl"), entries(7)))
    jobs.harvest(instance, elsewhere)
    source = define(instance, site)
    echo = Entry("eigen", "Unser eigener", uri=f"{instance.config.site_url}/dataset/{'0' * 8}")
    site.put_catalogue([[*entries(1, 2), echo], [*entries(1), *entries(3, title=""), *entries(7)], entries(1, 4)])
    for status, expected in (("applied", {"created": 4}), ("unchanged", {"unchanged": 4})):
        outcome = jobs.harvest(instance, source)
        assert outcome.status == status
        assert counted(outcome) == {"seen": 8, "quarantined": 4, **expected}
    assert quarantined(instance) == {
        echo.uri: "echo",
        f"{uri('satz-001')}#2": "duplicate-id",
        f"{uri('satz-001')}#3": "duplicate-id",
        uri("satz-003"): "unreadable",
    }
    with instance.database.reading() as session:
        rows = session.scalars(sa.select(Quarantine)).all()
    assert all(len(row.reason) == 2 and min(map(len, row.reason)) > 20 and row.url for row in rows)
    assert published(instance).count("Datensatz 007") == 1


def test_a_mended_record_leaves_the_quarantine(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([[*entries(1), *entries(2, title="")]])
    jobs.harvest(instance, source)
    assert list(quarantined(instance)) == [uri("satz-002")]
    site.put_catalogue([entries(1, 2)])
    outcome = jobs.harvest(instance, source)
    assert counted(outcome) == {"seen": 2, "created": 1, "unchanged": 1}
    assert quarantined(instance) == {}
    assert len(published(instance)) == 2


def test_a_mended_record_leaves_the_quarantine_in_a_partial_run_too(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([[*entries(1), *entries(2, title="")], entries(3, title="")])
    jobs.harvest(instance, source)
    site.put_catalogue([entries(1, 2), entries(3)])
    site.change("/2.ttl", status=500)
    assert jobs.harvest(instance, source).status == "partial"
    assert list(quarantined(instance)) == [uri("satz-003")]


def test_a_last_good_version_stays_while_its_record_is_in_quarantine(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    site.put_catalogue([[*entries(1), *entries(2, title="")]])
    outcome = jobs.harvest(instance, source)
    assert counted(outcome) == {"seen": 2, "unchanged": 1, "quarantined": 1}
    assert published(instance) == ["Datensatz 001", "Datensatz 002"]


def test_a_twin_does_not_come_in_while_the_other_source_is_silent_about_it(instance: Instance, site: Site) -> None:
    other = define(instance, site, id="portal", url=site.url("/portal.ttl"))
    source = define(instance, site)
    site.put("/portal.ttl", source_site.catalogue(site.url("/portal.ttl"), entries(1, 9)))
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    jobs.harvest(instance, other)
    assert published(instance).count("Datensatz 001") == 1
    # The first source loses it for good: the second one takes over. When it comes back, it is the twin.
    site.put_catalogue([entries(2)])
    for _ in range(2):
        jobs.harvest(instance, source)
    site.put("/portal.ttl", source_site.catalogue(site.url("/portal.ttl"), entries(1, 9, 10)))
    jobs.harvest(instance, other)
    assert published(instance).count("Datensatz 001") == 1
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    assert published(instance).count("Datensatz 001") == 1


def test_a_plan_changes_nothing(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2)])
    outcome = jobs.harvest(instance, source, dry=True)
    assert (outcome.status, counted(outcome)) == ("planned", {"seen": 2, "created": 2})
    assert published(instance) == []
    jobs.harvest(instance, source)
    before = homes.everything(instance)
    site.put_catalogue([[*entries(1, title="Neu"), *entries(3)]])
    for _ in range(3):
        outcome = jobs.harvest(instance, source, dry=True)
        assert outcome.status == "planned"
        assert counted(outcome) == {"seen": 2, "created": 1, "updated": 1, "missing": 1}
        assert homes.everything(instance) == before
        assert all(misses == 0 for _, misses, _ in records(instance).values())
    with instance.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Record)) == 2
        assert session.scalar(sa.select(sa.func.count()).select_from(Quarantine)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Staged)) == 0


class Stop(BaseException):
    """What a test throws to end a harvest as a lost process would."""


def interrupted(instance: Instance, source: Any, phase: str, *, dry: bool = False) -> None:
    """Begin a harvest and leave it at a phase."""

    def tick(now: str, done: int) -> None:
        if now == phase:
            raise Stop

    with pytest.raises(Stop):
        jobs.harvest(instance, source, dry=dry, tick=tick)


def test_a_plan_does_not_finish_what_a_dead_harvest_began(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2)])
    interrupted(instance, source, "fetching")
    assert jobs.harvest(instance, source, dry=True).status == "planned"
    assert published(instance) == []
    outcome = jobs.resume(instance, source)
    assert outcome is not None
    assert outcome.status == "applied"
    assert len(published(instance)) == 2


def test_a_harvest_does_not_go_on_with_a_dead_plan(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2)])
    interrupted(instance, source, "fetching", dry=True)
    assert jobs.resume(instance, source) is None
    assert jobs.harvest(instance, source).status == "applied"
    assert len(published(instance)) == 2


def test_a_definition_that_changes_during_a_run_begins_it_anew(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1), entries(2)])
    interrupted(instance, define(instance, site), "fetching")
    changed = define(instance, site, defaults={"license": "cc-by/4.0"})
    outcome = jobs.harvest(instance, changed)
    assert outcome.status == "applied"
    with instance.database.reading() as session:
        runs = session.execute(sa.select(Run.phase, Run.status).order_by(Run.id)).all()
        assert session.scalar(sa.select(sa.func.count()).select_from(Staged)) == 0
    assert [tuple(run) for run in runs] == [("finished", "superseded"), ("finished", "applied")]


def test_an_interrupted_run_goes_on_where_it_was(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2), entries(3)])
    interrupted(instance, source, "fetching")
    site.statuses()
    outcome = jobs.resume(instance, source)
    assert outcome is not None
    assert counted(outcome) == {"seen": 3, "created": 3}
    assert site.statuses() == [200, 200], "the first page is not fetched again"
    assert jobs.resume(instance, source) is None


SECOND = """
import sys
sys.path.insert(0, sys.argv[1])
from catalog import jobs
from catalog.instance import open_instance
from dcat.errors import StateError
instance = open_instance()
(source,) = instance.sources(("amt",))
try:
    print(jobs.harvest(instance, source).status)
except StateError as error:
    print(error.message.en)
"""


def second_runner(instance: Instance) -> str:
    """Harvest in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SECOND, str(Path(cli.__file__).parent)],
        env=homes.environment(instance.config.home),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["fetching", "planned", "applying"])
def test_two_runners_do_not_harvest_one_source(instance: Instance, site: Site, phase: str) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2)])
    heard: list[str] = []

    def tick(now: str, done: int) -> None:
        if now == phase and not heard:
            heard.append(second_runner(instance))

    assert jobs.harvest(instance, source, tick=tick).status == "applied"
    assert heard == ["amt is being harvested (run 1). Next step: offenbar harvest status"]
    assert len(changes(instance)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["fetching", "planned", "applying"])
def test_who_lost_the_lease_writes_nothing_more(instance: Instance, site: Site, phase: str) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2), entries(3)])
    heard: list[str] = []

    def tick(now: str, done: int) -> None:
        if now == phase and not heard:
            with instance.database.writing() as session:
                session.execute(sa.update(Run).values(lease_until=sa.func.datetime("now", "-1 hour")))
            heard.append(second_runner(instance))

    # Whoever comes late finds the run finished, or is told; in no case does it write.
    with suppress(StateError):
        assert jobs.harvest(instance, source, tick=tick).run == 1
    assert heard == ["applied"]
    assert [kind for _, kind in changes(instance)] == ["create"] * 3


def test_a_changed_definition_is_published_without_the_source(instance: Instance, site: Site) -> None:
    files = ("https://daten.amt.example/a.csv",)
    site.put_catalogue([entries(1, 2)])
    site.put("/1.ttl", source_site.catalogue(site.url("/1.ttl"), [replace(e, files=files) for e in entries(1, 2)]))
    jobs.harvest(instance, define(instance, site))
    site.statuses()
    changed = define(instance, site, defaults={"license_attribution": "Amt für Beispiele"})
    assert jobs.refresh(instance, changed) == 2
    assert site.statuses() == []
    assert all(
        shown.dataset.distribution[0].license_attribution[0].value == "Amt für Beispiele"
        for shown in homes.shown_all(instance)
    )
    assert jobs.refresh(instance, changed) == 0
    site.change("/1.ttl", status=500)
    again = define(instance, site, defaults={"license_attribution": "Amt"})
    assert jobs.harvest(instance, again).status == "failed"
    assert all(
        shown.dataset.distribution[0].license_attribution[0].value == "Amt" for shown in homes.shown_all(instance)
    )


def test_a_decision_takes_file_and_bytes_away_at_once(instance: Instance, site: Site) -> None:
    source = homes.define_drop(instance, site)
    site.put_folder("/ablage/", {"geheim.csv": "id,wert\n1,Dachsbau\n2,Fuchsbau\n", "offen.csv": "id,wert\n1,a\n"})
    homes.harvest_and_check(instance, source)
    shown = {s.name: s for s in homes.shown_all(instance)}["geheim"]
    (file,) = shown.files
    client = create_app(instance).test_client()
    addresses = [f"/api/data/{file.id}", f"/dataset/{shown.id}/resource/{file.id}/download/geheim.csv"]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"Dachsbau" in answer.data
    homes.withhold(instance, "amt", "geheim", file="geheim.csv")
    assert jobs.refresh(instance, source) == 1
    for address in addresses:
        assert client.get(address).status_code == 404
    assert nowhere(instance, "Dachsbau", file.copy)
    homes.withhold(instance, "amt", "geheim")
    assert jobs.refresh(instance, source) == 1
    assert nowhere(instance, "Dachsbau", file.copy)
    (shown,) = [s for s in homes.shown_all(instance) if s.name == "geheim"]
    assert shown.withheld is not None
    assert shown.dataset.distribution == ()


def nowhere(instance: Instance, *secrets: str) -> bool:
    """Tell whether no rendition, shared node or page holds any of these words."""
    with instance.database.reading() as session:
        bodies = [homes.decompress(body) for body in session.scalars(sa.select(Rendition.body))]
        bodies += list(session.scalars(sa.select(Node.body)))
    client = create_app(instance).test_client()
    for shown in homes.shown_all(instance):
        bodies += [client.get(f"/dataset/{shown.name}").data]
        bodies += [client.get(f"/dataset/{shown.name}/{file.id}").data for file in shown.files]
        bodies += [client.get(f"/api/3/action/package_show?id={shown.name}").data]
    bodies += [client.get(f"/catalog.{ending}").data for ending in ("ttl", "rdf", "jsonld", "nt")]
    return not any(secret.encode() in body for secret in secrets for body in bodies)


def test_one_refreshed_dataset_does_not_stand_for_all(instance: Instance, site: Site) -> None:
    """A file check publishes one dataset by the new policy; the others are still to come."""
    source = homes.define_drop(instance, site)
    site.put_folder("/ablage/", {"alles.csv": "id,wert\n1,a\n", "geheim.csv": "id,wert\n1,b\n"})
    homes.harvest_and_check(instance, source)
    homes.withhold(instance, "amt", "geheim")
    site.put_folder("/ablage/", {"alles.csv": "id,wert\n1,a\n2,c\n", "geheim.csv": "id,wert\n1,b\n"})
    homes.check(instance, source)
    assert jobs.refresh(instance, source) == 1
    assert [shown.name for shown in homes.shown_all(instance) if shown.withheld] == ["geheim"]


def test_a_file_check_does_not_bring_a_withdrawn_dataset_back(instance: Instance, site: Site) -> None:
    source = homes.define_drop(instance, site)
    site.put_folder("/ablage/", {"alles.csv": "id,wert\n1,a\n", "bleibt.csv": "id,wert\n1,b\n"})
    homes.harvest_and_check(instance, source)
    site.put_folder("/ablage/", {"bleibt.csv": "id,wert\n1,b\n"})
    site.put("/ablage/alles.csv", "id,wert\n1,anders\n", "text/csv")
    for _ in range(2):
        jobs.harvest(instance, source)
    assert [shown.name for shown in homes.shown_all(instance)] == ["bleibt"]
    homes.check(instance, source)
    assert [shown.name for shown in homes.shown_all(instance)] == ["bleibt"]
    assert changes(instance)[-1][1] == "withdraw"


def test_what_changes_between_preparing_and_publishing_is_not_overwritten(instance: Instance, site: Site) -> None:
    """A withdrawal by policy that comes while a harvest renders the same dataset must hold."""
    source = define(instance, site)
    link = ("https://daten.amt.example/plan.csv",)
    site.put_catalogue([entries(1, files=link)])
    jobs.harvest(instance, source)
    site.put_catalogue([entries(1, title="Neu", files=link)])
    done: list[str] = []

    def tick(now: str, _: int) -> None:
        if now == "applying" and not done:
            done.append(now)
            homes.withhold(instance, "amt", uri("satz-001"))
            assert jobs.refresh(instance, source) == 1

    assert jobs.harvest(instance, source, tick=tick).status == "applied"
    (shown,) = homes.shown_all(instance)
    assert shown.dataset.title[0].value == "Neu"
    assert shown.withheld is not None
    assert nowhere(instance, link[0])


def test_long_names_and_equal_titles_get_addresses_of_their_own(instance: Instance, site: Site) -> None:
    long = "Bericht über die Entwicklung der Stadtteile und ihrer Bevölkerung in den vergangenen Jahren, Teil eins"
    config = json.loads(instance.config.config_file.read_text("utf-8"))
    city = {"slug": "bad-homburg-vor-der-hoehe-am-taunus", "name": "Bad Homburg", "ags": "06434001"}
    instance.config.config_file.write_text(json.dumps(config | {"cities": [*config["cities"], city]}), "utf-8")
    with homes.opened(instance.config.home) as wider:
        source = define(wider, site, city=city["slug"])
        site.put_catalogue([entries(*range(12), title=long)])
        assert jobs.harvest(wider, source).status == "applied"
        names = {shown.name for shown in homes.shown_all(wider)}
    assert len(names) == 12
    assert max(map(len, names)) <= 100


def test_a_distribution_that_cannot_stay_does_not_stop_the_harvest(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    page = source_site.catalogue(site.url("/1.ttl"), entries(1))
    own = uri("satz-001")
    page += f"""
    <{own}> dcat:distribution [ a dcat:Distribution ; dct:title "ohne Adresse"@de ],
      [ a dcat:Distribution ; dcat:accessURL "kein Ort" ; dcat:downloadURL "auch keiner.csv" ],
      [ a dcat:Distribution ; dcat:accessURL <{site.url("/a.csv")}> ; dcat:downloadURL "C:\\\\Daten\\\\a.csv" ],
      [ a dcat:Distribution ; dct:title "noch einmal"@de ; dcat:accessURL <{site.url("/a.csv")}> ],
      [ a dcat:Distribution ; dcat:accessURL <{site.url("/b.csv")}> ; dcat:downloadURL <{site.url("/b.csv")}> ] .
    """
    site.put("/1.ttl", page)
    site.put("/a.csv", "id,wert\n1,a\n", "text/csv")
    site.put("/b.csv", "id,wert\n1,a\n", "text/csv")
    assert homes.harvest_and_check(instance, source).status == "applied"
    (shown,) = homes.shown_all(instance)
    assert sorted(file.name for file in shown.files) == ["a.csv", "a.csv", "b.csv"]
    assert all(file.served for file in shown.files)
    assert homes.harvest_and_check(instance, source).status == "unchanged"


def test_one_folder_that_cannot_be_read_does_not_hide_the_others(instance: Instance, site: Site) -> None:
    source = homes.define_drop(instance, site)
    site.put_listing("/ablage/", ["anfang/", "kaputt/", "zuletzt/"])
    for name in ("anfang", "zuletzt"):
        site.put_folder(f"/ablage/{name}/", {f"{name}.csv": "id,wert\n1,a\n"})
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "partial"
    assert "kaputt" in outcome.reasons[0].en
    assert [shown.name for shown in homes.shown_all(instance)] == ["anfang", "zuletzt"]


def test_page_bytes_are_kept_with_what_the_server_said(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2)])
    jobs.harvest(instance, source)
    with instance.database.reading() as session:
        exchanges = session.scalars(sa.select(Exchange).order_by(Exchange.id)).all()
        assert session.scalar(sa.select(sa.func.count()).select_from(Organization)) == 1
    assert [e.url for e in exchanges] == [site.url("/1.ttl"), site.url("/2.ttl")]
    assert [instance.files.get(e.sha256) for e in exchanges] == [site.answers[p].body for p in ("/1.ttl", "/2.ttl")]
    assert all(e.etag and e.media_type == "text/turtle" and e.status == 200 for e in exchanges)
