"""The budget of hosts: what all sources, threads and processes together may ask of one."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import databases
import misbehaving
import ports
import pytest
import sqlalchemy as sa

from catalog import schema
from catalog.db import Database
from catalog.host_budget import DatabaseBudget
from catalog.models import HostBudget, HostSlot
from dcat.errors import FetchError
from harvesters import budget as budgets
from harvesters.budget import FAILURES, HostState, LocalBudget, Visit
from harvesters.fetch import Fetcher, FetchLimits, Network

LOOPBACK = Network(allow=("127.0.0.1",))
ROOT = Path(__file__).parent.parent
SOON = 20.0


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture(scope="module")
def shared():
    with misbehaving.running() as server:
        yield server


@pytest.fixture
def server(shared):
    shared.seen.clear()
    return shared


def until():
    return time.monotonic() + SOON


def meet(budget, *, answered, times=1, host="a.example"):
    for _ in range(times):
        with budget.enter(host, 0.0, 2, until()) as visit:
            visit.answered = answered


def resting(budget, host="a.example"):
    """Whether a host is left alone; how it is said."""
    try:
        meet(budget, answered=None, host=host)
    except FetchError as error:
        assert error.code == "resting"
        return error.message
    return None


# The circuit breaker, without clock or network


def failed(state, times, now=0.0):
    for _ in range(times):
        state = state.started(now, 0.0).ended(Visit(trial=state.failures >= FAILURES, answered=False), now)
    return state


def test_a_host_rests_after_five_failures_in_a_row():
    state = failed(HostState(), FAILURES - 1)
    assert not state.rests(0.0)
    assert state.ended(Visit(answered=True), 0.0).failures == 0
    state = failed(state, 1)
    assert state.rests(47.0) and not state.rests(61.0)
    assert state.failing_since == 0.0


def test_rests_double_up_to_half_an_hour():
    state, now, rests = failed(HostState(), FAILURES), 0.0, []
    for _ in range(8):
        rests.append(state.rests_until - now)
        now = state.rests_until + 1
        state = failed(state, 1, now)
    for rest, longest in zip(rests, (60, 120, 240, 480, 960, 1800, 1800, 1800), strict=True):
        assert 0.8 * longest <= rest <= longest
    assert failed(HostState(failures=10**6, rests_until=1.0), 1, 2.0).rests_until <= 1802


def test_only_one_tries_whether_the_host_is_back():
    state = failed(HostState(), FAILURES)
    now = state.rests_until
    trying = state.started(now, 0.0)
    assert not state.rests(now) and trying.rests(now)
    assert trying.ended(Visit(trial=True, answered=True), now) == HostState()
    assert not trying.ended(Visit(trial=True), now).rests(now), "a trial that found nothing out leaves it to the next"
    assert not trying.rests(now + budgets.TRIAL), "a trial whose worker died does not keep the others away for ever"


def test_requests_under_way_do_not_lengthen_the_rest():
    state = failed(HostState(), FAILURES)
    assert state.ended(Visit(answered=False), 1.0) == state


def test_no_server_postpones_itself_for_ever():
    assert HostState().ended(Visit(answered=True, pause=1e9), 0.0).free_at == budgets.LONGEST_PAUSE


# One process


def test_a_dead_host_costs_other_sources_nothing(server):
    port = ports.free()
    clock, budget, asked = Clock(), None, []
    budget = LocalBudget(sleep=clock.sleep, clock=clock)

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    def fetcher():
        return Fetcher(
            Network(allow=("dead.example", "good.example")),
            FetchLimits(retries=0),
            budget=budget,
            resolve=resolve,
            clock=clock,
            sleep=clock.sleep,
        )

    with fetcher() as one, fetcher() as other:
        for _ in range(FAILURES):
            with pytest.raises(FetchError, match="cannot be reached"):
                one.get(f"http://dead.example:{port}/")
        assert len(asked) == FAILURES
        for each in (one, other):
            with pytest.raises(FetchError) as caught:
                each.get(f"http://dead.example:{port}/")
            assert caught.value.code == "resting"
            assert caught.value.url == f"http://dead.example:{port}/"
            assert "antwortet seit" in caught.value.message.de and "is left alone until" in caught.value.message.en
        assert len(asked) == FAILURES, "nothing was looked up"
        assert other.get(server.url("/page", "good.example")).status == 200
        clock.now += 61
        with pytest.raises(FetchError, match="cannot be reached"):
            other.get(f"http://dead.example:{port}/")


@pytest.mark.parametrize(("path", "rests"), [("/status?500", True), ("/status?404", False), ("/login", False)])
def test_what_counts_as_a_failure_of_the_host(server, path, rests):
    with Fetcher(LOOPBACK) as fetcher:
        codes = []
        for _ in range(FAILURES + 1):
            try:
                fetcher.get(server.url(path))
            except FetchError as error:
                codes.append(error.code)
    assert ("resting" in codes) == rests


def test_a_body_that_never_ends_counts_as_a_failure(server):
    clock = Clock()
    budget = LocalBudget(clock=clock)
    with Fetcher(LOOPBACK, FetchLimits(read=0.1, total=0.2), budget=budget) as fetcher:
        codes = []
        for _ in range(FAILURES + 1):
            with pytest.raises(FetchError) as caught:
                fetcher.get(server.url("/drip?body"))
            codes.append(caught.value.code)
    assert codes == ["timeout"] * FAILURES + ["resting"]


def test_success_closes_it():
    budget = LocalBudget()
    meet(budget, answered=False, times=FAILURES - 1)
    meet(budget, answered=True)
    meet(budget, answered=False, times=FAILURES - 1)
    assert resting(budget) is None


@pytest.mark.parametrize("path", ["/busy-seconds?5", "/busy-seconds?90", "/busy-date"])
def test_retry_after_postpones_the_host_for_other_fetchers(server, path):
    clock = Clock()
    budget = LocalBudget(sleep=clock.sleep, clock=clock)
    wait = float(path.partition("?")[2]) if "?" in path else 4.0
    with (
        Fetcher(LOOPBACK, FetchLimits(retries=0), budget=budget, clock=clock, sleep=clock.sleep) as one,
        Fetcher(LOOPBACK, budget=budget, clock=clock, sleep=clock.sleep) as other,
        Fetcher(LOOPBACK, FetchLimits(total=2), budget=budget, clock=clock, sleep=clock.sleep) as hasty,
    ):
        with pytest.raises(FetchError) as caught:
            one.get(server.url(path))
        assert caught.value.code == "busy"
        server.seen.clear()
        with pytest.raises(FetchError) as caught:
            hasty.get(server.url("/page"))
        assert caught.value.code == "resting" and "Pause" in caught.value.message.de
        assert not server.seen
        assert other.get(server.url("/page")).status == 200
        assert clock.now == wait
        assert one.get(server.url("/page")).status == 200


def test_the_pace_is_that_of_the_host(server):
    clock = Clock()
    budget = LocalBudget(sleep=clock.sleep, clock=clock)
    limits = FetchLimits(rate=2)
    with (
        Fetcher(LOOPBACK, limits, budget=budget, clock=clock, sleep=clock.sleep) as one,
        Fetcher(LOOPBACK, limits, budget=budget, clock=clock, sleep=clock.sleep) as other,
    ):
        for fetcher in (one, other, one, other):
            fetcher.get(server.url("/page"))
    assert clock.now == 1.5


# Several at once


class Meter:
    """Counts how many are inside at the same time."""

    def __init__(self):
        self.inside = self.most = 0
        self._lock = threading.Lock()

    def __enter__(self):
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_):
        with self._lock:
            self.inside -= 1


def crowd(budget, threads=6, visits=5):
    meter, errors = Meter(), []

    def work():
        try:
            for _ in range(visits):
                with budget.enter("a.example", 0.0, 2, until()) as visit, meter:
                    time.sleep(0.005)
                    visit.answered = True
        except FetchError as error:
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    return meter.most


def test_at_most_two_connections_for_all_threads():
    assert crowd(LocalBudget()) == 2


def test_a_turn_that_never_comes_is_a_sentence():
    budget = LocalBudget()
    with budget.enter("a.example", 0.0, 1, until()), pytest.raises(FetchError) as caught:
        budget.enter("a.example", 0.0, 1, time.monotonic() + 0.05).__enter__()
    assert caught.value.code == "resting"


# The database


@pytest.fixture(params=databases.KINDS)
def url(request, tmp_path):
    with databases.database_url(request.param, tmp_path) as address:
        database = Database(address)
        schema.upgrade(database)
        database.close()
        yield address


@pytest.fixture
def database(url):
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def budget(database):
    made = DatabaseBudget(database)
    yield made
    made.release()


@pytest.fixture
def other(url):
    """What another process would have."""
    database = Database(url)
    made = DatabaseBudget(database)
    yield made
    made.release()
    database.close()


def slots(database):
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(HostSlot))


def test_a_run_of_requests_keeps_one_slot_and_gives_it_back(budget, database):
    statements = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    meet(budget, answered=True)
    first = len(statements)
    meet(budget, answered=True, times=50)
    assert len(statements) == first, "the bookkeeping of a run costs no statement"
    assert slots(database) == 1
    budget.release()
    assert slots(database) == 0


def test_threads_of_a_process_share_the_slots(budget, database):
    assert crowd(budget) == 2
    assert slots(database) <= 2


@pytest.mark.slow
def test_a_slot_that_nobody_uses_goes_back_by_itself(budget, database):
    meet(budget, answered=True)
    end = until()
    while slots(database) and time.monotonic() < end:
        time.sleep(0.05)
    assert slots(database) == 0


def test_failures_add_up_over_processes(budget, other):
    meet(budget, answered=False, times=3)
    meet(other, answered=False, times=2)
    budget.release()
    said = resting(budget)
    assert said is not None and "antwortet seit" in said.de
    assert resting(other) is not None
    assert resting(budget, "b.example") is None


def test_success_closes_it_for_all(budget, other, database):
    meet(budget, answered=False, times=FAILURES)
    assert resting(other)
    with database.writing() as session:
        session.execute(sa.update(HostBudget).values(open_until=None))
    meet(other, answered=True)
    assert resting(budget) is None


def test_a_pause_holds_for_another_process(budget, other):
    with budget.enter("a.example", 0.0, 2, until()) as visit:
        visit.answered, visit.pause = True, 60.0
    said = resting(other)
    assert said is not None and "asked for a pause" in said.en


def test_the_pace_holds_for_another_process(budget, other):
    with budget.enter("a.example", 1 / 60, 2, until()):
        pass
    assert resting(other)


def test_slots_lapse(budget, other, database):
    with budget.enter("a.example", 0.0, 1, until()):
        with pytest.raises(FetchError):
            other.enter("a.example", 0.0, 1, time.monotonic() + 0.2).__enter__()
        with database.writing() as session:
            session.execute(sa.update(HostSlot).values(until=sa.func.current_timestamp()))
        with other.enter("a.example", 0.0, 1, until()):
            assert slots(database) == 1, "the lapsed one is gone"


@pytest.mark.slow
def test_who_is_always_busy_lets_others_in(budget, other):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with budget.enter("a.example", 0.0, 1, until()):
                time.sleep(0.01)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(2):
            with other.enter("a.example", 0.0, 1, until()):
                pass
            other.release()
    finally:
        stop.set()
        worker.join()


SCRIPT = """
import sys, time
from catalog.db import Database
from catalog.host_budget import DatabaseBudget

