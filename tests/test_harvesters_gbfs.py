"""GBFS: the discovery file leads to the system, whose feeds become distributions and whose status becomes current values."""

from typing import Any

import builders
import pytest
from conformance import Told
from homes import counted, published, shown_all
from protocol_runs import damaged, defined, odd, survives, tell
from samples_gbfs import FEEDS, INFORMATION, SAMPLE, answer, discovery
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset, Reading
from harvesters import base
from harvesters.base import Page
from harvesters.gbfs import GBFS, MAX_FEEDS

ROOT = "https://gbfs.example"
SOURCE = builders.source(f"{ROOT}/gbfs/gbfs.json", id="rad", type="gbfs")


def page(body: bytes, url: str = SOURCE.url) -> Page:
    return Page(url=url, body=body, media_type="application/json")


def reading(body: bytes | None = None, found: bytes | None = None, **information: Any) -> Reading:
    """Read a system as a harvest does: the discovery file first, then where it leads."""
    (following,) = GBFS.split(page(found or discovery(ROOT)), SOURCE).following
    (item,) = GBFS.split(page(body or answer(INFORMATION | information), following), SOURCE).items
    return GBFS.map(item, SOURCE)


def dataset(body: bytes | None = None, found: bytes | None = None, **information: Any) -> Dataset:
    return reading(body, found, **information).dataset


def test_the_discovery_file_leads_to_the_system() -> None:
    batch = GBFS.split(page(discovery(ROOT)), SOURCE)
    assert list(batch.items) == [] and batch.total is None and batch.whole
    assert batch.following[0].startswith(f"{ROOT}/gbfs/de/system_information.json#")


@pytest.mark.parametrize(
    "languages, chosen", [(["en", "de"], "de"), (["fr", "en"], "en"), (["fr", "nl"], "fr"), (["de-DE"], "de-DE")]
)
def test_of_several_languages_one_is_read(languages: list[str], chosen: str) -> None:
    found = GBFS.split(page(discovery(ROOT, languages=languages)), SOURCE).following[0]
    assert found.startswith(f"{ROOT}/gbfs/{chosen}/")


def test_a_system_in_full() -> None:
    found = dataset()
    assert found.identifier == ("rad/beispielrad_wi",)
    assert [(text.value, text.lang) for text in found.title] == [("Beispielrad Wiesbaden", "de")]
    assert found.publisher is not None and found.publisher.name[0].value == "Beispielrad GmbH"
    assert found.contact_point[0].email == "gbfs@beispielrad.example"
    assert found.landing_page == ("https://www.beispielrad.example/de/wiesbaden/",)
    assert found.issued == "2018-08-01" and found.frequency.endswith("/1MIN")
    assert found.language == ("http://publications.europa.eu/resource/authority/language/DEU",)
    assert found.conforms_to == ("https://github.com/MobilityData/gbfs/blob/v2.3/gbfs.md",)
    assert found.description[0].value == (
        "Sharing-Angebot von Beispielrad GmbH im Format GBFS. Feeds: Angaben zum System, Fahrzeugarten, Stationen, "
        "Belegung der Stationen, Freie Fahrzeuge. Zeitzone: Europe/Berlin."
    )


def test_each_feed_is_a_distribution_under_the_stated_licence() -> None:
    found = dataset().distribution
    assert [each.access_url[0].rsplit("/", 1)[1] for each in found] == ["gbfs.json", *(f"{f}.json" for f in FEEDS)]
    assert {each.license for each in found} == {"http://dcat-ap.de/def/licenses/cc-zero"}
    assert {each.format.rsplit("/", 1)[1] for each in found} == {"JSON"}


def test_a_system_of_version_3() -> None:
    names = [{"text": "Beispielrad", "language": "de"}, {"text": "Example Bike", "language": "en"}]
    feeds = [{"name": name, "url": f"{ROOT}/v3/{name}"} for name in ("system_information", "vehicle_status")]
    found = dataset(
        answer(
            {"system_id": "b", "languages": ["de", "en"], "name": names, "operator": names, "timezone": "Europe/Berlin",
             "attribution_organization_name": names[:1]},
            "3.0", last_updated="2026-11-22T08:00:00+01:00", ttl=0,
        ),
        answer({"feeds": feeds}, "3.0", last_updated="2026-11-22T08:00:00+01:00"),
    )  # fmt: skip
    assert [(text.value, text.lang) for text in found.title] == [("Beispielrad", "de"), ("Example Bike", "en")]
    assert [each.access_url[0] for each in found.distribution] == [
        SOURCE.url,
        f"{ROOT}/v3/system_information",
        f"{ROOT}/v3/vehicle_status",
    ]
    assert found.distribution[0].license_attribution[0].value == "Beispielrad"
    assert len(found.language) == 2 and found.frequency == ""


def test_nothing_is_said_that_the_system_does_not_say() -> None:
    found = dataset(answer({"system_id": "b", "name": "B", "timezone": "Europe/Berlin"}, ""), email="kein Zeichen")
    assert found.publisher is None and not found.contact_point and found.issued == ""
    assert {each.license for each in found.distribution} == {""}


