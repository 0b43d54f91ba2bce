"""Mobilithek by example: pages of its metadata export in JSON-LD, with the total in a Hydra collection."""

from collections.abc import Sequence
from typing import Any

import orjson
from conformance import Answered, Sample, Site, Told

PATH = "/mobilithek/api/v1.0/export/datasets/mobilithek"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "mobilitydcatap": "https://w3id.org/mobilitydcat-ap#",
    "totalItems": {"@id": "hydra:totalItems"},
    "title": {"@id": "dct:title"},
    "description": {"@id": "dct:description"},
}


def offer(known: str, title: str, publisher: str = "Stadt Frankfurt am Main", **fields: Any) -> list[dict[str, Any]]:
    """An offer with its publisher and its distribution, flat as in the export."""
    own = f"https://mobilithek.info/offers/{known}"
    dataset = {
        "@id": own,
        "@type": "dcat:Dataset",
        "dct:identifier": known,
        "title": {"@language": "de", "@value": title} if title else [],
        "description": {"@language": "de", "@value": "Baustellen und Sperrungen."},
        "dct:publisher": {"@id": f"{own}#publisher"},
        "dct:accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/UPDATE_CONT"},
        "mobilitydcatap:mobilityTheme": {
            "@id": "https://w3id.org/mobilitydcat-ap/mobility-theme/road-work-information"
        },
        "dcat:distribution": {"@id": f"{own}#distribution"},
    }
    distribution = {
        "@id": f"{own}#distribution",
        "@type": "dcat:Distribution",
        "title": {"@language": "de", "@value": "DATEX II"},
        "dcat:accessURL": {"@id": f"https://mobilithek.info:8443/mobilithek/api/v1.0/subscription/{known}"},
        "dcat:downloadURL": {"@id": f"https://daten.frankfurt.example/{known}.xml"},
        "dct:license": {"@id": "http://dcat-ap.de/def/licenses/dl-by-de/2.0"},
        "mobilitydcatap:mobilityDataStandard": {
            "@id": "https://w3id.org/mobilitydcat-ap/mobility-data-standard/datex-ii"
        },
    }
    return [
        dataset | fields,
        {"@id": f"{own}#publisher", "@type": "foaf:Agent", "foaf:name": publisher},
        distribution,
    ]


def page(*offers: list[dict[str, Any]], total: int | None = None) -> bytes:
    graph: list[dict[str, Any]] = [node for each in offers for node in each]
    claimed = {"totalItems": str(total)} if total is not None else {}
    graph.append({"@id": "https://mobilithek.info/export", "@type": "hydra:PagedCollection", **claimed})
    return orjson.dumps({"@context": CONTEXT, "@graph": graph})


def asked(number: int) -> str:
    return f"{PATH}?page={number}&size=50"


def _site(root: str, told: Sequence[Told], page_size: int) -> Site:
    count = max(-(-len(told) // page_size), 1)
    pages = {
        asked(number): page(
            *(offer(t.id, "" if t.spoilt else t.title) for t in told[number * page_size : (number + 1) * page_size]),
            total=len(told),
        )
        for number in range(count)
    }
    # The end shows only by a page without offers, unless the first holds all.
    pages |= {asked(count): page()} if count > 1 else {}
    return {path: Answered(body, "application/ld+json") for path, body in pages.items()}


SAMPLE = Sample(
    definition="""\
id: ffm-mobilithek
city: frankfurt
department: Amt für Straßenbau und Erschließung
type: mobilithek
url: "{root}/mobilithek/api/v1.0/export/datasets/mobilithek"
network:
  allow: ["{host}"]
""",
    site=_site,
    paged=True,
    claims_total=True,
    named=lambda told: f"https://mobilithek.info/offers/{told}",
)
