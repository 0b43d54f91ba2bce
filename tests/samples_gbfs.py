"""GBFS by example: a bike sharing system of version 2.3, and one of 3.0."""

from collections.abc import Sequence
from typing import Any

import orjson
from conformance import Answered, Sample, Site, Told

FEEDS = ("system_information", "vehicle_types", "station_information", "station_status", "free_bike_status")
INFORMATION: dict[str, Any] = {
    "system_id": "beispielrad_wi",
    "language": "de",
    "name": "Beispielrad Wiesbaden",
    "operator": "Beispielrad GmbH",
    "url": "https://www.beispielrad.example/de/wiesbaden/",
    "email": "kundenservice@beispielrad.example",
    "feed_contact_email": "gbfs@beispielrad.example",
    "timezone": "Europe/Berlin",
    "start_date": "2018-08-01",
    "license_id": "CC0-1.0",
    "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
}


def answer(data: Any, version: str = "2.3", **fields: Any) -> bytes:
    """Wrap data as every file of GBFS does."""
    return orjson.dumps({"last_updated": 1795330800, "ttl": 60, "version": version, "data": data} | fields)


def discovery(root: str, *feeds: str, languages: Sequence[str] = ("de",)) -> bytes:
    """A discovery file of 2.x: the feeds of each language."""
    return answer(
        {
            lang: {"feeds": [{"name": name, "url": f"{root}/gbfs/{lang}/{name}.json"} for name in feeds or FEEDS]}
            for lang in languages
        }
    )


def _site(root: str, told: Sequence[Told], page_size: int) -> Site:
    if not told:
        return {"/gbfs/gbfs.json": Answered(answer({"de": {"feeds": []}}), "application/json")}
    (each,) = told
    name = {} if each.spoilt else {"name": each.title}
    information = {key: value for key, value in INFORMATION.items() if key != "name"} | {"system_id": each.id} | name
    return {
        "/gbfs/gbfs.json": Answered(discovery(root), "application/json; charset=utf-8"),
        "/gbfs/de/system_information.json": Answered(answer(information), "application/json; charset=utf-8"),
    }


SAMPLE = Sample(
    definition="""\
id: wi-beispielrad
city: wiesbaden
department: Tiefbau- und Vermessungsamt
type: gbfs
url: "{root}/gbfs/gbfs.json"
network:
  allow: ["{host}"]
live:
  every: 5m
""",
    site=_site,
    most=1,
    paged=True,
    tree=True,
    isolates=False,
    empty="failed",
)
