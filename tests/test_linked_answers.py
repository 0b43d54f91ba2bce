"""How linked data are answered: validators, codings, HEAD, negotiation of format and profile, and never less than the whole."""

import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ports
import pytest
import sqlalchemy as sa
import zstandard
from demo_home import DemoHome
from flask import Flask
from flask.testing import FlaskClient
from linked_pages import quads, values
from sqlalchemy import event
from test_server import answer as ask
from test_server import wait

import cli
from catalog import store
from catalog.api import answers
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import DatasetRow, Membership, Node, Rendition
from dcat.profile import DEFAULT, GOVDATA, RELEASES

SITE = "http://127.0.0.1:5000"
WITHHELD = "fledermausquartiere-in-frankfurt-am-main"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
OLD = "dcat-ap-de-2.0"
PATHS = ("/catalog.rdf", "/catalog.ttl?limit=3&page=2", "/city/frankfurt/catalog.nt", "/dataset/baumkataster-darmstadt.jsonld",
         "/dump.ttl", "/group/envi/dump.jsonld")  # fmt: skip
UNPACK = {
    "": bytes,
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def row(instance: Instance, name: str) -> DatasetRow:
    with instance.database.reading() as session:
        found = store.find_row(session, name)
        assert found is not None
        return found


@pytest.fixture
def changing(demo: DemoHome, tmp_path: Path) -> Iterator[Instance]:
    """A copy of the demonstration for tests that damage it."""
    instance = demo.copy(tmp_path / "home").open()
    yield instance
    instance.database.close()


@contextmanager
def statements(instance: Instance) -> Iterator[list[str]]:
    """Collect what is asked of the database."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            found.append(statement)

    event.listen(instance.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(instance.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", PATHS)
def test_every_coding_is_the_same_content_under_a_strong_name_of_its_own(public: FlaskClient, path: str) -> None:
    found = {coding: public.get(path, headers={"Accept-Encoding": coding} if coding else {}) for coding in UNPACK}
    plain = found[""]
    for coding, answer in found.items():
        assert answer.headers.get("Content-Encoding", "") == coding
        assert UNPACK[coding](answer.data) == plain.data
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert {"Accept-Encoding", "Accept-Profile"} <= set(answer.vary)
        assert public.get(path, headers={"Accept-Encoding": coding} if coding else {}).data == answer.data
    tags = {coding: answer.headers["ETag"] for coding, answer in found.items()}
    assert len(set(tags.values())) == 3 and not any(tag.startswith("W/") for tag in tags.values())
    for tag in (*tags.values(), f"W/{tags['gzip']}", f'"x", {tags["zstd"]}', "*"):
        for coding in ("identity", "gzip", "zstd"):
            again = public.get(path, headers={"If-None-Match": tag, "Accept-Encoding": coding})
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == tags["" if coding == "identity" else coding]
            assert set(again.vary) == set(plain.vary)
            assert "Cache-Control" in again.headers and again.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", PATHS)
def test_dates_as_validators(public: FlaskClient, path: str) -> None:
    plain = public.get(path)
    modified = plain.headers["Last-Modified"]
    for ask_for in (public.get, public.head):
        for headers, status in (
            ({"If-None-Match": '"x"'}, 200),
            ({"If-Modified-Since": modified}, 304),
            ({"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}, 200),
            ({"If-Modified-Since": modified, "If-None-Match": '"x"'}, 200),
            ({"If-Modified-Since": "gestern"}, 200),
        ):
            assert ask_for(path, headers=headers).status_code == status


@pytest.mark.parametrize("path", [*PATHS, "/catalog", "/dashboard", "/feeds/dataset.atom"])
def test_a_date_beyond_all_calendars_counts_as_not_sent(public: FlaskClient, path: str) -> None:
    headers = {"If-Modified-Since": "Mon, 01 Jan 9999999999 00:00:00 GMT", "Accept": "text/turtle;q=0.9, */*;q=0.1"}
    assert public.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip;q=0", ""), ("br", ""), ("identity", ""), ("gzip, br", "gzip"), ("GZIP", "gzip"), ("*;q=0.1", "zstd"),
     ("gzip, zstd", "zstd"), ("zstd;q=0.5, gzip", "gzip"), ("zstd;q=0, gzip;q=0.001", "gzip"), ("zstd;q=0, *;q=0.1", "gzip"),
     ("*;q=0", ""), ("gzip;q=unsinn", ""), (";;,", "")],
)  # fmt: skip
def test_compression_is_asked_for(public: FlaskClient, accepted: str, coding: str) -> None:
    assert (
        public.get("/catalog.ttl", headers={"Accept-Encoding": accepted}).headers.get("Content-Encoding", "") == coding
    )


@pytest.mark.parametrize("path", [*PATHS, "/catalog", "/"])
def test_head_is_get_without_its_body(public: FlaskClient, path: str) -> None:
    for coding in ("identity", "gzip", "zstd"):
        wanted = {"Accept": "text/turtle", "Accept-Encoding": coding}
        answer, head = public.get(path, headers=wanted), public.head(path, headers=wanted)
        assert (head.status_code, head.data) == (200, b"")
        # Its length is not known before it is made; what was made before has one.
        drop = {"X-Request-ID", "Content-Length"}
        assert {k: v for k, v in head.headers if k not in drop} == {k: v for k, v in answer.headers if k not in drop}
        assert head.headers.get("Content-Length", answer.headers["Content-Length"]) == answer.headers["Content-Length"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", PATHS)
def test_head_renders_nothing(public: FlaskClient, catalogue: Instance, path: str) -> None:
    with statements(catalogue) as asked:
        assert public.head(path).status_code == 200
    assert len(asked) <= 6
    assert not any(re.search(r"rendition\.body|node\.body|FROM node", statement) for statement in asked)
    tag = public.head(path).headers["ETag"]
    for ask_for in (public.get, public.head):
        with statements(catalogue) as asked:
            assert ask_for(path, headers={"If-None-Match": tag}).status_code == 304
        assert len(asked) <= 3


def test_head_of_what_is_not_there(public: FlaskClient) -> None:
    for path, status in (
        ("/catalog.ttl?page=2", 404),
        ("/catalog.ttl?limit=5&page=99", 404),
        ("/catalog.ttl?page=0", 400),
        ("/catalog.ttl?profile=unbekannt", 400),
        ("/dataset/nirgends.ttl", 404),
        ("/city/nirgends/dump.ttl", 404),
    ):
        assert public.get(path).status_code == public.head(path).status_code == status


def test_the_validator_follows_the_settings_it_speaks_of(demo: DemoHome, tmp_path: Path) -> None:
    home = demo.copy(tmp_path / "home")
    tags = set()
    file = home.path / "offenbar.yaml"
    for contact in ("opendata@rhein-main.example", "neu@rhein-main.example"):
        file.write_text(file.read_text("utf-8").replace("opendata@rhein-main.example", contact), encoding="utf-8")
        instance = home.open()
        tags.add(create_app(instance).test_client().get("/catalog.ttl").headers["ETag"])
        instance.database.close()
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/turtle", "text/turtle"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("application/xml", "application/rdf+xml"),
        ("text/turtle;q=0.4, application/ld+json;q=0.9", "application/ld+json"),
        ("text/turtle;q=0, application/rdf+xml;q=0.001", "application/rdf+xml"),
        ("text/html;q=0.5, text/turtle", "text/turtle"),
        ("text/turtle;q=0.5, text/html", "text/html"),
        ("text/turtle, text/html", "text/html"),
        ("text/turtle, */*;q=0.1", "text/turtle"),
        (BROWSER, "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("application/json", "text/html"),
        ("unsinn;;q=x,,", "text/html"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/catalog", "dataset"])
def test_negotiation(public: FlaskClient, catalogue: Instance, path: str, accept: str, media_type: str) -> None:
    path = f"/dataset/{row(catalogue, WITHHELD).id}" if path == "dataset" else path
    answer = public.get(path, headers={"Accept": accept}, follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    first = public.get(path, headers={"Accept": accept})
    assert "Accept" in first.vary


def test_a_page_of_a_dataset_is_data_for_programs(public: FlaskClient, catalogue: Instance) -> None:
    name = "baumkataster-darmstadt"
    by_id = public.get(f"/dataset/{row(catalogue, name).id}", headers={"Accept": "text/turtle"})
    by_name = public.get(
        f"/dataset/{name}", headers={"Accept": "text/csv, text/turtle;q=0.6, application/ld+json;q=0.3"}
    )
    assert (by_name.mimetype, by_name.data) == ("text/turtle", by_id.data)
    page = public.get(f"/dataset/{name}", headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (200, "text/html") and "Accept" in page.vary
    assert public.get("/dataset/nirgends", headers={"Accept": "text/turtle"}).status_code == 404


# As ckanext-dcat has it


@pytest.mark.parametrize("path", ["/catalog", "/dataset/baumkataster-darmstadt", "/city/frankfurt/catalog", "/dump"])
def test_notation3_is_turtle_under_its_name(public: FlaskClient, path: str) -> None:
    for ask_for in (public.get, public.head):
        answer = ask_for(f"{path}.n3")
        assert (answer.status_code, answer.mimetype) == (200, "text/n3")
    assert public.get(f"{path}.n3").data == public.get(f"{path}.ttl").data
    assert public.get(f"{path}.ttl").mimetype == "text/turtle"


def test_profiles_in_the_words_of_ckan(public: FlaskClient) -> None:
    path = "/dataset/baumkataster-darmstadt"
    plain = public.get(f"{path}.jsonld").data
    for name in ("euro_dcat_ap", "euro_dcat_ap_3", "euro_dcat_ap_2,schemaorg", "dcatap_de euro_dcat_ap_3", " "):
        assert public.get(f"{path}.jsonld", query_string={"profiles": name}).data == plain
    for name, ours in (("schemaorg", "schema.org"), ("croissant", "croissant")):
        told = public.get(f"{path}.jsonld?profiles={name}")
        assert told.status_code == 200 and told.data == public.get(f"{path}.jsonld?profile={ours}").data != plain
    assert public.get(f"{path}.ttl?profiles=schemaorg").status_code == 406
    for address in (f"{path}.jsonld", "/catalog.jsonld", "/dump.ttl"):
        wrong = public.get(address, query_string={"profiles": "euro_dcat_ap_3,nichts"})
        assert wrong.status_code == 409 and wrong.get_data(as_text=True) == "Unknown RDF profiles: nichts\n"


def test_croissant_has_an_address_of_its_own(public: FlaskClient) -> None:
    path = "/dataset/baumkataster-darmstadt"
    answer = public.get(f"{path}/croissant.jsonld")
    assert answer.status_code == 200 and answer.data == public.get(f"{path}.jsonld?profile=croissant").data
    assert public.get("/dataset/nirgends/croissant.jsonld").status_code == 404


@pytest.mark.parametrize(
    ("path", "page"),
    [("/city/frankfurt/catalog", "/city/frankfurt"), ("/group/ENVI/catalog", "/group/envi"), ("/catalog-hvd", "/dataset"),
     ("/organization/wiesbaden-umweltamt/catalog", "/organization/wiesbaden-umweltamt")],
)  # fmt: skip
def test_the_uri_of_every_part_leads_to_its_description(public: FlaskClient, path: str, page: str) -> None:
    answer = public.get(path, headers={"Accept": "text/turtle"})
    assert (answer.status_code, answer.mimetype) == (200, "text/turtle")
    about = [
        q.subject.value for q in quads(answer.data, "ttl") if q.object.value == "http://www.w3.org/ns/dcat#Catalog"
    ]
    assert about == [f"{SITE}{path.replace('ENVI', 'envi')}"]
    browser = public.get(path, headers={"Accept": BROWSER})
    assert (browser.status_code, browser.headers["Location"]) == (302, page)
    assert public.get(page).status_code == 200
    assert "Accept" in answer.vary and "Accept" in browser.vary
    assert public.get("/city/nirgends/catalog", headers={"Accept": "text/turtle"}).status_code == 404


def test_a_browser_is_led_to_the_page(public: FlaskClient, catalogue: Instance) -> None:
    answer = public.get(f"/dataset/{row(catalogue, WITHHELD).id}", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/dataset/{WITHHELD}")
    assert public.get("/catalog", headers={"Accept": BROWSER}).headers["Location"] == "/dataset"


@pytest.mark.parametrize(
    "path", ["/catalog.ttl", "/dump.ttl", "/dataset/baumkataster-darmstadt.ttl", "/city/frankfurt/catalog.ttl"]
)
def test_profiles_by_address(public: FlaskClient, path: str) -> None:
    plain = public.get(path)
    named = {release: public.get(path, query_string={"profile": release}) for release in RELEASES}
    assert named[DEFAULT].data == plain.data
    assert len({answer.headers["ETag"] for answer in named.values()}) == 3
    for release, uri in RELEASES.items():
        assert named[release].headers["Link"] == f'<{uri}>; rel="profile"'
        assert named[release].headers["Content-Profile"] == f"<{uri}>"
        assert set(values(named[release].data, "dcterms:conformsTo")) >= {uri}
    assert public.get(path, query_string={"profile": RELEASES[OLD]}).data == named[OLD].data
    assert public.get(path, query_string={"profile": RELEASES[DEFAULT]}).data == plain.data
    if "dataset" not in path:
        assert (
            b"dcatde:politicalGeocodingURI" in named[GOVDATA].data and b"dcatde:politicalGeocodingURI" not in plain.data
        )
    assert public.get(path, query_string={"profile": "unbekannt"}).status_code == 400
    for link in values(public.get("/catalog.ttl?limit=5&profile=" + OLD).data, "hydra:next"):
        assert f"profile={OLD}" in link


@pytest.mark.parametrize(
    ("accepted", "release"),
    [
        (f"<{RELEASES[OLD]}>", OLD),
        (f"<{RELEASES[OLD]}>;q=0.4, <{RELEASES[DEFAULT]}>;q=0.9", DEFAULT),
        (f"<{RELEASES[OLD]}>; q=0.9, <{RELEASES[DEFAULT]}>; q=0.4", OLD),
        (f"<https://profil.example/>, <{RELEASES[OLD]}>;q=0.1", OLD),
        (f"<{RELEASES[OLD]}>;q=0", DEFAULT),
        (f"<{RELEASES[OLD]}>;q=0.000", DEFAULT),
        ("<https://profil.example/>", DEFAULT),
        ("unsinn <<>>;q=,,", DEFAULT),
        ("", DEFAULT),
        (f"<{RELEASES[OLD]}>;q=0.5" + ", <https://profil.example/>" * 5000, OLD),
    ],
)
@pytest.mark.parametrize("path", ["/catalog.ttl", "/", "/dump.nt"])
def test_profiles_by_header(public: FlaskClient, path: str, accepted: str, release: str) -> None:
    answer = public.get(path, headers={"Accept-Profile": accepted, "Accept": "text/turtle"})
    assert answer.headers["Content-Profile"] == f"<{RELEASES[release]}>"
    assert "Accept-Profile" in answer.vary
    # The address says more than the header.
    told = public.get(
        path, query_string={"profile": GOVDATA}, headers={"Accept-Profile": accepted, "Accept": "text/turtle"}
    )
    assert told.headers["Content-Profile"] == f"<{RELEASES[GOVDATA]}>"


@pytest.mark.parametrize("lost", ["form", "node"])
def test_never_less_than_the_whole(changing: Instance, lost: str) -> None:
    client = create_app(changing).test_client()
    with changing.database.writing() as session:
        found = session.scalars(
            sa.select(Membership.dataset_id).where(Membership.scope == "").order_by(Membership.dataset_id)
        )
        one = found.all()[7]
        if lost == "form":
            session.execute(sa.delete(Rendition).where(Rendition.dataset_id == one, Rendition.format == "ttl"))
        else:
            session.execute(sa.delete(Node).where(Node.format == "ttl", Node.uri.contains("/licenses/")))
    paths = ("/catalog.ttl", "/catalog.ttl?limit=5&page=2", "/dump.ttl", f"/dataset/{one}.ttl")
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert int(answer.headers["Retry-After"]) > 0 and "no-store" in answer.headers["Cache-Control"]
        assert "ETag" not in answer.headers
        if lost == "form":
            assert client.head(path).status_code == 503
    for path in ("/catalog.rdf", "/dump.nt"):
        assert client.get(path).status_code == 200
    if lost == "form":
        assert client.get("/catalog.ttl?limit=5").status_code == 200, "other pages can be had"
        known = client.get("/catalog.rdf").headers["ETag"]
        assert client.get("/catalog.rdf", headers={"If-None-Match": known}).status_code == 304


def test_a_body_that_breaks_off_is_no_answer(application: Flask, tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * 200_000
        raise OSError("gone")

    for coding in ("", "gzip", "zstd"):
        headers = {"Accept-Encoding": coding} if coding else {}
        with application.test_request_context(headers=headers), pytest.raises(OSError, match="gone"):
            answers.spooled(pieces(), tmp_path, "text/plain", "tag", None)
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


@pytest.fixture
def port() -> int:
    return ports.free()


@contextmanager
def served(home: DemoHome, port: int) -> Iterator[None]:
    command = [sys.executable, cli.__file__, "serve", "--port", str(port), "--no-jobs"]
    environment = home.environment | {"PATH": os.environ["PATH"]}
    with subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL) as process:
        try:
            assert wait(lambda: ask(port, "/health")[0] == 200), "the server does not start"
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def raw(port: int, request: str) -> tuple[bytes, bytes]:
    """Send a request as it stands; gives head and body as they come over the line until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(f"{request}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.slow
def test_over_the_line_a_document_is_whole_or_an_error(demo: DemoHome, tmp_path: Path, port: int) -> None:
    home = demo.copy(tmp_path / "home")
    instance = home.open()
    with served(home, port):
        whole = {}
        for path in ("/dump.ttl", "/dump.nt", "/city/frankfurt/dump.rdf", "/catalog.ttl"):
            head, body = raw(port, f"GET {path} HTTP/1.1")
            assert head.startswith(b"HTTP/1.1 200") and b"transfer-encoding" not in head.lower()
            (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
            assert int(length) == len(body)
            whole[path] = quads(body, path.rpartition(".")[2])
            head, body = raw(port, f"HEAD {path} HTTP/1.1")
            assert head.startswith(b"HTTP/1.1 200") and body == b""
            old, rest = raw(port, f"GET {path} HTTP/1.0")
            assert b" 200" in old.splitlines()[0] and quads(rest, path.rpartition(".")[2]) == whole[path]
        with instance.database.writing() as session:
            # Not missing but damaged, in the middle: it shows when it is read.
            ids = session.scalars(
                sa.select(Membership.dataset_id).where(Membership.scope == "").order_by(Membership.dataset_id)
            )
            damaged = sa.update(Rendition).where(Rendition.dataset_id == ids.all()[9])
            session.execute(damaged.values(body=b"kein zstd"))
        for path in ("/dump.ttl", "/dump.nt", "/catalog.ttl?limit=17"):
            for version in ("1.1", "1.0"):
                for coding in ("identity", "gzip", "zstd"):
                    head, body = raw(port, f"GET {path} HTTP/{version}\r\nAccept-Encoding: {coding}")
                    assert b" 500" in head.splitlines()[0], (path, head)
                    assert b"Traceback" not in body and b"zstd" not in body
        assert ask(port, "/health") == (200, b"ok\n")
    instance.database.close()


@pytest.mark.slow
def test_over_the_line_a_connection_goes_on(demo: DemoHome, port: int) -> None:
    with served(demo, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(3):
            for method, path in (
                ("HEAD", "/dump.ttl"),
                ("GET", "/dump.ttl"),
                ("HEAD", "/catalog.rdf"),
                ("GET", "/catalog.rdf"),
            ):
                connection.request(method, path)
                answer = connection.getresponse()
                assert answer.status == 200 and bool(answer.read()) is (method == "GET")
        connection.close()


def test_a_profile_release_as_shapes(public: FlaskClient) -> None:
    answer = public.get("/profile/dcat-ap-de-3.0/shapes.ttl")
    assert answer.status_code == 200 and answer.mimetype == "text/turtle"
    assert b"sh:NodeShape" in answer.data
    again = public.get("/profile/dcat-ap-de-3.0/shapes.ttl", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert public.get("/profile/dcat-ap-9/shapes.ttl").status_code == 404
