"""The log of who did what: written in the transaction of the deed, so that neither is there without the other. Never public."""

import datetime
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.access import Actor
from catalog.db import Database, insert, now
from catalog.models import Organization
from catalog.models_accounts import Account, AuditEntry
from catalog.models_desk import DeskDataset, Group
from dcat.printable import one_line

PAGE = 100
_LONGEST = 500
_MOST = 50
# Entries that are forgotten in one transaction.
_BATCH = 500
_SECRETS = frozenset({"password", "token", "secret", "hash", "session_key", "key"})


def note(session: Session, actor: Actor, action: str, object_id: str = "", name: str = "", **details: Any) -> None:
    """Write down that somebody did something, in the caller's transaction. `details` are small values, never a secret.

    Texts from outside are written in one line: what looks like an entry of its own is none.
    """
    if forbidden := _SECRETS.intersection(details):
        raise ValueError(f"a secret is not logged: {', '.join(sorted(forbidden))}")
    entry = {
        "at": now(),
        "account_id": actor.id,
        "token_id": actor.token_id,
        "action": one_line(action, 60),
        "object_id": one_line(object_id, 36),
        "name": one_line(name, _LONGEST),
        "details": {one_line(key, 60): _plain(value) for key, value in list(details.items())[:_MOST]},
    }
    insert(session, AuditEntry, [entry])


def entries(
    session: Session,
    *,
    object_id: str = "",
    account_id: str = "",
    action: str = "",
    before: int = 0,
    since: datetime.datetime | None = None,
    limit: int = PAGE,
) -> list[tuple[AuditEntry, str]]:
    """List entries, the newest first, each with the name of the account that acted; `before` is the number to go on from."""
    query = sa.select(AuditEntry, sa.func.coalesce(Account.name, "")).outerjoin(
        Account, Account.id == AuditEntry.account_id
    )
    if object_id:
        query = query.where(AuditEntry.object_id == object_id)
    if account_id:
        query = query.where(AuditEntry.account_id == account_id)
    if action:
        query = query.where(AuditEntry.action == action)
    if before:
        query = query.where(AuditEntry.seq < before)
    if since:
        query = query.where(AuditEntry.at >= since)
    found = session.execute(query.order_by(AuditEntry.seq.desc()).limit(limit))
    return [(entry, name) for entry, name in found]


def forget(database: Database, days: int) -> int:
    """Forget entries that are so many days old, a few at a time; 0 days are for ever. Gives how many went.

    What the search index and the lists of activities read stays: what was done to datasets of the desk, organisations and groups
    that are still there. So does the newest entry, whose number the index compares with its own.
    """
    number, last = 0, 0
    before = now() - datetime.timedelta(days=days)
    while days:
        with database.reading() as session:
            old = session.scalars(_over(before).where(AuditEntry.seq > last).limit(_BATCH)).all()
        if not old:
            break
        with database.writing() as session:
            session.execute(sa.delete(AuditEntry).where(AuditEntry.seq.in_(old)))
        number, last = number + len(old), old[-1]
    return number


def _over(before: datetime.datetime) -> sa.Select[int]:
    newest = sa.select(sa.func.max(AuditEntry.seq)).correlate(None).scalar_subquery()
    read = (
        sa.and_(_still(DeskDataset.id), sa.not_(AuditEntry.action.startswith("collaborator."))),
        sa.and_(_still(Organization.id), AuditEntry.action.startswith("organization.")),
        sa.and_(_still(Group.id), AuditEntry.action.startswith("group.")),
    )
    over = (AuditEntry.at < before, AuditEntry.seq < newest, sa.not_(sa.or_(*read)))
    return sa.select(AuditEntry.seq).where(*over).order_by(AuditEntry.seq)


def _still(key: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(key == AuditEntry.object_id)


def _plain(value: Any) -> Any:
    """Bring a detail into small JSON."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | dict):
        return [_plain(one) for one in list(value)[:_MOST]]
    return one_line(str(value), _LONGEST)
