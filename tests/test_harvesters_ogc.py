"""WFS, WMS and ATOM: what services say of themselves becomes datasets, whichever version they speak."""

import pytest
from builders import source
from conformance import Told
from homes import counted, define, published, quarantined, shown_all
from protocol_runs import damaged, defined, survives, tell
from samples_ogc import (
    SAMPLE,
    WFS_1_0,
    WFS_1_1,
    WMS_1_1_1,
    WMS_1_3,
    dataset_feed,
    feature_type,
    service_feed,
    wfs,
)
from shared_files import shared
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset, Reading, Text
from harvesters import base
from harvesters.base import Batch, Page
from harvesters.ogc import OGC
from harvesters.source import Source

URL = "https://geo.wiesbaden.example/geoserver/ows"
EU = "http://publications.europa.eu/resource/authority"
BOX = "POLYGON ((8.1 50, 8.4 50, 8.4 50.2, 8.1 50.2, 8.1 50))"


def amt(url: str = URL, **options: str) -> Source:
    return source(url, id="geo", type="ogc", options=tuple(options.items()))


def split(body: bytes, url: str = f"{URL}?service=WFS&request=GetCapabilities", **options: str) -> Batch:
    return OGC.split(Page(url=url, body=body, media_type="text/xml"), amt(**options))


def readings(body: bytes, url: str = f"{URL}?service=WFS&request=GetCapabilities", **options: str) -> list[Reading]:
    return [OGC.map(item, amt(**options)) for item in split(body, url, **options).items]


def datasets(body: bytes, **options: str) -> list[Dataset]:
    return [reading.dataset for reading in readings(body, **options)]


def ids(body: bytes, **options: str) -> list[str]:
    return [item.remote_id for item in split(body, **options).items]


def formats(dataset: Dataset) -> list[str]:
    return [one.format.rpartition("/")[2] for one in dataset.distribution]


@pytest.mark.parametrize(
    "url, service, asked",
    [
        ("https://x.example/ows", "wfs", "https://x.example/ows?request=GetCapabilities&service=WFS"),
        ("https://x.example/ows?", "WMS", "https://x.example/ows?request=GetCapabilities&service=WMS"),
        ("https://x.example/wfs", "", "https://x.example/wfs?request=GetCapabilities&service=WFS"),
        (
            "https://x.example/ows?SERVICE=WMS&VERSION=1.1.1",
            "",
            "https://x.example/ows?SERVICE=WMS&VERSION=1.1.1&request=GetCapabilities",
        ),
        (
            "https://x.example/cgi-bin/mapserv.fcgi?map=d:\\karten\\park.map&REQUEST=GetMap",
            "wms",
            "https://x.example/cgi-bin/mapserv.fcgi?map=d:%5Ckarten%5Cpark.map&request=GetCapabilities&service=WMS",
        ),
        ("https://x.example/wfs/atom/dienst", "", "https://x.example/wfs/atom/dienst"),
        ("https://x.example/feed", "atom", "https://x.example/feed"),
        ("https://x.example/wfs/capabilities.xml", "wfs", "https://x.example/wfs/capabilities.xml"),
        ("https://x.example/dienst", "", "https://x.example/dienst"),
    ],
)
def test_the_address_is_completed_where_needed(url: str, service: str, asked: str) -> None:
    assert OGC.pages(amt(url, **({"service": service} if service else {}))) == (asked,)


