"""Tables that tests of the DataStore write and read."""

from typing import Any

import desks
from desk_people import ask

from catalog.access import ANONYMOUS, Actor
from catalog.instance import Instance
from catalog.models import Organization


def resource(instance: Instance, organization: Organization, **given: Any) -> str:
    """Write a dataset with one resource that has no address; gives the resource's id."""
    row = desks.write(instance, organization, **{"resources": [{"name": "Messwerte"}], **given})
    found: str = row.document["resources"][0]["id"]
    return found


def rows(instance: Instance, resource_id: str, actor: Actor = ANONYMOUS, **arguments: Any) -> list[dict[str, Any]]:
    """Give the records that somebody finds."""
    found = ask(instance, "datastore_search", actor, resource_id=resource_id, **arguments)
    records: list[dict[str, Any]] = found["records"]
    return records
