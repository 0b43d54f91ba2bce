"""Departments as organisations: one per department named in a source definition."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.config import City
from catalog.db import now
from catalog.models import DatasetRow, Organization, SourceState
from catalog.renditions import naive
from catalog.store import VISIBLE
from dcat import naming
from harvesters.source import Source

_SPACE = uuid.UUID("6f0ffe0b-a1a5-5c1e-9d3a-0ffe4ba40002")


def register(session: Session, source: Source, city: City) -> SourceState:
    """Make sure that a source and its department are known; a renamed department keeps its address."""
    identity = str(uuid.uuid5(_SPACE, f"{city.slug}\n{source.department}"))
    organization = session.get(Organization, identity)
    if organization is None:
        name = naming.slug(f"{city.slug} {source.department}")
        taken = session.scalar(sa.select(Organization.id).where(Organization.name == name))
        name = f"{name}-{identity[:4]}" if taken else name
        title = f"{city.name}, {source.department}"
        session.add(Organization(id=identity, name=name, title=title, city=city.slug, created_at=now()))
        session.flush()
    state = session.get(SourceState, source.id)
    if state is None:
        state = SourceState(id=source.id, organization_id=identity, revision=source.revision)
        session.add(state)
    state.organization_id, state.revision = identity, source.revision
    session.flush()
    return state


def packaged(organization: Organization) -> dict[str, Any]:
    """Describe an organisation as it stands inside a CKAN package."""
    return {
        "id": organization.id,
        "name": organization.name,
        "title": organization.title,
        "type": "organization",
        "description": "",
        "image_url": "",
        "created": naive(organization.created_at.isoformat()),
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
    }


def with_counts(session: Session) -> list[tuple[Organization, int]]:
    """List all organisations by title, each with the number of its visible datasets."""
    counts = (
        sa.select(DatasetRow.organization_id, sa.func.count().label("number"))
        .where(VISIBLE)
        .group_by(DatasetRow.organization_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Organization, sa.func.coalesce(counts.c.number, 0))
        .outerjoin(counts, counts.c.organization_id == Organization.id)
        .order_by(Organization.title)
    )
    return [(organization, number) for organization, number in rows]


def find(session: Session, name_or_id: str) -> Organization | None:
    """Find an organisation by name or id."""
    if "\0" in name_or_id:
        # PostgreSQL refuses to look for what it could not hold.
        return None
    query = sa.select(Organization).where(sa.or_(Organization.name == name_or_id, Organization.id == name_or_id))
    return session.scalar(query)
