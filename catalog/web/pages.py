"""The public pages. A view parses the request, calls one function and renders."""

import uuid
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as AnyResponse

from catalog import live_reading
from catalog.config import Config
from catalog.web import (
    api_pages,
    assets,
    charts,
    data_blocks,
    formatting,
    language,
    links,
    metadata,
    rules,
    search_hits,
    search_links,
    search_pages,
    source_words,
    wording,
)
from catalog.web.security import request_id
from dcat import rdf
from dcat.vocabularies import vocabulary

if TYPE_CHECKING:
    from catalog.reading import Reading

# Charts on a page, and how many values of all series a page and the JSON read.
LIVE_CHARTS = 3
LIVE_SHOWN = 3_000
LIVE_GIVEN = 20_000
pages = Blueprint("pages", __name__)


def _prepare(state: BlueprintSetupState) -> None:
    for module in (
        *(assets, charts, data_blocks, formatting, language, links, metadata, rules),
        *(search_hits, search_links, source_words, wording),
    ):
        module.register(state.app)
    state.app.jinja_env.globals.update(
        settings=settings, rdf_formats=tuple(rdf.FORMATS.values()), find_theme=vocabulary("theme").find
    )


pages.record_once(_prepare)


def reading() -> "Reading":
    """Open what the public may read, for this request."""
    found: Reading = current_app.extensions["offenbar.reading"]()
    return found


def settings() -> Config:
    """Give the settings of this application."""
    found: Config = current_app.extensions["offenbar.config"]
    return found


@pages.get("/")
def home() -> str:
    """Say what this is and lead to it."""
    found = reading()
    return render_template("home.html", counts=found.counts(), latest=found.latest(6))


@pages.get("/dataset")
def search() -> AnyResponse:
    """Search the datasets."""
    return search_pages.show(reading(), "results.html")


@pages.get("/api/suggest")
def suggest() -> Response:
    """Propose what somebody may mean who types, for the search box and for programs."""
    return search_pages.suggest(reading())


@pages.get("/dataset/<slug>")
def dataset(slug: str) -> str | AnyResponse | tuple[str, int]:
    """Show one dataset."""
    found = reading().find(slug)
    if found.moved_to:
        return redirect(url_for("pages.dataset", slug=found.moved_to), 301)
    if found.successor:
        return redirect(url_for("pages.dataset", slug=found.successor), 301)
    if found.gone:
        return render_template("gone.html", gone=found.gone, request_id=request_id()), 410
    if found.public is None:
        abort(404)
    if found.public.name != slug:
        return redirect(url_for("pages.dataset", slug=found.public.name), 302 if _is_uuid(slug) else 301)
    return render_template("dataset.html", public=found.public, found=found)


@pages.get("/dataset/<slug>/<distribution_id>")
def distribution(slug: str, distribution_id: str) -> str | AnyResponse | tuple[str, int]:
    """Show one file of a dataset: its state, its report and its first rows."""
    found = reading().find(slug)
    name = found.moved_to or (found.public.name if found.public else slug)
    if name != slug:
        return redirect(url_for("pages.distribution", slug=name, distribution_id=distribution_id), 301)
    if found.successor:
        return redirect(url_for("pages.dataset", slug=found.successor), 301)
    if found.gone:
        return render_template("gone.html", gone=found.gone, request_id=request_id()), 410
    files = found.public.files if found.public else ()
    file = next((file for file in files if file.id == distribution_id), None) or abort(404)
    live = reading().live(file.id, LIVE_SHOWN) if file.state.visible else None
    wanted = request.args.get("series", "")
    return render_template(
        "distribution.html", public=found.public, file=file, live=live, wanted=wanted, charts=LIVE_CHARTS
    )


@pages.get("/dataset/<slug>/<distribution_id>/live.json")
def live_values(slug: str, distribution_id: str) -> Response:
    """Give the recent values of a distribution that has current ones, for programs."""
    found = reading().find(slug)
    files = found.public.files if found.public else ()
    file = next((file for file in files if file.id == distribution_id and file.state.visible), None) or abort(404)
    live = reading().live(file.id, LIVE_GIVEN) or abort(404)
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}
    return Response(live_reading.write(live, file.id), mimetype="application/json", headers=headers)


@pages.get("/organization")
def organizations() -> str:
    """List the departments, city by city."""
    return render_template("organization_list.html", organizations=reading().organizations())


@pages.get("/organization/<slug>")
def organization(slug: str) -> AnyResponse:
    """Show one department and what it publishes."""
    found = reading().organization(slug) or abort(404)
    return search_pages.show(reading(), "organization.html", fixed={"organization": slug}, organization=found)


@pages.get("/city/<slug>")
def city(slug: str) -> AnyResponse:
    """Show what one city publishes."""
    found = settings().find_city(slug) or abort(404)
    return search_pages.show(reading(), "city.html", fixed={"city": slug}, city=found)


@pages.get("/group/<theme>")
def group(theme: str) -> AnyResponse:
    """Show the datasets of one theme."""
    found = vocabulary("theme").find(theme) or abort(404)
    return search_pages.show(reading(), "group.html", fixed={"theme": found.code}, concept=found)


@pages.get("/api")
def api() -> AnyResponse:
    """Say how programs get everything; to programs, which version of the API answers here."""
    return api_pages.show(reading(), settings())


def _is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False
