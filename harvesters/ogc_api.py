"""OGC API Features (Part 1: Core) and Records (Part 1: Core): a collection of features, or a record, becomes a dataset.

The address may be a landing page, its collections, one collection, or the records of a catalogue; each leads on to the next.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dcat import iri
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import DataService, Dataset, Place, Problem, Reading
from harvesters import json_answers, ogc_records
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.json_answers import entries, members, objects, text
from harvesters.ogc_records import Link
from harvesters.source import Source
from harvesters.stated import Stated

MAX_ITEMS = json_answers.MAX_ITEMS
_DATA = ("data", "http://www.opengis.net/def/rel/ogc/1.0/data")
_ITEMS = ("items", "http://www.opengis.net/def/rel/ogc/1.0/items")
_CRS84 = ("", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/OGC/0/CRS84h")


def pages(source: Source) -> tuple[str, ...]:
    """Begin at the source's address, asking for JSON."""
    return (_asked(source.url, source),)


def split(page: Page, source: Source) -> Batch:
    """Cut a page into collections or records; a landing page and catalogues of records lead on."""
    answer = members(json_answers.read(page))
    links = tuple(ogc_records.read_links(entries(answer.get("links")), page.url))
    if isinstance(answer.get("features"), list):
        return _records(answer, links, page, source)
    if isinstance(answer.get("collections"), list):
        return _collections(answer, links, page, source)
    if answer.get("id") and any(link.rel in _ITEMS for link in links):
        return _collections({"collections": [answer]}, (), page, source)
    if to_collections := _preferred(links, _DATA):
        return Batch(items=iter(()), following=(_asked(to_collections.url, source, to_collections),))
    raise json_answers.unexpected(
        page,
        "ist weder die Startseite einer OGC-API noch eine Liste von Sammlungen oder Einträgen",
        "is neither the landing page of an OGC API nor a list of collections or records",
    )


def read(item: Item, source: Source) -> Reading:
    """Read a collection or a record; UnreadableError without an id or a title."""
    kind, content, links, url = item.content
    if item.remote_id.startswith("?"):
        name = item.remote_id[1:]
        raise UnreadableError(Message(f"„{name}“ hat keine Kennung (id).", f"“{name}” has no id."))
    return ogc_records.read(content, url) if kind == "record" else _collection(content, links, url)


OGC_API = Harvester(
    type="ogc-api",
    accept="application/geo+json, application/json;q=0.9",
    pages=pages,
    split=split,
    map=read,
    options=("f", "limit"),
)


def _records(answer: dict[str, Any], links: tuple[Link, ...], page: Page, source: Source) -> Batch:
    """Cut a page of records. Where the source is one catalogue only, its number of records can be proven."""
    found = answer["features"]
    records = [one for one in found[:MAX_ITEMS] if isinstance(one, dict)]
    problems = [json_answers.too_many(page.url, len(found), MAX_ITEMS)] if len(found) > MAX_ITEMS else []
    total, before = json_answers.count(answer.get("numberMatched")), _offset(page.url)
    following = _next(links, page, source) if records else ()
    ended = total is not None and not following and before is not None and before + len(found) < total
    if total is not None and ended:
        problems.append(ogc_records.nothing_came(page.url, (before or 0) + len(found), total))
    return Batch(
        items=(
            Item(remote_id=_id(one), content=("record", one, (), page.url), stamp=json_answers.stamp(one))
            for one in records
        ),
        following=following,
        total=total if _is_catalogue(source) else None,
        problems=tuple(problems),
        whole=len(found) <= MAX_ITEMS and len(records) == len(found[:MAX_ITEMS]) and not ended,
    )


def _collections(answer: dict[str, Any], links: tuple[Link, ...], page: Page, source: Source) -> Batch:
    found = answer["collections"]
    collections = [one for one in found[:MAX_ITEMS] if isinstance(one, dict)]
    problems = (json_answers.too_many(page.url, len(found), MAX_ITEMS),) if len(found) > MAX_ITEMS else ()
    features: list[dict[str, Any]] = []
    catalogues: list[dict[str, Any]] = []
    for one in collections:
        (catalogues if text(one.get("itemType")).lower() == "record" else features).append(one)
    lead_on = []
    for one in catalogues:
        link = _preferred(tuple(ogc_records.read_links(entries(one.get("links")), page.url)), _ITEMS)
        if link:
            lead_on.append(_asked(link.url, source, link, limit=True))
    return Batch(
        items=_items(features, links, page),
        following=(*dict.fromkeys(lead_on), *(_next(links, page, source) if collections else ())),
        problems=problems,
        whole=len(collections) == len(found) and len(lead_on) == len(catalogues),
    )


def _items(collections: list[dict[str, Any]], links: tuple[Link, ...], page: Page) -> Iterator[Item]:
    shared = tuple(link for link in links if link.rel in ("license", "service-desc", "service-doc"))
    for one in collections:
        # What all collections share is part of what each of them says.
        stamp = json_answers.stamp([one, [[link.rel, link.url] for link in shared]])
        yield Item(remote_id=_id(one), content=("collection", one, shared, page.url), stamp=stamp)


