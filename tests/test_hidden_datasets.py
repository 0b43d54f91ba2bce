"""What is private, a draft or deleted is given away by no public read: every address and every reading action is asked and searched.

Each hidden dataset holds words that stand nowhere else; some were public before. What is withheld of public datasets is
tests/test_leaks.py's subject.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import action_api
import desks
import every_address
import homes
import pytest
from action_api import Caller, People
from flask import Flask

from catalog import data_requests, search, triples
from catalog.access import LOCAL, Capacity
from catalog.api.action import ACTIONS
from catalog.app import create_app
from catalog.instance import Instance

WORD = "quittengelee"
STATES: dict[str, dict[str, Any]] = {
    "private": {"private": True},
    "draft": {"state": "draft"},
    "deleted": {"state": "deleted"},
}
TABLE = f"ort,wert\n{WORD},1\nMitte,2\n".encode()


class Hidden:
    """A catalogue with one public dataset and hidden ones, and everything that names them."""

    def __init__(self, instance: Instance) -> None:
        self.people: People = action_api.people(instance)
        self.office = desks.office(instance, "amt")
        self.app: Flask = create_app(instance)
        self.ids: list[str] = []
        self.resources: list[str] = []
        self.instance = instance
        for was_public, (state, values) in itertools.product((False, True), STATES.items()):
            self._hide(f"{state}-{was_public}", values, was_public=was_public)
        self.people.admin.result("package_create", name="offen", title="Offen", owner_org=self.office.id)
        desks.check_files(instance)
        search.catch_up(instance)
        triples.catch_up(instance)

    def _hide(self, name: str, values: dict[str, Any], *, was_public: bool) -> None:
        admin = self.people.admin
        made = admin.result(
            "package_create",
            name=f"{WORD}-{name.lower()}",
            title=f"{WORD} Titel",
            notes=f"{WORD} Beschreibung",
            author=WORD,
            maintainer=WORD,
            url=f"https://example.org/{WORD}",
            version=WORD,
            tags=[{"name": WORD}],
            groups=[{"name": "envi"}],
            extras=[{"key": WORD, "value": WORD}, {"key": "publisher_name", "value": WORD}],
            owner_org=self.office.id,
            **({} if was_public else values),
        )
        linked = admin.result(
            "resource_create", package_id=made["id"], url=f"https://example.org/{WORD}.csv", name=WORD, format=WORD
        )
        upload = admin.upload("resource_create", f"{WORD}.csv", TABLE, package_id=made["id"])
        if was_public:
            desks.check_files(self.instance)
            search.catch_up(self.instance)
            triples.catch_up(self.instance)
            self._answer(name, made["id"])
            admin.result("package_patch", id=made["id"], **values)
        self.ids.append(made["id"])
        self.resources += [linked["id"], upload["id"]]

    def _answer(self, name: str, dataset_id: str) -> None:
        """Let a request for data be answered by a dataset, as long as it is public."""
        with self.instance.database.writing() as session:
            number = data_requests.open_request(session, LOCAL, title=f"Wunsch {name}")
            data_requests.answer(session, LOCAL, number, state="published", dataset=dataset_id)


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hidden]:
    with homes.home(tmp_path_factory.mktemp("hidden") / "home") as instance:
        yield Hidden(instance)


def gives_away(body: bytes) -> bool:
    return WORD.encode() in body.lower()


def addresses(hidden: Hidden) -> Iterator[str]:
    """Every address that can be asked for by GET, filled with whatever names what is hidden."""
    # The first and the fourth were never public and were public once.
    anything = [hidden.ids[0], hidden.ids[3], hidden.resources[7], "amt", hidden.office.id, "envi", "1"]
    return every_address.addresses(hidden.app, [*hidden.ids, *hidden.resources], anything)


def test_no_address_gives_anything_away(hidden: Hidden) -> None:
    client, found, asked = hidden.app.test_client(), [], 0
    for address in addresses(hidden):
        for query in ("", "?limit=1000"):
            answer = client.get(f"{address}{query}")
            asked += 1
            assert answer.status_code != 500, address
            if gives_away(answer.data) or WORD in str(answer.headers).lower():
                found.append(f"{address}{query} {answer.status_code}")
    assert asked > 200
    assert found == []


def test_a_hidden_name_answers_as_one_that_nobody_has(hidden: Hidden) -> None:
    client = hidden.app.test_client()
    for state in STATES:
        for name in (f"{WORD}-{state}-false", f"{WORD}-{state}-true"):
            assert client.get(f"/dataset/{name}").status_code == client.get("/dataset/gibt-es-nicht").status_code == 404


def arguments(hidden: Hidden) -> Iterator[dict[str, Any]]:
    """What somebody may try with any action."""
    yield {}
    for value in (*hidden.ids, *hidden.resources, hidden.office.id, "amt", "envi", "leitung"):
        yield {"id": value}
        yield {"resource_id": value}
    for flag in ("include_private", "include_drafts", "include_deleted", "include_datasets", "all_fields"):
        yield {flag: True, "id": hidden.office.id}
    everything = {"include_private": True, "include_drafts": True, "include_deleted": True, "rows": 1000}
    facets = {"facet.field": ["tags", "organization", "groups", "res_format", "license_id", "extras_x", "author"]}
    for q in ("*:*", WORD[:-2], f"{WORD[:5]}*", f"title:{WORD[:5]}*", f"tags:{WORD[:5]}*", "name:quitten*"):
        yield {"q": q, **everything, **facets}
        yield {"fq": q, **everything, **facets}
        yield {"q": q[:6], "incomplete": q[:6], "query": q[:6], "limit": 100}
    for state in ("draft", "deleted", "active"):
        yield {"fq": f"+state:{state}", **facets}
        yield {"q": f"state:{state} OR private:true", **everything}
    yield {"query": [f"name:{WORD[:5]}"]}
    yield {"query": [f"url:{WORD[:5]}"]}
    yield {"object_type": "package", "id": "envi"}
    yield {"organization_id": hidden.office.id, "dataset_id": hidden.ids[0], "user": "leitung"}


def test_no_reading_action_gives_anything_away(hidden: Hidden) -> None:
    stranger = hidden.people.editor("fremde", desks.office(hidden.instance, "anderes").id, Capacity.ADMIN)
    found = []
    for name, action in ACTIONS.items():
        if action.writes:
            continue
        for given, caller in itertools.product(arguments(hidden), (hidden.people.nobody, stranger)):
            answer = caller.post(name, **given)
            assert answer.status_code != 500, (name, given)
            if gives_away(_without_echo(answer.data, given)):
                found.append((name, given, caller is stranger, answer.status_code))
    assert found == []


def _without_echo(body: bytes, given: dict[str, Any]) -> bytes:
    """Take out what the answer repeats of the question."""
    for value in given.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and WORD in text:
                body = body.replace(json.dumps(text).encode()[1:-1], b"")
    return body


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * WHERE { ?s ?p ?o }",
        "SELECT ?g WHERE { GRAPH ?g { ?s ?p ?o } }",
        f'SELECT ?s WHERE {{ ?s ?p ?o FILTER(CONTAINS(LCASE(STR(?o)), "{WORD[:7]}")) }}',
    ],
)
def test_sparql_gives_nothing_away(hidden: Hidden, query: str) -> None:
    answer = hidden.app.test_client().get("/sparql", query_string={"query": query, "format": "json"})
    assert answer.status_code == 200
    assert not gives_away(answer.data)


def test_those_inside_see_it(hidden: Hidden) -> None:
    """So that the word is really there."""
    editor: Caller = hidden.people.editor("autorin", hidden.office.id)
    for dataset_id in hidden.ids:
        assert gives_away(editor.post("package_show", id=dataset_id).data)
