"""OAI-PMH as its validators ask for it, and a harvester that follows it through random histories."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import databases
import histories
import homes
import pyoxigraph as ox
import pytest
from builders import agent
from flask.testing import FlaskClient
from histories import History
from lxml import etree
from source_site import Site

from catalog.api import activity
from catalog.app import create_app
from catalog.db import now
from dcat import rdf
from dcat.model import Text

SITE = "https://daten.example.org"
OAI = "{http://www.openarchives.org/OAI/2.0/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
DC = "{http://purl.org/dc/elements/1.1/}"
OAI_DC = "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc"
SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
VERBS = ("Identify", "ListMetadataFormats", "ListSets", "GetRecord", "ListIdentifiers", "ListRecords")
DAY = datetime.timedelta(days=1)


@dataclass
class Answer:
    """One answer, checked for what every answer must hold (the schema of OAI-PMH 2.0)."""

    root: Any

    @property
    def errors(self) -> list[str]:
        return [error.get("code") for error in self.root.findall(f"{OAI}error")]

    @property
    def records(self) -> list[Any]:
        return self.root.findall(f"{OAI}ListRecords/{OAI}record") + self.root.findall(f"{OAI}GetRecord/{OAI}record")

    @property
    def headers(self) -> list[Any]:
        return list(self.root.iter(f"{OAI}header"))

    @property
    def ids(self) -> list[str]:
        return [header.findtext(f"{OAI}identifier") for header in self.headers]

    @property
    def token(self) -> Any:
        return next(self.root.iter(f"{OAI}resumptionToken"), None)

    def texts(self, name: str) -> list[str]:
        return [element.text for element in self.root.iter(f"{OAI}{name}")]


def ask(client: FlaskClient, *, post: bool = False, **arguments: str) -> Answer:
    """Ask with arguments; `since` stands for from, which is a word of Python."""
    given = {{"since": "from"}.get(name, name): value for name, value in arguments.items()}
    answer = client.post("/oai", data=given) if post else client.get("/oai", query_string=given)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    return checked(answer.data)


def checked(body: bytes) -> Answer:
    root = etree.fromstring(body)
    assert root.tag == f"{OAI}OAI-PMH"
    assert root.get(SCHEMA) == "http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
    names = [child.tag.removeprefix(OAI) for child in root]
    assert names[:2] == ["responseDate", "request"] and len(names) == 3
    assert names[2] == "error" or names[2] in VERBS
    assert SECOND.fullmatch(root.findtext(f"{OAI}responseDate"))
    assert root.findtext(f"{OAI}request") == f"{SITE}/oai"
    if names[2] != "error":
        assert root.find(f"{OAI}request").get("verb") == names[2]
        assert len(root[2]) > 0, "the schema wants content"
    for header in root.iter(f"{OAI}header"):
        parts = [child.tag.removeprefix(OAI) for child in header]
        assert parts[:2] == ["identifier", "datestamp"] and set(parts[2:]) <= {"setSpec"}
        assert SECOND.fullmatch(header.findtext(f"{OAI}datestamp"))
        assert header.get("status") in (None, "deleted")
    for record in root.iter(f"{OAI}record"):
        gone = record.find(f"{OAI}header").get("status") == "deleted"
        assert [child.tag.removeprefix(OAI) for child in record] == ["header"] + ["metadata"] * (not gone)
        assert all(len(metadata) == 1 for metadata in record.findall(f"{OAI}metadata"))
    return Answer(root)


def walk(client: FlaskClient, **arguments: str) -> Iterator[Answer]:
    """Read a list to its end, as section 3.5 tells."""
    answer = ask(client, **arguments)
    yield answer
    given, page = 0, answer
    while page.token is not None and page.token.text:
        assert int(page.token.get("cursor")) == given
        given += len(page.headers)
        assert int(page.token.get("completeListSize")) > given
        page = ask(client, verb=arguments["verb"], resumptionToken=page.token.text)
        yield page
    if page is not answer:
        assert page.token is not None, "the last part of several has an empty token"
        assert int(page.token.get("completeListSize")) == given + len(page.headers)


@dataclass
class Harvester:
    """Asks from the newest datestamp it has seen, and keeps the graphs by identifier."""

    client: FlaskClient
    chosen: dict[str, str] = field(default_factory=dict)
    last: str = ""
    graphs: dict[str, set[ox.Triple]] = field(default_factory=dict)

    def poll(self) -> Iterator[None]:
        asked = {"metadataPrefix": "dcat", **self.chosen, **({"since": self.last} if self.last else {})}
        for answer in walk(self.client, verb="ListRecords", **asked):
            assert answer.errors in ([], ["noRecordsMatch"])
            for record in answer.records:
                self._take(record)
            yield

    def sync(self) -> None:
        for _ in self.poll():
            pass

    def _take(self, record: Any) -> None:
        name = record.findtext(f"{OAI}header/{OAI}identifier").rpartition(":")[2]
        self.last = max(self.last, record.findtext(f"{OAI}header/{OAI}datestamp"))
        self.graphs.pop(name, None)
        if record.find(f"{OAI}header").get("status") != "deleted":
            self.graphs[name] = graph(record)


def graph(record: Any) -> set[ox.Triple]:
    """Cut the RDF out of a record and read it by itself."""
    (content,) = record.find(f"{OAI}metadata")
    assert content.tag == RDF
    return {quad.triple for quad in ox.parse(etree.tostring(content, with_tail=False), rdf.FORMATS["rdf"].syntax)}


@pytest.fixture
def client(history: History) -> FlaskClient:
    return create_app(history.instance).test_client()


@pytest.fixture
def some(history: History) -> History:
    """Nine datasets, one of them withdrawn."""
    history.publish(*range(1, 10), hvd_category=("http://data.europa.eu/bna/c_ac64a52d",))
    history.publish(2, 4)
    history.withdraw(3)
    return history


def identifier(history: History, number: int) -> str:
    return f"oai:daten.example.org:{history.id(number)}"


@pytest.mark.parametrize(
    ("kind", "seed", "count", "steps"),
    [
        ("sqlite", 1, 12, 6),
        ("postgresql", 1, 12, 6),
        pytest.param("sqlite", 2, 260, 8, marks=pytest.mark.slow),
        pytest.param("sqlite", 3, 260, 8, marks=pytest.mark.slow),
    ],
)
def test_a_harvester_that_asks_at_any_moment_ends_with_the_catalogue(
    tmp_path: Path, site: Site, kind: str, seed: int, count: int, steps: int
) -> None:
    with databases.database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        harvest(histories.begin(instance, site, seed), count, steps)


def harvest(history: History, count: int, steps: int) -> None:
    instance = history.instance
    web = create_app(instance).test_client()
    harvesters = [Harvester(web), Harvester(web, {"set": "city:darmstadt"})]
    history.publish(*range(1, count + 1))
    polls = [harvester.poll() for harvester in harvesters]
    for _ in range(steps):
        history.step(max(4, count // 8), count + 10)
        for number, harvester in enumerate(harvesters):
            for _ in range(history.random.randint(0, 2)):
                if next(polls[number], "done") == "done":
                    polls[number] = harvester.poll()
    for number, harvester in enumerate(harvesters):
        for _ in polls[number]:
            pass
        harvester.sync()
    wanted = histories.described(web, instance)
    assert harvesters[0].graphs == wanted
    darmstadt = {history.id(number) for number in history.present if number % 2 == 0}
    assert harvesters[1].graphs == {key: found for key, found in wanted.items() if key in darmstadt} != {}


@pytest.mark.slow
def test_a_list_read_to_its_end_holds_every_dataset_though_they_change_meanwhile(
    history: History, client: FlaskClient
) -> None:
    history.publish(*range(1, 231))
    seen: dict[str, list[str]] = {}
    for number, answer in enumerate(walk(client, verb="ListRecords", metadataPrefix="dcat")):
        for header in answer.headers:
            seen.setdefault(header.findtext(f"{OAI}identifier"), []).append(header.findtext(f"{OAI}datestamp"))
        if number == 0:
            given = set(answer.ids)
            history.publish(1, 200, 231)
            history.withdraw(2, 229)
    assert seen.keys() == {identifier(history, number) for number in range(1, 232)}
    changed = {identifier(history, number) for number in (1, 2, 200, 229)}
    again = {name for name, stamps in seen.items() if len(stamps) > 1}
    assert again == changed & given and len(again) == 2, "only what had been given and changed since"


def test_identify(some: History, client: FlaskClient) -> None:
    found = {child.tag.removeprefix(OAI): child.text for child in ask(client, verb="Identify").root[2]}
    first = histories.at(some.instance, 1)[:19] + "Z"
    assert found == {
        "repositoryName": some.instance.config.title.de,
        "baseURL": f"{SITE}/oai",
        "protocolVersion": "2.0",
        "adminEmail": "postmaster@daten.example.org",
        "earliestDatestamp": first,
        "deletedRecord": "persistent",
        "granularity": "YYYY-MM-DDThh:mm:ssZ",
        "compression": "gzip",
    }
    assert list(found) == sorted(found, key=list(found).index)


def test_an_empty_repository_is_valid(history: History, client: FlaskClient) -> None:
    assert SECOND.fullmatch(ask(client, verb="Identify").texts("earliestDatestamp")[0])
    assert ask(client, verb="ListRecords", metadataPrefix="oai_dc").errors == ["noRecordsMatch"]
    assert ask(client, verb="ListSets").errors == []


def test_formats(some: History, client: FlaskClient) -> None:
    for asked in ({}, {"identifier": identifier(some, 1)}, {"identifier": identifier(some, 3)}):
        answer = ask(client, verb="ListMetadataFormats", **asked)
        assert answer.texts("metadataPrefix") == ["oai_dc", "dcat"]
        assert answer.texts("metadataNamespace") == [OAI_DC[1:-3], RDF[1:-4]]
    for prefix, tag in (("oai_dc", OAI_DC), ("dcat", RDF)):
        (record,) = ask(client, verb="GetRecord", metadataPrefix=prefix, identifier=identifier(some, 1)).records
        (content,) = record.find(f"{OAI}metadata")
        assert content.tag == tag


def test_sets_divide_the_catalogue_and_follow_a_dataset_that_moves(some: History, client: FlaskClient) -> None:
    sets = ask(client, verb="ListSets").texts("setSpec")
    assert sets == ["city", "city:darmstadt", "city:frankfurt", "organization", "organization:darmstadt-gruenflaechenamt",
                    "organization:frankfurt-stadtwerk-soehne", "hvd"]  # fmt: skip

    def members(spec: str) -> dict[str, str | None]:
        answer = ask(client, verb="ListIdentifiers", metadataPrefix="dcat", set=spec)
        assert all(
            spec in header.xpath("string(.)") or spec in ("city", "organization", "hvd") for header in answer.headers
        )
        return dict(zip(answer.ids, (header.get("status") for header in answer.headers), strict=True))

    odd = {identifier(some, number) for number in range(1, 10, 2)}
    even = {identifier(some, number) for number in range(2, 10, 2)}
    assert members("city:darmstadt").keys() == members("organization:darmstadt-gruenflaechenamt").keys() == even
    assert members("city:frankfurt").keys() == odd and members("city").keys() == odd | even
    assert members("city:frankfurt")[identifier(some, 3)] == "deleted"
    hvd = members("hvd")
    assert {name for name, status in hvd.items() if status is None} == (odd | even) - {
        identifier(some, number) for number in (2, 3, 4)
    }
    assert {name for name, status in hvd.items() if status} == {identifier(some, number) for number in (2, 3, 4)}
    for spec in ("city:nirgends", "organization:keine", "gibtesnicht", "hvd:x"):
        assert ask(client, verb="ListRecords", metadataPrefix="dcat", set=spec).errors == ["noRecordsMatch"], spec


def test_get_record(some: History, client: FlaskClient) -> None:
    wanted = histories.described(client, some.instance)
    (record,) = ask(client, verb="GetRecord", metadataPrefix="dcat", identifier=identifier(some, 1)).records
    assert graph(record) == wanted[some.id(1)]
    (gone,) = ask(client, verb="GetRecord", metadataPrefix="dcat", identifier=identifier(some, 3)).records
    assert gone.find(f"{OAI}header").get("status") == "deleted"


def test_dublin_core_holds_what_people_read(history: History, client: FlaskClient) -> None:
    history.publish(1, title=(Text("Bäume <&> \x0b", "de"), Text("Trees", "en")))
    (record,) = ask(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=identifier(history, 1)).records
    root = record.find(f"{OAI}metadata/{OAI_DC}")
    texts = {(child.tag.removeprefix(DC), child.text) for child in root}
    assert {("title", "Bäume <&> "), ("title", "Trees"), ("type", "Dataset"), ("format", "CSV"),
            ("rights", "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"),
            ("identifier", "https://daten.amt.example/dataset/1")} <= texts  # fmt: skip
    assert all(child.tag.startswith(DC) and child.text for child in root)
    assert any(name == "identifier" and value.startswith(f"{SITE}/dataset/") for name, value in texts)


def test_no_text_breaks_the_xml(history: History, client: FlaskClient) -> None:
    for number, text in enumerate(histories.TEXTS):
        history.publish(number, title=(Text(text, "de"),), description=(Text(text * 3, "de"),),
                        keyword=(Text(text[:90], "en"),), publisher=agent(text[:90]))  # fmt: skip
    for prefix in ("oai_dc", "dcat"):
        assert len(ask(client, verb="ListRecords", metadataPrefix=prefix).ids) == len(histories.TEXTS)


def test_from_and_until(some: History, client: FlaskClient) -> None:
    def found(**arguments: str) -> int:
        answer = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc", **arguments)
        return 0 if answer.errors == ["noRecordsMatch"] else len(answer.ids)

    first, last = (datetime.datetime.fromisoformat(histories.at(some.instance, seq)) for seq in (1, 12))
    day = "%Y-%m-%d"
    second = "%Y-%m-%dT%H:%M:%SZ"
    assert found(since=first.strftime(day), until=last.strftime(day)) == 9
    assert found(since=first.strftime(second), until=last.strftime(second)) == 9
    assert found(since=(last + DAY).strftime(day)) == found(until=(first - DAY).strftime(day)) == 0
    assert found(since=(last + datetime.timedelta(seconds=1)).strftime(second)) == 0
    assert found(until=(first - datetime.timedelta(seconds=1)).strftime(second)) == 0
    assert found(until=(now() + 9 * DAY).strftime(second)) == 9 == found(since="0001-01-01", until="9999-12-30")


def test_every_instant_divides_the_list_in_two(history: History, client: FlaskClient) -> None:
    for number in range(1, 5):
        history.publish(number)
    seqs = range(1, 5)
    with history.instance.database.reading() as session:
        at = activity.times(session, seqs)
        for seq in seqs:
            assert activity.first_since(session, at[seq]) == seq
            assert activity.first_since(session, at[seq] + datetime.timedelta(microseconds=1)) == seq + 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"), ("verb=", "badVerb"), ("verb=Unfug", "badVerb"), ("verb=identify", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"), ("verb=Identify&x=1", "badArgument"),
        ("verb=Identify&resumptionToken=x", "badArgument"), ("verb=ListSets&set=x", "badArgument"),
        ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
        ("verb=ListRecords&metadataPrefix=dcat&from=", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&set=", "badArgument"),
        ("verb=ListRecords", "badArgument"), ("verb=ListRecords&metadataPrefix=unfug", "cannotDisseminateFormat"),
        ("verb=ListRecords&metadataPrefix=dcat&metadataPrefix=dcat", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=2026", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=gestern", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=2026-02-30", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=2026-01-01T00:00:00", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=2026-01-01T25:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=2026-01-01T00:00:00.5Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=0000-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=2026-01-02&until=2026-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&from=2026-01-01&until=2026-01-02T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&until=9999-12-31T23:59:59Z&from=9999-12-31T23:59:59Z", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=dcat&until=9999-12-31&from=9999-12-31", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=dcat&set=%00", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&set=a:", "badArgument"),
        ("verb=ListRecords&metadataPrefix=dcat&set=city:%27", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=dcat&set=" + "a" * 2000, "badArgument"),
        ("verb=ListRecords&resumptionToken=", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=%FF%00", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=AAAA&metadataPrefix=dcat", "badArgument"),
        ("verb=GetRecord&metadataPrefix=dcat", "badArgument"), ("verb=GetRecord&identifier=x", "badArgument"),
        ("verb=GetRecord&metadataPrefix=dcat&identifier=x", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=dcat&identifier=oai:daten.example.org:%00", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=x&identifier=x", "cannotDisseminateFormat"),
        ("verb=GetRecord&metadataPrefix=dcat&identifier=oai:daten.example.org:00000000-0000-4000-8000-000000000000",
         "idDoesNotExist"),
        ("verb=ListMetadataFormats&identifier=%3C%26%22%0B", "idDoesNotExist"),
    ],
)  # fmt: skip
def test_errors(standing: FlaskClient, query: str, code: str) -> None:
    answer = checked(standing.get(f"/oai?{query}").data)
    assert answer.errors == [code]
    attributes = answer.root.find(f"{OAI}request").attrib
    assert bool(attributes) == (code not in ("badVerb", "badArgument"))


@pytest.mark.slow
def test_tokens_are_ours_and_for_one_verb(history: History, client: FlaskClient) -> None:
    history.publish(*range(1, 103))
    token = ask(client, verb="ListRecords", metadataPrefix="dcat").token.text
    assert len(ask(client, verb="ListRecords", resumptionToken=token).ids) == 2
    assert ask(client, verb="ListRecords", resumptionToken=token).ids, "a token may be used again"
    assert ask(client, verb="ListIdentifiers", resumptionToken=token).errors == ["badResumptionToken"]
    random = Random(5)
    for _ in range(30):
        place = random.randrange(len(token))
        changed = token[:place] + random.choice("AZaz09-_é ") + token[place + 1 :]
        if changed != token:
            assert ask(client, verb="ListRecords", resumptionToken=changed).errors == ["badResumptionToken"]


def test_a_form_is_answered_as_an_address_is(some: History, client: FlaskClient) -> None:
    for arguments in ({"verb": "ListRecords", "metadataPrefix": "dcat"}, {"verb": "Unfug"}):
        one, other = ask(client, **arguments), ask(client, post=True, **arguments)
        assert etree.tostring(one.root[2]) == etree.tostring(other.root[2])
    assert client.post(f"/oai?{urlencode({'verb': 'Identify'})}").status_code == 200


def test_head_compression_and_scripts(some: History, client: FlaskClient) -> None:
    path = "/oai?verb=ListRecords&metadataPrefix=dcat"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Access-Control-Allow-Origin"] == "*"
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")


def test_a_withdrawal_leaves_its_header_only(some: History, client: FlaskClient) -> None:
    assert "/dataset/5" in client.get("/oai?verb=ListRecords&metadataPrefix=dcat").text
    some.withdraw(5)
    for prefix in ("dcat", "oai_dc"):
        assert "dataset/5" not in client.get(f"/oai?verb=ListRecords&metadataPrefix={prefix}").text
    statuses = {h.findtext(f"{OAI}identifier"): h.get("status")
                for h in ask(client, verb="ListIdentifiers", metadataPrefix="dcat").headers}  # fmt: skip
    assert statuses[identifier(some, 5)] == "deleted"
