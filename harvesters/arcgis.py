"""ArcGIS Hub: the feed of a site in DCAT-AP (JSON-LD) or DCAT-US, or its search API, which speaks OGC API Records.

A dataset is a layer of an item; `<item>_<layer>` is what stays the same when titles and addresses change.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from dcat import dates, iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Contact, Distribution, Problem, Reading
from dcat.spellings import find
from harvesters import data_json, dcat_rdf, json_answers, ogc_records
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.decode import decode
from harvesters.json_answers import count, entries, members, objects, text
from harvesters.source import Source

FEEDS = {
    "dcat-ap": "/api/feed/dcat-ap/2.1.1.json",
    "dcat-us": "/api/feed/dcat-us/1.1.json",
    "search": "/api/search/v1/collections/dataset/items",
}
PAGE = 100
# The id of an item, and of the layer, as they stand in the addresses of a site and of its portal.
_LAYER = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{32})(?:_([0-9]{1,5})|&(?:amp;)?sublayer=([0-9]{1,5}))?(?![0-9a-f])", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,500}")
_ACCOUNT = "/sharing/rest/community/users/"
# An older version of the feed writes the address of a distribution in small letters, which is no word of DCAT.
_MISSPELT = re.compile(rb'"dcat:(access|download)Url"(?=\s*:)')


@dataclass(frozen=True, slots=True)
class _Read:
    """An item of one of the three forms, and how it is read."""

    form: str
    item: Item
    url: str


def pages(source: Source) -> tuple[str, ...]:
    """Begin with the feed: the address itself where it is that of an API, else the one named by `feed` below the site."""
    parts = urlsplit(source.url)
    if "/api/" in parts.path or parts.path.endswith(".json"):
        return (source.url,)
    path = FEEDS.get(source.option("feed", "dcat-ap"), FEEDS["dcat-ap"])
    query = urlencode({"limit": PAGE, "startindex": 1}) if path == FEEDS["search"] else ""
    return (urlunsplit(parts._replace(path=path, query=query, fragment="")),)


def split(page: Page, source: Source) -> Batch:
    """Cut a feed or a page of the search into datasets, under the ids of their layers."""
    form = _form(page.url)
    if form == "search":
        return _search(page)
    if form == "dcat-us":
        batch = data_json.split(page, source)
    else:
        spelt = _MISSPELT.sub(rb'"dcat:\1URL"', decode(page.body, page.charset).utf8)
        batch = dcat_rdf.split(replace(page, body=spelt, media_type="application/ld+json", charset="utf-8"), source)
    return replace(batch, items=_renamed(batch.items, form, page.url))


def read(item: Item, source: Source) -> Reading:
    """Read one dataset by the rules of its form; UnreadableError without an id or a title."""
    content: _Read = item.content
    if content.form == "dcat-us":
        return data_json.read(content.item, source)
    if content.form == "dcat-ap":
        reading = dcat_rdf.read(content.item, source)
        contacts = tuple(filter(None, map(_office, reading.dataset.contact_point)))
        return replace(reading, dataset=replace(reading.dataset, contact_point=contacts))
    if item.remote_id.startswith("?"):
        name = item.remote_id[1:]
        raise UnreadableError(Message(f"„{name}“ hat keine Kennung (id).", f"“{name}” has no id."))
    return _record(content.item.content, content.url)


ARCGIS = Harvester(
    type="arcgis",
    accept="application/ld+json, application/geo+json;q=0.9, application/json;q=0.8",
    pages=pages,
    split=split,
    map=read,
    options=("feed",),
)


def _form(url: str) -> str:
    path = urlsplit(url).path.lower()
    return (
        "search"
        if "/search/" in path
        else "dcat-us"
        if "/dcat-us/" in path or path.endswith("/data.json")
        else "dcat-ap"
    )


def _renamed(items: Iterator[Item], form: str, url: str) -> Iterator[Item]:
    for item in items:
        names = [item.remote_id]
        if form == "dcat-ap":
            graph, node = item.content
            # Where the address is made of the title, the identifier still has the id.
            names += sorted(value.value for value in graph.values(node, "dcterms:identifier"))[:10]
        layers = (_layer(name) for name in names if _LAYER.search(name[:2000]))
        yield replace(item, remote_id=next(layers, item.remote_id), content=_Read(form, item, url))


def _layer(name: str) -> str:
    """Give the id of the layer in an address; what has none keeps its name."""
    match = _LAYER.search(name[:2000])
    if match is None:
        return name
    layer = match[2] or match[3]
    return match[1].lower() + (f"_{layer}" if layer else "")


def _office(contact: Contact) -> Contact | None:
    """Of an account in the portal, which is a person's, only the address to write to stays: that of the organisation."""
    if _ACCOUNT not in contact.uri:
        return contact
    return Contact(email=contact.email) if contact.email else None


