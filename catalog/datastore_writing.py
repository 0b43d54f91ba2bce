"""How programs write tables: row by row for them, file by file for us, and no change is lost.

Each change makes a new Parquet file and a CSV of it. The CSV is the resource's uploaded file, so that it is checked as any other; the
public reads what the checks have accepted, its editors what was written last; small tables are checked before the call is answered.
Whoever was overtaken makes his change anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import audit, datastore_tables, desk_files, jobs
from catalog.access import Actor
from catalog.datastore import Stored, Writing, Written, WrongError
from catalog.datastore_run import Runner
from catalog.datastore_types import Column
from catalog.db import now
from catalog.desk import Upload
from catalog.instance import Instance
from catalog.models import FileRow
from catalog.models_desk import DeskResource, DeskTable
from dcat.errors import StateError
from dcat.message import Message

# Bytes of a table that is checked, and so public, before whoever wrote it is answered.
AT_ONCE = 1_000_000
# Each failed attempt means that somebody else's change was kept.
_ATTEMPTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a table shall be, and what is done to its rows. `unique` asks to see that a key that changed is one.

    `given` asks for the rows that were touched.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    method: str = "insert"
    records: tuple[Any, ...] = ()
    filters: Any = None
    unique: bool = False
    given: bool = False


# Makes of the table that is there (None for a new one) what shall be done; it is asked again when somebody else was faster.
Edit = Callable[[DeskTable | None], Change]
# Makes the resource one with an uploaded file, before its first table is kept.
Attach = Callable[[Upload], None]


class _OvertakenError(Exception):
    """Somebody else was faster."""


def write(
    instance: Instance,
    runner: Runner,
    actor: Actor,
    resource_id: str,
    edit: Edit,
    *,
    attach: Attach | None = None,
    dry: bool = False,
) -> tuple[Change, Written]:
    """Change a table, or make one; gives what was done. With `dry` nothing is kept.

    WrongError when the change does not fit the table, StateError when others are faster for too long.
    """
    for _ in range(_ATTEMPTS):
        with instance.database.reading() as session:
            base = session.get(DeskTable, resource_id)
        change = edit(base)
        with TemporaryDirectory(prefix="offenbar-rows-") as name:
            folder = Path(name)
            parquet, csv = folder / "table.parquet", folder / "table.csv"
            written = runner.change(_order(instance, base, change, folder, parquet, csv))
            if dry:
                return change, written
            digest, upload = instance.files.keep(parquet), Upload(instance.files.keep(csv), "", csv.stat().st_size)
        if base is None and attach is not None:
            attach(upload)
        try:
            with instance.database.writing() as session:
                _save(session, resource_id, base, change, digest, written)
                _mark(session, resource_id, upload)
                audit.note(session, actor, f"table.{change.method}", resource_id, rows=written.touched)
        except _OvertakenError:
            continue
        if instance.look is not None and upload.size <= AT_ONCE:
            jobs.check_written(instance, instance.look, resource_id)
        return change, written
    raise StateError(
        Message(
            "Die Tabelle wird gerade von zu vielen zugleich geändert. Nächster Schritt: noch einmal versuchen.",
            "Too many are changing this table at once. Next step: try again.",
        )
    )


def drop(instance: Instance, actor: Actor, resource_id: str) -> None:
    """Let go of a table and of what was checked of it; the resource's address is for the caller to take away, which publishes that."""
    with instance.database.writing() as session:
        session.execute(sa.delete(DeskTable).where(DeskTable.resource_id == resource_id))
        desk_files.forget_checks(session, [resource_id])
        audit.note(session, actor, "table.drop", resource_id)


def _order(
    instance: Instance, base: DeskTable | None, change: Change, folder: Path, parquet: Path, csv: Path
) -> Writing:
    before = None
    if base is not None:
        types = {column.id: column.type for column in datastore_tables.columns(base)}
        before = Stored(path=instance.files.local(base.sha256, folder), numbered=True, types=types)
    return Writing(
        table=before,
        columns=change.columns,
        key=change.key,
        method=change.method,
        records=change.records,
        filters=change.filters,
        unique=change.unique,
        given=change.given,
        parquet=parquet,
        csv=csv,
    )


def _save(
    session: Session, resource_id: str, base: DeskTable | None, change: Change, digest: str, written: Written
) -> None:
    """Keep the table's row; _OvertakenError when it is no longer what the change was made from."""
    for alias in change.aliases:
        if datastore_tables.identified(session, alias) not in ("", resource_id):
            raise WrongError(aliases=f'"{alias}" is already in use')
    values = {
        "columns": [column.shown() for column in change.columns],
        "key": list(change.key),
        "aliases": list(change.aliases),
        "sha256": digest,
        "rows": written.rows,
        "modified_at": now(),
    }
    if base is None:
        if session.get(DeskTable, resource_id) is not None:
            raise _OvertakenError
        session.execute(sa.insert(DeskTable).values(resource_id=resource_id, version=1, **values))
        return
    same = sa.and_(DeskTable.resource_id == resource_id, DeskTable.version == base.version)
    updated = session.execute(sa.update(DeskTable).where(same).values(version=base.version + 1, **values))
    if updated.rowcount != 1:  # type: ignore[attr-defined]
        raise _OvertakenError


def _mark(session: Session, resource_id: str, upload: Upload) -> None:
    """Make the CSV the resource's file; its check is due now."""
    file = {"sha256": upload.sha256, "size": upload.size, "uploaded_at": now()}
    session.execute(sa.update(DeskResource).where(DeskResource.id == resource_id).values(file))
    session.execute(sa.update(FileRow).where(FileRow.id == resource_id).values(due_at=None))
