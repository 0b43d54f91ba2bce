"""What happens to the datasets of a source whose definition is gone: nothing by itself, and what a steward decides after seeing it.

A source without definition keeps its last good state in public. Taking its datasets away, or giving them to a new name of the same
source, is a command that first shows what it would do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_source, notices, publishing, store
from catalog.config import Config
from catalog.db import Database, batches, now
from catalog.drafts import Draft
from catalog.ingest import identity, ledger
from catalog.ingest.identity import Shifts
from catalog.models import DatasetRow, Dismissal, Exchange, LiveFile, NoticeRow, Quarantine, Record, Run, SourceState
from catalog.policy import Policies
from catalog.store import VISIBLE
from dcat.errors import NotFoundError, StateError
from dcat.message import Message
from harvesters.source import Source

# The tables that name a source.
_NAMING = (Run, Exchange, Record, Quarantine, DatasetRow, Dismissal, LiveFile, NoticeRow)


@dataclass(frozen=True, slots=True)
class Farewell:
    """What leaves with a source: the datasets withdrawn, and of these the ones another source shows from then on."""

    withdrawn: tuple[str, ...]
    shifts: Shifts

    @property
    def handed_over(self) -> int:
        """How many datasets live on through another source, under the same URI."""
        return len(self.shifts.successors)


def note_left(session: Session, defined: Mapping[str, Source]) -> None:
    """Note for each source whose definition is gone that it left; once."""
    for source_id in session.scalars(sa.select(SourceState.id).where(SourceState.state != "left")).all():
        if source_id not in defined and not desk_source.is_desk(source_id):
            notices.left(session, source_id)


def preview(session: Session, source_id: str, defined: Mapping[str, Source]) -> Farewell:
    """Tell what would leave with a source; StateError while its definition is there."""
    _require_left(session, source_id, defined)
    gone = session.scalars(
        sa.select(Record.dataset_id).where(Record.source_id == source_id, Record.gone_at.is_(None))
    ).all()
    return Farewell(tuple(sorted(gone)), identity.shifts(session, source_id, {}, set(gone), defined.keys()))


def leave(
    database: Database, config: Config, policies: Policies, source_id: str, defined: Mapping[str, Source]
) -> Farewell:
    """Withdraw what only this source described, and show what others describe too, in one transaction."""
    while True:
        with database.reading() as session:
            farewell = preview(session, source_id, defined)
        leaving = farewell.shifts.leaving.union(farewell.withdrawn)
        drafts: list[Draft] = []
        for other, dataset_ids in farewell.shifts.shown.items():
            with database.reading() as session:
                coming = list(publishing.said(session, dataset_ids))
            drafts += publishing.drafts(database, config, defined[other], policies, coming, leaving=leaving)
        with database.writing() as session:
            if preview(session, source_id, defined) != farewell or store.overtaken(session, drafts, leaving):
                continue
            at, cause = now(), f"source {source_id} left"
            for part in batches(sorted(leaving)):
                store.withdraw(session, part, cause, farewell.shifts.successors)
                session.execute(sa.update(Record).where(Record.dataset_id.in_(part)).values(gone_at=at, led_by=None))
            identity.write(session, farewell.shifts.led)
            store.publish(session, drafts, cause)
            waiting = sa.select(Run).where(Run.source_id == source_id, Run.phase.in_((*ledger.OPEN, "held")))
            for run in session.scalars(waiting):
                ledger.finish(session, run, "superseded")
            session.execute(
                sa.update(Quarantine)
                .where(Quarantine.source_id == source_id, Quarantine.resolved_at.is_(None))
                .values(resolved_at=at)
            )
            notices.left(session, source_id)
            return farewell


def rename(session: Session, old: str, new: Source, defined: Mapping[str, Source], policies: Policies) -> int:
    """Give the datasets of a source to its new name, with their addresses and all we know of them; gives their number.

    StateError while the old name is defined, when the new one has datasets of its own, or when a decision names the old one.
    """
    _require_left(session, old, defined)
    taken = session.scalar(sa.select(Record.dataset_id).where(Record.source_id == new.id).limit(1))
    if taken is not None:
        raise StateError(
            Message(
                f"{new.id} hat schon eigene Datensätze. Nächster Schritt: offenbar source leave {old}",
                f"{new.id} has datasets of its own already. Next step: offenbar source leave {old}",
            )
        )
    if any(one.source == old for one in policies.withholdings):
        raise StateError(
            Message(
                f"Eine Entscheidung, etwas zurückzuhalten, nennt {old}. Nächster Schritt: unter policies/ {new.id} eintragen",
                f"A decision to withhold something names {old}. Next step: enter {new.id} under policies/",
            )
        )
    if session.get(SourceState, new.id) is None:
        # The same state under another id; what the next run finds counts from now on.
        row = sa.select(*(c for c in SourceState.__table__.columns if c.name not in ("id", "state", "state_since")))
        values = session.execute(row.where(SourceState.id == old)).one()._mapping
        session.add(SourceState(id=new.id, state="new", state_since=now(), **values))
        session.flush()
    for table in _NAMING:
        session.execute(sa.update(table).where(table.source_id == old).values(source_id=new.id))
    session.execute(sa.delete(SourceState).where(SourceState.id == old))
    return session.scalar(sa.select(sa.func.count()).where(DatasetRow.source_id == new.id, VISIBLE)) or 0


def _require_left(session: Session, source_id: str, defined: Mapping[str, Source]) -> None:
    if session.get(SourceState, source_id) is None:
        known = ", ".join(session.scalars(sa.select(SourceState.id).order_by(SourceState.id))) or "-"
        raise NotFoundError(
            Message(
                f"Die Quelle „{source_id}“ wurde nie geerntet (bekannt: {known}).",
                f"The source “{source_id}” was never harvested (known: {known}).",
            )
        )
    if source_id in defined:
        raise StateError(
            Message(
                f"{source_id} ist noch definiert; die nächste Ernte brächte alles zurück. Nächster Schritt: die Datei der Quelle entfernen",
                f"{source_id} is still defined; the next harvest would bring all of it back. Next step: remove the file of the source",
            )
        )
