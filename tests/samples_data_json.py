"""A data.json by example, as DKAN writes it: Drupal appends _0, _1 to the name of a file at each new upload."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from conformance import Answered, Sample, Told

FILES = "https://opendata.darmstadt.example/sites/default/files"
DEFINITION = """\
id: da-statistik
city: darmstadt
department: Amt für Wirtschaft und Stadtentwicklung
type: data-json
url: "{root}/data.json"
identity: {distribution: "strip-suffix:_[0-9]+"}
network:
  allow: ["{host}"]
defaults: {license: dl-zero-de/2.0, description: Daten der Wissenschaftsstadt Darmstadt.}
"""


def record(identifier: str = "8f0c", title: str = "Einwohner nach Stadtteilen", **fields: Any) -> dict[str, Any]:
    """One dataset with all that DKAN writes."""
    return {
        "@type": "dcat:Dataset",
        "accessLevel": "public",
        "accrualPeriodicity": "R/P3M",
        "contactPoint": {"@type": "vcard:Contact", "fn": "Statistik", "hasEmail": "mailto:statistik@darmstadt.example"},
        "description": "<p>Einwohner mit <strong>Hauptwohnung</strong>.</p>\n",
        "distribution": [file()],
        "identifier": identifier,
        "issued": "2019-05-02",
        "keyword": ["Bevölkerung", "Stadtteile"],
        "license": "https://www.govdata.de/dl-de/zero-2-0",
        "modified": "2026-01-05",
        "publisher": {"@type": "org:Organization", "name": "Wissenschaftsstadt Darmstadt"},
        "title": title,
        **fields,
    }


def file(name: str = "einwohner-2026-q1_0.csv", **fields: Any) -> dict[str, Any]:
    """One file of a dataset."""
    return {
        "@type": "dcat:Distribution",
        "downloadURL": f"{FILES}/{name}",
        "format": "csv",
        "mediaType": "text/csv",
        "title": "1. Quartal 2026",
        **fields,
    }


def catalogue(*records: Any, **fields: Any) -> bytes:
    """A whole data.json."""
    schema = "https://project-open-data.cio.gov/v1.1/schema"
    return orjson.dumps(
        {
            "@context": f"{schema}/catalog.jsonld",
            "@id": "https://opendata.darmstadt.example/data.json",
            "@type": "dcat:Catalog",
            "conformsTo": schema,
            "describedBy": f"{schema}/catalog.json",
            "dataset": list(records),
            **fields,
        }
    )


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the one file; a spoilt record has no title."""
    records = [record(one.id, "" if one.spoilt else one.title) for one in told]
    return {"/data.json": Answered(catalogue(*records), "application/json")}


SAMPLE = Sample(definition=DEFINITION, site=site, keyword=('"keyword":[', '"*",'))
