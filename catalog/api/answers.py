"""How data are answered: validators first, compression, and a 304 that costs nothing (RFC 9110, sections 8.8, 12.5.3 and 13)."""

import datetime
import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from threading import Semaphore
from typing import IO

import zstandard
from flask import Response, current_app, request
from werkzeug.exceptions import ServiceUnavailable

from catalog import store
from catalog.config import Config
from catalog.instance import Instance, program_version
from catalog.memory import Memory

# The codings we send, the one we prefer first.
_CODINGS = ("zstd", "gzip")
_CHUNK = 64_000
MAX_AGE = 60
SMALL = 2_000_000


def instance() -> Instance:
    """Give the catalogue this application serves."""
    found: Instance = current_app.extensions["offenbar"]
    return found


def etag(config: Config, *parts: object) -> str:
    """Name what decides the bytes: the catalogue's state, the settings it speaks of, and the program that writes them."""
    about = (config.site_url, config.title, config.description, config.publisher, config.contact, config.cities)
    return store.digest(repr((program_version(), about, *parts)))


def known(tag: str, modified: datetime.datetime | None) -> bool:
    """Tell whether the client has it already; If-None-Match decides alone when it is sent (RFC 9110, section 13.2.2)."""
    if "If-None-Match" in request.headers:
        sent = request.if_none_match
        return any(sent.contains_weak(form) for form in (tag, *(f"{tag}-{coding}" for coding in _CODINGS)))
    since = request.if_modified_since
    return bool(since and modified and modified.replace(microsecond=0) <= since)


def not_modified(
    content_type: str, tag: str, modified: datetime.datetime | None, *, max_age: int = MAX_AGE
) -> Response:
    """Answer what the client has already, or a HEAD: the headers of the answer without its body."""
    status = 304 if known(tag, modified) else 200
    # No list: that one would be counted, and Content-Length tells of the body that GET would give (RFC 9110, section 8.6).
    return _finished(Response(iter(()), status, content_type=content_type), tag, modified, coding(), max_age)


def whole(
    body: bytes,
    content_type: str,
    tag: str,
    modified: datetime.datetime | None,
    *,
    max_age: int = MAX_AGE,
    keep: bool = False,
) -> Response:
    """Answer with a body, compressed as the client likes it; one to keep is remembered for a while under its validator."""
    chosen = coding()
    compressed = _compressed(body, chosen)
    if keep:
        memory().keep((tag, chosen), compressed)
    return _finished(Response(compressed, content_type=content_type), tag, modified, chosen, max_age)


def remembered(
    content_type: str, tag: str, modified: datetime.datetime | None, *, max_age: int = MAX_AGE
) -> Response | None:
    """Answer with a body sent before under the same validator; None when it has to be made."""
    chosen = coding()
    body = memory().get((tag, chosen))
    if body is None:
        return None
    return _finished(Response(body, content_type=content_type), tag, modified, chosen, max_age)


def memory() -> Memory:
    """Give what this process remembers of its answers."""
    found: Memory = current_app.extensions["offenbar.memory"]
    return found


def spooled(
    pieces: Iterable[bytes], folder: Path, content_type: str, tag: str, modified: datetime.datetime | None
) -> Response:
    """Answer by way of a file without a name in `folder`, compressed on the way; memory does not grow with the body.

    The server would end a body that breaks off half-way as if it were whole. So all of it is there before the first byte is
    sent, a failure until then is an answer of its own, and Content-Length tells the client whether it has everything.
    """
    chosen, size = coding(), 0
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile(dir=folder))
        for piece in _stream(pieces, chosen):
            size += file.write(piece)
        file.seek(0)
        answer = in_pieces(_read(file), size, content_type)
        stack.pop_all()
    # Who goes away before the first piece leaves the file to this.
    answer.call_on_close(file.close)
    return _finished(answer, tag, modified, chosen, MAX_AGE)


def in_pieces(pieces: Iterator[bytes], size: int, content_type: str) -> Response:
    """Answer `size` bytes piece by piece.

    A client that reads slowly holds one of the worker's few threads all the while, so only so many may; the others are asked to come
    again. What is small goes out in one piece, which holds nothing.
    """
    if size <= SMALL:
        return Response(b"".join(pieces), content_type=content_type)
    streams: Semaphore = current_app.extensions["offenbar.streams"]
    if not streams.acquire(blocking=False):
        raise ServiceUnavailable(retry_after=30)
    answer = Response(pieces, content_type=content_type)
    answer.call_on_close(streams.release)
    answer.content_length = size
    return answer


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_CHUNK):
            yield piece


def coding() -> str:
    """Choose the content coding the client prefers; empty for none. One that says nothing gets none."""
    if "Accept-Encoding" not in request.headers:
        return ""
    accepted = request.accept_encodings
    quality, _, chosen = max((accepted.quality(name), -place, name) for place, name in enumerate(_CODINGS))
    return chosen if quality > 0 else ""


def preferred(offered: Mapping[str, str]) -> tuple[str, float]:
    """Choose the form a client likes best, of those offered by media type, the first of equals; with the quality it gives it."""
    accept = request.accept_mimetypes
    quality, _, form = max((accept.quality(kind), -place, form) for place, (kind, form) in enumerate(offered.items()))
    return form, quality


def page_quality() -> float:
    """Tell how much a client likes a page for people (RFC 9110, section 12.4.2): 0 to 1."""
    return preferred({"text/html": "page", "application/xhtml+xml": "page"})[1]


def _compressed(body: bytes, chosen: str) -> bytes:
    if chosen == "zstd":
        return zstandard.compress(body, 1)
    # A fixed time in the header: the same content is the same bytes.
    return gzip.compress(body, 5, mtime=0) if chosen == "gzip" else body


def _stream(pieces: Iterable[bytes], chosen: str) -> Iterator[bytes]:
    if not chosen:
        yield from _gathered(pieces)
        return
    compressor = zstandard.ZstdCompressor(3).compressobj() if chosen == "zstd" else zlib.compressobj(5, wbits=31)
    for piece in _gathered(pieces):
        if compressed := compressor.compress(piece):
            yield compressed
    yield compressor.flush()


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces: each one sent costs the server a round."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _finished(answer: Response, tag: str, modified: datetime.datetime | None, chosen: str, max_age: int) -> Response:
    if chosen and answer.status_code == 200:
        answer.headers["Content-Encoding"] = chosen
    # A compressed form is another sequence of bytes, so a strong validator must differ.
    answer.set_etag(f"{tag}-{chosen}" if chosen else tag)
    # werkzeug takes None for the present moment.
    if modified is not None:
        answer.last_modified = modified
    answer.headers["Cache-Control"] = f"public, max-age={max_age}"
    answer.vary.add("Accept-Encoding")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