def _search(page: Page) -> Batch:
    """Cut a page of the search; the next one begins after the records that really came, counted from 1."""
    answer = members(json_answers.read(page))
    if not isinstance(answer.get("features"), list):
        raise json_answers.unexpected(
            page, "ist keine Seite der Suche eines Hubs (features)", "is no page of a hub's search (features)"
        )
    found = answer["features"][: json_answers.MAX_ITEMS]
    records = [one for one in found if isinstance(one, dict)]
    parts = urlsplit(page.url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    start, total = count(query.get("startindex")) or 1, count(answer.get("numberMatched"))
    following, more = start + len(found), total is not None and start + len(found) <= total
    kept = "&".join(f"{name}={value}" for name, value in query.items() if name != "startindex")
    address = urlunsplit(parts._replace(query=f"{kept}&startindex={following}".lstrip("&"), fragment=""))
    ended = more and not found
    problems = (ogc_records.nothing_came(page.url, following - 1, total or 0),) if ended else ()
    return Batch(
        items=(
            Item(
                remote_id=_layer(text(one.get("id"), 500))
                or f"?{text(members(one.get('properties')).get('title'), 200)}",
                content=_Read("search", Item(remote_id="", content=one), page.url),
                stamp=json_answers.stamp(one),
            )
            for one in records
        ),
        following=(address,) if more and found else (),
        total=total,
        problems=problems,
        whole=not ended and len(records) == len(answer["features"]),
    )


def _record(record: dict[str, Any], url: str) -> Reading:
    """Bring the words of a hub into those of OGC API Records. The account that owns an item is a person and stays out."""
    about = members(record.get("properties"))
    identity = text(record.get("id") or about.get("id"), 500)
    license_text, license_uri = text(about.get("licenseInfo")), _license(about)
    kind = text(about.get("type"), 100)
    service = {"rel": "service", "href": about.get("url"), "title": kind}
    more = (
        {"rel": "data", "href": one.get("url"), "title": one.get("name")}
        for one in objects(about.get("additionalResources"))
    )
    reading = ogc_records.read(
        {
            "id": identity,
            "geometry": record.get("geometry"),
            "properties": {
                "title": about.get("title"),
                "description": about.get("description") or about.get("snippet"),
                "keywords": entries(about.get("tags")),
                "language": text(about.get("culture"), 50),
                "created": dates.cleaned(text(about.get("created"), 50)) or about.get("created"),
                "updated": dates.cleaned(text(about.get("modified"), 50)) or about.get("modified"),
                "license": license_uri,
                "contacts": [{"organization": about.get("source"), "roles": ["publisher"]}],
            },
            "links": [service, *more],
        },
        url,
    )
    site = urlunsplit(urlsplit(url)._replace(path="", query="", fragment=""))
    dataset = replace(
        reading.dataset,
        contact_point=(),
        landing_page=(iri.cleaned(f"{site}/datasets/{identity}"),) if _LAYER.fullmatch(identity) else (),
        distribution=tuple(_interface(one, about.get("url"), kind) for one in reading.dataset.distribution),
    )
    if not license_text or license_uri:
        return replace(reading, dataset=dataset)
    message = Message(
        "Die Nutzungsbedingungen nennen keine bekannte Lizenz; sie werden nicht übernommen.",
        "The terms of use name no known licence; they are not taken over.",
    )
    problem = Problem(path="properties.licenseInfo", code="unknown-license", value=license_text[:500], message=message)
    return replace(reading, dataset=dataset, problems=(*reading.problems, problem))


def _interface(one: Distribution, url: Any, kind: str) -> Distribution:
    """Say of a service's address what it speaks; a hub names the type of the item instead."""
    form = find("Esri REST", "format") if one.access_url == (url,) and kind.endswith("Service") else None
    return replace(one, format=form.uri if form else one.format)


def _license(about: dict[str, Any]) -> str:
    """Find the licence: its code, else a known one that the terms of use link to or are."""
    raw = about.get("licenseInfo")
    terms = raw[:20_000] if isinstance(raw, str) else ""
    said = (text(about.get("license"), 200), text(terms, 500), *(match[0] for match in _ADDRESS.finditer(terms)))
    known = (find(value, "license") for value in said[:50] if value)
    return next((concept.uri for concept in known if concept), "")
