"""File drops in a folder of this machine: what is listed, what is read, and what lies outside and stays there."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import builders
import homes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import jobs
from dcat.errors import FetchError, RefusedError, UnreadableError
from harvesters import drop_listing, places
from harvesters.drop_doors import door_of
from harvesters.fetch import Fetcher
from harvesters.file_drop import MAX_ENTRIES
from harvesters.folder import FOLDER
from harvesters.network import FetchLimits, Network
from harvesters.source import Source

CSV = "name;hoehe\nLinde;12\n"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """A folder as departments leave them, beside one that is nobody's business."""
    folder = tmp_path / "Ablage des Amts"
    (folder / "spielplätze").mkdir(parents=True)
    (folder / "Bäume.csv").write_text(CSV, "utf-8")
    (folder / "100% #1?.csv").write_text(CSV, "utf-8")
    (folder / "spielplätze" / "a.csv").write_text(CSV, "utf-8")
    (folder / ".versteckt.csv").write_text(CSV, "utf-8")
    (tmp_path / "geheim").mkdir()
    (tmp_path / "geheim" / "x.csv").write_text("geheim", "utf-8")
    return folder


def source(folder: Path, **fields: Any) -> Source:
    url = f"folder:{quote(str(folder))}"
    return builders.source(url, type="folder", network=Network(home=places.home("folder", url)), **fields)


def fetcher(of: Source, limits: FetchLimits = FetchLimits()) -> Fetcher:  # noqa: B008
    return Fetcher(of.network, limits, door=door_of(of))


@pytest.fixture
def open_drop(drop: Path) -> Iterator[tuple[Fetcher, str, Path]]:
    of = source(drop)
    with fetcher(of) as opened:
        yield opened, places.folder_of(of.url), drop


def names(body: bytes) -> list[str]:
    return [row["name"] for row in json.loads(body)]


def aged(folder: Path) -> None:
    """Set all times back: what has changed just now has no validator."""
    for path in folder.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


def test_the_listing_names_files_and_folders(open_drop: tuple[Fetcher, str, Path]) -> None:
    opened, home, _ = open_drop
    response = opened.get(home)
    assert names(response.body) == ["100% #1?.csv", "Bäume.csv", "spielplätze/"]
    assert (response.status, response.media_type, response.url) == (200, "application/json", home)
    assert json.loads(response.body)[1]["size"] == len(CSV)
    links = drop_listing.read(builders.page(response.body, home, media_type=response.media_type))
    assert [opened.get(link).body for link in links[:2]] == [CSV.encode()] * 2


def test_an_unchanged_folder_is_not_listed_again(open_drop: tuple[Fetcher, str, Path]) -> None:
    opened, home, drop = open_drop
    first = opened.get(home)
    assert opened.get(home, validators=first.validators).status == 304
    (drop / "neu.csv").write_text(CSV, "utf-8")
    assert "neu.csv" in names(opened.get(home, validators=first.validators).body)


def test_an_unchanged_file_is_not_read_again(open_drop: tuple[Fetcher, str, Path], tmp_path: Path) -> None:
    opened, home, drop = open_drop
    url, target = places.below(home, "Bäume.csv"), tmp_path / "data"
    assert opened.download(url, target).validators.etag == "", "it may change once more within the same moment"
    aged(drop)
    first = opened.download(url, target)
    assert (target.read_text("utf-8"), first.validators.last_modified) == (CSV, "Tue, 14 Nov 2023 22:13:20 GMT")
    assert opened.download(url, target, validators=first.validators).status == 304
    (drop / "Bäume.csv").write_text(CSV.replace("12", "13"), "utf-8")
    os.utime(drop / "Bäume.csv", (1_700_000_001, 1_700_000_001))
    assert opened.download(url, target, validators=first.validators).status == 200


