"""CSW: pages of ISO 19139 records, what they say, the services that belong to them, and pages that are broken."""

import pytest
from builders import source
from conformance import Told
from homes import counted, published, quarantined, shown_all
from protocol_runs import damaged, defined, survives, tell
from samples_csw import (
    LICENCE,
    QUERY,
    SAMPLE,
    answer,
    box,
    coded,
    constraint,
    date,
    exception,
    geographic,
    identifier,
    keywords,
    online,
    party,
    period,
    record,
    service,
    string,
)
from shared_files import shared
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset, Reading, Text
from harvesters import base, kvp
from harvesters.base import Batch, Page
from harvesters.csw import CSW
from harvesters.source import Source

ROOT = "https://geo.frankfurt.example"
FIRST = ROOT + QUERY.format(1, 50)
EU = "http://publications.europa.eu/resource/authority"


def amt(**options: str) -> Source:
    return source(f"{ROOT}/csw", id="geo", type="csw", options=tuple(options.items()))


def split(body: bytes, url: str = FIRST, **options: str) -> Batch:
    return CSW.split(Page(url=url, body=body, media_type="application/xml"), amt(**options))


def readings(*records: str) -> list[Reading]:
    return [CSW.map(item, amt()) for item in split(answer(records)).items]


def dataset(**parts: str) -> Dataset:
    return readings(record(**parts))[0].dataset


def ids(batch: Batch) -> list[str]:
    return [item.remote_id for item in batch.items]


def asked(batch: Batch) -> list[tuple[str, str]]:
    """Give start and number of the pages that follow."""
    return [(kvp.parameter(url, "startPosition"), kvp.parameter(url, "maxRecords")) for url in batch.following]


def problems(reading: Reading) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in reading.problems]


def test_the_first_page_asks_for_everything_by_get() -> None:
    assert CSW.pages(amt()) == (FIRST,)
    (url,) = CSW.pages(amt(rows="100", keyword="open'data", constraint="dc:type = 'dataset'"))
    assert kvp.parameter(url, "maxRecords") == "100"
    assert kvp.parameter(url, "constraint") == "(dc:type = 'dataset') AND dc:subject LIKE '%open''data%'"
    assert kvp.parameter(url, "constraintLanguage") == "CQL_TEXT"


@pytest.mark.parametrize("rows, asked_for", [("0", "1"), ("99999", "1000"), ("viele", "50"), ("", "50")])
def test_odd_numbers_of_rows_are_brought_into_bounds(rows: str, asked_for: str) -> None:
    (url,) = CSW.pages(amt(rows=rows))
    assert kvp.parameter(url, "maxRecords") == asked_for


def test_addresses_keep_what_they_say_and_lose_what_we_ask_for() -> None:
    given = source(
        ROOT + "/csw?Service=CSW&REQUEST=GetCapabilities&typeNames=gmd:MD_Metadata&map=d:\\karten\\csw.map", type="csw"
    )
    (url,) = CSW.pages(given)
    assert url.startswith(ROOT + "/csw?typeNames=gmd:MD_Metadata&map=d:%5Ckarten%5Ccsw.map&sortBy=")
    assert url.count("equest=") == 1 and "GetRecords" in url
    for whole in ("/iso/satz.xml", "/csw?request=GetRecordById&id=7"):
        assert CSW.pages(source(ROOT + whole, type="csw")) == (ROOT + whole,)


def test_the_next_page_begins_behind_what_came() -> None:
    three = [record(f"r{n}") for n in range(3)]
    batch = split(answer(three, 7, 4))
    assert ids(batch) == ["r0", "r1", "r2"] and batch.total == 7 and batch.whole
    assert asked(batch) == [("4", "50")]
    last = split(answer(three[:1], 7, 0), ROOT + QUERY.format(7, 50))
    assert last.following == () and last.whole and last.total == 7


def test_the_number_of_matches_counts_more_than_the_next_record() -> None:
    two = [record("a"), record("b")]
    assert asked(split(answer(two, 5, 0))) == [("3", "50")]
    assert asked(split(answer(two, 2, 3))) == []
    without = answer(two, 5, 3).replace(b'numberOfRecordsMatched="5"', b"")
    assert asked(split(without)) == [("3", "50")]
    assert asked(split(without.replace(b'nextRecord="3"', b'nextRecord="0"'))) == []


