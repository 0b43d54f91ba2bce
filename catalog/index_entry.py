"""What the search index holds of one dataset: flat values, from whatever the dataset was made of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """One dataset as the search knows it.

    Texts are analysed as German and only found; values are compared as they stand and counted; times are seconds since 1970,
    of what happened here with their fractions: programs write several datasets in one second.
    `readers` are the labels of those who may find it: `public`, `member-<organisation id>`, `creator-<account id>`,
    `collaborator-<dataset id>`; one of them must be among the labels of who asks.
    """

    id: str
    name: str
    readers: tuple[str, ...] = (PUBLIC,)
    state: str = "active"
    """active, draft or deleted"""
    private: bool = False
    title: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    publisher: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    """descriptions, labels of themes, titles and descriptions of files; of what was written here names, extras and people, too"""
    city: str = ""
    organization: str = ""
    """the organisation's name"""
    groups: tuple[str, ...] = ()
    """names of groups, the EU's data themes among them by their code in lower case (envi)"""
    theme: tuple[str, ...] = ()
    """codes of the EU's data themes (ENVI)"""
    tag: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    """formats of the files by the codes of the vocabulary, or as written"""
    license: tuple[str, ...] = ()
    schema: tuple[str, ...] = ()
    """ids of the shared table schemas its files follow"""
    hvd: tuple[str, ...] = ()
    """codes of its high-value categories"""
    validation: str = ""
    """valid, invalid, or empty where no file is checked against a schema"""
    quality: str = ""
    """the band of its score: excellent, good, sufficient, bad"""
    frequency: str = ""
    kind: str = "dataset"
    """CKAN's `type`"""
    creator: str = ""
    """the id of the account that made it; empty for a harvested one"""
    owner: str = ""
    """the organisation's id"""
    extras: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """further values that conditions may name, by CKAN's field: author, maintainer, version, url, res_name, res_url, ..."""
    created: float = 0
    modified: float = 0
    starts: int | None = None
    """the beginning of the time it covers"""
    ends: int | None = None
    box: tuple[float, float, float, float] | None = None
    """west, south, east, north in degrees"""
