"""The words and signs of CKAN's search language, in linear time: brackets, quotes, ranges, escapes. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias


class SearchSyntaxError(Exception):
    """A search we do not carry out; the message says which part, in English as all of CKAN's interface.

    Raised as it stands for a parameter that is wrong by itself (a sort order): CKAN's 400 "Search Query Error".
    """


class SearchRefusedError(SearchSyntaxError):
    """A query that cannot be read, is too large, or asks for what we never follow: CKAN's 409 "Search Error"."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word, or what stands between quotation marks; without escapes, boosts and fuzziness.

    A word is open where an asterisk stands at its start or end; `pattern` is the word with its wildcards where another stands inside it.
    """

    text: str
    quoted: bool = False
    open_start: bool = False
    open_end: bool = False
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A range between two values; None for an asterisk."""

    low: str | None
    high: str | None
    open_low: bool
    open_high: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field's name, whose value follows."""

    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign; `?` for one that belongs to nothing. `alone` when a blank or the end follows."""

    sign: Literal["(", ")", "AND", "OR", "NOT", "+", "?"]
    text: str
    alone: bool = False


Token: TypeAlias = Term | Span | Field | Mark

# No repetition may give back what it took (++), and none runs over the beginning of another token of its kind:
# reading stays linear whatever is sent.
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_BOUND = r'"(?:[^"\\]|\\.){0,200}+"|(?:[^\s\[\]{}"\\]|\\.){1,200}+'
_LOOSENED = r"(?:~[\d.]{0,9})?(?:\^=?[\d.]{1,9})?"
_COMMON = {
    "blank": r"\s++",
    "local": r"\{!",
    "span": rf"(?P<opening>[\[{{])\s*+(?P<low>{_BOUND})\s++TO\s++(?P<high>{_BOUND})\s*+(?P<closing>[\]}}]){_LOOSENED}",
    "quoted": rf"(?P<inside>{_QUOTED}){_LOOSENED}",
    "open": r"\(",
    "close": rf"\){_LOOSENED}",
}
_CLAUSE = {
    "field": r"(?P<name>(?:[^\W\d]|\\.)(?:[\w.-]|\\.)*+):",
    "everything": r"\*:\*",
    "sign": r"[-+!]",
}
_WORD = {"word": r'(?:[^\s()\[\]{}"\\]|\\.)++', "stray": r"."}
_JOINS: dict[str, Literal["AND", "OR", "NOT"]] = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PIECE = re.compile(
    r"\\(?P<escaped>.)|(?P<loosened>(?<=.)(?:~[\d.]{0,9}(?:\^=?[\d.]{1,9})?|\^=?[\d.]{1,9})\Z)|(?P<wild>[*?])|(?P<plain>.)",
    re.DOTALL,
)
_REFUSED_FIELDS = ("_query_", "_val_")
_EVERYTHING = Term("", open_end=True)


def _pattern(*groups: dict[str, str]) -> re.Pattern[str]:
    choices = (f"(?P<{name}>{pattern})" for group in groups for name, pattern in group.items())
    return re.compile("|".join(choices), re.DOTALL)


_AT_CLAUSE, _AT_WORD, _AT_VALUE = _pattern(_COMMON, _CLAUSE, _WORD), _pattern(_WORD), _pattern(_COMMON, _WORD)


def tokens(text: str, is_field: Callable[[str, bool], bool]) -> Iterator[Token]:
    """Split a query. `is_field` is asked whether a name before a colon is a field, and told whether its value follows at once.

    Raises SearchRefusedError for local parameters, nested queries and control characters; brackets and quotes without
    a partner become signs.
    """
    if _FORBIDDEN.search(text):
        raise SearchRefusedError("The query holds control characters")
    at, pattern = 0, _AT_CLAUSE
    while at < len(text):
        match = _match(pattern, text, at)
        if match.lastgroup == "field":
            name = _unescaped(match["name"])
            if name in _REFUSED_FIELDS:
                raise SearchRefusedError(f"Nested queries are not supported: {name}")
            if _is_address(text, match.end()) or not is_field(name, _has_value(text, match.end())):
                match = _match(_AT_WORD, text, at)
        at = match.end()
        if match.lastgroup == "blank":
            continue
        token = _token(match, alone=_is_blank(text, at), value=pattern is _AT_VALUE)
        pattern = _AT_VALUE if isinstance(token, Field) else _AT_CLAUSE
        yield token


def shown(text: str) -> str:
    """Give the beginning of somebody's text for a message."""
    return repr(text if len(text) <= 80 else f"{text[:80]}…")


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    match = pattern.match(text, at)
    assert match is not None, "any character is at least a stray one"
    return match


def _token(match: re.Match[str], *, alone: bool, value: bool) -> Token:
    """Make the token of a match; a value is never an operator."""
    text = match[0]
    match match.lastgroup:
        case "local":
            raise SearchRefusedError("Local parameters are not supported: {!")
        case "span":
            return Span(_bound(match["low"]), _bound(match["high"]), match["opening"] == "{", match["closing"] == "}")
        case "quoted":
            return Term(_unescaped(match["inside"][1:-1]), quoted=True)
        case "field":
            return Field(_unescaped(match["name"]))
        case "everything":
            return _EVERYTHING
        case "word":
            return _word(text) if value or text not in _JOINS else Mark(_JOINS[text], text, alone)
        case "open":
            return Mark("(", text)
        case "close":
            return Mark(")", text)
        case "sign":
            return Mark("+" if text == "+" else "NOT", text, alone)
        case _:
            return Mark("?", text, alone)


def _word(raw: str) -> Term:
    signs: list[tuple[str, bool]] = []
    for piece in _PIECE.finditer(raw):
        if piece.lastgroup != "loosened":
            signs.append((piece[piece.lastgroup or 0], piece.lastgroup == "wild"))
    start, end = 0, len(signs)
    while end and signs[end - 1] == ("*", True):
        end -= 1
    while start < end and signs[start] == ("*", True):
        start += 1
    inner = signs[start:end]
    inside = any(wild for _, wild in inner)
    return Term(
        "".join(sign for sign, _ in inner),
        open_start=start > 0,
        open_end=end < len(signs),
        pattern="".join(sign if wild else plain(sign) for sign, wild in signs) if inside else "",
    )


def plain(text: str) -> str:
    """Write a text as a part of a pattern that says nothing but itself."""
    return re.sub(r"([\\*?])", r"\\\1", text)


def _bound(raw: str) -> str | None:
    if raw.startswith('"'):
        return _unescaped(raw[1:-1])
    return None if raw == "*" else _unescaped(raw)


def _unescaped(raw: str) -> str:
    return re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)


def _is_blank(text: str, at: int) -> bool:
    return at >= len(text) or text[at].isspace()


def _has_value(text: str, at: int) -> bool:
    return not _is_blank(text, at) and text[at] != ")"


def _is_address(text: str, at: int) -> bool:
    return text.startswith("//", at)
