"""SensorThings: observed properties become datasets, page after page; the newest observations become current values."""

from dataclasses import replace
from typing import Any

import builders
import pytest
from conformance import Told
from homes import counted, published
from protocol_runs import damaged, defined, odd, survives, tell
from samples_sensorthings import SAMPLE, answer, asked, datastream, observed
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset
from harvesters.base import Batch, Page
from harvesters.sensorthings import SENSORTHINGS

ROOT = "https://sensoren.example/v1.1"
SOURCE = builders.source(f"{ROOT}/", id="luft", type="sensorthings")


def page(body: bytes, skip: int = 0) -> Page:
    return Page(url="https://sensoren.example" + asked(skip), body=body, media_type="application/json")


def split(*found: Any, skip: int = 0, **fields: Any) -> Batch:
    return SENSORTHINGS.split(page(answer(*found, **fields), skip), SOURCE)


def dataset(**fields: Any) -> Dataset:
    (item,) = split(observed(**fields)).items
    return SENSORTHINGS.map(item, SOURCE).dataset


def test_where_it_begins() -> None:
    assert SENSORTHINGS.pages(SOURCE) == ("https://sensoren.example" + asked(),)


@pytest.mark.parametrize(
    "came, skip, total, following, next_skip",
    [
        (2, 0, 5, "http://intern:8080/FROST/v1.1/ObservedProperties?$skip=2", 2),
        (2, 2, 5, "", 4),
        (1, 4, 5, "", None),
        (2, 0, None, "https://sensoren.example/v1.1/ObservedProperties?$skip=50", 2),
        (2, 0, None, "", None),
        (0, 0, 0, "", None),
    ],
)
def test_the_next_page_begins_after_what_came(
    came: int, skip: int, total: int | None, following: str, next_skip: int | None
) -> None:
    batch = split(*[observed(n) for n in range(came)], skip=skip, total=total, following=following)
    assert batch.following == (("https://sensoren.example" + asked(next_skip),) if next_skip else ())
    assert batch.total == total and batch.whole


def test_an_empty_page_before_the_end_proves_nothing() -> None:
    batch = split(skip=2, total=5)
    assert not batch.whole and batch.following == ()
    assert "erst 2 von 5" in batch.problems[0].message.de


def test_an_observed_property_in_full() -> None:
    found = dataset(Datastreams=[datastream(), datastream(observedArea={"type": "Point", "coordinates": [8.7, 49.9]},
                    phenomenonTime="2019-05-02T00:00:00Z/2020-01-01T00:00:00Z")],
                    **{"Datastreams@iot.count": 2})  # fmt: skip
    assert found.identifier == ("luft/7",) and found.title[0].value == "Lufttemperatur"
    assert found.description[0].value == "Lufttemperatur in zwei Metern Höhe\n\n2 Messreihen. Einheit: °C."
    assert found.spatial[0].bbox.startswith("POLYGON ((8.65 49.87, 8.7 49.87, ")
    assert (found.temporal[0].start, found.temporal[0].end) == ("2019-05-02", "2026-11")
    assert found.page == ("http://vocab.nerc.ac.uk/standard_name/air_temperature/",)
    assert found.publisher is None


def test_of_a_sample_of_the_series_only_their_number_is_said() -> None:
    found = dataset(**{"Datastreams@iot.count": 1562})
    assert found.description[0].value.endswith("\n\n1562 Messreihen.")
    assert found.spatial == () and found.temporal == ()


def test_its_distributions() -> None:
    now, stations, newest = dataset().distribution
    assert now.access_url == (
        f"{ROOT}/ObservedProperties(7)/Datastreams?$count=true&$top=100&$expand=Thing($select=name),"
        "Observations($select=phenomenonTime,result;$orderby=phenomenonTime%20desc;$top=1)",
    )
    assert stations.access_url[0].endswith("/Datastreams?$expand=Thing($expand=Locations)")
    assert newest.access_url == (
        f"{ROOT}/Observations?$filter=Datastream/ObservedProperty/id%20eq%207&$orderby=phenomenonTime%20desc&$top=1000",
    )
    assert now.access_service[0].endpoint_url == (ROOT,) and newest.format.endswith("/JSON")
    assert SENSORTHINGS.is_live(now.access_url[0])
    assert not SENSORTHINGS.is_live(stations.access_url[0]) and not SENSORTHINGS.is_live(newest.access_url[0])


