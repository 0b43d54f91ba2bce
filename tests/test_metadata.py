"""The metadata gate over the profile table."""

from dataclasses import replace

import builders
import pytest

from dcat.model import Agent, Contact, Dataset, Distribution, Identifier, Period, Place, Text
from dcat.namespaces import HVD_REGULATION
from validators import metadata
from validators.report import Severity

HVD = "http://data.europa.eu/bna/c_b7f6a4f3"
GEO = "http://data.europa.eu/bna/c_ac64a52d"
STATISTICS = "http://data.europa.eu/bna/c_e1da4e07"
HANAU = "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/06435014"
TWICE, TWICE_MORE = Text("Bäume", "de"), Text("Gehölze", "de")


def served(**fields: object) -> dict[str, object]:
    """A dataset's fields with a service behind its distribution."""
    return {"distribution": (builders.full_distribution(access_service=(builders.full_service(**fields),)),)}


def codes(dataset: Dataset, *severities: Severity) -> set[str]:
    return {f.code for f in metadata.check(dataset) if not severities or f.severity in severities}


def test_a_full_dataset_has_nothing_that_blocks() -> None:
    assert not metadata.blocks(metadata.check(builders.full_dataset()))


@pytest.mark.parametrize("field", ["title", "description", "publisher"])
def test_missing_mandatory_values_block(field: str) -> None:
    empty = None if field == "publisher" else ()
    findings = metadata.check(replace(builders.full_dataset(), **{field: empty}))
    assert [f.code for f in findings if f.severity is Severity.BLOCKS] == [f"missing-{field}"]
    assert metadata.blocks(findings)


def test_each_finding_says_what_why_and_how_in_both_languages() -> None:
    for finding in metadata.check(Dataset()):
        for message in (finding.what, finding.why, finding.fix):
            assert message.de and message.en


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"issued": "2026-02-30"}, "date", Severity.BLOCKS),
        ({"issued": "gestern"}, "date", Severity.BLOCKS),
        ({"title": (Text("Bäume", ""),)}, "language-missing", Severity.WARNING),
        ({"title": (Text("Bäume", "de"), Text("Gehölze", "de"))}, "language-twice", Severity.BLOCKS),
        ({"contributor_id": ()}, "missing-contributor-id", Severity.WARNING),
        ({"availability": "http://example.org/unsinn"}, "unknown-availability", Severity.BLOCKS),
        ({"theme": ("http://example.org/thema",)}, "unknown-theme", Severity.BLOCKS),
        ({"landing_page": ("keine adresse",)}, "uri", Severity.BLOCKS),
        ({"contact_point": (Contact(name="Amt"),)}, "contact-channel", Severity.BLOCKS),
        ({"temporal": (Period(),)}, "period-empty", Severity.BLOCKS),
        ({"temporal": (Period(start="2026-05-01", end="2025-12-31"),)}, "period-backwards", Severity.WARNING),
        ({"publisher": Agent(uri="https://amt.example/")}, "missing-name", Severity.BLOCKS),
        ({"distribution": (Distribution(),)}, "missing-access-url", Severity.BLOCKS),
        ({"keyword": ()}, "missing-keyword", Severity.HINT),
    ],
)
def test_what_the_gate_finds(changes: dict[str, object], code: str, severity: Severity) -> None:
    assert code not in codes(builders.full_dataset())
    assert code in codes(replace(builders.full_dataset(), **changes), severity)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"title": (TWICE, TWICE_MORE)}, "language-twice", "title"),
        ({"description": (TWICE, TWICE_MORE)}, "language-twice", "description"),
        ({"publisher": builders.full_agent(name=(TWICE, TWICE_MORE))}, "language-twice", "publisher.name"),
        ({"in_series": (builders.full_series(title=(TWICE, TWICE_MORE)),)}, "language-twice", "in_series[0].title"),
        (served(title=(TWICE, TWICE_MORE)), "language-twice", "distribution[0].access_service[0].title"),
        ({"title": (TWICE, Text("Gehölze", "DE"))}, "language-twice", "title"),
        ({"keyword": (Text("Baum"),)}, "language-missing", "keyword"),
        ({"in_series": (builders.full_series(title=(Text("Reihe"),)),)}, "language-missing", "in_series[0].title"),
        (served(title=(Text("Dienst"),)), "language-missing", "distribution[0].access_service[0].title"),
        ({"publisher": builders.full_agent(name=(Text("Amt"),))}, "language-missing", "publisher.name"),
        ({"in_series": (builders.full_series(issued="2026-13"),)}, "date", "in_series[0].issued"),
        ({"temporal": (Period(start="2026-02-30"),)}, "date", "temporal[0].start"),
        ({"modified": "31.05.2026"}, "date", "modified"),
        ({"sample": (builders.full_distribution(issued="gestern"),)}, "date", "sample[0].issued"),
        (served(availability="STABLE"), "unknown-availability", "distribution[0].access_service[0].availability"),
        ({"spatial_resolution": "-1"}, "decimal", "spatial_resolution"),
        ({"temporal_resolution": "jährlich"}, "duration", "temporal_resolution"),
        ({"in_series": (builders.full_series(publisher=None),)}, "missing-publisher", "in_series[0].publisher"),
        (served(endpoint_url=()), "missing-endpoint-url", "distribution[0].access_service[0].endpoint_url"),
        (served(page=()), "missing-page", "distribution[0].access_service[0].page"),
        (served(contact_point=()), "missing-contact-point", "distribution[0].access_service[0].contact_point"),
        ({"in_series": (builders.full_series(hvd_category=()),)}, "missing-hvd-category", "in_series[0].hvd_category"),
        ({"other_identifier": (Identifier(),)}, "missing-notation", "other_identifier[0].notation"),
    ],
)  # fmt: skip
def test_nothing_the_official_shapes_miss_slips_through(changes: dict[str, object], code: str, field: str) -> None:
    dataset = replace(builders.full_dataset(), **changes)
    assert (code, field) in {(finding.code, finding.field) for finding in metadata.check(dataset)}
    assert (code, field) not in {(finding.code, finding.field) for finding in metadata.check(builders.full_dataset())}


