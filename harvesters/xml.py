"""The one reader of XML from departments: bytes to a tree, without DTD, entities, network or huge trees (libxml2 by way of lxml).

libxml2 itself refuses elements more than 256 levels deep and texts beyond 10 MB.
"""

import copy
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Problem
from harvesters.bodies import Body
from harvesters.decode import decode

# Tags and equals signs: what elements and attributes cannot outnumber. The tree of so many takes some 300 MB.
MAX_MARKS = 2_000_000
# Trees look namespaces up one by one.
MAX_NAMESPACES = 2_000
_NAMESPACE = re.compile(rb"""xmlns(?::[^\s=]{1,200})?\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
# Possessive, and each sign begins one alternative only: comments one after another would else be cut in every possible way.
_PROLOG = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(
    r"""<!DOCTYPE(?:"[^"]*"|'[^']*'|[^"'<>\[])*+
        (?:\[(?:<!--.*?-->|<\?.*?\?>|"[^"]*"|'[^']*'|<(?!!--|\?)|[^\]"'<])*+\]\s*+)?+>""",
    re.DOTALL | re.VERBOSE,
)
_WEB_PAGE = re.compile(r"<!doctype\s+html|<(\w+:)?html[\s>]", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?:(\d{1,9})|[xX]([0-9a-fA-F]{1,8}));")
# XML 1.0, section 2.2: what is no character there, written as such or by number, makes a document unreadable.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class DocumentError(UnreadableError):
    """XML that cannot be parsed as a whole: not well-formed, or too large. A part of it might be."""


@dataclass(frozen=True, slots=True)
class Document:
    """The root of a tree, what was repaired, and how the encoding was decided (decode.Decoded)."""

    root: Any
    problems: tuple[Problem, ...] = ()
    decided: str = ""


def parse(body: Body, charset: str = "", *, url: str, skip_doctype: bool = False) -> Document:
    """Parse XML from `url`; DocumentError for what is none or too much, UnreadableError for web pages and documents
    with a document type.

    Characters that XML forbids are left out, with a problem. `skip_doctype` leaves a document type out unread where it declares
    no entities: WMS 1.1.1 prescribes one (OGC 01-068r3, 7.1.3).
    """
    decoded = decode(body, charset)
    cleaned, removed = _cleaned(decoded.text)
    encoded = _without_doctype(cleaned.lstrip(), url, skip_doctype).encode()
    if encoded.count(b"<") + encoded.count(b"=") > MAX_MARKS or _has_many_namespaces(encoded):
        raise DocumentError(
            Message(
                f"{url} hat zu viele XML-Elemente oder Namensräume. Nächster Schritt: die Quelle in kleineren Seiten abrufen.",
                f"{url} has too many XML elements or namespaces. Next step: ask the source for smaller pages.",
            )
        )
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(encoded, parser)
    except etree.XMLSyntaxError as error:
        reason = (error.msg or "empty")[:300]
        raise DocumentError(
            Message(
                f"{url} ist kein gültiges XML: {reason}. Nächster Schritt: die Antwort der Quelle dort prüfen.",
                f"{url} is no well-formed XML: {reason}. Next step: check the source's answer there.",
            )
        ) from error
    return Document(root, _removed(removed, url), decoded.decided)


def local(element: Any) -> str:
    """Give an element's name without its namespace."""
    return str(etree.QName(element).localname)


def text(element: Any) -> str:
    """Give all text inside an element, trimmed; empty for None."""
    return "" if element is None else "".join(element.itertext()).strip()


def canonical(element: Any) -> bytes:
    """Give bytes that stay the same while an element does, whatever document is around it.

    Not Canonical XML: libxml2's takes quadratic time for many attributes, and refuses namespaces that are no URIs.
    """
    # The copy leaves behind the namespaces of the document that the element does not use.
    return bytes(etree.tostring(copy.deepcopy(element), with_tail=False))


def _cleaned(value: str) -> tuple[str, int]:
    """Leave out what XML forbids, and count it."""
    value, removed = _ILLEGAL.subn("", value)
    if "&#" not in value:
        return value, removed

    def kept(reference: re.Match[str]) -> str:
        nonlocal removed
        number = int(reference[1]) if reference[1] else int(reference[2], 16)
        if number < 0x110000 and not _ILLEGAL.match(chr(number)):
            return reference[0]
        removed += 1
        return ""

    return _REFERENCE.sub(kept, value), removed


def _without_doctype(value: str, url: str, skip: bool) -> str:
    prolog = _PROLOG.match(value)
    start = prolog.end() if prolog else 0
    if _WEB_PAGE.match(value, start):
        raise UnreadableError(
            Message(
                f"{url} antwortet mit einer Webseite statt mit XML. Nächster Schritt: Adresse und Anmeldung prüfen.",
                f"{url} answers with a web page instead of XML. Next step: check the address and the login.",
            )
        )
    if not value.startswith("<!DOCTYPE", start):
        return value
    doctype = _DOCTYPE.match(value, start)
    if not skip or doctype is None or "<!ENTITY" in doctype[0]:
        raise UnreadableError(
            Message(
                f"{url} hat eine Dokumenttyp-Angabe (DOCTYPE); solches XML wird aus Sicherheitsgründen nicht gelesen."
                " Nächster Schritt: die Quelle bitten, sie wegzulassen.",
                f"{url} has a document type declaration (DOCTYPE); for safety such XML is not read."
                " Next step: ask the source to leave it out.",
            )
        )
    return value[:start] + value[doctype.end() :]


def _has_many_namespaces(encoded: bytes) -> bool:
    known: set[bytes] = set()
    for declared in _NAMESPACE.finditer(encoded):
        known.add(declared[0])
        if len(known) > MAX_NAMESPACES:
            return True
    return False


def _removed(count: int, url: str) -> tuple[Problem, ...]:
    if not count:
        return ()
    message = Message(
        f"{url} enthält {count} Zeichen, die XML verbietet; sie wurden weggelassen.",
        f"{url} holds {count} characters that XML forbids; they were left out.",
    )
    return (Problem(path="", code="illegal-characters", value=str(count), message=message),)
