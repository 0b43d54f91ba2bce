"""Faults that are not a protocol's own: of time, of the network, of the machine below, of those who work on the catalogue.

Each protocol's share of the fault matrix is in test_conformance.py. What another test shows already is not repeated here:

| fault | test |
| --- | --- |
| kill -9 in any phase | test_ingest_kill.py |
| two workers on one source, a lost lease | test_ingest_run.py: test_two_runners_do_not_harvest_one_source, test_who_lost_the_lease_writes_nothing_more |
| one delivery of a job to many workers | test_worker.py: test_workers_share_what_is_due_and_nothing_is_done_twice |
| a circle of pages that does not lead to the first | test_ingest_run.py: test_pages_that_run_in_a_circle_end |
| redirects out of bounds, to private addresses, from https to http | test_fetch.py: test_redirects_out_of_bounds, test_redirect_to_private_address |
| a country shut out, a login page, an empty answer, a bomb | test_conformance.py: test_what_a_bad_answer_hides_is_not_gone |
| addresses that change after the check | test_fetch.py: test_rebinding |
| Retry-After by a server whose clock is wrong | test_fetch.py: test_retry_after |
| expired certificates, missing intermediate ones | test_fetch.py: test_tls_failures; test_fetch_tls.py: test_sentences_tell_what_is_wrong |
| one dataset through four portals, no gap when one goes | test_identity.py: test_the_follower_comes_forward_when_the_leader_goes |
| an echo of our own catalogue | test_identity.py: test_what_a_portal_has_from_us_never_comes_back; test_gate.py: test_our_own_datasets_do_not_come_back |
| new ids for old records | test_decisions.py: test_records_with_new_ids_keep_their_addresses |
| a source renamed, removed, added again | test_decisions.py: test_a_renamed_source_keeps_its_datasets, test_a_source_without_definition_stays_until_a_steward_lets_it_go |
| an edit against what the source says anew | test_overlay.py: test_a_source_that_changes_beneath_an_edit_raises_a_notice_once |
| a definition that changes while its run is interrupted | test_ingest_run.py: test_a_definition_that_changes_during_a_run_begins_it_anew |
| a table whose schema is tightened | test_file_checks.py |
| a notice only when something changes | test_notices.py: test_only_a_change_of_state_is_news |
"""

import datetime
import errno
import sqlite3
import ssl
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import databases
import homes
import orjson
import pytest
import source_site
import sqlalchemy as sa
import trustme
from homes import changes, counted, define, published, records
from source_site import Entry, Site, entries, uri

import cli
from catalog import definitions, jobs
from catalog.db import Base, UtcTime, now
from catalog.files import Files
from catalog.ingest import apply
from catalog.ingest.run import Harvest, Outcome
from catalog.instance import Instance
from catalog.models import Exchange, Record, Run, SourceState, Staged
from dcat.errors import OffenbarError, StateError
from harvesters.fetch import Fetcher
from harvesters.network import Network
from harvesters.source import Source

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture
def known(instance: Instance, site: Site) -> Source:
    """A source of three pages that was harvested once; it takes two misses and a week until a dataset is gone."""
    site.put_catalogue([entries(1, 2), entries(3, 4), entries(5)])
    source = impatient(define(instance, site, guard={"misses": 2, "min_days": 7}))
    assert jobs.harvest(instance, source).status == "applied"
    site.statuses()
    return source


def impatient(source: Source) -> Source:
    """Ask each address once: that the fetcher tries again is tested there."""
    return replace(source, limits=replace(source.limits, retries=0))


def nothing_lost(instance: Instance, number: int = 5) -> bool:
    """Tell whether all is public that was, and nothing counts as missed."""
    return len(published(instance)) == number and all(
        (misses, gone) == (0, False) for _, misses, gone in records(instance).values()
    )


def time_passes(instance: Instance, by: datetime.timedelta) -> None:
    """Let everything that is written down be so much older; a negative time is a clock that was set back."""
    with instance.database.writing() as session:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if isinstance(column.type, UtcTime)]
            key = list(table.primary_key.columns)
            for row in session.execute(sa.select(*key, *columns)).all() if columns else ():
                moved = {c.name: value - by for c, value in zip(columns, row[len(key) :], strict=True) if value}
                if moved:
                    where = [column == value for column, value in zip(key, row, strict=False)]
                    session.execute(sa.update(table).where(*where).values(**moved))