@pytest.mark.parametrize("seconds", [-3_000_000_000, 0, 1 << 36, 1 << 45])
def test_times_that_no_clock_had(open_drop: tuple[Fetcher, str, Path], seconds: int) -> None:
    opened, home, drop = open_drop
    with contextlib.suppress(OSError, OverflowError):
        os.utime(drop / "Bäume.csv", (seconds, seconds))
    assert opened.get(places.below(home, "Bäume.csv")).body == CSV.encode()
    assert "Bäume.csv" in names(opened.get(home).body)


def test_names_that_are_no_utf8_lead_to_their_files(open_drop: tuple[Fetcher, str, Path]) -> None:
    opened, home, drop = open_drop
    Path(os.fsdecode(os.fsencode(drop) + b"/Gr\xfcn.csv")).write_text("alt", "utf-8")
    page = builders.page(opened.get(home).body, home, media_type="application/json")
    (link,) = [link for link in drop_listing.read(page) if "%FC" in link]
    assert opened.get(link).body == b"alt"


@pytest.mark.parametrize(
    "path", ["../geheim/x.csv", "spielplätze/../../geheim/x.csv", "%2e%2e/geheim/x.csv", "nach-draussen.csv", "draussen/x.csv"]
)  # fmt: skip
def test_nothing_outside_is_read(open_drop: tuple[Fetcher, str, Path], path: str) -> None:
    opened, home, drop = open_drop
    (drop / "nach-draussen.csv").symlink_to(drop.parent / "geheim" / "x.csv")
    (drop / "draussen").symlink_to(drop.parent / "geheim")
    with pytest.raises(FetchError) as error:
        opened.get(home + path)
    assert error.value.code in ("bad-url", "not-allowed") and "geheim/x" not in error.value.message.de.replace(path, "")
    assert not {"nach-draussen.csv", "draussen/"} & set(names(opened.get(home).body))


def test_links_inside_lead_to_files_only(open_drop: tuple[Fetcher, str, Path]) -> None:
    opened, home, drop = open_drop
    (drop / "aktuell.csv").symlink_to("Bäume.csv")
    (drop / "kreis").symlink_to(".")
    (drop / "tot.csv").symlink_to("gibt-es-nicht.csv")
    os.mkfifo(drop / "rohr.csv")
    assert names(opened.get(home).body) == ["100% #1?.csv", "Bäume.csv", "aktuell.csv", "spielplätze/"]
    with pytest.raises(FetchError):
        opened.get(f"{home}rohr.csv")


@pytest.mark.parametrize(
    "url", ["folder:/etc/passwd", "folder:/etc/", "file:///etc/passwd", "sftp://127.0.0.1/x", "s3://b/x"]
)
def test_other_places_are_refused(open_drop: tuple[Fetcher, str, Path], url: str) -> None:
    with pytest.raises(RefusedError):
        open_drop[0].get(url)


def test_without_a_door_there_are_no_folders() -> None:
    with Fetcher(source(Path("/tmp")).network) as opened, pytest.raises(RefusedError) as error:
        opened.get("folder:/tmp/")
    assert error.value.code == "scheme"


def test_a_folder_gives_no_right_to_reach_a_host(open_drop: tuple[Fetcher, str, Path]) -> None:
    for url in ("http://127.0.0.1:1/x.csv", "http://daten.example.org/x.csv"):
        with pytest.raises(RefusedError):
            open_drop[0].get(url)


def test_what_is_missing_or_too_large_is_said(open_drop: tuple[Fetcher, str, Path]) -> None:
    opened, home, drop = open_drop
    with pytest.raises(FetchError) as error:
        opened.get(f"{home}fehlt.csv")
    assert (error.value.status, "dort liegt nichts" in error.value.message.de) == (404, True)
    with pytest.raises(FetchError):
        opened.get(places.below(home, "Bäume.csv/"))
    with pytest.raises(FetchError):
        opened.get(places.below(home, "spielplätze"))
    with fetcher(source(drop), FetchLimits(max_bytes=5)) as small:
        for name in ("", "Bäume.csv"):
            with pytest.raises(RefusedError) as refused:
                small.get(places.below(home, name))
            assert refused.value.code == "too-large"
    assert opened.probe(places.below(home, "Bäume.csv")).status == 200


