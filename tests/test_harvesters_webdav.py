"""File drops on WebDAV servers: listings as Nextcloud and Apache write them, shares and logins on a loopback server."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import builders
import homes
import pytest
import webdav_listings
import webdav_site
from webdav_site import FOLDER, PASSWORD, SHARE, TOKEN, USER, Site

from catalog import jobs
from dcat.errors import UnreadableError
from harvesters.base import Batch
from harvesters.webdav import WEBDAV

URL = "https://cloud.example/remote.php/dav/files/ernte/ablage/"
PATH = "/remote.php/dav/files/ernte/ablage/"
CSV = b"name;hoehe\nLinde;12\n"


def read_page(body: bytes, url: str = URL, source_url: str = URL) -> Batch:
    page = builders.page(body, url, media_type="application/xml", charset="utf-8")
    return builders.read_page(WEBDAV, page, builders.source(source_url, type="webdav"))


def files(batch: Batch) -> dict[str, list[str]]:
    return {r.remote_id: [d.download_url[0] for d in r.reading.dataset.distribution] for r in batch.records}  # type: ignore[attr-defined]


@pytest.mark.parametrize("server", ["Nextcloud", "Apache", "Apache behind a proxy"])
def test_listings_of_the_usual_servers(server: str) -> None:
    names = ["baeume.csv", "Grünanlagen Größe 100%.csv", "spielplätze/"]
    if server == "Nextcloud":
        body = webdav_listings.nextcloud(PATH, names)
    else:
        body = webdav_listings.apache("http://intern:8080" if "proxy" in server else "", PATH, names)
    batch = read_page(body)
    assert files(batch) == {
        "baeume": [f"{URL}baeume.csv"],
        "Grünanlagen Größe 100%": [f"{URL}{quote('Grünanlagen Größe 100%.csv')}"],
    }
    assert (batch.following, batch.problems) == ((f"{URL}{quote('spielplätze/')}",), ())


def test_only_what_lies_directly_in_the_folder_counts() -> None:
    body = webdav_listings.nextcloud(PATH, ["a.csv", "tief/b.csv", "../andere/c.csv", "tief/tiefer/", ".htaccess"])
    batch = read_page(body)
    assert (files(batch), batch.following) == ({"a": [f"{URL}a.csv"]}, ())


def test_a_sub_folder_is_one_dataset() -> None:
    batch = read_page(webdav_listings.nextcloud(f"{PATH}tief/", ["a.csv", "b.csv"]), f"{URL}tief/")
    assert list(files(batch)) == ["tief"]


@pytest.mark.parametrize("link", ["/s/{}", "/index.php/s/{}/", "/cloud/s/{}"])
def test_the_link_of_a_share_leads_to_its_files(link: str) -> None:
    url = f"https://cloud.example{link.format(TOKEN)}"
    below = "/cloud" if link.startswith("/cloud") else ""
    (home,) = WEBDAV.pages(builders.source(url, type="webdav"))
    assert home == f"https://cloud.example{below}{SHARE}"
    batch = read_page(webdav_listings.nextcloud(f"{below}{SHARE}", ["a.csv", "b.csv"]), home, url)
    assert list(files(batch)) == ["a", "b"]


@pytest.mark.parametrize("url", [URL, URL.rstrip("/"), "https://cloud.example", "https://cloud.example/s/"])
def test_other_addresses_are_folders(url: str) -> None:
    (home,) = WEBDAV.pages(builders.source(url, type="webdav"))
    assert home == url.rstrip("/") + "/"


def test_a_data_package_does_not_tell_the_token() -> None:
    url = f"https://cloud.example/s/{TOKEN}"
    page = builders.page(b'{"resources": [{"path": "a.csv"}]}', f"https://cloud.example{SHARE}datapackage.json")
    (record,) = builders.read_page(WEBDAV, page, builders.source(url, type="webdav")).records
    assert (record.remote_id, record.reading.dataset.title[0].value) == ("da-amt", "da-amt")  # type: ignore[union-attr]
    assert WEBDAV.plain(page.url) and not WEBDAV.plain(URL)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html><body>Anmelden</body></html>",
        b'<d:multistatus xmlns:d="DAV:"/>',
        b'<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>x</s:message></d:error>',
        webdav_listings.nextcloud(PATH, ["a.csv"])[:-20],
    ],
)
def test_what_is_no_listing_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_page(body)


def test_mutilated_listings_are_read_or_refused() -> None:
    whole = webdav_listings.nextcloud(PATH, ["a.csv", "Bäume.csv", "tief/", "datapackage.json"])
    dice = random.Random(7)
    for _ in range(400):
        body = bytearray(whole[: dice.randrange(len(whole))] if dice.random() < 0.3 else whole)
        for _ in range(dice.randrange(4)):
            if body:
                body[dice.randrange(len(body))] = dice.randrange(256)
        try:
            batch = read_page(bytes(body))
            assert all(record.remote_id and (record.reading or record.failure) for record in batch.records)
            assert all(link.startswith(URL) for link in batch.following)
        except UnreadableError as error:
            assert error.message.de


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("AMT_USER", USER)
    monkeypatch.setenv("AMT_PASSWORD", PASSWORD)
    monkeypatch.setenv("SHARE_USER", "anonymous")
    with webdav_site.running() as running:
        package = b'{"title": "Brunnen", "resources": [{"path": "wasser.csv"}]}'
        running.files = {"Bäume.csv": CSV, "brunnen/datapackage.json": package, "brunnen/wasser.csv": CSV}
        yield running


@pytest.mark.parametrize("way", ["login", "share", "share with a password"])
def test_from_the_definition_to_the_public(tmp_path: Path, site: Site, way: str) -> None:
    site.open = way == "share"
    user = "env:AMT_USER" if way == "login" else "env:SHARE_USER"
    definition: dict[str, Any] = {
        "id": "amt", "city": "darmstadt", "department": "Grünflächenamt", "type": "webdav",
        "url": site.url(quote(FOLDER) if way == "login" else f"/s/{TOKEN}"),
        "network": {"allow": [site.host]}, "release": "at_once",
        "defaults": {"description": "Beispieldaten.", "license": "dl-zero-de/2.0"},
        **({} if site.open else {"login": {"user": user, "password": "env:AMT_PASSWORD"}}),
    }  # fmt: skip
    with homes.home(tmp_path / "home") as instance:
        (instance.config.sources / "amt.yaml").write_text(json.dumps(definition), "utf-8")
        (of,) = instance.sources(("amt",))
        assert homes.counted(homes.harvest_and_check(instance, of)) == {"seen": 2, "created": 2}
        assert homes.published(instance) == ["Brunnen", "Bäume"]
        assert all(file.state.visible for shown in homes.shown_all(instance) for file in shown.files)
        again = jobs.harvest(instance, of)
        assert (again.status, homes.counted(again)) == ("unchanged", {"seen": 2, "unchanged": 2})
        exported = homes.exported(instance, "ttl").decode()
        assert not [word for word in (site.host, TOKEN, "remote.php", PASSWORD) if word in exported]
    assert {line.split()[0] for line in site.seen if "datapackage" in line} == {"GET"}
