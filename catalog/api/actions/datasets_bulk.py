"""CKAN's actions that change several datasets of one organisation at once."""

from collections.abc import Mapping
from dataclasses import replace

from catalog import organizations
from catalog.api.actions import datasets_write, packages
from catalog.api.actions.call import Action, Argument, Call, invalid, not_found
from dcat.message import Message
from dcat.states import DELETED

# Each is written and published by itself.
MAX_BULK = 1000


def bulk_update_private(call: Call) -> None:
    """Take several datasets of one organisation out of the public."""
    _bulk(call, lambda before: replace(before, private=True), "dataset.update")


def bulk_update_public(call: Call) -> None:
    """Publish several datasets of one organisation."""
    _bulk(call, lambda before: replace(before, private=False), "dataset.update")


def bulk_update_delete(call: Call) -> None:
    """Delete several datasets of one organisation."""
    _bulk(call, lambda before: replace(before, state=DELETED), "dataset.delete")


def _bulk(call: Call, edit: datasets_write.Edit, action: str) -> None:
    datasets_write.require_account(call)
    wanted = call.listed("datasets")
    if len(wanted) > MAX_BULK:
        raise invalid(datasets=f"Must not have more than {MAX_BULK} entries")
    owner = organizations.find(call.session, call.required("org_id"))
    if owner is None:
        raise not_found("organization")
    rows = [packages.editable(call.session, call, one) for one in wanted]
    if any(row.organization_id != owner.id for row in rows):
        raise invalid(datasets="All datasets must belong to this organisation")
    for row in rows:
        datasets_write.change(call, row.id, edit, action)


_MANY = (
    Argument("datasets", "array", Message("Kennungen der Datensätze", "ids of the datasets"), required=True),
    Argument("org_id", "string", Message("ihre Organisation", "their organisation"), required=True),
)

ACTIONS: Mapping[str, Action] = {
    "bulk_update_private": Action(
        bulk_update_private,
        Message("mehrere Datensätze verbergen", "make several datasets private"),
        _MANY,
        writes=True,
    ),
    "bulk_update_public": Action(
        bulk_update_public,
        Message("mehrere Datensätze veröffentlichen", "make several datasets public"),
        _MANY,
        writes=True,
    ),
    "bulk_update_delete": Action(
        bulk_update_delete, Message("mehrere Datensätze löschen", "delete several datasets"), _MANY, writes=True
    ),
}
