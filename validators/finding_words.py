"""How findings are spoken of everywhere: the word and sign of each weight, where in the file a finding is, and the repair on offer."""

from collections.abc import Sequence
from dataclasses import dataclass

from dcat.message import Message
from validators.changes import RULES
from validators.report import Finding, Severity
from validators.wording import amount, capital, columns

_NONE = Message("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A weight as a word, what it means, its number among many, and a sign whose outline alone tells it from the others.

    `drawing` is an SVG path in a box of 24 by 24, to be stroked; `colour` has a contrast of at least 4.5 to white.
    """

    label: Message
    meaning: Message
    several: Message
    drawing: str
    colour: str


WEIGHTS = {
    Severity.BLOCKS: Weight(
        label=Message("Fehler", "Error"),
        meaning=Message(
            "verletzt das Schema oder darf so nicht veröffentlicht werden",
            "breaks the schema, or must not be published like this",
        ),
        several=Message("Fehler", "errors"),
        drawing="M8 2h8l6 6v8l-6 6H8l-6-6V8zM8.5 8.5l7 7M15.5 8.5l-7 7",
        colour="#a3141c",
    ),
    Severity.HVD: Weight(
        label=Message("Pflicht bei HVD", "Required for HVD"),
        meaning=Message(
            "verletzt die Vorgaben für hochwertige Datensätze (EU 2023/138)",
            "breaks the rules for high-value datasets (EU 2023/138)",
        ),
        several=Message("Verstöße gegen HVD-Pflichten", "breaches of HVD rules"),
        drawing="M12 1.5L22.5 12 12 22.5 1.5 12zM12 7v6M12 16.2v.6",
        colour="#8a3500",
    ),
    Severity.WARNING: Weight(
        label=Message("Warnung", "Warning"),
        meaning=Message("nutzbar, aber andere stolpern darüber", "usable, but others will stumble over it"),
        several=Message("Warnungen", "warnings"),
        drawing="M12 2.5L22.5 21.5h-21zM12 9.5v6M12 18v.6",
        colour="#705000",
    ),
    Severity.HINT: Weight(
        label=Message("Hinweis", "Hint"),
        meaning=Message("nichts muss getan werden", "nothing must be done"),
        several=Message("Hinweise", "hints"),
        drawing="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM12 11v6M12 7v.6",
        colour="#1d4c8a",
    ),
}


def where(finding: Finding) -> Message:
    """Say where a finding is: column, first cell as Excel names it, rows, and lines where an editor counts others. May be empty."""
    german, english = [], []
    if finding.field:
        german.append(f"Spalte „{finding.field}“" + (f" ({finding.column})" if finding.column else ""))
        english.append(f"column “{finding.field}”" + (f" ({finding.column})" if finding.column else ""))
    elif finding.column:
        german.append(f"Spalte {finding.column}")
        english.append(f"column {finding.column}")
    if finding.address:
        several = finding.count > 1
        german.append(f"{'zuerst in ' if several else ''}Zelle {finding.address}")
        english.append(f"{'first in ' if several else ''}cell {finding.address}")
    if finding.rows:
        more = finding.count > len(finding.rows)
        numbers = _numbers(finding.rows, more=more)
        one = len(finding.rows) == 1 and not more
        german.append(f"{'Zeile' if one else 'Zeilen'} {numbers.de}")
        english.append(f"{'row' if one else 'rows'} {numbers.en}")
    text_de, text_en = ", ".join(german), ", ".join(english)
    if finding.lines and finding.lines != finding.rows:
        lines = _numbers(finding.lines, more=finding.count > len(finding.lines))
        text_de += f" (im Texteditor Zeile {lines.de})"
        text_en += f" (line {lines.en} in a text editor)"
    return Message(capital(text_de.strip()), capital(text_en.strip()))


def repair(finding: Finding) -> Message:
    """Name the repair that can be made in a copy of the file; empty where there is none."""
    rule = RULES.get(finding.repair)
    if rule is None:
        return _NONE
    return Message(
        f"In einer Kopie der Datei möglich: {rule.de.rstrip('.')}.",
        f"Possible in a copy of the file: {rule.en.rstrip('.')}.",
    )


def tally(findings: Sequence[Finding]) -> tuple[tuple[Severity, int], ...]:
    """Count findings by weight, heaviest first, leaving out weights that do not occur."""
    found = ((weight, sum(finding.severity is weight for finding in findings)) for weight in Severity)
    return tuple((weight, number) for weight, number in found if number)


def column_name(name: str) -> Message:
    """Name a column of a chart; what concerns whole rows has none."""
    return Message(name, name) if name else Message("ganze Zeile", "whole row")


def more_columns(number: int) -> Message:
    """Say that a chart leaves out columns."""
    written = columns(number)
    return Message(f"und {written.de} mehr", f"and {written.en} more")


def _numbers(values: Sequence[int], *, more: bool) -> Message:
    written = [amount(value) for value in values]
    german, english = ", ".join(one.de for one in written), ", ".join(one.en for one in written)
    return Message(f"{german} und weitere" if more else german, f"{english} and more" if more else english)
