"""Requests for data: opened once, answered with what is public, and nothing in them of who asked or of what is hidden."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import command_line
import databases
import desks
import homes
import pytest
import sqlalchemy as sa
from command_line import Run
from flask.testing import FlaskClient
from lxml import html
from steward_home import BASE, StewardHome
from werkzeug.test import TestResponse

from catalog import accounts, audit, data_requests, desk_purge, search_misses
from catalog.access import ANONYMOUS, LOCAL, Actor, Capacity, Scope
from catalog.app import create_app
from catalog.data_requests import State, Wish
from catalog.instance import Instance
from catalog.models_desk import DataRequest
from catalog.steward_acts import ForbiddenError
from dcat.errors import NotFoundError, StateError

PASSWORD = "ein langes Kennwort"
SECRET = "Quittengelee"


@pytest.fixture(params=databases.KINDS)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    """A fresh catalogue on each database."""
    with databases.database_url(request.param, tmp_path) as url, homes.home(tmp_path / "home", url) as opened:
        yield opened


def opened(instance: Instance, actor: Actor = LOCAL, **said: str) -> str:
    with instance.database.writing() as session:
        return data_requests.open_request(session, actor, **said)


def answered(instance: Instance, number: str, actor: Actor = LOCAL, **said: Any) -> Wish:
    with instance.database.writing() as session:
        data_requests.answer(session, actor, number, **said)
    return found(instance, number)


def found(instance: Instance, number: str) -> Wish:
    with instance.database.reading() as session:
        return data_requests.find(session, number)


def titles(instance: Instance, state: str = "") -> list[str]:
    with instance.database.reading() as session:
        return [wish.title for wish in data_requests.listed(session, state).wishes]


def miss(instance: Instance, *said: str) -> None:
    with instance.database.writing() as session:
        for words in said:
            search_misses.note_miss(session, words)


def missed(instance: Instance) -> set[str]:
    with instance.database.reading() as session:
        return {one.words for one in search_misses.misses(session)}


def log(instance: Instance) -> list[tuple[str, str, dict[str, Any]]]:
    with instance.database.reading() as session:
        noted = [entry for entry, _ in audit.entries(session) if entry.action.startswith("request.")]
        return [(entry.action, entry.name, dict(entry.details)) for entry in noted]


# Opened and answered


def test_a_miss_becomes_a_request_and_is_forgotten(both: Instance) -> None:
    miss(both, "Solar  Kataster", "wärmeplan")
    wish = found(both, opened(both, words="Solar Kataster"))
    assert (wish.title, wish.words, wish.state, wish.answer) == ("solar kataster", "solar kataster", State.OPEN, "")
    assert wish.dataset is None and not wish.lost and wish.created_at == wish.changed_at
    assert missed(both) == {"wärmeplan"}
    assert log(both) == [("request.open", "solar kataster", {"words": "solar kataster", "again": False})]


def test_the_same_words_twice_are_one_request(both: Instance) -> None:
    first = opened(both, words="Solarkataster", title="Dächer, die sich für Solar eignen")
    miss(both, "solarkataster")
    assert opened(both, words=" SOLARKATASTER ", title="anders") == first
    assert titles(both) == ["Dächer, die sich für Solar eignen"] and missed(both) == set()
    assert opened(both, title="Nur ein Titel") == opened(both, title=" Nur  ein Titel ") != first
    assert len(titles(both)) == 2


def test_states_follow_each_other_with_their_answer(both: Instance) -> None:
    office = desks.office(both)
    row = desks.write(both, office, name="solarkataster", title="Solarkataster 2026")
    number = opened(both, words="solar")
    wish = answered(both, number, state="planned", text="Kommt im Mai.\r\n\r\nVersprochen.")
    assert (wish.state, wish.answer) == (State.PLANNED, "Kommt im Mai.\n\nVersprochen.")
    assert wish.changed_at > wish.created_at
    for dataset in ("solarkataster", row.id, f"https://daten.example.org/dataset/{row.name}/"):
        wish = answered(both, number, state="published", dataset=dataset)
        assert wish.dataset and (wish.dataset.name, wish.dataset.title) == ("solarkataster", "Solarkataster 2026")
    assert wish.answer.startswith("Kommt"), "what is not said stays"
    assert answered(both, number, state="published", text="Da.").dataset == wish.dataset
    wish = answered(both, number, state="declined", dataset="", title="Solare Eignung")
    assert (wish.title, wish.dataset, wish.lost, wish.words) == ("Solare Eignung", None, False, "solar")
    assert titles(both, "declined") == ["Solare Eignung"] and titles(both, "open") == []
    actions = [(action, details.get("state")) for action, _, details in log(both)]
    assert actions == [("request.answer", state) for state in ("declined", *["published"] * 4, "planned")] + [
        ("request.open", None)
    ]
    assert row.name not in str(log(both)), "the log names the dataset by its id, which says nothing once it is erased"


@pytest.mark.parametrize(
    "said",
    [
        {"state": ""},
        {"state": "OPEN"},
        {"state": "published"},
        {"state": "published", "dataset": " "},
        {"state": "planned", "dataset": "gibt-es-nicht"},
        {"state": "planned", "dataset": "a\0b"},
        {"state": "planned", "dataset": "6f0ffe0b-a1a5-4c1e-8000-0000000000ff"},
        {"state": "planned", "text": "x" * (data_requests.LONGEST_ANSWER + 1)},
        {"state": "planned", "title": "x" * (data_requests.LONGEST_TITLE + 1)},
    ],
)
def test_an_answer_that_is_none_changes_nothing(instance: Instance, said: dict[str, str]) -> None:
    number = opened(instance, words="solar")
    before = found(instance, number)
    with pytest.raises(StateError):
        answered(instance, number, **said)
    assert found(instance, number) == before and len(log(instance)) == 1


@pytest.mark.parametrize(
    "said", [{}, {"title": " \n"}, {"words": "erika@example.org"}, {"words": "0171234567"}, {"title": "x" * 201}]
)
def test_what_says_nothing_or_too_much_is_no_request(instance: Instance, said: dict[str, str]) -> None:
    with pytest.raises(StateError):
        opened(instance, **said)
    assert titles(instance) == [] and log(instance) == []


def test_addresses_of_people_are_not_kept_beside_a_title(instance: Instance) -> None:
    assert found(instance, opened(instance, title="Bäume", words="erika@example.org")).words == ""


def test_titles_are_one_line_of_printable_signs(instance: Instance) -> None:
    assert found(instance, opened(instance, title="Bäume\n\0\u202e und  Wege")).title == "Bäume und Wege"


def test_there_are_no_more_than_so_many(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_requests, "MOST", 2)
    miss(instance, "drei")
    for words in ("eins", "zwei", "eins"):
        opened(instance, words=words)
    with pytest.raises(StateError, match="no more"):
        opened(instance, words="drei")
    assert len(titles(instance)) == 2 and missed(instance) == {"drei"}


def test_lists_come_in_pages_those_changed_last_first(both: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_requests, "PAGE", 2)
    numbers = [opened(both, words=words) for words in ("eins", "zwei", "drei")]
    answered(both, numbers[0], state="planned")
    with both.database.reading() as session:
        first, second = data_requests.listed(session), data_requests.listed(session, page=2)
    assert [wish.title for wish in first.wishes] == ["eins", "drei"] and first.following == 2
    assert [wish.title for wish in second.wishes] == ["zwei"] and second.following == 0
    assert first.states == {State.OPEN: 2, State.PLANNED: 1, State.PUBLISHED: 0, State.DECLINED: 0}


# Who may


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (ANONYMOUS, False),
        (Actor(id="a"), False),
        (Actor(id="a", roles={"o": Capacity.MEMBER}), False),
        (Actor(id="a", shared={"d": Capacity.ADMIN}), False),
        (Actor(id="a", roles={"o": Capacity.EDITOR}), True),
        (Actor(id="a", roles={"o": Capacity.ADMIN}), True),
        (Actor(id="a", admin=True), True),
        (Actor(id="a", admin=True, scopes=frozenset({Scope.STRUCTURE})), True),
        (Actor(id="a", admin=True, scopes=frozenset({Scope.READ})), False),
        (Actor(id="a", roles={"o": Capacity.ADMIN}, scopes=frozenset({Scope.READ, Scope.STRUCTURE})), False),
    ],
)
def test_who_edits_for_any_organisation_or_administers_keeps_requests(
    instance: Instance, actor: Actor, may: bool
) -> None:
    number = opened(instance, words="vorher")
    if may:
        assert opened(instance, actor, words="solar") and answered(instance, number, actor, state="planned")
        return
    with pytest.raises(ForbiddenError):
        opened(instance, actor, words="solar")
    with pytest.raises(ForbiddenError):
        answered(instance, number, actor, state="planned")
    assert titles(instance) == ["vorher"]


def test_a_request_that_is_not_there(instance: Instance) -> None:
    for number in ("nirgends", "6f0ffe0b-a1a5-4c1e-8000-0000000000ff"):
        with pytest.raises(NotFoundError):
            found(instance, number)
        with pytest.raises(NotFoundError):
            answered(instance, number, state="planned")


# What nobody learns


def test_nothing_is_kept_of_who_asked() -> None:
    kept = {"id", "title", "words", "state", "answer", "dataset_id", "created_at", "changed_at"}
    assert set(DataRequest.__table__.columns.keys()) == kept


@pytest.mark.parametrize("values", [{"private": True}, {"state": "draft"}])
def test_a_dataset_that_is_hidden_is_no_answer_and_its_name_is_not_confirmed(
    instance: Instance, values: dict[str, Any]
) -> None:
    row = desks.write(instance, desks.office(instance), name="geheim", title=SECRET, **values)
    number = opened(instance, words="solar")
    said = []
    for dataset in ("geheim", row.id, "gibt-es-nicht"):
        with pytest.raises(StateError) as caught:
            answered(instance, number, state="published", dataset=dataset)
        said.append(str(caught.value).replace(dataset, ""))
    assert len(set(said)) == 1


def test_a_dataset_that_is_no_longer_public_is_not_named(both: Instance) -> None:
    row = desks.write(both, desks.office(both), name="quittengelee", title=SECRET)
    number = opened(both, words="solar")
    client = create_app(both).test_client()
    answered(both, number, state="published", dataset=row.id)
    assert SECRET in client.get("/requests").text and "/dataset/quittengelee" in client.get("/requests").text
    desks.change(both, row, private=True)
    wish = found(both, number)
    assert wish.dataset is None and wish.lost and wish.state is State.PUBLISHED
    for path in ("/requests", "/requests?state=published", "/requests?lang=en"):
        page = client.get(path).text
        assert SECRET.lower() not in page.lower() and row.id not in page
    assert SECRET.lower() not in str(data_requests.as_json(wish)).lower()
    with pytest.raises(StateError):
        answered(both, number, state="published")


def test_erasing_a_dataset_leaves_no_trace_of_it_in_requests(instance: Instance) -> None:
    row = desks.write(instance, desks.office(instance), name="weg", title="Weg")
    number = opened(instance, words="solar")
    answered(instance, number, state="published", dataset="weg")
    desk_purge.purge(instance, desks.ADMIN, row.id)
    with instance.database.reading() as session:
        assert session.get_one(DataRequest, number).dataset_id == ""


# Pages


@pytest.fixture
def client(instance: Instance) -> FlaskClient:
    return create_app(instance).test_client()


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def tree(answer: TestResponse) -> html.HtmlElement:
    assert answer.status_code == 200, answer.status_code
    return html.document_fromstring(answer.text)


def signed_in(instance: Instance, name: str, capacity: Capacity | None) -> FlaskClient:
    office = desks.office(instance, f"amt-{name}")
    with instance.database.writing() as session:
        account = accounts.add(session, name, PASSWORD)
        if capacity:
            accounts.give_role(session, office.id, account.id, capacity)
    client = create_app(instance).test_client()
    assert send(client, "/user/login", "/user/login", name=name, password=PASSWORD).status_code in (302, 303)
    return client


def send(client: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    token = html.document_fromstring(client.get(page, base_url=BASE).text).xpath("//input[@name='csrf_token']/@value")
    return client.post(path, base_url=BASE, data={"csrf_token": token[0] if token else "", **fields})


def test_the_public_page_lists_every_state_with_its_answer(instance: Instance, client: FlaskClient) -> None:
    assert "noch kein Datenwunsch" in client.get("/requests").text
    desks.write(instance, desks.office(instance), name="baeume", title="Bäume 2026")
    for state, dataset in (("open", ""), ("planned", ""), ("published", "baeume"), ("declined", "")):
        number = opened(instance, title=f"Wunsch {state}", words=f"gesuchtes {state}")
        answered(instance, number, state=state, dataset=dataset, text=f"Antwort {state}\nZweite Zeile")
    page = tree(client.get("/requests"))
    entries = [words(entry) for entry in page.xpath("//li[@class='o-finding']")]
    for entry, (state, label) in zip(
        reversed(entries),
        (("open", "offen"), ("planned", "geplant"), ("published", "veröffentlicht"), ("declined", "abgelehnt")),
        strict=True,
    ):
        assert entry.startswith(f"Wunsch {state} {label}") and f"Antwort {state} Zweite Zeile" in entry
    assert page.xpath("//li[@class='o-finding']//a/@href") == ["/dataset/baeume"]
    assert "gesuchtes" not in page.text_content(), "what somebody typed is the stewards'"
    assert words(tree(client.get("/requests?state=planned")).xpath("//ul[@class='o-findings']")[0]).startswith(
        "Wunsch planned"
    )
    assert len(tree(client.get("/requests?state=nix")).xpath("//li[@class='o-finding']")) == 4
    assert client.get("/requests?page=x").status_code == client.get("/requests?page=999999").status_code == 400
    english = tree(client.get("/requests?lang=en"))
    assert words(english.xpath("//h1")[0]) == "Requests for data"
    assert english.xpath("//li[@class='o-finding']/h2/*[@lang='de'] | //li[@class='o-finding']/h2[@lang='de']")


def test_texts_of_stewards_are_text(instance: Instance, client: FlaskClient) -> None:
    evil = "<script>alert(1)</script> [x](javascript:y)"
    answered(instance, opened(instance, title=evil), state="planned", text=evil)
    page = client.get("/requests").text
    assert "<script>alert" not in page and page.count("&lt;script&gt;alert(1)") == 2
    assert not html.document_fromstring(page).xpath("//a[contains(@href, 'javascript')]")


def test_pages_lead_there(instance: Instance, client: FlaskClient) -> None:
    assert 'href="/requests"' in client.get("/").text
    found = tree(client.get("/dataset?q=xyzzyq")).xpath("//div[contains(@class, 'o-alert')]//a/@href")
    assert "/requests" in found
    assert "<loc>https://daten.example.org/requests</loc>" in client.get("/sitemap.xml").text


def test_the_public_page_is_the_same_for_everybody(instance: Instance, client: FlaskClient) -> None:
    opened(instance, words="solar")
    mine = signed_in(instance, "erika", Capacity.EDITOR).get("/requests", base_url=BASE)
    assert mine.data == client.get("/requests", base_url=BASE).data and "Set-Cookie" not in mine.headers


def test_a_steward_makes_a_request_of_a_miss_and_answers_it(instance: Instance) -> None:
    desks.write(instance, desks.office(instance), name="solar", title="Solar 2026")
    miss(instance, "solarkataster", 'a"b <i>')
    steward = signed_in(instance, "erika", Capacity.EDITOR)
    listed = tree(steward.get("/steward/searches", base_url=BASE))
    buttons = {words(button) for button in listed.xpath("//table//button")}
    assert buttons == {f"Als Datenwunsch führen – {said}" for said in ('a"b <i>', "solarkataster")}
    answer = send(steward, "/steward/requests", "/steward/searches", words="solarkataster")
    assert answer.status_code == 303 and re.fullmatch(r"/steward/requests/[0-9a-f-]{36}", answer.location)
    assert missed(instance) == {'a"b <i>'} and titles(instance) == ["solarkataster"]
    path = answer.location
    fields = {"title": "Dächer für Solar", "state": "published", "dataset": "nichts", "text": "Hier ist er."}
    refused = send(steward, path, path, **fields)
    assert refused.status_code == 409 and "Kein öffentlicher Datensatz" in refused.text
    assert "Hier ist er." in refused.text, "what was written is not lost"
    assert send(steward, path, path, **(fields | {"dataset": "solar"})).location == "/steward/requests"
    wish = found(instance, path.rpartition("/")[2])
    assert (wish.title, wish.state, wish.answer) == ("Dächer für Solar", State.PUBLISHED, "Hier ist er.")
    row = tree(steward.get("/steward/requests?state=published", base_url=BASE)).xpath("//table/tbody/tr")
    assert [words(cell) for cell in row[0]][:4] == ["Dächer für Solar", "veröffentlicht", "solarkataster", "Solar 2026"]
    with instance.database.reading() as session:
        assert {who for entry, who in audit.entries(session) if entry.action.startswith("request.")} == {"erika"}
    public = create_app(instance).test_client().get("/requests").text
    assert "erika" not in public and "Solar 2026" in public


def test_a_request_is_added_by_hand(instance: Instance) -> None:
    steward = signed_in(instance, "erika", Capacity.ADMIN)
    refused = send(steward, "/steward/requests", "/steward/requests", title=" ")
    assert refused.status_code == 409 and "Nennen Sie, welche Daten" in refused.text
    assert send(steward, "/steward/requests", "/steward/requests", title="Parkscheine").status_code == 303
    assert titles(instance) == ["Parkscheine"]


@pytest.mark.parametrize("capacity", [None, Capacity.MEMBER])
def test_who_edits_nowhere_does_not_get_in(instance: Instance, capacity: Capacity | None) -> None:
    number = opened(instance, words="solar")
    other = signed_in(instance, "erika", capacity)
    for path in ("/steward/requests", f"/steward/requests/{number}"):
        assert other.get(path, base_url=BASE).status_code == 403
        assert send(other, path, "/user/me", words="neu", state="planned").status_code == 403
    assert titles(instance, "open") == ["solar"]


def test_a_form_that_is_not_ours_keeps_nothing(instance: Instance) -> None:
    number = opened(instance, words="solar")
    steward = signed_in(instance, "erika", Capacity.EDITOR)
    for path in ("/steward/requests", f"/steward/requests/{number}"):
        for token in ({}, {"csrf_token": "x"}):
            data = {"words": "neu", "state": "planned", **token}
            assert steward.post(path, base_url=BASE, data=data).status_code == 400
    assert titles(instance, "open") == ["solar"]


def test_holders_of_the_link_read_and_do_not_act(every_state: StewardHome) -> None:
    instance = every_state.instance
    number = opened(instance, words="solar")
    miss(instance, "mond")
    try:
        steward = every_state.steward()
        for path in ("/steward/searches", "/steward/requests", f"/steward/requests/{number}"):
            answer = steward.get(path, base_url=BASE)
            assert answer.headers["Cache-Control"] == "no-store" and "noindex" in answer.headers["X-Robots-Tag"]
            assert not tree(answer).xpath("//form[@method='post']") and "Set-Cookie" not in answer.headers
            assert every_state.visitor().get(path, base_url=BASE).status_code == 403
        missing = "/steward/requests/6f0ffe0b-a1a5-4c1e-8000-0000000000ff"
        assert steward.get(missing, base_url=BASE).status_code == 404
    finally:
        with instance.database.writing() as session:
            session.execute(sa.delete(DataRequest))
            search_misses.forget_misses(session)


# The command line


@pytest.fixture
def run(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line.runner(monkeypatch, capsys, instance.config.home)


def test_requests_on_the_command_line(instance: Instance, run: Run) -> None:
    desks.write(instance, desks.office(instance), name="solar", title="Solar 2026")
    miss(instance, "solarkataster")
    assert "offenbar request add --words" in run("index", "misses").err
    made = run("request", "add", "--words", "Solarkataster", "--json").data
    assert (made["title"], made["words"], made["state"], made["dataset"]) == ("solarkataster",) * 2 + ("open", None)
    assert missed(instance) == set()
    assert f"offenbar request answer {made['id']}" in run("request", "add", "anders", "--words", "solarkataster").out
    failed = run("request", "answer", made["id"], "--state", "published")
    assert failed.code == 2 and "öffentlichen Datensatz" in failed.err
    done = run("request", "answer", made["id"], "--state", "published", "--dataset", "solar", "--text", "Da.", "--json")
    assert done.code == 0 and (done.data["dataset"], done.data["answer"]) == ("solar", "Da.")
    said = run("--lang", "en", "request", "answer", made["id"], "--state", "declined", "--title", "Dächer")
    assert said.out.strip() == "Answered: Dächer (declined)."
    listed = run("request", "list").out
    assert made["id"] in listed and "abgelehnt" in listed and "solar" in listed
    assert [one["title"] for one in run("request", "list", "--state", "declined", "--json").data] == ["Dächer"]
    assert run("request", "list", "--state", "open", "--json").data == []
    assert run("request", "answer", "nirgends", "--state", "open").code == 2
    assert run("request", "add").code == run("request", "answer", made["id"], "--state", "x").code == 2


def test_the_list_is_whole(instance: Instance, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_requests, "PAGE", 2)
    for said in "abcde":
        opened(instance, words=said)
    assert [one["title"] for one in run("request", "list", "--json").data] == ["e", "d", "c", "b", "a"]
