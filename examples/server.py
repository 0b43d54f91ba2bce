"""The example departments on loopback: a small read-only web server, so that the demonstration harvests over real HTTP."""

import hashlib
import html
import json
import socket
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from examples import readings

ROOT = Path(__file__).parent / "departments"
PORT = 8790
MARK = "/.offenbar-examples"

MEDIA_TYPES = {
    ".csv": "text/csv",  # without charset: what departments declare is seldom what they send
    ".geojson": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
    ".json": "application/json",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".rdf": "application/rdf+xml",
    ".tsv": "text/tab-separated-values",
    ".ttl": "text/turtle",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
# Descriptions that name whole addresses do so with the usual port; they are sent with the one that is listened on.
DESCRIPTIONS = (".json", ".xml")
ADDRESS = f"http://127.0.0.1:{PORT}/".encode()


class Departments:
    """Serves a folder of departments on 127.0.0.1 until closed; port 0 takes a free one."""

    def __init__(self, port: int = PORT, root: Path = ROOT) -> None:
        self._server = _Server(port, root.resolve())
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering, on connections that are still open too."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "Departments":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start(port: int = PORT, root: Path = ROOT) -> Departments:
    """Serve the departments in the background; raises OSError when the port is taken."""
    return Departments(port, root)


def free_port() -> int:
    """Give the usual port of the departments, else any free one."""
    for wanted in (PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on loopback")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, root: Path) -> None:
        self.root = root
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in tuple(self._open):
            # The handler's thread may have closed it a moment ago.
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "offenbar-examples"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        path, query = unquote(asked.path), dict(parse_qsl(asked.query))
        if path == MARK:
            self._answer(json.dumps({"examples": "offenbar"}).encode(), "application/json")
            return
        current = readings.answer(self.server.root, path, query, datetime.now(UTC))
        if current is not None:
            self._answer(current, MEDIA_TYPES[Path(path).suffix])
            return
        target = _find(self.server.root, path, query)
        if target is None:
            self._answer(b"Nicht gefunden / not found\n", MEDIA_TYPES[".txt"], status=HTTPStatus.NOT_FOUND)
        elif target.is_dir() and not path.endswith("/"):
            inside = target.relative_to(self.server.root).as_posix()
            self._answer(b"", "", status=HTTPStatus.MOVED_PERMANENTLY, location=f"/{quote(inside)}/")
        elif target.is_dir():
            self._answer(_listing(target, path), "text/html; charset=utf-8", modified=target.stat().st_mtime)
        else:
            media_type = MEDIA_TYPES.get(target.suffix.lower(), "application/octet-stream")
            body = target.read_bytes()
            if target.suffix in DESCRIPTIONS:
                body = body.replace(ADDRESS, f"http://127.0.0.1:{self.server.server_address[1]}/".encode())
            self._answer(body, media_type, modified=target.stat().st_mtime)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(
        self,
        body: bytes,
        media_type: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        modified: float | None = None,
        location: str = "",
    ) -> None:
        headers = {"Location": location, "Content-Type": media_type}
        if status is HTTPStatus.OK:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()}"'
            status = HTTPStatus.NOT_MODIFIED if self._unchanged(headers["ETag"], modified) else status
        if modified is not None:
            headers["Last-Modified"] = format_datetime(datetime.fromtimestamp(int(modified), UTC), usegmt=True)
        if status is HTTPStatus.NOT_MODIFIED:
            del headers["Content-Type"]
        else:
            headers["Content-Length"] = str(len(body))
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "GET" and status is not HTTPStatus.NOT_MODIFIED:
            self.wfile.write(body)

    def _unchanged(self, etag: str, modified: float | None) -> bool:
        """RFC 9110 section 13.2.2: If-None-Match decides alone when it is sent."""
        known = self.headers.get("If-None-Match")
        if known is not None:
            return known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
        since = self.headers.get("If-Modified-Since")
        if since is None or modified is None:
            return False
        try:
            return int(modified) <= parsedate_to_datetime(since).timestamp()
        except ValueError:
            return False

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the harvester keeps its own log of every exchange."""


def _find(root: Path, path: str, query: Mapping[str, str] | None = None) -> Path | None:
    """The file or folder meant by a decoded path, or None when it is missing, hidden or outside the root."""
    names = [name for name in path.split("/") if name]
    if any(name.startswith(".") or "\\" in name or "\0" in name for name in names):
        return None
    target = root.joinpath(*names).resolve()
    if not target.is_relative_to(root) or (path.endswith("/") and not target.is_dir()):
        return None
    if query and target.is_dir() and (request := _request(query)):
        # A service that answers requests is a folder with a file for each of them.
        return _find(root, f"{path.rstrip('/')}/{request}")
    if target.exists():
        return target
    without_ending = (target.with_name(target.name + ending).resolve() for ending in (*DESCRIPTIONS, ".geojson"))
    return next((found for found in without_ending if found.is_file() and found.is_relative_to(root)), None)


def _request(query: Mapping[str, str]) -> str:
    """Name what an OGC service is asked for: features of a type, else the request itself."""
    asked = {name.lower(): value for name, value in query.items()}
    if asked.get("request") == "GetFeature":
        return asked.get("typenames", "").rpartition(":")[2]
    return asked.get("request", "").replace("/", "")


def _listing(folder: Path, path: str) -> bytes:
    names = sorted(entry.name + "/" * entry.is_dir() for entry in folder.iterdir() if not entry.name.startswith("."))
    links = "\n".join(f'<li><a href="{quote(name)}">{html.escape(name)}</a></li>' for name in names)
    title = html.escape(path)
    return (
        f'<!DOCTYPE html>\n<html lang="de">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>\n<h1>{title}</h1>\n<ul>\n{links}\n</ul>\n</body>\n</html>\n"
    ).encode()
