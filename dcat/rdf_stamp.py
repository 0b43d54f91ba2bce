"""What the reading of a dataset from a graph depends on, as bytes: equal bytes, equal reading, and cheaper to make than to read."""

import hashlib
from typing import Any

import pyoxigraph as ox

from dcat import iri
from dcat.namespaces import expand
from dcat.rdf_reader import Graph

# A dataset that reaches more nodes than this, or blank nodes nested deeper, has no stamp and is read each time.
MAX_NODES = 2_000
MAX_DEPTH = 16
_APART = ("dcat:Dataset", "dcat:Catalog", "dcat:DatasetSeries")


class TooDeepError(Exception):
    """Blank nodes stand in each other beyond MAX_DEPTH, perhaps in a circle."""


class Stamps:
    """The stamps of one graph's datasets. Other datasets and catalogues count by name only, however they are described."""

    def __init__(self, graph: Graph) -> None:
        self._nodes = graph.nodes
        types = {expand(curie) for curie in _APART}
        key = expand("rdf:type")
        self._apart = {
            node for node, values in graph.nodes.items() if any(term.value in types for term in values.get(key, ()))
        }
        self._pieces: dict[Any, tuple[bytes, tuple[Any, ...]]] = {}

    def of(self, node: Any) -> bytes:
        """Make the stamp of one dataset; empty where it has none."""
        waiting, seen, pieces = [node], {node}, []
        try:
            while waiting:
                digest, following = self._piece(waiting.pop())
                pieces.append(digest)
                fresh = [one for one in following if one not in seen]
                seen.update(fresh)
                waiting += fresh
                if len(seen) > MAX_NODES:
                    return b""
        except TooDeepError:
            return b""
        return b"".join(sorted(pieces))

    def _piece(self, node: Any) -> tuple[bytes, tuple[Any, ...]]:
        """Give the hash of what is said of a node, blank nodes in it included, and the described nodes it names."""
        if node not in self._pieces:
            following: set[Any] = set()
            # The first node may be blank, and its name changes with each parsing.
            name = "" if isinstance(node, ox.BlankNode) else node.value
            text = name + self._described(node, following, 0)
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
            self._pieces[node] = digest, tuple(following)
        return self._pieces[node]

    def _described(self, node: Any, following: set[Any], depth: int) -> str:
        if depth > MAX_DEPTH:
            raise TooDeepError
        parts = []
        for predicate, terms in self._nodes[node].items():
            texts = sorted(self._term(term, following, depth) for term in terms)
            parts.append(f"\t{predicate}\v" + "\v".join(texts))
        parts.sort()
        return "".join(parts)

    def _term(self, term: Any, following: set[Any], depth: int) -> str:
        if type(term) is ox.BlankNode:
            return f"[{self._described(term, following, depth + 1)}]" if term in self._nodes else "[]"
        if type(term) is ox.Literal:
            value = term.value
            # An address written as text is read as the node of that name.
            if value[:4].lower() == "http" and iri.is_web(value.strip()):
                self._follow(ox.NamedNode(value.strip()), following)
            return f'"{value}"{term.language or term.datatype.value}'
        self._follow(term, following)
        return f"<{term.value}>"

    def _follow(self, node: Any, following: set[Any]) -> None:
        if node in self._nodes and node not in self._apart:
            following.add(node)
