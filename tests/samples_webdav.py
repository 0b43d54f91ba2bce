"""A WebDAV folder by example: a folder for each dataset, listed as Nextcloud does, with a data package in it."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import samples_files
import webdav_listings
from conformance import Answered, Sample, Told

HOME = "/remote.php/dav/files/umwelt/Offene%20Daten/"
DEFINITION = f"""\
id: wi-cloud
city: wiesbaden
department: Umweltamt
type: webdav
url: "{{root}}{HOME}"
network:
  allow: ["{{host}}"]
release: at_once
defaults:
  license: dl-zero-de/2.0
  description: Daten des Umweltamts der Landeshauptstadt Wiesbaden.
"""


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the listings of all folders, and their files."""
    answers = {HOME: listing(HOME, [f"{one.id}/" for one in told])}
    for one in told:
        folder = f"{HOME}{quote(one.id)}/"
        answers[folder] = listing(folder, ["datapackage.json", "daten.csv"])
    for path, body in samples_files.drop(told).items():
        answers[f"{HOME}{quote(path)}"] = Answered(body, "application/octet-stream")
    return answers


def listing(folder: str, names: Sequence[str]) -> Answered:
    return Answered(webdav_listings.nextcloud(folder, names), "application/xml; charset=utf-8", 207)


SAMPLE = Sample(definition=DEFINITION, site=site, most=200, paged=True, twins=False, tree=True)
