"""SensorThings by example: observed properties as a FROST server gives them, with a sample of their datastreams."""

from collections.abc import Sequence
from typing import Any

import orjson
from conformance import Answered, Sample, Site, Told

EXPAND = "Datastreams($select=unitOfMeasurement,observedArea,phenomenonTime;$top=100;$count=true)"


def asked(skip: int = 0) -> str:
    skipped = f"&$skip={skip}" if skip else ""
    return f"/v1.1/ObservedProperties?$count=true&$top=50{skipped}&$orderby=id&$expand={EXPAND}"


def datastream(**fields: Any) -> dict[str, Any]:
    return {
        "unitOfMeasurement": {"name": "Grad Celsius", "symbol": "°C", "definition": "ucum:Cel"},
        "observedArea": {"type": "Point", "coordinates": [8.65, 49.87]},
        "phenomenonTime": "2021-03-01T00:00:00Z/2026-11-22T06:45:00Z",
    } | fields


def observed(id: Any = 7, name: str = "Lufttemperatur", **fields: Any) -> dict[str, Any]:
    """An observed property with its datastreams."""
    return {
        "@iot.selfLink": f"https://sensoren.example/v1.1/ObservedProperties({id})",
        "@iot.id": id,
        "name": name,
        "definition": "http://vocab.nerc.ac.uk/standard_name/air_temperature/",
        "description": "Lufttemperatur in zwei Metern Höhe",
        "properties": {},
        "Datastreams": [datastream()],
        "Datastreams@iot.count": 1,
    } | fields


def answer(*found: Any, total: int | None = None, following: str = "") -> bytes:
    content: dict[str, Any] = {"value": found}
    content |= {"@iot.count": total} if total is not None else {}
    content |= {"@iot.nextLink": following} if following else {}
    return orjson.dumps(content)


def _site(root: str, told: Sequence[Told], page_size: int) -> Site:
    site = {}
    for start in range(0, max(len(told), 1), page_size):
        part = told[start : start + page_size]
        found = [observed(each.id, "" if each.spoilt else each.title) for each in part]
        body = answer(*found, total=len(told), following="http://intern/x" if start + page_size < len(told) else "")
        site[asked(start)] = Answered(body, "application/json;charset=UTF-8")
    return site


SAMPLE = Sample(
    definition="""\
id: da-sensoren
city: darmstadt
department: Umweltamt
type: sensorthings
url: "{root}/v1.1"
network:
  allow: ["{host}"]
defaults:
  license: dl-zero-de/2.0
live:
  every: 5m
""",
    site=_site,
    paged=True,
    claims_total=True,
)
