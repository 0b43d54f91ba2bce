"""Erasing a dataset of the desk for good, with the bytes that were kept of it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import audit, derived, followers, store
from catalog.access import Actor
from catalog.ingest import retention
from catalog.instance import Instance
from catalog.models import FileRow, FileVersion, Overlay, Record, Slug
from catalog.models_accounts import AuditEntry, Collaborator
from catalog.models_desk import DataRequest, DeskDataset, DeskResource, DeskTable


def purge(instance: Instance, actor: Actor, dataset_id: str) -> None:
    """Erase a dataset of the desk with everything that was kept of it; the log says that it was done, and nothing of what it was.

    Bytes that were kept within the last day go with the next housekeeping after it: somebody may be about to name equal ones.
    """
    with instance.database.writing() as session:
        store.hide(session, [dataset_id], "dataset.purge")
        digests = _digests(session, dataset_id)
        record = sa.select(Record.dataset_id).where(Record.dataset_id == dataset_id)
        session.execute(sa.delete(FileRow).where(FileRow.dataset_id.in_(record)))
        for table, column in (
            (Record, Record.dataset_id),
            (Slug, Slug.dataset_id),
            (Overlay, Overlay.dataset_id),
            (Collaborator, Collaborator.dataset_id),
            (DeskDataset, DeskDataset.id),
        ):
            session.execute(sa.delete(table).where(column == dataset_id))
        followers.forget(session, followers.DATASET, dataset_id)
        session.execute(sa.update(DataRequest).where(DataRequest.dataset_id == dataset_id).values(dataset_id=""))
        session.execute(sa.update(AuditEntry).where(AuditEntry.object_id == dataset_id).values(name="", details={}))
        audit.note(session, actor, "dataset.purge", dataset_id)
    retention.let_go(instance.database, instance.files, digests)


def _digests(session: Session, dataset_id: str) -> set[str]:
    """Name the bytes in the file store that were kept of a dataset: uploads, copies as tables, what mappings made."""
    found: set[str] = set()
    for row in session.scalars(sa.select(FileRow).where(FileRow.dataset_id == dataset_id)):
        found |= {row.sha256, row.good_sha256, row.table_sha256, row.csv_sha256, *derived.hashes(row.derived or {})}
        found.update(session.scalars(sa.select(FileVersion.sha256).where(FileVersion.file_id == row.id)))
    resources = sa.select(DeskResource.id).where(DeskResource.dataset_id == dataset_id)
    found.update(session.scalars(sa.select(DeskResource.sha256).where(DeskResource.dataset_id == dataset_id)))
    found.update(session.scalars(sa.select(DeskTable.sha256).where(DeskTable.resource_id.in_(resources))))
    return found - {""}
