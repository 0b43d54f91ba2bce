"""Measures the straight path on a generated catalogue: first harvest, unchanged harvest, export. Prints what it measured in one run."""

import os
import platform
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import generated
from catalog import config as configuration
from catalog import documents, jobs, setup
from catalog.instance import Instance, open_instance
from dcat import rdf, rdf_writer
from dcat.namespaces import expand

PER_PAGE = 100
# Datasets per second that users of ckanext-harvest report for a first import (datagovuk/ckanext-dgu#361, GSA/data.gov#1879).
PUBLISHED = (0.14, 1.0)
# Of so many datasets one changes.
ONE_OF = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: what was done, how many things, how long, and the floor it must keep."""

    what: str
    count: int
    seconds: float
    floor: str
    kept: bool


def run(count: int = 10_000) -> list[Measured]:
    """Measure a catalogue of `count` datasets with two distributions each."""
    pages = list(_pages(count))
    changed = list(_pages(count, changed=ONE_OF))
    with tempfile.TemporaryDirectory() as folder, _served(pages) as port:
        home = Path(folder)
        instance = _instance(home, port)
        (source,) = instance.sources()
        results = []
        for what, floor, seconds_allowed in (
            ("first harvest from loopback", "300 datasets/s", count / 300),
            ("unchanged harvest (server sends validators)", "10,000 in 2 s", count / 5000),
        ):
            seconds = _timed(lambda: jobs.harvest(instance, source))
            results.append(Measured(what, count, seconds, floor, seconds <= seconds_allowed))
        _Pages.validators = False
        jobs.harvest(instance, source)
        seconds = _timed(lambda: jobs.harvest(instance, source))
        results.append(
            Measured("unchanged harvest (no validators)", count, seconds, "10,000 in 5 s", seconds <= count / 2000)
        )
        _Pages.pages = tuple(changed)
        seconds = _timed(lambda: jobs.harvest(instance, source))
        floor = "50,000 in 60 s"
        results.append(
            Measured("harvest with 1 % changed, on every page", count, seconds, floor, seconds <= count * 60 / 50_000)
        )
        for ending in rdf.FORMATS:
            seconds = _timed(partial(_write, instance, home, ending))
            kept = ending != "ttl" or seconds <= count / 10_000
            floor = "10,000 in 1 s" if ending == "ttl" else ""
            results.append(Measured(f"export as {rdf.FORMATS[ending].media_type}", count, seconds, floor, kept))
        instance.database.close()
    return results


def table(results: list[Measured]) -> str:
    """Write the figures as a Markdown table, with the machine they were measured on."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines = [
        f"Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}, SQLite.",
        f"Peak memory of the process, generator of the test data included: {peak} MB.",
        "",
        "| work | datasets | seconds | datasets/s | floor | kept |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {r.what} | {r.count:,} | {r.seconds:.2f} | {r.count / r.seconds:,.0f} | {r.floor} | {'yes' if r.kept else 'no'} |"
        for r in results
    ]
    first = results[0].count / results[0].seconds
    slow, fast = PUBLISHED
    lines += [
        "",
        f"ckanext-harvest is reported at {slow} to {fast:.0f} dataset/s; the first harvest here is {first / fast:,.0f} to "
        f"{first / slow:,.0f} times that.",
    ]
    return "\n".join(lines) + "\n"


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: tuple[bytes, ...] = ()
    validators = True

    def do_GET(self) -> None:
        number = int(self.path.rpartition("=")[2] or 1) if "=" in self.path else 1
        body = self.pages[number - 1]
        etag = f'"{hash(body)}"'
        if self.validators and self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.send_header("ETag", etag)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/turtle")
        self.send_header("Content-Length", str(len(body)))
        if self.validators:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def _served(pages: list[bytes]) -> Iterator[int]:
    _Pages.pages, _Pages.validators = tuple(pages), True
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def _instance(home: Path, port: int) -> Instance:
    os.environ["OFFENBAR_HOME"] = str(home)
    for name in ("OFFENBAR_CONFIG", "OFFENBAR_DATABASE_URL", "OFFENBAR_FILES_URL", "OFFENBAR_SITE_URL"):
        os.environ.pop(name, None)
    (home / "sources").mkdir()
    (home / "offenbar.yaml").write_text(
        'cities:\n  - {slug: darmstadt, name: Darmstadt, ags: "06411000"}\n', encoding="utf-8"
    )
    (home / "sources" / "bench.yaml").write_text(
        f"id: bench\ncity: darmstadt\ndepartment: Messamt\ntype: dcat\nurl: http://127.0.0.1:{port}/catalog.ttl\n"
        f'network: {{allow: ["127.0.0.1:{port}"]}}\ndefaults: {{contributor: hessen}}\n',
        encoding="utf-8",
    )
    setup.new_home(configuration.load())
    return open_instance()


def _pages(count: int, changed: int = 0) -> Iterator[bytes]:
    """Write the pages of a catalogue; of each so many datasets one is in a new edition."""
    last = -(-count // PER_PAGE)
    for number in range(1, last + 1):
        first = (number - 1) * PER_PAGE
        numbers = range(first, min(first + PER_PAGE, count))
        datasets = [generated.dataset(i, 2 if changed and i % changed == 0 else 1) for i in numbers]
        body = rdf.serialize(rdf_writer.write(*datasets).all(), "ttl")
        view = f"<catalog.ttl?page={number}> a <{expand('hydra:PagedCollection')}> ; <{expand('hydra:totalItems')}> {count}"
        if number < last:
            view += f" ; <{expand('hydra:next')}> <catalog.ttl?page={number + 1}>"
        yield body + f"{view} .\n".encode()


def _write(instance: Instance, home: Path, ending: str) -> None:
    with (home / f"export.{ending}").open("wb") as target, instance.database.reading() as session:
        target.writelines(documents.dump(session, instance.config, ending))


def _timed(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