def test_an_unknown_licence_becomes_a_remark_and_the_next_clue_counts() -> None:
    found = reading(license_id="Hauslizenz")
    assert [problem.code for problem in found.problems] == ["unknown-license"]
    assert found.dataset.distribution[0].license.endswith("/cc-zero")


def test_without_the_word_of_the_discovery_file_its_address_is_left() -> None:
    (item,) = GBFS.split(page(answer(INFORMATION), f"{ROOT}/gbfs/de/system_information.json"), SOURCE).items
    found = GBFS.map(item, SOURCE).dataset.distribution
    assert [each.access_url[0] for each in found] == [SOURCE.url, f"{ROOT}/gbfs/de/system_information.json"]


def test_more_feeds_than_there_are() -> None:
    many = discovery(ROOT, "system_information", *(f"f{n}" for n in range(MAX_FEEDS + 5)))
    batch = GBFS.split(page(many), SOURCE)
    assert [problem.code for problem in batch.problems] == ["too-many"]
    assert len(dataset(found=many).distribution) == MAX_FEEDS + 1


@pytest.mark.parametrize("missing", ["system_id", "name"])
def test_a_system_without_name_or_id(missing: str) -> None:
    body = answer({key: value for key, value in INFORMATION.items() if key != missing})
    (item,) = GBFS.split(page(body), SOURCE).items
    assert base.record(GBFS, item, SOURCE).failure is not None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b"{}", answer({}), answer({"stations": []}), discovery(ROOT, "station_status"),
     answer({"feeds": [{"name": "system_information", "url": "ftp://x/"}]})],
)  # fmt: skip
def test_what_is_no_gbfs(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        GBFS.split(page(body), SOURCE)


def test_the_stamp_changes_with_the_system_and_not_with_the_clock() -> None:
    def stamp(body: bytes) -> bytes:
        return next(GBFS.split(page(body), SOURCE).items).stamp

    assert stamp(answer(INFORMATION)) == stamp(answer(INFORMATION, last_updated=1795330999))
    assert stamp(answer(INFORMATION)) != stamp(answer(INFORMATION | {"name": "Anders"}))


@pytest.mark.parametrize(
    "data, values",
    [
        ({"stations": [
            {"station_id": "1", "num_bikes_available": 3, "num_docks_available": 7, "is_renting": True},
            {"station_id": "2", "num_bikes_available": 4, "is_renting": 1},
            {"station_id": "3", "num_vehicles_available": 5, "is_renting": False}]},
         {"vehicles": 12, "docks": 7, "stations": 2}),
        ({"stations": []}, {"stations": 0}),
        ({"bikes": [{"bike_id": "a", "is_disabled": False, "is_reserved": False},
                    {"bike_id": "b", "is_disabled": 1, "is_reserved": 0}]}, {"vehicles": 1}),
        ({"vehicles": [{"vehicle_id": "a"}]}, {"vehicles": 1}),
    ],
)  # fmt: skip
def test_current_values_are_sums(data: dict[str, Any], values: dict[str, int]) -> None:
    found = GBFS.live(page(answer(data)))
    assert {value.series: value.value for value in found} == values
    assert {value.at for value in found} == {"2026-11-22T07:00:00Z"}


def test_the_time_of_version_3_is_taken_as_written() -> None:
    found = GBFS.live(page(answer({"vehicles": []}, "3.0", last_updated="2026-11-22T08:00:00+01:00")))
    assert found[0].at == "2026-11-22T08:00:00+01:00"
    with pytest.raises(UnreadableError):
        GBFS.live(page(answer({"vehicles": []}, last_updated=None)))


def test_which_feeds_are_live() -> None:
    assert GBFS.is_live(f"{ROOT}/gbfs/de/station_status.json") and GBFS.is_live(f"{ROOT}/v3/vehicle_status?x=1")
    assert not GBFS.is_live(f"{ROOT}/gbfs/de/station_information.json")


def test_damaged_answers() -> None:
    for body in (discovery(ROOT), answer(INFORMATION), answer({"stations": [{"num_bikes_available": 3}]})):
        survives(GBFS, page(body), SOURCE, damaged(body))
        survives(GBFS, page(body), SOURCE, odd(body))
    (following,) = GBFS.split(page(discovery(ROOT)), SOURCE).following
    for fragment in damaged(following.encode("ascii")):
        survives(GBFS, page(answer(INFORMATION), fragment.decode("latin-1")), SOURCE, iter([answer(INFORMATION)]))


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    tell(site, SAMPLE, Told("beispielrad_wi", "Beispielrad Wiesbaden"))
    source = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, source)) == {"seen": 1, "created": 1}
    assert published(instance) == ["Beispielrad Wiesbaden"]
    found = shown_all(instance)[0].dataset
    assert found.publisher.name[0].value == "Beispielrad GmbH"
    assert [one.access_url[0].rsplit("/", 1)[1] for one in found.distribution] == [
        "gbfs.json",
        *(f"{f}.json" for f in FEEDS),
    ]
    assert counted(jobs.harvest(instance, source)) == {"seen": 1, "unchanged": 1}
