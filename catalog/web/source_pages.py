"""The public pages about sources: the health board, a source's history, and why a dataset is missing."""

from flask import Blueprint, Response, abort, make_response, render_template, request

from catalog import definitions, health, why
from catalog.api import parameters
from catalog.api.answers import instance
from catalog.health import STATES

source_pages = Blueprint("sources", __name__)


@source_pages.get("/sources")
def board() -> str:
    """Show how the sources are: state, last run, last complete run, trend, what is missing or waits."""
    config, asked = instance().config, request.args
    state = asked.get("state", "") if asked.get("state", "") in STATES else ""
    city = asked.get("city", "") if config.find_city(asked.get("city", "")) else ""
    with instance().database.reading() as session:
        found = health.board(
            session,
            config,
            definitions.present(config.sources),
            city=city,
            state=state,
            after=asked.get("after", "")[:100],
        )
    return render_template("sources.html", board=found, city=city, state=state)


@source_pages.get("/sources/<source_id>")
def source(source_id: str) -> str:
    """Show one source: its state and how its runs ended."""
    config, before = instance().config, parameters.number("before", 0, 2**62, least=0)
    with instance().database.reading() as session:
        found = health.source(session, config, definitions.present(config.sources), source_id, before)
    return render_template("source.html", page=found or abort(404), before=before)


@source_pages.get("/why")
def missing() -> Response:
    """Say why a dataset is missing, asked by id, address or title."""
    known = definitions.present(instance().config.sources)
    with instance().database.reading() as session:
        found = why.ask(instance(), session, known, request.args.get("q", "")[:2000])
        answer = make_response(render_template("why.html", answer=found))
    if found.asked:
        answer.headers["Cache-Control"] = "no-store"
    return answer
