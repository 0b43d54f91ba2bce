"""ckanext-harvest's actions on sources in every state: what everybody sees, what administrators see besides, and what is refused."""

from pathlib import Path
from typing import Any

import databases
import desks
import histories
import homes
import orjson
import pytest
import source_site
import sqlalchemy as sa
from homes import define
from source_site import Site
from steward_home import SECRET_TITLE, StewardHome

from catalog import desk_source, jobs
from catalog.access import ANONYMOUS, Actor, Capacity, Scope
from catalog.api.actions import background, harvests
from catalog.api.actions.call import ActionError, Call
from catalog.db import now
from catalog.instance import Instance
from catalog.models import Record, Run

ACTIONS = {**harvests.ACTIONS, **background.ACTIONS}
EDITOR = Actor(id="6f0ffe0b-a1a5-4c1e-9d3a-0ffe4ba40002", name="amt", roles={"x": Capacity.ADMIN})
READS = sorted(name for name, action in harvests.ACTIONS.items() if not action.writes)
WRITES = sorted(name for name, action in harvests.ACTIONS.items() if action.writes)


def ask(instance: Instance, action: str, actor: Actor = ANONYMOUS, **arguments: Any) -> Any:
    call = Call(instance, arguments, actor)
    try:
        return orjson.loads(orjson.dumps(ACTIONS[action].run(call)))
    finally:
        call.renew()


def refusal(instance: Instance, action: str, actor: Actor = ANONYMOUS, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ActionError) as caught:
        ask(instance, action, actor, **arguments)
    return caught.value.status, str(caught.value.details)


@pytest.fixture
def catalogue(every_state: StewardHome) -> Instance:
    return every_state.instance


def test_sources(catalogue: Instance) -> None:
    found = ask(catalogue, "harvest_source_list")
    states = {one["id"]: (one["health"], one["active"]) for one in found}
    assert states["gut"] == ("ok", True) and states["weg"] == ("failing", True)
    assert states["alt"][1] is False and states["halt"] == ("held", True)
    assert [one["id"] for one in found] == sorted(states)
    assert "alt" not in {one["id"] for one in ask(catalogue, "harvest_source_list", only_active=True)}
    office = next(one for one in found if one["id"] == "gut")
    assert (office["title"], office["type"], office["frequency"]) == ("Darmstadt, Amt Gut", "dcat", "DAILY")
    assert ask(catalogue, "harvest_source_list", organization_id=office["owner_org"]) == [office]


def test_one_source_and_its_status(catalogue: Instance, every_state: StewardHome) -> None:
    shown = ask(catalogue, "harvest_source_show", id="gut")
    assert (shown["type"], shown["source_type"], shown["organization"]["title"]) == (
        "harvest",
        "dcat",
        "Darmstadt, Amt Gut",
    )
    status = shown["status"]
    assert status == ask(catalogue, "harvest_source_show_status", id="gut")
    with catalogue.database.reading() as session:
        live = session.scalar(sa.select(sa.func.count()).where(Record.source_id == "gut", Record.gone_at.is_(None)))
    assert (status["job_count"], status["total_datasets"], status["health"]) == (4, live, "ok")
    assert status["last_job"]["outcome"] == "unchanged"
    for wanted in ("nirgends", "../gut", desk_source.source_id("x")):
        for action in ("harvest_source_show", "harvest_source_show_status"):
            assert refusal(catalogue, action, id=wanted)[0] == 404
    assert refusal(catalogue, "harvest_source_show")[0] == 409


def test_runs(catalogue: Instance, every_state: StewardHome) -> None:
    runs = ask(catalogue, "harvest_job_list", source_id="gut")
    assert [run["outcome"] for run in runs] == ["unchanged", "applied", "applied", "applied"]
    assert runs[-1] == ask(catalogue, "harvest_job_show", id=every_state.runs["first"])
    assert runs[-1]["stats"] == {"added": 4, "updated": 0, "not modified": 0, "deleted": 0, "errored": 0}
    assert runs[1]["stats"]["deleted"] == 1 and runs[2]["stats"]["updated"] == 1
    assert all(run["status"] == "Finished" and run["finished"] for run in runs)
    everything = ask(catalogue, "harvest_job_list", limit=1000)
    assert [int(run["id"]) for run in everything] == sorted((int(run["id"]) for run in everything), reverse=True)
    assert ask(catalogue, "harvest_job_list", limit=2, offset=1) == everything[1:3]
    assert ask(catalogue, "harvest_job_list", status="Finished", limit=1000) == everything
    assert (
        ask(catalogue, "harvest_job_list", status="Running") == [] == ask(catalogue, "harvest_job_list", status="New")
    )
    assert refusal(catalogue, "harvest_job_list", status="Ewig")[0] == 409
    assert refusal(catalogue, "harvest_job_list", source_id="nirgends")[0] == 404
    for wanted in ("0", "x", "9" * 30, "-1", "١"):
        assert refusal(catalogue, "harvest_job_show", id=wanted)[0] == 404


