"""The catalogue of an Opendatasoft portal as its Explore API 2.1 answers, in pages."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance import Answered, Sample, Told

PATH = "/api/explore/v2.1/catalog/datasets"
DEFINITION = """\
id: wi-portal
city: wiesbaden
department: Amt für Statistik
type: opendatasoft
url: {root}
network: {allow: ["{host}"]}
defaults: {license: dl-zero-de/2.0, description: Daten der Landeshauptstadt Wiesbaden.}
"""


def dataset(
    name: str,
    title: str,
    *,
    dcat: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    **default: Any,
) -> dict[str, Any]:
    """Give a dataset as the portal describes it; a test names only what matters to it."""
    return {
        "visibility": "domain",
        "dataset_id": name,
        "dataset_uid": "da_x1y2z3",
        "has_records": True,
        "features": ["geo", "analyze"],
        "attachments": [{"mimetype": "application/pdf", "url": f"odsfile://{name}.pdf", "id": "lies_mich_pdf", "title": "Lies mich.pdf"}],
        "alternative_exports": [],
        "data_visible": True,
        "fields": [{"name": "baum", "label": "Baum", "type": "text", "annotations": {}, "description": None}],
        "metas": {
            "default": {
                "title": title,
                "description": "<p>Beispieldaten, <i>frei erfunden</i>.</p>",
                "theme": ["Umwelt"],
                "keyword": ["Baum", "Straße"],
                "license": "Datenlizenz Deutschland – Namensnennung – Version 2.0",
                "license_url": "https://www.govdata.de/dl-de/by-2-0",
                "language": "de",
                "modified": "2026-05-31T10:00:00+00:00",
                "data_processed": "2026-11-20T03:00:00+00:00",
                "metadata_processed": "2026-11-20T03:00:05+00:00",
                "territory": ["Wiesbaden"],
                "bbox": {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [
                    [[8.1, 50.0], [8.4, 50.0], [8.4, 50.2], [8.1, 50.2], [8.1, 50.0]]]}},
                "publisher": "Grünflächenamt",
                "references": "https://www.wiesbaden.example/baeume",
                "records_count": 4711,
                "attributions": ["© Landeshauptstadt Wiesbaden"],
                "source_domain": None,
                "federated": False,
                **default,
            },
            "dcat": {
                "created": "2019-12-01T00:00:00+00:00",
                "issued": "2020-01-31T00:00:00+00:00",
                "creator": "Vermessungsamt",
                "contributor": None,
                "contact_name": "Geschäftsstelle Offene Daten",
                "contact_email": "offenedaten@wiesbaden.example",
                "accrualperiodicity": "jährlich",
                "spatial": None,
                "temporal": "2015/2025",
                "granularity": "Baum",
                **(dcat or {}),
            },
            "explore": {"download_count": 12, "popularity_score": 0.5},
        },
        **(more or {}),
    }  # fmt: skip


def page(results: list[dict[str, Any]], total: int) -> bytes:
    return json.dumps({"total_count": total, "results": results}).encode()


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the pages; a spoilt dataset has no title. The portal gives fewer than it is asked for."""
    answers = {}
    for start in range(0, max(len(told), 1), page_size):
        results = [dataset(one.id, "" if one.spoilt else one.title) for one in told[start : start + page_size]]
        path = f"{PATH}?limit={min(100, 10_000 - start)}&offset={start}"
        answers[path] = Answered(page(results, len(told)), "application/json")
    return answers


SAMPLE = Sample(definition=DEFINITION, site=site, paged=True, claims_total=True, keyword=('"keyword": [', '"*", '))
