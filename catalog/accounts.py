"""People who work with the catalogue: their accounts and their roles. Read here as actors (catalog/access.py); none of it is public."""

import re
import secrets
import uuid
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import followers, passwords
from catalog.access import ALL_SCOPES, Actor, Capacity, Scope
from catalog.db import core, now, upsert
from catalog.models_accounts import Account, Collaborator, Follower, Role, Token
from dcat import ckan_pictures, iri
from dcat.account_limits import LONGEST_ABOUT, LONGEST_FULLNAME
from dcat.errors import ConfigError, NotFoundError, StateError
from dcat.message import Message
from dcat.printable import one_line
from dcat.states import ACTIVE, DELETED, PENDING

_LONGEST_ADDRESS = 1000
PAGE = 1000
_NAME = re.compile(r"[a-z0-9_-]{2,100}")
_NO_NAME = re.compile(r"[^a-z0-9_-]")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LONGEST_EMAIL = 254


def name_fault(name: str) -> Message | None:
    """Tell what is wrong with the name of an account; None when it can be used: CKAN's rule, and none looks like an id."""
    if _NAME.fullmatch(name) and not _ID.fullmatch(name):
        return None
    return Message(
        "Der Anmeldename braucht 2 bis 100 Zeichen aus a-z, 0-9, _ und -.",
        "The user name needs 2 to 100 characters out of a-z, 0-9, _ and -.",
    )


def email_fault(email: str) -> Message | None:
    """Tell what is wrong with an e-mail address; None when it can be used."""
    if _EMAIL.fullmatch(email) and len(email) <= _LONGEST_EMAIL:
        return None
    return Message(
        "Das ist keine E-Mail-Adresse wie amt@example.org.", "That is no e-mail address such as amt@example.org."
    )


def free_name(session: Session, called: str) -> str:
    """Make a user name of an address, or of what somebody is called elsewhere; with a number behind it where that is taken."""
    base = _NO_NAME.sub("-", called.lower().partition("@")[0]).strip("-")[:60] or "person"
    tries = (base, *(f"{base}-{number}" for number in range(2, 1000)))
    free = (one for one in tries if name_fault(one) is None and find(session, one) is None)
    return next(free, f"{base}-{secrets.token_hex(8)}")


def add(
    session: Session,
    name: str,
    password: str = "",
    *,
    admin: bool = False,
    email: str = "",
    fullname: str = "",
    state: str = ACTIVE,
    account_id: str = "",
) -> Account:
    """Make an account; its id is ours, or one that none has or had. Without a password it can be entered by a link, OpenID Connect or tokens only.

    ConfigError says what is wrong with a value, StateError that name or address are taken.
    """
    email = email.strip().lower()
    _require(name_fault(name))
    _require(email_fault(email) if email else None)
    hashed = passwords.hashed(password) if password else ""
    if session.scalar(sa.select(Account.id).where(Account.name == name)) is not None:
        raise StateError(
            Message(f"Das Konto „{name}“ gibt es schon oder gab es.", f"The account “{name}” exists or has existed.")
        )
    _require_free(session, email)
    account = Account(
        id=account_id or str(uuid.uuid4()),
        name=name,
        fullname=_fullname(fullname),
        email=email,
        password=hashed,
        admin=admin,
        state=state,
        session_key=_key(),
        created_at=now(),
    )
    session.add(account)
    session.flush()
    return account


def find(session: Session, name_or_id: str) -> Account | None:
    """Find an account by name or id, deleted ones too."""
    if not name_or_id.isprintable():
        return None
    query = sa.select(Account).where(sa.or_(Account.name == name_or_id, Account.id == name_or_id))
    return session.scalar(query)


def present(session: Session, name_or_id: str) -> Account | None:
    """Find an account by name or id, unless it is deleted."""
    account = find(session, name_or_id)
    return account if account is not None and account.state != DELETED else None


def require(session: Session, name_or_id: str) -> Account:
    """Find an account that is not deleted; NotFoundError names the next step."""
    account = present(session, name_or_id)
    if account is None:
        raise NotFoundError(
            Message(
                f"Ein Konto „{name_or_id[:100]}“ gibt es nicht. Nächster Schritt: offenbar user list",
                f"There is no account “{name_or_id[:100]}”. Next step: offenbar user list",
            )
        )
    return account


