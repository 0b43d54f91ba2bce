"""The door to a folder of an SFTP server: paramiko on a socket that the fetcher has opened after its address check.

The server must show the key that the definition names, before anything of our login is sent (RFC 4253, section 8).
"""

import io
import logging
import posixpath
import stat
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from dcat.errors import ConfigError, FetchError, RefusedError
from dcat.message import Message
from harvesters import drop_listing, failures, places, secrets
from harvesters.addresses import Address, read_address
from harvesters.doors import Found, Hall, Write, changed, hand_over, hand_over_listing
from harvesters.drop_listing import Entry
from harvesters.response import Response, Validators
from harvesters.source import Login

try:
    import paramiko
except ImportError:  # an optional extra
    paramiko = None

# What goes wrong becomes a sentence of ours; the log need not carry it too.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

_STEP = 1 << 15
_AHEAD = 32
# What shows that the server, rather than one address there, does not work.
_DEAD = ("connection", "timeout", "dns")
# An RSA key signs in several ways (RFC 8332); the oldest, with SHA-1, is not among them.
_KINDS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Login:
    user: str = field(repr=False)
    password: str = field(default="", repr=False)
    key: Any = field(default=None, repr=False)


class SftpDoor:
    """Leads into the folder at `url` (`sftp://host/path`). One connection, one request at a time; it stays open until closed."""

    scheme = "sftp"

    def __init__(self, hall: Hall, url: str, *, host_key: str, login: Login) -> None:
        self._hall = hall
        self._home = places.folder_of(url)
        self._address = read_address(self._home, ("sftp",))
        self._host_key = " ".join(host_key.split()[:2])
        self._login = _read_login(login)
        self._transport: Any = None
        self._client: Any = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._hang_up()

    def fetch(self, url: str, asked: Validators, write: Write, limit: int) -> Response:
        """Hand over a file or the listing of a folder."""
        place = places.inside(url, self._home)
        with self._talking(url) as client:
            if place.is_folder:
                return hand_over_listing(
                    url, drop_listing.write(_entries(client, place.path, url)), asked, write, limit
                )
            known = client.lstat(place.path)
            if known.st_mode is not None and not stat.S_ISREG(known.st_mode):
                raise places.missing(url)
            found = Found(pieces=_pieces(client, place.path, url, known), size=known.st_size, modified=known.st_mtime)
            return hand_over(url, found, asked, write, limit, time.time())

    def look(self, url: str) -> Response:
        """Tell whether there is something at an address."""
        place = places.inside(url, self._home)
        with self._talking(url) as client:
            client.lstat(place.path)
        return Response(url=url, status=200)

    @contextmanager
    def _talking(self, url: str) -> Iterator[Any]:
        """Give the connected client, for no longer than a request may take; what goes wrong becomes a FetchError."""
        until = self._hall.clock() + self._hall.limits.total
        with self._lock, self._hall.turn(self._address, until) as visit, self._watched(until):
            try:
                yield self._connected()
                visit.answered = True
            except FetchError as error:
                visit.answered = error.code not in _DEAD
                # What was broken off in the middle leaves answers behind that nobody waits for.
                self._hang_up()
                raise
            except FileNotFoundError:
                visit.answered = True
                raise places.missing(url) from None
            except PermissionError:
                visit.answered = True
                raise places.missing(url, 403) from None
            except UnicodeDecodeError:
                visit.answered = True
                raise _foreign_names(url) from None
            except (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError, ValueError, struct.error) as error:
                visit.answered = False
                self._hang_up()
                raise self._broken(error, until) from error

    @contextmanager
    def _watched(self, until: float) -> Iterator[None]:
        """Hang up when the time is over, however slowly the server drips: paramiko's own limits are for each piece only."""
        watch = threading.Timer(max(until - self._hall.clock(), 0.01), self._hang_up)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _connected(self) -> Any:
        if self._client is not None and self._transport.is_active():
            return self._client
        self._hang_up()
        limits = self._hall.limits
        sock = self._hall.open_socket(self._address)
        try:
            transport = paramiko.Transport(sock)
        except BaseException:
            sock.close()
            raise
        self._transport = transport
        transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = limits.read
        self._prefer_known_kind(transport)
        transport.start_client(timeout=limits.read)
        self._check_key(transport.get_remote_server_key())
        self._log_in(transport)
        client = paramiko.SFTPClient.from_transport(transport)
        client.get_channel().settimeout(limits.read)
        self._client = client
        return client

    def _prefer_known_kind(self, transport: Any) -> None:
        """Ask for the kind of key that the definition names: a server has several."""
        kind = self._host_key.partition(" ")[0]
        options = transport.get_security_options()
        wanted = [name for name in _KINDS.get(kind, (kind,)) if name in options.key_types]
        options.key_types = [*wanted, *(name for name in options.key_types if name not in wanted)]

    def _check_key(self, key: Any) -> None:
        shown = f"{key.get_name()} {key.get_base64()}"
        if shown == self._host_key:
            return
        self._hang_up()
        line = f'network: {{host_key: "{shown}"}}'
        if self._host_key:
            de = "zeigt einen anderen Schlüssel als den eingetragenen; erst das Amt fragen, ob er gewechselt wurde, dann eintragen"
            en = "shows another key than the one entered; ask the department first whether it was changed, then enter"
        else:
            de = "ist noch nicht bekannt; erst den Schlüssel mit dem Amt vergleichen, dann in der Quelle eintragen"
            en = "is not known yet; compare the key with the department first, then enter in the source"
        raise RefusedError(
            Message(
                f"Der Server {self._address.url} {de}: {line}",
                f"The server {self._address.url} {en}: {line}",
            ),
            code="host-key",
            url=self._address.url,
        )

    def _log_in(self, transport: Any) -> None:
        login = self._login
        try:
            if login.key is not None:
                transport.auth_publickey(login.user, login.key)
            else:
                transport.auth_password(login.user, login.password, fallback=False)
        except paramiko.AuthenticationException:
            pass
        if not transport.is_authenticated():
            self._hang_up()
            raise FetchError(
                Message(
                    f"Der Server {self._address.url} nimmt die Anmeldung nicht an; bitte »login« in der Quelle prüfen.",
                    f'The server {self._address.url} does not accept the login; please check "login" in the source.',
                ),
                code="login",
                url=self._address.url,
            )

    def _hang_up(self) -> None:
        transport, self._transport, self._client = self._transport, None, None
        if transport is not None:
            with suppress(Exception):
                transport.close()

    def _broken(self, error: Exception, until: float) -> FetchError:
        address: Address = self._address
        if isinstance(error, TimeoutError) or self._hall.clock() >= until:
            return failures.timeout(address)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else ""
        return failures.connection(address, reason or "SFTP")