def test_a_feature_type_becomes_a_dataset() -> None:
    (found,) = readings(wfs(feature_type()))
    d = found.dataset
    assert found.problems == ()
    assert ids(wfs(feature_type())) == ["wi:parkzonen"]
    assert d.identifier == (f"{URL}#wi:parkzonen",)
    assert d.title == (Text("Parkzonen", "de"),) and d.description == (Text("Zonen für Bewohner.", "de"),)
    assert d.keyword == (Text("Parken", "de"),)
    assert d.publisher is not None and d.publisher.name == (Text("Landeshauptstadt Wiesbaden", "de"),)
    (contact,) = d.contact_point
    assert (contact.name, contact.email) == ("Landeshauptstadt Wiesbaden", "geo@wiesbaden.example")
    assert d.conforms_to == ("http://www.opengis.net/def/crs/EPSG/0/25832",)
    assert d.spatial[0].bbox == "POLYGON ((8.11 50, 8.39 50, 8.39 50.15, 8.11 50.15, 8.11 50))"
    assert formats(d) == ["GML", "GEOJSON", "CSV", "SHP", "WFS_SRVC"]
    assert {one.license for one in d.distribution} == {"http://dcat-ap.de/def/licenses/dl-by-de/2.0"}
    assert {one.license_attribution for one in d.distribution} == {(Text("Stadt Wiesbaden", "de"),)}
    (service,) = d.distribution[-1].access_service
    assert service.title == (Text("WFS Parken", "de"),) and service.endpoint_url == (URL,)
    assert d.distribution[-1].access_url == (f"{URL}?service=WFS&request=GetCapabilities",)


def test_the_request_for_features_names_type_and_declared_format() -> None:
    d = datasets(wfs(feature_type("wi:bäume & büsche")))[0]
    assert d.distribution[1].download_url == (
        f"{URL}?service=WFS&version=2.0.0&request=GetFeature&typeNames=wi:b%C3%A4ume%20%26%20b%C3%BCsche&outputFormat=application/json",
    )
    assert d.distribution[0].access_url[0].endswith("&outputFormat=application/gml%2Bxml%3B%20version%3D3.2")


@pytest.mark.parametrize(
    "declared, offered, spelled",
    [
        (("GML32", "GEOJSON+ZIP", "GEOJSON"), ["GML", "GEOJSON"], "outputFormat=GEOJSON"),
        (("application/geo+json", "application/json"), ["GEOJSON"], "outputFormat=application/geo%2Bjson"),
        (("text/xml; subtype=gml/3.1.1",), ["GML"], "gml/3.1.1"),
        ((), ["GML"], "typeNames=wi:parkzonen"),
        (("unbekannt",), [], "GetCapabilities"),
    ],
)
def test_the_formats_are_those_the_service_declares(
    declared: tuple[str, ...], offered: list[str], spelled: str
) -> None:
    d = datasets(wfs(feature_type(), formats=declared))[0]
    assert formats(d) == [*offered, "WFS_SRVC"]
    assert spelled in d.distribution[max(len(offered) - 1, 0)].access_url[0]


def test_a_feature_type_may_have_formats_of_its_own() -> None:
    own = feature_type(extra="<OutputFormats><Format>application/geopackage+sqlite3</Format></OutputFormats>")
    assert formats(datasets(wfs(own, formats=("GML32",)))[0]) == ["GML", "GPKG", "WFS_SRVC"]


def test_the_metadata_record_gives_the_identifier() -> None:
    link = '<MetadataURL xlink:href="https://geo.x.example/csw?REQUEST=GetRecordById&amp;ID=3c1f"/>'
    d = datasets(wfs(feature_type(extra=link)))[0]
    assert d.identifier == ("3c1f",)
    assert d.page == ("https://geo.x.example/csw?REQUEST=GetRecordById&ID=3c1f",)
    (older,) = datasets(WFS_1_1)
    assert older.identifier == ("b7c1",)


def test_wfs_1_1_and_1_0() -> None:
    (one,) = datasets(WFS_1_1)
    assert one.description == (Text("Beschreibung des Dienstes", "de"),)
    assert formats(one) == ["GML", "GEOJSON", "WFS_SRVC"]
    assert one.distribution[1].access_url == (
        "https://geo.x.example/cgi?map=d:/a.map&service=WFS&version=1.1.0&request=GetFeature&typeName=ms:baeume"
        "&outputFormat=application/json%3B%20subtype%3Dgeojson",
    )
    (zero,) = datasets(WFS_1_0)
    assert zero.title == (Text("Straßen", "de"),) and [word.value for word in zero.keyword] == ["Weg", "Straße"]
    assert zero.spatial[0].bbox == BOX and formats(zero) == ["GML", "WFS_SRVC"]
    assert zero.distribution[0].license == "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"
    assert zero.distribution[0].access_url[0].startswith("https://geo.x.example/wfs?service=WFS&version=1.0.0")


