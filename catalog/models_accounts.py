"""The tables of people and what they may do: accounts, tokens, roles, and the log of who did what. None of it is public."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from catalog.db import Base
from catalog.models import BigKey
from dcat.states import ACTIVE


class Account(Base):
    """A person who works with the catalogue, or a program that does.

    `password` is an argon2 hash, empty where somebody only comes through OpenID Connect, whose issuer and subject `subject` names.
    `session_key` is part of every session: a new one ends them all. `failures` counts wrong passwords since the last right one.
    """

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    fullname: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="", index=True)
    about: Mapped[str] = mapped_column(default="")
    image_url: Mapped[str] = mapped_column(default="")
    plugin_extras: Mapped[dict[str, Any] | None]
    """what programs of the administrators keep with an account"""
    password: Mapped[str] = mapped_column(default="")
    subject: Mapped[str | None] = mapped_column(unique=True)
    admin: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(sa.String(20), default=ACTIVE)
    """active, pending (invited, no password yet), deleted"""
    session_key: Mapped[str] = mapped_column(sa.String(64))
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime.datetime | None]
    created_at: Mapped[datetime.datetime]
    seen_at: Mapped[datetime.datetime | None]


class Token(Base):
    """A key for programs, kept as the SHA-256 of its text. It can do what its account may, within its scopes, until it expires."""

    __tablename__ = "token"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime | None]
    used_at: Mapped[datetime.datetime | None]


class Role(Base):
    """What an account may do in an organisation or group: admin, editor or member."""

    __tablename__ = "role"

    holder_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(
        sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    capacity: Mapped[str] = mapped_column(sa.String(20))


class Collaborator(Base):
    """What an account may do with one dataset beyond its roles: admin, editor or member."""

    __tablename__ = "collaborator"

    dataset_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(
        sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    capacity: Mapped[str] = mapped_column(sa.String(20))
    modified_at: Mapped[datetime.datetime]


class Follower(Base):
    """What an account follows: the kind, in CKAN's words user, dataset or group (which organisations are, too), and its id."""

    __tablename__ = "follower"
    __table_args__ = (sa.Index("follower_of", "kind", "object_id"),)

    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    object_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    since: Mapped[datetime.datetime]


class AuditEntry(Base):
    """One thing that somebody did: who, with which token, to what. Entries about datasets also feed the search index.

    `action` is a word and what it was done to, such as `dataset.create`; `object_id` is that thing's id, `name` what it was called
    then; `details` hold fields that changed and never a secret.
    """

    __tablename__ = "audit"
    __table_args__ = (sa.Index("audit_object", "object_id", "seq"),)

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    at: Mapped[datetime.datetime]
    account_id: Mapped[str] = mapped_column(sa.String(36), default="", index=True)
    token_id: Mapped[str] = mapped_column(sa.String(36), default="")
    action: Mapped[str] = mapped_column(sa.String(60), index=True)
    object_id: Mapped[str] = mapped_column(sa.String(36), default="")
    name: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]]