def _read_login(login: Login) -> _Login:
    """Read the secrets; ConfigError where the library, the user, or both of password and key are missing."""
    if paramiko is None:
        raise ConfigError(
            Message(
                "Für SFTP fehlt die Bibliothek paramiko; bitte installieren: pip install 'offenbar[sftp]'",
                "For SFTP the library paramiko is missing; please install it: pip install 'offenbar[sftp]'",
            )
        )
    if not login.user or not (login.password or login.key):
        raise ConfigError(
            Message(
                "Eine Quelle der Art sftp braucht »login: {user: env:NAME, password: env:NAME}« oder key: file:/pfad statt password.",
                'A source of type sftp needs "login: {user: env:NAME, password: env:NAME}" or key: file:/path instead of password.',
            )
        )
    user, password = secrets.read(login.user), secrets.read(login.password) if login.password else ""
    return _Login(user=user, password=password, key=_read_key(login.key, password) if login.key else None)


def _read_key(reference: str, password: str) -> Any:
    """Read a private key of any kind; `password` opens one that is locked."""
    text = secrets.read(reference) + "\n"
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError, IndexError, UnicodeError):
            return kind.from_private_key(io.StringIO(text), password or None)
    raise ConfigError(
        Message(
            f"Unter {reference} steht kein brauchbarer privater Schlüssel (Ed25519, ECDSA, RSA), oder sein Passwort unter »login: {{password: ...}}« fehlt.",
            f'{reference} holds no usable private key (Ed25519, ECDSA, RSA), or its password under "login: {{password: ...}}" is missing.',
        )
    )


def _entries(client: Any, path: str, url: str) -> Iterator[Entry]:
    """List files and folders; links are left out, for they lead wherever the server likes."""
    for count, found in enumerate(client.listdir_iter(path, read_aheads=2), 1):
        if count > drop_listing.MAX_ENTRIES:
            raise drop_listing.crowded(url)
        # Some servers tell the kind of an entry in the line for people only.
        mode = found.st_mode
        first = found.longname[:1] if mode is None or not stat.S_IFMT(mode) else ""
        if first == "d" or (not first and stat.S_ISDIR(mode)):
            yield Entry(name=f"{posixpath.basename(found.filename)}/")
        elif first in ("-", "") and (first or stat.S_ISREG(mode)):
            yield Entry(name=found.filename, size=found.st_size, modified=drop_listing.moment(found.st_mtime))


def _pieces(client: Any, path: str, url: str, known: Any) -> Iterator[bytes]:
    """Read a file; one that somebody uploads at the same time would be half old and half new."""
    with client.open(path, "rb", bufsize=_STEP) as file:
        if known.st_size:
            file.prefetch(known.st_size, max_concurrent_requests=_AHEAD)
        while piece := file.read(_STEP):
            yield piece
        now = file.stat()
    if (now.st_size, now.st_mtime) != (known.st_size, known.st_mtime):
        raise changed(url)


def _foreign_names(url: str) -> FetchError:
    return FetchError(
        Message(
            f"{url} nennt Dateinamen, die nicht in UTF-8 geschrieben sind; bitte das Amt, sie umzubenennen.",
            f"{url} has file names that are not written in UTF-8; please ask the department to rename them.",
        ),
        code="names",
        url=url,
    )
