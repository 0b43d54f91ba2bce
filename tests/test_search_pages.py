"""The search as visitors meet it: facets against a count by hand, filters, addresses, marks, proposals, and what is not found."""

import datetime
import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import desks
import homes
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask.testing import FlaskClient
from histories import History
from homes import define
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from source_site import Entry, Site
from sqlalchemy import event
from steward_home import BASE, StewardHome
from werkzeug.datastructures import MultiDict

import cli
from catalog import jobs, quality, search, search_misses, search_page, store
from catalog.app import create_app
from catalog.db import now
from catalog.instance import Instance
from catalog.models import DatasetRow
from catalog.public import PublicDataset
from catalog.search_types import ANY, FACETS, SORTS, Box, Query, Results
from catalog.web import search_links
from dcat import geometry
from dcat.quality import band
from dcat.vocabularies import vocabulary

HOSTILE = '<img src=x onerror="alert(1)">'
Values = dict[str, set[str]]
BOX = Box(8.6, 49.8, 8.7, 50.0)
DAY = datetime.date.fromisoformat
QUERIES = (
    Query(),
    Query(chosen={"city": ("darmstadt",)}),
    Query(chosen={"city": ("darmstadt", "wiesbaden"), "format": ("CSV",)}),
    Query(chosen={"theme": ("ENVI", "TRAN"), "license": ("dl-by-de/2.0",), "format": ("CSV", "GEOJSON")}),
    Query(chosen={"quality": ("excellent",), "validation": ("valid", "invalid"), "frequency": ("ANNUAL",)}),
    Query(chosen={"hvd": (ANY,), "city": ("frankfurt",)}),
    Query(chosen={"hvd": ("c_b7f6a4f3",)}),
    Query(chosen={"schema": ("baumkataster", "messstelle"), "organization": ("wiesbaden-umweltamt",)}),
    Query(chosen={"city": ("nirgends",), "theme": ("ENVI",)}),
    Query(box=BOX, chosen={"format": ("CSV",)}),
    Query(box=Box(-180, -90, 180, 90)),
    Query(start=DAY("2024-01-01")),
    Query(start=DAY("2020-01-01"), end=DAY("2020-12-31"), chosen={"city": ("darmstadt", "frankfurt")}),
    Query(end=DAY("1999-12-31")),
    Query(since=DAY("2000-01-01")),
    Query(since=DAY("2999-01-01")),
)  # fmt: skip


def tree(client: FlaskClient, path: str, **more: object) -> html.HtmlElement:
    answer = client.get(path, **more)  # type: ignore[arg-type]
    assert answer.status_code == 200, (path, answer.status_code, answer.location)
    return html.document_fromstring(answer.text)


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def chips(page: html.HtmlElement) -> dict[str, str]:
    return {words(chip): chip.get("href") for chip in page.xpath("//a[@class='o-chip']")}


def names(page: html.HtmlElement) -> list[str]:
    return [address.rpartition("/")[2] for address in page.xpath("//ol[@class='o-hits']//h3/a/@href")]


def find(instance: Instance, query: Query) -> Results:
    with instance.database.reading() as session:
        return search_page.find(instance, session, query)


# Counts, held against every dataset


@pytest.fixture(scope="module")
def everything(catalogue: Instance) -> list[tuple[PublicDataset, Values]]:
    """Every public dataset with its values, read from its view and not from the index."""
    with catalogue.database.reading() as session:
        ids = list(session.scalars(sa.select(DatasetRow.id).where(store.VISIBLE)))
        return [(shown, values(shown, quality.total(session, shown.id))) for shown in store.views(session, ids)]


def values(shown: PublicDataset, total: int | None) -> Values:
    dataset = shown.dataset
    # A file that is kept back offers no format.
    files = dataset.distribution
    checked = [file.valid for file in shown.files if file.schema_id and file.valid is not None]
    return {
        "city": {shown.city},
        "organization": {shown.organization},
        "theme": codes("theme", dataset.theme),
        "format": codes("format", [file.format for file in files]),
        "license": codes("license", [file.license for file in files]),
        "schema": {file.schema_id for file in shown.files if file.schema_id},
        "hvd": codes("hvd-category", dataset.hvd_category) | ({ANY} if dataset.hvd_category else set()),
        "validation": {"valid" if all(checked) else "invalid"} if checked else set(),
        "quality": {band(total).name} if total is not None else set(),
        "frequency": codes("frequency", [dataset.frequency]),
    }


