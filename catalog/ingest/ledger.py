"""The row of a run: who may write to it, and how it goes on, in part or not at all."""

import datetime
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import notices
from catalog.db import Database, now
from catalog.ingest import lease
from catalog.models import Run, Staged
from dcat.errors import StateError
from dcat.message import Message

OPEN = ("fetching", "staged", "planned", "applying")
# How long a run may stay in a phase; how long it may fetch stands in the definition.
DEADLINES = {
    "staged": datetime.timedelta(hours=2),
    "planned": datetime.timedelta(hours=2),
    "applying": datetime.timedelta(hours=6),
}
EXPIRY = datetime.timedelta(days=14)


def mine(session: Session, run_id: int, holder: str) -> Run:
    """Read a run in order to write to it; StateError when the lease lapsed and another worker has it now."""
    run = session.get_one(Run, run_id)
    if run.phase not in OPEN or run.holder != holder:
        raise StateError(
            Message(f"Lauf {run_id} hat ein anderer übernommen.", f"Run {run_id} was taken over by another worker.")
        )
    return run


def hold(run: Run, holder: str) -> None:
    """Take the lease, or keep it."""
    run.holder, run.lease_until = holder, now() + lease.LEASE


def enter(run: Run, phase: str) -> None:
    """Let a run go on to its next phase."""
    if run.phase != phase:
        run.phase, run.phase_at = phase, now()


def is_late(run: Run) -> bool:
    """Tell whether a run has been in its phase for longer than that may take: nobody waits for it any more."""
    most = DEADLINES.get(run.phase)
    return most is not None and run.phase_at is not None and now() - run.phase_at > most


@contextmanager
def heartbeat(database: Database, run_id: int, holder: str) -> Iterator[None]:
    """Keep the lease of a run while its worker is busy with something long, such as a slow page."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(lease.LEASE.total_seconds() / 3):
            # A database that is away now may be back at the next beat; until then the lease runs on.
            with suppress(StateError), database.writing() as session:
                run = mine(session, run_id, holder)
                if not is_late(run):
                    hold(run, holder)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def expire(session: Session) -> int:
    """Close the held plans that nobody decided in time; the catalogue stays as it is. Gives their number."""
    query = sa.select(Run).where(Run.phase == "held", Run.phase_at < now() - EXPIRY)
    runs = session.scalars(query).all()
    for run in runs:
        finish(session, run, "expired")
    return len(runs)


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
    enter(run, "finished")
    run.status, run.finished_at = status, now()
    run.holder, run.lease_until = "", None
    session.execute(sa.delete(Staged).where(Staged.run_id == run.id))
    notices.after_run(session, run)


def wait(session: Session, run: Run) -> None:
    """Let a run wait for a steward's decision; nobody holds it meanwhile."""
    enter(run, "held")
    run.status, run.holder, run.lease_until = "held", "", None
    notices.after_run(session, run)
