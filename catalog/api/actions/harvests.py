"""The harvest as ckanext-harvest's actions read it: sources, their runs as jobs, their records as objects.

Everybody sees how the sources are, as on the health board; addresses, full reasons and contents are for administrators of the site.
What would change a source is refused: its definition is a file in Git.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from catalog import access, definitions, desk_source, health, run_view
from catalog.api.actions import named
from catalog.api.actions.call import Action, Argument, Call, denied, impossible, invalid, not_found
from catalog.definitions import Definitions
from catalog.health import Health, RunLine
from catalog.ingest import ledger, plan
from catalog.models import DatasetRow, Organization, PlanItem, Record, RecordVersion, Run, SourceState
from catalog.organizations import packaged
from catalog.renditions import decompress, naive
from catalog.store import UUID, VISIBLE
from dcat.message import Message
from harvesters.registry import HARVESTERS
from harvesters.source import Source

JOBS, MOST_JOBS = 100, 1000
OBJECTS, MOST_OBJECTS = 1000, 10_000
MAX_ERRORS = 100
RUNNING, FINISHED = "Running", "Finished"
# ckanext-harvest's words for intervals, each for up to so many days.
_FREQUENCIES = ((0.99, "ALWAYS"), (2, "DAILY"), (10, "WEEKLY"), (20, "BIWEEKLY"))


def harvest_source_list(call: Call) -> list[dict[str, Any]]:
    """List the sources by id."""
    defined = _definitions(call)
    query = sa.select(SourceState, Organization).join(Organization, Organization.id == SourceState.organization_id)
    known = {state.id: (state, organization) for state, organization in call.session.execute(query)}
    ids = sorted({name for name in known if not desk_source.is_desk(name)} | set(defined.sources))
    wanted, found = call.text("organization_id"), []
    for source_id in ids:
        state, organization = known.get(source_id, (None, None))
        of = (organization.id, organization.name) if organization else ()
        active = defined.find(source_id) is not None
        if (wanted and wanted not in of) or (call.flag("only_active") and not active):
            continue
        shown = _source(call, source_id, defined.find(source_id), organization)
        found.append({**shown, "type": shown["source_type"], "health": state.state if state else "new"})
    return found


def harvest_source_show(call: Call) -> dict[str, Any]:
    """Show one source with its status."""
    source_id, defined = call.required("id"), _definitions(call)
    page = health.source(call.session, call.instance.config, defined, source_id)
    if page is None:
        raise not_found()
    organization = call.session.scalar(
        sa.select(Organization)
        .join(SourceState, SourceState.organization_id == Organization.id)
        .where(SourceState.id == source_id)
    )
    shown = _source(call, source_id, defined.find(source_id), organization)
    return {**shown, "type": "harvest", "title": page.health.title, "status": _status(call, page.health)}


def harvest_source_show_status(call: Call) -> dict[str, Any]:
    """Show how a source is."""
    return dict(harvest_source_show(call)["status"])


def harvest_job_list(call: Call) -> list[dict[str, Any]]:
    """List runs, the newest first."""
    query = sa.select(Run).where(~Run.dry)
    if source_id := call.text("source_id"):
        if desk_source.is_desk(source_id) or not _is_known(call, source_id):
            raise not_found()
        query = query.where(Run.source_id == source_id)
    status = call.text("status")
    if status not in ("", "New", RUNNING, FINISHED, "Aborted"):
        raise invalid(status="Must be one of: New, Running, Finished, Aborted")
    if status in ("New", "Aborted"):
        return []
    if status:
        query = query.where(Run.phase.in_(ledger.OPEN) if status == RUNNING else Run.phase.not_in(ledger.OPEN))
    query = query.order_by(Run.id.desc()).limit(call.number("limit", JOBS, MOST_JOBS))
    return [_job(call, health.line(run)) for run in call.session.scalars(query.offset(call.number("offset", 0)))]


def harvest_job_show(call: Call) -> dict[str, Any]:
    """Show one run."""
    return _job(call, _run(call))


def harvest_job_report(call: Call) -> dict[str, Any]:
    """Say what went wrong in a run; which records did is for administrators."""
    run = _run(call)
    objects: dict[str, Any] = {}
    if access.may_oversee(call.actor):
        query = sa.select(PlanItem).where(PlanItem.run_id == run.id, PlanItem.action == plan.QUARANTINE)
        for item in call.session.scalars(query.order_by(PlanItem.remote_id).limit(MAX_ERRORS)):
            message = str(item.reason[2]) if len(item.reason) >= 3 else ""
            objects[item.remote_id] = {"guid": item.remote_id, "errors": [{"message": message, "type": "quarantine"}]}
    return {"gather_errors": [{"message": reason} for reason in _reasons(call, run)], "object_errors": objects}


def harvest_object_show(call: Call) -> dict[str, Any]:
    """Show the record that became a dataset."""
    wanted, inside = call.required("id", "dataset_id"), access.may_oversee(call.actor)
    if not UUID.fullmatch(wanted):
        raise not_found()
    query = sa.select(Record, RecordVersion).outerjoin(
        RecordVersion,
        sa.and_(RecordVersion.dataset_id == Record.dataset_id, RecordVersion.version == Record.version),
    )
    query = query.where(Record.dataset_id == wanted)
    if not inside:
        query = query.join(DatasetRow, DatasetRow.id == Record.dataset_id).where(VISIBLE)
    found = call.session.execute(query).one_or_none()
    if found is None or desk_source.is_desk(found[0].source_id):
        raise not_found()
    record, version = found
    shown = {
        "id": record.dataset_id,
        "guid": record.remote_id,
        "harvest_source_id": record.source_id,
        "harvest_job_id": str(version.run_id) if version else None,
        "package_id": record.dataset_id,
        "current": record.gone_at is None,
        "state": "COMPLETE",
        "import_finished": naive(version.created_at.isoformat()) if version else None,
    }
    return {**shown, "content": decompress(version.document).decode()} if inside and version else shown


def harvest_object_list(call: Call) -> list[str]:
    """List the ids of public datasets that sources have brought."""
    query = sa.select(Record.dataset_id).join(DatasetRow, DatasetRow.id == Record.dataset_id).where(VISIBLE)
    query = query.where(sa.not_(Record.source_id.startswith(desk_source.source_id(""), autoescape=True)))
    if source_id := call.text("source_id"):
        query = query.where(Record.source_id == source_id)
    if call.flag("only_current", default=True):
        query = query.where(Record.gone_at.is_(None))
    query = query.order_by(Record.dataset_id).offset(call.number("offset", 0))
    return list(call.session.scalars(query.limit(call.number("limit", OBJECTS, MOST_OBJECTS))))


def harvesters_info_show(call: Call) -> list[dict[str, str]]:
    """List the kinds of sources that can be read."""
    return [
        {"name": name, "title": name, "description": f"options: {', '.join(harvester.options) or '-'}"}
        for name, harvester in sorted(HARVESTERS.items())
    ]


def harvest_log_list(call: Call) -> list[Any]:
    """Show no log: it is with the operator."""
    if not access.may_oversee(call.actor):
        raise denied()
    return []


def _definitions(call: Call) -> Definitions:
    return definitions.present(call.instance.config.sources)


def _is_known(call: Call, source_id: str) -> bool:
    return source_id in _definitions(call).sources or call.session.get(SourceState, source_id) is not None


def _source(call: Call, source_id: str, defined: Source | None, organization: Organization | None) -> dict[str, Any]:
    """Describe a source; its address is for administrators, without credentials."""
    inside = access.may_oversee(call.actor)
    department = f"{call.instance.config.city_name(defined.city)}, {defined.department}" if defined else source_id
    return {
        "id": source_id,
        "name": source_id,
        "title": organization.title if organization else department,
        "url": run_view.shown(defined.url) if defined and inside else "",
        "source_type": defined.type if defined else "",
        "frequency": _frequency(defined.schedule.every) if defined else "MANUAL",
        "active": defined is not None,
        "state": "active" if defined else "deleted",
        "private": False,
        "config": None,
        "owner_org": organization.id if organization else None,
        "publisher_id": organization.id if organization else None,
        "publisher_title": organization.title if organization else None,
        "organization": packaged(organization) if organization else None,
    }


def _frequency(seconds: int) -> str:
    return next((word for days, word in _FREQUENCIES if seconds <= days * 86_400), "MONTHLY")


def _status(call: Call, found: Health) -> dict[str, Any]:
    runs = sa.select(sa.literal(1)).select_from(Run).where(Run.source_id == found.id, ~Run.dry)
    return {
        "job_count": health.limited(call.session, runs),
        "last_job": _job(call, found.last) if found.last else None,
        "total_datasets": found.numbers.live,
        "quarantined": found.numbers.quarantined,
        "health": found.state,
        "last_harvest_request": naive(found.last.started_at.isoformat()) if found.last else None,
        "next_harvest": naive(found.due.isoformat()) if found.due else None,
    }


def _run(call: Call) -> RunLine:
    run = named.run(call)
    if run.dry and not access.may_oversee(call.actor):
        raise not_found()
    return health.line(run)


def _job(call: Call, run: RunLine) -> dict[str, Any]:
    sums = run_view.sums(run.counts)
    started, ended = naive(run.started_at.isoformat()), naive(run.finished_at.isoformat()) if run.finished_at else None
    return {
        "id": str(run.id),
        "source_id": run.source,
        "status": FINISHED if run.status else RUNNING,
        "outcome": run.status or None,
        "created": started,
        "gather_started": started,
        "gather_finished": ended,
        "finished": ended,
        "stats": {
            "added": sums.created,
            "updated": sums.updated,
            "not modified": sums.unchanged,
            "deleted": sums.removed,
            "errored": sums.quarantined,
        },
        "gather_error_summary": _reasons(call, run),
    }


def _reasons(call: Call, run: RunLine) -> list[str]:
    """Say why a run did not go as it should; what may quote the source is for administrators."""
    told = run.reasons if access.may_oversee(call.actor) else run.public_reasons
    return [reason.en for reason in told]


def _instead(sentence: str) -> Callable[[Call], None]:
    """Refuse, and tell those who might do it what to do instead."""

    def refuse(call: Call) -> None:
        if not access.may_administer(call.actor):
            raise denied()
        raise impossible(sentence)

    return refuse


def _refusal(de: str, en: str) -> Action:
    about = Message(f"Nicht über die API: {de}", f"Not through the API: {en}")
    return Action(_instead(en), about, (_SOURCE,), writes=True)


_SOURCE = Argument("id", "string", Message("Kennung der Quelle oder des Laufs", "id of the source or run"))
_IN_GIT = (
    "eine Quelle ist eine YAML-Datei im Ordner der Quellen; ändern Sie diese, und prüfen Sie sie mit: offenbar source lint",
    "a source is a YAML file in the folder of sources; change that, and check it with: offenbar source lint",
)
_BY_HAND = (
    "Ernten laufen nach Plan; eine sofort beginnen Sie mit: offenbar harvest run QUELLE",
    "harvests follow their schedule; begin one at once with: offenbar harvest run SOURCE",
)
_STAYS = (
    "nehmen Sie die Datei der Quelle aus dem Ordner; was mit ihren Datensätzen geschieht, zeigt: offenbar source leave QUELLE",
    "take the source's file out of the folder; what becomes of its datasets is shown by: offenbar source leave SOURCE",
)
_ENDS = (
    "ein Lauf endet durch seine Fristen; einen angehaltenen Plan verwerfen Sie mit: offenbar harvest reject QUELLE",
    "a run ends by its deadlines; reject a plan that is held with: offenbar harvest reject SOURCE",
)
_RECORDS = (
    "Datensätze kommen aus den Quellen; eigene legen Sie mit package_create an",
    "records come from the sources; make your own with package_create",
)
_ID = Argument("id", "string", Message("Kennung", "id"), required=True)
_PAGED = (
    Argument("limit", "integer", Message("höchstens so viele", "at the most so many")),
    Argument("offset", "integer", Message("ab dem wievielten", "how many to skip")),
)

ACTIONS: Mapping[str, Action] = {
    "harvest_source_list": Action(
        harvest_source_list,
        Message(
            "Die Quellen; ihre Adressen nur für Administratoren.",
            "The sources; their addresses for administrators only.",
        ),
        (
            Argument("only_active", "boolean", Message("nur die noch definierten", "only those still defined")),
            Argument("organization_id", "string", Message("Organisation", "organisation")),
        ),
        example={},
    ),
    "harvest_source_show": Action(
        harvest_source_show,
        Message("Eine Quelle mit ihrem Stand.", "A source with its status."),
        (_ID,),
        example={"id": "da-statistik"},
    ),
    "harvest_source_show_status": Action(
        harvest_source_show_status,
        Message(
            "Der Stand einer Quelle: letzter Lauf, Zahl der Datensätze.",
            "A source's status: last run, number of datasets.",
        ),
        (_ID,),
        example={"id": "da-statistik"},
    ),
    "harvest_job_list": Action(
        harvest_job_list,
        Message("Die Läufe, der neueste zuerst.", "The runs, the newest first."),
        (
            Argument("source_id", "string", Message("Quelle", "source")),
            Argument("status", "string", Message("Running oder Finished", "Running or Finished")),
            *_PAGED,
        ),
        example={"limit": 5},
    ),
    "harvest_job_show": Action(harvest_job_show, Message("Ein Lauf.", "A run."), (_ID,), example={"id": "1"}),
    "harvest_job_report": Action(
        harvest_job_report,
        Message("Was bei einem Lauf schiefging.", "What went wrong in a run."),
        (_ID,),
        example={"id": "1"},
    ),
    "harvest_object_show": Action(
        harvest_object_show,
        Message(
            "Der Eintrag der Quelle zu einem Datensatz; sein Inhalt nur für Administratoren.",
            "A source's record of a dataset; its content for administrators only.",
        ),
        (Argument("id", "string", Message("Kennung des Datensatzes", "id of the dataset"), required=True),),
    ),
    "harvest_object_list": Action(
        harvest_object_list,
        Message("Die Kennungen der geernteten öffentlichen Datensätze.", "The ids of harvested public datasets."),
        (
            Argument("source_id", "string", Message("Quelle", "source")),
            Argument("only_current", "boolean", Message("nur die noch gelieferten", "only those still delivered")),
            *_PAGED,
        ),
        example={"limit": 5},
    ),
    "harvesters_info_show": Action(
        harvesters_info_show,
        Message("Die Arten von Quellen.", "The kinds of sources."),
        example={},
    ),
    "harvest_log_list": Action(
        harvest_log_list,
        Message("Immer leer: das Protokoll liegt beim Betreiber.", "Always empty: the log is with the operator."),
    ),
    **dict.fromkeys(("harvest_source_create", "harvest_source_update", "harvest_source_patch"), _refusal(*_IN_GIT)),
    "harvest_source_delete": _refusal(*_STAYS),
    **dict.fromkeys(
        ("harvest_source_clear", "harvest_source_index_clear", "harvest_source_job_history_clear"), _refusal(*_STAYS)
    ),
    **dict.fromkeys(("harvest_job_create", "harvest_jobs_run"), _refusal(*_BY_HAND)),
    "harvest_job_abort": _refusal(*_ENDS),
    "harvest_object_create": _refusal(*_RECORDS),
}
