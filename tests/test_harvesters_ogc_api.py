"""OGC API Features and Records as servers answer: from the landing page to datasets, and what is none."""

import json
from random import Random
from typing import Any

import builders
import homes
import pytest
import samples_ogc_api
import spoilt
from builders import DARMSTADT, LICENSE
from conformance import Told
from samples_ogc_api import ITEMS, LANDING, collection, record
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Contact, Dataset, Period
from harvesters import base
from harvesters.base import Batch
from harvesters.ogc_api import OGC_API

ROOT = "https://geo.darmstadt.example"
SOURCE = builders.source(f"{ROOT}/ogc", type="ogc-api")
CATALOGUE = builders.source(f"{ROOT}{ITEMS}", type="ogc-api")
AREA = "POLYGON ((8.55 49.79, 8.75 49.79, 8.75 49.96, 8.55 49.96, 8.55 49.79))"


def split(answer: Any, url: str = f"{ROOT}/ogc/collections?f=json", source: Any = SOURCE) -> Batch:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return OGC_API.split(builders.page(body, url, media_type="application/json"), source)


def read(answer: Any, **more: Any) -> Any:
    return [base.record(OGC_API, item, SOURCE) for item in split(answer, **more).items]


def only(answer: Any, **more: Any) -> Dataset:
    (found,) = read(answer, **more)
    assert found.reading, found.failure
    dataset: Dataset = found.reading.dataset
    return dataset


