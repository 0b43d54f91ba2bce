"""What schema.org and Croissant say of a dataset beyond its DCAT description: its page here and its checked tables."""

from dataclasses import replace

from catalog.public import PublicDataset, PublicFile
from dcat.message import Message
from dcat.model import Distribution
from dcat.schema_org import Column, Page, Table
from validators import schemas
from validators.schemas import Field, TableSchema

_BOOLEANS = frozenset({"true", "True", "TRUE", "1", "false", "False", "FALSE", "0"})


def page(shown: PublicDataset, site_url: str) -> Page:
    """Describe a dataset's page."""
    reasons = [shown.withheld, *(file.reason for file in shown.files)]
    reason = next(filter(None, reasons), None) if not shown.dataset.distribution else None
    basis = f" ({reason.legal_basis})" if reason and reason.legal_basis else ""
    return Page(
        url=f"{site_url}/dataset/{shown.name}",
        name=shown.name,
        catalog=f"{site_url}/catalog",
        homepage=f"{site_url}/",
        published=shown.published_at,
        modified=shown.modified_at,
        tables=tuple(_table(file, site_url) for file in shown.files if file.served),
        kept_back=Message(f"{reason.text.de}{basis}", f"{reason.text.en}{basis}") if reason else None,
    )


def _table(file: PublicFile, site_url: str) -> Table:
    schema = schemas.load(file.schema_id) if file.schema_id in schemas.IDS else None
    # Only a table that follows its schema has the schema's types and key.
    follows = schema if file.valid else None
    plain = (file.report or {}).get("sniffed", {}).get("kind", "csv") == "csv"
    return Table(
        id=file.id,
        name=file.name,
        distribution=file.distribution if plain else _csv(file, site_url),
        sha256=file.copy if plain else file.csv,
        columns=tuple(_column(name, schema, typed=follows is not None) for name in file.header),
        key=follows.primary_key if follows else (),
    )


def _csv(file: PublicFile, site_url: str) -> Distribution:
    """Describe the CSV made of a table of another kind: only that one can be read column by column by its description."""
    url = f"{site_url}/api/data/{file.id}.csv"
    return replace(
        file.distribution,
        access_url=(url,),
        download_url=(url,),
        format="",
        media_type="https://www.iana.org/assignments/media-types/text/csv",
        byte_size=None,
        checksum=None,
    )


def _column(name: str, schema: TableSchema | None, *, typed: bool) -> Column:
    field = schema.field(name) if schema else None
    if field is None:
        return Column(name=name)
    return Column(
        name=name,
        type=_type(field) if typed else "string",
        title=field.title,
        description=field.description,
        unit=field.unit,
    )


def _type(field: Field) -> str:
    """Give a field's type where its values are written as every program reads them, else string."""
    usual = {
        "number": field.decimal_char == "." and not field.group_char,
        "integer": not field.group_char,
        "boolean": _BOOLEANS.issuperset((*field.true_values, *field.false_values)),
    }
    return field.type if usual.get(field.type, field.format == "default") else "string"
