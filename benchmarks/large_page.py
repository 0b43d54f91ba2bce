"""How much memory the harvest of one large file takes: a generated data.json, served on loopback and harvested by a process of its own."""

import argparse
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import orjson

import cli
from benchmarks import home
from catalog import config as configuration
from catalog import schema
from catalog.db import Database

MEGABYTE = 1_000_000
_SETTINGS = {"cities": [{"slug": "darmstadt", "name": "Darmstadt", "ags": "06411000"}]}
# Starts a program and tells its peak: a process counts the memory of the one that started it as its own, so that one is small.
_MEASURE = """
import os, sys, time
start = time.monotonic()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
print("measured", os.waitstatus_to_exitcode(status), used.ru_maxrss, time.monotonic() - start)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A program that ended well: what it said, and what it took: bytes of memory at most, seconds."""

    said: str
    peak: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One harvest: the bytes of the file, its datasets, and what the process took: bytes of memory at most, seconds."""

    size: int
    datasets: int
    peak: int
    seconds: float


def measure(size: int, runs: int = 1) -> list[Measured]:
    """Harvest a file of so many bytes, again and again; gives what each harvest took. RuntimeError when one fails."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "site").mkdir()
        datasets = write(root / "site" / "data.json", size)
        with serving(root / "site") as port:
            _define(root / "home", port, size)
            return [_harvest(root / "home", size, datasets) for _ in range(runs)]


def run(program: Sequence[str], environment: Mapping[str, str] = MappingProxyType({})) -> Ended:
    """Run a Python program in a process of its own and measure it; RuntimeError when it fails."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _MEASURE, sys.executable, *program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    said, _, line = done.stdout.rpartition("measured ")
    code, kilobytes, seconds = line.split()
    if code != "0":
        raise RuntimeError(done.stdout + done.stderr)
    return Ended(said=said, peak=int(kilobytes) * 1024, seconds=float(seconds))


def write(path: Path, size: int) -> int:
    """Write a data.json of at least so many bytes, dataset by dataset; gives the number of its datasets."""
    number = 0
    with path.open("wb") as file:
        file.write(b'{"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": [\n')
        while file.tell() < size:
            file.write((b",\n" if number else b"") + orjson.dumps(_record(number)))
            number += 1
        file.write(b"\n]}\n")
    return number


def _record(number: int) -> dict[str, object]:
    """Describe a dataset as DKAN does, in about 2,900 bytes."""
    site = "https://opendata.example.org"
    return {
        "@type": "dcat:Dataset",
        "accessLevel": "public",
        "accrualPeriodicity": "R/P1Y",
        "contactPoint": {"@type": "vcard:Contact", "fn": f"Amt {number % 20}", "hasEmail": "mailto:amt@example.org"},
        "description": f"<p>Datensatz {number}: {'Lage, Art, Größe und Zustand der Bäume in den Straßen der Stadt. ' * 18}</p>",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "downloadURL": f"{site}/sites/default/files/baeume-{number}.{form}",
                "mediaType": media_type,
                "format": form,
                "title": f"Bäume {number} als {form}",
                "description": "Alle Bäume mit Standort, Gattung und Jahr der Pflanzung. " * 3,
            }
            for form, media_type in (("csv", "text/csv"), ("json", "application/json"))
        ],
        "identifier": f"{site}/dataset/{number}",
        "issued": "2019-05-02",
        "keyword": ["Bäume", "Straßen", f"Thema {number % 50}", f"Stadtteil {number % 30}"],
        "landingPage": f"{site}/seite/{number}",
        "license": "https://www.govdata.de/dl-de/zero-2-0",
        "modified": "2026-01-05",
        "publisher": {"@type": "org:Organization", "name": f"Amt {number % 20}"},
        "spatial": "8.55,49.80,8.75,49.95",
        "temporal": "2018-01-01/2025-12-31",
        "theme": ["ENVI"],
        "title": f"Straßenbäume und Grünflächen {number}",
    }


def _define(folder: Path, port: int, size: int) -> None:
    """Set up a home with the one source, its limits raised."""
    for name in ("sources", "policies"):
        (folder / name).mkdir(parents=True)
    definition = {
        "id": "messamt",
        "city": "darmstadt",
        "department": "Messamt",
        "type": "data-json",
        "url": f"http://127.0.0.1:{port}/data.json",
        "network": {"allow": [f"127.0.0.1:{port}"]},
        "limits": {"max_bytes": f"{size // MEGABYTE + 1}MB", "run": "6h"},
        "defaults": {"contributor": "hessen"},
    }
    # JSON is YAML.
    (folder / "offenbar.yaml").write_text(json.dumps(_SETTINGS), encoding="utf-8")
    (folder / "sources" / "messamt.yaml").write_text(json.dumps(definition), encoding="utf-8")
    database = Database(configuration.load(home.environment(folder)).database_url)
    schema.upgrade(database)
    database.close()


def _harvest(folder: Path, size: int, datasets: int) -> Measured:
    ended = run([cli.__file__, "harvest", "run", "--json"], home.environment(folder))
    return Measured(size=size, datasets=datasets, peak=ended.peak, seconds=ended.seconds)


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Serve the files of a folder on loopback; gives the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = folder / Path(self.path).name
            if not path.exists():
                self.send_error(404)
                return
            with path.open("rb") as file:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(path.stat().st_size))
                self.end_headers()
                shutil.copyfileobj(file, self.wfile, 1 << 18)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def main() -> None:
    """Measure, and print a line for each harvest; ends with 1 if one took more than the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=200, help="of the file, in MB")
    parser.add_argument("--runs", type=int, default=1, help="harvests of the same file, one after the other")
    parser.add_argument("--aim", type=int, default=300, help="the most memory that a harvest may take, in MB")
    given = parser.parse_args()
    reached = True
    for run in measure(given.size * MEGABYTE, given.runs):
        reached = reached and run.peak <= given.aim * MEGABYTE
        print(
            f"{run.size / MEGABYTE:.0f} MB, {run.datasets:,} datasets: {run.seconds:.0f} s, "
            f"{run.datasets / run.seconds:.0f} datasets/s, peak {run.peak / MEGABYTE:.0f} MB (aim: <= {given.aim} MB)"
        )
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
