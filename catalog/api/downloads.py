"""Files to download: checked copies for everybody, and what was uploaded for those who work on its dataset."""

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from catalog import access, desk_files, desk_rows, store, tokens
from catalog.api import answers
from catalog.api.answers import instance
from catalog.public import FileState

downloads = Blueprint("downloads", __name__)


@downloads.get("/dataset/<uuid:dataset_id>/resource/<uuid:file_id>/download/<name>")
def download(dataset_id: object, file_id: object, name: str) -> Response:
    """Give out our checked copy of a file, as an attachment that nothing in the browser runs."""
    with instance().database.reading() as session:
        file = store.public_file(session, str(dataset_id), str(file_id))
        if file is not None and file.state is FileState.PUBLIC:
            given: _Given | None = _Given(file.copy, file.name, file.distribution.byte_size or 0)
        else:
            given = _upload(session, str(dataset_id), str(file_id))
    if given is None or not instance().files.has(given.sha256):
        raise NotFound
    answer = answers.in_pieces(instance().files.stream(given.sha256), given.size, "application/octet-stream")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(given.name)}"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.set_etag(given.sha256)
    if given.internal:
        answer.headers["Cache-Control"] = "private, no-store"
    else:
        answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.make_conditional(request)
    return answer


@dataclass(frozen=True, slots=True)
class _Given:
    """A file that is given out; `internal` to those only who work on its dataset."""

    sha256: str
    name: str
    size: int
    internal: bool = False


def _upload(session: Session, dataset_id: str, file_id: str) -> _Given | None:
    """Find a file that was uploaded and is not public (yet), for those who may read its dataset as it was written."""
    if not tokens.given(request.headers):
        return None
    row = desk_rows.find(session, dataset_id)
    resource = desk_files.find(session, file_id)
    if row is None or resource is None or resource.dataset_id != row.id:
        return None
    actor = tokens.actor_from(instance(), session, request.headers)
    if not access.may_read_written(actor, desk_rows.holding(row)):
        return None
    return _Given(resource.sha256, resource.name, resource.size or 0, internal=True)
