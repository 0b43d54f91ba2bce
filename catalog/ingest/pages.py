"""Fetching: one transaction per page writes the exchange, the records read from it and what is still to read."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import insert_or_ignore, now
from catalog.files import Files
from catalog.models import Exchange, Run, Staged
from catalog.renditions import compress
from dcat import document
from dcat.message import Message
from harvesters.base import Batch, Harvester, Page, Record
from harvesters.fetch import Fetcher
from harvesters.response import Response, Validators
from harvesters.source import Source

# Raised whenever the same bytes would be read differently: pages are then read again, even when unchanged.
READER_VERSION = 1
MAX_PAGES = 20_000
MAX_RECORDS = 2_000_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page as it came, or as it was kept when the server says it has not changed."""

    url: str
    page: Page
    response: Response
    digest: str
    unchanged: bool
    before: Exchange | None


def reader_revision(source: Source) -> str:
    """Hash what decides how a source's bytes are read."""
    return hashlib.sha256(f"{READER_VERSION}\n{source.revision}".encode()).hexdigest()


def fetch(session: Session, source: Source, harvester: Harvester, fetcher: Fetcher, files: Files, url: str) -> Fetched:
    """Fetch one page, conditionally when the last complete run kept it; raises FetchError."""
    before = session.scalar(
        sa.select(Exchange)
        .join(Run, Run.id == Exchange.run_id)
        .where(Exchange.source_id == source.id, Exchange.url == url, Run.status.in_(("applied", "unchanged")))
        .order_by(Exchange.id.desc())
        .limit(1)
    )
    usable = before is not None and files.has(before.sha256)
    known = Validators(before.etag, before.last_modified) if before is not None and usable else None
    response = fetcher.get(url, accept=harvester.accept, validators=known)
    if response.status == 304:
        assert before is not None, "the fetcher takes a 304 only as answer to a condition"
        page = Page(
            url=before.final_url, body=files.get(before.sha256), media_type=before.media_type, charset=before.charset
        )
        return Fetched(url, page, response, before.sha256, True, before)
    page = Page(url=response.url, body=response.body, media_type=response.media_type, charset=response.charset)
    digest = files.put(response.body)
    return Fetched(url, page, response, digest, before is not None and before.sha256 == digest, before)


def record_exchange(session: Session, run: Run, fetched: Fetched, batch: Batch | None) -> None:
    """Write down an exchange; without a batch the page was not read anew, and what followed before follows now."""
    response, before = fetched.response, fetched.before
    kept = before if fetched.unchanged and before is not None else None
    validators = kept and response.status == 304 and Validators(kept.etag, kept.last_modified)
    validators = validators or response.validators
    session.add(
        Exchange(
            run_id=run.id,
            source_id=run.source_id,
            url=fetched.url,
            final_url=fetched.page.url,
            status=response.status,
            etag=validators.etag,
            last_modified=validators.last_modified,
            media_type=fetched.page.media_type,
            charset=fetched.page.charset,
            decided="",
            sha256=fetched.digest,
            size=len(fetched.page.body),
            following=list(batch.following) if batch else kept.following if kept else [],
            total=batch.total if batch else kept.total if kept else None,
            staged=batch is not None,
            fetched_at=now(),
        )
    )


def stage(session: Session, run: Run, url: str, batch: Batch, site_url: str) -> int:
    """Stage a page's records; gives how many there were. A record that came before on another page goes to quarantine."""
    count = 0
    for records in _chunks(batch.records):
        rows = [_row(run, url, record, site_url) for record in records]
        ids = [row["remote_id"] for row in rows]
        taken = set(
            session.scalars(sa.select(Staged.remote_id).where(Staged.run_id == run.id, Staged.remote_id.in_(ids)))
        )
        for position, row in enumerate(rows):
            if row["remote_id"] in taken:
                rows[position] = _duplicate(row, count + position)
            taken.add(row["remote_id"])
        insert_or_ignore(session, Staged, rows)
        count += len(rows)
    return count


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, _BATCH)):
        yield chunk


def _row(run: Run, url: str, record: Record, site_url: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run_id": run.id,
        "remote_id": record.remote_id[:2000],
        "url": url,
        "hash": "",
        "document": None,
        "problems": [],
        "failure": None,
    }
    failure = record.failure
    if record.reading is not None and failure is None:
        dataset = record.reading.dataset
        if dataset.uri.startswith(f"{site_url}/dataset/"):
            failure = Message(
                "Das ist einer unserer eigenen Datensätze; er kommt nicht als neuer zurück.",
                "This is a dataset of our own; it does not come back as a new one.",
            )
            row["failure"] = ["echo", failure.de, failure.en]
            return row
        body = orjson.dumps(document.write(dataset), option=orjson.OPT_SORT_KEYS)
        row["hash"] = hashlib.sha256(body).hexdigest()
        row["document"] = compress(body)
        row["problems"] = [document.write_problem(problem) for problem in record.reading.problems[:200]]
        return row
    failure = failure or Message("Der Datensatz ist nicht lesbar.", "The dataset cannot be read.")
    row["failure"] = ["unreadable", failure.de, failure.en]
    return row


def _duplicate(row: dict[str, Any], position: int) -> dict[str, Any]:
    text = Message(
        f"Die Kennung {row['remote_id'][:200]} kommt in der Quelle mehrfach vor; der erste Datensatz zählt.",
        f"The id {row['remote_id'][:200]} occurs several times in the source; the first dataset counts.",
    )
    failure = ["duplicate-id", text.de, text.en]
    return row | {"remote_id": f"{row['remote_id']}#{position}", "document": None, "hash": "", "failure": failure}
