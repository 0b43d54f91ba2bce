"""The parts of the catalogue that can be harvested by themselves: cities, organisations, themes, and the high-value datasets."""

from catalog.public import PublicDataset
from dcat.vocabularies import vocabulary

ALL = ""
HVD = "hvd"


def city(slug: str) -> str:
    """Name the part with one city's datasets."""
    return f"city:{slug}"


def organization(name: str) -> str:
    """Name the part with one organisation's datasets."""
    return f"organization:{name}"


def theme(code: str) -> str:
    """Name the part with the datasets of one EU data theme, by its code."""
    return f"theme:{code}"


def group(group_id: str) -> str:
    """Name the part with the datasets of one group, by its id."""
    return f"group:{group_id}"


def of(shown: PublicDataset) -> frozenset[str]:
    """Name every part a dataset belongs to."""
    found = {ALL, organization(shown.organization)}
    if shown.city:
        found.add(city(shown.city))
    concepts = (vocabulary("theme").find(uri) for uri in shown.dataset.theme)
    found.update(theme(concept.code) for concept in concepts if concept)
    if shown.written is not None:
        found.update(group(one["id"]) for one in shown.written["groups"])
    if shown.dataset.hvd_category:
        found.add(HVD)
    return frozenset(found)
