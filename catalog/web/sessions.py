"""Sessions in the browser: who is signed in, until when, and that what a form says comes from a page of ours.

A session is a signed cookie that names an account and a piece of its present session key; a new key ends it. Public pages never look
at it, so that caches may keep them.
"""

import datetime
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, generate_csrf, validate_csrf
from sqlalchemy.orm import Session

from catalog import accounts, tokens
from catalog.access import ALL_SCOPES, ANONYMOUS, Actor, Scope
from catalog.api.answers import instance
from catalog.config import Config
from catalog.db import now
from catalog.models_accounts import Account
from dcat.states import ACTIVE

COOKIE = "offenbar"
LASTS = datetime.timedelta(hours=12)
FIELD, HEADER = "csrf_token", "X-CSRFToken"
_ACCOUNT, _KEY, _SINCE, _ID = "account", "key", "since", "id"
_PIECE = 32


class _Sessions(SecureCookieSessionInterface):
    """Flask's sessions; a request without a cookie, as programs send them, does not wait for the keys of signatures."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if COOKIE not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def configure(app: Flask, config: Config) -> None:
    """Set how cookies of sessions are made, and give templates the token of forms."""
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.site_url.startswith("https:"),
        SESSION_COOKIE_PATH=urlsplit(config.site_url).path.rstrip("/") or "/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LASTS,
        WTF_CSRF_TIME_LIMIT=int(LASTS.total_seconds()),
    )
    app.jinja_env.globals.update(csrf_token=generate_csrf)


def begin(account: Account) -> None:
    """Begin a session for an account; what the browser brought along is forgotten."""
    session.clear()
    session.permanent = True
    session[_ID] = secrets.token_hex(8)
    session[_ACCOUNT], session[_KEY] = account.id, account.session_key[:_PIECE]
    session[_SINCE] = int(now().timestamp())


def end() -> None:
    """End the session of this browser."""
    session.clear()


def holder(database: Session) -> Account | None:
    """Find the account that this browser is signed in with; None when the session is over or was ended. One query."""
    account_id, key, since = session.get(_ACCOUNT), session.get(_KEY), session.get(_SINCE)
    if not isinstance(account_id, str) or not isinstance(key, str) or not isinstance(since, int):
        return None
    if not 0 <= now().timestamp() - since < LASTS.total_seconds():
        return None
    account = database.get(Account, account_id)
    if account is None or account.state != ACTIVE:
        return None
    return account if hmac.compare_digest(account.session_key[:_PIECE], key) else None


def kept_out(answer: Response) -> Response:
    """See to it that an answer for who is signed in is kept by no cache, found by no search engine and told to no other site."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.vary.add("Cookie")
    return answer


def require_own_form() -> None:
    """Refuse a request that no form of ours in this browser made: each one is looked at, and nothing is remembered of it."""
    if not _is_own(request.form.get(FIELD, "")):
        raise CSRFError


def actor(database: Session) -> Actor:
    """Tell who calls an interface: by the token, else by the session of the browser, else nobody.

    A browser sends its cookie whoever makes it call: without the token of a form in the header such a call may read and nothing else.
    """
    if tokens.given(request.headers):
        return tokens.actor_from(instance(), database, request.headers)
    if COOKIE not in request.cookies or (account := holder(database)) is None:
        return ANONYMOUS
    return accounts.actor(
        database, account, scopes=ALL_SCOPES if _is_own(request.headers.get(HEADER, "")) else frozenset({Scope.READ})
    )


def _is_own(token: str) -> bool:
    try:
        validate_csrf(token)
    # wtforms.ValidationError is one.
    except ValueError:
        return False
    return True
