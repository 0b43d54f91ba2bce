"""Calls of the DataStore's actions without the transport, and the tables and datasets that tests call them on."""

from collections.abc import Mapping
from typing import Any

import desks
import orjson
import pytest

from catalog import desk_source, jobs
from catalog.access import ANONYMOUS, Actor
from catalog.api.actions.call import ActionError, Call
from catalog.api.actions.tables import ACTIONS
from catalog.instance import Instance
from catalog.models import Organization
from catalog.table_work import check as look


def call(instance: Instance, name: str, actor: Actor = ANONYMOUS, **arguments: Any) -> Any:
    """Call an action and give its result as a client reads it."""
    made = Call(instance=instance, arguments=arguments, actor=actor)
    try:
        result = ACTIONS[name].run(made)
    finally:
        made.renew()
    return orjson.loads(bytes(result) if isinstance(result, bytes) else orjson.dumps(result))


def refused(instance: Instance, name: str, actor: Actor = ANONYMOUS, **arguments: Any) -> tuple[int, Mapping[str, Any]]:
    """Call an action that must fail; gives status and details."""
    with pytest.raises(ActionError) as caught:
        call(instance, name, actor, **arguments)
    return caught.value.status, caught.value.details


def resource(instance: Instance, organization: Organization, **given: Any) -> str:
    """Write a dataset with one resource that has no address; gives the resource's id."""
    row = desks.write(instance, organization, **{"resources": [{"name": "Messwerte"}], **given})
    found: str = row.document["resources"][0]["id"]
    return found


def check(instance: Instance) -> None:
    """Check the files of all desks, as the job process does."""
    for source in desk_source.opened(instance):
        jobs.check_files(instance, source, look)


def rows(instance: Instance, resource_id: str, actor: Actor = ANONYMOUS, **arguments: Any) -> list[dict[str, Any]]:
    """Give the records that somebody finds."""
    found: list[dict[str, Any]] = call(instance, "datastore_search", actor, resource_id=resource_id, **arguments)[
        "records"
    ]
    return found
