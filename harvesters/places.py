"""Where file drops lie that are no web servers: `sftp://host/path`, `s3://bucket/prefix`, `folder:/path`. Pure; read strictly.

All names in such addresses are percent-encoded byte by byte, so that the address of a file leads to that file and no other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from dcat import iri
from dcat.errors import FetchError, RefusedError
from dcat.message import Message
from harvesters.addresses import Address, read_address, shown, unusable

# The types of sources that have a scheme of their own, which has the name of the type.
TYPES = ("folder", "s3", "sftp")
# Names below .invalid lead nowhere (RFC 2606): a folder gives no right to reach any host.
NOWHERE = "folder.invalid"
_BUCKET = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# The link that Nextcloud gives for a share leads to a page for people; its files are at another address.
_SHARE = re.compile(r"(?P<cloud>.*?)(?:/index\.php)?/s/(?P<token>[A-Za-z0-9]{6,64})/?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart: what holds the files (host and port, bucket, nothing for a folder), and the path there, decoded.

    Bytes of a path that are no UTF-8 stand in it as Python's file functions write them (surrogateescape).
    """

    scheme: str
    holder: str
    path: str

    @property
    def is_folder(self) -> bool:
        """Whether the address is that of a folder, which ends in a slash."""
        return self.path.endswith("/")


def scheme(url: str) -> str:
    """Give the scheme of an address in lower case."""
    return url.partition(":")[0].strip(" ").lower()


def read_place(url: str) -> Place:
    """Take an address apart; FetchError where it is not of the form of its scheme, or leads through hidden folders or `..`."""
    kind = scheme(url)
    try:
        parts = urlsplit(url.strip(" "))
    except ValueError:
        raise unusable(url, "Rechnername oder Port sind ungültig", "host or port is invalid") from None
    if kind not in TYPES or "?" in url or "#" in url:
        raise unusable(url, "Zeichen wie ? und # müssen kodiert sein", "signs such as ? and # must be encoded")
    path = unquote(parts.path, errors="surrogateescape") or "/"
    if (
        _CONTROL.search(url)
        or _CONTROL.search(path)
        or not path.startswith("/")
        or any(step[:1] == "." for step in path.split("/"))
    ):
        raise unusable(
            url,
            "der Pfad ist ungültig oder führt in versteckte Ordner",
            "the path is invalid or leads to hidden folders",
        )
    return Place(kind, _holder(kind, url, parts.netloc), path)


def home(kind: str, url: str, options: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Give host and port that a source's requests may go to (Network.home)."""
    address = host(kind, url, options)
    if address is None:
        return NOWHERE
    # The port stands there in any case: the login of an SFTP server is none for the web server on the same host.
    if kind != "sftp":
        return address.authority
    return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"


def host(kind: str, url: str, options: Mapping[str, Any]) -> Address | None:
    """Give the host that a source of some type is at, None for a folder; FetchError where the address does not fit the type."""
    if kind not in TYPES:
        return read_address(url)
    if scheme(url) != kind:
        start = f"{kind}:/" if kind == "folder" else f"{kind}://"
        raise RefusedError(
            Message(
                f"Die Adresse {shown(url)} passt nicht zur Art {kind}: sie muss mit {start} beginnen; bitte berichtigen.",
                f"The address {shown(url)} does not fit the type {kind}: it must begin with {start}; please correct it.",
            ),
            code="scheme",
            url=shown(url),
        )
    if read_place(url).path.strip("/") == "" and kind == "folder":
        raise unusable(url, "das wäre die ganze Maschine", "that would be the whole machine")
    if kind == "folder":
        return None
    return read_address(s3_endpoint(options)) if kind == "s3" else read_address(url, ("sftp",))


def s3_endpoint(options: Mapping[str, Any]) -> str:
    """Give the address of the S3 server: Amazon's unless another one is named."""
    return str(options.get("endpoint") or f"https://s3.{s3_region(options)}.amazonaws.com").rstrip("/")


def s3_region(options: Mapping[str, Any]) -> str:
    """Give the region that signatures name; servers other than Amazon's usually call theirs us-east-1."""
    return str(options.get("region") or ("us-east-1" if options.get("endpoint") else "eu-central-1"))


def folder_of(url: str) -> str:
    """Give a source's address as that of a folder: with a slash at the end, and encoded as the addresses below it are."""
    place = read_place(url)
    path = place.path if place.is_folder else f"{place.path}/"
    return _written(place.scheme, place.holder, path)


def home_folder(kind: str, url: str) -> str:
    """Give the folder of a source of some type, below which its files have their names, wherever it moves to."""
    if kind in TYPES:
        return folder_of(url)
    if kind != "webdav":
        return url.rsplit("/", 1)[0] + "/"
    parts = urlsplit(url)
    share = _SHARE.fullmatch(parts.path)
    path = f"{share['cloud']}/public.php/dav/files/{share['token']}" if share else parts.path.rstrip("/")
    return iri.joined(f"{parts.scheme}://{parts.netloc}/", f"{path}/")


def below(folder: str, name: str) -> str:
    """Give the address of what lies in a folder: a name, or a path of names; a slash at its end makes it a folder."""
    return folder + _quoted(name)


def inside(url: str, root: str) -> Place:
    """Take an address apart that must lie below the source's own folder; RefusedError where it does not."""
    place, top = read_place(url), read_place(root)
    if (place.scheme, place.holder) != (top.scheme, top.holder) or not place.path.startswith(top.path):
        raise refused(url)
    return place


def refused(url: str) -> RefusedError:
    """The address leads out of the source's folder."""
    return RefusedError(
        Message(
            f"Die Adresse {shown(url)} liegt nicht im Ordner der Quelle und wird nicht gelesen; bitte »url« in der Quelle prüfen.",
            f'The address {shown(url)} does not lie in the folder of the source and is not read; please check "url" in the source.',
        ),
        code="not-allowed",
        url=shown(url),
    )


def missing(url: str, number: int = 404) -> FetchError:
    """Nothing is there (404), or we may not read it (403)."""
    if number == 404:
        de, en = "dort liegt nichts; bitte die Adresse berichtigen.", "nothing is there; please correct the address."
    else:
        de, en = "uns fehlt das Leserecht; bitte mit dem Amt klären.", "we may not read it; please ask the department."
    return FetchError(
        Message(f"{shown(url)}: {de}", f"{shown(url)}: {en}"), code="status", url=shown(url), status=number
    )


def _holder(kind: str, url: str, netloc: str) -> str:
    """Give host and port, or the bucket; user names and passwords do not belong there."""
    if kind == "sftp":
        return read_address(url, ("sftp",)).authority
    if kind == "folder" and not netloc and not url.strip(" ")[7:].startswith("//"):
        return ""
    if kind == "s3" and _BUCKET.fullmatch(netloc):
        return netloc
    raise unusable(
        url,
        "erwartet wird folder:/pfad" if kind == "folder" else "der Name des Buckets ist ungültig",
        "folder:/path is expected" if kind == "folder" else "the name of the bucket is invalid",
    )


def _written(kind: str, holder: str, path: str) -> str:
    return f"{kind}:{'' if kind == 'folder' else '//'}{holder}{_quoted(path)}"


def _quoted(path: str) -> str:
    return quote(path, safe="/", errors="surrogateescape")
