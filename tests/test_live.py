"""Current values: fetched when due, kept when the source fails, shown as numbers, charts and JSON, and never of what is withheld."""

import datetime
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import databases
import homes
import orjson
import pytest
import sqlalchemy as sa
from conformance import Told
from flask.testing import FlaskClient
from homes import withhold
from protocol_runs import defined, tell
from samples_pegelonline import ROOT, SAMPLE, series, station
from source_site import Site

from catalog import jobs, live_reading
from catalog.app import create_app
from catalog.db import now
from catalog.instance import Instance
from catalog.live import Watch
from catalog.models import LiveFile, LiveValue
from catalog.web.charts import chart
from harvesters.source import Source

LIST = f"{ROOT}/stations.json?waters=MAIN&timeseries=W&hasTimeseries=W&includeTimeseries=true&includeCurrentMeasurement=true"
BERLIN = datetime.timezone(datetime.timedelta(hours=1))


def ago(minutes: float) -> str:
    return (now() - datetime.timedelta(minutes=minutes)).astimezone(BERLIN).isoformat(timespec="seconds")


def measured(value: Any, at: str, uuid: str = "m-1", name: str = "FRANKFURT OSTHAFEN") -> dict[str, Any]:
    current = {"timestamp": at, "value": value, "stateMnwMhw": "normal"}
    return station(longname=name, uuid=uuid, timeseries=[series(currentMeasurement=current)])


def put(site: Site, *stations: dict[str, Any], **fields: Any) -> None:
    site.put(LIST, orjson.dumps(stations), "application/json", **fields)


@pytest.fixture
def source(instance: Instance, site: Site) -> Source:
    tell(site, SAMPLE, Told("MAIN", "MAIN"))
    source = defined(instance, site, SAMPLE)
    jobs.harvest(instance, source)
    site.statuses()
    return source


@pytest.fixture
def watch(instance: Instance, source: Source) -> Watch:
    return Watch(instance)


@pytest.fixture
def client(instance: Instance) -> Iterator[FlaskClient]:
    yield create_app(instance).test_client()


def address(instance: Instance, position: int = 0) -> str:
    (shown,) = homes.shown_all(instance)
    return f"/dataset/{shown.name}/{shown.files[position].id}"


def make_due(instance: Instance) -> None:
    with instance.database.writing() as session:
        session.execute(sa.update(LiveFile).values(due_at=now()))


def again(instance: Instance, watch: Watch) -> int:
    make_due(instance)
    return watch.catch_up()


def stored(instance: Instance) -> list[tuple[str, float]]:
    with instance.database.reading() as session:
        query = sa.select(LiveValue.series, LiveValue.value).order_by(LiveValue.series, LiveValue.at)
        return [(name, value) for name, value in session.execute(query)]


def test_only_live_distributions_are_asked_and_only_when_due(instance: Instance, site: Site, watch: Watch) -> None:
    put(site, measured(153, ago(3)))
    assert watch.catch_up() == 1
    assert [path for path, _ in site.seen] == [LIST]
    assert stored(instance) == [("m-1/W", 153.0)]
    assert watch.catch_up() == 0


def test_the_server_is_asked_whether_anything_changed(instance: Instance, site: Site, watch: Watch) -> None:
    put(site, measured(153, ago(3)))
    watch.catch_up()
    again(instance, watch)
    assert site.statuses() == [200, 304]
    assert stored(instance) == [("m-1/W", 153.0)]


def test_the_newest_of_each_series_are_kept(instance: Instance, site: Site, watch: Watch) -> None:
    defined(instance, site, SAMPLE, live={"every": "5m", "keep": 3})
    for step in range(5):
        put(site, measured(step, ago(50 - step)), measured(100 + step, ago(50 - step), "m-2"))
        again(instance, watch)
    assert stored(instance) == [(f"m-{n}/W", v + s) for n, v in ((1, 0.0), (2, 100.0)) for s in (2, 3, 4)]


@pytest.mark.parametrize("kind", databases.KINDS)
def test_every_database_keeps_them(kind: str, tmp_path: Path, site: Site) -> None:
    tell(site, SAMPLE, Told("MAIN", "MAIN"))
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        jobs.harvest(instance, defined(instance, site, SAMPLE, live={"every": "5m", "keep": 2}))
        watch = Watch(instance)
        for minutes, value in ((40, 1), (20, 2), (20, 3), (10, 4)):
            put(site, measured(value, ago(minutes)), measured(value, ago(5), "m-2"))
            again(instance, watch)
        assert stored(instance)[:2] == [("m-1/W", 3.0), ("m-1/W", 4.0)]


def test_a_corrected_value_replaces_the_one_of_its_time(instance: Instance, site: Site, watch: Watch) -> None:
    at = ago(10)
    for value in (153, 154):
        put(site, measured(value, at))
        again(instance, watch)
    assert stored(instance) == [("m-1/W", 154.0)]


