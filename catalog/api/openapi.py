"""The catalogue's interfaces as an OpenAPI 3.1 document: each action from its entry in the dictionary, the others in short.

https://spec.openapis.org/oas/v3.1.1.html
"""

from collections.abc import Mapping
from typing import Any

from catalog.api.action import SUBJECTS, Subject
from catalog.api.actions.call import Action, Argument
from catalog.api.openapi_others import PATHS, TAGS
from catalog.api.openapi_schemas import RESULTS, SCHEMAS
from catalog.config import Config
from catalog.instance import program_version
from dcat.message import Message

Json = dict[str, Any]
VERSION = "3.1.1"
BASE = "/api/3/action/"
# Media types: a body with a file, all others, errors outside of the envelope.
_FORM, _JSON, _PROBLEM = "multipart/form-data", "application/json", "application/problem+json"
_ABOUT = Message(
    "Lesen kann jeder, ohne Konto und ohne Token. Aktionen antworten unter `/api/3/action/NAME` und `/api/action/NAME`; "
    "Argumente stehen in der Adresse (GET) oder als JSON-Objekt im Inhalt (POST). Seite für Menschen: `/api`.",
    "Everybody may read, without account and token. Actions answer at `/api/3/action/NAME` and `/api/action/NAME`; "
    "arguments stand in the address (GET) or in the body as a JSON object (POST). A page for people: `/api`.",
)
_TOKEN = Message(
    "Der Token eines Kontos, ohne „Bearer“ davor (mit ist auch erlaubt). Ein falscher Token ist kein Fehler: der Aufruf ist anonym.",
    "The token of an account, without “Bearer” (which is accepted, too). A wrong token is no error: the call is anonymous.",
)
_IF_MATCH = Message(
    "die Version, die geändert wird: ETag aus package_show; sonst 412",
    "the version that is changed: ETag of package_show; otherwise 412",
)
# Status, name of the component, what it says. The errors of CKAN's table.
_ERRORS: tuple[tuple[int, str, Message], ...] = (
    (
        400,
        "BadRequest",
        Message(
            "Aktion unbekannt, kein JSON-Objekt oder GET bei einer ändernden Aktion: ein bloßer Text; "
            "Suche nicht verstanden: ein Fehler im Umschlag",
            "unknown action, no JSON object, or GET on an action that writes: a bare string; "
            "search not understood: an error in the envelope",
        ),
    ),
    (403, "NotAllowed", Message("Sie dürfen das nicht (auch ohne Token)", "you may not do this (also without token)")),
    (404, "NotFound", Message("gibt es nicht, oder nicht für Sie", "does not exist, or not for you")),
    (
        409,
        "Invalid",
        Message("Argumente fehlen oder sind falsch, Feld für Feld", "arguments missing or wrong, by field"),
    ),
    (412, "Changed", Message("inzwischen geändert (If-Match)", "changed meanwhile (If-Match)")),
    (413, "TooLarge", Message("mehr, als angenommen wird", "more than is accepted")),
    (500, "Failed", Message("Fehler bei uns", "a fault of ours")),
    (503, "Busy", Message("gerade zu viel zu tun; später noch einmal", "too much to do at the moment; try again")),
)
# Those that heed If-Match.
_VERSIONED = frozenset(
    [
        *(
            f"package_{verb}"
            for verb in ("update", "patch", "revise", "delete", "owner_org_update", "resource_reorder")
        ),
        *(f"resource_{verb}" for verb in ("create", "update", "patch", "delete")),
        "offenbar_dataset_withdraw",
    ]
)


def both(message: Message) -> str:
    """Write a sentence in both languages: OpenAPI knows no language tags."""
    return message.en if message.en == message.de else f"{message.en} / {message.de}"


def document(config: Config) -> Json:
    """Describe the interfaces of one site."""
    return {
        "openapi": VERSION,
        "info": {
            "title": both(config.title),
            "version": program_version(),
            "summary": both(Message("Offene Daten: lesen, suchen, schreiben", "Open data: read, search, write")),
            "description": f"{_ABOUT.en}\n\n{_ABOUT.de}",
        },
        "externalDocs": {"url": f"{config.site_url}/api"},
        "servers": [{"url": config.site_url}],
        "tags": [*({"name": subject.id, "description": both(subject.title)} for subject in SUBJECTS), *TAGS],
        "security": [{}],
        "paths": {**_actions(), **PATHS},
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization", "description": both(_TOKEN)}
            },
            "responses": {name: _error(status, text) for status, name, text in _ERRORS},
            "schemas": {**SCHEMAS, **_ERROR_SCHEMAS},
        },
    }


