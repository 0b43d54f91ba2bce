"""What a visitor or a program reads when something is not there or went wrong: never a trace, a path or an address of ours."""

import logging
import re
from dataclasses import dataclass

import orjson
from flask import Flask, Response, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, NotFound, ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from catalog.documents import IncompleteError
from catalog.web.language import t
from catalog.web.security import request_id
from dcat.errors import NotFoundError, StateError
from dcat.message import Message
from dcat.printable import one_line

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wording:
    """A heading, a sentence that tells what happened, and one that tells what to do."""

    title: Message
    what: Message
    next: Message


BAD_REQUEST = Wording(
    Message("Diese Anfrage verstehen wir nicht", "We do not understand this request"),
    Message(
        "Die Adresse oder das Formular enthält etwas Unerwartetes.", "The address or the form has something unexpected."
    ),
    Message("Gehen Sie zurück und versuchen Sie es anders.", "Go back and try it in another way."),
)
NOT_FOUND = Wording(
    Message("Diese Seite gibt es nicht", "This page does not exist"),
    Message(
        "Vielleicht hat sich die Adresse geändert, oder beim Abschreiben ist ein Zeichen verloren gegangen.",
        "The address may have changed, or a character was lost when it was copied.",
    ),
    Message("Suchen Sie nach dem, was Sie brauchen.", "Search for what you need."),
)
GONE = Wording(
    Message("Dieser Datensatz wurde zurückgezogen", "This dataset was withdrawn"),
    Message(
        "Die Stelle, von der er kam, bietet ihn nicht mehr an.", "The department it came from no longer offers it."
    ),
    Message("Suchen Sie nach einem ähnlichen Datensatz.", "Search for a similar dataset."),
)
TOO_LARGE = Wording(
    Message("Diese Anfrage ist zu groß", "This request is too large"),
    Message("So viel auf einmal nehmen wir nicht an.", "We do not accept that much at once."),
    Message("Teilen Sie die Anfrage auf.", "Split the request into smaller ones."),
)
TOO_OFTEN = Wording(
    Message("Das waren viele Versuche", "Those were many attempts"),
    Message(
        "Von Ihrem Anschluss kamen zu viele in kurzer Zeit.", "Too many came from your connection in a short time."
    ),
    Message("Warten Sie eine Minute und versuchen Sie es noch einmal.", "Wait a minute and try again."),
)
FORM_OVER = Wording(
    Message("Dieses Formular gilt nicht mehr", "This form is no longer valid"),
    Message(
        "Es ist älter als zwölf Stunden, oder Sie haben sich seitdem ab- oder neu angemeldet.",
        "It is older than twelve hours, or you have signed in or out since.",
    ),
    Message(
        "Laden Sie die Seite neu und schicken Sie es noch einmal ab.", "Load the page again and send it once more."
    ),
)
FAILED = Wording(
    Message("Hier ist etwas schiefgegangen", "Something went wrong here"),
    Message(
        "Der Fehler liegt bei uns, nicht bei Ihnen. Er ist vermerkt.", "The fault is ours, not yours. It was recorded."
    ),
    Message(
        "Versuchen Sie es in einigen Minuten noch einmal. Wenn Sie uns schreiben, nennen Sie bitte die Kennung.",
        "Try again in a few minutes. If you write to us, please quote the request id.",
    ),
)
UNREADY = Wording(
    Message("Das geht gerade nicht", "This is not possible at the moment"),
    Message(
        "Ein Teil dieses Katalogs antwortet nicht oder ist zu sehr beschäftigt. Der Fehler ist vermerkt.",
        "A part of this catalogue does not answer or is too busy. The fault was recorded.",
    ),
    Message(
        "Versuchen Sie es in einer Minute noch einmal. Wenn Sie uns schreiben, nennen Sie bitte die Kennung.",
        "Try again in a minute. If you write to us, please quote the request id.",
    ),
)
# Interfaces for programs; /feedback is a page.
_PROGRAMS = re.compile(r"/(api/|feeds/|feed(?![a-z])|oai$)")
WORDINGS = {400: BAD_REQUEST, 404: NOT_FOUND, 410: GONE, 413: TOO_LARGE, 429: TOO_OFTEN, 500: FAILED, 503: UNREADY}


def register(app: Flask) -> None:
    """Answer errors with a page, or with problem details where a program asked."""
    app.register_error_handler(HTTPException, _answer)
    app.register_error_handler(NotFoundError, _missing)
    app.register_error_handler(IncompleteError, _incomplete)
    app.register_error_handler(StateError, _unready)
    app.register_error_handler(OperationalError, _without_database)


def _missing(error: NotFoundError) -> AnyResponse:
    return _answer(NotFound())


def _incomplete(error: IncompleteError) -> AnyResponse:
    """Answer 503 rather than less than the whole, so that nobody takes datasets for gone; OAI-PMH says "later" so too (3.1.2.2)."""
    return _answer(ServiceUnavailable(retry_after=60))


def _unready(error: StateError) -> AnyResponse:
    """Answer 503 when the database is gone, full or busy; what it said of itself is for the log only (CVE-2024-41674)."""
    return _later(error.message.en)


def _without_database(error: OperationalError) -> AnyResponse:
    return _later(str(error.orig))


def _later(cause: str) -> AnyResponse:
    log.error("request %s: %s", request_id(), one_line(cause, 500))
    return _answer(ServiceUnavailable(retry_after=60))


def _answer(error: HTTPException) -> AnyResponse:
    ready = error.get_response()
    status = ready.status_code
    if status < 400 or error.response is not None:
        return ready
    words = wording(status)
    answer = problem(status, words.title, words.what) if _PROGRAMS.match(request.path) else _page(status)
    for name in ("Allow", "Retry-After", "WWW-Authenticate", "Content-Range"):
        if name in ready.headers:
            answer.headers[name] = ready.headers[name]
    return answer


def wording(status: int) -> Wording:
    """Choose the sentences for a status."""
    return WORDINGS.get(status) or (FAILED if status >= 500 else BAD_REQUEST)


def _page(status: int) -> Response:
    page = render_template("error.html", wording=wording(status), status=status, request_id=request_id())
    return Response(page, status=status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def problem(status: int, title: Message, detail: Message) -> Response:
    """Tell a program what went wrong: problem details as in RFC 9457, section 3, in the language of the cookie."""
    content = {
        "type": "about:blank",
        "title": t(title.de, title.en),
        "status": status,
        "detail": t(detail.de, detail.en),
        "instance": f"urn:request:{request_id()}",
    }
    answer = Response(orjson.dumps(content), status=status, content_type="application/problem+json")
    answer.vary.add("Cookie")
    return answer
