"""Dataset -> schema.org, as Google Dataset Search reads it: one name, one description, addresses in the place of concepts.

Google's rules: developers.google.com/search/docs/appearance/structured-data/dataset. What is lost is listed in docs/interfaces.md.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dcat import dates, iri
from dcat.geometry import extent
from dcat.kinds import language_tag
from dcat.message import Message
from dcat.model import Agent, Catalog, Contact, Dataset, DatasetSeries, Distribution, Period, Place, Text
from dcat.texts import best
from dcat.vocabularies import PUBLIC, vocabulary

URI = "https://schema.org/"
MIN_DESCRIPTION = 50
MAX_DESCRIPTION = 5000
# Of a wider table a search engine learns enough from these; the page that carries them stays small.
MAX_VARIABLES = 100
_TWO_LETTERS = ("ar", "cs", "da", "de", "el", "en", "es", "fr", "hr", "it", "nl", "pl", "pt", "ro", "ru", "tr", "uk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a checked table; `type` is one of Table Schema's, `string` where nothing more is certain."""

    name: str
    type: str = "string"
    title: Message | None = None
    description: Message | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A distribution that is a checked table. `id` has no blanks and is unique in the dataset; `key` names columns."""

    id: str
    name: str
    distribution: Distribution
    sha256: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a catalogue adds to a dataset: its page, its name and times there, its checked tables, why it is kept back."""

    url: str
    name: str
    catalog: str
    homepage: str
    published: str = ""
    modified: str = ""
    tables: tuple[Table, ...] = ()
    kept_back: Message | None = None


def write(dataset: Dataset, page: Page) -> dict[str, Any]:
    """Write a Dataset without its context, so that it can stand inside another document."""
    publisher = organization(dataset.publisher, dataset.contact_point)
    name = best(dataset.title) or page.name
    conditions = _conditions(dataset, page)
    return without_gaps(
        {
            "@type": "Dataset",
            "@id": dataset.uri if iri.is_iri(dataset.uri) else "",
            "name": name,
            "alternateName": scalar([_tagged(text) for text in dataset.title if text.value != name]),
            "description": description(dataset),
            "url": page.url,
            "identifier": scalar([*dataset.identifier, *(other.notation for other in dataset.other_identifier)]),
            "sameAs": scalar(list(filter(iri.is_web, dataset.landing_page))),
            "keywords": keywords(dataset),
            "license": scalar(licenses(dataset)),
            "publisher": publisher,
            "creator": scalar(creators(dataset)),
            "datePublished": date(dataset.issued) or date(page.published),
            "dateModified": date(dataset.modified) or date(page.modified),
            "version": dataset.version,
            "inLanguage": scalar(languages(dataset.language)),
            "spatialCoverage": scalar([_place(place, page.homepage) for place in dataset.spatial]),
            "temporalCoverage": scalar([_interval(period) for period in dataset.temporal]),
            "isAccessibleForFree": None if conditions else True,
            "conditionsOfAccess": conditions,
            "isPartOf": scalar([_series(series) for series in dataset.in_series]),
            "includedInDataCatalog": {"@type": "DataCatalog", "@id": page.catalog, "url": page.homepage},
            "variableMeasured": scalar(_variables(page.tables)),
            "distribution": [_download(distribution) for distribution in dataset.distribution],
        }
    )


def write_catalog(catalog: Catalog) -> dict[str, Any]:
    """Write a DataCatalog without its context and without its datasets."""
    return without_gaps(
        {
            "@type": "DataCatalog",
            "@id": catalog.uri,
            "name": best(catalog.title),
            "alternateName": scalar([_tagged(text) for text in catalog.title if text.value != best(catalog.title)]),
            "description": best(catalog.description),
            "url": catalog.homepage,
            "license": _license(catalog.license),
            "inLanguage": scalar(languages(catalog.language)),
            "publisher": organization(catalog.publisher),
            "spatialCoverage": scalar([_place(place, catalog.homepage) for place in catalog.spatial]),
        }
    )


def document(node: bytes) -> bytes:
    """Make a document of a node that was written without its context."""
    return b'{"@context":"%s",%s' % (URI.encode(), node[1:])


def catalog_document(catalog: Catalog, datasets: Iterable[bytes]) -> bytes:
    """Make a document of a catalogue and of datasets that were written before."""
    head = document(orjson.dumps(write_catalog(catalog)))
    return b'%s,"dataset":[%s]}' % (head[:-1], b",".join(datasets))


