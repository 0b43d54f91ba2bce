"""Packages of other CKANs: the extras of ckanext-dcat and ckanext-dcatde, nested fields of ckanext-scheming, odd spellings."""

import json
from typing import Any

import builders
import pytest
from samples_ckan import extras, package, resource

from dcat import ckan
from dcat.model import Agent, Contact, Dataset, Period, Place, Text

FILE_TYPES = f"{builders.AUTHORITY}/file-type"
THEMES = f"{builders.AUTHORITY}/data-theme"
LICENSES = "http://dcat-ap.de/def/licenses"


def read(**fields: Any) -> Dataset:
    return ckan.read(package(**fields)).dataset


def codes(**fields: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in ckan.read(package(**fields)).problems]


def test_the_extras_of_dcatde() -> None:
    stated = extras(
        contributorID=["http://dcat-ap.de/def/contributors/auswaertigesAmt"],
        politicalGeocodingURI=[builders.DARMSTADT],
        politicalGeocodingLevelURI="http://dcat-ap.de/def/politicalGeocoding/Level/municipality",
        geocodingText=["Stadtgebiet"],
        legalbasisText=["§ 12a EGovG"],
        qualityProcessURI="https://amt.example/qualitaet",
        originator_name="Umweltamt",
        originator_email="umwelt@amt.example",
        originator_contacttype="Organization",
        metadata_original_html="https://amt.example/baeume",
        references=["https://amt.example/pegel"],
        issued="2020-01-31T00:00:00",
        modified="31.05.2026 10:00",
        frequency=f"{builders.AUTHORITY}/frequency/ANNUAL",
        temporal_start="2020",
        temporal_end="2021-06",
        access_rights=f"{builders.AUTHORITY}/access-right/PUBLIC",
        metadata_harvested_portal="http://dcat-ap.de/x",
        harvest_object_id="1",
        guid="g",
    )
    reading = ckan.read(package(extras=stated))
    dataset = reading.dataset
    assert reading.problems == ()
    assert dataset.contributor_id == ("http://dcat-ap.de/def/contributors/auswaertigesAmt",)
    assert dataset.political_geocoding == (builders.DARMSTADT,)
    assert dataset.political_geocoding_level == ("http://dcat-ap.de/def/politicalGeocoding/Level/municipality",)
    assert (dataset.geocoding_description, dataset.legal_basis) == ((Text("Stadtgebiet"),), (Text("§ 12a EGovG"),))
    assert dataset.quality_process == "https://amt.example/qualitaet"
    assert dataset.originator == (Agent(name=(Text("Umweltamt"),), email="umwelt@amt.example"),)
    assert dataset.landing_page == ("https://amt.example/baeume",)
    assert dataset.references == ("https://amt.example/pegel",)
    assert (dataset.issued, dataset.modified) == ("2020-01-31T00:00:00", "2026-05-31T10:00:00")
    assert dataset.temporal == (Period(start="2020", end="2021-06"),)
    assert (dataset.frequency[-6:], dataset.access_rights[-6:]) == ("ANNUAL", "PUBLIC")


def test_resources_of_dcatde() -> None:
    services = [{"uri": "https://amt.example/wfs", "title": "WFS", "endpoint_url": ["https://amt.example/wfs?"]}]
    (one,) = read(
        resources=[
            resource(
                licenseAttributionByText="Stadt Frankfurt",
                plannedAvailability=f"{builders.AUTHORITY}/planned-availability/STABLE",
                license="https://www.dcat-ap.de/def/licenses/dl-zero-de/2_0",
                access_services=json.dumps(services),
                last_modified="2026-05-02T08:00:00.123456",
            )
        ]
    ).distribution
    assert one.license_attribution == (Text("Stadt Frankfurt"),)
    assert one.availability.endswith("/STABLE")
    assert one.license == f"{LICENSES}/dl-zero-de/2.0"
    assert one.modified == "2026-05-02T08:00:00.123456Z", "CKAN's own times are in UTC"
    (service,) = one.access_service
    assert (service.uri, service.endpoint_url) == ("https://amt.example/wfs", ("https://amt.example/wfs?",))


