"""File drops on web servers: a folder listing or a list of addresses."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from dcat import iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Problem
from harvesters import file_drop
from harvesters.base import Batch, Harvester, Page
from harvesters.decode import decode
from harvesters.dropped_file import file_name
from harvesters.file_drop import Drop
from harvesters.source import Source


def split(page: Page, source: Source) -> Batch:
    """Cut a folder listing, a list of addresses, or a data package into datasets."""
    drop = Drop(source.url)
    if file_drop.is_package(page):
        return Batch(items=iter([file_drop.package_item(page, drop)]))
    text = decode(page.body, page.charset).text
    if page.media_type == "text/html" or text.lstrip()[:1] == "<":
        batch = file_drop.cut(_links(text, page.url), page.url, source, drop)
        return _cut_off(batch, page.url) if _HTML.search(text[:1000]) and not _END.search(text) else batch
    return _list(text, page.url, source, drop)


FILES = Harvester(
    type="files",
    accept="text/html, text/plain;q=0.9, application/json;q=0.8",
    publishes_files=True,
    split=split,
    map=file_drop.read,
)


_HTML = re.compile("<html", re.IGNORECASE)
_END = re.compile("</html", re.IGNORECASE)


def _cut_off(batch: Batch, url: str) -> Batch:
    """A page that does not reach its end may have named more."""
    message = Message(
        f"Die Ordnerliste {url} bricht vor ihrem Ende ab; was darin fehlt, gilt nicht als weg.",
        f"The folder listing {url} breaks off before its end; what it lacks does not count as gone.",
    )
    problem = Problem(path=url, code="cut-off", value="", message=message)
    return replace(batch, problems=(*batch.problems, problem), whole=False)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.login = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.extend(value for key, value in attrs if key == "href" and value)
        self.login = self.login or (tag == "input" and ("type", "password") in attrs)


def _links(text: str, url: str) -> list[str]:
    """List what a folder's page links to below itself; parent folders, sorting links and foreign hosts are left out."""
    anchors = _Anchors()
    try:
        anchors.feed(text)
    except AssertionError:
        # html.parser's answer to marked sections it does not know.
        raise _no_list(url) from None
    if anchors.login:
        raise UnreadableError(
            Message(
                f"{url} antwortet mit einer Anmeldeseite. Nächster Schritt: Adresse und Anmeldung prüfen.",
                f"{url} answers with a login page. Next step: check the address and the login.",
            )
        )
    if not anchors.found and "<html" not in text[:1000].lower() and "<!doctype" not in text[:200].lower():
        raise _no_list(url)
    folder = file_drop.folder(url)
    found = (iri.joined(url, href).split("?")[0].split("#")[0] for href in anchors.found)
    return [link for link in dict.fromkeys(found) if file_drop.is_below(link, folder)]


def _list(text: str, url: str, source: Source, drop: Drop) -> Batch:
    """Read one address a line; lines that begin with # are remarks."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    addresses = {line: iri.joined(url, line) for line in lines}
    unusable = {line: "" for line, address in addresses.items() if not _names_file(address)}
    if lines and len(unusable) == len(addresses):
        raise _no_list(url)
    usable = dict.fromkeys(address for line, address in addresses.items() if line not in unusable)
    batch = file_drop.cut(list(usable), url, source, drop, listed=True)
    if not unusable:
        return batch
    first = next(iter(unusable))[:200]
    message = Message(
        f"{url}: {len(unusable)} Zeilen nennen keine Datei, die erste: „{first}“.",
        f"{url}: {len(unusable)} lines name no file, the first: “{first}”.",
    )
    problem = Problem(path=url, code="no-address", value="; ".join(unusable)[:500], message=message)
    return replace(batch, problems=(*batch.problems, problem))


def _names_file(address: str) -> bool:
    return iri.is_web(address) and not address.endswith("/") and file_name(address)[:1] not in ("", ".")


def _no_list(url: str) -> UnreadableError:
    return UnreadableError(
        Message(f"{url} ist weder Ordnerliste noch Adressliste.", f"{url} is neither a folder listing nor a list.")
    )
