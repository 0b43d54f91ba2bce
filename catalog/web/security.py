"""Headers every answer carries: nothing foreign is loaded, nothing is guessed, and each request can be named."""

import re
import uuid

from flask import Flask, Response, g, request

CONTENT_SECURITY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
YEAR = 365 * 24 * 3600
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def protect(app: Flask) -> None:
    """Add the headers to every answer of an application and give every request an id."""
    app.before_request(_name_request)
    app.before_request(_forget_impossible_dates)
    app.after_request(_add_headers)


def request_id() -> str:
    """Give the id of this request: the proxy's where it is harmless, else our own."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]
    return str(g.request_id)


def _name_request() -> None:
    request_id()


def _forget_impossible_dates() -> None:
    """A date that cannot be read counts as not sent (RFC 9110, section 13.1.3); werkzeug fails on years beyond all calendars."""
    if "HTTP_IF_MODIFIED_SINCE" not in request.environ:
        return
    try:
        _ = request.if_modified_since
    except OverflowError:
        del request.environ["HTTP_IF_MODIFIED_SINCE"]


def _add_headers(response: Response) -> Response:
    # A view may have set a stricter rule, such as the sandbox around uploads. One look at what is there: each answer comes by here.
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend([(name, value) for name, value in HEADERS.items() if name.lower() not in present])
    response.headers["X-Request-ID"] = request_id()
    if request.endpoint == "static" and response.status_code in (200, 206, 304):
        # The address names the content, by hash or by release, so it never changes behind it.
        lasting = "v" in request.args or request.path.startswith("/static/vendor/")
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = YEAR if lasting else 3600
        response.cache_control.immutable = lasting
    return response