# Servers


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_asks_for_an_hour_gets_it_and_the_next_run_goes_on(
    instance: Instance, site: Site, known: Source, form: str
) -> None:
    wait = "3600" if form == "seconds" else format_datetime(now() + HOUR, usegmt=True)
    site.put_catalogue([entries(1, 2, 6), entries(3, 4), entries(5)])
    whole = site.answers["/2.ttl"]
    site.change("/2.ttl", status=429, headers=(("Retry-After", wait),))
    outcome = jobs.harvest(instance, known)
    assert (outcome.status, counted(outcome)) == ("partial", {"seen": 3, "created": 1, "unchanged": 2})
    assert outcome.reasons and "/2.ttl" in outcome.reasons[0].en
    site.answers["/2.ttl"] = whole
    site.statuses()
    assert jobs.harvest(instance, known).status == "failed"
    assert site.statuses() == [], "the host is not asked before its time"
    assert nothing_lost(instance, 6)
    time_passes(instance, HOUR)
    assert jobs.harvest(instance, known).counts.seen == 6
    assert nothing_lost(instance, 6)


def test_a_storm_of_503_costs_nothing_and_ends_by_itself(instance: Instance, site: Site, known: Source) -> None:
    calm = dict(site.answers)
    for path in calm:
        site.change(path, status=503)
    for _ in range(8):
        outcome = jobs.harvest(instance, known)
        assert (outcome.status, counted(outcome)) == ("failed", {})
        assert len(outcome.reasons[0].de) > 20
        assert nothing_lost(instance)
    assert len(site.statuses()) == 5, "then the host is left alone for a while"
    site.answers = calm
    time_passes(instance, HOUR)
    assert jobs.harvest(instance, known).status == "unchanged"


def test_ten_days_of_refused_connections_withdraw_nothing(instance: Instance, site: Site, known: Source) -> None:
    away = replace(known, url="http://127.0.0.1:9/1.ttl", network=replace(known.network, allow=("127.0.0.1:9",)))
    for _ in range(10):
        time_passes(instance, DAY)
        assert jobs.harvest(instance, away).status == "failed"
        jobs.keep_house(instance)
        assert nothing_lost(instance)
    time_passes(instance, DAY)
    site.put_catalogue([entries(2), entries(3, 4), entries(5)])
    assert jobs.harvest(instance, known).counts.missing == 1
    assert len(published(instance)) == 5, "the days of silence are no proof: the misses count from the first of them"


def test_a_page_that_moved_to_another_host_is_refused_with_a_sentence(
    instance: Instance, site: Site, known: Source
) -> None:
    site.change("/2.ttl", status=301, location="http://anderswo.example/2.ttl")
    outcome = jobs.harvest(instance, known)
    assert outcome.status == "partial"
    assert "anderswo.example" in outcome.reasons[0].de
    assert nothing_lost(instance)


def test_a_page_that_moved_within_what_is_allowed_is_followed(instance: Instance, site: Site, known: Source) -> None:
    with source_site.running() as other:
        other.answers = dict(site.answers)
        for path in other.answers:
            site.change(path, status=301, location=other.url(path))
        wider = replace(known, network=replace(known.network, allow=(site.host, other.host)))
        outcome = jobs.harvest(instance, wider)
    assert outcome.counts.seen == 5
    assert nothing_lost(instance)


def test_a_source_that_moves_to_https_is_followed(instance: Instance, site: Site, known: Source) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(instance.config.sources / "ca.pem"))
    with source_site.running() as secure:
        secure.socket = tls.wrap_socket(secure.socket, server_side=True)
        secure.answers = dict(site.answers)
        for path in secure.answers:
            site.change(path, status=301, location=f"https://{secure.host}{path}")
        network = replace(known.network, allow=(site.host, secure.host), ca="ca.pem")
        outcome = jobs.harvest(instance, replace(known, network=network))
        assert outcome.counts.seen == 5
        assert nothing_lost(instance)
        for path in secure.answers:
            secure.change(path, status=301, location=site.url(path))
        back = jobs.harvest(instance, replace(known, network=network, url=f"https://{secure.host}/1.ttl"))
    assert back.status == "failed", "what was encrypted stays encrypted"
    assert nothing_lost(instance)


