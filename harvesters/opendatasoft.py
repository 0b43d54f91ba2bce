"""Opendatasoft portals: the catalogue of the Explore API 2.1, page by page, and the exports that it offers of each dataset."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from dcat import iri, node_texts
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Period, Place, Problem, Reading, Text
from dcat.spellings import find
from harvesters import json_answers
from harvesters.areas import of_geojson, place
from harvesters.base import Batch, Harvester, Item, Page
from harvesters.json_answers import count, entries, members, objects, text
from harvesters.source import Source
from harvesters.stated import Stated

PATH = "/api/explore/v2.1/catalog/datasets"
# The API gives at most 100 datasets a page, and nothing beyond the 10,000th.
PAGE = 100
MAX_OFFSET = 10_000
MAX_ATTACHMENTS = 1_000
EXPORTS = "csv,json,geojson,xlsx,parquet"
_TITLES = {
    "csv": "CSV",
    "json": "JSON",
    "geojson": "GeoJSON",
    "xlsx": "Excel",
    "parquet": "Parquet",
    "shp": "Shapefile",
}
_WITH_PLACES = ("geojson", "shp", "kml", "gpx", "fgb")
# The groups of metadata that hold the words of DCAT, the first that says something counts.
_DCAT = ("dcat", "dcat_ap", "dcat_ap_de")


def pages(source: Source) -> tuple[str, ...]:
    """Begin with the first page of the catalogue; `where` narrows it down in the API's own query language."""
    where = source.option("where")
    return (_page(f"{_portal(source.url)}{PATH}", {"where": where} if where else {}, 0),)


def split(page: Page, source: Source) -> Batch:
    """Cut a page into datasets; the next one begins after those that really came."""
    answer = members(json_answers.read(page))
    if not isinstance(answer.get("results"), list):
        raise json_answers.unexpected(
            page,
            "ist kein Katalog der Opendatasoft-Schnittstelle (results)",
            "is no catalogue of the Opendatasoft interface (results)",
        )
    parts = urlsplit(page.url)
    query = dict(parse_qsl(parts.query))
    found = answer["results"][:MAX_OFFSET]
    records = [one for one in found if isinstance(one, dict)]
    total, after = count(answer.get("total_count")), (count(query.get("offset")) or 0) + len(found)
    more = total is not None and after < total
    problems = []
    if more and not found:
        problems.append(
            _cut(
                page.url,
                f"Die Seiten enden nach {after} von {total} Datensätzen.",
                f"The pages end after {after} of {total} datasets.",
            )
        )
    elif more and after >= MAX_OFFSET:
        problems.append(
            _cut(
                page.url,
                f"Die Schnittstelle gibt höchstens {MAX_OFFSET} Datensätze aus, der Katalog hat {total}. Nächster Schritt: mit "
                "„where“ mehrere Quellen daraus machen, oder /api/explore/v2.1/catalog/exports/dcat als Quelle der Art dcat eintragen.",
                f"The interface gives at most {MAX_OFFSET} datasets, the catalogue has {total}. Next step: make several sources of it "
                "with “where”, or enter /api/explore/v2.1/catalog/exports/dcat as a source of the type dcat.",
            )
        )
    goes_on = more and not problems
    kept = {name: value for name, value in query.items() if name not in ("limit", "offset")}
    address = urlunsplit(parts._replace(query="", fragment=""))
    return Batch(
        items=(
            Item(remote_id=_id(one), content=(one, page.url), stamp=json_answers.stamp(_steady(one))) for one in records
        ),
        following=(_page(address, kept, after),) if goes_on else (),
        total=total,
        problems=tuple(problems),
        whole=not problems and len(records) == len(answer["results"]),
    )


