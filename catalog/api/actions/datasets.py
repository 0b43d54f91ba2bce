"""CKAN's actions that read datasets and resources."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
import sqlalchemy as sa

from catalog import desk_rows, search
from catalog.api.actions import packages
from catalog.api.actions.call import Action, ActionError, Argument, Call, Raw, invalid, not_found
from catalog.api.query_syntax import named_states, read_order, read_query
from catalog.api.query_tokens import SearchRefusedError, SearchSyntaxError
from catalog.models import DatasetRow, FileRow
from catalog.models_desk import DeskDataset, DeskResource
from catalog.query import Is, SearchQuery
from catalog.store import UUID, VISIBLE
from dcat.message import Message
from dcat.vocabularies import vocabulary

MAX_ROWS = 1000
# CKAN's name of a facet -> ours, and its title.
FACETS: Mapping[str, tuple[str, str]] = {
    "organization": ("organization", "Organisationen"),
    "groups": ("groups", "Kategorien"),
    "tags": ("tag", "Schlagwörter"),
    "res_format": ("format", "Formate"),
    "license_id": ("license", "Lizenzen"),
    "city": ("city", "Kommunen"),
    "schema": ("schema", "Schemata"),
    "hvd": ("hvd", "Hochwertige Datensätze"),
    "validation": ("validation", "Prüfung"),
    "quality": ("quality", "Qualität"),
    "frequency": ("frequency", "Aktualisierung"),
    "type": ("kind", "Art"),
    "dataset_type": ("kind", "Art"),
    "owner_org": ("owner", "Organisationen"),
    "state": ("state", "Zustand"),
    "private": ("private", "Sichtbarkeit"),
}
_PLAIN_ARGUMENTS = frozenset(
    [
        "q",
        "fq",
        "fq_list",
        "sort",
        "rows",
        "start",
        "facet",
        "facet.field",
        "facet.limit",
        "facet.mincount",
        "include_private",
        "include_drafts",
        "include_deleted",
        "use_default_schema",
        "fl",
        "extras",
        "callback",
    ]
)
# What CKAN hands to its search engine, and ours has no use for.
_EXPERT_ARGUMENTS = frozenset(
    [
        "qf",
        "wt",
        "bf",
        "boost",
        "tie",
        "defType",
        "mm",
        "df",
        "facet.prefix",
        "facet.sort",
        "facet.offset",
        "facet.missing",
        "hl",
        "hl.fl",
    ]
)
_SEARCHABLE = ("url", "name", "description", "format", "hash", "id")


def package_list(call: Call) -> list[str]:
    """List the names of datasets: the public ones, and what else is asked for and whoever asks may read."""
    offset, limit = call.number("offset", 0), call.number("limit", 0)
    query = sa.select(DatasetRow.name.label("name")).where(VISIBLE)
    readable = desk_rows.readable(call.actor)
    if readable is not None and (wanted := _hidden_states(call)):
        both = sa.union(query, _hidden_names(wanted).where(readable)).subquery()
        query = sa.select(both.c.name)
    rows = query.order_by("name").offset(offset)
    return list(call.session.scalars(rows.limit(limit) if limit else rows))


def package_show(call: Call) -> Raw:
    """Show one dataset."""
    return packages.find(call, call.required("id", "name_or_id"))


def current_package_list_with_resources(call: Call) -> Raw:
    """List whole datasets, the newest first."""
    limit = call.number("limit", MAX_ROWS, MAX_ROWS)
    start = call.number("offset", limit * (max(1, call.number("page", 1)) - 1))
    query = sa.select(DatasetRow.id).where(VISIBLE).order_by(DatasetRow.modified_at.desc(), DatasetRow.id)
    return _listed(call, list(call.session.scalars(query.offset(start).limit(limit))))


def package_search(call: Call) -> Raw:
    """Search datasets."""
    _refuse_unknown(call)
    rows, start = call.number("rows", 10, MAX_ROWS), call.number("start", 0)
    query = _query(call, rows, start)
    hits = search.search(call.instance, query, reader=call.session)
    ids = list(hits.ids)[:rows]
    found = packages.bodies(call, ids)
    facets = _facets(call, hits.facets)
    head = {
        "count": hits.count,
        "sort": call.text("sort") or "score desc, metadata_modified desc",
        "facets": {name: {item["name"]: item["count"] for item in facet["items"]} for name, facet in facets.items()},
        "search_facets": facets,
    }
    results = b",".join(found[key] for key in ids if key in found)
    return Raw(b"".join((orjson.dumps(head)[:-1], b',"results":[', results, b"]}")))


def package_autocomplete(call: Call) -> list[dict[str, str]]:
    """Propose datasets whose name or title holds what was typed."""
    typed, limit = call.required("q").strip().lower(), call.number("limit", 10, 100)
    pattern = f"%{_escaped(typed)}%"
    fits = sa.or_(
        sa.func.lower(DatasetRow.name).like(pattern, escape="\\"),
        sa.func.lower(DatasetRow.title).like(pattern, escape="\\"),
    )
    query = sa.select(DatasetRow.name, DatasetRow.title).where(VISIBLE, fits).order_by(DatasetRow.name).limit(limit)
    return [
        {
            "name": name,
            "title": title,
            "match_field": "name" if typed in name else "title",
            "match_displayed": name if typed in name else f"{title} ({name})",
        }
        for name, title in call.session.execute(query)
    ]


def resource_show(call: Call) -> dict[str, Any]:
    """Show one resource."""
    return _find_resource(call, call.required("id"))[1]


def _find_resource(call: Call, resource_id: str) -> tuple[str, dict[str, Any]]:
    """Find a resource that whoever asks may see, and the id of its dataset; 404, or 403 as `package_show` gives it."""
    if not UUID.fullmatch(resource_id):
        raise not_found()
    owner = call.session.scalar(sa.select(DeskResource.dataset_id).where(DeskResource.id == resource_id))
    owner = owner or call.session.scalar(sa.select(FileRow.dataset_id).where(FileRow.id == resource_id))
    if owner is None:
        return _linked_resource(call, resource_id)
    package = orjson.loads(bytes(packages.find(call, owner)))
    found = next((one for one in package["resources"] if one["id"] == resource_id), None)
    if found is None:
        # A file that is kept back is nobody's business but its department's.
        raise not_found()
    return owner, found


def resource_search(call: Call) -> dict[str, Any]:
    """Search the resources of public datasets: `query` is one or several `field:term`, all of which must fit."""
    terms = [_resource_term(one) for one in call.listed("query")]
    if not terms:
        raise invalid(query="Missing value")
    limit, offset = call.number("limit", 100, MAX_ROWS), call.number("offset", 0)
    found = _resources_with(call, terms)
    if order := call.text("order_by"):
        if order not in _SEARCHABLE:
            raise invalid(order_by=f"Must be one of {', '.join(_SEARCHABLE)}")
        found.sort(key=lambda one: str(one.get(order) or ""))
    return {"count": len(found), "results": found[offset : offset + limit]}


def package_relationships_list(call: Call) -> list[Any]:
    """List relationships between packages: there are none, DCAT has better words for them."""
    packages.find(call, call.required("id"))
    return []


@contextmanager
def understood() -> Iterator[None]:
    """Say in CKAN's words what is wrong with a query."""
    try:
        yield
    except SearchRefusedError as problem:
        raise ActionError(409, "Search Error", {"message": str(problem)}) from None
    except SearchSyntaxError as problem:
        raise ActionError(400, "Search Query Error", {"message": str(problem)}) from None


