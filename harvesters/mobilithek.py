"""The metadata of Mobilithek, the national access point for mobility data: mobilityDCAT-AP in pages, read as DCAT.

What is on offer stays there: links lead to the offer, where terms are agreed, and not to the data.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dcat import iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Dataset, Distribution, Problem, Reading
from harvesters import dcat_rdf
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.source import Source

PAGE_SIZE = 50
_OWN_TERMS = "mobilitydcat-ap"
_EMPTY = re.compile(rb'"@graph"\s*:\s*\[\s*\]|^\s*(\[\s*\]|\{\s*\})\s*$')


def pages(source: Source) -> tuple[str, ...]:
    """Begin at page 0 unless the address names another."""
    return (_numbered(source.url, _number(source.url) or 0),)


def split(page: Page, source: Source) -> Batch:
    """Cut a page into its offers, and keep those the definition asks for; then the claimed total says nothing of them."""
    number = _number(page.url) or 0
    try:
        batch = dcat_rdf.DCAT.split(page, source)
    except UnreadableError:
        if number == 0 or not _EMPTY.search(page.body[:100_000]):
            raise
        # Beyond the last page there is a graph without anything.
        return Batch(items=iter(()))
    items = list(batch.items)
    problems, whole = list(batch.problems), batch.whole
    if not items and batch.total is not None and number * PAGE_SIZE < batch.total:
        problems.append(_cut_short(page, number, batch.total))
        whole = False
    following = batch.following or _next(page.url, number, len(items), batch.total)
    wanted = _wanted(items, source) if _is_choosy(source) else iter(items)
    return Batch(
        items=wanted,
        following=following if items else (),
        total=None if _is_choosy(source) else batch.total,
        problems=tuple(problems),
        whole=whole,
    )


def read(item: Item, source: Source) -> Reading:
    """Read one offer; terms of mobilityDCAT-AP that DCAT-AP.de does not have are left out without a word."""
    reading = dcat_rdf.DCAT.map(item, source)
    dataset = reading.dataset
    offer = next(filter(iri.is_web, (*dataset.landing_page, dataset.uri)), "")
    return Reading(
        dataset=replace(dataset, distribution=tuple(_offered(one, offer) for one in dataset.distribution)),
        problems=tuple(problem for problem in reading.problems if _OWN_TERMS not in problem.path),
    )


MOBILITHEK = Harvester(
    type="mobilithek",
    accept="application/ld+json",
    pages=pages,
    split=split,
    map=read,
    options=("filter", "publisher"),
)


def _offered(distribution: Distribution, offer: str) -> Distribution:
    """Lead to the offer: its own page where it has one, else the address that is not the file itself."""
    access = tuple(url for url in distribution.access_url if url not in distribution.download_url)
    return replace(distribution, access_url=(offer,) if offer else access, download_url=())


def _is_choosy(source: Source) -> bool:
    return bool(source.option("filter") or source.option("publisher"))


def _wanted(items: list[Item], source: Source) -> Iterator[Item]:
    """Keep the offers of the publishers and with the words that the definition names; each list of them is an either-or."""
    publishers, words = _words(source.option("publisher")), _words(source.option("filter"))
    for item in items:
        try:
            dataset = dcat_rdf.DCAT.map(item, source).dataset
        except UnreadableError:
            # Nobody can tell whose it is; what is not readable is named, whoever it belongs to.
            yield item
            continue
        if _any(publishers, _publisher(dataset)) and _any(words, _said(dataset)):
            yield item


def _words(option: str) -> tuple[str, ...]:
    return tuple(word for part in option.split(";") if (word := part.strip().casefold()))


def _any(words: tuple[str, ...], text: str) -> bool:
    return not words or any(word in text for word in words)


def _publisher(dataset: Dataset) -> str:
    agents = [dataset.publisher] if dataset.publisher else []
    return "\n".join(text.value for agent in agents for text in agent.name).casefold()


def _said(dataset: Dataset) -> str:
    texts = (*dataset.title, *dataset.description, *dataset.keyword)
    return "\n".join([*(text.value for text in texts), _publisher(dataset)]).casefold()


def _number(url: str) -> int | None:
    found = dict(parse_qsl(urlsplit(url).query)).get("page", "")
    return int(found) if re.fullmatch(r"[0-9]{1,6}", found, re.ASCII) else None


def _numbered(url: str, number: int) -> str:
    parts = urlsplit(url)
    asked = {"page": str(number), "size": str(PAGE_SIZE)} | dict(parse_qsl(parts.query)) | {"page": str(number)}
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(asked), ""))


def _next(url: str, number: int, came: int, total: int | None) -> tuple[str, ...]:
    """Name the next page. How many came says where it ends only on the first: a server may give fewer than asked for."""
    if not came or (total is not None and number == 0 and came >= total):
        return ()
    return (_numbered(url, number + 1),)


def _cut_short(page: Page, number: int, total: int) -> Problem:
    message = Message(
        f"{page.url} ist leer, obwohl die Mobilithek {total} Angebote nennt; gelesen sind {number} Seiten.",
        f"{page.url} is empty, though Mobilithek claims {total} offers; {number} pages have been read.",
    )
    return Problem(path="hydra:totalItems", code="incomplete", value=str(total), message=message)