def read(item: Item, source: Source) -> Reading:
    """Read one dataset; UnreadableError without id or title, and for what only some may see."""
    record, url = item.content
    name = item.remote_id
    if name.startswith("?"):
        raise UnreadableError(
            Message(f"„{name[1:]}“ hat keine Kennung (dataset_id).", f"“{name[1:]}” has no id (dataset_id).")
        )
    if text(record.get("visibility")).lower() == "restricted":
        raise UnreadableError(
            Message(
                f"{name} ist an der Quelle nicht öffentlich (visibility: restricted).",
                f"{name} is not public at its source (visibility: restricted).",
            )
        )
    metas = members(record.get("metas"))
    about = members(metas.get("default"))
    stated = Stated(text(about.get("language"), 50))
    title = stated.texts(about.get("title"))
    if not title:
        raise UnreadableError(Message(f"{name} hat keinen Titel.", f"{name} has no title."))
    said = {key: value for group in reversed(_DCAT) for key, value in members(metas.get(group)).items() if text(value)}
    portal = _portal(url)
    landing_page = f"{portal}/explore/dataset/{quote(name, safe='@')}/"
    dataset = Dataset(
        identifier=(landing_page,),
        title=title,
        description=stated.texts(about.get("description")),
        keyword=stated.keywords(_several(about.get("keyword")), "default.keyword"),
        theme=stated.many("concept", _several(about.get("theme")), "default.theme", "theme"),
        language=stated.many("concept", _several(about.get("language")), "default.language", "language"),
        publisher=_agent(stated, about.get("publisher")),
        creator=_agents(stated, said.get("creator")),
        contributor=_agents(stated, said.get("contributor")),
        contact_point=_contact(stated, said),
        issued=stated.one("date", said.get("issued"), "dcat.issued"),
        modified=stated.one("date", about.get("modified"), "default.modified"),
        frequency=stated.one(
            "concept",
            said.get("accrualperiodicity") or about.get("update_frequency"),
            "dcat.accrualperiodicity",
            "frequency",
        ),
        spatial=_spatial(about, said),
        temporal=_temporal(stated, said),
        conforms_to=stated.many("uri", _several(said.get("conforms_to")), "dcat.conforms_to"),
        landing_page=(landing_page,),
        page=stated.many("uri", _several(about.get("references")), "default.references"),
        distribution=_distributions(stated, record, about, f"{portal}{PATH}/{quote(name, safe='@')}", source),
    )
    return Reading(dataset=dataset, problems=tuple(stated.problems))


OPENDATASOFT = Harvester(
    type="opendatasoft",
    accept="application/json",
    pages=pages,
    split=split,
    map=read,
    options=("exports", "where"),
)


def _portal(url: str) -> str:
    """Give the address of a portal: what stands before its API and its catalogue page."""
    parts = urlsplit(url)
    path = parts.path.partition("/api/")[0].partition("/explore")[0].rstrip("/")
    return iri.cleaned(urlunsplit(parts._replace(path=path, query="", fragment=""))) or url


def _page(address: str, query: Mapping[str, str], offset: int) -> str:
    limit = min(PAGE, MAX_OFFSET - offset)
    return f"{address}?{urlencode({**query, 'limit': limit, 'offset': offset})}"


def _id(record: dict[str, Any]) -> str:
    about = members(members(record.get("metas")).get("default"))
    return text(record.get("dataset_id"), 500).lstrip("?") or f"?{text(about.get('title'), 200)}"