def codes(name: str, uris: list[str] | tuple[str, ...]) -> set[str]:
    return {found.code if (found := vocabulary(name).find(uri)) else uri for uri in uris if uri}


def fits(shown: PublicDataset, has: Values, query: Query, but: str = "") -> bool:
    """Whether a dataset is one that a query asks for, apart from one facet."""
    return (
        all(set(query.values(name)) & has[name] for name in FACETS if query.values(name) and name != but)
        and (not (query.start or query.end) or covers(shown, query))
        and (query.box is None or touches(shown, query.box))
        and (query.since is None or shown.modified_at[:10] >= query.since.isoformat())
    )


def covers(shown: PublicDataset, query: Query) -> bool:
    starts = [
        (p.start + "-01-01")[:10] if len(p.start) < 10 else p.start[:10] for p in shown.dataset.temporal if p.start
    ]
    ends = [(p.end + "-12-31")[:10] if len(p.end) < 10 else p.end[:10] for p in shown.dataset.temporal if p.end]
    if not starts and not ends:
        return False
    begins, stops = min(starts, default="0001-01-01"), max(ends, default="9999-12-31")
    return begins <= str(query.end or "9999-12-31") and stops >= str(query.start or "0001-01-01")


def touches(shown: PublicDataset, box: Box) -> bool:
    found = [
        e for p in shown.dataset.spatial if (e := geometry.extent(p.bbox or p.geometry or p.centroid or "")) is not None
    ]
    if not found:
        return False
    west, south, east, north = zip(*found, strict=True)
    return min(west) <= box.east and max(east) >= box.west and min(south) <= box.north and max(north) >= box.south


@pytest.mark.parametrize(
    "query", QUERIES, ids=lambda query: search_links.urlencode(search_links.fields(query), doseq=True) or "all"
)
def test_counts_are_those_of_all_datasets(
    catalogue: Instance, everything: list[tuple[PublicDataset, Values]], query: Query
) -> None:
    results = find(catalogue, query)
    assert results.count == sum(fits(shown, has, query) for shown, has in everything)
    for name in FACETS:
        facet = results.facet(name)
        # What is chosen in a facet does not count in its own counts.
        others = [has[name] for shown, has in everything if fits(shown, has, query, but=name)]
        expected = {value: sum(value in each for each in others) for value in set().union(*others)}
        shown = {bucket.value: bucket.count for bucket in facet.buckets} if facet else {}
        assert {value: count for value, count in shown.items() if count} == expected, name
        assert {value for value, count in shown.items() if not count} <= set(query.values(name))
        assert {bucket.value for bucket in facet.active} == set(query.values(name)) if facet else not query.values(name)


def test_the_samples_of_queries_find_something_and_leave_something(catalogue: Instance) -> None:
    counts = [find(catalogue, query).count for query in QUERIES]
    assert sum(0 < count < 60 for count in counts) > len(QUERIES) // 2, counts


def test_each_number_of_a_facet_is_what_its_link_finds(public: FlaskClient) -> None:
    page = tree(public, "/dataset?city=darmstadt&theme=ENVI")
    links = page.xpath("//a[@class='o-facet__link'][not(@aria-current)]")
    assert len(links) > 20
    for link in links:
        if "city=darmstadt&theme=ENVI" not in link.get("href"):
            continue  # one more value of a facet that has one: the sum is less than both
        number = int(link.xpath(".//span[@aria-hidden]/text()")[0])
        count = words(tree(public, link.get("href")).xpath("//h2[@id='count']")[0])
        if parse_qs(urlsplit(link.get("href")).query).keys() - {"city", "theme"}:
            assert count.split()[0] == str(number), link.get("href")


def test_long_facets_open_in_two_steps(public: FlaskClient) -> None:
    page = tree(public, "/dataset")
    offices = page.xpath("//details[@class='o-facet'][summary='Organisation']")[0]
    assert len(offices.xpath("./ul/li")) == 8
    assert words(offices.xpath("./details/summary")[0]) == "6 weitere anzeigen (Organisation)"
    assert len(offices.xpath("./details/ul/li")) == 6


