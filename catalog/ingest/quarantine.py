"""Records that wait because they could not be taken in: finding them, and letting one in that only lacks something."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import now
from catalog.models import Quarantine
from catalog.publishing import ALWAYS, ONCE
from dcat.errors import NotFoundError, StateError
from dcat.message import Message

# The one code a steward can set aside: the description can be read, but lacks what DCAT-AP.de demands.
RELEASABLE = "profile"


def waiting(session: Session, source_id: str = "", limit: int = 1000) -> list[Quarantine]:
    """List the records that wait, of one source or of all, oldest first."""
    query = sa.select(Quarantine).where(Quarantine.resolved_at.is_(None)).order_by(Quarantine.id).limit(limit)
    return list(session.scalars(query.where(Quarantine.source_id == source_id) if source_id else query))


def find(session: Session, number: int) -> Quarantine:
    """Find an entry by its number; NotFoundError names the next step."""
    row = session.get(Quarantine, number)
    if row is None:
        raise NotFoundError(
            Message(
                f"In der Quarantäne gibt es keinen Eintrag {number}. Nächster Schritt: offenbar quarantine list",
                f"There is no entry {number} in the quarantine. Next step: offenbar quarantine list",
            )
        )
    return row


def release(session: Session, number: int, *, always: bool, author: str, reason: str) -> Quarantine:
    """Let a record in as it is now, or whatever it will say; StateError when it is not one that can be let in."""
    row = find(session, number)
    if row.resolved_at is not None:
        raise StateError(
            Message(
                f"Eintrag {number} wartet nicht mehr. Nächster Schritt: offenbar quarantine list",
                f"Entry {number} no longer waits. Next step: offenbar quarantine list",
            )
        )
    if row.code != RELEASABLE or row.document is None:
        raise StateError(
            Message(
                f"Eintrag {number} lässt sich nicht freigeben: {row.reason[0]} Nächster Schritt: an der Quelle berichtigen lassen",
                f"Entry {number} cannot be released: {row.reason[1]} Next step: have it corrected at the source",
            )
        )
    row.release = ALWAYS if always else ONCE
    row.released_by, row.release_reason, row.released_at = author, reason, now()
    return row
