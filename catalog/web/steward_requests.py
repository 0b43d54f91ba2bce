"""Requests for data as stewards keep them: opened out of a search without hits or by hand, and answered."""

import uuid
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from catalog import access, data_requests
from catalog.api.answers import instance
from catalog.steward_acts import ForbiddenError
from catalog.web import steward_pages
from catalog.web.request_pages import MARKS, asked
from dcat.errors import StateError
from dcat.message import Message

steward_requests = Blueprint("steward_requests", __name__, url_prefix="/steward/requests")
steward_requests.before_request(steward_pages.admit)
steward_requests.after_request(steward_pages.keep_out)
steward_requests.context_processor(steward_pages.shared)


@steward_requests.get("")
def board() -> str:
    """Show the requests to those who answer them."""
    return _board()


@steward_requests.post("")
def keep() -> AnyResponse:
    """Keep a request, out of words that found nothing or by its title."""
    title, words = request.form.get("title", ""), request.form.get("words", "")
    try:
        with instance().database.writing() as session:
            number = data_requests.open_request(session, g.actor, title=title, words=words)
    except StateError as error:
        return make_response(_board(error.message, title), _status(error))
    return redirect(url_for("steward_requests.one", request_id=number), 303)


@steward_requests.get("/<uuid:request_id>")
def one(request_id: uuid.UUID) -> str:
    """Show one request with the form that answers it."""
    return _one(str(request_id))


@steward_requests.post("/<uuid:request_id>")
def answer(request_id: uuid.UUID) -> AnyResponse:
    """Answer a request."""
    fields = {name: request.form.get(name, "") for name in ("state", "text", "dataset", "title")}
    try:
        with instance().database.writing() as session:
            data_requests.answer(session, g.actor, str(request_id), **fields)
    except StateError as error:
        return make_response(_one(str(request_id), error.message, fields), _status(error))
    return redirect(url_for("steward_requests.board"), 303)


def _board(error: Message | None = None, title: str = "") -> str:
    state, found = asked()
    return render_template(
        "steward/requests.html",
        board=found,
        state=state,
        marks=MARKS,
        title=title[: data_requests.LONGEST_TITLE],
        acts=access.may_answer_requests(g.actor),
        error=error,
    )


def _one(request_id: str, error: Message | None = None, given: dict[str, Any] | None = None) -> str:
    """Show the form; with what was given where that could not be taken."""
    with instance().database.reading() as session:
        wish = data_requests.find(session, request_id)
    kept = {
        "state": wish.state,
        "text": wish.answer,
        "dataset": wish.dataset.name if wish.dataset else "",
        "title": wish.title,
    }
    return render_template(
        "steward/request.html",
        wish=wish,
        values=given or kept,
        marks=MARKS,
        acts=access.may_answer_requests(g.actor),
        error=error,
    )


def _status(error: StateError) -> int:
    return 403 if isinstance(error, ForbiddenError) else 409
