"""Measures the Action API: package_show and package_search against a constant answer of the same size, and what package_create costs.

`python -m benchmarks.actions [--count N] [--database URL]` prints what one run measured. CPU figures are the reliable ones.
"""

import http.client
import os
import platform
import sys
import tempfile
import time
import uuid
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

# What CKAN 2.12.0 does of package_show in a second with two workers, and its CPU time (DESIGN figures of the peer).
CKAN_RATE, CKAN_SHOW, CKAN_CREATE = 244, 7.7, (31, 37)
SHOW, SEARCH, CREATE = 3.0, 5.0, 10.0
WORKERS = 2


@click.command()
@click.option("--count", default=1000, help="datasets in the catalogue")
@click.option("--writes", default=200, help="datasets to create")
def main(count: int, writes: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "home"
        with home.new(place) as instance:
            home.fill(instance, count)
            search.catch_up(instance)
            name, token, organization = _prepared(instance)
        named = home.environment(place)
        port, other = serving.free_port(), serving.free_port()
        command = [
            sys.executable,
            str(serving.ROOT / "cli.py"),
            "serve",
            "--no-jobs",
            f"--workers={WORKERS}",
            f"--port={port}",
        ]
        plain = [
            sys.executable,
            "-m",
            "granian",
            "--interface=wsgi",
            "--factory",
            f"--workers={WORKERS}",
            "--blocking-threads=5",
        ]
        plain += [f"--port={other}", "--log-level=warning", "benchmarks.constant:create_app"]
        with (
            serving.running(command, port, place, named) as ours,
            serving.running(plain, other, place, {}) as constant,
        ):
            print(
                f"Machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {count:,} datasets.\n"
            )
            print("| work | requests/s | CPU ms | constant answer, CPU ms | times | asked |")
            print("| --- | --- | --- | --- | --- | --- |")
            _compare(ours, constant, "package_show", f"/api/3/action/package_show?id={name}", SHOW)
            _compare(ours, constant, "package_search, 20 rows", "/api/3/action/package_search?q=&rows=20", SEARCH)
            facets = quote('["organization","groups","res_format","license_id"]')
            path = f"/api/3/action/package_search?q=Messwerte&rows=20&facet.field={facets}"
            _compare(ours, constant, "package_search, 20 rows, a word, four facets", path, SEARCH)
            spent = _created(ours, token, organization, writes)
            print(f"\npackage_create: {spent:.1f} CPU ms (asked {CREATE:.0f}; CKAN {CKAN_CREATE[0]}-{CKAN_CREATE[1]})")


def _prepared(instance: Instance) -> tuple[str, str, str]:
    with instance.database.writing() as session:
        account = accounts.add(session, "messung", admin=True)
        token = tokens.create(session, account).text
        organization = session.scalars(sa.select(Organization.id)).first()
        name = session.scalars(sa.select(DatasetRow.name)).first()
    assert organization and name, "the catalogue is filled"
    return name, token, organization


def _compare(ours: Server, constant: Server, what: str, path: str, asked: float) -> None:
    size = len(serving.page(ours, path))
    mine, plain = serving.compared([(ours, path), (constant, f"/{size}")])
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


if __name__ == "__main__":
    main()
