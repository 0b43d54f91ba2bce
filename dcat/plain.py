"""Descriptions as plain text: feeds carry HTML, we keep its words and its lines."""

import re
from html import unescape
from html.parser import HTMLParser

_TAG = re.compile(
    r"</?(p|br|div|span|a|b|i|em|strong|ul|ol|li|h[1-6]|table|tr|td|font|u|img|script|style)\b[^>]*>", re.I
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MARKED = re.compile(r"<!\[[^>]*>?")
_BLOCKS = {"p", "br", "div", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._silent += 1
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def printable(value: str) -> str:
    """Take out the control characters that no XML can hold, and write line ends as XML reads them."""
    return _CONTROL.sub("", value).replace("\r\n", "\n").replace("\r", "\n")


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
    elif "&" in value and re.search(r"&(amp|lt|gt|quot|nbsp|[aouAOU]uml|szlig|#\d+);", value):
        value = unescape(value)
    return value.strip()
