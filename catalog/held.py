"""Which datasets organisations and groups hold, and how many, for whoever asks.

The search index tells it at once, however many there are; what belongs to a group of our own is read from the tables, which know its
new name before the index does.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from catalog import access, holders, search
from catalog.access import Actor
from catalog.holders import Holder, Kind
from catalog.instance import Instance
from catalog.query import Is, Order, SearchQuery


def counts(instance: Instance, session: Session, found: Sequence[Holder]) -> dict[str, int]:
    """Count the public datasets of organisations and groups, by their id; the number of queries does not grow with them."""
    counted: dict[str, int] = {}
    left = [one for one in found if not _is_indexed(one)]
    for field, part in (
        ("owner", [one for one in found if one.kind is Kind.ORGANIZATION]),
        ("groups", [one for one in found if one.theme]),
    ):
        known = search.search(instance, SearchQuery(rows=1, facets=(field,))).facets[field] if part else {}
        if len(known) < search.FACET_VALUES:
            counted |= {one.id: known.get(one.id, 0) for one in part}
        else:
            # The index counts the most frequent values only.
            left += part
    return counted | holders.public_counts(session, left)


def count(instance: Instance, session: Session, actor: Actor, holder: Holder) -> int:
    """Count the datasets of one organisation or group; who belongs to an organisation counts its private ones, too."""
    if _is_indexed(holder):
        return search.search(instance, _query(actor, holder, 1)).count
    return holders.public_count(session, holder)


def ids(instance: Instance, session: Session, actor: Actor, holder: Holder, rows: int) -> list[str]:
    """List the ids of those datasets, by name."""
    if _is_indexed(holder):
        return list(search.search(instance, _query(actor, holder, max(1, rows))).ids)[:rows]
    return holders.public_ids(session, holder, rows=rows)


def _is_indexed(holder: Holder) -> bool:
    """Whether the index knows it by what never changes: the id of an organisation, the code of a theme."""
    return holder.kind is Kind.ORGANIZATION or holder.theme


def _query(actor: Actor, holder: Holder, rows: int) -> SearchQuery:
    where = Is("owner", holder.id) if holder.kind is Kind.ORGANIZATION else Is("groups", holder.name)
    # What is private is so for its organisation, whatever groups it is in.
    inside = holder.kind is Kind.ORGANIZATION and access.may_see_members(actor, holder.id)
    return SearchQuery(where=where, order=(Order("name"),), rows=rows, readers=actor.labels(), private=inside)
