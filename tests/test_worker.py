"""Workers: several sources at once, each only once, none in the way of another; and any number of processes on PostgreSQL."""

import datetime
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import databases
import homes
import pytest
import sqlalchemy as sa
from homes import define
from source_site import Site, catalogue, entries

import cli
from catalog import job_queue, jobs, workers
from catalog.db import now
from catalog.instance import Instance
from catalog.models import Run, SourceState
from catalog.workers import Busy, Crew
from harvesters.source import Source

HOUR = datetime.timedelta(hours=1)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def several(instance: Instance, site: Site, count: int, **fields: Any) -> list[Source]:
    """Define sources with a catalogue of one dataset each."""
    found = []
    for number in range(count):
        path = f"/amt-{number:03}.ttl"
        site.put(path, catalogue(site.url(path), entries(number + 1)))
        found.append(
            define(instance, site, id=f"amt-{number:03}", department=f"Amt {number}", url=site.url(path), **fields)
        )
    return found


def runs(instance: Instance) -> list[tuple[str, str]]:
    with instance.database.reading() as session:
        rows = session.execute(sa.select(Run.source_id, Run.status).order_by(Run.id))
        return [(source, status) for source, status in rows]


def ids(found: list[Source]) -> list[str]:
    return [source.id for source in found]


# What is due


def test_due_sources_come_by_priority_and_then_by_time(instance: Instance, site: Site) -> None:
    names = {"spaet": 0, "eilig": 9, "frueh": 0}
    for name, priority in names.items():
        define(instance, site, id=name, department=name, schedule={"every": "1h", "priority": priority})
    assert ids(workers.due(instance, workers.defined(instance))) == ["eilig", "frueh", "spaet"]
    site.put_catalogue([entries(1)])
    for source in workers.defined(instance):
        jobs.harvest(instance, source)
    assert workers.due(instance, workers.defined(instance)) == []
    with instance.database.writing() as session:
        for hours, name in enumerate(names, 2):
            at = now() - hours * HOUR
            session.execute(sa.update(Run).where(Run.source_id == name).values(started_at=at))
    assert ids(workers.due(instance, workers.defined(instance))) == ["eilig", "frueh", "spaet"]


def test_a_source_that_failed_is_asked_again_before_its_interval_is_over(instance: Instance, site: Site) -> None:
    source = define(instance, site, url=site.url("/nirgends.ttl"))
    jobs.harvest(instance, source)
    with instance.database.writing() as session:
        session.execute(sa.update(SourceState).values(failures=1))
        session.execute(sa.update(Run).values(finished_at=now() - HOUR / 6))
    assert ids(workers.due(instance, (source,))) == ["amt"]


def test_one_unusable_definition_stops_no_other(instance: Instance, site: Site) -> None:
    define(instance, site)
    (instance.config.sources / "b.yaml").write_text("kein: [yaml")
    (instance.config.sources / "c.yaml").write_text(
        "id: c\ncity: nirgends\ndepartment: X\ntype: dcat\nurl: https://daten.example.org/\n"
    )
    assert ids(list(workers.defined(instance))) == ["amt"]


# Threads


@contextmanager
def crew(
    instance: Instance, harvest: Callable[[Source, Callable[[str, int], None]], object], **fields: Any
) -> Iterator[Crew]:
    made = Crew(instance=instance, harvest=harvest, stop=threading.Event(), pause=0.05, **fields)
    with made.working():
        yield made


def test_as_many_sources_as_there_are_threads_are_harvested_at_once_and_each_once(
    instance: Instance, site: Site
) -> None:
    several(instance, site, 12)
    lock, together, most, done = threading.Lock(), set[str](), [], []

    def harvest(source: Source, tick: Callable[[str, int], None]) -> None:
        with lock:
            assert source.id not in together
            together.add(source.id)
            most.append(len(together))
        jobs.harvest(instance, source, tick=tick)
        time.sleep(0.05)
        with lock:
            together.discard(source.id)
            done.append(source.id)

    with crew(instance, harvest, threads=3):
        until(lambda: len(done) == 12)
        time.sleep(0.2)
    assert sorted(done) == sorted(set(done)), "what is not due is left alone"
    assert 2 <= max(most) <= 6
    assert {status for _, status in runs(instance)} == {"applied"}