@pytest.mark.parametrize("turns", ["before the run", "between two pages"])
def test_a_host_whose_name_turns_private(instance: Instance, site: Site, turns: str) -> None:
    port = site.host.partition(":")[2]
    host = f"http://daten.example:{port}"
    source = impatient(define(instance, site, url=f"{host}/1.ttl"))
    addresses = ["127.0.0.1"]

    def resolve(name: str, number: int) -> list[str]:
        return [addresses.pop(0) if len(addresses) > 1 else addresses[0]]

    def harvest() -> Outcome:
        with Fetcher(Network(allow=(f"daten.example:{port}",)), source.limits, resolve=resolve) as fetcher:
            return harvest_by(instance, source, fetcher)

    for number, following in ((1, f"{host}/2.ttl"), (2, "")):
        page = source_site.catalogue(f"{host}/{number}.ttl", entries(number), following)
        site.put(f"/{number}.ttl", page, headers=(("Connection", "close"),))
    assert harvest().status == "applied"
    addresses[:] = ["169.254.169.254"] if turns == "before the run" else ["127.0.0.1", "169.254.169.254"]
    outcome = harvest()
    assert outcome.status == ("failed" if turns == "before the run" else "partial")
    assert "daten.example" in outcome.reasons[0].de
    assert nothing_lost(instance, 2)


def harvest_by(instance: Instance, source: Source, fetcher: Fetcher) -> Outcome:
    """Harvest with a fetcher of the test's own."""
    return Harvest(
        database=instance.database,
        config=instance.config,
        files=instance.files,
        policies=instance.policies,
        source=source,
        fetcher=fetcher,
        sources=lambda: definitions.present(instance.config.sources).sources,
    ).run()


# Clocks


@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_that_jumps_between_runs_withdraws_nothing_early(
    instance: Instance, site: Site, known: Source, hours: int
) -> None:
    time_passes(instance, hours * HOUR)
    assert jobs.harvest(instance, known).status == "unchanged"
    site.put_catalogue([entries(2), entries(3, 4), entries(5)])
    for _ in range(2):
        assert jobs.harvest(instance, known).counts.missing == 1
        time_passes(instance, hours * HOUR)
    assert len(published(instance)) == 5
    time_passes(instance, 8 * DAY)
    assert jobs.harvest(instance, known).counts.removed == 1


def test_a_clock_set_back_does_not_hide_what_a_partial_run_changed(
    instance: Instance, site: Site, known: Source
) -> None:
    before = published(instance)
    time_passes(instance, -2 * HOUR)
    site.put_catalogue([[*entries(1, title="Kurz anders"), *entries(2)], entries(3, 4), entries(5)])
    site.change("/2.ttl", status=500)
    assert jobs.harvest(instance, known).status == "partial"
    assert published(instance) != before
    site.put_catalogue([entries(1, 2), entries(3, 4), entries(5)])
    assert jobs.harvest(instance, known).counts.updated == 1
    assert published(instance) == before


def test_a_run_stuck_for_a_day_and_a_minute_is_taken_over(instance: Instance, site: Site, known: Source) -> None:
    """Whoever looks at the seconds of a difference alone believes it to be a minute old."""
    site.put_catalogue([entries(1, 2, 6), entries(3, 4), entries(5)])
    interrupted(instance, known, "fetching")
    with instance.database.writing() as session:
        run = session.scalars(sa.select(Run).where(Run.phase == "fetching")).one()
        run.holder = orjson.dumps(["anderer-rechner", "", 1, "", ""]).decode()
        run.lease_until = now() - DAY - datetime.timedelta(minutes=1)
    outcome = jobs.harvest(instance, known)
    assert (outcome.run, outcome.status) == (run.id, "applied")
    assert nothing_lost(instance, 6)


def test_who_goes_on_with_an_old_run_has_the_whole_time_of_its_phase(
    instance: Instance, site: Site, known: Source
) -> None:
    site.put_catalogue([entries(1, 2, 6), entries(3, 4), entries(5)])
    interrupted(instance, known, "planned")
    time_passes(instance, DAY + datetime.timedelta(minutes=1))
    assert jobs.harvest(instance, known).status == "applied"
    assert nothing_lost(instance, 6)


def test_a_run_that_is_too_long_in_a_phase_is_closed_and_leaves_nothing(
    instance: Instance, site: Site, known: Source
) -> None:
    site.put_catalogue([entries(1, 2, 6), entries(3, 4), entries(5)])

    def too_long(present: str, done: int) -> None:
        if present == "planned":
            with instance.database.writing() as session:
                session.execute(sa.update(Run).where(Run.phase == "planned").values(phase_at=now() - DAY))

    outcome = jobs.harvest(instance, known, tick=too_long)
    assert (outcome.status, nothing_lost(instance)) == ("failed", True)
    assert "not done in time" in outcome.reasons[0].en
    assert jobs.harvest(instance, known).status == "applied"
    assert nothing_lost(instance, 6)
    assert left_over(instance) == (0, 0)


