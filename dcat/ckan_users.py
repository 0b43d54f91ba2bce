"""Accounts as clients of CKAN's Action API write them. The password is handed over beside the document and never part of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dcat.account_limits import LONGEST_ABOUT, LONGEST_FULLNAME, LONGEST_PASSWORD, SHORTEST_PASSWORD
from dcat.ckan_pictures import read_picture
from dcat.ckan_values import Fields, Refused, misfit
from dcat.states import ACTIVE, DELETED, PENDING

STATES = (ACTIVE, PENDING, DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDocument:
    """An account as it was written."""

    name: str
    email: str
    fullname: str = ""
    about: str = ""
    image_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInput:
    """A document, the password where one was given, and what only administrators may say."""

    document: UserDocument
    password: str | None = field(default=None, repr=False)
    id: str = ""
    state: str = ""
    plugin_extras: Mapping[str, Any] | None = None


def read_user(given: Any, *, before: UserDocument | None = None) -> UserInput | Refused:
    """Read a new account, or say what is wrong with it; with `before` the changed one, whose password may stay.

    A new account may have no password: it is then entered by a link or through OpenID Connect. Keys and hashes are no part of an
    account here.
    """
    fields = Fields(given)
    if before is not None and fields.given.get("name") == "":
        fields.wrong("name", "Missing value")
    email = fields.email("email") or ""
    if not email and "email" not in fields.errors and (before is None or before.email):
        fields.wrong("email", "Missing value")
    document = UserDocument(
        name=fields.name("name", before.name if before else ""),
        email=email,
        fullname=fields.text("fullname", LONGEST_FULLNAME) or "",
        about=fields.text("about", LONGEST_ABOUT) or "",
        image_url=read_picture(fields),
    )
    # Where something is missing, all that an account usually has is named.
    password = _password(fields, needed=before is None and bool({"name", "email"} & fields.errors.keys()))
    found = UserInput(
        document=document,
        password=password,
        id=fields.uuid("id") if before is None else "",
        state=fields.word("state", "", STATES),
        plugin_extras=_extras(fields),
    )
    return Refused(fields.errors) if fields.errors else found


def patched_user(before: UserDocument, given: Any) -> UserInput | Refused:
    """Merge the fields of an account (`user_patch`)."""
    return read_user({**write_user(before), **given} if isinstance(given, Mapping) else given, before=before)


def write_user(document: UserDocument) -> dict[str, str]:
    """Write a document as JSON values."""
    return asdict(document)


def _password(fields: Fields, needed: bool) -> str | None:
    given = fields.given.get("password", "")
    if needed and given in (None, ""):
        fields.wrong("password", "Missing value")
    elif given == "":
        return None
    # A number would lose its leading zeros.
    elif not isinstance(given, str):
        fields.wrong("password", "Must be text")
    elif len(given) < SHORTEST_PASSWORD:
        fields.wrong("password", f"Your password must be {SHORTEST_PASSWORD} characters or longer")
    return fields.text("password", LONGEST_PASSWORD) if "password" not in fields.errors else None


def _extras(fields: Fields) -> Mapping[str, Any] | None:
    """Read what programs keep with an account: any object within limits."""
    given = fields.given.get("plugin_extras")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        fields.wrong("plugin_extras", "Must be an object")
        return None
    if sentence := misfit(given):
        fields.wrong("plugin_extras", sentence)
    return given
