"""Measures the Action API: requests against a constant answer of the same size, what package_create costs, a dump with ckanapi, memory, start.

`python -m benchmarks.actions [--count N] [--writes N] [--database URL]` prints what one run measured. CPU figures are the reliable ones.
They are those of our processes: what PostgreSQL works is not among them.
"""

import http.client
import os
import platform
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from urllib.parse import quote

import click
import orjson
import sqlalchemy as sa

from benchmarks import home, serving
from benchmarks.serving import Server
from catalog import accounts, search, tokens
from catalog.instance import Instance
from catalog.models import DatasetRow, Organization

# What CKAN 2.12.0 does of package_show in a second with two workers, and its CPU milliseconds.
CKAN_SHOW, CKAN_CREATE = 7.7, (31, 37)
SHOW, SEARCH, CREATE = 3.0, 5.0, 10.0
START, HELP, MEMORY = 2.0, 0.3, 300
WORKERS = 2
_ASKED = 20
_PAGES = 200
_SETTLES, _LONGEST = 5, 600


@click.command()
@click.option("--count", default=1000, help="datasets in the catalogue")
@click.option("--writes", default=200, help="datasets to create")
@click.option("--database", default="", help="a PostgreSQL database, for a schema of our own; else SQLite")
def main(count: int, writes: int, database: str) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        home.postgresql(database) if database else nullcontext("") as url,
    ):
        place = Path(folder) / "home"
        with home.new(place, url) as instance:
            home.fill(instance, count)
            search.catch_up(instance)
            name, token, organization = _prepared(instance)
        named, kind = home.environment(place, url), "PostgreSQL" if database else "SQLite"
        about = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {kind}"
        print(f"Machine: {about}, {count:,} datasets, {WORKERS} workers.\n")
        port, other = serving.free_port(), serving.free_port()
        with (
            serving.running([*_serve(port), "--no-jobs"], port, place, named) as ours,
            serving.running(_constant(other), other, place, {}) as constant,
        ):
            _requests(ours, constant, name)
            spent = _created(ours, token, organization, writes)
            print(f"\npackage_create: {spent:.1f} CPU ms (asked {CREATE:.0f}; CKAN {CKAN_CREATE[0]}-{CKAN_CREATE[1]})")
            _dump(ours)
        _process(place, named, name)


def _serve(port: int) -> list[str]:
    return [sys.executable, str(serving.ROOT / "cli.py"), "serve", f"--workers={WORKERS}", f"--port={port}"]


def _constant(port: int) -> list[str]:
    granian = [sys.executable, "-m", "granian", "--interface=wsgi", "--factory", "--log-level=warning"]
    return [
        *granian,
        f"--workers={WORKERS}",
        "--blocking-threads=5",
        f"--port={port}",
        "benchmarks.constant:create_app",
    ]


def _prepared(instance: Instance) -> tuple[str, str, str]:
    with instance.database.writing() as session:
        account = accounts.add(session, "messung", admin=True)
        token = tokens.create(session, account).text
        organization = session.scalars(sa.select(Organization.id)).first()
        name = session.scalars(sa.select(DatasetRow.name)).first()
    assert organization and name, "the catalogue is filled"
    return name, token, organization


def _requests(ours: Server, constant: Server, name: str) -> None:
    print("| work | requests/s | CPU ms | constant answer, CPU ms | times | asked |")
    print("| --- | --- | --- | --- | --- | --- |")
    _compare(ours, constant, "package_show", f"/api/3/action/package_show?id={name}", SHOW)
    _compare(ours, constant, "package_search, 20 rows", "/api/3/action/package_search?q=&rows=20", SEARCH)
    facets = quote('["organization","groups","res_format","license_id"]')
    path = f"/api/3/action/package_search?q=Datensatz&rows=20&facet.field={facets}"
    _compare(ours, constant, "package_search, 20 rows, a word, four facets", path, SEARCH)
    # An answer is remembered until something changes; who turns page after page asks anew each time.
    _compare_once(ours, constant, "package_search, 20 rows, page after page", "/api/3/action/package_search?rows=20")
    _compare_once(ours, constant, "the same with a word and four facets", path)


def _compare(ours: Server, constant: Server, what: str, path: str, asked: float) -> None:
    size = len(serving.page(ours, path))
    mine, plain = serving.compared([(ours, path), (constant, f"/{size}")])
    _row(what, size, mine, plain, asked)


def _compare_once(ours: Server, constant: Server, what: str, path: str) -> None:
    paths = [f"{path}&start={start}" for start in range(1, _PAGES)]
    size = len(serving.page(ours, f"{path}&start=0"))
    mine = serving.each_once(ours, paths)
    _row(what, size, mine, serving.each_once(constant, [f"/{size}"] * len(paths)), SEARCH)


