"""ArcGIS Hub in its three forms: both feeds and the search; the id of a layer stays whatever its title and address do."""

from random import Random

import builders
import homes
import pytest
import samples_arcgis
import spoilt
from conformance import Told
from samples_arcgis import FEED, entry, feature, feed, found, item_id, us_entry, us_feed
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Contact, Dataset
from harvesters import base
from harvesters.arcgis import ARCGIS
from harvesters.base import Batch, Record

HUB = "https://hub.darmstadt.example"
SOURCE = builders.source(HUB, type="arcgis")
US = "/api/feed/dcat-us/1.1.json"
SEARCH = "/api/search/v1/collections/dataset/items"
LAYER = f"{item_id('baeume')}_0"


def split(body: bytes, path: str = FEED) -> Batch:
    return ARCGIS.split(builders.page(body, HUB + path, media_type="application/json"), SOURCE)


def read(body: bytes, path: str = FEED) -> list[Record]:
    return [base.record(ARCGIS, item, SOURCE) for item in split(body, path).items]


def only(body: bytes, path: str = FEED) -> Dataset:
    (record,) = read(body, path)
    assert record.reading, record.failure
    return record.reading.dataset


@pytest.mark.parametrize(
    ("url", "form", "expected"),
    [
        (HUB, "", FEED),
        (f"{HUB}/pages/start?x=1", "dcat-ap", FEED),
        (HUB, "dcat-us", US),
        (HUB, "search", f"{SEARCH}?limit=100&startindex=1"),
        (f"{HUB}/api/feed/dcat-ap/3.0.0.json", "dcat-us", "/api/feed/dcat-ap/3.0.0.json"),
        (f"{HUB}/data.json", "", "/data.json"),
    ],
)
def test_where_a_hub_is_read(url: str, form: str, expected: str) -> None:
    options = (("feed", form),) if form else ()
    assert ARCGIS.pages(builders.source(url, options=options)) == (HUB + expected,)


def test_the_feed_in_dcat_ap() -> None:
    (record,) = read(feed([entry("baeume", "Bäume")]))
    assert record.remote_id == LAYER and record.reading
    dataset = record.reading.dataset
    assert (dataset.uri, dataset.title[0].value) == (f"{HUB}/datasets/{LAYER}", "Bäume")
    assert dataset.publisher and dataset.publisher.name[0].value == "Vermessungsamt"
    assert dataset.contact_point[0].email == "geo@darmstadt.example" and dataset.language[0].endswith("/DEU")
    addresses = {one.access_url[0] for one in dataset.distribution if one.access_url}
    assert addresses == {f"{HUB}/api/download/v1/items/{item_id('baeume')}/geojson?layers=0", f"{HUB}/datasets/{LAYER}"}
    assert {one.license for one in dataset.distribution} == {"", "http://dcat-ap.de/def/licenses/dl-by-de/2.0"}


@pytest.mark.parametrize(
    ("address", "identifier", "expected"),
    [
        (
            f"{HUB}/datasets/stadt::baeume-2",
            f"https://www.arcgis.com/home/item.html?id={item_id('a')}&sublayer=2",
            f"{item_id('a')}_2",
        ),
        (f"{HUB}/maps/{item_id('a').upper()}", "", item_id("a")),
        (f"{HUB}/datasets/stadt::baeume", "baeume", f"{HUB}/datasets/stadt::baeume"),
        (f"{HUB}/datasets/{item_id('a')}{item_id('b')}", "", f"{HUB}/datasets/{item_id('a')}{item_id('b')}"),
    ],
)
def test_ids_of_layers(address: str, identifier: str, expected: str) -> None:
    (item,) = split(feed([entry("a", "A", **{"@id": address, "dct:identifier": identifier})])).items
    assert item.remote_id == expected


def test_the_feed_in_dcat_us() -> None:
    (record,) = read(us_feed([us_entry("baeume", "Bäume")]), US)
    assert record.remote_id == f"{item_id('baeume')}_3" and record.reading
    dataset = record.reading.dataset
    assert (dataset.title[0].value, dataset.keyword[0].value) == ("Bäume", "Baum")
    assert dataset.distribution[0].access_url[0].endswith("/csv?layers=3")


def test_a_page_of_the_search() -> None:
    dataset = only(found([feature("baeume", "Bäume")], 1), f"{SEARCH}?limit=100&startindex=1")
    assert (dataset.identifier, dataset.landing_page) == ((LAYER,), (f"{HUB}/datasets/{LAYER}",))
    assert (dataset.title[0].lang, dataset.description[0].value) == ("de-de", "Beispieldaten, frei erfunden.")
    assert (dataset.issued, dataset.modified) == ("2020-10-19T14:00:00Z", "2026-05-31T12:00:00Z")
    assert dataset.publisher and dataset.publisher.name[0].value == "Stadt Darmstadt" and dataset.contact_point == ()
    service, manual = dataset.distribution
    assert service.access_url == (f"https://services.arcgis.example/{LAYER}/FeatureServer/0",)
    assert service.format.endswith("/REST") and service.license == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    assert manual.title[0].value == "Anleitung" and dataset.spatial[0].bbox.startswith("POLYGON ((8.5 49.7")
    assert "konto_4711" not in repr(dataset), "an account is a person"


