"""The addresses beside the Action API, for the OpenAPI document: what they give, in which format, and what they take. In short."""

from collections.abc import Mapping
from typing import Any

from catalog.api.data import MAX_LIMIT
from dcat import rdf

Json = dict[str, Any]
TAGS: tuple[Json, ...] = (
    {"name": "rows", "description": "Checked tables / Geprüfte Tabellen"},
    {"name": "dcat", "description": "Linked data, DCAT-AP.de / Verknüpfte Daten, DCAT-AP.de"},
    {"name": "changes", "description": "What changed / Was sich änderte"},
    {"name": "files", "description": "Files / Dateien"},
    {"name": "tools", "description": "Tools / Werkzeuge"},
)
_JSON = "application/json"
_ENDINGS = sorted({*rdf.FORMATS, "n3", "xml"})
_RDF = tuple(sorted({*(form.media_type for form in rdf.FORMATS.values()), "text/n3"}))
_ATOM = "application/atom+xml"
_REPORTS = ("text/html", "text/csv", "application/pdf", "application/sarif+json", "application/xml")


def _in(place: str, name: str, about: str, **schema: Any) -> Json:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": about,
        "schema": {"type": "string", **schema},
    }


def _query(name: str, about: str, **schema: Any) -> Json:
    return _in("query", name, about, **schema)