def _request_schema(arguments: tuple[Argument, ...], *, files: bool) -> Json:
    """Describe the arguments of an action as one object, with those that are files or without."""
    shown = [one for one in arguments if files or one.type != "file"]
    required = [one.name for one in shown if one.required]
    schema: Json = {"type": "object", "properties": {one.name: _argument(one) for one in shown}}
    return schema | ({"required": required} if required else {})


def envelope(name: str) -> Json:
    """Describe the answer of an action that succeeds."""
    return {
        "type": "object",
        "required": ["help", "success", "result"],
        "properties": {
            "help": {"type": "string", "format": "uri"},
            "success": {"const": True},
            "result": RESULTS.get(name, {}),
        },
    }


def _actions() -> Json:
    return {
        f"{BASE}{name}": _path(name, action, subject)
        for subject in SUBJECTS
        for name, action in subject.actions.items()
    }


def _path(name: str, action: Action, subject: Subject) -> Json:
    post = _operation(name, action, subject) | {"requestBody": _body(action)}
    if action.writes:
        return {"post": post}
    get = _operation(name, action, subject, method="get")
    if action.arguments:
        example = action.example or {}
        get["parameters"] = [_parameter(one, example) for one in action.arguments if one.type != "file"]
    return {"get": get, "post": post}


def _operation(name: str, action: Action, subject: Subject, method: str = "post") -> Json:
    answers: Json = {
        "200": {
            "description": both(Message("Ergebnis", "result")),
            "content": {_JSON: {"schema": envelope(name)}},
        }
    }
    versioned = name in _VERSIONED
    for status, component, _ in _ERRORS:
        if (versioned or status != 412) and (method == "post" or status != 413):
            answers[str(status)] = {"$ref": f"#/components/responses/{component}"}
    found: Json = {
        "operationId": name if method == "post" else f"{name}_{method}",
        "summary": action.about.en,
        "description": f"{action.about.en}\n\n{action.about.de}",
        "tags": [subject.id],
        "security": [{"token": []}] if action.writes else [{}, {"token": []}],
        "responses": answers,
    }
    if versioned:
        text = {"schema": {"type": "string"}, "description": both(_IF_MATCH)}
        found["parameters"] = [{"name": "If-Match", "in": "header", **text}]
    return found


def _body(action: Action) -> Json:
    example = {} if action.example is None else {"example": dict(action.example)}
    content: Json = {_JSON: {"schema": _request_schema(action.arguments, files=False), **example}}
    if any(one.type == "file" for one in action.arguments):
        content[_FORM] = {"schema": _request_schema(action.arguments, files=True)}
    return {"required": any(one.required for one in action.arguments), "content": content}


def _parameter(argument: Argument, example: Mapping[str, Any]) -> Json:
    """Describe an argument in the address: a list repeats its name, an object is JSON."""
    found: Json = {
        "name": argument.name,
        "in": "query",
        "required": argument.required,
        "description": both(argument.about),
    }
    schema = _type(argument)
    found |= {"content": {_JSON: {"schema": schema}}} if argument.type == "object" else {"schema": schema}
    return found | ({"example": example[argument.name]} if argument.name in example else {})


def _argument(argument: Argument) -> Json:
    return _type(argument) | {"description": both(argument.about)}


def _type(argument: Argument) -> Json:
    if argument.type == "file":
        return {"type": "string", "contentMediaType": "application/octet-stream"}
    return {"type": "array", "items": {}} if argument.type == "array" else {"type": argument.type}


def _error(status: int, text: Message) -> Json:
    """Describe an error: in the envelope, or as problem details where no action was reached or it broke down."""
    error, problem = ({"$ref": f"#/components/schemas/{name}"} for name in ("Error", "Problem"))
    content: Json = {_JSON: {"schema": {"anyOf": [{"type": "string"}, error]} if status == 400 else error}}
    if status in (413, 500, 503):
        content[_PROBLEM] = {"schema": problem}
    return {"description": both(text), "content": content if status != 413 else {_PROBLEM: content[_PROBLEM]}}


_ERROR_SCHEMAS: Json = {
    "Error": {
        "type": "object",
        "required": ["help", "success", "error"],
        "properties": {
            "help": {"type": "string", "format": "uri"},
            "success": {"const": False},
            "error": {
                "type": "object",
                "description": "message, or each wrong field with its sentences / message, oder jedes falsche Feld mit seinen Sätzen",
                "required": ["__type"],
                "properties": {"__type": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457",
        "required": ["status", "title"],
        "properties": {"status": {"type": "integer"}, "title": {"type": "string"}, "detail": {"type": "string"}},
    },
}
