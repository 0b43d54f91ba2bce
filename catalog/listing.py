"""The list of datasets for whoever works on them: what is public, and what they may read beyond that, page by page by id.

Ids sort alike in every database and here; names do not.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, desk_rows, store
from catalog.access import Actor
from catalog.holders import INTERNAL
from catalog.models import DatasetRow, Organization
from catalog.models_desk import DeskDataset
from catalog.public import PublicDataset
from dcat.states import ACTIVE

PAGE = 1000
# Beside those of what is public: published, partly, withheld.
WITHDRAWN, PRIVATE = "withdrawn", "private"


@dataclass(frozen=True, slots=True)
class Listed:
    """One dataset of the list; `state` is published, partly, withheld, withdrawn, or of the desk: draft, private, deleted."""

    id: str
    name: str
    title: str
    city: str
    organization: str
    state: str


def page(
    session: Session, actor: Actor, *, city: str = "", organization: str = "", after: str = "", limit: int = PAGE
) -> list[Listed]:
    """List some datasets by id, from the one behind `after` on; withdrawn ones are for those who oversee the site."""
    of = [Organization.name == organization] if organization else []
    found = _shown(session, actor, [*of, *([DatasetRow.city == city] if city else []), DatasetRow.id > after], limit)
    found += _hidden(
        session, actor, [*of, *([Organization.city == city] if city else []), DeskDataset.id > after], limit
    )
    return sorted(found, key=lambda one: one.id)[:limit]


def _shown(session: Session, actor: Actor, wanted: list[sa.ColumnElement[bool]], limit: int) -> list[Listed]:
    """List what is public, and for those who oversee the site what was; a dataset that lies hidden at the desk is listed there."""
    hidden = sa.select(DeskDataset.id).where(desk_rows.NOT_PUBLIC)
    # What was purged has left its id, and no name of its own.
    left = sa.and_(DatasetRow.id.not_in(hidden), DatasetRow.name != DatasetRow.id)
    visible = left if access.may_oversee(actor) else store.VISIBLE
    query = sa.select(DatasetRow, Organization.name).join(Organization, Organization.id == DatasetRow.organization_id)
    rows = session.execute(query.where(visible, *wanted).order_by(DatasetRow.id).limit(limit)).all()
    states = {shown.id: _state(shown) for shown in store.views(session, [row.id for row, _ in rows])}
    return [
        Listed(row.id, row.name, row.title, row.city, organization, states.get(row.id, WITHDRAWN))
        for row, organization in rows
    ]


def _hidden(session: Session, actor: Actor, wanted: list[sa.ColumnElement[bool]], limit: int) -> list[Listed]:
    """List the drafts, private and deleted datasets of the desk that somebody may read."""
    readable = desk_rows.readable(actor)
    if readable is None:
        return []
    query = sa.select(DeskDataset, Organization).join(Organization, Organization.id == DeskDataset.organization_id)
    query = query.where(desk_rows.NOT_PUBLIC, readable, *wanted)
    return [
        Listed(
            row.id,
            row.name,
            str(row.document.get("title") or ""),
            organization.city,
            organization.name if organization.state != INTERNAL else "",
            row.state if row.state != ACTIVE else PRIVATE,
        )
        for row, organization in session.execute(query.order_by(DeskDataset.id).limit(limit))
    ]


def _state(shown: PublicDataset) -> str:
    if shown.withheld or (shown.files and not any(file.state.visible for file in shown.files)):
        return "withheld"
    return "published" if all(file.state.visible for file in shown.files) else "partly"