def _get(id: str, tag: str, summary: str, media: tuple[str, ...], *parameters: Json) -> Json:
    """Describe an address that is read; `summary` in English and German."""
    found: Json = {
        "operationId": id,
        "summary": summary,
        "tags": [tag],
        "responses": {
            "200": {"description": summary, "content": {kind: {} for kind in media}},
            "default": {
                "description": "error / Fehler",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    return {"get": found | ({"parameters": list(parameters)} if parameters else {})}


_ENDING = _in("path", "ending", "format / Format", enum=_ENDINGS)
_PLAIN_ENDING = _in("path", "ending", "format / Format", enum=sorted(rdf.FORMATS))
_TABLE = _in("path", "id", "distribution / Distribution", format="uuid")
_NAME = _in("path", "name", "short name / Kurzname")
_KIND = _in("path", "kind", "what is named / was benannt ist", enum=["city", "group", "organization"])
_PROFILE = _query("profile", "profile release / Profil")
_LIMIT = _query("limit", "at most so many / höchstens so viele", type="integer", minimum=1, maximum=MAX_LIMIT)
_CURSOR = _query("cursor", "from `next` / aus `next`", type="integer", minimum=0)
_PAGE = (
    _query("page", "page / Seite", type="integer", minimum=1),
    _query("modified_since", "changed since / geändert seit"),
    _query("q", "search / Suche"),
    _query("fq", "filter / Filter"),
    _PROFILE,
)
_LANG = _query("lang", "language / Sprache", enum=["de", "en"])
_ASKED = _query("query", "SPARQL 1.1")
_SPARQL_MEDIA = ("application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/turtle")


def _sparql() -> Json:
    asked = _get("sparql", "dcat", "SPARQL query / SPARQL-Abfrage", _SPARQL_MEDIA, _ASKED)
    body = {"application/sparql-query": {"schema": {"type": "string"}}}
    posted = {key: value for key, value in asked["get"].items() if key != "parameters"}
    return asked | {"post": posted | {"operationId": "sparql_post", "requestBody": {"required": True, "content": body}}}


def _check() -> Json:
    described = _get("check", "tools", "check a file / eine Datei prüfen", (_JSON, *_REPORTS))["get"]
    fields = {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "schema": {"type": "string"},
        "output": {"enum": ["json", "repaired", "pdf", "html", "csv", "sarif", "junit.xml"]},
    }
    form = {"schema": {"type": "object", "properties": fields, "required": ["file"]}}
    return {"post": described | {"requestBody": {"required": True, "content": {"multipart/form-data": form}}}}


def _upload() -> Json:
    about = "begin an upload in pieces (tus 1.0.0) / das Hochladen in Stücken beginnen (tus 1.0.0)"
    described = _get("upload", "files", about, ())["get"]
    sent = ("Tus-Resumable", "1.0.0"), ("Upload-Length", "bytes / Byte"), ("Upload-Metadata", "filename BASE64")
    headers = [_in("header", name, said) for name, said in sent]
    begun = {"description": "address of the upload in Location / Adresse in Location"}
    answers = {"201": begun, "default": {"description": "error / Fehler"}}
    return {"post": described | {"parameters": headers, "responses": answers}}


PATHS: Mapping[str, Json] = {
    "/api/upload": _upload(),
    "/api/data": _get("tables", "rows", "list tables / Tabellen auflisten", (_JSON,), _LIMIT, _CURSOR),
    "/api/data/{id}": _get("rows", "rows", "rows of a table / Zeilen einer Tabelle", (_JSON,), _TABLE, _LIMIT, _CURSOR),
    "/api/data/{id}.csv": _get(
        "table_csv", "rows", "whole table as CSV / ganze Tabelle als CSV", ("text/csv",), _TABLE
    ),
    "/api/data/{id}.parquet": _get(
        "table_parquet",
        "rows",
        "whole table as Parquet / ganze Tabelle als Parquet",
        ("application/vnd.apache.parquet",),
        _TABLE,
    ),
    "/datastore/dump/{id}": _get(
        "table_dump",
        "rows",
        "whole table as CKAN gives it / ganze Tabelle, wie CKAN sie gibt",
        ("text/csv", "text/tab-separated-values", _JSON, "text/xml"),
        _in("path", "id", "resource / Ressource"),
        _query("format", "format / Format", enum=["csv", "tsv", "json", "xml"]),
    ),
    "/catalog.{ending}": _get(
        "catalog", "dcat", "a page of the catalogue / eine Seite des Katalogs", _RDF, _ENDING, *_PAGE
    ),
    "/catalog-hvd.{ending}": _get(
        "catalog_hvd", "dcat", "high-value datasets / hochwertige Datensätze", _RDF, _ENDING, *_PAGE
    ),
    "/{kind}/{name}/catalog.{ending}": _get(
        "catalog_part",
        "dcat",
        "datasets of a city, theme or organisation / Datensätze einer Stadt, eines Themas oder einer Organisation",
        _RDF,
        *(_KIND, _NAME, _ENDING, *_PAGE),
    ),
    "/dataset/{name}.{ending}": _get(
        "dataset", "dcat", "one dataset / ein Datensatz", (*_RDF, "text/html"), _NAME, _PLAIN_ENDING, _PROFILE
    ),
    "/dump.{ending}": _get("dump", "dcat", "the whole catalogue / der ganze Katalog", _RDF, _ENDING, _PROFILE),
    "/sparql": _sparql(),
    "/feed": _get(
        "feed",
        "changes",
        "stream of events, LDES / Ereignisstrom, LDES",
        ("application/trig", "application/ld+json"),
        _query("page", "page / Seite", type="integer", minimum=1),
    ),
    "/oai": _get(
        "oai",
        "changes",
        "OAI-PMH 2.0",
        ("text/xml",),
        _query(
            "verb",
            "verb",
            enum=["Identify", "ListMetadataFormats", "ListSets", "ListIdentifiers", "ListRecords", "GetRecord"],
        ),
        _query("metadataPrefix", "form / Form", enum=["dcat", "oai_dc"]),
        _query("from", "changed since / geändert seit"),
        _query("until", "changed until / geändert bis"),
        _query("set", "part / Teil"),
        _query("identifier", "record / Datensatz"),
        _query("resumptionToken", "where to go on / wo es weitergeht"),
    ),
    "/feeds/dataset.atom": _get("atom", "changes", "changes as Atom / Änderungen als Atom", (_ATOM,), _LANG),
    "/feeds/organization/{name}.atom": _get(
        "atom_organization",
        "changes",
        "changes of an organisation / Änderungen einer Organisation",
        (_ATOM,),
        _NAME,
        _LANG,
    ),
    "/feeds/group/{name}.atom": _get(
        "atom_group", "changes", "changes of a theme / Änderungen eines Themas", (_ATOM,), _NAME, _LANG
    ),
    "/feeds/city/{name}.atom": _get(
        "atom_city", "changes", "changes of a city / Änderungen einer Stadt", (_ATOM,), _NAME, _LANG
    ),
    "/dataset/{dataset}/resource/{id}/download/{file}": _get(
        "download",
        "files",
        "the checked copy of a file / die geprüfte Kopie einer Datei",
        ("application/octet-stream",),
        _in("path", "dataset", "dataset / Datensatz", format="uuid"),
        _in("path", "id", "resource / Ressource", format="uuid"),
        _in("path", "file", "file name / Dateiname"),
    ),
    "/schema/{name}.json": _get(
        "table_schema", "tools", "a shared table schema / ein gemeinsames Tabellenschema", (_JSON,), _NAME
    ),
    "/check": _check(),
    "/api/suggest": _get(
        "suggest", "tools", "proposals while typing / Vorschläge beim Tippen", (_JSON,), _query("q", "typed / getippt")
    ),
}
