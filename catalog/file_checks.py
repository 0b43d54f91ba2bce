"""What checks find out about one data file: fetched, read, validated, scanned; and the short form that pages show.

A version that is worse than the one before does not take its place: the last good table stays, with a word about the newer one.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Protocol

from catalog import derived, file_history, table_orders
from catalog.assemble import Checked
from catalog.db import now
from catalog.derived import MappingFile
from catalog.derived_files import DerivedTable, Unmapped
from catalog.files import Files
from catalog.models import FileRow
from catalog.public import FileState
from catalog.table_orders import Answer, Order
from dcat.errors import FetchError
from dcat.message import Message
from harvesters.response import Response, Validators
from validators import report, schemas
from validators.report import Finding, Report, Severity

OK, PRIVATE, UNREADABLE, UNREACHABLE, UNSCANNED = "ok", "private", "unreadable", "unreachable", "unscanned"
_JUDGED = (OK, PRIVATE, UNREADABLE, UNSCANNED)
# Names that promise a table: what comes instead is damaged. Other files may be what they are.
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json", ".geojson", ".ndjson", ".gpkg", ".parquet")
TEXTS = (".csv", ".tsv", ".tab", ".txt", ".dat")
_PAGES = (".html", ".htm")
_UNSCANNED = Message(
    "Die Prüfung auf personenbezogene Daten kann in Dateien dieser Art oder Größe noch nicht hineinsehen. "
    "Nächster Schritt: als CSV oder GeoJSON bereitstellen.",
    "The check for personal data cannot look into files of this kind or size yet. Next step: provide CSV or GeoJSON.",
)
_SLOW_MAPPING = Message(
    "Die Zuordnung zum gemeinsamen Schema hat zu lange gedauert oder zu viel Speicher gebraucht. Nächster Schritt: offenbar schema "
    "check mit dieser Datei.",
    "The mapping to the shared schema took too long or needed too much memory. Next step: offenbar schema check with this file.",
)

# Takes from findings of personal data those that a steward has dismissed as false alarms.
Left = Callable[[tuple[Finding, ...]], tuple[Finding, ...]]


class Downloads(Protocol):
    """Where files come from: a department's server (harvesters/fetch.py), or what was uploaded here (catalog/desk_files.py)."""

    def download(self, url: str, target: Path, *, validators: Validators | None = None) -> Response:
        """Bring a file to `target`, or nothing where it has not changed (status 304); FetchError when it cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a check needs to know beyond the file's row.

    `ours` means that only we publish the file. `references` are the tables that foreign keys point to, by schema id. `anew` looks
    at the file although it has not changed. `share` is that of the files on which both engines are compared.
    """

    ours: bool
    mapping: MappingFile | None = None
    references: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    anew: bool = False
    share: float = 0.0
    left: Left = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one check, as the columns of a file's row."""

    values: dict[str, Any]
    unchanged: bool = False
    error: FetchError | None = None
    """why the file could not be had, which is news of its link too"""
    version: dict[str, Any] | None = None
    """the columns of a row about this version, where one was looked at"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What one version of a file is: the outcome, why it is not a good one, and the report about it."""

    outcome: str
    failure: Message | None = None
    report: Report | None = None
    preview: list[Any] | None = None


def check(row: FileRow, fetcher: Downloads, files: Files, look: table_orders.Check, wanted: Wanted) -> Result:
    """Fetch and judge one file. A failure keeps what was known, unless the file is gone for good."""
    judged = row.outcome in _JUDGED and bool(row.etag or row.last_modified) and not wanted.anew
    known = Validators(row.etag, row.last_modified) if judged else None
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "data"
        try:
            response = fetcher.download(row.url, path, validators=known)
        except FetchError as error:
            values = _unreachable(row, error, ours=wanted.ours)
            if wanted.anew and "derived" not in values:
                values |= {"etag": "", "last_modified": "", "derived": derived.noted(row, wanted.mapping)}
            return Result(values=values, unchanged=row.outcome == UNREACHABLE, error=error)
        if response.status == 304 or (judged and response.sha256 == (row.newer or {}).get("sha256", row.sha256)):
            return _still(row)
        if judged and row.newer and response.sha256 == row.sha256:
            # The good version is back.
            return Result(values=_asked(response) | {"newer": None, "failure": None})
        return _judged(row, path, response, files, look, wanted)


