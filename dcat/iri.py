"""Addresses and names as IRIs: what is valid, what can be repaired with one meaning, what cannot."""

import functools
import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

import pyoxigraph as ox

_VALID = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`\x7f]+")
_SAFE = "/:?@!$&'()*+,;=%~-._"
_LONE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_WEB = ("http", "https", "ftp")
MAX_LENGTH = 2048
# An address of the usual form, valid as it stands: it needs no closer look.
_SIGNS = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_QUERY = _SIGNS.replace("@/", "@/?")
_USUAL = re.compile(
    rf"https?://(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(?::\d{{1,5}})?(?:/{_SIGNS})?(?:\?{_QUERY})?(?:#{_SIGNS})?", re.ASCII
)


def is_iri(value: str) -> bool:
    """Tell whether a value can stand as an absolute IRI in every RDF format (RFC 3987)."""
    if _is_usual(value):
        return True
    if len(value) > MAX_LENGTH or _VALID.fullmatch(value) is None:
        return False
    try:
        ox.NamedNode(value)
    except ValueError:
        return False
    return True


def is_web(value: str) -> bool:
    """Tell whether a value is an absolute http or https address with a host."""
    if _is_usual(value):
        return True
    return is_iri(value) and value[:8].lower().startswith(("http://", "https://")) and bool(_host(value))


def is_below(value: str, site_url: str) -> bool:
    """Tell whether a web address belongs to a site, in whatever spelling: scheme, case, standard port, user and dot do not count."""
    place, path = _place(site_url)
    if place[0] not in value.lower():
        return False
    try:
        other, other_path = _place(value)
    except ValueError:
        return False
    return other == place and f"{other_path}/".startswith(f"{path}/")


@functools.lru_cache(maxsize=10_000)
def _place(value: str) -> tuple[tuple[str, int], str]:
    parts = urlsplit(value)
    port = 80 if parts.port in (None, 80, 443) else parts.port
    return ((parts.hostname or "").rstrip("."), port), unquote(parts.path).rstrip("/")


def cleaned(value: str) -> str:
    """Repair what has one meaning (blanks, braces, umlaut hosts); empty when it is no absolute IRI even then."""
    if _is_usual(value):
        return value
    value = value.strip()
    if not value.isascii() or not is_iri(value):
        value = _encoded(value)
    hostless = value[:6].lower().startswith(("http:", "https:")) and not is_web(value)
    return value if is_iri(value) and not hostless else ""


def web(value: str) -> str:
    """Repair a web address as `cleaned` does; empty when it is none even then."""
    found = cleaned(value)
    return found if is_web(found) else ""


def joined(page: str, address: str) -> str:
    """Resolve an address found on a page, whole or relative, with umlauts and blanks as URLs need them; empty when it leads nowhere."""
    try:
        return cleaned(urljoin(page, address.strip()))
    except ValueError:
        return ""


def _is_usual(value: str) -> bool:
    return len(value) <= MAX_LENGTH and _USUAL.fullmatch(value) is not None


def _encoded(value: str) -> str:
    try:
        parts = urlsplit(value)
        if parts.scheme not in _WEB:
            # Elsewhere a blank makes a sentence with a colon, or a Windows path, not an address.
            return value
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode("ascii")
        rest = (_LONE_PERCENT.sub("%25", part) for part in (parts.path, parts.query, parts.fragment))
        path, query, fragment = (quote(part, safe=_SAFE) for part in rest)
    except (ValueError, UnicodeError):
        return ""
    return urlunsplit((parts.scheme, host, path, query, fragment))


def _host(value: str) -> str:
    try:
        return urlsplit(value).hostname or ""
    except ValueError:
        return ""
