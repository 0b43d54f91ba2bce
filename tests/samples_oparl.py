"""OParl by example: a system, and its list of bodies page by page."""

from collections.abc import Sequence
from typing import Any

import orjson
from conformance import Answered, Sample, Site, Told

SCHEMA = "https://schema.oparl.org/1.1"
LISTS = ("organization", "person", "meeting", "paper")


def system(root: str = "https://ris.example", **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{root}/oparl/v1.1/system",
        "type": f"{SCHEMA}/System",
        "oparlVersion": f"{SCHEMA}/",
        "body": f"{root}/oparl/v1.1/bodies",
        "name": "Ratsinformationssystem",
        "contactEmail": "ris@stadt.example",
        "vendor": "https://hersteller.example/",
        "created": "2019-01-01T00:00:00+01:00",
        "modified": "2026-11-22T06:00:00+01:00",
    } | fields


def body(known: str = "1", name: str = "Stadt Beispielhausen", lists: Sequence[str] = LISTS, **fields: Any) -> Any:
    """A body as council information systems describe it."""
    own = f"https://ris.example/oparl/v1.1/body/{known}"
    return {
        "id": own,
        "type": f"{SCHEMA}/Body",
        "system": "https://ris.example/oparl/v1.1/system",
        "name": name,
        "shortName": "Beispielh.",
        "website": "https://www.beispielhausen.example/",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "oparlSince": "2019-03-01T00:00:00+01:00",
        "ags": "06411000",
        "rgs": "064110000000",
        "contactEmail": "ris@stadt.example",
        "contactName": "Sitzungsdienst",
        "legislativeTerm": [{"id": f"{own}/term/1", "name": "Wahlperiode 2021-2026"}],
        "created": "2019-01-01T00:00:00+01:00",
        "modified": "2026-11-22T06:00:00+01:00",
        **{key: f"{own}/{key}" for key in lists},
    } | fields


def listed(*bodies: Any, following: str = "") -> dict[str, Any]:
    links = {"next": following} if following else {}
    return {"data": bodies, "links": links, "pagination": {"totalElements": 99, "elementsPerPage": 100}}


def _site(root: str, told: Sequence[Told], page_size: int) -> Site:
    first = f"{root}/oparl/v1.1/bodies"
    site = {"/oparl/v1.1/system": Answered(orjson.dumps(system(root)), "application/json; charset=utf-8")}
    for start in range(0, max(len(told), 1), page_size):
        bodies = [
            body(each.id, "" if each.spoilt else each.title, ["paper"]) for each in told[start : start + page_size]
        ]
        number, more = start // page_size + 1, start + page_size < len(told)
        page = listed(*bodies, following=f"{first}?page={number + 1}" if more else "")
        path = "/oparl/v1.1/bodies" + (f"?page={number}" if start else "")
        site[path] = Answered(orjson.dumps(page), "application/json; charset=utf-8")
    return site


SAMPLE = Sample(
    definition="""\
id: da-rat
city: darmstadt
department: Büro der Stadtverordnetenversammlung
type: oparl
url: "{root}/oparl/v1.1/system"
network:
  allow: ["{host}"]
""",
    site=_site,
    paged=True,
    heads=1,
    named=lambda told: f"https://ris.example/oparl/v1.1/body/{told}#paper",
)
