"""CKAN's actions that read datasets and resources."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from catalog import desk_rows, search
from catalog.api.actions import facets, packages, search_fields
from catalog.api.actions.call import Action, ActionError, Argument, Call, Raw, not_found
from catalog.api.actions.facets import FACETS
from catalog.api.actions.resource_search import resource_search
from catalog.api.query_syntax import named_states, read_order, read_query
from catalog.api.query_tokens import SearchRefusedError, SearchSyntaxError
from catalog.models import DatasetRow, FileRow
from catalog.models_desk import DeskDataset, DeskResource
from catalog.query import Is, SearchQuery
from catalog.store import UUID, VISIBLE
from dcat.message import Message
from dcat.states import ACTIVE, DELETED, DRAFT

MAX_ROWS = 1000
# Characters of a question whose answer is remembered.
_LONGEST = 10_000
# Characters that somebody types before something is proposed; SQLite refuses patterns of 50,000.
_LONGEST_TYPED = 1000
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
# What "+state" says in a filter widens a search; a state without it does not (CKAN tells by these letters, too).
_STATE = "+state"
_STATES = frozenset({ACTIVE, DRAFT, DELETED})


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
    found = packages.find(call, call.required("id", "name_or_id"))
    if call.flag("include_plugin_data"):
        return packages.with_plugin_data(call, found)
    return found


def current_package_list_with_resources(call: Call) -> Raw:
    """List whole datasets, the newest first."""
    limit = call.number("limit", MAX_ROWS, MAX_ROWS)
    start = call.number("offset", limit * (max(1, call.number("page", 1)) - 1))
    query = sa.select(DatasetRow.id.label("id"), DatasetRow.modified_at.label("at")).where(VISIBLE)
    if call.actor.labels() is None:
        # Administrators get the private ones as well, as in CKAN.
        private = sa.select(DeskDataset.id, DeskDataset.modified_at).where(desk_rows.PRIVATE)
        both = sa.union(query, private).subquery()
        query = sa.select(both.c.id, both.c.at)
    rows = call.session.execute(query.order_by(sa.desc("at"), "id").offset(start).limit(limit))
    return _listed(call, [dataset_id for dataset_id, _ in rows])


def package_search(call: Call) -> Raw:
    """Search datasets."""
    _refuse_unknown(call)
    rows, start = call.number("rows", 10, MAX_ROWS), call.number("start", 0)
    query = _query(call, rows, start)
    with call.asking() as reader:
        index, state = search.caught_up(call.instance, reader)
    question = "" if call.actor.known or not state else _question(call)
    key = ("package_search", call.instance.config.site_url, state, question)
    if question and (kept := call.memory.get(key)):
        return Raw(kept)
    hits = search.find(index, query, search.synonyms(call.instance))
    ids = list(hits.ids)[:rows]
    found = packages.bodies(call, ids)
    counted = facets.described(call, hits.facets)
    head = {
        "count": hits.count,
        "sort": call.text("sort") or "score desc, metadata_modified desc",
        "facets": {name: {item["name"]: item["count"] for item in facet["items"]} for name, facet in counted.items()},
        "search_facets": counted,
    }
    results = b",".join(_shortened(call, (found[one] for one in ids if one in found)))
    answer = Raw(b"".join((orjson.dumps(head)[:-1], b',"results":[', results, b"]}")))
    if question:
        call.memory.keep(key, answer)
    return answer


def _question(call: Call) -> str:
    """Name what is asked; nothing for a question whose answer changes while nothing does, or that is too long to keep."""
    try:
        asked = orjson.dumps(call.arguments, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        # Deeper than it writes.
        return ""
    return asked if len(asked) <= _LONGEST and "NOW" not in asked else ""


def package_autocomplete(call: Call) -> list[dict[str, str]]:
    """Propose datasets whose name or title holds what was typed."""
    typed, limit = call.required("q").strip().lower(), call.number("limit", 10, 100)
    query = sa.select(DatasetRow.name, DatasetRow.title).where(
        VISIBLE, _holds(typed, DatasetRow.name, DatasetRow.title)
    )
    rows = call.session.execute(query.order_by(DatasetRow.name).limit(limit))
    found = {row.name: row.title for row in rows}
    found |= islice(_private_titles(call, typed), limit)
    return [
        {
            "name": name,
            "title": title,
            "match_field": "name" if typed in name else "title",
            "match_displayed": name if typed in name else f"{title} ({name})",
        }
        for name, title in sorted(found.items())[:limit]
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
        filters = [*call.listed("fq"), *call.listed("fq_list")]
        text, where = read_query(call.text("q"), filters, people=call.actor.known)
        order = read_order(call.text("sort"))
    states = {ACTIVE, *_hidden_states(call)} - {"private"}
    if call.actor.known and any(_STATE in each for each in filters):
        states |= named_states(where) or _STATES
    return SearchQuery(
        text=text,
        where=where,
        order=order,
        start=start,
        rows=rows,
        facets=tuple(dict.fromkeys(FACETS[name] for name in facets.wanted(call) if name in FACETS)),
        readers=call.actor.labels(),
        states=frozenset(states),
        private=call.actor.known and call.flag("include_private"),
    )


def _shortened(call: Call, bodies: Iterable[bytes]) -> Iterable[bytes]:
    """Leave of datasets what `fl` asks for."""
    names = search_fields.read(call.listed("fl"))
    return (orjson.dumps(search_fields.chosen(orjson.loads(body), names)) for body in bodies) if names else bodies


def _refuse_unknown(call: Call) -> None:
    known = _PLAIN_ARGUMENTS | _EXPERT_ARGUMENTS
    if unknown := sorted(name for name in call.arguments if name not in known and not name.startswith("ext_")):
        named = [name[:100] for name in unknown[:10]]
        raise ActionError(400, "Search Query Error", {"message": f"Invalid search parameters: {named}"})


def _hidden_states(call: Call) -> set[str]:
    """Name what a call asks for beyond what is public: private, draft, deleted."""
    asked = {"private": "include_private", DRAFT: "include_drafts", DELETED: "include_deleted"}
    return {state for state, argument in asked.items() if call.flag(argument)}


def _hidden_names(wanted: set[str]) -> sa.Select[Any]:
    """Choose the names of datasets of the desk that are not public."""
    states = wanted - {"private"}
    private = desk_rows.PRIVATE if "private" in wanted else sa.false()
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


def _private_titles(call: Call, typed: str) -> Iterator[tuple[str, str]]:
    """Find the private datasets that whoever asks may read and whose name or title holds what was typed."""
    readable = desk_rows.readable(call.actor)
    if readable is None:
        return
    document = sa.type_coerce(DeskDataset.document, sa.Text)
    fits = sa.or_(_holds(typed, DeskDataset.name), _holds(orjson.dumps(typed).decode()[1:-1], document))
    query = sa.select(DeskDataset.name, DeskDataset.document).where(desk_rows.PRIVATE, readable, fits)
    for name, said in call.session.execute(query.order_by(DeskDataset.name)):
        title = str(said.get("title") or name)
        if typed in name or typed in title.lower():
            yield name, title


def _holds(typed: str, *columns: sa.ColumnExpressionArgument[str]) -> sa.ColumnElement[bool]:
    """Whether one of some columns holds what was typed."""
    if len(typed) > _LONGEST_TYPED:
        return sa.false()
    pattern = f"%{_escaped(typed)}%"
    return sa.or_(*(sa.func.lower(each).like(pattern, escape="\\") for each in columns))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


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
}
