"""offenbar doctor: what it says of an address, and of an installation."""

import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import homes
import misbehaving
import pytest
import sqlalchemy as sa
import trustme
from click.testing import CliRunner
from source_site import Site

import cli
from catalog.instance import Instance
from catalog.models import HostBudget
from dcat.errors import RefusedError
from harvesters import examine as examination
from harvesters import source
from harvesters.examine import Examination
from harvesters.fetch import Fetcher, Network

CATALOGUE = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<a> a dcat:Catalog ."


def examine(url: str, *, ca: str = "", ips: tuple[str, ...] = ("127.0.0.1",)) -> Examination:
    def resolve(host: str, port: int) -> tuple[str, ...]:
        return ips

    network = Network(allow=("127.0.0.1", "a.example", "b.example"), ca=ca)
    with Fetcher(network, resolve=resolve) as fetcher:
        return examination.examine(url, fetcher, ca=ca, city="darmstadt", resolve=resolve)


def said(found: Examination, name: str) -> tuple[str, str]:
    """State and English sentences of a check."""
    checks = [check for check in found.checks if check.name == name]
    order = ("ok", "hint", "bad")
    worst = max((check.state for check in checks), key=order.index)
    return worst, " ".join(check.message.en for check in checks)


def states(found: Examination) -> dict[str, str]:
    return {check.name: said(found, check.name)[0] for check in found.checks}


def test_a_good_address(site: Site) -> None:
    site.put("/katalog.ttl", CATALOGUE, "text/turtle")
    found = examine(site.url("/katalog.ttl"))
    assert states(found) == {
        "dns": "hint",
        "answer": "ok",
        "unchanged": "ok",
        "robots": "ok",
        "type": "ok",
        "paging": "ok",
    }
    assert "127.0.0.1" in said(found, "dns")[1] and "allow" in said(found, "dns")[1]
    assert "Status 200, text/turtle" in said(found, "answer")[1]
    assert "ETag" in said(found, "unchanged")[1] and "304" in said(found, "unchanged")[1]
    definition = source.read(found.definition.encode(), "neu.yaml")
    assert (definition.type, definition.url, definition.network.allow) == (
        "dcat",
        site.url("/katalog.ttl"),
        (site.host,),
    )


def test_what_costs_traffic(site: Site) -> None:
    site.put("/katalog.ttl", CATALOGUE, "text/turtle", etag=False)
    assert "neither ETag nor Last-Modified" in said(examine(site.url("/katalog.ttl")), "unchanged")[1]


def test_validators_that_lead_to_nothing() -> None:
    with misbehaving.running() as server:
        state, text = said(examine(server.url("/conditional")), "unchanged")
        assert state == "ok", text
        state, text = said(examine(server.url("/forgetful")), "unchanged")
    assert state == "hint" and "does not answer 304" in text


@pytest.mark.parametrize(
    ("body", "media_type", "state"), [("<a href='a.csv'>", "text/html", "bad"), (CATALOGUE, "text/turtle", "ok")]
)
def test_robots(site: Site, body: str, media_type: str, state: str) -> None:
    site.put("/daten/", body, media_type)
    site.put("/robots.txt", "User-agent: *\nDisallow: /daten/\n", "text/plain")
    found = examine(site.url("/daten/"))
    assert said(found, "robots")[0] == state
    assert "line 2: Disallow: /daten/" in said(found, "robots")[1]


HYDRA = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix dct: <http://purl.org/dc/terms/> .
<> a hydra:PagedCollection ; hydra:totalItems 2 %s .
<a> a dcat:Catalog ; dcat:dataset <https://x.example/%s> .
<https://x.example/%s> a dcat:Dataset ; dct:title "x" ."""


@pytest.mark.parametrize(("second", "state", "said_of_it"), [("2", "ok", "0 of them"), ("1", "bad", "1 of them")])
def test_paging(site: Site, second: str, state: str, said_of_it: str) -> None:
    site.put("/katalog.ttl", HYDRA % ("; hydra:nextPage </2.ttl>", "1", "1"), "text/turtle")
    site.put("/2.ttl", HYDRA % ("", second, second), "text/turtle")
    found = said(examine(site.url("/katalog.ttl")), "paging")
    assert found[0] == state and said_of_it in found[1]


def test_a_page_that_is_missing(site: Site) -> None:
    site.put("/katalog.ttl", HYDRA % ("; hydra:nextPage </2.ttl>", "1", "1"), "text/turtle")
    assert said(examine(site.url("/katalog.ttl")), "paging")[0] == "bad"


