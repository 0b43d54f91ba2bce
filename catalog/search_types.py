"""What a visitor searches for and what a page shows of it: the query with its filters, facets, results. Pure."""

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.public import PublicDataset
from dcat.message import Message

SORTS = ("relevance", "newest", "title")
# In the order in which they stand on the page and in an address; each is a field of the index.
FACETS = (
    *("city", "organization", "theme", "format", "license"),
    *("schema", "hvd", "validation", "quality", "frequency"),
)
# Of the facet `hvd`: whatever its category.
ANY = "any"
# The other parts of a query that narrow it, in the order of the address.
BOX, PERIOD, SINCE = "bbox", "period", "since"


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the map in degrees (WGS84); west lies east of `east` across the meridian where the day changes."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search as a visitor states it; what is empty does not restrict it.

    `chosen` holds the values chosen in each facet, any of which will do. `start` and `end` are the first and the last day
    of the time that the data should cover, `since` the day from which on they changed.
    """

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    box: Box | None = None
    start: datetime.date | None = None
    end: datetime.date | None = None
    since: datetime.date | None = None
    sort: str = "relevance"
    page: int = 1
    per_page: int = 20

    def values(self, facet: str) -> tuple[str, ...]:
        """Give what is chosen in a facet."""
        return self.chosen.get(facet, ())

    @property
    def filters(self) -> tuple[str, ...]:
        """Name the filters that are set: facets, and then BOX, PERIOD and SINCE."""
        others = ((BOX, self.box), (PERIOD, self.start or self.end), (SINCE, self.since))
        return (*(name for name in FACETS if self.values(name)), *(name for name, value in others if value))

    @property
    def order(self) -> str:
        """What it is sorted by: without words there is no relevance."""
        return "newest" if self.sort == "relevance" and not self.text else self.sort

    def toggled(self, facet: str, value: str) -> "Query":
        """Choose a value, or take it back."""
        kept = tuple(each for each in self.values(facet) if each != value)
        values = kept if value in self.values(facet) else tuple(sorted((*kept, value)))
        return dataclasses.replace(self, chosen={**self.chosen, facet: values}, page=1)

    def without(self, name: str) -> "Query":
        """Take a whole filter off."""
        match name:
            case "bbox":
                return dataclasses.replace(self, box=None, page=1)
            case "period":
                return dataclasses.replace(self, start=None, end=None, page=1)
            case "since":
                return dataclasses.replace(self, since=None, page=1)
            case _:
                return dataclasses.replace(self, chosen={**self.chosen, name: ()}, page=1)

    def bare(self) -> "Query":
        """Keep the words and the order only."""
        return Query(text=self.text, sort=self.sort, per_page=self.per_page)

    def saying(self, text: str) -> "Query":
        """Search for other words."""
        return dataclasses.replace(self, text=text, page=1)

    def sorted_by(self, sort: str) -> "Query":
        """Sort in another way."""
        return dataclasses.replace(self, sort=sort, page=1)

    def at(self, page: int) -> "Query":
        """Turn to a page."""
        return dataclasses.replace(self, page=page)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One value of a facet with the number of datasets that choosing it alone would leave."""

    value: str
    label: Message
    count: int
    active: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet: its chosen values first, then the most frequent ones. `left_out` counts those that are too many to show."""

    name: str
    label: Message
    buckets: tuple[Bucket, ...]
    left_out: int = 0

    @property
    def active(self) -> tuple[Bucket, ...]:
        """The chosen values."""
        return tuple(bucket for bucket in self.buckets if bucket.active)


@dataclass(frozen=True, slots=True)
class Wider:
    """How many datasets a search would find without one of its filters."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of search results, and the facets of the whole search."""

    count: int
    datasets: tuple[PublicDataset, ...]
    facets: tuple[Facet, ...] = ()
    query: Query
    terms: frozenset[str] = frozenset()
    """what was found by, for highlighting (catalog/snippets.py)"""
    suggestion: str = ""
    """the words without their typing errors; empty where there are none"""
    wider: tuple[Wider, ...] = ()
    """of a search that finds nothing: what taking one filter off would find, if anything"""
    missed: bool = False
    """whether the words alone find nothing"""

    @property
    def pages(self) -> int:
        """How many pages the results fill; at least one."""
        return max(1, -(-self.count // self.query.per_page))

    def facet(self, name: str) -> Facet | None:
        """Give one facet; None where no dataset has any value."""
        return next((facet for facet in self.facets if facet.name == name), None)