def checked(row: FileRow) -> Checked:
    """Give what a file's row knows in the form the assembly uses."""
    private = row.outcome == PRIVATE
    found = report.from_json(row.report) if row.report and not private else None
    failure = Message(*row.failure) if row.failure else None
    header, *rows = row.preview or [[]]
    return Checked(
        outcome=row.outcome,
        found=failure,
        valid=found.conforms if found and found.schema_id else None,
        schema_id=found.schema_id if found else "",
        sentence=failure or (report.sentence(found) if found else None),
        report=short(found) if found else None,
        hidden=short(report.without_cells(found)) if found else None,
        header=tuple(header),
        rows=tuple(tuple(cells) for cells in rows),
        checked_at=row.checked_at.isoformat(timespec="seconds") if row.checked_at else "",
        modified=_day(row.last_modified),
        size=row.size,
        sha256=row.sha256,
        table=row.table_sha256,
        csv=row.csv_sha256,
        newer=_newer(row.newer) if row.newer else None,
        derived=_derived(row.derived) if row.derived else None,
        unmapped=_unmapped(row.derived) if row.derived else None,
    )


def new_tables(row: FileRow, values: dict[str, Any]) -> tuple[str, ...]:
    """Name the schemas of which a check accepted another table than was there: foreign keys of others may point to it."""
    changed = []
    if values.get("csv_sha256", row.csv_sha256) != row.csv_sha256 and row.schema_id:
        changed.append(row.schema_id)
    before, after = ((one or {}).get("good") or {} for one in (row.derived, values.get("derived", row.derived)))
    if after and after.get("csv_sha256") != before.get("csv_sha256"):
        changed.append(after["schema_id"])
    return tuple(changed)


def short(found: Report) -> dict[str, Any]:
    """Give the findings and facts of a report without frictionless' own long list."""
    return report.to_json(replace(found, frictionless={}, faulty_rows=report.faulty(found)))


def _judged(
    row: FileRow, path: Path, response: Response, files: Files, look: table_orders.Check, wanted: Wanted
) -> Result:
    answer, made = _looked(row, path, response.sha256, files, look, wanted)
    verdict = _verdict(row, path, answer, wanted)
    asked = _asked(response)
    if answer.failed:
        # What went wrong with us may go right another day, so the file is fetched again.
        asked |= {"etag": "", "last_modified": ""}
    accepted = verdict.outcome == OK and (row.sha256 == response.sha256 or not _is_worse(row, verdict.report))
    version = _version(row, response, answer, verdict, accepted=accepted)
    if not accepted and (kept := _kept(row, verdict, response.sha256, wanted)) is not None:
        return Result(values=asked | kept, version=version)
    values = asked | {
        "media_type": response.media_type,
        "sha256": response.sha256,
        "size": response.size,
        "failure": [verdict.failure.de, verdict.failure.en] if verdict.failure else None,
        "report": report.to_json(verdict.report) if verdict.report else None,
        "preview": verdict.preview,
        "newer": None,
        "outcome": verdict.outcome,
        "table_sha256": "",
        "csv_sha256": "",
        "derived": None,
    }
    if verdict.outcome == OK:
        files.put_file(path, response.sha256)
        values["derived"] = derived.kept(row, files, wanted.mapping, made, response.sha256)
        if answer.copies:
            values["table_sha256"] = files.keep(answer.copies.parquet)
            values["csv_sha256"] = files.keep(answer.copies.csv)
        if not verdict.report or verdict.report.conforms:
            values["good_sha256"] = response.sha256
    return Result(values=values, version=version)


