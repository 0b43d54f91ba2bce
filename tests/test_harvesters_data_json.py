"""data.json: a catalogue in one file, cut without being parsed as a whole, and its datasets in our words."""

import json
from typing import Any

import builders
import homes
import orjson
import pytest
from conformance import Told
from homes import counted, published, quarantined, shown_all
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_runs import damaged, defined, survives, tell
from samples_data_json import FILES, SAMPLE, catalogue, file, record
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Agent, Contact, Dataset, Period, Place, Reading, Text
from harvesters import json_slices
from harvesters.data_json import DATA_JSON

URL = "https://opendata.darmstadt.example/data.json"
SOURCE = builders.source(URL, type="data-json")
RIGHTS = f"{builders.AUTHORITY}/access-right"
FREQUENCY = f"{builders.AUTHORITY}/frequency"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def all_records(body: bytes, **fields: Any) -> Any:
    return builders.read_page(DATA_JSON, builders.page(body, URL, **fields), SOURCE).records


def reading(**fields: Any) -> Reading:
    (found,) = all_records(catalogue(record(**fields)))
    assert found.reading is not None, found.failure
    return found.reading


def dataset(**fields: Any) -> Dataset:
    return reading(**fields).dataset


def codes(**fields: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in reading(**fields).problems]


def refused(body: bytes, **fields: Any) -> str:
    with pytest.raises(UnreadableError) as caught:
        DATA_JSON.split(builders.page(body, URL, **fields), SOURCE)
    return caught.value.message.de


def test_a_dataset_of_dkan() -> None:
    found = reading()
    assert found.problems == ()
    one = found.dataset
    assert (one.uri, one.identifier, one.title) == ("", ("8f0c",), (Text("Einwohner nach Stadtteilen"),))
    assert one.description == (Text("Einwohner mit Hauptwohnung."),)
    assert one.keyword == (Text("Bevölkerung"), Text("Stadtteile"))
    assert one.publisher == Agent(name=(Text("Wissenschaftsstadt Darmstadt"),))
    assert one.contact_point == (Contact(name="Statistik", email="statistik@darmstadt.example"),)
    assert (one.issued, one.modified, one.frequency) == ("2019-05-02", "2026-01-05", f"{FREQUENCY}/QUARTERLY")
    assert one.access_rights == f"{RIGHTS}/PUBLIC"
    (only,) = one.distribution
    assert only.title == (Text("1. Quartal 2026"),)
    assert only.access_url == only.download_url == (f"{FILES}/einwohner-2026-q1_0.csv",)
    assert (only.format[-4:], only.media_type[-8:], only.uri) == ("/CSV", "text/csv", "")
    assert only.license == builders.LICENSE


@pytest.mark.parametrize(
    "level", ["non-public", "restricted public", "Non-Public", "nicht öffentlich", "geheim", ["x"]]
)
def test_what_is_not_public_there_is_not_made_so_here(level: Any) -> None:
    found = reading(accessLevel=level, rights="Personenbezug")
    assert found.dataset.distribution == ()
    assert found.dataset.title
    kept = [problem for problem in found.problems if problem.code == "not-public"]
    assert [problem.value for problem in kept] == ["1"]
    assert FILES not in repr(found)


def test_levels_of_access() -> None:
    assert dataset(accessLevel="restricted public").access_rights == f"{RIGHTS}/RESTRICTED"
    assert dataset(accessLevel="non-public").access_rights == f"{RIGHTS}/NON_PUBLIC"
    assert dataset(accessLevel=None).access_rights == ""
    assert len(dataset(accessLevel=None).distribution) == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("R/P10Y", "DECENNIAL"),
        ("R/P4Y", "QUADRENNIAL"),
        ("R/P1Y", "ANNUAL"),
        ("P12M", "ANNUAL"),
        ("R/P6M", "ANNUAL_2"),
        ("R/P4M", "ANNUAL_3"),
        ("R/P2M", "BIMONTHLY"),
        ("R/P1M", "MONTHLY"),
        ("R/P0.5M", "MONTHLY_2"),
        ("R/P2W", "BIWEEKLY"),
        ("R/P1W", "WEEKLY"),
        ("R/P3.5D", "WEEKLY_2"),
        ("R/P0.33W", "WEEKLY_3"),
        ("R/P1D", "DAILY"),
        ("R5/2020-01-01/P1D", "DAILY"),
        ("R/PT1H", "HOURLY"),
        ("R/PT1S", "UPDATE_CONT"),
        ("irregular", "IRREG"),
        ("jährlich", "ANNUAL"),
        (f"{FREQUENCY}/ANNUAL", "ANNUAL"),
    ],
)
def test_frequencies(said: str, code: str) -> None:
    assert dataset(accrualPeriodicity=said).frequency == f"{FREQUENCY}/{code}"
    assert codes(accrualPeriodicity=said) == []


