"""What a check found, in words for people and as JSON: findings, facts about the file, the report."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dcat.message import Message
from validators.wording import capital, columns, rows, times

MAX_ROWS = 10
MAX_EXAMPLES = 5
# Findings whose advice quotes the header row of the file, which may be a row of data when the header is missing.
QUOTES_LABELS = frozenset({"extra-label", "incorrect-label", "duplicate-label"})
_NONE = Message("", "")
_WHOLE_FILE = frozenset({"column-order", *QUOTES_LABELS})
# How the sentence about a whole report puts its weightiest finding; other findings speak with their own first sentence.
_CLAUSES = {
    "decimal-comma": Message("in {field} steht {times} ein Dezimalkomma", "{field} has a decimal comma {times}"),
    "german-date": Message("in {field} steht {times} ein deutsches Datum", "{field} has a date in German form {times}"),
    "yes-no": Message("in {field} ist ja oder nein {times} falsch geschrieben", "{field} misspells yes or no {times}"),
    "datetime-without-zone": Message("in {field} fehlt {times} die Zeitzone", "{field} lacks the time zone {times}"),
    "looks-empty": Message("in {field} stehen {times} nur Leerzeichen", "{field} holds blanks only {times}"),
    "swapped-coordinates": Message(
        "Länge und Breite sind {times} vertauscht", "longitude and latitude are swapped {times}"
    ),
}


class Severity(StrEnum):
    """How much a finding weighs, heaviest first."""

    BLOCKS = "blocks"
    HVD = "hvd"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of problem: what is wrong, why it matters, how to put it right, and where.

    `rows` are record numbers, as Excel counts them (the first record of the file is 1), `lines` the physical lines where an editor
    shows them; `address` is Excel's, such as H1290. `repair` names the rule of validators/repairs.py that can put it right.
    `confidence` (certain, probable, look) and `share` of the filled cells are those of a guess about a column, such as personal data.
    """

    severity: Severity
    code: str
    what: Message
    why: Message
    fix: Message
    count: int = 1
    rows: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    field: str = ""
    column: str = ""
    address: str = ""
    examples: tuple[str, ...] = ()
    repair: str = ""
    confidence: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many errors of one type a table has in one field; `rule` is the broken constraint. Errors beyond the limit count too."""

    type: str
    field: str = ""
    rule: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where some whole records of a text file lie, in bytes: the number of the first, how many, and what is known of their text.

    `regular` means that only LF or CRLF end lines, that quotes stand around whole cells alone and no cell holds NUL: all readers
    agree on such text. `broken` are the line breaks inside cells, `lines` all of them.
    """

    first: int
    records: int
    offset: int
    length: int
    regular: bool
    broken: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """Facts about a file, found before reading it as a table. `decided` says how the encoding was found; rows count from 1.

    `lines` are the physical ones, more than `records` where cells have line breaks; 0 where nobody counted.

    `kind` is what the file is; what is not CSV was read as one, from the part (sheet, member of an archive, layer) named `part`;
    `others` are the parts that were not read, though whoever gets the file gets them too.
    """

    encoding: str = ""
    decided: str = ""
    delimiter: str = ""
    quote: str = '"'
    header_row: int = 0
    header: tuple[str, ...] = ()
    records: int = 0
    lines: int = 0
    bytes: int = 0
    sha256: str = ""
    kind: str = "csv"
    part: str = ""
    others: tuple[str, ...] = ()
    readable: bool = True
    findings: tuple[Finding, ...] = ()
    cuts: tuple[Cut, ...] = dataclasses.field(default=(), compare=False, repr=False)
    """how the file was cut while it was walked through; not a part of reports"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of checking one table.

    `valid` is frictionless' verdict; `limited` means that not every error is described, `partial` that not every one is counted either.
    `counts` has all errors below the header that are counted. `faulty_rows` counts the rows with an error; None where nobody counted, then `faulty` looks into frictionless' list.
    """

    schema_id: str = ""
    schema_version: str = ""
    schema_title: Message = _NONE
    valid: bool
    rows: int = 0
    fields: int = 0
    bytes: int = 0
    sha256: str = ""
    findings: tuple[Finding, ...] = ()
    limited: bool = False
    partial: bool = False
    counts: tuple[Count, ...] = ()
    faulty_rows: int | None = dataclasses.field(default=None, compare=False)
    sniffed: TableProfile = TableProfile()
    frictionless: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def conforms(self) -> bool:
        """Tell whether the file is valid and nothing in it blocks publication or breaks HVD conformity."""
        return self.valid and not any(f.severity in (Severity.BLOCKS, Severity.HVD) for f in self.findings)


