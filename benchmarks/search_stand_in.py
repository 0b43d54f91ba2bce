"""Stands in for Solr beside the measured CKAN: keeps the documents CKAN itself posts, and answers every query with them at once."""

import functools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_SCHEMA = b'<schema name="ckan-2.12" version="1.6"/>'


class _Index(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.documents: list[dict[str, Any]] = []
        # No search is faster than an answer written once.
        self.select = functools.cache(self._select)

    def add(self, documents: list[dict[str, Any]]) -> None:
        """Keep documents."""
        self.documents += documents
        self.select.cache_clear()

    def _select(self, start: int, rows: int, fields: str) -> bytes:
        wanted = fields.replace(",", " ").split()
        found = [
            {name: document[name] for name in wanted or document if name in document} for document in self.documents
        ]
        answer = {
            "responseHeader": {"status": 0, "QTime": 0},
            "response": {"numFound": len(found), "start": start, "docs": found[start : start + rows]},
            "facet_counts": {"facet_fields": {}},
        }
        return json.dumps(answer).encode()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Index

    def do_GET(self) -> None:
        """Answer a query, or the question which schema this is."""
        if urlsplit(self.path).path.endswith("/schema"):
            self._send(_SCHEMA, "text/xml")
        else:
            self._query(urlsplit(self.path).query)

    def do_POST(self) -> None:
        """Answer a long query, or keep documents."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "select" in self.path:
            self._query(body.decode())
            return
        if "json" in self.headers["Content-Type"]:
            self.server.add(json.loads(body))
        self._send(b'{"responseHeader":{"status":0}}')

    def _query(self, text: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(text).items()}
        self._send(self.server.select(int(asked.get("start", 0)), int(asked.get("rows", 10)), asked.get("fl", "")))

    def _send(self, body: bytes, media_type: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def running() -> Iterator[str]:
    """Run the stand-in on loopback; gives the address CKAN is told."""
    server = _Index()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/solr/ckan"
    finally:
        server.shutdown()
        server.server_close()
