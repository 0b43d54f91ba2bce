"""Datasets in which every property of every class has a value, each time another one: the table itself says which are possible."""

from typing import Any

import builders

from catalog.assemble import Setting, Upstream, assemble
from catalog.config import City
from catalog.policy import Policies
from dcat import naming
from dcat.kinds import KINDS
from dcat.model import Dataset, Text
from dcat.namespaces import HVD_REGULATION
from dcat.profile import ONE_PER_LANGUAGE, Property, profile
from dcat.vocabularies import vocabulary

_WORDS = ("Bäume", "Straßen & Wege", "Größe <in m²>", 'Zählung "2026"', "Pegel", "Kitas", "Haltestellen", "Grünflächen")
_DATES = ("2020", "2020-02", "2024-02-29", "2026-05-31T12:00:00Z", "2026-05-31T12:00:00+02:00")


def datasets(count: int) -> list[Dataset]:
    """Make so many datasets, the same ones every time."""
    return [node("Dataset", number) for number in range(count)]


def published(dataset: Dataset, number: int) -> Dataset:
    """A dataset as the catalogue publishes it: with its gaps filled, fitted, apart from others and named."""
    source = builders.source("https://amt.example/katalog.ttl", type="dcat")
    identity = naming.dataset_id(source.id, str(number))
    upstream = Upstream(
        id=identity,
        name=f"satz-{number}",
        remote_id=str(number),
        dataset=dataset,
        published_at="2026-01-02T03:04:05Z",
        modified_at="2026-02-03T04:05:06Z",
    )
    setting = Setting(
        source=source,
        city=City("darmstadt", "Darmstadt", "06411000"),
        organization="amt",
        organization_title="Amt",
        ours=False,
        local=False,
        policies=Policies(()),
        site_url=builders.SITE,
    )
    found = assemble(upstream, setting, {})
    assert found.problems == (), "everything fits the profile"
    return found.shown.dataset


def node(cls: str, number: int, path: str = "") -> Any:
    """Make a node with a value in every field."""
    values: dict[str, Any] = {}
    for position, prop in enumerate(profile()[cls].properties):
        seed = number * 31 + position * 7 + len(path)
        amount = 1 + seed % 2 if prop.many else 1
        if prop.node:
            found = [node(prop.node, number + step, f"{path}/{prop.field}{step}") for step in range(amount)]
        else:
            found = [_value(prop, seed + step, step) for step in range(amount)]
        values[prop.field] = tuple(dict.fromkeys(found)) if prop.many else found[0]
    if "applicable_legislation" in values:
        values["applicable_legislation"] = (HVD_REGULATION,)
    if cls == "Period":
        values |= {"start": f"20{number % 10 + 10}", "end": "2026-05-31"}
    return profile()[cls].maker(uri=f"https://amt.example/{cls.lower()}/{number}{path}", **values)


def _value(prop: Property, seed: int, step: int) -> Any:
    kind = next(name for name, one in KINDS.items() if one is prop.kind)
    if kind == "text":
        lang = ("de", "en")[step % 2] if prop.field in ONE_PER_LANGUAGE else ("de", "en", "fr")[seed % 3]
        return Text(_WORDS[seed % len(_WORDS)], lang)
    if prop.vocabulary:
        concepts = list(vocabulary(prop.vocabulary).concepts.values())
        if prop.vocabulary == "license":
            # Every one of these is a high-value dataset.
            concepts = [concept for concept in concepts if concept.extra["hvd"] == "yes"]
        return concepts[seed * 13 % len(concepts)].uri
    number = seed % 1000
    return {
        "string": f"wert-{number}",
        "uri": f"https://amt.example/{prop.field}/{number}",
        "date": _DATES[seed % len(_DATES)],
        "integer": number,
        "decimal": f"{number}.5",
        "duration": ("P1D", "PT15M", "P1Y2M")[seed % 3],
        "hex": f"{number:064x}",
        "wkt": f"POINT (8.{number} 50.{number})",
        "geometry": f"POINT (8.{number} 50.{number})",
        "email": f"stelle{number}@amt.example",
        "telephone": f"tel:+49{number:06}",
    }[kind]
