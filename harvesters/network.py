"""Where a source may go, and how much time and space it may take."""

from base64 import b64encode
from dataclasses import dataclass, field

from dcat.digits import natural
from harvesters.addresses import PORTS, Address, judge, read_host


@dataclass(frozen=True, slots=True)
class Network:
    """The hosts of one source. `allow` holds host or host:port; if it is empty, only `home` counts, the host of the source's own address.

    Without both, every request may reach the host it names and no other. Private addresses need an entry in `allow`.
    `anywhere` opens every public host: for looking whether links answer, wherever they lead. `ca` and `certificate` are files with
    further authorities and with our own certificate and key; `host_key` is the public key an SFTP server must have; `robots`
    tells whether its robots.txt counts for listings.
    """

    allow: tuple[str, ...] = ()
    home: str = ""
    anywhere: bool = False
    ca: str = ""
    certificate: str = ""
    proxy: str = ""
    host_key: str = ""
    robots: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The secrets of one source's login, read: user and password (Basic, RFC 7617) or a token (Bearer, RFC 6750).

    The password also opens the key of the source's certificate.
    """

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def authorization(self) -> str:
        """The header that carries them; empty where there are none."""
        if self.token:
            return f"Bearer {self.token}"
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode() if self.user else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Seconds, bytes and counts for one request; `rate` is requests per second, 0 for as many as the server gives.

    `run` is how long one run may fetch.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 120.0
    run: float = 6 * 3600.0
    max_bytes: int = 50_000_000
    max_file_bytes: int = 200_000_000
    ratio: int = 100
    redirects: int = 5
    retries: int = 2
    longest_wait: float = 10.0
    rate: float = 0.0
    connections: int = 2


def read_entry(entry: str) -> tuple[str, int | None]:
    """Take an entry of an allow-list apart: host, and port if it names one. ValueError if it is neither form."""
    text = entry.strip()
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text.partition("]")
        if port and not port.startswith(":"):
            raise ValueError(entry)
        host, port = host[1:], port[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        if not port:
            raise ValueError(entry)
    if not port:
        return read_host(host), None
    number = natural(port)
    if number is None or not 0 < number < 65536:
        raise ValueError(entry)
    return read_host(host), number


def is_named(network: Network, host: str, port: int) -> bool:
    """Tell whether the allow-list names this host, which also opens private addresses to it."""
    return any(_covers(entry, host, port) for entry in network.allow)


def may_reach(network: Network, address: Address, start: Address) -> bool:
    """Tell whether a request that began at `start` may go to an address. Behind a proxy nothing is checked later, so names must do."""
    if network.anywhere and not network.proxy:
        return True
    if network.allow:
        return is_named(network, address.host, address.port)
    if network.home:
        return _covers(network.home, address.host, address.port)
    return address.host == start.host


def is_home(network: Network, address: Address) -> bool:
    """Tell whether an address is at the source's own host and port, which alone learns its login and certificate."""
    return bool(network.home) and address.authority == network.home


def entry_for(address: Address) -> str:
    """Give the entry that would allow an address, with the port if it is unusual."""
    if address.port in PORTS.values():
        return f"[{address.host}]" if ":" in address.host else address.host
    return address.authority


def is_local(entry: str) -> bool:
    """Tell whether an entry opens a private or loopback address by its very name."""
    host, _ = read_entry(entry)
    try:
        return judge(host) != "public"
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".intern"))


def _covers(entry: str, host: str, port: int) -> bool:
    name, only = read_entry(entry)
    return name == host and only in (None, port)
