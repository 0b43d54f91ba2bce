"""Filling the gaps: every rule, the origin of every field, and nothing where nobody declared anything."""

from dataclasses import fields, replace
from typing import Any

import builders
import pytest
import strategies
from hypothesis import given, settings

from catalog.config import City
from catalog.layers import LOCAL_AUTHORITY, MUNICIPALITY, RULES, UNKNOWN_LICENSE, Layered, layered
from dcat.model import Agent, Contact, DataService, Dataset, DatasetSeries, Distribution, Place, Text
from dcat.namespaces import HVD_REGULATION
from harvesters.source import Defaults

CITY = City("darmstadt", "Darmstadt", "06411000")
AUTHORITY = builders.AUTHORITY
BARE = Dataset(title=(Text("Bäume", "de"),))
FILE = Distribution(title=(Text("CSV", "de"),), access_url=("https://amt.example/b.csv",))


def with_defaults(dataset: Dataset, *, ours: bool = False, city: City = CITY, **defaults: Any) -> Layered:
    return layered(dataset, builders.source(defaults=Defaults(**defaults)), city, ours=ours)


def rule(found: Layered, field: str) -> str:
    """The rule that computed a field, `upstream`, or nothing where it is empty."""
    return next((o.rule or o.layer for o in found.origins if o.field == field), "")


@pytest.mark.parametrize(
    "default, field, value",
    [
        ({"contact": Contact(email="a@amt.example")}, "contact_point", (Contact(email="a@amt.example"),)),
        ({"description": (Text("Alle Bäume."),)}, "description", (Text("Alle Bäume.", "de"),)),
        ({"description": (Text("All trees.", "en"),)}, "description", (Text("All trees.", "en"),)),
        ({"keywords": (Text("Baum"),)}, "keyword", (Text("Baum", "de"),)),
        ({"theme": ("ENVI", "unbekannt")}, "theme", (f"{AUTHORITY}/data-theme/ENVI",)),
        ({"frequency": "ANNUAL"}, "frequency", f"{AUTHORITY}/frequency/ANNUAL"),
        ({"language": ("DEU",)}, "language", (f"{AUTHORITY}/language/DEU",)),
        ({"hvd_category": ("c_ac64a52d",)}, "hvd_category", ("http://data.europa.eu/bna/c_ac64a52d",)),
        ({"applicable_legislation": ("https://gesetz.example",)}, "applicable_legislation", ("https://gesetz.example",)),
        ({"availability": "STABLE"}, "availability", f"{AUTHORITY}/planned-availability/STABLE"),
        ({"access_rights": "PUBLIC"}, "access_rights", f"{AUTHORITY}/access-right/PUBLIC"),
        ({"contributor": "hessen"}, "contributor_id", ("http://dcat-ap.de/def/contributors/hessen",)),
        ({"contributor": "neueStadt"}, "contributor_id", ("http://dcat-ap.de/def/contributors/neueStadt",)),
        ({"contributor": "https://x.example/c"}, "contributor_id", ("https://x.example/c",)),
        ({"political_geocoding": (builders.DARMSTADT,)}, "political_geocoding", (builders.DARMSTADT,)),
        ({"political_geocoding_level": (MUNICIPALITY,)}, "political_geocoding_level", (MUNICIPALITY,)),
    ],
)  # fmt: skip
def test_a_default_fills_a_gap_and_never_replaces(default: dict[str, Any], field: str, value: Any) -> None:
    found = with_defaults(BARE, **default)
    assert (getattr(found.dataset, field), rule(found, field)) == (value, "source-default")
    full = builders.full_dataset()
    kept = with_defaults(full, **default)
    assert (getattr(kept.dataset, field), rule(kept, field)) == (getattr(full, field), "upstream")
    assert (getattr(with_defaults(BARE).dataset, field) or (), rule(with_defaults(BARE), field)) == ((), "")


@pytest.mark.parametrize("default", [{"theme": ("unbekannt",)}, {"frequency": "manchmal"}, {"language": ("Hessisch",)}])
def test_a_default_nobody_understands_fills_nothing(default: dict[str, Any]) -> None:
    found = with_defaults(BARE, **default)
    assert found.dataset == with_defaults(BARE).dataset and found.origins == with_defaults(BARE).origins


