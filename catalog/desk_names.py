"""Who has a name or the id of a resource already: each asked in one statement of tables, made once, as every write asks."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import core
from catalog.models import DatasetRow, FileRow, Slug
from catalog.models_desk import DeskDataset, DeskResource


def taken(session: Session, name: str, dataset_id: str) -> bool:
    """Whether another dataset, of the desk or harvested, has a name, or has it as its id."""
    return core(session).execute(_TAKEN, {"name": name, "own": dataset_id}).first() is not None


def owners(session: Session, resource_ids: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Find the datasets that have resources with some ids: resource, dataset, and whether it was written at the desk.

    Files of harvested datasets have ids of the same kind.
    """
    found = core(session).execute(_OWNERS, {"ids": list(resource_ids)})
    return [(resource_id, dataset_id, bool(ours)) for resource_id, dataset_id, ours in found]


def forget_address(session: Session, name: str, dataset_id: str) -> None:
    """Let an address that a dataset had lead there no longer."""
    session.execute(sa.delete(Slug).where(Slug.name == name, Slug.dataset_id == dataset_id))


def _taken() -> sa.CompoundSelect[Any]:
    desk, slug, public = DeskDataset.__table__, Slug.__table__, DatasetRow.__table__
    name, own = sa.bindparam("name", type_=sa.String), sa.bindparam("own", type_=sa.String)
    return sa.union_all(
        sa.select(desk.c.id).where(sa.or_(desk.c.name == name, desk.c.id == name), desk.c.id != own),
        sa.select(slug.c.dataset_id).where(slug.c.name == name, slug.c.dataset_id != own),
        sa.select(public.c.id).where(public.c.id == name, public.c.id != own),
    )


def _owners() -> sa.CompoundSelect[Any]:
    desk, file = DeskResource.__table__, FileRow.__table__
    ids: sa.BindParameter[list[str]] = sa.bindparam("ids", expanding=True)
    return sa.union_all(
        sa.select(desk.c.id, desk.c.dataset_id, sa.true().label("ours")).where(desk.c.id.in_(ids)),
        sa.select(file.c.id, file.c.dataset_id, sa.false().label("ours")).where(file.c.id.in_(ids)),
    )


_TAKEN, _OWNERS = _taken(), _owners()
