"""Unpacks the one table in a ZIP file or a gzip file, within limits, and once only: what is packed inside again stays packed."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from validators.columns import known
from validators.file_kind import kind_of
from validators.kind_findings import (
    ARCHIVE_IN_ARCHIVE,
    OTHER_OFFICE,
    SHAPEFILE,
    damaged,
    left_out,
    megabytes,
    no_such_part,
    no_table,
    several_tables,
    too_much_inside,
)
from validators.report import TableProfile
from validators.schemas import TableSchema
from validators.text_table import Limits, RefusedError
from validators.zip_parts import CHUNK, pieces, wanted, zip_file

KINDS = ("zip", "gzip", "office")
MAX_UNPACKED = 1_000_000_000
# Tables looked at for the one that fits a schema.
_MAX_TABLES = 20
_TABLES = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xls", ".ods", ".geojson", ".json", ".ndjson", ".gpkg", ".parquet")
# Between a file in an archive and a sheet in that file.
_IN = ": "
_PACKED = (".zip", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".tar")
# Beside data and not data: descriptions, licences, what systems leave behind.
_BESIDE = (
    "readme",
    "liesmich",
    "lizenz",
    "licence",
    "license",
    "metadata",
    "metadaten",
    "datapackage",
    ".",
    "__macosx",
)

# Reads an unpacked file: file, schema, limits, wanted part; gives the CSV and its description.
Inside = Callable[[Path, TableSchema | None, Limits, str], tuple[Path, TableProfile]]
# A member that was read: how many columns the schema knows, its entry, its CSV, its description.
_Found = tuple[int, ZipInfo, Path, TableProfile]


def read(
    kind: str, path: Path, folder: Path, schema: TableSchema | None, limits: Limits, part: str, inside: Inside
) -> tuple[Path, TableProfile]:
    """Unpack and read the table; RefusedError says why there is none, or too many."""
    if kind == "office":
        raise RefusedError(OTHER_OFFICE)
    most = min(limits.bytes, MAX_UNPACKED)
    if kind == "gzip":
        return _named(*_once(_gunzip(path, folder / "data", most), schema, limits, part, inside), "gzip", "")
    with zip_file(path, "zip") as opened:
        return _from_zip(opened, folder, schema, limits, part, inside, most)


def _from_zip(
    opened: ZipFile, folder: Path, schema: TableSchema | None, limits: Limits, part: str, inside: Inside, most: int
) -> tuple[Path, TableProfile]:
    names = [name.casefold() for name in opened.namelist()]
    if any(name.endswith(".shp") for name in names):
        raise RefusedError(SHAPEFILE)
    members = wanted(opened, "zip", _may_be_table, most)
    inner = ""
    if part:
        # Whoever names a member gets it, also one that is called as no table is.
        every = wanted(opened, "zip", lambda name: True, most)
        members, inner = _meant(every, part)
        if not members:
            raise RefusedError(no_such_part("zip", part, _shown(every)))
    if not members:
        packed = any(name.endswith(_PACKED) for name in names)
        raise RefusedError(ARCHIVE_IN_ARCHIVE if packed else no_table("zip"))
    found: list[_Found] = []
    for number, info in enumerate(members[:_MAX_TABLES]):
        path = _unpack(opened, info, folder / f"member-{number}")
        try:
            table, profile = _once(path, schema, limits, inner, inside)
        except RefusedError as refused:
            if len(members) == 1:
                raise
            table, profile = path, TableProfile(readable=False, findings=(refused.finding,))
        fit = known(profile.header, schema) if profile.readable else 0
        found.append((fit, info, table, profile))
    best = _best(found)
    if best is None:
        raise RefusedError(several_tables("zip", _shown(members)))
    _, info, table, profile = best
    within = tuple(f"{info.filename}{_IN}{name}" for name in profile.others)
    table, profile = _named(table, profile, "zip", info.filename)
    others = [one for one in opened.infolist() if one.filename != info.filename and not one.is_dir()]
    if tables := [one for one in others if one in members]:
        profile = replace(profile, findings=(left_out("zip", _shown(tables)), *profile.findings))
    return table, replace(profile, others=(*within, *(one.filename for one in others)))


def _best(found: list[_Found]) -> _Found | None:
    """Choose the table that fits the schema best; without one, the only one that is no mere text."""
    if len(found) == 1:
        return found[0]
    readable = [one for one in found if one[3].readable]
    most = max((one[0] for one in readable), default=0)
    fitting = [one for one in readable if one[0] == most]
    if not most:
        fitting = [one for one in fitting if not one[1].filename.casefold().endswith(".txt")] or fitting
    return fitting[0] if len(fitting) == 1 else None


def _meant(members: list[ZipInfo], part: str) -> tuple[list[ZipInfo], str]:
    """Find the member that a part names, by its path or its name alone, and the part of that member behind it."""
    for info in members:
        if part in (info.filename, PurePosixPath(info.filename).name):
            return [info], ""
    for info in members:
        if part.startswith(info.filename + _IN):
            return [info], part[len(info.filename + _IN) :]
    return [], ""


def _once(
    path: Path, schema: TableSchema | None, limits: Limits, part: str, inside: Inside
) -> tuple[Path, TableProfile]:
    if kind_of(path) in KINDS:
        raise RefusedError(ARCHIVE_IN_ARCHIVE)
    return inside(path, schema, limits, part)


def _named(table: Path, profile: TableProfile, kind: str, member: str) -> tuple[Path, TableProfile]:
    part = f"{member}{_IN}{profile.part}" if member and profile.part else member or profile.part
    return table, replace(profile, kind=f"{kind}+{profile.kind}", part=part)


def _may_be_table(name: str) -> bool:
    path = PurePosixPath(name.casefold())
    return path.suffix in _TABLES and not any(piece.startswith(_BESIDE) for piece in path.parts)


def _shown(members: list[ZipInfo]) -> list[str]:
    return [info.filename[-100:] for info in members]


def _unpack(opened: ZipFile, info: ZipInfo, target: Path) -> Path:
    """Write a member to a file of our own naming: what it is called inside leads nowhere."""
    with target.open("wb") as file:
        file.writelines(pieces(opened, info))
    return target


def _gunzip(path: Path, target: Path, most: int) -> Path:
    written = 0
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as file:
            while piece := packed.read(CHUNK):
                written += len(piece)
                if written > most:
                    raise RefusedError(too_much_inside("gzip", megabytes(most)))
                file.write(piece)
    except (EOFError, OSError, zlib.error) as error:
        raise RefusedError(damaged("gzip", str(error))) from error
    return target