class Stop(BaseException):
    """What ends a harvest as a lost process would."""


def interrupted(instance: Instance, source: Source, phase: str) -> None:
    def tick(present: str, done: int) -> None:
        if present == phase:
            raise Stop

    with pytest.raises(Stop):
        jobs.harvest(instance, source, tick=tick)


def left_over(instance: Instance) -> tuple[int, int]:
    """Count the staged records and the unfinished runs."""
    with instance.database.reading() as session:
        staged = session.scalar(sa.select(sa.func.count()).select_from(Staged)) or 0
        unfinished = session.scalar(sa.select(sa.func.count()).select_from(Run).where(Run.phase != "finished")) or 0
    return staged, unfinished


# The machine below


class FullStore(Files):
    """A store on a disk without space."""

    def _write(self, digest: str, fill: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_ends_in_a_sentence_and_the_run_goes_on_later(
    instance: Instance, site: Site, known: Source
) -> None:
    site.put_catalogue([entries(1, 2), entries(3, 4, 6), entries(5)])
    full = replace(instance, files=FullStore(instance.config.files_url))
    with pytest.raises(OffenbarError) as caught:
        jobs.harvest(full, known)
    assert "No space left" in caught.value.message.en and "Nächster Schritt" in caught.value.message.de
    assert nothing_lost(instance)
    site.statuses()
    outcome = jobs.resume(instance, known)
    assert outcome is not None and outcome.status == "applied"
    assert site.statuses()[-2:] == [200, 304], "page one was read before"
    assert nothing_lost(instance, 6)


def test_a_database_without_space_ends_in_a_sentence_and_the_run_goes_on_later(
    instance: Instance, site: Site, known: Source
) -> None:
    site.put_catalogue([entries(1, 2), entries(*range(100, 140), description="Lang. " * 200), entries(5)])
    with on_connect(instance, "PRAGMA max_page_count = 1"), pytest.raises(StateError) as caught:
        jobs.harvest(instance, known)
    assert "full" in caught.value.message.en
    with on_connect(instance, "PRAGMA max_page_count = 1000000"):
        outcome = jobs.resume(instance, known)
        assert outcome is not None and outcome.counts.created == 40
    assert len(published(instance)) == 45 and left_over(instance) == (0, 0)


def test_a_locked_database_ends_in_a_sentence_and_the_run_goes_on_later(
    instance: Instance, site: Site, known: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put_catalogue([entries(1, 2, 6), entries(3, 4), entries(5)])
    other = sqlite3.connect(sa.make_url(instance.config.database_url).database or "", isolation_level=None)

    def lock() -> None:
        other.execute("BEGIN IMMEDIATE")

    with monkeypatch.context() as patch, on_connect(instance, "PRAGMA busy_timeout = 50"):
        patch.setattr(apply, "prepare", afterwards(apply.prepare, lock))
        with pytest.raises(StateError, match="locked"):
            jobs.harvest(instance, known)
    other.close()
    outcome = jobs.resume(instance, known)
    assert outcome is not None and outcome.status == "applied"
    assert nothing_lost(instance, 6) and len(changes(instance)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "within"])
def test_a_database_that_restarts_during_apply_loses_nothing(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    name = f"offenbar-{uuid.uuid4().hex[:12]}"
    with databases.database_url("postgresql", tmp_path) as url:
        named = sa.make_url(url).update_query_dict({"application_name": name})
        with homes.home(tmp_path / "home", named.render_as_string(hide_password=False)) as instance:
            source = define(instance, site)
            site.put_catalogue([entries(1, 2), entries(3, 4), entries(5)])

            def restart() -> None:
                engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
                with engine.connect() as connection:
                    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
                    assert connection.execute(sa.text(query), {"name": name}).all()
                engine.dispose()

            step = {"before": "prepare", "within": "apply"}[moment]
            with monkeypatch.context() as patch:
                patch.setattr(apply, step, afterwards(getattr(apply, step), restart))
                try:
                    jobs.harvest(instance, source)
                except StateError as error:
                    assert "Next step" in error.message.en
                else:
                    assert moment == "before", "a lost connection is replaced, a lost transaction is not"
            jobs.resume(instance, source)
            assert nothing_lost(instance)
            assert [kind for _, kind in changes(instance)] == ["create"] * 5
            assert left_over(instance) == (0, 0)


@contextmanager
def on_connect(instance: Instance, statement: str) -> Iterator[None]:
    """Run a statement on each connection to the database that is opened meanwhile."""
    engine = instance.database.engine

    def run(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(statement)

    engine.dispose()
    sa.event.listen(engine, "connect", run)
    try:
        yield
    finally:
        sa.event.remove(engine, "connect", run)
        engine.dispose()


def afterwards(step: Callable[..., Any], do: Callable[[], None]) -> Callable[..., Any]:
    """Give a step after which, once, something happens."""
    done: list[bool] = []

    def both(*given: Any, **named: Any) -> Any:
        result = step(*given, **named)
        if not done:
            done.append(True)
            do()
        return result

    return both


# Those who work on it


def test_a_definition_that_changes_between_two_pages_counts_from_the_next_run(
    instance: Instance, site: Site, tmp_path: Path
) -> None:
    site.put_catalogue([entries(1, 2), entries(3)])
    short = {"identity": {"dataset": "strip-suffix:1"}}

    def tick(phase: str, done: int) -> None:
        if (phase, done) == ("fetching", 1):
            define(instance, site, **short)

    assert jobs.harvest(instance, define(instance, site), tick=tick).status == "applied"
    assert set(records(instance)) == {uri("satz-001"), uri("satz-002"), uri("satz-003")}
    (changed,) = instance.sources()
    outcome = jobs.harvest(instance, changed)
    assert counted(outcome) == {"seen": 3, "created": 1, "unchanged": 2, "missing": 1}
    assert set(records(instance)) == {uri("satz-00"), uri("satz-001"), uri("satz-002"), uri("satz-003")}


def test_a_definition_that_becomes_unreadable_during_a_run_costs_nothing(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2), entries(3)])
    source = define(instance, site)

    def tick(phase: str, done: int) -> None:
        (instance.config.sources / "amt.yaml").write_text("id: [amt\n", encoding="utf-8")

    assert jobs.harvest(instance, source, tick=tick).status == "applied"
    for _ in range(2):
        jobs.keep_house(instance)
        assert nothing_lost(instance, 3)
    with instance.database.reading() as session:
        assert session.get_one(SourceState, "amt").state == "ok", "it has not left"
    assert jobs.harvest(instance, define(instance, site)).status == "unchanged"


def test_rules_that_are_tightened_and_relaxed_lose_nothing(instance: Instance, site: Site) -> None:
    bare = [Entry("karg", "Karg", description="")]
    site.put_catalogue([[*entries(1), *bare]])
    filled = {"defaults": {"description": "Daten des Amtes."}}
    assert jobs.harvest(instance, define(instance, site, **filled)).counts.created == 2
    for _ in range(2):
        outcome = jobs.harvest(instance, define(instance, site))
        assert counted(outcome) == {"seen": 2, "unchanged": 1, "quarantined": 1}
        assert homes.quarantined(instance) == {uri("karg"): "profile"}
        assert published(instance) == ["Datensatz 001", "Karg"]
    jobs.harvest(instance, define(instance, site, **filled))
    assert homes.quarantined(instance) == {}
    assert published(instance) == ["Datensatz 001", "Karg"]
    assert nothing_lost(instance, 2)


def test_a_new_title_keeps_the_address(instance: Instance, site: Site, known: Source) -> None:
    before = {shown.id: shown.name for shown in homes.shown_all(instance)}
    site.put_catalogue([entries(1, 2, title="Ganz anders"), entries(3, 4), entries(5)])
    assert jobs.harvest(instance, known).counts.updated == 2
    assert {shown.id: shown.name for shown in homes.shown_all(instance)} == before


def test_a_job_delivered_to_four_threads_is_done_once(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(1, 2), entries(3, 4)], seconds=0.3)
    start, heard = threading.Barrier(4), []

    def deliver() -> None:
        start.wait()
        try:
            heard.append(jobs.harvest(instance, source).status)
        except StateError as error:
            heard.append(error.message.en.partition(".")[0])

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == ["amt is being harvested (run 1)"] * 3 + ["applied"]
    assert site.statuses() == [200, 200]
    assert [kind for _, kind in changes(instance)] == ["create"] * 4


