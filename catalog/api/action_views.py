"""CKAN's transport: paths, arguments, envelope, errors (the table of the Action API's observed behaviour)."""

from typing import Any

import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from catalog.api.action import ACTIONS, ActionError, Call, Raw
from catalog.api.answers import instance

MAX_BODY = 1_000_000
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
    function = ACTIONS.get(name)
    if function is None:
        return _json(f"Bad request: Action name not known: {name[:100]}", 400)
    try:
        arguments = _arguments()
    except ValueError as error:
        return _json(f"Bad request: JSON Error: {error}", 400)
    help_url = f"{instance().config.site_url}/api/3/action/help_show?name={name}"
    try:
        with instance().database.reading() as session:
            result = function(Call(instance(), session, arguments))
    except ActionError as error:
        return _json(
            {"help": help_url, "success": False, "error": {"__type": error.kind, **error.details}}, error.status
        )
    body = bytes(result) if isinstance(result, Raw) else orjson.dumps(result)
    return _sent(b'{"help":' + orjson.dumps(help_url) + b',"success":true,"result":' + body + b"}")


def _arguments() -> dict[str, Any]:
    """Read the arguments: query string, JSON body, form, or a form whose only key is the JSON (curl's habit)."""
    if request.method in ("GET", "HEAD"):
        return _listed(request.args)
    if (request.content_length or 0) > MAX_BODY:
        raise RequestEntityTooLarge
    body = request.get_data()
    pairs = list(request.form.items())
    if len(pairs) == 1 and pairs[0][1] in ("", "1"):
        return _object(pairs[0][0].encode())
    # JSON with an equals sign or ampersand in it, sent as a form, falls into pieces that nobody meant.
    if pairs and not body.lstrip().startswith(b"{"):
        return _listed(request.form)
    return {} if request.mimetype == "multipart/form-data" else _object(body)


def _object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"Error decoding JSON data: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("Request data JSON decoded is not a dictionary")
    return value


def _listed(values: Any) -> dict[str, Any]:
    return {name: found if len(found) > 1 else found[0] for name, found in values.lists()}


def _json(value: Any, status: int = 200) -> Response:
    return _sent(orjson.dumps(value), status)


def _sent(body: bytes, status: int = 200) -> Response:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, X-CKAN-API-Key, Content-Type",
    }
    return Response(body, status=status, content_type="application/json;charset=utf-8", headers=headers)
