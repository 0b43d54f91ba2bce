"""Files that were uploaded here, as checks of files ask for them."""

import mimetypes
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.files import Files
from catalog.models import FileRow
from catalog.models_desk import DeskResource
from dcat.errors import FetchError
from dcat.message import Message
from harvesters.response import Response, Validators

# The row of a file that nobody has looked at.
_UNCHECKED: dict[str, Any] = {
    **dict.fromkeys(("outcome", "etag", "last_modified", "sha256", "good_sha256", "table_sha256", "csv_sha256"), ""),
    **dict.fromkeys(("failure", "report", "preview", "newer", "derived", "size", "due_at"), None),
}


@dataclass(frozen=True, slots=True)
class Uploads:
    """Gives one uploaded file to whoever wants to download it."""

    files: Files
    resource: DeskResource

    def download(self, url: str, target: Path, *, validators: Validators | None = None) -> Response:
        """Copy the file to `target`; status 304 where it is the one asked about."""
        digest = self.resource.sha256
        known = Validators(etag=f'"{digest}"')
        if validators == known:
            return Response(url=url, status=304, validators=known)
        if not self.files.has(digest):
            raise FetchError(
                Message(
                    f"Die hochgeladene Datei {self.resource.name} fehlt in der Ablage. Nächster Schritt: noch einmal hochladen.",
                    f"The uploaded file {self.resource.name} is missing in the storage. Next step: upload it again.",
                ),
                code="missing",
                url=url,
            )
        with target.open("wb") as file:
            file.writelines(self.files.stream(digest))
        media_type = mimetypes.guess_type(self.resource.name)[0] or "application/octet-stream"
        size = self.resource.size or 0
        return Response(url=url, status=200, media_type=media_type, validators=known, size=size, sha256=digest)


def forget_checks(session: Session, resource_ids: Collection[str]) -> None:
    """Forget what checks found of files that are no longer there, the accepted copies too: nothing of them is given out any more."""
    session.execute(sa.update(FileRow).where(FileRow.id.in_(resource_ids)).values(_UNCHECKED))


def find(session: Session, resource_id: str) -> DeskResource | None:
    """Find an uploaded file by its resource; None where there is none."""
    query = sa.select(DeskResource).where(DeskResource.id == resource_id, DeskResource.sha256 != "")
    return session.scalar(query)
