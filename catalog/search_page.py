"""One page of search results with its facets, from as few searches as there are filters.

The index is asked once for hits and all facets, once more for each facet in which something is chosen (its counts ignore its own
choice), and once for all high-value datasets together: at most 12 searches. A search that finds nothing asks at most 4 more.
"""

import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import models, search, store
from catalog.facet_words import LABELS, ORDERED, label_of
from catalog.instance import Instance
from catalog.query import All, Between, Condition, Is, Not, SearchQuery, Some, Starts, Within
from catalog.search import Hits
from catalog.search_types import ANY, BOX, FACETS, PERIOD, SINCE, Bucket, Facet, Query, Results, Wider
from dcat.message import Message

# The values of a facet that a page lists.
MOST_VALUES = 150
_DAY = datetime.timedelta(days=1)


def find(instance: Instance, session: Session, query: Query) -> Results:
    """Search; each facet counts what would be left if one of its values were chosen alone."""
    hits = search.search(instance, _asked(query, FACETS, rows=query.per_page))
    # What is found without one filter, for its counts.
    without = {
        name: search.search(instance, _asked(query.without(name), (name,))) for name in FACETS if query.values(name)
    }
    facets = _facets(instance, session, query, {name: without.get(name, hits).facets[name] for name in FACETS})
    counts = {name: found.count for name, found in without.items()}
    return Results(
        count=hits.count,
        datasets=tuple(store.views(session, list(hits.ids))),
        facets=facets,
        query=query,
        terms=hits.terms,
        suggestion=hits.suggestion,
        wider=() if hits.count else _wider(instance, query, counts),
        missed=not hits.count and bool(query.text) and not _alone(instance, query, hits),
    )


def conditions(query: Query) -> Condition:
    """Write the filters of a query as conditions on fields of the index."""
    parts: list[Condition] = [_chosen(name, query.values(name)) for name in FACETS if query.values(name)]
    if query.box:
        parts.append(Within(query.box.west, query.box.south, query.box.east, query.box.north))
    if query.start:
        parts.append(_reaches("ends", "starts", Between("ends", _midnight(query.start), None)))
    if query.end:
        parts.append(_reaches("starts", "ends", Between("starts", None, _midnight(query.end + _DAY), open_high=True)))
    if query.since:
        parts.append(Between("modified", _midnight(query.since), None))
    return All(tuple(parts))


def _asked(query: Query, facets: tuple[str, ...], rows: int = 0) -> SearchQuery:
    return SearchQuery(
        text=query.text,
        where=conditions(query),
        order=search.ORDERS.get(query.order, ()),
        start=(query.page - 1) * query.per_page if rows else 0,
        rows=rows,
        facets=facets,
    )


def _chosen(facet: str, values: tuple[str, ...]) -> Condition:
    return Some(tuple(Starts(facet) if (facet, value) == ("hvd", ANY) else Is(facet, value) for value in values))


def _reaches(field: str, other: str, inside: Condition) -> Condition:
    """A time without its beginning or its end is open there; a dataset with neither says nothing of its time."""
    return Some((inside, All((Not(Starts(field)), Starts(other)))))


def _midnight(day: datetime.date) -> float:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp()


def _facets(
    instance: Instance, session: Session, query: Query, counted: dict[str, dict[str, int]]
) -> tuple[Facet, ...]:
    if counted["hvd"]:
        every = query.without("hvd").toggled("hvd", ANY)
        counted["hvd"] = {ANY: search.search(instance, _asked(every, ())).count} | counted["hvd"]
    shown = {name: _frequent(name, found, query.values(name)) for name, found in counted.items()}
    names = {city.slug: Message(city.name, city.name) for city in instance.config.cities}
    names |= _organizations(session, tuple(shown["organization"]))
    return tuple(
        Facet(name, LABELS[name], _buckets(name, found, query, names), len({*counted[name], *found}) - len(found))
        for name, found in shown.items()
        if found
    )


def _frequent(name: str, found: dict[str, int], chosen: tuple[str, ...]) -> dict[str, int]:
    """The values to show, with what is chosen even where it would find nothing."""
    kept = {value: found.get(value, 0) for value in chosen}
    if name in ORDERED:
        order = [value for value in ORDERED[name] if value in found or value in kept]
        return {value: found.get(value, 0) for value in order} | kept
    frequent = sorted(found.items(), key=lambda item: (item[0] != ANY, -item[1], item[0]))
    return kept | dict(frequent[:MOST_VALUES])


def _buckets(name: str, shown: dict[str, int], query: Query, names: dict[str, Message]) -> tuple[Bucket, ...]:
    own = names if name in ("city", "organization") else {}
    chosen = query.values(name)
    return tuple(
        Bucket(value, own.get(value) or label_of(name, value), count, value in chosen) for value, count in shown.items()
    )


def _organizations(session: Session, names: tuple[str, ...]) -> dict[str, Message]:
    table = models.Organization
    rows = session.execute(sa.select(table.name, table.title).where(table.name.in_(names)))
    return {name: Message(title, title) for name, title in rows}


def _wider(instance: Instance, query: Query, counts: dict[str, int]) -> tuple[Wider, ...]:
    """What would be found without one of the filters; nothing to say where there is only one, or it finds nothing either."""
    for name in (BOX, PERIOD, SINCE):
        if name in query.filters:
            counts = {**counts, name: search.search(instance, _asked(query.without(name), ())).count}
    return tuple(Wider(name, counts[name]) for name in query.filters if counts[name])


def _alone(instance: Instance, query: Query, hits: Hits) -> int:
    """How much the words find without any filter."""
    return search.search(instance, _asked(query.bare(), ())).count if query.filters else hits.count