def description(dataset: Dataset) -> str:
    """Describe a dataset in 50 to 5,000 characters: a short text gets sentences on its origin, a long one ends with a sentence."""
    whole = best(dataset.description)
    # Blanks are no description.
    text = re.sub(r"\s{3,}", "\n\n", whole.strip())
    english = any(said.value == whole and said.lang.startswith("en") for said in dataset.description)
    for sentence in _more(dataset):
        if len(text) >= MIN_DESCRIPTION:
            break
        end = "" if not text or text[-1] in ".!?" else "."
        text = f"{text}{end} {sentence.in_('en' if english else 'de')}".strip()
    return text if len(text) <= MAX_DESCRIPTION else _cut(text)


def creators(dataset: Dataset) -> list[dict[str, Any]]:
    """Name who made the data; where nobody is named, who publishes them."""
    made = [found for agent in dataset.creator if (found := organization(agent))]
    publisher = organization(dataset.publisher)
    return made or ([publisher] if publisher else [])


def organization(agent: Agent | None, contacts: Iterable[Contact] = ()) -> dict[str, Any]:
    """Describe an agent with those whom to ask; empty for nobody."""
    if agent is None:
        return {}
    about = {
        "name": best(agent.name),
        "email": agent.email,
        "url": agent.homepage if iri.is_web(agent.homepage) else "",
        "contactPoint": scalar([_contact(contact) for contact in contacts]),
    }
    return without_gaps({"@type": "Organization", "@id": agent.uri if iri.is_iri(agent.uri) else "", **about})


def keywords(dataset: Dataset) -> list[str]:
    """List keywords, German ones first, and the names of the themes."""
    spoken = sorted(dataset.keyword, key=lambda text: text.lang[:2] not in ("de", ""))
    themes = (vocabulary("theme").label(uri).de for uri in dataset.theme)
    return _distinct([*(text.value for text in spoken), *themes])


def licenses(dataset: Dataset) -> list[str]:
    """Give the addresses of the licence texts, each once."""
    return _distinct(_license(distribution.license) for distribution in dataset.distribution)


def languages(uris: Iterable[str]) -> list[str]:
    """Give the BCP 47 tags of EU language codes: two letters where there are two, else three."""
    found = (vocabulary("language").concepts.get(uri) for uri in uris)
    return _distinct(_tags().get(concept.uri, concept.code.lower()) for concept in found if concept)


def date(value: str) -> str:
    """Give a date as ISO 8601 has it: a day has no time zone there; empty for what is no date."""
    kind = dates.datatype(value)
    return value[:10] if kind == "xsd:date" else value if kind else ""


def address(distribution: Distribution) -> str:
    """Give the web address of the data: the file, else the page or service."""
    return next(filter(iri.is_web, (*distribution.download_url, *distribution.access_url)), "")


def media_type(distribution: Distribution) -> str:
    """Name the media type: as stated, else the usual one of the format, else the format."""
    stated = vocabulary("media-type").concepts.get(distribution.media_type)
    usual = vocabulary("format").concepts.get(distribution.format)
    if stated or not usual:
        return stated.code if stated else distribution.media_type or distribution.format
    return usual.extra["media_type"] or usual.code


def scalar(values: list[Any]) -> Any:
    """Give one value by itself, several as a list, none as None; what is empty does not count."""
    found = [value for value in values if value]
    return found[0] if len(found) == 1 else found or None


