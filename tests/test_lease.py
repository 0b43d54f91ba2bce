"""Leases: mine, another's, a dead one's, one that has lapsed."""

import datetime
import os
import subprocess
import sys
from typing import Any

import orjson
import pytest

from catalog.ingest import lease

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
LATER = NOW + lease.LEASE


def me() -> str:
    """What a work of this process was called that is over now."""
    with lease.taken() as name:
        return name


def holder(position: int, value: Any) -> str:
    """This process with one part changed: 0 host, 1 boot, 2 process id, 3 its start."""
    parts = orjson.loads(me())
    parts[position] = value
    return orjson.dumps(parts).decode()


@pytest.fixture
def other():
    """A process that sleeps until its standard input is closed."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def holder_of(pid: int) -> str:
    parts = orjson.loads(me())
    return orjson.dumps([parts[0], parts[1], pid, lease._started(pid), parts[4]]).decode()


def test_my_own_lease_does_not_keep_me_out() -> None:
    with lease.taken() as mine:
        assert orjson.loads(mine)[2] == os.getpid()
        assert not lease.is_held(mine, LATER, NOW, mine)


def test_two_works_of_one_process_keep_each_other_out_until_they_end() -> None:
    with lease.taken() as mine:
        with lease.taken() as other_work:
            assert lease.is_held(other_work, LATER, NOW, mine)
        assert not lease.is_held(other_work, LATER, NOW, mine)


def test_nobody_holds_an_empty_lease() -> None:
    assert not lease.is_held("", LATER, NOW)
    assert not lease.is_held(holder(0, "anderer-rechner"), None, NOW)


def test_a_living_process_holds_its_lease_until_it_lapses(other) -> None:
    who = holder_of(other.pid)
    assert lease.is_held(who, LATER, NOW)
    assert lease.is_held(who, NOW, NOW)
    assert not lease.is_held(who, NOW - datetime.timedelta(microseconds=1), NOW)


def test_a_dead_process_loses_its_lease_at_once(other) -> None:
    who = holder_of(other.pid)
    other.communicate(b"\n")
    assert not lease.is_held(who, LATER, NOW)


def test_a_process_number_used_again_is_another_process(other) -> None:
    parts = orjson.loads(holder_of(other.pid))
    parts[3] = "1"
    assert not lease.is_held(orjson.dumps(parts).decode(), LATER, NOW)


def test_another_boot_of_this_host_means_the_process_is_gone(other) -> None:
    parts = orjson.loads(holder_of(other.pid))
    parts[1] = "another boot"
    assert not lease.is_held(orjson.dumps(parts).decode(), LATER, NOW)


def test_of_another_host_only_the_clock_is_known() -> None:
    who = holder(0, "anderer-rechner")
    assert lease.is_held(who, LATER, NOW)
    assert not lease.is_held(who, NOW - datetime.timedelta(seconds=1), NOW)
    gone = orjson.dumps(["anderer-rechner", "", 0, ""]).decode()
    assert lease.is_held(gone, LATER, NOW)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_somebody_else() -> None:
    mine = me()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, me().encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as source:
        said = source.read()
    assert orjson.loads(said)[2] == child and said != mine
