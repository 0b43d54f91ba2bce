"""The CKAN Action API: a table from name to function. CKAN's vocabulary stays here and in dcat/ckan.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import organizations, search, store
from catalog.api.search_syntax import SearchSyntaxError, read_filters, read_order
from catalog.instance import Instance, program_version
from catalog.models import DatasetRow, Organization
from catalog.renditions import CKAN
from catalog.store import VISIBLE
from dcat import ckan
from dcat.vocabularies import vocabulary

MAX_ROWS = 1000
MAX_ORGANIZATIONS = 1000
MAX_FULL_ORGANIZATIONS = 25
MAX_FILTERS = 100
CKAN_VERSION = "2.11.0"
FACETS = {
    "organization": "organization",
    "groups": "theme",
    "tags": "tag",
    "res_format": "format",
    "license_id": "license",
    "city": "city",
}
_TITLES = {
    "organization": "Organisationen",
    "groups": "Kategorien",
    "tags": "Schlagwörter",
    "res_format": "Formate",
    "license_id": "Lizenzen",
    "city": "Kommunen",
}


class ActionError(Exception):
    """An answer of CKAN's error table: status, `__type`, and a message or the fields that are wrong."""

    def __init__(self, status: int, kind: str, details: Mapping[str, Any]) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.details = details


def not_found(what: str = "") -> ActionError:
    """The thing named does not exist, or the public may not see it."""
    return ActionError(404, "Not Found Error", {"message": f"Not found: {what}" if what else "Not found"})


def invalid(**fields: str) -> ActionError:
    """Arguments are missing or wrong."""
    return ActionError(409, "Validation Error", {name: [text] for name, text in fields.items()})


def _plain(name: str, value: Any) -> str:
    """Read text, a number or a truth value; the NUL character is none that a database takes."""
    if not isinstance(value, str | int | float) or "\0" in str(value):
        raise invalid(**{name: "Must be plain text"})
    return str(value)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an action: the catalogue, a session on it, and the arguments as they came."""

    instance: Instance
    session: Session
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """Read a text argument."""
        value = self.arguments.get(name)
        return default if value is None else _plain(name, value)

    def required(self, *names: str) -> str:
        """Read an argument that must be there, under any of its names."""
        for name in names:
            if value := self.text(name):
                return value
        raise invalid(**{names[0]: "Missing value"})

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """Read a natural number."""
        value = self.arguments.get(name)
        if value in (None, ""):
            return default
        text = _plain(name, value)
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise invalid(**{name: "Must be a natural number"})
        return int(text) if most is None else min(int(text), most)

    def flag(self, name: str, default: bool = False) -> bool:
        """Read a truth value in CKAN's spellings."""
        value = self.arguments.get(name)
        return default if value is None else _plain(name, value).lower() in ("true", "1", "yes", "on")

    def listed(self, name: str) -> list[str]:
        """Read a list: JSON, repeated, or a bare word."""
        value = self.arguments.get(name)
        if isinstance(value, str) and value.startswith("["):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                raise invalid(**{name: "Must be a JSON list"}) from None
        items = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return [_plain(name, item) for item in items]


class Raw(bytes):
    """A result that is JSON already."""


def package_list(call: Call) -> list[str]:
    """List the names of all datasets. Arguments: limit, offset."""
    query = sa.select(DatasetRow.name).where(VISIBLE).order_by(DatasetRow.name).offset(call.number("offset", 0))
    limit = call.number("limit", 0)
    return list(call.session.scalars(query.limit(limit) if limit else query))


def package_show(call: Call) -> Raw:
    """Show one dataset. Arguments: id (id or name)."""
    wanted = call.required("id", "name_or_id")
    row = store.find_row(call.session, wanted)
    body = store.bodies(call.session, CKAN, [row.id]).get(row.id) if row else None
    if body is None:
        raise not_found()
    return Raw(body)


def package_search(call: Call) -> Raw:
    """Search datasets. Arguments: q, fq, fq_list, sort, rows, start, facet, facet.field, facet.limit, facet.mincount."""
    if unknown := sorted(
        name for name in call.arguments if name not in _SEARCH_ARGUMENTS and not name.startswith("ext_")
    ):
        raise ActionError(
            400,
            "Search Query Error",
            {"message": f"Invalid search parameters: {[name[:100] for name in unknown[:10]]}"},
        )
    rows, start = call.number("rows", 10, MAX_ROWS), call.number("start", 0)
    try:
        text, filters = read_filters(call.text("q"))
        wanted = (*call.listed("fq"), *call.listed("fq_list"))
        if len(wanted) > MAX_FILTERS:
            raise SearchSyntaxError(f"More than {MAX_FILTERS} filters")
        for each in wanted:
            words, more = read_filters(each)
            text, filters = f"{text} {words}".strip(), [*filters, *more]
        order = read_order(call.text("sort"))
    except SearchSyntaxError as problem:
        raise ActionError(400, "Search Query Error", {"message": str(problem)}) from None
    if start + rows > search.MAX_WINDOW and start >= search.MAX_WINDOW:
        raise invalid(start=f"Must be below {search.MAX_WINDOW}; use package_list to read everything")
    hits = search.search(call.instance, text, filters, order=order, start=start, rows=max(rows, 1))
    ids = list(hits.ids)[:rows]
    bodies = store.bodies(call.session, CKAN, ids)
    facets = _facets(call, hits.facets)
    head = {
        "count": hits.count,
        "sort": call.text("sort") or "score desc, metadata_modified desc",
        "facets": {name: {item["name"]: item["count"] for item in facet["items"]} for name, facet in facets.items()},
        "search_facets": facets,
    }
    results = b",".join(bodies[key] for key in ids if key in bodies)
    return Raw(orjson.dumps(head)[:-1] + b',"results":[' + results + b"]}")


