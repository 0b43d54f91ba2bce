"""The event stream, followed as an LDES client follows it: whatever happens meanwhile, it ends with the catalogue as it is."""

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import databases
import histories
import homes
import pyoxigraph as ox
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from histories import History
from source_site import Site

from catalog.api import feeds
from catalog.api.feeds import Feed, Tree
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import Change, Rendition
from catalog.models import Node as StoredNode
from dcat.namespaces import expand

SITE = "https://daten.example.org"
SYNTAX = {"trig": ox.RdfFormat.TRIG, "jsonld": ox.RdfFormat.JSON_LD}
Fetch = Callable[[str, str], tuple[int, bytes, str]]
"""address, validator -> status, body, validator"""


@dataclass
class Node:
    """One node of the stream as a client reads it."""

    quads: list[ox.Quad]

    def values(self, curie: str, subject: str = "") -> list[str]:
        return [q.object.value for q in self._default() if q.predicate.value == expand(curie)
                and subject in ("", q.subject.value)]  # fmt: skip

    def value(self, subject: str, curie: str) -> str:
        (found,) = self.values(curie, subject)
        return found

    def graph(self, name: str) -> set[ox.Triple]:
        return {q.triple for q in self.quads if getattr(q.graph_name, "value", "") == name}

    def _default(self) -> list[ox.Quad]:
        return [quad for quad in self.quads if isinstance(quad.graph_name, ox.DefaultGraph)]


@dataclass
class Follower:
    """A harvester with a memory of its own: validators, closed nodes, and each dataset's newest activity and graph.

    With `prune` it keeps no list of closed nodes, and leaves out by their times those that cannot hold anything new.
    """

    fetch: Fetch
    entry: str
    syntax: ox.RdfFormat = ox.RdfFormat.TRIG
    prune: bool = False
    graphs: dict[str, set[ox.Triple]] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    mark: str = ""
    requests: int = 0

    def poll(self) -> Iterator[None]:
        """Read what is new; gives way after every request."""
        waiting, newest = [self.entry], self.mark
        while waiting:
            address = waiting.pop(0)
            status, body, tag = self.fetch(address, self.tags.get(address, ""))
            self.requests += 1
            yield
            assert status in (200, 304), address
            if status == 200:
                node = Node(list(ox.parse(body, self.syntax)))
                self.tags[address], self.links[address] = tag, self._relations(node, address)
                newest = max([newest, *(self._take(node, member) for member in node.values("tree:member"))])
                if not self.prune and "true" in node.values("ldes:immutable", address):
                    self.closed.add(address)
            waiting += [link for link in self.links[address] if link not in self.closed and link not in waiting]
        self.mark = newest

    def sync(self) -> None:
        for _ in self.poll():
            pass

    def _relations(self, node: Node, address: str) -> list[str]:
        bounds: dict[str, list[tuple[str, str]]] = {}
        for relation in node.values("tree:relation", address):
            assert node.value(relation, "tree:path") == expand("as:published")
            kind, value = node.value(relation, "rdf:type"), node.value(relation, "tree:value")
            bounds.setdefault(node.value(relation, "tree:node"), []).append((kind, value))
        old = {(expand("tree:LessThanOrEqualToRelation"), value) for found in bounds.values() for _, value in found
               if self.prune and value < self.mark}  # fmt: skip
        return [target for target, found in bounds.items() if not old & set(found)]

    def _take(self, node: Node, member: str) -> str:
        of, at = node.value(member, "as:object"), node.value(member, "as:published")
        if at > self.times.get(of, ""):
            self.times[of] = at
            self.graphs.pop(of, None)
            kind = node.value(member, "rdf:type")
            if kind in (expand("as:Create"), expand("as:Update")):
                self.graphs[of] = node.graph(member)
            else:
                assert kind == expand("as:Delete") and node.graph(member) == set()
        return at


def over_http(client: FlaskClient, accept: str = "") -> Fetch:
    def fetch(address: str, tag: str) -> tuple[int, bytes, str]:
        headers = {name: value for name, value in (("If-None-Match", tag), ("Accept", accept)) if value}
        answer = client.get(address.removeprefix(SITE), headers=headers)
        return answer.status_code, answer.data, answer.headers["ETag"]

    return fetch


