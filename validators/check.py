"""Checks a table file: the sniffer decides how to read it, frictionless judges, our sentences explain."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dcat.message import Message
from validators import intake
from validators.columnar import Verdict
from validators.columns import Columns, column_findings, match
from validators.engine import below_header, cut, difference, errors, verdict
from validators.error_findings import error_findings
from validators.layout import Reference
from validators.looks import Overview, look_over
from validators.prechecks import prepare
from validators.repairs import offered
from validators.report import Finding, Report, Severity, TableProfile, by_weight
from validators.schemas import TableSchema
from validators.sniff import MAX_BYTES, MAX_CELL, MAX_COLUMNS, records, sniff
from validators.structure import lines_of
from validators.tables import HOSTILE, crashed, refused

CUT = 200
LIMIT_SECONDS = 900.0
# Tables that foreign keys point to, by the id of their schema, each a CSV in UTF-8 with its header in the first row.
References = Mapping[str, Path]


def check_table(
    path: Path,
    schema: TableSchema | None,
    *,
    references: References | None = None,
    limit_errors: int = 1000,
    limit_seconds: float = LIMIT_SECONDS,
    max_bytes: int = MAX_BYTES,
    max_columns: int = MAX_COLUMNS,
    max_cell: int = MAX_CELL,
) -> Report:
    """Check a local file against a schema, or its structure alone when there is none."""
    limits = intake.Limits(bytes=max_bytes, columns=max_columns, cell=max_cell)
    with intake.opened(path, schema, limits) as table:
        return check_opened(
            table, schema, references=references, limit_errors=limit_errors, limit_seconds=limit_seconds
        )


def check_opened(
    table: intake.Intake,
    schema: TableSchema | None,
    *,
    references: References | None = None,
    limit_errors: int = 1000,
    limit_seconds: float = LIMIT_SECONDS,
) -> Report:
    """Check an opened table."""
    path, profile = table.path, table.profile
    findings = list(profile.findings)
    facts = replace(profile, findings=(), cuts=())
    if not profile.readable:
        found = Verdict(raw=refused(path, profile))
    else:
        deadline = time.monotonic() + limit_seconds
        run = _Run(path, profile, schema, _references(schema, references or {}), limit_errors, deadline)
        try:
            found, explained = _judged(run)
            findings = offered([*findings, *explained], schema) if schema else [*findings, *explained]
        except HOSTILE as error:
            found = Verdict(raw=crashed(path, error))
            findings.append(_crash_finding(error))
    if found.stopped:
        findings.append(_limited(limit_errors, stopped=True))
    below = max(profile.records - profile.header_row, 0)
    if profile.readable and not below:
        findings.append(_EMPTY_TABLE)
    return Report(
        schema_id=schema.id if schema else "",
        schema_version=schema.version if schema else "",
        schema_title=schema.title if schema else Message("", ""),
        valid=found.raw["valid"],
        rows=below,
        fields=len(profile.header),
        bytes=profile.bytes,
        sha256=profile.sha256,
        findings=by_weight(with_lines(path, profile, findings)),
        limited=found.stopped or cut(found.raw),
        partial=found.stopped or (cut(found.raw) and _counted(found) <= _described(found)),
        counts=found.counts,
        faulty_rows=found.faulty_rows,
        sniffed=facts,
        frictionless=found.raw,
    )


def _counted(found: Verdict) -> int:
    return sum(count.number for count in found.counts)


def _described(found: Verdict) -> int:
    return sum("rowNumber" in error for task in found.raw["tasks"] for error in task["errors"])


def compare(path: Path, schema: TableSchema | None, *, references: References | None = None) -> str:
    """Check a file with frictionless alone and with the fast path, and say what differs; empty when nothing does."""
    with intake.opened(path, schema) as table:
        if not table.profile.readable:
            return ""
        others = _references(schema, references or {})
        deadline = time.monotonic() + LIMIT_SECONDS
        return difference(table.path, table.profile, _plain(schema, others), 1000, deadline, others)


def with_lines(path: Path, profile: TableProfile, findings: Iterable[Finding]) -> list[Finding]:
    """Add to findings about rows of a text file the physical lines on which these begin."""
    findings = list(findings)
    if profile.kind.split("+")[-1] != "csv" or not profile.readable:
        return findings
    lines = lines_of(path, profile, {row for finding in findings for row in finding.rows})
    return [
        replace(finding, lines=tuple(lines[row] for row in finding.rows if row in lines))
        if finding.rows and not finding.lines
        else finding
        for finding in findings
    ]


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


@dataclass(frozen=True, slots=True)
class _Run:
    """What one check works on, and how far it may go."""

    path: Path
    profile: TableProfile
    schema: TableSchema | None
    references: Mapping[str, Reference]
    limit: int
    deadline: float

    def verdict(self, descriptor: dict[str, Any], overview: Overview | None = None) -> Verdict:
        also = overview.take if overview else None
        return verdict(self.path, self.profile, descriptor, self.limit, self.deadline, self.references, also)


def _plain(schema: TableSchema | None, references: Mapping[str, Reference]) -> dict[str, Any]:
    """Only what is checked: no foreign keys into tables that are not at hand."""
    if schema is None:
        return {}
    keys = [
        {"fields": list(key.fields), "reference": {"resource": name, "fields": list(key.reference)}}
        for key in schema.foreign_keys
        if (name := "" if key.schema == schema.id else key.schema) in references or not name
    ]
    return {**schema.rules(), "primaryKey": list(schema.primary_key), "foreignKeys": keys}


def _references(schema: TableSchema | None, references: References) -> dict[str, Reference]:
    """The tables that foreign keys point to, each column of a key read as the column that points to it."""
    found: dict[str, Reference] = {}
    if schema is None:
        return found
    document = schema.rules()
    by_name = {field["name"]: field for field in document["fields"]}
    for other in {key.schema for key in schema.foreign_keys if key.schema and key.schema != schema.id}:
        if other not in references or not (profile := sniff(references[other])).readable:
            continue
        kinds = {
            theirs: {key: value for key, value in by_name[ours].items() if key != "constraints"}
            for key in schema.foreign_keys
            if key.schema == other
            for ours, theirs in zip(key.fields, key.reference, strict=True)
        }
        if not kinds.keys() <= set(profile.header):
            continue
        fields: dict[str, dict[str, Any]] = {}
        for position, label in enumerate(profile.header, start=1):
            name = label if label and label not in fields else f"column {position}"
            fields[name] = {"type": "any"} | kinds.get(name, {}) | {"name": name}
        descriptor = {"fields": list(fields.values()), "missingValues": document["missingValues"]}
        found[other] = Reference(path=references[other], profile=profile, descriptor=descriptor)
    return found


def _judged(run: _Run) -> tuple[Verdict, list[Finding]]:
    """Judge a table, put the errors into sentences and add our own checks."""
    if (schema := run.schema) is None:
        found = run.verdict({})
        described = [error for error in errors(found.raw) if error["type"] != "incorrect-label"]
        return found, error_findings(described, None, Severity.WARNING, found.counts)
    severity = Severity.HVD if schema.is_hvd else Severity.BLOCKS
    matched = match(run.profile.header, schema)
    findings = column_findings(run.profile.header, matched, schema, severity)
    meant = list(matched.fields)
    for position, name in matched.similar:
        meant[position] = name
    prepared = prepare(schema, tuple(meant))
    overview = Overview(prepared.looks)
    found = run.verdict(_plain(schema, run.references), None if findings else overview)
    raw = found.raw
    if findings:
        # frictionless pairs columns by position; with other columns it would compare the wrong ones cell by cell.
        found = run.verdict(_by_name(schema, matched, run.references), overview)
    below = below_header(errors(found.raw))
    findings += error_findings(below, schema, severity, found.counts)
    if cut(found.raw):
        findings.append(_limited(run.limit, stopped=False))
    # A table that was not read in blocks is looked at by itself.
    tallies = overview.tallies if found.seen else look_over(run.path, run.profile, prepared.looks)
    findings += prepared.findings(tallies)
    return replace(found, raw=raw), findings


def _by_name(schema: TableSchema, matched: Columns, references: Mapping[str, Reference]) -> dict[str, Any]:
    """A schema in the order of the file: known columns by name, wherever they stand, all others as any text."""
    document = _plain(schema, references)
    by_name = {field["name"]: field for field in document["fields"]}
    taken = set(matched.fields)
    fields = []
    for position, name in enumerate(matched.fields):
        other = f"column{position + 1}"
        while other in taken:
            other += "_"
        fields.append(by_name[name] if name else {"name": other, "type": "any"})
    key = document["primaryKey"] if set(document["primaryKey"]) <= taken else []
    foreign = [
        entry
        for entry in document["foreignKeys"]
        if set(entry["fields"]) <= taken
        and (entry["reference"]["resource"] or set(entry["reference"]["fields"]) <= taken)
    ]
    return {
        "fields": fields,
        "missingValues": document["missingValues"],
        "primaryKey": key,
        "foreignKeys": foreign,
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
            f"Einzeln aufgeführt sind die ersten {limit_errors} Fehler.",
            f"The first {limit_errors} errors are listed one by one.",
        )
    )
    rest = (
        Message(
            "Weiter unten kann es mehr Fehler geben als gezählt.", "Further down there may be more errors than counted."
        )
        if stopped
        else Message("Die übrigen sind nur gezählt.", "The others are only counted.")
    )
    return Finding(
        severity=Severity.WARNING if stopped else Severity.HINT,
        code="limited",
        what=reason,
        why=rest,
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
