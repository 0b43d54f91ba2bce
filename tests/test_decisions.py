"""What a steward decides: additions only, new ids, released records, stored pages read anew, sources that leave or change their name."""

import datetime
import json
import os
from collections.abc import Iterator
from typing import Any

import homes
import pytest
import source_site
import sqlalchemy as sa
from click.testing import CliRunner
from homes import counted, define
from source_site import Entry, Site, entries, uri

from catalog import jobs
from catalog.commands import quarantine as quarantine_command
from catalog.commands import source as source_command
from catalog.commands.terminal import Terminal
from catalog.db import now
from catalog.ingest import decisions, leaving, ledger, retention
from catalog.instance import Instance
from catalog.models import DatasetRow, Exchange, PlanItem, Quarantine, Record, Run, SourceState
from dcat.errors import StateError


@pytest.fixture
def site() -> Iterator[Site]:
    with source_site.running() as site:
        yield site


@pytest.fixture
def instance(tmp_path: Any) -> Iterator[Instance]:
    with homes.home(tmp_path / "home") as instance:
        yield instance


def called(instance: Instance, command: Any, *args: str) -> Any:
    """Run a command as the terminal does, on this instance's home."""
    environment = homes.environment(instance.config.home)
    result = CliRunner(env=environment).invoke(command, [*args, "--json"], obj=Terminal("de"), standalone_mode=False)
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def addresses(instance: Instance) -> dict[str, str]:
    return {one.dataset.title[0].value: one.name for one in homes.shown_all(instance)}


def test_additions_of_a_held_plan_go_ahead_alone(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(1, 21))])
    jobs.harvest(instance, source)
    site.put_catalogue([[*entries(*range(1, 6), title="Neu benannt"), *entries(30, 31)]])
    assert jobs.harvest(instance, source).status == "held"
    outcome = jobs.decide(instance, source, decisions.ADDITIONS)
    assert outcome.status == "partial" and counted(outcome)["created"] == 2
    assert len(homes.published(instance)) == 22 and "Neu benannt" not in homes.published(instance)
    assert all(misses == 0 for _, misses, _ in homes.records(instance).values())
    assert jobs.harvest(instance, source).status == "held", "what is left is asked again"


def test_records_with_new_ids_keep_their_addresses(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(1, 21))])
    jobs.harvest(instance, source)
    before = addresses(instance)
    renamed = [Entry(f"neu-{n}", f"Datensatz {n:03}") for n in range(1, 21)]
    site.put_catalogue([renamed])
    held = jobs.harvest(instance, source)
    assert held.status == "held" and any("neue Kennung" in reason.de for reason in held.reasons)
    outcome = jobs.decide(instance, source, decisions.REKEYED)
    assert counted(outcome) == {"seen": 20, "updated": 20}
    assert addresses(instance) == before
    assert set(homes.records(instance)) == {uri(entry.name) for entry in renamed}
    assert jobs.harvest(instance, source).status == "unchanged"


def test_new_ids_are_not_given_where_a_decision_to_withhold_would_miss_them(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(1, 21))])
    jobs.harvest(instance, source)
    homes.withhold(instance, source.id, uri("satz-003"))
    site.put_catalogue([[Entry(f"neu-{n}", f"Datensatz {n:03}") for n in range(1, 21)]])
    assert jobs.harvest(instance, source).status == "held"
    with pytest.raises(StateError, match="old id"):
        jobs.decide(instance, source, decisions.REKEYED)
    with instance.database.reading() as session:
        assert session.scalars(sa.select(Run.phase).order_by(Run.id.desc())).first() == "held", "nothing was half done"


def test_a_held_plan_expires_and_changes_nothing(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(1, 21))])
    jobs.harvest(instance, source)
    site.put_catalogue([entries(1)])
    assert jobs.harvest(instance, source).status == "held"
    with instance.database.writing() as session:
        assert ledger.expire(session) == 0
        session.execute(sa.update(Run).where(Run.phase == "held").values(phase_at=now() - datetime.timedelta(days=15)))
        assert ledger.expire(session) == 1
    assert len(homes.published(instance)) == 20
    with pytest.raises(StateError):
        jobs.decide(instance, source, decisions.APPROVED)


@pytest.mark.parametrize("always", [False, True])
def test_a_released_record_is_published_without_asking_the_source(instance: Instance, site: Site, always: bool) -> None:
    source = define(instance, site)
    site.put_catalogue([[*entries(1), *entries(2, description="")]])
    jobs.harvest(instance, source)
    (row,) = called(instance, quarantine_command.command, "list")
    assert (row["code"], row["title"]) == ("profile", "Datensatz 002")
    site.statuses()
    options = ["--always"] if always else []
    (outcome,) = called(
        instance,
        quarantine_command.command,
        "release",
        str(row["number"]),
        "--reason",
        "folgt",
        "--author",
        "Amt",
        *options,
    )
    assert outcome["status"] == "applied" and outcome["counts"]["created"] == 1
    assert site.statuses() == [], "the source was not asked"
    assert len(homes.published(instance)) == 2 and homes.quarantined(instance) == {}
    # Another incomplete version: once was once, always is always; the last good version stays.
    site.put_catalogue([[*entries(1), *entries(2, description="", title="Anders")]])
    jobs.harvest(instance, source)
    assert homes.quarantined(instance) == ({} if always else {uri("satz-002"): "profile"})
    assert ("Anders" in homes.published(instance)) is always
    with instance.database.reading() as session:
        stale = session.scalars(sa.select(Record.stale_since).where(Record.remote_id == uri("satz-002"))).one()
    assert (stale is None) is always


