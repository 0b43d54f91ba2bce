"""CKAN's DataStore as programs write it: tables created in a resource, rows added, changed and deleted."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from catalog import datastore_tables, datastore_writing, desk_rows, store
from catalog.api.actions import datasets_write, packages, table_answers, table_definitions
from catalog.api.actions.call import Action, ActionError, Argument, Call, denied, invalid, not_found
from catalog.datastore import UnansweredError, Written, WrongError
from catalog.datastore_run import runner
from catalog.datastore_writing import Change
from catalog.db import now
from catalog.desk import Upload
from catalog.models_desk import DeskTable
from catalog.renditions import naive
from dcat import ckan_change
from dcat.ckan_package import PackageDocument, ResourceDocument
from dcat.ckan_values import Refused
from dcat.message import Message

METHODS = ("upsert", "insert", "update")
_NO_NAME = re.compile(r"[^\w.-]+")
# What programs that know CKAN write as the address of a resource that has none.
_NO_ADDRESS = ("", "_datastore_only_resource")
# Where the address of a resource stays while its table is its file.
_ADDRESS = "access_url"


def datastore_create(call: Call) -> dict[str, Any]:
    """Make a table in a resource, or add columns and rows to the one it has."""
    _require_account(call, "datastore_create")
    _refuse(call, "triggers", "indexes_on_functions")
    records, fields = table_definitions.records(call), table_definitions.fields(call)
    created = call.arguments.get("resource")
    if created is not None:
        resource_id, attach = _new_resource(call, created)
    else:
        resource_id = _writable(call, call.required("resource_id", "id"))
        attach = _attached(call, resource_id)

    shown = call.flag("include_records")

    def edit(base: DeskTable | None) -> Change:
        return replace(table_definitions.defined(call, base, fields, records), given=shown)

    try:
        change, written = _written(call, resource_id, edit, attach=attach)
    except ActionError as error:
        raise _created_wrong(error) from None
    result = {
        "resource_id": resource_id,
        "fields": [column.shown() for column in change.columns],
        "primary_key": list(change.key),
        "aliases": list(change.aliases),
        "method": "insert",
        "total": written.rows,
    }
    return result | ({"records": list(written.given)} if shown else {})


def _created_wrong(error: ActionError) -> ActionError:
    """Say under CKAN's further names, too, why a table was not created."""
    details = dict(error.details)
    if error.kind == "Validation Error" and (said := details.get("records") or details.get("primary_key")):
        if str(said[0]).startswith(("duplicate key", "could not create unique")):
            details["constraints"] = said
        details["message"] = f"The data was invalid: {said[0]}"
    return ActionError(error.status, error.kind, details)


def datastore_upsert(call: Call) -> dict[str, Any]:
    """Add rows to a table, or change those that its key names."""
    _require_account(call, "datastore_upsert")
    resource_id, method, records = _with_table(call), call.text("method", "upsert"), table_definitions.records(call)
    if method not in METHODS:
        raise invalid(method=f"Must be one of {', '.join(METHODS)}")

    shown = call.flag("include_records")

    def edit(base: DeskTable | None) -> Change:
        return replace(table_definitions.same(base), method=method, records=records, given=shown)

    dry = call.flag("dry_run")
    _, written = _written(call, resource_id, edit, dry=dry)
    result = {"resource_id": resource_id, "method": method, "total": written.rows}
    result |= {"dry_run": True} if dry else {}
    return result | ({"records": list(written.given)} if shown else {})


def datastore_delete(call: Call) -> dict[str, Any]:
    """Delete the rows that filters name; without filters the whole table."""
    _require_account(call, "datastore_delete")
    if call.arguments.get("filters") is not None:
        return datastore_records_delete(call)
    resource_id = _with_table(call)
    call.renew()
    datastore_writing.drop(call.instance, call.actor, resource_id)
    owner = _owner(call, resource_id)

    def edit(before: PackageDocument) -> PackageDocument | Refused:
        resource = before.resource(resource_id)
        address = resource.others.get(_ADDRESS) if resource else ""
        linked = {"url": address or "", "url_type": None, _ADDRESS: None, "last_modified": _moment()}
        return ckan_change.resource_patched(before, resource_id, linked)

    datasets_write.change(call, owner, edit, "resource.update")
    return {"resource_id": resource_id}


def datastore_records_delete(call: Call) -> dict[str, Any]:
    """Delete the rows that filters name; the table stays, also when it is empty then."""
    _require_account(call, "datastore_records_delete")
    resource_id, filters = _with_table(call), table_answers.conditions(call)
    if filters is None:
        raise invalid(filters="Missing value")
    if not isinstance(filters, dict):
        raise invalid(filters="Must be a dict")
    shown = call.flag("include_deleted_records")

    def edit(base: DeskTable | None) -> Change:
        return replace(table_definitions.same(base), method="delete", filters=filters, given=shown)

    _, written = _written(call, resource_id, edit)
    result = {"resource_id": resource_id, "filters": filters, "total": written.rows, "deleted": written.touched}
    return result | ({"deleted_records": list(written.given)} if shown else {})


