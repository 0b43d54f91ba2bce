"""Sends the file of a resource: small ones with the call, large ones to a remote site in pieces (tus 1.0.0) that go on where they broke off."""

import base64
import hashlib
import mimetypes
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from catalog import saved_sites
from catalog.private_files import write_private
from catalog.remote import RemoteSite, Reply
from catalog.sites import Site
from catalog.store import UUID
from dcat.digits import natural
from dcat.errors import FetchError
from dcat.message import Message

# Bytes of a file from which on it is sent in pieces, and of one piece.
LARGE = PIECE = 8_000_000
# How often a piece is tried again while nothing arrives, and how long we wait in between, in seconds.
ATTEMPTS, PAUSE = 5, 2.0
_TUS = {"Tus-Resumable": "1.0.0"}
# What a site answers that takes no pieces.
_UNKNOWN = (404, 405, 501)
_GONE = (404, 410)
Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Begun:
    """An upload that was begun: its address at the site, and how many bytes are there."""

    url: str
    offset: int


def send(
    site: Site, action: str, arguments: Mapping[str, Any], path: Path, tick: Tick, *, resume: bool = True
) -> dict[str, Any]:
    """Call `resource_create` or `resource_patch` with a file; `tick` is told how many bytes have been sent.

    With `resume`, an upload of the same file that broke off goes on. FetchError says that it broke off and how to go on.
    """
    size = path.stat().st_size
    if not isinstance(site, RemoteSite) or size <= LARGE:
        found: dict[str, Any] = site.ask(action, arguments, upload=path).result
        tick(size)
        return found
    upload = _Sender(site, path, tick).sent(resume=resume)
    if upload is None:
        # A CKAN without uploads in pieces.
        found = site.ask(action, arguments, upload=path).result
        tick(size)
        return found
    found = site.ask(action, {**arguments, "upload_id": upload.rpartition("/")[2]}).result
    site.send("DELETE", upload, {**_TUS, **site.authorization})
    _forget(_key(site, path))
    return found


class _Sender:
    """Sends one file to one site in pieces."""

    def __init__(self, site: RemoteSite, path: Path, tick: Tick) -> None:
        self._site, self._path, self._tick = site, path, tick
        self._size = path.stat().st_size
        self._headers = {**_TUS, **site.authorization}

    def sent(self, *, resume: bool) -> str | None:
        """Send the whole file; gives the address of the upload, None when the site takes no pieces."""
        begun = (self._before() if resume else None) or self._begin()
        if begun is None:
            return None
        failures = 0
        while begun.offset < self._size:
            self._tick(begun.offset)
            try:
                offset = self._piece(begun)
                failures = 0 if offset > begun.offset else failures + 1
            except FetchError as error:
                failures += 1
                if failures >= ATTEMPTS:
                    raise self._broken_off(error) from error
                time.sleep(PAUSE)
                offset = self._offset(begun.url, begun.offset)
            if failures >= ATTEMPTS:
                raise self._broken_off(self._site.failure("status", "0"))
            begun = _Begun(begun.url, offset)
        self._tick(self._size)
        return begun.url

    def _before(self) -> _Begun | None:
        """Find an upload of this file that broke off, where the site still has it."""
        upload_id = _begun().get(_key(self._site, self._path), "")
        if not UUID.fullmatch(upload_id):
            return None
        url = f"{self._site.address}/api/upload/{upload_id}"
        reply = self._site.send("HEAD", url, self._headers)
        if reply.status != 200 or reply.headers.get("Upload-Length") != str(self._size):
            return None
        return _Begun(url, _number(reply, "Upload-Offset"))

    def _begin(self) -> _Begun | None:
        name, kind = self._path.name, mimetypes.guess_type(self._path.name)[0] or ""
        metadata = f"filename {_coded(name)},filetype {_coded(kind)}"
        headers = {**self._headers, "Upload-Length": str(self._size), "Upload-Metadata": metadata}
        reply = self._site.send("POST", f"{self._site.address}/api/upload", headers)
        if reply.status in _UNKNOWN:
            return None
        # The token goes to the site that was named, whatever host the answer names.
        upload_id = reply.headers.get("Location", "").rpartition("/")[2]
        if reply.status != 201 or not UUID.fullmatch(upload_id):
            raise self._site.failure("status", f"{reply.status} {reply.body.decode('utf-8', 'replace')}")
        _remember(_key(self._site, self._path), upload_id)
        return _Begun(f"{self._site.address}/api/upload/{upload_id}", 0)

    def _piece(self, begun: _Begun) -> int:
        """Send one piece; gives how many bytes are there afterwards."""
        with self._path.open("rb") as file:
            file.seek(begun.offset)
            data = file.read(min(PIECE, self._size - begun.offset))
        headers = {
            **self._headers,
            "Upload-Offset": str(begun.offset),
            "Content-Type": "application/offset+octet-stream",
        }
        reply = self._site.send("PATCH", begun.url, headers, data)
        if reply.status in (204, 409):
            return _number(reply, "Upload-Offset")
        raise self._site.failure("status", f"{reply.status} {reply.body.decode('utf-8', 'replace')}")

    def _offset(self, url: str, known: int) -> int:
        """Ask how much has arrived; what was known before when nobody answers yet."""
        try:
            reply = self._site.send("HEAD", url, self._headers)
        except FetchError:
            return known
        if reply.status in _GONE:
            raise self._site.failure("status", "the upload is gone")
        return _number(reply, "Upload-Offset") if reply.status == 200 else known

    def _broken_off(self, error: FetchError) -> FetchError:
        return FetchError(
            Message(
                f"Die Übertragung ist abgebrochen ({error.message.de}) Nächster Schritt: denselben Befehl noch einmal, er macht weiter",
                f"The transfer broke off ({error.message.en}) Next step: the same command again, it goes on",
            ),
            code=error.code,
            url=error.url,
        )


def _number(reply: Reply, header: str) -> int:
    return natural(reply.headers.get(header, "")) or 0


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _key(site: RemoteSite, path: Path) -> str:
    """Name an upload by what must be the same for it to go on: site, file, size, time of its last change."""
    about = path.stat()
    parts = (site.address, str(path.resolve()), str(about.st_size), str(about.st_mtime_ns))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _begun() -> dict[str, str]:
    """Read which uploads were begun and not finished."""
    file = _file()
    try:
        found = orjson.loads(file.read_bytes()) if file.is_file() else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _remember(key: str, upload_id: str) -> None:
    # The site lets them go after a day; only the last ones can matter.
    write_private(_file(), orjson.dumps(dict([*_begun().items(), (key, upload_id)][-100:])))


def _forget(key: str) -> None:
    write_private(_file(), orjson.dumps({one: value for one, value in _begun().items() if one != key}))


def _file() -> Path:
    return saved_sites.folder() / "uploads.json"