database = Database(sys.argv[1])
budget = DatabaseBudget(database)
for _ in range(int(sys.argv[2])):
    with budget.enter("a.example", 0.0, int(sys.argv[3]), time.monotonic() + 60) as visit:
        visit.answered = True
        begin = time.monotonic_ns()
        if sys.argv[4:]:
            print("inside", flush=True)
            time.sleep(60)
        time.sleep(0.01)
        print(begin, time.monotonic_ns(), flush=True)
budget.release()
database.close()
"""


def process(url, *arguments):
    command = [sys.executable, "-c", SCRIPT, url, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("connections", [1, 2])
def test_two_processes_never_ask_more_than_allowed(url, connections):
    processes = [process(url, 20, connections) for _ in range(3)]
    visits = [
        tuple(map(int, line.split())) for each in processes for line in each.communicate(timeout=120)[0].splitlines()
    ]
    assert [each.returncode for each in processes] == [0, 0, 0]
    assert len(visits) == 60
    for begin, _ in visits:
        assert sum(start <= begin < end for start, end in visits) <= connections


@pytest.mark.slow
def test_the_slot_of_a_killed_worker_is_free_at_once(url, budget):
    worker = process(url, 1, 1, "stay")
    assert worker.stdout.readline() == "inside\n"
    with pytest.raises(FetchError):
        budget.enter("a.example", 0.0, 1, time.monotonic() + 0.2).__enter__()
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    with budget.enter("a.example", 0.0, 1, until()) as visit:
        visit.answered = True