def test_a_host_that_does_not_answer_is_in_nobodys_way(instance: Instance, site: Site) -> None:
    several(instance, site, 6)
    define(instance, site, id="a-tot", department="Totes Amt")
    answers, done = threading.Event(), []

    def harvest(source: Source, tick: Callable[[str, int], None]) -> None:
        if source.id == "a-tot":
            assert answers.wait(20)
        else:
            jobs.harvest(instance, source, tick=tick)
        done.append(source.id)

    with crew(instance, harvest, threads=1, busy=Busy(stalled=0.1)):
        until(lambda: len(done) == 6)
        assert "a-tot" not in done
        answers.set()
        until(lambda: "a-tot" in done)


def test_an_urgent_source_does_not_wait_for_those_that_came_before(instance: Instance, site: Site) -> None:
    several(instance, site, 5)
    first, go_on, order = threading.Event(), threading.Event(), []

    def harvest(source: Source, tick: Callable[[str, int], None]) -> None:
        order.append(source.id)
        first.set()
        assert go_on.wait(20)
        jobs.harvest(instance, source, tick=tick)

    with crew(instance, harvest, threads=1, busy=Busy(stalled=20)):
        assert first.wait(20)
        define(instance, site, id="eilig", department="Eilig", schedule={"priority": 9})
        time.sleep(0.3)
        go_on.set()
        until(lambda: len(order) == 6)
    assert order[1] == "eilig"


def test_a_harvest_that_breaks_off_is_tried_again_ever_more_rarely(instance: Instance, site: Site) -> None:
    define(instance, site)
    times: list[float] = []

    def harvest(source: Source, tick: Callable[[str, int], None]) -> None:
        times.append(time.monotonic())
        raise RuntimeError("broken")

    with crew(instance, harvest):
        until(lambda: len(times) >= 4)
    waits = [later - early for early, later in itertools.pairwise(times)]
    assert waits == sorted(waits)


def test_a_stop_leaves_a_run_that_goes_on_at_its_page(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2), entries(3)])
    stop = threading.Event()

    def harvest(source: Source, tick: Callable[[str, int], None]) -> None:
        stop.set()
        jobs.harvest(instance, source, tick=tick)

    made = Crew(instance=instance, harvest=harvest, stop=stop, pause=0.05)
    with made.working():
        until(lambda: not made.busy.has("amt") and bool(runs(instance)))
    assert site.statuses() == [200]
    assert runs(instance) == [("amt", "")]
    assert ids(workers.due(instance, (source,))) == ["amt"]
    jobs.harvest(instance, source)
    assert (runs(instance), site.statuses()) == ([("amt", "applied")], [200, 200])


# Processes


