"""Event streams of activities: whatever the order of the pages, the newest activity of each dataset counts; our own feed comes over whole."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import builders
import conformance
import databases
import homes
import pytest
import samples_ldes
from conformance import Told
from flask.testing import FlaskClient
from histories import History
from samples_ldes import TRIG, Did, node, uri
from source_site import Site

from catalog import jobs
from catalog.app import create_app
from catalog.instance import Instance
from dcat.errors import UnreadableError
from dcat.model import Dataset, Text
from dcat.plain import plain
from harvesters.base import Item, record
from harvesters.ldes import LDES
from harvesters.source import Source

URL = "https://daten.darmstadt.example/feed"
SOURCE = builders.source(URL, type="ldes")
WIDE = {"removals": "100%", "updates": "100%", "rekeyed": "100%", "quarantined": "100%", "misses": 2, "min_days": 0}
OWN = "https://katalog.darmstadt.example"


def items(body: str, **fields: Any) -> list[Item]:
    page = builders.page(body, URL, **({"media_type": TRIG} | fields))
    return list(LDES.split(page, SOURCE).items)


def titles(body: str) -> list[str]:
    read = [record(LDES, item, SOURCE) for item in items(body) if not item.gone]
    return [
        one.reading.dataset.title[0].value if one.reading else one.failure.de
        for one in read
        if one.reading or one.failure
    ]


def refused(body: str | bytes, **fields: Any) -> str:
    with pytest.raises(UnreadableError) as error:
        LDES.split(builders.page(body, URL, **fields), SOURCE)
    return error.value.message.de


def define(instance: Instance, site: Site, **fields: Any) -> Source:
    given = {"type": "ldes", "url": site.url("/feed"), "guard": WIDE}
    return homes.define(instance, site, **given | fields)


def test_a_page_is_cut_into_activities_and_its_relations_are_followed() -> None:
    body = node(
        URL,
        [Did(1, "a", "2026-01-01T00:00:00Z", "Alt"), Did(2, "b", "2026-01-02T00:00:00Z")],
        [f"{URL}?page=2", f"{URL}?page=3", f"{URL}?page=2"],
    )
    batch = LDES.split(builders.page(body, URL, media_type=TRIG), SOURCE)
    first, second = batch.items
    assert batch.following == (f"{URL}?page=2", f"{URL}?page=3")
    assert (first.remote_id, first.gone, second.remote_id, second.gone) == (uri("a"), False, uri("b"), True)
    assert first.stamp and first.stamp == items(body)[0].stamp


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("2026-01-01T12:00:00+02:00", "2026-01-01T11:00:00Z"),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.51Z"),
        ("2025-12-31T23:59:59", "2026-01-01T00:00:00Z"),
        ("", "2026-01-01T00:00:00Z"),
        ("nie", "1999-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    ],
)
def test_versions_sort_by_time_and_then_by_number(earlier: str, later: str) -> None:
    nine, ten = items(node(URL, [Did(9, "a", earlier, "Alt"), Did(10, "a", later, "Neu")]))[::-1]
    assert nine.version < ten.version and "activity/9" in nine.version


def test_what_an_activity_does_not_say_is_named() -> None:
    told = titles(
        node(
            URL,
            [
                Did(1, "", "2026-01-01T00:00:00Z", "Ohne Objekt"),
                Did(2, "leer", "2026-01-01T00:00:00Z", kind="as:Create", payload=" "),
                Did(3, "titellos", "2026-01-01T00:00:00Z", payload=f"<{uri('titellos')}> a dcat:Dataset ."),
                Did(
                    4,
                    "dienst",
                    "2026-01-01T00:00:00Z",
                    payload=f"<{uri('dienst')}> a dcat:DataService ; dct:title 'Dienst' .",
                ),
                Did(5, "gut", "2026-01-01T00:00:00Z", payload=f"<{uri('gut')}> dct:title 'Ohne Klasse' ."),
            ],
        )
    )
    assert len(told) == 4, "a service is no dataset"
    assert "nennt kein Objekt" in told[0] and "trägt keine Beschreibung" in told[1]
    assert "keinen Titel" in told[2] and told[3] == "Ohne Klasse"


def test_an_activity_without_time_is_read_with_a_problem() -> None:
    (item,) = items(node(URL, [Did(1, "a", "", "Zeitlos")]))
    (problem,) = LDES.map(item, SOURCE).problems
    assert problem.code == "no-time"


def test_blank_nodes_give_no_stamp() -> None:
    (item,) = items(
        node(
            URL,
            [Did(1, "a", "2026-01-01", payload=f"<{uri('a')}> a dcat:Dataset ; dct:publisher [ foaf:name 'Amt' ] .")],
        )
    )
    assert item.stamp == b""


def test_json_ld_with_the_graph_inside_the_activity() -> None:
    body = """{"@context": ["https://www.w3.org/ns/activitystreams", {"dcat": "http://www.w3.org/ns/dcat#", "tree": "https://w3id.org/tree#",
      "dct": "http://purl.org/dc/terms/"}], "@id": "https://a.example/feed#stream", "tree:member": [{"@id": "https://a.example/1",
      "@type": "Create", "published": "2026-01-01T00:00:00Z", "object": {"@id": "https://a.example/d"},
      "@graph": [{"@id": "https://a.example/d", "@type": "dcat:Dataset", "dct:title": "Aus JSON"}]}]}"""
    for media_type in ("application/ld+json", ""):
        (item,) = items(body, media_type=media_type)
        assert LDES.map(item, SOURCE).dataset.title[0].value == "Aus JSON"


def test_the_address_of_a_stream_leads_to_one_of_its_views() -> None:
    body = (
        samples_ldes.PREFIXES
        + "<https://a.example/> a ldes:EventStream ; tree:view <https://a.example/b>, <https://a.example/a> ."
    )
    batch = LDES.split(builders.page(body, "https://a.example/", media_type=TRIG), SOURCE)
    assert batch.following == ("https://a.example/a",) and not list(batch.items)


def test_too_many_relations_are_cut_and_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvesters.ldes.MAX_RELATIONS", 2)
    links = [f"{URL}?page={number}" for number in range(1, 4)]
    batch = LDES.split(builders.page(node(URL, links=links), URL, media_type=TRIG), SOURCE)
    assert (len(batch.following), batch.whole, batch.problems[0].code) == (2, False, "too-many")
    whole = LDES.split(builders.page(node(URL, links=links[:2]), URL, media_type=TRIG), SOURCE)
    assert whole.whole and not whole.problems


def test_what_is_no_stream_is_refused() -> None:
    assert "Webseite" in refused("<!DOCTYPE html><html><form>", media_type=TRIG)
    assert "kein Strom" in refused("<https://a.example/d> a <http://www.w3.org/ns/dcat#Dataset> .", media_type=TRIG)
    assert "kein lesbares RDF" in refused("<<<", media_type=TRIG)
    assert "keine Aktivitäten" in refused(
        "<https://a.example/s> <https://w3id.org/tree#member> <https://a.example/1> ."
    )
    assert "nicht bekannt" in refused('{"@context": "https://fremd.example/kontext"}', media_type="application/ld+json")
    refused("[" * 5000, media_type="application/ld+json")


@pytest.mark.parametrize(("kind", "backwards"), [("sqlite", False), ("sqlite", True), ("postgresql", True)])
def test_the_newest_activity_counts_in_whatever_order_pages_come(
    tmp_path: Path, site: Site, kind: str, backwards: bool
) -> None:
    pages = [
        [
            Did(1, "a", "2026-01-01T00:00:00Z", "A1"),
            Did(2, "b", "2026-01-01T00:00:00Z", "B1"),
            Did(3, "b", "2026-01-01T01:00:00Z", "B2"),
        ],
        [
            Did(4, "a", "2026-01-02T00:00:00Z", "A2"),
            Did(5, "c", "2026-01-02T00:00:00Z", "C1"),
            Did(6, "d", "2026-01-02T00:00:00Z", "D1"),
        ],
        [
            Did(7, "c", "2026-01-03T00:00:00Z"),
            Did(8, "d", "2026-01-03T00:00:00Z"),
            Did(9, "d", "2026-01-03T00:00:01Z", "D2"),
        ],
    ]
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        put(site, pages[::-1] if backwards else pages)
        source = define(instance, site)
        outcome = jobs.harvest(instance, source)
        assert (outcome.status, homes.counted(outcome)) == ("applied", {"seen": 3, "created": 3})
        assert homes.published(instance) == ["A2", "B2", "D2"] and not homes.quarantined(instance)
        assert jobs.harvest(instance, source).status == "unchanged"

        newest = [Did(10, "a", "2026-01-04T00:00:00Z"), Did(11, "c", "2026-01-04T00:00:00Z", "C2")]
        put(site, [newest, *pages] if backwards else [*pages, newest])
        assert homes.counted(jobs.harvest(instance, source)) == {"seen": 3, "created": 1, "unchanged": 2, "missing": 1}
        jobs.harvest(instance, source)
        assert homes.published(instance) == ["B2", "C2", "D2"]


def put(site: Site, pages: Iterable[Iterable[Did]]) -> None:
    """Put a view and its pages, each of which leads back to the view and on to the next."""
    listed = list(pages)
    links = [site.url(f"/feed?page={number}") for number in range(1, len(listed) + 1)]
    site.put("/feed", node(site.url("/feed"), links=links), TRIG)
    for number, page in enumerate(listed, 1):
        site.put(
            f"/feed?page={number}",
            node(links[number - 1], page, [site.url("/feed"), *links[number : number + 1]]),
            TRIG,
        )


def test_a_page_that_cannot_be_had_is_no_proof(instance: Instance, site: Site) -> None:
    put(site, [[Did(1, "a", "2026-01-01T00:00:00Z", "A")], [Did(2, "b", "2026-01-01T00:00:00Z", "B")]])
    source = define(instance, site)
    jobs.harvest(instance, source)
    site.change("/feed?page=2", status=500)
    outcome = jobs.harvest(instance, source)
    assert outcome.status == "partial" and not homes.counted(outcome).get("missing")


def test_the_sample_is_taken_in(instance: Instance, site: Site) -> None:
    told = [Told("eins", "Eins"), Told("zwei", "", spoilt=True), Told("drei", "Drei")]
    for path, answer in samples_ldes.site(site.url(""), told, 2).items():
        site.put(path, answer.body, answer.media_type)
    source = define(instance, site, defaults={"license": "dl-zero-de/2.0"})
    outcome = jobs.harvest(instance, source)
    assert homes.counted(outcome) == {"seen": 3, "created": 2, "quarantined": 1}
    assert homes.quarantined(instance) == {uri("zwei"): "unreadable"}
    assert f"<{uri('eins')}> a dcat:Dataset" in homes.exported(instance, "ttl").decode()
    assert jobs.harvest(instance, source).status == "unchanged"
    assert conformance.Sample is type(samples_ldes.SAMPLE)


# Our own feed, harvested by a second catalogue.


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Instance]:
    with homes.home(tmp_path / "second") as instance:
        yield replace(instance, config=replace(instance.config, site_url="https://zweiter.example"))


def mirror(client: FlaskClient, site: Site, root: str, path: str) -> None:
    """Put all that our feed says on the loopback site, from its entry on."""
    site.answers.clear()
    waiting = [path]
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200
        site.put(path, answer.data, answer.mimetype)
        batch = LDES.split(builders.page(answer.data, root + path, media_type=answer.mimetype), SOURCE)
        waiting += [link.removeprefix(root) for link in batch.following if link.removeprefix(root) not in site.answers]


def told(instance: Instance) -> dict[str, Dataset]:
    """Give what a catalogue publishes, by URI."""
    return {shown.dataset.uri: shown.dataset for shown in homes.shown_all(instance)}


def words(texts: tuple[Text, ...]) -> list[str]:
    return [plain(text.value) for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/feed", "/feed.jsonld"])
def test_our_own_feed_gives_a_second_catalogue_the_same_datasets(
    history: History, second: Instance, site: Site, path: str
) -> None:
    root = site.url("")
    first = replace(history.instance, config=replace(history.instance.config, site_url=root))
    client = create_app(first).test_client()
    source = define(second, site, url=site.url(path))
    history.publish(*range(1, 21))
    for _ in range(4):
        history.step(8, 24)
        mirror(client, site, root, path)
        for _ in range(2):
            jobs.harvest(second, source)
        here, there = told(history.instance), told(second)
        assert here.keys() == there.keys() and not homes.quarantined(second)
        for name, dataset in here.items():
            other = there[name]
            assert (other.title, set(other.theme), other.publisher) == (
                dataset.title,
                set(dataset.theme),
                dataset.publisher,
            )
            # Characters that no XML can hold stay behind on the way.
            assert words(other.description) == words(dataset.description) and words(other.keyword) == words(
                dataset.keyword
            )
            assert [one.uri for one in other.distribution] == [one.uri for one in dataset.distribution]
    assert jobs.harvest(second, source).status == "unchanged"


@pytest.mark.slow
def test_the_demonstration_comes_over_whole(
    public: FlaskClient, catalogue: Instance, second: Instance, site: Site
) -> None:
    mirror(public, site, catalogue.config.site_url, "/feed")
    for path, answer in list(site.answers.items()):
        site.put(
            path, answer.body.replace(f"{catalogue.config.site_url}/feed".encode(), site.url("/feed").encode()), TRIG
        )
    outcome = jobs.harvest(second, define(second, site))
    here, there = told(catalogue), told(second)
    assert outcome.status == "applied" and not homes.quarantined(second)
    assert {key: one.title for key, one in here.items()} == {key: one.title for key, one in there.items()}


def test_broken_pages_break_nothing_else() -> None:
    random = Random(7)
    whole = node(
        URL, [Did(n, f"d{n}", f"2026-01-0{n}T00:00:00Z", f"Titel {n}") for n in range(1, 5)], [f"{URL}?page=2"]
    ).encode()
    for _ in range(300):
        body = bytearray(whole)
        for _ in range(random.randint(0, 3)):
            body[random.randrange(len(body))] = random.randrange(256)
        cut = random.choice([len(body), random.randrange(len(body))])
        try:
            for item in LDES.split(
                builders.page(bytes(body[:cut]), URL, media_type=random.choice([TRIG, "", "application/ld+json"])),
                SOURCE,
            ).items:
                record(LDES, item, SOURCE)
        except UnreadableError:
            continue
