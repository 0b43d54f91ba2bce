"""The page that explains the interfaces. Programs that ask at its address get the version of the API, as from CKAN."""

import orjson
from flask import Response, make_response, render_template, request

from catalog.api import action_views
from catalog.api.actions.call import Argument
from catalog.config import Config
from catalog.reading import Reading
from catalog.web import api_examples
from catalog.web.language import lang
from dcat.message import Message

TYPES = {
    "string": Message("Text", "text"),
    "integer": Message("ganze Zahl", "whole number"),
    "number": Message("Zahl", "number"),
    "boolean": Message("true oder false", "true or false"),
    "array": Message("Liste", "list"),
    "object": Message("Objekt", "object"),
    "file": Message("Datei", "file"),
}
_FOR_PEOPLE = frozenset({"text/html", "application/xhtml+xml"})


def show(reading: Reading, settings: Config) -> Response:
    """Answer with the page where a client names HTML, else with the version."""
    answer = _page(reading, settings) if _asks_for_page() else _version()
    answer.vary.add("Accept")
    return answer


def _asks_for_page() -> bool:
    # Programs that take anything, such as curl and ckanapi, name no type or all of them.
    return any(kind.lower() in _FOR_PEOPLE and quality > 0 for kind, quality in request.accept_mimetypes)


def _page(reading: Reading, settings: Config) -> Response:
    site_url, named = settings.site_url, api_examples.sample(reading)
    tasks = [(task, api_examples.examples(task, site_url, named)) for task in api_examples.TASKS]
    return make_response(
        render_template(
            "api.html",
            tasks=tasks,
            subjects=api_examples.subjects(site_url, named),
            body_most=action_views.MAX_BODY,
            upload_most=settings.upload_max_bytes,
            type_name=_type_name,
        )
    )


def _type_name(argument: Argument) -> str:
    return TYPES[argument.type].in_(lang())


def _version() -> Response:
    headers = {"Access-Control-Allow-Origin": "*"}
    return Response(orjson.dumps({"version": 1}), content_type="application/json;charset=utf-8", headers=headers)
