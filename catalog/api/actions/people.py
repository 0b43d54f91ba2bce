"""Accounts as CKAN's actions. Nothing of a person is public: who is signed in sees names, oneself and administrators the rest."""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, accounts
from catalog.api.actions import packages
from catalog.api.actions.call import Action, Argument, Call, denied, invalid, not_found
from catalog.models_accounts import Account
from catalog.models_desk import DeskDataset
from catalog.renditions import naive
from dcat.ckan_pictures import shown_picture
from dcat.message import Message
from dcat.states import ACTIVE, DELETED

MAX_FOUND, FOUND = 100, 20
# Longer than any name; SQLite refuses patterns of 50,000 characters.
_LONGEST_TYPED = 1000
MAX_DATASETS = 50


def user_show(call: Call) -> dict[str, Any]:
    """Show one account; without an id that of whoever asks."""
    require_known(call)
    account = accounts.find(call.session, call.text("id") or call.actor.id)
    if account is None or (account.state == DELETED and not access.may_oversee(call.actor)):
        raise not_found()
    if not access.may_see_account(call.actor, account.id):
        return name_only(account.id, account.name)
    shown = {**described(call, account, made_by(call.session, account)), **NO_KEY}
    if call.flag("include_datasets"):
        shown["datasets"] = _datasets(call, account.id)
    if call.flag("include_plugin_extras") and access.may_oversee(call.actor):
        shown["plugin_extras"] = account.plugin_extras
    return shown


def user_list(call: Call) -> list[Any]:
    """List accounts by name."""
    require_known(call)
    full, words = access.may_oversee(call.actor), call.text("q")[:_LONGEST_TYPED].lower()
    order = call.text("order_by", "display_name")
    if order not in _ORDERS:
        raise invalid(order_by=f"Must be one of: {', '.join(_ORDERS)}")
    query = sa.select(Account, _CREATED).where(Account.state != DELETED)
    # Who sees names only learns nothing else from their order.
    query = query.order_by(*(_ORDERS[order] if full else ()), Account.name)
    if words:
        fields = (Account.name, Account.fullname, Account.email) if full else (Account.name,)
        query = query.where(sa.or_(*(sa.func.lower(each).contains(words, autoescape=True) for each in fields)))
    if email := call.text("email"):
        if not full:
            raise denied()
        query = query.where(Account.email == email.strip().lower())
    if limit := call.number("limit", 0):
        query = query.limit(limit)
    found = call.session.execute(query.offset(call.number("offset", 0)))
    if not call.flag("all_fields", default=True):
        return [account.name for account, _ in found]
    return [
        described(call, account, created) if full else name_only(account.id, account.name) for account, created in found
    ]


def user_autocomplete(call: Call) -> list[dict[str, Any]]:
    """Find accounts whose names hold some letters."""
    require_known(call)
    words, full = call.required("q")[:_LONGEST_TYPED].lower(), access.may_oversee(call.actor)
    fields = (Account.name, Account.fullname, Account.email) if full else (Account.name,)
    query = sa.select(Account.id, Account.name, Account.fullname).where(Account.state != DELETED)
    query = query.where(sa.or_(*(sa.func.lower(each).contains(words, autoescape=True) for each in fields)))
    if call.flag("ignore_self"):
        query = query.where(Account.id != call.actor.id)
    found = call.session.execute(query.order_by(Account.name).limit(call.number("limit", FOUND, MAX_FOUND)))
    return [{"id": of, "name": name, "fullname": fullname if full else None} for of, name, fullname in found]


def require_known(call: Call) -> None:
    """Refuse whoever is not signed in: they do not even learn which accounts there are."""
    if not access.may_see_people(call.actor):
        raise denied()


def present(session: Session, name_or_id: str) -> Account:
    """Find an account that is not deleted."""
    account = accounts.present(session, name_or_id)
    if account is None:
        raise not_found()
    return account


