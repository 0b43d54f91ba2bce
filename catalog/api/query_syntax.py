"""CKAN's search language (q, fq, fq_list, sort of package_search), read into a tree and never passed to an engine. Pure.

What Solr's standard parser and edismax have in common, as clients send it. NOT binds first, then AND, then OR, then a blank,
which is an AND, too: `organization:a OR organization:b -type:harvest` is what either has and is not harvested. Boosts and
fuzziness are read and have no effect; wildcards stand anywhere in the value of a field. The fields are those of
catalog/api/query_fields.py; any other name in front of a value is the key of an extra, in fq always, in q where it looks like
one (`betreff:x`, not `Satzung:x`, `12:30` or `https://...`), and there the texts are searched for it as well.

q without any field is free text: what cannot be read as a query is read as words. Everywhere else a query with brackets or
quotes without a partner is refused.

The free text holds the words of q that find and rank, one blank between them; words joined by AND or a plus are conditions, too: `"in quotes"`
is a phrase (quotation marks stand for nothing else, and always in pairs), `word*` the beginning of a word. Words below an OR or a
NOT are conditions.
"""

import datetime
from collections.abc import Iterator, Sequence
from itertools import pairwise

from catalog.api.query_fields import between, could_be_key, equal, free, is_known
from catalog.api.query_tokens import (
    Field,
    Mark,
    SearchRefusedError,
    SearchSyntaxError,
    Span,
    Term,
    Token,
    shown,
    tokens,
)
from catalog.db import now as present
from catalog.query import (
    MAX_DEPTH,
    MAX_NODES,
    All,
    Between,
    Condition,
    Is,
    Like,
    Not,
    Order,
    Says,
    Some,
    Starts,
    Within,
)

# Characters of q and all filters together: some hundred ids fit.
MAX_LENGTH = 32_768
MAX_FILTERS = 100
# Each goes through all words there are.
MAX_PATTERNS = 8
MAX_BEGINNINGS = 60
MAX_ORDERS = 10
DEFAULT_ORDER = (Order("score", descending=True), Order("modified", descending=True))
ORDERS = {
    "score": "score",
    "name": "name",
    "id": "id",
    "title": "title",
    "title_string": "title",
    "metadata_created": "created",
    "metadata_modified": "modified",
}

# How often a dataset was looked at, which nobody counts here: equal for all.
_NOT_COUNTED = ("views_total", "views_recent")


def read_query(
    q: str, filters: Sequence[str], *, now: datetime.datetime | None = None, people: bool = False
) -> tuple[str, Condition]:
    """Read q and the filters: the free text of q, and one condition for everything else. `now` is what NOW means.

    Which account wrote a dataset is known to those only who have one: without `people` such a condition finds nothing.

    Raises SearchRefusedError, also where the tree would be larger than MAX_NODES or deeper than MAX_DEPTH.
    """
    if len(q) + sum(map(len, filters)) > MAX_LENGTH or len(filters) > MAX_FILTERS:
        raise SearchRefusedError(f"The query has more than {MAX_LENGTH} characters or {MAX_FILTERS} filters")
    now = now or present()
    text, where = _read_q(q, now)
    found = _all([where, *(_Parser(list(tokens(each, _is_filter)), now).read() for each in filters)])
    _check_size(found)
    return text, found if people else _without_people(found)


def read_order(sort: str) -> tuple[Order, ...]:
    """Read a sort order, by default that of CKAN; SearchSyntaxError for a field or a direction that there is not."""
    if not sort.strip() or sort.strip() == "rank":
        return DEFAULT_ORDER
    orders: dict[str, Order] = {}
    for key in sort.split(",", MAX_ORDERS):
        name, _, direction = " ".join(key.split()).partition(" ")
        if name in _NOT_COUNTED and direction.lower() in ("asc", "desc"):
            continue
        if name not in ORDERS or direction.lower() not in ("asc", "desc"):
            raise SearchSyntaxError(f"Cannot sort by {shown(key.strip())} (known: {', '.join(ORDERS)}; asc or desc)")
        orders.setdefault(ORDERS[name], Order(ORDERS[name], descending=direction.lower() == "desc"))
    return tuple(orders.values()) or DEFAULT_ORDER