def organization_list(call: Call) -> list[Any]:
    """List departments. Arguments: all_fields, limit, offset, organizations, sort."""
    wanted = set(call.listed("organizations"))
    rows = [(o, n) for o, n in organizations.with_counts(call.session) if not wanted or o.name in wanted]
    if call.text("sort").startswith("package_count"):
        rows.sort(key=lambda row: -row[1])
    full, offset = call.flag("all_fields"), call.number("offset", 0)
    limit = call.number("limit", MAX_ORGANIZATIONS, MAX_FULL_ORGANIZATIONS if full else MAX_ORGANIZATIONS)
    if full:
        limit = min(limit, MAX_FULL_ORGANIZATIONS)
    part = rows[offset : offset + limit]
    return [_organization(call.session, o, n) if full else o.name for o, n in part]


def organization_show(call: Call) -> dict[str, Any]:
    """Show one department. Arguments: id (id or name), include_datasets."""
    organization = organizations.find(call.session, call.required("id"))
    if organization is None:
        raise not_found()
    visible = (DatasetRow.organization_id == organization.id, VISIBLE)
    count = call.session.scalar(sa.select(sa.func.count()).select_from(DatasetRow).where(*visible)) or 0
    shown = _organization(call.session, organization, count)
    if call.flag("include_datasets"):
        ids = list(
            call.session.scalars(sa.select(DatasetRow.id).where(*visible).order_by(DatasetRow.name).limit(MAX_ROWS))
        )
        bodies = store.bodies(call.session, CKAN, ids)
        shown["packages"] = [orjson.Fragment(bodies[key]) for key in ids if key in bodies]
    return shown


def license_list(call: Call) -> list[dict[str, Any]]:
    """List the licences by GovData's short forms."""
    return ckan.licenses()


def status_show(call: Call) -> dict[str, Any]:
    """Show what this site is."""
    config = call.instance.config
    return {
        "site_title": config.title.de,
        "site_description": config.description.de,
        "site_url": config.site_url,
        "ckan_version": CKAN_VERSION,
        "offenbar_version": program_version(),
        "error_emails_to": None,
        "locale_default": "de",
        "extensions": [],
    }


def help_show(call: Call) -> str:
    """Explain an action. Arguments: name."""
    name = call.required("name")
    if name not in ACTIONS:
        raise not_found(name)
    return (ACTIONS[name].__doc__ or "").strip()


ACTIONS: Mapping[str, Callable[[Call], Any]] = {
    "package_list": package_list,
    "package_show": package_show,
    "package_search": package_search,
    "organization_list": organization_list,
    "organization_show": organization_show,
    "license_list": license_list,
    "status_show": status_show,
    "help_show": help_show,
}
_SEARCH_ARGUMENTS = frozenset(
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
        "qf",
        "wt",
        "bf",
        "boost",
        "tie",
        "defType",
        "mm",
        "df",
        "callback",
    ]
)


def _facets(call: Call, found: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    least = call.number("facet.mincount", 1)
    # A negative limit means all of them.
    most = -1 if call.text("facet.limit").startswith("-") else call.number("facet.limit", 50)
    facets = {}
    for name in dict.fromkeys(call.listed("facet.field")):
        values = found.get(FACETS.get(name, ""), {})
        items = sorted(((v, n) for v, n in values.items() if n >= least), key=lambda item: (-item[1], item[0]))
        items = items if most < 0 else items[:most]
        shown = [_facet_item(name, value, number) for value, number in items]
        shown.sort(key=lambda item: str(item["display_name"]), reverse=True)
        facets[name] = {"title": _TITLES.get(name, name), "items": shown}
    return facets


def _facet_item(name: str, value: str, number: int) -> dict[str, Any]:
    if name == "groups":
        return {"name": value.lower(), "display_name": vocabulary("theme").label(_uri(value)).de, "count": number}
    return {"name": value, "display_name": value, "count": number}


def _uri(theme: str) -> str:
    concept = vocabulary("theme").find(theme)
    return concept.uri if concept else theme


def _organization(session: Session, organization: Organization, count: int) -> dict[str, Any]:
    # As ckanext-hierarchy writes it: the organisation above stands among the groups.
    above = organizations.lineage(session, organization)[:1]
    return {
        **organizations.packaged(organization),
        "display_name": organization.title,
        "image_display_url": "",
        "package_count": count,
        "num_followers": 0,
        "extras": [],
        "tags": [],
        "groups": [{"name": parent.name, "title": parent.title, "capacity": "public"} for parent in above],
        "users": [],
    }