def test_a_facet_has_words_in_both_languages(public: FlaskClient) -> None:
    german, english = tree(public, "/dataset?lang=de"), tree(public, "/dataset?lang=en")
    for page, expected in (
        (
            german,
            {"Kommune", "Lizenz", "Qualität der Beschreibung", "Aktualisierung", "Ausgezeichnet", "Umwelt", "Jährlich"},
        ),
        (english, {"City", "Licence", "Quality of the description", "Update frequency", "Excellent", "Environment"}),
    ):
        said = {words(each) for each in page.xpath("//aside//summary | //a[@class='o-facet__link']/span[1]")}
        assert expected <= said
    assert english.xpath("//a[contains(@href, 'organization=')]/span/span[@lang='de']"), "a department's name is German"


# Filters and addresses


ALL = "/dataset?q=baum&city=darmstadt&city=frankfurt&theme=ENVI&format=CSV&bbox=8,49,9,51&from=2015-01-01&to=2030-12-31&since=2020-01-01&sort=title"


def test_each_chip_takes_off_exactly_its_filter(public: FlaskClient) -> None:
    waiting, seen = [ALL], set()
    while waiting:
        path = waiting.pop()
        before = chips(tree(public, path))
        seen.add(path)
        for name, target in before.items():
            assert set(chips(tree(public, target))) == set(before) - {name}, (path, name)
            asked = parse_qs(urlsplit(target).query)
            assert asked["q"] == ["baum"] and asked["sort"] == ["title"]
            if target not in seen and len(before) > 5:
                waiting.append(target)
    assert len(chips(tree(public, ALL))) == 7
    [bare] = tree(public, ALL).xpath("//p[@class='o-clear']/a/@href")
    assert bare == "/dataset?q=baum&sort=title" and not chips(tree(public, bare))


def test_chips_say_what_they_stand_for(public: FlaskClient) -> None:
    assert set(chips(tree(public, ALL))) == {
        "Kommune: Darmstadt entfernen", "Kommune: Frankfurt am Main entfernen", "Kategorie: Umwelt entfernen",
        "Format: CSV entfernen", "Kartenausschnitt: W 8, S 49, O 9, N 51 entfernen", "Geändert: seit 1. Januar 2020 entfernen",
        "Zeitraum: 1. Januar 2015 – 31. Dezember 2030 entfernen",
    }  # fmt: skip
    assert "Part of the map: W 8, S 49, E 9, N 51 remove" in chips(tree(public, ALL + "&lang=en"))


def test_every_state_has_one_address(public: FlaskClient) -> None:
    pairs = parse_qsl(urlsplit(ALL).query)
    for shuffled in itertools.islice(itertools.permutations(pairs), 0, 200_000, 20_011):
        page = tree(
            public, "/dataset?" + "&".join(f"{name}={value}" for name, value in (*shuffled, ("utm_source", "x")))
        )
        assert page.xpath("//link[@rel='canonical']/@href") == [ALL]
    for link in tree(public, ALL).xpath("//a[@class='o-facet__link' or @class='o-chip']/@href"):
        assert tree(public, link).xpath("//link[@rel='canonical']/@href") == [link]


