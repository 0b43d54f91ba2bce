"""The pages of accounts: sign in and out, password, tokens, sessions. None is kept by caches, found by search engines or framed."""

import time
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from catalog import account_links, accounts, audit, passwords, signing_in, steward_acts, tokens
from catalog.access import Capacity, Scope
from catalog.api.answers import instance
from catalog.config import Config
from catalog.db import now
from catalog.models import Organization
from catalog.models_accounts import Account
from catalog.web import sessions
from catalog.web.check_pages import client
from catalog.web.doorstep import Doorstep
from catalog.web.errors import FORM_OVER
from catalog.web.security import request_id
from dcat.account_limits import SHORTEST_PASSWORD
from dcat.digits import natural
from dcat.errors import OffenbarError
from dcat.message import Message

account_pages = Blueprint("account", __name__, url_prefix="/user")
# Attempts of one network at once, and seconds until it gets another one.
BURST, REFILL = 10, 20.0
# Where somebody may go on after signing in.
NEXT = {"steward": "steward.home"}
CAPACITIES = {
    Capacity.ADMIN: Message("verwaltet", "administers"),
    Capacity.EDITOR: Message("bearbeitet", "edits"),
    Capacity.MEMBER: Message("liest mit", "reads"),
}
SCOPES = {
    Scope.READ: Message("lesen, was ich lesen darf", "read what I may read"),
    Scope.DATASETS: Message("Datensätze und Dateien schreiben", "write datasets and files"),
    Scope.STRUCTURE: Message("Organisationen und Gruppen ändern", "change organisations and groups"),
    Scope.ACCOUNTS: Message("Konten und Tokens ändern", "change accounts and tokens"),
}
WRONG = Message(
    "Name oder Kennwort stimmen nicht. Nach mehreren Fehlversuchen hilft auch das richtige Kennwort erst nach einer Pause von bis "
    "zu 15 Minuten.",
    "Name or password are wrong. After several failures even the right password works only after a pause of up to 15 minutes.",
)
_HINT = Message(f"Mindestens {SHORTEST_PASSWORD} Zeichen.", f"At least {SHORTEST_PASSWORD} characters.")


def doorstep(config: Config) -> Doorstep:
    """Make what counts the attempts of networks, for all web workers together."""
    return Doorstep(config.home / "doorstep", config.secret_key, BURST, REFILL)


@account_pages.before_request
def check_form() -> None:
    """Take forms only from our own pages."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        sessions.require_own_form()


@account_pages.after_request
def keep_out(answer: Response) -> Response:
    """Nothing of this is kept by caches, found by search engines or told to other sites."""
    return sessions.kept_out(answer)


@account_pages.context_processor
def shared() -> dict[str, Any]:
    """Give templates who is signed in."""
    return {"signed_in": g.get("signed_in", ""), "password_hint": _HINT}


@account_pages.errorhandler(CSRFError)
def form_over(error: CSRFError) -> tuple[str, int]:
    """Say that a form is too old, or not ours."""
    return render_template("error.html", wording=FORM_OVER, status=400, request_id=request_id()), 400


@account_pages.get("/login")
def login() -> AnyResponse:
    """Show the form to sign in; who is signed in goes on."""
    with instance().database.reading() as session:
        if sessions.holder(session) is not None:
            return onward(request.args.get("next", ""))
    return make_response(login_form(next=request.args.get("next", "")))


@account_pages.post("/login")
def sign_in() -> AnyResponse:
    """Sign in with name and password."""
    count()
    name = request.form.get("name", "")
    account = signing_in.sign_in(instance().database, name, request.form.get("password", ""))
    if account is None:
        return make_response(login_form(error=WRONG, name=name[:300], next=request.form.get("next", "")), 403)
    sessions.begin(account)
    return onward(request.form.get("next", ""))


@account_pages.post("/logout")
def sign_out() -> AnyResponse:
    """Sign out, here and everywhere: a copy of the cookie is worth nothing then."""
    with instance().database.writing() as session:
        account = sessions.holder(session)
        if account is not None:
            accounts.end_sessions(account)
            audit.note(session, accounts.actor(session, account), "account.logout", account.id, account.name)
    sessions.end()
    return redirect(url_for("account.login"), 303)


@account_pages.get("/me")
def me() -> str:
    """Show one's own account."""
    with instance().database.reading() as session:
        return _me(session, _signed_in(session))


@account_pages.post("/me")
def rename() -> str:
    """Change one's full name."""
    with instance().database.writing() as session:
        account = _signed_in(session)
        if changed := accounts.change(account, fullname=request.form.get("fullname", "")):
            audit.note(
                session, accounts.actor(session, account), "account.update", account.id, account.name, fields=changed
            )
        return _me(session, account, done=Message("Gespeichert.", "Saved."))


@account_pages.post("/me/password")
def change_password() -> AnyResponse:
    """Change one's password; every other browser is signed out."""
    count()
    database = instance().database
    with database.reading() as session:
        account = _signed_in(session)
    right = signing_in.confirm(database, account.id, request.form.get("password", ""))
    fault = None if right else WRONG
    fault = fault or _new_password_fault()
    with database.writing() as session:
        account = _signed_in(session)
        if fault is not None:
            return make_response(_me(session, account, error=fault), 400)
        accounts.set_password(account, request.form["new"])
        audit.note(session, accounts.actor(session, account), "account.password", account.id, account.name)
        sessions.begin(account)
        done = Message(
            "Das neue Kennwort gilt; alle anderen Browser sind abgemeldet.",
            "The new password is set; all other browsers are signed out.",
        )
        return make_response(_me(session, account, done=done))


