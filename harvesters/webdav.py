"""File drops on WebDAV servers and in Nextcloud shares: PROPFIND with Depth 1 (RFC 4918, 9.1), cut like every drop."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from dcat import iri
from dcat.errors import UnreadableError
from dcat.message import Message
from harvesters import file_drop, places, xml
from harvesters.base import Batch, Harvester, Page
from harvesters.data_package import NAME
from harvesters.dropped_file import file_name
from harvesters.file_drop import Drop
from harvesters.source import Source


def pages(source: Source) -> tuple[str, ...]:
    """Begin with the listing of the source's folder, or of the share it names."""
    return (places.home_folder("webdav", source.url),)


def split(page: Page, source: Source) -> Batch:
    """Cut the listing of a folder, or a data package, into datasets."""
    drop = Drop(places.home_folder("webdav", source.url), source.id)
    if _is_package(page.url):
        return Batch(items=iter([file_drop.package_item(page, drop)]))
    return file_drop.cut(_links(page), page.url, source, drop)


def _is_package(url: str) -> bool:
    return file_name(url) == NAME


WEBDAV = Harvester(
    type="webdav",
    accept="application/xml, text/xml;q=0.9",
    method="PROPFIND",
    # Nextcloud wants the second one where a share has a password.
    headers=(("Depth", "1"), ("X-Requested-With", "XMLHttpRequest")),
    plain=_is_package,
    publishes_files=True,
    pages=pages,
    split=split,
    map=file_drop.read,
)


def _links(page: Page) -> list[str]:
    """List the files and folders directly below the folder that was asked for."""
    root = xml.parse(page.body, page.charset, url=page.url).root
    if xml.local(root) != "multistatus" or not len(root):
        raise UnreadableError(
            Message(
                f"{page.url} ist kein Ordner eines WebDAV-Servers. Nächster Schritt: Adresse und Anmeldung prüfen.",
                f"{page.url} is no folder of a WebDAV server. Next step: check the address and the login.",
            )
        )
    folder = file_drop.folder(page.url)
    links = (_link(response, page.url) for response in root if xml.local(response) == "response")
    found = (link for link in dict.fromkeys(links) if link and file_drop.is_below(link, folder))
    return [link for link in found if "/" not in file_drop.path(link).removeprefix(folder).rstrip("/")]


def _link(response: Any, url: str) -> str:
    """Give the address of an entry; empty for what the server could not tell. Servers behind a proxy do not know their own host."""
    href = xml.text(next(_named(response, "href"), None))
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    if not href or any("404" in xml.text(status).split()[1:2] for status in _named(response, "status")):
        return ""
    link = iri.joined(url, parts.path)
    is_folder = any(
        xml.local(kind) == "collection"
        for prop in response.iter()
        if xml.local(prop) == "resourcetype"
        for kind in prop
    )
    return f"{link.rstrip('/')}/" if link and is_folder else link


def _named(element: Any, name: str) -> Iterator[Any]:
    return (child for child in element if xml.local(child) == name)