def by_weight(findings: tuple[Finding, ...] | list[Finding]) -> tuple[Finding, ...]:
    """Sort findings, heaviest first, otherwise in the order found."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def column_letter(number: int) -> str:
    """Name a column as a spreadsheet does: 1 is A, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def to_json(report: Report) -> dict[str, Any]:
    """Give the frictionless report with two keys added: `findings`, and `sniffed` with the facts about file and schema."""
    facts = dataclasses.asdict(report.sniffed)
    del facts["findings"], facts["cuts"]
    facts["schema"] = {
        "id": report.schema_id,
        "version": report.schema_version,
        "title": dataclasses.asdict(report.schema_title),
    }
    facts |= {"rows": report.rows, "fields": report.fields, "limited": report.limited}
    facts |= {"partial": report.partial, "faulty_rows": faulty(report)}
    facts["counts"] = [dataclasses.asdict(count) for count in report.counts]
    findings = [dataclasses.asdict(finding) for finding in report.findings]
    return {**report.frictionless, "valid": report.valid, "findings": findings, "sniffed": facts}


def from_json(document: Mapping[str, Any]) -> Report:
    """Read a report back that `to_json` wrote."""
    facts = dict(document["sniffed"])
    schema = facts.pop("schema")
    rows, fields, limited = facts.pop("rows"), facts.pop("fields"), facts.pop("limited")
    counts = tuple(Count(**count) for count in facts.pop("counts", ()))
    # Reports stored before these were counted lack them.
    faulty_rows, partial = facts.pop("faulty_rows", None), facts.pop("partial", limited)
    facts["header"] = tuple(facts["header"])
    facts["others"] = tuple(facts.get("others", ()))
    return Report(
        schema_id=schema["id"],
        schema_version=schema["version"],
        schema_title=Message(**schema["title"]),
        valid=document["valid"],
        rows=rows,
        fields=fields,
        bytes=facts["bytes"],
        sha256=facts["sha256"],
        findings=tuple(_finding(entry) for entry in document["findings"]),
        limited=limited,
        partial=partial,
        counts=counts,
        faulty_rows=faulty_rows,
        sniffed=TableProfile(**facts),
        frictionless={key: value for key, value in document.items() if key not in ("findings", "sniffed")},
    )


def faulty(report: Report) -> int | None:
    """Count the rows below the header with an error, as far as errors are described; None where that cannot be told."""
    if report.faulty_rows is not None:
        return report.faulty_rows
    errors = [error for task in report.frictionless.get("tasks", ()) for error in task["errors"]]
    # With other columns than the schema's, frictionless compares the wrong ones cell by cell.
    if not report.frictionless.get("tasks") or any(error["type"].endswith(("-label", "-header")) for error in errors):
        return None
    return _error_rows(report)


def _error_rows(report: Report) -> int:
    tasks = report.frictionless.get("tasks", ())
    return len({error["rowNumber"] for task in tasks for error in task["errors"] if "rowNumber" in error})


def without_cells(report: Report) -> Report:
    """Remove everything copied from the file, for pages about files that cannot be downloaded: cells, labels, notes with values."""
    return dataclasses.replace(
        report,
        findings=tuple(_bare(finding, report.schema_id) for finding in report.findings),
        # Without a schema the name of a column is whatever stands in the first row.
        counts=report.counts if report.schema_id else tuple(dataclasses.replace(c, field="") for c in report.counts),
        sniffed=dataclasses.replace(report.sniffed, header=(), part="", others=()),
        frictionless=_bare_frictionless(report.frictionless),
    )


def sentence(report: Report) -> Message:
    """Say in one sentence what a clerk needs to know about the report."""
    title = report.schema_title if report.schema_id else Message("Die Datei", "The file")
    if not title.de:
        # A schema that somebody brought along need not have a title.
        title = Message(report.schema_id, report.schema_id)
    heavy = [finding for finding in report.findings if finding.severity in (Severity.BLOCKS, Severity.HVD)]
    if not heavy and report.valid:
        return _good(report, title)
    codes = {finding.code: finding.count for finding in heavy}
    if "missing-label" in codes or "extra-label" in codes:
        missing, unknown = columns(codes.get("missing-label", 0)), columns(codes.get("extra-label", 0))
        return Message(
            f"{title.de}: Die Spalten passen nicht zum Schema ({missing.de} fehlen, {unknown.de} unbekannt).",
            f"{title.en}: the columns do not fit the schema ({missing.en} missing, {unknown.en} unknown).",
        )
    main = max(heavy or report.findings, key=lambda finding: finding.count, default=None)
    clause = (
        _clause(report, main)
        if main and main.what.de and main.what.en
        else Message("die Prüfung nennt Fehler", "the check names errors")
    )
    number = report.faulty_rows if report.faulty_rows is not None else _error_rows(report)
    if not number or not report.schema_id or (main and main.code in _WHOLE_FILE):
        return Message(f"{title.de}: {capital(clause.de)}.", f"{title.en}: {clause.en}.")
    at_least = Message("mindestens ", "at least ") if report.partial else _NONE
    return Message(
        f"{title.de}: {at_least.de}{rows(number).de} {'entspricht' if number == 1 else 'entsprechen'} nicht dem Schema: {clause.de}.",
        f"{title.en}: {at_least.en}{rows(number).en} {'does' if number == 1 else 'do'} not conform to the schema: {clause.en}.",
    )


