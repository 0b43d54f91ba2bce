"""What stewards read: runs with their plans, held plans, the quarantine; and what they decide of it.

Holders of the steward's link read. Who is signed in and edits for a department reads too, and decides what concerns that department.
"""

import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from catalog import accounts, definitions, health, run_view, steward, steward_acts, steward_key
from catalog.access import ANONYMOUS
from catalog.api import parameters
from catalog.api.answers import instance
from catalog.db import now
from catalog.quarantine_words import CODES, meaning
from catalog.run_view import ACTIONS
from catalog.steward_key import COOKIE, LINK
from catalog.web import sessions
from dcat.errors import StateError
from dcat.message import Message

steward_pages = Blueprint("steward", __name__, url_prefix="/steward")
NAME = "steward"
_OPEN = "steward.enter"


@steward_pages.before_request
def admit() -> Response | None:
    """Let in who has the cookie of a link that still holds, or is signed in and may; take forms only from our own pages."""
    if request.endpoint == _OPEN:
        return None
    g.actor = ANONYMOUS
    if sessions.COOKIE in request.cookies:
        with instance().database.reading() as session:
            if account := sessions.holder(session):
                g.actor, g.signed_in = accounts.actor(session, account), account.name
    if request.method == "POST":
        sessions.require_own_form()
    proof = request.cookies.get(NAME, "")
    if steward_key.expiry(instance().config, COOKIE, proof, now()) is not None or steward_acts.may_enter(g.actor):
        return None
    return _closed()


@steward_pages.after_request
def keep_out(answer: Response) -> Response:
    """Nothing of this is kept by caches, found by search engines or told to other sites."""
    return sessions.kept_out(answer)


@steward_pages.context_processor
def shared() -> dict[str, Any]:
    """Give templates who is signed in."""
    return {"signed_in": g.get("signed_in", "")}


@steward_pages.get("/open/<proof>")
def enter(proof: str) -> Response:
    """Take the link that `offenbar steward` prints and give the cookie for it, until the link ends."""
    at, config = now(), instance().config
    until = steward_key.expiry(config, LINK, proof, at)
    if until is None:
        return _closed()
    # No redirect: a browser that comes from another site would not send the cookie along.
    answer = make_response(render_template("steward/opened.html", until=until))
    answer.set_cookie(
        NAME,
        steward_key.sign(config, COOKIE, until),
        max_age=max(1, int((until - at) / datetime.timedelta(seconds=1))),
        path=f"{request.script_root}/steward",
        secure=request.is_secure or config.site_url.startswith("https:"),
        httponly=True,
        samesite="Strict",
    )
    return answer


@steward_pages.get("")
def home() -> str:
    """Show the latest runs, of one source where asked."""
    before, source = parameters.number("before", 0, 2**62, least=0), _text("source")
    with instance().database.reading() as session:
        runs = health.lines(session, source, before=before, limit=health.PAGE + 1)
    following = runs[health.PAGE - 1].id if len(runs) > health.PAGE else 0
    return render_template("steward/runs.html", runs=runs[: health.PAGE], source=source, following=following)


@steward_pages.get("/runs/<int:number>")
def run(number: int) -> str:
    """Show one run: phases, pages, sums, and the plan with the values before and after."""
    return _run(number)


@steward_pages.post("/runs/<int:number>")
def decide(number: int) -> AnyResponse:
    """Decide the held plan of a run."""
    try:
        with instance().database.writing() as session:
            steward_acts.decide(instance(), session, g.actor, min(number, 2**62), request.form.get("decision", ""))
    except StateError as error:
        return make_response(_run(number, error.message), _status(error))
    return redirect(url_for("steward.run", number=number), 303)


@steward_pages.get("/plans")
def plans() -> str:
    """Show the plans that wait for a decision, the oldest first."""
    with instance().database.reading() as session:
        found = steward.held(session, parameters.number("after", 0, 2**62, least=0))
    return render_template("steward/plans.html", inbox=found)


@steward_pages.get("/quarantine")
def quarantine() -> str:
    """Show the records that could not be taken in, newest first, by source and code."""
    source, code = _text("source"), _text("code")
    before, config = parameters.number("before", 0, 2**62, least=0), instance().config
    with instance().database.reading() as session:
        found = steward.quarantine(session, source=source, code=code, before=before)
    known = definitions.present(config.sources).sources
    return render_template(
        "steward/quarantine.html",
        inbox=found,
        source=source,
        code=code,
        sources=[(name, name) for name in sorted({*known, source} - {""})],
        codes=[(name, name) for name in sorted({*CODES, code} - {""})],
        meaning=meaning,
    )


@steward_pages.get("/quarantine/<int:number>")
def waiting(number: int) -> str:
    """Show one record in quarantine with what could be read of it."""
    return _waiting(number)


@steward_pages.post("/quarantine/<int:number>")
def release(number: int) -> AnyResponse:
    """Let a record in quarantine in."""
    always, reason = request.form.get("mode") == "always", request.form.get("reason", "")
    try:
        with instance().database.writing() as session:
            steward_acts.release(session, g.actor, min(number, 2**62), always=always, reason=reason)
    except StateError as error:
        return make_response(_waiting(number, error.message), _status(error))
    return redirect(url_for("steward.waiting", number=number), 303)


def _run(number: int, error: Message | None = None) -> str:
    action = request.args.get("action", "") if request.args.get("action", "") in ACTIONS else ""
    known, after = definitions.present(instance().config.sources), parameters.number("page", 0, 2**62, least=0)
    with instance().database.reading() as session:
        found = run_view.read(
            session,
            known,
            min(number, 2**62),
            action=action,
            after_item=_text("item"),
            after_page=after,
        )
        decides = found is not None and steward_acts.may_decide(session, g.actor, found.line.source)
    return render_template(
        "steward/run.html", run=found or abort(404), action=action, actions=ACTIONS, decides=decides, error=error
    )


def _waiting(number: int, error: Message | None = None) -> str:
    with instance().database.reading() as session:
        found = steward.entry(session, min(number, 2**62)) or abort(404)
        decides = steward_acts.may_decide(session, g.actor, found[0].source)
    return render_template(
        "steward/waiting.html", entry=found[0], values=found[1], meaning=meaning, decides=decides, error=error
    )


def _status(error: StateError) -> int:
    return 403 if isinstance(error, steward_acts.ForbiddenError) else 409


def _text(name: str) -> str:
    """Read a text of the address; PostgreSQL refuses to look for what it could not hold."""
    return request.args.get(name, "").replace("\0", "")[:600]


def _closed() -> Response:
    return make_response(render_template("steward/closed.html"), 403)
