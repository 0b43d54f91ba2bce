"""File drops in S3 buckets: a loopback server that lists page by page and checks every signature."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import homes
import pytest
import s3_site
from s3_site import KEY, SECRET, Site

from catalog import jobs
from dcat.errors import ConfigError, FetchError, RefusedError, UnreadableError
from harvesters import drop_listing, places
from harvesters.drop_doors import door_of
from harvesters.fetch import Fetcher
from harvesters.network import FetchLimits, Network
from harvesters.s3_door import read_listing
from harvesters.source import Login

CSV = b"name;hoehe\nLinde;12\n"
LOGIN = Login(key="env:AMT_KEY", secret="env:AMT_SECRET")
HOME = "s3://daten/umwelt/"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("AMT_KEY", KEY)
    monkeypatch.setenv("AMT_SECRET", SECRET)
    with s3_site.running() as running:
        running.objects = {
            "umwelt/": b"",
            "umwelt/Bäume 1+2 & 3.csv": CSV,
            "umwelt/100%.csv": CSV,
            "umwelt/spielplätze/a.csv": CSV,
            "umwelt/spielplätze/b.csv": CSV,
            "umweltamt.csv": b"geheim",
        }
        yield running


def fetcher(site: Site, url: str = "s3://daten/umwelt", login: Login = LOGIN, **limits: Any) -> Fetcher:
    options = {"endpoint": site.endpoint}
    network = Network(allow=(site.host,), home=places.home("s3", url, options))
    source = builders.source(url, type="s3", network=network, options=tuple(options.items()), login=login)
    return Fetcher(network, FetchLimits(total=5, retries=0, **limits), door=door_of(source))


def names(body: bytes) -> list[str]:
    return [row["name"] for row in json.loads(body)]


@pytest.mark.parametrize("page_size", [1000, 1, 2])
def test_a_folder_is_listed_page_by_page(site: Site, page_size: int) -> None:
    site.page_size = page_size
    with fetcher(site) as opened:
        listing = opened.get(HOME)
        assert names(listing.body) == ["100%.csv", "Bäume 1+2 & 3.csv", "spielplätze/"]
        assert opened.get(HOME, validators=listing.validators).status == 304
        site.objects["umwelt/neu.csv"] = CSV
        assert "neu.csv" in names(opened.get(HOME, validators=listing.validators).body)
    assert {status for _, status in site.seen} == {200}


def test_objects_are_fetched_by_signed_requests(site: Site, tmp_path: Path) -> None:
    with fetcher(site) as opened:
        page = builders.page(opened.get(HOME).body, HOME, media_type="application/json")
        for link in drop_listing.read(page)[:2]:
            first = opened.download(link, tmp_path / "data")
            assert ((tmp_path / "data").read_bytes(), first.url) == (CSV, link)
            assert opened.download(link, tmp_path / "data", validators=first.validators).status == 304
            assert opened.probe(link).status == 200
        with pytest.raises(FetchError) as error:
            opened.get(f"{HOME}fehlt.csv")
        assert error.value.status == 404


def test_a_wrong_secret_is_refused_by_the_server(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMT_SECRET", "falsch-geraten")
    with fetcher(site) as opened, pytest.raises(FetchError) as error:
        opened.get(HOME)
    assert (error.value.status, "falsch-geraten" in repr(error.value)) == (403, False)
    assert "Anmeldung" in error.value.message.de


def test_an_open_bucket_needs_no_login(site: Site) -> None:
    with fetcher(site, login=Login()) as opened:
        with pytest.raises(FetchError):
            opened.get(HOME)
        site.public = True
        assert "spielplätze/" in names(opened.get(HOME).body)


def test_half_a_login_is_none(site: Site) -> None:
    with pytest.raises(ConfigError):
        fetcher(site, login=Login(key="env:AMT_KEY"))


@pytest.mark.parametrize(
    "url", ["s3://daten/umweltamt.csv", "s3://daten/", "s3://andere/umwelt/x.csv", f"{HOME}../umweltamt.csv"]
)
def test_nothing_outside_of_the_folder_is_read(site: Site, url: str) -> None:
    with fetcher(site) as opened, pytest.raises(FetchError):
        opened.get(url)
    assert site.seen == []


def test_limits(site: Site) -> None:
    with fetcher(site, max_bytes=100) as opened:
        with pytest.raises(RefusedError):
            opened.get(HOME)
        assert opened.get(f"{HOME}100%25.csv").size == len(CSV)


def test_without_an_endpoint_it_is_amazon() -> None:
    assert places.home("s3", "s3://daten/x", {"region": "eu-west-1"}) == "s3.eu-west-1.amazonaws.com"
    assert places.home("s3", "s3://daten/x") == "s3.eu-central-1.amazonaws.com"


def page(inner: str, encoded: bool = False) -> bytes:
    kind = "<EncodingType>url</EncodingType>" if encoded else ""
    return f'<ListBucketResult xmlns="{s3_site.NAMESPACE}">{kind}{inner}</ListBucketResult>'.encode()


def test_a_page_as_servers_write_it() -> None:
    contents = "<Contents><Key>a/{}</Key><LastModified>2026-05-31T12:00:00.000Z</LastModified><Size>5</Size></Contents>"
    listed = read_listing(
        page(contents.format("B%C3%A4ume+1.csv") + "<IsTruncated>false</IsTruncated>", True), HOME, "a/"
    )
    (entry,) = listed.entries
    assert (entry.name, entry.size, entry.modified, listed.token) == ("Bäume 1.csv", 5, "2026-05-31T12:00:00.000Z", "")
    (plain,) = read_listing(page(contents.format("100% +1.csv")), HOME, "a/").entries
    assert plain.name == "100% +1.csv"
    (odd,) = read_listing(page("<Contents><Key>a/x</Key><Size>-1</Size></Contents>"), HOME, "a/").entries
    assert (odd.size, odd.modified) == (None, "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Anmelden</body></html>",
        b"<Error><Code>AccessDenied</Code></Error>",
        page("<IsTruncated>true</IsTruncated>"),
        page("")[:-5],
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + page(""),
    ],
)
def test_what_is_no_listing_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_listing(body, HOME, "umwelt/")


def test_pages_that_lead_in_a_circle(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        s3_site,
        "listing",
        lambda *_: page("<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"),
    )
    with fetcher(site) as opened, pytest.raises(UnreadableError) as error:
        opened.get(HOME)
    assert "im Kreis" in error.value.message.de


def test_mutilated_pages_are_read_or_refused() -> None:
    objects = {f"umwelt/{name}": CSV for name in ("a.csv", "Bäume.csv", "tief/x.csv")}
    whole = s3_site.listing(objects, {"prefix": "umwelt/", "delimiter": "/", "encoding-type": "url"}, 2)
    dice = random.Random(7)
    for _ in range(400):
        body = bytearray(whole[: dice.randrange(len(whole))] if dice.random() < 0.3 else whole)
        for _ in range(dice.randrange(4)):
            if body:
                body[dice.randrange(len(body))] = dice.randrange(256)
        try:
            listed = read_listing(bytes(body), HOME, "umwelt/")
            drop_listing.read(builders.page(drop_listing.write(listed.entries), HOME))
        except UnreadableError as error:
            assert error.message.de


def test_from_the_definition_to_the_public(tmp_path: Path, site: Site) -> None:
    with homes.home(tmp_path / "home") as instance:
        definition = {
            "id": "amt", "city": "darmstadt", "department": "Grünflächenamt", "type": "s3", "url": "s3://daten/umwelt",
            "options": {"endpoint": site.endpoint}, "network": {"allow": [site.host]}, "release": "at_once",
            "login": {"key": "env:AMT_KEY", "secret": "env:AMT_SECRET"},
            "defaults": {"description": "Beispieldaten.", "license": "dl-zero-de/2.0"},
        }  # fmt: skip
        (instance.config.sources / "amt.yaml").write_text(json.dumps(definition), "utf-8")
        (of,) = instance.sources(("amt",))
        assert homes.counted(homes.harvest_and_check(instance, of)) == {"seen": 3, "created": 3}
        assert homes.published(instance) == ["100%", "Bäume 1+2 & 3", "spielplätze"]
        assert all(file.state.visible for shown in homes.shown_all(instance) for file in shown.files)
        again = jobs.harvest(instance, of)
        assert (again.status, homes.counted(again)) == ("unchanged", {"seen": 3, "unchanged": 3})
        exported = homes.exported(instance, "ttl").decode()
        assert not [word for word in ("s3:", site.host, "umwelt/", KEY, SECRET) if word in exported]
