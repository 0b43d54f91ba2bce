"""False alarms of the scan for personal data: which files are held and why, which verdicts a steward has dismissed, and back again."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import now
from catalog.models import DatasetRow, Dismissal, FileRow, Record
from catalog.store import VISIBLE
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message
from harvesters.source import Source
from validators.report import Finding, Severity

# Characters of a reason: long enough to say something.
SHORTEST_REASON = 20
LONGEST_REASON = 2_000
_PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissed:
    """A verdict that counts as a false alarm: of one kind, in one column (its name, or its letter where the name is not its own)."""

    column: str
    code: str
    reason: str
    author: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A verdict that keeps a file back, or a dismissed one; `newer` means that an earlier version of the file is still shown."""

    source: str
    dataset: str
    name: str
    title: str
    file: str
    column: str
    letter: str
    code: str
    count: int
    share: float | None
    confidence: str
    what: Message
    fix: Message
    newer: bool


def column_of(finding: Finding) -> str:
    """Name the column of a finding as dismissals do."""
    return finding.field or finding.column


def findings_left(dismissed: Sequence[Dismissed], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Turn the dismissed ones among some findings into hints with their reason; all others stay as they are."""
    known = {(one.column, one.code): one for one in dismissed}
    return tuple(
        _as_hint(finding, known[column_of(finding), finding.code])
        if (column_of(finding), finding.code) in known
        else finding
        for finding in findings
    )


def of_file(session: Session, source: Source, remote_id: str, name: str) -> tuple[Dismissed, ...]:
    """Read what is dismissed of a file, under any name that its source's rules count as the same."""
    return tuple(
        Dismissed(column=row.column, code=row.code, reason=row.reason, author=row.author, at=row.created_at)
        for row in session.scalars(_of(source, remote_id, name).order_by(Dismissal.id))
    )


def held(session: Session, sources: Sequence[str] = ()) -> list[Held]:
    """List the verdicts that keep files back, file by file; of some sources or of all."""
    query = (
        sa.select(FileRow, Record.source_id, Record.remote_id, DatasetRow.name, DatasetRow.title)
        .join(Record, Record.dataset_id == FileRow.dataset_id)
        .join(DatasetRow, DatasetRow.id == FileRow.dataset_id)
        .where(VISIBLE, sa.or_(FileRow.outcome == _PRIVATE, FileRow.newer.is_not(None)))
        .order_by(Record.source_id, Record.remote_id, FileRow.position)
    )
    if sources:
        query = query.where(Record.source_id.in_(sources))
    return [
        Held(
            source=source_id,
            dataset=remote_id,
            name=name,
            title=title,
            file=row.name,
            column=finding["field"] or finding["column"],
            letter=finding["column"],
            code=finding["code"],
            count=finding["count"],
            share=finding.get("share"),
            confidence=finding.get("confidence", ""),
            what=Message(**finding["what"]),
            fix=Message(**finding["fix"]),
            newer=row.outcome != _PRIVATE,
        )
        for row, source_id, remote_id, name, title in session.execute(query)
        for finding in _verdicts(row)
    ]


def listed(session: Session, sources: Sequence[str] = ()) -> list[Dismissal]:
    """List what is dismissed; of some sources or of all."""
    query = sa.select(Dismissal).order_by(Dismissal.source_id, Dismissal.remote_id, Dismissal.name, Dismissal.id)
    return list(session.scalars(query.where(Dismissal.source_id.in_(sources)) if sources else query))


def dismiss(
    session: Session, source: Source, dataset: str, file: str, column: str, code: str, *, author: str, reason: str
) -> Dismissal:
    """Dismiss a verdict that keeps a file back; the file is due for a check at once. NotFoundError if there is no such verdict."""
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ConfigError(
            Message(
                f"Der Grund braucht {SHORTEST_REASON} bis {LONGEST_REASON} Zeichen. Nächster Schritt: sagen, warum es keine "
                "personenbezogenen Daten sind",
                f"The reason needs {SHORTEST_REASON} to {LONGEST_REASON} characters. Next step: say why these are no personal data",
            )
        )
    steady = source.identity.distribution_id
    verdict = next(
        (
            one
            for one in held(session, [source.id])
            if dataset in (one.dataset, one.name)
            and steady(one.file) == steady(file)
            and column in (one.column, one.letter)
            and one.code == code
        ),
        None,
    )
    if verdict is None:
        raise NotFoundError(
            Message(
                f"In {source.id}, {dataset}, {file} hält kein Verdacht „{code}“ gegen die Spalte „{column}“ die Datei auf. "
                f"Nächster Schritt: offenbar privacy list {source.id}",
                f"In {source.id}, {dataset}, {file} no verdict “{code}” against the column “{column}” keeps the file back. "
                f"Next step: offenbar privacy list {source.id}",
            )
        )
    row = session.scalar(_of(source, verdict.dataset, file).where(*_about(verdict.column, code)))
    if row is None:
        row = Dismissal(
            source_id=source.id, remote_id=verdict.dataset, name=steady(file), column=verdict.column, code=code
        )
        session.add(row)
    row.reason, row.author, row.created_at = reason, author, now()
    _recheck(session, source, verdict.dataset, file)
    session.flush()
    return row


def recall(session: Session, source: Source, dataset: str, file: str, column: str, code: str) -> Dismissal:
    """Take a dismissal back: the verdict counts again from the next check, which is due at once."""
    remote_id = session.scalar(
        sa.select(Record.remote_id)
        .join(DatasetRow, DatasetRow.id == Record.dataset_id)
        .where(Record.source_id == source.id, DatasetRow.name == dataset)
    )
    query = sa.select(Dismissal).where(
        Dismissal.source_id == source.id,
        Dismissal.remote_id.in_([dataset, *([remote_id] if remote_id else [])]),
        Dismissal.name == source.identity.distribution_id(file),
        *_about(column, code),
    )
    row = session.scalar(query)
    if row is None:
        raise NotFoundError(
            Message(
                f"In {source.id}, {dataset}, {file} ist „{code}“ für die Spalte „{column}“ nicht verworfen. "
                f"Nächster Schritt: offenbar privacy list {source.id} --dismissed",
                f"In {source.id}, {dataset}, {file} “{code}” is not dismissed for the column “{column}”. "
                f"Next step: offenbar privacy list {source.id} --dismissed",
            )
        )
    session.delete(row)
    _recheck(session, source, row.remote_id, file)
    return row


def _of(source: Source, remote_id: str, name: str) -> sa.Select[Dismissal]:
    return sa.select(Dismissal).where(
        Dismissal.source_id == source.id,
        Dismissal.remote_id == remote_id,
        Dismissal.name == source.identity.distribution_id(name),
    )


def _about(column: str, code: str) -> tuple[sa.ColumnElement[bool], ...]:
    return Dismissal.column == column, Dismissal.code == code


def _recheck(session: Session, source: Source, remote_id: str, file: str) -> None:
    """Make the file due, and forget what its server said, so that it is looked at although it has not changed."""
    steady = source.identity.distribution_id
    query = (
        sa.select(FileRow)
        .join(Record, Record.dataset_id == FileRow.dataset_id)
        .where(Record.source_id == source.id, Record.remote_id == remote_id)
    )
    for row in session.scalars(query):
        if steady(row.name) == steady(file):
            row.due_at, row.etag, row.last_modified = now(), "", ""


def _verdicts(row: FileRow) -> list[dict[str, Any]]:
    held_back = row.report if row.outcome == _PRIVATE else _newer_report(row)
    return [one for one in (held_back or {}).get("findings", ()) if one["severity"] == Severity.BLOCKS]


def _newer_report(row: FileRow) -> dict[str, Any] | None:
    newer = row.newer or {}
    report: dict[str, Any] | None = newer.get("report") if newer.get("outcome") == _PRIVATE else None
    return report


def _as_hint(finding: Finding, dismissed: Dismissed) -> Finding:
    """Say that an alarm was looked into; nothing of the file is quoted."""
    return replace(
        finding,
        severity=Severity.HINT,
        what=Message(
            f"Fehlalarm, verworfen: {dismissed.reason} – Gemeldet war: {finding.what.de}",
            f"False alarm, dismissed: {dismissed.reason} – Reported was: {finding.what.en}",
        ),
        why=Message(
            "Ein Mensch hat die Spalte angesehen und entschieden, dass sie keine schutzbedürftigen Angaben enthält.",
            "A human has looked at the column and decided that it holds nothing that needs protection.",
        ),
        fix=Message(
            "Es ist nichts zu tun; offenbar privacy recall nimmt die Entscheidung zurück.",
            "Nothing needs to be done; offenbar privacy recall takes the decision back.",
        ),
        examples=(),
    )
