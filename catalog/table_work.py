"""What the process that checks data files does (catalog/tables.py): it takes orders from standard input and answers each with a line.

Everything that reads hostile files or costs memory is loaded here, and by nobody who serves pages.
"""

import gc
import json
import os
import select
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import orjson

from catalog import confined, row_changes, table_orders, visit_work, visits
from catalog.file_history import RowChanges
from catalog.table_orders import Answer, Copies, Derived, Order
from dcat.errors import OffenbarError, UnreadableError
from dcat.message import Message
from validators import check as checks
from validators import intake, mapped, mapping, other_parts, privacy, schemas, typed_copy
from validators.check import References
from validators.intake import Intake
from validators.mapping import Mapping
from validators.report import Finding, Report, Severity
from validators.schemas import TableSchema

# Larger JSON is not read as a document.
MAX_DOCUMENT = 50 * table_orders.MB
# The largest file that both engines are compared on, in rows: the reference takes a second for them.
COMPARED_ROWS = 20_000
MAPPING_FAILED = Message(
    "Die Zuordnung zum gemeinsamen Schema ist an dieser Tabelle gescheitert. Nächster Schritt: offenbar schema check mit dieser Datei.",
    "The mapping to the shared schema failed on this table. Next step: offenbar schema check with this file.",
)
# Of every file that is written on the way.
_FILE_SIZE = 4000 * table_orders.MB


def check(order: Order) -> Answer:
    """Check one file, here and now. What the file itself is to blame for stands in the report."""
    schema = _schema(order)
    limits = intake.Limits(bytes=order.bytes)
    with intake.opened(order.path, schema, limits) as table:
        report = checks.check_opened(table, schema, references=order.references, limit_seconds=order.seconds)
        readable = report.sniffed.readable
        personal = _personal(table, report) if order.scan and readable else ()
        header, rows = checks.first_rows(table.path, report.sniffed)
        copies = _copies(table, report, schema, order) if order.target and readable else None
        derived = _derived(table, order, limits) if order.mapping and readable else None
        report = _with_missing_references(report, schema, order.references)
    document = False
    if order.scan:
        personal = (*personal, *other_parts.scan(order.path, report.sniffed.others, limits))
        document, more = _document(order.path, readable=readable)
        known = {finding.code for finding in personal}
        personal = (*personal, *(finding for finding in more if finding.code not in known))
    return Answer(
        report=report,
        personal=personal,
        header=header,
        rows=rows,
        copies=copies,
        derived=derived,
        changes=_changes(order, schema, copies),
        compared=_compared(order, schema, report),
        document=document,
    )


def main() -> None:
    """Check what comes on standard input, one order a line, until it ends or nothing comes for a while."""
    parent, memory, idle = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    # Whatever prints must not print into the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    base = Path(sys.argv[5])
    confined.confine(parent, memory=memory, file_size=_FILE_SIZE, remove=base)
    gc.freeze()
    with suppress(BrokenPipeError):
        while line := _next(sys.stdin.buffer, idle):
            answers.write(_answered(line) + b"\n")
            answers.flush()
            gc.collect()
    confined.await_end(parent, base)


def _next(orders: IO[bytes], idle: float) -> bytes:
    waiting, _, _ = select.select([orders], [], [], idle)
    return orders.readline() if waiting else b""


def _answered(line: bytes) -> bytes:
    try:
        content = orjson.loads(line)
        if "visit" in content:
            visit = visits.read_visit(content["visit"])
            confined.allow_seconds(visit.seconds)
            return visits.write_shown(visit_work.check(visit, check))
        order = table_orders.read_order(line)
        confined.allow_seconds(order.whole_seconds)
        return table_orders.write_answer(check(order))
    except MemoryError:
        return orjson.dumps({"failed": "memory"})
    except Exception as error:  # noqa: BLE001 - whatever a file breaks, the next one is checked
        return orjson.dumps({"failed": "memory" if "MemoryError" in type(error).__name__ else "broken"})


def _schema(order: Order) -> TableSchema | None:
    if order.schema:
        return schemas.read(order.schema.encode())
    return schemas.load(order.schema_id) if order.schema_id else None


def _copies(table: Intake, report: Report, schema: TableSchema | None, order: Order, name: str = "table") -> Copies:
    copies = table_orders.copies(order, name)
    about = {
        "offenbar.schema": schema.id if schema else "",
        "offenbar.schema_version": schema.version if schema else "",
        "offenbar.source_sha256": report.sha256,
        "offenbar.columns": json.dumps(_described(schema), ensure_ascii=False),
    }
    typed_copy.write(table.path, report.sniffed, schema, copies.parquet, copies.csv, about)
    return copies