def small(instance: Instance, tree: Tree) -> Fetch:
    """The same stream cut into small pieces."""

    def fetch(address: str, tag: str) -> tuple[int, bytes, str]:
        asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(address).query).items()}
        with instance.database.reading() as session:
            feed = Feed(
                site=SITE, address=f"{SITE}/feed", ending="trig", newest=histories.store.last_seq(session), tree=tree
            )
            if "page" in asked:
                return 200, feeds.page(session, feed, asked["page"]), ""
            if "section" in asked:
                return 200, feeds.section(session, feed, asked["section"]), ""
            return 200, feeds.view(session, instance.config, feed), ""

    return fetch


@pytest.fixture
def client(history: History) -> FlaskClient:
    return create_app(history.instance).test_client()


def expected(client: FlaskClient, instance: Instance) -> dict[str, set[ox.Triple]]:
    uris = histories.visible(instance)
    return {uris[key]: graph for key, graph in histories.described(client, instance).items()}


def read(client: FlaskClient, path: str = "/feed", ending: str = "trig", **headers: str) -> Node:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return Node(list(ox.parse(answer.data, SYNTAX[ending])))


@pytest.mark.parametrize(
    ("kind", "seed", "count", "steps"),
    [
        ("sqlite", 1, 12, 10),
        ("postgresql", 1, 12, 10),
        pytest.param("sqlite", 2, 60, 40, marks=pytest.mark.slow),
        pytest.param("sqlite", 3, 60, 40, marks=pytest.mark.slow),
    ],
)
def test_clients_that_poll_at_any_moment_end_with_the_catalogue(
    tmp_path: Path, site: Site, kind: str, seed: int, count: int, steps: int
) -> None:
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        follow(histories.begin(instance, site, seed), count, steps)


