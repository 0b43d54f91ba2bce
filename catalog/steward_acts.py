"""What stewards decide in the browser: held plans and records in quarantine, each for the people of the department it concerns.

A decision is written down at once; the job process carries it out, as it goes on with any run that nobody holds. A record that was let in is read with
the next harvest of its source.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import audit, definitions
from catalog.access import Actor, Capacity, may_create_in
from catalog.db import now
from catalog.ingest import decisions, lease, ledger, quarantine
from catalog.ingest.decisions import ADDITIONS, APPROVED, REJECTED
from catalog.ingest.pages import reader_revision
from catalog.instance import Instance
from catalog.models import Quarantine, Run, SourceState
from dcat.errors import StateError
from dcat.message import Message

DECISIONS = (APPROVED, ADDITIONS, REJECTED)
LONGEST_REASON = 500
_OVER = Message(
    "Dieser Plan wartet nicht mehr: jemand hat entschieden, oder ein neuerer Lauf hat ihn ersetzt.",
    "This plan no longer waits: somebody has decided, or a newer run has replaced it.",
)
_BUSY = Message(
    "Die Quelle wird gerade geerntet. Versuchen Sie es danach noch einmal.",
    "The source is being harvested just now. Try again afterwards.",
)
_CHANGED = Message(
    "Die Definition der Quelle hat sich seit diesem Plan geändert: er kann nur verworfen werden.",
    "The definition of the source has changed since this plan: it can only be rejected.",
)


class ForbiddenError(StateError):
    """Somebody may read this, and not decide it."""


def may_enter(actor: Actor) -> bool:
    """Tell whether somebody may read the steward's pages: who administers, or edits for some organisation."""
    return actor.known and (actor.admin or any(capacity is not Capacity.MEMBER for capacity in actor.roles.values()))


def may_decide(session: Session, actor: Actor, source_id: str) -> bool:
    """Tell whether somebody may decide about a source: who administers, or edits for its department."""
    if not actor.known:
        return False
    state = session.get(SourceState, source_id)
    return may_create_in(actor, state.organization_id if state else "")


def decide(instance: Instance, session: Session, actor: Actor, number: int, decision: str) -> Run:
    """Write down what becomes of the held plan of a run; StateError says why it cannot be decided so."""
    run = session.get(Run, number)
    if run is None or run.phase != "held" or decision not in DECISIONS:
        raise StateError(_OVER)
    _require(session, actor, run.source_id)
    open_ones = sa.select(Run).where(Run.source_id == run.source_id, Run.phase.in_(ledger.OPEN), ~Run.dry)
    if any(lease.is_held(other.holder, other.lease_until, now()) for other in session.scalars(open_ones)):
        raise StateError(_BUSY)
    source = definitions.present(instance.config.sources).sources.get(run.source_id)
    if decision != REJECTED and (source is None or run.revision != reader_revision(source)):
        raise StateError(_CHANGED)
    decisions.take(session, run, decision, instance.policies())
    audit.note(session, actor, f"plan.{decision}", str(run.id), run.source_id)
    return run


def release(session: Session, actor: Actor, number: int, *, always: bool, reason: str) -> Quarantine:
    """Let a record in; StateError says why it cannot be."""
    if not (reason := " ".join(reason.split())[:LONGEST_REASON]):
        raise StateError(Message("Nennen Sie den Grund.", "Name the reason."))
    _require(session, actor, quarantine.find(session, number).source_id)
    row = quarantine.release(session, number, always=always, author=actor.name, reason=reason)
    audit.note(
        session, actor, "record.release", str(row.id), row.remote_id, source=row.source_id, always=always, reason=reason
    )
    return row


def _require(session: Session, actor: Actor, source_id: str) -> None:
    if not may_decide(session, actor, source_id):
        raise ForbiddenError(
            Message(
                "Das entscheidet, wer für das Amt dieser Quelle bearbeitet oder diese Website verwaltet.",
                "That is decided by those who edit for the department of this source, or administer this site.",
            )
        )
