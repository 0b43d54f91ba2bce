"""URIs for everything that came without one: derived from content, so that they stay the same from run to run."""

import hashlib
import re
import uuid
from dataclasses import fields, replace
from typing import Any, TypeVar

from dcat import iri
from dcat.model import Dataset, Distribution

_SPACE = uuid.UUID("6f0ffe0b-a1a5-5c1e-9d3a-0ffe4ba40001")
Node = TypeVar("Node")


def dataset_id(source: str, remote_id: str) -> str:
    """Derive the UUID of a dataset from its source and its id there: the same on every run and every machine."""
    return str(uuid.uuid5(_SPACE, f"dataset\n{source}\n{remote_id}"))


def distribution_ids(dataset: str, distributions: tuple[Distribution, ...], folder: str = "") -> tuple[str, ...]:
    """Derive the UUIDs of a dataset's distributions: from their own URI, else their address below `folder`, else their place."""
    seen: dict[str, int] = {}
    ids = []
    for position, distribution in enumerate(distributions):
        addresses = [*distribution.download_url, *distribution.access_url, f"#{position}"]
        key = distribution.uri or addresses[0].removeprefix(folder)
        seen[key] = seen.get(key, 0) + 1
        key += f"\n{seen[key]}" if seen[key] > 1 else ""
        ids.append(str(uuid.uuid5(_SPACE, f"distribution\n{dataset}\n{key}")))
    return tuple(ids)


def slug(title: str) -> str:
    """Make the readable part of an address (CKAN's rule: 2 to 100 of a-z, 0-9, _ and -)."""
    plain = title.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = plain.encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return plain if len(plain) >= 2 else f"datensatz-{plain}".strip("-")


def named(dataset: Dataset, site_url: str, own_id: str, distribution_ids: tuple[str, ...]) -> Dataset:
    """Give every node of a dataset a URI: received ones stay, the rest are ours below the site's address.

    Addresses of ours are not to be received: who names one would describe the catalogue itself, or a neighbour.
    """
    seen: set[str] = set()
    distributions = []
    for distribution, identity in zip(dataset.distribution, distribution_ids, strict=True):
        uri = distribution.uri
        if not _is_foreign(uri, site_url) or uri in seen or uri == dataset.uri:
            uri = f"{site_url}/distribution/{identity}"
        seen.add(uri)
        checksum = distribution.checksum and _named(distribution.checksum, site_url, "checksum", owner=uri)
        distributions.append(replace(distribution, uri=uri, checksum=checksum))
    own = dataset.uri if _is_foreign(dataset.uri, site_url) else f"{site_url}/dataset/{own_id}"
    return replace(
        dataset,
        uri=own,
        publisher=dataset.publisher and _named(dataset.publisher, site_url, "agent"),
        creator=_all(dataset.creator, site_url, "agent"),
        contributor=_all(dataset.contributor, site_url, "agent"),
        originator=_all(dataset.originator, site_url, "agent"),
        custodian=_all(dataset.custodian, site_url, "agent"),
        contact_point=_all(dataset.contact_point, site_url, "contact"),
        spatial=_all(dataset.spatial, site_url, "place"),
        temporal=_all(dataset.temporal, site_url, "period", owner=own),
        distribution=tuple(distributions),
    )


def _all(nodes: tuple[Node, ...], site_url: str, kind: str, owner: str = "") -> tuple[Node, ...]:
    return tuple(dict.fromkeys(_named(node, site_url, kind, owner) for node in nodes))


def _named(node: Any, site_url: str, kind: str, owner: str = "") -> Any:
    # A period or checksum belongs to one owner only; a shared URI could be described twice, so theirs are always ours.
    if _is_foreign(node.uri, site_url) and not owner:
        return node
    content = "\n".join([owner, *(repr(getattr(node, f.name)) for f in fields(node) if f.name != "uri")])
    digest = hashlib.sha256(content.encode()).hexdigest()[:20]
    return replace(node, uri=f"{site_url}/id/{kind}/{digest}")


def _is_foreign(uri: str, site_url: str) -> bool:
    return iri.is_web(uri) and not f"{uri}/".startswith(f"{site_url}/")