def follow(history: History, count: int, steps: int) -> None:
    instance = history.instance
    web = create_app(instance).test_client()
    followers = [
        Follower(over_http(web), f"{SITE}/feed"),
        Follower(over_http(web), f"{SITE}/feed.jsonld", ox.RdfFormat.JSON_LD),
        Follower(over_http(web), f"{SITE}/feed", prune=True),
        Follower(small(instance, Tree(9, 3)), f"{SITE}/feed"),
        Follower(small(instance, Tree(5, 4)), f"{SITE}/feed", prune=True),
    ]
    polls = [follower.poll() for follower in followers]
    history.publish(*range(1, count + 1))
    for _ in range(steps):
        history.step(count // 5, count + count // 3)
        for number, follower in enumerate(followers):
            for _ in range(history.random.randint(0, 4)):
                if next(polls[number], "done") == "done":
                    polls[number] = follower.poll()
    for number, follower in enumerate(followers):
        for _ in polls[number]:
            pass
        follower.sync()
    wanted = expected(web, instance)
    assert count // 6 < len(wanted) < count + count // 3, "some are there, some are gone"
    for follower in followers:
        assert follower.graphs == wanted


@pytest.mark.slow
def test_a_second_poll_reads_the_view_and_nothing_else(history: History, client: FlaskClient) -> None:
    history.publish(*range(1, 131))
    history.publish(*range(1, 131))
    follower = Follower(over_http(client), f"{SITE}/feed")
    follower.sync()
    assert follower.closed == {f"{SITE}/feed?page=1"} and follower.requests == 3
    history.publish(5)
    follower.sync()
    assert follower.requests == 5, "the view and the open page"
    assert follower.graphs == expected(client, history.instance)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/feed", "/feed?page=2", "/feed.jsonld?page=2"])
def test_nothing_new_costs_one_look_at_the_end_of_the_log(history: History, client: FlaskClient, path: str) -> None:
    history.publish(*range(1, 131))
    history.publish(*range(1, 131))
    first = client.get(path)
    with histories.tables_read(history.instance) as tables:
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, tables) == (304, b"", ["change"])
    history.withdraw(1)
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.slow
def test_a_closed_page_is_asked_about_by_its_numbers_only(history: History, client: FlaskClient) -> None:
    history.publish(*range(1, 261))
    first = client.get("/feed?page=1")
    history.publish(255)
    with histories.tables_read(history.instance) as tables:
        assert client.get("/feed?page=1", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert set(tables) == {"change", "dataset"}


@pytest.mark.slow
def test_a_withdrawal_takes_the_content_out_of_a_closed_page_at_once(history: History, client: FlaskClient) -> None:
    history.publish(*range(1, 256), keyword=())
    history.publish(3, title=(histories.Text("Geheimnis", "de"),))
    history.publish(*range(301, 560))
    before = client.get("/feed?page=2")
    assert "Geheimnis" in before.text
    assert before.headers["Cache-Control"] == "public, max-age=0", "no cache gives it out unasked"
    history.withdraw(3)
    after = client.get("/feed?page=2", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200 and "Geheimnis" not in after.text and history.id(3) not in after.text
    newest = histories.newest(history.instance)
    node = read(client, f"/feed?page={-(-newest // 250)}")
    assert node.value(feeds.uri(SITE, newest), "rdf:type") == expand("as:Delete")
    assert node.value(feeds.uri(SITE, newest), "as:object") == "https://daten.amt.example/dataset/3"
    assert node.graph(feeds.uri(SITE, newest)) == set()
    for path in ("/feed", "/feed?page=1", "/feed?page=2", "/feed.jsonld?page=3", "/feed?page=3"):
        assert "Geheimnis" not in client.get(path).text


@pytest.mark.slow
def test_pages_that_share_an_instant_are_both_found_by_it(history: History, client: FlaskClient) -> None:
    history.publish(*range(2, 1001, 2))
    assert histories.at(history.instance, 1) == histories.at(history.instance, 500), "one publication, one instant"
    node = read(client)
    bounds = [(node.value(r, "tree:node"), node.value(r, "rdf:type").rpartition("#")[2], node.value(r, "tree:value"))
              for r in node.values("tree:relation")]  # fmt: skip
    at = histories.at(history.instance, 1).replace("+00:00", "Z")
    kinds = ("GreaterThanOrEqualToRelation", "LessThanOrEqualToRelation")
    assert sorted(bounds) == [(f"{SITE}/feed?page={page}", kind, at) for page in (1, 2) for kind in kinds]


def test_times_never_go_back_when_a_clock_does(history: History) -> None:
    history.publish(1)
    with history.instance.database.writing() as session:
        session.execute(sa.update(Change).values(at=datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)))
    history.publish(1)
    history.withdraw(1)
    times = [histories.at(history.instance, seq) for seq in (1, 2, 3)]
    assert times == sorted(set(times)) and times[0].startswith("2099")


def test_the_view_says_what_clients_must_know(history: History, client: FlaskClient) -> None:
    history.publish(1)
    node, stream = read(client), f"{SITE}/feed#stream"
    facts = {
        "rdf:type": expand("ldes:EventStream"),
        "ldes:timestampPath": expand("as:published"),
        "ldes:versionOfPath": expand("as:object"),
        "ldes:versionDeleteObject": expand("as:Delete"),
        "tree:view": f"{SITE}/feed",
    }
    assert {term: node.value(stream, term) for term in facts} == facts
    policy = node.value(f"{SITE}/feed", "ldes:retentionPolicy")
    assert node.value(policy, "ldes:amount") == node.value(policy, "ldes:versionAmount") == "1"
    assert node.value(policy, "ldes:versionKey") == expand("as:object")
    assert set(node.values("rdf:type", policy)) == {expand("ldes:LatestVersionSubset"), expand("ldes:RetentionPolicy")}
    assert read(client, "/feed.jsonld", "jsonld").values("tree:view") == [f"{SITE}/feed.jsonld"]


def test_kinds_of_activities(history: History, client: FlaskClient) -> None:
    history.publish(1, 3, 5, 7)
    history.publish(3)
    history.withdraw(5, 7)
    history.publish(7)
    node = read(client, "/feed?page=1")
    kinds = {node.value(one, "as:object")[-1]: node.value(one, "rdf:type").rpartition("#")[2]
             for one in node.values("tree:member")}  # fmt: skip
    assert kinds == {"1": "Create", "3": "Update", "5": "Delete", "7": "Create"}
    seqs = [int(one.rpartition("/")[2]) for one in node.values("tree:member")]
    assert seqs == sorted(seqs)


def test_an_activity_has_an_address_until_a_newer_one_replaces_it(history: History, client: FlaskClient) -> None:
    history.publish(1)
    node = read(client, "/feed/activity/1")
    assert (
        node.graph(f"{SITE}/feed/activity/1") == read(client, "/feed?page=1").graph(f"{SITE}/feed/activity/1") != set()
    )
    assert (
        read(client, "/feed/activity/1", "jsonld", Accept="application/ld+json").value(
            f"{SITE}/feed/activity/1", "as:object"
        )
        == "https://daten.amt.example/dataset/1"
    )
    history.withdraw(1)
    assert client.get("/feed/activity/1").status_code == 404
    assert client.get("/feed/activity/3").status_code == 404
    assert read(client, "/feed/activity/2").value(f"{SITE}/feed/activity/2", "rdf:type") == expand("as:Delete")


@pytest.mark.parametrize("tree", [Tree(2, 2), Tree(3, 5), Tree(1, 1)])
def test_sections_hold_every_page_once_and_leave_out_empty_ones(history: History, tree: Tree) -> None:
    history.publish(*range(1, 12))
    history.publish(1, 2, 3, 4)
    fetch = small(history.instance, tree)
    found, waiting = [], [f"{SITE}/feed"]
    while waiting:
        address = waiting.pop()
        node = Node(list(ox.parse(fetch(address, "")[1], ox.RdfFormat.TRIG)))
        waiting += {node.value(relation, "tree:node") for relation in node.values("tree:relation")}
        found += [int(member.rpartition("/")[2]) for member in node.values("tree:member")]
        newest = address.endswith(f"page={tree.pages(15)}")
        assert "page=" not in address or node.values("tree:member") or newest, "an empty page is not linked"
    with history.instance.database.reading() as session:
        assert sorted(found) == feeds.activity.present(session, 1, 15)


@pytest.mark.parametrize("path", ["/feed", "/feed?page=1", "/feed.jsonld", "/feed.jsonld?page=1", "/feed/activity/1"])
def test_no_blank_nodes(standing: FlaskClient, path: str) -> None:
    node = read(standing, path, "jsonld" if "jsonld" in path else "trig")
    assert node.quads
    for quad in node.quads:
        for term in (quad.subject, quad.object, quad.graph_name):
            assert not isinstance(term, ox.BlankNode)


def test_both_forms_hold_the_same(history: History, client: FlaskClient) -> None:
    history.publish(*range(1, 20))
    history.withdraw(3)
    trig, jsonld = (set(map(str, read(client, f"/feed.{e}?page=1", e).quads)) for e in ("trig", "jsonld"))
    own = re.compile(r"feed\.(trig|jsonld)")
    assert {own.sub("feed", quad) for quad in trig} == {own.sub("feed", quad) for quad in jsonld}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("", "application/trig"), ("*/*", "application/trig"), ("application/ld+json", "application/ld+json"),
     ("application/trig", "application/trig"), ("application/ld+json, application/trig;q=0.5", "application/ld+json"),
     ("text/html", "application/trig"), ("application/ld+json;q=0", "application/trig"), (";;q=,", "application/trig")],
)  # fmt: skip
def test_negotiation(standing: FlaskClient, accept: str, media_type: str) -> None:
    answer = standing.get("/feed", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    assert {"Accept", "Accept-Encoding"} <= set(answer.vary)
    assert standing.get("/feed.trig", headers={"Accept": accept}).mimetype == "application/trig"


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=1.5", "page=%C2%B2", "page=1&page=2", "page=1&section=1", "limit=5",
              "section=0", "page=9999999999999999", "page=1%00"]
)  # fmt: skip
def test_bad_parameters(standing: FlaskClient, query: str) -> None:
    answer = standing.get(f"/feed?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/feed?page=2", "/feed?section=1", "/feed.xyz", "/feed/activity/0", "/feed/activity/2", "/feed/x",
             f"/feed/activity/{'9' * 400}", "/feed.ttl"]
)  # fmt: skip
def test_what_is_not_there(standing: FlaskClient, path: str) -> None:
    answer = standing.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_an_empty_catalogue_has_one_open_page(client: FlaskClient, history: History) -> None:
    follower = Follower(over_http(client), f"{SITE}/feed")
    follower.sync()
    assert (follower.graphs, follower.requests, follower.closed) == ({}, 2, set())
    history.publish(1)
    follower.sync()
    assert follower.graphs == expected(client, history.instance) != {}


