"""Keys for programs: made once, kept as their SHA-256, with scopes and an end; and the actor that comes with a request."""

import datetime
import hashlib
import re
import secrets
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import accounts
from catalog.access import ALL_SCOPES, ANONYMOUS, Actor, Scope
from catalog.db import core, now
from catalog.instance import Instance
from catalog.models_accounts import Account, Token
from dcat.errors import ConfigError, NotFoundError, StateError
from dcat.message import Message
from dcat.printable import one_line
from dcat.states import ACTIVE

PREFIX = "offenbar_"
DAYS, MOST_DAYS = 365, 1095
# Of one account, those that are over not counted.
MOST = 50
LONGEST_NAME = 100
# A token's last use is noted once in so long.
NOTED = datetime.timedelta(hours=1)
_FORM = re.compile(r"offenbar_[A-Za-z0-9_-]{40}")


class Headers(Protocol):
    """The headers of a request."""

    def get(self, key: str, default: str, /) -> str:
        """Give the value of a header."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new token: what is kept of it, and its text, which nobody can read again."""

    token: Token
    text: str = field(repr=False)


def create(
    session: Session,
    account: Account,
    *,
    name: str = "",
    scopes: Iterable[Scope] = ALL_SCOPES,
    days: int = DAYS,
    within: frozenset[Scope] = ALL_SCOPES,
) -> Made:
    """Make a token of an account. `within` are the scopes of whoever makes it: no token gives more than its maker has.

    ConfigError and StateError say why there is none.
    """
    wanted = frozenset(scopes)
    if not wanted or not wanted <= within:
        raise ConfigError(
            Message(
                "Ein Token braucht mindestens einen Bereich und keinen, den Sie selbst nicht haben.",
                "A token needs at least one scope, and none that you do not have yourself.",
            )
        )
    if not 1 <= days <= MOST_DAYS:
        raise ConfigError(
            Message(f"Ein Token gilt 1 bis {MOST_DAYS} Tage.", f"A token is valid for 1 to {MOST_DAYS} days.")
        )
    if account.state != ACTIVE:
        raise StateError(
            Message(
                f"Das Konto „{account.name}“ ist nicht aktiv: Nach einer Einladung setzt die Person erst ihr Kennwort.",
                f"The account “{account.name}” is not active: after an invitation the person sets a password first.",
            )
        )
    at = now()
    _tidy(session, account, at)
    text = PREFIX + secrets.token_urlsafe(30)
    token = Token(
        id=str(uuid.uuid4()),
        account_id=account.id,
        name=one_line(name, LONGEST_NAME),
        hash=_hash(text),
        scopes=sorted(wanted),
        created_at=at,
        expires_at=at + datetime.timedelta(days=days),
    )
    session.add(token)
    session.flush()
    return Made(token, text)


def tokens(session: Session, account_id: str = "") -> list[tuple[Token, str]]:
    """List tokens, the newest first, of one account or of all, each with the name of its account."""
    query = sa.select(Token, Account.name).join(Account, Account.id == Token.account_id)
    query = query.order_by(Token.created_at.desc(), Token.id)
    found = session.execute(query.where(Token.account_id == account_id) if account_id else query)
    return [(token, name) for token, name in found]


def find(session: Session, id_or_text: str) -> Token | None:
    """Find a token by its id or its text."""
    if not id_or_text.isprintable():
        return None
    if _FORM.fullmatch(id_or_text):
        return session.scalar(sa.select(Token).where(Token.hash == _hash(id_or_text)))
    return session.get(Token, id_or_text)


def require(session: Session, id_or_text: str) -> Token:
    """Find a token; NotFoundError names the next step, and never the text."""
    token = find(session, id_or_text)
    if token is None:
        raise NotFoundError(
            Message(
                "Diesen Token gibt es nicht (mehr). Nächster Schritt: offenbar token list",
                "There is no such token (any more). Next step: offenbar token list",
            )
        )
    return token


def revoke(session: Session, token: Token) -> None:
    """Let a token end now."""
    session.delete(token)


def actor_from(instance: Instance, session: Session, headers: Headers) -> Actor:
    """Tell who asks, by the token in the headers: two short queries, none without one. A wrong token is nobody, not an error.

    CKAN's programs send `Authorization: TOKEN`, with or without Bearer, or `X-CKAN-API-Key`, or both.
    """
    text = given(headers)
    if not text:
        return ANONYMOUS
    at = now()
    row = core(session).execute(_HOLDER, {"of": _hash(text)}).one_or_none()
    if row is None:
        return ANONYMOUS
    token_id, scopes, used_at, expires_at, account_id, name, admin = row
    if expires_at is not None and expires_at <= at:
        return ANONYMOUS
    if used_at is None or at - used_at >= NOTED:
        _note_use(instance, session, token_id, at)
    return accounts.read_actor(
        session, account_id, name, admin=admin, scopes=frozenset(map(Scope, scopes)), token_id=token_id
    )


_TOKEN, _ACCOUNT = Token.__table__, Account.__table__
# Made once, of the tables: every call with a token asks.
_HOLDER = (
    sa.select(
        _TOKEN.c.id,
        _TOKEN.c.scopes,
        _TOKEN.c.used_at,
        _TOKEN.c.expires_at,
        _ACCOUNT.c.id,
        _ACCOUNT.c.name,
        _ACCOUNT.c.admin,
    )
    .join(_ACCOUNT, _ACCOUNT.c.id == _TOKEN.c.account_id)
    .where(_TOKEN.c.hash == sa.bindparam("of"), _ACCOUNT.c.state == ACTIVE)
)


def given(headers: Headers) -> str:
    """Find the text of a token in headers; empty where nothing looks like one of ours."""
    for sent in (headers.get("Authorization", ""), headers.get("X-CKAN-API-Key", "")):
        text = sent.strip()
        if text[:7].lower() == "bearer ":
            text = text[7:].strip()
        if _FORM.fullmatch(text):
            return text
    return ""


def _note_use(instance: Instance, session: Session, token_id: str, at: datetime.datetime) -> None:
    statement = sa.update(Token).where(Token.id == token_id).values(used_at=at)
    if session.connection().get_execution_options().get("offenbar_write"):
        session.execute(statement)
        return
    # Who reads is not refused because somebody else is writing.
    with suppress(StateError), instance.database.aside() as connection:
        connection.execute(statement)


def _tidy(session: Session, account: Account, at: datetime.datetime) -> None:
    """Let go of tokens that are over, and see to it that there are not too many."""
    session.execute(sa.delete(Token).where(Token.account_id == account.id, Token.expires_at <= at))
    held = session.scalar(sa.select(sa.func.count()).select_from(Token).where(Token.account_id == account.id))
    if (held or 0) >= MOST:
        raise StateError(
            Message(
                f"Das Konto hat schon {MOST} Tokens. Nächster Schritt: einen widerrufen, der nicht mehr gebraucht wird",
                f"The account has {MOST} tokens already. Next step: revoke one that is no longer needed",
            )
        )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
