"""Fetching a page: conditionally where we kept it, and what is written down of the exchange."""

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import now
from catalog.files import Files
from catalog.models import Exchange, Run
from dcat.errors import StateError
from dcat.message import Message
from harvesters.base import Batch, Harvester, Page
from harvesters.bodies import LARGE
from harvesters.decode import decided
from harvesters.fetch import Fetcher
from harvesters.response import Response, Validators
from harvesters.source import Source

# Raised whenever the same bytes would be read differently: pages are then read again, even when unchanged.
READER_VERSION = 2
MAX_PAGES = 20_000
MAX_RECORDS = 2_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as the last complete run kept it, and how that run read it."""

    exchange: Exchange
    revision: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page as it came, or as it was kept when the server says it has not changed."""

    url: str
    page: Page
    response: Response
    digest: str
    before: Kept | None

    def close(self) -> None:
        """Let go of the page's bytes."""
        self.page.close()

    @property
    def unchanged(self) -> bool:
        """Whether the page is as it was kept, byte for byte."""
        return self.before is not None and self.before.exchange.sha256 == self.digest


def reader_revision(source: Source) -> str:
    """Hash what decides how a source's bytes are read."""
    return hashlib.sha256(f"{READER_VERSION}\n{source.revision}".encode()).hexdigest()


def kept(session: Session, source_id: str, url: str, files: Files) -> Kept | None:
    """Find a page of the last complete run whose bytes we still have."""
    row = session.execute(
        sa.select(Exchange, Run.revision)
        .join(Run, Run.id == Exchange.run_id)
        .where(Exchange.source_id == source_id, Exchange.url == url, Run.status.in_(("applied", "unchanged")))
        .order_by(Exchange.id.desc())
        .limit(1)
    ).first()
    return Kept(row[0], row[1]) if row is not None and files.has(row[0].sha256) else None


def fetch(
    fetcher: Fetcher, harvester: Harvester, files: Files, url: str, before: Kept | None, *, full: bool = False
) -> Fetched:
    """Fetch one page, conditionally when it was kept, unless the run is to read everything in full; raises FetchError."""
    asked = before is not None and not full
    known = Validators(before.exchange.etag, before.exchange.last_modified) if before and asked else None
    plain = harvester.plain(url)
    response = fetcher.get(
        url,
        accept="*/*" if plain else harvester.accept,
        validators=known,
        method="GET" if plain else harvester.method,
        headers={} if plain else dict(harvester.headers),
        in_memory=LARGE,
    )
    if response.status == 304 and before is not None:
        return Fetched(url, page_of(before.exchange, files), response, before.exchange.sha256, before)
    # A fragment is what a page before hands on to the reader of this one; no server sees it.
    final = response.url + "".join(url.partition("#")[1:])
    page = Page(url=final, body=response.body, media_type=response.media_type, charset=response.charset)
    return Fetched(url, page, response, files.put(response.body), before)


def stored(session: Session, run_id: int, url: str, files: Files) -> Fetched:
    """Give a page as an earlier run brought it; StateError when its bytes are no longer kept."""
    exchange = session.scalars(sa.select(Exchange).where(Exchange.run_id == run_id, Exchange.url == url)).one()
    if not files.has(exchange.sha256):
        raise StateError(
            Message(
                f"Die Seite {url} aus Lauf {run_id} wird nicht mehr aufbewahrt. Nächster Schritt: offenbar harvest run",
                f"The page {url} of run {run_id} is no longer kept. Next step: offenbar harvest run",
            )
        )
    response = Response(
        url=exchange.final_url,
        status=exchange.status,
        validators=Validators(exchange.etag, exchange.last_modified),
    )
    return Fetched(url, page_of(exchange, files), response, exchange.sha256, None)


def page_of(exchange: Exchange, files: Files) -> Page:
    """Give a page as an exchange brought it."""
    body = files.get(exchange.sha256)
    return Page(url=exchange.final_url, body=body, media_type=exchange.media_type, charset=exchange.charset)


def exchange(run: Run, fetched: Fetched, batch: Batch | None) -> Exchange:
    """Write down an exchange; without a batch the page was not read anew, and what followed before follows now."""
    response, before = fetched.response, fetched.before.exchange if fetched.before else None
    same = before if batch is None else None
    validators = (
        Validators(before.etag, before.last_modified) if before and response.status == 304 else response.validators
    )
    return Exchange(
        run_id=run.id,
        source_id=run.source_id,
        url=fetched.url,
        final_url=fetched.page.url,
        status=response.status,
        etag=validators.etag,
        last_modified=validators.last_modified,
        media_type=fetched.page.media_type,
        charset=fetched.page.charset,
        decided=decided(fetched.page.body, fetched.page.charset) if batch else before.decided if before else "",
        sha256=fetched.digest,
        size=len(fetched.page.body),
        following=list(batch.following) if batch else list(same.following) if same else [],
        total=batch.total if batch else same.total if same else None,
        left_out=batch.left_out if batch else same.left_out if same else 0,
        staged=batch is not None,
        fetched_at=now(),
    )
