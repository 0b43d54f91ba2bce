"""Where the files of drops lie, and how we log in there, cannot be read anywhere: not in data, pages, feeds or reasons."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import homes
import pytest
import s3_site
import sftp_site
import webdav_site
from flask.testing import FlaskClient
from lxml import html

from catalog import search
from catalog.app import create_app
from catalog.instance import Instance

CSV = "name;hoehe\nLinde;12\n"
FOLDER = "Ablage Q17"
USER, PASSWORD = "harvest-user", "horse battery"


def define(instance: Instance, name: str, **fields: object) -> None:
    content = {
        "id": name, "city": "darmstadt", "department": f"Amt {name}", "release": "at_once",
        "defaults": {"description": "Beispieldaten, frei erfunden.", "license": "dl-zero-de/2.0"}, **fields,
    }  # fmt: skip
    (instance.config.sources / f"{name}.yaml").write_text(json.dumps(content), "utf-8")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FlaskClient, set[str]]]:
    """A catalogue of drops of every kind, of each one that works and one that does not, and the words nobody may read."""
    monkeypatch.setattr(sftp_site, "USER", USER)
    monkeypatch.setattr(sftp_site, "PASSWORD", PASSWORD)
    for name, value in {
        "D_USER": USER,
        "D_PASSWORD": PASSWORD,
        "D_KEY": s3_site.KEY,
        "D_SECRET": s3_site.SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / FOLDER
    (folder / "tief").mkdir(parents=True)
    (folder / "baeume.csv").write_text(CSV, "utf-8")
    (folder / "tief" / "wege.csv").write_text(CSV, "utf-8")
    (folder / "tief" / "plan.pdf").write_bytes(b"%PDF-1.7")
    package = {"resources": [{"path": "tief/wege.csv"}, {"path": "fehlt.csv"}]}
    (folder / "paket").mkdir()
    (folder / "paket" / "datapackage.json").write_text(json.dumps(package), "utf-8")
    with (
        sftp_site.running(tmp_path) as sftp,
        s3_site.running() as s3,
        webdav_site.running() as cloud,
        homes.home(tmp_path / "home") as instance,
    ):
        s3.objects = {"geschuetzt/baeume.csv": CSV.encode(), "geschuetzt/tief/wege.csv": CSV.encode()}
        cloud.files = {"baeume.csv": CSV.encode(), "tief/wege.csv": CSV.encode()}
        login = {"user": "env:D_USER", "password": "env:D_PASSWORD"}
        keys = {"key": "env:D_KEY", "secret": "env:D_SECRET"}
        known = {"allow": [sftp.host], "host_key": sftp.host_key}
        define(instance, "f", type="folder", url=f"folder:{folder}")
        define(instance, "p", type="folder", url=f"folder:{folder}/paket")
        define(instance, "f-kaputt", type="folder", url=f"folder:{folder}/gibt es nicht")
        define(instance, "t", type="sftp", url=sftp.url(f"/{quote(FOLDER)}"), network=known, login=login)
        define(instance, "t-kaputt", type="sftp", url=sftp.url("/x"), network={"allow": [sftp.host]}, login=login)
        bucket = {"type": "s3", "url": "s3://daten/geschuetzt", "options": {"endpoint": s3.endpoint}}
        define(instance, "o", **bucket, network={"allow": [s3.host]}, login=keys)
        define(instance, "o-kaputt", **bucket, network={"allow": [s3.host]}, login={**keys, "secret": "env:D_USER"})
        share = {"type": "webdav", "url": cloud.url(f"/s/{webdav_site.TOKEN}"), "network": {"allow": [cloud.host]}}
        define(instance, "w", **share)
        define(instance, "w-kaputt", **share | {"url": cloud.url(quote(webdav_site.FOLDER))}, login=login)
        statuses = {}
        for source in instance.sources():
            statuses[source.id] = homes.harvest_and_check(instance, source).status
        assert statuses == {name: "failed" if name.endswith("kaputt") else "applied" for name in statuses}
        search.catch_up(instance)
        words = {FOLDER, quote(FOLDER), str(tmp_path), sftp.host, s3.host, cloud.host, "geschuetzt", webdav_site.TOKEN}
        words |= {
            "sftp:",
            "s3:",
            "folder:",
            "env:D_",
            "public.php",
            "remote.php",
            USER,
            PASSWORD,
            s3_site.KEY,
            s3_site.SECRET,
        }
        yield create_app(instance).test_client(), words


def answers(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every page that links lead to, and every interface for programs."""
    packages = client.get("/api/action/package_search?rows=1000").get_json()["result"]["results"]
    waiting = ["/", "/catalog", "/api", "/organization", "/dataset", "/dashboard", "/feeds/dataset.atom", "/feed", "/feed?page=1",
               "/sitemap.xml", "/api/action/package_search?rows=1000", "/catalog.ttl", "/catalog.jsonld",
               "/oai?verb=ListRecords&metadataPrefix=dcat", "/api/action/organization_list?all_fields=true",
               *(f"/dataset/{p['id']}.{ending}" for p in packages for ending in ("ttl", "rdf", "jsonld")),
               *(f"/api/action/package_show?id={p['id']}" for p in packages)]  # fmt: skip
    seen = set[str]()
    while waiting:
        address = waiting.pop()
        if address in seen or address.startswith("/static/") or (address.count("&") and "?q" in address):
            continue
        seen.add(address)
        answer = client.get(address, follow_redirects=True, headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code < 500, address
        yield address, f"{answer.data.decode('utf-8', 'replace')}\n{answer.headers}"
        if answer.mimetype == "text/html":
            found = html.document_fromstring(answer.data).xpath("//a/@href | //link/@href")
            parts = [urlsplit(link.replace("https://daten.example.org", "")) for link in found]
            waiting += [f"{p.path}{'?' + p.query if p.query else ''}" for p in parts
                        if not p.netloc and not p.scheme and p.path.startswith("/") and "&" not in p.query]  # fmt: skip


@pytest.mark.slow
def test_no_address_and_no_login_is_public(told: tuple[FlaskClient, set[str]]) -> None:
    client, words = told
    everything = dict(answers(client))
    whole = "\n".join(everything.values())
    assert len(everything) > 60 and "baeume" in whole and "/download/baeume.csv" in whole
    assert any("kaputt" in text for text in everything.values()), "sources that fail are shown"
    pattern = re.compile("|".join(map(re.escape, sorted(words))))
    assert {address: set(found) for address, text in everything.items() if (found := pattern.findall(text))} == {}
