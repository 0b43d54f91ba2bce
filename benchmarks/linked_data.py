"""Measures linked data against ckanext-dcat, in one run on one machine: export, parsing, pages over HTTP; and what they cost us."""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks import home, peer, serving
from catalog.api import linked
from catalog.app import create_app
from catalog.instance import Instance
from dcat import rdf
from dcat.errors import OffenbarError

COUNT = 1_000
_REPEATS = 5
_SAMPLES = 200
_NAMES = {"ttl": "Turtle", "rdf": "RDF/XML", "jsonld": "JSON-LD", "nt": "N-Triples"}
_PARSED = ("ttl", "rdf")
# CKAN has no page in N-Triples.
_PAGES = ("ttl", "rdf", "jsonld")
_NOTES = """\
Both sides work on the same {count:,} generated datasets with two distributions each, {triples:.0f} triples per dataset in
offenbar's export. ckanext-dcat keeps {peer_triples:.0f} of them per dataset (profile euro_dcat_ap_3, no terms of DCAT-AP.de).
Its export and parsing are RDFSerializer.serialize_catalog and RDFParser.parse with list(datasets()) inside a loaded CKAN.
Its pages come from a real CKAN site with PostgreSQL and Redis that holds {page} datasets. In the place of Solr a stand-in
answers at once with the documents CKAN itself has indexed, without searching: that favours CKAN. Both sites run under
granian with one worker and four threads, and one client asks over one connection, uncompressed.
In-process figures of offenbar are medians of {repeats} runs, those of the peer one run each, which takes it long enough; all
are wall-clock times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; without a peer its columns stay empty."""

    work: str
    ours: str
    peer: str = ""
    ratio: float | None = None
    aim: str
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What was measured of offenbar alone: datasets per second by format, and the documents written on the way."""

    writing: dict[str, float]
    parsing: dict[str, float]
    documents: dict[str, Path]
    triples: int


def run(large: int, environment: Path | None, services: peer.Services) -> str:
    """Measure everything and write the table; nothing is left behind but an environment that was asked for."""
    with tempfile.TemporaryDirectory(prefix="offenbar-benchmark-") as name, ExitStack() as stack:
        work = Path(name)
        _say("filling homes")
        small = stack.enter_context(home.new(work / "small"))
        home.fill(small, COUNT)
        big = stack.enter_context(home.new(work / "large"))
        home.fill(big, large)
        _say("measuring offenbar")
        ours = _measured(small, work)
        own = [*_memory(work, large), _not_modified(small), _publishing(big, large)]
        with serving.running(*_offenbar(work)) as port:
            bodies = {ending: serving.page(port, f"/catalog.{ending}") for ending in _PAGES}
            pages = _pages(port)
        files = {ending: _stored(work, body) for ending, body in bodies.items()}
        _say("installing the peer")
        python = peer.installed(environment or work / "peer-environment")
        ckan = stack.enter_context(peer.site(python, work / "peer", services))
        _say("measuring the peer")
        theirs = ckan.measure(ours.documents["ttl"], ours.documents["rdf"])
        first = work / "page.ttl"
        first.write_bytes(bodies["ttl"])
        ckan.fill(first)
        with ckan.served() as port:
            their_pages = _pages(port)
    rows = [
        *against(f"export of {COUNT:,} datasets", ours.writing, _rates(theirs.writing), 100, "datasets/s"),
        *against(f"parse and map {COUNT:,} datasets", ours.parsing, _rates(theirs.parsing), 10, "datasets/s"),
        *against(f"catalogue page of {linked.PAGE} over HTTP", pages, their_pages, 50, "pages/s"),
        *(_beside_file(ending, pages[ending], files[ending], len(bodies[ending])) for ending in _PAGES),
        *own,
    ]
    notes = _NOTES.format(
        count=COUNT,
        repeats=_REPEATS,
        page=linked.PAGE,
        triples=ours.triples / COUNT,
        peer_triples=theirs.triples / theirs.count,
    )
    return f"{_machine(theirs)}\n\n{notes}\n\n{table(rows)}"


def table(rows: list[Row]) -> str:
    """Write the figures as a Markdown table."""
    lines = ["| work | offenbar | peer | ratio | aim | reached |", "| --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:,.{0 if row.ratio >= 100 else 2}f}"
        lines.append(
            f"| {row.work} | {row.ours} | {row.peer} | {ratio} | {row.aim} | {'yes' if row.reached else 'no'} |"
        )
    return "\n".join(lines) + "\n"


def against(what: str, ours: dict[str, float], theirs: dict[str, float], aim: int, unit: str) -> Iterator[Row]:
    """Compare rates by format with the peer's; the ratio is offenbar's rate in multiples of the peer's."""
    for ending, rate in ours.items():
        ratio = rate / theirs[ending]
        yield Row(
            work=f"{what}, {_NAMES[ending]}",
            ours=f"{rate:,.0f} {unit}",
            peer=f"{theirs[ending]:,.{0 if theirs[ending] >= 10 else 2}f} {unit}",
            ratio=ratio,
            aim=f">= {aim} times",
            reached=ratio >= aim,
        )


