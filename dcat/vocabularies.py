"""The controlled vocabularies as our own tables: code, URI, labels in both languages, and the spellings the world uses instead."""

import csv
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from dcat.message import Message

NAMES = (
    "access-right",
    "availability",
    "change-type",
    "checksum-algorithm",
    "contributor",
    "dataset-type",
    "distribution-status",
    "format",
    "frequency",
    "geocoding-level",
    "hvd-category",
    "language",
    "license",
    "media-type",
    "place",
    "publisher-type",
    "theme",
)
# What the program itself names: the scheme of the themes, and who has access.
THEMES = "http://publications.europa.eu/resource/authority/data-theme"
PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
NON_PUBLIC = "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"


@dataclass(frozen=True, slots=True)
class Concept:
    """One entry of a vocabulary; `extra` holds the columns only this vocabulary has."""

    code: str
    uri: str
    label: Message
    extra: Mapping[str, str]


class Vocabulary:
    """One table, found by URI, code, label or any known spelling."""

    def __init__(self, name: str, concepts: dict[str, Concept], codes: dict[str, str]) -> None:
        self.name = name
        self.concepts = concepts
        self._codes = codes
        # Labels come second, so that a label never hides another concept's code.
        labels = {spelling(label): c.uri for c in concepts.values() for label in (c.label.de, c.label.en)}
        self._spellings = labels | codes
        self._hosts = {spelling(uri).split("/")[0] for uri in concepts}

    def __contains__(self, uri: object) -> bool:
        return uri in self.concepts

    def find(self, value: str) -> Concept | None:
        """Find the concept a URI, code, label or foreign spelling means; None where it has no single meaning here."""
        concept = self.concepts.get(value)
        if concept is None:
            known = spelling(value)
            uri = self._spellings.get(known)
            if uri is None and known.split("/")[0] in self._hosts:
                # An older edition of the same list still ends in the code: .../language/GER
                uri = self._codes.get(re.split(r"[/#]", known)[-1])
            concept = self.concepts[uri] if uri else None
        return concept

    def label(self, uri: str) -> Message:
        """Give the concept's name for people; an unknown URI stands for itself."""
        concept = self.concepts.get(uri)
        return concept.label if concept else Message(uri, uri)


def spelling(value: str) -> str:
    """Reduce a spelling to what matters: no scheme, no www, no trailing slash, no case."""
    return re.sub(r"^(https?://)?(www\.)?|/+$", "", value.strip()).casefold()


@functools.cache
def vocabulary(name: str) -> Vocabulary:
    """Load one vocabulary, once per process."""
    table = resources.files("dcat") / "vocabularies" / f"{name}.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    concepts: dict[str, Concept] = {}
    codes: dict[str, str] = {}
    for row in rows:
        common = {key: row.pop(key) for key in ("code", "uri", "label_de", "label_en", "aliases")}
        label = Message(common["label_de"] or common["label_en"], common["label_en"] or common["label_de"])
        concept = Concept(common["code"], common["uri"], label, row)
        concepts[concept.uri] = concept
        for known in (concept.uri, concept.code, *common["aliases"].split("|")):
            if known:
                codes.setdefault(spelling(known), concept.uri)
    return Vocabulary(name, concepts, codes)


def concepts(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Find the URIs that codes, labels and spellings mean in a vocabulary, each once; unknown ones are left out."""
    found = (vocabulary(name).find(value) for value in values if value)
    return tuple(dict.fromkeys(concept.uri for concept in found if concept))
