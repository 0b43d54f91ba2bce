"""How questions for rows are read from the arguments of CKAN's DataStore actions, and how rows are answered."""

import csv
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from catalog import datastore_forms
from catalog.api.actions.call import ActionError, Call, Raw, invalid
from catalog.datastore import Found, Search, Stored, UnansweredError, WrongError
from catalog.datastore_tables import Table
from dcat.ckan_values import is_deep

LIMIT, MAX_LIMIT = 100, 32_000
MAX_OFFSET = 10**12
FORMS = ("objects", "lists", "csv", "tsv")
_SEARCH = "/api/3/action/datastore_search"
_ECHOED = ("filters", "q", "full_text", "distinct", "sort", "plain", "language")


def wrong(error: WrongError) -> ActionError:
    """Say that arguments do not fit the table."""
    return ActionError(409, "Validation Error", error.errors)


def unanswered(error: UnansweredError) -> ActionError:
    """Say why a question got no answer."""
    kind = {409: "Search Error", 503: "Search Connection Error"}.get(error.status, "Internal Server Error")
    return ActionError(error.status, kind, {"message": f"{error.message.de} / {error.message.en}"})


def read_search(call: Call, stored: Stored, *, most: int | None = MAX_LIMIT, form: str = "") -> Search:
    """Read the arguments of a search; `most` None means that all rows come unless a limit is given."""
    _require_whole(call, "limit", "offset")
    limit = call.number("limit", LIMIT) if most is not None or call.text("limit") else None
    chosen = form or call.text("records_format", "objects").lower()
    if chosen not in (FORMS if not form else datastore_forms.NAMES):
        raise invalid(records_format=f"Must be one of {', '.join(FORMS)}")
    return Search(
        table=stored,
        filters=conditions(call),
        words=_words(call),
        fields=tuple(names(call, "fields")),
        sort=tuple(_sort(call)),
        distinct=call.flag("distinct"),
        limit=limit if most is None or limit is None else min(limit, most),
        offset=call.number("offset", 0, MAX_OFFSET),
        total=call.flag("include_total", True),
        form=chosen,
    )


def _require_whole(call: Call, *names: str) -> None:
    """409 in CKAN's words for what is no number at all; that it is no natural one is said later."""
    for name in names:
        value = call.text(name)
        if value and not value.removeprefix("-").isdigit():
            raise invalid(**{name: "Invalid integer"})


def nested(call: Call, name: str) -> Any:
    """Read an argument that is JSON, also as text; None when it is missing."""
    value = call.arguments.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise invalid(**{name: "Cannot parse JSON"}) from None
        if is_deep(value):
            raise invalid(**{name: "JSON is nested too deeply"})
    if not isinstance(value, dict | list):
        raise invalid(**{name: "Must be a JSON object or list"})
    return value


def conditions(call: Call) -> Any:
    """Read `filters`; what is no object says so in CKAN's words."""
    value = call.arguments.get("filters")
    if isinstance(value, str) and value and not value.lstrip().startswith(("{", "[")):
        raise invalid(filters="Must be a dict")
    return nested(call, "filters")


def answered(call: Call, asked: Search, found: Found, table: Table) -> Raw:
    """Write the result of a search; the rows are the bytes they came as."""
    result: dict[str, Any] = {
        "include_total": asked.total,
        "include_next_page": call.flag("include_next_page", True),
        "limit": asked.limit,
        "offset": asked.offset,
        "records_format": asked.form,
        "resource_id": call.required("resource_id", "id"),
        **{name: call.arguments[name] for name in _ECHOED if call.arguments.get(name) is not None},
        "fields": [column.shown() for column in table.described(found.columns)],
        "_links": _links(call, asked),
    }
    if asked.total:
        result |= {"total": found.total, "total_was_estimated": _may_be_estimated(call, asked, found)}
    if result["include_next_page"] and (following := _next_page(call, asked, found)):
        result["next_page"] = following
    body = found.body if asked.form in ("objects", "lists") else orjson.dumps(found.body.decode())
    return Raw(orjson.dumps(result)[:-1] + b',"records":' + body + b"}")


