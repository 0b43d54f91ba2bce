"""What stands between the catalogue and its harvesters: every rule found broken where it is, and only there."""

from dataclasses import replace

import builders
import pytest
from click.testing import CliRunner
from demo_home import DemoHome

from catalog import compat, config
from catalog.public import PublicDataset
from dcat.model import Dataset, Distribution, Text

GOOD = builders.full_dataset()


def shown(dataset: Dataset) -> PublicDataset:
    """A published dataset of Darmstadt."""
    return PublicDataset(
        id="0b5e1c1e-0000-4000-8000-000000000001",
        name="baumkataster",
        city="darmstadt",
        organization="amt",
        organization_title="Amt",
        source="da-amt",
        dataset=dataset,
    )


def gaps(dataset: Dataset, consumer: str) -> set[str]:
    """The rules a dataset breaks for one consumer."""
    standings = compat.assess(CONFIG, [shown(dataset)])
    return next(set(s.gaps) for s in standings if s.consumer.name == consumer)


def distribution(**fields: object) -> tuple[Distribution, ...]:
    return (replace(builders.full_distribution(), **fields),)


CONFIG = config.load({"OFFENBAR_HOME": "/nonexistent", "OFFENBAR_SECRET_KEY": "0123456789abcdef" * 3})
CONFIG = replace(CONFIG, cities=(config.City("darmstadt", "Darmstadt", "06411000", "hessen"),))
MOBILE = replace(GOOD, theme=("http://publications.europa.eu/resource/authority/data-theme/TRAN",))
TWO = ("http://dcat-ap.de/def/contributors/a", "http://dcat-ap.de/def/contributors/b")
CASES = [
    ("govdata", replace(GOOD, contributor_id=()), "contributor"),
    ("govdata", replace(GOOD, contributor_id=TWO), "contributor"),
    ("govdata", replace(GOOD, contributor_id=("http://dcat-ap.de/def/contributors/nobody",)), "contributor"),
    ("govdata", replace(GOOD, publisher=None), "publisher"),
    ("govdata", replace(GOOD, distribution=distribution(license="https://example.org/own")), "license"),
    (
        "govdata",
        replace(GOOD, distribution=distribution(license="http://dcat-ap.de/def/licenses/other-closed")),
        "license",
    ),
    ("govdata", replace(GOOD, modified=""), "modified"),
    ("govdata", replace(GOOD, modified="2026-05-31T12:00:00"), "modified"),
    ("govdata", replace(GOOD, political_geocoding=()), "geocoding"),
    ("govdata", replace(GOOD, keyword=()), "keyword"),
    ("govdata", replace(GOOD, distribution=()), "distribution"),
    ("govdata", replace(GOOD, title=(Text("Trees", "en"),)), "title-german"),
    ("hessen", replace(GOOD, theme=()), "theme"),
    ("hessen", replace(GOOD, contact_point=()), "contact"),
    ("data.europa.eu", replace(GOOD, spatial=()), "spatial"),
    ("data.europa.eu", replace(GOOD, distribution=distribution(format="")), "format"),
    ("data.europa.eu", replace(GOOD, access_rights=""), "access-rights"),
    ("data.europa.eu", replace(GOOD, distribution=distribution(access_url=("mailto:a@example.org",))), "address"),
    ("data.europa.eu", replace(GOOD, distribution=distribution(access_service=())), "hvd-api"),
    ("mobilithek", replace(MOBILE, frequency=""), "frequency"),
    ("mobilithek", replace(MOBILE, spatial=()), "spatial"),
]


@pytest.mark.parametrize("consumer", [c.name for c in compat.CONSUMERS])
def test_a_full_dataset_misses_nothing(consumer: str) -> None:
    assert gaps(MOBILE, consumer) == set()


@pytest.mark.parametrize("consumer, dataset, code", CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_missing_is_found(consumer: str, dataset: Dataset, code: str) -> None:
    assert code in gaps(dataset, consumer)


def test_only_mobility_goes_to_the_mobilithek() -> None:
    counted = {s.consumer.name: s.datasets for s in compat.assess(CONFIG, [shown(GOOD), shown(MOBILE)])}
    assert counted == {"govdata": 2, "hessen": 2, "data.europa.eu": 2, "mobilithek": 1}


def test_a_dataset_is_ready_when_nothing_stops_it() -> None:
    weak, stopped = replace(GOOD, keyword=()), replace(GOOD, publisher=None)
    standing = compat.assess(CONFIG, [shown(GOOD), shown(weak), shown(stopped)])[0]
    assert (standing.datasets, standing.ready, standing.blocked) == (3, 2, True)
    assert standing.gaps["keyword"].examples == ["baumkataster"]
    assert standing.gaps["keyword"].sources == {"da-amt": 1}


def test_the_site_itself_is_looked_at() -> None:
    said = " ".join(message.en for message in compat.of_the_site(CONFIG))
    assert "cannot be reached from outside" in said and "contact" in said
    public = replace(CONFIG, site_url="https://daten.example.org", contact="daten@example.org")
    assert compat.of_the_site(public) == []


def test_the_command_says_what_stops(demo: DemoHome, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in demo.environment.items():
        monkeypatch.setenv(name, value)
    import cli

    result = CliRunner().invoke(cli.offenbar, ["--lang", "de", "compat"])
    assert result.exit_code == 1
    assert "GovData" in result.output and "Mobilithek, Darmstadt" in result.output
    assert "✗ 1 × Keine räumliche Abdeckung" in result.output
