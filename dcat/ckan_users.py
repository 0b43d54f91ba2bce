"""Accounts as clients of CKAN's Action API write them. The password is handed over beside the document and never part of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dcat.ckan_values import Fields, Refused

MIN_PASSWORD = 8
MAX_PASSWORD = 1_000
MAX_FULLNAME = 500
MAX_ABOUT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDocument:
    """An account as it was written."""

    name: str
    email: str
    fullname: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInput:
    """A document, and the password where one was given."""

    document: UserDocument
    password: str | None = field(default=None, repr=False)


def read_user(given: Any, *, before: UserDocument | None = None) -> UserInput | Refused:
    """Read a new account, or say what is wrong with it; with `before` the changed one, whose password may stay.

    A new account cannot choose its id (CVE-2022-43685). Rights, keys, hashes and pictures are no part of an account here.
    """
    fields = Fields(given)
    if before is None and fields.given.get("id") not in (None, ""):
        fields.wrong("id", "Cannot be chosen")
    email = fields.email("email") or (before.email if before else "")
    if not email and before is None and "email" not in fields.errors:
        fields.wrong("email", "Missing value")
    document = UserDocument(
        name=fields.name("name", before.name if before else ""),
        email=email,
        fullname=fields.text("fullname", MAX_FULLNAME) or "",
        about=fields.text("about", MAX_ABOUT) or "",
    )
    password = _password(fields, needed=before is None)
    return Refused(fields.errors) if fields.errors else UserInput(document=document, password=password)


def patched_user(before: UserDocument, given: Any) -> UserInput | Refused:
    """Merge the fields of an account (`user_patch`)."""
    return read_user({**write_user(before), **given} if isinstance(given, Mapping) else given, before=before)


def write_user(document: UserDocument) -> dict[str, str]:
    """Write a document as JSON values."""
    return asdict(document)


def _password(fields: Fields, needed: bool) -> str | None:
    # A number would lose its leading zeros.
    given = fields.given.get("password")
    if given in (None, "") and not needed:
        return None
    if given in (None, ""):
        fields.wrong("password", "Missing value")
    elif not isinstance(given, str):
        fields.wrong("password", "Must be text")
    elif len(given) < MIN_PASSWORD:
        fields.wrong("password", f"Must be at least {MIN_PASSWORD} characters long")
    return fields.text("password", MAX_PASSWORD) if "password" not in fields.errors else None
