"""CKAN portals: pages of packages, what they refuse, and the names that a dataset keeps whichever way it comes."""

from typing import Any

import builders
import homes
import orjson
import pytest
from conformance import Told
from homes import counted, published, quarantined, shown_all
from protocol_runs import damaged, defined, survives, tell
from samples_ckan import SAMPLE, SEARCH, answer, extras, package, resource
from shared_files import shared
from source_site import Site

from catalog import jobs
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Agent, Dataset, Text
from harvesters.base import Batch
from harvesters.ckan import CKAN, root

SITE = "https://opendata.hessen.example"
SOURCE = builders.source(SITE, type="ckan")
THEMES = f"{builders.AUTHORITY}/data-theme"


def cut(body: bytes, start: int = 0, **fields: Any) -> Batch:
    return CKAN.split(builders.page(body, SITE + SEARCH.format(start), media_type="application/json", **fields), SOURCE)


def mapped(*packages: Any) -> list[Dataset]:
    page = builders.page(answer(packages), SITE + SEARCH.format(0))
    records = builders.read_page(CKAN, page, SOURCE).records
    return [record.reading.dataset for record in records if record.reading is not None]


def refused(body: bytes) -> str:
    with pytest.raises(UnreadableError) as caught:
        cut(body)
    return caught.value.message.de


@pytest.mark.parametrize(
    "url", [SITE, f"{SITE}/", f"{SITE}/api", f"{SITE}/api/3/action", f"{SITE}/api/3/action/package_search?rows=5"]
)
def test_the_site_or_its_api_may_be_named(url: str) -> None:
    source = builders.source(url, type="ckan")
    assert CKAN.pages(source) == (SITE + SEARCH.format(0),)


def test_a_site_below_a_path() -> None:
    assert root("https://www.govdata.example/ckan/api/3/action/") == "https://www.govdata.example/ckan"


@pytest.mark.parametrize(("rows", "asked"), [("500", 500), ("9999", 1000), ("0", 100), ("viele", 100), ("-1", 100)])
def test_rows_stay_within_what_ckan_gives(rows: str, asked: int) -> None:
    (first,) = CKAN.pages(builders.source(SITE, type="ckan", options=(("rows", rows),)))
    assert f"?rows={asked}&sort=id+asc&start=0" in first


def test_a_filter_goes_along_to_every_page() -> None:
    source = builders.source(SITE, type="ckan", options=(("filter", "organization:frankfurt +type:dataset"),))
    (first,) = CKAN.pages(source)
    assert first == SITE + SEARCH.format(0) + "&fq=organization%3Afrankfurt+%2Btype%3Adataset"
    batch = CKAN.split(builders.page(answer([package("a")], 2), first), source)
    assert batch.following == (first.replace("start=0", "start=1"),)


def test_the_next_page_starts_behind_what_came() -> None:
    batch = cut(answer([package("a"), package("b"), package("c")], 250), 100)
    assert batch.following == (SITE + SEARCH.format(103),)
    assert (batch.total, batch.whole, batch.problems) == (250, True, ())
    assert [item.remote_id for item in batch.items] == ["a", "b", "c"]


def test_the_last_page_leads_nowhere() -> None:
    assert cut(answer([package("a")], 101), 100).following == ()
    assert cut(answer([], 0)).whole


def test_an_empty_page_before_the_end_proves_nothing() -> None:
    batch = cut(answer([], 250), 100)
    assert (batch.following, batch.whole, batch.total) == ((), False, 250)
    assert [problem.code for problem in batch.problems] == ["ended-early"]


def test_without_a_number_an_empty_page_is_the_end() -> None:
    body = answer([package("a")]).replace(b'"count":1', b'"count":"viele"')
    batch = cut(body)
    assert (batch.following, batch.total) == ((SITE + SEARCH.format(1),), None)
    last = cut(answer([]).replace(b'"count":0', b'"count":null'), 1)
    assert (last.following, last.whole) == ((), True)


@pytest.mark.parametrize(
    "hidden", [{"private": True}, {"state": "draft"}, {"state": "deleted"}, {"type": "harvest", "title": "Quelle"}]
)
def test_what_is_no_public_dataset_is_left_out_and_not_counted(hidden: dict[str, Any]) -> None:
    batch = cut(answer([package("a"), package("b", **hidden)]))
    assert [item.remote_id for item in batch.items] == ["a"]
    assert (batch.total, batch.left_out, batch.whole, batch.problems) == (2, 1, True, ())
    later = cut(answer([package("a"), package("b", **hidden)], 250), 100)
    assert (later.total, later.left_out, later.following) == (250, 1, (SITE + SEARCH.format(102),))


def test_the_words_of_the_api() -> None:
    error = {"__type": "Search Query Error", "message": "Parameter fq ist ungültig"}
    assert "„Parameter fq ist ungültig“" in refused(answer([], success=False, error=error))
    fields = {"__type": "Validation Error", "rows": ["Must be a natural number"]}
    assert "rows: Must be a natural number" in refused(answer([], success=False, error=fields))
    assert "Action name not known" in refused(b'"Bad request: Action name not known: package_search"')


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b'{"success":true,"result":[]}', answer([package()])[:-9]]
)
def test_what_is_no_answer_of_ckan(body: bytes) -> None:
    assert SITE in refused(body)


def test_a_login_page() -> None:
    assert "Anmeldung" in refused(b"<!DOCTYPE html><html><form><input type=password></form></html>")


