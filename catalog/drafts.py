"""What is about to be published: a dataset's entry in the tables, the names of its renditions, and what it replaces."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog import assemble, link_uses, scopes
from catalog.assemble import FileAddress
from catalog.public import FileState, PublicDataset
from catalog.scores import Scored
from dcat.texts import best

PUBLISHED = "published"
GONE = "gone"
# Written at the desk and not public, though it was: whoever asks gets the answer for what never was.
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the tables keep of a dataset as it is shown; all else is in its renditions."""

    id: str
    name: str
    uri: str
    title: str
    title_en: str
    city: str
    source: str
    themes: tuple[str, ...]
    hvd: tuple[str, ...]
    served: bool
    scopes: frozenset[str]
    subjects: tuple[str, ...]
    """the URIs it describes, its own first"""
    links: tuple[str, ...]
    """the addresses at somebody else's server"""
    states: Mapping[str, FileState]
    """where each file stands, by id"""
    published_at: str
    modified_at: str


def entry(shown: PublicDataset) -> Entry:
    """Take from a dataset as it is shown what the tables keep."""
    return Entry(
        id=shown.id,
        name=shown.name,
        uri=shown.dataset.uri,
        title=best(shown.dataset.title),
        title_en=best(shown.dataset.title, "en"),
        city=shown.city,
        source=shown.source,
        themes=shown.dataset.theme,
        hvd=shown.dataset.hvd_category,
        served=any(file.served for file in shown.files),
        scopes=scopes.of(shown),
        subjects=assemble.subjects(shown.dataset),
        links=link_uses.links(shown),
        states={file.id: file.state for file in shown.files},
        published_at=shown.published_at,
        modified_at=shown.modified_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One dataset about to be written: its entry, the names of its renditions (stored already), and what it replaces."""

    entry: Entry
    organization_id: str
    addresses: tuple[FileAddress, ...]
    hash: str
    nodes: Mapping[str, str]
    """the shared nodes: the URI of each by the name of its rendition"""
    release_nodes: Mapping[str, list[str]]
    """the shared nodes of the profile releases where they are not the same"""
    links: Mapping[str, bool]
    """what it mentions and others may describe, and whether one does: then that one's page is named instead"""
    before: str
    was: str
    """the state before: published, gone, or empty for a new dataset"""
    fields: tuple[str, ...]
    scored: Scored | None = None
    """its quality, where the public sees a difference"""

    @property
    def changes(self) -> bool:
        """Whether the public sees a difference."""
        return self.hash != self.before or self.was != PUBLISHED

    @property
    def kind(self) -> str:
        """The kind of change, in the words of the change log."""
        return {"": "create", GONE: "revive", HIDDEN: "revive"}.get(self.was, "update")
