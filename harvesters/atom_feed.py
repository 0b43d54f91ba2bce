"""ATOM feeds of INSPIRE download services (technical guidance 3.1, chapter 5): a feed of feeds, each of which is a dataset with its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dcat import iri
from dcat.digits import natural
from dcat.errors import UnreadableError
from dcat.message import Message
from dcat.model import Agent, Contact, Dataset, Distribution, Identifier, Place, Reading, Text
from dcat.spellings import find
from harvesters import iso_extent, iso_links, iso_rights, xml
from harvesters.areas import place, position
from harvesters.base import Batch, Item
from harvesters.dropped_file import distribution as dropped_file
from harvesters.iso_extent import number
from harvesters.iso_rights import Statement
from harvesters.iso_values import each, language, text
from harvesters.json_answers import too_many
from harvesters.ogc_service import record_id
from harvesters.stated import Stated

MAX_ENTRIES = 10_000
MAX_FILES = 5_000
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TO_FILES = ("", "alternate", "section", "enclosure")
_FEED = "application/atom+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a feed or an entry, resolved against the feed's address."""

    url: str
    rel: str = ""
    type: str = ""
    title: str = ""
    length: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """What a feed says for entries that do not say it themselves."""

    rights: tuple[str, ...] = ()
    name: str = ""
    email: str = ""


def split(feed: Any, url: str) -> Batch:
    """Follow a feed of feeds; a feed of files is one dataset, and so is an entry that names a dataset but no feed of its own."""
    entries = list(each(feed, "entry"))
    whole = len(entries) <= MAX_ENTRIES
    problems = () if whole else (too_many(url, len(entries), MAX_ENTRIES),)
    entries = entries[:MAX_ENTRIES]
    feeds = {entry: _feed_of(entry, url) for entry in entries}
    following = tuple(dict.fromkeys(one for one in feeds.values() if one and one != url))
    named = [entry for entry in entries if not feeds[entry] and text(entry, "spatial_dataset_identifier_code")]
    items = _items(named, url, _said(feed)) if following or named else _items([feed], url, Above())
    return Batch(items=items, following=following, problems=problems, whole=whole)


def read(holder: Any, url: str, remote_id: str, above: Above) -> Reading:
    """Map a feed, or an entry with what the feed `above` it says; UnreadableError without id or title."""
    stated = Stated(language(str(holder.get(_LANG) or "")))
    title = stated.texts(text(holder, "title"))
    if remote_id.startswith("?") or not title:
        what = remote_id.removeprefix("?")
        raise UnreadableError(
            Message(
                f"Dem Feed oder Eintrag „{what}“ in {url} fehlt id oder Titel.",
                f"The feed or entry “{what}” in {url} lacks its id or title.",
            )
        )
    links = tuple(_links(holder, url))
    records = tuple(one.url for one in links if one.rel == "describedby")
    rights = iso_rights.read(_terms(holder, above), "distribution.license")
    own = _said(holder)
    author = own if own.name or own.email else above
    email = stated.one("email", author.email, "contact_point.email")
    ids = [identifier for one in records if (identifier := record_id(one))]
    entries = list(each(holder, "entry")) or [holder]
    files = [
        one for entry in stated.cut(entries, "distribution", MAX_FILES) for one in _files(entry, url, stated, rights)
    ]
    systems = (iso_extent.crs(str(one.get("term") or "")) for entry in entries for one in each(entry, "category"))
    dataset = Dataset(
        identifier=(ids[0] if ids else remote_id,),
        other_identifier=tuple(Identifier(notation=one) for one in _codes(holder)),
        title=title,
        description=stated.texts(text(holder, "subtitle") or text(holder, "summary")),
        publisher=Agent(name=stated.texts(author.name)) if author.name else None,
        contact_point=(Contact(name=author.name[:500], email=email),) if email else (),
        modified=stated.one("date", text(holder, "updated"), "modified"),
        access_rights=rights.access,
        spatial=tuple(dict.fromkeys(one for each_ in (holder, *entries) for one in _area(each_)))[:100],
        conforms_to=tuple(dict.fromkeys(uri for uri in systems if uri))[:100],
        page=tuple(dict.fromkeys(records))[:20],
        distribution=tuple(dict.fromkeys(stated.cut(files, "distribution", MAX_FILES))),
    )
    return Reading(dataset=dataset, problems=(*stated.problems, *rights.problems))


