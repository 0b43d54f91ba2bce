"""CKAN's `resource_search`: the resources of public datasets whose fields hold some words."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from catalog.api.actions import packages
from catalog.api.actions.call import Call, invalid
from catalog.models import DatasetRow
from catalog.store import VISIBLE

MAX_ROWS = 1000
# Fields that hold a word anywhere, whatever its case; of a checksum the beginning counts.
TEXTS = (
    *("id", "package_id", "url", "format", "description", "hash", "name", "resource_type", "mimetype"),
    *("mimetype_inner", "cache_url", "url_type", "state"),
)
# Fields that are compared as a whole.
VALUES = ("position", "size", "created", "last_modified", "metadata_modified", "cache_last_updated")
FIELDS = (*TEXTS, *VALUES)
# What a package's JSON spells as it is, whatever the case.
_PLAIN = re.compile(r"[ !#-\[\]-~]+")


def resource_search(call: Call) -> dict[str, Any]:
    """Search the resources of public datasets: `query` is one or several `field:words`, all of which must fit."""
    given = call.listed("query")
    if not given:
        raise invalid(query="Missing value")
    terms = [term for one in given for term in _terms(one)]
    limit, offset = call.number("limit", 100, MAX_ROWS), call.number("offset", 0)
    found = _resources_with(call, terms)
    if order := call.text("order_by"):
        if order not in FIELDS:
            raise invalid(order_by=f"Must be one of {', '.join(FIELDS)}")
        found.sort(key=lambda one: _place(one.get(order)))
    return {"count": len(found), "results": found[offset : offset + limit]}


def _place(value: Any) -> tuple[int, str]:
    """Numbers by their size, all else by its letters; what is missing comes first."""
    return (value, "") if isinstance(value, int) else (-1, str(value or ""))


def _terms(given: str) -> list[tuple[str, str]]:
    field, colon, words = given.partition(":")
    if not colon:
        raise invalid(query=f"Must be field:term, not {given[:100]}")
    if field not in FIELDS:
        raise invalid(query=f"Field {field[:100]} cannot be searched; known: {', '.join(FIELDS)}")
    return [(field, word) for word in words.lower().split()]


def _resources_with(call: Call, terms: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Look through the public packages whose files may fit: what is plain of a word must stand in the package's JSON."""
    plain = [max(_PLAIN.findall(word), key=len, default="").encode() for _, word in terms]
    found: list[dict[str, Any]] = []
    with call.asking() as reader:
        ids = list(reader.scalars(sa.select(DatasetRow.id).where(VISIBLE).order_by(DatasetRow.id)))
    for start in range(0, len(ids), MAX_ROWS):
        for body in packages.bodies(call, ids[start : start + MAX_ROWS]).values():
            lowered = body.lower()
            if all(word in lowered for word in plain):
                found += [one for one in orjson.loads(body)["resources"] if _fits(one, terms)]
    return found


def _fits(resource: Mapping[str, Any], terms: list[tuple[str, str]]) -> bool:
    def fits(field: str, word: str) -> bool:
        value = resource.get(field)
        held = "" if value is None else str(value).lower()
        if field in VALUES:
            return held == word
        return held.startswith(word) if field == "hash" else word in held

    return all(fits(field, word) for field, word in terms)
