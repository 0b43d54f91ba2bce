"""Which datasets follow a shared table schema: read from what the public sees, tables derived by a mapping included."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import store
from catalog.models import DatasetRow, FileRow
from catalog.public import PublicDataset
from catalog.store import VISIBLE
from validators import schemas

# Datasets on the page of one schema, and how many are counted and read at a time for the list of all.
SHOWN = 100
COUNTED = 2_000
_CHUNK = 100


class Standing(StrEnum):
    """Whether a dataset that declares a schema keeps it."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCount:
    """How many datasets of a city declare a schema, and how many of them conform."""

    city: str
    declaring: int = 0
    conforming: int = 0


def datasets(session: Session, schema_id: str) -> tuple[PublicDataset, ...]:
    """List up to 100 datasets with a file that declares the schema, by city and title."""
    found = (public for public in _views(session, [schema_id]) if standing(public, schema_id))
    return tuple(public for _, public in zip(range(SHOWN), found, strict=False))


def counts(session: Session) -> dict[str, tuple[CityCount, ...]]:
    """Count the datasets of each city by schema; a schema that nobody uses is left out."""
    found: dict[tuple[str, str], CityCount] = {}
    for public in _views(session, schemas.IDS):
        for schema_id in {file.schema_id for file in public.files}:
            found_standing = standing(public, schema_id)
            if found_standing is None or schema_id not in schemas.IDS:
                continue
            key = schema_id, public.city
            so_far = found.get(key, CityCount(city=public.city))
            found[key] = CityCount(
                city=public.city,
                declaring=so_far.declaring + 1,
                conforming=so_far.conforming + (found_standing is Standing.CONFORMS),
            )
    return {
        schema_id: tuple(count for key, count in sorted(found.items()) if key[0] == schema_id)
        for schema_id in sorted({key[0] for key in found})
    }


def standing(public: PublicDataset, schema_id: str) -> Standing | None:
    """How the visible files of a dataset stand to the schema, the best of them; None when none declares it."""
    files = [file for file in public.files if file.schema_id == schema_id and file.state.visible]
    if not files:
        return None
    if any(file.valid for file in files):
        return Standing.CONFORMS
    return Standing.UNCHECKED if all(file.valid is None for file in files) else Standing.VIOLATES


def _views(session: Session, schema_ids: list[str] | tuple[str, ...]) -> Iterator[PublicDataset]:
    query = (
        sa.select(DatasetRow.id)
        .join(FileRow, FileRow.dataset_id == DatasetRow.id)
        .where(sa.or_(FileRow.schema_id.in_(schema_ids), FileRow.derived.is_not(None)), VISIBLE)
        .order_by(DatasetRow.city, DatasetRow.title, DatasetRow.id)
        .distinct()
    )
    rows = session.execute(query.add_columns(DatasetRow.city, DatasetRow.title).limit(COUNTED))
    ids = [row[0] for row in rows]
    for start in range(0, len(ids), _CHUNK):
        yield from store.views(session, ids[start : start + _CHUNK])