@pytest.mark.parametrize("publisher", [None, Agent(uri="https://amt.example"), Agent(email="amt@amt.example")])
def test_a_publisher_without_name_is_that_of_the_source(publisher: Agent | None) -> None:
    named = with_defaults(replace(BARE, publisher=publisher), publisher=Agent(name=(Text("Umweltamt"),)))
    assert named.dataset.publisher == Agent(name=(Text("Umweltamt", "de"),), type=LOCAL_AUTHORITY)
    assert rule(named, "publisher") == "source-default"
    other = with_defaults(replace(BARE, publisher=publisher))
    assert other.dataset.publisher == Agent(name=(Text("Darmstadt, Grünflächenamt", "de"),), type=LOCAL_AUTHORITY)
    assert rule(other, "publisher") == "source-department"


def test_what_a_desk_adds_is_no_word_of_a_definition() -> None:
    defaults = Defaults(publisher=Agent(name=(Text("Umweltamt"),)), description=(Text("Keine."),), theme=("ENVI",))
    found = layered(BARE, builders.source(type="desk", defaults=defaults), CITY, ours=False)
    assert {field: rule(found, field) for field in ("publisher", "description", "theme")} == {
        "publisher": "desk-organization",
        "description": "no-description",
        "theme": "source-default",
    }


def test_a_publisher_of_its_own_stays() -> None:
    own = builders.agent("Vermessungsamt")
    found = with_defaults(replace(BARE, publisher=own), publisher=Agent(name=(Text("Umweltamt"),)))
    assert (found.dataset.publisher, rule(found, "publisher")) == (own, "upstream")


def test_the_kind_of_a_declared_publisher_stays() -> None:
    declared = Agent(name=(Text("Amt", "de"),), type="http://purl.org/adms/publishertype/RegionalAuthority")
    assert with_defaults(BARE, publisher=declared).dataset.publisher == declared


def test_the_contributor_of_the_city_comes_second() -> None:
    city = City("frankfurt", "Frankfurt", "06412000", contributor="stadtFrankfurtAmMain")
    found = with_defaults(BARE, city=city)
    assert found.dataset.contributor_id == ("http://dcat-ap.de/def/contributors/stadtFrankfurtAmMain",)
    assert rule(found, "contributor_id") == "city-contributor"
    found = with_defaults(BARE, city=city, contributor="hessen")
    assert found.dataset.contributor_id == ("http://dcat-ap.de/def/contributors/hessen",)
    assert rule(found, "contributor_id") == "source-default"


def test_a_file_drop_covers_its_city() -> None:
    found = with_defaults(BARE, ours=True)
    assert found.dataset.spatial == (Place(uri=CITY.place, label=(Text("Darmstadt, Wissenschaftsstadt", "de"),)),)
    assert found.dataset.political_geocoding == (CITY.place,) == (builders.DARMSTADT,)
    assert found.dataset.political_geocoding_level == (MUNICIPALITY,)
    for field in ("spatial", "political_geocoding", "political_geocoding_level"):
        assert rule(found, field) == "city-place"
        assert not getattr(with_defaults(BARE, ours=False).dataset, field)
    full = builders.full_dataset()
    assert with_defaults(full, ours=True).dataset.spatial == full.spatial


def test_a_municipality_key_is_a_place_too() -> None:
    elsewhere = Place(uri="https://orte.example/1")
    found = with_defaults(replace(BARE, political_geocoding=(builders.DARMSTADT,), spatial=(elsewhere,)))
    place = Place(uri=builders.DARMSTADT, label=(Text("Darmstadt, Wissenschaftsstadt", "de"),))
    assert found.dataset.spatial == (elsewhere, place)
    assert (rule(found, "spatial"), rule(found, "spatial.label")) == ("same-place", "place-name")
    assert found.dataset.political_geocoding == (builders.DARMSTADT,)
    own = Place(uri=builders.DARMSTADT, label=(Text("Heinerstadt", "de"),))
    named = with_defaults(replace(BARE, political_geocoding=(builders.DARMSTADT,), spatial=(own,)))
    assert named.dataset.spatial == (own,)
    assert (rule(named, "spatial"), rule(named, "spatial.label")) == ("upstream", "")