def records(*features: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def refused(answer: Any) -> str:
    with pytest.raises(UnreadableError) as error:
        split(answer)
    return error.value.message.de


def test_json_is_asked_for() -> None:
    assert OGC_API.pages(SOURCE) == (f"{ROOT}/ogc?f=json",)
    assert OGC_API.pages(builders.source(f"{ROOT}/ogc?f=application%2Fjson")) == (f"{ROOT}/ogc?f=application%2Fjson",)
    assert OGC_API.pages(builders.source(f"{ROOT}/ogc", options=(("f", ""),))) == (f"{ROOT}/ogc",)


def test_a_landing_page_leads_to_its_collections_in_json() -> None:
    batch = split(LANDING, f"{ROOT}/ogc?f=json")
    assert (list(batch.items), batch.following) == ([], (f"{ROOT}/ogc/collections?f=json",))
    untyped = {"links": [{"rel": "data", "href": "collections"}]}
    assert split(untyped, f"{ROOT}/ogc/").following == (f"{ROOT}/ogc/collections?f=json",)


def test_a_collection_becomes_a_dataset() -> None:
    dataset = only({"collections": [collection("baeume", "Bäume")], "links": LANDING["links"]})
    assert (dataset.title[0].value, dataset.title[0].lang) == ("Bäume", "de")
    assert dataset.identifier == (f"{ROOT}/ogc/collections/baeume",)
    assert dataset.landing_page == (f"{ROOT}/ogc/collections/baeume?f=html",)
    assert dataset.spatial[0].bbox == AREA
    assert dataset.temporal == (Period(start="2020-01-01T00:00:00Z"),)
    geojson, gml = dataset.distribution
    assert geojson.access_url == (f"{ROOT}/ogc/collections/baeume/items?f=json",) and not geojson.download_url
    assert (geojson.format.rpartition("/")[2], gml.format.rpartition("/")[2]) == ("GEOJSON", "GML")
    assert geojson.license == gml.license == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    assert geojson.license_attribution[0].value == "© Stadt Darmstadt, Vermessungsamt"
    (service,) = geojson.access_service
    assert (service.endpoint_url, service.endpoint_description) == ((f"{ROOT}/ogc",), (f"{ROOT}/ogc/api?f=json",))


def test_one_collection_by_itself() -> None:
    assert only(collection("baeume", "Bäume"), url=f"{ROOT}/ogc/collections/baeume?f=json").title[0].value == "Bäume"


def test_a_licence_for_all_collections_counts_where_one_has_none() -> None:
    bare = collection("wege", "Wege")
    bare["links"] = [link for link in bare["links"] if link["rel"] != "license"]
    shared = [{"rel": "license", "href": "http://www.opendefinition.org/licenses/cc-zero"}]
    with_license = {"collections": [bare], "links": shared}
    assert only(with_license).distribution[0].license and not only({"collections": [bare]}).distribution[0].license
    (first,), (second,) = split(with_license).items, split({"collections": [bare]}).items
    assert first.stamp != second.stamp


def test_an_extent_in_other_coordinates_is_a_problem() -> None:
    extent = {
        "spatial": {
            "bbox": [[3_400_000, 5_500_000, 3_500_000, 5_600_000]],
            "crs": "http://www.opengis.net/def/crs/EPSG/0/31467",
        }
    }
    (found,) = read({"collections": [collection("alt", "Alt", extent=extent)]})
    assert found.reading.dataset.spatial == () and [p.code for p in found.reading.problems] == ["crs"]


@pytest.mark.parametrize("bbox", [[8.5, 49.7, 0, 8.7, 49.9, 300], [8.5, 49.7, 8.7, 49.9]])
def test_boxes_with_and_without_heights(bbox: list[float]) -> None:
    dataset = only({"collections": [collection("a", "A", extent={"spatial": {"bbox": [bbox]}})]})
    assert dataset.spatial[0].bbox.startswith("POLYGON ((8.5 49.7, 8.7 49.7")


def test_a_box_across_the_antimeridian_is_left_out() -> None:
    assert (
        only({"collections": [collection("a", "A", extent={"spatial": {"bbox": [[170, -10, -170, 10]]}})]}).spatial
        == ()
    )


def test_a_catalogue_of_records_among_collections_is_followed() -> None:
    catalogue = collection("datensaetze", "Katalog", itemType="record")
    batch = split({"collections": [catalogue, collection("baeume", "Bäume")]})
    assert [item.remote_id for item in batch.items] == ["baeume"]
    assert batch.following == (f"{ROOT}/ogc/collections/datensaetze/items?f=json&limit=100",)


def test_a_record_becomes_a_dataset() -> None:
    dataset = only(records(record("baeume-1", "Bäume")), url=f"{ROOT}{ITEMS}?f=json")
    assert dataset.identifier == ("baeume-1",) and dataset.description[0].value == "Beispieldaten, frei erfunden."
    assert [word.value for word in dataset.keyword] == ["Baum", "Grün"]
    assert dataset.theme == ("http://publications.europa.eu/resource/authority/data-theme/ENVI",)
    assert (dataset.issued, dataset.modified) == ("2024-03-01T08:00:00Z", "2026-05-31T12:00:00Z")
    assert dataset.temporal == (Period(start="2020-01-01"),) and dataset.temporal_resolution == "P1Y"
    assert dataset.spatial[0].bbox == AREA
    assert dataset.publisher and dataset.publisher.name[0].value == "Vermessungsamt"
    assert dataset.contact_point == (
        Contact(name="Vermessungsamt, Geodatenstelle", email="geodaten@darmstadt.example", telephone="tel:+4961511234",
                url="https://www.darmstadt.example/vermessung"),
    )  # fmt: skip
    assert dataset.language == ("http://publications.europa.eu/resource/authority/language/DEU",)
    assert dataset.landing_page == (f"{ROOT}/records/baeume-1?f=html",)
    table, features = dataset.distribution
    assert (table.title[0].value, table.byte_size, table.license) == ("Tabelle", 2048, LICENSE)
    assert table.download_url == ("https://geo.darmstadt.example/baeume-1.csv",)
    assert features.access_url == (f"{ROOT}/daten/baeume-1.geojson",) and features.media_type.endswith(
        "application/geo+json"
    )


def test_what_a_record_does_not_say_stays_empty() -> None:
    dataset = only(
        records({"id": "leer", "type": "Feature", "properties": {"title": "Leer"}, "geometry": None, "time": None})
    )
    assert dataset == Dataset(identifier=("leer",), title=dataset.title)
    assert DARMSTADT not in repr(dataset)


def test_what_cannot_be_mapped_is_named() -> None:
    odd = record("a", "A", license="nur für Freunde", updated="neulich", themes=[{"concepts": [{"id": "Unsinn"}]}])
    odd["links"] = [
        {"rel": "enclosure", "href": "/a.xyz", "type": "application/x-nie-gehoert"},
        {"rel": "item", "href": "mailto:amt@darmstadt.example"},
    ]
    (found,) = read(records(odd))
    assert {p.path for p in found.reading.problems} == {"license", "properties.updated", "links.type"}
    assert [d.access_url for d in found.reading.dataset.distribution] == [(f"{ROOT}/a.xyz",)]


def test_the_only_format_of_a_record_is_that_of_a_link_that_names_none() -> None:
    bare = record("a", "A", formats=[{"name": "SHP"}])
    bare["links"] = [{"rel": "enclosure", "href": "/a"}, {"rel": "enclosure", "href": "/b", "type": "text/csv"}]
    (found,) = read(records(bare))
    assert [one.format.rpartition("/")[2] for one in found.reading.dataset.distribution] == ["SHP", "CSV"]
    assert found.reading.problems == (), "a known file type needs no media type"
    bare["properties"]["formats"] = ["SHP", "CSV"]
    assert [one.format.rpartition("/")[2] for one in only(records(bare)).distribution] == ["", "CSV"]


def test_what_a_record_describes_is_an_interface_or_a_page() -> None:
    described = record("a", "A")
    described["links"] = [
        {"rel": "describes", "href": "/ows?service=WFS&request=GetCapabilities", "title": "WFS"},
        {"rel": "describes", "href": "/a.html", "type": "text/html"},
        {"rel": "collection", "href": "/alle"},
    ]
    dataset = only(records(described))
    assert [one.access_url for one in dataset.distribution] == [(f"{ROOT}/ows?service=WFS&request=GetCapabilities",)]
    assert dataset.landing_page == (f"{ROOT}/a.html",) and not dataset.distribution[0].download_url


@pytest.mark.parametrize(
    ("code", "link", "expected"),
    [
        ("CC-BY-4.0", "https://amt.example/nennung", "http://dcat-ap.de/def/licenses/cc-by/4.0"),
        ("CC-BY-4.0", "https://www.govdata.de/dl-de/zero-2-0", LICENSE),
        ("other", "https://amt.example/nennung", "https://amt.example/nennung"),
        ("https://amt.example/eigene", "", "https://amt.example/eigene"),
    ],
)
def test_a_known_licence_counts_before_a_page_about_it(code: str, link: str, expected: str) -> None:
    licensed = record("a", "A", license=code)
    licensed["links"] += [{"rel": "license", "href": link, "type": "text/html"}] if link else []
    (found,) = read(records(licensed))
    assert {one.license for one in found.reading.dataset.distribution} == {expected} and found.reading.problems == ()


def test_contacts_are_sorted_by_their_roles() -> None:
    contacts = [
        {"name": "Amt A", "roles": ["author", "custodian"]},
        {
            "name": "Amt B",
            "organization": "Amt B",
            "roles": ["distributor"],
            "emails": [{"value": ""}, {"value": "b@amt.example"}],
        },
        {"roles": ["publisher"], "emails": [{"value": "niemand"}]},
    ]
    (found,) = read(records(record("a", "A", contacts=contacts)))
    dataset = found.reading.dataset
    assert [one.name[0].value for one in (*dataset.creator, *dataset.custodian)] == ["Amt A", "Amt A"]
    assert dataset.publisher is None and dataset.contributor == dataset.originator == ()
    assert dataset.contact_point == (Contact(name="Amt A"),), "without the role, the first is asked"
    assert {one.path for one in found.reading.problems} == {"contacts.emails"}
    contacts[1]["roles"] = ["pointOfContact"]
    assert only(records(record("a", "A", contacts=contacts))).contact_point == (
        Contact(name="Amt B", email="b@amt.example"),
    )


@pytest.mark.parametrize(
    "bbox", [[8.7, 49.7, 8.5, 49.9], [8.5, 49.9, 8.7, 49.7], [8.5, 49.7, 8.7], [8.5, 49.7, 200, 49.9], ["a"] * 4]
)
def test_boxes_that_are_none(bbox: list[Any]) -> None:
    assert only({"collections": [collection("a", "A", extent={"spatial": {"bbox": [bbox]}})]}).spatial == ()


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({"interval": ["..", "2020"]}, (Period(end="2020"),)),
        ({"interval": ["", ".."]}, ()),
        ({"date": "2020-05-01"}, (Period(start="2020-05-01", end="2020-05-01"),)),
        ({"interval": ["2020"]}, ()),
    ],
)
def test_times(time: Any, expected: Any) -> None:
    assert only(records(record("a", "A") | {"time": time})).temporal == expected


