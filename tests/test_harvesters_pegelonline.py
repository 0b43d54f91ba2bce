"""PEGELONLINE: stations as the API gives them become one dataset per water and quantity."""

from dataclasses import replace

import builders
import orjson
import pytest
from conformance import Told
from homes import counted, published, shown_all
from protocol_runs import damaged, defined, odd, survives, tell
from samples_pegelonline import ASKED, SAMPLE, series, station
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset
from harvesters.base import Page
from harvesters.pegelonline import MAX_STATIONS, PEGELONLINE

API = "https://pegelonline.wsv.de/webservices/rest-api/v2"
SOURCE = builders.source(f"{API}/stations.json?waters=RHEIN,MAIN", id="pegel", type="pegelonline")
CURRENT = {"timestamp": "2026-09-23T21:45:00+02:00", "value": 153.0, "stateMnwMhw": "low", "stateNswHsw": "normal"}


def page(*stations: object, query: str = "?waters=MAIN") -> Page:
    return Page(url=f"{API}/stations.json{query}", body=orjson.dumps(stations), media_type="application/json")


def datasets(*stations: object) -> dict[str, Dataset]:
    found = builders.read_page(PEGELONLINE, page(*stations), SOURCE)
    return {each.remote_id: each.reading.dataset for each in found.records if each.reading}


@pytest.mark.parametrize(
    "url, asked",
    [
        (API, "/stations.json?includeTimeseries=true&prettyprint=false"),
        (f"{API}/stations.json?waters=RHEIN,MAIN&includeTimeseries=true&includeCurrentMeasurement=true",
         "/stations.json?waters=RHEIN,MAIN&includeTimeseries=true&prettyprint=false"),
        (f"{API}/stations.json?latitude=50.0&longitude=8.3&radius=40",
         "/stations.json?latitude=50.0&longitude=8.3&radius=40&includeTimeseries=true&prettyprint=false"),
    ],
)  # fmt: skip
def test_what_is_asked_for_does_not_change_by_the_minute(url: str, asked: str) -> None:
    assert PEGELONLINE.pages(replace(SOURCE, url=url)) == (API + asked,)


def test_one_dataset_for_each_water_and_quantity() -> None:
    both = [series(), series("Q", "ABFLUSS_ROHDATEN", "m³/s")]
    found = datasets(station(timeseries=both), station(longname="RAUNHEIM"), station("RHEIN", "MAINZ"))
    assert {key: dataset.title[0].value for key, dataset in found.items()} == {
        "MAIN/Q": "Main: Abfluss",
        "MAIN/W": "Main: Wasserstand",
        "RHEIN/W": "Rhein: Wasserstand",
    }
    level = found["MAIN/W"]
    assert level.description[0].value == (
        "Wasserstand in cm an 2 Messstellen des Gewässers Main, laufend gemessene Rohdaten aus PEGELONLINE: "
        "Frankfurt Osthafen, Raunheim."
    )
    assert level.identifier == ("pegel/MAIN/W",)
    assert level.frequency.endswith("/15MIN") and level.temporal_resolution == "PT15M"
    assert level.publisher is None and not level.contact_point, "the API names neither"


def test_stations_are_files_after_the_list_with_current_values() -> None:
    now, frankfurt = datasets(station())["MAIN/W"].distribution
    assert now.access_url == (
        f"{API}/stations.json?waters=MAIN&timeseries=W&hasTimeseries=W&includeTimeseries=true&includeCurrentMeasurement=true",
    )
    assert now.format.endswith("/JSON") and now.access_service[0].endpoint_url == (API,)
    assert frankfurt.download_url == (
        f"{API}/stations/66ff3eb4-513b-478b-abd2-2f5126ea66fd/W/measurements.csv?start=P15D",
    )
    assert frankfurt.title[0].value == "Frankfurt Osthafen: Wasserstand der letzten 15 Tage"
    assert frankfurt.format.endswith("/CSV") and frankfurt.media_type.endswith("/text/csv")


def test_the_area_is_that_of_the_stations_with_a_position() -> None:
    found = datasets(station(), station(longitude=8.2, latitude=50.0), station(longitude=None), station(longitude=999))
    (place,) = found["MAIN/W"].spatial
    assert place.bbox.startswith("POLYGON ((8.2 50, 8.712559 50, ") and place.label[0].value == "Main"
    (point,) = datasets(station())["MAIN/W"].spatial
    assert (point.bbox, point.centroid) == ("", "POINT (8.712559 50.107895)")


