"""The running server: it answers, works in the background, and is gone within ten seconds of being told to."""

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import ports
import pytest
from demo_home import DemoHome

import cli

pytestmark = pytest.mark.slow
SECONDS = 10


@pytest.fixture
def home(demo: DemoHome, tmp_path: Path) -> DemoHome:
    return demo.copy(tmp_path / "home")


@pytest.fixture
def port() -> int:
    return ports.free()


@pytest.fixture
def server(home: DemoHome, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, cli.__file__, "serve", "--port", str(port)]
    environment = home.environment | {"PATH": os.environ["PATH"]}
    # A process group of its own, so that a test that fails leaves nothing behind.
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        try:
            assert wait(lambda: answer(port, "/health") == (200, b"ok\n")), "the server does not start"
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_uploads_that_stall_leave_the_others_alone(server: subprocess.Popen[bytes], port: int) -> None:
    """Two may hold a place in each of two workers; the rest is sent away at once, pages are served, and the places come back."""
    head = b"POST /check HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 9999\r\n\r\nabc"
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(12)]
        for line in lines:
            line.sendall(head)
        until, answered = time.monotonic() + 20, set[socket.socket]()
        while len(answered) < 8 and time.monotonic() < until:
            ready, _, _ = select.select([line for line in lines if line not in answered], [], [], 1)
            answered.update(ready)
        assert {line.recv(1000).split()[1] for line in answered} == {b"503"} and len(answered) in range(8, 11)
        for _ in range(10):
            assert answer(port, "/check")[0] == 200
    body = b"a,b\n1,2\n"
    assert wait(lambda: posted(port, body) == 200), "the places were never free again"


def posted(port: int, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/check?schema=none", body, {"Content-Type": "text/csv"})
        return connection.getresponse().status
    finally:
        connection.close()


def wait(done: object, seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False


def answer(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def family(pid: int) -> set[int]:
    """Name a process and all that descend from it."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_server_answers_and_works(server: subprocess.Popen[bytes], port: int) -> None:
    status, body = answer(port, "/ready")
    assert (status, body) == (200, b"database: ok\nindex: ok\nstorage: ok\n")
    assert answer(port, "/")[0] == 200
    assert answer(port, "/catalog.ttl")[0] == 200
    assert answer(port, "/api/3/action/package_search?q=Baum")[0] == 200
    assert len(family(server.pid)) >= 4, "two web workers and the job process beside the first"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_end_takes_all_processes_along(
    server: subprocess.Popen[bytes], port: int, signum: signal.Signals
) -> None:
    processes = family(server.pid)
    server.send_signal(signum)
    assert wait(lambda: server.poll() is not None, SECONDS), "still running after ten seconds"
    assert server.returncode == 0
    assert wait(lambda: not any(map(alive, processes)), 3), [pid for pid in processes if alive(pid)]
    assert answer(port, "/health") == (0, b"")


def test_a_killed_server_takes_its_job_process_along(server: subprocess.Popen[bytes]) -> None:
    jobs = [pid for pid in family(server.pid) if b"catalog.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(jobs) == 1
    server.kill()
    server.wait(SECONDS)
    assert wait(lambda: not any(map(alive, jobs)), SECONDS)


def test_a_job_process_that_ends_is_started_again(server: subprocess.Popen[bytes]) -> None:
    def jobs() -> list[int]:
        return [pid for pid in family(server.pid) if b"catalog.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    # A process that is just being started by another looks like that one for a moment.
    assert wait(lambda: len(jobs()) == 1), "one process does the work behind the pages"
    (first,) = jobs()
    os.kill(first, signal.SIGKILL)
    assert wait(lambda: jobs() not in ([], [first]), 20), "nobody does the work any more"