@pytest.mark.parametrize("license_text", ["various", "proprietary"])
def test_words_that_name_no_licence_are_none(license_text: str) -> None:
    assert not only(records(record("a", "A", license=license_text))).distribution[0].license


def test_records_without_id_or_title_and_services_wait() -> None:
    found = read(records(record("", "Namenlos"), record("b", ""), record("c", "Dienst", type="service")))
    assert [one.remote_id for one in found] == ["?Namenlos", "b", "c"]
    assert [
        "keine Kennung" in found[0].failure.de,
        "keinen Titel" in found[1].failure.de,
        "einen Dienst" in found[2].failure.de,
    ] == [True] * 3


def test_pages_follow_next_and_prove_their_number() -> None:
    first = json.loads(samples_ogc_api.page([record("a", "A")], 2, f"{ROOT}{ITEMS}?f=json&limit=1&offset=1"))
    batch = split(first, f"{ROOT}{ITEMS}?f=json", CATALOGUE)
    assert (batch.following, batch.total, batch.whole) == ((f"{ROOT}{ITEMS}?f=json&limit=1&offset=1",), 2, True)
    assert split(first, f"{ROOT}{ITEMS}?f=json", SOURCE).total is None, "one of several lists proves nothing of all"


def test_pages_that_end_too_early_are_no_proof() -> None:
    for features, offset in (([], 1), ([record("b", "B")], 1), ([record("a", "A")], 0)):
        batch = split(
            records(*features, numberMatched=3, links=[]), f"{ROOT}{ITEMS}?f=json&limit=1&offset={offset}", CATALOGUE
        )
        assert not batch.whole and [p.code for p in batch.problems] == ["too-few"]
    looped = records(numberMatched=3, links=[{"rel": "next", "href": f"{ROOT}{ITEMS}?offset=9"}])
    assert split(looped, f"{ROOT}{ITEMS}?offset=1", CATALOGUE).following == (), "an empty page leads nowhere"


