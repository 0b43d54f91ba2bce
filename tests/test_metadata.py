"""The metadata gate over the profile table."""

from dataclasses import replace

import builders
import pytest

from dcat.model import Agent, Contact, Dataset, Distribution, Period, Text
from dcat.namespaces import HVD_REGULATION
from validators import metadata
from validators.report import Severity

HVD = "http://data.europa.eu/bna/c_b7f6a4f3"


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


def test_equal_findings_of_many_files_are_one_with_a_count() -> None:
    files = tuple(
        builders.distribution(uri=f"https://daten.example/{i}", format="http://example.org/x") for i in range(7)
    )
    findings = [f for f in metadata.check(builders.dataset(distribution=files)) if f.code == "unknown-format"]
    assert [(f.count, f.field) for f in findings] == [(7, "distribution.format")]


def test_findings_come_heaviest_first() -> None:
    order = [list(Severity).index(f.severity) for f in metadata.check(builders.dataset(publisher=None, keyword=()))]
    assert order == sorted(order) and len(set(order)) > 1
