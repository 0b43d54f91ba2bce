"""The web application: pages, CKAN API, linked data, downloads and health, made for one catalogue."""

import importlib
from dataclasses import replace
from pathlib import Path
from threading import Semaphore
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, g

from catalog import search, store, tables
from catalog.api.action_views import actions
from catalog.api.answers import instance
from catalog.api.data import data
from catalog.api.downloads import downloads
from catalog.api.dump_views import dumps
from catalog.api.feed_views import feed_pages
from catalog.api.linked_views import linked_data
from catalog.api.oai_views import oai_pages
from catalog.api.openapi_views import described
from catalog.api.quality_views import quality_pages
from catalog.api.sparql import sparql
from catalog.api.upload_views import upload_views
from catalog.api.util_views import utilities
from catalog.instance import Instance, open_instance
from catalog.memory import Memory
from catalog.reading import Reading
from catalog.web import errors, security, sessions
from catalog.web.account_pages import account_pages, doorstep
from catalog.web.check_pages import check_pages, desk
from catalog.web.crawlers import crawlers
from catalog.web.pages import pages
from catalog.web.picture_pages import picture_pages
from catalog.web.report_pages import reports
from catalog.web.request_pages import request_pages
from catalog.web.schema_pages import schema_pages
from catalog.web.source_pages import source_pages
from catalog.web.steward_pages import steward_pages
from catalog.web.steward_requests import steward_requests
from catalog.web.steward_search import steward_search
from dcat.errors import StateError

MAX_REQUEST = 2_000_000
# Bytes of answers each web worker keeps.
MEMORY = 12_000_000
# Long answers each web worker sends at once. Of its threads (catalog/server.py) as many again are for checks of files
# (catalog/web/check_pages.py), and the rest for everybody else.
STREAMS = 2
service = Blueprint("service", __name__)


def create_app(catalogue: Instance) -> Flask:
    """Make the application for one catalogue."""
    app = Flask(
        "offenbar", root_path=str(Path(__file__).parent / "web"), static_folder="static", template_folder="templates"
    )
    app.config.update(SECRET_KEY=catalogue.config.secret_key, MAX_CONTENT_LENGTH=MAX_REQUEST)
    # werkzeug would redirect from // to / at whatever host the client names.
    app.url_map.merge_slashes = False
    app.extensions["offenbar"] = catalogue
    app.extensions["offenbar.config"] = catalogue.config
    app.extensions["offenbar.streams"] = Semaphore(STREAMS)
    app.extensions["offenbar.memory"] = Memory(MEMORY)
    app.extensions["offenbar.desk"] = desk()
    app.extensions["offenbar.doorstep"] = doorstep(catalogue.config)
    app.extensions["offenbar.reading"] = _reading
    # First, since blueprints answer some requests before they are routed.
    security.protect(app)
    sessions.configure(app, catalogue.config)
    for blueprint in (
        linked_data,
        feed_pages,
        oai_pages,
        actions,
        described,
        utilities,
        data,
        dumps,
        downloads,
        sparql,
        upload_views,
        quality_pages,
        pages,
        schema_pages,
        check_pages,
        reports,
        source_pages,
        request_pages,
        steward_pages,
        steward_search,
        steward_requests,
        account_pages,
        picture_pages,
        crawlers,
        service,
    ):
        app.register_blueprint(blueprint)
    if catalogue.config.oidc_issuer:
        # As the commands: what few need is loaded where it is used.
        importlib.import_module("catalog.web.oidc_pages").register(app)
    app.teardown_appcontext(_close)
    errors.register(app)
    prefix = urlsplit(catalogue.config.site_url).path.rstrip("/")
    if prefix:
        app.wsgi_app = _Prefixed(app.wsgi_app, prefix)  # type: ignore[method-assign]
    return app


def from_environment() -> Flask:
    """Make the application for the catalogue the environment names, as the web workers do."""
    return create_app(replace(open_instance(), look=tables.at_once()))


@service.get("/health")
def health() -> Response:
    """Say that the process lives."""
    return Response("ok\n", mimetype="text/plain")


@service.get("/ready")
def ready() -> Response:
    """Say whether database, index and file store can be used."""
    found = {"database": False, "index": False, "storage": instance().files.ready()}
    try:
        with instance().database.reading() as session:
            store.last_seq(session)
        found["database"] = True
        search.catch_up(instance())
        found["index"] = True
    except (StateError, OSError, ValueError):
        pass
    body = "".join(f"{name}: {'ok' if fine else 'failed'}\n" for name, fine in found.items())
    return Response(body, status=200 if all(found.values()) else 503, mimetype="text/plain")


class _Prefixed:
    """Runs the application below a path, whether the proxy in front takes the path off or leaves it on."""

    def __init__(self, app: Any, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path == self._prefix or path.startswith(f"{self._prefix}/"):
            environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
        environ["SCRIPT_NAME"] = self._prefix
        return self._app(environ, start_response)


def _reading() -> Reading:
    if "session" not in g:
        g.opened = instance().database.reading()
        g.session = g.opened.__enter__()
    return Reading(instance(), g.session)


def _close(_error: BaseException | None) -> None:
    opened = g.pop("opened", None)
    g.pop("session", None)
    if opened is not None:
        opened.__exit__(None, None, None)