def test_a_listing_becomes_datasets() -> None:
    url = "folder:/srv/ablage/"
    body = drop_listing.write(
        drop_listing.Entry(name=n) for n in ("b.csv", "a.geojson", "a.csv", "tief/", ".git/", "../x")
    )
    batch = builders.read_page(FOLDER, builders.page(body, url), source(Path("/srv/ablage")))
    assert [record.remote_id for record in batch.records] == ["a", "b"]
    assert batch.following == (f"{url}tief/",)


def test_a_data_package_in_the_folder_itself_is_named_after_the_source() -> None:
    body = b'{"resources": [{"path": "./daten/B\xc3\xa4ume 1.csv"}, {"path": "../x.csv"}, {"path": "https://amt.example/y.csv"}]}'
    batch = builders.read_page(
        FOLDER, builders.page(body, "folder:/srv/ablage/datapackage.json"), source(Path("/srv/ablage"))
    )
    (record,) = batch.records
    assert record.reading is not None
    assert (record.remote_id, record.reading.dataset.identifier) == ("da-amt", ("da-amt/da-amt",))
    assert [d.download_url for d in record.reading.dataset.distribution] == [
        ("folder:/srv/ablage/daten/B%C3%A4ume%201.csv",),
        ("https://amt.example/y.csv",),
    ]
    assert "srv" not in repr(record.reading.dataset.title)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(max_size=8) | st.integers(), lambda v: st.lists(v, max_size=4)
       | st.dictionaries(st.sampled_from(("name", "size")), v, max_size=2), max_leaves=9).map(lambda v: json.dumps(v).encode()))  # fmt: skip
@settings(deadline=None)
def test_arbitrary_listings_are_read_or_refused(body: bytes) -> None:
    try:
        batch = builders.read_page(FOLDER, builders.page(body, "folder:/srv/ablage/"), source(Path("/srv/ablage")))
        assert all(record.remote_id and record.reading for record in batch.records)
    except UnreadableError as error:
        assert error.message.de and error.message.en


def test_deep_and_long_listings() -> None:
    with pytest.raises(UnreadableError):
        drop_listing.read(builders.page(b"[" * 100_000, "folder:/srv/ablage/"))
    rows = drop_listing.write(drop_listing.Entry(name=f"{number}.csv") for number in range(MAX_ENTRIES + 1))
    batch = builders.read_page(FOLDER, builders.page(rows, "folder:/srv/ablage/"), source(Path("/srv/ablage")))
    assert (len(batch.records), batch.whole) == (MAX_ENTRIES, False)


def test_from_the_definition_to_the_public(tmp_path: Path, drop: Path) -> None:
    with homes.home(tmp_path / "home") as instance:
        (instance.config.sources / "amt.yaml").write_text(
            json.dumps(
                {
                    "id": "amt",
                    "city": "darmstadt",
                    "department": "Grünflächenamt",
                    "type": "folder",
                    "url": f"folder:{drop}",
                    "release": "at_once",
                    "defaults": {"description": "Beispieldaten.", "license": "dl-zero-de/2.0"},
                }
            ),
            "utf-8",
        )
        (of,) = instance.sources(("amt",))
        assert homes.counted(homes.harvest_and_check(instance, of)) == {"seen": 3, "created": 3}
        assert homes.published(instance) == ["100% #1?", "Bäume", "spielplätze"]
        assert all(file.state.visible for shown in homes.shown_all(instance) for file in shown.files)
        again = jobs.harvest(instance, of)
        assert (again.status, homes.counted(again)) == ("unchanged", {"seen": 3, "unchanged": 3})
        exported = homes.exported(instance, "ttl").decode()
        assert "/download/B_ume.csv" in exported
        assert "folder:" not in exported and drop.name not in exported and quote(drop.name) not in exported
