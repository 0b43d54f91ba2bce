"""What every protocol offers: where to begin, how to cut a fetched page into records, how to read one. Pure on bytes; nothing here opens a socket."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Problem, Reading
from harvesters import bodies
from harvesters.bodies import Body
from harvesters.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One fetched answer: the address asked for (after redirects), its bytes and what the server said of them.

    A large body lies in a file (harvesters/bodies.py): what needs all of it as bytes takes `body[:]`.
    """

    url: str
    body: Body
    media_type: str = ""
    charset: str = ""

    def close(self) -> None:
        """Let go of the bytes."""
        bodies.close(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One dataset's part of a page, cut out but not yet understood. `remote_id` is stable within the source.

    Without an id it begins with `?` and says what it is called; such a record goes to quarantine. `stamp` is what the record's
    reading depends on, as bytes that stay the same while the record does; empty where that cannot be told cheaply.

    Sources that tell the history of their records name a `version`, which sorts by age: of all items of one id in a run the
    greatest counts, wherever it stands. `gone` says that the record was withdrawn with this version.
    """

    remote_id: str
    content: Any
    stamp: bytes = b""
    version: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one page holds: its records, the addresses to read next, and the total the source claims, if it claims one.

    `whole` is false when a limit or a fault cut the page short: what is not there is then no proof that it is gone. `left_out`
    counts what the total counts and what are no records for us, such as drafts.
    """

    items: Iterator[Item]
    following: tuple[str, ...] = ()
    total: int | None = None
    problems: tuple[Problem, ...] = ()
    whole: bool = True
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One measured value of a live source: which series (station and quantity), when (ISO 8601 with zone), how much of what."""

    series: str
    at: str
    value: float
    unit: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvester:
    """A protocol: the name used as `type` in source definitions, and three functions on bytes.

    `pages` names the addresses to begin with. `split` cuts a page into items and finds the addresses that follow; it raises
    UnreadableError when the page is not what the protocol expects. `map` reads one item, and raises UnreadableError when that one
    cannot be read. `accept`, `method` and `headers` make the request; what is at `plain` addresses comes by GET. `options` are the keys a definition may use under `options`.
    `publishes_files` is true where the files become public only through us. `crossing` tells that pages may lead to pages read
    before, as in a tree with links back; elsewhere that is a circle. `live` reads current values from the answer of a
    distribution's address, where `is_live` says that it has some.
    """

    type: str
    accept: str
    split: Callable[[Page, Source], Batch]
    map: Callable[[Item, Source], Reading]
    pages: Callable[[Source], tuple[str, ...]] = lambda source: (source.url,)
    options: tuple[str, ...] = ()
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    plain: Callable[[str], bool] = lambda url: False
    publishes_files: bool = False
    crossing: bool = False
    is_live: Callable[[str], bool] = lambda url: False
    live: Callable[[Page], tuple[Value, ...]] = lambda page: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One dataset as a source describes it; without `reading` it goes to quarantine with the failure."""

    remote_id: str
    reading: Reading | None = None
    failure: Message | None = None


def record(harvester: Harvester, item: Item, source: Source) -> Record:
    """Read one item; what is wrong with it stays with it."""
    try:
        return Record(remote_id=item.remote_id, reading=harvester.map(item, source))
    except UnreadableError as error:
        return Record(remote_id=item.remote_id, failure=error.message)
