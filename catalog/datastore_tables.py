"""Which table stands behind a resource's id or alias, for whoever asks: the accepted copy for the public, the newest for its editors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import access, desk_rows, store
from catalog.access import Actor
from catalog.datastore import Stored
from catalog.datastore_types import Column
from catalog.files import Files
from catalog.models import DatasetRow, FileRow
from catalog.models_desk import DeskDataset, DeskResource, DeskTable
from catalog.public import FileState
from catalog.store import VISIBLE
from dcat.states import DELETED

# Characters of an alias.
MAX_ALIAS = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table somebody may read: the SHA-256 of its Parquet file, and what its author said of it.

    `numbered` ones carry `_id` in the file. `columns` are empty where nobody declared any.
    """

    resource_id: str
    sha256: str
    numbered: bool = False
    columns: tuple[Column, ...] = ()
    aliases: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    public: bool = True

    @contextmanager
    def stored(self, files: Files) -> Iterator[Stored]:
        """Have the file at hand, copied from afar if need be."""
        with TemporaryDirectory(prefix="offenbar-rows-") as folder:
            path = files.local(self.sha256, Path(folder))
            yield Stored(path=path, numbered=self.numbered, types={one.id: one.type for one in self.columns})

    def described(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """Add to columns what their author said of them."""
        said = {one.id: one.info for one in self.columns}
        return tuple(Column(one.id, one.type, said.get(one.id, {})) for one in columns)


def find(session: Session, files: Files, actor: Actor, name: str) -> Table | None:
    """Find the table that somebody may read under a resource's id or an alias; None when there is none for him."""
    resource_id = identified(session, name)
    written = session.get(DeskTable, resource_id) if resource_id else None
    owner = desk_dataset(session, resource_id)
    declared = columns(written) if written else ()
    aliases = tuple(written.aliases) if written else ()
    found = None
    if written and owner and access.may_read_written(actor, desk_rows.holding(owner)):
        found = Table(
            resource_id=resource_id,
            sha256=written.sha256,
            numbered=True,
            columns=declared,
            aliases=aliases,
            key=tuple(written.key),
            public=False,
        )
    elif (file := store.public_table(session, resource_id) if resource_id else None) and file.table:
        found = Table(resource_id=resource_id, sha256=file.table, columns=declared, aliases=aliases)
    return found if found and files.has(found.sha256) else None


def public_names(session: Session, limit: int, offset: int) -> tuple[int, list[tuple[str, tuple[str, ...]]]]:
    """Count the tables that everybody may read, and give a part of them by id, each with its aliases."""
    served = sa.and_(FileRow.table_sha256 != "", FileRow.state.in_((FileState.PUBLIC, FileState.LINKED)), VISIBLE)
    joined = sa.select(FileRow.id).join(DatasetRow, DatasetRow.id == FileRow.dataset_id).where(served)
    total = session.scalar(sa.select(sa.func.count()).select_from(joined.subquery())) or 0
    ids = list(session.scalars(joined.order_by(FileRow.id).limit(limit).offset(offset)))
    named = sa.select(DeskTable.resource_id, DeskTable.aliases).where(DeskTable.resource_id.in_(ids))
    aliases = {one: tuple(names) for one, names in session.execute(named)}
    return total, [(one, aliases.get(one, ())) for one in ids]


def identified(session: Session, name: str) -> str:
    """Give the id of the resource that a name stands for: its id, or an alias of its table; empty when it stands for none."""
    if store.UUID.fullmatch(name):
        return name
    return _aliased(session, name) if len(name) <= MAX_ALIAS and name.isprintable() and '"' not in name else ""


def desk_dataset(session: Session, resource_id: str) -> DeskDataset | None:
    """Find the dataset of the desk that a resource belongs to; None for one that was deleted, too."""
    resource = session.get(DeskResource, resource_id) if resource_id else None
    found = session.get(DeskDataset, resource.dataset_id) if resource else None
    return found if found and found.state != DELETED else None


def columns(table: DeskTable) -> tuple[Column, ...]:
    """Read the columns of a table that programs write."""
    return tuple(Column(one["id"], one["type"], one.get("info") or {}) for one in table.columns)


def _aliased(session: Session, alias: str) -> str:
    listed = sa.type_coerce(DeskTable.aliases, sa.Text)
    found = session.scalars(sa.select(DeskTable).where(listed.contains(f'"{alias}"', autoescape=True)))
    return next((table.resource_id for table in found if alias in table.aliases), "")