def test_what_a_form_sends_becomes_the_address_of_its_answer(public: FlaskClient) -> None:
    [form] = tree(public, "/dataset?q=baum&city=darmstadt&page=1&sort=title").xpath("//form[@class='o-narrowing']")
    kept = {(each.get("name"), each.get("value")) for each in form.xpath("./input[@type='hidden']")}
    assert kept == {("q", "baum"), ("city", "darmstadt"), ("sort", "title")}
    answer = public.get("/dataset?q=baum&from=2020&to=&since=&west=8,25&south=49.5&east=9&north=51")
    assert (answer.status_code, answer.location) == (303, "/dataset?q=baum&bbox=8.25,49.5,9,51&from=2020-01-01")
    fields = tree(public, answer.location).xpath("//form[@class='o-narrowing']//input[not(@type='hidden')]/@value")
    assert fields == ["2020-01-01", "", "", "8,25", "49,5", "9", "51"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("bbox=1,2,3", "Kartenausschnitt"),
        ("bbox=1,50,3,40", "Kartenausschnitt"),
        ("bbox=1,nan,3,4", "Kartenausschnitt"),
        ("bbox=1,2,3,999", "Kartenausschnitt"),
        ("bbox=1e1,2,3,4", "Kartenausschnitt"),
        ("west=8&south=&east=9&north=50", "Kartenausschnitt"),
        ("from=gestern", "Datum"),
        ("to=2026-02-30", "Datum"),
        ("since=2026-13", "Datum"),
        ("from=2026&to=2025", "Zeitraum"),
    ],
)
def test_a_filter_that_cannot_be_read_is_named(public: FlaskClient, asked: str, sentence: str) -> None:
    page = tree(public, f"/dataset?{asked}&city=darmstadt")
    assert sentence in words(page.xpath("//div[@role='alert']")[0])
    assert set(chips(page)) == {"Kommune: Darmstadt entfernen"}
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


text = st.text('abß ä"<&+%/=,;:\t\0😀', max_size=12)
days = st.none() | st.dates(DAY("1000-01-01"), DAY("2999-12-31"))
degrees = st.floats(-90, 90).map(lambda value: round(value, 6))


@given(
    st.builds(
        Query,
        text=text.map(lambda said: " ".join(said.replace("\0", " ").split())),
        chosen=st.dictionaries(st.sampled_from(FACETS), st.sets(st.text("abcäß/.:&", min_size=1), max_size=3)),
        box=st.none() | st.tuples(degrees, degrees, degrees, degrees).map(lambda b: Box(b[0], min(b[1], b[3]), b[2], max(b[1], b[3]))),
        since=days,
        sort=st.sampled_from(SORTS),
        page=st.integers(1, 1000),
    )
)  # fmt: skip
def test_a_query_is_read_from_its_address_as_it_was_written(query: Query) -> None:
    read, notes = search_links.read(MultiDict(search_links.fields(query)), {})
    assert not notes
    assert (read.text, read.box, read.since, read.page, read.order) == (
        query.text, query.box, query.since, query.page, query.order,
    )  # fmt: skip
    assert all(set(read.values(name)) == set(query.values(name)) for name in FACETS)
    assert search_links.fields(read) == search_links.fields(query)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*FACETS, "q", "bbox", "from", "to", "since", "page", "sort", "west"]),
            st.text(max_size=400),
        ),
        max_size=80,
    )
)
def test_no_address_stops_the_reading(pairs: list[tuple[str, str]]) -> None:
    query, _ = search_links.read(MultiDict(pairs), {})
    assert len(query.text) <= search_links.MAX_TEXT
    assert all(len(query.values(name)) <= search_links.MAX_VALUES for name in FACETS)
    again, notes = search_links.read(MultiDict(search_links.fields(query)), {})
    assert search_links.fields(again) == search_links.fields(query) and not notes


def test_paging_reaches_every_dataset_once(public: FlaskClient) -> None:
    for sort in ("newest", "title"):
        path, seen = f"/dataset?sort={sort}", list[str]()
        while path:
            page = tree(public, path)
            seen += names(page)
            path = next(iter(page.xpath("//a[@rel='next']/@href")), "")
        assert len(seen) == len(set(seen)) == 60
    assert public.get("/dataset?page=99").location == "/dataset?page=3"


def test_pages_of_cities_themes_and_departments_lead_to_addresses_of_the_search(public: FlaskClient) -> None:
    for path, pair in (
        ("/city/darmstadt", "city=darmstadt"),
        ("/group/ENVI", "theme=ENVI"),
        ("/organization/darmstadt-umweltamt", "organization=darmstadt-umweltamt"),
    ):
        page = tree(public, path)
        links = page.xpath("//a[@class='o-facet__link'][not(@aria-current)]/@href | //div[@class='o-sort']//a/@href")
        assert links and all(link.startswith("/dataset?") and pair in link for link in links)
        assert page.xpath("//link[@rel='canonical']/@href") == [path]
        assert not page.xpath("//meta[@name='robots']")
        [count] = {words(each.xpath("//h2[@id='count']")[0]) for each in (page, tree(public, f"/dataset?{pair}"))}
        assert count


