"""The loopback server of the example departments."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from examples.server import Departments, start


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
