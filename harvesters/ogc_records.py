"""OGC API Records, Part 1: a record in GeoJSON becomes a dataset."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dcat import iri
from dcat.digits import natural
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Identifier, Period, Problem, Reading
from dcat.spellings import find
from harvesters.areas import of_geojson, place
from harvesters.json_answers import entries, members, objects, text
from harvesters.stated import Stated

MAX_LINKS = 5_000
# Relations of links to the data themselves; of these the first group are files, the others interfaces.
_FILES = ("enclosure", "download", "item")
_INTERFACES = ("items", "data", "service", "coverage", "describes", "http://www.opengis.net/def/rel/ogc/1.0/items")
_ROLES = {
    "publisher": ("publisher",),
    "creator": ("author", "creator"),
    "originator": ("originator",),
    "custodian": ("custodian",),
    "contributor": ("contributor",),
}
_OPEN = ("", "..")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a record or collection, its address made whole."""

    rel: str
    url: str
    media_type: str = ""
    title: str = ""
    length: str = ""


def read(record: dict[str, Any], url: str) -> Reading:
    """Read one record of a page with this address; UnreadableError for what is no dataset or has no title."""
    about = members(record.get("properties"))
    identity = text(record.get("id"), 2000)
    stated = Stated(_code(about.get("language")))
    title = stated.texts(about.get("title"))
    if not title:
        raise UnreadableError(
            Message(f"{identity or 'Ein Eintrag'} hat keinen Titel.", f"{identity or 'A record'} has no title.")
        )
    if text(about.get("type")).lower() == "service":
        raise UnreadableError(
            Message(
                f"{identity} beschreibt einen Dienst, keinen Datensatz.", f"{identity} describes a service, no dataset."
            )
        )
    links = tuple(
        read_links(stated.cut(entries(record.get("links")) or entries(about.get("links")), "links", MAX_LINKS), url)
    )
    license_uri = license_of(stated, about.get("license"), links)
    time = members(record.get("time") or about.get("time"))
    dataset = Dataset(
        uri=identity if iri.is_web(identity) else "",
        identifier=(identity,) if identity else (),
        other_identifier=tuple(
            Identifier(notation=value)
            for one in objects(about.get("externalIds"))
            if (value := text(one.get("value"), 500))
        ),
        title=title,
        description=stated.texts(about.get("description")),
        keyword=stated.keywords(entries(about.get("keywords")), "properties.keywords"),
        theme=themes(stated, about.get("themes")),
        language=stated.many(
            "concept", map(_code, entries(about.get("resourceLanguages"))), "resourceLanguages", "language"
        ),
        issued=stated.one("date", about.get("created"), "properties.created"),
        modified=stated.one("date", about.get("updated"), "properties.updated"),
        spatial=place(of_geojson(record.get("geometry"))),
        temporal=periods(stated, [time.get("interval") or time.get("date") or time.get("timestamp")]),
        temporal_resolution=stated.one("duration", time.get("resolution"), "time.resolution"),
        landing_page=pages(links, ("alternate", "canonical", "about", "describes", "landing-page"), "text/html"),
        page=pages(links, ("describedby",), ""),
        distribution=tuple(distributions(stated, links, about.get("formats"), license_uri)),
        **agents(stated, objects(about.get("contacts"))),
    )
    return Reading(dataset=dataset, problems=tuple(stated.problems))


def read_links(links: Any, url: str) -> Iterator[Link]:
    """Read links; those that lead nowhere are left out."""
    for link in objects(links):
        address = iri.joined(url, href) if isinstance(href := link.get("href"), str) else ""
        if iri.is_web(address):
            yield Link(
                rel=text(link.get("rel"), 200).removeprefix("[ogc-rel:").removesuffix("]"),
                url=address,
                media_type=text(link.get("type"), 200).lower(),
                title=text(link.get("title") or link.get("name"), 500),
                length=text(link.get("length"), 15),
            )


def license_of(stated: Stated, raw: Any, links: tuple[Link, ...]) -> str:
    """Read the licence: what a link of this relation or the field names and our list knows, else where the link leads."""
    linked = [link.url for link in links if link.rel == "license"]
    # The specification's words for several licences, or one without a name, name none.
    words = text(raw, 2000) if text(raw).lower() not in ("various", "proprietary", "other") else ""
    known = (find(said, "license") for said in (*linked, words) if said)
    concept = next((concept for concept in known if concept), None)
    return concept.uri if concept else stated.one("concept-or-uri", (linked or [words])[0], "license", "license")


def themes(stated: Stated, raw: Any) -> tuple[str, ...]:
    """Find the EU's data themes among the concepts; concepts of other lists are no fault."""
    concepts = (concept for theme in objects(raw) for concept in entries(theme.get("concepts")))
    spellings = (
        text(members(c).get(key) if isinstance(c, dict) else c, 500) for c in concepts for key in ("url", "id", "name")
    )
    found = (find(word, "theme") for word in stated.cut(list(spellings), "themes") if word)
    return tuple(dict.fromkeys(concept.uri for concept in found if concept))


