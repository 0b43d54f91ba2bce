"""Identity rules: what a source names anew with every upload stays the same dataset, page and file here, in every protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import homes
import pytest
import source_site
import sqlalchemy as sa
from source_site import Site, entries

from catalog import jobs
from catalog.app import create_app
from catalog.assemble import addresses
from catalog.instance import Instance
from catalog.models import FileRow
from catalog.public import FileState
from dcat.model import Dataset, Distribution
from harvesters import places
from harvesters.source import Identity

CSV = "name;hoehe\nLinde;12\n"
RULE = {"distribution": "strip-suffix:_[0-9]+"}
DESCRIBED = {"description": "Beispieldaten.", "license": "dl-zero-de/2.0"}


@pytest.fixture
def site() -> Iterator[Site]:
    with source_site.running() as running:
        yield running


def rows(instance: Instance) -> dict[str, FileRow]:
    with instance.database.reading() as session:
        return {row.name: row for row in session.scalars(sa.select(FileRow).order_by(FileRow.position))}


def catalogue(site: Site, *names: str) -> None:
    """A catalogue as DKAN writes it: one dataset whose files have addresses, and no URIs of their own that last."""
    for name in names:
        site.put(f"/files/{name}", CSV, "text/csv")
    page = source_site.catalogue(site.url("/1.ttl"), entries(1))
    files = "".join(
        f"<{source_site.uri('satz-001')}> dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <{site.url(f'/files/{name}')}> ;"
        f" dcat:accessURL <{site.url(f'/files/{name}')}> ; dct:license <http://dcat-ap.de/def/licenses/dl-zero-de/2.0> ] .\n"
        for name in names
    )
    site.put("/1.ttl", page + files)


@pytest.mark.parametrize("protocol", ["dcat", "files"])
def test_an_upload_under_a_new_name_keeps_id_page_and_row(tmp_path: Path, site: Site, protocol: str) -> None:
    with homes.home(tmp_path / "home") as instance:
        definition: dict[str, Any] = {"identity": RULE, "defaults": DESCRIBED}
        if protocol == "files":
            site.put_folder("/ablage/", {"baum/": ""})
            site.put_folder("/ablage/baum/", {"tree.csv": CSV})
            source = homes.define_drop(instance, site, **definition)
        else:
            catalogue(site, "tree.csv")
            source = homes.define(instance, site, **definition)
        homes.harvest_and_check(instance, source)
        before = rows(instance)["tree.csv"]
        (shown,) = homes.shown_all(instance)
        page = f"/dataset/{shown.name}/{before.id}"
        if protocol == "files":
            site.put_folder("/ablage/baum/", {"tree_0.csv": CSV.replace("12", "13")})
            site.drop("/ablage/baum/tree.csv")
        else:
            catalogue(site, "tree_0.csv")
        homes.harvest_and_check(instance, source)
        after = rows(instance)
        assert list(after) == ["tree_0.csv"] and after["tree_0.csv"].id == before.id
        assert after["tree_0.csv"].url.endswith("/tree_0.csv")
        assert (after["tree_0.csv"].sha256 == before.sha256) == (protocol == "dcat"), "the new version was fetched"
        answer = create_app(instance).test_client().get(page)
        assert answer.status_code == 200 and "tree_0.csv" in answer.text


def test_without_a_rule_it_is_another_file(tmp_path: Path, site: Site) -> None:
    with homes.home(tmp_path / "home") as instance:
        catalogue(site, "tree.csv")
        source = homes.define(instance, site, defaults=DESCRIBED)
        homes.harvest_and_check(instance, source)
        before = rows(instance)["tree.csv"].id
        catalogue(site, "tree_0.csv")
        homes.harvest_and_check(instance, source)
        assert rows(instance)["tree_0.csv"].id != before


def test_both_names_at_once_do_not_collide(tmp_path: Path, site: Site) -> None:
    with homes.home(tmp_path / "home") as instance:
        catalogue(site, "tree.csv")
        source = homes.define(instance, site, identity=RULE, defaults=DESCRIBED)
        homes.harvest_and_check(instance, source)
        before = rows(instance)["tree.csv"].id
        catalogue(site, "tree_0.csv", "tree.csv")
        assert jobs.harvest(instance, source).status == "applied"
        found = rows(instance)
        assert found["tree.csv"].id == before and found["tree_0.csv"].id != before


def test_a_withheld_file_stays_withheld_under_its_new_name(tmp_path: Path, site: Site) -> None:
    with homes.home(tmp_path / "home") as instance:
        site.put_folder("/ablage/", {"baum/": ""})
        site.put_folder("/ablage/baum/", {"tree.csv": CSV})
        source = homes.define_drop(instance, site, identity=RULE)
        homes.withhold(instance, "amt", "baum", "tree.csv")
        homes.harvest_and_check(instance, source)
        site.put_folder("/ablage/baum/", {"tree_0.csv": CSV})
        homes.harvest_and_check(instance, source)
        (shown,) = homes.shown_all(instance)
        assert [(file.name, file.state) for file in shown.files] == [("tree_0.csv", FileState.WITHHELD)]
        assert jobs.without_effect(instance) == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("folder", "folder:/srv/Alte Ablage", "folder:/mnt/neu/"),
        ("sftp", "sftp://alt.example/ablage", "sftp://neu.example:2222/daten/ablage/"),
        ("s3", "s3://alt/umwelt", "s3://neuer-eimer/x/umwelt"),
        ("webdav", "https://cloud.example/s/kYqzLJ5dXbTn3fW", "https://neu.example/remote.php/dav/files/amt/Ablage"),
        ("files", "https://alt.example/ablage/", "https://neu.example/daten/"),
    ],
)
def test_files_keep_their_ids_when_the_drop_moves(kind: str, before: str, after: str) -> None:
    ids = []
    for url in (before, after):
        home = places.home_folder(kind, url)
        files = tuple(Distribution(download_url=(f"{home}{name}",)) for name in ("a.csv", "tief/B%C3%A4ume.csv"))
        source = builders.source(url, type=kind)
        ids.append([one.id for one in addresses("d", Dataset(distribution=files), source)])
    assert ids[0] == ids[1] and len(set(ids[0])) == 2


@pytest.mark.parametrize(
    ("name", "steady"),
    [
        ("tree_0.csv", "tree.csv"),
        ("tree.csv", "tree.csv"),
        ("https://x.example/a_1/tree_12.csv?stand=1", "https://x.example/a_1/tree.csv?stand=1"),
        ("https://x.example/tree_0", "https://x.example/tree"),
        ("gr%C3%BCn_0.csv", "gr%C3%BCn.csv"),
        ("gr%C3%BCn%5F0.csv", "gr%C3%BCn.csv"),
        ("_1.csv", "_1.csv"),
        ("100%_1.csv", "100%.csv"),
        ("", ""),
    ],
)
def test_the_rule_on_names_and_addresses(name: str, steady: str) -> None:
    assert Identity(distribution="strip-suffix:_[0-9]+").distribution_id(name) == steady
    assert Identity().distribution_id(name) == name
