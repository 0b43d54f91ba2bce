"""GTFS: what a feed says of itself becomes a dataset; ZIP files that are damaged or mean harm do none."""

import io
import zipfile
from dataclasses import replace

import builders
import pytest
from conformance import Told
from homes import counted, published, shown_all
from protocol_runs import damaged, defined, survives, tell
from samples_gtfs import INFO, SAMPLE, zipped
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset, Reading
from harvesters import archives
from harvesters.base import Page
from harvesters.gtfs import GTFS

URL = "https://verbund.example/gtfs/aktuell.zip"
SOURCE = builders.source(URL, id="fahrplan", type="gtfs")


def page(body: bytes) -> Page:
    return Page(url=URL, body=body, media_type="application/zip")


def reading(body: bytes, **options: str) -> Reading:
    given = replace(SOURCE, options=tuple(options.items()))
    (item,) = GTFS.split(page(body), given).items
    return GTFS.map(item, given)


def dataset(body: bytes, **options: str) -> Dataset:
    return reading(body, **options).dataset


@pytest.mark.parametrize("folder", ["", "gtfs/", "a/b/"])
def test_a_feed_in_full(folder: str) -> None:
    found = dataset(zipped(folder))
    assert found.identifier == ("fahrplan/gtfs",)
    assert found.title[0].value == "Fahrplan (GTFS): Verkehrsverbund Beispiel GmbH"
    assert found.description[0].value == (
        "Fahrplandaten im Format GTFS mit 3 Linien, 3 Haltepunkte, 2 Verkehrsunternehmen. "
        "Verkehrsunternehmen: Stadtwerke Beispielhausen, Regiobus Süd."
    )
    assert found.publisher is not None and found.publisher.homepage == "https://www.verbund.example/"
    assert found.contact_point[0].email == "gtfs@verbund.example"
    assert (found.temporal[0].start, found.temporal[0].end) == ("2026-01-01", "2026-12-12")
    assert found.version == "2026-11-20" and found.language[0].endswith("/DEU")
    assert found.spatial[0].bbox.startswith("POLYGON ((8.629 49.8728, 8.651 49.8728, ")
    (archive,) = found.distribution
    assert archive.download_url == (URL,) and archive.format.endswith("/GTFS")


def test_without_feed_info_the_tables_speak() -> None:
    found = dataset(zipped(feed_info=None))
    assert found.title[0].value == "Fahrplan (GTFS): Stadtwerke Beispielhausen, Regiobus Süd"
    assert found.publisher is None and found.version == "" and not found.contact_point
    assert (found.temporal[0].start, found.temporal[0].end) == ("2026-01-05", "2026-12-06"), (
        "an added day, no removed one"
    )
    alone = dataset(zipped(feed_info=None, agency="agency_name\nStadtwerke\n"))
    assert alone.publisher is not None and alone.publisher.name[0].value == "Stadtwerke"


def test_tables_as_some_programs_write_them() -> None:
    found = dataset(zipped(feed_info=("\ufeff" + INFO).replace("\n", "\r\n").replace(",", " , ").encode()))
    assert found.publisher is not None and found.publisher.name[0].value == "Verkehrsverbund Beispiel GmbH"
    latin = dataset(zipped(agency="agency_name\nRegiobus Süd\n".encode("latin-1"), feed_info=None))
    assert latin.title[0].value == "Fahrplan (GTFS): Regiobus S\N{REPLACEMENT CHARACTER}d"


@pytest.mark.parametrize("day", ["", "2026", "20261399", "heute", "00000000"])
def test_days_that_are_none(day: str) -> None:
    found = dataset(zipped(feed_info=None, calendar=f"start_date,end_date\n{day},{day}\n", calendar_dates=None))
    assert found.temporal == ()


def test_realtime_from_the_definition() -> None:
    found = dataset(zipped(), realtime="https://rt.example/trips.pb, https://rt.example/alerts.pb ftp://nein")
    assert [one.access_url[0] for one in found.distribution[1:]] == [
        "https://rt.example/trips.pb",
        "https://rt.example/alerts.pb",
    ]


