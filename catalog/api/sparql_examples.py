"""Queries to begin with, on the page of the SPARQL endpoint; the cities in them are those of this catalogue."""

from dataclasses import dataclass

import pyoxigraph as ox

from catalog.config import Config
from dcat.message import Message
from dcat.namespaces import NAMESPACES

_CSV = "http://publications.europa.eu/resource/authority/file-type/CSV"


@dataclass(frozen=True, slots=True)
class Example:
    """A query and what it answers."""

    title: Message
    query: str


def examples(config: Config) -> tuple[Example, ...]:
    """Write the examples; each of them can be run as it stands."""
    cities = "\n".join(f"    (<{city.place}> {_quoted(city.name)})" for city in config.cities)
    place = next((c for c in config.cities if c.slug == "frankfurt"), next(iter(config.cities), None))
    return (
        Example(
            Message("Datensätze je Stadt und Thema", "Datasets per city and theme"),
            _query(
                ("dcat", "dcatde", "dcterms"),
                f"""SELECT ?city ?theme (COUNT(DISTINCT ?dataset) AS ?datasets) WHERE {{
  VALUES (?place ?city) {{
{cities}
  }}
  ?dataset a dcat:Dataset ;
    dcterms:spatial|dcatde:politicalGeocodingURI ?place ;
    dcat:theme ?theme .
}}
GROUP BY ?city ?theme ORDER BY ?city DESC(?datasets) ?theme""",
            ),
        ),
        Example(
            Message("Hochwertige Datensätze (HVD) mit ihren Lizenzen", "High-value datasets (HVD) with their licences"),
            _query(
                ("dcat", "dcatap", "dcterms"),
                """SELECT DISTINCT ?dataset ?title ?category ?licence WHERE {
  ?dataset dcatap:hvdCategory ?category ; dcterms:title ?title ; dcat:distribution ?distribution .
  ?distribution dcterms:license ?licence .
  FILTER(LANG(?title) IN ("de", ""))
}
ORDER BY ?title ?category LIMIT 100""",
            ),
        ),
        Example(
            Message(
                f"Alle CSV-Dateien zum Herunterladen: {place.name if place else 'alle Städte'}",
                f"All CSV files to download: {place.name if place else 'all cities'}",
            ),
            _query(
                ("dcat", "dcatde", "dcterms"),
                f"""SELECT DISTINCT ?title ?address WHERE {{
  ?dataset {f"dcterms:spatial|dcatde:politicalGeocodingURI <{place.place}> ;" if place else "a dcat:Dataset ;"}
    dcterms:title ?title ;
    dcat:distribution ?distribution .
  ?distribution dcterms:format <{_CSV}> ; dcat:downloadURL ?address .
  FILTER(LANG(?title) IN ("de", ""))
}}
ORDER BY ?title ?address LIMIT 1000""",
            ),
        ),
        Example(
            Message("Die neuesten Änderungen", "The newest changes"),
            _query(
                ("dcat", "dcterms", "foaf"),
                """SELECT ?changed ?title ?dataset WHERE {
  ?record a dcat:CatalogRecord ; foaf:primaryTopic ?dataset ; dcterms:modified ?changed .
  ?catalogue dcat:record ?record .
  ?dataset dcterms:title ?title .
  FILTER(LANG(?title) IN ("de", ""))
}
ORDER BY DESC(?changed) ?title LIMIT 20""",
            ),
        ),
        Example(
            Message("Herausgeber und die Zahl ihrer Datensätze", "Publishers and how many datasets they have"),
            _query(
                ("dcat", "dcterms", "foaf"),
                """SELECT ?name (COUNT(DISTINCT ?dataset) AS ?datasets) WHERE {
  ?dataset a dcat:Dataset ; dcterms:publisher/foaf:name ?name .
}
GROUP BY ?name ORDER BY DESC(?datasets) ?name""",
            ),
        ),
        Example(
            Message("Distributionen ohne Angabe des Formats", "Distributions that do not say their format"),
            _query(
                ("dcat", "dcterms"),
                """SELECT ?dataset ?title ?distribution WHERE {
  ?dataset dcat:distribution ?distribution ; dcterms:title ?title .
  FILTER NOT EXISTS { ?distribution dcterms:format ?format }
  FILTER(LANG(?title) IN ("de", ""))
}
ORDER BY ?title LIMIT 100""",
            ),
        ),
    )


def _query(prefixes: tuple[str, ...], body: str) -> str:
    return "\n".join([*(f"PREFIX {prefix}: <{NAMESPACES[prefix]}>" for prefix in prefixes), body])


def _quoted(text: str) -> str:
    return str(ox.Literal(text))
