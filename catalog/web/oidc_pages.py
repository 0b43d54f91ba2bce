"""Signing in through the city's provider of OpenID Connect. Loaded only where one is configured: Authlib takes 16 MB and half a second."""

from flask import Blueprint, Flask, Response, current_app, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from catalog import oidc, signing_in
from catalog.api.answers import instance
from catalog.web import sessions
from catalog.web.account_pages import count, login_form, onward
from dcat.errors import StateError

oidc_pages = Blueprint("oidc", __name__, url_prefix="/user/oidc")


def register(app: Flask) -> None:
    """Add the pages to an application; ConfigError says which setting cannot be used."""
    oidc.register(app, app.extensions["offenbar.config"])
    app.register_blueprint(oidc_pages)


@oidc_pages.after_request
def keep_out(answer: Response) -> Response:
    """Nothing of this is kept by caches, found by search engines or told to other sites."""
    return sessions.kept_out(answer)


@oidc_pages.get("")
def begin() -> AnyResponse:
    """Send the browser to the provider of OpenID Connect."""
    count()
    try:
        return oidc.begin(current_app, instance().config, request.args.get("next", ""))
    except StateError as error:
        return make_response(login_form(error=error.message), 503)


@oidc_pages.get("/back")
def back() -> AnyResponse:
    """Take what the provider says of somebody, and sign in."""
    count()
    try:
        found, following = oidc.finish(current_app, instance().config)
        with instance().database.writing() as session:
            account = oidc.enter(session, instance().config, found)
            signing_in.note_seen(session, account, "oidc")
    except StateError as error:
        return make_response(login_form(error=error.message), 403)
    sessions.begin(account)
    return onward(following)
