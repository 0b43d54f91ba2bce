"""Coming in with a password: attempts are counted before they are looked at, and nothing tells whether an account exists."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from catalog import accounts, audit, passwords
from catalog.access import ANONYMOUS
from catalog.db import Database, now
from catalog.models_accounts import Account
from dcat.states import ACTIVE


def sign_in(database: Database, name: str, password: str) -> Account | None:
    """Find the account of a name or e-mail address with the right password; None for everything else, after as much work."""
    account = _right(database, lambda session: accounts.find_by_login(session, name), password)
    if account is not None:
        with database.writing() as session:
            note_seen(session, session.merge(account))
    return account


def confirm(database: Database, account_id: str, password: str) -> bool:
    """Tell whether somebody who is signed in still knows the password; wrong ones count as they do at the door."""
    return _right(database, lambda session: session.get(Account, account_id), password) is not None


def note_seen(session: Session, account: Account, way: str = "password") -> None:
    """Write down that somebody has come in."""
    account.seen_at = now()
    audit.note(session, accounts.actor(session, account), "account.login", account.id, account.name, way=way)


def _counted(session: Session, account: Account) -> tuple[str, str]:
    """Count an attempt as failed until it is known better, so that many at once are not more than one after the other.

    Gives the account's id and the hash to compare with; an empty one while nobody may try. Attempts in a pause do not make it longer.
    """
    at = now()
    paused = account.locked_until is not None and at < account.locked_until
    if paused or account.state != ACTIVE or not account.password:
        return account.id, ""
    account.failures += 1
    if pause := passwords.pause(account.failures):
        account.locked_until = at + pause
        details = {"failures": account.failures, "seconds": int(pause.total_seconds())}
        audit.note(session, ANONYMOUS, "account.pause", account.id, account.name, **details)
    return account.id, account.password


def _right(database: Database, find: Callable[[Session], Account | None], password: str) -> Account | None:
    with database.writing() as session:
        account = find(session)
        account_id, stored = _counted(session, account) if account else ("", "")
    if not passwords.fits(stored, password):
        return None
    newer = passwords.hashed_again(password) if passwords.outdated(stored) else stored
    with database.writing() as session:
        account = session.get(Account, account_id)
        # Somebody may have changed the password, or deleted the account, meanwhile.
        if account is None or account.state != ACTIVE or account.password != stored:
            return None
        account.failures, account.locked_until = 0, None
        account.password = newer
        return account
