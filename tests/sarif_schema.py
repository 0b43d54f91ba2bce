"""The part of the JSON schema of SARIF 2.1.0 (OASIS, errata 01) that our logs use: required keys, closed objects, values."""

from typing import Any


def _object(required: tuple[str, ...], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


_TEXT = {"type": "string", "minLength": 1}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_BAG = {"type": "object"}
_STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
_LANGUAGE = {"type": "string", "pattern": "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"}
_MESSAGE = _object(("text",), {"text": _TEXT})
_ARTIFACT_LOCATION = _object((), {"uri": {"type": "string", "format": "uri-reference"}, "index": {"type": "integer"}})
_REGION = _object(
    (), {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}}
)
_LOCATION = _object(
    (),
    {
        "id": {"type": "integer", "minimum": -1},
        "physicalLocation": _object(("artifactLocation",), {"artifactLocation": _ARTIFACT_LOCATION, "region": _REGION}),
        "logicalLocations": {
            "type": "array",
            "items": _object((), {"name": _TEXT, "fullyQualifiedName": _TEXT, "kind": _TEXT}),
        },
        "message": _MESSAGE,
    },
)
_RULE = _object(
    ("id",),
    {
        "id": _TEXT,
        "shortDescription": _MESSAGE,
        "fullDescription": _MESSAGE,
        "help": _MESSAGE,
        "defaultConfiguration": _object((), {"level": _LEVEL}),
    },
)
_RESULT = _object(
    ("message",),
    {
        "ruleId": _TEXT,
        "ruleIndex": {"type": "integer", "minimum": -1},
        "level": _LEVEL,
        "message": _MESSAGE,
        "locations": {"type": "array", "items": _LOCATION},
        "occurrenceCount": {"type": "integer", "minimum": 1},
        "partialFingerprints": _STRINGS,
        "properties": _BAG,
    },
)
_RUN = _object(
    ("tool",),
    {
        "tool": _object(
            ("driver",),
            {
                "driver": _object(
                    ("name",),
                    {
                        "name": _TEXT,
                        "version": _TEXT,
                        "language": _LANGUAGE,
                        "rules": {"type": "array", "items": _RULE, "uniqueItems": True},
                    },
                )
            },
        ),
        "language": _LANGUAGE,
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "artifacts": {
            "type": "array",
            "uniqueItems": True,
            "items": _object(
                (),
                {
                    "location": _ARTIFACT_LOCATION,
                    "length": {"type": "integer", "minimum": -1},
                    "hashes": _STRINGS,
                    "roles": {"type": "array", "items": {"enum": ["analysisTarget"]}},
                },
            ),
        },
        "invocations": {
            "type": "array",
            "items": _object(("executionSuccessful",), {"executionSuccessful": {"type": "boolean"}}),
        },
        "results": {"type": "array", "items": _RESULT},
        "properties": _BAG,
    },
)
SCHEMA = _object(
    ("version", "runs"),
    {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {"type": "array", "items": _RUN},
    },
)