def test_robots_are_kept_out_of_the_permutations(public: FlaskClient) -> None:
    assert tree(public, "/dataset").xpath("//meta[@name='robots']") == []
    assert tree(public, "/dataset?page=2").xpath("//meta[@name='robots']") == []
    for asked in ("q=baum", "city=darmstadt", "sort=title", "from=2020", "bbox=8,49,9,51"):
        page = tree(public, f"/dataset?{asked}")
        assert page.xpath("//meta[@name='robots']/@content") == ["noindex"], asked
        assert not page.xpath("//main//a[contains(@href, '/dataset?')][not(@rel='nofollow')][not(ancestor::nav)]"), (
            asked
        )


# Marks and hostile text


def test_words_are_marked_in_titles_and_passages(public: FlaskClient) -> None:
    page = tree(public, "/dataset?q=b%C3%A4ume")
    marks = page.xpath("//ol[@class='o-hits']//mark/text()")
    assert "Bäume" in marks and "Baumkataster" in marks
    assert all(hit.xpath(".//mark") for hit in page.xpath("//article[@class='o-hit']")), "each says why it was found"
    assert tree(public, "/dataset").xpath("//mark") == []


def test_a_word_that_stands_elsewhere_is_shown_with_its_place(instance: Instance) -> None:
    desks.write(instance, desks.office(instance), title="Verzeichnis", notes="Ein Text.", tags=[{"name": "Kormoran"}])
    page = tree(create_app(instance).test_client(), "/dataset?q=kormoran")
    assert "Schlagwort: Kormoran" in words(page.xpath("//article")[0])
    assert page.xpath("//article//mark/text()") == ["Kormoran"]


def test_hostile_texts_stay_texts(instance: Instance) -> None:
    # Whole tags are taken out on the way in; half ones and entities come through.
    title, about = "Bäume & <img src=x onerror=alert(1) x", "&lt;script&gt; <svg onload=alert(2) Baum"
    desks.write(instance, desks.office(instance), title=title, notes=about)
    client = create_app(instance).test_client()
    for asked in (
        "baum",
        "img",
        "alert",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "<mark>baum</mark>",
    ):
        page = tree(client, "/dataset", query_string={"q": asked, "format": HOSTILE, "city": f'"{HOSTILE}'})
        assert not page.xpath("//img | //*[@onerror or @onload]"), asked
        assert not page.xpath("//script[not(@src)][not(@type='application/ld+json')]"), asked
    hit = tree(client, "/dataset?q=baum").xpath("//article")[0]
    assert words(hit.xpath(".//h3")[0]) == title and "<script> <svg onload=alert(2) Baum" in words(hit)
    assert hit.xpath(".//mark/text()") == ["Bäume", "Baum"]


# What was meant, what is proposed


def test_a_typing_error_is_put_right_by_a_link(public: FlaskClient) -> None:
    page = tree(public, "/dataset?q=Baumkatster&city=frankfurt")
    assert page.xpath("//p[@class='o-meant']/a/@href") == ["/dataset?q=Baumkataster&city=frankfurt"]
    assert tree(public, "/dataset?q=Baumkataster").xpath("//p[@class='o-meant']") == []


def test_proposals_lead_to_what_they_name(public: FlaskClient) -> None:
    answer = public.get("/api/suggest?q=baum")
    assert answer.mimetype == "application/json" and "max-age" in answer.headers["Cache-Control"]
    found = json.loads(answer.data)["suggestions"]
    assert {each["kind"] for each in found} == {"tag", "dataset"} and len(found) <= 8
    for each in found:
        page = tree(public, each["url"])
        assert each["kind"] == "tag" or each["text"] in words(page.xpath("//h1")[0])
        if each["kind"] == "tag":
            assert int(words(page.xpath("//h2[@id='count']")[0]).split()[0]) >= each["count"]
    for typed in ("", " ", "%00", "%FF", "x" * 5000, "xyzzyq", "(", "*"):
        assert public.get(f"/api/suggest?q={typed}").json is not None, typed
    assert json.loads(public.get("/api/suggest").data) == {"query": "", "suggestions": []}


