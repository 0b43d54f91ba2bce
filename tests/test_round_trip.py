"""Our catalogue harvested by another instance of ours, and by itself: what comes back is what went out."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import homes
import linked_pages
import marked
import pytest
from demo_home import DATASETS, DemoHome
from linked_pages import Graph
from source_site import Site
from werkzeug.serving import make_server

from catalog import jobs
from catalog.app import create_app
from catalog.instance import Instance, open_instance
from dcat import rdf, rdf_writer
from harvesters.source import Source

GENERATED = 12
# What belongs to one dataset is named by the catalogue that publishes it.
OWNED = re.compile(r"/id/(checksum|period|identifier|provenance|activity|attribution|relationship)/[0-9a-f]+$")


@dataclass
class Portal:
    """A catalogue that is served on loopback at the address it speaks of."""

    instance: Instance
    host: str

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


@contextmanager
def serving() -> Iterator[tuple[str, dict[str, Callable[..., Any]]]]:
    """Serve whatever application is put there; its address is known first, since a catalogue speaks of it."""
    apps: dict[str, Callable[..., Any]] = {}
    server = make_server("127.0.0.1", 0, lambda environ, start: apps["app"](environ, start), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.port}", apps
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def portal(demo: DemoHome, site: Site, tmp_path: Path) -> Iterator[Portal]:
    """The demonstration and datasets with every property, below an address of its own."""
    home = demo.copy(tmp_path / "first")
    with serving() as (host, apps):
        instance = open_instance(home.environment | {"OFFENBAR_SITE_URL": f"http://{host}"})
        for source in instance.sources():
            jobs.refresh(instance, source)
        put(site, range(1, GENERATED + 1))
        assert harvest(instance, homes.define(instance, site)).counts.created == GENERATED
        apps["app"] = create_app(instance)
        yield Portal(instance, host)
        instance.database.close()


def put(site: Site, numbers: range, changed: tuple[int, ...] = ()) -> None:
    """Put datasets at a department, each with links to its two neighbours; some in a second version."""
    around = {number: (number % GENERATED + 1, (number + 1) % GENERATED + 1) for number in numbers}
    datasets = [marked.marked(n, 1 + (n in changed), neighbours=around[n]) for n in numbers]
    site.put("/1.ttl", rdf.serialize(rdf_writer.write(*datasets).all(), "ttl"))


def harvest(instance: Instance, source: Source) -> Any:
    outcome = jobs.harvest(instance, source)
    assert outcome.status in ("applied", "unchanged"), outcome
    return outcome


def source_of(instance: Instance, portal: Portal, ending: str) -> Source:
    """Define the portal as a source."""
    patient = {"connect": "5s", "read": "30s", "total": "60s"}
    return homes.define(instance, portal, id="portal", url=portal.url(f"/catalog.{ending}?limit=7"), limits=patient)


def graphs(instance: Instance) -> dict[str, Graph]:
    """Everything said of each dataset, by its URI. Nodes that belong to one dataset only are named by what they say."""
    body = homes.exported(instance)
    return {uri: _renamed(graph) for uri, graph in linked_pages.closures(body, "nt").items()}


def _renamed(graph: Graph) -> Graph:
    said: dict[str, list[tuple[str, str]]] = {}
    for subject, predicate, value in graph:
        if OWNED.search(subject.strip("<>")):
            said.setdefault(subject, []).append((predicate, value))
    names = {node: hashlib.sha256(repr(sorted(content)).encode()).hexdigest() for node, content in said.items()}
    return frozenset((names.get(s, s), p, names.get(o, o)) for s, p, o in graph)


@contextmanager
def another(folder: Path) -> Iterator[Instance]:
    """Make an empty catalogue at another address."""
    with homes.home(folder):
        instance = open_instance(homes.environment(folder) | {"OFFENBAR_SITE_URL": "https://zweite.example.org"})
        yield instance
        instance.database.close()


@pytest.mark.slow
@pytest.mark.parametrize("ending", linked_pages.ENDINGS)
def test_another_catalogue_takes_over_all_that_is_said(portal: Portal, tmp_path: Path, ending: str) -> None:
    with another(tmp_path / "second") as other:
        source = source_of(other, portal, ending)
        ours = graphs(portal.instance)
        assert len(ours) == DATASETS + GENERATED
        counts = homes.counted(harvest(other, source))
        assert counts == {"seen": len(ours), "created": len(ours)}
        theirs = graphs(other)
        assert any(portal.url("/id/agent/") in said for graph in theirs.values() for _, _, said in graph)
        assert theirs.keys() == ours.keys()
        for uri, graph in ours.items():
            assert theirs[uri] == graph, (uri, sorted(theirs[uri] ^ graph)[:10])
        before = homes.changes(other)
        again = harvest(other, source)
        assert again.status == "unchanged" and homes.counted(again)["unchanged"] == len(ours)
        assert homes.changes(other) == before and graphs(other) == theirs


@pytest.mark.slow
def test_our_own_catalogue_brings_us_nothing_new(portal: Portal) -> None:
    source = source_of(portal.instance, portal, "ttl")
    before, changes = graphs(portal.instance), homes.changes(portal.instance)
    for _ in range(2):
        outcome = harvest(portal.instance, source)
        assert outcome.status == "unchanged"
        assert homes.counted(outcome) == {"seen": len(before), "quarantined": len(before)}
    waiting = homes.quarantined(portal.instance)
    ours = {uri for uri in before if uri.startswith(portal.url("/"))}
    assert {uri for uri, code in waiting.items() if code == "echo"} == before.keys()
    assert len(ours) > 5 and len(before.keys() - ours) > GENERATED
    assert graphs(portal.instance) == before and homes.changes(portal.instance) == changes


@pytest.mark.slow
def test_what_changes_and_goes_here_changes_and_goes_there(portal: Portal, site: Site, tmp_path: Path) -> None:
    with another(tmp_path / "second") as other:
        source = source_of(other, portal, "rdf")
        harvest(other, source)
        (department,) = portal.instance.sources(("amt",))
        put(site, range(3, GENERATED + 1), changed=(5, 6))
        for _ in range(2):
            harvest(portal.instance, department)
        ours = graphs(portal.instance)
        assert len(ours) == DATASETS + GENERATED - 2
        # Two more were published anew: they link to those that went.
        first, last = harvest(other, source), harvest(other, source)
        assert (first.counts.updated, first.counts.missing, last.counts.removed) == (4, 2, 2)
        assert graphs(other) == ours