def _may_be_estimated(call: Call, asked: Search, found: Found) -> bool:
    """Tell whether an estimate was allowed: of so many rows, all those of the table. The number is exact nevertheless."""
    if call.arguments.get("total_estimation_threshold") is None or asked.filters or asked.words or asked.distinct:
        return False
    return (found.total or 0) >= call.number("total_estimation_threshold", 0)


def _words(call: Call) -> tuple[Any, ...]:
    found = []
    for name in ("q", "full_text"):
        value = call.arguments.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, str) and value.lstrip().startswith("{"):
            value = nested(call, name)
        plain = call.flag("plain", True)
        if isinstance(value, dict):
            found.append({column: _wording(text, name, plain=plain) for column, text in value.items()})
        else:
            found.append(_wording(value, name, plain=plain))
    return tuple(found)


def _wording(text: Any, name: str, *, plain: bool) -> Any:
    """Give words as they are; or PostgreSQL's query language, with `&`, `|`, `!` and `:*`, as a list of texts one of which must fit."""
    if isinstance(text, list | dict):
        raise invalid(**{name: "Must be plain text"})
    if plain or not isinstance(text, str):
        return text
    if any(sign in text for sign in "<>()"):
        raise invalid(**{name: "Only words with & and | between them, ! before and :* behind them are understood"})
    either = [" ".join(one.replace("&", " ").replace("! ", "!").split()) for one in text.split("|")]
    if not all(either):
        raise invalid(**{name: "There is a word missing beside |"})
    return either


def names(call: Call, name: str) -> list[str]:
    """Read a list of columns: JSON, repeated, or one text with commas."""
    value = call.arguments.get(name)
    if isinstance(value, str) and not value.startswith("["):
        try:
            return [one.strip() for one in next(csv.reader([value], skipinitialspace=True), [])]
        except csv.Error:
            raise invalid(**{name: "Must be names with commas between them"}) from None
    return call.listed(name)


def _sort(call: Call) -> list[str]:
    value = call.arguments.get("sort")
    return [value] if isinstance(value, str) and not value.startswith("[") and value else call.listed("sort")


def _links(call: Call, asked: Search) -> dict[str, str]:
    """Give the addresses of the first and the following rows; what is no text is written as JSON."""
    arguments = {name: value for name, value in call.arguments.items() if value is not None and name != "offset"}
    texts = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in arguments.items()
    }
    limit = asked.limit or 0
    links = {
        "start": f"{_SEARCH}?{urlencode(texts)}",
        "next": f"{_SEARCH}?{urlencode(texts | {'offset': asked.offset + limit})}",
    }
    if asked.offset:
        links["prev"] = f"{_SEARCH}?{urlencode(texts | {'offset': max(asked.offset - limit, 0)})}"
    return links


def _next_page(call: Call, asked: Search, found: Found) -> dict[str, Any] | None:
    """Give the arguments for the rows after these, found by their `_id` and not by counting."""
    if call.arguments.get("limit") is None or not asked.limit or found.count < asked.limit or found.last is None:
        return None
    if found.total is not None and asked.offset + found.count >= found.total:
        return None
    return {**call.arguments, "offset": 0, "filters": _after(asked.filters, found.last)}


def _after(filters: Any, last: int) -> dict[str, Any]:
    further = {"_id": {"gt": last}}
    if not filters:
        return further
    if isinstance(filters, list):
        return {"$or": filters, **further}
    known: Mapping[str, Any] = filters
    only_gt = isinstance(known.get("_id"), dict) and known["_id"].keys() == {"gt"}
    return {**known, **further} if "_id" not in known or only_gt else {"$and": [filters], **further}
