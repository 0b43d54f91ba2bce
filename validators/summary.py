"""The numbers of a report, ready to be shown: rows checked and valid, errors by column, facts about the file."""

from collections import Counter
from dataclasses import dataclass

from dcat.message import Message
from validators.finding_words import column_name, more_columns
from validators.report import Report, Severity, faulty
from validators.wording import amount

# Bars of the chart; the columns with fewest errors are added up below it.
MAX_BARS = 20
_DELIMITERS = {
    ";": Message("Semikolon", "semicolon"),
    ",": Message("Komma", "comma"),
    "\t": Message("Tabulator", "tab"),
    "|": Message("senkrechter Strich", "vertical bar"),
}
_ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16"}
_UNITS = ("kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The errors of one column, and how long its bar is beside the longest, in percent."""

    column: Message
    number: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a report says in numbers. `valid` is the whole percentage of valid rows, rounded down; None where it is not known."""

    rows: int
    faulty: int | None
    valid: int | None
    at_least: bool
    bars: tuple[Bar, ...]
    facts: tuple[tuple[Message, Message], ...]


def summarise(report: Report) -> Summary:
    """Count what a report says."""
    wrong = faulty(report) if report.schema_id else None
    if not wrong and not report.conforms:
        # Columns are missing, or the check failed: that no row is at fault says nothing then.
        wrong = None
    return Summary(
        rows=report.rows,
        faulty=wrong,
        # Rounded down: one faulty row in a million is not 100 %.
        valid=None if wrong is None or not report.rows else max(0, (report.rows - wrong) * 100 // report.rows),
        at_least=report.partial,
        bars=_bars(report),
        facts=_facts(report),
    )


def chart_words(summary: Summary) -> Message:
    """Say in one sentence what the chart of errors by column shows."""
    if not summary.bars:
        return Message("Keine Spalte hat Fehler.", "No column has errors.")
    german = ", ".join(f"{bar.column.de} {amount(bar.number).de}" for bar in summary.bars)
    english = ", ".join(f"{bar.column.en} {amount(bar.number).en}" for bar in summary.bars)
    return Message(f"Fehler je Spalte: {german}.", f"Errors by column: {english}.")


def _bars(report: Report) -> tuple[Bar, ...]:
    totals: Counter[str] = Counter()
    for count in report.counts:
        totals[count.field] += count.number
    if not report.counts:
        for finding in report.findings:
            if finding.severity in (Severity.BLOCKS, Severity.HVD) and (finding.field or finding.rows):
                totals[finding.field] += finding.count
    found = [(column_name(name), number) for name, number in totals.most_common() if number > 0]
    shown, left = found[:MAX_BARS], found[MAX_BARS:]
    if left:
        shown.append((more_columns(len(left)), sum(number for _, number in left)))
    longest = max((number for _, number in shown), default=1)
    return tuple(
        Bar(column=name, number=number, percent=max(1, round(100 * number / longest))) for name, number in shown
    )


def _facts(report: Report) -> tuple[tuple[Message, Message], ...]:
    """List what is known of the file; what is not known is left out."""
    profile = report.sniffed
    kind = profile.kind.upper() + (f", {profile.part}" if profile.part else "")
    delimiter = _DELIMITERS.get(profile.delimiter, Message(profile.delimiter, profile.delimiter))
    encoding = _ENCODINGS.get(profile.encoding, profile.encoding)
    schema = f"{report.schema_id} {report.schema_version}".strip()
    found = (
        (Message("Schema", "Schema"), Message(schema, schema)),
        (Message("Art der Datei", "Kind of file"), Message(kind, kind)),
        (Message("Zeilen", "Rows"), amount(report.rows)),
        (Message("Spalten", "Columns"), amount(report.fields)),
        (Message("Zeichensatz", "Encoding"), Message(encoding, encoding)),
        # What is no CSV has no delimiter of its own.
        (Message("Trennzeichen", "Delimiter"), delimiter if profile.kind == "csv" else Message("", "")),
        (Message("Kopfzeile", "Header row"), amount(profile.header_row) if profile.header_row > 1 else Message("", "")),
        (Message("Größe", "Size"), _size(report.bytes)),
        (Message("SHA-256", "SHA-256"), Message(report.sha256, report.sha256)),
    )
    return tuple((name, value) for name, value in found if value.de)


def _size(count: int) -> Message:
    if not count:
        return Message("", "")
    if count < 1000:
        return Message(f"{count} Byte", f"{count} byte{'' if count == 1 else 's'}")
    step = next((step for step in range(1, len(_UNITS)) if count < 999.5 * 1000**step), len(_UNITS))
    value = count / 1000**step
    english = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    unit = _UNITS[step - 1]
    return Message(f"{english.replace('.', ',')} {unit}", f"{english} {unit}")