def find_by_email(session: Session, email: str) -> Account | None:
    """Find the account of an e-mail address, unless it is deleted."""
    email = email.strip().lower()
    if not email or email_fault(email):
        return None
    return session.scalar(sa.select(Account).where(Account.email == email, Account.state != DELETED))


def find_by_login(session: Session, login: str) -> Account | None:
    """Find an account by what somebody types to come in: the name or the e-mail address."""
    login = login.strip()[:300]
    return find_by_email(session, login) if "@" in login else find(session, login)


def find_by_subject(session: Session, subject: str) -> Account | None:
    """Find the account that somebody of an issuer of OpenID Connect belongs to."""
    return session.scalar(sa.select(Account).where(Account.subject == subject, Account.state != DELETED))


def accounts(session: Session, *, deleted: bool = False, after: str = "", limit: int = PAGE) -> list[Account]:
    """List accounts by name; `after` is the name to go on from."""
    query = sa.select(Account).where(Account.name > after).order_by(Account.name).limit(limit)
    return list(session.scalars(query if deleted else query.where(Account.state != DELETED)))


def change(
    account: Account, *, fullname: str | None = None, about: str | None = None, image_url: str | None = None
) -> list[str]:
    """Change what people may change of themselves; gives the names of the fields that are different now."""
    wanted = {
        "fullname": None if fullname is None else _fullname(fullname),
        "about": None if about is None else about.replace("\0", "")[:LONGEST_ABOUT],
        "image_url": None if image_url is None else _image(image_url),
    }
    changed = [name for name, value in wanted.items() if value is not None and value != getattr(account, name)]
    for name in changed:
        setattr(account, name, wanted[name])
    return changed


def administer(session: Session, account: Account, *, email: str | None = None, admin: bool | None = None) -> list[str]:
    """Change what only administrators may: the e-mail address (it lets people in through OpenID Connect), and who is one."""
    changed = []
    if email is not None and (email := email.strip().lower()) != account.email:
        _require(email_fault(email) if email else None)
        _require_free(session, email)
        account.email = email
        changed.append("email")
    if admin is not None and admin != account.admin:
        if not admin:
            _require_another_admin(session, account)
        account.admin = admin
        changed.append("admin")
    return changed


def set_password(account: Account, password: str) -> None:
    """Set a new password: every session ends, a pause is over, an invitation is taken."""
    account.password = passwords.hashed(password)
    account.failures, account.locked_until = 0, None
    if account.state == PENDING:
        account.state = ACTIVE
    end_sessions(account)


def suspend(session: Session, account: Account) -> None:
    """Let an account wait for a first password as if it were invited anew; sessions, the old password and tokens lead nowhere."""
    _require_another_admin(session, account)
    account.state = PENDING
    end_sessions(account)


def end_sessions(account: Account) -> None:
    """End every session of an account, in all browsers."""
    account.session_key = _key()


def delete(session: Session, account: Account) -> None:
    """Delete an account: its personal data, roles and tokens go; its name stays taken, so that the log stays true."""
    _require_another_admin(session, account)
    for table in (Token, Role, Collaborator, Follower):
        session.execute(sa.delete(table).where(table.account_id == account.id))
    followers.forget(session, followers.USER, account.id)
    account.state, account.admin, account.subject = DELETED, False, None
    account.fullname = account.email = account.about = account.image_url = account.password = ""
    account.plugin_extras = None
    end_sessions(account)


def give_role(session: Session, holder_id: str, account_id: str, capacity: Capacity) -> None:
    """Give an account a role in an organisation or group, or another one than it has."""
    upsert(session, Role, [{"holder_id": holder_id, "account_id": account_id, "capacity": str(capacity)}])


def take_role(session: Session, holder_id: str, account_id: str) -> bool:
    """Take the role away; tells whether there was one."""
    held = sa.delete(Role).where(Role.holder_id == holder_id, Role.account_id == account_id).returning(Role.holder_id)
    return session.execute(held).first() is not None


def members(session: Session, holder_id: str) -> list[tuple[Account, Capacity]]:
    """List who has a role in an organisation or group, by name."""
    query = sa.select(Account, Role.capacity).join(Role, Role.account_id == Account.id)
    query = query.where(Role.holder_id == holder_id, Account.state != DELETED).order_by(Account.name)
    return [(account, Capacity(capacity)) for account, capacity in session.execute(query)]


