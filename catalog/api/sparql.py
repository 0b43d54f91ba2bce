"""The SPARQL endpoint: queries in, results in the format asked for; a page for people, a service description for programs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from catalog import sparql_run, triples
from catalog.api import answers
from catalog.api.answers import instance
from catalog.api.sparql_examples import examples
from catalog.sparql_run import Answer, Query, QueryError
from catalog.web.errors import problem
from catalog.web.language import Shown, t, untagged
from catalog.web.links import href
from dcat import rdf
from dcat.errors import StateError
from dcat.message import Message
from dcat.namespaces import NAMESPACES, expand

SOLUTIONS: Mapping[str, ox.QueryResultsFormat] = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_MEDIA_TYPES = {name: form.media_type for name, form in SOLUTIONS.items()} | {
    name: form.media_type for name, form in rdf.FORMATS.items()
}
# Names that older clients use for the same.
_ALIASES = {
    "json": "application/json",
    "xml": "application/xml",
    "rdf": "application/xml",
    "jsonld": "application/json",
}
MAX_PAGE_RESULT = 500_000
MAX_AGE = 10
# What departments wrote comes back as they wrote it; no browser is to run any of it.
_INERT = {"Content-Security-Policy": "sandbox; default-src 'none'"}
_FORM = "application/x-www-form-urlencoded"
_CHANGING = re.compile(r"\b(now|rand|uuid|struuid)\s*\(", re.IGNORECASE)
_DESCRIPTION = "http://www.w3.org/ns/sparql-service-description#"
_NO_ANSWER = Message("Keine Antwort auf diese Abfrage", "No answer to this query")
_MALFORMED = Message(
    "Diese Anfrage entspricht nicht dem SPARQL-Protokoll. Nächster Schritt: genau eine Abfrage als „query“ in UTF-8 senden.",
    "This request does not follow the SPARQL protocol. Next step: send exactly one query as “query” in UTF-8.",
)
_READ_ONLY = Message(
    "Hier wird nur gelesen, nichts geändert. Nächster Schritt: SELECT, ASK, CONSTRUCT oder DESCRIBE als „query“ senden.",
    "Here you can only read, not change. Next step: send SELECT, ASK, CONSTRUCT or DESCRIBE as “query”.",
)
_MEDIA_TYPE = Message(
    f"Diese Art von Inhalt nehmen wir nicht an. Nächster Schritt: {_FORM} oder application/sparql-query senden.",
    f"We do not take this kind of content. Next step: send {_FORM} or application/sparql-query.",
)
_NOT_OFFERED = Message(
    f"In einem solchen Format antworten wir nicht. Nächster Schritt: format= mit {', '.join(_MEDIA_TYPES)} oder Accept mit "
    "einem der zugehörigen Typen senden.",
    f"We do not answer in such a format. Next step: send format= with {', '.join(_MEDIA_TYPES)}, or Accept with one of their types.",
)

sparql = Blueprint("sparql", __name__)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a result for reading, with an address where it is one."""

    text: Shown
    address: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A result of SELECT for reading."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@sparql.route("/sparql", methods=["GET", "POST", "OPTIONS"], provide_automatic_options=False)
def endpoint() -> Response:
    """Answer a SPARQL query; without one, show the page for writing some, or the service description."""
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": "GET, HEAD, POST, OPTIONS"})
    page = "format" not in request.values and _wants_page()
    try:
        text = _text()
        if text:
            return _queried(text, page=page)
        return _page() if page else _description()
    except QueryError as error:
        return _page(error=error) if page else _problem(error)
    except StateError as error:
        busy = QueryError(error.message, status=503, retry=30)
        return _page(error=busy) if page else _problem(busy)