def _written(call: Call, resource_id: str, edit: datastore_writing.Edit, **how: Any) -> tuple[Change, Written]:
    call.renew()
    try:
        done = datastore_writing.write(call.instance, runner(), call.actor, resource_id, edit, **how)
    except WrongError as error:
        raise table_answers.wrong(error) from None
    except UnansweredError as error:
        raise table_answers.unanswered(error) from None
    call.renew()
    return done


def _require_account(call: Call, action: str) -> None:
    if not call.actor.known:
        raise denied(f"Action {action} requires an authenticated user")


def _refuse(call: Call, *names: str) -> None:
    for name in names:
        if call.arguments.get(name) not in (None, "", [], False, "false", "False"):
            raise invalid(**{name: "Not supported here"})


def _writable(call: Call, name: str) -> str:
    """Give the id of a resource that whoever calls may write; 403 with the reason, or 404."""
    resource_id = datastore_tables.identified(call.session, name)
    owner = datastore_tables.desk_dataset(call.session, resource_id)
    if owner is None:
        raise _harvested(call.session, resource_id)
    packages.editable(call.session, call, owner.id)
    return resource_id


def _harvested(session: Session, resource_id: str) -> Exception:
    public = store.public_table(session, resource_id) if resource_id else None
    if public is None:
        return not_found()
    return invalid(resource_id="The rows of this table come from a file of its source and cannot be written here")


def _with_table(call: Call) -> str:
    """Give the id of a resource whose table whoever calls may write."""
    resource_id = _writable(call, call.required("resource_id", "id"))
    if call.session.get(DeskTable, resource_id) is None:
        raise not_found(f'Resource "{resource_id}" has no table that programs write.')
    return resource_id


def _owner(call: Call, resource_id: str) -> str:
    owner = datastore_tables.desk_dataset(call.session, resource_id)
    if owner is None:
        raise not_found()
    return owner.id


def _new_resource(call: Call, given: Any) -> tuple[str, datastore_writing.Attach]:
    """Prepare the resource that a table is created with; it is made when the table turns out to be one."""
    if not isinstance(given, dict) or not isinstance(given.get("package_id"), str):
        raise invalid(resource="Must be an object with package_id")
    if call.arguments.get("resource_id"):
        raise invalid(resource="Give either resource or resource_id")
    owner = packages.editable(call.session, call, given["package_id"]).id
    resource_id = str(uuid.uuid4())
    stated = {name: value for name, value in given.items() if name not in ("package_id", "id", "upload")}

    def attach(upload: Upload) -> None:
        title = stated.get("name")
        name = _file_name(title if isinstance(title, str) else "", resource_id)
        said = {
            "format": "CSV",
            "last_modified": _moment(),
            **stated,
            "id": resource_id,
            "url": name,
            "url_type": "upload",
        }
        kept = {resource_id: replace(upload, name=name)}
        datasets_write.change(
            call, owner, lambda before: ckan_change.resource_added(before, said), "resource.create", kept
        )

    return resource_id, attach


def _attached(call: Call, resource_id: str) -> datastore_writing.Attach:
    """Make an existing resource one with a file. An address of its own that it has stays beside the file, as `access_url`."""
    dataset = datastore_tables.desk_dataset(call.session, resource_id)
    resource = desk_rows.document(dataset).resource(resource_id) if dataset else None
    if dataset is None or resource is None:
        raise not_found()
    owner, site, force = dataset.id, call.instance.config.site_url, call.flag("force")
    name = _file_name(resource.name, resource_id)
    if call.session.get(DeskTable, resource_id) is None:
        _require_free(resource, name, site, force=force)

    def edit(before: PackageDocument) -> PackageDocument | Refused:
        present = before.resource(resource_id)
        if present is None:
            raise not_found()
        _require_free(present, name, site, force=force)
        said = {"url": name, "url_type": "upload", "format": present.format or "CSV", "last_modified": _moment()}
        linked = {} if _is_ours(present, name, site) else {_ADDRESS: present.url}
        return ckan_change.resource_patched(before, resource_id, said | linked)

    def attach(upload: Upload) -> None:
        datasets_write.change(call, owner, edit, "resource.update", {resource_id: replace(upload, name=name)})

    return attach