@account_pages.post("/me/sessions")
def end_others() -> str:
    """Sign out every other browser."""
    with instance().database.writing() as session:
        account = _signed_in(session)
        accounts.end_sessions(account)
        audit.note(session, accounts.actor(session, account), "account.sessions_end", account.id, account.name)
        sessions.begin(account)
        done = Message("Alle anderen Browser sind abgemeldet.", "All other browsers are signed out.")
        return _me(session, account, done=done)


@account_pages.post("/me/tokens")
def make_token() -> AnyResponse:
    """Issue a token and show it this once."""
    chosen = {scope for scope in Scope if scope in request.form.getlist("scope")}
    days = natural(request.form.get("days", "")) or 0
    with instance().database.writing() as session:
        account = _signed_in(session)
        try:
            made = tokens.create(
                session,
                account,
                name=request.form.get("label", ""),
                scopes=chosen,
                days=days,
            )
        except OffenbarError as error:
            return make_response(_me(session, account, error=error.message), 400)
        audit.note(
            session,
            accounts.actor(session, account),
            "token.create",
            made.token.id,
            made.token.name,
            scopes=made.token.scopes,
        )
        return make_response(_me(session, account, made=made.text))


@account_pages.post("/me/tokens/<uuid:token_id>")
def revoke_token(token_id: object) -> str:
    """Revoke one of one's own tokens."""
    with instance().database.writing() as session:
        account = _signed_in(session)
        token = tokens.find(session, str(token_id))
        if token is None or token.account_id != account.id:
            abort(404)
        tokens.revoke(session, token)
        audit.note(session, accounts.actor(session, account), "token.revoke", token.id, token.name)
        session.flush()
        return _me(session, account, done=Message("Der Token ist widerrufen.", "The token is revoked."))


@account_pages.get("/reset")
def reset() -> str:
    """Show the form that asks for a link to a new password."""
    return render_template("account/reset.html")


@account_pages.post("/reset")
def ask_reset() -> AnyResponse:
    """Send the link, if there is such an account; the answer is the same for all."""
    count()
    try:
        account_links.ask(instance(), request.form.get("name", ""))
    except OffenbarError:
        error = Message(
            "Von hier werden keine E-Mails verschickt. Bitten Sie die Verwaltung dieser Website um ein neues Kennwort.",
            "No e-mail is sent from here. Ask the administrators of this site for a new password.",
        )
        return make_response(render_template("account/reset.html", error=error), 503)
    sent = Message(
        "Gibt es ein solches Konto mit einer E-Mail-Adresse, ist der Link unterwegs. Er gilt eine Stunde.",
        "If there is such an account with an e-mail address, the link is on its way. It is valid for one hour.",
    )
    return make_response(render_template("account/reset.html", sent=sent))


@account_pages.get("/reset/<proof>")
def new_password(proof: str) -> AnyResponse:
    """Show the form that sets a password, to who has the link."""
    with instance().database.reading() as session:
        account = account_links.opened(session, instance().config, proof, now())
    return _password_form(account, proof)


@account_pages.post("/reset/<proof>")
def set_password(proof: str) -> AnyResponse:
    """Set the password that a link allows; every session ends and the link with them."""
    count()
    with instance().database.writing() as session:
        account = account_links.opened(session, instance().config, proof, now())
        fault = _new_password_fault()
        if account is None or fault is not None:
            return _password_form(account, proof, fault)
        accounts.set_password(account, request.form["new"])
        audit.note(session, accounts.actor(session, account), "account.password", account.id, account.name, way="link")
    sessions.end()
    return redirect(url_for("account.login"), 303)


def _signed_in(session: Session) -> Account:
    account = sessions.holder(session)
    if account is None:
        abort(redirect(url_for("account.login"), 303))
    g.signed_in = account.name
    return account


def count() -> None:
    """Count an attempt of the network that asks; too many in a short time are refused."""
    counted: Doorstep = current_app.extensions["offenbar.doorstep"]
    if wait := counted.wait(client(), time.time()):
        raise TooManyRequests(retry_after=int(wait) + 1)


def _new_password_fault() -> Message | None:
    given = request.form.get("new", "")
    if given != request.form.get("again", ""):
        return Message("Die beiden neuen Kennwörter sind verschieden.", "The two new passwords are not the same.")
    return passwords.fault(given)


def onward(following: str) -> AnyResponse:
    """Go on after signing in, to one of the few places there are."""
    return redirect(url_for(NEXT.get(following, "account.me")), 303)


def login_form(*, error: Message | None = None, name: str = "", next: str = "") -> str:
    """Show the form to sign in, with what went wrong."""
    return render_template(
        "account/login.html",
        error=error,
        name=name,
        next=next if next in NEXT else "",
        oidc=bool(instance().config.oidc_issuer),
    )


def _password_form(account: Account | None, proof: str, fault: Message | None = None) -> AnyResponse:
    over = Message("Dieser Link gilt nicht mehr.", "This link is no longer valid.")
    error = fault if account else over
    page = render_template("account/new_password.html", account=account, proof=proof, error=error)
    return make_response(page, 400 if error else 200)


def _me(
    session: Session, account: Account, *, error: Message | None = None, done: Message | None = None, made: str = ""
) -> str:
    session.flush()
    actor = accounts.actor(session, account)
    query = sa.select(Organization.id, Organization.title).where(Organization.id.in_(list(actor.roles)[:500]))
    roles = [(title, actor.roles[one]) for one, title in session.execute(query.order_by(Organization.title))]
    return render_template(
        "account/me.html",
        account=account,
        roles=roles,
        steward=steward_acts.may_enter(actor),
        tokens=tokens.tokens(session, account.id),
        scopes=[scope.value for scope in Scope],
        capacity_word=CAPACITIES.__getitem__,
        scope_word=lambda scope: SCOPES[Scope(scope)],
        error=error,
        done=done,
        made=made,
    )
