"""The address of the OpenAPI document."""

from dataclasses import dataclass

import orjson
from flask import Blueprint, Response, current_app

from catalog import store
from catalog.api import answers, openapi
from catalog.api.answers import instance

CONTENT_TYPE = "application/json; charset=utf-8"
_KEPT = "offenbar.openapi"
described = Blueprint("openapi", __name__)


@dataclass(frozen=True, slots=True)
class _Written:
    body: bytes
    tag: str


@described.get("/openapi.json")
def document() -> Response:
    """Describe the interfaces as OpenAPI 3.1."""
    written = _written()
    if answers.known(written.tag, None):
        return answers.not_modified(CONTENT_TYPE, written.tag, None)
    kept = answers.remembered(CONTENT_TYPE, written.tag, None)
    return kept or answers.whole(written.body, CONTENT_TYPE, written.tag, None, keep=True)


def _written() -> _Written:
    """Write the document, once for each process: neither actions nor settings change while it lives."""
    if _KEPT not in current_app.extensions:
        body = orjson.dumps(openapi.document(instance().config))
        current_app.extensions[_KEPT] = _Written(body, store.digest(body.decode()))
    found: _Written = current_app.extensions[_KEPT]
    return found