def _id(one: dict[str, Any]) -> str:
    about = members(one.get("properties"))
    return text(one.get("id"), 2000).lstrip("?") or f"?{text(one.get('title') or about.get('title'), 200)}"


def _collection(about: dict[str, Any], shared: tuple[Link, ...], url: str) -> Reading:
    """Map a collection of features: the ways to its items are its distributions, the API is the service behind them."""
    identity = text(about.get("id"), 2000)
    stated = Stated()
    own = stated.cut(entries(about.get("links")), "links", ogc_records.MAX_LINKS)
    links = tuple(ogc_records.read_links(own, url))
    title = stated.texts(about.get("title")) or stated.texts(identity)
    license_uri = ogc_records.license_of(stated, about.get("license"), (*links, *shared))
    extent = members(about.get("extent"))
    service = DataService(
        title=stated.texts("OGC API Features"),
        endpoint_url=(_base(url),),
        endpoint_description=tuple(link.url for link in shared if link.rel == "service-desc")[:1],
        license=license_uri,
    )
    pages_in_html = ogc_records.pages(links, ("alternate", "self"), "text/html") or ogc_records.pages(
        links, _ITEMS, "text/html"
    )
    dataset = Dataset(
        identifier=(
            next((link.url for link in links if link.rel in ("self", "canonical")), "").partition("?")[0] or identity,
        ),
        title=title,
        description=stated.texts(about.get("description")),
        keyword=stated.keywords(entries(about.get("keywords")), "keywords"),
        theme=ogc_records.themes(stated, about.get("themes")),
        spatial=_spatial(stated, members(extent.get("spatial"))),
        temporal=ogc_records.periods(stated, entries(members(extent.get("temporal")).get("interval"))[:1]),
        issued=stated.one("date", about.get("created"), "created"),
        modified=stated.one("date", about.get("updated"), "updated"),
        landing_page=pages_in_html[:1],
        page=ogc_records.pages(links, ("describedby",), "text/html"),
        distribution=tuple(
            ogc_records.distribution(
                stated,
                link,
                link.media_type,
                license_uri,
                download=link.rel == "enclosure",
                license_attribution=stated.texts(about.get("attribution")),
                access_service=() if link.rel == "enclosure" else (service,),
            )
            for link in links
            if link.rel in (*_ITEMS, "enclosure") and link.media_type.partition(";")[0] != "text/html"
        ),
        **ogc_records.agents(stated, objects(about.get("contacts"))),
    )
    return Reading(dataset=dataset, problems=tuple(stated.problems))


def _spatial(stated: Stated, spatial: dict[str, Any]) -> tuple[Place, ...]:
    """Take the first box, which covers all others (OGC API Features 1.0, 7.13.2)."""
    boxes = entries(spatial.get("bbox"))
    crs = text(spatial.get("crs"), 200)
    if boxes and crs not in _CRS84:
        message = Message(
            f"Die Ausdehnung steht in einem anderen Bezugssystem als WGS 84 ({crs}) und wird nicht übernommen.",
            f"The extent is in another reference system than WGS 84 ({crs}) and is not taken over.",
        )
        stated.problems.append(Problem(path="extent.spatial.crs", code="crs", value=crs, message=message))
        return ()
    return stated.box(boxes[0]) if boxes else ()


def _preferred(links: tuple[Link, ...], rels: tuple[str, ...]) -> Link | None:
    """Choose among links of the same relation: GeoJSON, other JSON, no type told, never a web page."""
    order = ("application/geo+json", "application/json", "")
    found = [link for link in links if link.rel in rels]
    for media_type in order:
        for link in found:
            if link.media_type.partition(";")[0].strip() == media_type:
                return link
    return next((link for link in found if "html" not in link.media_type), None)


def _next(links: tuple[Link, ...], page: Page, source: Source) -> tuple[str, ...]:
    link = _preferred(links, ("next",))
    return (_asked(link.url, source, link),) if link and link.url != page.url else ()


def _asked(url: str, source: Source, link: Link | None = None, *, limit: bool = False) -> str:
    """Ask an address for JSON, unless it says itself that it gives that; for a catalogue, so many records at a time."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    names = {name.lower() for name, _ in query}
    form = source.option("f", "json")
    added = [("f", form)] if form and "f" not in names and not (link and "json" in link.media_type) else []
    added += [("limit", source.option("limit", "100"))] if limit and "limit" not in names else []
    return urlunsplit(parts._replace(query=urlencode([*query, *added]), fragment="")) if added else url


def _offset(url: str) -> int | None:
    """Tell how many records came before a page, where its address tells it; an address of our own making is a first page."""
    named = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    numbers = [named[name] for name in ("offset", "startindex") if name in named]
    return json_answers.count(numbers[0]) if numbers else None if named.keys() - {"f", "limit"} else 0


def _is_catalogue(source: Source) -> bool:
    return urlsplit(source.url).path.rstrip("/").endswith("/items")


def _base(url: str) -> str:
    """Give the address of the API: what stands before its collections."""
    parts = urlsplit(url)
    path = parts.path.partition("/collections")[0]
    return iri.cleaned(urlunsplit(parts._replace(path=path, query="", fragment="")))
