"""The conformance kit: what a protocol's samples must offer, so that one set of faults can be run against each of them.

A protocol joins by a module `tests/samples_<type>.py` (hyphens become underscores) with one value `SAMPLE`.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from harvesters.registry import HARVESTERS


@dataclass(frozen=True)
class Told:
    """One dataset a source tells of. A `spoilt` one is broken in a way of its protocol that only concerns this one."""

    id: str
    title: str
    spoilt: bool = False


@dataclass(frozen=True)
class Answered:
    """The body of one address of a source, and its media type; `status` is 207 for WebDAV listings."""

    body: bytes
    media_type: str
    status: int = 200


# Read through doors of their own, without HTTP: their faults are in their own tests.
NO_SERVER = ("folder", "sftp")

Site = Mapping[str, Answered]
"""What a source answers, by path and query, such as `/api/3/action/package_search?rows=100&start=0`."""


@dataclass(frozen=True)
class Sample:
    """A protocol by example.

    `definition` is the minimal YAML of its docs page, with `{root}` where the address of the server stands and `{host}` in the
    allow-list. `site` makes the answers of a source that tells of some datasets, cut into pages of `page_size` where the protocol
    has pages; `root` is where it is reached. `most` is how many datasets one such source can hold (1 for GTFS). `claims_total`
    tells that an answer names the number of datasets, `paged` that there is more than one page, `isolates` that one spoilt
    record leaves the others readable. `empty` is how a run ends when the source tells of nothing in the words of its protocol.
    `twins` tells that a second record of the same id waits in quarantine; in trees and feeds there can be none. `tree` tells that
    pages are not parts of one list, `heads` how many pages come before the list begins. `text` pages can be written in any coding.
    `keyword` is after what a keyword can be put into a record, and how it is written, with a star for the word.
    """

    definition: str
    site: Callable[[str, Sequence[Told], int], Site]
    most: int = 1000
    paged: bool = False
    claims_total: bool = False
    isolates: bool = True
    empty: str = "held"
    twins: bool = True
    tree: bool = False
    heads: int = 0
    text: bool = True
    keyword: tuple[str, str] | None = None
    named: Callable[[str], str] = field(default=lambda told: told)
    """the remote id that a told id becomes"""


def samples() -> dict[str, Sample]:
    """Give the samples of all protocols that HTTP servers can speak, by type."""
    found = {}
    for name in sorted(HARVESTERS.keys() - set(NO_SERVER)):
        module: ModuleType = importlib.import_module(f"samples_{name.replace('-', '_')}")
        found[name] = module.SAMPLE
    return found