def _query(call: Call, rows: int, start: int) -> SearchQuery:
    with understood():
        text, where = read_query(call.text("q"), [*call.listed("fq"), *call.listed("fq_list")])
        order = read_order(call.text("sort"))
    wanted = call.listed("facet.field") if call.flag("facet", True) else []
    states = {"active", *_hidden_states(call)} - {"private"}
    return SearchQuery(
        text=text,
        where=where,
        order=order,
        start=start,
        rows=rows,
        facets=tuple(dict.fromkeys(FACETS[name][0] for name in wanted if name in FACETS)),
        readers=call.actor.labels(),
        states=frozenset(states | (named_states(where) if call.actor.known else set())),
        private=call.actor.known and (call.flag("include_private") or Is("private", "true") == where),
    )


def _refuse_unknown(call: Call) -> None:
    known = _PLAIN_ARGUMENTS | _EXPERT_ARGUMENTS
    if unknown := sorted(name for name in call.arguments if name not in known and not name.startswith("ext_")):
        named = [name[:100] for name in unknown[:10]]
        raise ActionError(400, "Search Query Error", {"message": f"Invalid search parameters: {named}"})


def _hidden_states(call: Call) -> set[str]:
    """Name what a call asks for beyond what is public: private, draft, deleted."""
    asked = {"private": "include_private", "draft": "include_drafts", "deleted": "include_deleted"}
    return {state for state, argument in asked.items() if call.flag(argument)}