def _good(report: Report, title: Message) -> Message:
    number = rows(report.rows)
    notes = sum(finding.severity is Severity.WARNING for finding in report.findings)
    more = Message(
        f", mit {notes} Warnung{'' if notes == 1 else 'en'}", f", with {notes} warning{'' if notes == 1 else 's'}"
    )
    more = more if notes else _NONE
    if not report.schema_id:
        return Message(
            f"{title.de} ist lesbar: {number.de}, {columns(report.fields).de}{more.de}.",
            f"{title.en} is readable: {number.en}, {columns(report.fields).en}{more.en}.",
        )
    if report.rows == 0:
        return Message(
            f"{title.de}: Die Spalten stimmen, aber es gibt keine Zeilen.",
            f"{title.en}: the columns fit, but there are no rows.",
        )
    if report.rows == 1:
        return Message(
            f"{title.de}: Die einzige Zeile entspricht dem Schema{more.de}.",
            f"{title.en}: the only row conforms to the schema{more.en}.",
        )
    return Message(
        f"{title.de}: Alle {number.de} entsprechen dem Schema{more.de}.",
        f"{title.en}: all {number.en} conform to the schema{more.en}.",
    )


def _clause(report: Report, main: Finding) -> Message:
    """Our own explanation of the same column beats the bare statement that the type is wrong."""
    better = next((f for f in report.findings if f.field and f.field == main.field and f.code in _CLAUSES), None)
    if better is None or main.code not in ("type-error", "constraint-error"):
        german, english = main.what.de.rstrip("."), main.what.en.rstrip(".")
        # Only "In ..." loses its capital inside the sentence; a German noun keeps it.
        return Message(
            german[0].lower() + german[1:] if german.startswith("In ") else german, english[:1].lower() + english[1:]
        )
    often, clause = times(better.count), _CLAUSES[better.code]
    return Message(
        clause.de.format(field=better.field, times=often.de), clause.en.format(field=better.field, times=often.en)
    )


def _finding(entry: dict[str, Any]) -> Finding:
    return Finding(
        severity=Severity(entry["severity"]),
        code=entry["code"],
        what=Message(**entry["what"]),
        why=Message(**entry["why"]),
        fix=Message(**entry["fix"]),
        count=entry["count"],
        rows=tuple(entry["rows"]),
        lines=tuple(entry.get("lines", ())),
        field=entry["field"],
        column=entry["column"],
        address=entry["address"],
        examples=tuple(entry["examples"]),
        repair=entry.get("repair", ""),
        confidence=entry.get("confidence", ""),
        share=entry.get("share"),
    )


def _bare(finding: Finding, schema_id: str) -> Finding:
    if not schema_id:
        # Without a schema the name of a column is whatever stands in the first row.
        finding = dataclasses.replace(finding, field="")
    if finding.code in QUOTES_LABELS:
        finding = dataclasses.replace(
            finding,
            fix=Message(
                "Welche Spalten gemeint sind, steht im Bericht für die Dienststelle.",
                "The report for the department says which columns are meant.",
            ),
        )
    return dataclasses.replace(finding, examples=())


def _bare_frictionless(report: dict[str, Any]) -> dict[str, Any]:
    result = dict(report)
    result["errors"] = [_bare_error(error) for error in report.get("errors", [])]
    result["tasks"] = [
        {**task, "labels": [], "errors": [_bare_error(error) for error in task.get("errors", [])]}
        for task in report.get("tasks", [])
    ]
    return result


def _bare_error(error: dict[str, Any]) -> dict[str, Any]:
    """Message and note quote cells and labels; they are replaced by the error's title, which never does."""
    result = {**error, "message": error.get("title", ""), "note": ""}
    for key in ("cells", "labels", "fieldCells"):
        if key in result:
            result[key] = []
    for key in ("cell", "label", "fieldName"):
        if key in result:
            result[key] = ""
    for key in ("fieldNames", "referenceFieldNames"):
        result.pop(key, None)
    return result
