"""Measures several sources at once: one dead host beside two hundred, and four workers on PostgreSQL against one.

`python -m benchmarks.workers --postgres postgresql://user@127.0.0.1/empty` from the checkout. The servers are on loopback and take
their time to answer, as departments do; what is measured is who waits for whom.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import sqlalchemy as sa

import cli
from benchmarks import generated, home
from catalog import config as configuration
from catalog import jobs, schema
from catalog.db import Database
from catalog.instance import Instance, open_instance
from catalog.models import Run
from catalog.workers import Crew
from dcat import rdf, rdf_writer

SOURCES = 200
SHARED = 40
ANSWER = 0.25
LARGEST_DELAY = 1.2
LEAST_GAIN = 3.0
_PATIENCE = 300
_START = 10
_SETTINGS = {"cities": [{"slug": "darmstadt", "name": "Darmstadt", "ags": "06411000"}]}
_FIRST = "source-000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One comparison: what was done, in how many seconds without and with, and what the ratio must be."""

    work: str
    before: float
    after: float
    ratio: float
    aim: str
    reached: bool


def one_dead_host(count: int = SOURCES, answer: float = ANSWER) -> Result:
    """Harvest many sources that are due at once, and then with one whose host takes a connection and never says a word."""
    with departments(count, answer) as port, silent() as dead:
        healthy = _embedded(count, port, port)
        beside = _embedded(count, port, dead)
    ratio = beside / healthy
    return Result(
        work=f"{count} sources due at once, one of them on a dead host: the others",
        before=healthy,
        after=beside,
        ratio=ratio,
        aim=f"<= {LARGEST_DELAY} times as long",
        reached=ratio <= LARGEST_DELAY,
    )


def four_workers(server: str, count: int = SHARED, answer: float = ANSWER * 4) -> Result:
    """Harvest the same sources with one worker process and with four, each with one thread, on one PostgreSQL."""
    with departments(count, answer) as port:
        alone, together = _shared(server, count, port, 1), _shared(server, count, port, 4)
    ratio = alone / together
    return Result(
        work=f"{count} sources on PostgreSQL, one worker and four",
        before=alone,
        after=together,
        ratio=ratio,
        aim=f">= {LEAST_GAIN:.0f} times as fast",
        reached=ratio >= LEAST_GAIN,
    )


def table(results: list[Result]) -> str:
    """Write the results as a table."""
    lines = ["| work | before | after | ratio | aim | reached |", "| --- | --- | --- | --- | --- | --- |"]
    for result in results:
        reached = "yes" if result.reached else "no"
        lines.append(
            f"| {result.work} | {result.before:.1f} s | {result.after:.1f} s | {result.ratio:.2f} | {result.aim} | {reached} |"
        )
    return "\n".join(lines)


@contextmanager
def departments(count: int, answer: float) -> Iterator[int]:
    """Serve one small catalogue for each source, slowly; gives the port."""
    bodies = {f"/{number}.ttl": _catalogue(number) for number in range(count)}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            time.sleep(answer)
            body = bodies.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/turtle")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


@contextmanager
def silent() -> Iterator[int]:
    """Listen and never answer; gives the port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield listening.getsockname()[1]


def _catalogue(number: int) -> bytes:
    dataset = replace(generated.dataset(number), distribution=())
    return rdf.serialize(rdf_writer.write(dataset).all(), "ttl")


@contextmanager
def _defined(count: int, port: int, first: int, database_url: str = "") -> Iterator[tuple[Instance, dict[str, str]]]:
    """Make a home with `count` sources on one port, but the first on another; gives it open, and its environment."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sources", "policies"):
            (Path(folder) / name).mkdir()
        (Path(folder) / "offenbar.yaml").write_text(json.dumps(_SETTINGS), encoding="utf-8")
        for number in range(count):
            host = f"127.0.0.1:{port if number else first}"
            definition = {
                "id": f"source-{number:03}",
                "city": "darmstadt",
                "department": "Messamt",
                "type": "dcat",
                "url": f"http://{host}/{number}.ttl",
                "network": {"allow": [host]},
                # All sources of the measurement are one host to the budget that keeps us polite.
                "limits": {"connections": 10},
            }
            (Path(folder) / "sources" / f"{definition['id']}.yaml").write_text(json.dumps(definition), encoding="utf-8")
        environment = home.environment(Path(folder))
        environment |= {"OFFENBAR_DATABASE_URL": database_url} if database_url else {}
        database = Database(configuration.load(environment).database_url)
        schema.upgrade(database)
        database.close()
        instance = open_instance(environment)
        try:
            yield instance, environment
        finally:
            instance.database.close()


def _embedded(count: int, port: int, first: int) -> float:
    """Harvest all in threads of this process, and give the seconds until all but the first are done."""
    with _defined(count, port, first) as (instance, _):
        stop = threading.Event()
        crew = Crew(
            instance=instance, harvest=lambda source, tick: jobs.harvest(instance, source, tick=tick), stop=stop
        )
        with crew.working():
            _wait(instance, count - 1)
        return _took(instance)


def _shared(server: str, count: int, port: int, processes: int) -> float:
    """Harvest all with worker processes on a schema of its own, and give the seconds from the first to the last."""
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    name = f"bench_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    own = url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    try:
        with _defined(count, port, port, own) as (instance, environment), ExitStack() as stack:
            # Until all are there, nothing is to be done: what is measured is not how they start.
            aside = instance.config.sources.rename(instance.config.sources.with_name("aside"))
            instance.config.sources.mkdir()
            command = [sys.executable, cli.__file__, "worker", "--threads", "1"]
            started = [
                stack.enter_context(subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL))
                for _ in range(processes)
            ]
            try:
                time.sleep(_START)
                aside.replace(instance.config.sources)
                _wait(instance, count - 1)
                return _took(instance)
            finally:
                for process in started:
                    process.terminate()
    finally:
        with engine.connect() as connection:
            query = sa.text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :name)")
            for found in connection.scalars(query, {"name": name}).all():
                connection.execute(sa.text(f'DROP SCHEMA "{found}" CASCADE'))
        engine.dispose()


def _wait(instance: Instance, wanted: int) -> None:
    """Wait until so many sources are done, the first not counted."""
    query = sa.select(sa.func.count()).where(Run.status == "applied", Run.source_id != _FIRST)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with instance.database.reading() as session:
            if (session.scalar(query) or 0) >= wanted:
                return
        time.sleep(0.1)
    raise TimeoutError("the harvests do not come to an end")


def _took(instance: Instance) -> float:
    query = sa.select(sa.func.min(Run.started_at), sa.func.max(Run.finished_at)).where(Run.source_id != _FIRST)
    with instance.database.reading() as session:
        first, last = session.execute(query).one()
    assert first and last, "there are runs"
    return float((last - first).total_seconds())


def main() -> None:
    """Measure, and print the table; ends with 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=SOURCES)
    parser.add_argument("--shared", type=int, default=SHARED)
    parser.add_argument("--answer", type=float, default=ANSWER, help="seconds that a server takes to answer")
    parser.add_argument("--postgres", default="", help="an empty database, for the second measurement")
    given = parser.parse_args()
    results = [one_dead_host(given.sources, given.answer)]
    if given.postgres:
        results.append(four_workers(given.postgres, given.shared, given.answer * 4))
    print(table(results))
    sys.exit(0 if all(result.reached for result in results) else 1)


if __name__ == "__main__":
    main()
