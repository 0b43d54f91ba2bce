"""CKAN's actions about the views of resources: kept for clients that write them. The pages of the catalogue make theirs by themselves."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from catalog import access, audit
from catalog.api.actions import datasets, datasets_write, named, packages
from catalog.api.actions.call import Action, Argument, Call, denied, invalid, not_found, refused
from catalog.models_desk import DeskResource, ResourceView
from catalog.store import UUID
from dcat.ckan_values import MAX_ENTRIES, Fields, Refused
from dcat.message import Message

# The types of CKAN's own plug-ins, and whether their rows can be filtered.
TYPES: Mapping[str, bool] = {
    "image_view": False,
    "text_view": False,
    "pdf_view": False,
    "audio_view": False,
    "video_view": False,
    "webpage_view": False,
    "geo_view": False,
    "geojson_view": False,
    "wmts_view": False,
    "shp_view": False,
    "datatables_view": True,
    "recline_view": True,
    "recline_grid_view": True,
    "recline_graph_view": True,
    "recline_map_view": True,
}
# What a file of a format is shown by where nobody says.
_DEFAULTS: Mapping[str, str] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif"), "image_view"),
    **dict.fromkeys(("txt", "json", "geojson", "xml", "text/plain"), "text_view"),
    "pdf": "pdf_view",
}
MAX_VIEWS = 100
# Nobody deletes the row before the end of the transaction; PostgreSQL alone lets two write at once.
_KEPT = {"read": True, "key_share": True}
_OWN = frozenset(("id", "package_id", "resource_id", "view_type", "title", "description", "filters"))
_FILTERS = ("filter_fields", "filter_values")


def resource_view_show(call: Call) -> dict[str, Any]:
    """Show one view, to whoever may see its resource."""
    found = _find(call)
    return _shown(found, _visible(call, found.resource_id))


def resource_view_list(call: Call) -> list[dict[str, Any]]:
    """List the views of a resource in their order."""
    resource_id = call.required("id")
    views = _of(call, resource_id)
    if not views:
        # Says as well where there is no such resource, or it is not for whoever asks.
        datasets.resource_show(call)
        return []
    package_id = _visible(call, resource_id)
    return [_shown(one, package_id) for one in views]


def resource_view_create(call: Call) -> dict[str, Any]:
    """Add a view to a resource."""
    datasets_write.require_account(call)
    given, view_id = _read(dict(call.arguments)), named.new_id(call, "a view")
    package_id = _editable(call, given["resource_id"], "resource_id")
    return _added(call, package_id, view_id, given)


def resource_view_update(call: Call) -> dict[str, Any]:
    """Change a view: what is not mentioned stays."""
    datasets_write.require_account(call)
    found = _find(call)
    package_id = _editable(call, found.resource_id, "id")
    kept = {**found.document, "view_type": found.kind, "resource_id": found.resource_id}
    given = _read({**kept, **call.arguments, "resource_id": found.resource_id})
    with call.writing() as session:
        present = session.get(ResourceView, found.id)
        if present is None:
            raise not_found()
        present.kind, present.document = given["view_type"], _document(given)
        audit.note(session, call.actor, "view.update", package_id, fields=["views"])
    call.renew()
    return {**_document(given), **_identity(found.id, package_id, found.resource_id, given["view_type"])}


def resource_view_delete(call: Call) -> None:
    """Delete a view."""
    datasets_write.require_account(call)
    found = _find(call)
    package_id = _editable(call, found.resource_id, "id")
    with call.writing() as session:
        session.execute(sa.delete(ResourceView).where(ResourceView.id == found.id))
        audit.note(session, call.actor, "view.delete", package_id, fields=["views"])


def resource_view_clear(call: Call) -> None:
    """Delete all views of the site, or all of some types."""
    if not access.may_administer(call.actor, access.Scope.DATASETS):
        raise denied("only an administrator of the site may delete all views")
    wanted, doomed = call.listed("view_types"), sa.delete(ResourceView)
    with call.writing() as session:
        session.execute(doomed.where(ResourceView.kind.in_(wanted)) if wanted else doomed)
        audit.note(session, call.actor, "view.clear", "", fields=wanted)


def resource_view_reorder(call: Call) -> dict[str, Any]:
    """Put views of a resource first, in the order given; the others follow as they were."""
    datasets_write.require_account(call)
    resource_id, order = call.required("id"), call.listed("order")
    if not order:
        raise invalid(order="Missing value")
    package_id = _editable(call, resource_id, "id")
    known = [one.id for one in _of(call, resource_id)]
    if len(set(order)) != len(order) or not set(order).issubset(known):
        raise invalid(order="Must name views of this resource, each once")
    whole = [*order, *(one for one in known if one not in order)]
    with call.writing() as session:
        for position, one in enumerate(whole):
            session.execute(sa.update(ResourceView).where(ResourceView.id == one).values(position=position))
        audit.note(session, call.actor, "view.update", package_id, fields=["views"])
    return {"id": resource_id, "order": whole}


def resource_create_default_resource_views(call: Call) -> list[dict[str, Any]]:
    """Give a resource the views that suit its format."""
    datasets_write.require_account(call)
    wanted = _named(call, "resource")
    package_id = _editable(call, wanted, "resource")
    row = packages.editable(call.session, call, package_id)
    package = packages.written(call, [row])[row.id]
    return _defaults(call, package, (one for one in package["resources"] if one["id"] == wanted))


def package_create_default_resource_views(call: Call) -> list[dict[str, Any]]:
    """Give each resource of a dataset the views that suit its format."""
    datasets_write.require_account(call)
    row = packages.editable(call.session, call, _named(call, "package"))
    package = packages.written(call, [row])[row.id]
    return _defaults(call, package, package["resources"])


def _defaults(call: Call, package: Mapping[str, Any], resources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    tables, made = call.flag("create_datastore_views"), []
    for resource in list(resources):
        kind = _DEFAULTS.get((resource["format"] or "").lower(), "")
        kind = ("datatables_view" if resource["datastore_active"] else "") if tables else kind
        if not kind or any(one.kind == kind for one in _of(call, resource["id"])):
            continue
        view_id = str(uuid.uuid4())
        given = {"resource_id": resource["id"], "view_type": kind, "title": kind.removesuffix("_view").title()}
        made.append(_added(call, package["id"], view_id, {**given, "description": ""}))
    return made


def _added(call: Call, package_id: str, view_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    resource_id = given["resource_id"]
    with call.writing() as session:
        held = list(session.scalars(sa.select(ResourceView.position).where(ResourceView.resource_id == resource_id)))
        if len(held) >= MAX_VIEWS:
            raise invalid(resource_id=f"Must not have more than {MAX_VIEWS} views")
        if session.get(ResourceView, view_id) is not None:
            raise invalid(id="Resource view id already exists")
        if session.get(DeskResource, resource_id, with_for_update=_KEPT) is None:
            raise not_found()
        view = {"id": view_id, "resource_id": resource_id, "position": max(held, default=-1) + 1}
        document = _document(given)
        session.execute(sa.insert(ResourceView).values(**view, kind=given["view_type"], document=document))
        audit.note(session, call.actor, "view.create", package_id, fields=["views"])
    return {**document, **_identity(view_id, package_id, resource_id, given["view_type"])}


def _read(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a client wrote of a view, or say what is wrong with it."""
    fields = Fields(arguments)
    kind = fields.text("view_type") or ""
    found: dict[str, Any] = {"resource_id": fields.text("resource_id") or "", "view_type": kind}
    found |= {"title": fields.text("title") or "", "description": fields.text("description") or ""}
    for name in ("resource_id", "view_type", "title"):
        if not found[name] and name not in fields.errors:
            fields.wrong(name, "Missing value")
    if kind and kind not in TYPES:
        fields.wrong("view_type", f"No plugin found for view_type {kind[:100]}")
    others = fields.others(_OWN)
    if TYPES.get(kind):
        others |= _filters(fields)
    elif kind in TYPES:
        for name in _FILTERS:
            if others.get(name) not in (None, "", []):
                fields.wrong(name, "This view has no filters")
    if fields.errors:
        raise refused(Refused(fields.errors))
    return {**others, **found}