def test_what_cannot_be_read_cannot_be_released(instance: Instance, site: Site) -> None:
    site.put_catalogue([[*entries(1), *entries(2, title="")]])
    jobs.harvest(instance, define(instance, site))
    with instance.database.reading() as session:
        number = session.scalars(sa.select(Quarantine.id)).one()
    runner = CliRunner(env=homes.environment(instance.config.home))
    arguments = ["release", str(number), "--reason", "egal"]
    result = runner.invoke(quarantine_command.command, arguments, obj=Terminal("de"), standalone_mode=False)
    assert isinstance(result.exception, StateError) and "Quelle" in result.exception.message.de


def test_a_replay_follows_the_present_rules_and_asks_nobody(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2), entries(3)])
    source = define(instance, site)
    jobs.harvest(instance, source)
    stripped = define(instance, site, identity={"dataset": "strip-suffix:-00[0-9]"})
    site.statuses()
    dry = jobs.replay(instance, stripped, dry=True)
    assert dry.status == "planned" and site.statuses() == []
    assert len(homes.published(instance)) == 3
    again = define(instance, site)
    assert jobs.replay(instance, again).status == "unchanged"
    assert site.statuses() == []


def test_an_old_reading_proves_no_absence(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2)])
    first = jobs.harvest(instance, source)
    site.put_catalogue([entries(1, 2, 3)])
    jobs.harvest(instance, source)
    outcome = jobs.replay(instance, source, first.run)
    assert outcome.counts.missing == 0
    assert len(homes.published(instance)) == 3


def test_a_source_without_definition_stays_until_a_steward_lets_it_go(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, source)
    with pytest.raises(StateError, match="still defined"), instance.database.reading() as session:
        leaving.preview(session, source.id, {source.id: source})
    (instance.config.sources / "amt.yaml").unlink()
    jobs.keep_house(instance)
    assert len(homes.published(instance)) == 2
    with instance.database.reading() as session:
        assert session.get_one(SourceState, "amt").state == "left"
    seen = called(instance, source_command.command, "leave", "amt")
    assert len(seen["withdrawn"]) == 2 and not seen["applied"]
    assert len(homes.published(instance)) == 2, "looking changes nothing"
    called(instance, source_command.command, "leave", "amt", "--apply")
    assert homes.published(instance) == []
    back = define(instance, site)
    assert jobs.harvest(instance, back).status == "applied"
    assert len(homes.published(instance)) == 2
    assert [kind for _, kind in homes.changes(instance)] == ["create"] * 2 + ["withdraw"] * 2 + ["revive"] * 2


def test_what_another_source_describes_too_is_handed_over(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, define(instance, site, authority=90))
    site.put("/portal.ttl", source_site.catalogue(site.url("/portal.ttl"), entries(2, 3)))
    jobs.harvest(instance, define(instance, site, id="portal", url=site.url("/portal.ttl"), authority=10))
    (instance.config.sources / "amt.yaml").unlink()
    seen = called(instance, source_command.command, "leave", "amt", "--apply")
    assert len(seen["withdrawn"]) == 2 and len(seen["handed_over"]) == 1
    assert homes.published(instance) == ["Datensatz 002", "Datensatz 003"]
    assert {one.source for one in homes.shown_all(instance)} == {"portal"}


def test_a_renamed_source_keeps_its_datasets(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2)])
    jobs.harvest(instance, define(instance, site))
    before, records = addresses(instance), homes.records(instance)
    (instance.config.sources / "amt.yaml").rename(instance.config.sources / "amt.yaml.alt")
    new = define(instance, site, id="neues-amt")
    environment = homes.environment(instance.config.home)
    result = CliRunner(env=environment).invoke(
        source_command.command, ["rename", "amt", "neues-amt"], obj=Terminal("de"), standalone_mode=False
    )
    assert result.exception is None
    assert addresses(instance) == before
    assert jobs.harvest(instance, new).status == "unchanged"
    assert homes.records(instance) == records
    assert {one.source for one in homes.shown_all(instance)} == {"neues-amt"}


def test_old_pages_go_and_those_that_made_the_present_state_stay(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    for number in (1, 2, 3):
        site.put_catalogue([entries(*range(1, number + 1))])
        jobs.harvest(instance, source)
    with instance.database.writing() as session:
        long_ago = now() - datetime.timedelta(days=800)
        session.execute(sa.update(Run).values(finished_at=long_ago))
    stored = set(instance.files.names())
    assert len(stored) == 3
    _grow_old(instance, stored)
    swept = retention.sweep(instance.database, instance.files)
    assert (swept.exchanges, swept.blobs) == (2, 2) and swept.plan_items > 0
    with instance.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Exchange)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(PlanItem)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(DatasetRow)) == 3
    assert jobs.replay(instance, source).status == "unchanged"
    assert retention.sweep(instance.database, instance.files) == retention.Swept(exchanges=1), "the replay's are newer"
    assert jobs.harvest(instance, source).status == "unchanged"


def _grow_old(instance: Instance, digests: set[str]) -> None:
    past = now().timestamp() - 3 * 86400
    for digest in digests:
        os.utime(instance.config.home / "files" / digest[:2] / digest, (past, past))
