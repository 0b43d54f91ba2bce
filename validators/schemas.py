"""The shared Rhein-Main table schemas, and schemas that users bring along."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dcat.errors import ConfigError, NotFoundError, UnreadableError
from dcat.message import Message
from validators.schema_document import normalised

IDS = ("baumkataster", "messstelle", "oeffentlicher_ort", "pegel_messwert")
MAX_BYTES = 1_000_000
_FOLDER = Path(__file__).parent / "schemas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column: how it is called, what may stand in it, and what it means."""

    name: str
    type: str
    format: str = "default"
    title: Message
    description: Message
    required: bool = False
    unique: bool = False
    pattern: str = ""
    enum: tuple[str, ...] = ()
    minimum: str = ""
    maximum: str = ""
    min_length: int | None = None
    max_length: int | None = None
    true_values: tuple[str, ...] = ()
    false_values: tuple[str, ...] = ()
    decimal_char: str = "."
    group_char: str = ""
    unit: str = ""
    example: str = ""
    aligned_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns whose values must occur in the columns of another schema; an empty `schema` means the same table."""

    fields: tuple[str, ...]
    schema: str
    reference: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """What a table of one subject looks like in every city; `document` is its Table Schema as JSON text.

    `sample` is the URI of the same subject in the Musterdatenkatalog, where it has one.
    """

    id: str
    title: Message
    description: Message
    version: str
    sample: str
    hvd_category: str
    hvd_note: Message
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    document: str

    def descriptor(self) -> dict[str, Any]:
        """Give a fresh Table Schema dictionary for frictionless or for publishing."""
        result: dict[str, Any] = json.loads(self.document)
        return result

    def field(self, name: str) -> Field | None:
        """Find a column by its exact name."""
        return next((field for field in self.fields if field.name == name), None)


@cache
def load(schema_id: str) -> TableSchema:
    """Load one of the shared schemas by its id."""
    if schema_id not in IDS:
        raise NotFoundError(
            Message(
                f"Das Schema „{schema_id}“ gibt es nicht. Bekannt sind: {', '.join(IDS)}.",
                f"There is no schema “{schema_id}”. Known are: {', '.join(IDS)}.",
            )
        )
    return read((_FOLDER / f"{schema_id}.json").read_bytes())


def all_schemas() -> tuple[TableSchema, ...]:
    """Load all shared schemas in alphabetical order."""
    return tuple(load(schema_id) for schema_id in IDS)


def read(data: bytes) -> TableSchema:
    """Read a Table Schema file; what frictionless would misread is put right or refused with a sentence."""
    if len(data) > MAX_BYTES:
        raise UnreadableError(
            Message("Die Schema-Datei ist größer als 1 MB.", "The schema file is larger than 1 MB."),
        )
    try:
        loaded = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            Message(
                f"Die Schema-Datei ist kein gültiges JSON in UTF-8: {error}",
                f"The schema file is not valid JSON in UTF-8: {error}",
            )
        ) from error
    return _schema(normalised(loaded))


def _schema(document: dict[str, Any]) -> TableSchema:
    fields = tuple(_field(entry) for entry in document["fields"])
    names = {field.name for field in fields}
    keys = tuple(_foreign_key(entry) for entry in document["foreignKeys"])
    for missing in {name for key in keys for name in key.fields} | set(document["primaryKey"]):
        if missing not in names:
            raise ConfigError(
                Message(
                    f"Ein Schlüssel nennt die Spalte „{missing}“, die es im Schema nicht gibt.",
                    f"A key names the column “{missing}”, which the schema does not have.",
                )
            )
    return TableSchema(
        id=document["name"],
        title=_both(document, "title", document["name"]),
        description=_both(document, "description"),
        version=str(document.get("version", "")),
        sample=str(document.get("sample_dataset", "")),
        hvd_category=str(document.get("hvd_category", "")),
        hvd_note=_both(document, "hvd_note"),
        fields=fields,
        primary_key=tuple(document["primaryKey"]),
        foreign_keys=keys,
        document=json.dumps(document, ensure_ascii=False),
    )


def _field(entry: dict[str, Any]) -> Field:
    constraints = entry.get("constraints", {})
    return Field(
        name=entry["name"],
        type=entry["type"],
        format=entry["format"],
        title=_both(entry, "title", entry["name"]),
        description=_both(entry, "description"),
        required=bool(constraints.get("required", False)),
        unique=bool(constraints.get("unique", False)),
        pattern=constraints.get("pattern", ""),
        enum=tuple(str(value) for value in constraints.get("enum", ())),
        minimum=str(constraints.get("minimum", constraints.get("exclusiveMinimum", ""))),
        maximum=str(constraints.get("maximum", constraints.get("exclusiveMaximum", ""))),
        min_length=constraints.get("minLength"),
        max_length=constraints.get("maxLength"),
        true_values=tuple(entry.get("trueValues", ("true", "True", "TRUE", "1"))),
        false_values=tuple(entry.get("falseValues", ("false", "False", "FALSE", "0"))),
        decimal_char=entry.get("decimalChar", "."),
        group_char=entry.get("groupChar", ""),
        unit=str(entry.get("unit", "")),
        example=str(entry.get("example", "")),
        aligned_with=str(entry.get("aligned_with", "")),
    )


def _foreign_key(entry: dict[str, Any]) -> ForeignKey:
    return ForeignKey(
        fields=tuple(entry["fields"]),
        schema=entry["reference"]["resource"],
        reference=tuple(entry["reference"]["fields"]),
    )


def _both(entry: dict[str, Any], key: str, default: str = "") -> Message:
    german = str(entry.get(key) or default)
    return Message(german, str(entry.get(f"{key}_en") or german))
