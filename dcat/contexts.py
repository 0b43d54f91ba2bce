"""JSON-LD contexts by address: our own tables stand in for the well-known ones, any other is refused, nothing is ever fetched.

The files in contexts/ hold the terms we read, as the published contexts define them, in the CURIEs of dcat/namespaces.py. The
contexts of DCAT-AP since 2.2 define a term per class (JSON-LD 1.1, 4.1.8); no term means two things there, so ours stand for every
class. What no context defines JSON-LD leaves out without a word (JSON-LD 1.1 API, 5.1.2); it is kept under UNDEFINED, for the
reader to report.
"""

import functools
import re
from importlib import resources
from typing import Any

import orjson

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.namespaces import NAMESPACES, expand

UNDEFINED = "jsonld-term:"
# A page of datasets that each name their context is ordinary; the copies must not make it explode.
MAX_PUT_IN = 5_000
# Terms times the places where contexts apply: that is what a parser pays for contexts in the file itself.
MAX_WORK = 2_000_000

_SEMIC = r"(semiceu\.github\.io|raw\.githubusercontent\.com/semiceu)/(geo)?dcat-ap/([\w.-]+/){0,5}"
_ADDRESSES = {
    "activitystreams": r"(www\.)?w3\.org/ns/activitystreams(\.jsonld)?",
    "dcat": r"(www\.)?w3\.org/ns/dcat[23]?(\.jsonld)?|data\.europa\.eu/r5r(/[\w.-]+\.jsonld)?"
    rf"|{_SEMIC}((geo)?dcat-ap([_-][\w.-]*)?|context|hvd)\.jsonld",
    "dcat-us": r"(project-open-data\.cio\.gov|resources\.data\.gov/schemas/dcat-us)/v1\.1/schema/catalog\.jsonld",
    "hydra": r"(www\.)?w3\.org/ns/hydra/(core|context)(\.jsonld)?",
    "schema": r"(www\.)?schema\.org(/docs/jsonldcontext\.json(ld)?)?",
}
_KNOWN = {name: re.compile(rf"https?://({pattern})[#/]?", re.IGNORECASE) for name, pattern in _ADDRESSES.items()}


def put_in(body: bytes) -> bytes:
    """Give a JSON-LD document that needs no other: known contexts in the place of their addresses.

    UnreadableError names a context that is not known; ValueError says that the document is no JSON or too deep: orjson reads 1,024
    levels and writes 254.
    """
    document = orjson.loads(body)
    if b'"@context"' not in body:
        return body
    todo, count = [document], 0
    places, nodes, terms, scoped = 0, 0, 0, False
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, dict) and one.get("@type") != "@json":
            nodes += 1
            todo.extend(one.values())
            if "@context" in one:
                places += 1
                more, within = _terms(one["@context"])
                terms, scoped = terms + more, scoped or within
                one["@context"], added = _local(one["@context"])
                count += added
                if count > MAX_PUT_IN:
                    raise _too_many()
    # The one at the top applies once; one inside a term applies wherever the term stands.
    if terms * (nodes if scoped else places - 1) > MAX_WORK:
        raise _too_many()
    for node in document if isinstance(document, list) else [document]:
        if isinstance(node, dict) and "@context" in node:
            node["@context"] = _catching(node["@context"])
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise ValueError("more than 250 levels inside each other") from error


@functools.cache
def shipped(name: str) -> dict[str, Any]:
    """Load one of our contexts, once per process; it knows the prefixes of all our namespaces."""
    file = resources.files("dcat") / "contexts" / f"{name}.jsonld"
    terms: dict[str, Any] = orjson.loads(file.read_bytes())
    if "@vocab" in terms:
        terms["@vocab"] = expand(terms["@vocab"])
    return NAMESPACES | terms


def find(address: str) -> dict[str, Any]:
    """Find our context for an address; UnreadableError when it is none we know."""
    for name, pattern in _KNOWN.items():
        if len(address) < 500 and pattern.fullmatch(address.strip()):
            return shipped(name)
    raise UnreadableError(
        Message(
            f"Der JSON-LD-Kontext „{address[:200]}“ ist hier nicht bekannt, und Kontexte werden nicht aus dem Netz geladen. "
            "Nächster Schritt: die Quelle bitten, den Kontext in die Datei selbst zu schreiben oder Turtle zu liefern.",
            f"The JSON-LD context “{address[:200]}” is not known here, and contexts are not loaded from the network. "
            "Next step: ask the source to write the context into the file itself, or to deliver Turtle.",
        )
    )


def _terms(context: Any) -> tuple[int, bool]:
    """Count the terms of a context, and tell whether one of them has a context of its own."""
    todo, count, scoped = [context], 0, False
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, dict):
            count += len(one)
            inner = [value["@context"] for value in one.values() if isinstance(value, dict) and "@context" in value]
            scoped = scoped or bool(inner)
            todo.extend(inner)
    return count, scoped


def _local(context: Any) -> tuple[Any, int]:
    """Put the known contexts into the value of an @context; with how many there were."""
    if isinstance(context, list):
        parts = [_local(part) for part in context]
        return [part for part, _ in parts], sum(count for _, count in parts)
    if isinstance(context, str):
        return find(context), 1
    # JSON-LD 1.1, 4.1.10: the context that imports overrides what it imports.
    if isinstance(context, dict) and isinstance(context.get("@import"), str):
        return find(context["@import"]) | {key: value for key, value in context.items() if key != "@import"}, 1
    return context, 0


def _catching(context: Any) -> Any:
    """Let a context give every term that it does not define a place under UNDEFINED."""
    if isinstance(context, dict):
        return {"@vocab": UNDEFINED} | context
    return [{"@vocab": UNDEFINED}, *context] if isinstance(context, list) else context


def _too_many() -> UnreadableError:
    return UnreadableError(
        Message(
            f"Die Datei nennt mehr als {MAX_PUT_IN} Mal einen JSON-LD-Kontext. Nächster Schritt: die Quelle bitten, ihn einmal am "
            "Anfang zu nennen.",
            f"The file names a JSON-LD context more than {MAX_PUT_IN} times. Next step: ask the source to name it once at the top.",
        )
    )