def periods(stated: Stated, raw: list[Any]) -> tuple[Period, ...]:
    """Read intervals, or single days and instants; `null` and `..` leave an end open."""
    found = []
    for value in raw:
        ends = [text(end) for end in value[:2]] if isinstance(value, list) else [text(value)] * 2
        if len(ends) == 2:
            start, end = (stated.one("date", "" if one in _OPEN else one, "time") for one in ends)
            found += [Period(start=start, end=end)] if start or end else []
    return tuple(found)


def pages(links: tuple[Link, ...], rels: tuple[str, ...], media_type: str) -> tuple[str, ...]:
    """Give the addresses of the links of some relations, in one media type."""
    return tuple(dict.fromkeys(one.url for one in links if one.rel in rels and one.media_type.startswith(media_type)))


def distributions(stated: Stated, links: tuple[Link, ...], formats: Any, license_uri: str) -> Iterator[Distribution]:
    """Make distributions of the links to data; a format that the record names counts where it is the only one."""
    named = [
        text(one.get("name") or one.get("mediaType")) if isinstance(one, dict) else text(one)
        for one in entries(formats)
    ]
    for link in links:
        is_page = link.rel in _INTERFACES and link.media_type.startswith("text/html")
        if is_page or link.rel not in (*_FILES, *_INTERFACES, ""):
            continue
        said = link.media_type or (named[0] if len(named) == 1 else "")
        yield distribution(stated, link, said, license_uri, download=link.rel in _FILES)


def distribution(
    stated: Stated, link: Link, said: str, license_uri: str, *, download: bool, **fields: Any
) -> Distribution:
    """Describe what a link leads to; `said` is its media type or the name of its format."""
    form = find(said, "format") if said else None
    media_type = find(said, "media-type") if said else None
    if said and not form and not media_type:
        stated.one("concept", said, "links.type", "format")
    return Distribution(
        title=stated.texts(link.title),
        access_url=(link.url,),
        download_url=(link.url,) if download else (),
        license=license_uri,
        format=form.uri if form else "",
        media_type=media_type.uri if media_type else "",
        byte_size=natural(link.length) if download else None,
        **fields,
    )


def agents(stated: Stated, contacts: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Sort contacts by what they do: who publishes, who made the data, and whom to ask."""
    found: dict[str, Any] = {}
    everybody = stated.cut(list(contacts), "contacts", 100)
    for one in everybody:
        roles = _roles(one)
        agent = Agent(
            name=stated.texts(one.get("organization") or one.get("name")),
            email=stated.one("email", _first(one.get("emails"), "value"), "contacts.emails"),
            homepage=stated.one("uri", _first(one.get("links"), "href"), "contacts.links"),
        )
        for field, names in _ROLES.items():
            if roles & {*names} and agent.name:
                found.setdefault(field, []).append(agent)
    result: dict[str, Any] = {field: tuple(dict.fromkeys(named)) for field, named in found.items()}
    if "publisher" in result:
        result["publisher"] = result["publisher"][0]
    asked = [one for one in everybody if "pointofcontact" in _roles(one)] or everybody[:1]
    contacts_read = (_contact(Stated(stated.language), one) for one in asked)
    return result | {"contact_point": tuple(dict.fromkeys(c for c in contacts_read if c != Contact()))}


def _contact(stated: Stated, one: dict[str, Any]) -> Contact:
    names = dict.fromkeys(filter(None, (text(one.get("organization"), 500), text(one.get("name"), 500))))
    return Contact(
        name=", ".join(names),
        email=stated.one("email", _first(one.get("emails"), "value"), "contacts.emails"),
        telephone=stated.one("telephone", _first(one.get("phones"), "value"), "contacts.phones"),
        url=stated.one("uri", _first(one.get("links"), "href"), "contacts.links"),
    )


def _roles(one: dict[str, Any]) -> set[str]:
    return {text(role, 100).lower() for role in (entries(one.get("roles")) or [one.get("role")])[:100]}


def _first(raw: Any, key: str) -> str:
    return next((value for one in objects(raw) if (value := text(one.get(key)))), "")


def _code(language: Any) -> str:
    """Give the code of a language, which stands in an object or by itself."""
    return text(members(language).get("code") if isinstance(language, dict) else language, 50)


def nothing_came(url: str, read: int, total: int) -> Problem:
    """Say that the pages ended before the number that the source claims."""
    message = Message(
        f"{url}: Die Seiten enden nach {read} von {total} Einträgen.",
        f"{url}: the pages end after {read} of {total} records.",
    )
    return Problem(path=url, code="too-few", value=str(read), message=message)