def test_a_series_and_a_service_without_publisher_have_their_datasets() -> None:
    office, desk = builders.agent("Umweltamt"), builders.contact()
    bare = replace(
        BARE,
        publisher=office,
        contact_point=(desk,),
        in_series=(DatasetSeries(title=(Text("Reihe", "de"),)),),
        distribution=(replace(FILE, access_service=(DataService(title=(Text("Dienst", "de"),)),)),),
    )
    found = with_defaults(bare)
    (series,), (service,) = found.dataset.in_series, found.dataset.distribution[0].access_service
    assert (series.publisher, service.publisher, service.contact_point) == (office, office, (desk,))
    assert series.contact_point == (), "only what the profile demands"
    for field in (
        "in_series.publisher",
        "distribution.access_service.publisher",
        "distribution.access_service.contact_point",
    ):
        assert rule(found, field) == "dataset"
    own = builders.agent("Vermessungsamt")
    kept = with_defaults(replace(bare, in_series=(replace(series, publisher=own),)))
    assert kept.dataset.in_series[0].publisher == own and rule(kept, "in_series.publisher") == ""


@pytest.mark.parametrize(
    "default, license_uri, name",
    [
        ("dl-by-de/2.0", "http://dcat-ap.de/def/licenses/dl-by-de/2.0", "source-default"),
        ("", UNKNOWN_LICENSE, "license-unknown"),
        ("eigene Bedingungen", UNKNOWN_LICENSE, "license-unknown"),
    ],
)
def test_a_missing_licence(default: str, license_uri: str, name: str) -> None:
    found = with_defaults(replace(BARE, distribution=(FILE,)), license=default)
    assert found.dataset.distribution[0].license == license_uri
    assert rule(found, "distribution.license") == name


def test_a_licence_of_its_own_stays() -> None:
    found = with_defaults(replace(BARE, distribution=(builders.distribution(),)), license="dl-by-de/2.0")
    assert found.dataset.distribution[0].license == builders.LICENSE
    assert rule(found, "distribution.license") == ""


def test_the_attribution_the_source_asks_for() -> None:
    own = replace(FILE, license_attribution=(Text("Vermessungsamt", "de"),))
    found = with_defaults(replace(BARE, distribution=(FILE, own)), license_attribution=(Text("Stadt Frankfurt"),))
    assert [d.license_attribution for d in found.dataset.distribution] == [
        (Text("Stadt Frankfurt", "de"),),
        (Text("Vermessungsamt", "de"),),
    ]
    assert rule(found, "distribution.license_attribution") == "source-default"


def test_a_download_address_is_also_the_access_address() -> None:
    only_download = Distribution(download_url=("https://amt.example/1.csv", "https://amt.example/2.csv"))
    found = with_defaults(replace(BARE, distribution=(only_download,)))
    assert found.dataset.distribution[0].access_url == ("https://amt.example/1.csv",)
    assert rule(found, "distribution.access_url") == "download-url"
    assert rule(with_defaults(replace(BARE, distribution=(FILE,))), "distribution.access_url") == ""


def test_a_high_value_dataset_names_the_regulation() -> None:
    hvd = replace(BARE, hvd_category=("http://data.europa.eu/bna/c_ac64a52d",), distribution=(FILE,))
    found = with_defaults(replace(hvd, applicable_legislation=("https://gesetz.example",)))
    assert found.dataset.applicable_legislation == ("https://gesetz.example", HVD_REGULATION)
    assert found.dataset.distribution[0].applicable_legislation == (HVD_REGULATION,)
    assert rule(found, "applicable_legislation") == rule(found, "distribution.applicable_legislation") == "hvd"
    there = builders.full_dataset()
    again = with_defaults(there)
    assert again.dataset.applicable_legislation.count(HVD_REGULATION) == 1
    assert rule(again, "applicable_legislation") == "upstream"


def test_what_belongs_to_a_high_value_dataset_names_the_regulation_and_a_category() -> None:
    category, other = "http://data.europa.eu/bna/c_ac64a52d", "http://data.europa.eu/bna/c_dd313021"
    services = (
        DataService(uri="https://amt.example/1"),
        DataService(uri="https://amt.example/2", hvd_category=(other,)),
    )
    parts = {"in_series": (DatasetSeries(),), "distribution": (replace(FILE, access_service=services),)}
    found = with_defaults(replace(BARE, hvd_category=(category,), **parts))
    first, second = found.dataset.distribution[0].access_service
    (series,) = found.dataset.in_series
    assert {one.applicable_legislation for one in (first, second, series)} == {(HVD_REGULATION,)}
    assert [one.hvd_category for one in (first, second, series)] == [(category,), (other,), (category,)]
    for owner in ("distribution.access_service", "in_series"):
        assert rule(found, f"{owner}.applicable_legislation") == rule(found, f"{owner}.hvd_category") == "hvd"
    plain = with_defaults(replace(BARE, **parts))
    assert plain.dataset.in_series[0].applicable_legislation == ()
    assert not [origin for origin in plain.origins if origin.rule == "hvd"]


