"""Renditions: the bytes of one dataset in every format, made once when it is published. Serving costs what reading costs."""

import functools
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pyoxigraph as ox
import zstandard

from catalog import public, schema_org_input
from catalog.public import PublicDataset
from dcat import ckan, ckan_package, ckan_show, croissant, rdf, rdf_writer, schema_org
from dcat.ckan_show import Shown
from dcat.model import CatalogRecord, Text
from dcat.profile import DEFAULT, GOVDATA, RELEASES

# Raised whenever the same content would be rendered to other bytes: every dataset is then published anew.
VERSION = 3
VIEW = "view"
CKAN = "ckan"
SCHEMA_ORG = "schema.org"
CROISSANT = "croissant"
# The profiles beside DCAT, which exist as JSON-LD only.
BESIDE = {SCHEMA_ORG: schema_org.URI, CROISSANT: croissant.URI}
# Profile release -> what its renditions' names end in.
_ENDINGS = {DEFAULT: "", GOVDATA: "+gov", "dcat-ap-de-2.0": "+2.0"}
_GERMAN = ("http://publications.europa.eu/resource/authority/language/DEU",)


@dataclass(frozen=True, slots=True)
class NodeRendition:
    """A shared node's bytes in one format, named by their content."""

    key: str
    uri: str
    format: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Renditions:
    """All bytes of one published dataset: by format, compressed; and the nodes it shares with others, by profile release."""

    hash: str
    bodies: Mapping[str, bytes]
    nodes: Mapping[str, tuple[NodeRendition, ...]]

    def node_keys(self, release: str = DEFAULT) -> list[str]:
        """The names of the shared nodes in one release, in a stable order."""
        return sorted({node.key for node in self.nodes[release]})


def form(ending: str, release: str = DEFAULT) -> str:
    """Name the rendition in an RDF format and a profile release, or in a profile beside DCAT."""
    return release if release in BESIDE else f"{ending}{_ENDINGS[release]}"


def content_hash(shown: PublicDataset) -> str:
    """Hash what is shown, leaving out when: publishing the same again is no change."""
    timeless = replace(
        shown, published_at="", modified_at="", files=tuple(replace(file, checked_at="") for file in shown.files)
    )
    return hashlib.sha256(b"%d" % VERSION + public.write(timeless)).hexdigest()


def make(shown: PublicDataset, organization: Mapping[str, Any], site_url: str, digest: str) -> Renditions:
    """Make every rendition of a dataset; `digest` is its content_hash."""
    bodies: dict[str, bytes] = {}
    nodes: dict[str, tuple[NodeRendition, ...]] = {}
    for release in RELEASES:
        parts = rdf_writer.write(shown.dataset, *_records(shown, site_url, release), release=release)
        for ending in rdf.FORMATS:
            bodies[form(ending, release)] = compress(rdf.fragment(parts.own, ending))
        shared = (node for uri, triples in parts.shared.items() for node in _node(uri, tuple(triples)))
        nodes[release] = tuple(shared)
    bodies[CKAN] = compress(orjson.dumps(_package(shown, organization, site_url)))
    page = schema_org_input.page(shown, site_url)
    bodies[SCHEMA_ORG] = compress(orjson.dumps(schema_org.write(shown.dataset, page)))
    if page.tables:
        bodies[CROISSANT] = compress(orjson.dumps(croissant.write(shown.dataset, page)))
    bodies[VIEW] = compress(public.write(shown))
    return Renditions(digest, bodies, nodes)


def _package(shown: PublicDataset, organization: Mapping[str, Any], site_url: str) -> dict[str, Any]:
    """Write the CKAN package: of what was written at the desk, as it was written there, but for files that are kept back."""
    visible = tuple(file for file in shown.files if file.state.visible)
    ids = tuple(file.id for file in visible)
    tables = frozenset(file.id for file in visible if file.table)
    created, modified = naive(shown.published_at), naive(shown.modified_at)
    if shown.written is None:
        return ckan.write(
            shown.dataset,
            ckan.Package(
                id=shown.id,
                name=shown.name,
                organization=organization,
                resource_ids=ids,
                created=created,
                modified=modified,
                tables=tables,
            ),
        )
    document = ckan_package.read(shown.written)
    return ckan_show.show(
        replace(document, resources=tuple(one for one in document.resources if one.id in ids)),
        Shown(
            id=shown.id,
            created=created,
            modified=modified,
            organization=None if organization["state"] == "internal" else organization,
            groups=tuple(shown.written["groups"]),
            tables=tables,
            site_url=site_url,
        ),
    )


def _records(shown: PublicDataset, site_url: str, release: str) -> tuple[CatalogRecord, CatalogRecord]:
    """Describe our entry about a dataset, and the one at its source that it was made from."""
    original = CatalogRecord(
        uri=f"{site_url}/record/{shown.id}/source",
        primary_topic=shown.dataset.uri,
        title=(Text(f"Eintrag bei {shown.organization_title}", "de"),),
        description=(Text(f"Harvest-Quelle {shown.source}, dort {shown.remote_id}", "de"),),
        issued=shown.published_at,
        modified=shown.modified_at,
    )
    record = CatalogRecord(
        uri=f"{site_url}/record/{shown.id}",
        primary_topic=shown.dataset.uri,
        language=_GERMAN,
        conforms_to=(RELEASES[release],),
        source=original,
        issued=shown.published_at,
        modified=shown.modified_at,
    )
    return original, record


@functools.lru_cache(maxsize=10_000)
def _node(uri: str, triples: tuple[ox.Triple, ...]) -> tuple[NodeRendition, ...]:
    key = hashlib.sha256(rdf.fragment(triples, "nt")).hexdigest()[:40]
    return tuple(NodeRendition(key, uri, ending, rdf.fragment(triples, ending)) for ending in rdf.FORMATS)


class _Zstandard(threading.local):
    """Compressor and decompressor, made once for each thread: making them costs more than a rendition."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_ZSTANDARD = _Zstandard()


def compress(body: bytes) -> bytes:
    """Compress one rendition."""
    return _ZSTANDARD.compress(body)


def decompress(body: bytes) -> bytes:
    """Give a rendition's bytes back."""
    return _ZSTANDARD.decompress(body)


def naive(time: str) -> str:
    """Write a time as CKAN does: UTC, six decimals, no zone."""
    plain = time.removesuffix("Z").removesuffix("+00:00")
    return plain if "." in plain else f"{plain}.000000"
