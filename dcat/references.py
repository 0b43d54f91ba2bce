"""What a description names beyond itself: the addresses in its properties and the nodes it shares. None of it is its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from dcat.kinds import ConceptKind, OpenConceptKind, UriKind
from dcat.profile import OWNED, Property, profile
from dcat.vocabularies import vocabulary

Node = TypeVar("Node")


def named(node: Any) -> Iterator[str]:
    """Name every URI that a description mentions and that somebody else might describe; known concepts are left out."""
    for prop in profile()[type(node).__name__].properties:
        for value in _values(prop, node):
            if prop.node:
                if prop.node not in OWNED and value.uri:
                    yield value.uri
                yield from named(value)
            elif _is_open(prop) and not (prop.vocabulary and value in vocabulary(prop.vocabulary)):
                yield value


def renamed(node: Node, rename: Callable[[str, str], str]) -> Node:
    """Give a description other addresses: `rename` gets the field and the URI. The nodes it shares keep theirs."""
    changes: dict[str, Any] = {}
    for prop in profile()[type(node).__name__].properties:
        before = _values(prop, node)
        if prop.node:
            after = tuple(renamed(value, rename) for value in before)
        elif _is_open(prop):
            after = tuple(dict.fromkeys(rename(prop.field, value) for value in before))
        else:
            continue
        if after != before:
            changes[prop.field] = after if prop.many else after[0]
    return replace(node, **changes) if changes else node  # type: ignore[type-var]


def _values(prop: Property, node: Any) -> tuple[Any, ...]:
    value = getattr(node, prop.field)
    return value if prop.many else (value,) if value else ()


def _is_open(prop: Property) -> bool:
    """Tell whether any address may stand there."""
    if isinstance(prop.kind, ConceptKind):
        return isinstance(prop.kind, OpenConceptKind)
    return isinstance(prop.kind, UriKind)
