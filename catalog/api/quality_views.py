"""The addresses of quality: the dashboard for people and programs, the page of one dataset, and DQV for machines."""

import re

import orjson
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, Gone, NotFound
from werkzeug.wrappers import Response as AnyResponse

from catalog import link_checks, quality, quality_report, store
from catalog.api import answers, dqv, parameters
from catalog.api.answers import instance
from catalog.api.parameters import ENDINGS, rdf_format
from catalog.drafts import GONE
from catalog.models import Score
from catalog.web.language import lang
from dcat import rdf
from dcat.quality import DIMENSIONS, band, most

quality_pages = Blueprint("quality", __name__)
# Where long words may break in the narrow columns of a table.
_ENDING = re.compile(r"(barkeit|lichkeit|abilität|ability|ibility|uality)$")


@quality_pages.get("/dashboard")
def dashboard() -> AnyResponse:
    """Show how well the catalogue is described: by city and organisation, with gaps, broken links and what to mend."""
    with instance().database.reading() as session:
        tag = answers.etag(instance().config, "dashboard", lang(), quality.state(session))
        if answers.known(tag, None):
            return _page("", tag)
        found = quality_report.overview(session, instance().config)
    areas = [_ENDING.sub("\N{SOFT HYPHEN}\\1", label.in_(lang())) for label in DIMENSIONS.values()]
    return _page(render_template("dashboard.html", found=found, dimensions=DIMENSIONS, areas=areas, most=most), tag)


@quality_pages.get("/dashboard.json")
def dashboard_json() -> Response:
    """Give the numbers of the dashboard."""
    with instance().database.reading() as session:
        tag = answers.etag(instance().config, "dashboard.json", quality.state(session))
        if answers.known(tag, None) or request.method == "HEAD":
            return answers.not_modified("application/json", tag, None)
        found = quality_report.overview(session, instance().config)
    return answers.whole(orjson.dumps(quality_report.overview_json(found)), "application/json", tag, None)


@quality_pages.get("/dataset/<slug>/quality")
def dataset(slug: str) -> AnyResponse:
    """Show the 23 metrics of one dataset, each with its reason and what mends it."""
    with instance().database.reading() as session:
        row = store.find_row(session, slug)
        if row is None:
            raise NotFound
        if following := store.successor(session, row):
            return redirect(url_for("quality.dataset", slug=following.name), 301)
        if row.state == GONE:
            raise Gone
        if row.name != slug:
            return redirect(url_for("quality.dataset", slug=row.name), 302 if slug == row.id else 301)
        tag = answers.etag(instance().config, "quality", lang(), row.id, quality.state(session))
        if answers.known(tag, None):
            return _page("", tag)
        found = quality.examine(session, [row.id])
        broken = link_checks.broken_of(session, row.id)
        city = instance().config.find_city(row.city)
    if not found:
        raise NotFound
    page = render_template(
        "quality.html",
        public=found[0].shown,
        score=found[0].score,
        band=band(found[0].score.total),
        broken=broken,
        place=city.place if city else "",
        dimensions=DIMENSIONS,
        most=most,
    )
    return _page(page, tag)


@quality_pages.get(f"/dataset/<name>/quality.<{ENDINGS}:ending>")
def dataset_dqv(name: str, ending: str) -> Response:
    """Give the measurements of one dataset as DQV."""
    ending = rdf_format(ending)
    with instance().database.reading() as session:
        row = store.find_row(session, name)
        if row is None:
            raise NotFound
        if row.state == GONE:
            raise Gone
        scored = session.get(Score, row.id)
        at = scored.scored_at if scored else None
        tag = answers.etag(instance().config, "dqv", ending, row.seq, row.hash, at)
        if answers.known(tag, at) or request.method == "HEAD":
            return answers.not_modified(rdf.FORMATS[ending].content_type, tag, at)
        body = dqv.dataset(session, instance().config, row.id, ending)
    if body is None:
        raise NotFound
    return answers.whole(body, rdf.FORMATS[ending].content_type, tag, at)


@quality_pages.get(f"/quality.<{ENDINGS}:ending>")
def catalogue_dqv(ending: str) -> Response:
    """Give a page with the measurements of the whole catalogue as DQV."""
    ending = rdf_format(ending)
    page, after = parameters.number("page", 1, 10**6), request.args.get("after", "")
    if after and not store.UUID.fullmatch(after):
        raise BadRequest
    with instance().database.reading() as session:
        tag = answers.etag(instance().config, "dqv", ending, page, after, quality.state(session))
        if answers.known(tag, None) or request.method == "HEAD":
            return answers.not_modified(rdf.FORMATS[ending].content_type, tag, None)
        if page > dqv.last_page(session):
            raise NotFound
        body = dqv.page(session, instance().config, page, after, ending)
    return answers.whole(body, rdf.FORMATS[ending].content_type, tag, None)


def _page(body: str, tag: str) -> Response:
    """A page that browsers keep and ask about each time: the same state is not made twice."""
    answer = Response(body, status=200 if body else 304, mimetype="text/html")
    answer.set_etag(tag, weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
