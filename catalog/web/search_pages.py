"""The search as visitors meet it: the page of results, what is proposed to who types, and the note of what was not found."""

import logging
import threading
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from catalog import search_misses
from catalog.instance import Instance
from catalog.reading import Reading
from catalog.search_types import Results
from catalog.web import search_links
from catalog.web.search_links import SIDES
from dcat.errors import StateError

log = logging.getLogger(__name__)
PROPOSALS = 8
# A word of these in the name of a program says that nobody reads along.
_PROGRAMS = ("bot", "crawl", "spider", "slurp", "http", "curl", "wget", "python", "monitor", "preview", "scan")
_one_at_a_time = threading.Lock()


def show(reading: Reading, template: str, *, fixed: dict[str, str] | None = None, **more: Any) -> AnyResponse:
    """Answer with a page of results; `fixed` holds the filters that the page itself sets."""
    query, notes = search_links.read(request.args, fixed or {})
    if any(side in request.args for side in SIDES) and not notes:
        # What a form sends becomes the address of its answer.
        return redirect(search_links.address(query), 303)
    results = reading.search(query)
    if query.page > results.pages:
        return redirect(search_links.address(query.at(results.pages)), 302)
    plain = not query.text and query.sort == "relevance" and set(query.filters) <= set(fixed or {})
    page = render_template(
        template,
        results=results,
        notes=notes,
        indexed=plain and not notes,
        canonical=_here() if plain and query.page == 1 else search_links.address(query),
        **more,
    )
    answer = make_response(page)
    _note(answer, results)
    return answer


def suggest(reading: Reading) -> Response:
    """Propose what somebody may mean who types: keywords with their number of datasets, and datasets by their titles."""
    typed = request.args.get("q", "").replace("\0", " ")[: search_links.MAX_TEXT]
    content = [
        {"kind": found.kind, "text": found.text, "url": url_for("pages.dataset", slug=found.name)}
        if found.kind == "dataset"
        else {
            "kind": found.kind,
            "text": found.text,
            "count": found.count,
            "url": url_for("pages.search", q=found.text),
        }
        for found in reading.suggest(typed, PROPOSALS)
    ]
    answer = Response(orjson.dumps({"query": typed, "suggestions": content}), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=60"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _here() -> str:
    return url_for(request.endpoint or "", **(request.view_args or {}))


def _note(answer: Response, results: Results) -> None:
    """Have words that found nothing counted once the page is sent: nobody waits for it."""
    reader = (request.user_agent.string or "").lower()
    if not results.missed or request.method != "GET" or not reader or any(name in reader for name in _PROGRAMS):
        return
    catalogue: Instance | None = current_app.extensions.get("offenbar")
    text = results.query.text
    if catalogue is not None:
        answer.call_on_close(lambda: _count(catalogue, text))


def _count(catalogue: Instance, text: str) -> None:
    """Count a miss, unless another one is being counted or the database cannot be written: no page is worth less for it."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        with catalogue.database.writing() as session:
            search_misses.note_miss(session, text)
    except (StateError, sa.exc.DBAPIError):
        log.warning("a search without hits was not counted")
    finally:
        _one_at_a_time.release()