def test_an_empty_page_before_the_end_is_no_proof() -> None:
    batch = split(answer([], 7, 4), ROOT + QUERY.format(4, 50))
    assert not batch.whole and batch.following == ()
    assert [problem.code for problem in batch.problems] == ["incomplete"]
    empty = split(answer([], 0))
    assert empty.whole and empty.total == 0


def test_records_that_are_counted_but_left_out_are_missed() -> None:
    batch = split(answer([record("a")], 10, 6, returned=5))
    assert not batch.whole and asked(batch) == [("6", "50")]


def test_a_broken_page_is_asked_for_again_in_halves() -> None:
    broken = answer([record("a"), record("b")], 120, 51).replace(b"<gmd:dateStamp>", b"<gmd:dateStamp", 1)
    batch = split(broken)
    assert ids(batch) == [] and batch.whole
    assert asked(batch) == [("1", "25"), ("26", "25"), ("51", "50")]
    assert [problem.code for problem in batch.problems] == ["broken-page"]
    # A half leads on to nothing but what is left of it: the rest is named already.
    half = split(broken, batch.following[1])
    assert asked(half) == [("26", "12"), ("38", "13")]
    assert asked(split(answer([record("c")] * 12, 120, 38), half.following[0])) == []
    assert asked(split(answer([record("c")] * 5, 120, 31), half.following[0])) == [("31", "7")]
    one = split(broken, ROOT + QUERY.format(41, 1))
    assert ids(one) == ["?Position 41"] and not one.whole and one.following == ()


def test_halves_beyond_the_last_record_are_not_asked_for() -> None:
    broken = answer([record("a")], 3, 0)[:-200]
    assert asked(split(broken)) == [("1", "25")]
    assert asked(split(broken, ROOT + QUERY.format(1, 4))) == [("1", "2"), ("3", "2")]


def test_one_broken_record_leaves_the_others(instance: Instance, site: Site) -> None:
    records = [record(f"satz-{n}", f"Satz {n}") for n in range(1, 6)]
    spoilt = record("satz-4", "Satz 4").replace("</gmd:dateStamp>", "")
    for start in range(1, 6):
        for rows in range(1, 9):
            told = [spoilt if n == 4 else records[n - 1] for n in range(start, min(start + rows, 6))]
            after = start + rows if start + rows <= 5 else 0
            site.put(QUERY.format(start, rows), answer(told, 5, after), "application/xml")
    outcome = jobs.harvest(instance, defined(instance, site, SAMPLE, options={"rows": 8}))
    assert outcome.status == "partial"
    assert counted(outcome) == {"seen": 5, "created": 4, "quarantined": 1}
    assert published(instance) == ["Satz 1", "Satz 2", "Satz 3", "Satz 5"]
    assert list(quarantined(instance)) == ["?Position 4"]


