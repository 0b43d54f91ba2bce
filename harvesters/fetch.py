"""The only door for data from departments: every address is checked when the connection is made, on every hop, within limits."""

import hashlib
import random
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from dcat.errors import FetchError
from harvesters import failures, robots
from harvesters.addresses import Address, follow, judge, read_address
from harvesters.bodies import Incoming
from harvesters.budget import Budget, LocalBudget, Visit
from harvesters.connections import Answer, Connections, Resolve, declared, finish, open_socket, resolve_name
from harvesters.doors import Hall, MakeDoor
from harvesters.headers import read_retry_after
from harvesters.inflate import inflate, too_large
from harvesters.network import Credentials, FetchLimits, Network, is_home, is_named, may_reach
from harvesters.places import scheme
from harvesters.response import Response, Validators, received, request_headers, unchanged
from harvesters.robots import Rules
from harvesters.tls import Trust

_Write = Callable[[bytes], object]
_Receive = Callable[[Answer, Address], Response]

_MOVED = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (429, 502, 503, 504)
# 202 and 204 carry no data yet, and nobody asked for the part of a 206. 207 lists a WebDAV folder.
_GOOD = (200, 203, 207)
# How servers refuse HEAD at addresses where GET is welcome.
_NO_HEAD = (403, 405, 501)
# More addresses than this for one name would only eat up the time of the request.
_TRIES = 4
# What shows that a host, rather than one address there, does not work.
_DEAD = ("connection", "timeout", "tls", "dns")
_DAY = 86400.0