def test_a_record_without_id_or_title_stays_alone() -> None:
    page = builders.page(answer([package("a"), package("", "Ohne Kennung"), package("c", ""), 7]), SITE)
    good, *bad = builders.read_page(CKAN, page, SOURCE).records
    assert good.reading is not None
    assert [record.remote_id for record in bad] == ["?Ohne Kennung", "c", "??"]
    assert all(record.failure for record in bad)


def test_hits_are_no_change() -> None:
    def stamp(**fields: Any) -> bytes:
        return next(cut(answer([package("a", **fields)])).items).stamp

    assert stamp() == stamp(tracking_summary={"total": 8, "recent": 2})
    assert stamp() != stamp(title="Bäume")


def test_the_same_names_as_by_dcat() -> None:
    """ckanext-dcat names datasets, resources and organisations without a URI of their own by their ids on the site."""
    (dataset,) = mapped(package("b1", resources=[resource(id="r1"), resource(id="r2", uri="https://amt.example/r2")]))
    assert dataset.uri == f"{SITE}/dataset/b1"
    assert dataset.identifier == ("b1",)
    assert [one.uri for one in dataset.distribution] == [f"{SITE}/dataset/b1/resource/r1", "https://amt.example/r2"]
    organization = f"{SITE}/organization/2e1f1c1e-0000-4000-8000-000000000002"
    assert dataset.publisher == Agent(uri=organization, name=(Text("Stadt Frankfurt am Main"),))


@pytest.mark.parametrize("fields", [{"uri": "https://amt.example/b"}, {"extras": extras(uri="https://amt.example/b")}])
def test_a_stated_uri_and_publisher_win(fields: dict[str, Any]) -> None:
    fields = {**fields, "extras": [*fields.get("extras", []), *extras(publisher_name="Amt A", identifier="X 1")]}
    (dataset,) = mapped(package(**fields))
    assert (dataset.uri, dataset.identifier) == ("https://amt.example/b", ("X 1",))
    assert dataset.publisher == Agent(name=(Text("Amt A"),))


def test_an_uri_of_none_is_none() -> None:
    (dataset,) = mapped(package("b1", extras=extras(uri="None", guid="abc")))
    assert (dataset.uri, dataset.identifier) == (f"{SITE}/dataset/b1", ("abc",))


def test_every_package_of_the_corpus_is_taken_in_or_its_reason_named() -> None:
    files = sorted(shared("corpus", "ckan").glob("*.json"))
    assert files
    for file in files:
        told = orjson.loads(file.read_bytes())
        for record in builders.read_page(CKAN, builders.page(answer([told]), SITE), SOURCE).records:
            assert record.reading is not None, f"{file.name}: {record.failure}"
            assert not record.reading.problems
            dataset = record.reading.dataset
            assert (dataset.title, dataset.publisher, dataset.distribution) != ((), None, ())
            assert (dataset.uri, dataset.identifier) == (f"{SITE}/dataset/{told['id']}", (told["id"],))


def test_damaged_answers() -> None:
    stated = extras(contributorID=["http://dcat-ap.de/def/contributors/x"], spatial={"type": "Point"})
    body = answer([package("a", extras=stated), package("b", groups=[{"name": "envi"}])], 5)
    page = builders.page(body, SITE + SEARCH.format(0))
    assert survives(CKAN, page, SOURCE, damaged(body, 400)) > 50


def test_a_hundred_thousand_keywords_and_files() -> None:
    many = package(tags=[{"name": f"w{n}"} for n in range(100_000)], resources=[resource()] * 6_000)
    page = builders.page(answer([many]), SITE)
    (record,) = builders.read_page(CKAN, page, SOURCE).records
    assert record.reading is not None
    assert (len(record.reading.dataset.keyword), len(record.reading.dataset.distribution)) == (1_000, 5_000)
    assert {problem.path for problem in record.reading.problems if problem.code == "too-many"} == {"tags", "resources"}


def test_from_the_definition_to_the_public(instance: Instance, site: Site) -> None:
    tell(site, SAMPLE, Told("a", "Bäume"), Told("b", "Pegel"), Told("c", "", spoilt=True))
    source = defined(instance, site, SAMPLE)
    assert counted(jobs.harvest(instance, source)) == {"seen": 3, "created": 2, "quarantined": 1}
    assert published(instance) == ["Bäume", "Pegel"]
    assert quarantined(instance) == {"c": "unreadable"}
    trees = shown_all(instance)[0].dataset
    assert trees.uri == site.url("/dataset/a")
    assert trees.distribution[0].license.endswith("/dl-by-de/2.0")
    turtle = homes.exported(instance, "ttl").decode()
    assert f"<{site.url('/dataset/a')}>" in turtle and "gruen@frankfurt.example" in turtle
    again = jobs.harvest(instance, source)
    assert counted(again) == {"seen": 3, "unchanged": 2, "quarantined": 1}
    assert {path for path, _ in site.seen} == {SEARCH.format(0), SEARCH.format(2)}


def test_one_dataset_more_while_paging_proves_nothing(instance: Instance, site: Site) -> None:
    told = [Told(name, f"Satz {name}") for name in "abcd"]
    tell(site, SAMPLE, *told)
    source = defined(instance, site, SAMPLE)
    jobs.harvest(instance, source)
    site.put(SEARCH.format(0), answer([package("a", "Satz a"), package("c", "Satz c")], 4), "application/json")
    site.put(SEARCH.format(2), answer([package("d", "Satz d")], 3), "application/json")
    outcome = jobs.harvest(instance, source)
    assert counted(outcome) == {"seen": 3, "unchanged": 3}
    assert len(published(instance)) == 4
