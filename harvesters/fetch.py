"""The only door for data from departments: every address is checked when the connection is made, on every hop, within limits."""

import hashlib
import http.client
import io
import random
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.response import BaseHTTPResponse
from urllib3.util import Timeout

from dcat.errors import FetchError
from harvesters import failures
from harvesters.addresses import Address, follow, judge, read_address
from harvesters.headers import read_retry_after
from harvesters.inflate import inflate, too_large, truncated
from harvesters.network import FetchLimits, Network, is_named, may_reach
from harvesters.response import Response, Validators, received, request_headers, unchanged

Resolve = Callable[[str, int], Sequence[str]]
_Write = Callable[[bytes], object]
_Receive = Callable[[BaseHTTPResponse, Address], Response]

_STEP = 1 << 16
_MOVED = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (429, 502, 503, 504)
# 202 and 204 carry no data yet, and nobody asked for the part of a 206. 207 lists a WebDAV folder.
_GOOD = (200, 203, 207)
# How servers refuse HEAD at addresses where GET is welcome.
_NO_HEAD = (403, 405, 501)
# More addresses than this for one name would only eat up the time of the request.
_TRIES = 4


def resolve_name(host: str, port: int) -> tuple[str, ...]:
    """Look a host name up and give its IP addresses in the order of the system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Fetches for one source. May be shared by threads; keeps connections open until it is closed."""

    def __init__(
        self,
        network: Network,
        limits: FetchLimits = FetchLimits(),  # noqa: B008 - frozen
        *,
        agent: str = "offenbar",
        resolve: Resolve = resolve_name,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._network = network
        self._limits = limits
        self._agent = agent
        self._resolve = resolve
        self._sleep = sleep
        self._clock = clock
        self._tls = tls
        self._plain, self._secure = _connections(self._checked, limits.read)
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}
        self._lock = threading.Lock()
        self._next_start = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        validators: Validators | None = None,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Fetch a page of a catalogue into memory; `method` is one that changes nothing, such as PROPFIND."""
        body, asked = bytearray(), validators or Validators()
        further = dict(headers or {})
        response = self._fetch(url, accept, asked, body.extend, self._limits.max_bytes, method, further)
        return replace(response, body=bytes(body))

    def download(self, url: str, target: Path, *, validators: Validators | None = None) -> Response:
        """Fetch a file to `target`, which changes only when all of it has arrived, and not at all on 304."""
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("xb") as file:
                response = self._fetch(url, "*/*", validators or Validators(), file.write, self._limits.max_file_bytes)
            if response.status != 304:
                part.replace(target)
            return response
        finally:
            part.unlink(missing_ok=True)

    def probe(self, url: str) -> Response:
        """Ask whether an address answers, reading no body: HEAD, and where a server refuses that, a GET broken off after the headers."""
        try:
            return self._glance(url, "HEAD")
        except FetchError as error:
            if error.status not in _NO_HEAD:
                raise
        return self._glance(url, "GET")

    def _glance(self, url: str, method: str) -> Response:
        def receive(raw: BaseHTTPResponse, address: Address) -> Response:
            raw.close()
            if not 200 <= raw.status < 300:
                raise failures.status(address, raw.status)
            return received(address.url, raw.status, raw.headers, 0, "")

        headers = request_headers(self._agent, "*/*", Validators())
        return self._follow(url, headers, self._clock() + self._limits.total, receive, method)

    def _fetch(
        self,
        url: str,
        accept: str,
        asked: Validators,
        write: _Write,
        limit: int,
        method: str = "GET",
        further: Mapping[str, str] | None = None,
    ) -> Response:
        """Fetch what an address leads to and hand its body to `write`."""
        until = self._clock() + self._limits.total

        def receive(raw: BaseHTTPResponse, address: Address) -> Response:
            return self._receive(raw, address, asked, write, limit, until)

        headers = request_headers(self._agent, accept, asked) | dict(further or {})
        return self._follow(url, headers, until, receive, method)

    def _follow(
        self, url: str, headers: dict[str, str], until: float, receive: _Receive, method: str = "GET"
    ) -> Response:
        """Follow redirects to the answer and hand it to `receive`."""
        start = address = read_address(url)
        moved_to, permanent = "", True
        for _ in range(self._limits.redirects + 1):
            if not may_reach(self._network, address, start):
                raise failures.not_allowed(address, self._network)
            with self._answer(address, headers, until, method) as raw:
                location = raw.headers.get("location", "")
                if raw.status not in _REDIRECTS or not location:
                    return replace(receive(raw, address), moved_to=moved_to)
                permanent = permanent and raw.status in _MOVED
            following = follow(address, location)
            if (address.scheme, following.scheme) == ("https", "http"):
                raise failures.downgrade(address, following)
            address = following
            moved_to = address.url if permanent else moved_to
        raise failures.redirects(start, self._limits.redirects)

    @contextmanager
    def _answer(
        self, address: Address, headers: dict[str, str], until: float, method: str
    ) -> Iterator[BaseHTTPResponse]:
        """Send the request, again if that may help, and give the answer with its body still unread."""
        for attempt in range(self._limits.retries + 1):
            last = attempt == self._limits.retries
            wait = random.SystemRandom().uniform(0.2, 0.4) * 2**attempt
            try:
                raw = self._send(address, headers, until, method)
            except FetchError as error:
                if last or error.code != "connection":
                    raise
                self._wait(wait, until, error)
                continue
            try:
                if raw.status not in _PASSING or last:
                    yield raw
                    return
                asked = read_retry_after(
                    raw.headers.get("retry-after", ""), raw.headers.get("date", ""), datetime.now(UTC)
                )
                failure = failures.busy(address, raw.status, asked)
                if asked is not None and asked > self._limits.longest_wait:
                    raise failure
            finally:
                _finish(raw)
            self._wait(max(wait, asked or 0.0), until, failure)

    def _send(self, address: Address, headers: dict[str, str], until: float, method: str) -> BaseHTTPResponse:
        """One request on one connection, which stays in use until the answer is finished."""
        self._keep_pace(address, until)
        if address.credentials:
            headers = headers | {"Authorization": address.authorization}
        left = self._left(address, until)
        try:
            return self._pool(address).urlopen(
                method,
                address.target,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                # Without a read time-out of its own urllib3 passes on what is left of the total: _Timed relies on it.
                timeout=Timeout(connect=min(self._limits.connect, left), total=left),
                pool_timeout=left,  # type: ignore[arg-type]  # urllib3 asks for an int and hands it to queue.get
            )
        except FetchError as error:
            raise type(error)(error.message, code=error.code, url=address.url) from error
        except HTTPError as error:
            raise _explained(address, error) from error

    def _receive(
        self, raw: BaseHTTPResponse, address: Address, asked: Validators, write: _Write, limit: int, until: float
    ) -> Response:
        """Turn an answer that is no redirect into a Response, or say why it is none."""
        if raw.status == 304:
            if asked == Validators():
                raise failures.unexpected_304(address)
            return unchanged(address.url, raw.headers, asked)
        if raw.status not in _GOOD:
            raise failures.status(address, raw.status)
        if _declared(raw) > limit:
            raise too_large(address.url, limit)
        size, digest = 0, hashlib.sha256()
        packed = self._chunks(raw, address, limit, until)
        encoding = raw.headers.get("content-encoding", "")
        for piece in inflate(packed, encoding, url=address.url, limit=limit, ratio=self._limits.ratio):
            size += len(piece)
            digest.update(piece)
            write(piece)
        return received(address.url, raw.status, raw.headers, size, digest.hexdigest())

    def _chunks(self, raw: BaseHTTPResponse, address: Address, limit: int, until: float) -> Iterator[bytes]:
        total = 0
        while True:
            self._left(address, until)
            try:
                chunk = raw.read(_STEP, decode_content=False)
            except ProtocolError as error:
                raise truncated(address.url) from error
            except HTTPError as error:
                raise _explained(address, error) from error
            if not chunk:
                return
            total += len(chunk)
            if total > limit:
                raise too_large(address.url, limit)
            yield chunk

    def _checked(self, host: str, port: int) -> tuple[str, ...]:
        """Look a host up and refuse it if any of its addresses is out of bounds."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise failures.dns(host) from error
        named = is_named(self._network, host, port)
        for address in found:
            verdict = judge(address)
            if verdict == "never" or (verdict == "private" and not named):
                raise failures.private(host, port, address, verdict)
        if not found:
            raise failures.dns(host)
        return tuple(found[:_TRIES])

    def _pool(self, address: Address) -> HTTPConnectionPool:
        key = (address.scheme, address.host, address.port)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = self._new_pool(address)
            return self._pools[key]

    def _new_pool(self, address: Address) -> HTTPConnectionPool:
        room = self._limits.connections
        if address.scheme == "http":
            plain = HTTPConnectionPool(address.host, address.port, maxsize=room, block=True)
            plain.ConnectionCls = self._plain
            return plain
        if self._tls is None:
            # The system's authorities, where cities add their own, and Mozilla's.
            self._tls = ssl.create_default_context()
            self._tls.load_verify_locations(certifi.where())
        secure = HTTPSConnectionPool(address.host, address.port, maxsize=room, block=True, ssl_context=self._tls)
        secure.ConnectionCls = self._secure
        return secure

    def _keep_pace(self, address: Address, until: float) -> None:
        """Wait until the source's rate allows another request."""
        if not self._limits.rate:
            return
        with self._lock:
            now = self._clock()
            mine = max(now, self._next_start)
            self._next_start = mine + 1 / self._limits.rate
        if mine > now:
            self._wait(mine - now, until, failures.timeout(address))

    def _wait(self, seconds: float, until: float, otherwise: FetchError) -> None:
        if self._clock() + seconds >= until:
            raise otherwise
        self._sleep(seconds)

    def _left(self, address: Address, until: float) -> float:
        left = until - self._clock()
        if left <= 0:
            raise failures.timeout(address)
        return left


