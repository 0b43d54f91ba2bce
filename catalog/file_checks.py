"""What checks find out about one data file: fetched, read, validated, scanned; and the short form that pages show."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from catalog.assemble import Checked
from catalog.db import now
from catalog.files import Files
from catalog.models import FileRow
from dcat.errors import FetchError, UnreadableError
from dcat.message import Message
from harvesters.fetch import Fetcher
from harvesters.response import Validators
from validators import privacy, report, schemas
from validators.report import Finding, Report, Severity

OK, PRIVATE, UNREADABLE, UNREACHABLE, UNSCANNED = "ok", "private", "unreadable", "unreachable", "unscanned"
DOCUMENTS = (".json", ".geojson")
MAX_DOCUMENT = 50_000_000
_UNSCANNED = Message(
    "Die Prüfung auf personenbezogene Daten kann in Dateien dieser Art oder Größe noch nicht hineinsehen. "
    "Nächster Schritt: als CSV oder GeoJSON bereitstellen.",
    "The check for personal data cannot look into files of this kind or size yet. Next step: provide CSV or GeoJSON.",
)
TABLES = (".csv", ".tsv", ".txt")

# Reads a table and gives its report and first rows; validators/tables.py is loaded only where tables are checked.
CheckTable = Callable[[Path, schemas.TableSchema | None], tuple[Report, tuple[str, ...], tuple[tuple[str, ...], ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one check, as the columns of a file's row."""

    values: dict[str, Any]
    unchanged: bool = False
    error: FetchError | None = None
    """why the file could not be had, which is news of its link too"""


def check(row: FileRow, fetcher: Fetcher, files: Files, check_table: CheckTable, *, ours: bool) -> Result:
    """Fetch and judge one file. A failure keeps what was known, unless the file is gone for good."""
    judged = row.outcome in (OK, PRIVATE, UNREADABLE, UNSCANNED) and bool(row.etag or row.last_modified)
    known = Validators(row.etag, row.last_modified) if judged else None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        try:
            response = fetcher.download(row.url, path, validators=known)
        except FetchError as error:
            values = _unreachable(row, error, ours=ours)
            return Result(values=values, unchanged=row.outcome == UNREACHABLE, error=error)
        if response.status == 304 or (judged and response.sha256 == (row.newer or {}).get("sha256", row.sha256)):
            return _still(row)
        if judged and row.newer and response.sha256 == row.sha256:
            # The good version is back.
            again = {"etag": response.validators.etag, "last_modified": response.validators.last_modified}
            return Result(values={"checked_at": now(), "due_at": _tomorrow(), "newer": None, **again})
        values = {
            "checked_at": now(),
            "due_at": _tomorrow(),
            "etag": response.validators.etag,
            "last_modified": response.validators.last_modified,
            "media_type": response.media_type,
            "sha256": response.sha256,
            "size": response.size,
            "failure": None,
            "report": None,
            "preview": None,
            "newer": None,
            "outcome": OK,
        }
        if row.name.lower().endswith(TABLES) or row.schema_id:
            values |= _table(row, path, check_table, ours=ours)
        elif ours:
            values |= _other(path, row.name)
        if values["outcome"] == UNREADABLE and row.outcome == OK and ours:
            return _kept(values["failure"])
        if values["outcome"] == OK and _is_worse(row, values["report"]):
            return _good_stays(values)
        if values["outcome"] == OK:
            files.put_file(path, response.sha256)
        if values["outcome"] == OK and (not values["report"] or report.from_json(values["report"]).conforms):
            values["good_sha256"] = response.sha256
    return Result(values=values)


def checked(row: FileRow) -> Checked:
    """Give what a file's row knows in the form the assembly uses."""
    found = report.from_json(row.report) if row.report else None
    private = row.outcome == PRIVATE
    failure = Message(*row.failure) if row.failure else None
    header, *rows = row.preview or [[]]
    return Checked(
        outcome=row.outcome,
        found=failure,
        valid=found.conforms if found and found.schema_id else None,
        schema_id=found.schema_id if found else "",
        sentence=failure or (report.sentence(found) if found else None),
        report=short(found) if found and not private else None,
        hidden=short(report.without_cells(found)) if found and not private else None,
        header=tuple(header),
        rows=tuple(tuple(cells) for cells in rows),
        checked_at=row.checked_at.isoformat(timespec="seconds") if row.checked_at else "",
        modified=_day(row.last_modified),
        size=row.size,
        sha256=row.sha256,
        newer=short(report.from_json(row.newer["report"])) | {"at": row.newer["at"]} if row.newer else None,
    )


