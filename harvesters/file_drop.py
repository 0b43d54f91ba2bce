"""What all file drops share: the links of a folder become datasets. A data package names what it publishes; else the source's YAML does."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from dcat.message import Message
from dcat.model import Dataset, Distribution, Period, Problem, Reading, Text
from dcat.vocabularies import concepts
from harvesters import series
from harvesters.base import Batch, Item, Page
from harvesters.data_package import NAME, read_package
from harvesters.dropped_file import distribution, file_name, readable
from harvesters.series import Span
from harvesters.source import FileDataset, Source

MAX_ENTRIES = 10_000
MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Drop:
    """The folder of a source: its address, and what a data package in it is called, which tells nothing of where it lies."""

    home: str
    name: str = ""

    def root(self, url: str) -> str:
        """Give the path of the folder, seen from a page of it; a server may lead from /daten to /daten/."""
        below = path(self.home) + "/"
        return below if folder(url).startswith(below) else folder(self.home)

    def remote_id(self, url: str) -> str:
        """Name the dataset of a folder: its path below the source's own folder; that one's name, or its whole path."""
        root = self.root(url)
        return folder(url).removeprefix(root).strip("/") or self.name or root.partition("/")[2].strip("/") or "/"


def cut(links: list[str], url: str, source: Source, drop: Drop, *, listed: bool = False) -> Batch:
    """Cut the links of a folder, or of a list of addresses, into datasets; folders and data packages are read next."""
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
    deep = folder(url).removeprefix(drop.root(url)).count("/") >= MAX_DEPTH
    files = [link for link in links if not link.endswith("/")]
    return Batch(
        items=_items(files, url, source, drop),
        following=() if deep else (*package, *folders),
        problems=tuple(problems),
        whole=whole,
    )


def package_item(page: Page, drop: Drop) -> Item:
    """Give the dataset that a data package describes."""
    stamp = f"{page.url}\n{page.charset}\n".encode() + page.body[:]
    return Item(remote_id=drop.remote_id(page.url), content=page, stamp=stamp)


def is_package(page: Page) -> bool:
    """Tell whether a page is a data package."""
    return file_name(page.url) == NAME


def read(item: Item, source: Source) -> Reading:
    """Describe one dataset: by its data package, or by the names of its files and the source's definition."""
    if isinstance(item.content, Page):
        return read_package(item.content, item.remote_id, source.id)
    return Reading(dataset=_dataset(item.remote_id, item.content, source))


def folder(url: str) -> str:
    """Give host and path of the folder that an address lies in."""
    return path(url).rpartition("/")[0] + "/"


def is_below(url: str, of: str) -> bool:
    """Tell whether an address lies in a folder; dots a server would decode lead out of it again."""
    steps = re.split(r"[/\\]", path(url))
    return folder(url).startswith(of) and path(url) != of and ".." not in steps


def path(url: str) -> str:
    """Give host and path of an address, decoded: what stays the same in all its spellings and after a change to https."""
    parts = urlsplit(url)
    return unicodedata.normalize("NFC", unquote(parts.netloc + parts.path))


def _items(files: list[str], url: str, source: Source, drop: Drop) -> Iterator[Item]:
    """Group files by their stem, or the series they belong to: the same stem with other endings is the same dataset in other forms."""
    in_root = folder(url) == drop.root(url)
    groups: dict[str, list[str]] = {}
    for link in sorted(files):
        name = file_name(link)
        if name == NAME:
            continue
        groups.setdefault(_group(name, source) if in_root else drop.remote_id(url), []).append(link)
    for remote_id, links in groups.items():
        yield Item(remote_id=remote_id, content=links, stamp="\n".join(links).encode())


def _group(name: str, source: Source) -> str:
    stem = name.rsplit(".", 1)[0]
    about = _first(source, (stem, name))
    return series.identity(about.pattern) if about and series.is_series(about.pattern) else stem


def _first(source: Source, names: Iterable[str]) -> FileDataset | None:
    """Find the first entry of the definition whose pattern one of these names fits."""
    names = tuple(names)
    return next((d for d in source.datasets if any(series.matches(d.pattern, name) for name in names)), None)


def _dataset(remote_id: str, links: list[str], source: Source) -> Dataset:
    about = _first(source, (remote_id, *map(file_name, links)))
    identifier = (f"{source.id}/{remote_id}",)
    if about is None:
        title = (Text(readable(remote_id), "de"),)
        return Dataset(title=title, identifier=identifier, distribution=tuple(map(distribution, links)))
    in_series = series.is_series(about.pattern)
    spans = {link: span for link in links if in_series and (span := series.read(about.pattern, file_name(link)))}
    name = series.label(about.pattern) if in_series and remote_id == series.identity(about.pattern) else ""
    return Dataset(
        identifier=identifier,
        title=about.title or (Text(name or readable(remote_id), "de"),),
        description=about.description,
        keyword=about.keywords,
        theme=concepts("theme", about.theme),
        frequency="".join(concepts("frequency", (about.frequency,))),
        hvd_category=concepts("hvd-category", about.hvd_category),
        temporal=_temporal(about, spans),
        contact_point=(about.contact,) if about.contact else (),
        distribution=_distributions(links, about, spans),
    )


def _temporal(about: FileDataset, spans: dict[str, Span]) -> tuple[Period, ...]:
    """Give the time a dataset covers: as stated, else from the first to the last file of its series."""
    if about.temporal:
        return (about.temporal,)
    if not spans:
        return ()
    start, end = min(span.first for span in spans.values()), max(span.last for span in spans.values())
    return (Period(start=start.isoformat(), end=end.isoformat()),)


def _distributions(links: list[str], about: FileDataset, spans: dict[str, Span]) -> tuple[Distribution, ...]:
    """Describe the files; those of a series by their time, the newest first, and those that are of no time last."""
    license_uri = "".join(concepts("license", (about.license,))) if about.license else ""
    dated = sorted(spans, key=spans.__getitem__, reverse=True)
    counted: dict[Span, int] = {}
    for span in spans.values():
        counted[span] = counted.get(span, 0) + 1

    def title(link: str) -> tuple[Text, ...]:
        span = spans[link]
        # Several files of one time, such as one in each of two formats, are told apart by their names.
        further = f" ({file_name(link)})" if counted[span] > 1 else ""
        return tuple(Text(text.value + further, text.lang) for text in span.title)

    return (
        *(distribution(link, title=title(link), license_uri=license_uri) for link in dated),
        *(distribution(link, license_uri=license_uri) for link in links if link not in spans),
    )
