"""XML that is well-formed whatever the texts hold: characters that XML 1.0 does not know are left out (section 2.2)."""

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_UNKNOWN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNKNOWN_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


def text(value: str) -> str:
    """Write a text between tags."""
    return escape(_UNKNOWN.sub("", value), {"\r": "&#13;"})


def element(tag: str, content: str, attributes: Mapping[str, str] | None = None) -> str:
    """Write an element around content that is XML already; attributes are written as texts."""
    given = "".join(f" {name}={quoteattr(_UNKNOWN.sub('', value))}" for name, value in (attributes or {}).items())
    return f"<{tag}{given}>{content}</{tag}>" if content else f"<{tag}{given}/>"


def cleaned(body: bytes) -> bytes:
    """Leave out of finished XML what no text in it may hold."""
    return _UNKNOWN_BYTES.sub(b"", body)