def _looked(
    row: FileRow, path: Path, sha256: str, files: Files, look: table_orders.Check, wanted: Wanted
) -> tuple[Answer, table_orders.Derived | None]:
    """Have the file looked at; a mapping that the process does not survive is left out the second time."""
    target = path.parent / "copies"
    target.mkdir()
    usable = wanted.mapping is not None and wanted.mapping.failure is None
    # What was never public must not show as a difference to what is.
    shown = row.state in (FileState.PUBLIC, FileState.LINKED) and row.outcome == OK and bool(row.csv_sha256)
    order = Order(
        path=path,
        schema_id=row.schema_id if row.schema_id in schemas.IDS else "",
        scan=wanted.ours,
        references=wanted.references,
        target=target,
        mapping=wanted.mapping.text if usable and wanted.mapping else "",
        mapping_name=wanted.mapping.name if wanted.mapping else "",
        before=files.local(row.csv_sha256, path.parent) if shown and files.has(row.csv_sha256) else None,
        compare=int(sha256[:8], 16) < wanted.share * 2**32,
    )
    answer = look(order)
    if answer.failed and order.mapping:
        return look(replace(order, mapping="")), table_orders.Derived(failure=_SLOW_MAPPING)
    return answer, answer.derived


def _verdict(row: FileRow, path: Path, answer: Answer, wanted: Wanted) -> _Verdict:
    found = answer.report
    personal = wanted.left(answer.personal) if wanted.ours else ()
    heavy = tuple(finding for finding in personal if finding.severity is Severity.BLOCKS)
    if heavy:
        # Which columns, for the steward; no cell of the file, and nothing of this is public.
        listed = tuple(replace(finding, examples=()) for finding in personal)
        bare = Report(schema_id=found.schema_id, valid=False, rows=found.rows, findings=listed)
        return _Verdict(outcome=PRIVATE, failure=heavy[0].what, report=bare)
    if found.sniffed.readable and _believed(row, found):
        found = replace(found, findings=report.by_weight([*found.findings, *personal]))
        return _Verdict(
            outcome=OK, report=found, preview=[list(answer.header), *[list(cells) for cells in answer.rows]]
        )
    if answer.document and not row.schema_id:
        return _Verdict(outcome=OK)
    if (wrong := _wrong_file(path, row.name)) is not None:
        return _Verdict(outcome=UNREADABLE, failure=wrong, report=found)
    if answer.failed or row.schema_id or (not found.sniffed.readable and row.name.lower().endswith(TABLES)):
        blocking = next((one for one in found.findings if one.severity is Severity.BLOCKS), None)
        return _Verdict(outcome=UNREADABLE, failure=blocking.what if blocking else report.sentence(found), report=found)
    return _Verdict(outcome=UNSCANNED, failure=_UNSCANNED) if wanted.ours else _Verdict(outcome=OK)


def _believed(row: FileRow, found: Report) -> bool:
    """Tell whether a table is what the file is: any text can be read as one, so its name, or a schema, must say so as well."""
    name = row.name.lower().removesuffix(".gz")
    return found.sniffed.kind not in ("csv", "gzip+csv") or bool(row.schema_id) or name.endswith(TEXTS)


def _wrong_file(path: Path, name: str) -> Message | None:
    """Say that a file is empty, or a web page that came in its place."""
    with path.open("rb") as source:
        start = source.read(512).lstrip().lower()
    if not start:
        return Message(f"Die Datei {name} ist leer.", f"The file {name} is empty.")
    if start.startswith((b"<!doctype html", b"<html")) and not name.lower().endswith(_PAGES):
        return Message(f"Statt {name} kommt eine Webseite.", f"A web page comes instead of {name}.")
    return None


def _version(row: FileRow, response: Response, answer: Answer, verdict: _Verdict, *, accepted: bool) -> dict[str, Any]:
    """Describe this version for the history: findings are counted, and of what is kept back no column is named."""
    found = verdict.report
    counts = file_history.counts(found.findings) if found else ()
    if verdict.outcome == PRIVATE:
        counts = tuple(replace(one, field="") for one in counts)
    return {
        "file_id": row.id,
        "sha256": response.sha256,
        "checked_at": now(),
        "accepted": accepted,
        "valid": found.conforms if found and found.schema_id and verdict.outcome == OK else None,
        "schema_id": row.schema_id,
        "schema_version": answer.report.schema_version,
        "rows": answer.report.rows if answer.report.sniffed.readable else None,
        "size": response.size,
        "findings": file_history.counts_json(counts),
        "changes": file_history.changes_json(answer.changes) if accepted and answer.changes else None,
        "compared": answer.compared,
    }


def _is_worse(row: FileRow, found: Report | None) -> bool:
    """Tell whether a new version breaks the schema that the present one keeps."""
    return bool(found and found.schema_id) and _keeps_schema(row) and not (found and found.conforms)


