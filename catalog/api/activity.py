"""What the feeds tell: each dataset's newest change, in the order of the change log, and what the dataset says now.

The time of a change is the log's (Change.at), which never goes back; a dataset's own times are older than its publication.
"""

import bisect
import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import scopes, store
from catalog.db import batches
from catalog.documents import IncompleteError
from catalog.models import Change, DatasetRow, Membership, Node, Organization
from catalog.public import PublicDataset
from catalog.store import VISIBLE

# More than any sequence number.
LAST = 2**62
Condition = sa.ColumnElement[bool]
# A part of the catalogue with more members than this is large.
SMALL = 20_000


@dataclass(frozen=True, slots=True)
class Activity:
    """The newest change of one dataset: create, update, revive or withdraw.

    `visible` tells whether the part of the catalogue that was asked for shows the dataset; only then it has a content.
    """

    seq: int
    kind: str
    at: datetime.datetime
    id: str
    name: str
    uri: str
    city: str
    organization: str
    organization_title: str
    hvd: bool
    visible: bool


def find(session: Session, dataset_id: str) -> Activity | None:
    """Find one dataset's newest change."""
    row = session.execute(_query(session, scopes.ALL).where(DatasetRow.id == dataset_id)).first()
    return Activity(*row) if row else None


def between(session: Session, first: int, last: int) -> list[Activity]:
    """List the changes in a range of sequence numbers that no later change of the same dataset has replaced."""
    query = _query(session, scopes.ALL).where(DatasetRow.seq.between(first, last)).order_by(DatasetRow.seq)
    return [Activity(*row) for row in session.execute(query)]


def after(session: Session, seq: int, limit: int, scope: str = scopes.ALL, upto: int = LAST) -> list[Activity]:
    """List the newest changes after a sequence number and up to another, oldest first."""
    query = (
        _query(session, scope).where(DatasetRow.seq > seq, DatasetRow.seq <= upto).order_by(DatasetRow.seq).limit(limit)
    )
    return [Activity(*row) for row in session.execute(query)]


def before(
    session: Session, seq: int, limit: int, scope: str = scopes.ALL, within: tuple[str, ...] | None = None
) -> list[Activity]:
    """List the newest changes before a sequence number, newest first; of visible datasets `within` some ids where they are given."""
    query = _query(session, scope).where(DatasetRow.seq < seq).order_by(DatasetRow.seq.desc()).limit(limit)
    if within is not None:
        query = query.where(DatasetRow.id.in_(within), VISIBLE)
    return [Activity(*row) for row in session.execute(query)]


def count_after(session: Session, seq: int, scope: str = scopes.ALL, upto: int = LAST) -> int:
    """Count the datasets whose newest change comes after a sequence number, and not after another."""
    query = sa.select(sa.func.count()).select_from(DatasetRow).where(DatasetRow.seq > seq, DatasetRow.seq <= upto)
    return session.scalar(query.where(_ever_in(session, scope))) or 0


def present(session: Session, first: int, last: int) -> list[int]:
    """List the sequence numbers in a range that are still the newest of their datasets."""
    query = sa.select(DatasetRow.seq).where(DatasetRow.seq.between(first, last)).order_by(DatasetRow.seq)
    return list(session.scalars(query))


def times(session: Session, seqs: Iterable[int]) -> dict[int, datetime.datetime]:
    """Look up when changes happened, by sequence number."""
    found: dict[int, datetime.datetime] = {}
    for part in batches(seqs):
        found.update(session.execute(sa.select(Change.seq, Change.at).where(Change.seq.in_(part))).all())
    return found


def first_since(session: Session, instant: datetime.datetime) -> int:
    """Find the first sequence number at or after an instant, one past the newest if there is none.

    The log is in the order of time and has no gaps, so it is found by halving; no index is needed.
    """
    at = sa.select(Change.at)
    numbers = range(1, store.last_seq(session) + 1)
    return 1 + bisect.bisect_left(numbers, instant, key=lambda seq: session.scalars(at.where(Change.seq == seq)).one())


def payloads(session: Session, activities: Iterable[Activity], ending: str) -> dict[str, list[bytes]]:
    """Read what visible datasets say, by id: the dataset's own fragment in one RDF format, then the shared nodes it uses.

    Raises IncompleteError when a piece is missing: half a description would look whole.
    """
    ids = [activity.id for activity in activities if activity.visible]
    fragments = store.bodies(session, ending, ids)
    rows = session.execute(sa.select(DatasetRow.id, DatasetRow.nodes).where(DatasetRow.id.in_(ids)))
    keys: dict[str, list[str]] = dict(rows.all())
    bodies: dict[str, bytes] = {}
    listed = sorted({key for nodes in keys.values() for key in nodes})
    for part in batches(listed):
        query = sa.select(Node.key, Node.body).where(Node.key.in_(part), Node.format == ending)
        bodies.update(session.execute(query).all())
    if len(fragments) < len(ids) or len(bodies) < len(listed):
        raise IncompleteError
    return {dataset_id: [fragments[dataset_id], *(bodies[key] for key in keys[dataset_id])] for dataset_id in ids}


def views(session: Session, activities: Iterable[Activity]) -> dict[str, PublicDataset]:
    """Read what people see of visible datasets, by id; raises IncompleteError as `payloads` does."""
    ids = [activity.id for activity in activities if activity.visible]
    found = {view.id: view for view in store.views(session, ids)}
    if len(found) < len(ids):
        raise IncompleteError
    return found


def _query(session: Session, scope: str) -> sa.Select[*tuple[Any, ...]]:
    """Ask for the datasets that are or were in a part of the catalogue; one that left it is not visible there."""
    visible: Condition = VISIBLE
    if scope != scopes.ALL:
        visible = sa.and_(VISIBLE, _member(scope).where(Membership.until.is_(None)).exists())
    return (
        sa.select(
            Change.seq,
            Change.kind,
            Change.at,
            DatasetRow.id,
            DatasetRow.name,
            DatasetRow.uri,
            DatasetRow.city,
            Organization.name,
            Organization.title,
            sa.cast(DatasetRow.hvd, sa.Text) != "[]",
            visible,
        )
        .select_from(DatasetRow)
        .join(Change, Change.seq == DatasetRow.seq)
        .join(Organization, Organization.id == DatasetRow.organization_id)
        .where(_ever_in(session, scope))
    )


def _ever_in(session: Session, scope: str) -> Condition:
    """Choose by membership: a small part is found by its members, a large one by going along the log."""
    if scope == scopes.ALL:
        return sa.true()
    members = sa.select(Membership.dataset_id).where(Membership.scope == scope)
    count = session.scalar(sa.select(sa.func.count()).select_from(members.limit(SMALL + 1).subquery())) or 0
    return DatasetRow.id.in_(members) if count <= SMALL else _member(scope).exists()


def _member(scope: str) -> sa.Select[str]:
    return sa.select(Membership.dataset_id).where(Membership.scope == scope, Membership.dataset_id == DatasetRow.id)
