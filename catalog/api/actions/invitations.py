"""Inviting somebody to an organisation or group: an account with a role, and a mail with the link to its first password."""

import logging
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import account_links, accounts, audit, holders
from catalog.access import Capacity
from catalog.api.actions import named, people
from catalog.api.actions.call import Action, Argument, Call, explained, invalid, not_found
from catalog.config import Config
from catalog.holders import Holder
from catalog.models_accounts import Account
from dcat.errors import ConfigError, StateError
from dcat.message import Message
from dcat.states import PENDING

log = logging.getLogger(__name__)


def user_invite(call: Call) -> dict[str, Any]:
    """Make an account with a role and send its owner a link; where no mail can be sent, there is no account."""
    people.require_known(call)
    email, wanted, role = call.required("email").strip().lower(), call.required("group_id"), call.required("role")
    if role not in tuple(Capacity):
        raise invalid(role=f"Must be one of: {', '.join(Capacity)}")
    if fault := accounts.email_fault(email):
        raise invalid(email=fault.en)
    with call.writing() as session:
        holder = _holder(session, call.instance.config, wanted)
        named.require_managed(call, holder)
        with explained("email"):
            account = accounts.add(session, accounts.free_name(session, email), email=email, state=PENDING)
        accounts.give_role(session, holder.id, account.id, Capacity(role))
        audit.note(session, call.actor, "account.invite", account.id, account.name, organization=holder.name, role=role)
    try:
        # After the transaction: a mail server takes its time.
        account_links.invite(call.instance.config, account)
    except (ConfigError, StateError) as error:
        _take_back(call, account)
        log.error("an invitation could not be sent: %s", error.message.en)
        raise invalid(
            message="The invitation could not be sent, so there is no account. Next step: ask for the log"
        ) from error
    return people.described(call, account, 0)


def _holder(session: Session, config: Config, name_or_id: str) -> Holder:
    found = holders.find_active(session, config, name_or_id)
    if found is None:
        raise not_found("organization or group")
    return found


def _take_back(call: Call, account: Account) -> None:
    with call.writing() as session:
        session.execute(sa.delete(Account).where(Account.id == account.id, Account.state == PENDING))
        audit.note(session, call.actor, "account.invite_failed", account.id, account.name)


ACTIONS: Mapping[str, Action] = {
    "user_invite": Action(
        user_invite,
        Message(
            "Jemanden in eine Organisation oder Gruppe einladen; die E-Mail enthält den Link zum ersten Kennwort.",
            "Invite somebody to an organisation or group; the mail holds the link to the first password.",
        ),
        (
            Argument("email", "string", Message("E-Mail-Adresse", "e-mail address"), required=True),
            Argument("group_id", "string", Message("Organisation oder Gruppe", "organisation or group"), required=True),
            Argument("role", "string", Message("admin, editor oder member", "admin, editor or member"), required=True),
        ),
        writes=True,
    ),
}
