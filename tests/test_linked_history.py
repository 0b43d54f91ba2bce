"""Pages stand still while the catalogue changes: whatever is published, moved or withdrawn between two pages, none is lost or doubled."""

import re
from collections import Counter
from urllib.parse import quote

import histories
import marked
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from linked_pages import ENDINGS, local, members, quads, torn_apart, values, walk
from marked import Marked
from source_site import Site

from catalog import store
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import Membership
from dcat.profile import RELEASES

COUNT = 24
SCOPES = {
    "/catalog": "",
    "/city/darmstadt/catalog": "city:darmstadt",
    "/organization/darmstadt-gruenflaechenamt/catalog": "organization:darmstadt-gruenflaechenamt",
    "/group/envi/catalog": "theme:ENVI",
    "/catalog-hvd": "hvd",
}


@pytest.fixture
def history(instance: Instance, site: Site) -> Marked:
    return marked.begin(instance, site, count=COUNT)


@pytest.fixture
def client(history: Marked) -> FlaskClient:
    return create_app(history.instance).test_client()


def ids(body: bytes) -> list[str]:
    """Name the datasets of a page by their records, whose addresses never change."""
    return [uri.rpartition("/")[2] for uri in values(body, "dcat:record")]


def scope_at(instance: Instance, scope: str, seq: int) -> set[str]:
    with instance.database.reading() as session:
        query = sa.select(Membership.dataset_id).where(
            Membership.scope == scope,
            Membership.since <= seq,
            sa.or_(Membership.until.is_(None), Membership.until > seq),
        )
        return set(session.scalars(query))


def visited(client: FlaskClient, history: Marked, address: str) -> tuple[list[list[str]], list[set[str]]]:
    """Read page by page while the catalogue changes in between; gives the ids of each page, and who was visible then."""
    pages, present = [], []
    while address:
        present.append(set(histories.visible(history.instance)))
        answer = client.get(address)
        assert answer.status_code == 200
        pages.append(ids(answer.data))
        own = [q.subject.value for q in quads(answer.data, "ttl") if q.predicate.value.endswith("#itemsPerPage")]
        last, following = values(answer.data, "hydra:last"), values(answer.data, "hydra:next")
        assert (own == last) is (following == [])
        address = next(map(local, following), "")
        history.step(4, COUNT)
    return pages, present