def test_a_text_of_attribution_for_all_files() -> None:
    own = resource(licenseAttributionByText="Amt B")
    found = read(resources=[resource(), own], extras=extras(licenseAttributionByText="Stadt Frankfurt")).distribution
    assert [one.license_attribution for one in found] == [(Text("Stadt Frankfurt"),), (Text("Amt B"),)]
    assert codes(extras=extras(licenseAttributionByText="Stadt Frankfurt")) == []


def test_an_uploaded_file_can_be_downloaded() -> None:
    (upload, link) = read(resources=[resource(url_type="upload"), resource()]).distribution
    assert upload.download_url == upload.access_url == link.access_url
    assert link.download_url == ()


def test_groups_are_themes_where_the_eu_has_them() -> None:
    groups = [{"id": "envi"}, {"name": "g2", "title": "Verkehr"}, {"name": "datasets", "title": "Datensätze"}]
    found = read(groups=groups, extras=extras(theme=[f"{THEMES}/REGI", f"{THEMES}/ENVI"]))
    assert found.theme == (f"{THEMES}/REGI", f"{THEMES}/ENVI", f"{THEMES}/TRAN")
    assert read(groups=groups).theme == (f"{THEMES}/ENVI", f"{THEMES}/TRAN")


@pytest.mark.parametrize(
    ("said", "license_uri"),
    [
        ({"license_id": "dl-de-by-2.0"}, f"{LICENSES}/dl-by-de/2.0"),
        ({"license_id": "dl-by-de/2.0"}, f"{LICENSES}/dl-by-de/2.0"),
        ({"license_id": "http://dcat-ap.de/def/licenses/dl-zero-de/2_0"}, f"{LICENSES}/dl-zero-de/2.0"),
        ({"license_id": "CC-BY-4.0"}, f"{LICENSES}/cc-by/4.0"),
        ({"license_id": "x", "license_url": "https://www.govdata.de/dl-de/zero-2-0"}, f"{LICENSES}/dl-zero-de/2.0"),
        ({"license_id": "x", "license_title": "Datenlizenz Deutschland Namensnennung 2.0"}, f"{LICENSES}/dl-by-de/2.0"),
        ({"license_id": "eigene", "license_url": "https://amt.example/lizenz"}, "https://amt.example/lizenz"),
        ({"license_id": "notspecified", "license_title": "Lizenz nicht angegeben"}, ""),
        ({"license_id": None, "license_title": None}, ""),
    ],
)
def test_licences_in_their_spellings(said: dict[str, Any], license_uri: str) -> None:
    said = {"license_id": "", "license_url": "", "license_title": ""} | said
    reading = ckan.read(package(**said))
    assert reading.dataset.distribution[0].license == license_uri
    assert reading.problems == ()


def test_a_file_may_have_another_licence() -> None:
    (one,) = read(resources=[resource(license_id="cc-zero")]).distribution
    assert one.license == f"{LICENSES}/cc-zero"


def test_nothing_is_too_deep() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    keys = ("uri", "issued", "theme", "language", "publisher_uri", "contact_email", "spatial", "x")
    found = read(extras=[{"key": key, "value": [deep, deep]} for key in keys], groups=[{"name": [deep]}])
    assert (found.uri, found.issued, found.title) == ("", "", (Text("Baumkataster"),))


def test_a_licence_nobody_knows_is_reported() -> None:
    assert codes(license_id="hausrecht", license_title="Hausrecht") == [("license_id", "unknown-license")]


@pytest.mark.parametrize(
    ("said", "code"), [("WMS_SRVC", "WMS_SRVC"), ("WMS", "WMS_SRVC"), (".csv", "CSV"), ("", None), ("text/csv", "CSV")]
)
def test_formats_in_their_spellings(said: str, code: str | None) -> None:
    assert read(resources=[resource(format=said)]).distribution[0].format == (f"{FILE_TYPES}/{code}" if code else "")
    assert codes(resources=[resource(format=said)]) == []


