"""One run as its page shows it: phases, pages fetched, sums, and the stored plan with the values that would change. For stewards."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from catalog import health
from catalog.definitions import Definitions
from catalog.health import RunLine
from catalog.ingest import plan
from catalog.ingest.pages import reader_revision
from catalog.models import DatasetRow, Exchange, PlanItem, Record, RecordVersion, Run, Staged
from catalog.renditions import decompress
from catalog.store import VISIBLE
from dcat.message import Message
from dcat.profile import profile
from harvesters import addresses
from harvesters.source import Guard

ITEMS = 25
PAGES = 25
LONGEST = 300
ACTIONS = (plan.CREATE, plan.UPDATE, plan.REVIVE, plan.MISSING, plan.QUARANTINE)
_SECRET = re.compile(
    r"([?&;][^=&;#]*(?:token|key|secret|sig|pass|pwd|auth|session|access)[^=&;#]*=)[^&;#]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Where the records of a run are: `seen` is the sum of the next four and of `open`, those that no plan knows yet."""

    seen: int
    created: int
    updated: int
    unchanged: int
    quarantined: int
    open: int
    missing: int
    removed: int


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of a run."""

    what: Message
    at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One page: its address without credentials, what the server said, and whether the bytes are those of the run before."""

    id: int
    url: str
    final_url: str
    status: int
    size: int
    media_type: str
    decided: str
    unchanged: bool
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs, with the values before and after in short form; None where they are not kept."""

    field: str
    label: Message
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the plan. `slug` names the dataset's page where it is public."""

    remote_id: str
    action: str
    title: str
    slug: str
    fields: tuple[FieldChange, ...]
    code: str
    reason: Message | None
    misses: int
    missing_since: datetime.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """The page of a run; `after_item` and `after_page` are where its next parts begin, empty and 0 at the end."""

    line: RunLine
    dry: bool
    decision: str
    decided_at: datetime.datetime | None
    steps: tuple[Step, ...]
    sums: Sums
    limits: tuple[Message, ...]
    outdated: bool
    """a held plan whose definition has changed since: it cannot be approved"""
    pages: tuple[Fetched, ...]
    after_page: int
    items: tuple[Item, ...]
    after_item: str


def read(
    session: Session,
    definitions: Definitions,
    run_id: int,
    *,
    action: str = "",
    after_item: str = "",
    after_page: int = 0,
) -> RunView | None:
    """Read a run; None when there is none of this number."""
    run = session.get(Run, run_id)
    if run is None:
        return None
    line, definition = health.line(run), definitions.find(run.source_id)
    items = _planned(session, run, action, after_item)
    pages = _exchanges(session, run_id, after_page)
    return RunView(
        line=line,
        dry=run.dry,
        decision=run.decision,
        decided_at=run.decided_at,
        steps=_steps(session, run),
        sums=sums(line.counts),
        limits=limits(definition.guard) if definition and line.status == "held" else (),
        outdated=line.status == "held" and (definition is None or reader_revision(definition) != run.revision),
        pages=pages[:PAGES],
        after_page=pages[PAGES - 1].id if len(pages) > PAGES else 0,
        items=_items(session, run, items[:ITEMS]),
        after_item=items[ITEMS - 1].remote_id if len(items) > ITEMS else "",
    )


def sums(counts: Mapping[str, int]) -> Sums:
    """Add up the records of a run."""
    known = {name: counts.get(name, 0) for name in ("created", "updated", "unchanged", "quarantined")}
    seen = counts.get("seen", 0)
    return Sums(
        **known,
        seen=seen,
        open=max(0, seen - sum(known.values())),
        missing=counts.get("missing", 0),
        removed=counts.get("removed", 0),
    )


def limits(guard: Guard) -> tuple[Message, ...]:
    """Say from when on a plan of a source is held."""

    shares = (
        (Message("Fehlende", "Missing"), guard.removals),
        (Message("Geänderte", "Updated"), guard.updates),
        (Message("Neue Kennung bei gleichem Titel", "New id under the same title"), guard.rekeyed),
        (Message("Neu in Quarantäne", "Newly in quarantine"), guard.quarantined),
    )
    return tuple(
        Message(
            f"{what.de}: mehr als {share * 100:g} % und mehr als {guard.removals_min}",
            f"{what.en}: more than {share * 100:g}% and more than {guard.removals_min}",
        )
        for what, share in shares
    )


def shown(url: str) -> str:
    """Give an address without user, password and what looks like a key in its query."""
    return _SECRET.sub(r"\1…", addresses.shown(url))


def read_fields(body: bytes | None) -> dict[str, Any]:
    """Read a stored document; empty where there is none."""
    found = orjson.loads(decompress(body)) if body else {}
    return found if isinstance(found, dict) else {}


def label(field: str) -> Message:
    """Name a field of a dataset."""
    return _LABELS.get(field, Message(field, field))


