"""CKAN's actions that write resources, and the files that come along with them."""

import datetime
import hashlib
import mimetypes
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from catalog import uploads
from catalog.api.actions import datasets_write, packages, relationships, resource_views
from catalog.api.actions.call import Action, Argument, Call, Sent, invalid, not_found
from catalog.db import now
from catalog.desk import Upload
from catalog.models import FileRow
from catalog.models_desk import DeskResource
from catalog.renditions import naive
from catalog.store import UUID
from dcat import ckan_change
from dcat.ckan_input import guessed_format
from dcat.ckan_package import PackageDocument
from dcat.ckan_values import Refused
from dcat.errors import NotFoundError
from dcat.message import Message
from dcat.printable import one_line

# Makes of a dataset what it shall be: it, the id of a resource, and what is given of that.
How = Callable[[PackageDocument, str, Mapping[str, Any]], PackageDocument | Refused]
_PIECE = 1 << 20
_LONGEST_NAME = 200


def resource_create(call: Call) -> dict[str, Any]:
    """Add a resource to a dataset, with an address or with a file (multipart, `upload`)."""
    datasets_write.require_account(call)
    dataset_id = call.required("package_id")
    row = packages.editable(call.session, call, dataset_id)
    resource_id = call.text("id") or str(uuid.uuid4())
    given, files = _with_upload(call, resource_id)
    if not given.get("format") and isinstance(given.get("url"), str):
        given["format"] = guessed_format(given["url"])
    if not given.get("mimetype"):
        given["mimetype"] = _guessed_type(given.get("url"))
    shown = datasets_write.change(
        call,
        row.id,
        lambda before: _dated(call, ckan_change.resource_added(before, {**given, "id": resource_id}), resource_id),
        "resource.create",
        files,
    )
    return _resource(shown, resource_id)


def resource_update(call: Call) -> dict[str, Any]:
    """Replace a resource by what is given."""
    return _changed(call, _typed)


def resource_patch(call: Call) -> dict[str, Any]:
    """Change only the given fields of a resource."""
    return _changed(call, ckan_change.resource_patched)


def resource_delete(call: Call) -> None:
    """Take a resource out of its dataset."""
    resource_id = call.required("id")
    dataset_id = _owner(call, resource_id)

    def edit(before: PackageDocument) -> PackageDocument:
        if before.resource(resource_id) is None:
            raise not_found()
        return ckan_change.resource_removed(before, resource_id)

    datasets_write.change(call, dataset_id, edit, "resource.delete")


def package_resource_reorder(call: Call) -> dict[str, Any]:
    """Put resources of a dataset first, in the order given."""
    order = call.listed("order")
    shown = datasets_write.change(
        call, call.required("id"), lambda before: ckan_change.resources_reordered(before, order), "dataset.reorder"
    )
    return {"id": shown["id"], "order": [one["id"] for one in shown["resources"]]}


def _changed(call: Call, how: How) -> dict[str, Any]:
    resource_id = call.required("id")
    dataset_id = _owner(call, resource_id)
    packages.editable(call.session, call, dataset_id)
    given, files = _with_upload(call, resource_id)

    def edit(before: PackageDocument) -> PackageDocument | Refused:
        if before.resource(resource_id) is None:
            raise not_found()
        return _dated(call, how(before, resource_id, given), resource_id)

    return _resource(datasets_write.change(call, dataset_id, edit, "resource.update", files), resource_id)


def _typed(before: PackageDocument, resource_id: str, given: Mapping[str, Any]) -> PackageDocument | Refused:
    """Replace a resource; where its media type is not mentioned, its address tells it."""
    guessed = {} if "mimetype" in given else {"mimetype": _guessed_type(given.get("url"))}
    return ckan_change.resource_updated(before, resource_id, {**given, **guessed})


def _guessed_type(url: Any) -> str | None:
    """Guess the media type of what lies behind an address by the ending of its path."""
    try:
        path = urlsplit(url).path if isinstance(url, str) else ""
    except ValueError:
        return None
    media_type, packed = mimetypes.guess_type(path)
    return None if packed else media_type


def _dated(call: Call, found: PackageDocument | Refused, resource_id: str) -> PackageDocument | Refused:
    """Let administrators say when the description of a resource last changed, who load it from elsewhere."""
    stated = datasets_write.stated_time(call)
    if stated is None or isinstance(found, Refused):
        return found
    at = stated.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()
    resources = (replace(one, metadata_modified=at) if one.id == resource_id else one for one in found.resources)
    return replace(found, resources=tuple(resources))


def _owner(call: Call, resource_id: str) -> str:
    """Find the dataset of a resource; 403 with the reason for one that is harvested."""
    datasets_write.require_account(call)
    if not UUID.fullmatch(resource_id):
        raise not_found()
    found = call.session.scalar(sa.select(DeskResource.dataset_id).where(DeskResource.id == resource_id))
    if found is None:
        if harvested := call.session.scalar(sa.select(FileRow.dataset_id).where(FileRow.id == resource_id)):
            raise packages.not_ours(call.session, harvested)
        raise not_found()
    return str(found)


