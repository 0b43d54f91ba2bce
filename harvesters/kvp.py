"""Addresses of OGC services: parameters in the query whose names know no case (key-value pairs, OGC 06-121r9, 11.5)."""

from collections.abc import Mapping
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from dcat import iri

# What a client asks a service for; without it the address is that of the service itself.
OF_REQUESTS = ("service", "version", "acceptversions", "request")


def asked(url: str, always: Mapping[str, str], missing: Mapping[str, str] | None = None) -> str:
    """Give the address that asks for some parameters; `missing` are added only where the address does not name them.

    Everything else in the query stays as it is written, such as the path of a map file; empty for what is no address.
    """
    own = {name.lower() for name in always}
    pairs = [pair for pair in _pairs(url) if _name(pair) not in own]
    named = {_name(pair) for pair in pairs}
    added = {**always, **{name: value for name, value in (missing or {}).items() if name.lower() not in named}}
    pairs += [f"{name}={quote(value, safe='/:,')}" for name, value in added.items()]
    return _with(url, pairs)


def without(url: str, names: tuple[str, ...] = OF_REQUESTS) -> str:
    """Give an address without some parameters, which is the one service behind many requests; empty for what is none."""
    return _with(url, [pair for pair in _pairs(url) if _name(pair) not in names])


def parameter(url: str, name: str) -> str:
    """Give the value of a parameter of an address, decoded; empty where it has none."""
    for pair in _pairs(url):
        if _name(pair) == name.lower():
            return unquote_plus(pair.partition("=")[2])
    return ""


def _pairs(url: str) -> list[str]:
    try:
        return [pair for pair in urlsplit(url.strip()).query.split("&") if pair]
    except ValueError:
        return []


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0]).lower()


def _with(url: str, pairs: list[str]) -> str:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return iri.cleaned(urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(pairs), "")))