@pytest.mark.parametrize("path", ["/feed", "/feed?page=1", "/feed.jsonld?page=1"])
def test_answers_are_compressed_compared_and_open_to_scripts(standing: FlaskClient, path: str) -> None:
    plain, head = standing.get(path), standing.head(path)
    packed = standing.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) < len(plain.data)
    assert packed.headers["ETag"] != plain.headers["ETag"] == head.headers["ETag"] and head.data == b""
    assert plain.headers["Access-Control-Allow-Origin"] == "*"
    assert standing.get(path).data == plain.data
    assert "Last-Modified" not in plain.headers, "two changes of one second must not look the same"


@pytest.mark.slow
def test_the_demonstration_says_in_the_feed_what_it_says_elsewhere(public: FlaskClient, catalogue: Instance) -> None:
    site = catalogue.config.site_url

    def fetch(address: str, tag: str) -> tuple[int, bytes, str]:
        answer = public.get(address.removeprefix(site), headers={"If-None-Match": tag} if tag else {})
        return answer.status_code, answer.data, answer.headers["ETag"]

    follower = Follower(fetch, f"{site}/feed")
    follower.sync()
    uris = histories.visible(catalogue)
    assert follower.graphs.keys() == set(uris.values())
    for dataset_id, graph in histories.described(public, catalogue).items():
        own = follower.graphs[uris[dataset_id]]
        # Beside the dataset its address describes our data API where that serves the tables.
        assert own <= graph
        apart = {triple.subject.value for triple in graph - own}
        assert f"{site}/api/data" in apart or not apart