def _resource(package: Mapping[str, Any], resource_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in package["resources"] if one["id"] == resource_id)
    return found


def _with_upload(call: Call, resource_id: str) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Take the file out of a call, into the store; gives the fields of the resource that say so."""
    given = {key: value for key, value in call.arguments.items() if key not in ("package_id", "upload", "upload_id")}
    if upload_id := call.text("upload_id"):
        return _described(given, resource_id, *_sent_before(call, upload_id))
    if "upload" not in call.files:
        if "upload" in call.arguments and call.arguments["upload"] not in (None, ""):
            raise invalid(upload="Must be a file, sent as multipart/form-data")
        if call.flag("clear_upload"):
            given |= {"url_type": None, "url": given.get("url") or ""}
        return given, {}
    return _described(given, resource_id, _kept(call, call.files["upload"]), call.files["upload"].media_type)


def _described(
    given: dict[str, Any], resource_id: str, upload: Upload, media_type: str
) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Say in the fields of a resource which file it is."""
    given |= {
        "url": upload.name,
        "url_type": "upload",
        "size": upload.size,
        "hash": upload.sha256,
        "hash_algorithm": "sha256",
        "last_modified": naive(now().replace(tzinfo=None).isoformat()),
        "mimetype": given.get("mimetype") or _media_type(upload.name, media_type),
    }
    if not given.get("name"):
        given["name"] = upload.name
    return given, {resource_id: upload}


def _media_type(name: str, sent: str) -> str | None:
    """Give the media type that a client sent along with a file; one that says nothing is guessed by the file's name."""
    telling = sent and sent != "application/octet-stream"
    return sent if telling else _guessed_type(name) or sent or None


def _sent_before(call: Call, upload_id: str) -> tuple[Upload, str]:
    """Take a file that came in pieces (catalog/uploads.py); it stays until it expires, so that a refused call can be repeated."""
    config = call.instance.config
    try:
        found = uploads.find(config, call.actor, upload_id)
        if not found.complete:
            raise invalid(upload_id=f"Only {found.offset} of {found.size} bytes have come")
        digest = uploads.keep(config, call.instance.files, found)
    except NotFoundError:
        raise invalid(upload_id="There is no such upload") from None
    return Upload(digest, _safe(found.name), found.size), found.media_type


def _kept(call: Call, sent: Sent) -> Upload:
    name = _safe(sent.name)
    hashed, size = hashlib.sha256(), 0
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        with path.open("wb") as file:
            while piece := sent.stream.read(_PIECE):
                size += len(piece)
                hashed.update(piece)
                file.write(piece)
        call.instance.files.put_file(path, hashed.hexdigest())
    return Upload(hashed.hexdigest(), name, size)


def _safe(name: str) -> str:
    """Make of what a client calls a file a name without folders, line breaks and reversed endings (CVE-2024-27097)."""
    plain = one_line(PurePosixPath(name.replace("\\", "/")).name, 4 * _LONGEST_NAME)
    stem, suffix = PurePosixPath(plain).stem[:_LONGEST_NAME], PurePosixPath(plain).suffix[:20]
    return f"{stem}{suffix}".lstrip(".") or "datei"


_ID = Argument("id", "string", Message("Kennung der Ressource", "id of the resource"), required=True)
_FIELDS = (
    Argument("url", "string", Message("Adresse der Daten", "address of the data")),
    Argument("name", "string", Message("Name", "name")),
    Argument("description", "string", Message("Beschreibung", "description")),
    Argument("format", "string", Message("Format, wie CSV", "format, such as CSV")),
    Argument("schema", "string", Message("gemeinsames Tabellenschema", "shared table schema")),
    Argument(
        "upload_id", "string", Message("Datei, die über /api/upload kam", "a file that came by way of /api/upload")
    ),
    Argument(
        "upload", "file", Message("die Datei selbst (multipart/form-data)", "the file itself (multipart/form-data)")
    ),
)

ACTIONS: Mapping[str, Action] = {
    **resource_views.ACTIONS,
    **relationships.ACTIONS,
    "resource_create": Action(
        resource_create,
        Message("Ressource anfügen, auch mit Datei", "add a resource, with its file if you like"),
        (Argument("package_id", "string", Message("der Datensatz", "the dataset"), required=True), *_FIELDS),
        writes=True,
    ),
    "resource_update": Action(
        resource_update, Message("Ressource ersetzen", "replace a resource"), (_ID, *_FIELDS), writes=True
    ),
    "resource_patch": Action(
        resource_patch,
        Message("Felder einer Ressource ändern", "change fields of a resource"),
        (_ID, *_FIELDS),
        writes=True,
    ),
    "resource_delete": Action(resource_delete, Message("Ressource löschen", "delete a resource"), (_ID,), writes=True),
    "package_resource_reorder": Action(
        package_resource_reorder,
        Message("Ressourcen ordnen", "order resources"),
        (
            Argument("id", "string", Message("der Datensatz", "the dataset"), required=True),
            Argument("order", "array", Message("Kennungen in der Reihenfolge", "ids in their order"), required=True),
        ),
        writes=True,
    ),
}
