"""What the desk has written, read from its tables: for publishing, for those who may see it, and for the search."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_source
from catalog.access import Actor, Holding
from catalog.db import batches, core
from catalog.desk_types import Resource, Written
from catalog.models_desk import DeskDataset, DeskResource, Group
from catalog.store import UUID
from dcat import ckan, ckan_groups, ckan_package
from dcat.ckan_package import PackageDocument
from dcat.states import ACTIVE, DRAFT
from dcat.vocabularies import vocabulary
from validators import schemas

# Of the datasets of the desk: those that are private and else would be public, and all that are not public.
PRIVATE = sa.and_(DeskDataset.private, DeskDataset.state == ACTIVE)
NOT_PUBLIC = sa.or_(DeskDataset.private, DeskDataset.state != ACTIVE)


def find(session: Session, name_or_id: str) -> DeskDataset | None:
    """Find a dataset of the desk by id or name, public or not: what may be shown of it is for the caller to ask."""
    if UUID.fullmatch(name_or_id):
        return session.get(DeskDataset, name_or_id)
    if "\0" in name_or_id:
        # PostgreSQL refuses to look for what it could not hold.
        return None
    return session.scalar(sa.select(DeskDataset).where(DeskDataset.name == name_or_id))


def holding(row: DeskDataset) -> Holding:
    """Give what decides about access to a dataset."""
    return Holding(
        id=row.id,
        organization_id=row.organization_id,
        creator_id=row.creator_id,
        state=row.state,
        private=row.private,
    )


def readable(actor: Actor) -> sa.ColumnElement[bool] | None:
    """Choose the datasets that somebody may read whatever their state, by the labels that catalog/access.py gives.

    None for somebody who may read what is public only.
    """
    labels = actor.labels()
    if labels is None:
        return sa.true()
    conditions: list[sa.ColumnElement[bool]] = []
    if offices := _named(labels, "member-"):
        conditions.append(DeskDataset.organization_id.in_(offices))
    if shared := _named(labels, "collaborator-"):
        conditions.append(DeskDataset.id.in_(shared))
    if own := _named(labels, "creator-"):
        conditions.append(sa.and_(DeskDataset.creator_id.in_(own), DeskDataset.state == DRAFT))
    return sa.or_(*conditions) if conditions else None


def document(row: DeskDataset) -> PackageDocument:
    """Read what a dataset's authors wrote."""
    return ckan_package.read(row.document)


def groups(session: Session, ids: Iterable[str], site_url: str = "") -> dict[str, dict[str, Any]]:
    """Describe groups as they stand inside packages, by id; those that are deleted are left out.

    Without `site_url` the addresses of pictures that were uploaded here begin with a slash.
    """
    wanted = sorted(set(ids))
    found = {name: ckan.group(concept.uri) for name in wanted if (concept := vocabulary("theme").find(name.upper()))}
    for part in batches(one for one in wanted if UUID.fullmatch(one)):
        for group in session.scalars(sa.select(Group).where(Group.id.in_(part), Group.state == ACTIVE)):
            found[group.id] = ckan_groups.group_inside(
                group.id, group.name, group.title, group.description, group.image_url, site_url
            )
    return found


def group_ids(session: Session, names: Iterable[str], *, themes: bool) -> dict[str, str]:
    """Find groups by id or name: what each is called by, and its id. With `themes` the EU's data themes are groups, too."""
    wanted = sorted(set(names))
    known = {name: vocabulary("theme").find(name.upper()) for name in wanted} if themes else {}
    found = {name: concept.code.lower() for name, concept in known.items() if concept}
    # A group that was founded here under the name of a theme is not that theme.
    for part in batches(wanted):
        for group_id, group_name in core(session).execute(_GROUPS, {"wanted": part}):
            found |= {name: group_id for name in (group_id, group_name) if name in part}
    return found


_GROUP = Group.__table__
_WANTED: sa.BindParameter[list[str]] = sa.bindparam("wanted", expanding=True)
# Made once, of the table: everything that is written asks.
_GROUPS = sa.select(_GROUP.c.id, _GROUP.c.name).where(
    sa.or_(_GROUP.c.id.in_(_WANTED), _GROUP.c.name.in_(_WANTED)), _GROUP.c.state == ACTIVE
)


def written(session: Session, source_id: str, dataset_ids: list[str], site_url: str) -> dict[str, Written]:
    """Read how datasets were written at a desk, by id; nothing where the source is none."""
    if not desk_source.is_desk(source_id) or not dataset_ids:
        return {}
    rows = session.scalars(sa.select(DeskDataset).where(DeskDataset.id.in_(dataset_ids))).all()
    resources = session.execute(
        sa.select(DeskResource.id, DeskResource.sha256).where(DeskResource.dataset_id.in_(dataset_ids))
    )
    uploaded = {resource_id for resource_id, digest in resources if digest}
    documents = {row.id: document(row) for row in rows}
    known = groups(session, (group for one in documents.values() for group in one.groups), site_url)
    return {row.id: as_written(row, documents[row.id], uploaded, known) for row in rows}


def as_written(
    row: DeskDataset,
    said: PackageDocument,
    uploaded: Iterable[str],
    known: Mapping[str, dict[str, Any]],
) -> Written:
    """Put together what publishing needs of one dataset; `known` are its groups as packages show them."""
    files = set(uploaded)
    return Written(
        id=row.id,
        name=row.name,
        resources=tuple(
            Resource(one.id, uploaded=one.id in files, schema_id=_schema(one.others)) for one in said.resources
        ),
        document={**row.document, "groups": [known[group] for group in said.groups if group in known]},
        created_at=row.created_at,
        modified_at=row.modified_at,
    )


def _named(labels: Iterable[str], kind: str) -> list[str]:
    return sorted(label.removeprefix(kind) for label in labels if label.startswith(kind))


def _schema(others: Mapping[str, Any]) -> str:
    """Find the shared table schema that a resource names in its field `schema`, by id or address."""
    named = others.get("schema")
    schema_id = named.rstrip("/").rpartition("/")[2] if isinstance(named, str) else ""
    return schema_id if schema_id in schemas.IDS else ""
