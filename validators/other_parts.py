"""Looks for personal data in the sheets, layers and files that a check did not read: whoever gets the file gets them too."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dcat.message import Message
from validators import intake, privacy
from validators.file_findings import blocking
from validators.report import Finding, Severity
from validators.text_table import Limits

MAX_PARTS = 50


def scan(path: Path, others: Sequence[str], limits: Limits) -> tuple[Finding, ...]:
    """Scan the parts named in `TableProfile.others`; what cannot be looked into is a finding that blocks."""
    found: list[Finding] = []
    closed = max(len(others) - MAX_PARTS, 0)
    for name in others[:MAX_PARTS]:
        with intake.opened(path, None, limits, part=name) as table:
            if table.profile.readable:
                found += [_elsewhere(finding) for finding in privacy.scan(table.path, table.profile)]
            elif not _is_empty(table.profile.findings):
                closed += 1
    return (*found, _closed(closed)) if closed else tuple(found)


def _is_empty(findings: Sequence[Finding]) -> bool:
    return any(finding.code in ("empty-file", "no-table") for finding in findings)


def _elsewhere(finding: Finding) -> Finding:
    what = finding.what
    return replace(
        finding,
        what=Message(f"In einem anderen Teil der Datei: {what.de}", f"In another part of the file: {what.en}"),
        severity=finding.severity if finding.severity is Severity.BLOCKS else Severity.WARNING,
    )


def _closed(number: int) -> Finding:
    return replace(
        blocking(
            "part-not-scanned",
            Message(
                f"{'Ein weiterer Teil' if number == 1 else f'{number} weitere Teile'} der Datei {'lässt' if number == 1 else 'lassen'} sich "
                "nicht auf personenbezogene Daten prüfen.",
                f"{'Another part' if number == 1 else f'{number} other parts'} of the file cannot be checked for personal data.",
            ),
            Message(
                "Wer die Datei lädt, bekommt alle ihre Blätter, Ebenen und Dateien.",
                "Whoever downloads the file gets all its sheets, layers and files.",
            ),
            Message(
                "Stellen Sie nur die eine Tabelle bereit, am besten als CSV.",
                "Provide the one table only, best as CSV.",
            ),
        ),
        count=number,
    )
