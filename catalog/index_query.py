"""Compiles the tree of a search (catalog/query.py) into queries of the index. Nothing of it reaches the engine as text."""

import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence

import tantivy

from catalog.german import folded, term, terms
from catalog.index_fields import (
    ACCESS,
    ANYWHERE,
    BOX,
    MICROSECONDS,
    NUMBERS,
    OTHER,
    PARTS,
    TEXTS,
    VALUES,
    access,
    clean,
    other,
    schema,
)
from catalog.query import All, Between, Condition, Is, Like, Not, Says, SearchQuery, Some, Starts, Within

_MUST, _SHOULD, _NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_LEAST, _MOST = -(2**63) + 1, 2**63 - 1
# A pattern that is too long would stop the search.
MAX_PREFIX = 200
_PATTERN = re.compile(r"[*?]|(?:[^*?\\]|\\.)+", re.DOTALL)
_WILD = {"*": "(.|\n)*", "?": "(.|\n)"}
_SPECIAL = frozenset("\\.+*?()|[]{}^$#&-~/<>@\"'")


def filters(query: SearchQuery) -> tantivy.Query:
    """Compile what only filters: who may see it and the states, outside of what the user asks for, and then that."""
    if query.readers is None:
        allowed = all_of([_any_of("state", query.states), *([] if query.private else [_is("private", "false")])])
    else:
        kinds = (False, True) if query.private else (False,)
        allowed = _any_of(ACCESS, (access(*each) for each in itertools.product(query.states, kinds, query.readers)))
    return allowed if query.where == All() else all_of([allowed, compiled(query.where)])


def public() -> tantivy.Query:
    """What everybody may find."""
    return filters(SearchQuery())


def compiled(condition: Condition) -> tantivy.Query:
    """Compile one condition."""
    match condition:
        case Is(field, value):
            return _phrase(field, value) if field in TEXTS else _is(field, value)
        case Starts(field, value):
            return _starts_word(field, value) if not field or field in TEXTS else _starts(field, value)
        case Like(field, pattern):
            return _like(field, pattern)
        case Says(said, field, phrase):
            if field and field not in TEXTS:
                return _is(field, said)
            return _phrase(field, said) if phrase else all_of([_word(field, each) for each in terms(said)])
        case Between():
            return _between(condition)
        case Within():
            return _within(condition)
        case Not(part):
            return tantivy.Query.boolean_query([(_MUST, tantivy.Query.all_query()), (_NOT, compiled(part))])
        case All(parts):
            return all_of([compiled(part) for part in parts])
        case Some(parts):
            return some_of([compiled(part) for part in parts])


def all_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    """Everything that all queries find; everything where there is none."""
    if not queries:
        return tantivy.Query.all_query()
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(_MUST, query) for query in queries])


def some_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    """Everything that one of the queries finds; nothing where there is none."""
    if not queries:
        return tantivy.Query.empty_query()
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(_SHOULD, query) for query in queries])


def term_query(field: str, value: str | int) -> tantivy.Query:
    """What holds one term, or has one value in a field that is sorted by."""
    return tantivy.Query.term_query(schema(), field, value, "basic")


def prefix_query(field: str, start: str) -> tantivy.Query:
    """What holds a term that begins so."""
    return tantivy.Query.regex_query(schema(), field, f"{_escaped(start[:MAX_PREFIX])}(.|\n)*")


def phrase_query(field: str, said: Sequence[str]) -> tantivy.Query:
    """What holds some terms in this order; `field` is empty for any text."""
    fields = (field,) if field else tuple(TEXTS)
    if len(said) == 1:
        return some_of([term_query(name, said[0]) for name in fields])
    return some_of([tantivy.Query.phrase_query(schema(), name, list(said)) for name in fields])


def _is(field: str, value: str) -> tantivy.Query:
    if field in VALUES:
        return term_query(field, clean(value))
    if field in NUMBERS:
        return term_query(field, int(value)) if value.lstrip("-").isdecimal() and len(value) < 18 else some_of([])
    return term_query(OTHER, other(field, value))


