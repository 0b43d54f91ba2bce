"""The overlay in the database: a steward's edits, field by field, and the conflicts when a source says something new under one."""

import datetime
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import overlay
from catalog.db import batches, now
from catalog.models import Overlay
from catalog.overlay import Edit
from dcat import document
from dcat.errors import NotFoundError
from dcat.message import Message
from dcat.model import Dataset, Distribution

# All datasets with edits: a few, entered by hand.
DATASETS = sa.select(Overlay.dataset_id).distinct()


def of(session: Session, dataset_ids: Iterable[str]) -> dict[str, tuple[Edit, ...]]:
    """Read the edits in force, by dataset."""
    found: dict[str, list[Edit]] = {}
    for part in batches(dataset_ids):
        query = sa.select(Overlay).where(Overlay.dataset_id.in_(part), _in_force()).order_by(Overlay.id)
        for row in session.scalars(query):
            found.setdefault(row.dataset_id, []).append(Edit(row.field, _read(row.field, row.value)))
    return {dataset_id: tuple(edits) for dataset_id, edits in found.items()}


def listed(session: Session, dataset_id: str) -> list[Overlay]:
    """List a dataset's edits with author, reason, expiry and conflict, in the order of the fields."""
    query = sa.select(Overlay).where(Overlay.dataset_id == dataset_id).order_by(Overlay.field)
    return list(session.scalars(query))


def put(
    session: Session,
    dataset_id: str,
    edit: Edit,
    said: Dataset,
    *,
    author: str,
    reason: str,
    expires_at: datetime.datetime | None = None,
) -> None:
    """Keep an edit in the place of an earlier one of the same field; `said` is what the source says now."""
    values: dict[str, Any] = {
        "value": _write(edit),
        "author": author,
        "reason": reason,
        "base": base(said, edit.field),
        "created_at": now(),
        "expires_at": expires_at,
        "conflict_at": None,
    }
    row = _find(session, dataset_id, edit.field)
    if row is None:
        session.add(Overlay(dataset_id=dataset_id, field=edit.field, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)


def drop(session: Session, dataset_id: str, field: str) -> None:
    """Take an edit away: the source prevails again."""
    session.delete(_existing(session, dataset_id, field))


def keep(session: Session, dataset_id: str, field: str, said: Dataset) -> None:
    """Settle a conflict in favour of the edit: what the source says now is known."""
    row = _existing(session, dataset_id, field)
    row.base, row.conflict_at = base(said, field), None


def edited(session: Session, dataset_ids: Iterable[str]) -> set[str]:
    """Name those of some datasets that have edits."""
    found: set[str] = set()
    for part in batches(dataset_ids):
        found.update(session.scalars(DATASETS.where(Overlay.dataset_id.in_(part))))
    return found


def note_conflicts(
    session: Session, changed: Mapping[str, Dataset], at: datetime.datetime
) -> dict[str, tuple[str, ...]]:
    """Mark the edits under which a source says something new; gives the fields of each dataset with a new conflict."""
    found: dict[str, list[str]] = {}
    for part in batches(changed):
        for row in session.scalars(sa.select(Overlay).where(Overlay.dataset_id.in_(part), _in_force())):
            same = base(changed[row.dataset_id], row.field) == row.base
            if same:
                row.conflict_at = None
            elif row.conflict_at is None:
                row.conflict_at = at
                found.setdefault(row.dataset_id, []).append(row.field)
    return {dataset_id: tuple(fields) for dataset_id, fields in found.items()}


def over(session: Session) -> list[str]:
    """Name the datasets with edits whose time is over: they are to be published anew."""
    return sorted(set(session.scalars(sa.select(Overlay.dataset_id).where(Overlay.expires_at <= now()))))


def expire(session: Session) -> None:
    """Take away the edits whose time is over."""
    session.execute(sa.delete(Overlay).where(Overlay.expires_at <= now()))


def base(said: Dataset, field: str) -> str:
    """Hash what a source says in a field."""
    stated = overlay.stated(said, field)
    return hashlib.sha256(repr(stated).encode()).hexdigest()


def _in_force() -> sa.ColumnElement[bool]:
    return sa.or_(Overlay.expires_at.is_(None), Overlay.expires_at > now())


def _find(session: Session, dataset_id: str, field: str) -> Overlay | None:
    return session.scalar(sa.select(Overlay).where(Overlay.dataset_id == dataset_id, Overlay.field == field))


def _existing(session: Session, dataset_id: str, field: str) -> Overlay:
    row = _find(session, dataset_id, field)
    if row is None:
        raise NotFoundError(
            Message(
                f"Für das Feld „{field}“ gibt es keine Bearbeitung. Nächster Schritt: offenbar dataset explain",
                f"There is no edit of the field “{field}”. Next step: offenbar dataset explain",
            )
        )
    return row


def _write(edit: Edit) -> Any:
    name = edit.field.removeprefix("distribution.")
    if name != edit.field:
        return document.write_distribution(Distribution(**{name: edit.value})).get(name)
    return document.write(Dataset(**{name: edit.value})).get(name)


def _read(field: str, value: Any) -> Any:
    name = field.removeprefix("distribution.")
    stored = {} if value is None else {name: value}
    if name != field:
        return getattr(document.read_distribution(stored), name)
    return getattr(document.read(stored), name)


def plain(value: Any) -> str:
    """Show a kept value in one line."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
