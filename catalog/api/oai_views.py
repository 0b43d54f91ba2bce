"""The address of OAI-PMH: arguments by GET or as a form, XML back. What it says is made in oai.py."""

from flask import Blueprint, Response, request

from catalog import store
from catalog.api import answers, oai
from catalog.api.answers import instance

oai_pages = Blueprint("oai", __name__)


@oai_pages.route("/oai", methods=["GET", "POST"])
def protocol() -> Response:
    """Answer an OAI-PMH request, by GET or as a form."""
    asked = request.form if request.method == "POST" else request.args
    with instance().database.reading() as session:
        body = oai.answer(session, instance().config, list(asked.items(multi=True)))
    # Each answer bears the second it was given (section 3.2), so it is never the same for long.
    tag = store.digest(body.decode())
    return answers.whole(body, f"{oai.MEDIA_TYPE}; charset=utf-8", tag, None, max_age=0)
