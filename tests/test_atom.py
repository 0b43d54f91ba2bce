"""The Atom feeds: what readers see, and a client that pages through them while the catalogue changes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import databases
import histories
import homes
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from histories import History
from lxml import etree
from source_site import Site

from catalog.api import activity
from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import DatasetRow
from dcat.model import Text

SITE = "https://daten.example.org"
ATOM = "{http://www.w3.org/2005/Atom}"
GONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
ALL = "/feeds/dataset.atom"
ORGANIZATION = "/feeds/organization/darmstadt-gruenflaechenamt.atom"


@dataclass
class Entry:
    """One line of a feed: when, and the title, or None for a tombstone."""

    id: str
    at: str
    title: str | None


@dataclass
class Page:
    """One page, checked for what RFC 4287, section 4.1 asks of feeds and entries."""

    root: Any

    @property
    def entries(self) -> list[Entry]:
        return [
            Entry(e.get("ref"), e.get("when"), None)
            if e.tag == GONE
            else Entry(e.findtext(f"{ATOM}id"), e.findtext(f"{ATOM}updated"), e.findtext(f"{ATOM}title"))
            for e in self.root
            if e.tag in (GONE, f"{ATOM}entry")
        ]

    def link(self, relation: str) -> str:
        found = [link.get("href") for link in self.root.findall(f"{ATOM}link") if link.get("rel") == relation]
        return found[0] if found else ""


def read(client: FlaskClient, address: str) -> Page:
    answer = client.get(address.removeprefix(SITE))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8"), address
    root = etree.fromstring(answer.data)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(f"{ATOM}{name}")) == 1, name
    for entry in root.findall(f"{ATOM}entry"):
        for name in ("id", "title", "updated", "author"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1, name
        assert len([*entry.findall(f"{ATOM}content"), *entry.findall(f"{ATOM}summary")]) == 1
        assert entry.findtext(f"{ATOM}author/{ATOM}name")
        kinds = [link.get("type") for link in entry.findall(f"{ATOM}link")]
        assert len(kinds) == len(set(kinds)), "one alternate for each type"
    page = Page(root)
    times = [entry.at for entry in page.entries]
    assert times == sorted(times, reverse=True)
    assert root.findtext(f"{ATOM}updated") >= max(times, default="")
    return page


@dataclass
class Reader:
    """Reads a feed until it meets what it knows, and remembers titles by id."""

    client: FlaskClient
    address: str
    titles: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    mark: str = ""

    def poll(self) -> Iterator[None]:
        address, newest = self.address, ""
        while address:
            page = read(self.client, address)
            entries = page.entries
            newest = newest or (entries[0].at if entries else "")
            for entry in entries:
                self._take(entry)
            address = page.link("next") if entries and entries[-1].at > self.mark else ""
            yield
        self.mark = max(self.mark, newest)

    def sync(self) -> None:
        for _ in self.poll():
            pass

    def _take(self, entry: Entry) -> None:
        if entry.at > self.times.get(entry.id, ""):
            self.times[entry.id] = entry.at
            self.titles.pop(entry.id, None)
            if entry.title is not None:
                self.titles[entry.id] = entry.title


@pytest.fixture
def client(history: History) -> FlaskClient:
    return create_app(history.instance).test_client()


def titles(instance: Instance, *conditions: Any) -> dict[str, str]:
    with instance.database.reading() as session:
        query = sa.select(DatasetRow.id, DatasetRow.title).where(histories.store.VISIBLE, *conditions)
        return {f"urn:uuid:{dataset_id}": title for dataset_id, title in session.execute(query)}


@pytest.mark.parametrize(
    ("kind", "seed", "count", "steps", "small"),
    [
        ("sqlite", 1, 12, 8, activity.SMALL),
        ("sqlite", 1, 12, 8, 3),
        ("postgresql", 1, 12, 8, 3),
        pytest.param("sqlite", 2, 130, 15, activity.SMALL, marks=pytest.mark.slow),
        pytest.param("sqlite", 3, 130, 15, 0, marks=pytest.mark.slow),
    ],
)
def test_readers_that_ask_at_any_moment_end_with_the_catalogue(
    tmp_path: Path,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    seed: int,
    count: int,
    steps: int,
    small: int,
) -> None:
    # Parts of the catalogue are read in two ways, by their size.
    monkeypatch.setattr(activity, "SMALL", small)
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        follow(histories.begin(instance, site, seed), count, steps)


def follow(history: History, count: int, steps: int) -> None:
    instance = history.instance
    web = create_app(instance).test_client()
    theme = DatasetRow.themes.cast(sa.Text).contains("/ENVI")
    wanted = {
        ALL: (),
        ORGANIZATION: (DatasetRow.city == "darmstadt",),
        "/feeds/city/frankfurt.atom": (DatasetRow.city == "frankfurt",),
        "/feeds/group/envi.atom": (theme,),
    }
    readers = [Reader(web, address) for address in wanted]
    polls = [reader.poll() for reader in readers]
    history.publish(*range(1, count + 1))
    for _ in range(steps):
        history.step(max(4, count // 4), count + 10)
        for number, reader in enumerate(readers):
            for _ in range(history.random.randint(0, 2)):
                if next(polls[number], "done") == "done":
                    polls[number] = reader.poll()
    for number, reader in enumerate(readers):
        for _ in polls[number]:
            pass
        reader.sync()
        assert reader.titles == titles(instance, *wanted[reader.address]) != {}, reader.address


def test_an_entry_leads_to_the_page_and_names_city_theme_and_office(history: History, client: FlaskClient) -> None:
    history.publish(2, theme=histories.THEMES[:1], title=(Text("Bäume", "de"), Text("Trees", "en")),
                    description=(Text("Kurz.", "de"),), keyword=(Text("Eiche", "de"), Text("oak", "en")))  # fmt: skip
    (entry,) = read(client, ALL).root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{history.id(2)}"
    assert entry.findtext(f"{ATOM}content") == "Kurz."
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Darmstadt, Grünflächenamt"
    links = {link.get("type"): link.get("href") for link in entry.findall(f"{ATOM}link")}
    for media_type, href in links.items():
        answer = client.get(href.removeprefix(SITE))
        assert (answer.status_code, answer.mimetype) == (200, media_type)
    terms = {(c.get("term"), c.get("label")) for c in entry.findall(f"{ATOM}category")}
    assert terms == {("darmstadt", "Darmstadt"), ("ENVI", "Umwelt"), ("Eiche", None)}
    assert entry.findtext(f"{ATOM}updated") == histories.at(history.instance, 1).replace("+00:00", "Z")


def test_german_first_and_english_on_request_whatever_the_cookie_says(history: History, client: FlaskClient) -> None:
    history.publish(2, title=(Text("Bäume", "de"), Text("Trees", "en")), theme=histories.THEMES[:1])
    client.set_cookie("lang", "en")
    assert read(client, ALL).entries[0].title == "Bäume"
    english = client.get(f"{ALL}?lang=en")
    assert "Set-Cookie" not in english.headers and "<title>Trees</title>" in english.text
    assert read(client, "/feeds/group/ENVI.atom?lang=en").root.findtext(f"{ATOM}title").endswith(": Environment")
    assert read(client, f"{ALL}?lang=en").link("self") == f"{SITE}{ALL}?lang=en"


def test_a_withdrawn_dataset_leaves_a_tombstone_and_may_come_back(history: History, client: FlaskClient) -> None:
    history.publish(2, 4)
    history.withdraw(2)
    for path in (ALL, ORGANIZATION, "/feeds/city/darmstadt.atom"):
        page = read(client, path)
        assert page.entries[0] == Entry(f"urn:uuid:{history.id(2)}", page.entries[0].at, None)
        assert "Datensatz 2" not in etree.tostring(page.root, encoding=str)
    history.publish(2)
    assert read(client, ALL).entries[0].title == "Datensatz 2, Fassung 2"


def test_who_leaves_a_theme_leaves_a_tombstone_in_its_feed(history: History, client: FlaskClient) -> None:
    history.publish(2, theme=histories.THEMES[:1])
    history.publish(2, theme=histories.THEMES[1:2])
    assert [entry.title for entry in read(client, "/feeds/group/ENVI.atom").entries] == [None]
    assert [entry.title for entry in read(client, "/feeds/group/HEAL.atom").entries] == ["Datensatz 2, Fassung 2"]
    assert read(client, "/feeds/group/REGI.atom").entries == []


@pytest.mark.slow
def test_pages_hold_fifty_entries_each_once(history: History, client: FlaskClient) -> None:
    history.publish(*range(1, 121))
    page, sizes, found = read(client, ALL), [], []
    while True:
        sizes.append(len(page.entries))
        found += [entry.id for entry in page.entries]
        if not page.link("next"):
            break
        page = read(client, page.link("next"))
        assert page.link("first") == f"{SITE}{ALL}"
    assert sizes == [50, 50, 20] and len(set(found)) == 120


@pytest.mark.parametrize(
    "path", [ALL, f"{ALL}?before=3", ORGANIZATION, "/feeds/group/ENVI.atom", "/feeds/city/darmstadt.atom"]
)
def test_nothing_new_costs_no_look_at_a_dataset(history: History, client: FlaskClient, path: str) -> None:
    history.publish(2, 4, 6)
    first = client.get(path)
    with histories.tables_read(history.instance) as tables:
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert set(tables) <= {"change", "organization"} and tables.count("change") == 1
    history.withdraw(4)
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_no_text_breaks_the_feed(history: History, client: FlaskClient) -> None:
    for number, text in enumerate(histories.TEXTS):
        history.publish(number, title=(Text(text, "de"),), description=(Text(text * 30, "de"),),
                        keyword=(Text(text[:50], "de"),))  # fmt: skip
    assert len(read(client, ALL).entries) == len(histories.TEXTS)


@pytest.mark.parametrize(
    "query", ["before=0", "before=-1", "before=x", "before=1&before=2", "page=0", "page=1&before=3", "lang=fr", "lang="]
)
def test_bad_parameters(standing: FlaskClient, query: str) -> None:
    answer = standing.get(f"{ALL}?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/feeds/city/nirgends.atom", "/feeds/organization/keins.atom", "/feeds/organization/%00.atom",
             "/feeds/group/UNFUG.atom", "/feeds/x.atom", "/feeds/", "/feeds/city/../dataset.atom"]
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_not_there(standing: FlaskClient, path: str, method: str) -> None:
    answer = standing.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_an_empty_feed_is_one(client: FlaskClient) -> None:
    page = read(client, ALL)
    assert page.entries == [] and page.link("next") == ""


def test_head_compression_and_scripts(history: History, client: FlaskClient) -> None:
    history.publish(1, 2, 3)
    plain, head, packed = client.get(ALL), client.head(ALL), client.get(ALL, headers={"Accept-Encoding": "gzip"})
    assert head.data == b"" and head.headers["ETag"] == plain.headers["ETag"] != packed.headers["ETag"]
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) < len(plain.data)
    assert plain.headers["Access-Control-Allow-Origin"] == "*"
    assert plain.headers["Cache-Control"] == "public, max-age=0"


def test_pages_name_the_feed(history: History, client: FlaskClient) -> None:
    history.publish(2)
    root = etree.HTML(client.get("/").text)
    (link,) = root.xpath("//link[@type='application/atom+xml']")
    assert link.get("rel") == "alternate" and client.get(link.get("href")).mimetype == "application/atom+xml"
