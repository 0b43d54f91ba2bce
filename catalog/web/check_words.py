"""A check in the words of its page: rows around errors with their notes, and what a repair changes."""

from dataclasses import dataclass

from catalog.report_view import ShownFinding, shown
from catalog.visits import Excerpt, Shown
from catalog.web.language import lang
from catalog.web.wording import SEVERITIES, Mark
from dcat.message import Message
from validators.changes import Change, ChangeLog
from validators.report import column_letter

OUTPUTS = (
    ("page", Message("diese Seite", "this page")),
    ("repaired", Message("reparierte Kopie der Datei (CSV)", "repaired copy of the file (CSV)")),
    ("pdf", Message("Prüfbericht als PDF", "report as PDF")),
    ("html", Message("Prüfbericht als HTML", "report as HTML")),
    ("csv", Message("Befunde als CSV", "findings as CSV")),
    ("json", Message("Prüfbericht als JSON", "report as JSON")),
    ("sarif", Message("Prüfbericht als SARIF", "report as SARIF")),
    ("junit.xml", Message("Prüfbericht als JUnit XML", "report as JUnit XML")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is said of marked cells: its number below the table, its weight, the finding in words."""

    number: int
    mark: Mark
    finding: ShownFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCell:
    """A cell, with its note if it is faulty."""

    text: str
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of an excerpt; a note of its own says what is wrong with the whole row."""

    number: int
    line: int
    cells: tuple[ShownCell, ...]
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """An excerpt as a table with notes below."""

    first: int
    last: int
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Changes of one rule in one column: how many, and the most frequent ones."""

    rule: str
    column: str
    count: int
    examples: tuple[Change, ...]


def excerpts(found: Shown) -> tuple[Grid, ...]:
    """Put the rows around errors into tables."""
    return tuple(_grid(excerpt, found) for excerpt in found.excerpts)


def changes(log: ChangeLog) -> tuple[Kind, ...]:
    """List what was changed by rule and column, the most frequent first."""
    return tuple(
        Kind(rule=total.words.in_(lang()), column=total.column, count=total.count, examples=examples)
        for total, examples in log.kinds()
    )


def _grid(excerpt: Excerpt, found: Shown) -> Grid:
    numbers = dict.fromkeys(remark.finding for remark in excerpt.remarks)
    notes = {
        finding: Note(
            number=number,
            mark=SEVERITIES[found.report.findings[finding].severity],
            finding=shown(found.report.findings[finding], lang()),
        )
        for number, finding in enumerate(numbers, start=1)
    }
    marked = {(remark.row, remark.column): notes[remark.finding] for remark in excerpt.remarks}
    lines = tuple(
        Line(
            number=row.number,
            line=row.line,
            cells=tuple(
                ShownCell(text=text, note=marked.get((row.number, column)))
                for column, text in zip(excerpt.columns, row.cells, strict=True)
            ),
            note=marked.get((row.number, -1)),
        )
        for row in excerpt.rows
    )
    return Grid(
        first=excerpt.rows[0].number,
        last=excerpt.rows[-1].number,
        header=tuple(
            f"{column_letter(column + 1)} {name}" for column, name in zip(excerpt.columns, excerpt.header, strict=True)
        ),
        lines=lines,
        notes=tuple(notes.values()),
    )
