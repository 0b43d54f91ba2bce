"""Who follows what: users, datasets, and groups, which organisations are, too. Numbers are public, names are not."""

import datetime
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches, insert_or_ignore, now
from catalog.models_accounts import Account, Follower
from dcat.states import DELETED

USER, DATASET, GROUP = "user", "dataset", "group"


def follow(session: Session, account_id: str, kind: str, object_id: str) -> datetime.datetime:
    """Let an account follow something; gives since when it does."""
    row = {"account_id": account_id, "kind": kind, "object_id": object_id, "since": now()}
    insert_or_ignore(session, Follower, [row])
    return session.get_one(Follower, (account_id, kind, object_id)).since


def unfollow(session: Session, account_id: str, kind: str, object_id: str) -> bool:
    """Let an account no longer follow something; tells whether it did."""
    held = sa.delete(Follower).where(Follower.account_id == account_id, *_of(kind, [object_id]))
    return session.execute(held.returning(Follower.object_id)).first() is not None


def follows(session: Session, account_id: str, kind: str, object_id: str) -> bool:
    """Whether an account follows something."""
    return session.get(Follower, (account_id, kind, object_id)) is not None


def counts(session: Session, kind: str, object_ids: Iterable[str]) -> dict[str, int]:
    """Count who follows some things, by their id."""
    found: dict[str, int] = {}
    query = sa.select(Follower.object_id, sa.func.count()).group_by(Follower.object_id)
    for part in batches(object_ids):
        found |= dict(session.execute(query.where(*_of(kind, part))).all())
    return found


def followers(session: Session, kind: str, object_id: str) -> list[Account]:
    """List who follows something, by name."""
    query = sa.select(Account).join(Follower, Follower.account_id == Account.id).where(*_of(kind, [object_id]))
    return list(session.scalars(query.where(Account.state != DELETED).order_by(Account.name)))


def followed(session: Session, account_id: str, kind: str) -> list[str]:
    """List the ids of what an account follows, in the order in which it began to."""
    query = sa.select(Follower.object_id).where(Follower.account_id == account_id, Follower.kind == kind)
    return list(session.scalars(query.order_by(Follower.since, Follower.object_id)))


def forget(session: Session, kind: str, object_id: str) -> None:
    """Let nobody follow what is gone for good."""
    session.execute(sa.delete(Follower).where(*_of(kind, [object_id])))


def _of(kind: str, object_ids: list[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return (Follower.kind == kind, Follower.object_id.in_(object_ids))
