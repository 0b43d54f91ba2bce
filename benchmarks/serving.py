"""Servers in processes of their own, and one client that asks them for the same page again and again."""

import http.client
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dcat.errors import StateError
from dcat.message import Message

ROOT = Path(__file__).parent.parent
_START = 60.0
_ROUNDS, _TURN = 11, 0.2


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port, and the process that all of its processes descend from."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Sum up the CPU seconds of all its processes."""
        return sum(self._processes().values())

    def memory(self) -> dict[str, float]:
        """Give the memory of its processes in MiB, shared pages in equal parts (Pss, proc_pid_smaps(5)), by what they are and their number."""
        found = {}
        for pid in self._processes():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            except OSError:
                continue
            kind = "server" if pid == self.pid else "jobs" if "catalog.worker" in command else "worker"
            found[f"{kind} {pid}"] = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        return found

    def _processes(self) -> dict[int, float]:
        """Find its processes, with their CPU seconds."""
        found = [_process(file) for file in Path("/proc").glob("[0-9]*/stat")]
        own = {self.pid}
        # A child may have a lower number than its parent, so once through is not enough.
        while more := {pid for pid, parent, _ in found if parent in own} - own:
            own |= more
        return {pid: seconds for pid, _, seconds in found if pid in own}


@dataclass(frozen=True, slots=True)
class Rate:
    """How many pages one client gets in a second by the wall clock, and for a second of the server's CPU time."""

    wall: float
    cpu: float


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, folder: Path, named: Mapping[str, str]) -> Iterator[Server]:
    """Run a server until the block ends; StateError when it does not answer within a minute.

    It starts in `folder`: granian takes a module for part of the package it finds around the current one.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **named}
    process = subprocess.Popen(list(command), cwd=folder, env=environment)
    try:
        _wait(process, port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def page(server: Server, path: str) -> bytes:
    """Fetch a page once."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        return _get(connection, path)
    finally:
        connection.close()


def alternately(servers: Sequence[Server], path: str) -> list[Rate]:
    """Measure one page of several servers, by the median of its times and by the mean of its CPU time."""
    return compared([(server, path) for server in servers])


def compared(pages: Sequence[tuple[Server, str]]) -> list[Rate]:
    """Measure pages, each of its server; they are asked for in turns, so that whatever else the machine does slows all alike."""
    connections = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60) for server, _ in pages]
    asked = list(zip(connections, [path for _, path in pages], strict=True))
    for connection, path in asked:
        _get(connection, path)
    before = [server.cpu() for server, _ in pages]
    seconds: list[list[float]] = [[] for _ in pages]
    for _ in range(_ROUNDS):
        for (connection, path), times in zip(asked, seconds, strict=True):
            times += _timed(connection, path)
    worked = [server.cpu() - start for (server, _), start in zip(pages, before, strict=True)]
    for connection in connections:
        connection.close()
    return [Rate(1 / statistics.median(t), len(t) / cpu) for t, cpu in zip(seconds, worked, strict=True)]


def each_once(server: Server, paths: Sequence[str]) -> Rate:
    """Measure pages that nobody has asked for before, each fetched once."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    before, seconds = server.cpu(), []
    for path in paths:
        start = time.perf_counter()
        _get(connection, path)
        seconds.append(time.perf_counter() - start)
    worked = server.cpu() - before
    connection.close()
    return Rate(1 / statistics.median(seconds), len(paths) / worked)


def _timed(connection: http.client.HTTPConnection, path: str) -> list[float]:
    """Ask for a page a few times, a slow one only once: a server that was idle for long is not at its best."""
    seconds: list[float] = []
    while not seconds or sum(seconds) < _TURN:
        start = time.perf_counter()
        _get(connection, path)
        seconds.append(time.perf_counter() - start)
    return seconds


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise StateError(
            Message(
                f"{path}: der Server antwortet mit {answer.status}. Nächster Schritt: seine Ausgabe ansehen.",
                f"{path}: the server answers {answer.status}. Next step: look at its output.",
            )
        )
    return body


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise StateError(
        Message(
            "Ein Server ist nicht gestartet. Nächster Schritt: seine Ausgabe ansehen.",
            "A server has not started. Next step: look at its output.",
        )
    )


def _process(file: Path) -> tuple[int, int, float]:
    """Read a process's number, its parent's, and its CPU seconds (proc(5)); nothing of one that is just ending."""
    try:
        number, _, rest = file.read_text(encoding="utf-8", errors="replace").rpartition(")")
    except OSError:
        return 0, 0, 0.0
    fields = rest.split()
    return int(number.split()[0]), int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
