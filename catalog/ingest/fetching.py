"""The first phase of a run: page after page, each with its records and the cursor in one transaction; then what it proves."""

import dataclasses
import datetime
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import gate, publishing
from catalog.config import Config
from catalog.db import Database, batches, now
from catalog.files import Files
from catalog.ingest import guard, identity, ledger, pages, staging
from catalog.models import Exchange, Overlay, Quarantine, Record, Run, SourceState, Staged
from dcat.errors import FetchError, UnreadableError
from dcat.message import Message
from harvesters.base import Batch, Harvester
from harvesters.fetch import Fetcher
from harvesters.registry import HARVESTERS
from harvesters.source import Source

# So many sentences a run keeps beside its own: a source may have a problem on each of its pages.
MAX_REASONS = 50


# The records whose id came before in the same run, by the code of their failure (catalog/ingest/staging.py).
_TWICE = sa.type_coerce(Staged.failure, sa.Text).startswith('["duplicate-id"')


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """The fetching of one run. `holder` is its lease; `tick` is told the number of pages."""

    database: Database
    config: Config
    files: Files
    source: Source
    fetcher: Fetcher
    run_id: int
    holder: str
    tick: Callable[[int], None]

    def all(self) -> None:
        """Read page after page; one that cannot be had leaves the run partial, the others are read all the same."""
        while True:
            with self.database.reading() as session:
                run = session.get_one(Run, self.run_id)
                if not run.cursor or run.phase != "fetching":
                    break
                url = run.cursor[0]
                refused = self._limits(session, run, url)
                before = pages.kept(session, self.source.id, url, self.files)
            if refused is not None:
                self._page_failed(refused, others=False)
                continue
            try:
                self._page(run, url, before)
            except UnreadableError as error:
                self._page_failed(error.message, others=True)
            except FetchError as error:
                # A server that answers, if only with an error, may have the other pages.
                self._page_failed(error.message, others=bool(error.status))
        if run.phase == "fetching":
            self._fetched()

    @property
    def _harvester(self) -> Harvester:
        return HARVESTERS[self.source.type]

    def _page(self, run: Run, url: str, before: pages.Kept | None) -> None:
        if run.replay_of is not None:
            with self.database.reading() as session:
                fetched = pages.stored(session, run.replay_of, url, self.files)
        else:
            fetched = pages.fetch(self.fetcher, self._harvester, self.files, url, before, full=run.full)
        batch = None
        with closing(fetched), staging.Rows() as staged:
            if (
                fetched.before is None
                or not fetched.unchanged
                or fetched.before.revision != pages.reader_revision(self.source)
            ):
                batch = self._harvester.split(fetched.page, self.source)
                staged.extend(self._reader.rows(batch, self.run_id, url))
            self._page_read(fetched, batch, staged)

    @cached_property
    def _reader(self) -> staging.Reader:
        """Make what reads records, once there is something to read: it knows all that we hold of the source."""
        query = sa.select(Record.remote_id, Record.stamp, Record.hash).where(
            Record.source_id == self.source.id, Record.gone_at.is_(None), Record.stamp != ""
        )
        with self.database.reading() as session:
            # A run in full, or from stored pages, reads every record anew.
            run = session.get_one(Run, self.run_id)
            anew = run.full or run.replay_of is not None
            known = {} if anew else {remote_id: (stamp, digest) for remote_id, stamp, digest in session.execute(query)}
            allowances = publishing.allowances(session, self.source)
        return staging.Reader(
            harvester=self._harvester,
            source=self.source,
            revision=pages.reader_revision(self.source),
            judge=gate.judge(self.config, self.source, allowances),
            known=known,
        )

    def _page_read(self, fetched: pages.Fetched, batch: Batch | None, staged: staging.Rows) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, self.run_id, self.holder)
            exchange = pages.exchange(run, fetched, batch)
            session.add(exchange)
            run.pages += 1
            run.cursor = [*run.cursor[1:], *self._following(session, run, exchange)]
            if batch is not None:
                new = staging.write(session, run, staged)
                said = [[p.message.de, p.message.en] for p in batch.problems]
                run.reason = [*run.reason, *said][: max(MAX_REASONS, len(run.reason))]
                run.status = run.status if batch.whole else "partial"
                if exchange.following and len(staged) and not new and run.replay_of is None:
                    ledger.read_in_part(run, ledger.circle(fetched.url), others=False)
            ledger.hold(run, self.holder)
        self.tick(run.pages)

    def _following(self, session: Session, run: Run, exchange: Exchange) -> list[str]:
        """Give the addresses to read after a page; where pages lead back, without those that were read or are waiting."""
        if run.replay_of is not None:
            return []
        if not self._harvester.crossing:
            return list(exchange.following)
        known = {*run.cursor}
        for part in batches(exchange.following):
            read = sa.select(Exchange.url).where(Exchange.run_id == run.id, Exchange.url.in_(part))
            known |= {*session.scalars(read)}
        return [url for url in exchange.following if url not in known]

    def _limits(self, session: Session, run: Run, url: str) -> Message | None:
        read = session.scalar(sa.select(Exchange.id).where(Exchange.run_id == run.id, Exchange.url == url))
        if read is not None:
            return ledger.circle(url)
        if run.pages >= pages.MAX_PAGES or run.counts["seen"] > pages.MAX_RECORDS:
            return Message(
                f"Mehr als {pages.MAX_PAGES} Seiten oder {pages.MAX_RECORDS} Datensätze: hier ist Schluss.",
                f"More than {pages.MAX_PAGES} pages or {pages.MAX_RECORDS} datasets: this is where it ends.",
            )
        minutes = self.source.limits.run / 60
        if now() - run.started_at > datetime.timedelta(minutes=minutes):
            return Message(
                f"Das Lesen der Quelle dauert länger als {minutes:.0f} Minuten; »limits: {{run: ...}}« gibt mehr Zeit.",
                f'Reading the source takes longer than {minutes:.0f} minutes; "limits: {{run: ...}}" gives it more time.',
            )
        return None

    def _page_failed(self, reason: Message, *, others: bool) -> None:
        """A first page that cannot be had fails the run; a later one leaves it partial: what was read counts, nothing is missing."""
        with self.database.writing() as session:
            run = ledger.mine(session, self.run_id, self.holder)
            ledger.read_in_part(run, reason, others=others)
            if run.pages == 0 and not (others and run.cursor):
                ledger.finish(session, run, "failed")
            else:
                ledger.hold(run, self.holder)

    def _fetched(self) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, self.run_id, self.holder)
            if run.pages == 0:
                ledger.finish(session, run, "failed")
                return
            if run.full and run.status != "partial":
                session.get_one(SourceState, run.source_id).read_at = now()
            if before := self._nothing_new(session, run):
                counts = guard.Counts(**before.counts)
                seen = counts.seen - counts.quarantined
                same = guard.Counts(seen=counts.seen, unchanged=seen, quarantined=counts.quarantined)
                run.counts, run.complete = dataclasses.asdict(same), True
                session.get_one(SourceState, run.source_id).last_complete_at = now()
                ledger.supersede(session, run)
                ledger.finish(session, run, "unchanged")
                return
        self._stage_kept()
        with self.database.writing() as session:
            run = ledger.mine(session, self.run_id, self.holder)
            staging.settle(session, run)
            run.complete = run.status != "partial" and self._complete(session, run)
            ledger.enter(run, "staged")

    def _nothing_new(self, session: Session, run: Run) -> Run | None:
        """Give the run before when it was complete, every page is as it was then, and no record waits to be proven gone or to come forward."""
        before = _last(session, run)
        if before is None or not before.complete or run.dry or run.status == "partial":
            return None
        if session.get_one(SourceState, run.source_id).state == "left":
            # Its datasets may have been taken away since.
            return None
        if _news_of_stewards(session, run, before):
            return None
        read = sa.select(Exchange.url, Exchange.sha256)
        pages_now, pages_then = (set(session.execute(read.where(Exchange.run_id == r.id))) for r in (run, before))
        changed = session.scalar(sa.select(sa.func.count()).where(Exchange.run_id == run.id, Exchange.staged))
        waiting = session.scalar(
            sa.select(sa.func.count()).where(
                Record.source_id == run.source_id, Record.misses > 0, Record.gone_at.is_(None)
            )
        )
        if changed or waiting or pages_now != pages_then or identity.orphaned(session, run.source_id):
            return None
        return before

    def _stage_kept(self) -> None:
        """Read the pages that had not changed too: what they hold counts as seen."""
        with self.database.reading() as session:
            kept = session.scalars(sa.select(Exchange).where(Exchange.run_id == self.run_id, ~Exchange.staged)).all()
        for exchange in kept:
            page = pages.page_of(exchange, self.files)
            with closing(page), staging.Rows() as staged:
                batch = self._harvester.split(page, self.source)
                staged.extend(self._reader.rows(batch, self.run_id, exchange.url))
                with self.database.writing() as session:
                    run = ledger.mine(session, self.run_id, self.holder)
                    staging.write(session, run, staged)
                    session.get_one(Exchange, exchange.id).staged = True
                    ledger.hold(run, self.holder)

    def _complete(self, session: Session, run: Run) -> bool:
        """Whether the run proves what is absent: every page read, as many records as the source claims, each with an id."""
        if run.replay_of is not None and not _proves(session, run):
            return False
        read = Exchange.run_id == run.id
        left_out = session.scalar(sa.select(sa.func.sum(Exchange.left_out)).where(read)) or 0
        totals = session.scalars(sa.select(Exchange.total).where(read, Exchange.total.is_not(None)))
        found = run.counts["seen"]
        if wrong := sorted({*totals} - {found + left_out}):
            text = Message(
                f"Die Quelle nennt {wrong[0] - left_out} Datensätze, gelesen wurden {found}; fehlende gelten nicht als weg.",
                f"The source claims {wrong[0] - left_out} datasets, {found} were read; missing ones do not count as gone.",
            )
        elif run.pages > 1 and self._count(session, _TWICE):
            # Pages that shift while they are read bring one record twice and another not at all, and the sum is right.
            text = Message(
                "Eine Kennung kam auf mehreren Seiten vor; fehlende Datensätze gelten nicht als weg.",
                "An id occurred on several pages; missing datasets do not count as gone.",
            )
        elif self._count(session, Staged.remote_id.startswith("?", autoescape=True)):
            text = Message(
                "Ein Datensatz hat keine Kennung; fehlende gelten nicht als weg.",
                "A dataset has no id; missing ones do not count as gone.",
            )
        else:
            return True
        run.reason = [*run.reason, [text.de, text.en]]
        return False

    def _count(self, session: Session, which: sa.ColumnElement[bool]) -> int:
        number = sa.select(sa.func.count()).select_from(Staged).where(Staged.run_id == self.run_id, which)
        return session.scalar(number) or 0