def test_a_feed_without_any_name() -> None:
    with pytest.raises(UnreadableError, match="feed_publisher_name"):
        dataset(zipped(feed_info=None, agency="agency_id\n1\n"))


def test_a_table_that_unpacks_without_end() -> None:
    bomb = zipped(stops=b"stop_id,stop_lat,stop_lon\n" + b"0" * 50_000_000)
    assert len(bomb) < 100_000
    found = reading(bomb)
    assert "Haltepunkt" not in found.dataset.description[0].value and found.dataset.spatial == ()
    assert [problem.path for problem in found.problems] == ["stops.txt"]


def test_rows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvesters.gtfs.MAX_ROWS", 1)
    found = reading(zipped())
    assert {"routes.txt", "stops.txt"} <= {problem.path for problem in found.problems}
    assert "Linie" not in found.dataset.description[0].value and "Haltepunkt" not in found.dataset.description[0].value


def test_a_directory_without_end() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(300):
            archive.writestr(f"{'x' * 8_000}{number}", b"")
    with pytest.raises(UnreadableError, match="too large a directory"):
        GTFS.split(page(target.getvalue()), SOURCE)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Anmeldung</html>", b"PK\x05\x06", zipped()[:-30], zipped(agency=None, feed_info=None),
     b"PK\x06\x07" + b"\0" * 16 + b"PK\x05\x06" + b"\0" * 18],
)  # fmt: skip
def test_what_is_no_feed(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        GTFS.split(page(body), SOURCE)


def test_encrypted_and_unusually_packed_members_stay_closed() -> None:
    body = bytearray(zipped())
    at = body.index(b"PK\x01\x02")
    body[at + 8] |= 1
    found = reading(bytes(body))
    assert "agency.txt" in [problem.path for problem in found.problems] and found.dataset.version == "2026-11-20"
    with pytest.raises(UnreadableError):
        reading(zipped(method=zipfile.ZIP_LZMA))


def test_a_damaged_member_is_named_and_counts_nothing() -> None:
    body = bytearray(zipped(stops=b"stop_id\n" + bytes(range(32, 127)) * 3000))
    at = body.index(b"stops.txt") + 60
    body[at : at + 20] = b"\xff" * 20
    found = reading(bytes(body))
    assert [problem.path for problem in found.problems] == ["stops.txt"]


def test_two_files_of_one_name_are_none() -> None:
    target = io.BytesIO(zipped(feed_info=None, agency=None))
    with zipfile.ZipFile(target, "a") as archive:
        for folder in ("a", "b"):
            archive.writestr(f"{folder}/agency.txt", "agency_name\nX\n")
        assert archives.member(archive, "agency.txt") is None
        assert archives.member(archive, "stops.txt") is not None


def test_the_stamp_is_what_the_feed_says() -> None:
    def stamp(body: bytes) -> bytes:
        return next(GTFS.split(page(body), SOURCE).items).stamp

    assert stamp(zipped()) == stamp(zipped(stop_times="trip_id\n" * 9))
    assert stamp(zipped()) != stamp(zipped(feed_info=INFO.replace("2026-11-20", "2026-11-21")))


def test_damaged_answers() -> None:
    body = zipped()
    assert survives(GTFS, page(body), SOURCE, damaged(body)) > 20
    stored = zipped(method=zipfile.ZIP_STORED)
    survives(GTFS, page(stored), SOURCE, damaged(stored))


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    tell(site, SAMPLE, Told("gtfs", "Verkehrsverbund Beispiel GmbH"))
    source = defined(instance, site, SAMPLE, options={"realtime": "https://rt.example/trips.pb"})
    assert counted(jobs.harvest(instance, source)) == {"seen": 1, "created": 1}
    assert published(instance) == ["Fahrplan (GTFS): Verkehrsverbund Beispiel GmbH"]
    assert len(shown_all(instance)[0].dataset.distribution) == 2
    assert counted(jobs.harvest(instance, source)) == {"seen": 1, "unchanged": 1}
