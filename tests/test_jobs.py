"""The work behind the pages: what is due is done, what was interrupted is finished, and one source's trouble is only its own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import homes
import pytest
import source_site
import sqlalchemy as sa
from homes import define
from source_site import Site, entries

from catalog import jobs, search
from catalog.instance import Instance
from catalog.models import Run


@contextmanager
def working(instance: Instance) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Run the job loop beside the test; gives a function that waits until something has come true."""
    stop, failures = threading.Event(), []

    def work() -> None:
        try:
            jobs.work(instance, homes.look, stop, pause=0.05)
        except BaseException as failure:  # noqa: BLE001 - told to the test
            failures.append(failure)

    def until(true: Callable[[], bool]) -> None:
        end = time.monotonic() + 15
        while not true():
            assert not failures, failures
            assert time.monotonic() < end
            time.sleep(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield until
    finally:
        stop.set()
        thread.join(15)
    assert not thread.is_alive()
    assert failures == []


def statuses(instance: Instance) -> list[str]:
    with instance.database.reading() as session:
        return list(session.scalars(sa.select(Run.status).order_by(Run.id)))


def test_new_sources_are_harvested_checked_and_found(instance: Instance, site: Site) -> None:
    homes.define_drop(instance, site)
    site.put_folder("/ablage/", {"tabelle.csv": "id;wert\n1;a\n"})
    with working(instance) as until:
        until(lambda: any(file.served for shown in homes.shown_all(instance) for file in shown.files))
        until(lambda: search.search(instance, "tabelle").count == 1)
    assert statuses(instance) == ["applied"], "what is not due is left alone"


class Gone(BaseException):
    """The end of a process."""


def test_an_interrupted_harvest_is_finished_though_its_time_has_not_come(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1), entries(2)])

    def tick(phase: str, done: int) -> None:
        raise Gone

    with pytest.raises(Gone):
        jobs.harvest(instance, source, tick=tick)
    with working(instance) as until:
        until(lambda: len(homes.published(instance)) == 2)
    assert statuses(instance) == ["applied"]


def test_a_plan_does_not_put_off_the_harvest(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1)])
    jobs.harvest(instance, source, dry=True)
    with working(instance) as until:
        until(lambda: len(homes.published(instance)) == 1)


def test_one_sources_trouble_is_its_own(instance: Instance, site: Site) -> None:
    define(instance, site, id="a-kaputt", url=site.url("/nirgends.ttl"))
    define(instance, site, id="b-gut")
    site.put_catalogue([entries(1)])
    with working(instance) as until:
        until(lambda: len(homes.published(instance)) == 1)
        (instance.config.sources / "c-unlesbar.yaml").write_text("kein: [yaml")
        time.sleep(0.2)
        (instance.config.sources / "c-unlesbar.yaml").unlink()
        define(instance, site, id="d-neu", department="Neues Amt", url=site.url("/neu.ttl"))
        site.put("/neu.ttl", source_site.catalogue(site.url("/neu.ttl"), entries(9)))
        until(lambda: len(homes.published(instance)) == 2)


def test_a_database_that_fails_for_a_moment_does_not_end_the_work(instance: Instance, site: Site) -> None:
    define(instance, site)
    site.put_catalogue([entries(1)])
    with instance.database.writing() as session:
        session.execute(sa.text("ALTER TABLE exchange RENAME TO exchange_away"))
    with working(instance) as until:
        until(lambda: statuses(instance) != [])
        time.sleep(0.2)
        with instance.database.writing() as session:
            session.execute(sa.text("ALTER TABLE exchange_away RENAME TO exchange"))
        until(lambda: len(homes.published(instance)) == 1)


def test_a_decision_takes_effect_without_anybody_asking(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, files=("https://daten.amt.example/a.csv",))])
    jobs.harvest(instance, source)
    with working(instance) as until:
        homes.withhold(instance, "amt", source_site.uri("satz-001"))
        until(lambda: homes.shown_all(instance)[0].withheld is not None)
        (instance.config.policies / "darmstadt.yaml").unlink()
        until(lambda: homes.shown_all(instance)[0].withheld is None)
