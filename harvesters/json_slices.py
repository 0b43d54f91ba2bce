"""One array of a large JSON document cut into its elements, as positions in the bytes: nothing is parsed, nothing is copied.

The bytes are looked at once, from one bracket to the next; strings are passed over whole. UTF-8 and every charset that keeps ASCII
(Latin-1, cp1252) can be cut so.
"""

import re
from collections.abc import Iterator

from dcat.errors import UnreadableError
from dcat.message import Message

MAX_KEYS = 10_000
MAX_ELEMENTS = 500_000
MAX_DEPTH = 1_000
Slice = tuple[int, int]

_BLANK = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]}\[{\":]++")
# Everything up to the next bracket outside of strings, and that bracket.
_TO_BRACE = re.compile(rb'[^"{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}]*+)*+([{}])', re.DOTALL)
_TO_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+([\[\]{}])', re.DOTALL)


def elements(body: bytes, key: bytes, start: int = 0) -> list[Slice] | None:
    """Find the elements of the array under a key of the outermost object, or of the outermost array; None where there is none.

    UnreadableError names the byte at which the document stops being JSON, or ends too early.
    """
    found: list[Slice] | None
    start = _blank(body, start)
    if body[start : start + 1] == b"[":
        found, end = _array(body, start)
    elif body[start : start + 1] == b"{":
        found, end = _object(body, start, b'"' + key + b'"')
    else:
        raise _broken(start)
    if (rest := _blank(body, end)) != len(body):
        raise _broken(rest)
    return found


def _object(body: bytes, start: int, wanted: bytes) -> tuple[list[Slice] | None, int]:
    """Walk through the members of the outermost object."""
    found: list[Slice] | None = None
    at = _blank(body, start + 1)
    if body[at : at + 1] == b"}":
        return None, at + 1
    for _ in range(MAX_KEYS):
        name = _STRING.match(body, at)
        if name is None:
            raise _broken(at)
        at = _blank(body, name.end())
        if body[at : at + 1] != b":":
            raise _broken(at)
        at = _blank(body, at + 1)
        if found is None and name[0] == wanted and body[at : at + 1] == b"[":
            found, at = _array(body, at)
        else:
            at = _end(body, at)
        at, closed = _next(body, at, b"}")
        if closed:
            return found, at
    raise _broken(at)


def _array(body: bytes, start: int) -> tuple[list[Slice], int]:
    """Walk through the elements of an array."""
    found: list[Slice] = []
    at = _blank(body, start + 1)
    if body[at : at + 1] == b"]":
        return found, at + 1
    while True:
        end = _end(body, at)
        found.append((at, end))
        if len(found) > MAX_ELEMENTS:
            raise _too_many()
        at, closed = _next(body, end, b"]")
        if closed:
            return found, at


def _next(body: bytes, at: int, closing: bytes) -> tuple[int, bool]:
    """Step over the comma behind a value, or out of what it stands in."""
    at = _blank(body, at)
    if body[at : at + 1] == closing:
        return at + 1, True
    if body[at : at + 1] != b",":
        raise _broken(at)
    return _blank(body, at + 1), False


def _end(body: bytes, at: int) -> int:
    """Find the end of the value that begins at a position."""
    opening = body[at : at + 1]
    if opening == b"{":
        # Arrays inside need no count: where the braces are not in order, the value is no JSON and its reader says so.
        return _closed(body, at, _TO_BRACE, b"{")
    if opening == b"[":
        return _closed(body, at, _TO_BRACKET, b"[{")
    scalar = (_STRING if opening == b'"' else _SCALAR).match(body, at)
    if scalar is None:
        raise _broken(at)
    return scalar.end()


def _closed(body: bytes, at: int, step: re.Pattern[bytes], openings: bytes) -> int:
    start, depth = at, 0
    while True:
        bracket = step.match(body, at)
        if bracket is None:
            raise _cut_off(start, len(body))
        at = bracket.end()
        depth += 1 if bracket[1] in openings else -1
        if depth > MAX_DEPTH:
            raise _broken(at)
        if depth == 0:
            return at


def _blank(body: bytes, at: int) -> int:
    blank = _BLANK.match(body, at)
    assert blank is not None, "the pattern matches nothing too"
    return blank.end()


def _broken(at: int) -> UnreadableError:
    return UnreadableError(
        Message(
            f"Das JSON ist an Byte {at} nicht zu lesen. Nächster Schritt: die Datei an der Quelle prüfen.",
            f"The JSON cannot be read at byte {at}. Next step: check the file at the source.",
        )
    )


def _cut_off(at: int, size: int) -> UnreadableError:
    return UnreadableError(
        Message(
            f"Das JSON endet nach {size} Byte mitten im Eintrag, der an Byte {at} beginnt. Nächster Schritt: später noch "
            "einmal abrufen, sonst die Datei an der Quelle prüfen.",
            f"The JSON ends after {size} bytes in the middle of the entry that begins at byte {at}. Next step: fetch it again "
            "later, else check the file at the source.",
        )
    )


def _too_many() -> UnreadableError:
    return UnreadableError(
        Message(
            f"Das JSON hat über {MAX_ELEMENTS} Einträge. Nächster Schritt: die Quelle teilen lassen.",
            f"The JSON has over {MAX_ELEMENTS} entries. Next step: have the source divided.",
        )
    )


def bytes_of(body: bytes, slices: list[Slice]) -> Iterator[bytes]:
    """Give the bytes of each element, one at a time."""
    return (body[start:end] for start, end in slices)
