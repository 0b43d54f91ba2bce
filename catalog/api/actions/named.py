"""What the arguments of actions name: an organisation or group, an account, a dataset; 404 where whoever asks may not know of it."""

import uuid
from typing import Any

from catalog import access, accounts, desk_rows, holders, store
from catalog.api.actions.call import ActionError, Call, denied, impossible, invalid, not_found
from catalog.drafts import PUBLISHED
from catalog.holders import Holder, Kind
from catalog.models import Run
from catalog.models_accounts import Account
from catalog.models_desk import DeskDataset
from dcat.digits import natural
from dcat.errors import StateError
from dcat.states import ACTIVE


def holder(call: Call, kind: Kind, *arguments: str) -> Holder:
    """Find the organisation or group that an argument names; a deleted one is found by those who belong to it."""
    found = holders.find(call.session, call.instance.config, kind, call.required(*(arguments or ("id",))))
    if found is None or (found.state != ACTIVE and not _inside(call, found)):
        raise not_found()
    return found


def _inside(call: Call, found: Holder) -> bool:
    return access.may_manage(call.actor, found.id) or access.may_see_members(call.actor, found.id)


def either(call: Call) -> Holder:
    """Find the organisation or group that `id` names."""
    config, wanted = call.instance.config, call.required("id")
    kind = next((one for one in Kind if holders.find(call.session, config, one, wanted)), Kind.GROUP)
    return holder(call, kind)


def require_managed(call: Call, found: Holder) -> None:
    """Refuse who may not change an organisation or group, and everybody where it is a theme of the EU."""
    if found.theme:
        raise denied(f"{found.name} is a data theme of the EU and cannot be changed")
    if not access.may_manage(call.actor, found.id):
        raise denied(f"only its admins may change {found.name}")


def account(call: Call, *arguments: str) -> Account:
    """Find the account that an argument names, deleted ones excepted."""
    found = accounts.present(call.session, call.required(*arguments))
    if found is None:
        raise not_found("user")
    return found


def dataset(call: Call, *arguments: str) -> DeskDataset:
    """Find the dataset of the desk that an argument names; a harvested one is nothing to be changed here (409)."""
    return written(call, call.required(*arguments), arguments[0])


def written(call: Call, wanted: str, argument: str) -> DeskDataset:
    """Find a dataset of the desk by its id or name, which an argument gave."""
    row = desk_rows.find(call.session, wanted)
    if row is not None and access.may_read(call.actor, desk_rows.holding(row)):
        return row
    public = None if row is not None else store.find_row(call.session, wanted)
    if public is None or public.state != PUBLISHED:
        raise not_found("dataset")
    sentence = f"{public.name} is harvested from {public.source_id} and can be changed there only"
    raise invalid(**{argument: sentence})


def capacity(call: Call, *arguments: str) -> access.Capacity:
    """Read what somebody may do: admin, editor or member."""
    given = call.required(*arguments).lower()
    if given not in list(access.Capacity):
        raise invalid(**{arguments[0]: "Must be one of: admin, editor, member"})
    return access.Capacity(given)


def new_id(call: Call, of: str) -> str:
    """Give the id of something new; only administrators may choose it (CVE-2023-32321: and only a UUID)."""
    chosen = call.text("id")
    if chosen and not call.actor.admin:
        raise invalid(id=f"Only an administrator of the site may choose the id of {of}")
    if chosen and not store.UUID.fullmatch(chosen):
        raise invalid(id="Must be a UUID")
    return chosen or str(uuid.uuid4())


def run(call: Call) -> Run:
    """Find the run of a harvest whose number `id` names."""
    number = natural(call.required("id"))
    found = call.session.get(Run, number) if number is not None else None
    if found is None:
        raise not_found()
    return found


def conflict(error: StateError) -> ActionError:
    """Say that the present state forbids it."""
    return impossible(error.message.en)


def user(found: Account, held: access.Capacity) -> dict[str, Any]:
    """Describe who belongs to an organisation or group, for others who do."""
    return {**person(found), "capacity": str(held)}


def person(found: Account) -> dict[str, Any]:
    """Describe an account to those who may learn who is behind it: no e-mail address."""
    return {
        "id": found.id,
        "name": found.name,
        "fullname": found.fullname,
        "display_name": found.fullname or found.name,
        "state": found.state,
    }