def _hidden_names(wanted: set[str]) -> sa.Select[Any]:
    """Choose the names of datasets of the desk that are not public."""
    states = wanted - {"private"}
    private = sa.and_(DeskDataset.private, DeskDataset.state == "active") if "private" in wanted else sa.false()
    return sa.select(DeskDataset.name.label("name")).where(sa.or_(DeskDataset.state.in_(states), private))


def _listed(call: Call, ids: list[str]) -> Raw:
    found = packages.bodies(call, ids)
    return Raw(b"[" + b",".join(found[key] for key in ids if key in found) + b"]")


def _linked_resource(call: Call, resource_id: str) -> tuple[str, dict[str, Any]]:
    """Find a resource of a harvested dataset that we have no reason to look at: the index knows whose it is."""
    hits = search.search(call.instance, SearchQuery(where=Is("res_id", resource_id), rows=1))
    for dataset_id in hits.ids:
        body = packages.bodies(call, [dataset_id]).get(dataset_id, b'{"resources":[]}')
        for resource in orjson.loads(body)["resources"]:
            if resource["id"] == resource_id:
                return dataset_id, resource
    raise not_found()


def _resource_term(term: str) -> tuple[str, str]:
    field, colon, value = term.partition(":")
    if not colon:
        raise invalid(query=f"Must be field:term, not {term[:100]}")
    if field not in _SEARCHABLE:
        raise invalid(query=f"Field {field[:100]} cannot be searched; known: {', '.join(_SEARCHABLE)}")
    return field, value.lower()


