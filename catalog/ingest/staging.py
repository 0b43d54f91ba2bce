"""Staging: the records of a page as rows of the ledger, judged by the metadata gate; made before any write transaction begins."""

import hashlib
import logging
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches, insert_or_ignore
from catalog.gate import Judge
from catalog.models import Run, Staged
from catalog.renditions import compress
from catalog.spool import Spool
from dcat import document
from dcat.message import Message
from dcat.model import Problem, Reading
from dcat.printable import printable
from harvesters.base import Batch, Harvester, Item, record
from harvesters.source import Source

MAX_PROBLEMS = 200
_INTERNAL = Message(
    "Der Datensatz hat in unserem Programm einen Fehler ausgelöst; er steht im Protokoll. Nächster Schritt: melden.",
    "The dataset caused an error in our program; it stands in the log. Next step: report it.",
)
log = logging.getLogger(__name__)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What turns the items of one source into rows. `known` holds, by id, stamp and hash of the records as they are held."""

    harvester: Harvester
    source: Source
    revision: str
    judge: Judge
    known: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def rows(self, batch: Batch, run_id: int, url: str) -> Iterator[Row]:
        """Read a page's items into rows; one that cannot be taken in carries the reason instead of a document."""
        return (self._row(item, run_id, url) for item in batch.items)

    def _row(self, item: Item, run_id: int, url: str) -> Row:
        remote_id = _short(self.source.identity.dataset_id(printable(item.remote_id)))
        row: Row = {
            "run_id": run_id,
            "remote_id": remote_id,
            "url": url,
            "stamp": self._stamp(item),
            "version": item.version,
            "gone": item.gone,
            "hash": "",
            "document": None,
            "problems": [],
            "failure": None,
        }
        if item.gone:
            return row
        stamp, digest = self.known.get(remote_id, ("", ""))
        if stamp and stamp == row["stamp"]:
            # Word for word as it was, and read by the same rules: there is nothing to read or to judge.
            return row | {"hash": digest}
        try:
            read = record(self.harvester, item, self.source)
            if read.reading is None:
                failure = read.failure or Message("Der Datensatz ist nicht lesbar.", "The dataset cannot be read.")
                return row | {"failure": ["unreadable", failure.de, failure.en]}
            return row | _taken_in(read.reading, remote_id, self.judge)
        except Exception:
            # One record that our own program cannot deal with must not stop the others.
            log.exception("record %s of run %s", remote_id, run_id)
            return row | {"failure": ["internal", _INTERNAL.de, _INTERNAL.en]}

    def _stamp(self, item: Item) -> str:
        return hashlib.sha256(self.revision.encode() + item.stamp).hexdigest() if item.stamp else ""


