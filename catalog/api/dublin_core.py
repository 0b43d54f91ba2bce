"""A dataset in simple Dublin Core, the format every OAI-PMH service speaks (oai_dc)."""

from collections.abc import Iterator

from catalog.api.safe_xml import element, text
from catalog.public import PublicDataset
from dcat.model import Agent, Dataset, Text
from dcat.vocabularies import vocabulary

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_ROOT = {
    "xmlns:oai_dc": NAMESPACE,
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{NAMESPACE} http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
}


def write(shown: PublicDataset, site: str) -> str:
    """Write the oai_dc element of one dataset."""
    dataset = shown.dataset
    parts = [*_described(dataset), *_named(dataset)]
    parts += [_plain("identifier", value) for value in (dataset.uri, f"{site}/dataset/{shown.name}")]
    return element("oai_dc:dc", "\n".join(["", *dict.fromkeys(parts), ""]), _ROOT)


def _described(dataset: Dataset) -> Iterator[str]:
    yield from (_tagged("title", value) for value in dataset.title)
    yield from (_tagged("description", value) for value in dataset.description)
    yield from (_tagged("subject", value) for value in dataset.keyword)
    for uri in dataset.theme:
        concept = vocabulary("theme").find(uri)
        yield from (
            [_tagged("subject", Text(concept.label.de, "de")), _tagged("subject", Text(concept.label.en, "en"))]
            if concept
            else [_plain("subject", uri)]
        )
    yield from (_tagged("coverage", label) for place in dataset.spatial for label in place.label)
    yield from (_plain("coverage", place.uri) for place in dataset.spatial if not place.label)


def _named(dataset: Dataset) -> Iterator[str]:
    for name, agents in (
        ("creator", dataset.creator),
        ("publisher", (dataset.publisher,) if dataset.publisher else ()),
        ("contributor", dataset.contributor),
    ):
        yield from (_agent(name, agent) for agent in agents)
    yield _plain("type", "Dataset")
    yield from (_plain("date", date) for date in (dataset.modified or dataset.issued,) if date)
    yield from (_plain("language", uri.rpartition("/")[2].lower()) for uri in dataset.language)
    yield from (_plain("format", each.format.rpartition("/")[2]) for each in dataset.distribution if each.format)
    yield from (_plain("rights", each.license) for each in dataset.distribution if each.license)


def _agent(name: str, agent: Agent) -> str:
    return _tagged(name, agent.name[0]) if agent.name else _plain(name, agent.uri)


def _plain(name: str, value: str) -> str:
    return element(f"dc:{name}", text(value))


def _tagged(name: str, value: Text) -> str:
    return element(f"dc:{name}", text(value.value), {"xml:lang": value.lang} if value.lang else {})