def test_a_wms_is_one_dataset_that_names_its_layers() -> None:
    (d,) = datasets(WMS_1_3)
    assert ids(WMS_1_3) == ["wms"]
    assert d.title == (Text("Stadtplan", "de"),)
    assert d.description == (Text("Karte der Stadt.\n\nEbenen:\n- Häuser (haus)\n- Wege (weg)", "de"),)
    assert d.spatial[0].bbox == BOX and d.access_rights == f"{EU}/access-right/PUBLIC"
    assert d.publisher is not None and d.publisher.name[0].value == "Vermessungsamt"
    assert d.contact_point[0].email == "karte@wiesbaden.example"
    (one,) = d.distribution
    assert one.format == f"{EU}/file-type/WMS_SRVC" and one.license.endswith("dl-by-de/2.0")


def test_layers_of_a_wms_become_datasets_on_request() -> None:
    house, way = datasets(WMS_1_3, datasets="layers")
    assert ids(WMS_1_3, datasets="layers") == ["haus", "weg"]
    assert house.identifier == ("h-1",) and house.description == (Text("Gebäude.", "de"),)
    assert house.spatial[0].bbox == BOX and house.conforms_to == ("http://www.opengis.net/def/crs/EPSG/0/25832",)
    assert way.description == (Text("Karte der Stadt.", "de"),) and len(way.conforms_to) == 2


def test_a_wfs_becomes_one_dataset_on_request() -> None:
    (d,) = datasets(wfs(feature_type(), feature_type("wi:p2", "Automaten")), datasets="service")
    assert d.title == (Text("WFS Parken", "de"),) and "- Automaten (wi:p2)" in d.description[0].value


def test_wms_1_1_1_has_a_document_type() -> None:
    (d,) = datasets(WMS_1_1_1)
    assert d.title == (Text("Luftbilder", "de"),) and d.spatial[0].bbox == BOX


def test_a_feed_of_feeds_leads_to_its_datasets() -> None:
    url = "https://geo.x.example/atom.xml"
    batch = split(service_feed("bplan", "fnp", "bplan"), url)
    assert list(batch.items) == []
    assert batch.following == ("https://geo.x.example/atom/bplan.xml", "https://geo.x.example/atom/fnp.xml")
    (item,) = split(dataset_feed(), batch.following[0]).items
    d = OGC.map(item, amt()).dataset
    assert item.remote_id == "https://geo.x.example/bplan" and d.identifier == ("bplan",)
    assert d.title == (Text("Bebauungspläne", "de"),) and d.description == (Text("Alle Pläne der Stadt", "de"),)
    assert d.modified == "2026-05-02T10:00:00Z" and d.spatial[0].bbox == BOX
    assert d.contact_point[0].email == "atom@x.example"
    first, second = d.distribution
    assert first.download_url == ("https://geo.x.example/daten/plan%20s%C3%BCd.zip",)
    assert (
        first.title == (Text("Shape", "de"),) and first.byte_size == 12345 and first.language == (f"{EU}/language/DEU",)
    )
    assert first.license.endswith("dl-by-de/2.0") and first.modified == "2026-04-02T10:00:00Z"
    assert second.format == f"{EU}/file-type/GML" and second.title == (Text("Pläne in EPSG:25832", "de"),)