DELIVERED = """
import sys
sys.path.insert(0, sys.argv[1])
from catalog import jobs
from catalog.instance import open_instance
from dcat.errors import StateError
instance = open_instance()
(source,) = instance.sources()
print("ready", flush=True)
input()
try:
    print(jobs.harvest(instance, source).status)
except StateError as error:
    print("refused")
"""


@pytest.mark.slow
def test_a_job_delivered_to_two_processes_is_done_once(instance: Instance, site: Site) -> None:
    define(instance, site)
    site.put_catalogue([entries(1, 2), entries(3, 4)], seconds=0.5)
    command = [sys.executable, "-c", DELIVERED, str(Path(cli.__file__).parent)]
    environment = homes.environment(instance.config.home)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen(command, env=environment, **pipes) as one,
        subprocess.Popen(command, env=environment, **pipes) as two,
    ):
        for process in (one, two):
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        heard = sorted(process.communicate(timeout=60)[0].strip() for process in (one, two))
    assert heard == ["applied", "refused"]
    assert [kind for _, kind in changes(instance)] == ["create"] * 4


# What other harvesters get wrong


def test_a_reading_that_fails_half_way_leaves_no_orphans(instance: Instance, site: Site, known: Source) -> None:
    site.put_catalogue([entries(1, 2, 6), entries(3, 4), entries(5)])
    site.change("/2.ttl", breaks=40)
    assert jobs.harvest(instance, known).status == "partial"
    assert left_over(instance) == (0, 0)
    assert nothing_lost(instance, 6)


