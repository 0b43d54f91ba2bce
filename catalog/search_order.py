"""Sorting by several keys, and paging to the last hit. The engine sorts by one field; ties are asked for once more, by the next key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import tantivy

from catalog.german import folded
from catalog.index_fields import NUMBERS, SORTED, TITLE_ORDER, WORTH, beginning, schema
from catalog.index_query import all_of, term_query
from catalog.query import Order

Address = tantivy.DocAddress
# field of a query -> fields of the index, one after the other
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": (*SORTED["title"], TITLE_ORDER),
    "name": (*SORTED["name"], "name"),
    "id": (*SORTED["id"], "id"),
    "modified": ("modified",),
    "created": ("created",),
}
_SCORE = "score"
# The last key of every order: whatever is equal in all others.
_LAST = Order("id")
# Hits of the same score are put in order when no more of them are on either side of a page.
_BESIDE = 50


def sorts_by(field: str) -> bool:
    """Whether the index can sort by a field."""
    return field in _FIELDS or field == _SCORE


def page(
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    order: Sequence[Order],
    start: int,
    rows: int,
    *,
    count: int,
    ranked: tantivy.Query | None = None,
) -> tuple[Address, ...]:
    """Give one page of the `count` hits of a query; `ranked` finds the same and tells how well.

    A query without words has no ranking, and is sorted by what comes after the score.
    """
    keys = [key for key in order if sorts_by(key.field) and (ranked or key.field != _SCORE)]
    if not keys:
        keys = [Order(_SCORE, descending=True)] if ranked else []
        keys.append(Order("modified", descending=True))
    if all(key.field not in ("id", "name") for key in keys):
        keys.append(Order("name"))
    keys.append(_LAST)
    if start >= count or rows < 1:
        return ()
    rows = min(rows, count - start)
    if ranked is None or keys[0].field != _SCORE:
        # Beyond another key the score tells little; what is equal there keeps the order of the other keys.
        fields = [replace(key, field=field) for key in keys if key.field != _SCORE for field in _FIELDS[key.field]]
        return tuple(_by_fields(searcher, query, fields, start, rows))
    if keys[0].descending:
        return _by_score(searcher, ranked, keys[1:], start, rows)
    turned = [Order(key.field, descending=not key.descending) for key in keys[1:]]
    return _by_score(searcher, ranked, turned, count - start - rows, rows)[::-1]


def _by_fields(
    searcher: tantivy.Searcher, query: tantivy.Query, keys: Sequence[Order], start: int, rows: int
) -> Iterator[Address]:
    """Sort by the first field of the index; those that are equal in it are a question of their own."""
    key, rest = keys[0], keys[1:]
    field = key.field
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
            same = all_of([query, tantivy.Query.const_score_query(term_query(field, value), 0.0)])
            before = _position(searcher, query, field, value, key, first + at) if begins_before else first + at
            taken = list(_by_fields(searcher, same, rest, first + at - before, min(rows, end - at)))
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
        return count_hits(searcher, all_of([query, better]))
    direction = tantivy.Order.Desc if key.descending else tantivy.Order.Asc
    least, most = 0, among
    while least < most:
        middle = (least + most) // 2
        there = searcher.search(query, 1, offset=middle, count=False, order_by_field=field, order=direction).hits
        least, most = (least, middle) if there[0][0] == value else (middle + 1, most)
    return least


def _by_score(
    searcher: tantivy.Searcher, query: tantivy.Query, ties: Sequence[Order], start: int, rows: int
) -> tuple[Address, ...]:
    """Give the best hits; equal ones are put in order by other keys."""
    first = max(0, start - _BESIDE)
    wanted = start - first
    found = searcher.search(query, wanted + rows + _BESIDE, offset=first, count=False, weight_by_field=WORTH)
    ordered: list[Address] = []
    for _, equal in groupby(found.hits, key=lambda hit: hit[0]):
        addresses = [address for _, address in equal]
        if len(addresses) > 1 and wanted - len(addresses) < len(ordered) < wanted + rows:
            addresses = _sorted(searcher, addresses, ties)
        ordered += addresses
    return tuple(ordered[wanted : wanted + rows])


def count_hits(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """Count all hits."""
    return int(searcher.search(query, 1, count=True).count)  # type: ignore[attr-defined]


def _sorted(searcher: tantivy.Searcher, addresses: list[Address], keys: Sequence[Order]) -> list[Address]:
    """Sort few hits by their values: by numbers first, of a text by those of its beginning; texts are read where these are equal."""
    wanted = [key for key in keys if key.field != _SCORE]
    numbers: list[list[float]] = [[] for _ in addresses]
    for key in wanted:
        for field in SORTED.get(key.field, (key.field,)):
            for found, value in zip(numbers, searcher.fast_field_values(field, addresses), strict=True):
                found.append(-(value or 0) if key.descending else value or 0)
        if key.field in SORTED:
            break
    ordered = sorted(range(len(addresses)), key=numbers.__getitem__)
    sorted_out: list[Address] = []
    for _, equal in groupby(ordered, key=numbers.__getitem__):
        same = [addresses[at] for at in equal]
        sorted_out += same if len(same) == 1 else _by_texts(searcher, same, wanted)
    return sorted_out


def _by_texts(searcher: tantivy.Searcher, addresses: list[Address], keys: Sequence[Order]) -> list[Address]:
    positions = list(range(len(addresses)))
    for key in reversed(keys):
        if key.field in NUMBERS:
            numbers = searcher.fast_field_values(key.field, addresses)
            positions.sort(key=lambda at: numbers[at] or 0, reverse=key.descending)
        else:
            texts = [_text(searcher, address, key.field) for address in addresses]
            positions.sort(key=lambda at: (beginning(texts[at]), texts[at]), reverse=key.descending)
    return [addresses[at] for at in positions]


def _text(searcher: tantivy.Searcher, address: Address, field: str) -> str:
    stored = str(searcher.doc(address)["shown" if field == "title" else field][0])
    return folded(stored) if field == "title" else stored
