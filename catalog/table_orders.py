"""What is asked of the process that checks data files, and what it answers: types, and the lines of JSON they travel as."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from catalog.file_history import RowChanges, changes_json, read_changes
from dcat.message import Message
from validators import report
from validators.report import Finding, Report, Severity, TableProfile

MB = 1_000_000
TOO_SLOW = Message(
    "Die Prüfung der Tabelle hat zu lange gedauert und wurde beendet.",
    "Checking the table took too long and was ended.",
)
TOO_MUCH = Message(
    "Die Prüfung der Tabelle braucht mehr Speicher, als sie bekommt, und wurde beendet.",
    "Checking the table needs more memory than it gets and was ended.",
)
BROKEN = Message(
    "Die Prüfung der Tabelle ist gescheitert: Das Prüfprogramm wurde von der Datei aus dem Tritt gebracht.",
    "Checking the table failed: the file brought the checking program down.",
)
FAILURES = {"slow": TOO_SLOW, "memory": TOO_MUCH, "broken": BROKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One file to check: where it is, against which schema (id, or the text of one that is not shared), and what else to do.

    `scan` looks for personal data. `references` are the tables that foreign keys point to, by schema id. With a `target`, a folder,
    copies of the table are written there, and with `mapping`, the text of the mapping file of that name, the table derived by it.
    `before` is the CSV copy of the version accepted last. `compare` runs both engines. `seconds` limits the validation
    of each table, `bytes` the size of the file.
    """

    path: Path
    schema_id: str = ""
    schema: str = ""
    scan: bool = False
    references: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    target: Path | None = None
    mapping: str = ""
    mapping_name: str = ""
    before: Path | None = None
    compare: bool = False
    seconds: float = 900.0
    bytes: int = 2000 * MB

    @property
    def whole_seconds(self) -> float:
        """How long everything may take: validation of file and derived table, and as much again for copies and scans."""
        return (3 if self.mapping else 2) * self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """A table written in the forms that programs read: Parquet, typed by its schema, and CSV in UTF-8 with commas, dots and ISO dates."""

    parquet: Path
    csv: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What a mapping made of a table: the file in its schema's notation, its report and copies, the log of changes as JSON.

    `file` and `copies` are there if it conforms to the schema. `failure` says why the mapping made nothing.
    """

    schema_id: str = ""
    report: Report | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    file: Path | None = None
    copies: Copies | None = None
    log: dict[str, Any] = field(default_factory=dict)
    failure: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a check found out.

    `failed` says that it came to no end: nothing is known of the file then but that. `document` is true of JSON that was read and is no
    table. `compared` is empty, `equal`, or says what the engines see differently.
    """

    report: Report
    personal: tuple[Finding, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    copies: Copies | None = None
    derived: Derived | None = None
    changes: RowChanges | None = None
    compared: str = ""
    document: bool = False
    failed: bool = False


# How a file is checked: by a Checker, or in tests without a process.
Check = Callable[[Order], Answer]


def failed_answer(order: Order, what: Message) -> Answer:
    """Put into a report that a check came to no end."""
    finding = Finding(
        severity=Severity.BLOCKS,
        code="check-failed",
        what=what,
        why=Message(
            "Ohne Prüfung wissen wir nicht, was in der Datei steht.",
            "Without a check we do not know what is in the file.",
        ),
        fix=Message(
            "Exportieren Sie die Tabelle neu, am besten als CSV in UTF-8, und teilen Sie sehr große Dateien auf.",
            "Export the table again, best as CSV in UTF-8, and split very large files.",
        ),
    )
    size = order.path.stat().st_size if order.path.exists() else 0
    profile = TableProfile(bytes=size, readable=False)
    return Answer(
        report=Report(schema_id=order.schema_id, valid=False, bytes=size, findings=(finding,), sniffed=profile),
        failed=True,
    )


def write_order(order: Order) -> bytes:
    """Write an order as one line of JSON."""
    return orjson.dumps(
        {
            "path": str(order.path),
            "schema_id": order.schema_id,
            "schema": order.schema,
            "scan": order.scan,
            "references": {key: str(path) for key, path in order.references.items()},
            "target": str(order.target) if order.target else "",
            "mapping": order.mapping,
            "mapping_name": order.mapping_name,
            "before": str(order.before) if order.before else "",
            "compare": order.compare,
            "seconds": order.seconds,
            "bytes": order.bytes,
        }
    )


def read_order(line: bytes) -> Order:
    """Read an order back."""
    content = orjson.loads(line)
    return Order(
        **{
            **content,
            "path": Path(content["path"]),
            "references": {key: Path(path) for key, path in content["references"].items()},
            "target": Path(content["target"]) if content["target"] else None,
            "before": Path(content["before"]) if content["before"] else None,
        }
    )


def write_answer(answer: Answer) -> bytes:
    """Write an answer as one line of JSON. Copies are not named: they lie where the order wants them."""
    derived = answer.derived
    return orjson.dumps(
        {
            "report": report.to_json(answer.report),
            "personal": report.to_json(Report(valid=False, findings=answer.personal)),
            "header": answer.header,
            "rows": answer.rows,
            "copies": answer.copies is not None,
            "derived": None
            if derived is None
            else {
                "schema_id": derived.schema_id,
                "report": report.to_json(derived.report) if derived.report else None,
                "header": derived.header,
                "rows": derived.rows,
                "copies": derived.copies is not None,
                "log": derived.log,
                "failure": [derived.failure.de, derived.failure.en] if derived.failure else None,
            },
            "changes": changes_json(answer.changes) if answer.changes else None,
            "compared": answer.compared,
            "document": answer.document,
        }
    )


def read_answer(content: dict[str, Any], order: Order) -> Answer:
    """Read an answer back, or that there is none."""
    if failure := content.get("failed"):
        return failed_answer(order, FAILURES.get(failure, BROKEN))
    derived = content["derived"]
    return Answer(
        report=report.from_json(content["report"]),
        personal=report.from_json(content["personal"]).findings,
        header=tuple(content["header"]),
        rows=_rows(content["rows"]),
        copies=copies(order) if content["copies"] else None,
        derived=None if derived is None else _read_derived(derived, order),
        changes=read_changes(content["changes"]) if content["changes"] else None,
        compared=content["compared"],
        document=content["document"],
    )


def copies(order: Order, name: str = "table") -> Copies:
    """Say where an order's copies lie: those of the table, or of the derived one."""
    assert order.target is not None, "copies are made for a target only"
    return Copies(parquet=order.target / f"{name}.parquet", csv=order.target / f"{name}.csv")


def mapped_file(order: Order) -> Path:
    """Say where the file lies that an order's mapping makes."""
    assert order.target is not None, "a mapping writes into a target"
    return order.target / "mapped.csv"


def _read_derived(content: dict[str, Any], order: Order) -> Derived:
    return Derived(
        schema_id=content["schema_id"],
        report=report.from_json(content["report"]) if content["report"] else None,
        header=tuple(content["header"]),
        rows=_rows(content["rows"]),
        file=mapped_file(order) if content["copies"] else None,
        copies=copies(order, "derived") if content["copies"] else None,
        log=content["log"],
        failure=Message(*content["failure"]) if content["failure"] else None,
    )


def _rows(content: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cells) for cells in content)
