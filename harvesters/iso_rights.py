"""Licence, attribution and access out of the constraints of metadata and services: texts, links and the licence JSON of GDI-DE.

The JSON is that of the conventions of GDI-DE and GovData: {"id": "dl-by-de/2.0", "name": ..., "url": ..., "quelle": ...}.
"""

import functools
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from dcat.message import Message
from dcat.model import Problem
from dcat.plain import plain
from dcat.spellings import find
from dcat.vocabularies import PUBLIC, concepts, vocabulary
from harvesters.json_answers import text as shortened

MAX_STATEMENTS = 100
MAX_SENTENCE = 5_000
_RESTRICTED = "".join(concepts("access-right", ("RESTRICTED",)))
_LIMITATIONS = re.compile(r"/LimitationsOnPublicAccess/(\w+)", re.IGNORECASE)
_UNLIMITED = (
    "es gelten keine zugriffsbeschränkungen",
    "es gelten keine beschränkungen",
    "nolimitations",
    "no limitations",
    "no limitations on public access",
    "no limitations to public access",
)
# What services and forms write where nothing is said, and what only points elsewhere.
_SAYS_NOTHING = re.compile(
    r"(none|keine?|-+|null|unknown|unbekannt|otherrestrictions|restricted|copyright|license|n/?a|"
    r"es gelten keine (bedingungen|zugriffsbeschränkungen|beschränkungen)|keine angaben?|no conditions (apply|known)|conditions unknown)?[.\s]*",
    re.IGNORECASE,
)
# The note to be printed with the data, alone or behind the sentence that asks for it (conventions of GDI-DE, 3.6).
_SOURCE_NOTE = re.compile(
    r"(?:^\s*Quelle|\bQuellenvermerk|\bNamensnennung)\s*:\s*([^.\s].{2,}?)\s*$", re.IGNORECASE | re.DOTALL
)
# Shorter names are parts of other words.
_LEAST_NAME = 12
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
    """Read all statements: the licence JSON counts before sentences, and these become problems where none names a licence."""
    licenses: list[str] = []
    named: list[str] = []
    sources: list[str] = []
    notes: list[str] = []
    access: list[str] = []
    unknown: list[str] = []
    for statement in list(statements)[:MAX_STATEMENTS]:
        if granted := _access(statement):
            access.append(granted)
        elif entry := _json(statement.text):
            found = _first(_text(entry, key) for key in ("id", "url", "name"))
            (licenses if found else unknown).append(found or statement.text)
            sources.append(shortened(_text(entry, "quelle"), 2000))
        else:
            sentence, note = _parted(plain(statement.text[:MAX_SENTENCE]))
            found = _first((statement.link, sentence, *_ADDRESS.findall(sentence))) or _by_name(sentence)
            notes.append(shortened(note, 2000))
            if found:
                named.append(found)
            elif _matters(sentence, statement.link):
                unknown.append(sentence)
    stated = tuple(dict.fromkeys((*licenses, *named)))
    return Rights(
        license=next(iter(stated), ""),
        attribution=tuple(dict.fromkeys(filter(None, sources))) or tuple(dict.fromkeys(filter(None, notes))),
        access=_strictest(access),
        problems=_problems(stated, unknown, path),
    )


def _parted(value: str) -> tuple[str, str]:
    """Part a sentence from the note of the source at its end."""
    note = _SOURCE_NOTE.search(value)
    return (value[: note.start()].strip(), note[1]) if note else (value, "")


def _matters(sentence: str, link: str) -> bool:
    return not _SAYS_NOTHING.fullmatch(sentence) and "ConditionsApplyingToAccessAndUse" not in link


@functools.cache
def _names() -> tuple[tuple[str, str], ...]:
    """List the names of all licences reduced to letters and digits, the longest first."""
    concepts_ = vocabulary("license").concepts.values()
    names = {_reduced(label): one.uri for one in concepts_ for label in (one.label.de, one.label.en)}
    return tuple(
        sorted(((name, uri) for name, uri in names.items() if len(name) >= _LEAST_NAME), key=lambda one: -len(one[0]))
    )


def _by_name(sentence: str) -> str:
    """Find the licence whose full name stands in a sentence, however it is punctuated."""
    reduced = _reduced(sentence)
    return next((uri for name, uri in _names() if name in reduced), "")


def _reduced(value: str) -> str:
    return "".join(sign for sign in value.casefold().replace("version", "") if sign.isalnum())


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
    short = (one.strip().rstrip(".,;") for one in spellings if one and len(one) <= 500)
    found = (find(form, "license") for one in short for form in (one, one.replace("-", " ")))
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