def _keeps_schema(row: FileRow) -> bool:
    """Tell whether the version that is shown conforms to the file's present schema."""
    if row.outcome != OK or not row.sha256 or row.good_sha256 != row.sha256 or not row.report or not row.schema_id:
        return False
    present = report.from_json(row.report)
    return present.schema_id == row.schema_id and present.conforms


def _kept(row: FileRow, verdict: _Verdict, sha256: str, wanted: Wanted) -> dict[str, Any] | None:
    """Leave the last good version in its place, with a word about the newer one, which is not fetched again; None when it must go.

    One with personal data in it takes the place of a good one only where no schema says what a good one is.
    """
    if row.outcome != OK or not row.sha256 or row.sha256 == sha256:
        return None
    if verdict.outcome == PRIVATE and not _keeps_schema(row):
        return None
    found = verdict.report
    if found and verdict.outcome != OK:
        found = report.without_cells(found)
    newer = {
        "at": now().isoformat(timespec="seconds"),
        "sha256": sha256,
        "outcome": verdict.outcome,
        "sentence": [verdict.failure.de, verdict.failure.en] if verdict.failure else None,
        "report": short(found) if found else None,
    }
    failure = None
    if verdict.failure:
        failure = [
            f"{verdict.failure.de} Gezeigt wird die letzte lesbare Fassung.",
            f"{verdict.failure.en} The last readable version is shown.",
        ]
    return {"newer": newer, "failure": failure}


def _still(row: FileRow) -> Result:
    """An old verdict stands; what was said of an unreadable version since then no longer holds."""
    values: dict[str, Any] = {"checked_at": now(), "due_at": _tomorrow()}
    healed = row.outcome == OK and row.failure is not None and row.newer is None
    return Result(values=values | {"failure": None} if healed else values, unchanged=not healed)


def _unreachable(row: FileRow, error: FetchError, *, ours: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"checked_at": now(), "due_at": now() + datetime.timedelta(hours=1)}
    text = [error.message.de, error.message.en]
    if ours and row.outcome == OK:
        # Our good copy stays public, and nothing is said: it goes when the source no longer names the file.
        return values
    if row.outcome in ("", UNREACHABLE) or error.status in (404, 410):
        gone = {"report": None, "preview": None, "newer": None, "table_sha256": "", "csv_sha256": "", "derived": None}
        return values | gone | {"outcome": UNREACHABLE, "failure": text}
    # What was known stays as it is until something newer is known.
    return values


def _asked(response: Response) -> dict[str, Any]:
    return {
        "checked_at": now(),
        "due_at": _tomorrow(),
        "etag": response.validators.etag,
        "last_modified": response.validators.last_modified,
    }


def _newer(newer: dict[str, Any]) -> dict[str, Any]:
    found = short(report.from_json(newer["report"])) if newer["report"] else {"findings": [], "sniffed": {}}
    return found | {"at": newer["at"], "sentence": newer.get("sentence")}


def _derived(content: dict[str, Any]) -> DerivedTable | None:
    if not (good := content.get("good")):
        return None
    found = report.from_json(good["report"])
    return DerivedTable(
        schema_id=good["schema_id"],
        mapping=good["mapping"],
        at=good["at"],
        sentence=report.sentence(found),
        report=good["report"],
        header=tuple(good["header"]),
        rows=tuple(tuple(cells) for cells in good["preview"]),
        size=good["size"],
        sha256=good["sha256"],
        table=good["table_sha256"],
        csv=good["csv_sha256"],
        log=good["log"],
        values=good["values"],
        changed_rows=good["rows"],
    )


def _unmapped(content: dict[str, Any]) -> Unmapped | None:
    """Say why the last attempt at a mapping made no table that conforms."""
    failure, found = content.get("failure"), content.get("report")
    if failure:
        return Unmapped(sentence=Message(*failure))
    return Unmapped(sentence=report.sentence(report.from_json(found)), report=found) if found else None


def _tomorrow() -> datetime.datetime:
    return now() + datetime.timedelta(days=1)


def _day(last_modified: str) -> str:
    try:
        return parsedate_to_datetime(last_modified).date().isoformat() if last_modified else ""
    except ValueError:
        return ""