def _resources_with(call: Call, terms: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Look through the public packages whose files may fit."""
    found: list[dict[str, Any]] = []
    ids = list(call.session.scalars(sa.select(DatasetRow.id).where(VISIBLE).order_by(DatasetRow.id)))
    for start in range(0, len(ids), MAX_ROWS):
        for body in packages.bodies(call, ids[start : start + MAX_ROWS]).values():
            lowered = body.lower()
            if all(orjson.dumps(value)[1:-1] in lowered for _, value in terms):
                found += [one for one in orjson.loads(body)["resources"] if _fits(one, terms)]
    return found


def _fits(resource: Mapping[str, Any], terms: list[tuple[str, str]]) -> bool:
    def fits(field: str, value: str) -> bool:
        held = str(resource.get(field) or "").lower()
        return held.startswith(value) if field == "hash" else value in held

    return all(fits(field, value) for field, value in terms)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _facets(call: Call, found: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    least = call.number("facet.mincount", 1)
    # A negative limit means all of them.
    most = -1 if call.text("facet.limit").startswith("-") else call.number("facet.limit", 50)
    facets = {}
    for name in dict.fromkeys(call.listed("facet.field") if call.flag("facet", True) else []):
        ours, title = FACETS.get(name, ("", name))
        items = sorted(
            ((v, n) for v, n in found.get(ours, {}).items() if n >= least), key=lambda item: (-item[1], item[0])
        )
        items = items if most < 0 else items[:most]
        shown = [_facet_item(name, value, number) for value, number in items]
        shown.sort(key=lambda item: str(item["display_name"]), reverse=True)
        facets[name] = {"title": title, "items": shown}
    return facets


def _facet_item(name: str, value: str, number: int) -> dict[str, Any]:
    concept = vocabulary("theme").find(value.upper()) if name == "groups" else None
    return {"name": value, "display_name": concept.label.de if concept else value, "count": number}


_ID = Argument("id", "string", Message("Kennung oder Name", "id or name"), required=True)
_LIMIT = Argument("limit", "integer", Message("höchstens so viele", "at most so many"))
_OFFSET = Argument("offset", "integer", Message("so viele überspringen", "skip so many"))
_HIDDEN = tuple(
    Argument(name, "boolean", Message(f"auch {de}, die Sie lesen dürfen", f"{en} you may read, too"))
    for name, de, en in (
        ("include_private", "nicht öffentliche", "private ones"),
        ("include_drafts", "Entwürfe", "drafts"),
        ("include_deleted", "gelöschte", "deleted ones"),
    )
)
_SEARCH_ARGUMENTS = (
    Argument(
        "q", "string", Message("was gesucht wird: Wörter, oder Feld:Wert", "what to search: words, or field:value")
    ),
    Argument("fq", "string", Message("Filter in derselben Sprache", "filters in the same language")),
    Argument("fq_list", "array", Message("mehrere Filter", "several filters")),
    Argument("sort", "string", Message("Reihenfolge, wie „title asc“", "order, such as “title asc”")),
    Argument("rows", "integer", Message("wie viele, höchstens 1000", "how many, at most 1000")),
    Argument("start", "integer", Message("ab dem wievielten", "from which on")),
    Argument("facet.field", "array", Message("Felder, deren Werte gezählt werden", "fields whose values are counted")),
    Argument("facet.limit", "integer", Message("so viele Werte je Feld", "so many values per field")),
    Argument(
        "facet.mincount", "integer", Message("nur Werte, die so oft vorkommen", "only values that occur so often")
    ),
    *_HIDDEN,
)

ACTIONS: Mapping[str, Action] = {
    "package_list": Action(
        package_list,
        Message("Namen aller Datensätze", "names of all datasets"),
        (_LIMIT, _OFFSET, *_HIDDEN),
        example={"limit": 3},
    ),
    "package_show": Action(
        package_show, Message("ein Datensatz", "one dataset"), (_ID,), example={"id": "baumkataster-darmstadt"}
    ),
    "package_search": Action(
        package_search,
        Message("Datensätze suchen", "search datasets"),
        _SEARCH_ARGUMENTS,
        example={"q": "Bäume", "rows": 1},
    ),
    "current_package_list_with_resources": Action(
        current_package_list_with_resources,
        Message("ganze Datensätze, die neuesten zuerst", "whole datasets, the newest first"),
        (_LIMIT, _OFFSET),
        example={"limit": 1},
    ),
    "package_autocomplete": Action(
        package_autocomplete,
        Message("Datensätze zu einem Wortanfang", "datasets for what was typed"),
        (Argument("q", "string", Message("was getippt wurde", "what was typed"), required=True), _LIMIT),
        example={"q": "baum"},
    ),
    "resource_show": Action(resource_show, Message("eine Ressource", "one resource"), (_ID,)),
    "resource_search": Action(
        resource_search,
        Message("Ressourcen suchen", "search resources"),
        (
            Argument("query", "array", Message("Feld:Begriff", "field:term"), required=True),
            Argument("order_by", "string", Message("Feld für die Reihenfolge", "field to sort by")),
            _LIMIT,
            _OFFSET,
        ),
        example={"query": ["format:csv"], "limit": 1},
    ),
    "package_relationships_list": Action(
        package_relationships_list,
        Message("Beziehungen: keine", "relationships: none"),
        (_ID,),
        example={"id": "baumkataster-darmstadt"},
    ),
}
