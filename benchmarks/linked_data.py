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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks import home, peer, serving
from benchmarks.serving import Rate
from catalog import documents
from catalog.api import linked
from catalog.app import create_app
from catalog.instance import Instance
from dcat import rdf, rdf_reader
from dcat.errors import OffenbarError

COUNT = 1_000
_REPEATS = 5
_SAMPLES = 200
_FIRST = 60
_PARSED = ("ttl", "rdf")
# CKAN has no page in N-Triples.
_PAGES = ("ttl", "rdf", "jsonld")
_NOTES = """\
Both sides work on the same {count:,} generated datasets with two distributions each, {triples:.0f} triples per dataset in
offenbar's export. ckanext-dcat writes {peer_triples:.0f} (profile euro_dcat_ap_3): no terms of DCAT-AP.de, no catalogue records.
Its export and parsing are RDFSerializer.serialize_catalog and RDFParser.parse with list(datasets()) inside a loaded CKAN,
one run each; those of offenbar are medians of {repeats} runs. Both are given per second of CPU time, as others may use the
machine too: offenbar had a processor for {share:.0%} of the time, the peer for {peer_share:.0%}.
The peer's pages come from a real CKAN site with PostgreSQL and Redis that holds {page} datasets. In the place of Solr a
stand-in answers at once with the documents CKAN itself has indexed, without searching: that favours CKAN. All sites run
under granian with one worker and four threads; one client asks them in turns, uncompressed. The table gives pages a second
by the wall clock and the server's CPU time for one; the ratio is of CPU times, without that of PostgreSQL and the stand-in.
A page asked for again comes from the worker's memory, as long as nothing in the catalogue has changed."""


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
class Took:
    """Seconds of one piece of work: by the wall clock, and of CPU time."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """CPU seconds by format that offenbar took for COUNT datasets, as in peer.Figures, and the documents written on the way."""

    writing: dict[str, float]
    parsing: dict[str, float]
    share: float
    documents: dict[str, Path]
    triples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Pages by format: offenbar's asked for again and for the first time, stored files of the same size, the peer's; sizes in bytes."""

    ours: dict[str, Rate]
    first: dict[str, Rate]
    files: dict[str, Rate]
    theirs: dict[str, Rate]
    sizes: dict[str, int]


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
        _say("installing the peer")
        python = peer.installed(environment or work / "peer-environment")
        ckan = stack.enter_context(peer.site(python, work / "peer", services))
        _say("measuring the peer")
        theirs = ckan.measure(ours.documents["ttl"], ours.documents["rdf"])
        _say("measuring pages")
        pages = _pages(work, ckan)
    rows = [
        *against(f"export of {COUNT:,} datasets", ours.writing, theirs.writing, 100),
        *against(f"parse and map {COUNT:,} datasets", ours.parsing, theirs.parsing, 10),
        *_served(pages),
        *own,
    ]
    notes = _NOTES.format(
        count=COUNT,
        repeats=_REPEATS,
        page=linked.PAGE,
        share=ours.share,
        peer_share=theirs.share,
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


def against(what: str, ours: Mapping[str, float], theirs: Mapping[str, float], aim: int) -> Iterator[Row]:
    """Compare the seconds that both sides took for COUNT datasets, by format; the ratio says how many times faster offenbar is."""
    for ending, took in ours.items():
        yield _compared(
            f"{what}, {rdf.FORMATS[ending].syntax.name}",
            f"{COUNT / took:,.0f} datasets/s",
            f"{COUNT / theirs[ending]:,.0f} datasets/s",
            theirs[ending] / took,
            aim,
        )


def _measured(instance: Instance, work: Path) -> Ours:
    began, worked = time.perf_counter(), time.process_time()
    documents = {ending: work / f"export.{ending}" for ending in rdf.FORMATS}
    writing = {ending: _median(partial(_export, instance, file, ending)).cpu for ending, file in documents.items()}
    bodies = {ending: documents[ending].read_bytes() for ending in _PARSED}
    parsing = {ending: _median(partial(_read, body, ending)).cpu for ending, body in bodies.items()}
    share = (time.process_time() - worked) / (time.perf_counter() - began)
    triples = documents["nt"].read_bytes().count(b"\n")
    return Ours(writing=writing, parsing=parsing, share=share, documents=documents, triples=triples)


def _pages(work: Path, ckan: peer.Peer) -> Pages:
    stored = work / "stored"
    stored.mkdir()
    ours, first, files, theirs = {}, {}, {}, {}
    with serving.running(*_offenbar(work)) as own:
        for ending in _PAGES:
            (stored / f"catalog.{ending}").write_bytes(serving.page(own, f"/catalog.{ending}"))
        ckan.fill(stored / "catalog.ttl")
        with serving.running(*_stored(work)) as files_port, ckan.served() as their_port:
            for ending in _PAGES:
                rates = serving.alternately((own, files_port, their_port), f"/catalog.{ending}")
                ours[ending], files[ending], theirs[ending] = rates
                # Each snapshot is a page of its own, made of the same datasets.
                numbers = range(COUNT, COUNT - _FIRST, -1)
                first[ending] = serving.each_once(own, [f"/catalog.{ending}?snapshot={number}" for number in numbers])
    sizes = {ending: (stored / f"catalog.{ending}").stat().st_size for ending in _PAGES}
    return Pages(ours=ours, first=first, files=files, theirs=theirs, sizes=sizes)


def _export(instance: Instance, file: Path, ending: str) -> None:
    with file.open("wb") as target, instance.database.reading() as session:
        target.writelines(documents.dump(session, instance.config, ending))


def _read(body: bytes, ending: str) -> None:
    graph = rdf_reader.parse(body, ending)
    found = sum(1 for node in graph.of_type("dcat:Dataset") if rdf_reader.read(graph, node).dataset.title)
    assert found == COUNT, "every dataset is read"


def _not_modified(instance: Instance) -> Row:
    client = create_app(instance).test_client()
    etag = client.get("/catalog.ttl").headers["ETag"]

    def ask() -> None:
        assert client.get("/catalog.ttl", headers={"If-None-Match": etag}).status_code == 304

    return _milliseconds("304 for a catalogue page, in process", _median(ask, _SAMPLES), 1)


def _publishing(instance: Instance, first: int) -> Row:
    (source,) = instance.sources()
    items = iter(home.received(instance, source, range(first, first + _SAMPLES)))
    took = _median(lambda: home.publish(instance, source, [next(items)]), _SAMPLES)
    return _milliseconds(f"publish one dataset beside {first:,}, without the index", took, 10)


def _milliseconds(work: str, took: Took, most: int) -> Row:
    figures = f"{took.wall * 1000:.2f} ms, {took.cpu * 1000:.2f} ms of CPU time"
    return _own(work, figures, f"<= {most} ms", took.wall * 1000 <= most)


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


def _stored(work: Path) -> tuple[list[str], int, Path, dict[str, str]]:
    port = serving.free_port()
    return [sys.executable, "-m", "benchmarks.stored_file", str(work / "stored"), str(port)], port, work, {}


def _served(pages: Pages) -> Iterator[Row]:
    for ending in _PAGES:
        ours, theirs = pages.ours[ending], pages.theirs[ending]
        work = f"catalogue page of {linked.PAGE} over HTTP, {rdf.FORMATS[ending].syntax.name}"
        yield _compared(
            f"{work}, first time", _rate(first := pages.first[ending]), _rate(theirs), first.cpu / theirs.cpu, 50
        )
        yield _compared(f"{work}, again", _rate(ours), _rate(theirs), ours.cpu / theirs.cpu, 50)
    for ending in _PAGES:
        ours, files = pages.ours[ending], pages.files[ending]
        work = f"the same page beside a stored file of its {pages.sizes[ending] / 1000:,.0f} kB, {rdf.FORMATS[ending].syntax.name}"
        yield _compared(work, _rate(ours), _rate(files), ours.cpu / files.cpu, 0.5)


def _rate(rate: Rate) -> str:
    return f"{rate.wall:,.{0 if rate.wall >= 10 else 1}f}/s, {1000 / rate.cpu:,.1f} ms"


def _compared(work: str, ours: str, theirs: str, ratio: float, aim: float) -> Row:
    return Row(work=work, ours=ours, peer=theirs, ratio=ratio, aim=f">= {aim:g} times", reached=ratio >= aim)


def _own(work: str, ours: str, aim: str, reached: bool) -> Row:
    return Row(work=work, ours=ours, aim=aim, reached=reached)


def _median(job: Callable[[], object], times: int = _REPEATS) -> Took:
    wall, cpu = [], []
    for _ in range(times):
        began, worked = time.perf_counter(), time.process_time()
        job()
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - worked)
    return Took(wall=statistics.median(wall), cpu=statistics.median(cpu))


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
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    print(text)
    return 1 if "| no |" in text else 0


if __name__ == "__main__":
    sys.exit(main())
