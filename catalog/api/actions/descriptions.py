"""The catalogue as DCAT-AP.de through CKAN's interface, as ckanext-dcat gives it: stored fragments, put together and sent as a text."""

import datetime
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from catalog import documents, search, store
from catalog.api import chosen, linked
from catalog.api.actions import datasets
from catalog.api.actions.call import Action, ActionError, Argument, Call, Raw, invalid, not_found
from catalog.api.linked import Selection
from catalog.documents import IncompleteError
from catalog.public import PublicDataset
from dcat import dates
from dcat.message import Message
from dcat.model import Distribution
from dcat.texts import best

# CKAN's name of a format -> the ending of ours. Turtle is Notation3, too.
FORMATS = {"xml": "rdf", "rdf": "rdf", "ttl": "ttl", "n3": "ttl", "jsonld": "jsonld", "json-ld": "jsonld", "nt": "nt"}
PAGE = linked.PAGE
_ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_SECOND = len("2026-05-31T12:00:00")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which page of which datasets: `since` is an instant in UTC, empty for any time."""

    page: int
    since: str
    q: str
    fq: tuple[str, ...]


def dcat_dataset_show(call: Call) -> str:
    """Give one public dataset as RDF."""
    ending = _format(call)
    row = store.find_row(call.session, call.required("id"))
    with _whole():
        body = documents.dataset(call.session, call.instance.config, row.id, ending) if row else None
    if body is None:
        raise not_found()
    return body.decode()


def dcat_catalog_show(call: Call) -> str:
    """Give a page of the catalogue as RDF."""
    ending, asked = _format(call), _asked(call)
    selection = Selection(
        at=store.newest_change(call.session)[0],
        page=asked.page,
        limit=PAGE,
        since=asked.since,
        query=urlencode({name: value for name, value in (("q", asked.q), ("fq", _joined(asked.fq))) if value}),
        within=_matching(call, asked) if asked.q or asked.fq else None,
    )
    found = linked.extent(call.session, selection)
    if found is None:
        raise not_found("page")
    with _whole():
        return linked.page(call.session, call.instance.config, selection, found, ending).decode()


def dcat_catalog_search(call: Call) -> Raw:
    """Give a page of what a search finds, as packages."""
    asked = _asked(call)
    # Datasets change at whole seconds; one that changed in the second of `since` must not be missed.
    since = [f"metadata_modified:[{asked.since[:_SECOND]}Z TO *]"] if asked.since else []
    arguments = {
        "q": asked.q,
        "fq_list": [*asked.fq, *since],
        "rows": PAGE,
        "start": (asked.page - 1) * PAGE,
        "sort": "metadata_modified desc",
    }
    searching = Call(call.instance, arguments)
    try:
        return datasets.package_search(searching)
    finally:
        searching.renew()


def dcat_datasets_list(call: Call) -> list[dict[str, Any]]:
    """Give a page of the datasets as plain objects in DCAT's words."""
    asked = _asked(call)
    within = _matching(call, asked) if asked.q or asked.fq else None
    at = store.newest_change(call.session)[0]
    found = linked.extent(call.session, Selection(at=at, page=asked.page, limit=PAGE, since=asked.since, within=within))
    return [_described(shown) for shown in store.views(call.session, list(found.ids))] if found else []


@contextmanager
def _whole() -> Iterator[None]:
    """Say in CKAN's words that stored forms are missing for the moment: half a catalogue would look whole."""
    try:
        yield
    except IncompleteError as error:
        raise ActionError(500, "Internal Server Error", {"message": error.message.en}) from error


def _format(call: Call) -> str:
    wanted = call.text("format", "xml").lower()
    if wanted not in FORMATS:
        raise invalid(format=f"Must be one of: {', '.join(FORMATS)}")
    return FORMATS[wanted]


def _asked(call: Call) -> _Asked:
    page = call.number("page", 1, 10**6)
    if page < 1:
        raise invalid(page="Must be 1 or more")
    q = call.text("q")
    return _Asked(page, _since(call), "" if q in ("*:*", "*") else q, tuple(call.listed("fq")))


