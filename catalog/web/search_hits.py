"""One hit as the results show it: title and passage in pieces, with marks on what was searched for."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flask import Flask

from catalog.public import PublicDataset
from catalog.snippets import Piece, marked, snippet
from catalog.web.formatting import excerpt
from catalog.web.language import Shown, best, untagged
from dcat.message import Message

LENGTH = 220
KEYWORD = Message("Schlagwort", "keyword")
FILE = Message("Datei", "file")
OFFICE = Message("Stelle", "department")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text in pieces, and the language it is in where that is not the page's. `source` names where else it stands."""

    pieces: tuple[Piece, ...]
    text: Shown
    source: Message | None = None

    @property
    def marked(self) -> bool:
        """Whether a word that was searched for is among the pieces."""
        return any(piece.marked for piece in self.pieces)


def register(app: Flask) -> None:
    """Give templates the parts of a hit."""
    app.jinja_env.globals.update(hit_title=title, hit_passage=passage, hit_elsewhere=elsewhere)


def title(public: PublicDataset, terms: Collection[str]) -> Passage:
    """Give the whole title."""
    shown = best(public.dataset.title)
    return Passage(marked(shown.value or public.name, terms), shown)


def passage(public: PublicDataset, terms: Collection[str]) -> Passage:
    """Give what the description says of the words; without any its beginning."""
    shown = best(public.dataset.description)
    if not terms:
        return Passage((Piece(excerpt(shown.value, LENGTH)),) if shown else (), shown)
    return Passage(snippet(shown.value, terms, LENGTH), shown)


def elsewhere(public: PublicDataset, terms: Collection[str]) -> Passage | None:
    """Give the first other text in which a word was found; for hits that show none in title and description."""
    if not terms:
        return None
    found = (Passage(snippet(text.value, terms, LENGTH // 2), text, source) for source, text in _others(public))
    return next((each for each in found if each.marked), None)


def _others(public: PublicDataset) -> Iterator[tuple[Message, Shown]]:
    for word in public.dataset.keyword:
        yield KEYWORD, untagged(word.value, word.lang)
    for file in public.files:
        for texts in (file.distribution.title, file.distribution.description):
            yield FILE, best(texts)
    yield OFFICE, untagged(public.organization_title)
