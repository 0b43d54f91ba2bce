"""CKAN's background jobs: here the harvests that are under way; for administrators."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from catalog import access
from catalog.api.actions import named
from catalog.api.actions.call import Action, Argument, Call, denied, impossible, not_found
from catalog.ingest import ledger
from catalog.models import Run
from catalog.renditions import naive
from dcat.message import Message

QUEUE = "harvest"
MOST = 100


def job_list(call: Call) -> list[dict[str, str]] | list[str]:
    """List the work under way, the newest first; with `ids_only` its numbers alone."""
    _require(call)
    queues = call.listed("queues")
    if queues and QUEUE not in queues:
        return []
    query = sa.select(Run).where(Run.phase.in_(ledger.OPEN)).order_by(Run.id.desc())
    runs = call.session.scalars(query.limit(call.number("limit", MOST, MOST)))
    return [str(run.id) for run in runs] if call.flag("ids_only") else [_described(run) for run in runs]


def job_show(call: Call) -> dict[str, str]:
    """Show one piece of the work under way."""
    _require(call)
    run = named.run(call)
    if run.phase not in ledger.OPEN:
        raise not_found()
    return _described(run)


def job_clear(call: Call) -> list[str]:
    """Refuse while there is work: what is due would only come again. Names the queues that were cleared, as there was nothing: none."""
    _require(call)
    if call.session.scalar(sa.select(Run.id).where(Run.phase.in_(ledger.OPEN)).limit(1)) is not None:
        raise impossible(_STAYS)
    return []


def job_cancel(call: Call) -> None:
    """Refuse: a run ends by its deadlines."""
    _require(call)
    if named.run(call).phase not in ledger.OPEN:
        raise not_found()
    raise impossible(_STAYS)


def _require(call: Call) -> None:
    if not access.may_oversee(call.actor):
        raise denied()


def _described(run: Run) -> dict[str, Any]:
    started = naive(run.started_at.isoformat())
    return {"id": str(run.id), "queue": QUEUE, "title": f"{run.source_id}: {run.phase}", "created": started}


_STAYS = (
    "a run ends by its deadlines, and what is due comes again; reject a held plan with: offenbar harvest reject SOURCE"
)
_ID = Argument("id", "string", Message("Nummer des Laufs", "number of the run"), required=True)

ACTIONS: Mapping[str, Action] = {
    "job_list": Action(
        job_list,
        Message("Die laufenden Arbeiten; nur für Administratoren.", "The work under way; administrators only."),
        (
            Argument("queues", "array", Message("nur harvest", "harvest only")),
            Argument("limit", "integer", Message("höchstens so viele", "at the most so many")),
            Argument("ids_only", "boolean", Message("nur die Nummern", "the numbers only")),
        ),
    ),
    "job_show": Action(
        job_show,
        Message("Eine laufende Arbeit; nur für Administratoren.", "A piece of work under way; administrators only."),
        (_ID,),
    ),
    "job_clear": Action(
        job_clear,
        Message("Nicht möglich: was fällig ist, kommt wieder.", "Not possible: what is due comes again."),
        writes=True,
    ),
    "job_cancel": Action(
        job_cancel,
        Message("Nicht möglich: ein Lauf endet durch seine Fristen.", "Not possible: a run ends by its deadlines."),
        (_ID,),
        writes=True,
    ),
}