def test_nothing_hidden_is_proposed_or_counted(history: History) -> None:
    instance = history.instance
    office = desks.office(instance)
    desks.write(instance, office, name="offen", title="Zeisig offen", tags=[{"name": "zeisigwort"}])
    desks.write(instance, office, name="privat", title="Zeisig privat", tags=[{"name": "zeisiggeheim"}], private=True)
    desks.write(
        instance, office, name="entwurf", title="Zeisig Entwurf", tags=[{"name": "zeisigentwurf"}], state="draft"
    )
    history.publish(1, title="Zeisig geerntet")
    history.withdraw(1)
    client = create_app(instance).test_client()
    texts = [each["text"] for each in json.loads(client.get("/api/suggest?q=zeisig").data)["suggestions"]]
    assert texts == ["zeisigwort", "Zeisig offen"]
    assert names(tree(client, "/dataset?q=zeisig")) == ["offen"]
    assert find(instance, Query()).count == 1


# What is not found


def missed(instance: Instance) -> dict[str, int]:
    with instance.database.reading() as session:
        return {miss.words: miss.count for miss in search_misses.misses(session)}


@pytest.fixture
def some(instance: Instance, site: Site) -> Iterator[FlaskClient]:
    site.put_catalogue([[Entry("baeume", "Bäume"), Entry("wege", "Wege")]])
    jobs.harvest(instance, define(instance, site))
    yield create_app(instance).test_client()


def visit(client: FlaskClient, path: str, agent: str = "Mozilla/5.0 (X11; Linux) Firefox/140.0") -> int:
    """Visit a page to its end, as a browser does."""
    with client.get(path, headers={"User-Agent": agent}) as answer:
        return len(answer.data) and answer.status_code


def test_words_that_find_nothing_are_noted_once_a_visit(instance: Instance, some: FlaskClient) -> None:
    assert visit(some, "/dataset?q=Xyzzyq%20%20Quux") == visit(some, "/dataset?q=xyzzyq+quux&city=darmstadt") == 200
    assert missed(instance) == {"xyzzyq quux": 2}


@pytest.mark.parametrize(
    "path", ["/dataset", "/dataset?q=+", "/dataset?q=baum", "/dataset?q=baum&city=frankfurt", "/dataset?city=nirgends",
             "/dataset?q=xyzzyq@amt.example", "/api/suggest?q=xyzzyq"]
)  # fmt: skip
def test_what_is_no_miss_is_not_noted(instance: Instance, some: FlaskClient, path: str) -> None:
    assert visit(some, path) == 200
    assert missed(instance) == {}


@pytest.mark.parametrize(
    "agent", ["Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.5", "python-requests/2", ""]
)
def test_programs_leave_no_note(instance: Instance, some: FlaskClient, agent: str) -> None:
    assert visit(some, "/dataset?q=xyzzyq", agent) == 200
    assert some.head("/dataset?q=xyzzyq").status_code == 200
    assert missed(instance) == {}


