"""Renditions: the bytes of one dataset in every format, made once when it is published. Serving costs what reading costs."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pyoxigraph as ox
import zstandard

from catalog import public
from catalog.public import PublicDataset
from dcat import ckan, rdf
from dcat.model import CatalogRecord
from dcat.profile import PROFILE_URI

VIEW = "view"
CKAN = "ckan"


@dataclass(frozen=True, slots=True)
class NodeRendition:
    """A shared node's bytes in one format, named by their content."""

    key: str
    uri: str
    format: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Renditions:
    """All bytes of one published dataset: by format, compressed; and the nodes it shares with others."""

    hash: str
    bodies: Mapping[str, bytes]
    nodes: tuple[NodeRendition, ...]

    @property
    def node_keys(self) -> list[str]:
        """The names of the shared nodes, in a stable order."""
        return sorted({node.key for node in self.nodes})


def content_hash(shown: PublicDataset) -> str:
    """Hash what is shown, leaving out when: publishing the same again is no change."""
    timeless = replace(
        shown, published_at="", modified_at="", files=tuple(replace(file, checked_at="") for file in shown.files)
    )
    return hashlib.sha256(public.write(timeless)).hexdigest()


def make(shown: PublicDataset, organization: Mapping[str, Any], site_url: str) -> Renditions:
    """Make every rendition of a dataset."""
    record = CatalogRecord(
        uri=f"{site_url}/record/{shown.id}",
        primary_topic=shown.dataset.uri,
        issued=shown.published_at,
        modified=shown.modified_at,
        conforms_to=(PROFILE_URI,),
    )
    parts = rdf.write(shown.dataset, record)
    package = ckan.Package(
        id=shown.id,
        name=shown.name,
        organization=organization,
        resource_ids=tuple(file.id for file in shown.files if file.state.visible),
        created=naive(shown.published_at),
        modified=naive(shown.modified_at),
    )
    bodies = {ending: compress(rdf.fragment(parts.own, ending)) for ending in rdf.FORMATS}
    bodies[CKAN] = compress(orjson.dumps(ckan.write(shown.dataset, package)))
    bodies[VIEW] = compress(public.write(shown))
    nodes = (node for uri, triples in parts.shared.items() for node in _node(uri, tuple(triples)))
    return Renditions(content_hash(shown), bodies, tuple(nodes))


@functools.lru_cache(maxsize=10_000)
def _node(uri: str, triples: tuple[ox.Triple, ...]) -> tuple[NodeRendition, ...]:
    key = hashlib.sha256(rdf.fragment(triples, "nt")).hexdigest()[:40]
    return tuple(NodeRendition(key, uri, ending, rdf.fragment(triples, ending)) for ending in rdf.FORMATS)


def compress(body: bytes) -> bytes:
    """Compress one rendition."""
    return zstandard.compress(body, 3)


def decompress(body: bytes) -> bytes:
    """Give a rendition's bytes back."""
    return zstandard.decompress(body)


def naive(time: str) -> str:
    """Write a time as CKAN does: UTC, six decimals, no zone."""
    plain = time.removesuffix("Z").removesuffix("+00:00")
    return plain if "." in plain else f"{plain}.000000"