@pytest.mark.parametrize("said", ["R/P17D", "R/PT12H"])
def test_a_frequency_that_none_has_or_more_than_one(said: str) -> None:
    assert codes(accrualPeriodicity=said) == [("accrualPeriodicity", "unknown-frequency")]


def test_modified_may_tell_a_rhythm() -> None:
    found = dataset(modified="R/P1D", accrualPeriodicity=None)
    assert (found.modified, found.frequency) == ("", f"{FREQUENCY}/DAILY")
    assert codes(modified="R/P1D") == []


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("Darmstadt", Place(label=(Text("Darmstadt"),))),
        ("Point Alpha", Place(label=(Text("Point Alpha"),))),
        ("06411000", Place(uri=builders.DARMSTADT)),
        ("https://sws.geonames.org/2938913/", Place(uri="https://sws.geonames.org/2938913/")),
        ("8.55,49.79,8.75,49.96", Place(bbox="POLYGON ((8.55 49.79, 8.75 49.79, 8.75 49.96, 8.55 49.96, 8.55 49.79))")),
        ("POINT (8.65 49.87)", Place(geometry="POINT (8.65 49.87)")),
        ({"type": "Point", "coordinates": [8.65, 49.87]}, Place(geometry="POINT (8.65 49.87)")),
        ('{"type": "Point", "coordinates": [8.65, 49.87]}', Place(geometry="POINT (8.65 49.87)")),
    ],
)
def test_places(said: Any, place: Place) -> None:
    assert dataset(spatial=said).spatial == (place,)
    assert dataset(spatial=[said, said]).spatial == (place,)
    assert codes(spatial=said) == []


@pytest.mark.parametrize(
    "said",
    [
        *("49.87,8.65", "8.75,49.79,8.55,49.96", "400,0,401,1", "{}", {"type": "Kreis"}, "POLYGON ((8 49, 9 x))"),
        "POLYGON ((" + "8.65 49.87, " * 20_000 + "8.65 49.87))",
        "x" * 2_000,
    ],
)
def test_places_without_a_single_meaning(said: Any) -> None:
    assert dataset(spatial=said).spatial == ()
    assert [path for path, _ in codes(spatial=said)] == ["spatial"]


@pytest.mark.parametrize(
    ("said", "period"),
    [
        ("2019-01-01/2020-12-31", Period(start="2019-01-01", end="2020-12-31")),
        ("2019-01-01T00:00:00Z/2020-12-31T23:59:59Z", Period(start="2019-01-01T00:00:00Z", end="2020-12-31T23:59:59Z")),
        ("2019/..", Period(start="2019")),
        ("2022", Period(start="2022", end="2022")),
        ({"startDate": "2019", "endDate": "2020"}, Period(start="2019", end="2020")),
    ],
)
def test_periods(said: Any, period: Period) -> None:
    assert dataset(temporal=said).temporal == (period,)
    assert codes(temporal=said) == []


@pytest.mark.parametrize("said", ["2019-01-01/P1Y", "R/2019-01-01/P1Y"])
def test_a_span_has_a_beginning_and_no_day_of_its_end(said: str) -> None:
    assert dataset(temporal=said).temporal == (Period(start="2019-01-01"),)
    assert codes(temporal=said) == [("temporal", "temporal")]


