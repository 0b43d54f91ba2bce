"""A catalogue of records (OGC API Records) as pygeoapi and pycsw answer, in pages, and an API of features with two collections."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance import Answered, Sample, Told

GEOJSON = "application/geo+json"
ITEMS = "/collections/datensaetze/items"
DEFINITION = """\
id: da-records
city: darmstadt
department: Vermessungsamt
type: ogc-api
url: {root}/collections/datensaetze/items
network: {allow: ["{host}"]}
defaults: {license: dl-zero-de/2.0, description: Geodaten der Wissenschaftsstadt Darmstadt.}
"""


def record(name: str, title: str, **properties: Any) -> dict[str, Any]:
    """Give a record as servers write it; a test names only what matters to it."""
    return {
        "id": name,
        "type": "Feature",
        "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"],
        "time": {"interval": ["2020-01-01", ".."], "resolution": "P1Y"},
        "geometry": {"type": "Polygon", "coordinates": [[[8.55, 49.79], [8.75, 49.79], [8.75, 49.96], [8.55, 49.96], [8.55, 49.79]]]},
        "properties": {
            "type": "dataset",
            "title": title,
            "description": "<p>Beispieldaten, <b>frei erfunden</b>.</p>",
            "keywords": ["Baum", "Grün"],
            "language": {"code": "de"},
            "resourceLanguages": [{"code": "de"}],
            "created": "2024-03-01T08:00:00Z",
            "updated": "2026-05-31T12:00:00Z",
            "license": "https://www.govdata.de/dl-de/zero-2-0",
            "themes": [{"concepts": [{"id": "ENVI"}], "scheme": "http://publications.europa.eu/resource/authority/data-theme"}],
            "formats": [{"name": "CSV", "mediaType": "text/csv"}],
            "contacts": [
                {"name": "Geodatenstelle", "organization": "Vermessungsamt", "roles": ["pointOfContact", "publisher"],
                 "emails": [{"value": "geodaten@darmstadt.example"}], "phones": [{"value": "+49 6151 1234"}],
                 "links": [{"rel": "about", "href": "https://www.darmstadt.example/vermessung"}]},
            ],
            **properties,
        },
        "links": [
            {"rel": "enclosure", "href": f"https://geo.darmstadt.example/{name}.csv", "type": "text/csv", "title": "Tabelle", "length": 2048},
            {"rel": "item", "href": f"/daten/{name}.geojson", "type": "application/geo+json"},
            {"rel": "alternate", "href": f"/records/{name}?f=html", "type": "text/html"},
            {"rel": "preview", "href": f"/bild/{name}.png", "type": "image/png"},
        ],
    }  # fmt: skip


def page(records: list[dict[str, Any]], total: int, following: str = "") -> bytes:
    links = [{"rel": "next", "type": GEOJSON, "href": following}] if following else []
    answer = {
        "type": "FeatureCollection",
        "features": records,
        "numberMatched": total,
        "numberReturned": len(records),
        "links": links,
    }
    return json.dumps(answer).encode()


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the pages of records; a spoilt one has no title."""
    answers = {}
    for start in range(0, max(len(told), 1), page_size):
        records = [record(one.id, "" if one.spoilt else one.title) for one in told[start : start + page_size]]
        end = start + page_size
        following = f"{root}{ITEMS}?f=json&limit={page_size}&offset={end}" if end < len(told) else ""
        path = f"{ITEMS}?f=json&limit={page_size}&offset={start}" if start else f"{ITEMS}?f=json"
        answers[path] = Answered(page(records, len(told), following), GEOJSON)
    return answers


SAMPLE = Sample(definition=DEFINITION, site=site, paged=True, claims_total=True, keyword=('"keywords": [', '"*", '))


def collection(name: str, title: str, **fields: Any) -> dict[str, Any]:
    """Give a collection of features as ldproxy and pygeoapi describe it."""
    base = f"/ogc/collections/{name}"
    return {
        "id": name,
        "title": title,
        "description": "Beispieldaten, frei erfunden.",
        "keywords": ["Baum"],
        "attribution": "© Stadt Darmstadt, Vermessungsamt",
        "itemType": "feature",
        "extent": {
            "spatial": {"bbox": [[8.55, 49.79, 8.75, 49.96]], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
            "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]},
        },
        "links": [
            {"rel": "self", "type": "application/json", "href": f"{base}?f=json"},
            {"rel": "alternate", "type": "text/html", "href": f"{base}?f=html"},
            {"rel": "items", "type": "application/geo+json", "title": "Als GeoJSON", "href": f"{base}/items?f=json"},
            {
                "rel": "items",
                "type": "application/gml+xml;version=3.2",
                "title": "Als GML",
                "href": f"{base}/items?f=gml",
            },
            {"rel": "items", "type": "text/html", "href": f"{base}/items?f=html"},
            {"rel": "license", "href": "https://www.govdata.de/dl-de/by-2-0", "title": "dl-de/by-2-0"},
        ],
        **fields,
    }


LANDING = {
    "title": "Geodaten der Stadt",
    "links": [
        {"rel": "self", "type": "application/json", "href": "/ogc?f=json"},
        {"rel": "data", "type": "text/html", "href": "/ogc/collections?f=html"},
        {"rel": "data", "type": "application/json", "href": "/ogc/collections?f=json"},
        {"rel": "service-desc", "type": "application/vnd.oai.openapi+json;version=3.0", "href": "/ogc/api?f=json"},
    ],
}
