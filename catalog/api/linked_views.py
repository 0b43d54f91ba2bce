"""The addresses of linked data: content negotiation, validators, compression. What they send is made in linked.py."""

import datetime
import gzip
import re
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, request
from werkzeug.exceptions import BadRequest, Gone, NotFound
from werkzeug.wrappers import Response as AnyResponse

from catalog import search, store
from catalog.api import linked
from catalog.api.linked import Selection
from catalog.api.search_syntax import SearchSyntaxError, read_filters
from catalog.config import Config
from catalog.instance import Instance, program_version
from catalog.store import GONE
from dcat import dates, rdf

linked_data = Blueprint("linked", __name__)
ENDINGS = "any(ttl,rdf,jsonld,nt)"
_NEGOTIATED = re.compile(rf"/(?:catalog)?|/dataset/({store.UUID.pattern})")
_TYPES = {form.media_type: ending for ending, form in rdf.FORMATS.items()} | {"application/xml": "rdf"}


def instance() -> Instance:
    """Give the catalogue this application serves."""
    found: Instance = current_app.extensions["offenbar"]
    return found


@linked_data.before_app_request
def negotiate() -> AnyResponse | None:
    """Answer programs that ask for RDF at the addresses people use; browsers go on to the pages."""
    match = _NEGOTIATED.fullmatch(request.path)
    if match is None or request.method not in ("GET", "HEAD"):
        return None
    ending = _wanted()
    if ending is None:
        return redirect(f"{request.script_root}/dataset") if request.path == "/catalog" else None
    return _dataset(match[1], ending) if match[1] else _catalogue(ending)


@linked_data.after_app_request
def vary(answer: Response) -> Response:
    """Tell caches that the answer depends on what was asked for, the page as well as the data."""
    if _NEGOTIATED.fullmatch(request.path):
        answer.vary.add("Accept")
    return answer


@linked_data.get(f"/catalog.<{ENDINGS}:ending>")
def catalogue(ending: str) -> Response:
    """Give a page of the catalogue."""
    return _catalogue(ending)


@linked_data.get(f"/city/<slug>/catalog.<{ENDINGS}:ending>")
def city_catalogue(slug: str, ending: str) -> Response:
    """Give a page of one city's datasets."""
    if slug not in {city.slug for city in instance().config.cities}:
        raise NotFound
    return _catalogue(ending, slug)


@linked_data.get(f"/dataset/<name>.<{ENDINGS}:ending>")
def dataset(name: str, ending: str) -> Response:
    """Give one dataset."""
    return _dataset(name, ending)


def _catalogue(ending: str, city: str = "") -> Response:
    config = instance().config
    with instance().database.reading() as session:
        newest = linked.last_change(session)
        selection = _selection(newest.seq if newest else 0, city)
        etag = _etag(config, ending, newest.seq if newest else 0, selection)
        modified = newest.at if newest else None
        if _known(etag, modified):
            return _finished(_answer(ending, 304), etag, modified)
        address = f"{config.site_url}{'/city/' + city if city else ''}/catalog.{ending}"
        made = linked.page(session, config, selection, ending, address)
    if selection.page > made.last:
        raise NotFound
    return _finished(_compressed(made.body, ending), etag, modified)


def _selection(newest: int, city: str) -> Selection:
    since = request.args.get("modified_since", "").replace(" ", "+")
    if since and dates.datatype(since) not in ("xsd:date", "xsd:dateTime"):
        raise BadRequest
    if since and dates.datatype(since) == "xsd:date":
        since = f"{since[:10]}T00:00:00Z"
    since = since if not since or re.search(r"(Z|[+-]\d\d:\d\d)$", since) else f"{since}Z"
    try:
        if since:
            store.instant(since).astimezone(datetime.UTC)
    except OverflowError as error:
        raise BadRequest from error
    return Selection(
        at=min(_number("snapshot", newest, 2**62, least=0), newest),
        page=_number("page", 1, 10**6),
        limit=_number("limit", linked.PAGE, linked.MAX_PAGE),
        city=city,
        **_matching(),
        since=since,
    )


def _matching() -> dict[str, Any]:
    """Read `q` and `fq` in CKAN's search language; both together choose what the page shows."""
    asked = {name: request.args[name] for name in ("q", "fq") if request.args.get(name)}
    if not asked:
        return {}
    try:
        text, filters = read_filters(" ".join(asked.values()))
    except SearchSyntaxError as error:
        raise BadRequest from error
    hits = search.search(instance(), text, filters, rows=search.MAX_WINDOW)
    return {"query": urlencode(asked), "within": hits.ids}


def _number(name: str, default: int, most: int, least: int = 1) -> int:
    value = request.args.get(name, "")
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", value) or not least <= int(value) <= most:
        raise BadRequest
    return int(value)


def _dataset(name: str, ending: str) -> Response:
    with instance().database.reading() as session:
        row = store.find_row(session, name)
        if row is None:
            raise NotFound
        if row.state == GONE:
            raise Gone
        etag = _etag(instance().config, ending, row.seq, row.hash)
        if _known(etag, row.modified_at):
            return _finished(_answer(ending, 304), etag, row.modified_at)
        body = linked.dataset(session, instance().config, row.id, ending)
    if body is None:
        raise NotFound
    return _finished(_compressed(body, ending), etag, row.modified_at)


def _wanted() -> str | None:
    """Choose the RDF format a client prefers to HTML; none when it takes HTML as gladly."""
    accept = request.accept_mimetypes
    html = max(accept.quality("text/html"), accept.quality("application/xhtml+xml"))
    offered = [
        (accept.quality(media_type), -place, ending) for place, (media_type, ending) in enumerate(_TYPES.items())
    ]
    quality, _, ending = max(offered)
    return ending if quality > html else None


def _answer(ending: str, status: int = 200) -> Response:
    media_type = rdf.FORMATS[ending].media_type
    charset = "" if ending in ("jsonld", "nt") else "; charset=utf-8"
    return Response(status=status, content_type=f"{media_type}{charset}")


def _compressed(body: bytes, ending: str) -> Response:
    answer = _answer(ending)
    if _compresses():
        # A fixed time in the header: the same content is the same bytes.
        body = gzip.compress(body, 5, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
    answer.set_data(body)
    return answer


def _compresses() -> bool:
    return "Accept-Encoding" in request.headers and request.accept_encodings.quality("gzip") > 0


def _etag(config: Config, ending: str, *parts: object) -> str:
    """Name what decides the bytes: the catalogue's state, the settings it speaks of, and the program that writes them."""
    about = (config.site_url, config.title, config.description, config.publisher, config.contact, config.cities)
    return store.digest(repr((program_version(), ending, about, *parts)))


def _known(etag: str, modified: datetime.datetime | None) -> bool:
    """RFC 9110, section 13.2.2: If-None-Match decides alone when it is sent."""
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(etag) or request.if_none_match.contains_weak(f"{etag}-gzip")
    since = request.if_modified_since
    return bool(since and modified and modified.replace(microsecond=0) <= since)


def _finished(answer: Response, etag: str, modified: datetime.datetime | None) -> Response:
    # The compressed form is another sequence of bytes, so a strong validator must differ.
    answer.set_etag(f"{etag}-gzip" if _compresses() else etag)
    answer.last_modified = modified
    answer.headers["Cache-Control"] = "public, max-age=60"
    answer.vary.add("Accept-Encoding")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
