"""Words that mean the same: our own groups, a steward's, and a thesaurus if there is one. Read once per process and file."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from catalog.german import term, terms, words
from dcat.errors import ConfigError
from dcat.marked_yaml import MarkedError, read_marked
from dcat.message import Message

ALIKE, RELATED, AUTOMATIC = 0.8, 0.35, 0.35
_MOST_GROUPS = 5_000
_MOST_WORDS = 100
_LARGEST_THESAURUS = 60_000_000
_MOST_FROM_THESAURUS = 12
# As OpenThesaurus marks colloquial, technical and regional words.
_NOTE = re.compile(r"\s*\([^)]*\)\s*")

Terms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another way to say something, as the terms it is looked for by; `weight` tells how much less it counts."""

    terms: Terms
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Synonyms:
    """Every known way to say something, by the terms of one of them."""

    groups: Mapping[Terms, tuple[Synonym, ...]]
    said: frozenset[str] = frozenset()
    """every single word of the groups as it is written"""
    thesaurus: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """How many words the longest phrase has."""
        return max(map(len, self.groups), default=1)

    def of(self, said: Terms, word: str = "") -> tuple[Synonym, ...]:
        """Give the other ways to say something: the curated ones first, then those of the thesaurus for the word as written."""
        found = {synonym.terms: synonym for synonym in self.groups.get(said, ())}
        lines = dict.fromkeys(line for form in _forms(word) for line in self.thesaurus.get(form, ()))
        for line in lines:
            for other in line.split(";"):
                alike = tuple(terms(other))
                if alike and alike != said and len(found) < _MOST_WORDS:
                    found.setdefault(alike, Synonym(alike, AUTOMATIC))
        return tuple(found.values())

    def words(self) -> frozenset[str]:
        """Give the terms of everything that is said with one word."""
        return frozenset(said[0] for said in self.groups if len(said) == 1)


@functools.lru_cache(maxsize=8)
def load(own: Path | None = None, thesaurus: Path | None = None, changed: tuple[float, ...] = ()) -> Synonyms:
    """Load the synonyms: ours, a steward's file and OpenThesaurus' text file where they exist; `changed` are their times."""
    shipped = (resources.files("catalog") / "synonyms" / "municipal.yaml").read_bytes()
    groups = list(_groups(shipped, "municipal.yaml"))
    if own is not None and own.is_file():
        groups += _groups(own.read_bytes(), str(own))
    every = (word for group in groups for listed in group.values() for said in listed for word in words(said))
    return Synonyms(_by_terms(groups), frozenset(every), _thesaurus(thesaurus) if thesaurus is not None else {})


@functools.cache
def basic() -> frozenset[str]:
    """Give the words that compounds are made of, as they are written."""
    text = (resources.files("catalog") / "synonyms" / "words.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in words(line))


@functools.cache
def whole() -> frozenset[str]:
    """Give the terms of the basic words, which are taken apart no further: Haushalt is no Haus."""
    return frozenset(map(term, basic()))


@functools.cache
def seed() -> frozenset[str]:
    """Give the terms of all words that are known before the catalogue teaches more."""
    return whole() | load().words()


def _groups(content: bytes, name: str) -> Iterator[dict[str, list[str]]]:
    try:
        read = read_marked(content).value
    except MarkedError as error:
        raise _unusable(name, error.message.de, error.message.en) from error
    groups = read.get("groups") if isinstance(read, dict) else None
    if groups is None:
        groups = []
    if not isinstance(groups, list) or len(groups) > _MOST_GROUPS:
        raise _unusable(name, "erwartet wird eine Liste „groups“.", "a list “groups” is expected.")
    for number, group in enumerate(groups, 1):
        if not isinstance(group, dict) or not isinstance(group.get("prefLabel"), str):
            raise _unusable(name, f"Der Gruppe {number} fehlt prefLabel.", f"Group {number} has no prefLabel.")
        listed = {key: group.get(key) or [] for key in ("altLabel", "related")}
        said = {"prefLabel": [str(group["prefLabel"])]}
        for key, others in listed.items():
            if not isinstance(others, list) or len(others) > _MOST_WORDS:
                raise _unusable(
                    name,
                    f"{key} der Gruppe „{group['prefLabel']}“ muss eine Liste sein.",
                    f"{key} of the group “{group['prefLabel']}” must be a list.",
                )
            said[key] = [str(other) for other in others]
        yield said


def _by_terms(groups: Iterable[Mapping[str, list[str]]]) -> dict[Terms, tuple[Synonym, ...]]:
    found: dict[Terms, dict[Terms, float]] = {}
    for group in groups:
        alike = [tuple(terms(said)) for key in ("prefLabel", "altLabel") for said in group[key]]
        related = [tuple(terms(said)) for said in group["related"]]
        weights = [(said, ALIKE) for said in alike if said] + [(said, RELATED) for said in related if said]
        for said, weight in weights:
            others = found.setdefault(said, {})
            for other, its in weights:
                if other != said:
                    others[other] = max(others.get(other, 0), min(weight, its))
    return {said: tuple(Synonym(*other) for other in sorted(others.items())) for said, others in found.items()}


def _thesaurus(file: Path) -> dict[str, tuple[str, ...]]:
    """Read OpenThesaurus' text form: one line for each meaning, semicolons between the words."""
    try:
        if file.stat().st_size > _LARGEST_THESAURUS:
            raise _unusable(str(file), "Die Datei ist größer als 60 MB.", "The file is larger than 60 MB.")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(str(file), "Die Datei ist nicht lesbar.", "The file cannot be read.") from error
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        said = [_NOTE.sub(" ", word).strip() for word in line.split(";")][:_MOST_FROM_THESAURUS]
        kept = ";".join(said)
        for word in said:
            known = found.get(word.casefold(), ())
            if word and len(known) < _MOST_FROM_THESAURUS:
                found[word.casefold()] = (*known, kept)
    return found


def _forms(word: str) -> tuple[str, ...]:
    """The forms under which a thesaurus may know an inflected word."""
    low = word.casefold()
    return tuple(dict.fromkeys((low, *(low.removesuffix(end) for end in ("en", "n", "s", "e", "er", "es")))))


def _unusable(name: str, de: str, en: str) -> ConfigError:
    return ConfigError(Message(f"Synonyme {name}: {de}", f"Synonyms {name}: {en}"))
