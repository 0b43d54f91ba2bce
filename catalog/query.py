"""What somebody asks of the search: free words, and a tree of conditions on fields. Pure; every interface reads its language into it."""

from dataclasses import dataclass
from typing import TypeAlias

from dcat.states import ACTIVE

# How much of a tree is followed: beyond it whoever reads a language into it refuses.
MAX_NODES = 500
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Is:
    """A field holds exactly this value, in the spelling of the index."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Starts:
    """A field holds a value that begins so; with nothing it holds any value."""

    field: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Like:
    """A field holds a value, or a text a word, of this pattern: `*` stands for anything, `?` for one character, `\\` makes them plain."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Says:
    """A text holds these words, analysed as German; without a field any text of the dataset does, `phrase` in this order."""

    words: str
    field: str = ""
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """A field lies between two values of its kind (instants as seconds since 1970, numbers); None for no bound."""

    field: str
    low: float | None
    high: float | None
    open_low: bool = False
    open_high: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """A dataset's area meets a box: west, south, east, north in degrees (WGS84)."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Not:
    """What does not fulfil a condition."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """What fulfils every condition; everything where there is none."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """What fulfils at least one condition; nothing where there is none."""

    parts: tuple["Condition", ...] = ()


Condition: TypeAlias = Is | Starts | Like | Says | Between | Within | Not | All | Some


@dataclass(frozen=True, slots=True)
class Order:
    """One key of a sort order; a text field is sorted as German."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A search: words that find and rank, conditions that only filter, and what to give back.

    `readers` are the labels of who asks (catalog/access.py); None for somebody who may read everything. `states` widens the search beyond
    what is public: the drafts, deleted and private datasets among those that the labels allow.
    """

    text: str = ""
    where: Condition = All()
    order: tuple[Order, ...] = ()
    start: int = 0
    rows: int = 20
    facets: tuple[str, ...] = ()
    readers: frozenset[str] | None = frozenset({"public"})
    states: frozenset[str] = frozenset({ACTIVE})
    private: bool = False
