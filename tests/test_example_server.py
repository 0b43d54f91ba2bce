"""The loopback server of the example departments."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest

from examples import readings
from examples.server import ROOT, Departments, start


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "departments"
    (root / "amt" / "Bäume & Büsche").mkdir(parents=True)
    (root / "amt" / "daten.csv").write_bytes("Größe\n1\n".encode("cp1252"))
    (root / "amt" / "katalog.ttl").write_text("<a> <b> <c> .\n")
    (root / "amt" / "Grünanlagen Größe.csv").write_bytes(b"a\n")
    (root / "amt" / ".versteckt").write_text("nein")
    (tmp_path / "geheim.txt").write_text("nein")
    return root


@pytest.fixture
def site(root: Path) -> Iterator[Departments]:
    with start(0, root) as departments:
        yield departments


def ask(site: Departments, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)) as connection:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/amt/daten.csv", "text/csv"),
        ("/amt/katalog.ttl", "text/turtle"),
        ("/amt/", "text/html; charset=utf-8"),
        ("/.offenbar-examples", "application/json"),
    ],
)
def test_media_types(site: Departments, path: str, media_type: str) -> None:
    status, headers, body = ask(site, path)
    assert status == 200
    assert headers["content-type"] == media_type
    assert int(headers["content-length"]) == len(body)


def test_bytes_are_served_unchanged(site: Departments) -> None:
    assert ask(site, "/amt/daten.csv")[2] == "Größe\n1\n".encode("cp1252")


def test_mark_tells_who_serves(site: Departments) -> None:
    assert json.loads(ask(site, "/.offenbar-examples")[2]) == {"examples": "offenbar"}


def test_listing_is_sorted_and_encoded(site: Departments) -> None:
    body = ask(site, "/amt/")[2].decode()
    names = ["Bäume & Büsche/", "Grünanlagen Größe.csv", "daten.csv", "katalog.ttl"]
    places = [body.index(f'href="{quote(name)}"') for name in names]
    assert places == sorted(places)
    assert "Bäume &amp; Büsche/" in body
    assert "versteckt" not in body


def test_folder_without_slash_is_redirected(site: Departments) -> None:
    status, headers, _ = ask(site, "//amt")
    assert (status, headers["location"]) == (301, "/amt/")


def test_umlaut_and_blank_in_the_path(site: Departments) -> None:
    assert ask(site, "/amt/Gr%C3%BCnanlagen%20Gr%C3%B6%C3%9Fe.csv")[::2] == (200, b"a\n")


def test_unchanged_file_answers_304(site: Departments) -> None:
    _, first, _ = ask(site, "/amt/daten.csv")
    etag, modified = first["etag"], first["last-modified"]
    assert etag.startswith('"')
    assert parsedate_to_datetime(modified).tzinfo is not None
    assert ask(site, "/amt/daten.csv", If_None_Match=etag)[::2] == (304, b"")
    assert ask(site, "/amt/daten.csv", If_None_Match=f'"other", {etag}')[0] == 304
    assert ask(site, "/amt/daten.csv", If_Modified_Since=modified)[0] == 304
    assert ask(site, "/amt/daten.csv", If_None_Match='"other"', If_Modified_Since=modified)[0] == 200
    assert ask(site, "/amt/daten.csv", If_Modified_Since="gestern")[0] == 200
    assert ask(site, "/amt/", If_None_Match=ask(site, "/amt/")[1]["etag"])[0] == 304


def test_changed_file_has_another_etag(site: Departments, root: Path) -> None:
    before = ask(site, "/amt/daten.csv")[1]["etag"]
    (root / "amt" / "daten.csv").write_bytes("Größe\n2\n".encode("cp1252"))
    status, headers, _ = ask(site, "/amt/daten.csv", If_None_Match=before)
    assert status == 200
    assert headers["etag"] != before


def test_head_sends_the_same_headers_and_no_body(site: Departments) -> None:
    status, headers, body = ask(site, "/amt/daten.csv", "HEAD")
    same = ask(site, "/amt/daten.csv")[1]
    assert (status, body) == (200, b"")
    assert {**headers, "date": ""} == {**same, "date": ""}


@pytest.mark.parametrize(
    "path",
    [
        "/../geheim.txt",
        "/amt/../../geheim.txt",
        "/%2e%2e/geheim.txt",
        "/amt/..%2f..%2fgeheim.txt",
        "/amt/.versteckt",
        "/..%5cgeheim.txt",
        "/amt/%00",
    ],
)
def test_traversal_and_hidden_files_are_refused(site: Departments, path: str) -> None:
    status, _, body = ask(site, path)
    assert status == 404
    assert b"nein" not in body


def test_link_out_of_the_root_is_refused(site: Departments, root: Path) -> None:
    (root / "amt" / "hinaus.txt").symlink_to(root.parent / "geheim.txt")
    assert ask(site, "/amt/hinaus.txt")[0] == 404


@pytest.mark.parametrize("path", ["/amt/fehlt.csv", "/amt/daten.csv/"])
def test_missing_file_answers_404(site: Departments, path: str) -> None:
    assert ask(site, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_reading_is_offered(site: Departments, method: str) -> None:
    assert ask(site, "/amt/daten.csv", method)[0] == 501


def test_connection_is_kept_until_the_server_closes(root: Path) -> None:
    site = start(0, root)
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)) as connection:
        for _ in range(2):
            connection.request("GET", "/amt/daten.csv")
            assert connection.getresponse().read()
        kept = connection.sock
        connection.request("GET", "/amt/fehlt.csv")
        assert connection.getresponse().read()
        assert connection.sock is kept
        site.close()
        with pytest.raises((http.client.HTTPException, OSError)):
            connection.request("GET", "/amt/daten.csv")
            connection.getresponse()


def test_port_in_use_is_an_error(site: Departments, root: Path) -> None:
    with pytest.raises(OSError, match=r"in use|benutzt"):
        start(site.port, root)


def test_examples_are_the_default() -> None:
    with start(0) as site:
        assert b"da-statistik/" in ask(site, "/")[2]


def test_services_answer_requests_from_a_folder(root: Path) -> None:
    (root / "amt" / "wfs").mkdir()
    (root / "amt" / "wfs" / "GetCapabilities.xml").write_text("<a href='http://127.0.0.1:8790/amt/wfs'/>")
    (root / "amt" / "wfs" / "parken.geojson").write_text("{}")
    (root / "amt" / "liste.json").write_text("[]")
    with start(0, root) as site:
        status, headers, body = ask(site, "/amt/wfs?service=WFS&request=GetCapabilities")
        assert (status, headers["content-type"]) == (200, "application/xml")
        assert f"{site.url}amt/wfs".encode() in body
        features = "/amt/wfs?service=WFS&request=GetFeature&typeNames=wi:"
        assert ask(site, f"{features}parken")[2] == b"{}"
        assert ask(site, f"{features}fehlt")[0] == ask(site, "/amt/wfs?request=Unfug")[0] == 404
        assert ask(site, f"{features}../../../geheim.txt")[0] == 404
        assert ask(site, "/amt/liste?rows=100")[::2] == (200, b"[]")


def test_the_link_behind_a_name_without_ending_stays_inside(site: Departments, root: Path) -> None:
    (root / "amt" / "hinaus.json").symlink_to(root.parent / "geheim.txt")
    assert ask(site, "/amt/hinaus")[0] == 404


def test_water_levels_are_those_of_the_moment() -> None:
    moment = datetime(2026, 11, 22, 8, 17, tzinfo=UTC)

    def levels(asked: str, at: datetime = moment) -> list[tuple[str, str, float]]:
        body = readings.answer(ROOT, "/wi-pegel/stations.json", dict(parse_qsl(asked)), at)
        assert body is not None
        series = [(station, one) for station in json.loads(body) for one in station["timeseries"]]
        current = [(station["longname"], one["currentMeasurement"]) for station, one in series]
        return [(name, measured["timestamp"], measured["value"]) for name, measured in current]

    asked = "waters=RHEIN&timeseries=WT&includeCurrentMeasurement=true"
    assert [(name, at) for name, at, _ in levels(asked)] == [
        ("BEISPIELAUE", "2026-11-22T09:15:00+01:00"),
        ("BEISPIELFÄHRE", "2026-11-22T09:15:00+01:00"),
    ]
    assert all(8 < value < 21 for *_, value in levels(asked))
    assert levels(asked) == levels(asked, moment + timedelta(minutes=12)) != levels(asked, moment + timedelta(hours=6))
    assert levels("waters=MAIN&includeCurrentMeasurement=true") == []
    assert readings.answer(ROOT, "/wi-pegel/stations.json", {"includeTimeseries": "true"}, moment) is None


def test_measurements_are_new_once_a_day_and_bicycles_are_in_docks() -> None:
    moment = datetime(2026, 3, 29, 8, 17, tzinfo=UTC)
    path = "/wi-pegel/stations/b1e1c1e0-0000-4000-8000-000000000001/{}/measurements.csv"
    table = readings.answer(ROOT, path.format("W"), {}, moment)
    assert table is not None
    lines = table.decode().splitlines()
    # The night in which the clocks went forward is over in 23 hours.
    assert lines[0] == "timestamp;value" and lines[-1].startswith("2026-03-28T23:00:00+01:00;") and len(lines) == 73
    assert table == readings.answer(ROOT, path.format("W"), {}, moment + timedelta(hours=9))
    assert readings.answer(ROOT, path.format("X"), {}, moment) is None
    status = readings.answer(ROOT, "/wi-rad/station_status.json", {}, moment)
    assert status is not None
    stations = json.loads(status)["data"]["stations"]
    assert stations and all(
        one["num_bikes_available"] + one["num_docks_available"] in (8, 10, 12, 16) for one in stations
    )