@pytest.mark.parametrize("form", ["ttl", "rdf", "view", ""])
def test_half_a_description_is_not_sent(history: History, client: FlaskClient, form: str) -> None:
    history.publish(1, 2)
    with history.instance.database.writing() as session:
        lost = sa.delete(Rendition).where(Rendition.dataset_id == history.id(1), Rendition.format == form)
        session.execute(lost if form else sa.delete(StoredNode))
    paths = {"ttl": "/feed?page=1", "rdf": "/oai?verb=ListRecords&metadataPrefix=dcat", "view": "/feeds/dataset.atom",
             "": "/feed.jsonld?page=1"}  # fmt: skip
    answer = client.get(paths[form])
    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (
        503,
        "application/problem+json",
        "60",
    )


def test_below_a_path(history: History) -> None:
    history.publish(1)
    site = f"{SITE}/katalog"
    moved = replace(history.instance, config=replace(history.instance.config, site_url=site))
    client = create_app(moved).test_client()
    for path in (
        "/katalog/feed",
        "/katalog/feed?page=1",
        "/katalog/feeds/city/frankfurt.atom",
        "/katalog/oai?verb=Identify",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert f"{site}/" in answer.text and f"{SITE}/feed" not in answer.text and f"{SITE}/oai" not in answer.text
    view = Node(list(ox.parse(client.get("/katalog/feed").data, ox.RdfFormat.TRIG)))
    assert view.values("tree:view") == [f"{site}/feed"]
    assert set(view.values("tree:node")) == {f"{site}/feed?page=1"}


def test_random_numbers_are_numbers_or_refused(standing: FlaskClient) -> None:
    random: Any = Random(7)
    for _ in range(100):
        value = "".join(random.choice("0123456789-+.eE ²\x00") for _ in range(random.randint(0, 20)))
        assert standing.get("/feed", query_string={"page": value}).status_code in (200, 400, 404)