@pytest.mark.parametrize("at", ["", "gestern", "2026-11-22T06:45:00", "9999-12-31T23:59:59+01:00", "0001-01-01T00:00:00+14:00"])  # fmt: skip
def test_a_value_without_a_usable_time_is_none(instance: Instance, site: Site, watch: Watch, at: str) -> None:
    put(site, measured(1, at, "m-0"), measured(153, ago(3)))
    watch.catch_up()
    assert stored(instance) == [("m-1/W", 153.0)]


@pytest.mark.parametrize(
    "broken, words",
    [
        ({"body": b"kaputt", "status": 500}, "500"),
        ({"body": b"<!doctype html><html>Anmeldung</html>"}, "Webseite statt mit JSON"),
        ({"body": b"[]"}, "nennt keinen Wert"),
    ],
)
def test_a_failure_keeps_the_last_good_values_and_says_why(
    instance: Instance, site: Site, watch: Watch, client: FlaskClient, broken: dict[str, Any], words: str
) -> None:
    put(site, measured(153, ago(3)))
    watch.catch_up()
    site.change(LIST, **broken)
    again(instance, watch)
    assert stored(instance) == [("m-1/W", 153.0)]
    page = client.get(address(instance)).text
    assert "Die Werte konnten zuletzt nicht geholt werden" in page and words in page
    assert "Gezeigt werden die letzten guten Werte." in page and "153" in page
    failure = client.get(f"{address(instance)}/live.json").get_json()["failure"]
    assert words in failure["de"] and failure["at"].endswith("Z")
    put(site, measured(160, ago(1)))
    again(instance, watch)
    assert "nicht geholt" not in client.get(address(instance)).text


def test_the_page_shows_value_time_and_course(
    instance: Instance, site: Site, watch: Watch, client: FlaskClient
) -> None:
    for minutes, value in ((18, 1152.5), (3, 1153.75)):
        put(site, measured(value, ago(minutes)))
        again(instance, watch)
    page = client.get(address(instance)).text
    assert "1.153,75\N{NO-BREAK SPACE}cm" in page and "vor 3 Minuten" in page
    assert '<title id="course-1-title">Verlauf: Frankfurt Osthafen</title>' in page
    assert "Zwischen 1.152,5\N{NO-BREAK SPACE}cm und 1.153,75\N{NO-BREAK SPACE}cm, vom " in page
    assert page.count("<polyline") == 1 and "Verlauf als Tabelle" in page
    english = client.get(f"{address(instance)}?lang=en").text
    assert "1,153.75\N{NO-BREAK SPACE}cm" in english and "3 minutes ago" in english


def test_of_many_series_the_reader_chooses(instance: Instance, site: Site, watch: Watch, client: FlaskClient) -> None:
    for minutes in (18, 3):
        put(site, *[measured(n, ago(minutes), f"m-{n}", f"PEGEL {n}") for n in range(6)])
        again(instance, watch)
    assert client.get(address(instance)).text.count("<polyline") == 3
    chosen = client.get(f"{address(instance)}?series=m-5/W").text
    assert re.findall("Verlauf: (Pegel .)<", chosen) == ["Pegel 5"]
    assert client.get(f"{address(instance)}?series=<script>").text.count("<polyline") == 3


def test_old_values_are_called_so(instance: Instance, site: Site, watch: Watch, client: FlaskClient) -> None:
    put(site, measured(153, ago(60 * 24 * 5)))
    watch.catch_up()
    page = client.get(address(instance)).text
    assert "vor 5 Tagen" in page and "(nicht mehr aktuell)" in page and "Manche Werte sind nicht mehr aktuell" in page


def test_when_a_series_is_overdue() -> None:
    at = now()
    every = [at - datetime.timedelta(minutes=15 * n) for n in range(10, 0, -1)]
    assert not live_reading.overdue(every, at)
    assert not live_reading.overdue(every, every[-1] + datetime.timedelta(minutes=59))
    assert live_reading.overdue(every, every[-1] + datetime.timedelta(minutes=61))
    daily = [at - datetime.timedelta(days=n) for n in range(10, 0, -1)]
    assert not live_reading.overdue(daily, at + datetime.timedelta(days=1))
    assert not live_reading.overdue([at], at + datetime.timedelta(hours=23))
    assert live_reading.overdue([at], at + datetime.timedelta(hours=25))