class Rows:
    """The rows of one page until they are written, all at once: those of a large page wait in a file."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows: Spool[Row] = Spool()
        self._newest: dict[str, tuple[str, int]] = {}
        self.extend(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def __len__(self) -> int:
        return len(self._rows)

    def extend(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        for row in rows:
            if row["version"] and row["version"] >= self._newest.get(row["remote_id"], ("", 0))[0]:
                self._newest[row["remote_id"]] = row["version"], len(self._rows)
            self._rows.append(row)

    def newest(self) -> Iterator[Row]:
        """Give the newest version of each record that has versions, and all others."""
        for place, row in enumerate(self._rows):
            if not row["version"] or self._newest[row["remote_id"]][1] == place:
                yield row


def write(session: Session, run: Run, staged: Rows) -> int:
    """Write rows and count them as seen, and give how many are new. Of several versions of a record the newest stays; any other
    record whose id came before in this run goes to quarantine."""
    new, numbers = 0, dict[str, int]()
    for part in batches(staged.newest()):
        ids = [row["remote_id"] for row in part]
        query = sa.select(Staged.remote_id, Staged.version).where(Staged.run_id == run.id, Staged.remote_id.in_(ids))
        taken = {row.remote_id: row.version for row in session.execute(query)}
        rows, outdated = [], []
        for row in part:
            before = taken.get(row["remote_id"])
            if before is not None and not (before and row["version"]):
                rows.append(_duplicate(session, row, taken, numbers))
            else:
                new += 1
                if before and row["version"] <= before:
                    continue
                outdated += [row["remote_id"]] if before else []
                rows.append(row)
            taken[rows[-1]["remote_id"]] = rows[-1]["version"]
        if outdated:
            session.execute(sa.delete(Staged).where(Staged.run_id == run.id, Staged.remote_id.in_(outdated)))
        insert_or_ignore(session, Staged, rows)
    run.counts = {**run.counts, "seen": run.counts["seen"] + len(staged)}
    return new


def settle(session: Session, run: Run) -> None:
    """Let go of the records whose newest version says that they are withdrawn: they are no records of this run."""
    session.execute(sa.delete(Staged).where(Staged.run_id == run.id, Staged.gone))


def _taken_in(reading: Reading, remote_id: str, judge: Judge) -> dict[str, Any]:
    problems = [document.write_problem(problem) for problem in _limited(reading.problems)]
    body = orjson.dumps(document.write(reading.dataset), option=orjson.OPT_SORT_KEYS)
    if b"\\u00" in body:
        # JSON's way to write control characters, which no XML and no PostgreSQL can hold.
        body = orjson.dumps(_printable(orjson.loads(body)), option=orjson.OPT_SORT_KEYS)
    # What is refused keeps its document too: a steward may let it in.
    digest = hashlib.sha256(body).hexdigest()
    refused = judge(remote_id, digest, reading.dataset)
    failure = [refused[0], refused[1].de, refused[1].en] if refused else None
    return {"problems": problems, "hash": digest, "document": compress(body), "failure": failure}


def _limited(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Keep so many problems of one dataset, and say how many there were."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    message = Message(
        f"{len(problems)} Angaben konnten nicht übernommen werden; die ersten {MAX_PROBLEMS} sind genannt.",
        f"{len(problems)} statements could not be taken over; the first {MAX_PROBLEMS} are named.",
    )
    return (*problems[:MAX_PROBLEMS], Problem(path="", code="too-many", value=str(len(problems)), message=message))


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _printable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_printable(part) for part in value]
    return printable(value) if isinstance(value, str) else value


def _short(remote_id: str) -> str:
    """Keep an id below what every database can index; a longer one ends in the hash of all of it."""
    if len(remote_id) <= 500:
        return remote_id
    return f"{remote_id[:430]}#{hashlib.sha256(remote_id.encode()).hexdigest()}"


def _duplicate(session: Session, row: Row, taken: Container[str], numbers: dict[str, int]) -> Row:
    text = Message(
        f"Die Kennung {row['remote_id'][:200]} kommt in der Quelle mehrfach vor; der erste Datensatz zählt.",
        f"The id {row['remote_id'][:200]} occurs several times in the source; the first dataset counts.",
    )
    number = numbers[row["remote_id"]] = _free_number(session, row, taken, numbers.get(row["remote_id"], 1))
    name = f"{row['remote_id']}#{number}"
    return row | {"remote_id": name, "document": None, "hash": "", "failure": ["duplicate-id", text.de, text.en]}


def _free_number(session: Session, row: Row, taken: Container[str], last: int) -> int:
    """Find the next number of a record whose id came before, behind the last one known. The numbers have no gaps, so that few
    questions tell which are given, however often the id comes."""
    query = sa.select(Staged.remote_id).where(Staged.run_id == row["run_id"])

    def given(number: int) -> bool:
        name = f"{row['remote_id']}#{number}"
        return name in taken or session.scalar(query.where(Staged.remote_id == name)) is not None

    step = 1
    while given(last + step):
        last, step = last + step, 2 * step
    free = last + step
    while free - last > 1:
        middle = (last + free) // 2
        last, free = (middle, free) if given(middle) else (last, middle)
    return free
