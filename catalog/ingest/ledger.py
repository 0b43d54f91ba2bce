"""The row of a run: who may write to it, and how it goes on, in part or not at all."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import now
from catalog.ingest import lease
from catalog.models import Run, Staged
from dcat.errors import StateError
from dcat.message import Message

OPEN = ("fetching", "staged", "planned", "applying")


def mine(session: Session, run_id: int) -> Run:
    """Read a run in order to write to it; StateError when the lease lapsed and another worker has it now."""
    run = session.get_one(Run, run_id)
    if run.phase not in OPEN or run.holder != lease.me():
        raise StateError(
            Message(f"Lauf {run_id} hat ein anderer übernommen.", f"Run {run_id} was taken over by another worker.")
        )
    return run


def hold(run: Run) -> None:
    """Take the lease, or keep it."""
    run.holder, run.lease_until = lease.me(), now() + lease.LEASE


def read_in_part(run: Run, reason: Message, *, others: bool) -> None:
    """Go on without a page, with the others or without them."""
    run.reason = [*run.reason, [reason.de, reason.en]]
    run.status, run.complete = "partial", False
    run.cursor = run.cursor[1:] if others else []


def circle(url: str) -> Message:
    """Say that the pages of a source lead back to where they have been."""
    return Message(
        f"Die Seiten laufen im Kreis: {url} bringt, was schon da war.",
        f"The pages run in a circle: {url} brings what was there before.",
    )


def supersede(session: Session, run: Run) -> None:
    """A source that answers replaces what it said before: an older held plan is no longer to be decided."""
    query = sa.select(Run).where(Run.source_id == run.source_id, Run.phase == "held", Run.id < run.id)
    for older in session.scalars(query):
        finish(session, older, "superseded")


def finish(session: Session, run: Run, status: str) -> None:
    """Close a run; what it staged has served."""
    run.phase, run.status, run.finished_at = "finished", status, now()
    run.holder, run.lease_until = "", None
    session.execute(sa.delete(Staged).where(Staged.run_id == run.id))
