"""Bytes to text for catalogue pages: byte order mark, XML declaration, header, strict UTF-8, else cp1252; the decision is recorded.

A page that claims a charset of one byte per sign, but whose umlauts are UTF-8 throughout, is UTF-8: by chance that does not happen.
"""

import codecs
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from harvesters.bodies import Body, pieces

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
# Python knows codecs that are no charset of a page, some of them slow on purpose-made input (punycode, idna, unicode_escape).
_CHARSET = re.compile(
    r"utf[-_]?8|utf[-_]?16([-_]?[bl]e)?|(us-)?ascii|iso[-_]?8859[-_]\d{1,2}|latin[-_]?\d{1,2}|(windows[-_]|cp)\d{3,4}"
    r"|macintosh|mac[-_]roman",
    re.IGNORECASE,
)
_UTF_16 = re.compile(r"utf[-_]?16", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and how its encoding was decided: the encoding and the clue that won, such as `cp1252 (fallback)`."""

    text: str
    decided: str

    @property
    def utf8(self) -> bytes:
        """The text as UTF-8, with an XML declaration that says so and without characters XML forbids."""
        text = _ILLEGAL.sub("", self.text)
        return re.sub(r"^\s*<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8"?>', text, count=1).encode()


def decode(body: Body, charset: str = "") -> Decoded:
    """Decode a page; a clue that does not hold for every byte loses against the next."""
    return _decide(body, charset, lambda start, encoding, errors: body[start:].decode(encoding, errors))


def decided(body: Body, charset: str = "") -> str:
    """Tell how the encoding of a page is decided, without the text: a large page takes no memory."""

    def check(start: int, encoding: str, errors: str) -> str:
        if errors == "strict":
            _check(body, encoding)
        return ""

    return _decide(body, charset, check).decided


def _decide(body: Body, charset: str, read: Callable[[int, str, str], str]) -> Decoded:
    """Follow the clues; `read` gives the text from a byte on, and raises where it is not in an encoding."""
    for mark, encoding in _MARKS:
        if body[: len(mark)] == mark:
            return Decoded(read(len(mark), encoding, "replace"), f"{encoding} (byte order mark)")
    declared = _DECLARED.match(body[:500])
    clues = [(declared[1].decode("ascii"), "XML declaration")] if declared else []
    clues += [(charset, "header")] if charset else []
    for encoding, clue in [*clues, ("utf-8", "strict")]:
        known = _CHARSET.fullmatch(encoding)
        if known and not encoding.lower().startswith("utf") and _is_utf8(body):
            return Decoded(read(0, "utf-8", "strict"), f"utf-8 (against the {clue})")
        # What calls itself UTF-16 has a zero byte in every ASCII sign; .NET declares it in pages that are UTF-8.
        if known is None or ("16" in encoding[:6] and not _has_zero(body)):
            continue
        try:
            return Decoded(read(0, encoding, "strict"), f"{encoding.lower()} ({clue})")
        except (LookupError, UnicodeDecodeError):
            continue
    return Decoded(read(0, "cp1252", "replace"), "cp1252 (fallback)")


def _check(body: Body, encoding: str) -> None:
    """Decode a page piece by piece; UnicodeDecodeError where it is not in an encoding, LookupError where that is none."""
    # Without a byte order mark, which would have decided, the machine's own order is meant.
    named = f"utf-16-{sys.byteorder[0]}e" if _UTF_16.fullmatch(encoding) else encoding
    decoder = codecs.getincrementaldecoder(named)()
    for piece in pieces(body):
        decoder.decode(piece)
    decoder.decode(b"", final=True)


def _has_zero(body: Body) -> bool:
    return any(b"\0" in piece for piece in pieces(body))


def _is_utf8(body: Body) -> bool:
    """Tell whether the signs beyond ASCII are UTF-8, and there are any; zero bytes speak for UTF-16."""
    if all(piece.isascii() for piece in pieces(body)) or _has_zero(body):
        return False
    try:
        _check(body, "utf-8")
    except UnicodeDecodeError:
        return False
    return True