def test_an_entry_without_a_feed_of_its_own_is_a_dataset() -> None:
    entry = """<entry><title>Hochwasser</title><id>urn:hw</id><summary>Gefahrenkarten</summary>
      <inspire_dls:spatial_dataset_identifier_code>hw</inspire_dls:spatial_dataset_identifier_code>
      <link rel="alternate" href="hw.gml" type="application/gml+xml"/></entry>"""
    batch = split(service_feed("bplan", entry=entry), "https://geo.x.example/atom.xml")
    (item,) = batch.items
    d = OGC.map(item, amt()).dataset
    assert len(batch.following) == 1 and item.remote_id == "urn:hw"
    assert d.description == (Text("Gefahrenkarten", "de"),) and d.distribution[0].license.endswith("dl-by-de/2.0")
    assert d.publisher is not None and d.publisher.name[0].value == "Vermessungsamt"


def test_a_feed_of_such_entries_only_is_no_dataset_itself() -> None:
    entry = """<entry><title>{0}</title><id>urn:{0}</id><link href="{0}.gml" type="application/gml+xml"/>
      <inspire_dls:spatial_dataset_identifier_code>{0}</inspire_dls:spatial_dataset_identifier_code></entry>"""
    assert ids(service_feed(entry=entry.format("hw") + entry.format("bw"))) == ["urn:hw", "urn:bw"]


@pytest.mark.parametrize(
    "body, says",
    [
        (b'{"links": [], "title": "OGC API"}', '"type: ogc-api"'),
        (
            b"<ServiceExceptionReport><ServiceException code='InvalidFormat'>Unbekanntes Format</ServiceException></ServiceExceptionReport>",
            "Unbekanntes Format",
        ),
        (
            b"<!DOCTYPE ServiceExceptionReport SYSTEM 'x.dtd'><ServiceExceptionReport><ServiceException>nein</ServiceException></ServiceExceptionReport>",
            "nein",
        ),
        (
            b"<ows:ExceptionReport xmlns:ows='o'><ows:Exception exceptionCode='NoApplicableCode'/></ows:ExceptionReport>",
            "NoApplicableCode",
        ),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"<Capabilities/>", "Capabilities"),
        (b"", "no well-formed XML"),
        (b'<!DOCTYPE WMT_MS_Capabilities [<!ENTITY a "b">]><WMT_MS_Capabilities/>', "DOCTYPE"),
    ],
)
def test_other_answers_are_refused_with_a_sentence(body: bytes, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        split(body)
    assert says in caught.value.message.en


def test_what_cannot_be_taken_in_says_why() -> None:
    def said(body: bytes, **options: str) -> list[str]:
        records = [base.record(OGC, item, amt(**options)) for item in split(body, **options).items]
        return [one.failure.de for one in records if one.failure]

    assert said(wfs(feature_type(""), feature_type("a:b", ""))) == ["Der Objektart „Parkzonen“ fehlt der Name."]
    assert said(b"<WMS_Capabilities/>") == ["wms hat keinen Titel."]
    assert said(b"<feed/>")[0].startswith("Dem Feed oder Eintrag")


def test_terms_without_a_known_licence_are_told() -> None:
    (found,) = readings(wfs(feature_type(), terms="Nur nach Anfrage"))
    assert [problem.code for problem in found.problems] == ["unknown-license"]
    assert readings(wfs(feature_type(), terms="NONE"))[0].problems == ()


def test_the_stamp_follows_the_type_and_the_service() -> None:
    def stamp(body: bytes) -> bytes:
        return next(iter(split(body).items)).stamp

    first = stamp(wfs(feature_type()))
    assert (
        stamp(wfs(feature_type(), feature_type("wi:b")).replace(b'updateSequence="7"', b'updateSequence="8"')) == first
    )
    assert stamp(wfs(feature_type(), terms="NONE")) != first
    assert stamp(wfs(feature_type(title="Zonen"))) != first


def test_the_stamp_of_a_layer_does_not_follow_other_layers() -> None:
    before, after = (
        [item.stamp for item in split(body, datasets="layers").items]
        for body in (WMS_1_3, WMS_1_3.replace(b"<Title>Wege</Title>", b"<Title>Pfade</Title>"))
    )
    assert before[0] == after[0] and before[1] != after[1]


def test_a_map_of_the_whole_world_says_nothing_of_a_place() -> None:
    assert (
        datasets(
            WFS_1_0.replace(
                b'minx="8.1" miny="50.0" maxx="8.4" maxy="50.2"', b'minx="-180" miny="-90" maxx="180" maxy="90"'
            )
        )[0].spatial
        == ()
    )


def test_feature_types_without_number_are_cut() -> None:
    batch = split(wfs(*("<FeatureType><Name>a</Name></FeatureType>" for _ in range(10_001))))
    assert len(list(batch.items)) == 10_000 and not batch.whole


def test_capabilities_of_real_servers_are_taken_in() -> None:
    cologne = datasets(shared("corpus", "ogc", "wfs_koeln_arcgis_getcapabilities_200.xml").read_bytes())
    assert len(cologne) == 86
    assert formats(cologne[0]) == ["GML", "GEOJSON", "CSV", "GPKG", "SHP", "WFS_SRVC"]
    assert "typeNames=adressen_stadtteil:Altstadt_Nord" in cologne[0].distribution[0].access_url[0]
    body = shared("corpus", "ogc", "wms_datageo_caps_130.xml").read_bytes()
    (whole,), (layer,) = datasets(body), datasets(body, datasets="layers")
    assert whole.title[0].value == "GeoServer Web Map Service" and "(Risco_Louveira)" in whole.description[0].value
    assert layer.title[0].value.startswith("IPT - Mapa") and layer.spatial[0].bbox


@pytest.mark.slow
@pytest.mark.parametrize("body", [wfs(feature_type()), WFS_1_0, WMS_1_3, WMS_1_1_1, dataset_feed()])
def test_damaged_answers_end_in_a_sentence(body: bytes) -> None:
    for options in ({}, {"datasets": "layers"}):
        survives(OGC, Page(url=URL, body=body), amt(**options), damaged(body))


def test_from_the_definition_to_the_public_dataset(instance: Instance, site: Site) -> None:
    told = [Told(f"wi:satz-{n}", f"Satz {n}", spoilt=n == 2) for n in range(1, 4)]
    tell(site, SAMPLE, *told)
    definition = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, definition)) == {"seen": 3, "created": 2, "quarantined": 1}
    assert published(instance) == ["Satz 1", "Satz 3"] and list(quarantined(instance)) == ["?Satz 2"]
    shown = shown_all(instance)[0].dataset
    assert shown.distribution[0].license == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    tell(site, SAMPLE, told[0], told[2])
    for _ in range(2):
        outcome = jobs.harvest(instance, definition)
    assert outcome.status == "unchanged" and counted(outcome) == {"seen": 2, "unchanged": 2}