def described(call: Call, account: Account, created: int) -> dict[str, Any]:
    """Describe an account to its owner and to administrators, with the number of its datasets."""
    return {
        "id": account.id,
        "name": account.name,
        "fullname": account.fullname,
        "display_name": account.fullname or account.name,
        "email": account.email,
        "about": account.about,
        "image_url": account.image_url,
        "image_display_url": shown_picture(account.image_url, "user", call.instance.config.site_url),
        "state": account.state,
        "sysadmin": account.admin,
        "created": naive(account.created_at.isoformat()),
        "last_active": naive(account.seen_at.isoformat()) if account.seen_at else None,
        "number_created_packages": created,
        "activity_streams_email_notifications": False,
    }


def name_only(account_id: str, name: str) -> dict[str, Any]:
    return {"id": account_id, "name": name, "display_name": name}


def _datasets(call: Call, account_id: str) -> list[orjson.Fragment]:
    """Read the datasets that an account made and that whoever asks may read, the newest first."""
    query = sa.select(DeskDataset.id).where(DeskDataset.creator_id == account_id, DeskDataset.state != DELETED)
    ids = list(call.session.scalars(query.order_by(DeskDataset.modified_at.desc()).limit(MAX_DATASETS)))
    bodies = packages.bodies(call, ids)
    return [orjson.Fragment(bodies[each]) for each in ids if each in bodies]


def made_by(session: Session, account: Account) -> int:
    """Count the datasets that an account made, drafts and private ones, too."""
    own = sa.select(sa.func.count()).select_from(DeskDataset).where(DeskDataset.creator_id == account.id)
    return session.scalar(own.where(DeskDataset.state != DELETED)) or 0


# CKAN's word for a key that no account has here.
NO_KEY: Mapping[str, Any] = {"apikey": None}
# How many datasets an account has made and that are neither drafts nor deleted.
_CREATED = (
    sa.select(sa.func.count())
    .select_from(DeskDataset)
    .where(DeskDataset.creator_id == Account.id, DeskDataset.state == ACTIVE)
    .correlate(Account)
    .scalar_subquery()
)

_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "name": (),
    "fullname": (sa.func.lower(Account.fullname),),
    "display_name": (sa.func.lower(sa.func.coalesce(sa.func.nullif(Account.fullname, ""), Account.name)),),
    "number_created_packages": (_CREATED,),
}
_Q = Message("Teil des Namens", "part of the name")
_LIMIT = Argument("limit", "integer", Message("höchstens so viele", "at the most so many"))
_OFFSET = Argument("offset", "integer", Message("ab dem wievielten", "how many to skip"))

ACTIONS: Mapping[str, Action] = {
    "user_show": Action(
        user_show,
        Message(
            "Ein Konto zeigen: das eigene und Administratoren jedes ganz, anderen Angemeldeten nur den Namen.",
            "Show an account: one's own and to administrators any in full, to others who are signed in the name only.",
        ),
        (
            Argument("id", "string", Message("ohne Angabe das eigene Konto", "one's own account if not given")),
            Argument(
                "include_datasets", "boolean", Message("mit den lesbaren Datensätzen", "with the datasets to be read")
            ),
            Argument("include_plugin_extras", "boolean", Message("für Administratoren", "for administrators")),
        ),
    ),
    "user_list": Action(
        user_list,
        Message("Die Konten nach Namen; nur für Angemeldete.", "The accounts by name; for those who are signed in."),
        (
            Argument("q", "string", _Q),
            Argument(
                "email", "string", Message("E-Mail-Adresse; nur Administratoren", "e-mail address; administrators only")
            ),
            Argument(
                "order_by",
                "string",
                Message(
                    "name, display_name, fullname oder number_created_packages",
                    "name, display_name, fullname or number_created_packages",
                ),
            ),
            Argument("all_fields", "boolean", Message("Angaben statt nur Namen", "records instead of names")),
            _LIMIT,
            _OFFSET,
        ),
    ),
    "user_autocomplete": Action(
        user_autocomplete,
        Message(
            "Konten nach Teilen des Namens; nur für Angemeldete.",
            "Accounts by parts of the name; for those who are signed in.",
        ),
        (
            Argument("q", "string", _Q, required=True),
            _LIMIT,
            Argument("ignore_self", "boolean", Message("ohne das eigene Konto", "without one's own account")),
        ),
    ),
}
