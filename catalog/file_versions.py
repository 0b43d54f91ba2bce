"""The versions of data files that were checked: one row for each, the last twenty of a file."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import file_history
from catalog.db import batches
from catalog.file_history import Version
from catalog.models import FileRow, FileVersion

KEPT = 20
# How the comparison of the engines ended where they agree.
EQUAL = "equal"


def note(session: Session, version: dict[str, object]) -> None:
    """Note what a check found out about a version; the same version looked at again takes the place of what was noted last."""
    file_id = str(version["file_id"])
    if session.get(FileRow, file_id) is None:
        # The source has left the file out while it was looked at.
        return
    query = sa.select(FileVersion).where(FileVersion.file_id == file_id).order_by(FileVersion.id.desc())
    present = session.scalars(query).all()
    same = ("sha256", "schema_id", "schema_version")
    if present and all(getattr(present[0], name) == version[name] for name in same):
        # What changed since the version before stands there already.
        kept = {"changes": present[0].changes, "compared": version["compared"] or present[0].compared}
        session.execute(sa.update(FileVersion).where(FileVersion.id == present[0].id).values(version | kept))
        return
    session.add(FileVersion(**version))
    if old := [one.id for one in present[KEPT - 1 :]]:
        session.execute(sa.delete(FileVersion).where(FileVersion.id.in_(old)))


def history(session: Session, file_id: str) -> tuple[Version, ...]:
    """Read the versions of a file, oldest first. Whoever shows them has seen that the public can get the file."""
    rows = session.scalars(sa.select(FileVersion).where(FileVersion.file_id == file_id).order_by(FileVersion.id))
    return tuple(
        Version(
            checked_at=row.checked_at.isoformat(timespec="seconds"),
            accepted=row.accepted,
            valid=row.valid,
            rows=row.rows,
            size=row.size,
            findings=file_history.read_counts(row.findings),
            changes=file_history.read_changes(row.changes) if row.changes else None,
        )
        for row in rows
    )


def forget_changes(session: Session, file_ids: list[str]) -> None:
    """Forget which cells changed in files that the public can no longer get: what was taken back must not come back with them."""
    for part in batches(file_ids):
        kept = sa.and_(FileVersion.file_id.in_(part), FileVersion.changes.is_not(None))
        session.execute(sa.update(FileVersion).where(kept).values(changes=sa.null()))


def differing(session: Session) -> list[FileVersion]:
    """List the ten newest versions that the two engines see differently."""
    different = FileVersion.compared.not_in(("", EQUAL))
    return list(session.scalars(sa.select(FileVersion).where(different).order_by(FileVersion.id.desc()).limit(10)))
