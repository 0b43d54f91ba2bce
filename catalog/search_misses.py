"""Searches that found nothing, for stewards: the words and how often, nothing of who asked."""

import datetime
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import now, upsert
from catalog.models_desk import SearchMiss

MAX_LENGTH = 200
# The oldest ones go when there are more.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Miss:
    """Words that found nothing, how often they were asked for, and when last."""

    words: str
    count: int
    last_at: datetime.datetime


def note_miss(session: Session, text: str) -> None:
    """Count words that found nothing. Addresses of people are none of ours to keep: what holds an @ or six digits in a row is left out."""
    said = normalised(text)
    if not said:
        return
    found = session.get(SearchMiss, said)
    if found is None and (session.scalar(sa.select(sa.func.count()).select_from(SearchMiss)) or 0) >= MOST:
        oldest = session.scalar(sa.select(SearchMiss.words).order_by(SearchMiss.last_at, SearchMiss.words).limit(1))
        session.execute(sa.delete(SearchMiss).where(SearchMiss.words == oldest))
    upsert(session, SearchMiss, [{"words": said, "count": (found.count if found else 0) + 1, "last_at": now()}])


def misses(session: Session, limit: int = 100) -> list[Miss]:
    """List what was asked for in vain, the most frequent first."""
    rows = session.scalars(
        sa.select(SearchMiss)
        .order_by(SearchMiss.count.desc(), SearchMiss.last_at.desc(), SearchMiss.words)
        .limit(limit)
    )
    return [Miss(row.words, row.count, row.last_at) for row in rows]


def forget_misses(session: Session, words: str = "") -> None:
    """Forget words that a steward has dealt with; without any, all of them."""
    statement = sa.delete(SearchMiss)
    session.execute(statement.where(SearchMiss.words == normalised(words)) if words else statement)


def normalised(text: str) -> str:
    """Write a search as it is counted: small letters, one blank between words, cut; empty where it may name a person's address."""
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in text).lower().split())[:MAX_LENGTH].strip()
    digits = run = 0
    for sign in said:
        run = run + 1 if sign.isdigit() else 0
        digits = max(digits, run)
    return "" if "@" in said or digits >= 6 else said
