"""An ArcGIS Hub: its feed in DCAT-AP as the site writes it, the one in DCAT-US, and a page of its search."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance import Answered, Sample, Told

FEED = "/api/feed/dcat-ap/2.1.1.json"
DEFINITION = """\
id: da-hub
city: darmstadt
department: Vermessungsamt
type: arcgis
url: {root}
network: {allow: ["{host}"]}
defaults: {license: dl-zero-de/2.0, description: Geodaten der Wissenschaftsstadt Darmstadt.}
"""
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "ftype": "http://publications.europa.eu/resource/authority/file-type/",
    "lang": "http://publications.europa.eu/resource/authority/language/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}


def item_id(name: str) -> str:
    """Give an id as the portal makes them: 32 hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def entry(name: str, title: str, **fields: Any) -> dict[str, Any]:
    """Give a dataset of the DCAT-AP feed; a test names only what matters to it."""
    item = item_id(name)
    return {
        "@type": "dcat:Dataset",
        "@id": f"https://hub.darmstadt.example/datasets/{item}_0",
        "dct:identifier": f"https://www.arcgis.com/home/item.html?id={item}&sublayer=0",
        "dct:title": title,
        "dct:description": "<p>Beispieldaten, frei erfunden.</p>",
        "dcat:contactPoint": {
            "@type": "vcard:Contact",
            "vcard:fn": "Geodatenstelle",
            "vcard:hasEmail": "mailto:geo@darmstadt.example",
        },
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": "Vermessungsamt"},
        "dct:accessRights": "public",
        "dct:language": {"@id": "lang:GER"},
        "dcat:keyword": ["Baum", "Grün"],
        "dct:issued": "2021-04-19T13:30:24.055-04:00",
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": "GeoJSON",
                "dcat:accessURL": {
                    "@id": f"https://hub.darmstadt.example/api/download/v1/items/{item}/geojson?layers=0"
                },
                "dct:format": {"@id": "ftype:GEOJSON"},
                "dct:license": {"@id": "https://www.govdata.de/dl-de/by-2-0"},
            },
            {
                "@type": "dcat:Distribution",
                "dct:title": "Karte",
                "dcat:accessUrl": f"https://hub.darmstadt.example/datasets/{item}_0",
                "dct:format": {"@id": "ftype:HTML"},
            },
        ],
        **fields,
    }


def feed(entries: list[dict[str, Any]]) -> bytes:
    catalogue = {
        "@context": CONTEXT,
        "@id": "https://hub.darmstadt.example",
        "@type": "dcat:Catalog",
        "dct:title": "Geodaten",
    }
    return json.dumps(catalogue | {"dcat:dataset": entries}).encode()


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the feed, which is one page; a spoilt dataset has no title."""
    entries = [entry(one.id, one.title) for one in told]
    for one, written in zip(told, entries, strict=True):
        if one.spoilt:
            del written["dct:title"]
    return {FEED: Answered(feed(entries), "application/json")}


SAMPLE = Sample(
    definition=DEFINITION,
    site=site,
    named=lambda told: f"{item_id(told)}_0",
    twins=False,
    keyword=('"dcat:keyword": [', '"*", '),
)


def us_entry(name: str, title: str) -> dict[str, Any]:
    """Give a dataset of the DCAT-US feed."""
    item = item_id(name)
    return {
        "@type": "dcat:Dataset",
        "identifier": f"https://www.arcgis.com/home/item.html?id={item}&sublayer=3",
        "landingPage": f"https://hub.darmstadt.example/datasets/{item}_3",
        "title": title,
        "description": "Beispieldaten, frei erfunden.",
        "keyword": ["Baum"],
        "issued": "2020-03-04T12:00:00.000Z",
        "modified": "2026-05-31T12:00:00.000Z",
        "publisher": {"name": "Vermessungsamt"},
        "contactPoint": {"@type": "vcard:Contact", "fn": "Geodatenstelle", "hasEmail": "mailto:geo@darmstadt.example"},
        "accessLevel": "public",
        "license": "https://www.govdata.de/dl-de/by-2-0",
        "spatial": "8.55,49.79,8.75,49.96",
        "distribution": [
            {"@type": "dcat:Distribution", "title": "CSV", "format": "CSV", "mediaType": "text/csv",
             "accessURL": f"https://hub.darmstadt.example/api/download/v1/items/{item}/csv?layers=3"},
        ],
    }  # fmt: skip


def us_feed(entries: list[dict[str, Any]]) -> bytes:
    head = {"@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld", "@type": "dcat:Catalog",
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema"}  # fmt: skip
    return json.dumps(head | {"dataset": entries}).encode()


def feature(name: str, title: str, **properties: Any) -> dict[str, Any]:
    """Give a dataset as the search of a hub finds it."""
    item = f"{item_id(name)}_0"
    return {
        "id": item,
        "type": "Feature",
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[8.5, 49.7], [8.7, 49.7], [8.7, 49.9], [8.5, 49.9], [8.5, 49.7]]],
        },
        "properties": {
            "id": item,
            "owner": "konto_4711",
            "created": 1603116000000,
            "modified": 1780228800000,
            "title": title,
            "type": "Feature Service",
            "description": "<div>Beispieldaten, frei erfunden.</div>",
            "snippet": "Kurz.",
            "tags": ["Baum"],
            "culture": "de-de",
            "url": f"https://services.arcgis.example/{item}/FeatureServer/0",
            "access": "public",
            "source": "Stadt Darmstadt",
            "licenseInfo": '<a href="https://www.govdata.de/dl-de/by-2-0">dl-de/by-2-0</a>',
            "additionalResources": [{"name": "Anleitung", "url": "https://www.darmstadt.example/anleitung.pdf"}],
            **properties,
        },
        "links": [{"rel": "self", "type": "application/geo+json", "href": f"https://hub.darmstadt.example/{item}"}],
    }


def found(features: list[dict[str, Any]], total: int) -> bytes:
    answer = {
        "type": "FeatureCollection",
        "features": features,
        "numberReturned": len(features),
        "numberMatched": total,
        "links": [],
    }
    return json.dumps(answer).encode()
