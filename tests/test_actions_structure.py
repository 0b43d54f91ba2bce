"""CKAN's actions about organisations and groups: who may found, change, see, delete and erase them, and what everybody gets."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from desk_people import ask, person, refusal
from sqlalchemy import event

from catalog import desk, jobs, search, desk_source
from catalog.access import ANONYMOUS, Actor
from catalog.api.actions import datasets, datasets_write, structure, structure_write
from catalog.api.actions.call import Action
from catalog.instance import Instance
from catalog.models import Organization
from catalog.models_accounts import AuditEntry, Role

ACTIONS: Mapping[str, Action] = {
    **structure.ACTIONS,
    **structure_write.ACTIONS,
    **datasets.ACTIONS,
    **datasets_write.ACTIONS,
}
THEMES = 13


def do(instance: Instance, action: str, actor: Actor = ANONYMOUS, /, **arguments: Any) -> Any:
    return ask(ACTIONS, instance, action, actor, **arguments)


def refused(instance: Instance, action: str, actor: Actor = ANONYMOUS, /, **arguments: Any) -> int:
    return refusal(ACTIONS, instance, action, actor, **arguments)[0]


@pytest.fixture
def root(instance: Instance) -> Actor:
    return person(instance, "verwaltung", admin=True)


def test_found_show_change_delete_purge(instance: Instance, root: Actor) -> None:
    given = {"name": "amt-x", "title": "Amt X", "description": "Was es tut.", "extras": [{"key": "raum", "value": "7"}],
             "abteilung": {"nr": 3}}  # fmt: skip
    made = do(instance, "organization_create", root, **given)
    assert (made["name"], made["title"], made["type"], made["state"]) == ("amt-x", "Amt X", "organization", "active")
    assert made["extras"] == [{"key": "raum", "value": "7"}] and made["abteilung"] == {"nr": 3}
    assert [(one["name"], one["capacity"]) for one in made["users"]] == [("verwaltung", "admin")]
    assert do(instance, "organization_show", root, id="amt-x") == made
    assert do(instance, "organization_show", id=made["id"])["users"] == []
    patched = do(instance, "organization_patch", root, id="amt-x", title="Amt Y")
    assert patched == {**made, "title": "Amt Y", "display_name": "Amt Y"}
    assert do(instance, "organization_update", root, **patched) == patched
    replaced = do(instance, "organization_update", root, id="amt-x", name="amt-y")
    assert (replaced["name"], replaced["title"], replaced["extras"]) == ("amt-y", "amt-y", [])
    assert replaced["users"] == made["users"]
    assert do(instance, "organization_delete", root, id="amt-y") is None
    assert refused(instance, "organization_show", id="amt-y") == 404
    assert do(instance, "organization_show", root, id="amt-y")["state"] == "deleted"
    assert do(instance, "organization_list", root) == []
    assert refused(instance, "organization_create", root, name="amt-y") == 409
    assert do(instance, "organization_patch", root, id="amt-y", state="active")["state"] == "active"
    assert do(instance, "organization_purge", root, id="amt-y") is None
    assert refused(instance, "organization_show", root, id="amt-y") == 404
    with instance.database.reading() as session:
        assert session.scalar(sa.select(Role.holder_id)) is None
        assert session.scalar(sa.select(Organization.id).where(Organization.name == "amt-y")) is None
        noted = list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.seq)))
    kept = [one for one in noted if one.startswith("organization.")]
    assert kept == ["organization.create", *["organization.update"] * 3, "organization.delete", "organization.update",
                    "organization.purge"]  # fmt: skip