@pytest.mark.parametrize(
    "body, says",
    [
        (exception("Invalid typeName"), "Invalid typeName"),
        (b"", "no well-formed XML"),
        (b"<!DOCTYPE html><html><form></form></html>", "web page"),
        (b"<Capabilities/>", "Capabilities"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><GetRecordsResponse/>', "DOCTYPE"),
    ],
)
def test_other_answers_are_refused_with_a_sentence(body: bytes, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        split(body)
    assert says in caught.value.message.en


def test_single_documents_and_answers_by_id_are_read_too() -> None:
    assert ids(split(record("a").encode(), f"{ROOT}/a.xml")) == ["a"]
    by_id = f'<csw:GetRecordByIdResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2">{record("b")}</csw:GetRecordByIdResponse>'
    assert ids(split(by_id.encode(), f"{ROOT}/csw?request=GetRecordById")) == ["b"]
    assert ids(
        split(
            record("c")
            .replace("gmd:MD_Metadata", "gmi:MI_Metadata")
            .replace("<gmi:MI_Metadata", '<gmi:MI_Metadata xmlns:gmi="http://www.isotc211.org/2005/gmi"')
            .encode()
        )
    ) == ["c"]


def test_what_cannot_be_taken_in_says_why() -> None:
    dublin_core = '<csw:Record xmlns:csw="u" xmlns:dc="v"><dc:title>Straßen</dc:title></csw:Record>'
    items = list(
        split(
            answer(
                [
                    record("", "Ohne Kennung"),
                    record("x", ""),
                    dublin_core,
                    record("y").replace("identificationInfo", "andereInfo"),
                ]
            )
        ).items
    )
    assert [item.remote_id for item in items] == ["?Ohne Kennung", "x", "?Straßen", "y"]
    said = [base.record(CSW, item, amt()).failure for item in items]
    assert [failure.de if failure else "" for failure in said] == [
        "„Ohne Kennung“ hat keinen fileIdentifier.",
        "x hat keinen Titel.",
        "„Straßen“ ist nicht als ISO 19139 lesbar. Nächster Schritt: diesen Eintrag im Katalog der Quelle prüfen.",
        "y hat keine identificationInfo.",
    ]


def test_a_record_in_full() -> None:
    about = (
        party("pointOfContact", "Stadtvermessungsamt", "geo@frankfurt.example", person="Eine Person")
        + party("publisher", "Stadt Frankfurt am Main")
        + party("owner", "Magistrat")
        + party("custodian", "Straßenbauamt")
        + keywords("Baustelle", "opendata", "inspireidentifiziert")
        + keywords("Verkehrsnetze", thesaurus="GEMET - INSPIRE themes, version 1.0")
        + keywords("Mobilität|http://data.europa.eu/bna/c_b79e35eb", thesaurus="High-value dataset categories")
        + keywords("Umwelt|http://publications.europa.eu/resource/authority/data-theme/ENVI")
        + constraint(LICENCE)
        + constraint(
            "Es gelten keine Zugriffsbeschränkungen|http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations",
            restricts="accessConstraints",
        )
        + coded("language", "LanguageCode", "ger")
        + "<gmd:topicCategory><gmd:MD_TopicCategoryCode>transportation</gmd:MD_TopicCategoryCode></gmd:topicCategory>"
        + '<gmd:spatialResolution><gmd:MD_Resolution><gmd:distance><gco:Distance uom="m">0.5</gco:Distance></gmd:distance></gmd:MD_Resolution></gmd:spatialResolution>'
        + f"<gmd:resourceMaintenance><gmd:MD_MaintenanceInformation>{coded('maintenanceAndUpdateFrequency', 'MD_MaintenanceFrequencyCode', 'daily')}</gmd:MD_MaintenanceInformation></gmd:resourceMaintenance>"
        + f"<gmd:graphicOverview><gmd:MD_BrowseGraphic>{string('fileName', 'https://geo.frankfurt.example/bild.png')}</gmd:MD_BrowseGraphic></gmd:graphicOverview>"
        + box("8.47", "50.02", "8.80", "50.23")
        + geographic("064120000000")
        + period("2024-01-01", '<gml:endPosition indeterminatePosition="now"/>')
    )
    head = (
        "<gmd:referenceSystemInfo><gmd:MD_ReferenceSystem><gmd:referenceSystemIdentifier><gmd:RS_Identifier>"
        f"{string('code', '25832')}{string('codeSpace', 'EPSG')}</gmd:RS_Identifier></gmd:referenceSystemIdentifier>"
        "</gmd:MD_ReferenceSystem></gmd:referenceSystemInfo>"
    )
    tail = (
        "<gmd:dataQualityInfo><gmd:DQ_DataQuality><gmd:lineage><gmd:LI_Lineage>"
        f"{string('statement', 'Aus Meldungen der Ämter.')}</gmd:LI_Lineage></gmd:lineage></gmd:DQ_DataQuality></gmd:dataQualityInfo>"
    )
    dates = (
        date("creation", "2023-01-01")
        + date("publication", "2024-02-01")
        + date("revision", "2026-03-01")
        + date("revision", "2025-03-01")
    )
    (found,) = readings(
        record(
            "b1",
            about=about,
            head=head,
            tail=tail,
            citation=dates + identifier("b1", "https://registry.gdi-de.org/id/de.he.ffm"),
        )
    )
    assert found.problems == ()
    d = found.dataset
    assert d.identifier == ("b1",)
    assert [one.notation for one in d.other_identifier] == ["https://registry.gdi-de.org/id/de.he.ffm/b1"]
    assert d.title == (Text("Baustellen", "de"),) and d.description == (Text("Baustellen im öffentlichen Raum.", "de"),)
    assert d.publisher is not None and d.publisher.name == (Text("Stadt Frankfurt am Main", "de"),)
    assert [agent.name[0].value for agent in (*d.creator, *d.custodian)] == ["Magistrat", "Straßenbauamt"]
    (contact,) = d.contact_point
    assert (contact.name, contact.email, contact.telephone) == (
        "Stadtvermessungsamt",
        "geo@frankfurt.example",
        "tel:+496921233000",
    )
    assert [word.value for word in d.keyword] == [
        "Baustelle",
        "opendata",
        "inspireidentifiziert",
        "Verkehrsnetze",
        "Mobilität",
        "Umwelt",
    ]
    assert d.theme == (f"{EU}/data-theme/TRAN", f"{EU}/data-theme/ENVI")
    assert d.hvd_category == ("http://data.europa.eu/bna/c_b79e35eb",)
    assert (d.issued, d.modified) == ("2024-02-01", "2026-03-01")
    assert d.access_rights == f"{EU}/access-right/PUBLIC" and d.frequency == f"{EU}/frequency/DAILY"
    assert d.language == (f"{EU}/language/DEU",) and d.spatial_resolution == "0.5"
    assert d.spatial[0].bbox == "POLYGON ((8.47 50.02, 8.8 50.02, 8.8 50.23, 8.47 50.23, 8.47 50.02))"
    assert d.political_geocoding == ("http://dcat-ap.de/def/politicalGeocoding/municipalityKey/06412000",)
    assert d.political_geocoding_level == ("http://dcat-ap.de/def/politicalGeocoding/Level/municipality",)
    assert [(one.start, one.end) for one in d.temporal] == [("2024-01-01", "")]
    assert d.conforms_to == ("http://www.opengis.net/def/crs/EPSG/0/25832",)
    assert d.provenance[0].label == (Text("Aus Meldungen der Ämter.", "de"),)
    assert d.page == ("https://geo.frankfurt.example/bild.png",)


def test_texts_in_several_languages() -> None:
    head = f'<gmd:locale><gmd:PT_Locale id="EN">{coded("languageCode", "LanguageCode", "eng")}</gmd:PT_Locale></gmd:locale>'
    german = "<gco:CharacterString>Baustellen</gco:CharacterString></gmd:title>"
    english = (
        "<gmd:PT_FreeText><gmd:textGroup><gmd:LocalisedCharacterString locale='#EN'>Road works"
        "</gmd:LocalisedCharacterString></gmd:textGroup></gmd:PT_FreeText>"
    )
    body = record(head=head).replace(german, german.replace("</gmd:title>", english + "</gmd:title>"))
    assert readings(body)[0].dataset.title == (Text("Baustellen", "de"), Text("Road works", "en"))


@pytest.mark.parametrize(
    "stated, license_, attribution",
    [
        ((LICENCE,), "dl-by-de/2.0", ("Stadtvermessungsamt Frankfurt am Main",)),
        ((LICENCE.replace('"', '\\"'),), "dl-by-de/2.0", ("Stadtvermessungsamt Frankfurt am Main",)),
        (('{"id": "", "name": "x", "url": "https://www.govdata.de/dl-de/zero-2-0"}',), "dl-zero-de/2.0", ()),
        (
            ("Nutzung nach https://www.govdata.de/dl-de/by-2-0.", "Quellenvermerk: © Stadt Frankfurt"),
            "dl-by-de/2.0",
            ("© Stadt Frankfurt",),
        ),
        (("CC BY 4.0|https://creativecommons.org/licenses/by/4.0/",), "cc-by/4.0", ()),
        (("Datenlizenz Deutschland Namensnennung 2.0",), "dl-by-de/2.0", ()),
        (
            ("Datenlizenz Deutschland Namensnennung 2.0&nbsp;Quellenvermerk: © Stadt Dessau",),
            "dl-by-de/2.0",
            ("© Stadt Dessau",),
        ),
        (("Es gilt die Datenlizenz Deutschland – Zero – Version 2.0 des Bundes",), "dl-zero-de/2.0", ()),
        (
            (LICENCE, "Quellenvermerk: © Amt. Mehr dazu unter www.amt.example"),
            "dl-by-de/2.0",
            ("Stadtvermessungsamt Frankfurt am Main",),
        ),
    ],
)
def test_licences(stated: tuple[str, ...], license_: str, attribution: tuple[str, ...]) -> None:
    (found,) = readings(record(about=constraint(*stated), links=online("https://x.example/a.csv")))
    (distribution,) = found.dataset.distribution
    assert distribution.license == f"http://dcat-ap.de/def/licenses/{license_}"
    assert tuple(text.value for text in distribution.license_attribution) == attribution
    assert problems(found) == []


@pytest.mark.parametrize(
    "stated", ['{"id": "eigene"}', "Nur für den Dienstgebrauch.", "{kaputt", '{"id": ["dl-by-de/2.0"]}']
)
def test_conditions_without_a_known_licence_are_told(stated: str) -> None:
    (found,) = readings(record(about=constraint(stated), links=online("https://x.example/a.csv")))
    assert found.dataset.distribution[0].license == ""
    assert problems(found) == [("distribution.license", "unknown-license")]


def test_of_several_licences_the_first_counts_and_the_others_are_told() -> None:
    stated = constraint("CC BY 4.0|https://creativecommons.org/licenses/by/4.0/", LICENCE)
    (found,) = readings(record(about=stated, links=online("https://x.example/a.csv")))
    assert found.dataset.distribution[0].license.endswith("dl-by-de/2.0")
    assert problems(found) == [("distribution.license", "several-licences")]


def test_official_keys_that_are_known_become_political_geocoding() -> None:
    d = dataset(
        about=geographic("06411") + geographic("000000000000") + geographic("999999999999") + geographic("Bergstraße")
    )
    assert d.political_geocoding == ("http://dcat-ap.de/def/politicalGeocoding/districtKey/06411",)
    assert [level.rpartition("/")[2] for level in d.political_geocoding_level] == ["federal", "administrativeDistrict"]
    assert [place.label[0].value for place in d.spatial] == ["Bergstraße"]


def test_conditions_that_say_nothing_are_no_problem() -> None:
    stated = (
        "Es gelten keine Bedingungen|http://inspire.ec.europa.eu/metadata-codelist/ConditionsApplyingToAccessAndUse/noConditionsApply",
        "keine",
        "",
    )
    (found,) = readings(record(about=constraint(*stated)))
    assert problems(found) == [] and found.dataset.access_rights == ""


def test_access_that_is_limited() -> None:
    limited = (
        "Schutz|http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1e"
    )
    open_ = "Es gelten keine Zugriffsbeschränkungen"
    assert dataset(about=constraint(open_)).access_rights == f"{EU}/access-right/PUBLIC"
    assert dataset(about=constraint(open_) + constraint(limited)).access_rights == f"{EU}/access-right/RESTRICTED"


def test_links_become_distributions_services_and_pages() -> None:
    links = (
        online(
            "https://geo.x.example/ows?SERVICE=WMS&REQUEST=GetCapabilities",
            "Karte",
            "OGC:WMS-1.3.0-http-get-capabilities",
        )
        + online("https://geo.x.example/wfs?", "Objekte", "OGC:WFS")
        + online("https://geo.x.example/atom.xml", "ATOM", profile="INSPIRE Atom", function="download")
        + online("https://geo.x.example/bau.zip", "Paket", "WWW:DOWNLOAD-1.0-http--download", "download")
        + online("https://geo.x.example/bau.geojson", "GeoJSON")
        + online("https://geo.x.example/wfs-anleitung", "Anleitung zum WFS", function="information")
        + online("https://geo.x.example/thema", "Thema", "WWW:LINK-1.0-http--link")
        + online("kein Link", "?")
        + online("https://geo.x.example/wfs?", "Objekte", "OGC:WFS")
        + "<gmd:onLine/>"
    )
    formats = f"<gmd:distributionFormat><gmd:MD_Format>{string('name', 'ESRI Shapefile')}</gmd:MD_Format></gmd:distributionFormat>"
    (found,) = readings(record(links=links, formats=formats))
    d = found.dataset
    assert [(one.title[0].value, one.format.rpartition("/")[2], bool(one.download_url)) for one in d.distribution] == [
        ("Karte", "WMS_SRVC", False),
        ("Objekte", "WFS_SRVC", False),
        ("ATOM", "ATOM", False),
        ("Paket", "ZIP", True),
        ("GeoJSON", "GEOJSON", True),
    ]
    (wms,) = d.distribution[0].access_service
    assert wms.endpoint_url == ("https://geo.x.example/ows",)
    assert wms.endpoint_description == ("https://geo.x.example/ows?SERVICE=WMS&request=GetCapabilities",)
    (wfs,) = d.distribution[1].access_service
    assert wfs.endpoint_description == ("https://geo.x.example/wfs?request=GetCapabilities&service=WFS",)
    assert d.page == ("https://geo.x.example/wfs-anleitung",) and d.landing_page == ("https://geo.x.example/thema",)
    assert problems(found) == [("distribution", "no-address")]


def test_the_only_format_of_a_dataset_is_that_of_its_download() -> None:
    formats = f"<gmd:distributionFormat><gmd:MD_Format>{string('name', 'Shape')}{string('version', '1.0')}</gmd:MD_Format></gmd:distributionFormat>"
    (one,) = dataset(
        links=online("https://x.example/holen?nr=7", "Paket", function="download"), formats=formats
    ).distribution
    assert one.format == f"{EU}/file-type/SHP" and one.download_url == one.access_url


def test_a_download_may_show_itself_by_its_protocol_alone() -> None:
    (one,) = dataset(
        links=online("https://x.example/holen?nr=7", "Paket", "WWW:DOWNLOAD-1.0-http--download")
    ).distribution
    assert one.download_url == ("https://x.example/holen?nr=7",)


def test_a_record_without_a_way_to_the_data_says_so() -> None:
    (found,) = readings(record(links=online("https://x.example/thema", "Thema")))
    assert found.dataset.distribution == () and problems(found) == [("distribution", "no-distribution")]


def test_a_service_becomes_a_dataset_with_its_interface() -> None:
    operates = '<srv:operatesOn uuidref="b1" xlink:href="https://registry.gdi-de.org/id/de.he.ffm/b1"/>'
    (found,) = readings(service(operates_on=operates, about=constraint(LICENCE)))
    (one,) = found.dataset.distribution
    assert one.format == f"{EU}/file-type/WFS_SRVC" and one.license.endswith("dl-by-de/2.0")
    (interface,) = one.access_service
    assert interface.title == (Text("WFS Baustellen", "de"),)
    assert interface.endpoint_url == ("https://geo.frankfurt.example/Baustellen/ows",)
    assert interface.endpoint_description == (
        "https://geo.frankfurt.example/Baustellen/ows?request=GetCapabilities&service=WFS",
    )
    assert found.dataset.relation == ("https://registry.gdi-de.org/id/de.he.ffm/b1",)


@pytest.mark.parametrize(
    "operates",
    [
        '<srv:operatesOn uuidref="b1"/>',
        '<srv:operatesOn xlink:href="https://geo.frankfurt.example/csw?request=GetRecordById&amp;id=b1"/>',
        '<srv:operatesOn uuidref="https://registry.gdi-de.org/id/de.he.ffm/9"/>',
    ],
)
def test_a_service_on_the_same_page_joins_its_dataset(operates: str) -> None:
    data = record("b1", citation=identifier("9", "https://registry.gdi-de.org/id/de.he.ffm"))
    found, _, other = readings(data, service(operates_on=operates), record("b2"))
    (one,) = found.dataset.distribution
    assert one.title == (Text("WFS Baustellen", "de"),)
    assert one.access_service[0].description == (Text("Downloaddienst der Baustellen.", "de"),)
    assert other.dataset.distribution == ()


def test_the_licence_of_the_data_holds_for_their_service_too() -> None:
    operates = '<srv:operatesOn uuidref="b1"/>'
    zero = constraint(LICENCE.replace("dl-by-de/2.0", "dl-zero-de/2.0"))
    for own, its, license_ in (
        (LICENCE, "", "dl-by-de/2.0"),
        ("", zero, "dl-zero-de/2.0"),
        (LICENCE, zero, "dl-by-de/2.0"),
    ):
        found, _ = readings(record("b1", about=constraint(own)), service(operates_on=operates, about=its))
        assert found.dataset.distribution[0].license.endswith(license_)


def test_a_service_has_its_own_contact() -> None:
    (found,) = readings(service(about=party("pointOfContact", "Kartendienst", "karten@x.example")))
    assert found.dataset.distribution[0].access_service[0].contact_point[0].email == "karten@x.example"


def test_a_service_that_a_dataset_links_itself_stands_there_once() -> None:
    links = online(
        "https://geo.frankfurt.example/Baustellen/ows?service=WFS&request=GetCapabilities", "Objekte", "OGC:WFS"
    )
    found, _ = readings(record("b1", links=links), service(operates_on='<srv:operatesOn uuidref="b1"/>'))
    (one,) = found.dataset.distribution
    assert one.title[0].value == "Objekte" and one.access_service[0].title[0].value == "WFS Baustellen"


def test_the_stamp_changes_with_the_record_and_its_services_only() -> None:
    def stamps(*records: str, at: str = "06") -> list[bytes]:
        body = answer(records).replace(b"T06:", f"T{at}:".encode())
        return [item.stamp for item in split(body).items]

    coupled = service(operates_on='<srv:operatesOn uuidref="b1"/>')
    alone, both = stamps(record("b1")), stamps(record("b1"), coupled)
    assert stamps(record("b1"), record("b2"), at="07")[0] == alone[0] != both[0]
    assert stamps(record("b1"), coupled.replace("Downloaddienst", "Dienst"))[0] != both[0]


def test_odd_values_become_problems() -> None:
    about = (
        party("pointOfContact", "Amt", "nicht vorhanden")
        + box("abc", "1", "2", "3")
        + period("irgendwann", "<gml:endPosition>2024</gml:endPosition>")
        + f"<gmd:resourceMaintenance><gmd:MD_MaintenanceInformation>{coded('maintenanceAndUpdateFrequency', 'MD_MaintenanceFrequencyCode', '5annually')}</gmd:MD_MaintenanceInformation></gmd:resourceMaintenance>"
    )
    (found,) = readings(record(about=about, citation=date("publication", "Frühjahr")))
    assert sorted(path for path, _ in problems(found)) == ["contact_point.email", "frequency", "issued", "temporal"]
    assert found.dataset.issued == "" and [one.end for one in found.dataset.temporal] == ["2024"]


@pytest.mark.slow
def test_ten_thousand_keywords_and_links_are_cut() -> None:
    about = keywords(*(f"Wort {n}" for n in range(3000)))
    links = "".join(online(f"https://x.example/{n}.csv", function="download") for n in range(5001))
    (found,) = readings(record(about=about, links=links))
    assert len(found.dataset.keyword) == 1000 and len(found.dataset.distribution) == 5000
    assert {code for _, code in problems(found)} == {"too-many"}


@pytest.mark.parametrize(
    "name, remote_id, distributions",
    [
        ("9250AA67-F3AC-6C12-0CB9-0662231AA181_iso.xml", "3f342f64-9348-11df-ba6a-0014c2c00eab", 0),
        ("csw_iso_identifier.xml", "f44dac86-2228-412f-8355-e56446ca9933", 3),
        ("iso19139_srv.xml", "01ef8e6a-df59-4c2d-8468-79da95046705", 1),
        ("iso_keywords_anchor.xml", "ie.marine.data:dataset.1135", 0),
    ],
)
def test_records_of_real_servers_are_taken_in(name: str, remote_id: str, distributions: int) -> None:
    body = shared("corpus", "csw-iso", name).read_bytes()
    (item,) = split(body, f"{ROOT}/{name}").items
    found = CSW.map(item, amt()).dataset
    assert item.remote_id == remote_id and item.stamp
    assert found.title and found.description and found.theme
    assert len(found.distribution) == distributions


@pytest.mark.slow
def test_damaged_answers_end_in_a_sentence() -> None:
    about = (
        keywords("a", thesaurus="INSPIRE")
        + constraint(LICENCE)
        + party("publisher", "Amt", "a@b.example")
        + box("8", "50", "9", "51")
    )
    body = answer(
        [
            record("b1", about=about, links=online("https://x.example/a.csv", "CSV")),
            service(operates_on='<srv:operatesOn uuidref="b1"/>'),
        ]
    )
    page = Page(url=FIRST, body=body)
    assert survives(CSW, page, amt(), damaged(body, 600)) > 20


def test_from_the_definition_to_the_public_dataset(instance: Instance, site: Site) -> None:
    told = [Told(f"satz-{n}", f"Satz {n}", spoilt=n == 3) for n in range(1, 6)]
    tell(site, SAMPLE, *told)
    definition = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, definition)) == {"seen": 5, "created": 4, "quarantined": 1}
    assert published(instance) == ["Satz 1", "Satz 2", "Satz 4", "Satz 5"]
    shown = shown_all(instance)[0].dataset
    assert shown.distribution[0].license == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    tell(site, SAMPLE, *told[:2], *told[3:])
    for _ in range(2):
        outcome = jobs.harvest(instance, definition)
    assert outcome.status == "unchanged" and counted(outcome) == {"seen": 4, "unchanged": 4}
