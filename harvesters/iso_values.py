"""Values in ISO 19139: character strings, anchors, codes, dates and texts in several languages (ISO/TS 19139:2007, 7.4, 9).

Elements are found by their local names: gmd, gmi, srv and gml occur in several editions with namespaces of their own.
"""

import functools
from collections.abc import Iterator
from typing import Any

from dcat.model import Text
from harvesters import xml
from harvesters.json_answers import text as shortened

_HREF = "{http://www.w3.org/1999/xlink}href"
# ISO 639-2, both forms, to BCP 47: what the texts of catalogues in Europe are written in.
_LANGUAGES = {
    **{
        "ger": "de",
        "deu": "de",
        "eng": "en",
        "fre": "fr",
        "fra": "fr",
        "dut": "nl",
        "nld": "nl",
        "ita": "it",
        "spa": "es",
    },
    **{
        "dan": "da",
        "pol": "pl",
        "cze": "cs",
        "ces": "cs",
        "tur": "tr",
        "ukr": "uk",
        "rus": "ru",
        "por": "pt",
        "swe": "sv",
    },
    **{
        "fin": "fi",
        "nor": "no",
        "hun": "hu",
        "rum": "ro",
        "ron": "ro",
        "hrv": "hr",
        "slv": "sl",
        "gre": "el",
        "ell": "el",
    },
}


@functools.cache
def _steps(names: str) -> tuple[str, ...]:
    return tuple(name if name == "*" else f"{{*}}{name}" for name in names.split("/"))


def each(element: Any, names: str) -> Iterator[Any]:
    """Give the elements at the end of a path of local names, such as `citation/CI_Citation/title`."""
    found: Iterator[Any] = iter((element,))
    for step in _steps(names):
        found = _children(found, step)
    return found


def _children(elements: Iterator[Any], step: str) -> Iterator[Any]:
    for element in elements:
        yield from element.iterchildren(step)


def first(element: Any, names: str) -> Any:
    """Give the first element at the end of a path, or None."""
    return next(each(element, names), None)


def plain(element: Any) -> str:
    """Give the text of a property: its character string, anchor, date or number, not its translations; empty for None."""
    if element is None:
        return ""
    for child in element:
        if xml.local(child) != "PT_FreeText":
            return xml.text(child) or str(child.get("codeListValue") or "").strip()
    return xml.text(element)


def text(element: Any, names: str) -> str:
    """Give the first text that stands at the end of a path; empty where none does."""
    return next(filter(None, (plain(one) for one in each(element, names))), "")


def code(element: Any, names: str) -> str:
    """Give the code from a list of codes at the end of a path: its value, else its text."""
    found = first(element, f"{names}/*")
    return "" if found is None else str(found.get("codeListValue") or xml.text(found)).strip()


def href(element: Any) -> str:
    """Give where the anchor of a property leads (gmx:Anchor), or the property itself; empty without a link."""
    if element is None:
        return ""
    links = (str(one.get(_HREF) or "").strip() for one in (*element, element))
    return next(filter(None, links), "")


def language(value: str) -> str:
    """Give the BCP 47 tag of a language code such as `ger`, `eng; CAN` or `de`; empty for one we do not know."""
    core = value.strip().lower()
    core = core.replace("_", "-").replace(";", "-").split("-")[0].strip()
    return core if core in _LANGUAGES.values() else _LANGUAGES.get(core, "")


class Languages:
    """The language of a record, and those its translations name by an id (gmd:locale)."""

    def __init__(self, metadata: Any) -> None:
        self.own = language(code(metadata, "language"))
        found = [
            (str(one.get("id") or ""), language(code(one, "languageCode")))
            for one in each(metadata, "locale/PT_Locale")
        ]
        self._locales = {f"#{name}": tag for name, tag in found if name and tag}

    def texts(self, element: Any) -> tuple[Text, ...]:
        """Give a property's text in the language of the record and in those it is translated to, each language once."""
        if element is None:
            return ()
        found: dict[str, str] = {}
        if value := shortened(plain(element)):
            found[self.own or "de"] = value
        for one in each(element, "PT_FreeText/textGroup/LocalisedCharacterString"):
            tag = self._locales.get(str(one.get("locale") or ""), "")
            if tag and (value := shortened(xml.text(one))):
                found.setdefault(tag, value)
        return tuple(Text(value, tag) for tag, value in found.items())