def test_too_many_records_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvesters.ogc_api.MAX_ITEMS", 2)
    for answer in (
        records(*(record(str(n), "A") for n in range(3))),
        {"collections": [collection(str(n), "A") for n in range(3)]},
    ):
        batch = split(answer)
        assert len(list(batch.items)) == 2 and not batch.whole and batch.problems[0].code == "too-many"


def test_what_is_no_ogc_api_is_refused() -> None:
    assert "weder die Startseite" in refused({"swagger": "2.0"})
    assert "weder die Startseite" in refused([1])
    assert "Webseite" in refused(b"<!doctype html><title>Anmeldung</title>")
    assert "kein lesbares JSON" in refused(b'{"collections": [')


def test_the_sample_is_taken_in(instance: Instance, site: Site) -> None:
    told = [Told(f"satz-{n}", f"Satz {n}", spoilt=n == 3) for n in range(5)]
    for path, answer in samples_ogc_api.site(site.url(""), told, 2).items():
        site.put(path, answer.body, answer.media_type)
    source = homes.define(instance, site, type="ogc-api", url=site.url(ITEMS))
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, homes.counted(outcome)) == ("applied", {"seen": 5, "created": 4, "quarantined": 1})
    turtle = homes.exported(instance, "ttl").decode()
    assert 'dcterms:title "Satz 1"@de' in turtle and "geo.darmstadt.example/satz-1.csv" in turtle
    assert jobs.harvest(instance, source).status == "unchanged"


def test_an_api_of_features_from_its_landing_page(instance: Instance, site: Site) -> None:
    site.put("/ogc?f=json", json.dumps(LANDING), "application/json")
    site.put(
        "/ogc/collections?f=json",
        json.dumps({"collections": [collection("a", "A"), collection("b", "B")]}),
        "application/json",
    )
    outcome = jobs.harvest(instance, homes.define(instance, site, type="ogc-api", url=site.url("/ogc")))
    assert outcome.status == "applied" and homes.published(instance) == ["A", "B"]


def test_broken_answers_break_nothing_else() -> None:
    whole = [
        samples_ogc_api.page([record("a", "A"), record("b", "B")], 2),
        json.dumps({"collections": [collection("a", "A")]}).encode(),
    ]
    for body in spoilt.answers(whole, Random(11), 600):
        try:
            read(body)
        except UnreadableError:
            continue
