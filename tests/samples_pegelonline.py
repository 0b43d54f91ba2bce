"""PEGELONLINE by example: the list of stations as the REST API v2 gives it."""

import uuid
from collections.abc import Sequence
from typing import Any

import orjson
from conformance import Answered, Sample, Site, Told

ROOT = "/webservices/rest-api/v2"
ASKED = f"{ROOT}/stations.json?waters=MAIN,RHEIN&includeTimeseries=true&prettyprint=false"


def series(code: str = "W", longname: str = "WASSERSTAND ROHDATEN", unit: str = "cm", **fields: Any) -> dict[str, Any]:
    return {"shortname": code, "longname": longname, "unit": unit, "equidistance": 15} | fields


def station(water: str = "MAIN", longname: str = "FRANKFURT OSTHAFEN", **fields: Any) -> dict[str, Any]:
    """A station as the API writes it."""
    return {
        "uuid": "66ff3eb4-513b-478b-abd2-2f5126ea66fd",
        "number": "24700404",
        "shortname": longname[:40],
        "longname": longname,
        "km": 37.6,
        "agency": "STANDORT ASCHAFFENBURG",
        "longitude": 8.712559,
        "latitude": 50.107895,
        "water": {"shortname": water, "longname": water},
        "timeseries": [series()],
    } | fields


def _site(root: str, told: Sequence[Told], page_size: int) -> Site:
    stations = [
        station(longname=f"STATION {each.id.upper()}")
        | {"uuid": "" if each.spoilt else str(uuid.uuid5(uuid.NAMESPACE_URL, each.id)), "number": ""}
        | {"water": {"shortname": each.id, "longname": each.title}}
        for each in told
    ]
    return {ASKED: Answered(orjson.dumps(stations), "application/json;charset=UTF-8")}


SAMPLE = Sample(
    definition="""\
id: pegel-rhein-main
city: wiesbaden
department: Wasserstraßen- und Schifffahrtsverwaltung des Bundes
type: pegelonline
url: "{root}/webservices/rest-api/v2/stations.json?waters=MAIN,RHEIN"
network:
  allow: ["{host}"]
defaults:
  license: dl-zero-de/2.0
  publisher: {name: Wasserstraßen- und Schifffahrtsverwaltung des Bundes}
live:
  every: 5m
""",
    site=_site,
    # Two stations of one water belong together.
    twins=False,
    named=lambda told: f"{told}/W",
)
