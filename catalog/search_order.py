"""Sorting by several keys, and paging to the last hit. The engine sorts by one field; ties are asked for once more, by the next key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import tantivy

from catalog.german import folded
from catalog.index_fields import NUMBERS, TITLE_ORDER, WORTH, schema
from catalog.index_query import all_of, equals
from catalog.query import Order

Address = tantivy.DocAddress
# field of a query -> field of the index
_FIELDS = {"title": TITLE_ORDER, "modified": "modified", "created": "created", "name": "name", "id": "id"}
_SCORE = "score"
# The last key of every order: whatever is equal in all others.
_LAST = Order("id")
# Hits of the same score are put in order when no more of them are on either side of a page.
_BESIDE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """The number of all hits, and those of one page in their order."""

    count: int
    hits: tuple[Address, ...]


def sorts_by(field: str) -> bool:
    """Whether the index can sort by a field."""
    return field in _FIELDS or field == _SCORE


def page(
    searcher: tantivy.Searcher, query: tantivy.Query, order: Sequence[Order], start: int, rows: int, *, ranked: bool
) -> Page:
    """Give one page; a query without words has no ranking, and is sorted by what comes after the score."""
    keys = [key for key in order if sorts_by(key.field) and (ranked or key.field != _SCORE)]
    if not keys:
        keys = [Order(_SCORE, descending=True)] if ranked else []
        keys.append(Order("modified", descending=True))
    if all(key.field not in ("id", "name") for key in keys):
        keys.append(Order("name"))
    keys.append(_LAST)
    count = int(searcher.search(query, 1, count=True).count)  # type: ignore[attr-defined]
    if start >= count or rows < 1:
        return Page(count, ())
    rows = min(rows, count - start)
    if keys[0].field == _SCORE:
        return Page(count, tuple(_by_score(searcher, query, keys, start, rows, count)))
    return Page(count, tuple(_by_keys(searcher, query, keys, start, rows)))


def _by_keys(
    searcher: tantivy.Searcher, query: tantivy.Query, keys: Sequence[Order], start: int, rows: int
) -> Iterator[Address]:
    """Sort by the first key; those that are equal in it are a question of their own."""
    key, rest = keys[0], keys[1:]
    if key.field == _SCORE and rest:
        # Beyond another key the score tells little; what is equal there keeps the order of the other keys.
        yield from _by_keys(searcher, query, rest, start, rows)
        return
    field = _FIELDS[key.field]
    direction = tantivy.Order.Desc if key.descending else tantivy.Order.Asc
    first = max(0, start - 1)
    found = searcher.search(query, rows + 2, offset=first, count=False, order_by_field=field, order=direction).hits
    at = start - first
    while rows > 0 and at < len(found):
        value = found[at][0]
        end = at
        while end < len(found) and found[end][0] == value:
            end += 1
        begins_before = at > 0 and found[at - 1][0] == value
        alone = end - at == 1 and not begins_before and end < len(found)
        if alone or not rest or value is None:
            taken = [address for _, address in found[at : min(end, at + rows)]]
        else:
            same = all_of([query, tantivy.Query.const_score_query(equals(field, value), 0.0)])
            before = _position(searcher, query, field, value, key, first + at) if begins_before else first + at
            taken = list(_by_keys(searcher, same, rest, first + at - before, min(rows, end - at)))
        yield from taken
        rows -= len(taken)
        at = end


def _position(
    searcher: tantivy.Searcher, query: tantivy.Query, field: str, value: int | str, key: Order, among: int
) -> int:
    """Find where the hits with a value begin, one of which is at the place `among`."""
    if isinstance(value, int):
        low, high = (value + 1, None) if key.descending else (None, value - 1)
        better = tantivy.Query.range_query(schema(), field, tantivy.FieldType.Integer, low, high)
        return int(searcher.search(all_of([query, better]), 1, count=True).count)  # type: ignore[attr-defined]
    direction = tantivy.Order.Desc if key.descending else tantivy.Order.Asc
    least, most = 0, among
    while least < most:
        middle = (least + most) // 2
        there = searcher.search(query, 1, offset=middle, count=False, order_by_field=field, order=direction).hits
        least, most = (least, middle) if there[0][0] == value else (middle + 1, most)
    return least


def _by_score(
    searcher: tantivy.Searcher, query: tantivy.Query, keys: Sequence[Order], start: int, rows: int, count: int
) -> list[Address]:
    score, rest = keys[0], keys[1:]
    if not score.descending:
        turned = [Order(key.field, descending=not key.descending) for key in keys]
        return _by_score(searcher, query, turned, count - start - rows, rows, count)[::-1]
    first = max(0, start - _BESIDE)
    found = searcher.search(
        query, start - first + rows + _BESIDE, offset=first, count=False, weight_by_field=WORTH
    ).hits
    ordered: list[Address] = []
    for _, equal in groupby(found, key=lambda hit: hit[0]):
        addresses = [address for _, address in equal]
        if len(addresses) > 1 and len(ordered) < start - first + rows and len(ordered) + len(addresses) > start - first:
            addresses = _sorted(searcher, addresses, rest)
        ordered += addresses
    return ordered[start - first : start - first + rows]


def _sorted(searcher: tantivy.Searcher, addresses: list[Address], keys: Sequence[Order]) -> list[Address]:
    """Sort few hits by their values."""
    positions = list(range(len(addresses)))
    for key in reversed([key for key in keys if key.field != _SCORE]):
        field = _FIELDS[key.field]
        if field in NUMBERS:
            numbers = searcher.fast_field_values(field, addresses)
            positions.sort(key=lambda at: numbers[at] or 0, reverse=key.descending)
        else:
            texts = [_text(searcher, address, key.field) for address in addresses]
            positions.sort(key=texts.__getitem__, reverse=key.descending)
    return [addresses[at] for at in positions]


def _text(searcher: tantivy.Searcher, address: Address, field: str) -> str:
    stored = str(searcher.doc(address)["shown" if field == "title" else field][0])
    return folded(stored) if field == "title" else stored