def _last(session: Session, run: Run) -> Run | None:
    """Find the run that made the present state: the last one that applied anything, if only in part."""
    query = sa.select(Run).where(
        Run.source_id == run.source_id, Run.status.in_(("applied", "unchanged", "partial")), ~Run.dry
    )
    # Not by the time it ended: the clock may have been set back since.
    return session.scalar(query.where(Run.phase == "finished").order_by(Run.id.desc()).limit(1))


def _news_of_stewards(session: Session, run: Run, before: Run) -> bool:
    """Whether a steward has let in or completed something since that the pages hold as they did: then they are read anew."""
    own = Quarantine.source_id == run.source_id
    released = sa.select(Quarantine.id).where(own, Quarantine.release != "", Quarantine.resolved_at.is_(None))
    edited = sa.select(Overlay.id).join(Record, Record.dataset_id == Overlay.dataset_id)
    edited = edited.where(Record.source_id == run.source_id, Overlay.created_at > before.started_at)
    return any(session.scalar(query.limit(1)) is not None for query in (released, edited))


def _proves(session: Session, run: Run) -> bool:
    """Stored pages prove an absence only if they are the newest of a complete reading."""
    original = session.get_one(Run, run.replay_of)
    newer = sa.select(Run.id).where(Run.source_id == run.source_id, Run.id > original.id, Run.id != run.id, ~Run.dry)
    return original.complete and session.scalar(newer.where(Run.replay_of.is_(None)).limit(1)) is None
