"""CKAN's actions that write accounts. Who may change what says catalog/access.py."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from catalog import access, accounts, audit, passwords
from catalog.access import Scope
from catalog.api.actions import api_tokens
from catalog.api.actions.call import Action, Argument, Call, accepted, denied, explained, invalid
from catalog.api.actions.people import NO_KEY, described, made_by, present, require_known
from catalog.api.actions.sent_pictures import kept_picture, sent_picture
from catalog.models_accounts import Account
from dcat import ckan_users
from dcat.ckan_users import UserDocument, UserInput
from dcat.ckan_values import Refused
from dcat.message import Message
from dcat.states import ACTIVE, DELETED, PENDING

# Reads what is left of a document after a change, from the account as it is and the arguments.
Merge = Callable[[UserDocument, Mapping[str, Any]], UserInput | Refused]


def user_create(call: Call) -> dict[str, Any]:
    """Make an account; administrators only."""
    if not access.may_administer(call.actor, Scope.ACCOUNTS):
        raise denied()
    given = accepted(ckan_users.read_user(dict(call.arguments)))
    document, admin = given.document, call.flag("sysadmin")
    if admin and not access.may_empower(call.actor):
        raise denied("a token that makes administrators needs all scopes")
    picture = sent_picture(call)
    with call.writing() as session:
        _require_fit(session, given)
        with explained():
            account = accounts.add(
                session,
                document.name,
                given.password or "",
                admin=admin,
                email=document.email,
                fullname=document.fullname,
                state=PENDING if given.state == PENDING else ACTIVE,
                account_id=_free_id(session, given.id),
            )
            image_url = kept_picture(call, session, picture, document.image_url)
            accounts.change(account, about=document.about, image_url=image_url)
        account.plugin_extras = _extras(given)
        audit.note(session, call.actor, "account.create", account.id, account.name, admin=admin)
        if given.state == DELETED:
            accounts.delete(session, account)
        shown = {**_written(call, account, 0), **NO_KEY}
        if not call.flag("with_apitoken"):
            return shown
        with explained("with_apitoken"):
            return {**shown, "token": api_tokens.issued(call, session, account, "user_create", call.actor.scopes).text}


def user_update(call: Call) -> dict[str, Any]:
    """Change an account; optional fields that are not given become empty."""
    return _changed(call, lambda before, given: ckan_users.read_user(given, before=before))


def user_patch(call: Call) -> dict[str, Any]:
    """Change the given fields of an account."""
    return _changed(call, ckan_users.patched_user)


def user_delete(call: Call) -> None:
    """Delete an account; administrators only."""
    if not access.may_administer(call.actor, Scope.ACCOUNTS):
        raise denied()
    wanted = call.required("id")
    with call.writing() as session:
        account = present(session, wanted)
        name = account.name
        with explained("id"):
            accounts.delete(session, account)
        audit.note(session, call.actor, "account.delete", account.id, name)


def _changed(call: Call, merge: Merge) -> dict[str, Any]:
    require_known(call)
    wanted, picture = call.required("id"), sent_picture(call)
    with call.writing() as session:
        account = present(session, wanted)
        if not access.may_change_account(call.actor, account.id):
            raise denied()
        given = accepted(merge(_document(account), dict(call.arguments)))
        rights = _rights(call, account, given.document)
        if given.password is not None and not access.may_let_in(call.actor, account.id):
            raise denied("a token that sets passwords needs all scopes")
        _require_fit(session, given, account)
        document = given.document
        with explained():
            image_url = kept_picture(call, session, picture, document.image_url)
            changed = accounts.change(account, fullname=document.fullname, about=document.about, image_url=image_url)
            changed += accounts.administer(session, account, **rights)
            if given.password is not None:
                accounts.set_password(account, given.password)
                audit.note(session, call.actor, "account.password", account.id, account.name, way="api")
            changed += _overseen(call, session, account, given)
        if changed:
            audit.note(session, call.actor, "account.update", account.id, account.name, fields=changed)
        session.flush()
        return _written(call, account, made_by(session, account))


def _document(account: Account) -> UserDocument:
    return UserDocument(
        name=account.name,
        email=account.email,
        fullname=account.fullname,
        about=account.about,
        image_url=account.image_url,
    )


def _overseen(call: Call, session: Session, account: Account, given: UserInput) -> list[str]:
    """Change what administrators alone may, and what others say of it in vain: the state, and what programs keep with an account."""
    if not access.may_empower(call.actor):
        return []
    changed = []
    if given.plugin_extras is not None and given.plugin_extras != account.plugin_extras:
        account.plugin_extras = _extras(given)
        changed.append("plugin_extras")
    if given.state and given.state != account.state:
        if given.state == DELETED:
            accounts.delete(session, account)
        elif given.state == PENDING:
            accounts.suspend(session, account)
        else:
            account.state = ACTIVE
        changed.append("state")
    return changed


def _rights(call: Call, account: Account, document: UserDocument) -> dict[str, Any]:
    """Read what only administrators change: the address, which lets people in, and who is one."""
    wanted: dict[str, Any] = {}
    if document.email.strip().lower() != account.email:
        wanted["email"] = document.email
    if "sysadmin" in call.arguments and call.flag("sysadmin") != account.admin:
        wanted["admin"] = call.flag("sysadmin")
    if wanted and not access.may_empower(call.actor):
        raise denied("only administrators, with all scopes, change e-mail addresses and who is an administrator")
    return wanted


def _require_fit(session: Session, given: UserInput, account: Account | None = None) -> None:
    """Refuse, field by field, what an account cannot be."""
    document, errors = given.document, dict[str, str]()
    if account is None and accounts.find(session, document.name) is not None:
        errors["name"] = "That login name is not available."
    elif account is None and (fault := accounts.name_fault(document.name)):
        errors["name"] = fault.en
    elif account is not None and document.name != account.name:
        errors["name"] = "A user name cannot be changed"
    if document.email and (fault := accounts.email_fault(document.email)):
        errors["email"] = fault.en
    holder = accounts.find_by_email(session, document.email)
    if holder is not None and holder is not account:
        errors["email"] = "This e-mail address belongs to another account"
    if given.password is not None and (fault := passwords.fault(given.password)):
        errors["password"] = fault.en
    if errors:
        raise invalid(**errors)


def _written(call: Call, account: Account, created: int) -> dict[str, Any]:
    """Describe an account as it was written; what programs keep with it is for administrators."""
    extras = {"plugin_extras": account.plugin_extras} if account.plugin_extras is not None else {}
    return described(call, account, created) | (extras if access.may_oversee(call.actor) else {})


def _free_id(session: Session, wanted: str) -> str:
    """Give the id that an administrator wants; an account that there is, or was, is never written anew (CVE-2022-43685)."""
    reserved = (access.LOCAL.id, access.UNOWNED)
    return wanted if wanted and wanted not in reserved and accounts.find(session, wanted) is None else ""


def _extras(given: UserInput) -> dict[str, Any] | None:
    return None if given.plugin_extras is None else dict(given.plugin_extras)


_ID = Message("Kennung oder Anmeldename", "id or user name")
_WHO = Argument("id", "string", _ID, required=True)
_FIELDS = (
    Argument(
        "email",
        "string",
        Message(
            "E-Mail-Adresse, nie öffentlich; nur Administratoren ändern sie, ein Token braucht dafür alle Bereiche",
            "e-mail address, never public; administrators only change it, a token needs all scopes for that",
        ),
    ),
    Argument(
        "password",
        "string",
        Message(
            "Kennwort, mindestens 8 Zeichen; um eines zu ändern, braucht ein Token alle Bereiche",
            "password, at least 8 characters; to change one, a token needs all scopes",
        ),
    ),
    Argument("fullname", "string", Message("voller Name, nie öffentlich", "full name, never public")),
    Argument("about", "string", Message("Angaben zur Person, nie öffentlich", "about the person, never public")),
    Argument(
        "sysadmin",
        "boolean",
        Message(
            "verwaltet die ganze Website; um es zu setzen, braucht ein Token alle Bereiche",
            "administers the whole site; to set it, a token needs all scopes",
        ),
    ),
    Argument("image_url", "string", Message("Adresse eines Bildes", "address of a picture")),
    Argument("image_upload", "file", Message("ein Bild: PNG, JPEG, GIF, WebP", "a picture: PNG, JPEG, GIF, WebP")),
    Argument("clear_upload", "boolean", Message("das Bild entfernen", "remove the picture")),
    Argument(
        "state",
        "string",
        Message("active, pending oder deleted; nur Administratoren", "active, pending or deleted; administrators only"),
    ),
    Argument(
        "plugin_extras",
        "object",
        Message("was Programme dazu aufbewahren; nur Administratoren", "what programs keep; administrators only"),
    ),
)
_NAME = Argument(
    "name", "string", Message("Anmeldename: a-z, 0-9, _ und -", "user name: a-z, 0-9, _ and -"), required=True
)

ACTIONS: Mapping[str, Action] = {
    "user_create": Action(
        user_create,
        Message(
            "Ein Konto anlegen; nur Administratoren. Ohne Kennwort führt nur ein Link, ein Token oder OpenID Connect hinein.",
            "Make an account; administrators only. Without a password only a link, a token or OpenID Connect leads in.",
        ),
        (
            _NAME,
            *_FIELDS,
            Argument(
                "id", "string", Message("Kennung: eine UUID, die noch keines hat", "id: a UUID that none has yet")
            ),
            Argument(
                "with_apitoken", "boolean", Message("mit einem Token in der Antwort", "with a token in the answer")
            ),
        ),
        writes=True,
    ),
    "user_update": Action(
        user_update,
        Message(
            "Ein Konto ersetzen; ein neues Kennwort beendet alle Sitzungen.",
            "Replace an account; a new password ends all sessions.",
        ),
        (_WHO, *_FIELDS),
        writes=True,
    ),
    "user_patch": Action(
        user_patch,
        Message("Einzelne Angaben eines Kontos ändern.", "Change some fields of an account."),
        (_WHO, *_FIELDS),
        writes=True,
    ),
    "user_delete": Action(
        user_delete,
        Message(
            "Ein Konto löschen; nur Administratoren. Angaben zur Person, Rollen und Tokens gehen.",
            "Delete an account; administrators only. Personal data, roles and tokens go.",
        ),
        (_WHO,),
        writes=True,
    ),
}