def share(session: Session, dataset_id: str, account_id: str, capacity: Capacity) -> None:
    """Let an account work along on a dataset."""
    row = {"dataset_id": dataset_id, "account_id": account_id, "capacity": str(capacity), "modified_at": now()}
    upsert(session, Collaborator, [row])


def unshare(session: Session, dataset_id: str, account_id: str) -> bool:
    """Let an account no longer work along on a dataset; tells whether it did."""
    held = sa.delete(Collaborator).where(Collaborator.dataset_id == dataset_id, Collaborator.account_id == account_id)
    return session.execute(held.returning(Collaborator.dataset_id)).first() is not None


def unshare_all(session: Session, dataset_id: str) -> None:
    """Let nobody work along on a dataset any more."""
    session.execute(sa.delete(Collaborator).where(Collaborator.dataset_id == dataset_id))


def collaborators(session: Session, dataset_id: str) -> list[Collaborator]:
    """List who works along on a dataset, in the order in which they came."""
    query = sa.select(Collaborator).where(Collaborator.dataset_id == dataset_id)
    return list(session.scalars(query.order_by(Collaborator.modified_at, Collaborator.account_id)))


def shared_with(session: Session, account_id: str) -> list[Collaborator]:
    """List the datasets that an account works along on, in the order in which they came."""
    query = sa.select(Collaborator).where(Collaborator.account_id == account_id)
    return list(session.scalars(query.order_by(Collaborator.modified_at, Collaborator.dataset_id)))


def actor(session: Session, account: Account, *, scopes: Iterable[Scope] = ALL_SCOPES, token_id: str = "") -> Actor:
    """Read an account as an actor: one query for its roles and what is shared with it."""
    return read_actor(
        session, account.id, account.name, admin=account.admin, scopes=frozenset(scopes), token_id=token_id
    )


def read_actor(
    session: Session, account_id: str, name: str, *, admin: bool, scopes: frozenset[Scope], token_id: str = ""
) -> Actor:
    """Read the actor of an account whose row is known already."""
    found: dict[str, dict[str, Capacity]] = {"role": {}, "shared": {}}
    for kind, of, capacity in core(session).execute(_HELD, {"of": account_id}):
        found[kind][of] = Capacity(capacity)
    return Actor(
        id=account_id,
        name=name,
        admin=admin,
        roles=MappingProxyType(found["role"]),
        shared=MappingProxyType(found["shared"]),
        scopes=scopes,
        token_id=token_id,
    )


def _held() -> sa.CompoundSelect[Any]:
    """Ask for the roles of an account and what is shared with it: made once, of the tables, as every call with a token asks."""
    role, shared, of = Role.__table__, Collaborator.__table__, sa.bindparam("of", type_=sa.String)
    return sa.union_all(
        sa.select(sa.literal_column("'role'"), role.c.holder_id, role.c.capacity).where(role.c.account_id == of),
        sa.select(sa.literal_column("'shared'"), shared.c.dataset_id, shared.c.capacity).where(
            shared.c.account_id == of
        ),
    )


_HELD = _held()


def _require(found: Message | None) -> None:
    if found is not None:
        raise ConfigError(found)


def _require_free(session: Session, email: str) -> None:
    if email and find_by_email(session, email) is not None:
        raise StateError(
            Message(
                "Diese E-Mail-Adresse gehört zu einem anderen Konto.", "This e-mail address belongs to another account."
            )
        )


def _require_another_admin(session: Session, account: Account) -> None:
    others = sa.select(Account.id).where(Account.admin, Account.state == ACTIVE, Account.id != account.id)
    if account.admin and account.state == ACTIVE and session.scalar(others.limit(1)) is None:
        raise StateError(
            Message(
                f"„{account.name}“ verwaltet diesen Katalog allein. Nächster Schritt: offenbar user add NAME --admin",
                f"“{account.name}” is the only administrator. Next step: offenbar user add NAME --admin",
            )
        )


def _fullname(value: str) -> str:
    return one_line(value, LONGEST_FULLNAME)


def _image(value: str) -> str:
    value = value.strip()
    if value and not ((iri.is_web(value) or ckan_pictures.is_file_name(value)) and len(value) <= _LONGEST_ADDRESS):
        raise ConfigError(
            Message("Die Adresse des Bildes beginnt mit https://.", "The image's address begins with https://.")
        )
    return value


def _key() -> str:
    return secrets.token_hex(32)
