"""Addresses of file drops that are no web servers: read strictly, written so that they lead back."""

import re
from pathlib import Path
from types import ModuleType

import builders
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcat.errors import ConfigError, FetchError
from harvesters import places, s3_door, sftp_door
from harvesters.addresses import follow, read_address
from harvesters.drop_doors import door_of
from harvesters.fetch import Fetcher
from harvesters.source import Login, lint, read

SHORT = "id: a\ncity: b\ndepartment: C\ntype: {}\nurl: {!r}\n"
LOGIN = "login: {user: env:U, password: env:P}\n"


@pytest.mark.parametrize(
    ("kind", "url", "home"),
    [
        ("sftp", "sftp://Daten.Amt.example/ablage", "daten.amt.example:22"),
        ("sftp", "sftp://daten.amt.example:2222/", "daten.amt.example:2222"),
        ("sftp", "sftp://[::1]/x", "[::1]:22"),
        ("s3", "s3://daten.amt/umwelt", "s3.eu-central-1.amazonaws.com"),
        ("folder", "folder:/srv/Öffentliche Daten/", "folder.invalid"),
        ("webdav", "https://cloud.amt.example/s/abc", "cloud.amt.example"),
        ("files", "https://amt.example:8443/x", "amt.example:8443"),
    ],
)
def test_addresses_of_sources(kind: str, url: str, home: str) -> None:
    text = SHORT.format(kind, url) + (LOGIN if kind == "sftp" else "")
    assert not [finding for finding in lint(text.encode(), "q.yaml") if finding.level == "error"]
    assert read(text.encode(), "q.yaml").network.home == home


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("folder", "file:/srv/x"),
        ("folder", "folder:srv"),
        ("folder", "folder://host/srv"),
        ("folder", "folder:///srv"),
        ("folder", "folder:/"),
        ("folder", "folder:/srv/../etc"),
        ("folder", "folder:/srv/%2e%2e/etc"),
        ("folder", "folder:/srv/.git"),
        ("folder", "folder:/srv/x?y"),
        ("folder", "folder:/srv/x%00"),
        ("folder", "https://amt.example/"),
        ("files", "folder:/srv"),
        ("files", "sftp://amt.example/x"),
        ("dcat", "s3://daten/x"),
        ("webdav", "folder:/srv"),
        ("sftp", "https://amt.example/x"),
        ("sftp", "sftp:///x"),
        ("sftp", "sftp://amt.example/../x"),
        ("sftp", "sftp://amt.example/x#y"),
        ("sftp", "sftp://u:geheim@amt.example/x"),
        ("s3", "s3://Daten/x"),
        ("s3", "s3://da..ten/x"),
        ("s3", "s3://u@daten/x"),
        ("s3", "s3:///x"),
        ("s3", "https://s3.example/daten"),
    ],
)
def test_other_addresses_are_errors_of_the_definition(kind: str, url: str) -> None:
    text = SHORT.format(kind, url) + (LOGIN if kind == "sftp" else "")
    errors = [finding for finding in lint(text.encode(), "q.yaml") if finding.level == "error"]
    assert errors and errors[0].line == 5 and "geheim" not in repr(errors)
    with pytest.raises(ConfigError):
        read(text.encode(), "q.yaml")


def test_an_sftp_source_needs_a_login_and_a_key() -> None:
    found = lint(SHORT.format("sftp", "sftp://amt.example/x").encode(), "q.yaml")
    assert ["user: env:NAME" in f.message.en for f in found if f.level == "error"] == [True]
    assert any("host_key" in f.message.en for f in found if f.level == "hint")
    proxied = SHORT.format("sftp", "sftp://amt.example/x") + LOGIN + "network: {proxy: 'https://proxy.example'}\n"
    assert any("through a proxy" in f.message.en for f in lint(proxied.encode(), "q.yaml") if f.level == "error")


@pytest.mark.parametrize("scheme", ["sftp", "s3", "folder", "file", "ftp", "gopher"])
def test_elsewhere_only_web_addresses_count(scheme: str) -> None:
    with pytest.raises(FetchError) as error:
        read_address(f"{scheme}://amt.example/x")
    assert error.value.code == "scheme"


@pytest.mark.parametrize(
    "location", ["sftp://amt.example/x", "folder:/etc/passwd", "s3://daten/x", "file:///etc/passwd"]
)
def test_no_redirect_leads_to_a_drop(location: str) -> None:
    with pytest.raises(FetchError) as error:
        follow(read_address("https://amt.example/x"), location)
    assert error.value.code == "scheme"


@pytest.mark.parametrize(
    ("module", "name", "library", "kind", "url"),
    [
        (sftp_door, "paramiko", "paramiko", "sftp", "sftp://amt.example/x"),
        (s3_door, "S3SigV4Auth", "botocore", "s3", "s3://daten/x"),
    ],
)
def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, library: str, kind: str, url: str
) -> None:
    monkeypatch.setattr(module, name, None)
    login = Login(user="env:HOME", password="env:HOME", key="env:HOME", secret="env:HOME")
    source = builders.source(url, type=kind, login=login)
    with pytest.raises(ConfigError) as error:
        Fetcher(source.network, door=door_of(source))
    assert f"pip install 'offenbar[{kind}]'" in error.value.message.de and library in error.value.message.en


@pytest.mark.parametrize("page", ["dcat", "files", "folder", "s3", "sftp", "webdav"])
def test_the_definitions_of_the_docs_have_no_faults(page: str) -> None:
    text = (Path(__file__).parent.parent / "docs" / "sources" / f"{page}.md").read_text("utf-8")
    (definition,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert lint(definition.encode(), "q.yaml") == ()
    assert read(definition.encode(), "q.yaml").type == page


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=20).filter(
        lambda n: "/" not in n and n[0] != "."
    )
)
def test_every_name_leads_back(name: str) -> None:
    for folder in ("folder:/srv/", "s3://daten/", "sftp://amt.example/ablage/"):
        place = places.read_place(places.below(folder, name))
        assert place.path.endswith(f"/{name}") and places.inside(places.below(folder, name), folder) == place
    assert places.read_place(places.folder_of("folder:/srv/Größe 1")).path == "/srv/Größe 1/"
    assert Path(place.path).name == name
