"""A bucket by example: a folder for each dataset, listed by ListObjectsV2, with a data package in it."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import s3_site
import samples_files
from conformance import Answered, Sample, Told

DEFINITION = """\
id: wi-speicher
city: wiesbaden
department: Umweltamt
type: s3
url: s3://daten/ablage
options:
  endpoint: "{root}"
network:
  allow: ["{host}"]
release: at_once
defaults:
  license: dl-zero-de/2.0
  description: Daten des Umweltamts der Landeshauptstadt Wiesbaden.
"""
LIST = "/daten?delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000&prefix={}"


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the listings of all folders, and their objects. The door reads the pages of a listing as one."""
    objects = {f"ablage/{path}": body for path, body in samples_files.drop(told).items()}
    answers = {}
    for prefix in ("ablage/", *(f"ablage/{one.id}/" for one in told)):
        below = {key: body for key, body in objects.items() if key.startswith(prefix)}
        query = {"prefix": prefix, "delimiter": "/", "encoding-type": "url"}
        answers[LIST.format(quote(prefix, safe=""))] = Answered(s3_site.listing(below, query), "application/xml")
    for key, body in objects.items():
        answers[f"/daten/{quote(key)}"] = Answered(body, "binary/octet-stream")
    return answers


SAMPLE = Sample(definition=DEFINITION, site=site, most=200, paged=True, twins=False, tree=True)
