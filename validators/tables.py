"""Checks a table file: the sniffer decides how to read it, frictionless judges, our sentences explain. The only importer of frictionless."""

import csv
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, Any

from frictionless import Checklist, Dialect, FrictionlessException, Plugin, Schema, errors, formats, system
from frictionless.formats.csv import CsvParser
from frictionless.resources import TableResource
from frictionless.schemes.local import LocalLoader

from dcat.errors import ConfigError
from dcat.message import Message
from validators.columns import Columns, column_findings, match
from validators.error_findings import error_findings
from validators.prechecks import precheck
from validators.report import Finding, Report, Severity, TableProfile, by_weight
from validators.schemas import TableSchema
from validators.sniff import MAX_BYTES, MAX_CELL, MAX_COLUMNS, records, sniff

CUT = 200
LIMIT_SECONDS = 900.0
# What frictionless 5.21 was seen to let through on strange tables and schemas, besides its own exception.
_HOSTILE = (
    FrictionlessException,
    csv.Error,
    UnicodeError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
)
_FIELD_KEYS = (
    "name",
    "type",
    "format",
    "constraints",
    "missingValues",
    "trueValues",
    "falseValues",
    "decimalChar",
    "groupChar",
    "bareNumber",
    "delimiter",
    "itemType",
)


class _Table(TableResource):  # type: ignore[misc]
    """A table read from exactly one local file, with exactly the dialect that was found, until a deadline."""

    file = Path()
    deadline = 0.0
    stopped = False


class _Loader(LocalLoader):  # type: ignore[misc]
    """Opens our file whatever it is called: to frictionless a name can mean an address, an archive or another folder."""

    def read_byte_stream_create(self) -> IO[bytes]:
        return self.resource.file.open("rb")  # type: ignore[no-any-return]

    def read_byte_stream_decompress(self, byte_stream: Any) -> Any:
        return byte_stream


class _Parser(CsvParser):  # type: ignore[misc]
    """frictionless' own parser asks csv.Sniffer even if nothing is left to guess; that takes minutes on hostile quotes."""

    def read_cell_stream_create(self) -> Iterator[list[str]]:
        dialect = self.resource.dialect.get_control("csv").to_python()
        for number, cells in enumerate(csv.reader(self.loader.text_stream, dialect=dialect)):
            if number % 1000 == 0 and time.monotonic() > self.resource.deadline:
                self.resource.stopped = True
                return
            yield cells


class _TablePlugin(Plugin):  # type: ignore[misc]
    """Hands our loader and parser to our tables and leaves all others alone."""

    def create_loader(self, resource: Any) -> _Loader | None:
        return _Loader(resource) if isinstance(resource, _Table) else None

    def create_parser(self, resource: Any) -> _Parser | None:
        return _Parser(resource) if isinstance(resource, _Table) else None


@cache
def _register() -> None:
    system.register("offenbar", _TablePlugin())


def check_table(
    path: Path,
    schema: TableSchema | None,
    *,
    limit_errors: int = 1000,
    limit_seconds: float = LIMIT_SECONDS,
    max_bytes: int = MAX_BYTES,
    max_columns: int = MAX_COLUMNS,
    max_cell: int = MAX_CELL,
) -> Report:
    """Check a local CSV file against a schema, or its structure alone when there is none."""
    profile = sniff(path, max_bytes=max_bytes, max_columns=max_columns, max_cell=max_cell)
    findings = list(profile.findings)
    facts = replace(profile, findings=())
    deadline = time.monotonic() + limit_seconds
    if not profile.readable:
        raw, stopped = _refused(path, profile), False
    else:
        try:
            raw, stopped = _judge(path, profile, _plain(schema), limit_errors, deadline)
            explained, stopped_again = _explain(path, profile, schema, raw, limit_errors, deadline)
            findings += explained
            stopped |= stopped_again
        except _HOSTILE as error:
            raw, stopped = _crashed(path, error), False
            findings.append(_crash_finding(error))
    if stopped:
        findings.append(_limited(limit_errors, stopped=True))
    below = max(profile.records - profile.header_row, 0)
    if profile.readable and not below:
        findings.append(_EMPTY_TABLE)
    return Report(
        schema_id=schema.id if schema else "",
        schema_version=schema.version if schema else "",
        schema_title=schema.title if schema else Message("", ""),
        valid=raw["valid"],
        rows=below,
        fields=len(profile.header),
        bytes=profile.bytes,
        sha256=profile.sha256,
        findings=by_weight(findings),
        limited=stopped or _cut(raw),
        sniffed=facts,
        frictionless=raw,
    )