@sparql.after_request
def open_to_all(answer: Response) -> Response:
    """Let programs in browsers ask from anywhere; what they get depends on Accept."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        answer.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
        answer.headers["Access-Control-Max-Age"] = "86400"
    answer.vary.add("Accept")
    return answer


def _text() -> str:
    """Read the query as in the SPARQL 1.1 Protocol, section 2.1; empty when there is none."""
    if request.method == "POST" and request.mimetype == "application/sparql-query":
        if (request.content_length or 0) > sparql_run.MAX_QUERY:
            raise QueryError(sparql_run.TOO_LONG, status=413)
        found = [request.get_data()]
    elif request.method == "POST" and request.mimetype != _FORM:
        update = request.mimetype == "application/sparql-update"
        raise QueryError(_READ_ONLY if update else _MEDIA_TYPE, status=415)
    else:
        found = [text.encode(errors="replace") for text in request.values.getlist("query")]
    if "update" in request.values:
        raise QueryError(_READ_ONLY, status=400)
    if len(found) > 1:
        raise QueryError(_MALFORMED, status=400)
    text = b"".join(found)
    if len(text) > sparql_run.MAX_QUERY:
        raise QueryError(sparql_run.TOO_LONG, status=413)
    try:
        return text.decode().strip()
    except UnicodeDecodeError as error:
        raise QueryError(_MALFORMED, status=400) from error


def _queried(text: str, *, page: bool) -> Response:
    sparql_run.catch_up(instance())
    if page:
        return _page(answer=sparql_run.run(instance(), _asked(text, "json", "ttl", most=MAX_PAGE_RESULT)))
    query = _asked(text, *_formats())
    changing = bool(_CHANGING.search(text))
    if (
        request.method != "POST"
        and not changing
        and answers.known(tag := _etag(query, sparql_run.seq(instance())), None)
    ):
        return answers.not_modified("", tag, None, max_age=MAX_AGE)
    found = sparql_run.run(instance(), query)
    content_type = _content_type(found.format)
    if changing:
        return Response(found.body, content_type=content_type, headers={"Cache-Control": "no-store"} | _INERT)
    response = answers.whole(found.body, content_type, _etag(query, found.seq), None, max_age=MAX_AGE)
    response.headers.update(_INERT)
    return response


def _asked(text: str, solutions: str, triples_format: str, most: int = sparql_run.MAX_RESULT) -> Query:
    return Query(
        text=text,
        solutions=solutions,
        triples=triples_format,
        default_graphs=_graphs("default-graph-uri"),
        named_graphs=_graphs("named-graph-uri"),
        most=most,
    )


def _graphs(parameter: str) -> tuple[str, ...]:
    names = tuple(request.values.getlist(parameter))
    try:
        for name in names:
            ox.NamedNode(name)
    except ValueError as error:
        raise QueryError(_MALFORMED, status=400) from error
    return names


def _formats() -> tuple[str, str]:
    """Choose a format for solutions and one for triples; which of them counts, only the query tells."""
    wanted = request.values.get("format", "")
    chosen = (
        (wanted if wanted in SOLUTIONS else "", wanted if wanted in rdf.FORMATS else "")
        if wanted
        else (_accepted(SOLUTIONS), _accepted(rdf.FORMATS))
    )
    if not any(chosen):
        raise QueryError(_NOT_OFFERED, status=406)
    return chosen


def _accepted(offered: Iterable[str]) -> str:
    """Choose a format by Accept; empty where the client takes none of them, the first where it says nothing."""
    types = {kind: name for name in offered for kind in (_media_type(name), _ALIASES.get(name, "")) if kind}
    chosen, quality = answers.preferred(types)
    return chosen if quality > 0 or not request.accept_mimetypes else ""


def _wants_page() -> bool:
    """Whether HTML is wanted more than any data, as browsers do."""
    return answers.page_quality() > answers.preferred({_media_type(name): name for name in _MEDIA_TYPES})[1]


def _media_type(name: str) -> str:
    return _MEDIA_TYPES[name].partition(";")[0]


def _content_type(form: str) -> str:
    media_type = _MEDIA_TYPES[form]
    return media_type if "charset" in media_type or form in ("json", "jsonld", "nt") else f"{media_type}; charset=utf-8"


def _etag(query: Query, seq: int) -> str:
    return answers.etag(instance().config, "sparql", seq, query)


def _problem(error: QueryError) -> Response:
    return _not_kept(problem(error.status, _NO_ANSWER, error.message), error)


def _not_kept(response: Response, error: QueryError | None) -> Response:
    response.headers["Cache-Control"] = "no-store"
    if error is not None and error.retry:
        response.headers["Retry-After"] = str(error.retry)
    return response


def _page(*, answer: Answer | None = None, error: QueryError | None = None) -> Response:
    offered = examples(instance().config)
    text = request.values.get("query", "").strip()[: sparql_run.MAX_QUERY]
    content = render_template(
        "sparql.html",
        examples=offered,
        query=text or offered[0].query,
        asked=text,
        table=_table(answer) if answer and answer.format == "json" else None,
        turtle=answer.body.decode() if answer and answer.format == "ttl" else "",
        formats=tuple(SOLUTIONS if answer and answer.format == "json" else rdf.FORMATS),
        error=error,
        seconds=sparql_run.SECONDS,
        most=sparql_run.MAX_RESULT,
    )
    response = Response(content, status=error.status if error else 200, mimetype="text/html")
    return _not_kept(response, error)


def _table(answer: Answer) -> Table:
    """Read SPARQL 1.1 results in JSON (section 3); ASK becomes a table of one cell."""
    found = orjson.loads(answer.body)
    if "boolean" in found:
        return Table(("ASK",), ((Cell(Shown(t("ja", "yes") if found["boolean"] else t("nein", "no"))),),))
    header = tuple(found["head"]["vars"])
    rows = found["results"]["bindings"]
    return Table(header, tuple(tuple(_cell(row.get(name)) for name in header) for row in rows))


def _cell(term: dict[str, Any] | None) -> Cell:
    if term is None:
        return Cell(Shown(""))
    value = term["value"]
    if term["type"] == "uri":
        return Cell(Shown(value), href(value))
    if term["type"] == "triple":
        return Cell(Shown(orjson.dumps(value).decode()))
    return Cell(untagged(value, term["xml:lang"]) if "xml:lang" in term else Shown(value))


def _description() -> Response:
    """Describe the endpoint as in SPARQL 1.1 Service Description, section 3."""
    wanted = request.values.get("format", "")
    chosen = wanted if wanted in rdf.FORMATS else "" if wanted else _accepted(rdf.FORMATS)
    if not chosen:
        raise QueryError(_NOT_OFFERED, status=406)
    site = instance().config.site_url
    service, dataset = ox.NamedNode(f"{site}/sparql"), ox.NamedNode(f"{site}/sparql#dataset")
    graph = ox.NamedNode(f"{site}/sparql#default")
    kind = ox.NamedNode(expand("rdf:type"))
    known = [*(form.iri for form in SOLUTIONS.values()), *(form.syntax.iri for form in rdf.FORMATS.values())]
    content = [
        ox.Triple(service, kind, _term("Service")),
        ox.Triple(service, _term("endpoint"), service),
        ox.Triple(service, _term("supportedLanguage"), _term("SPARQL11Query")),
        ox.Triple(service, _term("feature"), _term("UnionDefaultGraph")),
        *(ox.Triple(service, _term("resultFormat"), ox.NamedNode(each)) for each in known),
        ox.Triple(service, _term("defaultDataset"), dataset),
        ox.Triple(dataset, kind, _term("Dataset")),
        ox.Triple(dataset, _term("defaultGraph"), graph),
        ox.Triple(graph, kind, _term("Graph")),
        ox.Triple(dataset, _term("namedGraph"), about := ox.NamedNode(f"{site}/sparql#catalogue")),
        ox.Triple(about, kind, _term("NamedGraph")),
        ox.Triple(about, _term("name"), ox.NamedNode(triples.catalogue_graph(site))),
    ]
    prefixes = {"sd": _DESCRIPTION, "rdf": NAMESPACES["rdf"]}
    body = ox.serialize(content, format=rdf.FORMATS[chosen].syntax, prefixes=prefixes) or b""
    return answers.whole(body, _content_type(chosen), answers.etag(instance().config, "sparql", chosen), None)


def _term(name: str) -> ox.NamedNode:
    return ox.NamedNode(_DESCRIPTION + name)
