"""Web addresses: reading them safely, and judging which network an IP address belongs to. Pure; nothing here looks up a name."""

import re
from base64 import b64encode
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import quote, unquote, urljoin, urlsplit

import idna

from dcat.errors import FetchError, RefusedError
from dcat.message import Message

Verdict = Literal["public", "private", "never"]

PORTS = {"http": 80, "https": 443}
_USUAL_PORTS = PORTS | {"sftp": 22}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_BRACKETED = re.compile(r"\[[^\[\]]*\](:[0-9]*)?")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USERINFO = re.compile(r"(//)[^/?#\s]*@")

# Addresses where clouds hand credentials to whoever asks from inside; some lie outside every private range.
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
# Networks that exist inside a house, an office or a provider. Spelled out: ipaddress changed its mind between releases.
_PRIVATE_4 = tuple(
    IPv4Network(text) for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
_PRIVATE_6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_NEVER_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
# Outside 2000::/3 nothing is assigned to the public; inside, these ranges are tunnels, tests and documentation.
_PUBLIC_6 = IPv6Network("2000::/3")
_NEVER_6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A web address taken apart: host in ASCII, path and query percent-encoded, credentials apart from everything shown."""

    scheme: str
    host: str
    port: int
    target: str
    credentials: str = field(default="", repr=False)

    @property
    def authority(self) -> str:
        """Host and, unless it is the usual one, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def authorization(self) -> str:
        """The header that carries the credentials."""
        return "Basic " + b64encode(self.credentials.encode()).decode()

    @property
    def url(self) -> str:
        """The address as it may be shown and stored: without user name and password."""
        return f"{self.scheme}://{self.authority}{self.target}"


def read_address(url: str, schemes: Container[str] = PORTS) -> Address:
    """Take an address apart; refuse what two programs could read in two ways, and every scheme but http, https or those given."""
    text = url.strip(" ")
    if _CONTROL.search(text):
        raise unusable(url, "sie enthält Steuerzeichen", "it contains control characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise unusable(url, "Rechnername oder Port sind ungültig", "host or port is invalid") from None
    scheme = parts.scheme.lower()
    if scheme not in schemes:
        raise RefusedError(
            Message(
                f"Die Adresse {shown(url)} wird nicht abgerufen: nur http und https sind erlaubt; bitte eine solche Adresse eintragen.",
                f"The address {shown(url)} is not fetched: only http and https are allowed; please enter such an address.",
            ),
            code="scheme",
            url=shown(url),
        )
    # Browsers take a backslash before the query for a slash, other programs do not; map servers on Windows need it in the query.
    userinfo, _, authority = parts.netloc.rpartition("@")
    bracketed = "[" in authority and not _BRACKETED.fullmatch(authority)
    if "\\" in parts.netloc + parts.path or not parts.hostname or port == 0 or bracketed:
        raise unusable(url, "Rechnername, Port oder Pfad sind ungültig", "host, port or path is invalid")
    try:
        target = _encode(parts.path or "/", "/:@!$&'()*+,;=~") + (
            "?" + _encode(parts.query, "/:@!$&'()*+,;=~?") if parts.query else ""
        )
        credentials = unquote(userinfo, errors="strict")
        credentials.encode()
        host = read_host(parts.hostname)
    except ValueError:
        raise unusable(url, "Rechnername oder Zeichen sind ungültig", "host name or characters are invalid") from None
    return Address(scheme=scheme, host=host, port=port or _USUAL_PORTS[scheme], target=target, credentials=credentials)


def read_host(text: str) -> str:
    """Give a host name in lower-case ASCII without trailing dot, an IP address in its shortest form; ValueError if it is neither."""
    bare = text.removeprefix("[").removesuffix("]")
    if ":" in bare:
        if "%" in bare:
            raise ValueError("zone")
        return str(IPv6Address(bare))
    # IDNA 2008 keeps ß apart from ss; Python's own codec does not.
    name = bare.lower() if bare.isascii() else idna.encode(bare, uts46=True).decode().lower()
    name = name.removesuffix(".")
    if not _HOST.fullmatch(name):
        raise ValueError("host")
    return name


def follow(base: Address, location: str) -> Address:
    """Read the target of a redirect. Credentials stay with the host they were given for; those in a redirect are ignored."""
    # http.client reads headers as Latin-1, servers send UTF-8.
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode()
    if _CONTROL.search(location):
        raise unusable(location, "die Weiterleitung enthält Steuerzeichen", "the redirect contains control characters")
    try:
        joined = urljoin(base.url, location.strip(" "))
    except ValueError:
        raise unusable(location, "die Weiterleitung ist ungültig", "the redirect is invalid") from None
    there = read_address(joined)
    upgraded = (base.scheme, base.port, there.scheme, there.port) == ("http", 80, "https", 443)
    same = there.host == base.host and (upgraded or (there.scheme, there.port) == (base.scheme, base.port))
    return Address(
        scheme=there.scheme,
        host=there.host,
        port=there.port,
        target=there.target,
        credentials=base.credentials if same else "",
    )


def judge(address: str) -> Verdict:
    """Tell whether an IP address is public, private (only for hosts that are named), or never to be contacted."""
    ip = ip_address(address.partition("%")[0])
    if ip in _METADATA:
        return "never"
    if isinstance(ip, IPv4Address):
        if any(ip in network for network in _PRIVATE_4):
            return "private"
        return "never" if any(ip in network for network in _NEVER_4) else "public"
    inner = _embedded(ip)
    if inner is not None:
        return judge(str(inner))
    if any(ip in network for network in _PRIVATE_6):
        return "private"
    if ip not in _PUBLIC_6 or any(ip in network for network in _NEVER_6):
        return "never"
    return "public"


def shown(url: str) -> str:
    """Give an address, however broken, as it may stand in a message: no credentials, no control characters, not endless."""
    text = _CONTROL.sub("�", url).encode("utf-8", "replace").decode()
    return _USERINFO.sub(r"\1", text)[:300]


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, NAT64 or 6to4 address leads to. Teredo is refused altogether."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.sixtofour


def _encode(text: str, safe: str) -> str:
    """Percent-encode as UTF-8 what may not stand in an address, leaving what is encoded already."""
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe + "%")


def unusable(url: str, de: str, en: str) -> FetchError:
    """The address is not of the form it must have."""
    return FetchError(
        Message(
            f"Die Adresse {shown(url)} ist unbrauchbar: {de}; bitte in der Quelldefinition oder beim Amt berichtigen.",
            f"The address {shown(url)} cannot be used: {en}; please correct it in the source definition or with the department.",
        ),
        code="bad-url",
        url=shown(url),
    )
