"""One array of a large JSON document cut into its elements, as positions in the bytes: nothing is parsed, nothing is copied.

The bytes are looked at once, from one bracket to the next; strings are passed over whole. UTF-8 and every charset that keeps ASCII
(Latin-1, cp1252) can be cut so.
"""

import re
from array import array
from collections.abc import Iterator, MutableSequence

from dcat.errors import UnreadableError
from dcat.message import Message
from harvesters.bodies import Body, forget

MAX_KEYS = 10_000
MAX_ELEMENTS = 500_000
MAX_DEPTH = 1_000
# Where the elements begin and end, in turn: few bytes for each of many.
Slices = MutableSequence[int]
# After so many bytes the memory that a large body takes is given back.
_STRETCH = 8_000_000

_BLANK = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]}\[{\":]++")
# Everything up to the next bracket outside of strings, and that bracket.
_TO_BRACE = re.compile(rb'[^"{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}]*+)*+([{}])', re.DOTALL)
_TO_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+([\[\]{}])', re.DOTALL)


def elements(body: Body, key: bytes, start: int = 0) -> Slices | None:
    """Find the elements of the array under a key of the outermost object, or of the outermost array; None where there is none.

    UnreadableError names the byte at which the document stops being JSON, or ends too early.
    """
    found: Slices | None
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


def _object(body: Body, start: int, wanted: bytes) -> tuple[Slices | None, int]:
    """Walk through the members of the outermost object."""
    found: Slices | None = None
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


def _array(body: Body, start: int) -> tuple[Slices, int]:
    """Walk through the elements of an array."""
    found: Slices = array("Q")
    read = start
    at = _blank(body, start + 1)
    if body[at : at + 1] == b"]":
        return found, at + 1
    while True:
        end = _end(body, at)
        found.extend((at, end))
        if len(found) > 2 * MAX_ELEMENTS:
            raise _too_many()
        if end - read > _STRETCH:
            forget(body)
            read = end
        at, closed = _next(body, end, b"]")
        if closed:
            return found, at


def _next(body: Body, at: int, closing: bytes) -> tuple[int, bool]:
    """Step over the comma behind a value, or out of what it stands in."""
    at = _blank(body, at)
    if body[at : at + 1] == closing:
        return at + 1, True
    if body[at : at + 1] != b",":
        raise _broken(at)
    return _blank(body, at + 1), False


def _end(body: Body, at: int) -> int:
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


def _closed(body: Body, at: int, step: re.Pattern[bytes], openings: bytes) -> int:
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


def _blank(body: Body, at: int) -> int:
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


def bytes_of(body: Body, slices: Slices) -> Iterator[bytes]:
    """Give the bytes of each element, one at a time."""
    read = 0
    for start, end in zip(slices[::2], slices[1::2], strict=True):
        if end - read > _STRETCH:
            forget(body)
            read = end
        yield body[start:end]