def test_plans_that_were_only_looked_at_are_nobodys_business(catalogue: Instance) -> None:
    with catalogue.database.writing() as session:
        run = Run(
            source_id="gut", phase="finished", status="applied", started_at=now(), revision="", cursor=[], counts={},
            reason=[], dry=True,
        )  # fmt: skip
        session.add(run)
        session.flush()
        number = run.id
    try:
        assert refusal(catalogue, "harvest_job_show", id=number)[0] == 404
        assert ask(catalogue, "harvest_job_show", desks.ADMIN, id=number)["id"] == str(number)
        assert str(number) not in {one["id"] for one in ask(catalogue, "harvest_job_list", desks.ADMIN)}
    finally:
        with catalogue.database.writing() as session:
            session.execute(sa.delete(Run).where(Run.id == number))


def test_what_went_wrong(catalogue: Instance, every_state: StewardHome) -> None:
    failed, waiting = every_state.runs["failed"], every_state.runs["quarantine"]
    public = ask(catalogue, "harvest_job_report", id=failed)
    full = ask(catalogue, "harvest_job_report", desks.ADMIN, id=failed)
    assert public["gather_errors"] and every_state.site.host not in repr(public)
    assert every_state.site.host in repr(full)
    assert ask(catalogue, "harvest_job_report", id=waiting)["object_errors"] == {}
    told = ask(catalogue, "harvest_job_report", desks.ADMIN, id=waiting)["object_errors"]
    assert len(told) == 2 and all(one["errors"][0]["message"] for one in told.values())


def test_records(catalogue: Instance) -> None:
    ids = ask(catalogue, "harvest_object_list", source_id="gut")
    assert ids == sorted(ids) and ids
    shown = ask(catalogue, "harvest_object_show", id=ids[0])
    assert shown == ask(catalogue, "harvest_object_show", dataset_id=ids[0])
    assert (shown["harvest_source_id"], shown["package_id"], shown["current"]) == ("gut", ids[0], True)
    assert "content" not in shown and "content" not in ask(catalogue, "harvest_object_show", EDITOR, id=ids[0])
    assert orjson.loads(ask(catalogue, "harvest_object_show", desks.ADMIN, id=ids[0])["content"])["title"]
    assert ask(catalogue, "harvest_object_list", source_id="gut", limit=1, offset=1) == ids[1:2]
    assert ask(catalogue, "harvest_object_list", source_id="nirgends") == []
    with catalogue.database.reading() as session:
        gone = session.scalars(sa.select(Record.dataset_id).where(Record.gone_at.is_not(None))).all()
        led = session.scalars(sa.select(Record.dataset_id).where(Record.led_by.is_not(None))).all()
    listed = set(ask(catalogue, "harvest_object_list", limit=10_000, only_current=False))
    assert gone and led and not listed & {*gone, *led}
    for hidden in (*gone, *led, "x", "0" * 36, "\ud800"):
        assert refusal(catalogue, "harvest_object_show", id=hidden)[0] == 404


def test_what_is_written_here_was_harvested_from_nobody(instance: Instance) -> None:
    row = desks.write(instance, desks.office(instance))
    assert ask(instance, "harvest_source_list", desks.ADMIN) == [] == ask(instance, "harvest_object_list")
    for actor in (ANONYMOUS, desks.ADMIN):
        assert refusal(instance, "harvest_object_show", actor, id=row.id)[0] == 404
        assert (
            refusal(instance, "harvest_job_list", actor, source_id=desk_source.source_id(row.organization_id))[0] == 404
        )


def test_nothing_internal_is_public(instance: Instance, site: Site) -> None:
    define(instance, site, id="geheim", url=site.url("/a.ttl?token=schluessel"))
    for actor in (ANONYMOUS, EDITOR, Actor(id="x", name="x", admin=True, scopes=frozenset({Scope.STRUCTURE}))):
        for action in ("harvest_source_list", "harvest_source_show"):
            told = repr(ask(instance, action, actor, id="geheim"))
            assert site.host not in told and "schluessel" not in told
    told = repr(ask(instance, "harvest_source_show", desks.ADMIN, id="geheim"))
    assert site.host in told and "schluessel" not in told


