"""The notices as an Atom feed (RFC 4287), paged (RFC 5005, section 3): which sources fail, wait or have recovered."""

from sqlalchemy.orm import Session

from catalog import notice_texts, notices
from catalog.api.atom import link
from catalog.api.safe_xml import DECLARATION, element, text
from catalog.config import Config
from catalog.models import NoticeRow
from dcat import dates
from dcat.message import Lang, Message

PATH = "/feeds/notices.atom"
PAGE = 50
MEDIA_TYPE = "application/atom+xml"
_TITLE = Message("Meldungen der Ernte", "notices of the harvest")


def newest(session: Session) -> tuple[int, str]:
    """Name what decides the bytes of the feed: its newest notice, and what it says, for a conflict may grow."""
    found = notices.public(session, 0, 1)
    return (found[0].id, str(found[0].text)) if found else (0, "")


def make(session: Session, config: Config, before: int, lang: Lang) -> bytes:
    """Make one page of the feed: the notices before an id, newest first; 0 begins with the newest of all."""
    found = notices.public(session, before, PAGE + 1)
    latest = notices.public(session, 0, 1)
    parts = [
        element("id", text(f"{config.site_url}{PATH}")),
        element("title", text(f"{config.title.in_(lang)}: {_TITLE.in_(lang)}")),
        element("updated", dates.stamp(latest[0].at) if latest else "1970-01-01T00:00:00Z"),
        element("author", element("name", text(config.publisher)) + element("uri", text(f"{config.site_url}/"))),
        link("alternate", f"{config.site_url}/", "text/html"),
        link("first", _address(config, 0, lang), MEDIA_TYPE),
        link("self", _address(config, before, lang), MEDIA_TYPE),
    ]
    if len(found) > PAGE:
        parts.append(link("next", _address(config, found[PAGE - 1].id, lang), MEDIA_TYPE))
    parts += [_entry(config, row, lang) for row in found[:PAGE]]
    names = {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": lang}
    return (DECLARATION + element("feed", "\n".join(["", *parts, ""]), names)).encode()


def _entry(config: Config, row: NoticeRow, lang: Lang) -> str:
    parts = [
        element("id", text(f"{config.site_url}{PATH}#{row.id}")),
        element("title", text(notice_texts.title(row.kind, row.source_id).in_(lang))),
        element("updated", dates.stamp(row.at)),
        element("category", "", {"term": row.kind}),
        element("category", "", {"term": row.source_id, "scheme": f"{config.site_url}/source"}),
        element("content", text(Message(row.text[0], row.text[1]).in_(lang)), {"type": "text"}),
    ]
    return element("entry", "\n".join(["", *parts, ""]))


def _address(config: Config, before: int, lang: Lang) -> str:
    given = [f"before={before}"] * bool(before) + [f"lang={lang}"] * (lang != "de")
    return f"{config.site_url}{PATH}{'?' if given else ''}{'&'.join(given)}"