@contextmanager
def processes(home: Path, url: str, count: int = 1, *options: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run `offenbar worker` several times; whatever is left in the end is killed."""
    environment = homes.environment(home, url) | {"PATH": os.environ["PATH"]}
    with ExitStack() as stack, (home / "worker.log").open("ab") as log:
        command = [sys.executable, cli.__file__, "worker", *options]
        started = [stack.enter_context(subprocess.Popen(command, env=environment, stderr=log)) for _ in range(count)]
        try:
            yield started
        except AssertionError:
            sys.stderr.write((home / "worker.log").read_text(errors="replace"))
            raise
        finally:
            for process in started:
                process.kill()


@pytest.fixture(params=databases.KINDS)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Instance, str]]:
    """A fresh catalogue on each kind of database, and the address of that."""
    with databases.database_url(request.param, tmp_path) as url:
        given = "" if request.param == "sqlite" else url
        with homes.home(tmp_path / "home", given) as instance:
            try:
                yield instance, given
            finally:
                drop_queue(instance)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[tuple[Instance, str]]:
    with databases.database_url("postgresql", tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        try:
            yield instance, url
        finally:
            drop_queue(instance)


def drop_queue(instance: Instance) -> None:
    """Drop the schema of the queue, which lies beside the one that every test drops."""
    if instance.database.engine.dialect.name == "postgresql":
        with instance.database.writing() as session:
            for name in session.scalars(
                sa.text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, current_schema() || '_queue_')")
            ):
                session.execute(sa.text(f'DROP SCHEMA "{name}" CASCADE'))


@pytest.mark.slow
def test_a_worker_ends_within_ten_seconds_in_the_middle_of_a_page_and_leaves_the_run_to_others(
    anywhere: tuple[Instance, str], site: Site
) -> None:
    instance, url = anywhere
    define(instance, site, limits={"connect": "1s", "read": "60s", "total": "60s"})
    site.put_catalogue([entries(1), entries(2)])
    site.change("/2.ttl", seconds=30)
    with processes(instance.config.home, url) as (process,):
        until(lambda: ("amt", "") in runs(instance) and len(site.seen) == 1, 40)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert runs(instance) == [("amt", "")]
    site.change("/2.ttl", seconds=0)
    site.statuses()
    with processes(instance.config.home, url):
        until(lambda: runs(instance) == [("amt", "applied")], 40)
    assert len(homes.published(instance)) == 2


@pytest.mark.slow
def test_workers_share_what_is_due_and_nothing_is_done_twice(postgres: tuple[Instance, str], site: Site) -> None:
    instance, url = postgres
    several(instance, site, 8)
    homes.define_drop(instance, site, id="drop", department="Ablage")
    site.put_folder("/ablage/", {"tabelle.csv": "id;wert\n1;a\n"})
    with processes(instance.config.home, url, 3):
        until(lambda: len(runs(instance)) == 9 and all(status for _, status in runs(instance)), 60)
        until(lambda: any(file.served for shown in homes.shown_all(instance) for file in shown.files), 60)
        time.sleep(1)
    assert sorted(runs(instance)) == [*((f"amt-{n:03}", "applied") for n in range(8)), ("drop", "applied")]


@pytest.mark.slow
def test_what_a_killed_worker_had_begun_is_finished_by_another(postgres: tuple[Instance, str], site: Site) -> None:
    instance, url = postgres
    define(instance, site, limits={"connect": "1s", "read": "60s", "total": "60s"})
    site.put_catalogue([entries(1), entries(2)])
    site.change("/2.ttl", seconds=30)
    with processes(instance.config.home, url, 2) as both:
        until(lambda: len(site.seen) == 1, 40)
        with instance.database.reading() as session:
            holder = session.scalar(sa.select(Run.holder)) or ""
        (busy,) = [process for process in both if f",{process.pid}," in holder]
        site.change("/2.ttl", seconds=0)
        busy.kill()
        busy.wait()
        until(lambda: runs(instance) == [("amt", "applied")], 40)


def test_the_queue_is_made_once_and_holds_a_source_once(postgres: tuple[Instance, str], site: Site) -> None:
    instance, _ = postgres
    several(instance, site, 3, schedule={"priority": 3})
    connection = job_queue.prepared(instance.database)
    assert job_queue.prepared(instance.database) == connection
    assert "statement_timeout" in connection["options"] and connection["connect_timeout"]
    assert [job_queue.defer(instance, connection) for _ in range(2)] == [3, 0]
    name = connection["options"].split("search_path=")[-1].split()[0]
    with instance.database.reading() as session:
        rows = session.execute(sa.text(f'SELECT queueing_lock, priority FROM "{name}".procrastinate_jobs ORDER BY 1'))
        assert [tuple(row) for row in rows] == [(f"harvest amt-{n:03}", 3) for n in range(3)]


def test_of_several_processes_one_is_the_first(postgres: tuple[Instance, str]) -> None:
    database = postgres[0].database
    chores, schedule = (lambda: workers.first(database, "chores")), (lambda: workers.first(database, "schedule"))
    with chores() as mine, chores() as yours, schedule() as other:
        assert (mine, yours, other) == (True, False, True)
    with chores() as again:
        assert again