def _explained(address: Address, error: HTTPError) -> FetchError:
    """Say in our words what urllib3 met. NewConnectionError counts among its time-outs, though it is a refusal."""
    cause = error.__cause__ or (error.args[-1] if error.args and isinstance(error.args[-1], Exception) else error)
    if isinstance(error, SSLError):
        return failures.tls(address, str(getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or "TLS"))
    if isinstance(error, NewConnectionError):
        return failures.connection(address, getattr(cause, "strerror", None) or "connection failed")
    if isinstance(error, TimedOut | EmptyPoolError):
        return failures.timeout(address)
    if isinstance(cause, OSError):
        return failures.connection(address, cause.strerror or "connection closed")
    return failures.protocol(address)


def _declared(raw: BaseHTTPResponse) -> int:
    """The size an answer claims, -1 if it claims none."""
    text = raw.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else -1


def _finish(raw: BaseHTTPResponse) -> None:
    """Give the connection back: open if at most a small rest of the answer was unread, closed otherwise."""
    with suppress(HTTPError):
        rest = _declared(raw) - raw.tell()
        if not raw.closed and 0 <= rest <= _STEP:
            raw.read(rest + 1, decode_content=False)
    raw.close()
    raw.release_conn()


def _connections(check: Resolve, pause: float) -> tuple[type[HTTPConnection], type[HTTPSConnection]]:
    """Make the two kinds of connection that look a host up, check what they find and connect to exactly that."""

    class Timed(_Timed):
        longest_pause = pause

    class Plain(HTTPConnection):
        response_class = Timed

        def _new_conn(self) -> socket.socket:
            return _connect(self, check(self.host, self.port))

    # The certificate is checked against the host name as ever: only the socket underneath is ours.
    class Secure(Plain, HTTPSConnection):
        pass

    return Plain, Secure


def _connect(connection: HTTPConnection, addresses: Sequence[str]) -> socket.socket:
    """Connect to the first address that answers. They are numbers, so that nothing is looked up a second time."""
    failure: OSError | None = None
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(connection.timeout)
            sock.connect((address, connection.port))
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, str(failure)) from failure
    raise NewConnectionError(connection, str(failure)) from failure


class _Timed(http.client.HTTPResponse):
    """An answer that must be complete, headers included, when the time on its socket is up, however slowly it drips."""

    longest_pause = 30.0

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        left = sock.gettimeout() or 0.0
        self.fp = io.BufferedReader(_Drip(self.fp.detach(), sock, time.monotonic() + left, self.longest_pause))

    def _read_next_chunk_size(self) -> int:
        # http.client takes a chunk of -1 bytes for "all there is", past every limit.
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError
        return size


class _Drip(io.RawIOBase):
    """The bytes of a socket, until a moment that no single read may pass."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float, longest_pause: float) -> None:
        self._raw = raw
        self._sock = sock
        self._until = until
        self._longest_pause = longest_pause

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(left, self._longest_pause))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
