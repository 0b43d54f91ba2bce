"""Answers in JSON: read once and within bounds, and the values in them taken for what they are. Nothing is guessed."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Problem
from dcat.plain import plain
from harvesters import web_pages
from harvesters.base import Page
from harvesters.decode import decode

MAX_TEXT = 20_000
MAX_ITEMS = 10_000
# The escape of one half of a character that takes two (UTF-16), without the other.
_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def read(page: Page) -> Any:
    """Read an answer; UnreadableError says what came in its place."""
    text = decode(page.body, page.charset).text
    web_pages.refuse(page.url, text, "JSON")
    body = text.encode("utf-8", "replace")
    try:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            # Half a sign in one record must not cost the others.
            return orjson.loads(_HALF.sub(rb"\\ufffd", body))
    except orjson.JSONDecodeError as error:
        raise UnreadableError(
            Message(
                f"{page.url} ist kein lesbares JSON ({error.msg}). Nächster Schritt: die Adresse im Browser öffnen.",
                f"{page.url} is no readable JSON ({error.msg}). Next step: open the address in a browser.",
            )
        ) from error


def unexpected(page: Page, de: str, en: str) -> UnreadableError:
    """Say that an answer lacks what the protocol promises."""
    return UnreadableError(
        Message(
            f"{page.url} {de}. Nächster Schritt: Adresse und Art der Quelle prüfen.",
            f"{page.url} {en}. Next step: check the address and the type of the source.",
        )
    )


def members(value: Any) -> dict[str, Any]:
    """Give an object's members; nothing else has any."""
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> list[Any]:
    """Give a list's entries; nothing else has any."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Give those entries of a list that are objects."""
    return (entry for entry in entries(value) if isinstance(entry, dict))


def text(value: Any, longest: int = MAX_TEXT) -> str:
    """Give a text or a number as plain text, with an ellipsis where it was too long; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    found = plain(str(value)[: longest * 4])
    return found if len(found) <= longest else found[: longest - 1].rstrip() + "…"


def number(value: Any) -> float | None:
    """Give a number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*[-+]?[0-9]{1,15}([.][0-9]{1,15})?\s*", value, re.ASCII):
        return None
    return float(value)


def count(value: Any) -> int | None:
    """Give a number of things; at most nine digits, since a larger one is a slip."""
    found = number(value)
    return int(found) if found is not None and found == int(found) and 0 <= found < 10**9 else None


def stamp(record: Any) -> bytes:
    """Give the bytes that stay the same while a record does; none for one that is nested too deep to be written."""
    try:
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return b""


def too_many(path: str, found: int, most: int) -> Problem:
    """Say that a list was cut."""
    message = Message(f"{found} Einträge; gelesen werden {most}.", f"{found} entries; {most} are read.")
    return Problem(path=path, code="too-many", value=str(found), message=message)


def unknown(path: str, vocabulary: str, value: str) -> Problem:
    """Say that a value was stated that the vocabulary does not know."""
    message = Message(
        f"„{value[:200]}“ ist in der Liste „{vocabulary}“ nicht bekannt.",
        f"“{value[:200]}” is not known in the list “{vocabulary}”.",
    )
    return Problem(path=path, code=f"unknown-{vocabulary}", value=value[:500], message=message)
