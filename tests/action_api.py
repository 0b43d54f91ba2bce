"""Callers of the Action API over HTTP: anonymous, or with the token of an account."""

import io
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog import accounts, tokens
from catalog.access import Capacity
from catalog.app import create_app
from catalog.instance import Instance


@dataclass(frozen=True)
class Caller:
    """Somebody who calls actions."""

    client: FlaskClient
    token: str = ""
    id: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, action: str, *, if_match: str = "", **arguments: Any) -> TestResponse:
        """Call an action by POST with JSON."""
        headers = dict(self.headers) | ({"If-Match": if_match} if if_match else {})
        return self.client.post(f"/api/action/{action}", json=arguments, headers=headers)

    def result(self, action: str, **arguments: Any) -> Any:
        """Call an action that must succeed."""
        answer = self.post(action, **arguments)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["result"]

    def error(self, action: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
        """Call an action that must fail; gives the status and the error."""
        answer = self.post(action, **arguments)
        assert answer.status_code != 200, answer.get_data(as_text=True)
        return answer.status_code, answer.get_json()["error"]

    def refused(self, action: str, **arguments: Any) -> int:
        """Call an action that must fail; gives the status."""
        return self.error(action, **arguments)[0]

    def upload(self, action: str, file_name: str, content: bytes, **arguments: Any) -> Any:
        """Call an action with a file."""
        data = {**arguments, "upload": (io.BytesIO(content), file_name)}
        answer = self.client.post(
            f"/api/action/{action}", data=data, headers=self.headers, content_type="multipart/form-data"
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["result"]


@dataclass(frozen=True)
class People:
    """A catalogue and those who use it: nobody, an administrator of the site, others as needed."""

    instance: Instance
    nobody: Caller
    admin: Caller

    def add(self, name: str, **roles: Capacity) -> Caller:
        """Add somebody with roles in organisations or groups, by their id with dashes as underscores."""
        held = {holder.replace("_", "-"): capacity for holder, capacity in roles.items()}
        return _caller(self.instance, self.nobody.client, name, held)

    def office(self, name: str, **more: Any) -> str:
        """Found an organisation; gives its id."""
        return str(self.admin.result("organization_create", name=name, **more)["id"])

    def editor(self, name: str, organization: str, capacity: Capacity = Capacity.EDITOR) -> Caller:
        """Add somebody with a role in one organisation."""
        return _caller(self.instance, self.nobody.client, name, {organization: capacity})


def people(instance: Instance) -> People:
    """Open a catalogue for tests of its API."""
    client = create_app(instance).test_client()
    return People(instance, Caller(client), _caller(instance, client, "leitung", {}, admin=True))


def _caller(
    instance: Instance, client: FlaskClient, name: str, roles: dict[str, Capacity], *, admin: bool = False
) -> Caller:
    with instance.database.writing() as session:
        account = accounts.add(session, name, admin=admin)
        session.flush()
        made = tokens.create(session, account)
        for holder, capacity in roles.items():
            accounts.give_role(session, holder, account.id, capacity)
    return Caller(client, made.text, account.id, {"Authorization": made.text})