def _steady(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what changes though the description does not: when the portal last processed the data, and how often they were used."""
    metas = members(record.get("metas"))
    about = {key: value for key, value in members(metas.get("default")).items() if not key.endswith("_processed")}
    kept = {key: value for key, value in metas.items() if key not in ("explore", "processing")}
    return record | {"metas": kept | {"default": about}}


def _distributions(
    stated: Stated, record: dict[str, Any], about: dict[str, Any], address: str, source: Source
) -> tuple[Distribution, ...]:
    """Offer the exports where there are records to export, and the files that are attached."""
    license_uri = _license(stated, about)
    attribution = tuple(
        Text(words, stated.language) for one in _several(about.get("attributions")) if (words := text(one, 500))
    )
    features = [text(one, 50) for one in entries(record.get("features"))[:100]]
    forms = [one.strip().lower() for one in source.option("exports", EXPORTS).split(",") if one.strip()]
    has_records = record.get("has_records") is True and record.get("data_visible") is not False
    found = []
    for form in forms if has_records else ():
        if form not in _WITH_PLACES or "geo" in features:
            found.append(
                _file(f"{address}/exports/{quote(form)}", _TITLES.get(form, form), form, license_uri, attribution)
            )
    for one in stated.cut(list(objects(record.get("attachments"))), "attachments", MAX_ATTACHMENTS):
        own, name = text(one.get("url"), 2000), text(one.get("id"), 500)
        # The portal's own files are named by a scheme of its own (odsfile:); the API gives them by id.
        link = own if iri.is_web(own) else f"{address}/attachments/{quote(name, safe='')}" if name else ""
        if link:
            found.append(
                _file(
                    link, text(one.get("title"), 500) or name, text(one.get("mimetype"), 200), license_uri, attribution
                )
            )
    return tuple(found)


def _file(link: str, title: str, form: str, license_uri: str, attribution: tuple[Text, ...]) -> Distribution:
    file_type = find(form, "format") if form else None
    media_type = find(form, "media-type") if form else None
    return Distribution(
        title=(Text(title, "de"),) if title else (),
        access_url=(link,),
        download_url=(link,),
        license=license_uri,
        license_attribution=attribution,
        format=file_type.uri if file_type else "",
        media_type=media_type.uri if media_type else "",
    )


def _license(stated: Stated, about: dict[str, Any]) -> str:
    """Find the licence by its address or its name; an address that our list does not know stands for itself."""
    link, name = text(about.get("license_url"), 2000), text(about.get("license"), 500)
    known = next((concept for said in (link, name) if said and (concept := find(said, "license"))), None)
    return known.uri if known else stated.one("concept-or-uri", link or name, "default.license", "license")


def _agent(stated: Stated, name: Any) -> Agent | None:
    return Agent(name=words) if (words := stated.texts(name)) else None


def _agents(stated: Stated, name: Any) -> tuple[Agent, ...]:
    agent = _agent(stated, name)
    return (agent,) if agent else ()


def _contact(stated: Stated, said: Mapping[str, Any]) -> tuple[Contact, ...]:
    contact = Contact(
        name=text(said.get("contact_name"), 500),
        email=stated.one("email", said.get("contact_email"), "dcat.contact_email"),
    )
    return () if contact == Contact() else (contact,)


def _spatial(about: dict[str, Any], said: Mapping[str, Any]) -> tuple[Place, ...]:
    """Take the place that is named, and the box the portal computes from the records."""
    words = text(said.get("spatial"), 500) or ", ".join(
        filter(None, (text(one, 200) for one in _several(about.get("territory"))[:20]))
    )
    meant = node_texts.meaning("Place", words)
    if meant:
        return (Place(**meant),)
    return place(of_geojson(members(members(about.get("bbox")).get("geometry"))), words)


def _temporal(stated: Stated, said: Mapping[str, Any]) -> tuple[Period, ...]:
    words = text(said.get("temporal"), 500)
    meant = node_texts.meaning("Period", words) if words else {}
    if words and not meant:
        message = Message(
            f"„{words[:80]}“ ist kein Zeitraum wie 2020/2025.", f"“{words[:80]}” is no period such as 2020/2025."
        )
        stated.problems.append(Problem(path="dcat.temporal", code="period", value=words, message=message))
    return (Period(**meant),) if meant else ()


def _several(raw: Any) -> list[Any]:
    """Give a list, or what stands in the place of one; portals join addresses by semicolons."""
    if isinstance(raw, str):
        return [part for part in raw.split(";") if part.strip()] if "://" in raw else [raw]
    return entries(raw)


def _cut(url: str, de: str, en: str) -> Problem:
    return Problem(path=url, code="too-few", value="", message=Message(f"{url}: {de}", f"{url}: {en}"))
