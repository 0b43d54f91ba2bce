"""Licence, attribution and access out of the constraints of metadata and services: texts, links and the licence JSON of GDI-DE.

The JSON is that of the conventions of GDI-DE and GovData: {"id": "dl-by-de/2.0", "name": ..., "url": ..., "quelle": ...}.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from dcat.message import Message
from dcat.model import Problem
from dcat.spellings import find
from dcat.vocabularies import PUBLIC, concepts
from harvesters.json_answers import text as shortened

MAX_STATEMENTS = 100
_RESTRICTED = "".join(concepts("access-right", ("RESTRICTED",)))
_LIMITATIONS = re.compile(r"/LimitationsOnPublicAccess/(\w+)", re.IGNORECASE)
_UNLIMITED = ("es gelten keine zugriffsbeschränkungen", "es gelten keine beschränkungen", "nolimitations", "no limitations")
# What services and forms write where nothing is said, and what only points elsewhere.
_SAYS_NOTHING = re.compile(
    r"(none|keine?|-+|null|unknown|unbekannt|otherrestrictions|restricted|copyright|license|n/?a|"
    r"es gelten keine (bedingungen|zugriffsbeschränkungen|beschränkungen)|keine angaben?|no conditions (apply|known)|conditions unknown)?[.\s]*",
    re.IGNORECASE,
)
_SOURCE_NOTE = re.compile(r"^\s*(?:Quellenvermerk|Quelle|Namensnennung)\s*:\s*(.{3,})$", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"https?://[^\s<>\"'{}|\\^`)\]]{4,500}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence or code about use or access, and where it leads."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What could be made of all statements: URIs of licence and access right, the texts of attribution."""

    license: str = ""
    attribution: tuple[str, ...] = ()
    access: str = ""
    problems: tuple[Problem, ...] = ()


def read(statements: Iterable[Statement], path: str) -> Rights:
    """Read all statements; those on use that name no known licence become problems, unless one of the others does."""
    licenses: dict[str, None] = {}
    attribution: dict[str, None] = {}
    access: list[str] = []
    unknown: list[str] = []
    for statement in list(statements)[:MAX_STATEMENTS]:
        if granted := _access(statement):
            access.append(granted)
            continue
        if entry := _json(statement.text):
            found = _first(_text(entry, key) for key in ("id", "url", "name"))
            if source := shortened(_text(entry, "quelle"), 2000):
                attribution[source] = None
        elif note := _SOURCE_NOTE.match(statement.text):
            attribution[shortened(note[1], 2000)] = None
            continue
        else:
            found = _first((statement.link, statement.text, *_ADDRESS.findall(statement.text[:5000])))
        if found:
            licenses[found] = None
        elif not _SAYS_NOTHING.fullmatch(statement.text.strip()) and "ConditionsApplyingToAccessAndUse" not in statement.link:
            unknown.append(statement.text)
    return Rights(
        license=next(iter(licenses), ""),
        attribution=tuple(attribution),
        access=_strictest(access),
        problems=_problems(tuple(licenses), unknown, path),
    )


def _access(statement: Statement) -> str:
    limitation = _LIMITATIONS.search(statement.link)
    if limitation:
        return PUBLIC if limitation[1].lower() == "nolimitations" else _RESTRICTED
    return PUBLIC if statement.text.strip(" .").casefold() in _UNLIMITED else ""


def _strictest(access: list[str]) -> str:
    return _RESTRICTED if _RESTRICTED in access else next(iter(access), "")


def _json(value: str) -> dict[str, Any]:
    """Read the licence JSON, also where a form has escaped it once more; empty for other texts."""
    start = value.strip()
    if not start.startswith(("{", "&#123;")) or len(start) > 5000:
        return {}
    for spelling in (start, html.unescape(start), start.replace('\\"', '"')):
        try:
            found = orjson.loads(spelling)
        except orjson.JSONDecodeError:
            continue
        return found if isinstance(found, dict) else {}
    return {}


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value.strip() if isinstance(value, str) else ""


def _first(spellings: Iterable[str]) -> str:
    found = (find(one.strip().rstrip(".,;"), "license") for one in spellings if one and len(one) <= 500)
    return next((concept.uri for concept in found if concept), "")


def _problems(licenses: tuple[str, ...], unknown: list[str], path: str) -> tuple[Problem, ...]:
    if len(licenses) > 1:
        message = Message(
            "Es sind mehrere Lizenzen angegeben; übernommen ist die erste.",
            "Several licences are stated; the first is taken over.",
        )
        return (Problem(path=path, code="several-licences", value=" ".join(licenses)[:500], message=message),)
    if licenses or not unknown:
        return ()
    message = Message(
        "Die Nutzungsbedingungen nennen keine bekannte Lizenz. Nächster Schritt: in der Quelle die Lizenz als JSON nach GDI-DE angeben.",
        "The conditions of use name no known licence. Next step: state the licence in the source as JSON after GDI-DE.",
    )
    return (Problem(path=path, code="unknown-license", value="; ".join(unknown)[:500], message=message),)