def _since(call: Call) -> str:
    """Read `modified_since`: a date or an instant, in UTC where it names no zone."""
    value = call.text("modified_since").strip()
    if not value:
        return ""
    kind = dates.datatype(value)
    if kind not in ("xsd:date", "xsd:dateTime"):
        raise invalid(modified_since="Must be an ISO 8601 date or date and time")
    value = f"{value[:10]}T00:00:00Z" if kind == "xsd:date" else value
    try:
        instant = store.instant(value if _ZONE.search(value) else f"{value}Z").astimezone(datetime.UTC)
    except (OverflowError, ValueError):
        raise invalid(modified_since="Must be an ISO 8601 date or date and time") from None
    return dates.stamp(instant)


def _matching(call: Call, asked: _Asked) -> tuple[str, ...]:
    with datasets.understood():
        hits = chosen.matching(call.instance, asked.q, asked.fq)
    if hits.count > len(hits.ids):
        # Who would get a part of them would take the others for gone.
        raise invalid(q=f"Finds more than {search.MAX_WINDOW} datasets; narrow it, or read the whole catalogue")
    return hits.ids


def _joined(filters: tuple[str, ...]) -> str:
    """Write several filters as one, for an address."""
    return filters[0] if len(filters) == 1 else " AND ".join(f"({one})" for one in filters)


def _described(shown: PublicDataset) -> dict[str, Any]:
    dataset = shown.dataset
    return {
        "identifier": dataset.uri,
        "title": best(dataset.title),
        "description": best(dataset.description),
        "landingPage": next(iter(dataset.landing_page), None),
        "keyword": [keyword.value for keyword in dataset.keyword],
        "theme": list(dataset.theme),
        "issued": dataset.issued or None,
        "modified": dataset.modified or shown.modified_at,
        "language": list(dataset.language),
        "publisher": {"name": best(dataset.publisher.name)} if dataset.publisher else {},
        "distribution": [_file(one) for one in dataset.distribution],
    }


def _file(distribution: Distribution) -> dict[str, Any]:
    return {
        "title": best(distribution.title),
        "description": best(distribution.description),
        "accessURL": next(iter(distribution.access_url), None),
        "downloadURL": next(iter(distribution.download_url), None),
        "format": distribution.format or None,
        "license": distribution.license or None,
        "byteSize": distribution.byte_size or None,
    }


_FORMAT = Argument("format", "string", Message("xml, ttl, jsonld, n3, nt", "xml, ttl, jsonld, n3, nt"))
_PAGES = (
    Argument("page", "integer", Message("Seite, ab 1, zu 100 Datensätzen", "page, from 1, of 100 datasets")),
    Argument("modified_since", "string", Message("nur seither geänderte", "only those changed since")),
    Argument("q", "string", Message("Suche wie in package_search", "search as in package_search")),
    Argument("fq", "array", Message("Filter wie in package_search", "filters as in package_search")),
)

ACTIONS: Mapping[str, Action] = {
    "dcat_dataset_show": Action(
        dcat_dataset_show,
        Message("Einen Datensatz als DCAT-AP.de zeigen.", "Show a dataset as DCAT-AP.de."),
        (Argument("id", "string", Message("Kennung oder Kurzname", "id or name"), required=True), _FORMAT),
        example={"id": "baumkataster-darmstadt", "format": "ttl"},
    ),
    "dcat_catalog_show": Action(
        dcat_catalog_show,
        Message("Eine Seite des Katalogs als DCAT-AP.de zeigen.", "Show a page of the catalogue as DCAT-AP.de."),
        (_FORMAT, *_PAGES),
        example={"format": "ttl", "q": "baum"},
    ),
    "dcat_catalog_search": Action(
        dcat_catalog_search,
        Message("Eine Seite des Katalogs als Pakete von CKAN.", "A page of the catalogue as CKAN's packages."),
        _PAGES,
        example={"q": "baum"},
    ),
    "dcat_datasets_list": Action(
        dcat_datasets_list,
        Message("Eine Seite des Katalogs als einfache Objekte.", "A page of the catalogue as plain objects."),
        _PAGES,
        example={"q": "baum"},
    ),
}
