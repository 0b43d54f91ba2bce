"""What hostile sources and clients try: each of these once broke a page, the export or the limits."""

import json

import homes
import pyoxigraph as ox
import pytest
import source_site

from catalog import config, jobs
from catalog.app import create_app
from dcat import rdf
from dcat.errors import ConfigError

SITE = "https://daten.example.org"
PREFIXES = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@pytest.fixture
def instance(tmp_path):
    with homes.home(tmp_path / "home") as found:
        yield found


@pytest.fixture
def site():
    with source_site.running() as found:
        yield found


def described(uri: str, extra: str = "", title: str = "Titel") -> str:
    return (
        f"<{uri}> a dcat:Dataset ; dct:title {json.dumps(title)}@de ; dct:description 'Text'@de ; {extra}"
        f" dcat:distribution [ a dcat:Distribution ; dcat:accessURL <https://files.example/a.pdf> ] .\n"
    )


def harvested(instance, site, *pieces: str):
    site.put("/1.ttl", PREFIXES + "".join(pieces))
    outcome = jobs.harvest(instance, homes.define(instance, site))
    assert outcome.status == "applied"
    return create_app(instance).test_client()


def statements(client, ending: str = "nt") -> dict[str, set[tuple[str, str]]]:
    """Read the catalogue as sets of statements by subject."""
    found: dict[str, set[tuple[str, str]]] = {}
    for quad in ox.parse(client.get(f"/catalog.{ending}").data, format=rdf.FORMATS[ending].syntax):
        found.setdefault(quad.subject.value, set()).add((quad.predicate.value.rpartition("/")[2], quad.object.value))
    return found


@pytest.mark.parametrize("name", ["catalog", "publisher", "api/data", "contact", "record/1", "schema/baumkataster"])
def test_nobody_describes_our_own_addresses(instance, site, name):
    client = harvested(
        instance,
        site,
        described(f"{SITE}/{name}", "dct:publisher <https://daten.example.org/publisher> ;", "Fremdes"),
        described("https://amt.example/1", f"dct:creator <{SITE}/{name}> ; dcat:contactPoint <{SITE}/contact> ;"),
        f"<{SITE}/{name}> foaf:name 'Ein fremder Name, länger als jeder eigene Name hier'@de .\n",
        f"<{SITE}/contact> vcard:fn 'Eine fremde Stelle, länger als die eigene' ; vcard:hasEmail <mailto:a@b.example> .\n",
    )
    found = statements(client)
    said = {value for key in (name, "contact", "publisher") for _, value in found.get(f"{SITE}/{key}", set())}
    assert not any("fremd" in value.lower() for value in said)
    assert sum(("title", "Fremdes") in said for said in found.values()) == 1, "published, under an address of its own"


def test_an_agent_cannot_speak_for_a_dataset(instance, site):
    client = harvested(
        instance,
        site,
        described("https://amt.example/1", "dct:publisher <https://amt.example/2> ;"),
        described("https://amt.example/2"),
        "<https://amt.example/2> foaf:name 'Untergeschoben'@de .\n",
    )
    assert "Untergeschoben" not in {value for _, value in statements(client)["https://amt.example/2"]}


@pytest.mark.parametrize("ending", sorted(rdf.FORMATS))
def test_a_node_keeps_every_class_that_datasets_give_it(instance, site, ending):
    licence = "http://dcat-ap.de/def/licenses/cc-zero"
    client = harvested(
        instance,
        site,
        described("https://amt.example/1", "dct:publisher <https://amt.example/stelle> ;"),
        described("https://amt.example/2", "dcat:contactPoint <https://amt.example/stelle> ;"),
        described("https://amt.example/3", f"dct:publisher <{licence}> ;"),
        "<https://amt.example/stelle> foaf:name 'Eine Stelle'@de ; vcard:fn 'K' ; vcard:hasEmail <mailto:a@b.example> .\n",
        f"<{licence}> foaf:name 'Keine Lizenz'@de .\n",
    )
    found = statements(client, ending)
    classes = {value.rpartition("/")[2] for _, value in found["https://amt.example/stelle"]}
    assert {"Agent", "ns#Kind", "Eine Stelle", "K"} <= classes
    assert "LicenseDocument" in {value.rpartition("/")[2] for _, value in found[licence]}


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_the_ends_of_the_calendar(instance, site, moment):
    client = harvested(
        instance, site, described("https://amt.example/1", f'dct:modified "{moment}"^^xsd:dateTime ;', "Kalender")
    )
    for address in ("/", "/dataset", "/dataset/kalender"):
        assert client.get(address).status_code == 200
    asked = client.get("/catalog.ttl", query_string={"modified_since": moment})
    assert asked.status_code == (200 if moment.endswith("Z") else 400)


def test_texts_have_an_end(instance, site):
    long = "Wort " * 20_001
    client = harvested(
        instance,
        site,
        described("https://amt.example/1", f'dct:title "{long}"@en ;', "Kurz"),
        described("https://a.example/2"),
    )
    assert len(client.get("/dataset/kurz?lang=en").data) < 50_000


def test_searches_have_an_end(instance):
    client = create_app(instance).test_client()
    many = client.post("/api/3/action/package_search", json={"fq_list": ["name:a"] * 5000})
    assert (many.status_code, many.json["error"]["__type"]) == (409, "Search Error")
    assert client.post("/api/3/action/package_search", json={"facet.field": ["tags"] * 50_000}).status_code == 200


def test_no_redirect_to_a_host_the_client_names(instance):
    answer = create_app(instance).test_client().get("/dataset//evil", headers={"Host": "evil.example"})
    assert answer.status_code == 404


def test_a_listing_stays_in_its_folder(instance, site):
    site.put_listing("/ablage/", ["gut.csv", "..%2f..%2fgeheim.csv", "%2e%2e/geheim.csv", "a%5c..%5cgeheim.csv"])
    jobs.harvest(instance, homes.define_drop(instance, site))
    assert homes.published(instance) == ["gut"]


def test_personal_data_are_found_in_the_last_row(instance, site):
    table = "nummer;kontakt\n" + "1;info@stadt.example\n" * 200_001 + "2;erika.muster@stadt.example\n"
    site.put_folder("/ablage/", {"liste.csv": table})
    homes.harvest_and_check(instance, homes.define_drop(instance, site))
    (shown,) = homes.shown_all(instance)
    assert [file.state for file in shown.files] == ["held"]


def test_deep_settings_are_refused(tmp_path):
    (tmp_path / "offenbar.yaml").write_text("cities: " + "[" * 5000, encoding="utf-8")
    with pytest.raises(ConfigError):
        config.read_yaml(tmp_path / "offenbar.yaml")


def test_rows_of_huge_cells_come_in_parts(instance, site):
    site.put_folder("/ablage/", {"gross.csv": "a;b\n" + f"{'x' * 900_000};1\n" * 12})
    homes.harvest_and_check(instance, homes.define_drop(instance, site))
    client = create_app(instance).test_client()
    address, sizes = f"/api/data/{homes.shown_all(instance)[0].files[0].id}", []
    while address:
        answer = client.get(address)
        assert len(answer.data) < 6_000_000
        sizes.append(len(answer.json["records"]))
        address = (answer.json["next"] or "").removeprefix(SITE)
    assert sizes == [5, 5, 2]
