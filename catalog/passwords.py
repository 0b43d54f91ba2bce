"""Passwords: what may be one, argon2id hashes of them, and the pauses after wrong ones."""

import datetime
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dcat.account_limits import LONGEST_PASSWORD, SHORTEST_PASSWORD
from dcat.errors import ConfigError
from dcat.message import Message

# Wrong passwords in a row that cost no pause; then the pause doubles up to the longest.
FREE_FAILURES = 4
_FIRST_PAUSE = datetime.timedelta(seconds=15)
LONGEST_PAUSE = datetime.timedelta(minutes=15)
# 19 MiB, two passes, one thread: what OWASP's Password Storage Cheat Sheet asks of argon2id, small enough for several at once.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Hashes that one process works out at the same time: a flood of logins takes no more memory than that.
_TURNS = threading.BoundedSemaphore(2)


def fault(password: str) -> Message | None:
    """Tell what is wrong with a new password; None when it can be used."""
    if len(password) < SHORTEST_PASSWORD:
        return Message(
            f"Das Kennwort braucht mindestens {SHORTEST_PASSWORD} Zeichen.",
            f"The password needs at least {SHORTEST_PASSWORD} characters.",
        )
    if len(_bytes(password)) > LONGEST_PASSWORD:
        return Message(
            f"Das Kennwort darf höchstens {LONGEST_PASSWORD} Byte lang sein.",
            f"The password may have {LONGEST_PASSWORD} bytes at the most.",
        )
    if len(set(password)) < 3 or password.strip() == "":
        return Message(
            "Das Kennwort besteht aus zu wenigen verschiedenen Zeichen.",
            "The password has too few different characters.",
        )
    return None


def hashed(password: str) -> str:
    """Hash a new password; ConfigError says what is wrong with it."""
    if found := fault(password):
        raise ConfigError(found)
    return hashed_again(password)


def hashed_again(password: str) -> str:
    """Hash a password that was accepted before, whatever would be asked of a new one."""
    with _TURNS:
        return _HASHER.hash(_bytes(password))


def fits(stored: str, password: str) -> bool:
    """Tell whether a password is the one of a hash. Without a hash it takes as long, and none fits."""
    given = _bytes(password)
    usable = bool(stored) and len(given) <= LONGEST_PASSWORD
    try:
        with _TURNS:
            _HASHER.verify(stored if usable else _of_nobody(), given[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return usable


def outdated(stored: str) -> bool:
    """Tell whether a hash was made with less work than is asked for today."""
    return _HASHER.check_needs_rehash(stored)


def pause(failures: int) -> datetime.timedelta:
    """Tell how long nobody may try again after so many wrong passwords in a row."""
    if failures <= FREE_FAILURES:
        return datetime.timedelta()
    return min(_FIRST_PAUSE * (1 << min(failures - FREE_FAILURES - 1, 16)), LONGEST_PAUSE)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@cache
def _of_nobody() -> str:
    return _HASHER.hash(b"the password of an account that does not exist")