def test_the_values_as_json(instance: Instance, site: Site, watch: Watch, client: FlaskClient) -> None:
    at = ago(3)
    put(site, measured(153, at))
    watch.catch_up()
    answer = client.get(f"{address(instance)}/live.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and answer.mimetype == "application/json"
    content = answer.get_json()
    (found,) = content["series"]
    assert (found["id"], found["label"], found["unit"]) == ("m-1/W", "Frankfurt Osthafen", "cm")
    assert [value["value"] for value in found["values"]] == [153.0]
    moment = datetime.datetime.fromisoformat(found["values"][0]["at"])
    assert moment == datetime.datetime.fromisoformat(at)
    assert content["failure"] is None and content["fetched_at"].endswith("Z")


@pytest.mark.parametrize("name", ["Unsinn/live.json", "{station}/live.json"])
def test_what_has_no_values_has_no_json(instance: Instance, watch: Watch, client: FlaskClient, name: str) -> None:
    assert client.get("/dataset/weg/x/live.json").status_code == 404
    assert client.get(f"{address(instance, 1)}/live.json").status_code == 404
    assert client.get(f"{address(instance).rsplit('/', 1)[0]}/{name}").status_code == 404


def test_before_the_first_values(instance: Instance, site: Site, watch: Watch, client: FlaskClient) -> None:
    assert "Aktuelle Werte" not in client.get(address(instance)).text
    site.put(LIST, b"", "application/json", status=503)
    watch.catch_up()
    page = client.get(address(instance)).text
    assert "nicht geholt" in page and "letzten guten" not in page


def test_nothing_is_shown_or_fetched_of_what_is_withheld(
    instance: Instance, site: Site, watch: Watch, source: Source, client: FlaskClient
) -> None:
    put(site, measured(153, ago(3)))
    watch.catch_up()
    shown = address(instance)
    withhold(instance, source.id, "MAIN/W")
    jobs.refresh(instance, source)
    assert client.get(f"{shown}/live.json").status_code == 404
    assert "153" not in client.get(shown).text and "Aktuelle Werte" not in client.get(shown).text
    site.statuses()
    assert again(instance, watch) == 0 and site.statuses() == []
    assert stored(instance) == []


def test_what_comes_back_is_fetched_anew(instance: Instance, site: Site, watch: Watch, source: Source) -> None:
    put(site, measured(153, ago(3)))
    watch.catch_up()
    withhold(instance, source.id, "MAIN/W")
    jobs.refresh(instance, source)
    watch.catch_up()
    assert stored(instance) == []
    (instance.config.policies / "darmstadt.yaml").unlink()
    jobs.refresh(instance, source)
    watch.catch_up()
    assert stored(instance) == [("m-1/W", 153.0)], "not 304, which would leave it empty"


def test_a_source_that_is_no_longer_live_loses_its_values(
    instance: Instance, site: Site, watch: Watch, client: FlaskClient
) -> None:
    put(site, measured(153, ago(3)))
    watch.catch_up()
    defined(instance, site, SAMPLE, live={"keep": 5})
    assert watch.catch_up() == 0 and stored(instance) == []
    assert "Aktuelle Werte" not in client.get(address(instance)).text


def test_the_job_process_fetches_them(instance: Instance, site: Site, source: Source) -> None:
    put(site, measured(153, ago(3)))
    stop = threading.Event()
    work = threading.Thread(target=jobs.work, args=(instance, homes.look, stop, 0.05))
    work.start()
    try:
        deadline = time.monotonic() + 60
        while not stored(instance) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        stop.set()
        work.join()
    assert stored(instance) == [("m-1/W", 153.0)]


def test_a_definition_that_cannot_be_used_stops_no_other(instance: Instance, site: Site, watch: Watch) -> None:
    (instance.config.sources / "kaputt.yaml").write_text("id: [", encoding="utf-8")
    put(site, measured(153, ago(3)))
    assert watch.catch_up() == 1


def test_more_series_than_are_kept(
    instance: Instance, site: Site, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.live.MAX_SERIES", 2)
    put(site, *[measured(n, ago(3), f"m-{n}") for n in range(4)])
    watch.catch_up()
    assert stored(instance) == [("m-0/W", 0.0), ("m-1/W", 1.0)]


@pytest.mark.parametrize("values", [[1.0], [5.0, 5.0], [0.0, 1e308, -1e308], [-1e-9, 1e-9], [1.0] * 500])
def test_charts_stay_inside_their_box(instance: Instance, values: list[float]) -> None:
    at = now()
    points = tuple(
        live_reading.Point(at - datetime.timedelta(minutes=n), v) for n, v in reversed(list(enumerate(values)))
    )
    with create_app(instance).test_request_context("/"):
        drawn = chart(live_reading.Series(id="s", label="", unit="", points=points))
    if len(values) == 1:
        assert drawn is None
        return
    assert drawn is not None and drawn.title == "Verlauf: s"
    placed = [tuple(map(float, pair.split(","))) for pair in drawn.line.split()]
    assert all(76 <= x <= 628 and 12 <= y <= 152 for x, y in placed)
