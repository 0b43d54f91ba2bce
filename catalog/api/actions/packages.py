"""Datasets as CKAN's packages, for whoever asks: what everybody may see, and what only those who work on it do."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, desk_rows, store
from catalog.api.actions.call import ActionError, Call, Raw, denied, not_found
from catalog.db import core
from catalog.drafts import PUBLISHED
from catalog.holders import INTERNAL
from catalog.models import FileRow, Organization
from catalog.models_desk import DeskDataset, DeskResource, DeskTable, PluginData
from catalog.organizations import packaged
from catalog.renditions import CKAN
from dcat import ckan_show
from dcat.ckan_show import Shown


def find(call: Call, name_or_id: str) -> Raw:
    """Find a package: as it was written for those who may read that, as the public gets it for all others.

    404 when there is nothing of the kind, 403 when it is not for whoever asks (CKAN's answer, too).
    """
    row = desk_rows.find(call.session, name_or_id) if call.actor.known else None
    if row is not None and access.may_read_written(call.actor, desk_rows.holding(row)):
        call.etag = etag(row)
        return Raw(orjson.dumps(written(call, [row])[row.id]))
    body = store.body(call.instance.database, CKAN, name_or_id)
    if body:
        return Raw(body)
    raise not_found() if desk_rows.find(call.session, name_or_id) is None else denied()


def with_plugin_data(call: Call, package: Raw) -> Raw:
    """Add what programs of the administrators keep with a dataset, for administrators."""
    if not access.may_oversee(call.actor):
        return package
    shown = orjson.loads(bytes(package))
    kept = call.session.get(PluginData, shown["id"])
    return Raw(orjson.dumps({**shown, "plugin_data": kept.data if kept else None}))


def editable(session: Session, call: Call, name_or_id: str) -> DeskDataset:
    """Find a dataset that whoever asks may change; 404, or 403 with the reason."""
    row = desk_rows.find(session, name_or_id)
    if row is None:
        raise not_ours(session, name_or_id)
    if not writes(call, row):
        raise denied()
    return row


def writes(call: Call, row: DeskDataset) -> bool:
    """Whether whoever asks may change a dataset."""
    return access.may_edit(call.actor, desk_rows.holding(row))


def bodies(call: Call, ids: Sequence[str]) -> dict[str, bytes]:
    """Read packages by id: the public ones as everybody gets them, others as written, where whoever asks may read them."""
    with call.asking() as reader:
        found = store.bodies(reader, CKAN, list(ids))
    missing = [one for one in ids if one not in found] if call.actor.known else []
    if missing:
        rows = call.session.scalars(sa.select(DeskDataset).where(DeskDataset.id.in_(missing))).all()
        readable = [row for row in rows if access.may_read(call.actor, desk_rows.holding(row))]
        found |= {key: orjson.dumps(package) for key, package in written(call, readable).items()}
    return found


def written(call: Call, rows: Iterable[DeskDataset]) -> dict[str, dict[str, Any]]:
    """Show datasets as they were written, by id; a few queries for all of them."""
    rows = list(rows)
    session, ids, site_url = call.session, [row.id for row in rows], call.instance.config.site_url
    documents = {row.id: desk_rows.document(row) for row in rows}
    groups = desk_rows.groups(session, (group for one in documents.values() for group in one.groups), site_url)
    owners = {row.organization_id for row in rows}
    organizations = {
        one.id: packaged(one) for one in session.scalars(sa.select(Organization).where(Organization.id.in_(owners)))
    }
    tables = set(core(session).scalars(_TABLES, {"ids": ids}))
    return {
        row.id: ckan_show.show(
            documents[row.id],
            Shown(
                id=row.id,
                created=_stamp(row.created_at),
                modified=_stamp(row.modified_at),
                organization=_shown_organization(organizations[row.organization_id]),
                groups=tuple(groups[group] for group in documents[row.id].groups if group in groups),
                creator=row.creator_id or None,
                tables=frozenset(tables),
                site_url=site_url,
            ),
        )
        for row in rows
    }


def _stamp(at: datetime.datetime) -> str:
    """Write a time as CKAN does: naive, in UTC; whole seconds, which somebody stated, stand as they were stated."""
    return at.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()


def _tables() -> sa.CompoundSelect[Any]:
    """Ask which resources of some datasets are tables: of a file that was checked, or made here."""
    file, table, resource = FileRow.__table__, DeskTable.__table__, DeskResource.__table__
    ids: sa.BindParameter[list[str]] = sa.bindparam("ids", expanding=True)
    made = sa.select(table.c.resource_id).join(resource, resource.c.id == table.c.resource_id)
    return sa.union_all(
        sa.select(file.c.id).where(file.c.dataset_id.in_(ids), file.c.table_sha256 != ""),
        made.where(resource.c.dataset_id.in_(ids)),
    )


_TABLES = _tables()


def etag(row: DeskDataset) -> str:
    """Name the version of a dataset, for If-Match."""
    return f'"{row.id}-{row.version}"'


def require_version(call: Call, row: DeskDataset) -> None:
    """Refuse a change that was made from another version than the present one (RFC 9110, section 13.1.1)."""
    wanted = [one.strip().removeprefix("W/") for one in call.if_match.split(",") if one.strip()]
    if wanted and "*" not in wanted and etag(row) not in wanted:
        message = f"The dataset has changed since: it is version {row.version} now. Read it again, then change it."
        raise ActionError(412, "Precondition Failed", {"message": message})


def _shown_organization(organization: dict[str, Any]) -> dict[str, Any] | None:
    return None if organization["state"] == INTERNAL else organization


def not_ours(session: Session, name_or_id: str) -> ActionError:
    """Say why a dataset that is not of the desk cannot be changed: it is harvested, or there is none."""
    public = store.find_row(session, name_or_id)
    if public is None or public.state != PUBLISHED:
        return not_found()
    return denied(
        f"this dataset comes from the source {public.source_id}; it is edited there, "
        f"or here with: offenbar dataset edit {public.name}"
    )
