"""The stored plan: what a run would do, record by record, against what we hold."""

from collections.abc import Collection, Iterator, Mapping
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
    staged = session.execute(
        sa.select(Staged.remote_id, Staged.hash, Staged.failure)
        .where(Staged.run_id == run.id)
        .order_by(Staged.remote_id)
    ).all()
    changed: list[str] = []
    failures: dict[str, list[str]] = {}
    for remote_id, digest, failure in staged:
        before = known.get(remote_id)
        if failure is not None:
            failures[remote_id] = failure
        elif before is None or before.gone or before.hash != digest:
            changed.append(remote_id)
    keys: dict[str, frozenset[str]] = {}
    items = [item for part in batches(changed) for item in _items(session, run, part, known, keys)]
    if mirrors:
        _refuse_echoes(session, run, items, keys)
    _name_leaders(session, run, items, keys, sources)
    items += [item for part in batches(failures) for item in _refused(session, run, {r: failures[r] for r in part})]
    seen = {remote_id for remote_id, _, _ in staged}
    missing = [remote_id for remote_id, before in known.items() if remote_id not in seen and not before.gone]
    if run.complete:
        items += [
            PlanItem(
                run_id=run.id,
                remote_id=remote_id,
                action=MISSING,
                dataset_id=known[remote_id].dataset_id,
                fields=[],
                reason=[],
            )
            for remote_id in missing
        ]
    session.add_all(items)
    session.flush()
    return _situation(session, run, items, known, len(staged))


def _situation(session: Session, run: Run, items: list[PlanItem], known: Mapping[str, Held], seen: int) -> Situation:
    number = {
        action: sum(item.action == action for item in items) for action in (CREATE, UPDATE, REVIVE, MISSING, QUARANTINE)
    }
    counts = Counts(
        seen=seen,
        created=number[CREATE] + number[REVIVE],
        updated=number[UPDATE],
        unchanged=seen - number[CREATE] - number[UPDATE] - number[REVIVE] - number[QUARANTINE],
        missing=number[MISSING],
        quarantined=number[QUARANTINE],
    )
    open_before = set(
        session.scalars(
            sa.select(Quarantine.remote_id).where(
                Quarantine.source_id == run.source_id, Quarantine.resolved_at.is_(None)
            )
        )
    )
    newly = sum(item.action == QUARANTINE and item.remote_id not in open_before for item in items)
    live = sum(not before.gone for before in known.values())
    rekeyed = _rekeyed(session, items)
    return Situation(counts=counts, live=live, complete=run.complete, rekeyed=rekeyed, newly_quarantined=newly)


def _rekeyed(session: Session, items: list[PlanItem]) -> int:
    """Count new records that have the title of a missing one: the mark of a changed id scheme."""
    gone = [item.dataset_id for item in items if item.action == MISSING]
    titles = {item.title for item in items if item.action == CREATE}
    if not gone or not titles:
        return 0
    count = 0
    for part in batches(gone):
        query = sa.select(DatasetRow.title).where(DatasetRow.id.in_(part))
        count += sum(title in titles for title in session.scalars(query))
    return count


def _refused(session: Session, run: Run, failures: Mapping[str, list[str]]) -> Iterator[PlanItem]:
    query = sa.select(Staged.remote_id, Staged.document).where(Staged.run_id == run.id)
    for remote_id, body in session.execute(query.where(Staged.remote_id.in_(list(failures)))):
        title = _title(orjson.loads(decompress(body))) if body else ""
        yield PlanItem(
            run_id=run.id, remote_id=remote_id, action=QUARANTINE, title=title, fields=[], reason=failures[remote_id]
        )


def _items(
    session: Session, run: Run, remote_ids: list[str], known: Mapping[str, Held], keys: dict[str, frozenset[str]]
) -> list[PlanItem]:
    rows = session.execute(
        sa.select(Staged.remote_id, Staged.document).where(Staged.run_id == run.id, Staged.remote_id.in_(remote_ids))
    )
    documents = {remote_id: orjson.loads(decompress(body)) for remote_id, body in rows if body is not None}
    before = _before(session, [known[remote_id] for remote_id in remote_ids if remote_id in known])
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
        item.dataset_id = held_one.dataset_id if held_one else naming.dataset_id(run.source_id, remote_id)
        if held_one is not None:
            old = before.get(held_one.dataset_id, {})
            item.action = REVIVE if held_one.gone else UPDATE
            item.fields = sorted(key for key in old.keys() | present.keys() if old.get(key) != present.get(key))
        keys[item.dataset_id] = identity.keys(present)
        item.keys = sorted(keys[item.dataset_id])
        items.append(item)
    return items


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


def _refuse_echoes(session: Session, run: Run, items: list[PlanItem], keys: dict[str, frozenset[str]]) -> None:
    echoes = identity.known_elsewhere(session, run.source_id, keys)
    text = Message(
        "Diesen Datensatz hat die Quelle von uns; er kommt nicht als neuer zurück.",
        "The source has this dataset from us; it does not come back as a new one.",
    )
    for item in items:
        if item.dataset_id in echoes:
            del keys[item.dataset_id]
            item.action, item.fields, item.reason, item.dataset_id = QUARANTINE, [], ["echo", text.de, text.en], ""


def _name_leaders(
    session: Session, run: Run, items: list[PlanItem], keys: Mapping[str, frozenset[str]], sources: Collection[str]
) -> None:
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
    for item in items:
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
