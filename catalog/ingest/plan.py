"""The stored plan: what a run would do, record by record, against what we hold."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches
from catalog.ingest import identity
from catalog.ingest.guard import Counts, Situation
from catalog.models import DatasetRow, PlanItem, Quarantine, Record, RecordVersion, Run, Staged
from catalog.renditions import decompress
from dcat import naming
from dcat.message import Message
from dcat.model import Text
from dcat.texts import best

CREATE, UPDATE, REVIVE, MISSING, QUARANTINE = "create", "update", "revive", "missing", "quarantine"


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold of one record."""

    dataset_id: str
    hash: str
    version: int
    gone: bool


def held(session: Session, source_id: str) -> dict[str, Held]:
    """Read what we hold of a source, by remote id: a few dozen bytes a record."""
    rows = session.execute(
        sa.select(Record.remote_id, Record.dataset_id, Record.hash, Record.version, Record.gone_at).where(
            Record.source_id == source_id
        )
    )
    return {remote: Held(dataset, digest, version, gone is not None) for remote, dataset, digest, version, gone in rows}


def make(session: Session, run: Run, sources: Collection[str], *, mirrors: bool = False) -> Situation:
    """Compare the staged records with what we hold, and store every difference as a plan item.

    `sources` names those whose definitions are there, as identity.shifts wants to know; `mirrors` tells that the source harvests us.
    """
    session.execute(sa.delete(PlanItem).where(PlanItem.run_id == run.id))
    known = held(session, run.source_id)
    changed, refused = [], []
    missing = {remote_id for remote_id, before in known.items() if not before.gone}
    staged = sa.select(Staged.remote_id, Staged.hash, Staged.failure.is_not(None)).where(Staged.run_id == run.id)
    seen = 0
    for remote_id, digest, failed in session.execute(
        staged.order_by(Staged.remote_id).execution_options(yield_per=500)
    ):
        seen += 1
        missing.discard(remote_id)
        before = known.get(remote_id)
        if failed:
            refused.append(remote_id)
        elif before is None or before.gone or before.hash != digest:
            changed.append(remote_id)
    keys: dict[str, tuple[str, ...]] = {}
    for part in batches(changed):
        items = _items(session, run, part, known, keys)
        if mirrors:
            _refuse_echoes(session, run, items, keys)
        _store(session, items)
    _name_leaders(session, run, keys, sources)
    for part in batches(refused):
        _store(session, _refused(session, run, part))
    if run.complete:
        for part in batches(sorted(missing)):
            _store(session, (_missing(run, remote_id, known[remote_id]) for remote_id in part))
    return _situation(session, run, known, seen)


def _store(session: Session, items: Iterable[PlanItem]) -> None:
    """Write items at once: all those of a large source are not kept in memory."""
    session.add_all(items)
    session.flush()


def _situation(session: Session, run: Run, known: Mapping[str, Held], seen: int) -> Situation:
    planned = sa.select(PlanItem.action, sa.func.count()).where(PlanItem.run_id == run.id).group_by(PlanItem.action)
    number = dict(session.execute(planned).all())
    created = number.get(CREATE, 0) + number.get(REVIVE, 0)
    counts = Counts(
        seen=seen,
        created=created,
        updated=number.get(UPDATE, 0),
        unchanged=seen - created - number.get(UPDATE, 0) - number.get(QUARANTINE, 0),
        missing=number.get(MISSING, 0),
        quarantined=number.get(QUARANTINE, 0),
    )
    waiting = sa.exists().where(
        Quarantine.source_id == run.source_id,
        Quarantine.remote_id == PlanItem.remote_id,
        Quarantine.resolved_at.is_(None),
    )
    newly = sa.select(sa.func.count()).where(PlanItem.run_id == run.id, PlanItem.action == QUARANTINE, ~waiting)
    return Situation(
        counts=counts,
        live=sum(not before.gone for before in known.values()),
        complete=run.complete,
        rekeyed=_rekeyed(session, run),
        newly_quarantined=session.scalar(newly) or 0,
    )


def _rekeyed(session: Session, run: Run) -> int:
    """Count new records that have the title of a missing one: the mark of a changed id scheme."""
    new = sa.select(PlanItem.title).where(PlanItem.run_id == run.id, PlanItem.action == CREATE)
    gone = sa.select(PlanItem.dataset_id).where(PlanItem.run_id == run.id, PlanItem.action == MISSING)
    both = sa.select(sa.func.count()).where(DatasetRow.id.in_(gone), DatasetRow.title.in_(new))
    return session.scalar(both) or 0


def _missing(run: Run, remote_id: str, before: Held) -> PlanItem:
    return PlanItem(
        run_id=run.id, remote_id=remote_id, action=MISSING, dataset_id=before.dataset_id, fields=[], reason=[]
    )


def _refused(session: Session, run: Run, remote_ids: list[str]) -> Iterator[PlanItem]:
    query = sa.select(Staged.remote_id, Staged.document, Staged.failure).where(Staged.run_id == run.id)
    for remote_id, body, failure in session.execute(query.where(Staged.remote_id.in_(remote_ids))):
        title = _title(orjson.loads(decompress(body))) if body else ""
        yield PlanItem(
            run_id=run.id, remote_id=remote_id, action=QUARANTINE, title=title, fields=[], reason=failure or []
        )