def test_notes_keep_their_markdown() -> None:
    assert read().description == (Text("Alle Bäume an **Straßen**.\n\n* Stand: 2026"),)


def test_spatial_is_a_geometry() -> None:
    square = {"type": "Polygon", "coordinates": [[[8.5, 50.0], [8.8, 50.0], [8.8, 50.2], [8.5, 50.0]]]}
    places = read(extras=extras(spatial=square, spatial_uri=builders.DARMSTADT, spatial_text="Darmstadt")).spatial
    wkt = "POLYGON ((8.5 50.0, 8.8 50.0, 8.8 50.2, 8.5 50.0))"
    assert places == (Place(uri=builders.DARMSTADT, label=(Text("Darmstadt"),), geometry=wkt),)
    assert read(spatial=square).spatial == (Place(geometry=wkt),)
    assert codes(extras=extras(spatial="{}")) == [("spatial", "geometry")]


def test_languages_by_comma() -> None:
    assert [uri[-3:] for uri in read(extras=extras(language="de, en")).language] == ["DEU", "ENG"]


def test_the_maintainer_is_whom_to_ask() -> None:
    stated = extras(maintainer_url="https://amt.example/kontakt", maintainer_tel="069 1234")
    (contact,) = read(extras=stated).contact_point
    assert contact == Contact(
        name="Grünflächenamt",
        email="gruen@frankfurt.example",
        url="https://amt.example/kontakt",
        telephone="tel:0691234",
    )
    (other,) = read(
        extras=extras(contact_name="Geschäftsstelle", contact_email="daten@frankfurt.example")
    ).contact_point
    assert other == Contact(name="Geschäftsstelle", email="daten@frankfurt.example")


def test_the_author_made_it() -> None:
    found = read(
        author="Vermessungsamt", author_email="vermessung@amt.example", extras=extras(author_url="https://a.example")
    )
    assert found.creator == (
        Agent(name=(Text("Vermessungsamt"),), email="vermessung@amt.example", homepage="https://a.example"),
    )
    stated = extras(creator_name="Amt B")
    assert read(author="Vermessungsamt", extras=stated).creator == (Agent(name=(Text("Amt B"),)),)


def test_nested_fields_of_scheming() -> None:
    found = read(
        publisher=[{"name": "Amt A", "uri": "https://amt.example/a", "url": "https://amt.example"}],
        contact=[{"name": "Frage 1", "email": "a@amt.example"}, {"name": "Frage 2", "email": "b@amt.example"}],
        temporal_coverage=[{"start": "2019", "end": "2020"}, {"start": "2022", "end": ""}],
        spatial_coverage=[{"uri": builders.DARMSTADT, "text": "Darmstadt"}],
        theme=[f"{THEMES}/ENVI"],
        identifier="B 7",
        tags_translated={"de": ["Baum"], "en": ["tree"]},
    )
    assert found.publisher == Agent(uri="https://amt.example/a", name=(Text("Amt A"),), homepage="https://amt.example")
    assert [contact.email for contact in found.contact_point] == ["a@amt.example", "b@amt.example"]
    assert found.temporal == (Period(start="2019", end="2020"), Period(start="2022"))
    assert found.spatial == (Place(uri=builders.DARMSTADT, label=(Text("Darmstadt"),)),)
    assert (found.theme, found.identifier) == ((f"{THEMES}/ENVI",), ("B 7",))
    assert found.keyword == (Text("Baum", "de"), Text("tree", "en"))


def test_what_is_not_understood_is_reported_and_what_is_the_portals_own_is_not() -> None:
    stated = extras(granularity="Gemeinde", harvest_source_title="X", guid="7", spatial_harvester="true")
    assert codes(extras=stated) == [("granularity", "unknown-property")]


def test_without_a_site_nothing_is_named() -> None:
    found = read()
    assert (found.uri, found.identifier, found.publisher, found.distribution[0].uri) == ("", (), None, "")