class Fetcher:
    """Fetches for one source. May be shared by threads; keeps connections open until it is closed.

    A `polite` one asks robots.txt before everything it fetches: for listings, which nobody offered to programs. A `door` leads to
    a file drop that is no web server; without one no scheme but http and https is fetched.
    """

    def __init__(
        self,
        network: Network,
        limits: FetchLimits = FetchLimits(),  # noqa: B008 - frozen
        *,
        agent: str = "offenbar",
        contact: str = "",
        credentials: Credentials = Credentials(),  # noqa: B008 - frozen
        polite: bool = False,
        budget: Budget | None = None,
        resolve: Resolve = resolve_name,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        tls: ssl.SSLContext | None = None,
        door: MakeDoor | None = None,
    ) -> None:
        self._network = network
        self._limits = limits
        self._agent = agent
        self._contact = contact
        self._credentials = credentials
        self._polite = polite
        self._budget = budget or LocalBudget(sleep=sleep, clock=clock)
        self._resolve = resolve
        self._sleep = sleep
        self._clock = clock
        trust = Trust(ca=network.ca, certificate=network.certificate, password=credentials.password)
        self._connections = Connections(network, limits, self._checked, trust, tls)
        self._rules: dict[str, tuple[Rules, float]] = {}
        self._lock = threading.Lock()
        self._door = door(self._hall()) if door else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        if self._door is not None:
            self._door.close()
        self._connections.close()
        self._budget.release()

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        validators: Validators | None = None,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        in_memory: int | None = None,
    ) -> Response:
        """Fetch a page of a catalogue; `method` is one that changes nothing, such as PROPFIND.

        A body of more than `in_memory` bytes lies in a file (harvesters/bodies.py).
        """
        asked, further = validators or Validators(), dict(headers or {})
        with closing(Incoming(in_memory)) as incoming:
            response = self._fetch(url, accept, asked, incoming.write, self._limits.max_bytes, method, further)
            return replace(response, body=incoming.body())

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
        if self._door is not None and scheme(url) == self._door.scheme:
            return self._door.look(url)
        try:
            return self._glance(url, "HEAD")
        except FetchError as error:
            if error.status not in _NO_HEAD:
                raise
        return self._glance(url, "GET")

    def rules(self, address: Address) -> Rules:
        """Give what a host's robots.txt asks of us, read once a day; nothing where it has none or it cannot be had."""
        place = f"{address.scheme}://{address.authority}"
        with self._lock:
            known = self._rules.get(place)
        if known and self._clock() < known[1] + _DAY:
            return known[0]
        body = bytearray()
        headers = request_headers(self._agent, self._contact, "text/plain", Validators())
        until = self._clock() + self._limits.total

        def receive(raw: Answer, there: Address) -> Response:
            return self._receive(raw, there, Validators(), body.extend, robots.LARGEST, until)

        try:
            self._follow(f"{place}/robots.txt", headers, until, receive, polite=False)
            found = robots.read_robots(bytes(body))
        except FetchError:
            # If nothing answers at all, the request itself will say so.
            found = Rules()
        with self._lock:
            self._rules[place] = found, self._clock()
        return found

    def _hall(self) -> Hall:
        """What a door gets: the source's own folder may lie behind another protocol than HTTP, but never behind another check."""

        def ask(url: str, headers: Mapping[str, str], asked: Validators, write: _Write, limit: int) -> Response:
            return self._fetch(url, "*/*", asked, write, limit, further=headers)

        def turn(address: Address, until: float) -> AbstractContextManager[Visit]:
            return self._turn(address, self._limits.rate, until)

        return Hall(
            open_socket=self._open_socket,
            turn=turn,
            ask=ask,
            look=lambda url, headers: self._glance(url, "HEAD", headers),
            limits=self._limits,
            clock=self._clock,
        )

    def _open_socket(self, address: Address) -> Any:
        """Connect to the host of an address that is no web address, where it is allowed."""
        if not may_reach(self._network, address, address):
            raise failures.not_allowed(address, self._network)
        try:
            return open_socket(self._checked(address.host, address.port), address.port, self._limits.connect)
        except TimeoutError as error:
            raise failures.timeout(address) from error
        except OSError as error:
            raise failures.connection(address, error.strerror or "connection failed") from error

    def _glance(self, url: str, method: str, further: Mapping[str, str] | None = None) -> Response:
        def receive(raw: Answer, address: Address) -> Response:
            raw.close()
            if not 200 <= raw.status < 300:
                raise failures.status(address, raw.status)
            return received(address.url, raw.status, raw.headers, 0, "")

        headers = request_headers(self._agent, self._contact, "*/*", Validators()) | dict(further or {})
        return self._follow(url, headers, self._clock() + self._limits.total, receive, method, polite=self._polite)

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
        if self._door is not None and scheme(url) == self._door.scheme:
            return self._door.fetch(url, asked, write, limit)
        until = self._clock() + self._limits.total

        def receive(raw: Answer, address: Address) -> Response:
            return self._receive(raw, address, asked, write, limit, until)

        headers = request_headers(self._agent, self._contact, accept, asked) | dict(further or {})
        return self._follow(url, headers, until, receive, method, polite=self._polite)

    def _follow(
        self,
        url: str,
        headers: dict[str, str],
        until: float,
        receive: _Receive,
        method: str = "GET",
        *,
        polite: bool,
    ) -> Response:
        """Follow redirects to the answer and hand it to `receive`."""
        start = address = read_address(url)
        moved_to, permanent = "", True
        for _ in range(self._limits.redirects + 1):
            if not may_reach(self._network, address, start):
                raise failures.not_allowed(address, self._network)
            pace = self._pace(address) if polite else self._limits.rate
            with self._answer(address, headers, until, method, pace) as raw:
                location = raw.headers.get("location", "")
                if raw.status not in _REDIRECTS or not location:
                    return replace(receive(raw, address), moved_to=moved_to)
                permanent = permanent and raw.status in _MOVED
            following = follow(address, location)
            if (address.scheme, following.scheme) == ("https", "http"):
                raise failures.downgrade(address, following)
            if following.authority != address.authority:
                # A signature made for one host is no other's business.
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            address = following
            moved_to = address.url if permanent else moved_to
        raise failures.redirects(start, self._limits.redirects)

    def _pace(self, address: Address) -> float:
        """Ask robots.txt whether we may, and how fast; it cannot slow us down beyond what we would wait for anybody."""
        rules = self.rules(address)
        rule = rules.forbidding(address.target)
        if rule is not None:
            raise failures.robots(address, rule.line, rule.number)
        slowest = 1 / min(rules.delay, self._limits.longest_wait) if rules.delay else 0.0
        return min(slowest, self._limits.rate) if slowest and self._limits.rate else slowest or self._limits.rate

    @contextmanager
    def _answer(
        self, address: Address, headers: dict[str, str], until: float, method: str, pace: float
    ) -> Iterator[Answer]:
        """Send the request, again if that may help, and give the answer with its body still unread."""
        for attempt in range(self._limits.retries + 1):
            last = attempt == self._limits.retries
            wait = random.SystemRandom().uniform(0.2, 0.4) * 2**attempt
            with self._turn(address, pace, until) as visit:
                try:
                    raw = self._send(address, headers, until, method)
                except FetchError as error:
                    if not last and error.code == "connection" and self._clock() + wait < until:
                        failure, asked = error, None
                    else:
                        visit.answered = False if error.code in _DEAD else None
                        raise
                else:
                    try:
                        visit.answered = raw.status < 500
                        asked = _asked(raw)
                        visit.pause = asked or 0.0
                        if raw.status not in _PASSING or last:
                            yield raw
                            return
                        failure = failures.busy(address, raw.status, asked)
                        if asked is not None and asked > self._limits.longest_wait:
                            raise failure
                        visit.answered = visit.answered or None
                    except FetchError as error:
                        # A body that does not come shows a sick host, too.
                        visit.answered = visit.answered and error.code != "timeout"
                        raise
                    finally:
                        finish(raw)
            self._wait(max(wait, asked or 0.0), until, failure)

    @contextmanager
    def _turn(self, address: Address, pace: float, until: float) -> Iterator[Visit]:
        """Wait for our turn at a host, which everybody who works on this catalogue shares."""
        with ExitStack() as stack:
            try:
                visit = stack.enter_context(
                    self._budget.enter(address.authority, pace, self._limits.connections, until)
                )
            except FetchError as error:
                raise type(error)(error.message, code=error.code, url=address.url) from error
            yield visit

    def _send(self, address: Address, headers: dict[str, str], until: float, method: str) -> Answer:
        """One request on one connection, which stays in use until the answer is finished."""
        if address.credentials:
            headers = headers | {"Authorization": address.authorization}
        elif self._credentials.authorization and is_home(self._network, address):
            if address.scheme == "http" and not is_named(self._network, address.host, address.port):
                raise failures.unencrypted_login(address)
            headers = headers | {"Authorization": self._credentials.authorization}
        return self._connections.send(method, address, headers, self._left(address, until))

    def _receive(
        self, raw: Answer, address: Address, asked: Validators, write: _Write, limit: int, until: float
    ) -> Response:
        """Turn an answer that is no redirect into a Response, or say why it is none."""
        if raw.status == 304:
            if asked == Validators():
                raise failures.unexpected_304(address)
            return unchanged(address.url, raw.headers, asked)
        if raw.status not in _GOOD:
            raise failures.status(address, raw.status)
        if declared(raw) > limit:
            raise too_large(address.url, limit)
        size, digest = 0, hashlib.sha256()
        packed = self._chunks(raw, address, limit, until)
        encoding = raw.headers.get("content-encoding", "")
        for piece in inflate(packed, encoding, url=address.url, limit=limit, ratio=self._limits.ratio):
            size += len(piece)
            digest.update(piece)
            write(piece)
        return received(address.url, raw.status, raw.headers, size, digest.hexdigest())

    def _chunks(self, raw: Answer, address: Address, limit: int, until: float) -> Iterator[bytes]:
        total = 0
        while True:
            self._left(address, until)
            chunk = self._connections.read(raw, address)
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

    def _wait(self, seconds: float, until: float, otherwise: FetchError) -> None:
        if self._clock() + seconds >= until:
            raise otherwise
        self._sleep(seconds)

    def _left(self, address: Address, until: float) -> float:
        left = until - self._clock()
        if left <= 0:
            raise failures.timeout(address)
        return left

    def post(self, url: str, body: bytes, *, media_type: str) -> Response:
        """Post a message, once: not again, and not where a redirect leads. Whatever is no success is a FetchError."""
        address, until = read_address(url), self._clock() + self._limits.total
        if not may_reach(self._network, address, address):
            raise failures.not_allowed(address, self._network)
        headers = request_headers(self._agent, self._contact, "*/*", Validators()) | {"Content-Type": media_type}
        if address.credentials:
            headers["Authorization"] = address.authorization
        with self._turn(address, self._limits.rate, until) as visit:
            try:
                raw = self._connections.send("POST", address, headers, self._left(address, until), body)
            except FetchError as error:
                visit.answered = False if error.code in _DEAD else None
                raise
            try:
                visit.answered = raw.status < 500
                if not 200 <= raw.status < 300:
                    raise failures.status(address, raw.status)
                return received(address.url, raw.status, raw.headers, 0, "")
            finally:
                finish(raw)


def _asked(raw: Answer) -> float | None:
    """Read how many seconds a server asks everybody to wait; None where it does not."""
    if raw.status not in _PASSING:
        return None
    return read_retry_after(raw.headers.get("retry-after", ""), raw.headers.get("date", ""), datetime.now(UTC))
