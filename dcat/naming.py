"""URIs for everything that came without one: derived from content, so that they stay the same from run to run."""

import hashlib
import re
import uuid
from collections.abc import Callable, Container, Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from dcat import iri
from dcat.model import Dataset, Distribution
from dcat.profile import OWNED, profile

_SPACE = uuid.UUID("6f0ffe0b-a1a5-5c1e-9d3a-0ffe4ba40001")
Node = TypeVar("Node")


def dataset_id(source: str, remote_id: str) -> str:
    """Derive the UUID of a dataset from its source and its id there: the same on every run and every machine."""
    return str(uuid.uuid5(_SPACE, f"dataset\n{source}\n{remote_id}"))


def distribution_ids(
    dataset: str,
    distributions: tuple[Distribution, ...],
    folder: str = "",
    steady: Callable[[str], str] = lambda key: key,
) -> tuple[str, ...]:
    """Derive the UUIDs of a dataset's distributions: from their own URI, else their address below `folder`, else their place.

    `steady` takes out of addresses what changes though the file stays the same.
    """
    keys, movable = [], set()
    for position, distribution in enumerate(distributions):
        addresses = [*distribution.download_url, *distribution.access_url, f"#{position}"]
        key = distribution.uri or addresses[0].removeprefix(folder)
        keys.append(key)
        if not distribution.uri or distribution.uri in addresses:
            movable.add(key)
    settled = _settled(movable, steady)
    seen: dict[str, int] = {}
    ids = []
    for key in (settled.get(key, key) for key in keys):
        seen[key] = seen.get(key, 0) + 1
        number = f"\n{seen[key]}" if seen[key] > 1 else ""
        ids.append(str(uuid.uuid5(_SPACE, f"distribution\n{dataset}\n{key}{number}")))
    return tuple(ids)


def derived_id(distribution_id: str) -> str:
    """Make the id of the table that is derived from a distribution's file."""
    return str(uuid.uuid5(_SPACE, f"derived\n{distribution_id}"))


def _settled(keys: Iterable[str], steady: Callable[[str], str]) -> dict[str, str]:
    """Give each key its steady form. Of several with the same one the shortest has it, whatever their order; the others stay apart."""
    given: dict[str, str] = {}
    taken = set()
    for key in sorted(keys, key=lambda key: (len(key), key)):
        form = steady(key)
        given[key] = f"{form}\n{key}" if form in taken else form
        taken.add(form)
    return given


def slug(title: str) -> str:
    """Make the readable part of an address (CKAN's rule: 2 to 100 of a-z, 0-9, _ and -)."""
    plain = title.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = plain.encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return plain if len(plain) >= 2 else f"datensatz-{plain}".strip("-")


def named(
    dataset: Dataset, site_url: str, own_id: str, distribution_ids: tuple[str, ...], taken: Container[str] = ()
) -> Dataset:
    """Give every node of a dataset a URI: received ones stay, the rest are ours below the site's address.

    Addresses of ours are not to be received: who names one would describe the catalogue itself, or a neighbour. `taken` are
    URIs that another dataset describes already.
    """
    received = _is_foreign(dataset.uri, site_url) and dataset.uri not in taken
    own = dataset.uri if received else f"{site_url}/dataset/{own_id}"
    namer = _Namer(site_url, taken, {own})
    identified = list(zip(dataset.distribution, distribution_ids, strict=True))
    distributions = tuple(namer.distribution(one, identity) for one, identity in identified)
    samples = tuple(
        namer.distribution(one, identity)
        for one, identity in zip(dataset.sample, _sample_ids(own_id, dataset.sample), strict=True)
    )
    return replace(namer.children(dataset, own), uri=own, distribution=distributions, sample=samples)


class _Namer:
    """Names the nodes of one dataset. `own` are the URIs this dataset describes so far."""

    def __init__(self, site_url: str, taken: Container[str], own: set[str]) -> None:
        self._site_url = site_url
        self._taken = taken
        self._own = own

    def distribution(self, distribution: Distribution, identity: str) -> Distribution:
        """Name a distribution and what belongs to it."""
        uri = distribution.uri
        if not _is_foreign(uri, self._site_url) or uri in self._own or uri in self._taken:
            uri = f"{self._site_url}/distribution/{identity}"
        self._own.add(uri)
        return replace(self.children(distribution, uri), uri=uri)

    def children(self, node: Node, owner: str) -> Node:
        """Name the nodes below a node."""
        changes: dict[str, Any] = {}
        for prop in profile()[type(node).__name__].properties:
            value = getattr(node, prop.field)
            if not prop.node or prop.node == "Distribution" or not value:
                continue
            if prop.many:
                changes[prop.field] = tuple(dict.fromkeys(self._child(one, prop.node, owner) for one in value))
            else:
                changes[prop.field] = self._child(value, prop.node, owner)
        return replace(node, **changes) if changes else node  # type: ignore[type-var]

    def _child(self, node: Any, cls: str, owner: str) -> Any:
        # What belongs to one owner only is always ours: a received URI could be described twice.
        owned = cls in OWNED
        uri = node.uri
        if owned or uri in self._taken or not _is_foreign(uri, self._site_url):
            parts = [owner if owned else "", *(repr(getattr(node, f.name)) for f in fields(node) if f.name != "uri")]
            digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
            uri = f"{self._site_url}/id/{cls.lower()}/{digest}"
        return replace(self.children(node, uri), uri=uri)


def _sample_ids(dataset: str, samples: tuple[Distribution, ...]) -> tuple[str, ...]:
    return distribution_ids(f"{dataset} sample", samples)


def _is_foreign(uri: str, site_url: str) -> bool:
    return iri.is_web(uri) and not iri.is_below(uri, site_url)