def test_stations_that_measure_at_different_pace_have_none_in_common() -> None:
    found = datasets(station(), station(timeseries=[series(equidistance=1)]))["MAIN/W"]
    assert (found.frequency, found.temporal_resolution) == ("", "")


def test_what_nobody_listed_keeps_its_own_name() -> None:
    found = datasets(station(timeseries=[series("O2", "SAUERSTOFF_GEHALT", "mg/l")]))
    assert found["MAIN/O2"].title[0].value == "Main: Sauerstoff gehalt"


def test_more_stations_than_a_page_should_list() -> None:
    many = [station(uuid=f"u{number}", longname=f"S{number}") for number in range(MAX_STATIONS + 5)]
    (found,) = builders.read_page(PEGELONLINE, page(*many), SOURCE).records
    assert found.reading is not None and len(found.reading.dataset.distribution) == MAX_STATIONS + 1
    assert [problem.code for problem in found.reading.problems] == ["too-many"]


@pytest.mark.parametrize("change", [{"uuid": "", "number": ""}, {"water": ""}, {"timeseries": [series("")]}])
def test_what_lacks_an_id_is_left_out_by_name(change: dict[str, object]) -> None:
    good, bad = station("RHEIN", "MAINZ"), station(**change)
    records = builders.read_page(PEGELONLINE, page(good, bad), SOURCE).records
    assert sorted(each.failure is None for each in records) == [False, True]


@pytest.mark.parametrize("body", [b"", b'{"status":404,"message":"x"}', b"<!DOCTYPE html><html>", b"[1", b"null"])
def test_what_is_no_list_of_stations(body: bytes) -> None:
    for read in (lambda p: PEGELONLINE.split(p, SOURCE), PEGELONLINE.live):
        with pytest.raises(UnreadableError):
            read(replace(page(), body=body))


def test_a_changed_station_changes_the_stamp_and_a_current_value_does_not() -> None:
    def stamp(*stations: object) -> bytes:
        return next(PEGELONLINE.split(page(*stations), SOURCE).items).stamp

    assert stamp(station()) == stamp(station(timeseries=[series(currentMeasurement=CURRENT)]))
    assert stamp(station()) != stamp(station(longname="RAUNHEIM"))


def test_current_values() -> None:
    stations = [
        station(timeseries=[series(currentMeasurement=CURRENT), series("Q")]),
        station(longname="RAUNHEIM", uuid="r", timeseries=[series(currentMeasurement={**CURRENT, "value": "kaputt"})]),
    ]
    (value,) = PEGELONLINE.live(page(*stations))
    assert (value.series, value.label) == ("66ff3eb4-513b-478b-abd2-2f5126ea66fd/W", "Frankfurt Osthafen")
    assert (value.at, value.value, value.unit) == ("2026-09-23T21:45:00+02:00", 153.0, "cm")


def test_only_the_list_with_current_values_is_live() -> None:
    now, frankfurt = datasets(station())["MAIN/W"].distribution
    assert PEGELONLINE.is_live(now.access_url[0])
    assert not PEGELONLINE.is_live(frankfurt.access_url[0]) and not PEGELONLINE.is_live(SOURCE.url)


def test_damaged_answers() -> None:
    whole = page(station(timeseries=[series(currentMeasurement=CURRENT)]), station("RHEIN", "MAINZ"))
    assert survives(PEGELONLINE, whole, SOURCE, damaged(whole.body)) > 100
    assert survives(PEGELONLINE, whole, SOURCE, odd(whole.body)) > 100


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    tell(site, SAMPLE, Told("MAIN", "MAIN"), Told("RHEIN", "RHEIN"), Told("X", "X", spoilt=True))
    source = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, source)) == {"seen": 3, "created": 2, "quarantined": 1}
    assert published(instance) == ["Main: Wasserstand", "Rhein: Wasserstand"]
    assert shown_all(instance)[0].dataset.distribution[0].license.endswith("/dl-zero-de/2.0")
    assert counted(jobs.harvest(instance, source)) == {"seen": 3, "unchanged": 2, "quarantined": 1}
    assert {path for path, _ in site.seen} == {ASKED}
