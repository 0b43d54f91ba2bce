"""The tables that foreign keys of a data file point to: the accepted ones of the same source, else those of the same city."""

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.files import Files
from catalog.models import DatasetRow, FileRow
from catalog.store import VISIBLE
from harvesters.source import Source
from validators import schemas


def named(schema_id: str) -> frozenset[str]:
    """Name the other schemas that a shared schema's foreign keys point to."""
    if schema_id not in schemas.IDS:
        return frozenset()
    return frozenset(key.schema for key in schemas.load(schema_id).foreign_keys if key.schema)


def find(session: Session, source: Source, schema_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Find the accepted tables of some schemas: hashes of their CSV copies by schema."""
    if not schema_ids:
        return {}
    near: dict[str, list[str]] = {}
    far: dict[str, list[str]] = {}
    for source_id, schema_id, digest in _tables(session, source.city, schema_ids):
        (near if source_id == source.id else far).setdefault(schema_id, []).append(digest)
    return {key: tuple(dict.fromkeys(near.get(key) or far[key])) for key in schema_ids if key in near or key in far}


def laid_out(files: Files, found: Mapping[str, tuple[str, ...]], folder: Path) -> dict[str, Path]:
    """Lay out the tables for a check: the only one of a schema as it is kept, several as one."""
    laid = {}
    for schema_id, digests in found.items():
        there = [files.local(digest, folder) for digest in digests if files.has(digest)]
        if len(there) == 1:
            (laid[schema_id],) = there
        elif there:
            laid[schema_id] = folder / f"{schema_id}.csv"
            _join(there, laid[schema_id], tuple(field.name for field in schemas.load(schema_id).fields))
    return laid


def mark_due(session: Session, source: Source, changed: Collection[str], but: str) -> None:
    """Have the files of a city checked anew whose foreign keys point to tables of schemas that changed, but for one file."""
    dependent = [schema_id for schema_id in schemas.IDS if named(schema_id) & set(changed)]
    if dependent:
        here = sa.select(DatasetRow.id).where(DatasetRow.city == source.city, VISIBLE)
        rows = sa.update(FileRow).where(
            FileRow.schema_id.in_(dependent), FileRow.dataset_id.in_(here), FileRow.id != but
        )
        session.execute(rows.where(FileRow.url != "").values(due_at=sa.null(), etag="", last_modified=""))


def _tables(session: Session, city: str, schema_ids: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """List source, schema and CSV copy of the accepted and the derived tables of a city."""
    own = sa.and_(FileRow.schema_id.in_(schema_ids), FileRow.csv_sha256 != "")
    query = sa.select(DatasetRow.source_id, FileRow.schema_id, FileRow.csv_sha256, FileRow.derived)
    query = query.join(DatasetRow, DatasetRow.id == FileRow.dataset_id)
    query = query.where(DatasetRow.city == city, VISIBLE, sa.or_(own, FileRow.derived.is_not(None)))
    for source_id, schema_id, digest, derived in session.execute(query.order_by(FileRow.id)):
        if digest and schema_id in schema_ids:
            yield source_id, schema_id, digest
        good = (derived or {}).get("good") or {}
        if good.get("schema_id") in schema_ids:
            yield source_id, good["schema_id"], good["csv_sha256"]


def _join(tables: list[Path], target: Path, names: tuple[str, ...]) -> None:
    """Write tables of one schema below each other."""
    csv.field_size_limit(2**31 - 2)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for table in tables:
            with table.open(encoding="utf-8", newline="") as source:
                writer.writerows(csv.DictReader(source, restval=""))