def test_one_broken_record_does_not_make_every_harvest_a_full_one(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([[*entries(1), *entries(2, title="")], entries(3)])
    assert jobs.harvest(instance, source).status == "applied"
    site.statuses()
    for _ in range(3):
        outcome = jobs.harvest(instance, source)
        assert (outcome.status, counted(outcome)) == ("unchanged", {"seen": 3, "unchanged": 2, "quarantined": 1})
        assert site.statuses() == [304, 304]


def test_two_sources_on_one_address_do_not_overwrite_each_other(instance: Instance, site: Site) -> None:
    site.put_catalogue([entries(1, 2)])
    sources = [define(instance, site, id=name) for name in ("eins", "zwei")]
    for source in [*sources, *sources]:
        jobs.harvest(instance, source)
    with instance.database.reading() as session:
        held = session.execute(sa.select(Record.source_id, Record.remote_id, Record.dataset_id)).all()
        read = set(session.scalars(sa.select(Exchange.source_id)))
    assert {(source, remote) for source, remote, _ in held} == {
        (name, uri(f"satz-00{number}")) for name in ("eins", "zwei") for number in (1, 2)
    }
    assert len({dataset for *_, dataset in held}) == 4 and read == {"eins", "zwei"}
    assert published(instance) == ["Datensatz 001", "Datensatz 002"]
    site.put("/leer.ttl", source_site.catalogue(site.url("/leer.ttl"), entries(7)))
    jobs.harvest(
        instance, define(instance, site, id="eins", url=site.url("/leer.ttl"), guard={"misses": 1, "min_days": 0})
    )
    assert published(instance) == ["Datensatz 001", "Datensatz 002", "Datensatz 007"], "the other source has them still"


def test_shares_are_of_the_living_alone(instance: Instance, site: Site) -> None:
    source = define(instance, site)
    site.put_catalogue([entries(*range(70))])
    jobs.harvest(instance, source)
    site.put_catalogue([entries(*range(30))])
    assert jobs.harvest(instance, source).status == "held"
    assert jobs.decide(instance, source, "approved").counts.removed == 40
    site.put_catalogue([entries(*range(6, 30))])
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "held"
    assert outcome.reasons[0].en == "6 of 30 datasets are missing."


def test_days_of_silence_do_not_count_as_misses(instance: Instance, site: Site, known: Source) -> None:
    """A source read once a month is not to lose what an answer or two forgot."""
    source = replace(known, guard=replace(known.guard, misses=3))
    site.put_catalogue([entries(2), entries(3, 4), entries(5)])
    for _ in range(2):
        time_passes(instance, 30 * DAY)
        assert counted(jobs.harvest(instance, source)) == {"seen": 4, "unchanged": 4, "missing": 1}
    time_passes(instance, 30 * DAY)
    site.put_catalogue([entries(1, 2), entries(3, 4), entries(5)])
    jobs.harvest(instance, source)
    assert nothing_lost(instance)
