"""Somebody moves here from another CKAN: ckanapi's own commands against a running server, with exit codes and content."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import homes
import ports
import pytest

import cli
from catalog import accounts, tokens
from catalog.instance import open_instance

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
DATASETS: list[dict[str, Any]] = [
    {
        "name": "baumkataster",
        "title": "Bäume & Wälder",
        "notes": "Alle *Bäume* der Stadt\nmit Standort",
        "license_id": "dl-by-de/2.0",
        "tags": [{"name": "Bäume"}, {"name": "Grün"}],
        "groups": [{"name": "envi"}],
        "extras": [{"key": "spatial_text", "value": "Darmstadt"}],
        "resources": [
            {"url": "https://example.org/baeume.csv", "name": "Liste", "format": "csv", "eigenes": "bleibt"},
            {"url": "https://example.org/karte", "name": "Karte"},
        ],
    },
    {"name": "haushalt", "title": "Haushalt", "maintainer": "Kämmerei", "maintainer_email": "kaemmerei@example.org"},
    {"name": "intern", "title": "Intern", "private": True},
    {"name": "entwurf", "title": "Entwurf", "state": "draft"},
]


@dataclass(frozen=True)
class Site:
    """A running server, and the tokens of three people."""

    address: str
    folder: Path
    admin: str
    editor: str = ""
    stranger: str = ""

    def run(self, *arguments: str, token: str = "", given: str = "", code: int = 0) -> str:
        """Run ckanapi and see that it ends as it should."""
        # Its workers are programs of their own, found by their name.
        environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        key = ["-a", token] if token else []
        command = [str(BIN / "ckanapi"), *arguments, "-r", self.address, *key]
        done = subprocess.run(
            command, env=environment, input=given, capture_output=True, text=True, timeout=120, cwd=self.folder
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout

    def dump(self, what: str = "datasets", *more: str, token: str = "") -> list[dict[str, Any]]:
        """Dump everything there is of a kind."""
        return [json.loads(line) for line in self.run("dump", what, "--all", *more, token=token).splitlines()]

    def load(self, records: list[dict[str, Any]], what: str = "datasets", *, token: str, code: int = 0) -> str:
        """Load records of a kind."""
        given = "".join(f"{json.dumps(record)}\n" for record in records)
        return self.run("load", what, "-p", "2", token=token, given=given, code=code)

    def action(self, name: str, *arguments: str, token: str = "", code: int = 0) -> Any:
        """Call one action."""
        printed = self.run("action", name, "-j", *arguments, token=token, code=code)
        return json.loads(printed) if code == 0 else printed


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("umzug")
    home, port = folder / "home", ports.free()
    address = f"http://127.0.0.1:{port}"
    with homes.home(home):
        pass
    environment = os.environ | homes.environment(home) | {"OFFENBAR_SITE_URL": address}
    instance = open_instance(environment)
    with instance.database.writing() as session:
        found = [accounts.add(session, name, admin=name == "leitung") for name in ("leitung", "autorin", "fremde")]
        texts = [tokens.create(session, account).text for account in found]
    instance.database.close()
    command = [sys.executable, str(Path(cli.__file__)), "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=folder)
    try:
        _wait(f"{address}/ready", process)
        yield Site(address, folder, *texts)
    finally:
        process.terminate()
        process.wait(15)


def fetched(address: str, **headers: str) -> tuple[int, bytes]:
    """Fetch an address of the site."""
    place, _, path = address.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(place, timeout=10)) as connection:
        connection.request("GET", f"/{path}", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "the server ended by itself"
        try:
            if fetched(address)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server does not answer")


def test_moving_a_catalogue_here(site: Site) -> None:
    assert site.action("status_show")["ckan_version"].startswith("2.")
    site.action("organization_create", "name=amt", "title=Grünflächenamt", token=site.admin)
    site.action("organization_create", "name=anderes", token=site.admin)
    for organization, name in (("amt", "autorin"), ("anderes", "fremde")):
        member = (f"id={organization}", f"username={name}", "role=editor")
        site.action("organization_member_create", *member, token=site.admin)

    owned = [{**one, "owner_org": "amt"} for one in DATASETS]
    site.load(owned, token=site.stranger, code=3)
    assert site.dump() == []
    site.load(owned, token=site.editor)

    found = [json.loads(line) for line in site.run("search", "datasets", "q=Bäume").splitlines()]
    assert [one["name"] for one in found] == ["baumkataster"]
    hidden = ("--include-private", "--include-drafts", "--include-deleted")
    whole = site.dump("datasets", *hidden, token=site.editor)
    assert [one["name"] for one in whole] == ["baumkataster", "entwurf", "haushalt", "intern"]
    assert site.dump("datasets", "-g", *hidden, token=site.editor) == whole
    assert [one["name"] for one in site.dump()] == ["baumkataster", "haushalt"]
    for more in ((), hidden):
        strange = site.dump("datasets", *more, token=site.stranger)
        assert [one["name"] for one in strange] == ["baumkataster", "haushalt"]
    trees = whole[0]
    assert (trees["title"], trees["notes"]) == (DATASETS[0]["title"], DATASETS[0]["notes"])
    assert [one["name"] for one in trees["tags"]] == ["Bäume", "Grün"]
    assert (trees["resources"][0]["format"], trees["resources"][0]["eigenes"]) == ("CSV", "bleibt")
    assert trees["organization"]["title"] == "Grünflächenamt"

    for token in (site.editor, site.admin):
        site.load(whole, token=token)
        assert site.dump("datasets", *hidden, token=site.editor) == whole, "loading the dump changes nothing"
    site.load(whole, token=site.stranger, code=3)
    assert site.dump("datasets", *hidden, token=site.editor) == whole

    assert {one["name"] for one in site.dump("organizations")} == {"amt", "anderes"}
    site.load(site.dump("organizations", token=site.admin), "organizations", token=site.admin)

    steps = [
        {"action": "package_patch", "data": {"id": "haushalt", "title": "Haushalt 2026"}},
        {"action": "package_create", "data": {"name": "stadtplan", "owner_org": "amt"}},
    ]
    site.run("batch", token=site.editor, given="".join(f"{json.dumps(step)}\n" for step in steps))
    assert site.action("package_show", "id=haushalt")["title"] == "Haushalt 2026"
    assert site.action("package_show", "id=stadtplan")["title"] == "stadtplan"

    site.run("delete", "datasets", "stadtplan", token=site.editor)
    assert [one["name"] for one in site.dump()] == ["baumkataster", "haushalt"]
    assert site.action("package_show", "id=stadtplan", token=site.editor)["state"] == "deleted"


def test_a_file_goes_up_and_comes_down(site: Site) -> None:
    if "amt" not in site.action("organization_list"):
        site.action("organization_create", "name=amt", token=site.admin)
    site.action("package_create", "name=messwerte", "owner_org=amt", token=site.admin)
    content = b"ort,wert\nMitte,1\nNord,2\n"
    (site.folder / "werte.csv").write_bytes(content)
    arguments = ("package_id=messwerte", "name=Werte", "upload@werte.csv")
    made = site.action("resource_create", *arguments, token=site.admin)
    assert made["url"].endswith("/werte.csv")
    assert fetched(made["url"], Authorization=site.admin) == (200, content)
    for _ in range(120):
        shown = site.action("package_show", "id=messwerte")["resources"]
        if shown:
            break
        time.sleep(0.25)
    assert fetched(made["url"]) == (200, content)
    assert shown[0]["id"] == made["id"]