def _measured(instance: Instance, work: Path) -> Ours:
    writing, parsing, documents = {}, {}, {}
    for ending in rdf.FORMATS:
        documents[ending] = work / f"export.{ending}"
        writing[ending] = COUNT / _median(lambda: _export(instance, documents, ending))  # noqa: B023 - called at once
    for ending in _PARSED:
        body = documents[ending].read_bytes()
        parsing[ending] = COUNT / _median(lambda: _read(body, ending))  # noqa: B023 - called at once
    triples = documents["nt"].read_bytes().count(b"\n")
    return Ours(writing=writing, parsing=parsing, documents=documents, triples=triples)


def _pages(port: int) -> dict[str, float]:
    return {ending: serving.per_second(port, f"/catalog.{ending}") for ending in _PAGES}


def _export(instance: Instance, documents: dict[str, Path], ending: str) -> None:
    with documents[ending].open("wb") as target:
        target.writelines(linked.dump(instance.database, instance.config, ending))


def _read(body: bytes, ending: str) -> None:
    graph = rdf.parse(body, ending)
    found = sum(1 for node in graph.of_type("dcat:Dataset") if rdf.read(graph, node).dataset.title)
    assert found == COUNT, "every dataset is read"


def _not_modified(instance: Instance) -> Row:
    client = create_app(instance).test_client()
    etag = client.get("/catalog.ttl").headers["ETag"]

    def ask() -> None:
        assert client.get("/catalog.ttl", headers={"If-None-Match": etag}).status_code == 304

    milliseconds = _median(ask, _SAMPLES) * 1000
    return _own("304 for a catalogue page, in process", f"{milliseconds:.2f} ms", "<= 1 ms", milliseconds <= 1)


def _publishing(instance: Instance, first: int) -> Row:
    (source,) = instance.sources()
    items = iter(home.received(instance, source, range(first, first + _SAMPLES)))
    milliseconds = _median(lambda: home.publish(instance, source, [next(items)]), _SAMPLES) * 1000
    work = f"publish one dataset beside {first:,}, without the index"
    return _own(work, f"{milliseconds:.2f} ms", "<= 10 ms", milliseconds <= 10)


def _memory(work: Path, large: int) -> Iterator[Row]:
    small, big = _streamed(work / "small"), _streamed(work / "large")
    what = f"of a process that streams {COUNT:,} and {large:,} datasets"
    for name, work_done in (
        ("peak", f"peak memory {what}"),
        ("private", f"peak private memory {what}, without the pages of the database file mapped into it"),
    ):
        figures = f"{small[name] / 1e6:.0f} MB, {big[name] / 1e6:.0f} MB"
        yield _own(work_done, figures, "growth <= 50 MB", big[name] - small[name] <= 50e6)


def _streamed(folder: Path) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.streamed_dump", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(serving.ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True)
    figures: dict[str, int] = json.loads(done.stdout)
    return figures


def _offenbar(work: Path) -> tuple[list[str], int, Path, dict[str, str]]:
    port = serving.free_port()
    options = ["--port", str(port), "--workers", "1", "--no-jobs"]
    command = [sys.executable, str(serving.ROOT / "cli.py"), "--quiet", "serve", *options]
    return command, port, work, home.environment(work / "small")


def _stored(work: Path, body: bytes) -> float:
    file, port = work / "stored", serving.free_port()
    file.write_bytes(body)
    command = [sys.executable, "-m", "benchmarks.stored_file", str(file), str(port)]
    with serving.running(command, port, work, {}):
        return serving.per_second(port, "/")


def _beside_file(ending: str, page: float, file: float, size: int) -> Row:
    work = f"the same page beside a stored file of its {size / 1000:,.0f} kB, {_NAMES[ending]}"
    rates = f"{page:,.0f} pages/s", f"{file:,.0f} files/s"
    return Row(
        work=work, ours=rates[0], peer=rates[1], ratio=page / file, aim=">= 0.5 times", reached=page / file >= 0.5
    )


def _own(work: str, ours: str, aim: str, reached: bool) -> Row:
    return Row(work=work, ours=ours, aim=aim, reached=reached)


def _rates(seconds: dict[str, float]) -> dict[str, float]:
    return {ending: COUNT / took for ending, took in seconds.items()}


def _median(job: Callable[[], object], times: int = _REPEATS) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _machine(theirs: peer.Figures) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pyoxigraph", "granian"))
    others = ", ".join(f"{name} {number}" for name, number in theirs.versions.items())
    return (
        f"Machine: {os.cpu_count()} cores, {_processor()}, {platform.system()}, Python {platform.python_version()}, SQLite; "
        f"{libraries}.\nPeer: {others}."
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> int:
    """Measure, print the table, and say by the exit code whether every aim was reached (1 if not, 2 if it could not be measured)."""
    services = peer.Services()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=10_000, help="datasets of the large home (default: 10000)")
    parser.add_argument("--peer-env", type=Path, help="folder of the peer's environment, made where missing and kept")
    parser.add_argument("--postgresql", default=services.postgresql, help="where a database can be made")
    parser.add_argument("--redis", default=services.redis, help="a database of Redis for the peer")
    given = parser.parse_args()
    # A polite end cleans up as an interruption does.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + signal.SIGTERM))
    try:
        text = run(given.large, given.peer_env, peer.Services(postgresql=given.postgresql, redis=given.redis))
    except OffenbarError as error:
        print(error.message.en, file=sys.stderr)
        return 2
    print(text)
    return 1 if "| no |" in text else 0


if __name__ == "__main__":
    sys.exit(main())
