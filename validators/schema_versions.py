"""Versions of the shared schemas: what a version fixes, and how far apart two versions are."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from validators.schema_values import order
from validators.schemas import NOTATION, TableSchema

Step = Literal["major", "minor", "patch", "none"]
_LOWER = ("minimum", "exclusiveMinimum", "minLength")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength")


def fingerprint(schema: TableSchema) -> str:
    """Give the SHA-256 of the rules a version fixes: columns, notation, constraints, units, keys; no words and no examples."""
    text = json.dumps(_rules(schema), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def step(old: TableSchema, new: TableSchema) -> Step:
    """Say which part of the version must grow: major when a table that conformed may no longer do so or means something else,
    minor when only more is permitted, patch when only words changed."""
    before, after = _rules(old), _rules(new)
    if before == after:
        same = {**old.descriptor(), "version": "", "changelog": []} == {
            **new.descriptor(),
            "version": "",
            "changelog": [],
        }
        return "none" if same else "patch"
    if [field["name"] for field in before["fields"]] != [field["name"] for field in after["fields"]]:
        return "major"
    if before["primaryKey"] != after["primaryKey"] or before["missingValues"] != after["missingValues"]:
        return "major"
    if not all(key in before["foreignKeys"] for key in after["foreignKeys"]):
        return "major"
    pairs = zip(before["fields"], after["fields"], strict=True)
    return "minor" if all(_wider(one, other) for one, other in pairs) else "major"


def _rules(schema: TableSchema) -> dict[str, Any]:
    document = schema.descriptor()
    fields = [
        {
            "name": field["name"],
            "unit": field.get("unit", ""),
            "constraints": field.get("constraints", {}),
            **{key: field[key] for key in NOTATION if key in field},
        }
        for field in document["fields"]
    ]
    return {"fields": fields, **{key: document[key] for key in ("missingValues", "primaryKey", "foreignKeys")}}


def _wider(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether every value that kept the old rules of a column keeps the new ones."""
    words = {"trueValues", "falseValues"}
    if any(old.get(key) != new.get(key) for key in ("unit", *NOTATION) if key not in words):
        return False
    if not all(set(old.get(key, ())) <= set(new.get(key, ())) for key in words):
        return False
    before, after = old["constraints"], new["constraints"]
    return all(_keeps(new, key, before.get(key), rule) for key, rule in after.items())


def _keeps(field: Mapping[str, Any], key: str, old: Any, new: Any) -> bool:
    if old == new or new is False:
        return True
    if old is None:
        return False
    if key == "enum":
        return all(value in new for value in old)
    if key in _LOWER:
        return bool(order(field, new) <= order(field, old))
    if key in _UPPER:
        return bool(order(field, new) >= order(field, old))
    return False