def test_a_high_value_service_is_asked_for_what_the_regulation_asks() -> None:
    bare = builders.dataset(
        distribution=(builders.distribution(access_service=(builders.service(page=(), contact_point=()),)),)
    )
    assert not codes(bare, Severity.HVD)
    found = codes(replace(bare, hvd_category=(HVD,), applicable_legislation=(HVD_REGULATION,)), Severity.HVD)
    assert found == {"missing-page", "missing-contact-point", "missing-hvd-category"}


@pytest.mark.parametrize(
    ("categories", "hints"),
    [
        ((GEO,), 1),
        ((GEO, STATISTICS), 2),
        ((builders.GEODATA,), 0),
        ((GEO, builders.GEODATA), 0),
        ((STATISTICS, builders.GEODATA), 1),
        (("https://fremd.example/kategorie",), 0),
    ],
)
def test_a_top_category_says_too_little(categories: tuple[str, ...], hints: int) -> None:
    dataset = builders.full_dataset(hvd_category=categories)
    found = [f for f in metadata.check(dataset) if (f.code, f.field) == ("hvd-top-category", "hvd_category")]
    assert sum(f.count for f in found) == hints
    assert {f.severity for f in found} <= {Severity.HINT}
    series = builders.full_dataset(in_series=(builders.full_series(hvd_category=categories),))
    assert ("hvd-top-category" in codes(series)) == (hints > 0)


