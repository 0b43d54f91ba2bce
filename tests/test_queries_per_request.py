"""How often a request asks the database: as often for many datasets as for few, and never more often than it was once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import desks
import homes
import pytest
from action_api import Caller, people
from databases import KINDS, database_url
from sqlalchemy import event

from catalog import search
from catalog.db import Database, Question
from catalog.instance import Instance

FEW, MANY = 10, 100
CREATING = 36


@contextmanager
def statements(instance: Instance) -> Iterator[list[str]]:
    """Collect what is asked of the database, by readers and writers."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            found.append(statement)

    def ask(database: Database, question: Question, **values: str) -> Any:
        found.append(repr(question))
        return straight(database, question, **values)

    # What goes to the driver without SQLAlchemy counts as well.
    straight = Database.ask
    event.listen(instance.database.engine, "before_cursor_execute", note)
    try:
        with patch.object(Database, "ask", ask):
            yield found
    finally:
        event.remove(instance.database.engine, "before_cursor_execute", note)


def asked(instance: Instance, caller: Caller, path: str) -> int:
    """Count the statements of a request, when nothing is new any more."""
    caller.client.get(path, headers=caller.headers)
    with statements(instance) as found:
        answer = caller.client.get(path, headers=caller.headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return len(found)


def test_few_and_many_datasets_take_as_many_statements(tmp_path: Path) -> None:
    paths = (
        "/api/3/action/package_show?id=satz-0",
        "/api/3/action/package_list",
        "/api/3/action/organization_list",
        "/api/3/action/organization_list?all_fields=true",
        "/api/3/action/package_search?rows=10",
        "/api/3/action/package_search?rows=100",
        "/api/3/action/package_search?q=Datensatz&rows=100&facet.field=%5B%22organization%22%5D",
        "/api/3/action/current_package_list_with_resources",
    )
    with homes.home(tmp_path / "home") as instance:
        everybody = people(instance)
        offices = [desks.office(instance, f"amt-{number}").id for number in range(3)]
        counted: list[list[tuple[int, int]]] = []
        for first, last in ((0, FEW), (FEW, MANY)):
            for number in range(first, last):
                _create(everybody.admin, f"satz-{number}", offices[number % 3])
            search.catch_up(instance)
            counted.append(
                [(asked(instance, everybody.nobody, path), asked(instance, everybody.admin, path)) for path in paths]
            )
        few, many = (dict(zip(paths, found, strict=True)) for found in counted)
        assert many == few
        assert everybody.nobody.client.get(paths[5]).get_json()["result"]["count"] == MANY
        assert few["/api/3/action/package_show?id=satz-0"][0] == 1
        assert few["/api/3/action/package_search?rows=100"][0] == 1, "is there anything new; the answer is remembered"
        with statements(instance) as found:
            everybody.nobody.client.get("/api/3/action/package_search?rows=99")
        assert len(found) == 2, "is there anything new; the packages"


@pytest.mark.parametrize("kind", KINDS)
def test_writing_takes_no_more_statements_than_it_did(kind: str, tmp_path: Path) -> None:
    with database_url(kind, tmp_path) as url, homes.home(tmp_path / "home", url) as instance:
        admin, office = people(instance).admin, desks.office(instance).id
        _create(admin, "satz-0", office)
        with statements(instance) as found:
            _create(admin, "satz-1", office)
        assert 5 < len(found) <= CREATING


def _create(caller: Caller, name: str, office: str) -> None:
    caller.result(
        "package_create",
        name=name,
        title=f"Datensatz {name}",
        notes="Werte aus dem Messnetz.",
        owner_org=office,
        license_id="dl-by-de/2.0",
        tags=[{"name": "Messung"}],
        groups=[{"name": "envi"}],
        resources=[{"url": f"https://example.org/{name}.csv", "format": "CSV"}],
    )
