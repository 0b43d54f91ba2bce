"""The shared Rhein-Main table schemas, and schemas that users bring along."""

import csv
import io
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dcat.errors import NotFoundError, UnreadableError
from dcat.message import Message
from validators.report import Severity
from validators.schema_document import examined, normalised
from validators.schema_faults import Fault
from validators.schema_values import FALSE_VALUES, TRUE_VALUES

IDS = (
    "adresse",
    "baumkataster",
    "baustelle",
    "bebauungsplan",
    "bevoelkerung_stadtteil",
    "haltestelle",
    "haushalt",
    "ladepunkt",
    "luftqualitaet_messwert",
    "messstelle",
    "oeffentlicher_ort",
    "parken_belegung",
    "parken_statisch",
    "pegel_messwert",
    "verkehrszaehlung",
    "wetter_messwert",
)
MAX_BYTES = 1_000_000
_FOLDER = Path(__file__).parent / "schemas"
# Published versions that are no longer the present one, as ID@VERSION.json.
EARLIER = _FOLDER / "earlier"
# The keys of a column that say how its values are written, and all that frictionless heeds.
NOTATION = (
    "type",
    "format",
    "missingValues",
    "trueValues",
    "falseValues",
    "decimalChar",
    "groupChar",
    "bareNumber",
    "delimiter",
    "itemType",
)
_HEEDED = ("name", "constraints", *NOTATION)


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

    @property
    def mark(self) -> str:
        """The decimal mark of its values; only columns of numbers have one of their own."""
        return self.decimal_char if self.type == "number" else "."

    def truth(self, value: bool) -> str:
        """Write yes or no in its own words, or as true and false where it has none."""
        words = (self.true_values if value else self.false_values) if self.type == "boolean" else ()
        return words[0] if words else "true" if value else "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns whose values must occur in the columns of another schema; an empty `schema` means the same table."""

    fields: tuple[str, ...]
    schema: str
    reference: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version of a schema and what changed with it; `date` as YYYY-MM-DD."""

    version: str
    date: str
    text: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """What a table of one subject looks like in every city; `document` is its Table Schema as JSON text.

    `sample` is the URI of the same subject in the Musterdatenkatalog, where it has one. `hvd_duty` says how far Implementing
    Regulation (EU) 2023/138 demands such data: mandatory, conditional, likely, near (the category fits, nothing is demanded), none.
    """

    id: str
    title: Message
    description: Message
    purpose: Message
    provider: Message
    version: str
    releases: tuple[Release, ...]
    sample: str
    hvd_category: str
    hvd_duty: str
    hvd_note: Message
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    document: str

    @property
    def is_hvd(self) -> bool:
        """Whether the regulation on high-value datasets speaks of such tables, or their author says so; near its subjects is not enough."""
        return bool(self.hvd_category) and self.hvd_duty not in ("near", "none")

    def descriptor(self) -> dict[str, Any]:
        """Give a fresh Table Schema dictionary for frictionless or for publishing."""
        result: dict[str, Any] = json.loads(self.document)
        return result

    def rules(self) -> dict[str, Any]:
        """Give what cells are checked by: no words, no examples (frictionless would refuse some), no keys."""
        document = self.descriptor()
        fields = [{key: field[key] for key in _HEEDED if key in field} for field in document["fields"]]
        return {"fields": fields, "missingValues": document["missingValues"]}

    def lacking(self, names: Collection[str]) -> tuple[str, ...]:
        """Name the mandatory columns that are not among some names."""
        return tuple(field.name for field in self.fields if field.required and field.name not in names)

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


def find(name: str) -> TableSchema:
    """Load a shared schema by its id, in its present version or, as in baumkataster@1.0.0, in a published one."""
    schema_id, _, version = name.partition("@")
    schema = load(schema_id)
    if not version or version == schema.version:
        return schema
    known = [release.version for release in schema.releases]
    if version not in known:
        raise NotFoundError(
            Message(
                f"Das Schema „{schema_id}“ gibt es nicht in der Fassung {version:.20}. Es gibt: {', '.join(known)}.",
                f"The schema “{schema_id}” has no version {version:.20}. There are: {', '.join(known)}.",
            )
        )
    return read((EARLIER / f"{schema_id}@{version}.json").read_bytes())


@cache
def example(schema_id: str) -> bytes:
    """Give the example table of a shared schema: CSV in UTF-8 with a comma, conforming."""
    return (_FOLDER / "examples" / f"{load(schema_id).id}.csv").read_bytes()


def template(schema: TableSchema) -> bytes:
    """Give an empty table with the columns of a schema, in the form that a German Excel opens in columns."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerow(field.name for field in schema.fields)
    return text.getvalue().encode("utf-8")


