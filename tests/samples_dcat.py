"""A DCAT catalogue by example: Turtle in pages that a Hydra view links, as CKAN and DKAN write it."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import source_site
from conformance import Answered, Sample, Told
from source_site import Entry

DEFINITION = """\
id: da-katalog
city: darmstadt
department: Amt für Wirtschaft und Stadtentwicklung
type: dcat
url: "{root}/catalog.ttl"
network:
  allow: ["{host}"]
defaults:
  license: dl-zero-de/2.0
"""


def site(root: str, told: Sequence[Told], page_size: int) -> Mapping[str, Answered]:
    """Give the pages of a catalogue; a spoilt dataset has no title."""
    pages = [told[start : start + page_size] for start in range(0, len(told), page_size)] or [[]]
    addresses = ["/catalog.ttl", *(f"/catalog.ttl?page={number}" for number in range(2, len(pages) + 1))]
    following = [*(f"{root}{address}" for address in addresses[1:]), ""]
    return {
        address: Answered(
            source_site.catalogue(f"{root}{address}", map(_entry, page), link, len(told)).encode(), "text/turtle"
        )
        for address, page, link in zip(addresses, pages, following, strict=True)
    }


def _entry(told: Told) -> Entry:
    quoted = told.title.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return Entry(name=told.id, title="" if told.spoilt else quoted, uri=uri(told.id))


def uri(name: str) -> str:
    return source_site.uri(quote(name))


SAMPLE = Sample(
    definition=DEFINITION,
    site=site,
    paged=True,
    claims_total=True,
    named=uri,
    keyword=('dct:identifier "satz-1"', ' ; dcat:keyword "*"'),
)
