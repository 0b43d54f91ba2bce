"""How a data file fares from version to version: which findings are new, solved or remain, and which rows came, went or changed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcat.message import Message
from validators.report import Finding, Severity
from validators.wording import counted, listed, rows

# Findings of one version that are remembered; the heaviest come first in a report.
MAX_FINDINGS = 200
# Rows of each sort that are shown as examples.
MAX_ROWS = 20
_NO_WORDS = Message("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCount:
    """How often one version has one kind of finding in one column. `what` is its sentence, which holds no cell of the file."""

    code: str
    field: str = ""
    severity: Severity = Severity.WARNING
    number: int = 1
    what: Message = _NO_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """A finding that the version before had as well, with its numbers then and now."""

    before: int
    now: FindingCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The findings of a version beside those of the version before it."""

    new: tuple[FindingCount, ...] = ()
    solved: tuple[FindingCount, ...] = ()
    remaining: tuple[Remaining, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell that differs: the values of its row's key, its column, and what stood there before and stands there now."""

    key: tuple[str, ...]
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChanges:
    """Which rows differ from the version before, told apart by the columns of the key.

    `fields` counts changed cells by column. `new`, `gone` (the keys of rows) and `cells` are the first MAX_ROWS of each sort; they are
    cells of the file, shown only while the public can get it.
    """

    key: tuple[str, ...]
    added: int = 0
    removed: int = 0
    changed: int = 0
    fields: tuple[tuple[str, int], ...] = ()
    new: tuple[tuple[str, ...], ...] = ()
    gone: tuple[tuple[str, ...], ...] = ()
    cells: tuple[CellChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a file as it was checked. `accepted` tells whether it became the one that is shown."""

    checked_at: str
    accepted: bool = True
    valid: bool | None = None
    rows: int | None = None
    size: int | None = None
    findings: tuple[FindingCount, ...] = ()
    changes: RowChanges | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One version beside the accepted one before it; `compared` is None for the first one known."""

    version: Version
    compared: Compared | None = None


def counts(findings: Sequence[Finding]) -> tuple[FindingCount, ...]:
    """Count the findings of a report by code and column, in their order."""
    found: dict[tuple[str, str], FindingCount] = {}
    for finding in findings:
        place = (finding.code, finding.field)
        if place not in found and len(found) == MAX_FINDINGS:
            break
        before = found[place].number if place in found else 0
        first = found.get(place)
        found[place] = FindingCount(
            code=finding.code,
            field=finding.field,
            severity=first.severity if first else finding.severity,
            number=before + finding.count,
            what=first.what if first else finding.what,
        )
    return tuple(found.values())


def compare(before: Sequence[FindingCount], after: Sequence[FindingCount]) -> Compared:
    """Say which findings are new, solved and remaining."""
    old = {(one.code, one.field): one for one in before}
    new = {(one.code, one.field): one for one in after}
    return Compared(
        new=tuple(one for place, one in new.items() if place not in old),
        solved=tuple(one for place, one in old.items() if place not in new),
        remaining=tuple(Remaining(before=old[p].number, now=one) for p, one in new.items() if p in old),
    )


def steps(versions: Sequence[Version]) -> tuple[Step, ...]:
    """Set each version, given oldest first, beside the accepted one before it; the newest comes first."""
    found: list[Step] = []
    accepted: Version | None = None
    for version in versions:
        compared = compare(accepted.findings, version.findings) if accepted else None
        found.append(Step(version=version, compared=compared))
        if version.accepted:
            accepted = version
    return tuple(reversed(found))


def score_line(compared: Compared) -> Message:
    """Say in one line how the findings developed: 2 new, 5 solved, 1 remains."""
    parts = (
        counted(len(compared.new), ("neuer Befund", "neue Befunde"), ("new finding", "new findings")),
        counted(len(compared.solved), ("behoben", "behoben"), ("solved", "solved")),
        counted(len(compared.remaining), ("bleibt", "bleiben"), ("remains", "remain")),
    )
    return Message(", ".join(part.de for part in parts), ", ".join(part.en for part in parts))


def row_line(changes: RowChanges) -> Message:
    """Say in one sentence which rows differ."""
    if not (changes.added or changes.removed or changes.changed):
        return Message("Alle Zeilen sind gleich geblieben.", "All rows stayed the same.")
    added, removed, changed = rows(changes.added), rows(changes.removed), rows(changes.changed)
    key = listed(changes.key)
    return Message(
        f"{added.de} neu, {removed.de} entfallen, {changed.de} geändert (verglichen über {key.de}).",
        f"{added.en} added, {removed.en} removed, {changed.en} changed (compared by {key.en}).",
    )


def counts_json(found: Sequence[FindingCount]) -> list[dict[str, Any]]:
    """Write counts for storing."""
    return [
        {
            "code": one.code,
            "field": one.field,
            "severity": one.severity.value,
            "number": one.number,
            "what": [one.what.de, one.what.en],
        }
        for one in found
    ]


def read_counts(stored: Sequence[Mapping[str, Any]]) -> tuple[FindingCount, ...]:
    """Read counts back that `counts_json` wrote."""
    return tuple(
        FindingCount(
            code=one["code"],
            field=one["field"],
            severity=Severity(one["severity"]),
            number=one["number"],
            what=Message(*one["what"]),
        )
        for one in stored
    )


def changes_json(changes: RowChanges) -> dict[str, Any]:
    """Write changed rows for storing."""
    return {
        "key": list(changes.key),
        "added": changes.added,
        "removed": changes.removed,
        "changed": changes.changed,
        "fields": [list(field) for field in changes.fields],
        "new": [list(key) for key in changes.new],
        "gone": [list(key) for key in changes.gone],
        "cells": [[list(cell.key), cell.column, cell.before, cell.after] for cell in changes.cells],
    }


def read_changes(stored: Mapping[str, Any]) -> RowChanges:
    """Read changed rows back that `changes_json` wrote."""
    return RowChanges(
        key=tuple(stored["key"]),
        added=stored["added"],
        removed=stored["removed"],
        changed=stored["changed"],
        fields=tuple((name, number) for name, number in stored["fields"]),
        new=tuple(tuple(key) for key in stored["new"]),
        gone=tuple(tuple(key) for key in stored["gone"]),
        cells=tuple(
            CellChange(key=tuple(key), column=column, before=before, after=after)
            for key, column, before, after in stored["cells"]
        ),
    )