@pytest.mark.parametrize("action", READS)
def test_reads_tell_the_public_no_address_and_nothing_of_what_waits(every_state: StewardHome, action: str) -> None:
    for source_id in ("gut", "weg", "halt", "quarantaene", "alt"):
        for wanted in (source_id, *map(str, every_state.runs.values())):
            try:
                told = repr(ask(every_state.instance, action, id=wanted))
            except ActionError as error:
                told = repr(error.details)
            assert every_state.site.host not in told and SECRET_TITLE not in told
            assert str(every_state.instance.config.home) not in told


def test_kinds(instance: Instance) -> None:
    found = ask(instance, "harvesters_info_show")
    assert {"ckan", "dcat", "csw"} <= {one["name"] for one in found}
    assert all(one["title"] and one["description"] for one in found)
    assert ask(instance, "harvest_log_list", desks.ADMIN) == []
    assert refusal(instance, "harvest_log_list", EDITOR)[0] == 403


@pytest.mark.parametrize("action", WRITES)
def test_what_would_change_a_source_is_refused_with_the_way_to_do_it(instance: Instance, action: str) -> None:
    for actor in (ANONYMOUS, EDITOR, Actor(id="x", name="x", admin=True, scopes=frozenset({Scope.READ}))):
        assert refusal(instance, action, actor, id="gut")[0] == 403
    status, told = refusal(instance, action, desks.ADMIN, id="gut", source_id="gut", url="x")
    assert status == 409 and ("offenbar" in told or "package_create" in told)
    assert not list(instance.config.sources.iterdir())


def test_background_jobs(instance: Instance, site: Site) -> None:
    history = histories.begin(instance, site)
    for action in background.ACTIONS:
        assert refusal(instance, action, EDITOR, id="1")[0] == 403
        assert refusal(instance, action, id="1")[0] == 403
    with instance.database.writing() as session:
        session.add_all(
            Run(source_id=history.sources[0].id, phase=phase, started_at=now(), revision="", cursor=[], counts={},
                reason=[])
            for phase in ("fetching", "finished")
        )  # fmt: skip
    (job,) = ask(instance, "job_list", desks.ADMIN)
    assert (job["queue"], job["title"]) == ("harvest", "amt: fetching")
    assert ask(instance, "job_show", desks.ADMIN, id=job["id"]) == job
    assert ask(instance, "job_list", desks.ADMIN, queues=["default"]) == []
    assert ask(instance, "job_list", desks.ADMIN, ids_only="true", limit="1") == [job["id"]]
    assert ask(instance, "harvest_job_list", status="Running")[0]["id"] == job["id"]
    for wanted in (int(job["id"]) + 1, "x", "9" * 30):
        assert refusal(instance, "job_show", desks.ADMIN, id=wanted)[0] == 404
    for action in ("job_clear", "job_cancel"):
        assert refusal(instance, action, desks.ADMIN, id=job["id"])[0] == 409


def test_the_list_of_sources_costs_the_same_for_many(instance: Instance, site: Site) -> None:
    def cost() -> int:
        with histories.tables_read(instance) as read:
            ask(instance, "harvest_source_list")
        return len(read)

    histories.begin(instance, site)
    few = cost()
    for number in range(5):
        define(instance, site, id=f"amt-{number}")
    assert cost() == few and len(ask(instance, "harvest_source_list")) == 7


@pytest.mark.parametrize("kind", databases.KINDS)
def test_on_both_databases(tmp_path: Path, site: Site, kind: str) -> None:
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        site.put("/amt.ttl", source_site.catalogue(site.url("/amt.ttl"), source_site.entries(1, 2)))
        jobs.harvest(instance, define(instance, site, url=site.url("/amt.ttl")))
        desks.write(instance, desks.office(instance))
        assert [one["id"] for one in ask(instance, "harvest_source_list")] == ["amt"]
        assert ask(instance, "harvest_source_show_status", id="amt")["total_datasets"] == 2
        (run,) = ask(instance, "harvest_job_list", source_id="amt", status="Finished")
        assert ask(instance, "harvest_job_show", id=run["id"])["stats"]["added"] == 2
        ids = ask(instance, "harvest_object_list", source_id="amt")
        assert len(ids) == 2 == len(ask(instance, "harvest_object_list"))
        assert ask(instance, "harvest_object_show", desks.ADMIN, id=ids[0])["harvest_job_id"] == run["id"]
        assert ask(instance, "job_list", desks.ADMIN) == []