def short(found: Report) -> dict[str, Any]:
    """Give the findings and facts of a report without frictionless' own long list."""
    return report.to_json(replace(found, frictionless={}))


def _table(row: FileRow, path: Path, check_table: CheckTable, *, ours: bool) -> dict[str, Any]:
    schema = schemas.load(row.schema_id) if row.schema_id else None
    found, header, rows = check_table(path, schema)
    if not found.sniffed.readable:
        blocking = next((f for f in found.findings if f.severity is Severity.BLOCKS), None)
        what = blocking.what if blocking else report.sentence(found)
        return {"outcome": UNREADABLE, "failure": [what.de, what.en], "report": report.to_json(found)}
    personal: tuple[Finding, ...] = privacy.scan(path, found.sniffed) if ours else ()
    if personal:
        what = personal[0].what
        return {"outcome": PRIVATE, "failure": [what.de, what.en]}
    return {"report": report.to_json(found), "preview": [list(header), *[list(cells) for cells in rows]]}


def _other(path: Path, name: str) -> dict[str, Any]:
    """Look for personal data in a document; what we cannot look into is not released by itself."""
    with path.open("rb") as source:
        start = source.read(512).lstrip().lower()
    if not start:
        return {"outcome": UNREADABLE, "failure": [f"Die Datei {name} ist leer.", f"The file {name} is empty."]}
    if start.startswith((b"<!doctype html", b"<html")) and not name.lower().endswith((".html", ".htm")):
        text = [f"Statt {name} kommt eine Webseite.", f"A web page comes instead of {name}."]
        return {"outcome": UNREADABLE, "failure": text}
    if not name.lower().endswith(DOCUMENTS) or path.stat().st_size > MAX_DOCUMENT:
        return {"outcome": UNSCANNED, "failure": [_UNSCANNED.de, _UNSCANNED.en]}
    try:
        personal = privacy.scan_json(path.read_bytes())
    except UnreadableError as error:
        return {"outcome": UNREADABLE, "failure": [error.message.de, error.message.en]}
    if personal:
        return {"outcome": PRIVATE, "failure": [personal[0].what.de, personal[0].what.en]}
    return {}


def _unreachable(row: FileRow, error: FetchError, *, ours: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"checked_at": now(), "due_at": now() + datetime.timedelta(hours=1)}
    text = [error.message.de, error.message.en]
    if ours and row.outcome == OK:
        # Our good copy stays public, and nothing is said: it goes when the source no longer names the file.
        return values
    if row.outcome in ("", UNREACHABLE) or error.status in (404, 410):
        return values | {"outcome": UNREACHABLE, "failure": text, "report": None, "preview": None}
    # What was known stays as it is until something newer is known.
    return values


def _is_worse(row: FileRow, found: dict[str, Any] | None) -> bool:
    """Tell whether a new version breaks the schema that the present one keeps."""
    if found is None or row.outcome != OK or not row.sha256 or row.good_sha256 != row.sha256 or not row.report:
        return False
    new, present = report.from_json(found), report.from_json(row.report)
    return bool(new.schema_id) and new.schema_id == present.schema_id and present.conforms and not new.conforms


def _good_stays(values: dict[str, Any]) -> Result:
    """Leave the last good table in its place, with the report of the newer version beside it; that one is not fetched again."""
    asked = {name: values[name] for name in ("checked_at", "due_at", "etag", "last_modified")}
    newer = {"at": values["checked_at"].isoformat(timespec="seconds"), "sha256": values["sha256"]}
    return Result(values=asked | {"newer": newer | {"report": values["report"]}})


def _still(row: FileRow) -> Result:
    """An old verdict stands; what was said of an unreadable version since then no longer holds."""
    values: dict[str, Any] = {"checked_at": now(), "due_at": _tomorrow()}
    healed = row.outcome == OK and row.failure is not None
    return Result(values=values | {"failure": None} if healed else values, unchanged=not healed)


def _kept(failure: list[str]) -> Result:
    """A file that only we publish stays as it was last good, with a word about the new version that nobody can read."""
    text = [
        f"{failure[0]} Gezeigt wird die letzte lesbare Fassung.",
        f"{failure[1]} The last readable version is shown.",
    ]
    return Result(values={"checked_at": now(), "due_at": _tomorrow(), "failure": text})


def _tomorrow() -> datetime.datetime:
    return now() + datetime.timedelta(days=1)


def _day(last_modified: str) -> str:
    try:
        return parsedate_to_datetime(last_modified).date().isoformat() if last_modified else ""
    except ValueError:
        return ""
