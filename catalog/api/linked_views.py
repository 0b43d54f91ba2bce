"""The addresses of linked data: content and profile negotiation, paging, dumps. What they send is made in linked.py and catalog/documents.py."""

import datetime
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import BadRequest, Conflict, Gone, NotAcceptable, NotFound
from werkzeug.wrappers import Response as AnyResponse

from catalog import documents, organizations, parts, search, store
from catalog.api import answers, linked, parameters
from catalog.api.answers import instance
from catalog.api.linked import Selection
from catalog.api.parameters import ENDINGS, rdf_format
from catalog.api.query_syntax import read_query
from catalog.api.query_tokens import SearchSyntaxError
from catalog.drafts import GONE
from catalog.parts import HIGH_VALUE, WHOLE, Part
from catalog.query import SearchQuery
from catalog.renditions import BESIDE, CROISSANT, SCHEMA_ORG
from dcat import croissant, dates, rdf
from dcat.profile import DEFAULT, RELEASES
from dcat.shapes import shapes
from dcat.vocabularies import vocabulary

linked_data = Blueprint("linked", __name__)
_NEGOTIATED = re.compile(r"/(?:catalog)?|/dataset/([a-z0-9_-]{2,100})")
_PARTS = re.compile(r"/catalog-hvd|/(?:city|organization|group)/[^/]+/catalog")
_TYPES = {form.media_type: ending for ending, form in rdf.FORMATS.items()} | {"application/xml": "rdf"}
_PROFILE = re.compile(r"<([^>]*)>(?:\s*;\s*q=([01](?:\.\d{1,3})?))?")


@linked_data.before_app_request
def negotiate() -> AnyResponse | None:
    """Answer programs that ask for RDF at the addresses people use; browsers go on to the pages."""
    match = _NEGOTIATED.fullmatch(request.path)
    if match is None or request.method not in ("GET", "HEAD"):
        return None
    ending = _wanted()
    if ending is None:
        return redirect(f"{request.script_root}/dataset") if request.path == "/catalog" else None
    return _dataset(match[1], ending) if match[1] else _catalogue(ending, WHOLE)


@linked_data.after_app_request
def vary(answer: Response) -> Response:
    """Tell caches that the answer depends on what was asked for, the page as well as the data."""
    if _NEGOTIATED.fullmatch(request.path) or _PARTS.fullmatch(request.path):
        answer.vary.add("Accept")
    return answer


@linked_data.get(f"/catalog.<{ENDINGS}:ending>")
def catalogue(ending: str) -> Response:
    """Give a page of the catalogue."""
    return _catalogue(rdf_format(ending), WHOLE)


@linked_data.get(f"/catalog-hvd.<{ENDINGS}:ending>")
def high_value(ending: str) -> Response:
    """Give a page of the high-value datasets."""
    return _catalogue(rdf_format(ending), HIGH_VALUE)


@linked_data.get(f"/<any(city,organization,group):kind>/<name>/catalog.<{ENDINGS}:ending>")
def part(kind: str, name: str, ending: str) -> Response:
    """Give a page of the datasets of one city, organisation or theme."""
    return _catalogue(rdf_format(ending), _part(kind, name))


@linked_data.get("/catalog-hvd")
def high_value_by_uri() -> AnyResponse:
    """Answer at the URI of the catalogue of high-value datasets."""
    return _negotiated(HIGH_VALUE, "/dataset")


@linked_data.get("/<any(city,organization,group):kind>/<name>/catalog")
def part_by_uri(kind: str, name: str) -> AnyResponse:
    """Answer at the URI of a part's catalogue."""
    of = _part(kind, name)
    return _negotiated(of, of.path.removesuffix("/catalog"))


@linked_data.get(f"/dump.<{ENDINGS}:ending>")
def dump(ending: str) -> Response:
    """Give the whole catalogue as one document."""
    return _dump(rdf_format(ending), WHOLE)


@linked_data.get(f"/<any(city,organization,group):kind>/<name>/dump.<{ENDINGS}:ending>")
def dump_of_part(kind: str, name: str, ending: str) -> Response:
    """Give the datasets of one city, organisation or theme as one document."""
    return _dump(rdf_format(ending), _part(kind, name))


@linked_data.get(f"/dataset/<name>.<{ENDINGS}:ending>")
def dataset(name: str, ending: str) -> AnyResponse:
    """Give one dataset."""
    return _dataset(name, rdf_format(ending))


@linked_data.get("/dataset/<name>/croissant.jsonld")
def dataset_as_croissant(name: str) -> AnyResponse:
    """Give one dataset as Croissant, where ckanext-dcat has it."""
    return _dataset(name, "jsonld", CROISSANT)


