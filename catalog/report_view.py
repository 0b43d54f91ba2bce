"""A validation report in the words of one language, ready for a template: pages, the mailed page and the PDF say the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from dcat.message import Lang, Message
from validators.finding_words import WEIGHTS, repair, tally, where
from validators.report import Finding, Report, Severity, sentence
from validators.summary import Summary, chart_words, summarise
from validators.wording import amount, counted, shortened

# Findings that are shown; tables of thousands of columns may have as many.
MAX_SHOWN = 300
# Characters of an example.
MAX_EXAMPLE = 200

WORDS = {
    "heading": Message("Prüfbericht", "Validation report"),
    "summary": Message("Zusammenfassung", "Summary"),
    "checked": Message("Geprüfte Zeilen", "Rows checked"),
    "faulty": Message("Zeilen mit Fehlern", "Rows with errors"),
    "valid": Message("Gültige Zeilen", "Valid rows"),
    "chart": Message("Fehler je Spalte", "Errors by column"),
    "column": Message("Spalte", "Column"),
    "errors": Message("Fehler", "Errors"),
    "findings": Message("Befunde", "Findings"),
    "nothing": Message("Es gibt nichts zu beanstanden.", "There is nothing to complain about."),
    "where": Message("Wo", "Where"),
    "why": Message("Warum das wichtig ist", "Why it matters"),
    "fix": Message("So wird es richtig", "How to put it right"),
    "repair": Message("Reparatur", "Repair"),
    "examples": Message("Beispiele", "Examples"),
    "facts": Message("Angaben zur Datei", "About the file"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinding:
    """One finding in words; what is empty is not shown."""

    what: str
    where: str
    why: str
    fix: str
    repair: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The findings of one weight, with its word, sign and colour."""

    severity: str
    label: str
    meaning: str
    total: str
    drawing: str
    colour: str
    findings: tuple[ShownFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBar:
    """The errors of one column; `percent` is the length of the bar."""

    column: str
    number: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """All that a report shows. `numbers` and `facts` are pairs of name and value; `words` the headings and names around them."""

    lang: Lang
    name: str
    conforms: bool
    sentence: str
    groups: tuple[Group, ...]
    left_out: str
    numbers: tuple[tuple[str, str], ...]
    chart: str
    bars: tuple[ShownBar, ...]
    facts: tuple[tuple[str, str], ...]
    words: Mapping[str, str]


def view(report: Report, name: str, lang: Lang, most: int = MAX_SHOWN) -> ReportView:
    """Put a report into words; findings beyond `most` are counted only."""
    summary = summarise(report)
    left = len(report.findings) - most
    more = counted(left, ("weiterer Befund steht", "weitere Befunde stehen"), ("more finding is", "more findings are"))
    left_out = Message(f"{more.de} in der CSV-Fassung des Berichts.", f"{more.en} in the CSV form of the report.")
    return ReportView(
        lang=lang,
        name=name,
        conforms=report.conforms,
        sentence=sentence(report).in_(lang),
        groups=_groups(report, lang, most),
        left_out=left_out.in_(lang) if left > 0 else "",
        numbers=_numbers(report, summary, lang),
        chart=chart_words(summary).in_(lang),
        bars=tuple(
            ShownBar(column=bar.column.in_(lang), number=amount(bar.number).in_(lang), percent=bar.percent)
            for bar in summary.bars
        ),
        facts=tuple((label.in_(lang), value.in_(lang)) for label, value in summary.facts),
        words={key: word.in_(lang) for key, word in WORDS.items()},
    )


def shown(finding: Finding, lang: Lang) -> ShownFinding:
    """Put one finding into words."""
    return ShownFinding(
        what=finding.what.in_(lang),
        where=where(finding).in_(lang),
        why=finding.why.in_(lang),
        fix=finding.fix.in_(lang),
        repair=repair(finding).in_(lang),
        examples=tuple(shortened(one, MAX_EXAMPLE) for one in finding.examples),
    )


def _groups(report: Report, lang: Lang, most: int) -> tuple[Group, ...]:
    kept = report.findings[:most]
    return tuple(
        _group(severity, total, tuple(f for f in kept if f.severity is severity), lang)
        for severity, total in tally(report.findings)
    )


def _group(severity: Severity, total: int, findings: tuple[Finding, ...], lang: Lang) -> Group:
    weight = WEIGHTS[severity]
    return Group(
        severity=severity.value,
        label=weight.label.in_(lang),
        meaning=weight.meaning.in_(lang),
        total=f"{amount(total).in_(lang)} {(weight.label if total == 1 else weight.several).in_(lang)}",
        drawing=weight.drawing,
        colour=weight.colour,
        findings=tuple(shown(finding, lang) for finding in findings),
    )


def _numbers(report: Report, summary: Summary, lang: Lang) -> tuple[tuple[str, str], ...]:
    if not report.sniffed.readable:
        return ()
    found = [(WORDS["checked"].in_(lang), amount(summary.rows).in_(lang))]
    if summary.faulty is not None:
        limit = Message("mindestens ", "at least ").in_(lang) if summary.at_least else ""
        found.append((WORDS["faulty"].in_(lang), limit + amount(summary.faulty).in_(lang)))
    if summary.valid is not None:
        limit = Message("höchstens ", "at most ").in_(lang) if summary.at_least else ""
        sign = "\N{NO-BREAK SPACE}%" if lang == "de" else "%"
        found.append((WORDS["valid"].in_(lang), f"{limit}{summary.valid}{sign}"))
    return tuple(found)