def all_schemas() -> tuple[TableSchema, ...]:
    """Load all shared schemas in alphabetical order."""
    return tuple(load(schema_id) for schema_id in IDS)


def read(data: bytes) -> TableSchema:
    """Read a Table Schema file; what frictionless would misread is put right or refused with a sentence."""
    return _schema(normalised(_loaded(data)))


def lint(data: bytes) -> tuple[Fault, ...]:
    """List all that is wrong with a Table Schema file or could be better, in its order; empty when there is nothing to say."""
    try:
        return examined(_loaded(data))[1]
    except UnreadableError as error:
        return (Fault(severity=Severity.BLOCKS, code="no-json", message=error.message),)


def _loaded(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise UnreadableError(
            Message(
                "Die Schema-Datei ist größer als 1 MB. Lange Wertelisten gehören in eine eigene Tabelle mit Fremdschlüssel.",
                "The schema file is larger than 1 MB. Long lists of values belong into a table of their own with a foreign key.",
            ),
        )
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            Message(
                f"Die Schema-Datei ist kein gültiges JSON in UTF-8: {error}",
                f"The schema file is not valid JSON in UTF-8: {error}",
            )
        ) from error


def _schema(document: dict[str, Any]) -> TableSchema:
    return TableSchema(
        id=document["name"],
        title=_both(document, "title", document["name"]),
        description=_both(document, "description"),
        purpose=_both(document, "purpose"),
        provider=_both(document, "provider"),
        version=str(document.get("version", "")),
        releases=tuple(_release(entry) for entry in document.get("changelog", ()) if isinstance(entry, dict)),
        sample=str(document.get("sample_dataset", "")),
        hvd_category=str(document.get("hvd_category", "")),
        hvd_duty=str(document.get("hvd_duty", "")),
        hvd_note=_both(document, "hvd_note"),
        fields=tuple(_field(entry) for entry in document["fields"]),
        primary_key=tuple(document["primaryKey"]),
        foreign_keys=tuple(_foreign_key(entry) for entry in document["foreignKeys"]),
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
        true_values=tuple(entry.get("trueValues", TRUE_VALUES)),
        false_values=tuple(entry.get("falseValues", FALSE_VALUES)),
        decimal_char=entry.get("decimalChar") or ".",
        group_char=entry.get("groupChar", ""),
        unit=str(entry.get("unit", "")),
        example=str(entry.get("example", "")),
        aligned_with=str(entry.get("aligned_with", "")),
    )


def _release(entry: dict[str, Any]) -> Release:
    return Release(version=str(entry.get("version", "")), date=str(entry.get("date", "")), text=_both(entry, "text"))


def _foreign_key(entry: dict[str, Any]) -> ForeignKey:
    return ForeignKey(
        fields=tuple(entry["fields"]),
        schema=entry["reference"]["resource"],
        reference=tuple(entry["reference"]["fields"]),
    )


def _both(entry: dict[str, Any], key: str, default: str = "") -> Message:
    german = str(entry.get(key) or default)
    return Message(german, str(entry.get(f"{key}_en") or german))
