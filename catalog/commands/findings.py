"""Findings as lines of a terminal."""

from collections.abc import Iterable

from catalog.commands.terminal import Terminal
from validators.finding_words import WEIGHTS, repair
from validators.report import Finding


def say_findings(terminal: Terminal, findings: Iterable[Finding]) -> None:
    """Write each finding: its weight, first cell and number, what is wrong, how to put it right, and the repair on offer."""
    lang = terminal.lang
    for finding in findings:
        place = finding.address or finding.field
        where = f" [{place}]" if place else ""
        times = f" ({finding.count}×)" if finding.count > 1 else ""
        terminal.say(f"  {WEIGHTS[finding.severity].label.in_(lang)}{where}{times}: {finding.what.in_(lang)}")
        for words in (finding.fix, repair(finding)):
            if text := words.in_(lang):
                terminal.say(f"      {text}")
