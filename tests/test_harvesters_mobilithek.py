"""Mobilithek: offers become datasets that lead to the offer, page by page, all or only those of some publishers."""

from dataclasses import replace

import builders
import pytest
from builders import ReadPage
from conformance import Told
from homes import counted, published, shown_all
from protocol_runs import damaged, defined, odd, survives, tell
from samples_mobilithek import PATH, SAMPLE, asked, offer, page
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from harvesters.base import Page
from harvesters.mobilithek import MOBILITHEK

ROOT = "https://mobilithek.info"
SOURCE = builders.source(ROOT + PATH, id="mob", type="mobilithek")


def split(body: bytes, number: int = 0, **options: str) -> ReadPage:
    given = replace(SOURCE, options=tuple(options.items()))
    return builders.read_page(
        MOBILITHEK, Page(url=ROOT + asked(number), body=body, media_type="application/ld+json"), given
    )


def ids(found: ReadPage) -> list[str]:
    return [record.remote_id.rsplit("/", 1)[1] for record in found.records]


@pytest.mark.parametrize(
    "url, expected",
    [(ROOT + PATH, asked(0)), (f"{ROOT}{PATH}?page=0&size=50", asked(0)), (f"{ROOT}{PATH}?size=20", f"{PATH}?page=0&size=20"),
     (f"{ROOT}{PATH}?page=3&size=20&categories=x", f"{PATH}?page=3&size=20&categories=x")],
)  # fmt: skip
def test_where_it_begins(url: str, expected: str) -> None:
    assert MOBILITHEK.pages(replace(SOURCE, url=url)) == (ROOT + expected,)


def test_an_offer_leads_to_itself_and_not_to_the_data() -> None:
    (record,) = split(page(offer("919980029391896576", "Baustellen"), total=1)).records
    assert record.remote_id == "https://mobilithek.info/offers/919980029391896576"
    assert record.reading is not None
    found = record.reading.dataset
    assert found.publisher is not None and found.publisher.name[0].value == "Stadt Frankfurt am Main"
    assert found.frequency.endswith("/UPDATE_CONT")
    (distribution,) = found.distribution
    assert distribution.access_url == ("https://mobilithek.info/offers/919980029391896576",)
    assert distribution.download_url == () and distribution.license.endswith("/dl-by-de/2.0")
    assert record.reading.problems == (), "terms of mobilityDCAT-AP are no faults"


def test_other_unknown_terms_are_named() -> None:
    (record,) = split(page(offer("1", "A", **{"https://amt.example/eigen": "x"}))).records
    assert record.reading is not None
    assert [problem.code for problem in record.reading.problems] == ["unknown-property"]


@pytest.mark.parametrize(
    "came, number, total, following",
    [(2, 0, 5, 1), (2, 1, 5, 2), (1, 2, 5, 3), (2, 0, 2, None), (2, 0, None, 1), (0, 3, 5, None)],
)  # fmt: skip
def test_the_next_page(came: int, number: int, total: int | None, following: int | None) -> None:
    found = split(page(*(offer(str(n), f"A{n}") for n in range(came)), total=total), number)
    assert found.following == ((ROOT + asked(following),) if following else ())
    assert found.total == total and found.whole


def test_an_empty_page_before_the_end_proves_nothing() -> None:
    found = split(page(total=500), 3)
    assert not found.whole and "500 Angebote" in found.problems[0].message.de


@pytest.mark.parametrize("body", [b'{"@graph": []}', b"[]", b'{"@context": {}, "@graph" : [ ]}'])
def test_beyond_the_end_there_is_nothing(body: bytes) -> None:
    found = split(body, 4)
    assert found.records == [] and found.following == ()
    with pytest.raises(UnreadableError):
        split(body, 0)


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, ["1", "2", "3"]),
        ({"publisher": "Stadt Frankfurt; Wiesbaden"}, ["1", "3"]),
        ({"filter": "PARKEN"}, ["2", "3"]),
        ({"filter": "Frankfurt"}, ["1"]),
        ({"publisher": "wiesbaden", "filter": "parken"}, ["3"]),
        ({"publisher": "Mainz"}, []),
        ({"publisher": " ; "}, ["1", "2", "3"]),
    ],
)
def test_only_some_are_taken(options: dict[str, str], expected: list[str]) -> None:
    offers = (
        offer("1", "Baustellen"),
        offer("2", "Parken", "Landeshauptstadt Kiel"),
        offer("3", "Parken", "Landeshauptstadt Wiesbaden"),
    )
    found = split(page(*offers, total=120), **options)
    assert ids(found) == expected
    assert found.total == (None if options else 120)
    assert found.following == (ROOT + asked(1),), "an empty selection is no end"


def test_of_what_cannot_be_read_nobody_knows_whose_it_is() -> None:
    found = split(page(offer("1", ""), offer("2", "B", "Kiel")), publisher="Frankfurt")
    assert [record.failure is not None for record in found.records] == [True]


def test_damaged_answers() -> None:
    body = page(offer("1", "Baustellen"), offer("2", "Parken"), total=2)
    whole = Page(url=ROOT + asked(0), body=body, media_type="application/ld+json")
    survives(MOBILITHEK, whole, replace(SOURCE, options=(("filter", "e"),)), damaged(body, 200))
    survives(MOBILITHEK, whole, SOURCE, odd(page(offer("1", "Baustellen"))))


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    tell(site, SAMPLE, *(Told(str(n), f"Angebot {n}", spoilt=n == 1) for n in range(5)))
    source = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, source)) == {"seen": 5, "created": 4, "quarantined": 1}
    assert published(instance) == [f"Angebot {n}" for n in (0, 2, 3, 4)]
    assert shown_all(instance)[0].dataset.distribution[0].download_url == ()
    assert counted(jobs.harvest(instance, source)) == {"seen": 5, "unchanged": 4, "quarantined": 1}
