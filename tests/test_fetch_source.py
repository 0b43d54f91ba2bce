"""The fetcher of a source definition: its secrets, files and manners; and what lint says of the way to a source."""

from dataclasses import replace
from typing import Any

import homes
import pytest
import trustme
from source_site import Site

from catalog import link_checks
from catalog.instance import Instance
from dcat.errors import ConfigError, FetchError
from harvesters import source as definitions
from harvesters.source import Source

BEGIN = "id: a\ncity: darmstadt\ndepartment: Amt\n"


def read(text: str) -> Source:
    return definitions.read((BEGIN + text).encode(), "a.yaml")


def said(text: str, level: str) -> str:
    return " ".join(f.message.en for f in definitions.lint((BEGIN + text).encode(), "a.yaml") if f.level == level)


def headers(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Collect the headers of requests as the server gets them."""
    seen: list[dict[str, str]] = []
    handler = site.RequestHandlerClass
    get = handler.do_GET  # type: ignore[attr-defined]
    monkeypatch.setattr(handler, "do_GET", lambda self: (seen.append(dict(self.headers)), get(self)))
    return seen


def test_secrets_are_read_and_sent(
    instance: Instance, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    site.put("/a", "a", "text/plain")
    seen = headers(site, monkeypatch)
    monkeypatch.setenv("AMT_NAME", "amt")
    (tmp_path / "wort").write_text("geheim\n")
    text = f"type: dcat\nurl: {site.url('/a')}\nnetwork: {{allow: ['{site.host}']}}\n"
    source = read(text + f"login: {{user: env:AMT_NAME, password: 'file:{tmp_path / 'wort'}'}}\n")
    instance = replace(instance, config=replace(instance.config, contact="opendata@example.org"))
    with instance.fetcher(source) as fetcher:
        fetcher.get(site.url("/a"))
    assert seen[0]["Authorization"] == "Basic YW10OmdlaGVpbQ=="
    assert seen[0]["From"] == "opendata@example.org"
    assert seen[0]["User-Agent"].startswith("offenbar/") and "(+https://daten.example.org)" in seen[0]["User-Agent"]
    with pytest.raises(ConfigError, match="NICHT_DA"):
        instance.fetcher(read(text + "login: {token: env:NICHT_DA}\n"))


def test_links_are_checked_without_a_login(instance: Instance, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read(
        f"type: dcat\nurl: {site.url('/a')}\nnetwork: {{allow: ['{site.host}']}}\nlogin: {{token: env:NICHT_DA}}\n"
    )
    site.put("/a", "a", "text/plain")
    seen = headers(site, monkeypatch)
    with instance.fetcher(link_checks._open_to_all(source, link_checks.LIMITS)) as fetcher:
        fetcher.get(site.url("/a"))
    assert "Authorization" not in seen[0]


@pytest.mark.parametrize(
    ("type_", "robots", "asks"),
    [("files", "true", True), ("files", "false", False), ("dcat", "true", False), ("webdav", "true", False)],
)
def test_listings_ask_robots_txt(instance: Instance, site: Site, type_: str, robots: str, asks: bool) -> None:
    site.put("/a", "a", "text/plain")
    site.put("/robots.txt", "User-agent: *\nDisallow: /\n", "text/plain")
    source = read(f"type: {type_}\nurl: {site.url('/a')}\nnetwork: {{allow: ['{site.host}'], robots: {robots}}}\n")
    with instance.fetcher(source) as fetcher:
        if asks:
            with pytest.raises(FetchError) as caught:
                fetcher.get(site.url("/a"))
            assert caught.value.code == "robots"
        else:
            assert fetcher.get(site.url("/a")).status == 200
    assert [path for path, _ in site.seen] == (["/robots.txt"] if asks else ["/a"])


def test_files_count_from_the_folder_of_definitions(instance: Instance) -> None:
    source = read("type: dcat\nurl: https://a.example/\nnetwork: {ca: stadt.pem}\n")
    with pytest.raises(ConfigError, match="does not exist"):
        instance.fetcher(source)
    trustme.CA().cert_pem.write_to_path(str(instance.config.sources / "stadt.pem"))
    instance.fetcher(source).close()


def test_two_sources_share_the_budget_of_their_catalogue(instance: Instance, site: Site) -> None:
    site.put("/a", "", "text/plain", status=500)
    definition = read(f"type: dcat\nurl: {site.url('/a')}\nnetwork: {{allow: ['{site.host}']}}\n")
    codes = []
    for _ in range(6):
        with instance.fetcher(definition) as fetcher, pytest.raises(FetchError) as caught:
            fetcher.get(site.url("/a"))
        codes.append(caught.value.code)
    assert codes == ["status"] * 5 + ["resting"]
    other = replace(definition, id="b")
    with (
        homes.opened(instance.config.home) as again,
        again.fetcher(other) as fetcher,
        pytest.raises(FetchError) as caught,
    ):
        fetcher.get(site.url("/a"))
    assert caught.value.code == "resting"


@pytest.mark.parametrize(
    ("network", "level", "words"),
    [
        ("{proxy: 'http://proxy.example:3128'}", "error", "is needed"),
        ("{proxy: 'https://proxy.example:3128', allow: [a.example]}", "error", "http://host:port"),
        ("{proxy: 'http://u:p@proxy.example', allow: [a.example]}", "error", "http://host:port"),
        ("{proxy: 'http://10.0.0.1:3128', allow: [a.example]}", "hint", 'needs an entry "10.0.0.1:3128"'),
        ("{robots: false}", "hint", "ignores the robots.txt"),
    ],
)
def test_lint_of_the_way(network: str, level: str, words: str) -> None:
    assert words in said(f"type: files\nurl: https://a.example/\nnetwork: {network}\n", level)


@pytest.mark.parametrize(
    "network",
    [
        "{proxy: 'http://proxy.example:3128', allow: [a.example]}",
        "{robots: true}",
        "{proxy: 'http://10.0.0.1', allow: [a.example, 10.0.0.1]}",
    ],
)
def test_nothing_to_say(network: str) -> None:
    text = f"type: files\nurl: https://a.example/\nnetwork: {network}\n"
    assert not said(text, "error") and "proxy" not in said(text, "hint") and "robots" not in said(text, "hint")