def test_moved(site: Site) -> None:
    site.put("/alt", "", "text/plain", status=301, location="/neu.ttl")
    site.put("/neu.ttl", CATALOGUE, "text/turtle")
    found = examine(site.url("/alt"))
    assert site.url("/neu.ttl") in said(found, "moved")[1]
    assert source.read(found.definition.encode(), "neu.yaml").url == site.url("/neu.ttl")


@pytest.mark.parametrize("path", ["/status?404", "/login", "/truncated", "/bomb"])
def test_answers_that_are_no_source(path: str) -> None:
    with misbehaving.running() as server:
        found = examine(server.url(path))
    assert "bad" in states(found).values() and not found.definition


def test_names() -> None:
    assert said(examine("http://a.example/", ips=()), "dns")[0] == "bad"
    assert "never" in said(examine("http://a.example/", ips=("169.254.169.254",)), "dns")[1]
    with pytest.raises(RefusedError):
        examine("file:///etc/passwd")


def test_certificates(tmp_path: Any) -> None:
    authority = trustme.CA()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    leaf = authority.create_child_ca().issue_cert("a.example", common_name="a.example")
    for chain, state in ((leaf.cert_chain_pems, "ok"), (leaf.cert_chain_pems[:1], "bad")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        sent = trustme.Blob(b"".join(each.bytes() for each in chain))
        with sent.tempfile() as file, leaf.private_key_pem.tempfile() as key:
            context.load_cert_chain(file, key)
        with misbehaving.running(context) as server:
            found = examine(f"https://a.example:{server.port}/data.json", ca=str(ca))
        assert said(found, "tls")[0] == state
        assert "Certificate 1: a.example" in said(found, "certificate")[1]
        assert "valid until" in said(found, "certificate")[1]
        assert ("answer" in states(found)) == (state == "ok")
    assert "does not send the certificate" in said(found, "tls")[1]


def test_certificates_that_end_soon(tmp_path: Any) -> None:
    authority = trustme.CA()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.example", not_after=datetime.now(UTC) + timedelta(days=5)).configure_cert(context)
    with misbehaving.running(context) as server:
        found = examine(f"https://a.example:{server.port}/data.json", ca=str(ca))
        other = examine(f"https://b.example:{server.port}/data.json", ca=str(ca))
    assert said(found, "certificate")[0] == "hint"
    assert "is not for b.example" in said(other, "tls")[1]


# The command


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in homes.environment(instance.config.home).items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(cli.offenbar, ["--lang", "en", "doctor", *arguments], standalone_mode=False)

    return call


def test_the_command_for_an_address(site: Site, run: Any) -> None:
    site.put("/katalog.ttl", CATALOGUE, "text/turtle")
    done = run(site.url("/katalog.ttl"))
    assert done.return_value == 0
    assert "A source definition to begin with:" in done.stdout and "type: dcat" in done.stdout
    data = json.loads(run(site.url("/katalog.ttl"), "--json").stdout)
    assert (data["type"], data["url"]) == ("dcat", site.url("/katalog.ttl"))
    assert {"check", "state", "de", "en"} == set(data["checks"][0])
    assert run(site.url("/fehlt")).return_value == 1
    assert isinstance(run("file:///etc/passwd").exception, RefusedError), "misuse ends with 2"


def test_the_command_for_an_installation(instance: Instance, site: Site, run: Any) -> None:
    done = run("--json")
    assert (done.return_value, {check["check"]: check["state"] for check in json.loads(done.stdout)["checks"]}) == (
        0,
        {"home": "ok", "space": "ok", "files": "ok", "database": "ok", "index": "ok", "sources": "hint"},
    )
    folder = instance.config.sources
    (folder / "a.yaml").write_text(
        f"id: a\ncity: darmstadt\ndepartment: Amt\ntype: dcat\nurl: {site.url('/')}\nlogin: {{token: env:FEHLT_HIER}}\n"
        "network: {ca: fehlt.pem}\n"
    )
    done = run()
    assert done.return_value == 1
    assert "a: " in done.stdout and "FEHLT_HIER" in done.stdout
    (folder / "a.yaml").write_text("id: a\n")
    done = run()
    assert done.return_value == 1 and "a.yaml, line 1" in done.stdout


def test_hosts_that_rest_and_a_database_of_another_version(instance: Instance, run: Any) -> None:
    moment = datetime.now(UTC)
    with instance.database.writing() as session:
        row = {"name": "tot.example", "failures": 9, "failing_since": moment, "open_until": moment + timedelta(hours=1)}
        session.execute(sa.insert(HostBudget).values(**row))
    assert "tot.example has not answered since" in run().stdout
    with instance.database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    done = run()
    assert done.return_value == 1 and "offenbar upgrade" in done.stdout
