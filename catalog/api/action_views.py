"""CKAN's transport: paths, arguments, files, who asks, envelope, errors (the table of the Action API's observed behaviour).

A token says who asks, or the session of a browser; that may write only with the token of a form (catalog/web/sessions.py), so that
no page of somebody else's can make a browser act.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from catalog import access, tokens
from catalog.access import ANONYMOUS, Actor
from catalog.api import answers
from catalog.api.action import ACTIONS
from catalog.api.actions.call import Action, ActionError, Call, Raw, Sent
from catalog.api.answers import instance
from catalog.web import sessions
from dcat.ckan_values import is_deep

# Bytes of a call without files, and of all its form fields; who may upload may send as much as the settings allow.
MAX_BODY = 5_000_000
MAX_ANONYMOUS_BODY = 1_000_000
MAX_FIELDS = 1000
# Of a call with files: each part may hold a file open.
MAX_PARTS = 200
_CALLBACK = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.]{0,99}", re.ASCII)
actions = Blueprint("actions", __name__)


@actions.get("/api/<any('1','2','3'):version>")
def version(version: str) -> Response:
    """Say which version of the API answers here."""
    return _json({"version": int(version)})


@actions.route("/api/action/<name>", methods=["GET", "POST", "OPTIONS"])
@actions.route("/api/3/action/<name>", methods=["GET", "POST", "OPTIONS"])
def action(name: str) -> Response:
    """Call one action."""
    if request.method == "OPTIONS":
        return _json({})
    found = ACTIONS.get(name)
    if found is None:
        return _json(f"Bad request: Action name not known: {name[:100]}", 400)
    if found.writes and request.method != "POST":
        return _json(f"Bad request: {name} changes something; call it by POST", 400)
    call = Call(instance(), arguments={}, if_match=request.headers.get("If-Match", ""), memory=answers.memory())
    callback = request.args.get("callback", "") if request.method == "GET" else ""
    if callback and not _CALLBACK.fullmatch(callback):
        return _json("Bad request: callback is no name of a function", 400)
    try:
        # A script can be asked for by any page: it tells what everybody may know, whoever is signed in.
        call.actor = ANONYMOUS if callback else _actor(call)
        if found.writes:
            # No transaction waits for a file to arrive, and what is written is read in a new one.
            call.renew()
        try:
            call.arguments = _arguments(call.actor, found)
        except ValueError as error:
            return _json(f"Bad request: JSON Error: {error}", 400)
        call.files = _files() if call.actor.known else {}
        return _as_script(_answer(name, found, call), callback)
    finally:
        call.renew()


def _answer(name: str, found: Action, call: Call) -> Response:
    help_url = f"{call.instance.config.site_url}/api/3/action/help_show?name={name}"
    try:
        result = found.run(call)
        body = result if isinstance(result, Raw) else orjson.dumps(result)
    except ActionError as error:
        envelope = {"help": help_url, "success": False, "error": {"__type": error.kind, **error.details}}
        return _json(envelope, error.status)
    answer = _sent(b"".join((b'{"help":', orjson.dumps(help_url), b',"success":true,"result":', body, b"}")))
    if call.etag:
        answer.headers["ETag"] = call.etag
    if call.actor.known:
        answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _as_script(answer: Response, callback: str) -> Response:
    """Write an answer as a call of a function, for pages that load it as a script (JSONP); an error stays as it is."""
    if callback and answer.status_code == 200:
        answer.set_data(callback.encode() + b"(" + answer.get_data() + b");")
        answer.content_type = "application/javascript;charset=utf-8"
    return answer


def _actor(call: Call) -> Actor:
    """Tell who asks, by token or by the session of the browser; without either that costs nothing."""
    if not tokens.given(request.headers) and sessions.COOKIE not in request.cookies:
        return ANONYMOUS
    return sessions.actor(call.session)


def _arguments(actor: Actor, found: Action) -> dict[str, Any]:
    """Read the arguments: query string, JSON body, form, or a form whose only key is the JSON (curl's habit)."""
    if request.method in ("GET", "HEAD"):
        return _listed(request.args)
    if request.mimetype == "multipart/form-data":
        return _multipart(actor, found)
    most = MAX_BODY if actor.known else MAX_ANONYMOUS_BODY
    request.max_content_length = most
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    body = request.get_data()
    if body.count(b"&") >= MAX_FIELDS:
        # Each field of a form takes memory (CVE-2023-50248); JSON sent as a form may have as many ampersands as it likes.
        if not body.lstrip().startswith(b"{"):
            raise RequestEntityTooLarge
        return _object(body)
    pairs = list(request.form.items())
    if len(pairs) == 1 and pairs[0][1] in ("", "1"):
        return _object(pairs[0][0].encode())
    # JSON with an equals sign or ampersand in it, sent as a form, falls into pieces that nobody meant.
    if pairs and not body.lstrip().startswith(b"{"):
        return _listed(request.form)
    return _object(body)


def _multipart(actor: Actor, found: Action) -> dict[str, Any]:
    most = MAX_BODY if actor.known else MAX_ANONYMOUS_BODY
    request.max_form_parts = MAX_PARTS
    request.max_form_memory_size = most
    # A file is taken in before anybody is asked what it is for: from those only who may write datasets somewhere.
    takes_files = any(argument.type == "file" for argument in found.arguments)
    request.max_content_length = (
        instance().config.upload_max_bytes if takes_files and access.may_upload(actor) else most
    )
    return _listed(request.form)


def _files() -> Mapping[str, Sent]:
    return {
        name: Sent(file.filename or "", file.mimetype or "", file.stream)
        for name, file in request.files.items()
        if file.filename
    }


def _object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"Error decoding JSON data: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("Request data JSON decoded is not a dictionary")
    if is_deep(value):
        raise ValueError("Error decoding JSON data: it is nested too deeply")
    return value


def _listed(values: Any) -> dict[str, Any]:
    return {name: found if len(found) > 1 else found[0] for name, found in values.lists()}


def _json(value: Any, status: int = 200) -> Response:
    return _sent(orjson.dumps(value), status)


def _sent(body: bytes, status: int = 200) -> Response:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, X-CKAN-API-Key, Content-Type, If-Match",
        "Access-Control-Expose-Headers": "ETag",
    }
    return Response(body, status=status, content_type="application/json;charset=utf-8", headers=headers)
