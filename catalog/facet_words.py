"""What facets and their values are called. Pure."""

from collections.abc import Mapping

from catalog.search_types import ANY
from dcat.message import Message
from dcat.quality import BANDS
from dcat.vocabularies import vocabulary
from validators import schemas

LABELS: Mapping[str, Message] = {
    "city": Message("Kommune", "City"),
    "organization": Message("Organisation", "Organisation"),
    "theme": Message("Kategorie", "Category"),
    "format": Message("Format", "Format"),
    "license": Message("Lizenz", "Licence"),
    "schema": Message("Gemeinsames Schema", "Shared schema"),
    "hvd": Message("Hochwertige Datensätze (HVD)", "High-value datasets (HVD)"),
    "validation": Message("Prüfung am Schema", "Check against the schema"),
    "quality": Message("Qualität der Beschreibung", "Quality of the description"),
    "frequency": Message("Aktualisierung", "Update frequency"),
}
VALIDATION: Mapping[str, Message] = {
    "valid": Message("Schema eingehalten", "conforms to schema"),
    "invalid": Message("Schema verletzt", "violates schema"),
}
# Facets whose values stand in an order of their own, whatever their counts.
ORDERED: Mapping[str, tuple[str, ...]] = {
    "validation": tuple(VALIDATION),
    "quality": tuple(band.name for band in BANDS),
}
_BANDS = {band.name: band.label for band in BANDS}
_ANY = Message("alle hochwertigen", "all high-value ones")
_VOCABULARIES = {
    "theme": "theme",
    "format": "format",
    "license": "license",
    "hvd": "hvd-category",
    "frequency": "frequency",
}


def label_of(facet: str, value: str) -> Message:
    """Name a value of a facet; itself where there is no name. Cities and organisations are named by the catalogue."""
    if (facet, value) == ("hvd", ANY):
        return _ANY
    if facet == "schema" and value in schemas.IDS:
        return schemas.load(value).title
    named = {"validation": VALIDATION, "quality": _BANDS}.get(facet, {}).get(value)
    concept = vocabulary(_VOCABULARIES[facet]).find(value) if facet in _VOCABULARIES else None
    return named or (concept.label if concept else Message(value, value))
