"""A bucket on loopback that answers as S3 does: ListObjectsV2 and GetObject, with signatures checked by botocore."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET, REGION = "amt-umwelt", "sehr/geheim+", "us-east-1"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def listing(keys: dict[str, bytes], query: dict[str, str], page_size: int = 1000) -> bytes:
    """Write one page of ListObjectsV2, as a server with these objects answers."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    found: dict[str, bytes | None] = {}
    for key, body in sorted(keys.items(), key=lambda item: item[0].encode()):
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                found[prefix + rest.partition(delimiter)[0] + delimiter] = None
            else:
                found[key] = body
    names = list(found)
    start = int(query.get("continuation-token", "seite-0").removeprefix("seite-"))
    shown, more = names[start : start + page_size], start + page_size < len(names)
    written = quote_plus if query.get("encoding-type") == "url" else escape
    parts = [f"<Name>daten</Name><Prefix>{written(prefix)}</Prefix><KeyCount>{len(shown)}</KeyCount>"]
    parts += ["<EncodingType>url</EncodingType>"] if written is quote_plus else []
    parts += [f"<IsTruncated>{str(more).lower()}</IsTruncated>"]
    parts += [f"<NextContinuationToken>seite-{start + page_size}</NextContinuationToken>"] if more else []
    for key in shown:
        body = found[key]
        if body is None:
            parts.append(f"<CommonPrefixes><Prefix>{written(key)}</Prefix></CommonPrefixes>")
        else:
            parts.append(
                f"<Contents><Key>{written(key)}</Key><LastModified>2026-05-31T12:00:00.000Z</LastModified>"
                f"<ETag>&quot;{hashlib.md5(body).hexdigest()}&quot;</ETag><Size>{len(body)}</Size>"
                "<StorageClass>STANDARD</StorageClass></Contents>"
            )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{NAMESPACE}">{"".join(parts)}</ListBucketResult>'
    ).encode()


class Site(ThreadingHTTPServer):
    """`objects` by key; `public` answers without a signature; `page_size` is how many entries a page lists."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.public = False
        self.page_size = 1000
        self.seen: list[tuple[str, int]] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}"


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = parts.path[1:].partition("/")
        key = unquote(key)
        if not self.server.public and not self._is_signed():
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif bucket != "daten" or (key and key not in self.server.objects):
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif key:
            body = self.server.objects[key]
            etag = f'"{hashlib.md5(body).hexdigest()}"'
            same = self.headers.get("If-None-Match") == etag
            self._answer(304 if same else 200, b"" if same else body, etag, "binary/octet-stream")
        else:
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            assert query["list-type"] == "2"
            self._answer(200, listing(self.server.objects, query, self.server.page_size))

    def _is_signed(self) -> bool:
        """Make the signature of the request, as of the moment it names, and compare."""
        given = self.headers.get("Authorization", "")
        signed = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        if not given.startswith(f"AWS4-HMAC-SHA256 Credential={KEY}/") or not {"host", "x-amz-date"} <= set(signed):
            return False
        at = datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        request: Any = AWSRequest(method=self.command, url=f"http://{self.headers['Host']}{self.path}")
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        for name in signed:
            if name != "host":
                request.headers[name] = self.headers[name]
        auth = S3SigV4Auth(Credentials(KEY, SECRET), "s3", REGION)
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        fresh = abs((datetime.now(UTC) - at).total_seconds()) < 900
        return fresh and given.endswith(f"Signature={signature}")

    def _answer(self, status: int, body: bytes, etag: str = "", media_type: str = "application/xml") -> None:
        self.server.seen.append((self.path, status))
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        if status != 304:
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
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
