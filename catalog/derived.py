"""Tables derived from a department's file by a mapping to a shared schema: which mapping applies, what came of it, what is kept.

The column `derived` of a file's row holds the last attempt (`mapping`, `mapping_sha256`, `source_sha256`, `failure`, `report`) and
`good`, the last table that conformed, which stays until a newer one does.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import now
from catalog.derived_files import mapping_name
from catalog.drafts import PUBLISHED
from catalog.files import Files
from catalog.models import DatasetRow, FileRow
from catalog.table_orders import Derived
from dcat.errors import OffenbarError
from dcat.message import Message
from harvesters.source import Source
from validators import mapping, report, schemas

FOLDER = "mappings"
MAX_BYTES = 200_000
_TOO_LARGE = Message("sie ist größer als 200 kB", "it is larger than 200 kB")
_NO_TEXT = Message("sie ist kein Text in UTF-8", "it is no text in UTF-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """A mapping that a source's definition names for a file: its name, text and hash; or `failure`, why it cannot be had."""

    name: str
    text: str = ""
    sha256: str = ""
    failure: Message | None = None


def find(folder: Path, source: Source, name: str) -> MappingFile | None:
    """Read the mapping file for a data file of a source, whose definitions lie in `folder`; None when there is none."""
    wanted = mapping_name(source, name)
    return read(folder, wanted) if wanted else None


def read(folder: Path, name: str) -> MappingFile:
    """Read a mapping file beside the definitions; one that is missing or no text has its failure."""
    if Path(name).name != name or name.startswith("."):
        return _unusable(name, Message("der Name darf keinen Ordner nennen", "the name must not name a folder"))
    try:
        data = (folder / FOLDER / name).read_bytes()
        if len(data) > MAX_BYTES:
            return _unusable(name, _TOO_LARGE)
        return MappingFile(name=name, text=data.decode("utf-8-sig"), sha256=hashlib.sha256(data).hexdigest())
    except UnicodeDecodeError:
        return _unusable(name, _NO_TEXT)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return _unusable(name, Message(f"sie ist nicht lesbar ({why})", f"it cannot be read ({why})"))


def schema_of(file: MappingFile | None) -> str:
    """Name the schema that a mapping leads to; empty where it cannot be read."""
    if file is None or problem(file) is not None:
        return ""
    return mapping.read(file.text.encode(), file.name).schema


def problem(file: MappingFile) -> Message | None:
    """Say why a mapping file cannot be used; None if it can."""
    if file.failure is not None:
        return file.failure
    try:
        schemas.load(mapping.read(file.text.encode(), file.name).schema)
    except OffenbarError as error:
        return error.message
    return None


def is_due(row: FileRow, file: MappingFile | None) -> bool:
    """Tell whether a file has to be looked at again although it has not changed: its mapping is another one than last time."""
    if row.outcome != "ok":
        return False
    known = row.derived or {}
    if file is None:
        return bool(known)
    return (known.get("mapping"), known.get("mapping_sha256")) != (file.name, file.sha256)


def stale(session: Session, folder: Path, source: Source) -> list[str]:
    """Name the files of a source whose mapping is another one than when they were looked at last."""
    if not source.mappings:
        return []
    # What the database can say of the patterns; the rest is asked of few.
    alike = [FileRow.name.ilike(_like(pattern), escape="\\") for pattern, _ in source.mappings]
    query = sa.select(FileRow).join(DatasetRow, DatasetRow.id == FileRow.dataset_id)
    query = query.where(DatasetRow.source_id == source.id, DatasetRow.state == PUBLISHED, FileRow.url != "")
    query = query.where(FileRow.outcome == "ok", sa.or_(*alike))
    present: dict[str, MappingFile] = {}
    found = []
    for row in session.scalars(query):
        name = mapping_name(source, row.name)
        if name and name not in present:
            present[name] = read(folder, name)
        if is_due(row, present.get(name)):
            found.append(row.id)
    return found


def _like(pattern: str) -> str:
    """Write a pattern of file names so that a database finds at least what it means."""
    signs = {"*": "%", "?": "_", "%": "\\%", "_": "\\_", "\\": "%"}
    # What stands in brackets is a choice of letters.
    plain = re.sub(r"\[.*?\]", "*", pattern)
    return "".join(signs.get(sign, sign if sign.isascii() else "%") for sign in plain)


def noted(row: FileRow, file: MappingFile | None) -> dict[str, Any] | None:
    """Note that a mapping is to be applied as soon as the file can be had again, so that nobody asks for it all the time until then."""
    return None if file is None else (row.derived or {}) | {"mapping": file.name, "mapping_sha256": file.sha256}


def kept(
    row: FileRow, files: Files, file: MappingFile | None, made: Derived | None, sha256: str
) -> dict[str, Any] | None:
    """Give what is kept of a mapping's work: a table that conforms is stored and takes the place of the last one."""
    if file is None:
        return None
    good = (row.derived or {}).get("good")
    attempt = {
        "mapping": file.name,
        "mapping_sha256": file.sha256,
        "source_sha256": sha256,
        "failure": None,
        "report": None,
        "good": good,
    }
    failure = file.failure or (made.failure if made else None)
    if failure is not None or made is None or made.report is None:
        return attempt | {"failure": [failure.de, failure.en] if failure else None}
    short = report.to_json(replace(made.report, frictionless={}, faulty_rows=report.faulty(made.report)))
    if made.copies is None or made.file is None:
        return attempt | {"report": short}
    return attempt | {
        "good": {
            "at": now().isoformat(timespec="seconds"),
            "mapping": file.name,
            "source_sha256": sha256,
            "schema_id": made.schema_id,
            "schema_version": made.report.schema_version,
            "sha256": files.keep(made.file),
            "size": made.file.stat().st_size,
            "csv_sha256": files.keep(made.copies.csv),
            "table_sha256": files.keep(made.copies.parquet),
            "header": list(made.header),
            "preview": [list(cells) for cells in made.rows],
            "report": short,
            "log": files.put(orjson.dumps({"mapping": file.name, "source": sha256, **made.log})),
            "values": int(made.log.get("values", 0)),
            "rows": int(made.log.get("rows", 0)),
        }
    }


def hashes(derived: dict[str, Any] | None) -> tuple[str, ...]:
    """Name the stored bytes that a file's derived table needs."""
    good = (derived or {}).get("good") or {}
    return tuple(good[key] for key in ("sha256", "csv_sha256", "table_sha256", "log") if good.get(key))


def _unusable(name: str, why: Message) -> MappingFile:
    # A hash of its own, so that the attempt is repeated once the file is there.
    failure = Message(
        f"Die Zuordnung {name} ist nicht zu brauchen: {why.de}. Nächster Schritt: offenbar schema check {name}",
        f"The mapping {name} cannot be used: {why.en}. Next step: offenbar schema check {name}",
    )
    return MappingFile(name=name, sha256=hashlib.sha256(why.en.encode()).hexdigest(), failure=failure)
