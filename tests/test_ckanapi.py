"""ckanapi, the client everybody has, against our server as it really runs."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import ports
import pytest
from demo_home import DATASETS, DemoHome

import cli

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def site(demo: DemoHome) -> Iterator[str]:
    address = f"http://127.0.0.1:{ports.free()}"
    command = [sys.executable, str(Path(cli.__file__)), "serve", "--no-jobs", "--port", address.rpartition(":")[2]]
    process = subprocess.Popen(command, env=os.environ | demo.environment, cwd=demo.path)
    try:
        wait_for(address, process)
        yield address
    finally:
        process.terminate()
        started = time.monotonic()
        process.wait(15)
        assert time.monotonic() - started < 10, "serve ends within ten seconds of SIGTERM"


def ask(site: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection(site.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def wait_for(site: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        assert process.poll() is None, "the server ended by itself"
        try:
            assert ask(site, "/ready")[0] == 200
        except ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{site} does not answer")


def ckanapi(site: str, *arguments: str) -> str:
    # Its workers are programs of their own, found by their name.
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    command = [str(BIN / "ckanapi"), *arguments, "-r", site]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("method", [[], ["-g"]])
def test_action(site: str, method: list[str]) -> None:
    found = json.loads(ckanapi(site, "action", "package_search", "q=Baum", *method))
    assert found["count"] == len(found["results"]) > 1


def test_errors_keep_their_type(site: str) -> None:
    command = [str(BIN / "ckanapi"), "action", "package_show", "id=nirgends", "-r", site]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "NotFound" in done.stderr


def test_dump_datasets(site: str) -> None:
    dumped = lines(ckanapi(site, "dump", "datasets", "--all"))
    assert len(dumped) == DATASETS
    assert len({package["id"] for package in dumped}) == DATASETS


def test_dump_organizations(site: str) -> None:
    assert [each["title"] for each in lines(ckanapi(site, "dump", "organizations", "--all"))] == [
        "Darmstadt, Amt für Wirtschaft und Stadtentwicklung",
        "Darmstadt, Büro der Stadtverordnetenversammlung",
        "Darmstadt, Dezernat Klima und Umwelt",
        "Darmstadt, Landesportal",
        "Darmstadt, Mobilitätsamt",
        "Darmstadt, Umweltamt",
        "Frankfurt am Main, Dezernat Planen und Mobilität",
        "Frankfurt am Main, Grünflächenamt",
        "Frankfurt am Main, Stadtplanungsamt",
        "Frankfurt am Main, Stadtvermessungsamt",
        "Frankfurt am Main, Straßenverkehrsamt",
        "Frankfurt am Main, Umweltamt",
        "Wiesbaden, Amt für Mobilität",
        "Wiesbaden, Amt für Statistik und Stadtforschung",
        "Wiesbaden, Dezernat Bauen und Verkehr",
        "Wiesbaden, Tiefbau- und Vermessungsamt",
        "Wiesbaden, Umweltamt",
    ]


def test_search_datasets(site: str) -> None:
    assert len(lines(ckanapi(site, "search", "datasets"))) == DATASETS
    found = lines(ckanapi(site, "search", "datasets", "fq=organization:wiesbaden-umweltamt"))
    assert len(found) == 7


def test_the_server_as_it_runs_compresses_and_revalidates(site: str) -> None:
    status, headers, body = ask(site, "/catalog.ttl", Accept_Encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip") and int(headers["content-length"]) == len(body)
    again = ask(site, "/catalog.ttl", Accept_Encoding="gzip", If_None_Match=headers["etag"])
    assert (again[0], again[2], again[1]["etag"]) == (304, b"", headers["etag"])