def test_terms_of_use_that_link_to_a_licence_are_no_problem() -> None:
    (record,) = read(found([feature("a", "A")], 1), SEARCH)
    assert record.reading and record.reading.problems == ()


def test_terms_of_use_that_name_no_licence_are_a_problem() -> None:
    (record,) = read(found([feature("a", "A", licenseInfo="Bitte anrufen.")], 1), SEARCH)
    assert record.reading and [one.code for one in record.reading.problems] == ["unknown-license"]
    assert {one.license for one in record.reading.dataset.distribution} == {""}
    assert (
        only(found([feature("a", "A", licenseInfo=None, license="CC-BY-4.0")], 1), SEARCH)
        .distribution[0]
        .license.endswith("cc-by/4.0")
    )


def test_the_search_goes_on_after_what_came() -> None:
    batch = split(found([feature("a", "A"), feature("b", "B")], 5), f"{SEARCH}?limit=100&startindex=1")
    assert (batch.following, batch.total, batch.whole) == ((f"{HUB}{SEARCH}?limit=100&startindex=3",), 5, True)
    assert split(found([feature("e", "E")], 5), f"{SEARCH}?limit=100&startindex=5").following == ()
    early = split(found([], 5), f"{SEARCH}?limit=100&startindex=5")
    assert not early.whole and early.following == () and early.problems[0].code == "too-few"


def test_what_has_no_id_or_title_waits() -> None:
    nameless = feature("a", "Namenlos") | {"id": ""}
    (first, second) = read(found([nameless, feature("b", "")], 2), SEARCH)
    assert first.remote_id == "?Namenlos" and first.failure and "keine Kennung" in first.failure.de
    assert second.failure and "keinen Titel" in second.failure.de
    untitled = entry("c", "")
    del untitled["dct:title"]
    (third,) = read(feed([untitled]))
    assert third.failure and "keinen Titel" in third.failure.de


@pytest.mark.parametrize(
    ("path", "words"),
    [(FEED, "weder Datensätze noch einen Katalog"), (US, "ohne die Liste"), (SEARCH, "keine Seite der Suche")],
)
def test_what_is_no_feed_is_refused(path: str, words: str) -> None:
    with pytest.raises(UnreadableError) as error:
        split(b'{"error": "Site not found"}', path)
    assert words in error.value.message.de
    with pytest.raises(UnreadableError):
        split(b"<!doctype html><title>Anmeldung</title>", path)


def test_the_sample_is_taken_in(instance: Instance, site: Site) -> None:
    told = [Told(f"satz-{n}", f"Satz {n}", spoilt=n == 3) for n in range(5)]
    for path, answer in samples_arcgis.site(site.url(""), told, 2).items():
        site.put(path, answer.body, answer.media_type)
    source = homes.define(instance, site, type="arcgis", url=site.url("/"))
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, homes.counted(outcome)) == ("applied", {"seen": 5, "created": 4, "quarantined": 1})
    assert homes.quarantined(instance) == {f"{item_id('satz-3')}_0": "unreadable"}
    turtle = homes.exported(instance, "ttl").decode()
    assert 'dcterms:title "Satz 1"' in turtle and f"items/{item_id('satz-1')}/geojson" in turtle
    assert jobs.harvest(instance, source).status == "unchanged"


def test_layers_of_one_item_become_one_where_the_definition_says_so(instance: Instance, site: Site) -> None:
    site.put(FEED, feed([entry("a", "A")]), "application/json")
    source = homes.define(
        instance, site, type="arcgis", url=site.url("/"), identity={"dataset": "strip-suffix:_[0-9]+"}
    )
    jobs.harvest(instance, source)
    assert list(homes.records(instance)) == [item_id("a")]


def test_broken_answers_break_nothing_else() -> None:
    forms = {
        FEED: feed([entry("a", "A"), entry("b", "B")]),
        US: us_feed([us_entry("a", "A")]),
        SEARCH: found([feature("a", "A"), feature("b", "B")], 2),
    }
    for path, whole in forms.items():
        for body in spoilt.answers([whole], Random(3), 250):
            try:
                read(body, path)
            except UnreadableError:
                continue


@pytest.mark.parametrize(
    ("mail", "expected"), [("mailto:geo@amt.example", (Contact(email="geo@amt.example"),)), (None, ())]
)
def test_the_account_of_a_person_is_no_contact(mail: str | None, expected: tuple[Contact, ...]) -> None:
    account = "https://stadt.maps.arcgis.com/sharing/rest/community/users/konto_4711?f=json"
    contact = {"@id": account, "@type": "Contact", "vcard:fn": "konto_4711", "vcard:hasEmail": mail}
    assert only(feed([entry("a", "A", **{"dcat:contactPoint": contact})])).contact_point == expected
    assert only(feed([entry("a", "A")])).contact_point == (
        Contact(name="Geodatenstelle", email="geo@darmstadt.example"),
    )