def test_a_page_is_shown_even_if_nothing_can_be_noted(instance: Instance, some: FlaskClient) -> None:
    visit(some, "/dataset?q=baum")
    event.listen(instance.database.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    instance.database.engine.dispose()
    assert visit(some, "/dataset?q=xyzzyq") == 200
    assert missed(instance) == {}


def test_a_writer_that_holds_the_database_stops_no_page(instance: Instance, some: FlaskClient) -> None:
    visit(some, "/dataset?q=baum")
    with instance.database.writing() as session:
        session.connection()
        waiting = threading.Thread(target=visit, args=(some.application.test_client(), "/dataset?q=xyzzyq"))
        waiting.start()
        waiting.join(0.5)
        began = now()
        assert visit(some, "/dataset?q=xyzzyq") == 200, "the second does not wait behind the first"
        assert now() - began < datetime.timedelta(seconds=10)
    waiting.join()
    assert missed(instance) == {"xyzzyq": 1}


def test_a_search_without_hits_says_what_each_filter_costs(public: FlaskClient) -> None:
    path = "/dataset?q=verkehr&city=wiesbaden&format=XLSX"
    page = tree(public, path)
    assert words(page.xpath("//h2[@id='count']")[0]).startswith("0 ")
    offers = {link.get("href"): words(link.getparent()) for link in page.xpath("//div[contains(@class, 'o-alert')]//a")}
    wider = {link: line for link, line in offers.items() if "Ohne den Filter" in line}
    assert "Ohne den Filter „Format“" in str(wider)
    for link, line in wider.items():
        count = words(tree(public, link).xpath("//h2[@id='count']")[0])
        assert line.rpartition(": ")[2] == count.removesuffix(" zu „verkehr“")
    assert {"/dataset?q=verkehr", "/dataset", "/why?q=verkehr"} <= set(offers)


def test_stewards_read_what_was_not_found(every_state: StewardHome) -> None:
    instance = every_state.instance
    try:
        with instance.database.writing() as session:
            for said in ("solarkataster", "<script>alert(1)</script>", "solarkataster"):
                search_misses.note_miss(session, said)
        assert every_state.visitor().get("/steward/searches", base_url=BASE).status_code == 403
        answer = every_state.steward().get("/steward/searches", base_url=BASE)
        assert answer.headers["Cache-Control"] == "no-store" and "noindex" in answer.headers["X-Robots-Tag"]
        page = html.document_fromstring(answer.text)
        lines = [[words(cell) for cell in row][:2] for row in page.xpath("//table[caption/@id='misses']/tbody/tr")]
        assert lines == [["solarkataster", "2"], ["<script>alert(1)</script>", "1"]]
        assert page.xpath("//nav[@aria-label='Datenpflege']//a[@aria-current='page']/text()") == ["Suchen ohne Treffer"]
    finally:
        with instance.database.writing() as session:
            search_misses.forget_misses(session)


def test_the_command_lists_and_forgets(instance: Instance) -> None:
    def run(*arguments: str) -> str:
        given = ["--lang", "de", "index", "misses", *arguments]
        answer = CliRunner().invoke(
            cli.offenbar, given, env=homes.environment(instance.config.home), catch_exceptions=False
        )
        assert answer.exit_code == 0
        return answer.stdout

    with instance.database.writing() as session:
        for said in ("eins", "zwei", "zwei"):
            search_misses.note_miss(session, said)
    assert [(each["words"], each["count"]) for each in json.loads(run("--json"))] == [("zwei", 2), ("eins", 1)]
    assert "zwei" in run(" ZWEI ") and "eins" not in run(" ZWEI ")
    run(" ZWEI ", "--forget")
    assert missed(instance) == {"eins": 1} and "eins" in run()
    run("--forget")
    assert missed(instance) == {}


# Cost


@dataclass
class Asked:
    """What one page asks for."""

    statements: int = 0
    searches: int = 0


@pytest.fixture
def asked(catalogue: Instance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    count, real = Asked(), search.search

    def statement(*given: object) -> None:
        count.statements += 1

    def searching(*given: Any, **more: Any) -> search.Hits:
        count.searches += 1
        return real(*given, **more)

    monkeypatch.setattr(search, "search", searching)
    event.listen(catalogue.database.engine, "before_cursor_execute", statement)
    yield count
    event.remove(catalogue.database.engine, "before_cursor_execute", statement)


ALL_FACETS = "&".join(f"{name}=x" for name in FACETS)


@pytest.mark.parametrize(
    ("path", "searches"),
    [
        ("/dataset", 2),
        ("/dataset?q=baumliste+ostpark", 2),
        ("/dataset?bbox=8,49,9,51", 2),
        ("/city/darmstadt", 3),
        ("/dataset?city=darmstadt&city=frankfurt&format=CSV", 4),
        (f"/dataset?q=baum&{ALL_FACETS}&bbox=1,2,3,4&from=2020&since=2020", 16),
    ],
)
def test_a_page_asks_little_whatever_it_shows(public: FlaskClient, asked: Asked, path: str, searches: int) -> None:
    tree(public, path)
    assert asked.searches <= searches
    # One for the hits, one for the names of departments; and each search looks whether there is something new.
    each = 6
    assert asked.statements <= 4 + each * asked.searches, asked


def test_the_demonstration_has_what_these_tests_need(everything: list[tuple[PublicDataset, Values]]) -> None:
    assert all(any(has[name] for _, has in everything) for name in FACETS)
