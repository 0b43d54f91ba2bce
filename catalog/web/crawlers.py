"""What search engines are told: which addresses to leave alone (RFC 9309), and where all datasets are (sitemaps.org).

A large catalogue is cut into parts by the first digits of the ids, so that each part is one short walk along the key.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from flask import Blueprint, Response
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from catalog import store
from catalog.api import answers
from catalog.api.answers import instance
from catalog.api.safe_xml import DECLARATION, element, text
from catalog.models import DatasetRow
from catalog.store import VISIBLE
from catalog.web.links import site

# As many addresses as a single file lists; the form allows 50,000.
SINGLE = 10_000
MOST = 50_000
_DIGITS = 2
_XML = "application/xml; charset=utf-8"
_NAMES = {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"}
# Searches are endless, and what programs and people with an account ask for is nothing to find.
_LEFT_ALONE = ("/api/", "/check", "/datastore/", "/dataset?", "/steward", "/user/", "/sparql", "/why", "/oai")
_PAGES = ("", "dataset", "organization", "schema", "dashboard", "sources", "requests")
crawlers = Blueprint("crawlers", __name__)


@crawlers.get("/robots.txt")
def robots() -> Response:
    """Say what to leave alone, and where the list of all datasets is."""
    lines = ["User-agent: *", *(f"Disallow: {site(path.removeprefix('/'))}" for path in _LEFT_ALONE)]
    lines += ["", f"Sitemap: {instance().config.site_url}/sitemap.xml", ""]
    return Response("\n".join(lines), content_type="text/plain; charset=utf-8")


@crawlers.get("/sitemap.xml")
def sitemap() -> Response:
    """List everything, or where its parts are listed."""
    with instance().database.reading() as session:
        seq, at = store.newest_change(session)
        tag = answers.etag(instance().config, "sitemap", seq)
        if answers.known(tag, at):
            return answers.not_modified(_XML, tag, at)
        listed = sa.select(DatasetRow.id).where(VISIBLE).limit(SINGLE + 1).subquery()
        small = (session.scalar(sa.select(sa.func.count()).select_from(listed)) or 0) <= SINGLE
        body = _addresses(session, "", with_pages=True) if small else _parts()
    return answers.whole(body, _XML, tag, at)


@crawlers.get("/sitemap-<part>.xml")
def sitemap_part(part: str) -> Response:
    """List the datasets whose ids begin with some digits."""
    if part not in _beginnings():
        raise NotFound
    with instance().database.reading() as session:
        seq, at = store.newest_change(session)
        tag = answers.etag(instance().config, "sitemap", part, seq)
        if answers.known(tag, at):
            return answers.not_modified(_XML, tag, at)
        body = _addresses(session, part, with_pages=part == _beginnings()[0])
    return answers.whole(body, _XML, tag, at)


def _beginnings() -> list[str]:
    return [f"{number:0{_DIGITS}x}" for number in range(16**_DIGITS)]


def _parts() -> bytes:
    root = instance().config.site_url
    items = (element("sitemap", element("loc", text(f"{root}/sitemap-{part}.xml"))) for part in _beginnings())
    return _document("sitemapindex", items)


def _addresses(session: Session, beginning: str, *, with_pages: bool) -> bytes:
    root = instance().config.site_url
    query = sa.select(DatasetRow.name, DatasetRow.modified_at).where(VISIBLE)
    if beginning:
        query = query.where(DatasetRow.id >= beginning, DatasetRow.id < f"{beginning}g")
    rows = session.execute(query.order_by(DatasetRow.id).limit(MOST))
    items = [element("url", element("loc", text(f"{root}/{page}"))) for page in _PAGES if with_pages]
    for name, modified_at in rows:
        changed = element("lastmod", modified_at.isoformat(timespec="seconds"))
        items.append(element("url", element("loc", text(f"{root}/dataset/{name}")) + changed))
    return _document("urlset", items[:MOST])


def _document(tag: str, items: Iterable[str]) -> bytes:
    return (DECLARATION + element(tag, "".join(items), _NAMES)).encode()
