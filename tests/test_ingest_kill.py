"""A harvest that is killed at any moment, or fails at any step, ends where an undisturbed one does."""

import functools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import databases
import homes
import pytest
import source_site
import sqlalchemy as sa
from source_site import Entry, Site, entries

import cli
from catalog import jobs, publishing, store
from catalog.app import create_app
from catalog.files import Files
from catalog.ingest import apply, identity, pages, plan, staging
from catalog.instance import Instance
from catalog.models import DatasetRow, FileRow

pytestmark = pytest.mark.slow
CHECKOUT = Path(cli.__file__).parent
# The whole of `offenbar harvest run`, without the lines for people.
HARVEST = """
import sys
sys.path.insert(0, sys.argv[1])
from catalog import jobs
from catalog.instance import open_instance
from catalog.table_work import check
instance = open_instance()
print("begin", flush=True)
for source in instance.sources():
    print(source.id, jobs.harvest(instance, source).status, flush=True)
    jobs.check_files(instance, source, check)
instance.database.close()
"""
PEOPLE = "Vorname;Nachname;E-Mail\nErika;Mustermann;erika@mustermann.example\nMax;Beispiel;max@beispiel.example\n"
EXPORTED = ("datasets", "files", "quarantine", "renditions", "triples", "views")


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """How an undisturbed harvest ends, before the news and after it, and the seconds that the two take."""

    ends: tuple[dict[str, Any], ...]
    seconds: tuple[float, ...]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The site of all tests here, so that they can be compared with one undisturbed harvest. Each puts there what it needs."""
    with source_site.running() as running:
        yield running


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Callable[[str], Undisturbed]:
    """Harvest without a disturbance, once for each kind of database."""

    @functools.cache
    def made(kind: str) -> Undisturbed:
        folder = tmp_path_factory.mktemp("undisturbed")
        ends, seconds = [], []
        with databases.database_url(kind, folder) as url, homes.home(folder / "home", url) as instance:
            define_all(instance, site)
            for put in NEWS:
                put(site)
                seconds.append(undisturbed(instance))
                ends.append(left_behind(instance))
            assert_whole(instance)
        return Undisturbed(tuple(ends), tuple(seconds))

    return made


def put_everything(site: Site) -> None:
    """Put a catalogue of four pages with good and bad records, and a file drop with good and bad files."""
    listed = [Entry(e.name, e.title, files=(site.url(f"/csv/{e.name}.csv"),)) for e in entries(*range(24))]
    for entry in listed[::6]:
        site.put(f"/csv/{entry.name}.csv", f"id;wert\n1;{entry.name}\n2;äöü\n", "text/csv")
    twin, nameless = listed[3], Entry("namenlos", "")
    site.put_catalogue([[*listed[:8], nameless], [*listed[8:16], twin], listed[16:22], listed[22:]])
    files: dict[str, str | bytes] = {f"tabelle_{n}.csv": f"id;wert\n{n};a\n" for n in range(6)}
    site.put_folder("/ablage/", files | {"personen.csv": PEOPLE, "webseite.csv": "<html><body>Anmeldung</body></html>"})
    # A portal tells of some of the same datasets: they wait behind the department's.
    site.put("/portal.ttl", source_site.catalogue(site.url("/portal.ttl"), [*entries(18, 19, 20, 21), *entries(200)]))


def put_news(site: Site) -> None:
    """Change, add and remove a few datasets and files."""
    changed = [Entry(e.name, e.title, files=(site.url(f"/csv/{e.name}.csv"),)) for e in entries(*range(24))]
    changed[5:10] = entries(*range(5, 10), description="Ganz neu beschrieben.")
    site.put_catalogue([changed[:8], changed[8:16], [*changed[16:20], *changed[21:22], *entries(70, 71)], changed[22:]])
    files: dict[str, str | bytes] = {f"tabelle_{n}.csv": f"id;wert\n{n};b\n" for n in range(1, 7)}
    site.put_folder("/ablage/", files | {"webseite.csv": "id;wert\n1;jetzt gut\n"})
    site.put("/portal.ttl", source_site.catalogue(site.url("/portal.ttl"), [*entries(18, 20), *entries(201)]))


NEWS = (put_everything, put_news)


def define_all(instance: Instance, site: Site) -> None:
    # One complete run proves what is gone: a home that was disturbed has seen more complete runs than the other.
    guard = {"misses": 1, "min_days": 0}
    homes.define(instance, site, guard=guard)
    homes.define_drop(instance, site, id="drop", department="Amt für Ablage", guard=guard)
    portal = {"id": "portal", "url": site.url("/portal.ttl"), "authority": 10}
    homes.define(instance, site, department="Landesportal", guard=guard, **portal)


def harvesting(instance: Instance) -> subprocess.Popen[str]:
    url = instance.config.database_url
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", HARVEST, str(CHECKOUT)],
        env=homes.environment(instance.config.home, url) | {"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def undisturbed(instance: Instance) -> float:
    """Harvest to the end; gives the seconds the work took."""
    with harvesting(instance) as process:
        begun(process)
        start = time.monotonic()
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    return time.monotonic() - start


def killed(instance: Instance, delay: float) -> None:
    """Begin a harvest and kill it without warning."""
    with harvesting(instance) as process:
        begun(process)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(30)


def begun(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"


def left_behind(instance: Instance) -> dict[str, Any]:
    found = homes.everything(instance)
    # What was changed twice for the same reason is one change too many, whoever was killed in between.
    return {name: found[name] for name in EXPORTED} | {"changes": found["changes"]}


def rounds(
    folder: Path, site: Site, expected: Undisturbed, disturb: Callable[[Instance, float], None], kind: str
) -> None:
    """Harvest twice, with news in between, in a home that is disturbed; it ends as one does that is not."""
    with databases.database_url(kind, folder) as url, homes.home(folder / "home", url) as instance:
        define_all(instance, site)
        for put, end, seconds in zip(NEWS, expected.ends, expected.seconds, strict=True):
            put(site)
            disturb(instance, seconds)
            undisturbed(instance)
            ends_alike(instance, end)
        assert_whole(instance)


def ends_alike(instance: Instance, end: dict[str, Any]) -> None:
    found = left_behind(instance)
    for name, value in end.items():
        assert found[name] == value, name


def assert_whole(instance: Instance) -> None:
    """What the catalogue says it has, it has."""
    client = create_app(instance).test_client()
    with instance.database.reading() as session:
        open_files = session.scalars(sa.select(FileRow.id).where(~FileRow.shown)).all()
    assert open_files == []
    for shown in homes.shown_all(instance):
        assert client.get(f"/dataset/{shown.id}.ttl").status_code == 200
        for file in shown.files:
            if file.copy:
                assert instance.files.has(file.copy)


def test_the_undisturbed_harvest_is_worth_comparing(tmp_path: Path, site: Site) -> None:
    with homes.home(tmp_path / "home") as instance:
        define_all(instance, site)
        put_everything(site)
        undisturbed(instance)
        found = left_behind(instance)
        assert len(found["datasets"]) == 33
        assert {code for _, _, code in found["quarantine"]} == {"duplicate-id", "unreadable"}
        assert {outcome for *_, outcome, _ in found["files"]} == {"ok", "private", "unreadable", "unreachable"}
        put_news(site)
        undisturbed(instance)
        assert {kind for _, kind in left_behind(instance)["changes"]} == {"create", "update", "withdraw"}
        with instance.database.reading() as session:
            handed_over = session.execute(sa.select(DatasetRow.title).where(DatasetRow.successor.is_not(None))).all()
        assert [title for (title,) in handed_over] == ["Datensatz 020"]


def kill_often(seed: int, times: int) -> Callable[[Instance, float], None]:
    chance = random.Random(seed)

    def disturb(instance: Instance, seconds: float) -> None:
        for _ in range(times):
            killed(instance, chance.uniform(0, seconds))

    return disturb


Expected = Callable[[str], Undisturbed]


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 20))])
def test_sigkill_at_a_random_moment_loses_nothing(tmp_path: Path, site: Site, expected: Expected, seed: int) -> None:
    rounds(tmp_path, site, expected("sqlite"), kill_often(seed, 1), "sqlite")


@pytest.mark.parametrize("kind", databases.KINDS)
def test_killing_the_same_run_again_and_again_loses_nothing(
    tmp_path: Path, site: Site, expected: Expected, kind: str
) -> None:
    rounds(tmp_path, site, expected(kind), kill_often(77, 4), kind)


@pytest.mark.long
@pytest.mark.parametrize("kind", databases.KINDS)
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_kills_lose_nothing(tmp_path: Path, site: Site, expected: Expected, seed: int, kind: str) -> None:
    rounds(tmp_path, site, expected(kind), kill_often(seed, 10), kind)


# Every step of a harvest and of the file checks, as module and name: each is made to fail, before its work and after it.
STEPS = [
    (pages, "fetch"),
    (pages, "exchange"),
    (staging, "write"),
    (plan, "make"),
    (identity, "shifts"),
    (identity, "write"),
    (apply, "prepare"),
    (apply, "apply"),
    (publishing, "drafts"),
    (publishing, "refresh"),
    (store, "write_renditions"),
    (store, "publish"),
    (store, "overtaken"),
    (Files, "put"),
    (Files, "put_file"),
]


class Crash(BaseException):
    """Nothing in the program catches this."""


def harvest_all(instance: Instance) -> None:
    for source in instance.sources():
        homes.harvest_and_check(instance, source)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[0].__name__.rpartition('.')[2]}.{step[1]}")
def test_a_failure_at_any_step_loses_nothing(
    tmp_path: Path,
    site: Site,
    expected: Expected,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[Any, str],
    moment: str,
) -> None:
    owner, name = step
    with homes.home(tmp_path / "home") as instance:
        define_all(instance, site)
        for put, end in zip(NEWS, expected("sqlite").ends, strict=True):
            put(site)
            for call in (1, 3):
                with monkeypatch.context() as patch:
                    patch.setattr(owner, name, failing(getattr(owner, name), moment, call))
                    try:
                        harvest_all(instance)
                    except Crash:
                        continue
            harvest_all(instance)
            ends_alike(instance, end)
        assert_whole(instance)


def failing(work: Callable[..., Any], moment: str, call: int) -> Callable[..., Any]:
    """Give a step that crashes at its n-th call, before or after its work."""
    calls = 0

    def crash(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and moment == "before":
            raise Crash
        done = work(*given, **named)
        if calls == call:
            raise Crash
        return done

    return crash


@pytest.mark.parametrize("phase", ["fetching", "planned", "applying", "checking"])
def test_a_failure_between_two_steps_loses_nothing(tmp_path: Path, site: Site, expected: Expected, phase: str) -> None:
    def tick(now: str, done: int) -> None:
        if now == phase:
            raise Crash

    with homes.home(tmp_path / "home") as instance:
        define_all(instance, site)
        put_everything(site)
        for source in instance.sources():
            try:
                jobs.harvest(instance, source, tick=tick)
                jobs.check_files(instance, source, homes.look, tick=tick)
            except Crash:
                continue
        harvest_all(instance)
        ends_alike(instance, expected("sqlite").ends[0])
