"""Opendatasoft portals: paging within the bounds of the interface, the metadata of the templates, exports and attachments."""

import json
from random import Random
from typing import Any

import builders
import homes
import pytest
import samples_opendatasoft
import spoilt
from conformance import Told
from samples_opendatasoft import PATH, dataset, page
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Contact, Dataset, Distribution, Period
from harvesters import base
from harvesters.base import Batch, Record
from harvesters.opendatasoft import OPENDATASOFT
from harvesters.source import Source

PORTAL = "https://daten.wiesbaden.example"
SOURCE = builders.source(PORTAL, type="opendatasoft")


def split(body: Any, offset: int = 0, source: Source = SOURCE) -> Batch:
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OPENDATASOFT.split(
        builders.page(body, f"{PORTAL}{PATH}?limit=100&offset={offset}", media_type="application/json"), source
    )


def read(*results: Any, source: Source = SOURCE) -> list[Record]:
    return [
        base.record(OPENDATASOFT, item, source)
        for item in split(page(list(results), len(results)), source=source).items
    ]


def only(*results: Any, source: Source = SOURCE) -> Dataset:
    (found,) = read(*results, source=source)
    assert found.reading, found.failure
    return found.reading.dataset


def exports(found: Dataset) -> list[str]:
    return [one.access_url[0].removeprefix(f"{PORTAL}{PATH}/baeume/") for one in found.distribution]


@pytest.mark.parametrize(
    "url",
    [
        PORTAL,
        f"{PORTAL}/",
        f"{PORTAL}/explore/?sort=modified",
        f"{PORTAL}/api/explore/v2.1/catalog/datasets",
        f"{PORTAL}/api/v2/console",
    ],
)
def test_any_address_of_the_portal_leads_to_the_catalogue(url: str) -> None:
    assert OPENDATASOFT.pages(builders.source(url)) == (f"{PORTAL}{PATH}?limit=100&offset=0",)


def test_a_portal_below_a_path() -> None:
    source = builders.source(f"{PORTAL}/stadt/explore/dataset/baeume/")
    assert OPENDATASOFT.pages(source) == (f"{PORTAL}/stadt{PATH}?limit=100&offset=0",)


def test_several_references_and_no_period() -> None:
    (found,) = read(dataset("a", "A", references="https://a.example/1;https://a.example/2", dcat={"temporal": None}))
    assert found.reading and found.reading.dataset.page == ("https://a.example/1", "https://a.example/2")
    assert found.reading.dataset.temporal == () and found.reading.problems == ()


def test_a_filter_goes_along_from_page_to_page() -> None:
    source = builders.source(PORTAL, options=(("where", 'publisher="Grünflächenamt"'),))
    (first,) = OPENDATASOFT.pages(source)
    assert first == f"{PORTAL}{PATH}?where=publisher%3D%22Gr%C3%BCnfl%C3%A4chenamt%22&limit=100&offset=0"
    batch = OPENDATASOFT.split(builders.page(page([dataset("a", "A")], 2), first), source)
    assert batch.following == (first.replace("offset=0", "offset=1"),)


def test_the_next_page_begins_after_what_came() -> None:
    batch = split(page([dataset(str(n), "A") for n in range(3)], 7), 2)
    assert (batch.following, batch.total, batch.whole) == ((f"{PORTAL}{PATH}?limit=100&offset=5",), 7, True)
    assert split(page([dataset("z", "Z")], 7), 6).following == ()


def test_an_empty_page_before_the_end_is_no_proof() -> None:
    batch = split(page([], 7), 5)
    assert not batch.whole and batch.following == () and "5 von 7" in batch.problems[0].message.de
    assert split(page([], 0)).whole


def test_nothing_lies_beyond_the_ten_thousandth() -> None:
    assert split(page([dataset("a", "A")], 20_000), 9_949).following == (f"{PORTAL}{PATH}?limit=50&offset=9950",)
    batch = split(page([dataset("a", "A")], 20_000), 9_999)
    assert not batch.whole and batch.following == () and "höchstens 10000" in batch.problems[0].message.de
    assert split(page([dataset("a", "A")], 10_000), 9_999).whole


def test_a_dataset_with_everything() -> None:
    found = only(dataset("baeume", "Bäume"))
    assert (found.title[0].value, found.description[0].value) == ("Bäume", "Beispieldaten, frei erfunden.")
    assert found.identifier == found.landing_page == (f"{PORTAL}/explore/dataset/baeume/",)
    assert [one.value for one in found.keyword] == ["Baum", "Straße"]
    assert found.theme == ("http://publications.europa.eu/resource/authority/data-theme/ENVI",)
    assert found.publisher and found.publisher.name[0].value == "Grünflächenamt"
    assert found.creator[0].name[0].value == "Vermessungsamt" and found.contributor == ()
    assert found.contact_point == (Contact(name="Geschäftsstelle Offene Daten", email="offenedaten@wiesbaden.example"),)
    assert (found.issued, found.modified) == ("2020-01-31T00:00:00+00:00", "2026-05-31T10:00:00+00:00")
    assert found.frequency.endswith("/ANNUAL") and found.language[0].endswith("/DEU")
    assert found.temporal == (Period(start="2015", end="2025"),)
    assert found.spatial[0].label[0].value == "Wiesbaden" and found.spatial[0].bbox.startswith(
        "POLYGON ((8.1 50, 8.4 50"
    )
    assert found.page == ("https://www.wiesbaden.example/baeume",)
    assert exports(found) == [
        "exports/csv",
        "exports/json",
        "exports/geojson",
        "exports/xlsx",
        "exports/parquet",
        "attachments/lies_mich_pdf",
    ]
    csv: Distribution = found.distribution[0]
    assert (csv.license, csv.license_attribution[0].value) == (
        "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
        "© Landeshauptstadt Wiesbaden",
    )
    assert csv.download_url == csv.access_url and csv.format.endswith("/CSV") and csv.media_type.endswith("text/csv")
    assert found.distribution[-1].title[0].value == "Lies mich.pdf" and found.distribution[-1].format.endswith("/PDF")


