"""Staging: the records of a page as rows of the ledger, judged by the metadata gate; made before any write transaction begins."""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import insert_or_ignore
from catalog.models import Staged
from catalog.renditions import compress
from dcat import document
from dcat.message import Message
from dcat.model import Dataset
from harvesters.base import Batch, Record

# Says why a dataset cannot be taken in: a short code and a sentence; None when it can.
Judge = Callable[[Dataset], tuple[str, Message] | None]
_BATCH = 500


def rows(batch: Batch, run_id: int, url: str, judge: Judge) -> list[dict[str, Any]]:
    """Read a page's records into rows; one that cannot be taken in carries the reason instead of a document."""
    return [_row(record, run_id, url, judge) for record in batch.records]


def write(session: Session, run_id: int, staged: list[dict[str, Any]]) -> None:
    """Write rows; a record whose id came before in this run goes to quarantine, the first one counts."""
    for start in range(0, len(staged), _BATCH):
        part = staged[start : start + _BATCH]
        ids = [row["remote_id"] for row in part]
        query = sa.select(Staged.remote_id).where(Staged.run_id == run_id, Staged.remote_id.in_(ids))
        taken = set(session.scalars(query))
        for position, row in enumerate(part):
            if row["remote_id"] in taken:
                part[position] = _duplicate(row, start + position)
            taken.add(row["remote_id"])
        insert_or_ignore(session, Staged, part)


def _row(record: Record, run_id: int, url: str, judge: Judge) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run_id": run_id,
        "remote_id": record.remote_id[:2000],
        "url": url,
        "hash": "",
        "document": None,
        "problems": [],
        "failure": None,
    }
    if record.reading is None or record.failure is not None:
        failure = record.failure or Message("Der Datensatz ist nicht lesbar.", "The dataset cannot be read.")
        return row | {"failure": ["unreadable", failure.de, failure.en]}
    row["problems"] = [document.write_problem(problem) for problem in record.reading.problems[:200]]
    if refused := judge(record.reading.dataset):
        code, reason = refused
        return row | {"failure": [code, reason.de, reason.en]}
    body = orjson.dumps(document.write(record.reading.dataset), option=orjson.OPT_SORT_KEYS)
    return row | {"hash": hashlib.sha256(body).hexdigest(), "document": compress(body)}


def _duplicate(row: dict[str, Any], position: int) -> dict[str, Any]:
    text = Message(
        f"Die Kennung {row['remote_id'][:200]} kommt in der Quelle mehrfach vor; der erste Datensatz zählt.",
        f"The id {row['remote_id'][:200]} occurs several times in the source; the first dataset counts.",
    )
    failure = ["duplicate-id", text.de, text.en]
    return row | {"remote_id": f"{row['remote_id']}#{position}", "document": None, "hash": "", "failure": failure}
