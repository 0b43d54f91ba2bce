"""Sends stored files under the web server offenbar uses, and does nothing else: as fast as a page can be."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

_FOLDER = "OFFENBAR_BENCHMARK_FILES"
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def application(environ: dict[str, str], start_response: StartResponse) -> Iterable[bytes]:
    """Read the file that the path names, and send it."""
    body = (Path(os.environ[_FOLDER]) / Path(environ["PATH_INFO"]).name).read_bytes()
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))])
    return [body]


def main(folder: str, port: str) -> None:
    """Serve a folder as catalog/server.py serves a catalogue, with one worker."""
    os.environ[_FOLDER] = folder
    server = Granian(
        "benchmarks.stored_file:application",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        log_enabled=False,
    )
    server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