def _require_free(resource: ResourceDocument, name: str, site: str, *, force: bool) -> None:
    """409 for a resource with a file that is not the one of its table; and for one with an address, unless it is forced."""
    if resource.url_type == "datastore" or _is_ours(resource, name, site):
        return
    if force and resource.url_type != "upload" and not resource.others.get(_ADDRESS):
        return
    raise invalid(
        resource_id="This resource has a file or an address of its own, and its table is made of that; "
        "give datastore_create a resource without url, or let it make one with the argument resource; "
        "force=true writes a table beside an address"
    )


def _is_ours(resource: ResourceDocument, name: str, site: str) -> bool:
    """Tell whether what a resource has as its address is nothing, or its table."""
    return resource.url in (*_NO_ADDRESS, name) or resource.url.startswith(f"{site}/datastore/dump/")


def _moment() -> str:
    return naive(now().isoformat())


def _file_name(name: str | None, resource_id: str) -> str:
    stem = _NO_NAME.sub("-", name or "").strip("-.")[:80]
    return f"{stem or 'tabelle'}-{resource_id[:8]}.csv"


_ID = Argument("resource_id", "string", Message("Id der Ressource", "id of the resource"), required=True)
_RECORDS = Argument(
    "records",
    "array",
    Message("Zeilen, jede ein Objekt mit Werten je Spalte", "rows, each an object with values by column"),
)
_FORCE = Argument(
    "force",
    "boolean",
    Message(
        "auch in eine Ressource mit eigener Adresse schreiben", "also write into a resource with an address of its own"
    ),
)
_DELETED = Argument(
    "include_deleted_records",
    "boolean",
    Message("die gelöschten Zeilen in der Antwort nennen", "name the deleted rows in the answer"),
)
_KEPT = Argument(
    "include_records", "boolean", Message("die Zeilen in der Antwort wiederholen", "repeat the rows in the answer")
)

ACTIONS: Mapping[str, Action] = {
    "datastore_create": Action(
        datastore_create,
        Message(
            "Eine Tabelle in einer Ressource anlegen, oder ihr Spalten und Zeilen hinzufügen",
            "Make a table in a resource, or add columns and rows to the one it has",
        ),
        (
            replace(_ID, required=False),
            Argument(
                "resource",
                "object",
                Message(
                    "statt resource_id: die neue Ressource, mit package_id",
                    "in place of resource_id: the new resource, with package_id",
                ),
            ),
            Argument(
                "fields",
                "array",
                Message(
                    "Spalten mit id, type (text, int, numeric, bool, date, timestamp, json, auch Listen wie text[]) und info",
                    "columns with id, type (text, int, numeric, bool, date, timestamp, json, or lists such as text[]) and info",
                ),
            ),
            _RECORDS,
            Argument(
                "delete_fields",
                "boolean",
                Message("Spalten löschen, die fields auslässt", "delete columns that fields leaves out"),
            ),
            Argument("primary_key", "array", Message("Spalten des Schlüssels", "columns of the key")),
            Argument(
                "indexes",
                "array",
                Message(
                    "Spalten; es wird keiner angelegt, weil keiner nötig ist",
                    "columns; none is made, since none is needed",
                ),
            ),
            Argument("aliases", "array", Message("weitere Namen der Tabelle", "further names of the table")),
            _FORCE,
            _KEPT,
        ),
        writes=True,
    ),
    "datastore_upsert": Action(
        datastore_upsert,
        Message(
            "Zeilen hinzufügen, oder die ändern, die der Schlüssel (sonst _id) nennt",
            "Add rows, or change those that the key (or else _id) names",
        ),
        (
            _ID,
            _RECORDS,
            Argument(
                "method",
                "string",
                Message("upsert (Vorgabe), insert oder update", "upsert (default), insert or update"),
            ),
            Argument("dry_run", "boolean", Message("nur prüfen, nichts behalten", "only check, keep nothing")),
            _FORCE,
            _KEPT,
        ),
        writes=True,
    ),
    "datastore_delete": Action(
        datastore_delete,
        Message(
            "Die Zeilen löschen, die filters nennt; ohne filters die ganze Tabelle",
            "Delete the rows that filters name; without filters the whole table",
        ),
        (
            _ID,
            Argument(
                "filters",
                "object",
                Message("Bedingungen wie bei datastore_search", "conditions as for datastore_search"),
            ),
            _DELETED,
            _FORCE,
        ),
        writes=True,
    ),
    "datastore_records_delete": Action(
        datastore_records_delete,
        Message(
            "Die Zeilen löschen, die filters nennt; {} nennt alle", "Delete the rows that filters name; {} names all"
        ),
        (
            _ID,
            Argument(
                "filters",
                "object",
                Message("Bedingungen wie bei datastore_search", "conditions as for datastore_search"),
                required=True,
            ),
            _DELETED,
            _FORCE,
        ),
        writes=True,
    ),
}
