"""Parts of the catalogue that are catalogues of their own: the whole, a city's, an organisation's, a theme's, the high-value datasets."""

from dataclasses import dataclass

from catalog import scopes
from catalog.config import City
from catalog.models import Organization
from dcat.message import Message
from dcat.vocabularies import Concept


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the catalogue with an address of its own: its scope (catalog/scopes.py), its path, what its title adds."""

    scope: str = scopes.ALL
    path: str = "/catalog"
    title: Message | None = None


WHOLE = Part()
HIGH_VALUE = Part(scopes.HVD, "/catalog-hvd", Message("hochwertige Datensätze", "high-value datasets"))


def of_city(city: City) -> Part:
    """Give the part with one city's datasets."""
    return Part(scopes.city(city.slug), f"/city/{city.slug}/catalog", Message(city.name, city.name))


def of_organization(organization: Organization) -> Part:
    """Give the part with one organisation's datasets."""
    title = Message(organization.title, organization.title)
    return Part(scopes.organization(organization.name), f"/organization/{organization.name}/catalog", title)


def of_theme(theme: Concept) -> Part:
    """Give the part with the datasets of one EU data theme."""
    return Part(scopes.theme(theme.code), f"/group/{theme.code.lower()}/catalog", theme.label)