def _row(what: str, size: int, mine: serving.Rate, plain: serving.Rate, asked: float) -> None:
    times = plain.cpu / mine.cpu
    beside = f" ({mine.cpu / (1000 / CKAN_SHOW):.0f} times CKAN by CPU)" if what == "package_show" else ""
    print(
        f"| {what} ({size:,} bytes) | {mine.wall:,.0f} | {1000 / mine.cpu:.2f} | {1000 / plain.cpu:.2f} | {times:.1f} | "
        f"<= {asked:.0f}{beside} |"
    )


def _created(server: Server, token: str, organization: str, writes: int) -> float:
    """Give the CPU milliseconds that one package_create costs the server."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def create(number: int) -> None:
        package = {
            "name": f"messung-{number}-{uuid.uuid4().hex[:8]}",
            "title": f"Messung {number}",
            "notes": "Werte aus dem Messnetz. " * 20,
            "owner_org": organization,
            "license_id": "dl-by-de/2.0",
            "tags": [{"name": "Messung"}, {"name": "Umwelt"}],
            "groups": [{"name": "envi"}],
            "resources": [{"url": f"https://example.org/{number}.csv", "format": "CSV"}],
        }
        connection.request("POST", "/api/3/action/package_create", orjson.dumps(package), {"Authorization": token})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()

    for number in range(20):
        create(number)
    before, began = server.cpu(), time.perf_counter()
    for number in range(20, 20 + writes):
        create(number)
    spent, seconds = server.cpu() - before, time.perf_counter() - began
    print(f"\n{writes / seconds:.0f} datasets created per second, one after the other")
    return spent / writes * 1000


def _dump(server: Server) -> None:
    """Fetch all datasets with ckanapi's own command, and tell whose processor time it took."""
    programs = Path(sys.executable).parent
    # It calls itself by its name.
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dump.jsonl"
        command = [
            str(programs / "ckanapi"),
            "dump",
            "datasets",
            "--all",
            "-q",
            "-r",
            f"http://127.0.0.1:{server.port}",
            "-O",
            str(file),
        ]
        worked, began, client = server.cpu(), time.perf_counter(), 0.0
        with subprocess.Popen(command, env=environment) as program:
            # With the processes that it starts, and does not wait for.
            while program.poll() is None:
                client = max(client, Server(0, program.pid).cpu())
                time.sleep(0.1)
        assert program.returncode == 0, "ckanapi works"
        seconds, worked = time.perf_counter() - began, server.cpu() - worked
        with file.open("rb") as lines:
            count = sum(1 for _ in lines)
    print(
        f"ckanapi dump datasets --all: {count:,} datasets in {seconds:.1f} s; CPU: ckanapi {client:.1f} s, "
        f"server {worked:.1f} s ({worked / count * 1000:.2f} ms each)"
    )


def _process(place: Path, named: dict[str, str], name: str) -> None:
    """Start a whole server with its jobs: how long until it answers, and what it holds after requests of each kind."""
    began, port = time.perf_counter(), serving.free_port()
    with serving.running(_serve(port), port, place, named) as server:
        _answers(server)
        seconds, worked = time.perf_counter() - began, server.cpu()
        _settle(server)
        print(f"\nstart until the first answer: {seconds:.1f} s, {worked:.1f} CPU s (asked {START:.0f} s)")
        _print_memory("idle", server)
        search_path = "/api/3/action/package_search?q=Datensatz&rows=100"
        for path in ("/", "/dataset", f"/dataset/{name}", "/catalog.ttl", "/api/3/action/package_list", search_path):
            for _ in range(_ASKED):
                serving.page(server, path)
        _print_memory("after requests of each kind", server)
    command = [sys.executable, str(serving.ROOT / "cli.py"), "--help"]
    print(f"offenbar --help: {_best(command):.2f} s (asked {HELP} s)")


def _settle(server: Server) -> None:
    """Wait until what a start finds to do is done."""
    until, worked = time.monotonic() + _LONGEST, -1.0
    while time.monotonic() < until and server.cpu() - worked > _SETTLES / 20:
        worked = server.cpu()
        time.sleep(_SETTLES)


def _print_memory(when: str, server: Server) -> None:
    held = server.memory()
    of_work = sum(size for kind, size in held.items() if not kind.startswith("server"))
    listed = ", ".join(f"{kind.split()[0]} {size:.0f}" for kind, size in sorted(held.items()))
    print(f"memory (PSS), {when}: workers and jobs {of_work:.0f} MiB (asked {MEMORY}); {listed}")


def _answers(server: Server) -> None:
    """Wait until a page comes back: a port that is open may have nobody behind it yet."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError):
            serving.page(server, "/health")
            return
        time.sleep(0.02)
    raise TimeoutError("the server does not answer")


def _best(command: Sequence[str], runs: int = 5) -> float:
    """Give the shortest of a few runs of a program, in seconds."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


if __name__ == "__main__":
    main()