def _items(
    session: Session, run: Run, remote_ids: list[str], known: Mapping[str, Held], keys: dict[str, tuple[str, ...]]
) -> list[PlanItem]:
    rows = session.execute(
        sa.select(Staged.remote_id, Staged.document).where(Staged.run_id == run.id, Staged.remote_id.in_(remote_ids))
    )
    documents = {remote_id: orjson.loads(decompress(body)) for remote_id, body in rows if body is not None}
    before = _before(session, [known[remote_id] for remote_id in remote_ids if remote_id in known])
    made = _new_ids(session, run.source_id, [remote_id for remote_id in sorted(documents) if remote_id not in known])
    items = []
    for remote_id in sorted(documents):
        present, held_one = documents[remote_id], known.get(remote_id)
        item = PlanItem(
            run_id=run.id,
            remote_id=remote_id,
            action=CREATE,
            fields=[],
            reason=[],
            title=_title(present),
        )
        item.dataset_id = held_one.dataset_id if held_one else made[remote_id]
        if held_one is not None:
            old = before.get(held_one.dataset_id, {})
            item.action = REVIVE if held_one.gone else UPDATE
            item.fields = sorted(key for key in old.keys() | present.keys() if old.get(key) != present.get(key))
        keys[item.dataset_id] = tuple(sorted(identity.keys(present)))
        item.keys = list(keys[item.dataset_id])
        items.append(item)
    return items


def _new_ids(session: Session, source_id: str, remote_ids: list[str]) -> dict[str, str]:
    """Make the ids of new datasets. One that a renamed source or record took along stays with it."""
    made = {remote_id: naming.dataset_id(source_id, remote_id) for remote_id in remote_ids}
    while True:
        taken: set[str] = set()
        for part in batches(sorted(made.values())):
            taken.update(session.scalars(sa.select(Record.dataset_id).where(Record.dataset_id.in_(part))))
        if not taken:
            return made
        made |= {one: naming.dataset_id(source_id, was) for one, was in made.items() if was in taken}


def _title(present: Mapping[str, Any]) -> str:
    return best(tuple(Text(text["value"], text["lang"]) for text in present.get("title", ())))


def _before(session: Session, records: list[Held]) -> dict[str, dict[str, object]]:
    if not records:
        return {}
    wanted = {record.dataset_id: record.version for record in records}
    rows = session.execute(
        sa.select(RecordVersion.dataset_id, RecordVersion.version, RecordVersion.document).where(
            RecordVersion.dataset_id.in_(wanted)
        )
    )
    return {key: orjson.loads(decompress(body)) for key, version, body in rows if wanted[key] == version}


def _refuse_echoes(session: Session, run: Run, items: list[PlanItem], keys: dict[str, tuple[str, ...]]) -> None:
    echoes = identity.known_elsewhere(session, run.source_id, {item.dataset_id: item.keys for item in items})
    text = Message(
        "Diesen Datensatz hat die Quelle von uns; er kommt nicht als neuer zurück.",
        "The source has this dataset from us; it does not come back as a new one.",
    )
    for item in items:
        if item.dataset_id in echoes:
            del keys[item.dataset_id]
            item.action, item.fields, item.reason, item.dataset_id = QUARANTINE, [], ["echo", text.de, text.en], ""


def _name_leaders(session: Session, run: Run, keys: Mapping[str, Collection[str]], sources: Collection[str]) -> None:
    """Say beside each record that describes what another source describes too which of them will be shown."""
    found = identity.shifts(session, run.source_id, keys, (), sources)
    behind = {one: leader for one, leader in found.led.items() if leader is not None}
    before = {leader: one for one, leader in behind.items()}
    wanted = {*behind.values(), *before.values()}
    owners = {
        dataset_id: source_id
        for part in batches(sorted(wanted))
        for dataset_id, source_id in session.execute(
            sa.select(Record.dataset_id, Record.source_id).where(Record.dataset_id.in_(part))
        )
    }
    concerned = sa.select(PlanItem).where(PlanItem.run_id == run.id)
    for part in batches(sorted({*behind, *before} & keys.keys())):
        for item in session.scalars(concerned.where(PlanItem.dataset_id.in_(part))):
            _lead(item, behind, before, owners)
        session.flush()


def _lead(item: PlanItem, behind: Mapping[str, str], before: Mapping[str, str], owners: Mapping[str, str]) -> None:
    if leader := behind.get(item.dataset_id):
        other = owners.get(leader, "?")
        text = Message(
            f"Diesen Datensatz beschreibt schon die Quelle {other}; er wird aufbewahrt und bleibt dahinter verborgen.",
            f"The source {other} describes this dataset already; it is kept and stays hidden behind that.",
        )
        item.reason = ["led", text.de, text.en]
    elif follower := before.get(item.dataset_id):
        other = owners.get(follower, "?")
        text = Message(
            f"Tritt an die Stelle desselben Datensatzes aus der Quelle {other}.",
            f"Takes the place of the same dataset of the source {other}.",
        )
        item.reason = ["leads", text.de, text.en]
