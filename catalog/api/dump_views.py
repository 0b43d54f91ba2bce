"""Whole tables as CKAN's DataStore gives them out: CSV, TSV, JSON or XML with `_id`, all rows or those that filters name."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable, UnprocessableEntity

from catalog import datastore_tables, store, tokens
from catalog.api import answers
from catalog.api.actions import table_answers
from catalog.api.actions.call import ActionError, Call
from catalog.api.answers import instance
from catalog.datastore import DUMP_SECONDS, Found, UnansweredError, WrongError
from catalog.datastore_run import runner
from catalog.datastore_tables import Table

# Bytes of a dump; larger tables come in parts, with limit and offset.
MAX_DUMP = 4_000_000_000
_FORMATS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "tsv": ("tsv", "text/tab-separated-values; charset=utf-8"),
    "json": ("lists", "application/json"),
    "xml": ("xml", "text/xml; charset=utf-8"),
}
_BOM = "\ufeff".encode()
dumps = Blueprint("dumps", __name__)


@dumps.get("/datastore/dump/<name>")
def dump(name: str) -> Response:
    """Give out a table that whoever asks may read; 404 for all others."""
    ending = request.args.get("format", "csv").lower()
    if ending not in _FORMATS:
        raise BadRequest
    form, content_type = _FORMATS[ending]
    call, table = _found(name)
    tag = store.digest(f"dump {table.sha256} {table.columns} {request.query_string!r}")
    if request.method == "HEAD" or answers.known(tag, None):
        answer = answers.not_modified(content_type, tag, None)
    else:
        answer = _answer(call, table, ending, form, content_type, tag)
    answer.headers["Content-Disposition"] = f'attachment; filename="{table.resource_id}.{ending}"'
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    if not table.public:
        answer.headers["Cache-Control"] = "private, no-store"
        answer.headers.remove("Access-Control-Allow-Origin")
    return answer


def _found(name: str) -> tuple[Call, Table]:
    with instance().database.reading() as session:
        actor = tokens.actor_from(instance(), session, request.headers)
        table = datastore_tables.find(session, instance().files, actor, name)
    if table is None:
        raise NotFound
    arguments = {key: found if len(found) > 1 else found[0] for key, found in request.args.lists()}
    return Call(instance=instance(), arguments=arguments, actor=actor), table


def _answer(call: Call, table: Table, ending: str, form: str, content_type: str, tag: str) -> Response:
    """Write the rows to a file first: what fails on the way is an answer of its own, and no half table looks whole."""
    try:
        with ExitStack() as stack:
            stored = stack.enter_context(table.stored(call.instance.files))
            asked = table_answers.read_search(call, stored, most=None, form=form)
            heading = ending in ("csv", "tsv")
            asked = replace(asked, heading=heading, total=False, most=MAX_DUMP, seconds=DUMP_SECONDS)
            found, pieces = stack.enter_context(runner().stream(asked))
            body = _pieces(table, found, pieces, ending, bom=call.flag("bom"))
            return answers.spooled(body, call.instance.config.home, content_type, tag, None)
    except (ActionError, WrongError):
        raise BadRequest from None
    except UnansweredError as error:
        if error.status == 503:
            raise ServiceUnavailable(retry_after=30) from None
        raise UnprocessableEntity from None


def _pieces(table: Table, found: Found, pieces: Iterator[bytes], ending: str, *, bom: bool) -> Iterator[bytes]:
    if ending == "json":
        fields = [column.shown() for column in table.described(found.columns)]
        yield b'{"fields":' + orjson.dumps(fields) + b',"records":'
        yield from pieces
        yield b"}"
        return
    if bom and ending in ("csv", "tsv"):
        yield _BOM
    yield from pieces
