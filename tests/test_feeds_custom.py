"""The Atom feeds of a keyword and of a search: what is public of what they choose, the newest first, page by page."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import action_api
import databases
import desks
import histories
import homes
import pytest
from flask.testing import FlaskClient
from histories import History
from lxml import etree
from source_site import Site

from catalog.api import atom
from catalog.app import create_app
from catalog.instance import Instance
from dcat.model import Text

SITE = "https://daten.example.org"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def client(history: History) -> FlaskClient:
    return create_app(history.instance).test_client()


def custom(**given: str) -> str:
    return f"/feeds/custom.atom?{urlencode(given)}"


def tag(keyword: str) -> str:
    return f"/feeds/tag/{quote(keyword)}.atom"


def read(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8"), address
    root = etree.fromstring(answer.data)
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(f"{ATOM}{name}")) == 1, name
    times = [entry.findtext(f"{ATOM}updated") for entry in root.findall(f"{ATOM}entry")]
    assert times == sorted(times, reverse=True)
    return root


def ids(root: Any) -> list[str]:
    return [entry.findtext(f"{ATOM}id").removeprefix("urn:uuid:") for entry in root.findall(f"{ATOM}entry")]


def link(root: Any, relation: str) -> str:
    found = [one.get("href") for one in root.findall(f"{ATOM}link") if one.get("rel") == relation]
    return found[0].removeprefix(SITE) if found else ""


def publish(history: History, number: int, title: str, *keywords: str) -> str:
    history.publish(number, title=(Text(title, "de"),), keyword=tuple(Text(one, "de") for one in keywords))
    return history.id(number)


def test_a_keyword(history: History, client: FlaskClient) -> None:
    first = publish(history, 1, "Brunnen", "Wasser & Luft", "Stadt")
    second = publish(history, 2, "Bäder", "Wasser & Luft")
    root = read(client, tag("Wasser & Luft"))
    assert ids(root) == [second, first]
    assert root.findtext(f"{ATOM}title").endswith(": Wasser & Luft")
    assert root.findtext(f"{ATOM}id") == f"{SITE}{tag('Wasser & Luft')}"
    assert ids(read(client, tag("Stadt"))) == [first]
    for missing in ("wasser", "Wasser", "*", "Wasser/../Stadt", "\x00", "x" * 3000):
        assert client.get(tag(missing)).status_code == 404
    assert client.get(tag("Stadt") + "?q=x").status_code == 400


def test_a_search(history: History, client: FlaskClient) -> None:
    first = publish(history, 1, "Trinkbrunnen im Park", "Wasser")
    second = publish(history, 2, "Bäder", "Wasser")
    assert ids(read(client, custom(q="Trinkbrunnen"))) == [first]
    assert ids(read(client, custom(fq="tags:Wasser"))) == [second, first]
    assert ids(read(client, custom(q="Bäder", fq="organization:frankfurt-stadtwerk-soehne"))) == []
    assert ids(read(client, custom())) == [second, first] == ids(read(client, custom(q="*:*")))
    root = read(client, custom(q="Bäder & <Brunnen>", lang="en"))
    assert root.findtext(f"{ATOM}title").endswith("search: Bäder & <Brunnen>")
    assert client.get(link(root, "self")).status_code == 200


def test_the_newest_change_comes_first(history: History, client: FlaskClient) -> None:
    first, second = publish(history, 1, "Brunnen", "Wasser"), publish(history, 2, "Bäder", "Wasser")
    assert ids(read(client, tag("Wasser"))) == [second, first]
    publish(history, 1, "Brunnen, neu gezählt", "Wasser")
    assert ids(read(client, tag("Wasser"))) == [first, second]


def test_pages(history: History, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atom, "PAGE", 3)
    everything = [publish(history, number, f"Brunnen {number}", "Wasser") for number in range(1, 9)][::-1]
    for number in range(9, 15):
        publish(history, number, "Parkplätze", "Auto")
    for address in (tag("Wasser"), custom(q="Brunnen", fq="tags:Wasser", lang="en")):
        read_so_far, following = [], address
        while following:
            root = read(client, following)
            read_so_far += ids(root)
            following = link(root, "next")
        assert read_so_far == everything
        assert ids(read(client, link(root, "first"))) == everything[:3]


def test_what_is_withdrawn_or_changed_leaves(history: History, client: FlaskClient) -> None:
    first, second = publish(history, 1, "Brunnen", "Wasser"), publish(history, 2, "Bäder", "Wasser")
    assert ids(read(client, tag("Wasser"))) == [second, first]
    history.withdraw(2)
    publish(history, 1, "Brunnen", "Stadt")
    assert client.get(tag("Wasser")).status_code == 404
    assert ids(read(client, custom(q="Bäder"))) == []


def test_pages_by_their_number(history: History, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atom, "PAGE", 2)
    everything = [publish(history, number, f"Brunnen {number}", "Wasser") for number in range(1, 6)][::-1]
    for address in ("/feeds/dataset.atom?", f"{tag('Wasser')}?", f"{custom(q='Brunnen')}&"):
        pages = [ids(read(client, f"{address}page={page}")) for page in (1, 2, 3, 4)]
        assert pages == [everything[:2], everything[2:4], everything[4:], []]
        following = link(read(client, f"{address}page=1"), "next")
        assert ids(read(client, following)) == everything[2:4]
        for wrong in ("0", "-2", "abc", "1.5", "100000", "1&before=3"):
            assert client.get(f"{address}page={wrong}").status_code == 400


def test_a_group_that_was_founded_here(instance: Instance) -> None:
    people = action_api.people(instance)
    group = people.admin.result("group_create", name="sport", title="Sport & Spiel")
    office = desks.office(instance).id
    made = people.admin.result("package_create", name="bad", title="Bad", notes="Mit\x0c Becken", owner_org=office,
                               groups=[{"name": "sport"}])  # fmt: skip
    people.admin.result("package_create", name="wiese", owner_org=office)
    for named in ("sport", group["id"]):
        root = read(people.nobody.client, f"/feeds/group/{named}.atom")
        assert ids(root) == [made["id"]] and root.findtext(f"{ATOM}title").endswith(": Sport & Spiel")
        assert root.findtext(f"{ATOM}entry/{ATOM}content") == "Mit Becken"
    assert people.nobody.client.get("/feeds/group/unbekannt.atom").status_code == 404
    # What stands in for a description that nobody wrote is not told.
    assert "<content/>" in people.nobody.client.get(custom(fq="name:wiese")).text
    people.admin.result("package_patch", id="bad", groups=[])
    root = read(people.nobody.client, "/feeds/group/sport.atom")
    assert ids(root) == []
    people.admin.result("group_delete", id="sport")
    assert people.nobody.client.get("/feeds/group/sport.atom").status_code == 404


@pytest.mark.parametrize("fields", [{"private": True}, {"state": "draft"}, {"state": "deleted"}])
def test_what_is_not_public_is_in_no_feed(instance: Instance, fields: dict[str, Any]) -> None:
    client = create_app(instance).test_client()
    row = desks.write(instance, desks.office(instance), title="Geheime Bäume", tags=[{"name": "linde"}])
    assert ids(read(client, tag("linde"))) == [row.id]
    desks.change(instance, row, **fields)
    assert client.get(tag("linde")).status_code == 404
    for given in ({}, {"q": "Bäume"}, {"fq": "private:true"}, {"fq": "state:(draft OR deleted)"}, {"fq": "tags:linde"}):
        answer = client.get(custom(**given))
        assert row.id not in answer.text and "Geheim" not in answer.text


def test_what_is_unchanged_is_not_sent_again(history: History, client: FlaskClient) -> None:
    publish(history, 1, "Brunnen", "Wasser")
    for address in (tag("Wasser"), custom(q="Brunnen")):
        tag_sent = client.get(address).headers["ETag"]
        assert client.get(address, headers={"If-None-Match": tag_sent}).status_code == 304
    other = client.get(custom(q="Bäder")).headers["ETag"]
    assert other != tag_sent
    publish(history, 2, "Brunnen zwei", "Wasser")
    assert client.get(custom(q="Brunnen"), headers={"If-None-Match": tag_sent}).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"fq": "(name:x"},
        {"unfug": "1"},
        {"q": "x", "before": "x"},
        {"q": "x" * 40_000},
        {"lang": "fr"},
        {"fq": "a\x00:b)"},
    ],
)
def test_what_cannot_be_asked(client: FlaskClient, given: dict[str, str]) -> None:
    assert client.get(custom(**given)).status_code == 400
    assert client.get("/feeds/custom.atom?q=a&q=b").status_code == 400


def test_the_cost_does_not_grow(history: History, client: FlaskClient) -> None:
    def cost() -> int:
        client.get(custom(q="Brunnen"))
        with histories.tables_read(history.instance) as found:
            client.get(custom(q="Brunnen"))
        return len(found)

    publish(history, 1, "Brunnen 1", "Wasser")
    few = cost()
    for number in range(2, 12):
        publish(history, number, f"Brunnen {number}", "Wasser")
    assert cost() == few


@pytest.mark.parametrize("kind", databases.KINDS)
def test_on_both_databases(tmp_path: Path, site: Site, kind: str) -> None:
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        history, client = histories.begin(instance, site), create_app(instance).test_client()
        first, second = publish(history, 1, "Brunnen", "Wasser"), publish(history, 2, "Bäder", "Wasser")
        assert ids(read(client, tag("Wasser"))) == [second, first]
        assert ids(read(client, custom(q="Brunnen"))) == [first]