def test_a_category_of_the_source_counts_too() -> None:
    assert with_defaults(BARE, hvd_category=("c_ac64a52d",)).dataset.applicable_legislation == (HVD_REGULATION,)
    assert with_defaults(BARE).dataset.applicable_legislation == ()


@pytest.mark.parametrize(
    "languages, default, lang",
    [
        ((), (), "de"),
        (("ENG",), (), "en"),
        (("DEU", "ENG"), (), "de"),
        ((), ("ENG",), "en"),
        (("FRA",), ("ENG",), "fr"),
        ((), ("DEU", "ENG"), "de"),
        (("ARA",), (), ""),
        ((), ("Hessisch",), ""),
    ],
)
def test_untagged_texts_get_the_language_of_the_dataset(
    languages: tuple[str, ...], default: tuple[str, ...], lang: str
) -> None:
    dataset = Dataset(
        title=(Text("Trees"), Text("Arbres", "fr")),
        language=tuple(f"{AUTHORITY}/language/{code}" for code in languages),
        publisher=Agent(name=(Text("Amt"),)),
        distribution=(replace(FILE, title=(Text("CSV"),)),),
    )
    found = with_defaults(dataset, language=default)
    assert found.dataset.title == (Text("Trees", lang), Text("Arbres", "fr"))
    assert found.dataset.publisher == Agent(name=(Text("Amt", lang),))
    assert found.dataset.distribution[0].title == (Text("CSV", lang),)
    noted = {rule(found, f"{field}.lang") for field in ("title", "publisher", "distribution")}
    assert noted == {"language" if lang else ""}
    assert rule(found, "title") == "upstream"


def test_tagged_texts_stay_and_are_not_noted() -> None:
    assert not [origin for origin in with_defaults(builders.full_dataset()).origins if origin.field.endswith(".lang")]


def test_nothing_is_invented() -> None:
    found = with_defaults(replace(BARE, distribution=(FILE,)))
    filled = {f.name for f in fields(Dataset) if getattr(found.dataset, f.name) not in ("", (), None)}
    assert filled == {"title", "publisher", "distribution"}
    (distribution,) = found.dataset.distribution
    assert replace(distribution, license="") == FILE


def test_a_full_dataset_stays_as_it_is() -> None:
    full = builders.full_dataset()
    found = with_defaults(full, license="dl-by-de/2.0", theme=("TRAN",), publisher=Agent(name=(Text("Amt"),)))
    assert found.dataset == full
    assert {origin.layer for origin in found.origins} == {"upstream"}
    assert {origin.field for origin in found.origins} == {f.name for f in fields(Dataset)}


@given(strategies.datasets())
@settings(max_examples=100, deadline=None)
def test_every_value_has_one_origin_and_upstream_values_stay(dataset: Dataset) -> None:
    found = with_defaults(dataset, theme=("ENVI",), frequency="ANNUAL", license="dl-by-de/2.0")
    origins = {origin.field: origin for origin in found.origins}
    assert len(origins) == len(found.origins)
    assert {o.rule for o in found.origins if o.layer == "computed"} <= set(RULES)
    assert all((o.rule == "") == (o.layer == "upstream") for o in found.origins)
    for field in fields(Dataset):
        before, after = getattr(dataset, field.name), getattr(found.dataset, field.name)
        assert (field.name in origins) == (after not in ("", (), None))
        if before and field.name in origins and origins[field.name].layer == "computed":
            # Only these are completed where something stood already.
            assert field.name in ("publisher", "applicable_legislation", "spatial")


@given(strategies.datasets())
@settings(max_examples=50, deadline=None)
def test_layering_twice_changes_nothing(dataset: Dataset) -> None:
    once = with_defaults(dataset, ours=True, theme=("ENVI",)).dataset
    assert with_defaults(once, ours=True, theme=("ENVI",)).dataset == once
