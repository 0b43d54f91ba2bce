"""What a steward can do with a held plan: apply it, drop it, apply its additions only, or give renamed records their old datasets."""

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches, now
from catalog.ingest import ledger, plan
from catalog.models import DatasetRow, PlanItem, Record, Run
from catalog.policy import Policies
from dcat.errors import StateError
from dcat.message import Message

APPROVED, REJECTED, ADDITIONS, REKEYED = "approved", "rejected", "additions", "rekeyed"


def take(session: Session, run: Run, decision: str, policies: Policies) -> None:
    """Write a decision down and let the run go on; StateError when it cannot be carried out."""
    run.decision, run.decided_at = decision, now()
    if decision == REJECTED:
        ledger.finish(session, run, "rejected")
        return
    if decision == ADDITIONS:
        _only_additions(session, run)
    elif decision == REKEYED:
        _rekey(session, run, policies)
    # What was read in part stays partial, whoever approves it.
    run.status = "" if run.complete else "partial"
    ledger.enter(run, "planned")


def _only_additions(session: Session, run: Run) -> None:
    """Leave changes and removals for another day: a new plan will name them again."""
    later = (plan.UPDATE, plan.MISSING)
    open_ones = sa.and_(PlanItem.run_id == run.id, PlanItem.action.in_(later))
    number = session.scalar(sa.select(sa.func.count()).select_from(PlanItem).where(open_ones))
    session.execute(sa.delete(PlanItem).where(open_ones))
    text = Message(
        f"Nur Neues übernommen; {number} Änderungen und fehlende Datensätze bleiben offen.",
        f"Only additions applied; {number} changes and missing datasets stay open.",
    )
    run.reason = [*run.reason, [text.de, text.en]]
    # Every record seen is accounted for: what is not changed now stays as it was.
    unchanged = run.counts["unchanged"] + run.counts["updated"]
    run.counts = {**run.counts, "updated": 0, "unchanged": unchanged, "missing": 0}
    run.complete = False


def _rekey(session: Session, run: Run, policies: Policies) -> None:
    """Give records with a new id the datasets of the missing ones of the same title, so that their addresses stay.

    Titles that occur several times decide nothing. StateError when a decision to withhold names an old id: it would miss the new one.
    """
    pairs = renamed(session, run)
    if not pairs:
        raise StateError(
            Message(
                "In diesem Plan hat kein Datensatz bei gleichem Titel eine neue Kennung. Nächster Schritt: harvest approve ohne --rekey",
                "No dataset of this plan has a new id under the same title. Next step: harvest approve without --rekey",
            )
        )
    for old, _ in pairs:
        if policies.concerns(run.source_id, old.remote_id):
            raise StateError(
                Message(
                    f"Eine Entscheidung, etwas zurückzuhalten, nennt die alte Kennung {old.remote_id}. "
                    "Nächster Schritt: in der Datei der Stadt unter policies/ die neue eintragen, dann noch einmal",
                    f"A decision to withhold something names the old id {old.remote_id}. "
                    "Next step: enter the new one in the city's file under policies/, then try again",
                )
            )
    for old, new in pairs:
        record = session.get_one(Record, old.dataset_id)
        record.remote_id = new.remote_id
        new.action, new.dataset_id = plan.UPDATE, old.dataset_id
        session.delete(old)
    number = len(pairs)
    counts = run.counts
    run.counts = {
        **counts,
        "created": counts["created"] - number,
        "updated": counts["updated"] + number,
        "missing": counts["missing"] - number,
    }
    session.flush()


def renamed(session: Session, run: Run) -> list[tuple[PlanItem, PlanItem]]:
    """Pair the missing records of a plan with new ones of the same title, where the title tells them apart."""
    items = session.scalars(
        sa.select(PlanItem).where(PlanItem.run_id == run.id, PlanItem.action.in_((plan.CREATE, plan.MISSING)))
    ).all()
    missing = {item.dataset_id: item for item in items if item.action == plan.MISSING}
    titles: dict[str, str] = {}
    for part in batches(missing):
        rows = session.execute(sa.select(DatasetRow.id, DatasetRow.title).where(DatasetRow.id.in_(part)))
        titles.update(rows.all())
    times = Counter(titles.values())
    new = [item for item in items if item.action == plan.CREATE]
    new_times = Counter(item.title for item in new)
    by_title = {title: missing[one] for one, title in titles.items() if times[title] == 1}
    return [(by_title[item.title], item) for item in new if item.title in by_title and new_times[item.title] == 1]
