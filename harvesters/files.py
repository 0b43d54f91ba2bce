"""File drops: a folder listing or a list of addresses. A data package names what it publishes; without one, the source's YAML does."""

import fnmatch
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Dataset, Distribution, Problem, Reading, Text
from harvesters.base import Batch, Harvester, Page, Record
from harvesters.data_package import NAME, package_record
from harvesters.decode import decode
from harvesters.dropped_file import concepts, distribution, escaped, file_name, readable
from harvesters.source import FileDataset, Source

MAX_ENTRIES = 10_000
MAX_DEPTH = 4


def read(page: Page, source: Source) -> Batch:
    """Read a folder listing, a list of addresses, or a data package."""
    if file_name(page.url) == NAME:
        return Batch(records=iter([package_record(page, remote_id_of(page.url, source), source.id)]))
    text = decode(page.body, page.charset).text
    if page.media_type == "text/html" or text.lstrip()[:1] == "<":
        return _listing(_links(text, page.url), page.url, source)
    addresses = [
        line.split("#")[0].strip() if line.lstrip().startswith("#") else line.strip() for line in text.splitlines()
    ]
    return _listing([urljoin(page.url, escaped(a)) for a in addresses if a], page.url, source, listed=True)


FILES = Harvester(
    type="files", accept="text/html, text/plain;q=0.9, application/json;q=0.8", publishes_files=True, read=read
)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.extend(value for key, value in attrs if key == "href" and value)


def _links(text: str, url: str) -> list[str]:
    """List what a folder's page links to below itself; parent folders, sorting links and foreign hosts are left out."""
    anchors = _Anchors()
    anchors.feed(text)
    if not anchors.found and "<html" not in text[:1000].lower() and "<!doctype" not in text[:200].lower():
        raise UnreadableError(
            Message(f"{url} ist weder Ordnerliste noch Adressliste.", f"{url} is neither a folder listing nor a list.")
        )
    folder = url.split("?")[0].split("#")[0].rsplit("/", 1)[0] + "/"
    found = (urljoin(url, escaped(href)).split("?")[0].split("#")[0] for href in anchors.found)
    return [link for link in dict.fromkeys(found) if link.startswith(folder) and link != folder]


def _listing(links: list[str], url: str, source: Source, *, listed: bool = False) -> Batch:
    problems = []
    if len(links) > MAX_ENTRIES:
        message = Message(
            f"{url} nennt {len(links)} Einträge; gelesen werden {MAX_ENTRIES}.",
            f"{url} names {len(links)} entries; {MAX_ENTRIES} are read.",
        )
        problems.append(Problem(path=url, code="too-many", value=str(len(links)), message=message))
        links = links[:MAX_ENTRIES]
    package = [link for link in links if file_name(link) == NAME]
    if package and not listed:
        # The data package names what is published of its folder.
        return Batch(records=iter(()), following=tuple(package[:1]), problems=tuple(problems))
    folders = [link for link in links if link.endswith("/")] if not listed else []
    deep = remote_id_of(url, source).count("/") >= MAX_DEPTH
    files = [link for link in links if not link.endswith("/") and not file_name(link).startswith(".")]
    return Batch(
        records=_records(files, url, source),
        following=() if deep else (*package, *folders),
        problems=tuple(problems),
    )


def _records(files: list[str], url: str, source: Source) -> Iterator[Record]:
    """Group files by their stem: the same stem with other endings is the same dataset in other forms."""
    root = _folder(source.url)
    in_root = _folder(url) == root
    groups: dict[str, list[str]] = {}
    for link in sorted(files):
        if file_name(link) == NAME:
            continue
        stem = file_name(link).rsplit(".", 1)[0]
        groups.setdefault(stem if in_root else remote_id_of(url, source), []).append(link)
    for remote_id, links in groups.items():
        yield Record(remote_id=remote_id, reading=Reading(dataset=_dataset(remote_id, links, source)))


def remote_id_of(url: str, source: Source) -> str:
    folder, root = _folder(url), _folder(source.url)
    return unquote(folder.removeprefix(root)).strip("/") or unquote(urlsplit(root).path).strip("/") or "/"


def _folder(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[0] + "/"


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