@pytest.mark.slow
@pytest.mark.parametrize("path", SCOPES)
@pytest.mark.parametrize("since", [False, True])
def test_each_member_of_a_snapshot_once(history: Marked, client: FlaskClient, path: str, since: bool) -> None:
    query = ""
    if since:
        seq = histories.newest(history.instance)
        for _ in range(4):
            history.step(5, COUNT)
        query = f"&modified_since={quote(histories.at(history.instance, seq + 1))}"
    before = histories.newest(history.instance)
    frozen = scope_at(history.instance, SCOPES[path], before)
    if since:
        with history.instance.database.reading() as session:
            later = sa.select(store.Change.dataset_id).where(store.Change.seq > seq)
            frozen &= set(session.scalars(later))
    pages, present = visited(client, history, f"{path}.ttl?limit=3{query}")
    found = Counter(one for page in pages for one in page)
    assert set(found.values()) <= {1} and found.keys() <= frozen
    assert frozen.intersection(*present) <= found.keys()
    ordered = sorted(frozen)
    places = {one: number // 3 for number, one in enumerate(ordered)}
    for number, (page, visible) in enumerate(zip(pages, present, strict=True)):
        assert page == [one for one in ordered if places[one] == number and one in visible]


@pytest.mark.parametrize("query", ["q=Satz", "fq=groups:envi", "q=Satz&fq=city:darmstadt"])
def test_what_a_search_finds_throughout_is_there_once(history: Marked, client: FlaskClient, query: str) -> None:
    def matching() -> set[str]:
        rows = client.get(f"/api/action/package_search?rows=1000&{query}").get_json()["result"]["results"]
        return {row["id"] for row in rows}

    frozen = scope_at(history.instance, "", histories.newest(history.instance))
    address, found = f"/catalog.ttl?limit=2&{query}", Counter[str]()
    throughout = matching()
    while address:
        throughout &= matching()
        answer = client.get(address)
        assert answer.status_code == 200
        found.update(ids(answer.data))
        address = next(map(local, values(answer.data, "hydra:next")), "")
        # Those read first go: the pages after them are cut no shorter.
        gone = {history.id(n): n for n in history.present}
        history.withdraw(*(gone[one] for one in sorted(found)[:2] if one in gone))
        history.step(2, COUNT)
    assert set(found.values()) == {1} and found.keys() <= frozen
    assert throughout <= found.keys()


def test_a_search_that_shrinks_keeps_its_last_page(history: Marked, client: FlaskClient) -> None:
    first = client.get("/catalog.ttl?q=Satz&limit=10")
    numbers = {history.id(number): number for number in history.present}
    history.withdraw(*(numbers[one] for one in ids(first.data)))
    second = client.get(local(values(first.data, "hydra:next")[0]))
    assert second.status_code == 200 and len(ids(second.data)) == 10
    history.withdraw(*(n for one, n in numbers.items() if one > ids(second.data)[-1]))
    third = client.get(local(values(second.data, "hydra:next")[0]))
    assert third.status_code == 200 and ids(third.data) == [] and values(third.data, "hydra:next") == []


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/catalog", "/dump", "/catalog-hvd", "/group/envi/dump"])
def test_all_properties_in_all_formats_in_one_piece(history: Marked, client: FlaskClient, path: str) -> None:
    for _ in range(3):
        history.step(5, COUNT)
    for release in RELEASES:
        graphs = []
        for ending in ENDINGS:
            body = client.get(f"{path}.{ending}?profile={release}").data
            assert torn_apart(body, ending) == []
            assert b"_:" not in re.sub(rb'"[^"]*"', b"", body) and b"nodeID" not in body
            graphs.append({q.triple for q in quads(body, ending) if "hydra" not in str(q)})
        assert graphs[0] == graphs[1] == graphs[2] == graphs[3]


def test_what_is_withdrawn_is_gone_at_once(history: Marked, client: FlaskClient) -> None:
    first = client.get("/catalog.ttl?limit=4")
    gone = ids(first.data)[1]
    history.withdraw(next(number for number in history.present if history.id(number) == gone))
    for address in (f"/dataset/{gone}.ttl", f"/dataset/{gone}.rdf", f"/dataset/{gone}"):
        for ask in (client.get, client.head):
            answer = ask(address, headers={"Accept": "text/turtle, text/html;q=0.5"})
            assert answer.status_code == 410
        text = client.get(address).text
        assert "zurückgezogen" in text or "Nicht mehr verfügbar" in text
    again = client.get(local(values(first.data, "hydra:first")[0]))
    assert ids(again.data) == [one for one in ids(first.data) if one != gone]
    # The snapshot counts it still, the present does not.
    assert values(again.data, "hydra:totalItems") == [str(COUNT)]
    assert values(client.get("/catalog.ttl").data, "hydra:totalItems") == [str(COUNT - 1)]
    dump = client.get("/dump.nt").data
    assert gone.encode() not in dump.replace(f"/dataset/{gone}#page".encode(), b""), (
        "but for links of others to its page"
    )
    history.settle()
    assert gone.encode() not in client.get("/dump.nt").data


@pytest.mark.slow
def test_a_hundred_on_a_page_and_a_thousand_at_most(instance: Instance, site: Site) -> None:
    history = histories.begin(instance, site)
    history.publish(*range(1, 1032))
    client = create_app(instance).test_client()
    for query, sizes in (("", [100] * 10 + [31]), ("?limit=1000", [1000, 31]), ("?limit=999", [999, 32])):
        bodies = walk(client, f"/catalog.nt{query}", "nt")
        assert [len(values(body, "dcat:dataset", "nt")) for body in bodies] == sizes
        assert {tuple(values(body, "hydra:totalItems", "nt")) for body in bodies} == {("1031",)}
        assert len(set(members(bodies, "nt"))) == 1031
    assert client.get("/catalog.nt?limit=1001").status_code == 400
    assert len(values(client.get("/dump.nt").data, "dcat:dataset", "nt")) == 1031
