"""Turns frictionless' errors into few sentences: one finding per kind of error, column and broken rule."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from validators.error_words import reason, words
from validators.report import MAX_EXAMPLES, MAX_ROWS, Count, Finding, Severity, column_letter
from validators.schemas import TableSchema

_NOTE = re.compile(r'(?:array item )?constraint "(\w+)" is ')


def grouped(errors: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], list[Mapping[str, Any]]]:
    """Group row and cell errors by type, field and broken constraint, in order of appearance."""
    blank = {error["rowNumber"] for error in errors if error["type"] == "blank-row"}
    short = {(error["rowNumber"], error["fieldName"]) for error in errors if error["type"] == "missing-cell"}
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for error in errors:
        kind = error["type"]
        rule = ""
        if kind == "constraint-error" and (note := _NOTE.match(error["note"])):
            rule = note[1]
            # A cell that is not there cannot also be called empty.
            if rule == "required" and (error["rowNumber"], error["fieldName"]) in short:
                continue
        elif kind == "primary-key":
            # A blank row has no key either; saying so twice helps nobody.
            if error["rowNumber"] in blank:
                continue
            rule = "empty" if "None" in error["note"] else "double"
        elif kind == "foreign-key":
            rule = error["referenceName"]
        name = error.get("fieldName", "") if kind != "extra-cell" else ""
        name = _one_of(error["fieldNames"]) if kind == "foreign-key" else name
        name = "" if kind == "missing-cell" else name
        groups.setdefault((kind, name, rule), []).append(error)
    return groups


def error_findings(
    errors: Sequence[Mapping[str, Any]],
    schema: TableSchema | None,
    severity: Severity,
    counts: Sequence[Count] = (),
) -> list[Finding]:
    """Give one finding for each group of errors below the header; `counts` has all of them where the list was cut."""
    found: list[Finding] = []
    totals = {(count.type, count.field, count.rule): count.number for count in counts}
    for (kind, name, rule), group in grouped(errors).items():
        if kind == "primary-key" and rule == "empty" and schema and _key_required(schema):
            continue
        field = schema.field(name) if schema else None
        numbers = sorted({error["rowNumber"] for error in group if "rowNumber" in error})
        letter = column_letter(group[0].get("fieldNumber", 0)) if name else ""
        # Of a row with cells missing or too many, the row counts.
        described = len(numbers) if kind in ("missing-cell", "extra-cell") else len(group)
        number = max(described, totals.get((kind, name, rule), 0))
        # Where each error is a row of its own, there are as many rows as errors.
        lines = number if len(numbers) == described else len(numbers)
        what, fix = words(kind, name, rule, letter, number, lines, field, schema)
        values = dict.fromkeys(text for error in group if rule != "required" and (text := _text(error)))
        found.append(
            Finding(
                severity=severity,
                code=kind,
                what=what,
                why=reason(kind, schema),
                fix=fix,
                count=number,
                rows=tuple(numbers[:MAX_ROWS]),
                field=name,
                column=letter,
                address=f"{letter or 'A'}{group[0]['rowNumber']}" if numbers else "",
                examples=tuple(values)[:MAX_EXAMPLES],
            )
        )
    return found


def _text(error: Mapping[str, Any]) -> str:
    """The faulty value, or the values of a foreign key that the other table lacks."""
    return str(error.get("cell") or " | ".join(error.get("fieldCells", ())))[:200]


def _one_of(names: Sequence[str]) -> str:
    """The column of a foreign key, if it has only one."""
    return names[0] if len(names) == 1 else ""


def _key_required(schema: TableSchema) -> bool:
    return all((field := schema.field(name)) and field.required for name in schema.primary_key)