def named_states(condition: Condition) -> frozenset[str]:
    """Give the states that a condition asks for outside of a Not: what a client names that wants drafts as well."""
    match condition:
        case Is("state", value):
            return frozenset({value})
        case All(parts) | Some(parts):
            return frozenset[str]().union(*map(named_states, parts))
        case _:
            return frozenset()


def _without_people(condition: Condition) -> Condition:
    match condition:
        case Is("creator") | Starts("creator") | Like("creator"):
            return Some()
        case All(parts):
            return All(tuple(map(_without_people, parts)))
        case Some(parts):
            return Some(tuple(map(_without_people, parts)))
        case Not(part):
            return Not(_without_people(part))
        case _:
            return condition


def _is_filter(name: str, value_follows: bool) -> bool:
    return value_follows or is_known(name)


def _is_field_in_q(name: str, value_follows: bool) -> bool:
    return is_known(name) or (value_follows and could_be_key(name))


def _read_q(q: str, now: datetime.datetime) -> tuple[str, Condition]:
    found = list(tokens(q, _is_field_in_q))
    if any(isinstance(token, Field) for token in found):
        return _ranking(_Parser(found, now, lenient=True).read())
    # A dash between two words is no sign.
    words = [token for token in found if not (isinstance(token, Mark) and token.alone and token.text in "-+!")]
    try:
        text, where = _ranking(_Parser(words, now, lenient=True).read())
        # What stands in the text ranks, and any word of it finds; what is joined must be there.
        return text, _all([where, *map(free, _joined(words))])
    except SearchRefusedError:
        return _ranking(
            _all([free(term) for before, token in pairwise([None, *words]) for term in _terms(before, token)])
        )


def _joined(words: Sequence[Token]) -> Iterator[Term]:
    """The words that a plus or an AND beside them asks for; those inside of brackets are none."""
    depth = 0
    for before, token, after in zip([None, *words], words, [*words[1:], None], strict=False):
        signs = {each.sign for each in (before, after) if isinstance(each, Mark)}
        depth += {"(": 1, ")": -1}.get(token.sign, 0) if isinstance(token, Mark) else 0
        joined = "AND" in signs or (isinstance(before, Mark) and before.sign == "+")
        if isinstance(token, Term) and joined and not depth and not signs & {"OR", "NOT"}:
            yield token


def _terms(before: Token | None, token: Token | None) -> tuple[Term, ...]:
    """The words of a query that cannot be read, but for what it excludes."""
    if isinstance(before, Mark) and before.sign == "NOT":
        return ()
    match token:
        case Term():
            return (token,)
        case Span(low, high):
            return tuple(Term(bound) for bound in (low, high) if bound)
        case _:
            return ()


def _ranking(condition: Condition) -> tuple[str, Condition]:
    """Part the words that everything found must have from the other conditions."""
    words: list[str] = []
    others: list[Condition] = []
    for part in condition.parts if isinstance(condition, All) else (condition,):
        match part:
            case Says(said, "") | Starts("", said):
                words.append(_word(_unquoted(said), part))
            case _:
                others.append(part)
    return " ".join(filter(None, words)), _all(others)


def _word(text: str, part: Says | Starts) -> str:
    if not text or (isinstance(part, Says) and not part.phrase):
        return text
    return f"{text}*" if isinstance(part, Starts) else f'"{text}"'


def _unquoted(text: str) -> str:
    return " ".join(text.replace('"', " ").split())


