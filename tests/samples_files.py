"""A file drop on a web server by example: a folder for each dataset, listed as nginx does, with a data package in it."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from conformance import Answered, Sample, Told

DEFINITION = """\
id: wi-umwelt
city: wiesbaden
department: Umweltamt
type: files
url: "{root}/ablage/"
network:
  allow: ["{host}"]
release: at_once
defaults:
  license: dl-zero-de/2.0
  description: Daten des Umweltamts der Landeshauptstadt Wiesbaden.
"""
CSV = "name;hoehe\nLinde;12\n"


def package(told: Told) -> bytes:
    """Write the data package of a dataset; a spoilt one names no resources."""
    resources = {} if told.spoilt else {"resources": [{"path": "daten.csv"}]}
    return json.dumps({"title": told.title, **resources}).encode()


def drop(told: Sequence[Told]) -> dict[str, bytes]:
    """Give the files of a drop by their paths."""
    files = {f"{one.id}/datapackage.json": package(one) for one in told}
    return files | {f"{one.id}/daten.csv": CSV.encode() for one in told}


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the listings of all folders, and their files."""
    answers = {"/ablage/": listing([f"{one.id}/" for one in told])}
    for one in told:
        answers[f"/ablage/{quote(one.id)}/"] = listing(["datapackage.json", "daten.csv"])
    for path, body in drop(told).items():
        answers[f"/ablage/{quote(path)}"] = Answered(body, "application/json" if path.endswith(".json") else "text/csv")
    return answers


def listing(names: Sequence[str]) -> Answered:
    """Write a listing as nginx does."""
    links = "".join(f'<a href="{quote(name)}">{name}</a>   31-May-2026 12:00   19\r\n' for name in names)
    page = (
        f'<html>\r\n<body>\r\n<h1>Index</h1><hr><pre><a href="../">../</a>\r\n{links}</pre><hr></body>\r\n</html>\r\n'
    )
    return Answered(page.encode(), "text/html")


SAMPLE = Sample(definition=DEFINITION, site=site, most=200, paged=True, twins=False, tree=True)
