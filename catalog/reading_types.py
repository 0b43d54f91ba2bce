"""The values that pages and interfaces read: counts, a dataset, an organisation. Only what is public."""

import datetime
from dataclasses import dataclass

from catalog.public import PublicDataset
from dcat import quality
from dcat.message import Message
from dcat.quality import Band


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the catalogue holds: all datasets, per city as (slug, name, count), per theme as (code, label, count)."""

    datasets: int
    cities: tuple[tuple[str, str, int], ...] = ()
    themes: tuple[tuple[str, Message, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """The quality of a dataset's metadata: its points of so many, and how many of its links are broken."""

    total: int
    broken: int = 0

    @property
    def most(self) -> int:
        """The points that can be had."""
        return quality.most()

    @property
    def band(self) -> Band:
        """The band of the points."""
        return quality.band(self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a name or id leads to: a dataset, its present name after a renaming, or the title of one that was withdrawn.

    `successor` names the dataset that took the place of a withdrawn one. `stale_since` tells since when the source of a dataset
    says something that cannot be taken in.
    """

    public: PublicDataset | None = None
    moved_to: str = ""
    gone: Message | None = None
    successor: str = ""
    stale_since: datetime.datetime | None = None
    schema_org: bytes = b""
    """the stored description for search engines; empty while the dataset is prepared anew"""
    score: Scored | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A department that publishes, with the number of its datasets; `parts` are the departments that belong to it."""

    name: str
    title: str
    city: str
    city_name: str
    count: int
    above: tuple[tuple[str, str], ...] = ()
    """name and title of what it belongs to, the nearest last"""
    parts: tuple["Organization", ...] = ()