def test_further_statements() -> None:
    found = dataset(
        language=["de", "en-US"],
        theme=["Verkehr", "Umwelt"],
        landingPage="https://amt.example/einwohner",
        references=["https://amt.example/bericht.pdf"],
        describedBy="https://amt.example/schluessel.pdf",
        conformsTo="https://amt.example/schema",
        isPartOf="https://amt.example/reihe",
        keyword="Einwohner, Stadtteile; Alter",
    )
    assert [uri[-3:] for uri in found.language] == ["DEU", "ENG"]
    assert [uri[-4:] for uri in found.theme] == ["TRAN", "ENVI"]
    assert found.landing_page == ("https://amt.example/einwohner",)
    assert (found.references, found.page) == (
        ("https://amt.example/bericht.pdf",),
        ("https://amt.example/schluessel.pdf",),
    )
    assert (found.conforms_to, found.relation) == (("https://amt.example/schema",), ("https://amt.example/reihe",))
    assert [text.value for text in found.keyword] == ["Einwohner", "Stadtteile", "Alter"]


def test_what_has_no_place_is_reported_and_codes_of_the_united_states_are_not() -> None:
    office = {"name": "Amt", "subOrganizationOf": {"name": "Dezernat"}}
    assert codes(
        bureauCode=["015:11"], programCode=["015:001"], dataQuality=True, publisher=office, granularity="Stadtteil"
    ) == [("publisher.subOrganizationOf", "unknown-property"), ("granularity", "unknown-property")]
    assert codes(isPartOf="8f0b", theme=["Kita"]) == [("theme", "unknown-theme"), ("isPartOf", "uri")]
    assert codes(rights="Nur für Ämter") == [("rights", "unknown-property")]


def test_licences() -> None:
    own = file(license="https://creativecommons.org/licenses/by/4.0/")
    found = dataset(license="dl-de/by-2-0", distribution=[file(), own]).distribution
    assert [one.license.partition("/licenses/")[2] for one in found] == ["dl-by-de/2.0", "cc-by/4.0"]
    assert codes(license="Hausrecht") == [("license", "unknown-license")]


def test_an_address_besides_the_file() -> None:
    api = file(accessURL="https://amt.example/api", downloadURL=None, format="API", mediaType="")
    assert dataset(distribution=[api]).distribution[0].access_url == ("https://amt.example/api",)
    both = dataset(distribution=[file(accessURL="https://amt.example/seite")]).distribution[0]
    assert (both.access_url[0], both.download_url[0]) == (
        "https://amt.example/seite",
        f"{FILES}/einwohner-2026-q1_0.csv",
    )
    assert codes(distribution=[api]) == [("distribution[0].format", "unknown-format")]


def test_names_of_their_own() -> None:
    found = dataset(**{"@id": "https://amt.example/d/1", "distribution": [file(**{"@id": "https://amt.example/f/1"})]})
    assert (found.uri, found.distribution[0].uri) == ("https://amt.example/d/1", "https://amt.example/f/1")
    assert dataset(identifier="https://amt.example/d/2").uri == "https://amt.example/d/2"


def test_older_forms() -> None:
    found = dataset(publisher="Amt", contactPoint="Statistik", distribution=file())
    assert found.publisher == Agent(name=(Text("Amt"),))
    assert found.contact_point == (Contact(name="Statistik"),)
    assert len(found.distribution) == 1
    (bare,) = all_records(orjson.dumps([record()]))
    assert bare.reading is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("indent", [None, 4])
def test_charsets_and_layouts(encoding: str, indent: int | None) -> None:
    text = json.dumps(orjson.loads(catalogue(record(), record("b"))), ensure_ascii=False, indent=indent)
    records = all_records(text.encode(encoding))
    assert [one.remote_id for one in records] == ["8f0c", "b"]
    assert all(one.reading.dataset.keyword[0] == Text("Bevölkerung") for one in records)


def test_a_record_without_id_or_title_or_sense_stays_alone() -> None:
    body = catalogue(record(), record("", "Ohne Kennung"), record("c", ""), 7, "MARKE")
    good, *bad = all_records(body.replace(b'"MARKE"', b'{"identifier": }'))
    assert good.reading is not None
    assert [one.remote_id for one in bad] == ["?Ohne Kennung", "c", "?4", "?5"]
    assert all(one.failure for one in bad)


def test_half_characters_and_raw_line_ends_lose_no_dataset() -> None:
    body = catalogue(record(title="MARKE")).replace(b"MARKE", b"B\\ud800\xc3\xa4ume\nim Park")
    (found,) = all_records(body)
    assert found.reading is not None
    assert found.reading.dataset.title[0].value.startswith("B")


