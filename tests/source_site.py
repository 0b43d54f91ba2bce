"""A department's web server on loopback whose pages tests change as they like, and catalogues in Turtle to put there."""

import hashlib
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIXES = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
"""
LISTING = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What the server says at one address; without `etag` it knows no validators. `head` is its status for HEAD where it differs.

    The connection breaks after `breaks` bytes of the body, with 0 before the server has said anything.
    """

    body: bytes
    media_type: str
    status: int = 200
    etag: bool = True
    location: str = ""
    seconds: float = 0.0
    head: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    breaks: int | None = None


@dataclass(frozen=True)
class Entry:
    """One dataset of a catalogue: the last part of its URI, its title, and the addresses of its files."""

    name: str
    title: str = ""
    description: str = "Beispieldaten, frei erfunden."
    files: tuple[str, ...] = ()
    uri: str = ""


class Site(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, int]] = []
        self.methods: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def put(self, path: str, body: str | bytes, media_type: str = "text/turtle", **fields: Any) -> None:
        body = body.encode() if isinstance(body, str) else body
        self.answers[path] = Answer(body, media_type, **fields)

    def change(self, path: str, **fields: Any) -> None:
        self.answers[path] = replace(self.answers[path], **fields)

    def drop(self, path: str) -> None:
        del self.answers[path]

    def statuses(self) -> list[int]:
        """Give the statuses of the answers since the last call, robots.txt aside."""
        found, self.seen = [status for path, status in self.seen if path != "/robots.txt"], []
        return found

    def put_catalogue(self, pages: Iterable[Iterable[Entry]], *, total: int | None = None, **fields: Any) -> None:
        """Put a catalogue at /1.ttl, /2.ttl and so on; each page leads to the next."""
        listed = [list(page) for page in pages]
        for number, page in enumerate(listed, 1):
            following = self.url(f"/{number + 1}.ttl") if number < len(listed) else ""
            self.put(f"/{number}.ttl", catalogue(self.url(f"/{number}.ttl"), page, following, total), **fields)

    def put_folder(self, path: str, files: dict[str, str | bytes]) -> None:
        """Put a folder's listing and its files."""
        for name, body in files.items():
            self.put(path + name, body, "text/csv")
        self.put_listing(path, files)

    def put_listing(self, path: str, names: Iterable[str]) -> None:
        """Put a page that links names below it."""
        links = "".join(f'<a href="{name}">{name}</a>\n' for name in names)
        self.put(path, f"<!DOCTYPE html><html><body>{links}</body></html>", LISTING)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed in the middle is no news."""

    def shutdown_request(self, request: Any) -> None:
        """Close without a word before it, so that a connection that is to break is reset."""
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PROPFIND(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        answer = self.server.answers.get(self.path, Answer(b"nicht gefunden", "text/plain", 404, etag=False))
        etag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"' if answer.etag else ""
        head = self.command == "HEAD"
        status, body = (head and answer.head) or answer.status, answer.body
        time.sleep(answer.seconds)
        if status == 200 and answer.breaks is None and etag and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.server.seen.append((self.path, status))
        self.server.methods.append(f"{self.command} {self.path}")
        if answer.breaks == 0:
            self._break()
            return
        self.send_response(status)
        if etag and status in (200, 304):
            self.send_header("ETag", etag)
        if answer.location:
            self.send_header("Location", answer.location)
        if status != 304:
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if not head:
            self.wfile.write(body[: answer.breaks])
        if answer.breaks is not None:
            self._break()

    def _break(self) -> None:
        self.wfile.flush()
        # Without lingering the client sees a reset, not an end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


@contextmanager
def running() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


def entries(*numbers: int, **fields: Any) -> list[Entry]:
    """Give datasets of these numbers; the same number is the same dataset."""
    return [Entry(**{"name": f"satz-{n:03}", "title": f"Datensatz {n:03}", **fields}) for n in numbers]


def uri(name: str) -> str:
    return f"https://daten.amt.example/dataset/{name}"


def catalogue(url: str, page: Iterable[Entry], following: str = "", total: int | None = None) -> str:
    """Write one page of a catalogue."""
    view = [f"<{url}> a dcat:Catalog, hydra:PartialCollectionView"]
    view += [f"hydra:next <{following}>"] if following else []
    view += [f"hydra:totalItems {total}"] if total is not None else []
    return PREFIXES + " ;\n  ".join(view) + " .\n" + "".join(_entry(entry) for entry in page)


def _entry(entry: Entry) -> str:
    own = entry.uri or uri(entry.name)
    lines = [f"<{own}> a dcat:Dataset", f'dct:identifier "{entry.name}"']
    lines += [f'dct:title "{entry.title}"@de'] if entry.title else []
    lines += [f'dct:description "{entry.description}"@de'] if entry.description else []
    lines += [f"dcat:distribution <{own}/datei/{number}>" for number, _ in enumerate(entry.files, 1)]
    files = [
        f"<{own}/datei/{number}> a dcat:Distribution ; dcat:accessURL <{address}> ; dct:license "
        f"<http://dcat-ap.de/def/licenses/dl-zero-de/2.0> .\n"
        for number, address in enumerate(entry.files, 1)
    ]
    return " ;\n  ".join(lines) + " .\n" + "".join(files)