@linked_data.get("/profile/<release>/shapes.ttl")
def profile_shapes(release: str) -> Response:
    """Give a profile release as SHACL: what we check, for others to check before they send us anything."""
    if release not in RELEASES:
        raise NotFound
    tag = answers.etag(instance().config, "shapes", release)
    if answers.known(tag, None) or request.method == "HEAD":
        return answers.not_modified(rdf.FORMATS["ttl"].content_type, tag, None, max_age=3600)
    return answers.whole(shapes(release), rdf.FORMATS["ttl"].content_type, tag, None, max_age=3600)


def _part(kind: str, name: str) -> Part:
    if kind == "city" and (city := instance().config.find_city(name)):
        return parts.of_city(city)
    if kind == "group" and (theme := vocabulary("theme").find(name)):
        return parts.of_theme(theme)
    if kind == "organization":
        with instance().database.reading() as session:
            found = organizations.find(session, name)
        if found is not None:
            return parts.of_organization(found)
    raise NotFound


def _negotiated(of: Part, page: str) -> AnyResponse:
    ending = _wanted()
    return redirect(f"{request.script_root}{page}") if ending is None else _catalogue(ending, of)


def _catalogue(ending: str, of: Part) -> Response:
    config, kind = instance().config, _content_type(ending)
    release = _release(ending, SCHEMA_ORG)
    with instance().database.reading() as session:
        seq, modified = store.newest_change(session)
        selection = _selection(seq, of, release)
        tag = answers.etag(config, ending, seq, modified, selection)
        if answers.known(tag, modified):
            return _profiled(answers.not_modified(kind, tag, modified), release)
        if release != SCHEMA_ORG and (kept := answers.remembered(kind, tag, modified)):
            return _profiled(kept, release)
        found = linked.extent(session, selection)
        if found is None:
            raise NotFound
        # schema.org has no words for paging.
        steps = linked.steps(config, selection, found, ending) if release == SCHEMA_ORG else {}
        if request.method == "HEAD":
            documents.check(session, found.ids, ending, release)
            return _profiled(answers.not_modified(kind, tag, modified), release, steps)
        body = linked.page(session, config, selection, found, ending)
    return _profiled(answers.whole(body, kind, tag, modified, keep=True), release, steps)


def _dump(ending: str, of: Part) -> Response:
    config, kind = instance().config, _content_type(ending)
    release = _release(ending)
    with instance().database.reading() as session:
        seq, modified = store.newest_change(session)
        tag = answers.etag(config, "dump", ending, seq, modified, of, release)
        if answers.known(tag, modified):
            return _profiled(answers.not_modified(kind, tag, modified), release)
        if request.method == "HEAD":
            documents.check(session, documents.members(session, of), ending, release)
            return _profiled(answers.not_modified(kind, tag, modified), release)
        pieces = documents.dump(session, config, ending, of, release)
        return _profiled(answers.spooled(pieces, config.home, kind, tag, modified), release)


def _dataset(name: str, ending: str, release: str = "") -> AnyResponse:
    release = release or _release(ending, SCHEMA_ORG, CROISSANT)
    config, kind = instance().config, croissant.MEDIA_TYPE if release == CROISSANT else _content_type(ending)
    with instance().database.reading() as session:
        row = store.find_row(session, name)
        if row is None:
            raise NotFound
        if following := store.successor(session, row):
            asked = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
            return redirect(f"{request.script_root}/dataset/{following.id}.{ending}{asked}", 301)
        if row.state == GONE:
            raise Gone
        if release == CROISSANT and not row.served:
            raise NotFound
        # What others say of the nodes it shares is part of it.
        tag = answers.etag(config, ending, row.id, release, *store.newest_change(session))
        if answers.known(tag, row.modified_at):
            return _profiled(answers.not_modified(kind, tag, row.modified_at), release)
        if kept := answers.remembered(kind, tag, row.modified_at):
            return _profiled(kept, release)
        if request.method == "HEAD":
            documents.check(session, [row.id], ending, release)
            return _profiled(answers.not_modified(kind, tag, row.modified_at), release)
        body = documents.dataset(session, config, row.id, ending, release)
    if body is None:
        raise NotFound
    return _profiled(answers.whole(body, kind, tag, row.modified_at, keep=True), release)


def _content_type(ending: str) -> str:
    """Name what is sent: where Notation3 was asked for, Turtle under its name."""
    return "text/n3; charset=utf-8" if request.path.endswith(".n3") else rdf.FORMATS[ending].content_type


