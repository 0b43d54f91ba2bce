"""Ways to file drops that are no web servers. A door leads to the folder of one source only, and opens no socket: the fetcher does.

What a door brings looks like an answer of a web server: a type, validators to ask with again, 304 where nothing changed. A folder
is a listing (drop_listing.py); its validator is the hash of the listing, that of a file is made of its size and time.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Protocol

from dcat.errors import FetchError
from dcat.message import Message
from harvesters.addresses import Address, shown
from harvesters.budget import Visit
from harvesters.inflate import too_large
from harvesters.network import FetchLimits
from harvesters.response import Response, Validators

Write = Callable[[bytes], object]
# A file that changed so short a time ago, in seconds, may change again without its time telling.
_FRESH = 2.0
# The year 6325: dates in header fields end with the year 9999.
_LATEST = 1 << 37


class Door(Protocol):
    """What the fetcher asks instead of a web server, for addresses of this scheme."""

    @property
    def scheme(self) -> str:
        """The scheme of the addresses it leads to."""
        ...

    def fetch(self, url: str, asked: Validators, write: Write, limit: int) -> Response:
        """Hand a file, or the listing of a folder, to `write`; raises FetchError, also beyond `limit` bytes."""
        ...

    def look(self, url: str) -> Response:
        """Tell whether there is something at an address, reading no body."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """What the fetcher gives a door: checked sockets, turns at a host, requests of its own, the limits and the clock.

    `open_socket` connects after the address check; `ask` makes a GET request with further headers.
    """

    open_socket: Callable[[Address], Any]
    turn: Callable[[Address, float], AbstractContextManager[Visit]]
    ask: Callable[[str, Mapping[str, str], Validators, Write, int], Response]
    look: Callable[[str, Mapping[str, str]], Response]
    limits: FetchLimits
    clock: Callable[[], float]


MakeDoor = Callable[[Hall], Door]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file as a door finds it: its bytes piece by piece, its size in bytes and when it last changed (POSIX seconds), if known.

    `mark` is what else tells versions apart, such as the number of the file on its disk.
    """

    pieces: Iterable[bytes]
    size: int | None = None
    modified: float | None = None
    mark: str = ""


def hand_over(url: str, found: Found, asked: Validators, write: Write, limit: int, now: float) -> Response:
    """Hand a file to `write`, unless it is what was asked with; `now` is the time of its place (POSIX seconds)."""
    validators = _validators(found, now)
    if validators.etag and validators.etag == asked.etag:
        return Response(url=url, status=304, validators=validators)
    if found.size is not None and found.size > limit:
        raise too_large(url, limit)
    size, digest = 0, hashlib.sha256()
    for piece in found.pieces:
        size += len(piece)
        if size > limit:
            raise too_large(url, limit)
        digest.update(piece)
        write(piece)
    return Response(url=url, status=200, validators=validators, size=size, sha256=digest.hexdigest())


def hand_over_listing(url: str, body: bytes, asked: Validators, write: Write, limit: int) -> Response:
    """Hand a folder's listing to `write`, unless it is what was asked with."""
    digest = hashlib.sha256(body).hexdigest()
    validators = Validators(f'"{digest[:32]}"')
    if validators.etag == asked.etag:
        return Response(url=url, status=304, validators=validators)
    if len(body) > limit:
        raise too_large(url, limit)
    write(body)
    return Response(
        url=url,
        status=200,
        media_type="application/json",
        charset="utf-8",
        validators=validators,
        size=len(body),
        sha256=digest,
    )


def changed(url: str) -> FetchError:
    """The file was written while we read it."""
    return FetchError(
        Message(
            f"{shown(url)} wurde während des Lesens geändert; der nächste Lauf versucht es wieder.",
            f"{shown(url)} was changed while it was read; the next run will try again.",
        ),
        code="changed",
        url=shown(url),
    )


def _validators(found: Found, now: float) -> Validators:
    if found.modified is None or found.size is None or not 0 <= found.modified < _LATEST:
        return Validators()
    last_modified = formatdate(found.modified, usegmt=True)
    if now - found.modified < _FRESH:
        return Validators("", last_modified)
    mark = hashlib.sha256(json.dumps([found.mark, found.size, found.modified]).encode()).hexdigest()[:32]
    return Validators(f'"{mark}"', last_modified)
