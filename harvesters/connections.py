"""The connections of one fetcher. Where the check is made that counts: a host is looked up and judged when its socket is opened."""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from urllib3 import ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.response import BaseHTTPResponse
from urllib3.util import Timeout

from dcat.digits import natural
from dcat.errors import FetchError
from harvesters import failures, tls
from harvesters.addresses import Address
from harvesters.inflate import truncated
from harvesters.network import FetchLimits, Network, is_home

Resolve = Callable[[str, int], Sequence[str]]
Answer = BaseHTTPResponse

STEP = 1 << 16


def resolve_name(host: str, port: int) -> tuple[str, ...]:
    """Look a host name up and give its IP addresses in the order of the system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def open_socket(addresses: Sequence[str], port: int, timeout: float | None) -> socket.socket:
    """Connect to the first address that answers; OSError of the last one if none does. They are numbers, so nothing is looked up again."""
    failure = OSError("no address")
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(timeout)
            sock.connect((address, port))
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


class Connections:
    """Keeps connections open until it is closed; may be shared by threads. `check` gives a host's addresses, or refuses it."""

    def __init__(
        self, network: Network, limits: FetchLimits, check: Resolve, trust: tls.Trust, given: ssl.SSLContext | None
    ) -> None:
        self._network = network
        self._limits = limits
        self._trust = trust
        self._given = given
        self._plain, self._secure = _kinds(check, limits.read)
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._proxies: dict[bool, ProxyManager] = {}
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}
        self._lock = threading.Lock()
        if trust.ca or trust.certificate:
            # A file that cannot be used is a mistake of the definition, not of a request.
            self._contexts[True] = tls.context(trust)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
            proxies, self._proxies = list(self._proxies.values()), {}
        for pool in pools:
            pool.close()
        for proxy in proxies:
            proxy.clear()

    def send(
        self, method: str, address: Address, headers: dict[str, str], left: float, body: bytes | None = None
    ) -> Answer:
        """One request on one connection, which stays in use until the answer is finished; `left` is the time for all of it."""
        pool = self._pool(address)
        # An unencrypted request tells the proxy the whole address.
        target = address.url if self._network.proxy and address.scheme == "http" else address.target
        if self._network.proxy and address.scheme == "http":
            headers = {"Host": address.authority, **headers}
        try:
            return pool.urlopen(
                method,
                target,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                # A proxy's pool stands for many hosts.
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
                # Without a read time-out of its own urllib3 passes on what is left of the total: _Timed relies on it.
                timeout=Timeout(connect=min(self._limits.connect, left), total=left),
                pool_timeout=left,  # type: ignore[arg-type]  # urllib3 asks for an int and hands it to queue.get
            )
        except FetchError as error:
            raise type(error)(error.message, code=error.code, url=address.url) from error
        except HTTPError as error:
            raise self._explained(address, error) from error

    def read(self, answer: Answer, address: Address) -> bytes:
        """Read the next piece of an answer as it was sent; empty at the end."""
        try:
            return answer.read(STEP, decode_content=False)
        except ProtocolError as error:
            raise truncated(address.url) from error
        except HTTPError as error:
            raise self._explained(address, error) from error

    def _pool(self, address: Address) -> HTTPConnectionPool:
        key = (address.scheme, address.host, address.port)
        with self._lock:
            if self._network.proxy:
                return self._proxied(address)
            if key not in self._pools:
                self._pools[key] = self._direct(address)
            return self._pools[key]

    def _direct(self, address: Address) -> HTTPConnectionPool:
        room = self._limits.connections
        if address.scheme == "http":
            plain = HTTPConnectionPool(address.host, address.port, maxsize=room, block=True)
            plain.ConnectionCls = self._plain
            return plain
        context = self._context(address)
        secure = HTTPSConnectionPool(address.host, address.port, maxsize=room, block=True, ssl_context=context)
        secure.ConnectionCls = self._secure
        return secure

    def _proxied(self, address: Address) -> HTTPConnectionPool:
        """The proxy looks the host up, so the check is made of the proxy; that the host is allowed was asked before."""
        home = is_home(self._network, address)
        if home not in self._proxies:
            self._proxies[home] = ProxyManager(
                self._network.proxy,
                maxsize=self._limits.connections,
                block=True,
                ssl_context=self._context(address),
            )
        pool = self._proxies[home].connection_from_host(address.host, address.port, address.scheme)
        pool.ConnectionCls = self._plain if address.scheme == "http" else self._secure
        return pool

    def _context(self, address: Address) -> ssl.SSLContext:
        """Our own certificate is shown to the source's own host alone."""
        if self._given is not None:
            return self._given
        home = is_home(self._network, address)
        if home not in self._contexts:
            self._contexts[home] = tls.context(self._trust if home else self._trust.without_certificate())
        return self._contexts[home]

    def _explained(self, address: Address, error: HTTPError) -> FetchError:
        """Say in our words what urllib3 met. NewConnectionError counts among its time-outs, though it is a refusal."""
        cause = error.__cause__ or (error.args[-1] if error.args and isinstance(error.args[-1], Exception) else error)
        if isinstance(error, ProxyError):
            return failures.proxy(address, urlsplit(self._network.proxy).netloc, str(cause)[-80:])
        if isinstance(error, SSLError):
            reason = str(getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or tls.UNSAID)
            return tls.failure(address, reason, getattr(cause, "verify_code", 0))
        if isinstance(error, NewConnectionError):
            return failures.connection(address, getattr(cause, "strerror", None) or "connection failed")
        if isinstance(error, TimedOut | EmptyPoolError):
            return failures.timeout(address)
        if isinstance(cause, ssl.SSLError):
            return tls.failure(address, str(cause.reason or tls.UNSAID), 0)
        if isinstance(cause, OSError):
            return failures.connection(address, cause.strerror or "connection closed")
        return failures.protocol(address)


def declared(answer: Answer) -> int:
    """The size an answer claims, -1 if it claims none."""
    size = natural(answer.headers.get("content-length", ""), most_digits=100)
    return -1 if size is None else size


def finish(answer: Answer) -> None:
    """Give the connection back: open if at most a small rest of the answer was unread, closed otherwise."""
    with suppress(HTTPError):
        rest = declared(answer) - answer.tell()
        if not answer.closed and 0 <= rest <= STEP:
            answer.read(rest + 1, decode_content=False)
    answer.close()
    answer.release_conn()


def _kinds(check: Resolve, pause: float) -> tuple[type[HTTPConnection], type[HTTPSConnection]]:
    """Make the two kinds of connection that look a host up, check what they find and connect to exactly that."""

    class Timed(_Timed):
        longest_pause = pause

    class Plain(HTTPConnection):
        response_class = Timed

        def _new_conn(self) -> socket.socket:
            try:
                return open_socket(check(self.host, self.port), self.port, self.timeout)
            except TimeoutError as error:
                raise ConnectTimeoutError(self, str(error)) from error
            except OSError as error:
                raise NewConnectionError(self, str(error)) from error

    # The certificate is checked against the host name as ever: only the socket underneath is ours.
    class Secure(Plain, HTTPSConnection):
        pass

    return Plain, Secure


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