def _filters(fields: Fields) -> dict[str, Any]:
    """Read filters as forms send them: the names of columns and, at the same place, a value of each."""
    names, values = (_listed(fields.given.get(name)) for name in _FILTERS)
    if not names and not values:
        return {"filters": kept} if isinstance(kept := fields.given.get("filters"), dict) else {}
    if len(names) != len(values) or len(names) > MAX_ENTRIES or not all(isinstance(one, str) for one in names):
        fields.wrong("filter_fields", "There must be as many filter_fields as filter_values")
        return {}
    filters: dict[str, list[Any]] = {}
    for name, value in zip(names, values, strict=True):
        filters.setdefault(name, []).append(value)
    return {"filter_fields": names, "filter_values": values, "filters": filters}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _document(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in ("id", "resource_id", "package_id", "view_type")}


def _named(call: Call, argument: str) -> str:
    """Give the id that an object among the arguments has; nothing else of it is believed."""
    given = call.arguments.get(argument)
    found = given.get("id") if isinstance(given, dict) else None
    if not isinstance(found, str) or not found:
        raise invalid(**{argument: "Missing value"})
    return found


def _find(call: Call) -> ResourceView:
    wanted = call.required("id")
    found = call.session.get(ResourceView, wanted) if UUID.fullmatch(wanted) else None
    if found is None:
        raise not_found()
    return found


