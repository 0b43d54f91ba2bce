"""What a plain text means where a description of its own belongs: an e-mail address, a regional key, a geometry, a period."""

import re
from collections.abc import Mapping
from typing import Any

import pyoxigraph as ox

from dcat import dates
from dcat.kinds import KINDS, Misfit
from dcat.printable import printable
from dcat.vocabularies import vocabulary

# From, to: ISO 8601 writes a slash, people a word or a dash. A dash between years is one too, within a date it is not.
_PERIOD = re.compile(r"(.*?)\s*(?:/|\s(?:bis|to|[-–—])\s|(?<=^\d{4})[-–—](?=\d{4}$))\s*(.*)", re.DOTALL)
_OPEN = ("", "..")
MAX_PERIOD = 80


def meaning(node: str, text: str) -> Mapping[str, Any]:
    """Give the fields of a class of the model that a text fills; none where it has no single meaning."""
    text = printable(text).strip()
    if node == "Contact":
        return _fits("email", "email", text)
    if node == "Place":
        key = _key(text)
        return {"uri": key} if key else _fits("geometry", "wkt", text)
    return _period(text) if node == "Period" else {}


def _fits(field: str, kind: str, text: str) -> Mapping[str, Any]:
    value = KINDS[kind].read(ox.Literal(text), "")
    return {} if isinstance(value, Misfit) else {field: value}


def _key(text: str) -> str:
    """Find the place of an official key: the municipality key (AGS, 8 digits), the regional key (ARS, 12), or a part of them."""
    digits = text.replace(" ", "")
    if not re.fullmatch(r"\d{2,12}", digits, re.ASCII):
        return ""
    # The ARS puts the association of municipalities between district and municipality; a district's ends in zeros.
    spellings = (digits, digits[:5] + digits[9:], digits[:5] if digits[5:] == "0000000" else "")
    known = next(
        filter(None, (vocabulary("place").find(one) for one in spellings[: 3 if len(digits) == 12 else 1])), None
    )
    return known.uri if known else ""


def _period(text: str) -> Mapping[str, Any]:
    if len(text) > MAX_PERIOD:
        return {}
    if day := dates.cleaned(text):
        return {"start": day, "end": day}
    match = _PERIOD.fullmatch(text)
    ends = {"start": match[1].strip(), "end": match[2].strip()} if match else {}
    found = {field: dates.cleaned(value) for field, value in ends.items() if value not in _OPEN}
    return found if all(found.values()) else {}