def first_rows(
    path: Path, sniffed: TableProfile, limit: int = 20
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Read the header and the first rows for a preview, cells cut to 200 characters."""
    if not sniffed.readable:
        return (), ()
    shown: list[tuple[str, ...]] = []
    for _, row in records(path, sniffed):
        if len(shown) >= limit:
            break
        shown.append(tuple(cell[:CUT] for cell in row))
    return tuple(label[:CUT] for label in sniffed.header), tuple(shown)


def check_with_rows(
    path: Path, schema: TableSchema | None
) -> tuple[Report, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Check a table and read its first rows: what a page about the file shows."""
    report = check_table(path, schema)
    return report, *first_rows(path, report.sniffed)


def _plain(schema: TableSchema | None) -> dict[str, Any]:
    """Only what is checked: no `$schema` (an address), no examples, no foreign keys, which need the other table."""
    if schema is None:
        return {}
    document = schema.descriptor()
    fields = [{key: field[key] for key in _FIELD_KEYS if key in field} for field in document["fields"]]
    return {"fields": fields, "missingValues": document["missingValues"], "primaryKey": document["primaryKey"]}


def _judge(
    path: Path, profile: TableProfile, descriptor: dict[str, Any], limit_errors: int, deadline: float
) -> tuple[dict[str, Any], bool]:
    """Run frictionless on the local file; gives its report and whether the deadline cut it short."""
    _register()
    resource = _resource(path, profile, descriptor or _untyped(profile))
    resource.deadline = deadline
    report = resource.validate(Checklist(), limit_errors=limit_errors)
    return report.to_dict(), resource.stopped


def _resource(path: Path, profile: TableProfile, descriptor: dict[str, Any]) -> _Table:
    dialect = Dialect(
        header_rows=[max(profile.header_row, 1)],
        controls=[formats.CsvControl(delimiter=profile.delimiter, quote_char=profile.quote)],
    )
    table = _Table(
        name="table",
        path=_place(path),
        basepath=str(path.parent),
        scheme="file",
        format="csv",
        compression="",
        encoding=profile.encoding,
        dialect=dialect,
        schema=_schema(descriptor),
    )
    table.file = path
    return table


def _place(path: Path) -> str:
    """The name shown in the report; frictionless refuses the ones it could read as something else."""
    return path.name if re.fullmatch(r"\w[\w. ()-]*", path.name) else "table.csv"


def _schema(descriptor: dict[str, Any]) -> Any:
    try:
        return Schema.from_descriptor(descriptor)
    except FrictionlessException as error:
        notes = "; ".join(reason.note for reason in error.reasons) or error.error.note
        raise ConfigError(
            Message(f"Das Schema ist nicht brauchbar: {notes}", f"The schema cannot be used: {notes}"),
        ) from error


def _untyped(profile: TableProfile) -> dict[str, Any]:
    """Without a schema every column is text; frictionless would otherwise guess types from the first rows."""
    seen: dict[str, None] = {}
    for position, label in enumerate(profile.header, start=1):
        name = label if label and label not in seen else f"field{position}"
        while name in seen:
            name += "_"
        seen[name] = None
    return {"fields": [{"name": name, "type": "any"} for name in seen], "missingValues": [""]}


def _explain(
    path: Path,
    profile: TableProfile,
    schema: TableSchema | None,
    raw: dict[str, Any],
    limit_errors: int,
    deadline: float,
) -> tuple[list[Finding], bool]:
    """Put the errors into sentences and add our own checks; also tells whether time ran out on the way."""
    if schema is None:
        found = [error for error in _errors(raw) if error["type"] != "incorrect-label"]
        return error_findings(found, None, Severity.WARNING), False
    severity = Severity.HVD if schema.hvd_category else Severity.BLOCKS
    matched = match(profile.header, schema)
    findings = column_findings(profile.header, matched, schema, severity)
    stopped = False
    if findings:
        # frictionless pairs columns by position; with other columns it would compare the wrong ones cell by cell.
        descriptor = _by_name(schema, matched)
        raw, stopped = _judge(path, profile, descriptor, limit_errors, deadline)
    below = _below_header(_errors(raw))
    findings += error_findings([e for e in below if not (stopped and e["type"] == "source-error")], schema, severity)
    if _cut(raw):
        findings.append(_limited(limit_errors, stopped=False))
    meant = list(matched.fields)
    for position, name in matched.similar:
        meant[position] = name
    return [*findings, *precheck(path, profile, schema, tuple(meant))], stopped


def _by_name(schema: TableSchema, matched: Columns) -> dict[str, Any]:
    """A schema in the order of the file: known columns by name, wherever they stand, all others as any text."""
    document = _plain(schema)
    by_name = {field["name"]: field for field in document["fields"]}
    taken = set(matched.fields)
    fields = []
    for position, name in enumerate(matched.fields):
        other = f"column{position + 1}"
        while other in taken:
            other += "_"
        fields.append(by_name[name] if name else {"name": other, "type": "any"})
    key = document["primaryKey"] if set(document["primaryKey"]) <= taken else []
    return {"fields": fields, "missingValues": document["missingValues"], "primaryKey": key}


def _errors(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [*raw["errors"], *(error for task in raw["tasks"] for error in task["errors"])]


def _cut(raw: dict[str, Any]) -> bool:
    return any("limit" in warning for task in raw["tasks"] for warning in task["warnings"])


def _below_header(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [error for error in found if "#label" not in error["tags"] and "#header" not in error["tags"]]


def _refused(path: Path, profile: TableProfile) -> dict[str, Any]:
    """The report of a file that is not given to frictionless at all, in frictionless' own form."""
    codes = [finding.code for finding in profile.findings if finding.severity is Severity.BLOCKS]
    note = ", ".join(codes)
    damaged = "undecodable" in codes
    return _synthetic(path, errors.EncodingError(note=note) if damaged else errors.SourceError(note=note))


def _crashed(path: Path, error: Exception) -> dict[str, Any]:
    return _synthetic(path, errors.SourceError(note=type(error).__name__))


def _synthetic(path: Path, error: Any) -> dict[str, Any]:
    content = error.to_dict()
    stats = {"errors": 1, "warnings": 0, "seconds": 0.0}
    return {
        "valid": False,
        "stats": {"tasks": 1, **stats},
        "warnings": [],
        "errors": [],
        "tasks": [
            {
                "name": "table",
                "type": "table",
                "valid": False,
                "place": _place(path),
                "labels": [],
                "stats": stats,
                "warnings": [],
                "errors": [content],
            }
        ],
    }


def _crash_finding(error: Exception) -> Finding:
    return Finding(
        severity=Severity.BLOCKS,
        code="check-failed",
        what=Message("Die Prüfung der Tabelle ist gescheitert.", "Checking the table failed."),
        why=Message(
            f"Die Tabelle oder das Schema ist so ungewöhnlich, dass der Prüfer aufgibt ({type(error).__name__}).",
            f"The table or the schema is so unusual that the checker gives up ({type(error).__name__}).",
        ),
        fix=Message(
            "Exportieren Sie die Tabelle neu als CSV in UTF-8 oder prüfen Sie das Schema.",
            "Export the table again as CSV in UTF-8, or check the schema.",
        ),
    )


def _limited(limit_errors: int, *, stopped: bool) -> Finding:
    reason = (
        Message("Die Prüfung wurde nach der erlaubten Zeit beendet.", "The check ended when its time was up.")
        if stopped
        else Message(
            f"Die Prüfung endete nach {limit_errors} Fehlern.", f"The check ended after {limit_errors} errors."
        )
    )
    return Finding(
        severity=Severity.WARNING if stopped else Severity.HINT,
        code="limited",
        what=reason,
        why=Message(
            "Weiter unten kann es mehr Fehler geben als gezählt.", "Further down there may be more errors than counted."
        ),
        fix=Message("Beheben Sie die gezeigten Fehler und prüfen Sie erneut.", "Put the errors right and check again."),
    )


_EMPTY_TABLE = Finding(
    severity=Severity.WARNING,
    code="empty-table",
    what=Message(
        "Unter den Spaltennamen steht keine einzige Zeile.", "There is not a single row below the column names."
    ),
    why=Message("Eine Tabelle ohne Daten nützt niemandem.", "A table without data is of no use."),
    fix=Message("Prüfen Sie den Export.", "Check the export."),
)
