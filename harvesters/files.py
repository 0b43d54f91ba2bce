"""File drops: a folder listing or a list of addresses. A data package names what it publishes; without one, the source's YAML does."""

import fnmatch
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from dcat import iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Dataset, Distribution, Problem, Reading, Text
from dcat.vocabularies import concepts
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.data_package import NAME, read_package
from harvesters.decode import decode
from harvesters.dropped_file import distribution, file_name, readable
from harvesters.source import FileDataset, Source

MAX_ENTRIES = 10_000
MAX_DEPTH = 4


def split(page: Page, source: Source) -> Batch:
    """Cut a folder listing, a list of addresses, or a data package into datasets."""
    if file_name(page.url) == NAME:
        return Batch(items=iter([Item(remote_id=remote_id_of(page.url, source), content=page)]))
    text = decode(page.body, page.charset).text
    if page.media_type == "text/html" or text.lstrip()[:1] == "<":
        return _listing(_links(text, page.url), page.url, source)
    return _list(text, page.url, source)


def read(item: Item, source: Source) -> Reading:
    """Describe one dataset: by its data package, or by the names of its files and the source's definition."""
    if isinstance(item.content, Page):
        return read_package(item.content, item.remote_id, source.id)
    return Reading(dataset=_dataset(item.remote_id, item.content, source))


FILES = Harvester(
    type="files",
    accept="text/html, text/plain;q=0.9, application/json;q=0.8",
    publishes_files=True,
    split=split,
    map=read,
)


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
    folder = _folder(url)
    found = (iri.joined(url, href).split("?")[0].split("#")[0] for href in anchors.found)
    return [link for link in dict.fromkeys(found) if _is_below(link, folder)]


def _list(text: str, url: str, source: Source) -> Batch:
    """Read one address a line; lines that begin with # are remarks."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    addresses = {line: iri.joined(url, line) for line in lines}
    unusable = {line: "" for line, address in addresses.items() if not _names_file(address)}
    if lines and len(unusable) == len(addresses):
        raise _no_list(url)
    usable = dict.fromkeys(address for line, address in addresses.items() if line not in unusable)
    batch = _listing(list(usable), url, source, listed=True)
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


def _listing(links: list[str], url: str, source: Source, *, listed: bool = False) -> Batch:
    problems = []
    whole = len(links) <= MAX_ENTRIES
    if not whole:
        message = Message(
            f"{url} nennt {len(links)} Einträge; gelesen werden {MAX_ENTRIES}.",
            f"{url} names {len(links)} entries; {MAX_ENTRIES} are read.",
        )
        problems.append(Problem(path=url, code="too-many", value=str(len(links)), message=message))
        links = links[:MAX_ENTRIES]
    package = [link for link in links if file_name(link) == NAME]
    if package and not listed:
        # The data package names what is published of its folder.
        return Batch(items=iter(()), following=tuple(package[:1]), problems=tuple(problems))
    links = [link for link in links if not file_name(link).startswith(".")]
    folders = [link for link in links if link.endswith("/")] if not listed else []
    deep = _folder(url).removeprefix(_root(url, source)).count("/") >= MAX_DEPTH
    files = [link for link in links if not link.endswith("/")]
    return Batch(
        items=_items(files, url, source),
        following=() if deep else (*package, *folders),
        problems=tuple(problems),
        whole=whole,
    )


def _items(files: list[str], url: str, source: Source) -> Iterator[Item]:
    """Group files by their stem: the same stem with other endings is the same dataset in other forms."""
    in_root = _folder(url) == _root(url, source)
    groups: dict[str, list[str]] = {}
    for link in sorted(files):
        if file_name(link) == NAME:
            continue
        stem = file_name(link).rsplit(".", 1)[0]
        groups.setdefault(stem if in_root else remote_id_of(url, source), []).append(link)
    for remote_id, links in groups.items():
        yield Item(remote_id=remote_id, content=links)


def remote_id_of(url: str, source: Source) -> str:
    """Name the dataset of a folder: its path below the source's own folder, whose name is its whole path."""
    root = _root(url, source)
    return _folder(url).removeprefix(root).strip("/") or root.partition("/")[2].strip("/") or "/"


def _root(url: str, source: Source) -> str:
    """Give the folder of a source; a server may lead from /daten to /daten/."""
    below = _path(source.url) + "/"
    return below if _folder(url).startswith(below) else _folder(source.url)


def _folder(url: str) -> str:
    return _path(url).rpartition("/")[0] + "/"


def _is_below(url: str, folder: str) -> bool:
    """A folder's page names what lies in it; dots a server would decode lead out of it again."""
    steps = re.split(r"[/\\]", _path(url))
    return _folder(url).startswith(folder) and _path(url) != folder and ".." not in steps


def _path(url: str) -> str:
    """Give host and path of an address, decoded: what stays the same in all its spellings and after a change to https."""
    parts = urlsplit(url)
    return unicodedata.normalize("NFC", unquote(parts.netloc + parts.path))


def _dataset(remote_id: str, links: list[str], source: Source) -> Dataset:
    about = _about(remote_id, links, source)
    title = about.title if about and about.title else (Text(readable(remote_id), "de"),)
    distributions = tuple(_distribution(link, about) for link in links)
    if about is None:
        return Dataset(title=title, identifier=(f"{source.id}/{remote_id}",), distribution=distributions)
    return Dataset(
        identifier=(f"{source.id}/{remote_id}",),
        title=title,
        description=about.description,
        keyword=about.keywords,
        theme=concepts("theme", about.theme),
        frequency="".join(concepts("frequency", (about.frequency,))),
        hvd_category=concepts("hvd-category", about.hvd_category),
        temporal=(about.temporal,) if about.temporal else (),
        contact_point=(about.contact,) if about.contact else (),
        distribution=distributions,
    )


def _about(remote_id: str, links: list[str], source: Source) -> FileDataset | None:
    names = [remote_id, *(file_name(link) for link in links)]
    return next((d for d in source.datasets if any(fnmatch.fnmatchcase(name, d.pattern) for name in names)), None)


def _distribution(link: str, about: FileDataset | None) -> Distribution:
    licenses = concepts("license", (about.license,)) if about and about.license else ()
    return distribution(link, license_uri="".join(licenses))