def test_no_places_no_geojson_no_records_no_exports() -> None:
    assert "exports/geojson" not in exports(only(dataset("baeume", "A", more={"features": ["analyze"]})))
    assert exports(only(dataset("baeume", "A", more={"has_records": False}))) == ["attachments/lies_mich_pdf"]
    assert exports(only(dataset("baeume", "A", more={"data_visible": False, "attachments": []}))) == []
    source = builders.source(PORTAL, options=(("exports", "csv, geojson"),))
    assert exports(only(dataset("baeume", "A", more={"attachments": []}), source=source)) == [
        "exports/csv",
        "exports/geojson",
    ]


def test_attachments_with_an_address_of_their_own() -> None:
    attachments = [{"url": "https://www.wiesbaden.example/a.zip", "title": "A"}, {"url": "odsfile://b"}, "c"]
    found = only(dataset("baeume", "A", more={"has_records": False, "attachments": attachments}))
    assert exports(found) == ["https://www.wiesbaden.example/a.zip"]


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("CC BY 4.0", None, "http://dcat-ap.de/def/licenses/cc-by/4.0"),
        ("Eigene", "https://www.wiesbaden.example/lizenz", "https://www.wiesbaden.example/lizenz"),
        ("dl-de/by-2-0", "https://www.wiesbaden.example/lizenz", "http://dcat-ap.de/def/licenses/dl-by-de/2.0"),
        (None, None, ""),
    ],
)
def test_licences(name: str | None, url: str | None, expected: str) -> None:
    assert only(dataset("baeume", "A", license=name, license_url=url)).distribution[0].license == expected


def test_what_cannot_be_mapped_is_named() -> None:
    odd = dataset("a", "A", theme=["Rathaus"], license="Hausordnung", license_url=None, references="siehe Aushang; Keller",
                  dcat={"accrualperiodicity": "ab und zu", "temporal": "seit jeher", "contact_email": "anrufen"})  # fmt: skip
    (found,) = read(odd)
    assert found.reading
    assert {one.path for one in found.reading.problems} == {
        "default.theme", "default.license", "default.references", "dcat.accrualperiodicity", "dcat.temporal", "dcat.contact_email",
    }  # fmt: skip


def test_what_is_restricted_or_nameless_waits() -> None:
    found = read(
        dataset("geheim", "Geheim", more={"visibility": "restricted"}), dataset("", "Namenlos"), dataset("b", "")
    )
    assert [one.remote_id for one in found] == ["geheim", "?Namenlos", "b"]
    failures = [one.failure.de if one.failure else "" for one in found]
    assert "nicht öffentlich" in failures[0] and "keine Kennung" in failures[1] and "keinen Titel" in failures[2]


def test_processing_and_popularity_are_no_change() -> None:
    before, after = dataset("a", "A"), dataset("a", "A", data_processed="2026-11-21T03:00:00+00:00")
    after["metas"]["explore"]["download_count"] = 99
    (one,), (other,) = split(page([before], 1)).items, split(page([after], 1)).items
    assert one.stamp == other.stamp
    (third,) = split(page([dataset("a", "A", modified="2026-06-01")], 1)).items
    assert third.stamp != one.stamp


def test_what_is_no_catalogue_is_refused() -> None:
    for body, words in (
        (b'{"error_code": "x"}', "kein Katalog"),
        (b"<html>", "Webseite"),
        (b"{", "kein lesbares JSON"),
        (b"[]", "kein Katalog"),
    ):
        with pytest.raises(UnreadableError) as error:
            split(body)
        assert words in error.value.message.de


def test_the_sample_is_taken_in(instance: Instance, site: Site) -> None:
    told = [Told(f"satz-{n}", f"Satz {n}", spoilt=n == 3) for n in range(5)]
    for path, answer in samples_opendatasoft.site(site.url(""), told, 2).items():
        site.put(path, answer.body, answer.media_type)
    source = homes.define(instance, site, type="opendatasoft", url=site.url("/"))
    outcome = jobs.harvest(instance, source)
    assert (outcome.status, homes.counted(outcome)) == ("applied", {"seen": 5, "created": 4, "quarantined": 1})
    turtle = homes.exported(instance, "ttl").decode()
    assert 'dcterms:title "Satz 1"@de' in turtle and "datasets/satz-1/exports/csv" in turtle
    assert jobs.harvest(instance, source).status == "unchanged"


def test_broken_answers_break_nothing_else() -> None:
    whole = page([dataset("a", "A"), dataset("b", "B")], 2)
    for body in spoilt.answers([whole], Random(5), 600):
        try:
            for item in split(body).items:
                base.record(OPENDATASOFT, item, SOURCE)
        except UnreadableError:
            continue
