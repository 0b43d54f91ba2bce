"""CKAN's actions about collaborators: accounts that work on single datasets beyond their roles. Off unless the site allows it."""

from collections.abc import Mapping
from typing import Any

from catalog import access, accounts, audit, desk_rows
from catalog.access import Capacity
from catalog.api.actions import named
from catalog.api.actions.call import Action, ActionError, Argument, Call, denied, invalid, not_found
from catalog.models_accounts import Collaborator
from catalog.models_desk import DeskDataset
from catalog.renditions import naive
from dcat.message import Message


def package_collaborator_create(call: Call) -> dict[str, Any]:
    """Let an account work along on a dataset, or with another capacity than it does."""
    row, capacity = _shared(call), named.capacity(call, "capacity")
    if capacity is Capacity.ADMIN and not call.instance.config.ckan_admin_collaborators:
        raise invalid(capacity="Must be one of: editor, member")
    account = named.account(call, "user_id")
    with call.writing() as session:
        accounts.share(session, row.id, account.id, capacity)
        details = {"user": account.name, "capacity": str(capacity)}
        audit.note(session, call.actor, "collaborator.create", row.id, row.name, **details)
    found = next(one for one in accounts.collaborators(call.session, row.id) if one.account_id == account.id)
    return _described(found)


def package_collaborator_delete(call: Call) -> None:
    """Let an account no longer work along on a dataset."""
    row, account = _shared(call), named.account(call, "user_id")
    with call.writing() as session:
        if not accounts.unshare(session, row.id, account.id):
            raise not_found("collaborator")
        audit.note(session, call.actor, "collaborator.delete", row.id, row.name, user=account.name)


def package_collaborator_list(call: Call) -> list[dict[str, Any]]:
    """List who works along on a dataset, for those who may say so."""
    row, wanted = _shared(call), call.text("capacity")
    return [
        _described(one)
        for one in accounts.collaborators(call.session, row.id)
        if one.capacity == (named.capacity(call, "capacity") if wanted else one.capacity)
    ]


def package_collaborator_list_for_user(call: Call) -> list[dict[str, Any]]:
    """List the datasets that an account works along on; one's own, or for administrators anybody's."""
    _require_switched_on(call)
    account = accounts.find(call.session, call.required("id")) if call.actor.known else None
    if account is None or (account.id != call.actor.id and not access.may_oversee(call.actor)):
        raise denied("only administrators see what others work on")
    wanted = named.capacity(call, "capacity") if call.text("capacity") else None
    found = accounts.shared_with(call.session, account.id)
    return [
        {"package_id": one.dataset_id, "capacity": one.capacity, "modified": naive(one.modified_at.isoformat())}
        for one in found
        if wanted in (None, one.capacity)
    ]


def _require_switched_on(call: Call) -> None:
    if not call.instance.config.ckan_collaborators:
        raise ActionError(409, "Validation Error", {"message": ["Dataset collaborators are not enabled on this site"]})


def _shared(call: Call) -> DeskDataset:
    """Find the dataset, for somebody who may say who works on it."""
    _require_switched_on(call)
    row = named.dataset(call, "id")
    if not access.may_share(call.actor, desk_rows.holding(row)):
        raise denied("only admins of the organization or of the dataset may say who works on it")
    return row


def _described(found: Collaborator) -> dict[str, Any]:
    return {
        "package_id": found.dataset_id,
        "user_id": found.account_id,
        "capacity": found.capacity,
        "modified": naive(found.modified_at.isoformat()),
    }


_DATASET = Argument("id", "string", Message("Datensatz: Kennung oder Name", "dataset: id or name"), required=True)
_USER = Argument("user_id", "string", Message("Konto: Kennung oder Name", "account: id or name"), required=True)
_CAPACITY = Argument("capacity", "string", Message("editor, member oder admin", "editor, member or admin"))

ACTIONS: Mapping[str, Action] = {
    "package_collaborator_create": Action(
        package_collaborator_create,
        Message("Ein Konto an einem Datensatz mitarbeiten lassen.", "Let an account work along on a dataset."),
        (_DATASET, _USER, Argument(_CAPACITY.name, _CAPACITY.type, _CAPACITY.about, required=True)),
        writes=True,
    ),
    "package_collaborator_delete": Action(
        package_collaborator_delete,
        Message("Ein Konto nicht mehr mitarbeiten lassen.", "Let an account no longer work along."),
        (_DATASET, _USER),
        writes=True,
    ),
    "package_collaborator_list": Action(
        package_collaborator_list,
        Message("Wer an einem Datensatz mitarbeitet.", "Who works along on a dataset."),
        (_DATASET, _CAPACITY),
    ),
    "package_collaborator_list_for_user": Action(
        package_collaborator_list_for_user,
        Message("Woran ein Konto mitarbeitet.", "What an account works along on."),
        (
            Argument("id", "string", Message("Konto: Kennung oder Name", "account: id or name"), required=True),
            _CAPACITY,
        ),
    ),
}
