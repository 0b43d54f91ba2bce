"""The shared schemas in words: how far the law demands them, their categories, who follows them."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask.sansio.app import App

from catalog.public import PublicDataset
from catalog.schema_usage import Standing, standing
from catalog.web.wording import CONFORMS, VIOLATES, Mark
from dcat.message import Message
from dcat.vocabularies import Concept, vocabulary
from validators.schemas import TableSchema
from validators.wording import shortened

DUTIES = {
    "mandatory": Mark(Message("Pflicht nach EU 2023/138", "mandatory under EU 2023/138"), "warning", "warning"),
    "conditional": Mark(Message("unter Bedingungen Pflicht", "mandatory under conditions"), "warning", "warning"),
    "likely": Mark(Message("wahrscheinlich Pflicht", "probably mandatory"), "warning", "warning"),
    "near": Mark(Message("thematisch nah, nicht verpflichtend", "thematically near, not mandatory"), "info", "info"),
    "none": Mark(Message("nicht verpflichtend", "not mandatory"), "info", "info"),
}
STANDINGS = {
    Standing.CONFORMS: CONFORMS,
    Standing.VIOLATES: VIOLATES,
    Standing.UNCHECKED: Mark(Message("wird geprüft", "being checked"), "info", "autorenew"),
}
NO_CATEGORY = Message("Ohne Kategorie", "Without category")
ROWS = 3
CELL = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A dataset that declares a schema, and how it stands to it."""

    public: PublicDataset
    mark: Mark


def register(app: App) -> None:
    """Give templates the words."""
    app.jinja_env.globals.update(duty=DUTIES.get, hvd_concept=hvd_concept, standards=standards, cut=cut)


def hvd_concept(uri: str) -> Concept | None:
    """Find the entry of the vocabulary for a category of high-value datasets."""
    return vocabulary("hvd-category").find(uri) if uri else None


def standards(aligned: str) -> list[str]:
    """Split what a column is aligned with into the single standards."""
    return [part.strip() for part in aligned.split(";") if part.strip()]


def by_category(schemas: Iterable[TableSchema]) -> list[tuple[Message, list[TableSchema]]]:
    """Group the schemas by their main category of high-value datasets, in the order of the vocabulary; those without one last."""
    concepts = vocabulary("hvd-category").concepts.values()
    codes = {concept.code: concept for concept in concepts if not concept.extra["broader"]}
    groups: dict[str, list[TableSchema]] = {code: [] for code in (*codes, "")}
    for schema in schemas:
        concept = hvd_concept(schema.hvd_category)
        groups[concept.extra["top_category"] if concept else ""].append(schema)
    return [(codes[code].label if code else NO_CATEGORY, found) for code, found in groups.items() if found]


def by_city(datasets: Sequence[PublicDataset], schema_id: str) -> list[tuple[str, list[Follower]]]:
    """Group the datasets that declare a schema by city, those that conform first."""
    groups: dict[str, list[Follower]] = {}
    for wanted, mark in STANDINGS.items():
        for public in datasets:
            if standing(public, schema_id) is wanted:
                groups.setdefault(public.city, []).append(Follower(public=public, mark=mark))
    return sorted(groups.items())


def cut(cell: str) -> str:
    """Show no more than 60 characters of a cell: a geometry has thousands."""
    return shortened(cell, CELL)


def sample(table: bytes) -> tuple[list[str], list[list[str]]]:
    """Give the header and the first rows of an example table, cells cut."""
    header, *rows = csv.reader(table.decode("utf-8").splitlines())
    return header, [[cut(cell) for cell in row] for row in rows[:ROWS]]
