"""The newest changes as Atom feeds (RFC 4287), paged (RFC 5005, section 3), with tombstones for withdrawn datasets (RFC 6721)."""

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy.orm import Session

from catalog import scopes, store
from catalog.api import activity
from catalog.api.activity import Activity
from catalog.api.safe_xml import DECLARATION, element, text
from catalog.config import Config
from catalog.public import PublicDataset
from dcat import dates
from dcat.message import Lang, Message
from dcat.model import Text
from dcat.texts import best
from dcat.vocabularies import THEMES, vocabulary

PAGE = 50
MAX_TEXT = 2_000
MAX_KEYWORDS = 30
MEDIA_TYPE = "application/atom+xml"
_NAMES = {"xmlns": "http://www.w3.org/2005/Atom", "xmlns:at": "http://purl.org/atompub/tombstones/1.0"}
_GONE = Message(
    "Nicht mehr hier: zurückgezogen oder anders eingeordnet.", "No longer here: withdrawn or filed elsewhere."
)
_DATASETS = Message("Datensätze", "datasets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What one feed tells of: everything, or a part of the catalogue (catalog/scopes.py) that a title names.

    With `within` it tells of these datasets only, and of no tombstones; `query` is what chose them, as it stands in the address.
    """

    title: str = ""
    scope: str = scopes.ALL
    within: tuple[str, ...] | None = None
    query: str = ""


def make(session: Session, config: Config, channel: Channel, path: str, before: int, lang: Lang) -> bytes:
    """Make one page of a feed: the changes before a sequence number, newest first; 0 begins with the newest of all."""
    newest = store.last_seq(session)
    found = activity.before(session, before or newest + 1, PAGE + 1, channel.scope, channel.within)
    shown = activity.views(session, found[:PAGE])
    parts = _opening(session, config, channel, path, newest, lang)
    parts.append(link("self", _address(config, channel, path, before, lang), MEDIA_TYPE))
    if len(found) > PAGE:
        parts.append(link("next", _address(config, channel, path, found[PAGE - 1].seq, lang), MEDIA_TYPE))
    parts += [
        _entry(config, one, shown[one.id], lang) if one.visible else _tombstone(one, lang) for one in found[:PAGE]
    ]
    return (DECLARATION + element("feed", "\n".join(["", *parts, ""]), {**_NAMES, "xml:lang": lang})).encode()


def before_page(session: Session, channel: Channel, page: int) -> int:
    """Give the sequence number that a page begins before, counted from 1 as CKAN's clients do; beyond the last nothing comes before it."""
    wanted = (page - 1) * PAGE
    passed = activity.before(session, store.last_seq(session) + 1, wanted, channel.scope, channel.within)
    return 0 if not wanted else passed[-1].seq if len(passed) == wanted else 1


def _opening(session: Session, config: Config, channel: Channel, path: str, newest: int, lang: Lang) -> list[str]:
    """Name the feed; its date is that of the catalogue's newest change, so that nothing in it is older than it says."""
    times = activity.times(session, [newest])
    updated = dates.stamp(times[newest]) if newest else "1970-01-01T00:00:00Z"
    return [
        element("id", text(_address(config, channel, path, 0, "de"))),
        element("title", text(f"{config.title.in_(lang)}: {channel.title or _DATASETS.in_(lang)}")),
        element("updated", updated),
        element("author", element("name", text(config.publisher)) + element("uri", text(f"{config.site_url}/"))),
        link("alternate", f"{config.site_url}/dataset", "text/html"),
        link("first", _address(config, channel, path, 0, lang), MEDIA_TYPE),
    ]


def _address(config: Config, channel: Channel, path: str, before: int, lang: Lang) -> str:
    given = (
        [channel.query] * bool(channel.query) + [f"before={before}"] * bool(before) + [f"lang={lang}"] * (lang != "de")
    )
    return f"{config.site_url}{quote(path)}{'?' if given else ''}{'&'.join(given)}"


def _entry(config: Config, one: Activity, shown: PublicDataset, lang: Lang) -> str:
    site, dataset = config.site_url, shown.dataset
    # What stands in for a description that nobody wrote tells nothing.
    unsaid = shown.written is not None and not (shown.written.get("notes") or shown.written.get("notes_translated"))
    said = "" if unsaid else best(dataset.description, lang)
    parts = [
        element("id", f"urn:uuid:{one.id}"),
        element("title", text(best(dataset.title, lang) or one.name)),
        element("updated", dates.stamp(one.at)),
        element("published", dates.stamp(store.instant(shown.published_at))),
        element(
            "author",
            element("name", text(one.organization_title))
            + element("uri", text(f"{site}/organization/{one.organization}")),
        ),
        link("alternate", f"{site}/dataset/{one.name}", "text/html"),
        link("alternate", f"{site}/dataset/{one.id}.ttl", "text/turtle"),
        *_categories(config, one, shown, lang),
        # The description itself is the content; the beginning of a longer one is no more than a summary (RFC 4287, 4.1.3, 4.2.13).
        element("content", text(said)) if len(said) <= MAX_TEXT else element("summary", text(f"{said[:MAX_TEXT]}…")),
    ]
    return element("entry", "\n".join(["", *parts, ""]))


def _categories(config: Config, one: Activity, shown: PublicDataset, lang: Lang) -> list[str]:
    """Sort an entry by city, themes and keywords."""
    given = [{"term": one.city, "scheme": f"{config.site_url}/city", "label": config.city_name(one.city)}]
    for uri in shown.dataset.theme:
        concept = vocabulary("theme").find(uri)
        label = concept.label.in_(lang) if concept else uri
        given.append({"term": concept.code if concept else uri, "scheme": THEMES, "label": label})
    given += [{"term": keyword.value} for keyword in _keywords(shown.dataset.keyword, lang)]
    return [element("category", "", attributes) for attributes in given]


def _keywords(keywords: tuple[Text, ...], lang: Lang) -> list[Text]:
    of_language = [keyword for keyword in keywords if keyword.lang.split("-")[0].lower() in (lang, "")]
    return (of_language or list(keywords))[:MAX_KEYWORDS]


def _tombstone(one: Activity, lang: Lang) -> str:
    comment = element("at:comment", text(_GONE.in_(lang)))
    return element("at:deleted-entry", comment, {"ref": f"urn:uuid:{one.id}", "when": dates.stamp(one.at)})


def link(relation: str, address: str, media_type: str) -> str:
    """Write a link of a feed or of one of its entries."""
    return element("link", "", {"rel": relation, "type": media_type, "href": address})