def in_short(value: Any) -> str:
    """Write a field's value on one line."""
    if isinstance(value, list) and value and all(isinstance(each, dict) and "value" in each for each in value):
        return " | ".join(str(each["value"]) for each in value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def cut(value: str, start: int = 0) -> str:
    """Cut a long value, from a place in it on."""
    start = max(0, start)
    part = value[start : start + LONGEST]
    return ("… " if start else "") + part + (" …" if start + LONGEST < len(value) else "")


_LABELS = {each.field: each.label for each in profile()["Dataset"].properties}


def _steps(session: Session, run: Run) -> tuple[Step, ...]:
    last = session.scalar(
        sa.select(Exchange.fetched_at).where(Exchange.run_id == run.id).order_by(Exchange.id.desc()).limit(1)
    )
    found = (
        (Message("Begonnen", "Begun"), run.started_at),
        (Message("Letzte Seite gelesen", "Last page read"), last),
        (Message("Angehalten", "Held"), run.phase_at if run.phase == "held" else None),
        (Message("Entschieden", "Decided"), run.decided_at),
        (Message("Beendet", "Ended"), run.finished_at),
    )
    return tuple(Step(what, at) for what, at in found if at is not None)


def _exchanges(session: Session, run_id: int, after: int) -> tuple[Fetched, ...]:
    earlier = aliased(Exchange)
    before = (
        sa.select(earlier.sha256)
        .where(earlier.source_id == Exchange.source_id, earlier.url == Exchange.url, earlier.id < Exchange.id)
        .order_by(earlier.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(Exchange, before).where(Exchange.run_id == run_id, Exchange.id > after)
    return tuple(
        Fetched(
            id=row.id,
            url=shown(row.url),
            final_url=shown(row.final_url) if row.final_url != row.url else "",
            status=row.status,
            size=row.size,
            media_type=row.media_type,
            decided=row.decided,
            unchanged=row.sha256 == digest,
            at=row.fetched_at,
        )
        for row, digest in session.execute(query.order_by(Exchange.id).limit(PAGES + 1))
    )


def _planned(session: Session, run: Run, action: str, after: str) -> Sequence[PlanItem]:
    query = sa.select(PlanItem).where(PlanItem.run_id == run.id)
    if action:
        query = query.where(PlanItem.action == action)
    if after:
        query = query.where(PlanItem.remote_id > after)
    return session.scalars(query.order_by(PlanItem.remote_id).limit(ITEMS + 1)).all()


def _items(session: Session, run: Run, items: Sequence[PlanItem]) -> tuple[Item, ...]:
    ids = [item.dataset_id for item in items if item.dataset_id]
    rows = session.execute(
        sa.select(DatasetRow.id, DatasetRow.name, DatasetRow.title, VISIBLE).where(DatasetRow.id.in_(ids))
    )
    known = {row[0]: row for row in rows}
    records = {row.dataset_id: row for row in session.scalars(sa.select(Record).where(Record.dataset_id.in_(ids)))}
    changed = [item for item in items if item.fields]
    documents = _documents(session, run, changed, records)
    found = []
    for item in items:
        row, record = known.get(item.dataset_id), records.get(item.dataset_id)
        before, after = documents.get(item.remote_id, (None, None))
        found.append(
            Item(
                remote_id=item.remote_id,
                action=item.action,
                title=item.title or (row[2] if row else ""),
                slug=row[1] if row and row[3] else "",
                fields=tuple(_change(str(field), before, after) for field in item.fields),
                code=str(item.reason[0]) if item.reason else "",
                reason=Message(*item.reason[1:3]) if len(item.reason) >= 3 else None,
                misses=record.misses if record and item.action == plan.MISSING else 0,
                missing_since=record.missing_since if record and item.action == plan.MISSING else None,
            )
        )
    return tuple(found)


def _documents(
    session: Session, run: Run, items: Sequence[PlanItem], records: Mapping[str, Record]
) -> dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Find what each record said before and after; what is kept no longer is None."""
    staged = {
        remote_id: read_fields(body)
        for remote_id, body in session.execute(
            sa.select(Staged.remote_id, Staged.document).where(
                Staged.run_id == run.id, Staged.remote_id.in_([item.remote_id for item in items])
            )
        )
        if body
    }
    found: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]] = {}
    for item in items:
        record = records.get(item.dataset_id)
        made = session.scalar(
            sa.select(RecordVersion.version).where(
                RecordVersion.dataset_id == item.dataset_id, RecordVersion.run_id == run.id
            )
        )
        if made is not None:
            found[item.remote_id] = (
                _version(session, item.dataset_id, made - 1),
                _version(session, item.dataset_id, made),
            )
        elif item.remote_id in staged and record is not None:
            found[item.remote_id] = _version(session, item.dataset_id, record.version), staged[item.remote_id]
    return found


def _version(session: Session, dataset_id: str, version: int) -> dict[str, Any] | None:
    row = session.get(RecordVersion, (dataset_id, version))
    return read_fields(row.document) if row else None


def _change(field: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> FieldChange:
    old = None if before is None else in_short(before.get(field))
    new = None if after is None else in_short(after.get(field))
    start = 0
    if old is not None and new is not None and max(len(old), len(new)) > LONGEST:
        # Long values often differ far behind their beginning.
        same = next(
            (place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
        )
        start = same - 60
    return FieldChange(
        field,
        label(field),
        None if old is None else cut(old, start),
        None if new is None else cut(new, start),
    )
