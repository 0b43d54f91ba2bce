"""A Nextcloud on loopback: PROPFIND of one level, GET of files, a login or an open share, and its pages for people."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import webdav_listings

USER, PASSWORD, TOKEN = "ernte", "Größe 7", "kYqzLJ5dXbTn3fW"
FOLDER = "/remote.php/dav/files/ernte/Offene Daten/"
SHARE = f"/public.php/dav/files/{TOKEN}/"


class Site(ThreadingHTTPServer):
    """`files` by their path below the folder; with `open` the share asks for no password."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.open = True
        self.seen: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = unquote(self.path)
        if path == "/robots.txt":
            # As Nextcloud is shipped: its pages are not for search engines.
            self._answer(200, b"User-agent: *\nDisallow: /\n", "text/plain")
        elif path.startswith("/s/"):
            self._answer(200, b"<!DOCTYPE html><html><body>Offene Daten</body></html>", "text/html")
        elif (body := self.server.files.get(self._inside(path) or "")) is not None:
            self._answer(200, body, "text/csv")
        else:
            self._answer(404, b"", "application/xml")

    def do_PROPFIND(self) -> None:
        path = unquote(self.path)
        inside = self._inside(path)
        if inside is None:
            return self._answer(401, b"", "application/xml")
        names = {name[len(inside) :] for name in self.server.files if name.startswith(inside)}
        entries = sorted({name.partition("/")[0] + ("/" if "/" in name else "") for name in names})
        if not names or self.headers.get("Depth") != "1":
            return self._answer(404 if not names else 403, b"", "application/xml")
        body = webdav_listings.nextcloud(self.path, entries)
        return self._answer(207, body, "application/xml; charset=utf-8")

    def _inside(self, path: str) -> str | None:
        """Give the path below the folder or the share; None for who may not read it."""
        for root, user in ((FOLDER, USER), (SHARE, "anonymous")):
            if path.startswith(root):
                given = self.headers.get("Authorization", "")
                wanted = "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
                return path.removeprefix(root) if given == wanted or (root == SHARE and self.server.open) else None
        return None

    def _answer(self, status: int, body: bytes, media_type: str) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.server.seen.append(f"{self.command} {unquote(self.path)} {status}")
        self.send_response(status)
        if self.command == "GET":
            self.send_header("ETag", etag)
        self.send_header("Content-Type", media_type)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


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