def _starts(field: str, value: str) -> tantivy.Query:
    if field in NUMBERS:
        return tantivy.Query.exists_query(field) if not value else some_of([])
    if field in VALUES:
        return prefix_query(field, clean(value)) if value else tantivy.Query.exists_query(field)
    # The name of the field belongs to the term, and is not counted.
    name = other(field, "")
    return prefix_query(OTHER, name + clean(value)[: MAX_PREFIX - min(len(name), MAX_PREFIX // 2)])


def _like(field: str, pattern: str) -> tantivy.Query:
    """Compile a pattern; one that would be too costly finds nothing."""
    if field in NUMBERS:
        return some_of([])
    if not field or field in TEXTS:
        names = [(field or ANYWHERE, "")]
        written = _regex(pattern, lambda plain: folded(plain) if plain.strip() else plain, stem_start)
    else:
        names = [(field, "")] if field in VALUES else [(OTHER, other(field, ""))]
        written = _regex(pattern, clean)
    try:
        return some_of([tantivy.Query.regex_query(schema(), name, _escaped(start) + written) for name, start in names])
    except ValueError:
        # The engine limits what a pattern may be.
        return some_of([])


def _regex(pattern: str, spelt: Callable[[str], str], last: Callable[[str], str] = str) -> str:
    """Write a pattern for the engine; the `last` of its plain parts may be one whose ending is no part of terms."""
    parts = _PATTERN.findall(pattern[:MAX_PREFIX])
    plain = [spelt(re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL)) for part in parts]
    end = max((at for at, part in enumerate(parts) if part not in _WILD), default=-1)
    return "".join(
        _WILD.get(part) or _escaped(last(plain[at]) if at == end else plain[at]) for at, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in text)


def _starts_word(field: str, value: str) -> tantivy.Query:
    said = folded(value).split()
    if not said:
        return tantivy.Query.all_query() if not field else some_of([prefix_query(field, "")])
    where = field or ANYWHERE
    whole = [term_query(where, term(word)) for word in said[:-1] if terms(word)]
    return all_of([*whole, prefix_query(where, stem_start(said[-1]))])


def stem_start(word: str) -> str:
    """Give the beginning that the terms of all words have which begin so: endings are no part of terms."""
    stem, start = term(word), folded(word)
    return stem if stem and start.startswith(stem) else start


def _word(field: str, said: str) -> tantivy.Query:
    fields = (field, PARTS[field]) if field else (ANYWHERE, *PARTS.values())
    return some_of([term_query(name, said) for name in fields])


def _phrase(field: str, said: str) -> tantivy.Query:
    found = terms(said)
    return phrase_query(field, found) if found else tantivy.Query.all_query()


def _any_of(field: str, wanted: Iterable[str]) -> tantivy.Query:
    listed = sorted(map(clean, wanted))
    if len(listed) == 1:
        return term_query(field, listed[0])
    return tantivy.Query.term_set_query(schema(), field, listed) if listed else some_of([])


def _between(condition: Between) -> tantivy.Query:
    """Compare whole numbers: of a bound between two of them the next one inside counts."""
    bounds = [bound for bound in (condition.low, condition.high) if bound is not None]
    if condition.field not in NUMBERS or any(map(math.isnan, bounds)):
        return some_of([])
    scale = 1_000_000 if condition.field in MICROSECONDS else 1
    low, high = (None if bound is None else bound * scale for bound in (condition.low, condition.high))
    least = _LEAST if low is None else _bound(low, math.floor, 1) if condition.open_low else _bound(low, math.ceil, 0)
    most = (
        _MOST if high is None else _bound(high, math.ceil, -1) if condition.open_high else _bound(high, math.floor, 0)
    )
    if least > most:
        return some_of([])
    return tantivy.Query.range_query(schema(), condition.field, tantivy.FieldType.Integer, least, most)


def _bound(value: float, rounded: Callable[[float], int], step: int) -> int:
    # Infinity has no whole number.
    whole = rounded(max(min(value, 1e18), -1e18)) + step
    return max(_LEAST, min(_MOST, whole))


def _within(box: Within) -> tantivy.Query:
    degrees = (box.west, box.south, box.east, box.north)
    if not all(map(math.isfinite, degrees)) or box.south > box.north:
        return some_of([])
    if box.west > box.east:
        # Across the meridian where the day changes.
        parts = ((box.west, 180.0), (-180.0, box.east))
        return some_of([_within(Within(west, box.south, east, box.north)) for west, east in parts])
    bounds = ((None, box.east), (None, box.north), (box.west, None), (box.south, None))
    kind = tantivy.FieldType.Float
    return all_of(
        [
            tantivy.Query.range_query(schema(), field, kind, low, high)
            for field, (low, high) in zip(BOX, bounds, strict=True)
        ]
    )