def _selection(newest: int, of: Part, release: str) -> Selection:
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
    after = request.args.get("after", "")
    if after and not store.UUID.fullmatch(after):
        raise BadRequest
    return Selection(
        at=min(parameters.number("snapshot", newest, 2**62, least=0), newest),
        part=of,
        release=release,
        page=parameters.number("page", 1, 10**6),
        limit=parameters.number("limit", linked.PAGE, linked.MAX_PAGE),
        after=after,
        **_matching(),
        since=since,
    )


def _matching() -> dict[str, Any]:
    """Read `q` and `fq` in CKAN's search language; both together choose what the page shows."""
    asked = {name: request.args[name] for name in ("q", "fq") if request.args.get(name)}
    if not asked:
        return {}
    try:
        text, where = read_query(asked.get("q", ""), [asked.get("fq", "")])
    except SearchSyntaxError as error:
        raise BadRequest from error
    hits = search.search(instance(), SearchQuery(text=text, where=where, rows=search.MAX_WINDOW))
    if hits.count > len(hits.ids):
        # Who would get a part of them would take the others for gone.
        raise BadRequest
    return {"query": urlencode(asked), "within": hits.ids}


def _wanted() -> str | None:
    """Choose the RDF format a client prefers to HTML; none when it takes HTML as gladly."""
    ending, quality = answers.preferred(_TYPES)
    return ending if quality > answers.page_quality() else None


def _release(ending: str, *beside: str) -> str:
    """Choose the profile release: `?profile=` by name or URI, else Accept-Profile, else the present one (W3C DX-PROF-CONNEG).

    `?profiles=` names the first of one or several in ckanext-dcat's words. `beside` are the profiles beside DCAT that an address has, as JSON-LD.
    """
    offered = {*RELEASES, *(beside if ending == "jsonld" else ())}
    if asked := request.args.get("profile", "") or _asked_as_ckan():
        found = asked if asked in _PROFILES else _BY_URI.get(asked)
        if found is None:
            raise BadRequest
        if found not in offered:
            raise NotAcceptable(response=Response(_ELSEWHERE, 406, content_type="text/plain; charset=utf-8"))
        return found
    wanted = _PROFILE.findall(request.headers.get("Accept-Profile", "")[:1000])
    ranked = sorted(wanted, key=lambda pair: -float(pair[1] or 1))
    return next(
        (_BY_URI[uri] for uri, quality in ranked if _BY_URI.get(uri) in offered and float(quality or 1)), DEFAULT
    )


def _asked_as_ckan() -> str:
    """Read `?profiles=`; every profile of DCAT there is the present release here. 409 for one that is unknown, as ckanext-dcat has it."""
    wanted = re.split(r"[\s,]+", request.args.get("profiles", "").strip()[:1000])
    if wanted == [""]:
        return ""
    if unknown := [name for name in wanted if name not in _CKAN_PROFILES]:
        said = f"Unknown RDF profiles: {', '.join(sorted(unknown))}\n"
        raise Conflict(response=Response(said, 409, content_type="text/plain; charset=utf-8"))
    return _CKAN_PROFILES[wanted[0]]


_CKAN_PROFILES = {
    **dict.fromkeys(("euro_dcat_ap", "euro_dcat_ap_2", "euro_dcat_ap_3", "euro_dcat_ap_scheming"), DEFAULT),
    "dcatap_de": DEFAULT,
    "schemaorg": SCHEMA_ORG,
    "croissant": CROISSANT,
}
_PROFILES = {**RELEASES, **BESIDE}
# Where two releases have one URI, the first is meant.
_BY_URI = {uri: name for name, uri in reversed(tuple(_PROFILES.items()))}
_BY_URI |= {"https://schema.org": SCHEMA_ORG, "http://schema.org/": SCHEMA_ORG, croissant.OLDER: CROISSANT}
_ELSEWHERE = (
    "schema.org gibt es nur als JSON-LD, für Katalogseiten und Datensätze; Croissant nur als JSON-LD für Datensätze.\n"
    "schema.org exists as JSON-LD only, for catalogue pages and datasets; Croissant as JSON-LD for datasets only.\n"
)


def _profiled(answer: Response, release: str, steps: Mapping[str, str] = MappingProxyType({})) -> Response:
    """Name the profile; `steps` lead to other pages, under their names in RFC 8288."""
    uri = _PROFILES[release]
    relations = {"prev" if name == "previous" else name: link for name, link in steps.items()}
    answer.headers["Link"] = ", ".join(
        f'<{link}>; rel="{name}"' for name, link in {"profile": uri, **relations}.items()
    )
    answer.headers["Content-Profile"] = f"<{uri}>"
    answer.vary.add("Accept-Profile")
    return answer