def _said(holder: Any) -> Above:
    rights = tuple(dict.fromkeys(said for one in each(holder, "rights") if (said := xml.text(one))))
    return Above(rights=rights, name=text(holder, "author/name"), email=text(holder, "author/email"))


def _items(holders: list[Any], url: str, above: Above) -> Iterator[Item]:
    inherited = repr(above).encode()
    for holder in holders:
        identifier = text(holder, "id")
        remote_id = identifier if 0 < len(identifier) <= 500 else f"?{text(holder, 'title')[:200] or url[:200]}"
        yield Item(remote_id=remote_id, content=("atom", holder, url, above), stamp=xml.canonical(holder) + inherited)


def _links(holder: Any, url: str) -> Iterator[Link]:
    for number_, one in enumerate(each(holder, "link")):
        address = iri.joined(url, str(one.get("href") or ""))
        if number_ < MAX_FILES and iri.is_web(address):
            yield Link(
                url=address,
                rel=str(one.get("rel") or "").lower(),
                type=str(one.get("type") or "").strip(),
                title=str(one.get("title") or "").strip(),
                length=str(one.get("length") or "").strip(),
                language=str(one.get("hreflang") or "").strip(),
            )


def _feed_of(entry: Any, url: str) -> str:
    """Give the address of the feed an entry leads to; empty where it leads to files."""
    feeds = (
        one.url for one in _links(entry, url) if one.rel in ("", "alternate") and one.type.lower().startswith(_FEED)
    )
    return next(feeds, "")


def _files(entry: Any, url: str, stated: Stated, rights: iso_rights.Rights) -> Iterator[Distribution]:
    title = text(entry, "title")
    for link in _links(entry, url):
        if link.rel not in _TO_FILES:
            continue
        file = dropped_file(link.url)
        named = find(link.type, "format") if link.type else None
        media_type = find(link.type, "media-type") if link.type else None
        tag = language(link.language)
        spoken = find(tag, "language") if tag else None
        yield Distribution(
            title=stated.texts(link.title or title),
            description=stated.texts(text(entry, "summary") or text(entry, "content")),
            access_url=(link.url,),
            download_url=(link.url,),
            license=rights.license,
            license_attribution=tuple(Text(value, "de") for value in rights.attribution),
            format=file.format or (named.uri if named else iso_links.format_uri(link.type)),
            media_type=media_type.uri if media_type else file.media_type,
            byte_size=natural(link.length) or None,
            language=(spoken.uri,) if spoken else (),
            modified=stated.one("date", text(entry, "updated"), "distribution.modified"),
        )


def _terms(holder: Any, above: Above) -> list[Statement]:
    """Give the rights of a feed or entry, else those of its own entries, else those of the feed above."""
    own = _said(holder).rights or tuple(xml.text(one) for one in each(holder, "entry/rights")) or above.rights
    return [Statement(text=one) for one in dict.fromkeys(own) if one]


def _codes(holder: Any) -> tuple[str, ...]:
    """Give the identifier of the dataset, behind its namespace where it has one."""
    code, space = (text(holder, f"spatial_dataset_identifier_{part}") for part in ("code", "namespace"))
    if not code:
        return ()
    return (code if not space or code.startswith(space) else f"{space.rstrip('/')}/{code}",)


def _area(entry: Any) -> tuple[Place, ...]:
    """Give the rectangle around a polygon or box of GeoRSS, which writes latitude first."""
    for name in ("polygon", "box", "point"):
        if words := text(entry, name).replace(",", " ").split()[:20_000]:
            numbers = [number(word) for word in words]
            points = [position(x, y) for y, x in zip(numbers[::2], numbers[1::2], strict=False)]
            if points and all(points) and len(numbers) % 2 == 0:
                return place([one for one in points if one])
    return ()
