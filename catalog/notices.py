"""The state of each source, derived in one place from its runs; a change of it makes one notice, whose delivery is a job of its own."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import notice_texts
from catalog.db import now
from catalog.models import NoticeRow, Run, SourceState
from catalog.schedule import BERLIN
from dcat.message import Message

# A single hiccup is no news.
FAILURES = 2
# What a notice waits for until its recipients are looked up in the definition of that moment.
EVERYBODY: list[Any] = [["everybody", ""]]
WEEK = datetime.timedelta(days=7)
KEPT = datetime.timedelta(days=365)
_GOOD = ("applied", "unchanged")
_BAD = ("failed", "partial")
_DROPPED = ("rejected", "expired")
_DIGEST_HOUR = 8


def after_run(session: Session, run: Run) -> None:
    """Derive a source's state from a run that has just ended or is held, and note what is news of it."""
    if run.dry or run.status not in (*_GOOD, *_BAD, "held", *_DROPPED):
        return
    source = session.get_one(SourceState, run.source_id)
    # A replay or a steward's decision tells nothing of whether the source answers.
    asked = run.replay_of is None and not run.decision and run.status not in _DROPPED
    before, source.failures = source.state, _failures(source.failures, run.status, asked=asked)
    state = _state(source, run.status, asked=asked)
    if state == before:
        return
    source.state, source.state_since = state, now()
    if state == "held":
        _note(session, source.id, "held", notice_texts.held(source.id, run.counts), run.id)
    elif state == "failing":
        _note(session, source.id, "failing", notice_texts.failing(source.id, source.failures), run.id)
    elif before != "new" and run.status not in _DROPPED:
        _note(session, source.id, "recovered", notice_texts.recovered(source.id), run.id)


def left(session: Session, source_id: str) -> None:
    """Note that the definition of a source is gone; once, until it is harvested again."""
    source = session.get_one(SourceState, source_id)
    if source.state != "left":
        source.state, source.state_since, source.failures = "left", now(), 0
        _note(session, source_id, "left", notice_texts.left(source_id), None)


def conflict(session: Session, source_id: str, run_id: int, dataset_id: str, fields: tuple[str, ...]) -> None:
    """Note that a source says something new in edited fields of a dataset; all those of one run are one notice."""
    query = sa.select(NoticeRow).where(NoticeRow.run_id == run_id, NoticeRow.kind == "conflict")
    row = session.scalar(query)
    if row is None:
        row = _note(session, source_id, "conflict", Message("", ""), run_id)
        row.text = ["", "", 0, 0]
    datasets, several = row.text[2] + 1, row.text[3] + len(fields)
    said = notice_texts.conflict(source_id, datasets, several)
    row.text = [said.de, said.en, datasets, several]
    session.flush()


def digest_due(session: Session, present: datetime.datetime) -> bool:
    """Tell whether the weekly digest is to be sent: each Monday morning."""
    newest = _newest_digest(session)
    return newest is None or newest < _monday(present)


def weekly(session: Session, present: datetime.datetime) -> None:
    """Note that the digest is to be sent, unless another process just did; old notices go at the same time."""
    if not digest_due(session, present):
        return
    newest = _newest_digest(session)
    session.execute(sa.delete(NoticeRow).where(NoticeRow.at < present - KEPT))
    row = _note(session, "", "digest", notice_texts.title("digest", ""), None)
    if newest is None:
        # A new catalogue has nothing to report of its first days.
        row.waiting, row.next_at = [], None


def public(session: Session, before: int, limit: int) -> list[NoticeRow]:
    """List the notices before an id that everybody may read, newest first; 0 begins with the newest."""
    query = sa.select(NoticeRow).where(NoticeRow.kind != "digest").order_by(NoticeRow.id.desc()).limit(limit)
    return list(session.scalars(query.where(NoticeRow.id < before) if before else query))


def _newest_digest(session: Session) -> datetime.datetime | None:
    found: datetime.datetime | None = session.scalar(
        sa.select(sa.func.max(NoticeRow.at)).where(NoticeRow.kind == "digest")
    )
    return found


def _failures(before: int, status: str, *, asked: bool) -> int:
    if not asked:
        return before
    return before + 1 if status in _BAD else 0


def _state(source: SourceState, status: str, *, asked: bool) -> str:
    if status == "held":
        return "held"
    if not asked:
        return "ok" if source.state == "held" else source.state
    if status in _GOOD:
        return "ok"
    return "failing" if source.failures >= FAILURES else source.state


def _note(session: Session, source_id: str, kind: str, text: Message, run_id: int | None) -> NoticeRow:
    row = NoticeRow(
        source_id=source_id,
        kind=kind,
        run_id=run_id,
        text=[text.de, text.en],
        at=now(),
        waiting=EVERYBODY,
        next_at=now(),
    )
    session.add(row)
    session.flush()
    return row


def _monday(present: datetime.datetime) -> datetime.datetime:
    """Give the last Monday morning in Europe/Berlin."""
    local = present.astimezone(BERLIN)
    day = local.date() - datetime.timedelta(days=local.weekday())
    morning = datetime.datetime.combine(day, datetime.time(_DIGEST_HOUR), BERLIN)
    if morning > present:
        morning = datetime.datetime.combine(day - WEEK, datetime.time(_DIGEST_HOUR), BERLIN)
    return morning.astimezone(datetime.UTC)