def without_gaps(node: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty; a node of which only the class is left is empty itself."""
    kept = {key: value for key, value in node.items() if value not in (None, "", [], {})}
    return kept if kept.keys() - {"@type"} else {}


@functools.cache
def _tags() -> dict[str, str]:
    found = ((vocabulary("language").find(tag), tag) for tag in _TWO_LETTERS)
    return {concept.uri: tag for concept, tag in found if concept}


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _tagged(text: Text) -> Any:
    tag = language_tag(text.lang) if text.lang else ""
    return {"@value": text.value, "@language": tag} if tag and text.value else text.value


def _conditions(dataset: Dataset, page: Page) -> str:
    if page.kept_back:
        return page.kept_back.de
    if dataset.access_rights in ("", PUBLIC):
        return ""
    return f"Zugang: {vocabulary('access-right').label(dataset.access_rights).de}"


def _more(dataset: Dataset) -> Iterable[Message]:
    """Sentences that make a short description longer; the last one is long enough alone."""
    if dataset.publisher and (name := best(dataset.publisher.name)):
        yield Message(f"Herausgegeben von: {name}.", f"Published by: {name}.")
    if dataset.keyword or dataset.theme:
        words = ", ".join(keywords(dataset))
        yield Message(f"Schlagwörter: {words}.", f"Keywords: {words}.")
    yield Message(
        "Ein Datensatz der öffentlichen Verwaltung, beschrieben nach DCAT-AP.de.",
        "A dataset of public administration, described according to DCAT-AP.de.",
    )


def _cut(text: str) -> str:
    """Cut after the last whole sentence, or where there is none in the second half, after the last whole word."""
    half = MAX_DESCRIPTION // 2
    begun = text[: MAX_DESCRIPTION - 1]
    sentence = max(begun.rfind(f"{end}{blank}") for end in ".!?" for blank in " \n")
    if sentence >= half:
        return begun[: sentence + 1]
    word = max(begun.rfind(" "), begun.rfind("\n"))
    return f"{begun[: word if word >= half else len(begun)].rstrip()}…"


def _contact(contact: Contact) -> dict[str, Any]:
    return without_gaps(
        {
            "@type": "ContactPoint",
            "name": contact.name,
            "email": contact.email,
            "telephone": contact.telephone.removeprefix("tel:"),
            "url": contact.url if iri.is_web(contact.url) else "",
        }
    )


def _license(uri: str) -> str:
    concept = vocabulary("license").concepts.get(uri)
    text = (concept.extra["text_url"] if concept else "") or uri
    return text if iri.is_web(text) else ""


def _place(place: Place, homepage: str) -> dict[str, Any]:
    """Name a place, show where it is, and name its address in the world, which an address made here is not."""
    concept = vocabulary("place").concepts.get(place.uri)
    box = next(filter(None, map(extent, (place.bbox, place.geometry, place.centroid))), None)
    geo: dict[str, Any] = {}
    if box is not None and box[:2] != box[2:]:
        west, south, east, north = map(_degrees, box)
        geo = {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"}
    elif box is not None:
        geo = _coordinates(_degrees(box[0]), _degrees(box[1]))
    elif concept and concept.extra["lon"]:
        geo = _coordinates(concept.extra["lon"], concept.extra["lat"])
    known = iri.is_web(place.uri) and not place.uri.startswith(homepage)
    return without_gaps(
        {
            "@type": "Place",
            "name": best(place.label) or (concept.label.de if concept else ""),
            "geo": geo,
            "sameAs": place.uri if known else "",
        }
    )


def _coordinates(longitude: str, latitude: str) -> dict[str, Any]:
    return {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}


def _degrees(value: float) -> str:
    # Adding zero turns a negative zero into zero; seven decimals are a centimetre.
    return f"{round(value, 7) + 0.0:.7f}".rstrip("0").rstrip(".")


def _interval(period: Period) -> str:
    """Write a period as ISO 8601-2 does, open ends as two dots."""
    start, end = date(period.start), date(period.end)
    return f"{start or '..'}/{end or '..'}" if start or end else ""


def _series(series: DatasetSeries) -> dict[str, Any]:
    # Not a Dataset: a search engine would ask it for what only its members have.
    about = {"name": best(series.title), "description": best(series.description)}
    uri = series.uri if iri.is_iri(series.uri) else ""
    return without_gaps({"@type": "CreativeWorkSeries", "@id": uri, **about})


def _variables(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Describe the columns of all tables, each name once."""
    columns = {column.name: column for table in tables for column in table.columns if column.name}
    return [
        without_gaps(
            {
                "@type": "PropertyValue",
                "name": column.name,
                "alternateName": column.title.de if column.title and column.title.de != column.name else "",
                "description": column.description.de if column.description else "",
                "unitText": column.unit,
            }
        )
        for column in list(columns.values())[:MAX_VARIABLES]
    ]


def _download(distribution: Distribution) -> dict[str, Any]:
    checksum = distribution.checksum
    sha256 = checksum.value if checksum and checksum.algorithm.endswith("_sha256") else ""
    found, page = address(distribution), next(filter(iri.is_web, distribution.access_url), "")
    return without_gaps(
        {
            "@type": "DataDownload",
            "@id": distribution.uri if iri.is_iri(distribution.uri) else "",
            "name": best(distribution.title),
            "description": best(distribution.description),
            "contentUrl": found,
            "url": page if page != found else "",
            "encodingFormat": media_type(distribution),
            "contentSize": f"{distribution.byte_size} B" if distribution.byte_size is not None else "",
            "sha256": sha256,
            "license": _license(distribution.license),
            "inLanguage": scalar(languages(distribution.language)),
            "datePublished": date(distribution.issued),
            "dateModified": date(distribution.modified),
        }
    )
