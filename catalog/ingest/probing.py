"""A look at a source before it is harvested: its first page, and what can be read from it. Nothing is stored."""

from dataclasses import dataclass
from itertools import islice

from dcat.errors import FetchError, UnreadableError
from dcat.message import Message
from dcat.texts import best
from harvesters.base import Page, record
from harvesters.fetch import Fetcher
from harvesters.registry import HARVESTERS
from harvesters.source import Source

MOST = 1000
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the first page of a source holds; `failure` says why there is none."""

    source: str
    url: str
    records: int = 0
    unreadable: int = 0
    following: int = 0
    total: int | None = None
    titles: tuple[str, ...] = ()
    problems: tuple[Message, ...] = ()
    failure: Message | None = None


def probe(source: Source, fetcher: Fetcher) -> Probe:
    """Fetch and read the first page of a source."""
    harvester = HARVESTERS[source.type]
    url = harvester.pages(source)[0]
    try:
        response = fetcher.get(url, accept=harvester.accept, method=harvester.method, headers=dict(harvester.headers))
        page = Page(url=response.url, body=response.body, media_type=response.media_type, charset=response.charset)
        batch = harvester.split(page, source)
        read = [record(harvester, item, source) for item in islice(batch.items, MOST)]
    except (FetchError, UnreadableError) as error:
        return Probe(source=source.id, url=url, failure=error.message)
    failures = [one.failure for one in read if one.failure is not None]
    return Probe(
        source=source.id,
        url=url,
        records=len(read),
        unreadable=len(failures),
        following=len(batch.following),
        total=batch.total,
        titles=tuple(best(one.reading.dataset.title) for one in read if one.reading is not None)[:_SHOWN],
        problems=(*(problem.message for problem in batch.problems), *failures)[:_SHOWN],
    )