def _of(call: Call, resource_id: str) -> list[ResourceView]:
    query = sa.select(ResourceView).where(ResourceView.resource_id == resource_id)
    return list(call.session.scalars(query.order_by(ResourceView.position, ResourceView.id)))


def _visible(call: Call, resource_id: str) -> str:
    """Give the dataset of a resource of the desk; 404 or 403 where whoever asks may not see it."""
    package_id = call.session.get_one(DeskResource, resource_id).dataset_id
    shown = orjson.loads(bytes(packages.find(call, package_id)))
    if not any(one["id"] == resource_id for one in shown["resources"]):
        raise not_found()
    return package_id


def _editable(call: Call, resource_id: str, argument: str) -> str:
    """Give the dataset of a resource that whoever asks may change; a resource that there is not is a wrong argument."""
    query = sa.select(DeskResource.dataset_id).where(DeskResource.id == resource_id)
    owner = call.session.scalar(query) if UUID.fullmatch(resource_id) else None
    if owner is None:
        raise invalid(**{argument: "Not found: Resource"})
    packages.editable(call.session, call, owner)
    return owner


def _shown(found: ResourceView, package_id: str) -> dict[str, Any]:
    return {**found.document, **_identity(found.id, package_id, found.resource_id, found.kind)}


def _identity(view_id: str, package_id: str, resource_id: str, kind: str) -> dict[str, Any]:
    return {"id": view_id, "package_id": package_id, "resource_id": resource_id, "view_type": kind}


_ID = Argument("id", "string", Message("Kennung der Ansicht", "id of the view"), required=True)
_RESOURCE = Argument("id", "string", Message("Kennung der Ressource", "id of the resource"), required=True)
_TITLE = Argument("title", "string", Message("Titel", "title"))
_ABOUT = Argument("description", "string", Message("Beschreibung", "description"))
_DATASTORE = Argument("create_datastore_views", "boolean", Message("die von Tabellen", "those of tables"))

ACTIONS: Mapping[str, Action] = {
    "resource_view_show": Action(resource_view_show, Message("eine Ansicht", "one view"), (_ID,)),
    "resource_view_list": Action(
        resource_view_list,
        Message("die Ansichten einer Ressource, die Programme ablegten", "the views of a resource that programs kept"),
        (_RESOURCE,),
    ),
    "resource_view_create": Action(
        resource_view_create,
        Message(
            "eine Ansicht ablegen; die Seiten machen ihre selbst", "keep a view; the pages make theirs by themselves"
        ),
        (
            Argument("resource_id", "string", Message("die Ressource", "the resource"), required=True),
            Argument("view_type", "string", Message("Art, wie image_view", "type, such as image_view"), required=True),
            Argument(_TITLE.name, _TITLE.type, _TITLE.about, required=True),
            _ABOUT,
        ),
        writes=True,
    ),
    "resource_view_update": Action(
        resource_view_update, Message("eine Ansicht ändern", "change a view"), (_ID, _TITLE, _ABOUT), writes=True
    ),
    "resource_view_delete": Action(
        resource_view_delete, Message("eine Ansicht löschen", "delete a view"), (_ID,), writes=True
    ),
    "resource_view_clear": Action(
        resource_view_clear,
        Message("alle Ansichten löschen, für die Verwaltung", "delete all views, for administrators"),
        (Argument("view_types", "array", Message("nur diese Arten", "only of these types")),),
        writes=True,
    ),
    "resource_view_reorder": Action(
        resource_view_reorder,
        Message("Ansichten ordnen", "order views"),
        (
            _RESOURCE,
            Argument("order", "array", Message("Kennungen in der Reihenfolge", "ids in their order"), required=True),
        ),
        writes=True,
    ),
    "resource_create_default_resource_views": Action(
        resource_create_default_resource_views,
        Message("einer Ressource passende Ansichten geben", "give a resource the views that suit it"),
        (Argument("resource", "object", Message("die Ressource", "the resource"), required=True), _DATASTORE),
        writes=True,
    ),
    "package_create_default_resource_views": Action(
        package_create_default_resource_views,
        Message("den Ressourcen passende Ansichten geben", "give resources the views that suit them"),
        (Argument("package", "object", Message("der Datensatz", "the dataset"), required=True), _DATASTORE),
        writes=True,
    ),
}