def test_tables_where_the_definition_says_that_the_server_gives_them() -> None:
    (item,) = split(observed()).items
    *_, newest = SENSORTHINGS.map(item, replace(SOURCE, options=(("csv", "True"),))).dataset.distribution
    assert newest.download_url[0].endswith("&$resultFormat=csv") and newest.format.endswith("/CSV")


@pytest.mark.parametrize("known, key", [("a'b", "('a''b')"), ("x y/z", "('x%20y%2Fz')")])
def test_ids_that_are_texts(known: str, key: str) -> None:
    assert key in dataset(id=known).distribution[0].access_url[0]


@pytest.mark.parametrize("fields", [{"id": None}, {"name": ""}, {"name": None}, {"id": True}])
def test_without_id_or_name(fields: dict[str, Any]) -> None:
    records = builders.read_page(SENSORTHINGS, page(answer(observed(**fields), observed(8))), SOURCE).records
    assert [each.failure is None for each in records] == [False, True]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"value": 7}', b"<!doctype html><html>", b'{"code":404}'])
def test_what_is_no_sensorthings(body: bytes) -> None:
    for read in (lambda p: SENSORTHINGS.split(p, SOURCE), SENSORTHINGS.live):
        with pytest.raises(UnreadableError):
            read(page(body))


def test_a_new_measurement_leaves_the_stamp_and_a_new_series_does_not() -> None:
    def stamp(**fields: Any) -> bytes:
        return next(split(observed(**fields)).items).stamp

    later = datastream(phenomenonTime="2021-03-01T00:00:00Z/2026-11-22T07:00:00Z")
    assert stamp() == stamp(Datastreams=[later])
    assert stamp() != stamp(Datastreams=[later, later])


@pytest.mark.parametrize(
    "result, at, expected",
    [
        (12.5, "2026-11-22T06:45:00.000Z", ("2026-11-22T06:45:00.000Z", 12.5)),
        (-3, "2026-11-22T06:00:00Z/2026-11-22T06:45:00Z", ("2026-11-22T06:45:00Z", -3.0)),
        ("an", "2026-11-22T06:45:00Z", None),
        ({"x": 1}, "2026-11-22T06:45:00Z", None),
        (None, "2026-11-22T06:45:00Z", None),
        (True, "2026-11-22T06:45:00Z", None),
        (1, None, None),
    ],
)
def test_current_values(result: Any, at: Any, expected: tuple[str, float] | None) -> None:
    series = datastream(**{
        "@iot.id": 12, "name": "Reihe 12", "Thing": {"name": "Station Nord"},
        "Observations": [{"phenomenonTime": at, "result": result}],
    })  # fmt: skip
    found = SENSORTHINGS.live(page(answer(series, datastream(**{"@iot.id": 13, "Observations": []}))))
    assert [(v.series, v.at, v.value, v.unit, v.label) for v in found] == (
        [("12", *expected, "°C", "Station Nord")] if expected else []
    )


def test_damaged_answers() -> None:
    body = answer(observed(), observed("a"), total=3, following="x")
    assert survives(SENSORTHINGS, page(body), SOURCE, damaged(body)) > 100
    series = answer(datastream(**{"@iot.id": 1, "Observations": [{"phenomenonTime": "2026-11-22", "result": 1}]}))
    survives(SENSORTHINGS, page(series), SOURCE, damaged(series))
    assert survives(SENSORTHINGS, page(body), SOURCE, odd(body)) > 100
    survives(SENSORTHINGS, page(series), SOURCE, odd(series))


def test_a_geometry_without_end() -> None:
    deep: Any = [8, 49]
    for _ in range(200):
        deep = [deep]
    assert dataset(Datastreams=[datastream(observedArea={"coordinates": deep})]).spatial == ()
    many = [[8 + n / 1e6, 49] for n in range(30_000)]

    assert dataset(Datastreams=[datastream(observedArea={"coordinates": many})]).spatial


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    told = [Told("1", "Lufttemperatur"), Told("2", "Luftdruck"), Told("3", "x", spoilt=True), Told("4", "Feinstaub")]
    tell(site, SAMPLE, *told)
    source = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, source)) == {"seen": 4, "created": 3, "quarantined": 1}
    assert published(instance) == ["Feinstaub", "Luftdruck", "Lufttemperatur"]
    assert counted(jobs.harvest(instance, source)) == {"seen": 4, "unchanged": 3, "quarantined": 1}
