"""Dataset -> Croissant 1.1, for the programs that load tables by their description (mlcommons.org/croissant/1.1)."""

import re
from collections.abc import Mapping
from typing import Any

from dcat import iri, schema_org
from dcat.model import Dataset
from dcat.namespaces import NAMESPACES
from dcat.schema_org import Column, Page, Table, scalar, without_gaps
from dcat.texts import best

URI = "http://mlcommons.org/croissant/1.1"
OLDER = "http://mlcommons.org/croissant/1.0"
MEDIA_TYPE = f'application/ld+json; profile="{URI}"'
_SAFE = re.compile(r"(?!column-)[A-Za-z0-9_][A-Za-z0-9_.-]*")
_OWN = "http://mlcommons.org/croissant/"
# The terms of appendix 1 of the specification; "@json" and "@vocab" say how a value is read.
_TERMS = (
    "annotation",
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "excludes",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isArray",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "readLines",
    "recordSet",
    "references",
    "regex",
    "sdVersion",
    "separator",
    "source",
    "subField",
    "transform",
    "unArchive",
    "value",
)
_TYPES = {
    "integer": "sc:Integer",
    "year": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "time": "sc:Time",
}


def write(dataset: Dataset, page: Page) -> dict[str, Any]:
    """Write the description of a dataset's checked tables; empty where it has none."""
    if not page.tables:
        return {}
    title = best(dataset.title) or page.name
    published = schema_org.date(dataset.issued) or schema_org.date(page.published)
    lang = next((text.lang for text in dataset.title if text.value == title and text.lang), "de")
    about = {
        "@type": "sc:Dataset",
        "@id": dataset.uri if iri.is_iri(dataset.uri) else "",
        "name": title,
        "description": schema_org.description(dataset),
        "conformsTo": URI,
        "url": page.url,
        "license": scalar(schema_org.licenses(dataset)),
        "creator": scalar(schema_org.creators(dataset)),
        "publisher": schema_org.organization(dataset.publisher),
        "keywords": schema_org.keywords(dataset),
        "inLanguage": scalar(schema_org.languages(dataset.language)),
        "datePublished": published,
        "dateModified": schema_org.date(dataset.modified) or schema_org.date(page.modified),
        "version": dataset.version,
        "citeAs": _citation(dataset, title, published, page),
        "distribution": [_file(table) for table in page.tables],
        "recordSet": [_record_set(table) for table in page.tables],
    }
    return {"@context": context(lang), **without_gaps(about)}


def context(lang: str) -> dict[str, Any]:
    """Give the context of the specification, for texts in a language."""
    # Appendix 1 writes http, the examples and the readers of Croissant know schema.org by https only.
    schema = schema_org.URI
    head = {"@language": lang, "@vocab": schema, "sc": schema, "cr": _OWN, "dct": NAMESPACES["dcterms"]}
    read: Mapping[str, Any] = {
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
    }
    return {**head, **read, **{term: f"cr:{term}" for term in _TERMS}}


def _citation(dataset: Dataset, title: str, published: str, page: Page) -> str:
    """Cite as the licences ask: the text the publisher wants to be named by, else publisher, year, title; and the address."""
    wanted = (best(distribution.license_attribution) for distribution in dataset.distribution)
    publisher = best(dataset.publisher.name) if dataset.publisher else ""
    named = next(filter(None, wanted), publisher)
    year = f" ({published[:4]})" if published else ""
    return f"{named}{year}: {title}. {page.url}" if named else f"{title}{year}. {page.url}"


def _file(table: Table) -> dict[str, Any]:
    size = table.distribution.byte_size
    return without_gaps(
        {
            "@type": "cr:FileObject",
            "@id": table.id,
            "name": table.name or table.id,
            "description": best(table.distribution.title),
            "contentUrl": schema_org.address(table.distribution),
            "encodingFormat": schema_org.media_type(table.distribution) or "text/csv",
            "contentSize": f"{size} B" if size is not None else "",
            "sha256": table.sha256,
        }
    )


def _record_set(table: Table) -> dict[str, Any]:
    ids = _field_ids(table)
    key = [{"@id": ids[name]} for name in table.key] if all(name in ids for name in table.key) else []
    return without_gaps(
        {
            "@type": "cr:RecordSet",
            "@id": f"{table.id}/rows",
            "name": best(table.distribution.title) or table.name or table.id,
            "key": scalar(key),
            "field": [_field(table, column, ids[name]) for name, column in _columns(table).items()],
        }
    )


def _field(table: Table, column: Column, field_id: str) -> dict[str, Any]:
    about = column.description or column.title
    return without_gaps(
        {
            "@type": "cr:Field",
            "@id": field_id,
            "name": column.name,
            "description": about.de if about else "",
            "dataType": _TYPES.get(column.type, "sc:Text"),
            "source": {"fileObject": {"@id": table.id}, "extract": {"column": column.name}},
        }
    )


def _columns(table: Table) -> dict[str, Column]:
    """Give the columns by name; of several with one name only the first can be named."""
    columns: dict[str, Column] = {}
    for column in table.columns:
        if column.name:
            columns.setdefault(column.name, column)
    return columns


def _field_ids(table: Table) -> dict[str, str]:
    """Name the fields by their columns; a column may be called anything, an identifier may not, and gets its number."""
    numbered = enumerate(_columns(table), 1)
    parts = {name: name if _SAFE.fullmatch(name) else f"column-{number}" for number, name in numbered}
    return {name: f"{table.id}/rows/{part}" for name, part in parts.items()}
