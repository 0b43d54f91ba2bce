"""Servers in processes of their own, and one client that asks them for the same page again and again."""

import http.client
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from dcat.errors import StateError
from dcat.message import Message

ROOT = Path(__file__).parent.parent
_START = 60.0
_LEAST, _LONG = 7, 3.0


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, folder: Path, named: Mapping[str, str]) -> Iterator[int]:
    """Run a server until the block ends, giving its port; StateError when it does not answer within a minute.

    It starts in `folder`: granian takes a module for part of the package it finds around the current one.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **named}
    process = subprocess.Popen(list(command), cwd=folder, env=environment)
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def page(port: int, path: str) -> bytes:
    """Fetch a page once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        return _get(connection, path)
    finally:
        connection.close()


def per_second(port: int, path: str) -> float:
    """Measure how many pages a second one client gets over one connection: the reciprocal of the median time of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        _get(connection, path)
        seconds: list[float] = []
        while len(seconds) < _LEAST or sum(seconds) < _LONG:
            start = time.perf_counter()
            _get(connection, path)
            seconds.append(time.perf_counter() - start)
    finally:
        connection.close()
    return 1 / statistics.median(seconds)


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