def _described(schema: TableSchema | None) -> dict[str, dict[str, str]]:
    """Say of each column of a schema what it is called and measured in."""
    fields = schema.fields if schema else ()
    return {one.name: {"de": one.title.de, "en": one.title.en, "unit": one.unit} for one in fields}


def _personal(table: Intake, report: Report) -> tuple[Finding, ...]:
    found = privacy.scan(table.path, report.sniffed)
    return tuple(checks.with_lines(table.path, report.sniffed, found))


def _document(path: Path, *, readable: bool) -> tuple[bool, tuple[Finding, ...]]:
    """Look for personal data in all texts of a JSON file, also those that no table shows; tells whether it is JSON."""
    with path.open("rb") as file:
        start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")) or path.stat().st_size > MAX_DOCUMENT:
        return False, ()
    try:
        return not readable, privacy.scan_json(path.read_bytes())
    except UnreadableError:
        return False, ()


def _changes(order: Order, schema: TableSchema | None, copies: Copies | None) -> RowChanges | None:
    if order.before is None or schema is None or copies is None:
        return None
    return row_changes.compare(order.before, copies.csv, schema.primary_key)


def _compared(order: Order, schema: TableSchema | None, report: Report) -> str:
    if not order.compare or not report.sniffed.readable or report.rows > COMPARED_ROWS:
        return ""
    try:
        return checks.compare(order.path, schema, references=order.references) or "equal"
    except Exception as error:  # noqa: BLE001 - a comparison that fails is no verdict on the file
        return f"the comparison failed: {type(error).__name__}"


def _with_missing_references(report: Report, schema: TableSchema | None, references: References) -> Report:
    """Say of each foreign key that it was not checked, where there is no table it points to."""
    keys = schema.foreign_keys if schema and report.sniffed.readable else ()
    known = {finding.code for finding in report.findings}
    if "reference-missing" in known:
        return report
    missing = dict.fromkeys(key.schema for key in keys if key.schema and key.schema not in references)
    return replace(report, findings=(*report.findings, *map(_missing, missing)))


def _missing(schema_id: str) -> Finding:
    title = schemas.load(schema_id).title if schema_id in schemas.IDS else Message(schema_id, schema_id)
    return Finding(
        severity=Severity.HINT,
        code="reference-missing",
        what=Message(
            f"Nicht geprüft: Es gibt keine Tabelle „{title.de}“, in der die genannten Schlüssel stehen könnten.",
            f"Not checked: there is no table “{title.en}” that could hold the keys named here.",
        ),
        why=Message(
            "Ob ein Verweis ins Leere führt, zeigt erst die Tabelle, auf die er zeigt.",
            "Whether a reference leads nowhere shows only in the table it points to.",
        ),
        fix=Message(
            f"Veröffentlichen Sie auch die Tabelle „{title.de}“; dann werden die Verweise geprüft.",
            f"Publish the table “{title.en}” too; then the references are checked.",
        ),
    )


def _derived(table: Intake, order: Order, limits: intake.Limits) -> Derived:
    """Make the table that a mapping describes. Whatever goes wrong with that is said there, and leaves the original alone."""
    schema_id = ""
    try:
        rules = mapping.read(order.mapping.encode(), order.mapping_name)
        schema = schemas.load(rules.schema)
        schema_id = schema.id
        if not rules.sheet:
            return _mapped(table, rules, schema, order)
        with intake.opened(order.path, schema, limits, part=rules.sheet) as named:
            return _mapped(named, rules, schema, order)
    except OffenbarError as error:
        return Derived(schema_id=schema_id, failure=error.message)
    except Exception:  # noqa: BLE001 - a mapping that fails is no reason to withhold the original
        return Derived(schema_id=schema_id, failure=MAPPING_FAILED)


def _mapped(table: Intake, rules: Mapping, schema: TableSchema, order: Order) -> Derived:
    made = table_orders.mapped_file(order)
    log = mapped.derive(table.path, table.profile, schema, made, mapping=rules, repair=rules.repair)
    with intake.opened(made, schema) as result:
        report = checks.check_opened(result, schema, references=order.references, limit_seconds=order.seconds)
        report = _with_missing_references(report, schema, order.references)
        header, rows = checks.first_rows(result.path, report.sniffed)
        copies = _copies(result, report, schema, order, "derived") if report.conforms else None
    return Derived(
        schema_id=schema.id,
        report=report,
        header=header,
        rows=rows,
        file=made if copies else None,
        copies=copies,
        log=log.to_json(),
    )


if __name__ == "__main__":
    main()
