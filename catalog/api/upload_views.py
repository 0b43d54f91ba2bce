"""Files in pieces by the tus protocol 1.0.0 (https://tus.io): creation, expiration, termination. Only for tokens that may write datasets.

What has come is then named in resource_create or resource_patch as `upload_id`.
"""

import base64
from email.utils import formatdate

from flask import Blueprint, Response, request

from catalog import access, tokens, uploads
from catalog.access import Actor
from catalog.api.answers import instance
from catalog.uploads import BusyError, OffsetError, Upload
from dcat.digits import natural
from dcat.errors import NotFoundError, StateError
from dcat.printable import one_line

VERSION = "1.0.0"
_EXTENSIONS = "creation,expiration,termination"
_MEDIA_TYPE = "application/offset+octet-stream"
_LONGEST_METADATA = 4000
upload_views = Blueprint("uploads", __name__)


@upload_views.route("/api/upload", methods=["OPTIONS"])
def options() -> Response:
    """Say what of the protocol is spoken."""
    most = str(instance().config.upload_max_bytes)
    return _answer(204, **{"Tus-Version": VERSION, "Tus-Extension": _EXTENSIONS, "Tus-Max-Size": most})


@upload_views.post("/api/upload")
def begin() -> Response:
    """Begin an upload: `Upload-Length`, and the name of the file in `Upload-Metadata`."""
    actor = _writer()
    if isinstance(actor, Response):
        return actor
    size = _number("Upload-Length")
    if size is None:
        return _answer(400, "Upload-Length must be a natural number")
    if size > instance().config.upload_max_bytes:
        return _answer(413, f"At most {instance().config.upload_max_bytes} bytes")
    given = _metadata(request.headers.get("Upload-Metadata", ""))
    try:
        made = uploads.begin(instance().config, actor, given.get("filename", ""), given.get("filetype", ""), size)
    except StateError as error:
        return _answer(429, error.message.en)
    address = f"{instance().config.site_url}/api/upload/{made.id}"
    return _answer(201, **{"Location": address, "Upload-Offset": "0", "Upload-Expires": _expires(made)})


@upload_views.route("/api/upload/<upload_id>", methods=["HEAD"])
def state(upload_id: str) -> Response:
    """Say how many bytes have come."""
    found = _mine(upload_id)
    if isinstance(found, Response):
        return found
    sizes = {"Upload-Offset": str(found.offset), "Upload-Length": str(found.size), "Upload-Expires": _expires(found)}
    return _answer(200, **sizes, **{"Cache-Control": "no-store"})


@upload_views.route("/api/upload/<upload_id>", methods=["PATCH"])
def append(upload_id: str) -> Response:
    """Take the next piece; what came before a connection broke stays."""
    found = _mine(upload_id)
    if isinstance(found, Response):
        return found
    if request.mimetype != _MEDIA_TYPE:
        return _answer(415, f"Content-Type must be {_MEDIA_TYPE}")
    offset = _number("Upload-Offset")
    if offset is None:
        return _answer(400, "Upload-Offset must be a natural number")
    request.max_content_length = found.size
    if (request.content_length or 0) > found.size - offset:
        return _answer(413, "More than the upload was to have")
    try:
        at = uploads.append(instance().config, found, offset, request.stream)
    except OffsetError as error:
        return _answer(409, "Upload-Offset is not where the upload stands", **{"Upload-Offset": str(error.offset)})
    except BusyError:
        return _answer(423, "Another request is writing to this upload")
    except NotFoundError as error:
        return _answer(404, error.message.en)
    return _answer(204, **{"Upload-Offset": str(at), "Upload-Expires": _expires(found)})


@upload_views.delete("/api/upload/<upload_id>")
def end(upload_id: str) -> Response:
    """Let an upload go."""
    found = _mine(upload_id)
    if isinstance(found, Response):
        return found
    uploads.drop(instance().config, found.id)
    return _answer(204)


def _mine(upload_id: str) -> Upload | Response:
    actor = _writer()
    if isinstance(actor, Response):
        return actor
    try:
        return uploads.find(instance().config, actor, upload_id)
    except NotFoundError as error:
        return _answer(404, error.message.en)


def _writer() -> Actor | Response:
    """Tell who asks; the answer that refuses them when they may not write datasets, or speak another version."""
    if request.headers.get("Tus-Resumable") != VERSION:
        return _answer(412, f"Tus-Resumable must be {VERSION}", **{"Tus-Version": VERSION})
    with instance().database.reading() as session:
        actor = tokens.actor_from(instance(), session, request.headers)
    if not access.may_upload(actor):
        return _answer(403, "This needs a token that may write datasets")
    return actor


def _metadata(text: str) -> dict[str, str]:
    """Read pairs of a key and a value in base64; what is none is left out."""
    found = {}
    for pair in text[:_LONGEST_METADATA].split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = one_line(base64.b64decode(value, validate=True).decode(), 200)
        except ValueError:
            continue
    return found


def _number(header: str) -> int | None:
    return natural(request.headers.get(header, ""))


def _expires(upload: Upload) -> str:
    return formatdate(uploads.expires(instance().config, upload), usegmt=True)


def _answer(status: int, text: str = "", **headers: str) -> Response:
    body = f"{text}\n" if text else ""
    return Response(body, status=status, mimetype="text/plain", headers={"Tus-Resumable": VERSION, **headers})
