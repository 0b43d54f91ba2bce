"""Opens a data file of any kind as one text table: CSV as it is, every other kind as the CSV that its program would export."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from dcat.errors import UnreadableError
from dcat.message import Message
from validators import archives, geopackage, json_tables, parquet_tables, sheets
from validators.file_kind import kind_of
from validators.report import TableProfile
from validators.schemas import TableSchema
from validators.sniff import sniff
from validators.text_table import Limits as Limits
from validators.text_table import RefusedError

# Writes the table of a file as CSV and describes it: file, CSV, schema, limits, wanted part (sheet, layer).
Reader = Callable[[Path, Path, TableSchema | None, Limits, str], TableProfile]

READERS: dict[str, Reader] = {
    "xlsx": partial(sheets.read, "xlsx"),
    "xls": partial(sheets.read, "xls"),
    "ods": partial(sheets.read, "ods"),
    "json": json_tables.read,
    "geopackage": geopackage.read,
    "parquet": parquet_tables.read,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A text table ready to be checked: the CSV file, and what was found out about the file it came from and about itself."""

    path: Path
    profile: TableProfile


@contextmanager
def opened(
    path: Path, schema: TableSchema | None = None, limits: Limits | None = None, *, part: str = ""
) -> Iterator[Intake]:
    """Open a file; a CSV made of it lasts as long as the context. What cannot be read has a profile that is not `readable`.

    `part` names the sheet or layer to read; without it, the one that fits the schema best is read.
    """
    limits = limits or Limits()
    kind = _kind(path, limits)
    if not kind:
        yield Intake(path=path, profile=_sniffed(path, limits))
        return
    with TemporaryDirectory(prefix="offenbar-") as folder:
        table, profile = _read(kind, path, Path(folder), schema, limits, part)
        size, sha256 = _size_and_sum(path)
        yield Intake(path=table, profile=replace(profile, bytes=size, sha256=sha256))


def _kind(path: Path, limits: Limits) -> str:
    """Tell the kind of a file that is not read as CSV; too large ones and unreadable ones are for the sniffer to explain."""
    try:
        return "" if path.stat().st_size > limits.bytes else kind_of(path)
    except OSError as error:
        raise UnreadableError(
            Message(
                f"Die Datei kann nicht geöffnet werden: {error.strerror}", f"Cannot open the file: {error.strerror}"
            )
        ) from error


def _read(
    kind: str, path: Path, folder: Path, schema: TableSchema | None, limits: Limits, part: str
) -> tuple[Path, TableProfile]:
    table = folder / "table.csv"
    try:
        if kind in archives.KINDS:
            return _unpacked(kind, path, folder, schema, limits, part)
        return table, READERS[kind](path, table, schema, limits, part)
    except RefusedError as refused:
        return path, TableProfile(kind=kind, decided=kind, readable=False, findings=(refused.finding,))


def _unpacked(
    kind: str, path: Path, folder: Path, schema: TableSchema | None, limits: Limits, part: str
) -> tuple[Path, TableProfile]:
    """Read the one table in an archive. What it is called inside does not matter, only what it is."""
    return archives.read(kind, path, folder, schema, limits, part, partial(_inside, folder=folder))


def _inside(
    path: Path, schema: TableSchema | None, limits: Limits, part: str, *, folder: Path
) -> tuple[Path, TableProfile]:
    kind = kind_of(path)
    if not kind:
        return path, _sniffed(path, limits)
    inner = folder / f"of-{path.name}"
    inner.mkdir()
    return _read(kind, path, inner, schema, limits, part)


def _sniffed(path: Path, limits: Limits) -> TableProfile:
    return sniff(path, max_bytes=limits.bytes, max_columns=limits.columns, max_cell=limits.cell)


def _size_and_sum(path: Path) -> tuple[int, str]:
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256")
        return handle.tell(), digest.hexdigest()
