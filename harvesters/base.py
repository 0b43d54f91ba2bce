"""What every protocol offers: where to begin, and how to read one fetched page. Pure on bytes; nothing here opens a socket."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dcat.message import Message
from dcat.model import Problem, Reading
from harvesters.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One fetched answer: the address asked for (after redirects), its bytes and what the server said of them."""

    url: str
    body: bytes
    media_type: str = ""
    charset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One dataset as a source describes it. `remote_id` is stable within the source; without `reading` it goes to quarantine."""

    remote_id: str
    reading: Reading | None = None
    failure: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one page holds: records, the addresses to read next, and the total the source claims, if it claims one.

    `whole` is false when a limit cut the page short: what is not there is then no proof that it is gone.
    """

    records: Iterator[Record]
    following: tuple[str, ...] = ()
    total: int | None = None
    problems: tuple[Problem, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Harvester:
    """A protocol: the name used as `type` in source definitions, and the reader of one page.

    `accept` is the Accept header. `publishes_files` is true where the files become public only through us.
    `read` raises UnreadableError when the page is not what the protocol expects.
    """

    type: str
    accept: str
    publishes_files: bool
    read: Callable[[Page, Source], Batch]
