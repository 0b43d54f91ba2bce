"""A page with many records: no more of it is in memory than of a small one, and what comes of it is the same."""

from pathlib import Path
from typing import Any

import homes
import pytest
import samples_data_json
import sqlalchemy as sa
from homes import define
from source_site import Site

from benchmarks import large_page
from catalog import jobs
from catalog.ingest import staging
from catalog.instance import Instance
from catalog.models import Change, Exchange, Staged

MEGABYTE = 1_000_000
CHECKOUT = Path(large_page.__file__).parent.parent
# Fetches and cuts a page as a harvest does.
READ = """
import sys
sys.path.insert(0, sys.argv[1])
from harvesters.base import Page
from harvesters.bodies import LARGE
from harvesters.data_json import DATA_JSON
from harvesters.decode import decided
from harvesters.fetch import Fetcher, FetchLimits, Network
network = Network(allow=("127.0.0.1",))
with Fetcher(network, FetchLimits(max_bytes=10**9)) as fetcher:
    response = fetcher.get(sys.argv[2], in_memory=LARGE)
page = Page(url=response.url, body=response.body)
count = sum(bool(item.remote_id) for item in DATA_JSON.split(page, None).items)
print(count, decided(page.body))
"""


def records(*numbers: int) -> list[dict[str, Any]]:
    return [samples_data_json.record(f"satz-{n}", f"Datensatz {n:04}", distribution=[]) for n in numbers]


def define_large(instance: Instance, site: Site) -> Any:
    return define(instance, site, type="data-json", url=site.url("/data.json"), defaults={"license": "dl-zero-de/2.0"})


@pytest.mark.slow
def test_a_page_with_many_records_is_taken_in_as_any_other(instance: Instance, site: Site) -> None:
    listed = records(*range(1_100))
    twice, nameless = records(7, 450), {"title": "Ohne Kennung"}
    site.put(
        "/data.json", samples_data_json.catalogue(*listed[:900], *twice, nameless, *listed[900:]), "application/json"
    )
    source = define_large(instance, site)
    outcome = jobs.harvest(instance, source)
    assert (outcome.counts.seen, outcome.counts.created, outcome.counts.quarantined) == (1_103, 1_100, 3)
    assert homes.quarantined(instance) == {
        "satz-7#2": "duplicate-id",
        "satz-450#2": "duplicate-id",
        "?Ohne Kennung": "unreadable",
    }
    assert homes.changes(instance) == [(number, "create") for number in range(1, 1_101)]
    with instance.database.reading() as session:
        order = session.scalars(sa.select(Change.dataset_id).order_by(Change.seq)).all()
        (exchange,) = session.scalars(sa.select(Exchange))
        assert exchange.decided == "utf-8 (strict)"
        assert session.scalar(sa.select(sa.func.count()).select_from(Staged)) == 0
    assert len(set(order)) == 1_100

    changed = records(*range(1_100))
    for number in (3, 1_050):
        changed[number]["description"] = "Neu beschrieben."
    site.put("/data.json", samples_data_json.catalogue(*changed[:500], *changed[510:]), "application/json")
    outcome = jobs.harvest(instance, source)
    assert (outcome.counts.updated, outcome.counts.missing, outcome.counts.unchanged) == (2, 10, 1_088)
    assert homes.changes(instance)[1_100:] == [(1_101, "update"), (1_102, "update")]


def rows(*versions: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"remote_id": name, "version": version, "place": place} for place, (name, version) in enumerate(versions)]


def test_of_many_rows_the_newest_versions_are_kept() -> None:
    many = [
        ("a", "1"),
        ("b", "5"),
        *((f"n{n}", "1") for n in range(700)),
        ("a", "3"),
        ("ohne", ""),
        ("b", "4"),
        ("a", "3"),
    ]
    with staging.Rows(rows(*many, ("ohne", ""))) as staged:
        assert len(staged) == len(many) + 1
        kept = list(staged.newest())
    assert [row["place"] for row in kept] == [1, *range(2, 702), 703, 705, 706]


@pytest.mark.slow
def test_the_memory_to_read_a_page_does_not_grow_with_it(tmp_path: Path) -> None:
    peaks = []
    for size in (10 * MEGABYTE, 60 * MEGABYTE):
        (tmp_path / "data.json").unlink(missing_ok=True)
        datasets = large_page.write(tmp_path / "data.json", size)
        with large_page.serving(tmp_path) as port:
            ended = large_page.run(["-c", READ, str(CHECKOUT), f"http://127.0.0.1:{port}/data.json"])
        count, *decision = ended.said.split()
        assert (int(count), " ".join(decision)) == (datasets, "utf-8 (strict)")
        peaks.append(ended.peak)
    assert peaks[1] - peaks[0] < 20 * MEGABYTE


@pytest.mark.slow
def test_the_memory_of_a_harvest_hardly_grows_with_its_datasets() -> None:
    small, more = (large_page.measure(size)[0] for size in (3 * MEGABYTE // 2, 4 * MEGABYTE))
    assert more.datasets - small.datasets > 900
    # Batches, caches and the heap of a longer run; the records themselves would take more.
    assert more.peak - small.peak < 40 * MEGABYTE
