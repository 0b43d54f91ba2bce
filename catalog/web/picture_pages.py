"""Pictures of organisations, groups and accounts, at CKAN's addresses: pictures and nothing else, whatever a browser makes of them."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from catalog import pictures
from catalog.api.answers import instance

picture_pages = Blueprint("picture_pages", __name__)


@picture_pages.get("/uploads/<any('group','user'):kind>/<name>")
def picture(kind: str, name: str) -> Response:
    """Give out a picture that was uploaded."""
    with instance().database.reading() as session:
        found = pictures.public(session, kind, name)
        sha256 = found.sha256 if found else ""
    if not sha256 or not instance().files.has(sha256):
        raise NotFound
    media_type = pictures.MEDIA_TYPES[name.rpartition(".")[2]]
    answer = Response(b"".join(instance().files.stream(sha256)), content_type=media_type)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    answer.set_etag(sha256)
    answer.make_conditional(request)
    return answer