def test_feeds_are_followed_in_a_harvest(instance: Instance, site: Site) -> None:
    site.put("/atom.xml", service_feed("bplan", "fnp"), "application/atom+xml")
    for name in ("bplan", "fnp"):
        site.put(f"/atom/{name}.xml", dataset_feed(name), "application/atom+xml")
    definition = define(instance, site, type="ogc", url=site.url("/atom.xml"))
    for _ in range(2):
        outcome = jobs.harvest(instance, definition)
    assert outcome.status == "unchanged" and counted(outcome) == {"seen": 2, "unchanged": 2}
    assert published(instance) == ["Bebauungspläne", "Bebauungspläne"]


def test_feeds_that_lead_back_are_read_once(instance: Instance, site: Site) -> None:
    back = '<entry><title>Start</title><link rel="alternate" href="/atom.xml" type="application/atom+xml"/></entry>'
    site.put("/atom.xml", service_feed("bplan", "mehr"), "application/atom+xml")
    site.put("/atom/mehr.xml", service_feed(entry=back), "application/atom+xml")
    site.put("/atom/bplan.xml", dataset_feed(), "application/atom+xml")
    outcome = jobs.harvest(instance, define(instance, site, type="ogc", url=site.url("/atom.xml")))
    assert outcome.status == "applied" and counted(outcome) == {"seen": 1, "created": 1}
