"""RDF documents: the formats, and triples as bytes, whole or in fragments that stand between a header and a footer."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import orjson
import pyoxigraph as ox

from dcat.namespaces import NAMESPACES, expand


@dataclass(frozen=True, slots=True)
class Format:
    """An RDF format: the ending used in addresses, its media type, and pyoxigraph's name for it."""

    ending: str
    media_type: str
    syntax: ox.RdfFormat

    @property
    def content_type(self) -> str:
        """The media type with the encoding, where one has to be told."""
        return self.media_type if self.ending in ("jsonld", "nt") else f"{self.media_type}; charset=utf-8"


FORMATS: Mapping[str, Format] = {
    "ttl": Format("ttl", "text/turtle", ox.RdfFormat.TURTLE),
    "rdf": Format("rdf", "application/rdf+xml", ox.RdfFormat.RDF_XML),
    "jsonld": Format("jsonld", "application/ld+json", ox.RdfFormat.JSON_LD),
    "nt": Format("nt", "application/n-triples", ox.RdfFormat.N_TRIPLES),
}


def serialize(triples: Iterable[ox.Triple], ending: str) -> bytes:
    """Write a complete document in one of FORMATS."""
    return header(ending) + fragment(triples, ending) + footer(ending)


def fragment(triples: Iterable[ox.Triple], ending: str) -> bytes:
    """Write triples as a piece that stands between header and footer; pieces of JSON-LD are joined by commas."""
    body = ox.serialize(triples, format=FORMATS[ending].syntax, prefixes=_PREFIXES)
    assert body is not None, "serialize without a target gives bytes"
    if ending == "ttl":
        # pyoxigraph writes the prefixes in a random order; ours stand in the header.
        start = 0
        while body.startswith(b"@prefix", start):
            start = body.index(b"\n", start) + 1
        return body[start:]
    if ending == "rdf":
        return body[body.index(b">\n", body.index(b"<rdf:RDF")) + 2 : body.rindex(b"</rdf:RDF>")]
    return body[1:-1] if ending == "jsonld" else body


# A piece of a document that stands between header and footer, itself in pieces where it is long.
Fragment = bytes | Iterator[bytes]


def join(fragments: Iterable[Fragment], ending: str) -> Iterator[bytes]:
    """Stream header, fragments and footer as one document."""
    yield header(ending)
    comma = b""
    for piece in fragments:
        if not isinstance(piece, bytes):
            yield comma
            yield from piece
        elif piece:
            yield comma + piece
        else:
            continue
        comma = b"," if ending == "jsonld" else b""
    yield footer(ending)


def with_links(node: bytes, ending: str, links: Mapping[str, Iterable[str]]) -> Iterator[bytes]:
    """Stream one node's fragment with long lists of links in it, by CURIE: the node stays in one piece, memory stays flat."""
    closing = node[node.rindex(b"\t</") :] if ending == "rdf" else _CLOSING[ending]
    subject = node[1 : node.index(b">")].decode() if ending == "nt" else ""
    yield node.removesuffix(closing)
    for curie, uris in links.items():
        some = False
        for uri in uris:
            yield _link(ending, subject, curie, uri, first=not some).encode()
            some = True
        if some and ending == "jsonld":
            yield b"]"
    yield closing


_CLOSING = {"ttl": b" .\n", "nt": b"", "jsonld": b"}"}


def _link(ending: str, subject: str, curie: str, uri: str, *, first: bool) -> str:
    if ending == "ttl":
        return f" ;\n\t{curie} <{uri}>" if first else f" , <{uri}>"
    if ending == "rdf":
        return f"\t\t<{curie} rdf:resource={quoteattr(uri)}/>\n"
    if ending == "jsonld":
        return (f',"{expand(curie)}":[' if first else ",") + orjson.dumps({"@id": uri}).decode()
    return f"<{subject}> <{expand(curie)}> <{uri}> .\n"


@functools.cache
def header(ending: str) -> bytes:
    """Give what opens a document."""
    if ending == "ttl":
        return "".join(f"@prefix {name}: <{uri}> .\n" for name, uri in sorted(_PREFIXES.items())).encode()
    if ending == "rdf":
        names = "".join(f'\n\txmlns:{name}="{uri}"' for name, uri in sorted(_PREFIXES.items()))
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{names}>\n'.encode()
    return b"[" if ending == "jsonld" else b""


def footer(ending: str) -> bytes:
    """Give what closes a document."""
    return {"rdf": b"</rdf:RDF>\n", "jsonld": b"]\n"}.get(ending, b"")


_PREFIXES = {name: uri for name, uri in NAMESPACES.items() if name not in ("dqv", "oa", "schema", "sh", "time")}
