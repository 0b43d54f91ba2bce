"""Descriptions as plain text: feeds carry HTML, we keep its words, its lines and where its links lead."""

import re
from html import unescape
from html.parser import HTMLParser

from dcat.iri import is_web
from dcat.printable import printable

_TAG = re.compile(
    r"</?(p|br|div|span|a|b|i|em|strong|ul|ol|li|dl|dt|dd|h[1-6]|table|thead|tbody|tr|td|th|font|u|img|sub|sup|small|center"
    r"|pre|code|blockquote|section|article|hr|script|style)\b[^>]*>",
    re.I,
)
_ENTITY = re.compile(r"&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.I)
_MARKED = re.compile(r"<!\[[^>]*>?")
_BLOCK = re.compile(r"p|br|div|ul|ol|dl|dt|dd|h[1-6]|table|tr|pre|hr|blockquote|section|article")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._silent += 1
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif _BLOCK.fullmatch(tag):
            self.parts.append("\n")
        elif tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self.parts))
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)
        elif _BLOCK.fullmatch(tag) and tag not in ("br", "hr"):
            self.parts.append("\n")
        elif tag == "a" and self._link:
            address, start = self._link
            self._link = None
            # Words alone would lose where the link leads.
            if is_web(address) and address not in "".join(self.parts[start:]):
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain(value: str) -> str:
    """Take HTML, entities and control characters out of a text; plain text comes back as it was, trimmed."""
    value = printable(value)
    if "<" in value and _TAG.search(value):
        words = _Words()
        # The parser gives up on marked sections it does not know, which Word pastes into descriptions.
        words.feed(_MARKED.sub("", value))
        words.close()
        value = "".join(words.parts)
        value = re.sub(r"[ \t\xa0]+", " ", value)
        value = re.sub(r" ?\n ?", "\n", value)
        value = re.sub(r"\n{3,}", "\n\n", value)
    elif "&" in value:
        # Only what ends in a semicolon: the parameters of an address are no entities.
        value = _ENTITY.sub(lambda entity: unescape(entity[0]), value)
    return printable(value).strip()
