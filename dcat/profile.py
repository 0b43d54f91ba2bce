"""The property tables of the profile releases: the one place that lists DCAT properties. Mapping, gate, shapes and reference loop over them."""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import pyoxigraph as ox

from dcat import model
from dcat.kinds import KINDS, Kind
from dcat.message import Message
from dcat.namespaces import expand

DEFAULT = "dcat-ap-de-3.0"
GOVDATA = "dcat-ap-de-3.0-govdata"
# Release -> what dcterms:conformsTo says of a description in it. GovData's is the default with the deprecated German terms.
RELEASES: Mapping[str, str] = {
    DEFAULT: "http://dcat-ap.de/def/dcatde/3.0/spec/",
    GOVDATA: "http://dcat-ap.de/def/dcatde/3.0/spec/",
    "dcat-ap-de-2.0": "http://dcat-ap.de/def/dcatde/2.0/spec/",
}
READ_ONLY = "read-only"
# Texts that name a thing once per language (DCAT-AP.de, usage notes); others, such as keywords, may repeat.
ONE_PER_LANGUAGE = frozenset(("title", "description", "name"))

# Class of the model -> RDF class, and the classes the world uses for it.
CLASSES: Mapping[str, tuple[type, str]] = {
    "Dataset": (model.Dataset, "dcat:Dataset"),
    "Distribution": (model.Distribution, "dcat:Distribution"),
    "Agent": (model.Agent, "foaf:Agent"),
    "Contact": (model.Contact, "vcard:Kind"),
    "Place": (model.Place, "dcterms:Location"),
    "Period": (model.Period, "dcterms:PeriodOfTime"),
    "Checksum": (model.Checksum, "spdx:Checksum"),
    "Identifier": (model.Identifier, "adms:Identifier"),
    "Provenance": (model.Provenance, "dcterms:ProvenanceStatement"),
    "Activity": (model.Activity, "prov:Activity"),
    "Attribution": (model.Attribution, "prov:Attribution"),
    "Relationship": (model.Relationship, "dcat:Relationship"),
    "DatasetSeries": (model.DatasetSeries, "dcat:DatasetSeries"),
    "DataService": (model.DataService, "dcat:DataService"),
    "CatalogRecord": (model.CatalogRecord, "dcat:CatalogRecord"),
    "Catalog": (model.Catalog, "dcat:Catalog"),
}
# Classes whose nodes belong to one description only; nodes of the others may be shared by several.
OWNED = frozenset(
    ("Distribution", "Checksum", "Period", "Identifier", "Provenance", "Activity", "Attribution", "Relationship")
)


@dataclass(frozen=True, slots=True)
class Property:
    """One row: a property of one class. `node` names the class of the values, where they are nodes of the model.

    `also` are older terms written beside the term. An obligation of `read-only` says that this release understands the property
    where a source sends it, and does not write it.
    """

    owner: str
    field: str
    term: ox.NamedNode
    curie: str
    also: tuple[ox.NamedNode, ...]
    kind: Kind | None
    node: str
    min: int
    many: bool
    obligation: str
    hvd: str
    vocabulary: str
    range: ox.NamedNode | None
    ckan: str
    label: Message


@dataclass(frozen=True, slots=True)
class Class:
    """One class of the table with its properties, those that this release writes, and the terms that mean one of them."""

    name: str
    maker: type
    uri: ox.NamedNode
    properties: tuple[Property, ...]
    written: tuple[Property, ...]
    by_term: Mapping[str, Property]

    def property(self, field: str) -> Property:
        """Find the property of a field."""
        return next(prop for prop in self.properties if prop.field == field)


@functools.cache
def profile(release: str = DEFAULT) -> Mapping[str, Class]:
    """Load one release's table, once per process."""
    folder = resources.files("dcat") / "profiles"
    rows = csv.DictReader((folder / f"{release}.csv").read_text(encoding="utf-8").splitlines())
    properties: dict[str, list[Property]] = {name: [] for name in CLASSES}
    for row in rows:
        properties[row["class"]].append(_property(row))
    foreign = csv.DictReader((folder / "foreign-terms.csv").read_text(encoding="utf-8").splitlines())
    meanings: dict[str, dict[str, str]] = {name: {} for name in CLASSES}
    for row in foreign:
        meanings[row["class"]][row["foreign"]] = row["field"]
    return {name: _class(name, tuple(properties[name]), meanings[name]) for name in CLASSES}


def _class(name: str, properties: tuple[Property, ...], foreign: Mapping[str, str]) -> Class:
    maker, curie = CLASSES[name]
    by_field = {prop.field: prop for prop in properties}
    by_term = {term: by_field[f] for term, f in foreign.items()} | {prop.term.value: prop for prop in properties}
    written = tuple(prop for prop in properties if prop.obligation != READ_ONLY)
    return Class(name, maker, ox.NamedNode(expand(curie)), properties, written, by_term)


def _property(row: Mapping[str, str]) -> Property:
    kind, _, node = row["kind"].partition(":")
    return Property(
        owner=row["class"],
        field=row["field"],
        term=ox.NamedNode(expand(row["term"])),
        curie=row["term"],
        also=tuple(ox.NamedNode(expand(term)) for term in row["also"].split()),
        kind=None if node else KINDS[kind],
        node=node,
        min=int(row["min"]),
        many=row["max"] == "*" or _is_tuple(row["class"], row["field"]),
        obligation=row["obligation"],
        hvd=row["hvd"],
        vocabulary=row["vocabulary"],
        range=ox.NamedNode(expand(row["range"])) if row["range"] else None,
        ckan=row["ckan"],
        label=Message(row["label_de"], row["label_en"]),
    )


def _is_tuple(owner: str, field: str) -> bool:
    return str(CLASSES[owner][0].__annotations__[field]).startswith("tuple")
