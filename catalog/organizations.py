"""Departments as organisations: one per department named in a source definition."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.config import City
from catalog.db import now
from catalog.models import DatasetRow, Organization, SourceState
from catalog.models_desk import Group
from catalog.renditions import naive
from catalog.store import VISIBLE
from dcat import ckan_groups, naming
from dcat.states import ACTIVE
from harvesters.source import Source

# Dezernat, Amt, Abteilung: no city has more floors than this.
DEEPEST = 8
_SPACE = uuid.UUID("6f0ffe0b-a1a5-5c1e-9d3a-0ffe4ba40002")


def register(session: Session, source: Source, city: City) -> SourceState:
    """Make sure that a source, its department and what that belongs to are known; a renamed department keeps its address."""
    division = _organization(session, city, source.division, None) if source.division else None
    department = _organization(session, city, source.department, division)
    state = session.get(SourceState, source.id)
    if state is None:
        state = SourceState(id=source.id, organization_id=department.id, revision=source.revision)
        session.add(state)
    state.organization_id, state.revision, state.authority = department.id, source.revision, source.authority
    session.flush()
    return state


def _organization(session: Session, city: City, title: str, parent: Organization | None) -> Organization:
    identity = str(uuid.uuid5(_SPACE, f"{city.slug}\n{title}"))
    organization = session.get(Organization, identity)
    if organization is None:
        name = naming.slug(f"{city.slug} {title}")
        # Organisations and groups share one set of names.
        taken = any(session.scalar(sa.select(one.id).where(one.name == name)) for one in (Organization, Group))
        organization = Organization(
            id=identity,
            name=f"{name}-{identity[:4]}" if taken else name,
            title=f"{city.name}, {title}",
            city=city.slug,
            created_at=now(),
        )
        session.add(organization)
    # Whoever deleted it while nothing named it meant no department that is named again.
    organization.state = ACTIVE
    # Two definitions that name each other's department as their division make no tree.
    if parent is not None and identity not in {parent.id, *(above.id for above in lineage(session, parent))}:
        organization.parent_id = parent.id
    session.flush()
    return organization


def lineage(session: Session, organization: Organization) -> list[Organization]:
    """Name what an organisation belongs to, the nearest first."""
    found: list[Organization] = []
    parent_id = organization.parent_id
    while parent_id and len(found) < DEEPEST and (parent := session.get(Organization, parent_id)):
        found.append(parent)
        parent_id = parent.parent_id
    return found


def packaged(organization: Organization) -> dict[str, Any]:
    """Describe an organisation as it stands inside a CKAN package."""
    return ckan_groups.organization_inside(
        organization.id,
        organization.name,
        organization.title,
        organization.description,
        organization.image_url,
        type=organization.kind,
        created=naive(organization.created_at.isoformat()),
        state=organization.state,
    )


def with_counts(session: Session) -> list[tuple[Organization, int]]:
    """List the organisations that everybody may see by title, each with the number of its visible datasets."""
    counts = (
        sa.select(DatasetRow.organization_id, sa.func.count().label("number"))
        .where(VISIBLE)
        .group_by(DatasetRow.organization_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Organization, sa.func.coalesce(counts.c.number, 0))
        .outerjoin(counts, counts.c.organization_id == Organization.id)
        .where(Organization.state == ACTIVE)
        .order_by(Organization.title)
    )
    return [(organization, number) for organization, number in rows]


def find(session: Session, name_or_id: str) -> Organization | None:
    """Find an organisation that everybody may see by name or id."""
    if "\0" in name_or_id:
        # PostgreSQL refuses to look for what it could not hold.
        return None
    named = sa.or_(Organization.name == name_or_id, Organization.id == name_or_id)
    return session.scalar(sa.select(Organization).where(named, Organization.state == ACTIVE))