class _Parser:
    """Reads tokens by recursive descent; brackets nest no deeper than MAX_DEPTH."""

    def __init__(self, read: Sequence[Token], now: datetime.datetime, *, lenient: bool = False) -> None:
        self._tokens = read
        self._at = 0
        self._now = now
        self._lenient = lenient

    def read(self) -> Condition:
        """Read all tokens; everything where there is none."""
        if not self._tokens:
            return All()
        found = self._sequence("", 0)
        if self._at < len(self._tokens):
            raise self._misplaced()
        return found

    def _sequence(self, field: str, depth: int) -> Condition:
        parts = [self._either(field, depth)]
        while self._sign() not in ("", ")"):
            parts.append(self._either(field, depth))
        return _all(parts)

    def _either(self, field: str, depth: int) -> Condition:
        parts = [self._both(field, depth)]
        while self._takes("OR"):
            parts.append(self._both(field, depth))
        return _some(parts)

    def _both(self, field: str, depth: int) -> Condition:
        parts = [self._clause(field, depth)]
        while self._takes("AND"):
            parts.append(self._clause(field, depth))
        return _all(parts)

    def _clause(self, field: str, depth: int) -> Condition:
        negated = self._takes("NOT")
        if not negated:
            self._takes("+")
        token = self._next()
        if isinstance(token, Field):
            self._at += 1
            found = self._value(token.name, depth)
        else:
            found = self._value(field, depth)
        return Not(found) if negated else found

    def _value(self, field: str, depth: int) -> Condition:
        """Read a value or a group of them, of a field or none."""
        token = self._next()
        if isinstance(token, Mark):
            if token.sign != "(":
                raise self._misplaced()
            if depth == MAX_DEPTH:
                raise SearchRefusedError(f"Brackets nest deeper than {MAX_DEPTH}")
            self._at += 1
            found = self._sequence(field, depth + 1)
            if not self._takes(")"):
                raise self._misplaced()
            return found
        if token is None or isinstance(token, Field):
            raise self._misplaced()
        self._at += 1
        if isinstance(token, Term):
            return equal(field, token, self._now, lenient=self._lenient) if field else free(token)
        if not field:
            raise SearchRefusedError("A range needs a field")
        return between(field, token, self._now)

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _sign(self) -> str:
        """The sign of the next token; `""` at the end, a blank for what is no sign."""
        token = self._next()
        return token.sign if isinstance(token, Mark) else " " if token else ""

    def _takes(self, sign: str) -> bool:
        taken = self._sign() == sign
        self._at += taken
        return taken

    def _misplaced(self) -> SearchRefusedError:
        token = self._next()
        if isinstance(token, Mark):
            return SearchRefusedError(f"A sign is out of place, or its partner is missing: {token.text}")
        if isinstance(token, Field):
            return SearchRefusedError(f"A field is out of place: {shown(token.name)}")
        return SearchRefusedError("The query ends too early: a value or a closing bracket is missing")


def _all(parts: Sequence[Condition]) -> Condition:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,))]
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def _some(parts: Sequence[Condition]) -> Condition:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Some) else (part,))]
    return flat[0] if len(flat) == 1 else Some(tuple(flat))


def _check_size(condition: Condition) -> None:
    nodes, patterns, beginnings, level, depth = 0, 0, 0, [condition], 0
    while level:
        depth += 1
        nodes += len(level)
        patterns += sum(isinstance(each, Like) for each in level)
        beginnings += sum(isinstance(each, Starts) and each.value != "" for each in level)
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise SearchRefusedError(
                f"The query has more than {MAX_NODES} conditions, or they nest deeper than {MAX_DEPTH}"
            )
        if patterns > MAX_PATTERNS:
            raise SearchRefusedError(f"More than {MAX_PATTERNS} conditions have wildcards before the end of a value")
        if beginnings > MAX_BEGINNINGS:
            raise SearchRefusedError(f"More than {MAX_BEGINNINGS} conditions have a wildcard at the end of a value")
        level = [inner for each in level for inner in _inner(each)]


def _inner(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case All(parts) | Some(parts):
            return parts
        case Not(part):
            return (part,)
        case Is() | Starts() | Like() | Says() | Between() | Within():
            return ()
