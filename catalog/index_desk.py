"""What the search index holds of datasets that are not public: drafts, private and deleted ones, for those who may read them."""

from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_rows
from catalog.holders import INTERNAL
from catalog.index_entry import IndexEntry
from catalog.index_public import entry_of
from catalog.models import Organization
from catalog.models_accounts import AuditEntry
from catalog.models_desk import DeskDataset
from catalog.organizations import packaged
from catalog.public import FileState, PublicDataset, PublicFile
from catalog.renditions import naive
from dcat import ckan_show
from dcat.ckan_show import Shown

# Deeds that change what a search finds of a dataset.
_DEEDS = ("dataset.", "resource.")


def changed(session: Session, since: int, most: int) -> tuple[int, tuple[str, ...]]:
    """Go on in the log of deeds: how far it was read, and the datasets that were written on the way."""
    query = sa.select(AuditEntry.seq, AuditEntry.action, AuditEntry.object_id).where(AuditEntry.seq > since)
    rows = session.execute(query.order_by(AuditEntry.seq).limit(most)).all()
    written = (row.object_id for row in rows if row.action.startswith(_DEEDS))
    return rows[-1].seq if rows else since, tuple(dict.fromkeys(written))


def entries(session: Session, ids: list[str]) -> Iterator[IndexEntry]:
    """Make the entries of the desk's datasets among some ids; what is public of them comes from elsewhere."""
    rows = session.scalars(sa.select(DeskDataset).where(DeskDataset.id.in_(ids))).all()
    owners = {row.organization_id for row in rows}
    organizations = {one.id: one for one in session.scalars(sa.select(Organization).where(Organization.id.in_(owners)))}
    for row in rows:
        if not desk_rows.holding(row).public:
            yield _entry(session, row, organizations[row.organization_id])


def _entry(session: Session, row: DeskDataset, organization: Organization) -> IndexEntry:
    document = desk_rows.document(row)
    groups = desk_rows.groups(session, document.groups)
    shown = Shown(
        id=row.id,
        created=naive(row.created_at.isoformat()),
        modified=naive(row.modified_at.isoformat()),
        organization=packaged(organization) if organization.state != INTERNAL else None,
        groups=tuple(groups.values()),
        creator=row.creator_id,
    )
    dataset = ckan_show.to_dataset(document, shown).dataset
    view = PublicDataset(
        id=row.id,
        name=row.name,
        city=organization.city,
        organization=organization.name,
        organization_title=organization.title,
        source="",
        dataset=dataset,
        files=tuple(
            PublicFile(id=resource.id, state=FileState.PENDING, distribution=distribution)
            for resource, distribution in zip(document.resources, dataset.distribution, strict=False)
        ),
        published_at=row.created_at.isoformat(),
        modified_at=row.modified_at.isoformat(),
        written=row.document,
    )
    package = ckan_show.show(document, shown)
    entry = entry_of(view, package, owner=row.organization_id, creator=row.creator_id)
    return replace(entry, readers=desk_rows.holding(row).readers(), state=row.state, private=row.private)