@pytest.mark.parametrize(
    ("modified", "outdated"),
    [
        ("", True),
        ("2026", True),
        ("2026-01", True),
        ("2026-01-01", True),
        ("2026-05-31T12:00:00+02:00", True),
        ("2025-12-31", False),
        ("2025-12-31T23:59:59Z", False),
        ("2025", False),
    ],
)
@pytest.mark.parametrize("field", ["spatial", "political_geocoding"])
def test_a_key_that_a_municipality_lost_is_named_with_the_new_one(field: str, modified: str, outdated: bool) -> None:
    values = {"spatial": (Place(uri=HANAU),), "political_geocoding": (HANAU,)}
    dataset = builders.dataset(modified=modified, **{field: values[field]})
    found = [finding for finding in metadata.check(dataset) if finding.code == "outdated-place"]
    assert [(f.severity, f.field, f.examples) for f in found] == [(Severity.HINT, field, (HANAU,))] * outdated
    for finding in found:
        assert "06435014" in finding.what.de and "2026-01-01" in finding.what.en
        assert finding.fix.de == "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/06415000 angeben."


@pytest.mark.parametrize(
    "uri", [builders.DARMSTADT, HANAU.replace("06435014", "06415000"), "https://orte.example/1", "x"]
)
def test_other_keys_are_valid(uri: str) -> None:
    dataset = builders.dataset(spatial=(Place(uri=uri),), political_geocoding=(uri,))
    assert "outdated-place" not in codes(dataset)


def test_an_unknown_licence_is_a_warning() -> None:
    dataset = builders.dataset(distribution=(builders.distribution(license="https://example.org/eigene-lizenz"),))
    assert "unknown-license" in codes(dataset, Severity.WARNING)
    assert not metadata.blocks(metadata.check(replace(dataset, contributor_id=())))


def test_high_value_datasets_name_their_regulation_and_a_free_licence() -> None:
    closed = builders.distribution(license="http://dcat-ap.de/def/licenses/other-closed")
    dataset = builders.dataset(hvd_category=(HVD,), distribution=(closed,))
    assert {"missing-applicable-legislation", "hvd-license"} <= codes(dataset, Severity.HVD)
    other = replace(dataset, applicable_legislation=("http://data.europa.eu/eli/reg/2016/679/oj",))
    assert "hvd-legislation" in codes(other, Severity.HVD)
    good = replace(
        dataset,
        applicable_legislation=(HVD_REGULATION,),
        distribution=(replace(closed, license="http://dcat-ap.de/def/licenses/dl-zero-de/2.0"),),
    )
    assert not codes(good, Severity.HVD)


def test_naming_the_regulation_makes_a_high_value_dataset_too() -> None:
    dataset = builders.dataset(applicable_legislation=(HVD_REGULATION,))
    assert codes(dataset, Severity.HVD) == {"missing-hvd-category"}


@pytest.mark.parametrize("part", ["series", "service"])
def test_what_belongs_to_a_high_value_dataset_names_its_regulation(part: str) -> None:
    other = {"applicable_legislation": ("http://data.europa.eu/eli/reg/2016/679/oj",)}
    changes = {"in_series": (builders.full_series(**other),)} if part == "series" else served(**other)
    found = [
        f.field for f in metadata.check(replace(builders.full_dataset(), **changes)) if f.code == "hvd-legislation"
    ]
    place = "in_series[0]" if part == "series" else "distribution[0].access_service[0]"
    assert found == [f"{place}.applicable_legislation"]


def test_equal_findings_of_many_files_are_one_with_a_count() -> None:
    files = tuple(
        builders.distribution(uri=f"https://daten.example/{i}", format="http://example.org/x") for i in range(7)
    )
    findings = [f for f in metadata.check(builders.dataset(distribution=files)) if f.code == "unknown-format"]
    assert [(f.count, f.field) for f in findings] == [(7, "distribution.format")]


def test_findings_come_heaviest_first() -> None:
    order = [list(Severity).index(f.severity) for f in metadata.check(builders.dataset(publisher=None, keyword=()))]
    assert order == sorted(order) and len(set(order)) > 1
