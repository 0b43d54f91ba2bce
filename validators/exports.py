"""The findings of a report as a table for spreadsheets and as JSON for programs."""

import csv
import io

import orjson

from dcat.message import Lang
from validators.finding_words import repair
from validators.report import Finding, Report, to_json

COLUMNS = (
    "schwere",
    "code",
    "spalte",
    "zelle",
    "anzahl",
    "zeilen",
    "was",
    "warum",
    "abhilfe",
    "beispiele",
    "textzeilen",
    "reparatur",
)
# Excel takes a file without this mark for Windows-1252.
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection), in both widths of these characters.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def json_text(report: Report) -> str:
    """Write the report as JSON: the one of frictionless with the findings."""
    return orjson.dumps(to_json(report), option=orjson.OPT_INDENT_2).decode()


def csv_text(report: Report, lang: Lang) -> str:
    """Write one line for each finding, separated by semicolons; no cell can be a formula. Put MARK before it in a file."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";")
    writer.writerow(COLUMNS)
    for finding in report.findings:
        writer.writerow([harmless(cell) for cell in _cells(finding, lang)])
    return target.getvalue()


def harmless(cell: str) -> str:
    """Make sure that no spreadsheet takes a cell for a formula: such a cell gets an apostrophe before it."""
    cell = cell.replace("\0", "")
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _cells(finding: Finding, lang: Lang) -> tuple[str, ...]:
    return (
        finding.severity.value,
        finding.code,
        finding.field,
        finding.address,
        str(finding.count),
        " ".join(map(str, finding.rows)),
        finding.what.in_(lang),
        finding.why.in_(lang),
        finding.fix.in_(lang),
        " | ".join(finding.examples),
        " ".join(map(str, finding.lines)),
        repair(finding).in_(lang),
    )
