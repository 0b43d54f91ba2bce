"""The public page of requests for data: what is wished for, and what becomes of it."""

from flask import Blueprint, render_template, request

from catalog import data_requests
from catalog.api import parameters
from catalog.api.answers import instance
from catalog.data_requests import MOST, PAGE, State, Wishes
from catalog.web.wording import Mark
from dcat.message import Message

MARKS = {
    State.OPEN: Mark(Message("offen", "open"), "info", "info"),
    State.PLANNED: Mark(Message("geplant", "planned"), "info", "autorenew"),
    State.PUBLISHED: Mark(Message("veröffentlicht", "published"), "success", "check"),
    State.DECLINED: Mark(Message("abgelehnt", "declined"), "warning", "close"),
}
request_pages = Blueprint("requests", __name__)


@request_pages.get("/requests")
def board() -> str:
    """Show the data that people wished for: open, planned, published with the dataset, or declined, each with the answer."""
    state, found = asked()
    return render_template("requests.html", board=found, state=state, marks=MARKS)


def asked() -> tuple[str, Wishes]:
    """Read the requests that the address asks for, of one state or all, and the state."""
    said = request.args.get("state", "")
    state = said if said in set(State) else ""
    page = parameters.number("page", 1, MOST // PAGE + 1)
    with instance().database.reading() as session:
        return state, data_requests.listed(session, state, page)
