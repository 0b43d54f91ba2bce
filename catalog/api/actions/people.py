"""Accounts as CKAN's actions. Nothing of a person is public: who is signed in sees names, oneself and administrators the rest."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, accounts, audit, passwords, pictures, tokens
from catalog.access import Scope
from catalog.api.actions import packages
from catalog.api.actions.call import Action, Argument, Call, denied, invalid, not_found, refused
from catalog.models_accounts import Account
from catalog.models_desk import DeskDataset
from catalog.renditions import naive
from dcat import ckan_pictures, ckan_users
from dcat.ckan_pictures import shown_picture
from dcat.ckan_users import UserDocument, UserInput
from dcat.ckan_values import Refused
from dcat.errors import ConfigError, StateError
from dcat.message import Message

MAX_FOUND, FOUND = 100, 20
PICTURE = "image_upload"
MAX_DATASETS = 50
# Reads what is left of a document after a change, from the account as it is and the arguments.
Merge = Callable[[UserDocument, Mapping[str, Any]], UserInput | Refused]


def user_show(call: Call) -> dict[str, Any]:
    """Show one account; without an id that of whoever asks."""
    require_known(call)
    account = accounts.find(call.session, call.text("id") or call.actor.id)
    if account is None or (account.state == accounts.DELETED and not access.may_oversee(call.actor)):
        raise not_found()
    if not access.may_see_account(call.actor, account.id):
        return _named(account.id, account.name)
    shown = {**described(call, account, _made(call.session, account)), **_NO_KEY}
    if call.flag("include_datasets"):
        shown["datasets"] = _datasets(call, account.id)
    if call.flag("include_plugin_extras") and access.may_oversee(call.actor):
        shown["plugin_extras"] = account.plugin_extras
    return shown


def user_list(call: Call) -> list[Any]:
    """List accounts by name."""
    require_known(call)
    full, words = access.may_oversee(call.actor), call.text("q").lower()
    order = call.text("order_by", "display_name")
    if order not in _ORDERS:
        raise invalid(order_by=f"Must be one of: {', '.join(_ORDERS)}")
    query = sa.select(Account, _CREATED).where(Account.state != accounts.DELETED)
    # Who sees names only learns nothing else from their order.
    query = query.order_by(*(_ORDERS[order] if full else ()), Account.name)
    if words:
        fields = (Account.name, Account.fullname, Account.email) if full else (Account.name,)
        query = query.where(sa.or_(*(sa.func.lower(each).contains(words, autoescape=True) for each in fields)))
    if email := call.text("email"):
        if not full:
            raise denied()
        query = query.where(Account.email == email.strip().lower())
    if limit := call.number("limit", 0):
        query = query.limit(limit)
    found = call.session.execute(query.offset(call.number("offset", 0)))
    if not call.flag("all_fields", default=True):
        return [account.name for account, _ in found]
    return [
        described(call, account, created) if full else _named(account.id, account.name) for account, created in found
    ]


def user_autocomplete(call: Call) -> list[dict[str, Any]]:
    """Find accounts whose names hold some letters."""
    require_known(call)
    words, full = call.required("q").lower(), access.may_oversee(call.actor)
    fields = (Account.name, Account.fullname, Account.email) if full else (Account.name,)
    query = sa.select(Account.id, Account.name, Account.fullname).where(Account.state != accounts.DELETED)
    query = query.where(sa.or_(*(sa.func.lower(each).contains(words, autoescape=True) for each in fields)))
    if call.flag("ignore_self"):
        query = query.where(Account.id != call.actor.id)
    found = call.session.execute(query.order_by(Account.name).limit(call.number("limit", FOUND, MAX_FOUND)))
    return [{"id": of, "name": name, "fullname": fullname if full else None} for of, name, fullname in found]


def user_create(call: Call) -> dict[str, Any]:
    """Make an account; administrators only."""
    if not access.may_administer(call.actor, Scope.ACCOUNTS):
        raise denied()
    given = _accepted(ckan_users.read_user(dict(call.arguments)))
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
                state=accounts.PENDING if given.state == accounts.PENDING else accounts.ACTIVE,
                account_id=_free_id(session, given.id),
            )
            image_url = kept_picture(call, session, picture, document.image_url)
            accounts.change(account, about=document.about, image_url=image_url)
        account.plugin_extras = _extras(given)
        audit.note(session, call.actor, "account.create", account.id, account.name, admin=admin)
        if given.state == accounts.DELETED:
            accounts.delete(session, account)
        shown = {**_written(call, account, 0), **_NO_KEY}
        return shown | ({"token": _token(call, session, account)} if call.flag("with_apitoken") else {})


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


def require_known(call: Call) -> None:
    """Refuse whoever is not signed in: they do not even learn which accounts there are."""
    if not access.may_see_people(call.actor):
        raise denied()


def present(session: Session, name_or_id: str) -> Account:
    """Find an account that is not deleted."""
    account = accounts.find(session, name_or_id)
    if account is None or account.state == accounts.DELETED:
        raise not_found()
    return account


@contextmanager
def explained(field: str = "message") -> Iterator[None]:
    """Say at a field why accounts or tokens refuse something."""
    try:
        yield
    except (ConfigError, StateError) as error:
        raise invalid(**{field: error.message.en}) from error


def described(call: Call, account: Account, created: int) -> dict[str, Any]:
    """Describe an account to its owner and to administrators, with the number of its datasets."""
    return {
        "id": account.id,
        "name": account.name,
        "fullname": account.fullname,
        "display_name": account.fullname or account.name,
        "email": account.email,
        "about": account.about,
        "image_url": account.image_url,
        "image_display_url": shown_picture(account.image_url, "user", call.instance.config.site_url),
        "state": account.state,
        "sysadmin": account.admin,
        "created": naive(account.created_at.isoformat()),
        "last_active": naive(account.seen_at.isoformat()) if account.seen_at else None,
        "number_created_packages": created,
        "activity_streams_email_notifications": False,
    }


def sent_picture(call: Call) -> tuple[bytes, str] | None:
    """Read the picture that came with a call, before anything is written; any other file is refused."""
    if strange := next((name for name in call.files if name != PICTURE), ""):
        raise invalid(**{strange: f"Must be sent as {PICTURE}"})
    if PICTURE not in call.files:
        return None
    with explained(PICTURE):
        return pictures.read(call.files[PICTURE].stream)


def kept_picture(call: Call, session: Session, picture: tuple[bytes, str] | None, image_url: str) -> str:
    """Keep the picture that came with a call and give its name, nothing where it shall go, else what was there."""
    if picture is not None:
        return pictures.keep(session, call.instance.files, *picture)
    return "" if call.flag("clear_upload") and ckan_pictures.uploaded(image_url) else image_url


def _written(call: Call, account: Account, created: int) -> dict[str, Any]:
    """Describe an account as it was written; what programs keep with it is for administrators."""
    extras = {"plugin_extras": account.plugin_extras} if account.plugin_extras is not None else {}
    return described(call, account, created) | (extras if access.may_oversee(call.actor) else {})


def _named(account_id: str, name: str) -> dict[str, Any]:
    return {"id": account_id, "name": name, "display_name": name}


def _datasets(call: Call, account_id: str) -> list[orjson.Fragment]:
    """Read the datasets that an account made and that whoever asks may read, the newest first."""
    query = sa.select(DeskDataset.id).where(DeskDataset.creator_id == account_id, DeskDataset.state != accounts.DELETED)
    ids = list(call.session.scalars(query.order_by(DeskDataset.modified_at.desc()).limit(MAX_DATASETS)))
    bodies = packages.bodies(call, ids)
    return [orjson.Fragment(bodies[each]) for each in ids if each in bodies]


def _made(session: Session, account: Account) -> int:
    """Count the datasets that an account made, drafts and private ones, too."""
    own = sa.select(sa.func.count()).select_from(DeskDataset).where(DeskDataset.creator_id == account.id)
    return session.scalar(own.where(DeskDataset.state != accounts.DELETED)) or 0


def _free_id(session: Session, wanted: str) -> str:
    """Give the id that an administrator wants; an account that there is, or was, is never written anew (CVE-2022-43685)."""
    return wanted if wanted and accounts.find(session, wanted) is None else ""


def _extras(given: UserInput) -> dict[str, Any] | None:
    return None if given.plugin_extras is None else dict(given.plugin_extras)


def _token(call: Call, session: Session, account: Account) -> str:
    with explained("with_apitoken"):
        made = tokens.create(session, account, name="user_create", scopes=call.actor.scopes, within=call.actor.scopes)
    audit.note(
        session, call.actor, "token.create", made.token.id, made.token.name, scopes=made.token.scopes, of=account.name
    )
    return made.text


def _changed(call: Call, merge: Merge) -> dict[str, Any]:
    require_known(call)
    wanted, picture = call.required("id"), sent_picture(call)
    with call.writing() as session:
        account = present(session, wanted)
        if not access.may_change_account(call.actor, account.id):
            raise denied()
        given = _accepted(merge(_document(account), dict(call.arguments)))
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
        return _written(call, account, _made(session, account))


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
        if given.state == accounts.DELETED:
            accounts.delete(session, account)
        elif given.state == accounts.PENDING:
            accounts.suspend(session, account)
        else:
            account.state = accounts.ACTIVE
        changed.append("state")
    return changed


def _accepted(found: UserInput | Refused) -> UserInput:
    if isinstance(found, Refused):
        raise refused(found)
    return found


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
    for name, most in (("fullname", accounts.LONGEST_FULLNAME), ("about", accounts.LONGEST_ABOUT)):
        if len(getattr(document, name)) > most:
            errors[name] = f"Must not be longer than {most} characters"
    if given.password is not None and (fault := passwords.fault(given.password)):
        errors["password"] = fault.en
    if errors:
        raise invalid(**errors)


# CKAN's word for a key that no account has here.
_NO_KEY: Mapping[str, Any] = {"apikey": None}
# How many datasets an account has made and that are neither drafts nor deleted.
_CREATED = (
    sa.select(sa.func.count())
    .select_from(DeskDataset)
    .where(DeskDataset.creator_id == Account.id, DeskDataset.state == "active")
    .correlate(Account)
    .scalar_subquery()
)

_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "name": (),
    "fullname": (sa.func.lower(Account.fullname),),
    "display_name": (sa.func.lower(sa.func.coalesce(sa.func.nullif(Account.fullname, ""), Account.name)),),
    "number_created_packages": (_CREATED,),
}
_ID = Message("Kennung oder Anmeldename", "id or user name")
_WHO = Argument("id", "string", _ID, required=True)
_FIELDS = (
    Argument("email", "string", Message("E-Mail-Adresse, nie öffentlich", "e-mail address, never public")),
    Argument("password", "string", Message("Kennwort, mindestens 8 Zeichen", "password, at least 8 characters")),
    Argument("fullname", "string", Message("voller Name, nie öffentlich", "full name, never public")),
    Argument("about", "string", Message("Angaben zur Person, nie öffentlich", "about the person, never public")),
    Argument("sysadmin", "boolean", Message("verwaltet den ganzen Katalog", "administers the whole site")),
    Argument("image_url", "string", Message("Adresse eines Bildes", "address of a picture")),
    Argument("image_upload", "file", Message("ein Bild: PNG, JPEG, GIF, WebP", "a picture: PNG, JPEG, GIF, WebP")),
    Argument("clear_upload", "boolean", Message("das Bild entfernen", "remove the picture")),
    Argument(
        "state", "string", Message("active, pending oder deleted; nur Administratoren", "active, pending or deleted")
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
_Q = Message("Teil des Namens", "part of the name")
_LIMIT = Argument("limit", "integer", Message("höchstens so viele", "at the most so many"))
_OFFSET = Argument("offset", "integer", Message("ab dem wievielten", "how many to skip"))

ACTIONS: Mapping[str, Action] = {
    "user_show": Action(
        user_show,
        Message(
            "Ein Konto zeigen: das eigene und Administratoren jedes ganz, anderen Angemeldeten nur den Namen.",
            "Show an account: one's own and to administrators any in full, to others who are signed in the name only.",
        ),
        (
            Argument("id", "string", Message("ohne Angabe das eigene Konto", "one's own account if not given")),
            Argument(
                "include_datasets", "boolean", Message("mit den lesbaren Datensätzen", "with the datasets to be read")
            ),
            Argument("include_plugin_extras", "boolean", Message("für Administratoren", "for administrators")),
        ),
    ),
    "user_list": Action(
        user_list,
        Message("Die Konten nach Namen; nur für Angemeldete.", "The accounts by name; for those who are signed in."),
        (
            Argument("q", "string", _Q),
            Argument(
                "email", "string", Message("E-Mail-Adresse; nur Administratoren", "e-mail address; administrators only")
            ),
            Argument(
                "order_by",
                "string",
                Message(
                    "name, display_name, fullname oder number_created_packages",
                    "name, display_name, fullname or number_created_packages",
                ),
            ),
            Argument("all_fields", "boolean", Message("Angaben statt nur Namen", "records instead of names")),
            _LIMIT,
            _OFFSET,
        ),
    ),
    "user_autocomplete": Action(
        user_autocomplete,
        Message(
            "Konten nach Teilen des Namens; nur für Angemeldete.",
            "Accounts by parts of the name; for those who are signed in.",
        ),
        (
            Argument("q", "string", _Q, required=True),
            _LIMIT,
            Argument("ignore_self", "boolean", Message("ohne das eigene Konto", "without one's own account")),
        ),
    ),
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