@pytest.mark.parametrize("rest", [1, 2, 40, 400, 900])
def test_a_file_cut_off_names_the_place_and_gives_nothing(rest: int) -> None:
    body = catalogue(record(), record("b"))
    words = refused(body[:-rest])
    assert "Byte" in words
    assert ("mitten im Eintrag" in words) == (rest > 2)


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"null", b"7", b'{"dataset": [}', b"[1 2]", b'{"a" 1}', b'{"a": 1} x', b'{"dataset": [,]}']
)
def test_what_is_no_json(body: bytes) -> None:
    assert "Byte" in refused(body)


def test_other_answers() -> None:
    assert "Webseite" in refused(b"\xef\xbb\xbf \n<!DOCTYPE html><html></html>")
    assert "„dataset“" in refused(b'{"datasets": []}') and "„dataset“" in refused(b'{"dataset": {}}')
    assert "nicht zu lesen" in refused(b'{"dataset": [' + b'{"a":' * 5_000)
    assert not all_records(catalogue())


def test_strings_full_of_brackets() -> None:
    odd = 'a "}" ]\\" { [ \\'
    records = all_records(catalogue(record("x", odd), record("y"), note={"dataset": [1, 2]}, **{odd: odd}))
    assert [one.remote_id for one in records] == ["x", "y"]
    assert records[0].reading.dataset.title == (Text(odd.strip()),)


@given(st.lists(JSON, max_size=5), st.dictionaries(st.text(max_size=5).filter(lambda key: key != "dataset"), JSON))
@settings(max_examples=60, deadline=None)
def test_any_document_is_cut_as_it_is_parsed(values: list[Any], others: dict[str, Any]) -> None:
    for body in (json.dumps({**others, "dataset": values}).encode(), orjson.dumps(values)):
        slices = json_slices.elements(body, b"dataset")
        assert slices is not None
        assert [orjson.loads(raw) for raw in json_slices.bytes_of(body, slices)] == values


def test_damaged_files() -> None:
    body = catalogue(record(spatial="8,49,9,50", temporal="2019/2020"), record("b", publisher={"name": "A"}))
    assert survives(DATA_JSON, builders.page(body, URL), SOURCE, damaged(body, 500)) > 50


def test_nothing_is_too_deep() -> None:
    keys = ("title", "license", "spatial", "temporal", "issued", "language", "publisher", "x")
    body = catalogue(record(**{key: ["TIEF", "a"] for key in keys})).replace(b'"TIEF"', b"[" * 1_000 + b"]" * 1_000)
    (found,) = all_records(body)
    assert found.reading is not None
    assert found.reading.dataset.title == (Text("a"),)


def test_a_hundred_thousand_keywords_and_files() -> None:
    found = reading(keyword=[f"w{n}" for n in range(100_000)], distribution=[file()] * 6_000)
    assert (len(found.dataset.keyword), len(found.dataset.distribution)) == (1_000, 5_000)
    assert [problem.path for problem in found.problems] == ["keyword", "distribution"]


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    tell(site, SAMPLE, Told("a", "Einwohner"), Told("b", "Haushalte"), Told("c", "", spoilt=True))
    source = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, source)) == {"seen": 3, "created": 2, "quarantined": 1}
    assert published(instance) == ["Einwohner", "Haushalte"]
    assert quarantined(instance) == {"c": "unreadable"}
    shown = shown_all(instance)[0].dataset
    assert shown.distribution[0].license == builders.LICENSE
    assert "statistik@darmstadt.example" in homes.exported(instance, "ttl").decode()
    assert counted(jobs.harvest(instance, source)) == {"seen": 3, "unchanged": 2, "quarantined": 1}


def test_a_dataset_that_is_not_public_shows_no_file(instance: Instance, site: Site) -> None:
    site.put("/data.json", catalogue(record("a", "Sozialdaten", accessLevel="non-public")), "application/json")
    jobs.harvest(instance, defined(instance, site, SAMPLE))
    assert published(instance) == ["Sozialdaten"]
    turtle = homes.exported(instance, "ttl").decode()
    assert "access-right/NON_PUBLIC" in turtle and FILES not in turtle
