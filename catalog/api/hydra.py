"""Paging as programs follow it (Hydra Core Vocabulary): the steps from one page to others, and the page's description of itself."""

from collections.abc import Callable, Mapping

import pyoxigraph as ox

from dcat import terms
from dcat.kinds import named
from dcat.namespaces import expand


def steps(link: Callable[[int, str], str], page: int, last: int, after: str = "", end: str = "") -> dict[str, str]:
    """Name the addresses that lead from a page to others; `link` makes one of a number and the id that ended the page before.

    `after` is that id for this page, and `end` the last one on it.
    """
    found = {"first": link(1, "")}
    if page > 1:
        found["previous"] = link(page - 1, "")
    if page < last:
        found["next"] = link(page + 1, end)
    # Who ends where a page calls itself the last one must find its own address there.
    found["last"] = link(page, after) if page >= last else link(last, "")
    return found


def view(here: str, to: Mapping[str, str], total: int, limit: int = 0) -> list[ox.Triple]:
    """Describe the page at an address, with the steps from it and the number of items on all pages.

    With `limit`, the size of a page, it is described in the terms of older drafts as well, which many harvesters still read.
    """
    older, newer = named(expand("hydra:PagedCollection")), named(expand("hydra:PartialCollectionView"))
    # The older class first: RDF/XML makes it the element, for which programs look that read no RDF.
    said: list[tuple[str, ox.NamedNode | ox.Literal]] = [("rdf:type", older)] if limit else []
    said += [("rdf:type", newer), ("hydra:totalItems", terms.integer(total))]
    said += [(f"hydra:{name}", named(link)) for name, link in to.items()]
    if limit:
        said += [("hydra:itemsPerPage", terms.integer(limit))]
        said += [(f"hydra:{name}Page", ox.Literal(link)) for name, link in to.items()]
    return [ox.Triple(named(here), named(expand(curie)), term) for curie, term in said]
