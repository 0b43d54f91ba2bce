"""File drops on SFTP servers: a real server on loopback, its key, our login, its files and its moods."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import homes
import pytest
import sftp_site
from sftp_site import PASSWORD, USER, Site

from catalog import jobs
from dcat.errors import ConfigError, FetchError, RefusedError
from harvesters import drop_listing, places
from harvesters.drop_doors import door_of
from harvesters.fetch import Fetcher
from harvesters.network import FetchLimits, Network
from harvesters.source import Login

CSV = "name;hoehe\nLinde;12\n"
LOGIN = Login(user="env:AMT_USER", password="env:AMT_PASSWORD")


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMT_USER", USER)
    monkeypatch.setenv("AMT_PASSWORD", PASSWORD)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "server"
    (folder / "ablage" / "tief").mkdir(parents=True)
    (folder / "ablage" / "Bäume 1.csv").write_text(CSV, "utf-8")
    (folder / "ablage" / "tief" / "a.csv").write_text(CSV, "utf-8")
    (folder / "geheim.csv").write_text("geheim", "utf-8")
    for path in folder.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    with sftp_site.running(folder) as running:
        yield running


def fetcher(site: Site, **fields: Any) -> Fetcher:
    network = {"allow": (site.host,), "host_key": site.host_key, **fields.pop("network", {})}
    url = fields.pop("url", site.url("/ablage"))
    limits = fields.pop("limits", FetchLimits(connect=2, read=2, total=5))
    source = builders.source(
        url, type="sftp", network=Network(home=places.home("sftp", url), **network), **{"login": LOGIN} | fields
    )
    return Fetcher(source.network, limits, door=door_of(source))


def names(body: bytes) -> list[str]:
    return [row["name"] for row in json.loads(body)]


def test_a_folder_and_its_files(site: Site, tmp_path: Path) -> None:
    with fetcher(site) as opened:
        home = site.url("/ablage/")
        listing = opened.get(home)
        assert names(listing.body) == ["Bäume 1.csv", "tief/"]
        page = builders.page(listing.body, home, media_type=listing.media_type)
        link = drop_listing.read(page)[0]
        assert opened.get(link).body == CSV.encode()
        first = opened.download(link, tmp_path / "data")
        assert ((tmp_path / "data").read_text("utf-8"), first.size) == (CSV, len(CSV))
        assert opened.download(link, tmp_path / "data", validators=first.validators).status == 304
        assert opened.get(home, validators=listing.validators).status == 304
        assert opened.probe(link).status == 200
        (site.folder / "ablage" / "neu.csv").write_text(CSV, "utf-8")
        assert "neu.csv" in names(opened.get(home, validators=listing.validators).body)
    assert (site.connections, site.logins) == (1, [USER])


def test_a_large_file_comes_whole(site: Site, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (site.folder / "ablage" / "gross.csv").write_bytes(content)
    with fetcher(site) as opened:
        response = opened.download(site.url("/ablage/gross.csv"), tmp_path / "data")
    assert (tmp_path / "data").read_bytes() == content and response.size == len(content)


def test_an_unknown_server_is_refused_and_its_key_is_told(site: Site) -> None:
    with fetcher(site, network={"host_key": ""}) as opened, pytest.raises(RefusedError) as error:
        opened.get(site.url("/ablage/"))
    assert error.value.code == "host-key"
    assert f'network: {{host_key: "{site.host_key}"}}' in error.value.message.de
    assert site.logins == [], "nothing of the login was sent"


def test_another_server_under_the_same_name_is_refused(site: Site) -> None:
    other = sftp_site.new_key()
    with (
        fetcher(site, network={"host_key": f"{other.get_name()} {other.get_base64()}"}) as opened,
        pytest.raises(RefusedError) as error,
    ):
        opened.get(site.url("/ablage/"))
    assert "einen anderen Schlüssel" in error.value.message.de and site.host_key in error.value.message.en
    assert site.logins == []


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_server_with_several_keys_shows_the_one_that_is_known(site: Site, kind: str) -> None:
    key = sftp_site.new_key(kind)
    site.further_keys = (key,)
    with fetcher(site, network={"host_key": f"{key.get_name()} {key.get_base64()}"}) as opened:
        assert opened.get(site.url("/ablage/")).status == 200


def test_a_wrong_password_is_said_without_saying_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMT_PASSWORD", "ganz-falsch")
    with fetcher(site) as opened, pytest.raises(FetchError) as error:
        opened.get(site.url("/ablage/"))
    assert error.value.code == "login"
    assert "ganz-falsch" not in repr(error.value) + str(error.value.message) + repr(vars(opened))
    assert USER not in error.value.message.de


@pytest.mark.parametrize("password", ["", "Schloß"])
def test_a_login_with_a_key(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    site.user_key = sftp_site.new_key("rsa")
    site.user_key.write_private_key_file(str(tmp_path / "id"), password=password or None)
    login = {"user": "env:AMT_USER", "key": f"file:{tmp_path}/id"}
    if password:
        monkeypatch.setenv("KEY_PASSWORD", password)
        login["password"] = "env:KEY_PASSWORD"
    with fetcher(site, login=Login(**login)) as opened:
        assert opened.get(site.url("/ablage/")).status == 200


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (Login(), "braucht »login"),
        (Login(user="env:AMT_USER"), "braucht »login"),
        (Login(user="env:FEHLT", password="env:AMT_PASSWORD"), "Umgebungsvariable FEHLT"),
        (Login(user="env:AMT_USER", key="env:AMT_PASSWORD"), "env:AMT_PASSWORD steht kein brauchbarer privater Schlüssel"),
    ],
)  # fmt: skip
def test_a_login_that_cannot_be_used(site: Site, login: Login, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        fetcher(site, login=login)
    assert words in error.value.message.de and PASSWORD not in error.value.message.de


@pytest.mark.parametrize(
    "path", ["/geheim.csv", "/", "/ablage/../geheim.csv", "/ablage/%2e%2e/geheim.csv", "/ablage/.git/x"]
)
def test_nothing_outside_of_the_folder_is_read(site: Site, path: str) -> None:
    with fetcher(site) as opened, pytest.raises(FetchError):
        opened.get(site.url(path))
    assert site.requests == []


def test_links_on_the_server_are_left_out(site: Site) -> None:
    (site.folder / "ablage" / "link.csv").symlink_to(site.folder / "geheim.csv")
    with fetcher(site) as opened:
        assert "link.csv" not in names(opened.get(site.url("/ablage/")).body)
        with pytest.raises(FetchError) as error:
            opened.get(site.url("/ablage/link.csv"))
    assert error.value.status == 404


def test_what_is_missing_or_forbidden(site: Site) -> None:
    site.denied.add("/ablage/tief/a.csv")
    with fetcher(site) as opened:
        for path, status in (("fehlt.csv", 404), ("fehlt/", 404), ("tief", 404), ("tief/a.csv", 403)):
            with pytest.raises(FetchError) as error:
                opened.get(site.url(f"/ablage/{path}"))
            assert (error.value.code, error.value.status) == ("status", status)


def test_a_file_that_is_too_large(site: Site) -> None:
    with fetcher(site, limits=FetchLimits(max_bytes=5, total=5)) as opened:
        for name in ("tief/a.csv", ""):
            with pytest.raises(RefusedError) as error:
                opened.get(site.url(f"/ablage/{name}"))
            assert error.value.code == "too-large"


def test_a_file_that_is_written_while_we_read(site: Site) -> None:
    file = site.folder / "ablage" / "tief" / "a.csv"

    def upload(path: str) -> None:
        with file.open("a", encoding="utf-8") as target:
            target.write("Buche;9\n")

    site.before_read = upload
    with fetcher(site) as opened, pytest.raises(FetchError) as error:
        opened.get(site.url("/ablage/tief/a.csv"))
    assert error.value.code == "changed"


def test_a_connection_that_was_closed_is_made_anew(site: Site) -> None:
    with fetcher(site) as opened:
        opened.get(site.url("/ablage/"))
        site.hang_up()
        for _ in range(50):
            if not opened._door._transport.is_active():  # type: ignore[union-attr]
                break
            threading.Event().wait(0.02)
        assert opened.get(site.url("/ablage/")).status == 200
    assert site.connections == 2


def test_a_server_that_dawdles_is_left(site: Site) -> None:
    with fetcher(site, limits=FetchLimits(connect=1, read=5, total=0.7)) as opened:
        site.pause = 3
        with pytest.raises(FetchError) as error:
            opened.get(site.url("/ablage/"))
    assert error.value.code == "timeout"
    site.pause = 0


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"SSH-1.5-alt\r\n", b"\0" * 2000])
def test_what_is_no_ssh_server(site: Site, greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        with (
            fetcher(site, url=f"sftp://{host}/ablage", network={"allow": (host,)}) as opened,
            pytest.raises(FetchError) as error,
        ):
            opened.get(f"sftp://{host}/ablage/")
        thread.join()
    assert error.value.code in ("connection", "timeout")


def test_hosts_are_checked_as_everywhere(site: Site) -> None:
    with fetcher(site, network={"allow": ()}) as opened, pytest.raises(RefusedError) as error:
        opened.get(site.url("/ablage/"))
    assert error.value.code == "private-address"
    with fetcher(site, network={"allow": ("sftp.example.org",)}) as opened, pytest.raises(RefusedError) as error:
        opened.get(site.url("/ablage/"))
    assert (error.value.code, site.connections) == ("not-allowed", 0)


def test_from_the_definition_to_the_public(tmp_path: Path, site: Site) -> None:
    with homes.home(tmp_path / "home") as instance:
        definition = {
            "id": "amt", "city": "darmstadt", "department": "Grünflächenamt", "type": "sftp", "url": site.url("/ablage"),
            "network": {"allow": [site.host], "host_key": site.host_key}, "release": "at_once",
            "login": {"user": "env:AMT_USER", "password": "env:AMT_PASSWORD"},
            "defaults": {"description": "Beispieldaten.", "license": "dl-zero-de/2.0"},
        }  # fmt: skip
        (instance.config.sources / "amt.yaml").write_text(json.dumps(definition), "utf-8")
        (of,) = instance.sources(("amt",))
        assert homes.counted(homes.harvest_and_check(instance, of)) == {"seen": 2, "created": 2}
        assert homes.published(instance) == ["Bäume 1", "tief"]
        assert all(file.state.visible for shown in homes.shown_all(instance) for file in shown.files)
        again = jobs.harvest(instance, of)
        assert (again.status, homes.counted(again)) == ("unchanged", {"seen": 2, "unchanged": 2})
        exported = homes.exported(instance, "ttl").decode()
        assert "/download/B_ume_1.csv" in exported
        assert not [word for word in ("sftp:", site.host, "ablage", USER, PASSWORD) if word in exported]
