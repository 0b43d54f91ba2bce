"""The harvest of one source as a state machine in the database: a process may die at any instruction, another goes on.

fetching -> staged -> planned -> (held) -> applying -> finished; a finished run's status says how it ended.
"""

import dataclasses
import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import gate, organizations, publishing, store
from catalog.config import Config
from catalog.db import Database, now
from catalog.files import Files
from catalog.ingest import apply, guard, lease, ledger, pages, plan, staging
from catalog.models import Exchange, PlanItem, Quarantine, Record, Run, SourceState, Staged
from catalog.policy import Policies
from dcat.errors import FetchError, StateError, UnreadableError
from dcat.message import Message
from harvesters.base import Batch
from harvesters.fetch import Fetcher
from harvesters.registry import HARVESTERS
from harvesters.source import Source

DEADLINE = datetime.timedelta(hours=6)
Tick = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended: applied, unchanged, held, partial, failed, planned (a dry run) or rejected, with sums and reasons."""

    run: int
    source: str
    status: str
    counts: guard.Counts
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """All a harvest of one source needs. `tick` is told the phase and how much of it is done.

    `policies` reads the policies of the moment: a decision taken while a long run goes on counts.
    """

    database: Database
    config: Config
    files: Files
    policies: Callable[[], Policies]
    source: Source
    fetcher: Fetcher
    tick: Tick = lambda phase, done: None

    def run(self, *, dry: bool = False) -> Outcome:
        """Harvest, going on with an unfinished run if there is one; a dry run stops at the stored plan."""
        return self._advance(self._claim(dry=dry, fresh=True))

    def resume(self) -> Outcome | None:
        """Go on with an unfinished run; None when there is none."""
        run_id = self._claim(dry=False, fresh=False)
        return self._advance(run_id) if run_id else None

    def decide(self, decision: str) -> Outcome:
        """Approve or reject the held plan of this source."""
        with self.database.writing() as session:
            run = session.scalar(
                sa.select(Run)
                .where(Run.source_id == self.source.id, Run.phase == "held")
                .order_by(Run.id.desc())
                .limit(1)
            )
            if run is None:
                raise StateError(
                    Message(
                        f"Für {self.source.id} wartet kein Plan. Nächster Schritt: offenbar harvest status",
                        f"No plan is waiting for {self.source.id}. Next step: offenbar harvest status",
                    )
                )
            self._refuse_beside(self._open(session, dry=False))
            if decision == "approved" and run.revision != pages.reader_revision(self.source):
                raise StateError(
                    Message(
                        f"Die Definition von {self.source.id} hat sich geändert, seit der Plan entstand. "
                        "Nächster Schritt: offenbar harvest run, oder den Plan verwerfen",
                        f"The definition of {self.source.id} has changed since the plan was made. "
                        "Next step: offenbar harvest run, or reject the plan",
                    )
                )
            run.decision, run.decided_at = decision, now()
            if decision == "rejected":
                ledger.finish(session, run, "rejected")
            else:
                # What was read in part stays partial, whoever approves it.
                run.phase, run.status = "planned", "" if run.complete else "partial"
                ledger.hold(run)
        return self._advance(run.id)

    def _claim(self, *, dry: bool, fresh: bool) -> int:
        with self.database.writing() as session:
            organizations.register(session, self.source, self.config.city(self.source.city))
            run = self._open(session, dry=dry)
            self._refuse_beside(run)
            if run is not None and (dry or run.revision != pages.reader_revision(self.source)):
                # The definition changed meanwhile: what was read by the old rules is not applied. A dead plan is of no use.
                ledger.finish(session, run, "superseded")
                run = None
            if run is None and not fresh:
                return 0
            if run is None:
                run = Run(
                    source_id=self.source.id,
                    phase="fetching",
                    started_at=now(),
                    revision=pages.reader_revision(self.source),
                    cursor=list(HARVESTERS[self.source.type].pages(self.source)),
                    counts=dataclasses.asdict(guard.Counts()),
                    reason=[],
                    dry=dry,
                )
                session.add(run)
                session.flush()
            ledger.hold(run)
            return run.id

    def _open(self, session: Session, *, dry: bool) -> Run | None:
        query = sa.select(Run).where(Run.source_id == self.source.id, Run.phase.in_(ledger.OPEN), Run.dry == dry)
        return session.scalar(query.order_by(Run.id).limit(1))

    def _refuse_beside(self, run: Run | None) -> None:
        if run is not None and lease.is_held(run.holder, run.lease_until, now()):
            raise StateError(
                Message(
                    f"{self.source.id} wird gerade geerntet (Lauf {run.id}). Nächster Schritt: offenbar harvest status",
                    f"{self.source.id} is being harvested (run {run.id}). Next step: offenbar harvest status",
                )
            )

    def _advance(self, run_id: int) -> Outcome:
        steps: dict[str, Callable[[int], None]] = {
            "fetching": self._fetch,
            "staged": self._plan,
            "planned": self._apply,
            "applying": self._apply,
        }
        while True:
            with self.database.reading() as session:
                run = session.get_one(Run, run_id)
                step = steps.get(run.phase)
                if step is None or (run.phase == "planned" and run.dry):
                    return self._stop(run)
            step(run_id)

    def _stop(self, run: Run) -> Outcome:
        if run.phase == "planned":
            with self.database.writing() as session:
                ledger.finish(session, session.get_one(Run, run.id), "planned")
        return Outcome(
            run=run.id,
            source=run.source_id,
            status=run.status or "planned",
            counts=guard.Counts(**run.counts),
            reasons=tuple(Message(*reason) for reason in run.reason),
        )

    def _fetch(self, run_id: int) -> None:
        """Read page after page; one that cannot be had leaves the run partial, the others are read all the same."""
        while True:
            with self.database.reading() as session:
                run = session.get_one(Run, run_id)
                if not run.cursor or run.phase != "fetching":
                    break
                url = run.cursor[0]
                refused = self._limits(session, run, url)
                before = pages.kept(session, self.source.id, url, self.files)
            if refused is not None:
                self._page_failed(run_id, refused, others=False)
                continue
            try:
                self._page(run_id, url, before)
            except UnreadableError as error:
                self._page_failed(run_id, error.message, others=True)
            except FetchError as error:
                # A server that answers, if only with an error, may have the other pages.
                self._page_failed(run_id, error.message, others=bool(error.status))
        if run.phase == "fetching":
            self._fetched(run_id)

    def _page(self, run_id: int, url: str, before: pages.Kept | None) -> None:
        harvester = HARVESTERS[self.source.type]
        fetched = pages.fetch(self.fetcher, harvester, self.files, url, before)
        batch, staged = None, []
        if (
            fetched.before is None
            or not fetched.unchanged
            or fetched.before.revision != pages.reader_revision(self.source)
        ):
            batch = harvester.split(fetched.page, self.source)
            staged = self._reader().rows(batch, run_id, url)
        self._page_read(run_id, fetched, batch, staged)

    def _reader(self) -> staging.Reader:
        return staging.Reader(
            harvester=HARVESTERS[self.source.type],
            source=self.source,
            revision=pages.reader_revision(self.source),
            judge=gate.judge(self.config, self.source),
        )

    def _page_read(
        self, run_id: int, fetched: pages.Fetched, batch: Batch | None, staged: list[dict[str, Any]]
    ) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, run_id)
            exchange = pages.exchange(run, fetched, batch)
            session.add(exchange)
            run.pages += 1
            run.cursor = [*run.cursor[1:], *exchange.following]
            if batch is not None:
                new = staging.write(session, run, staged)
                run.reason = [*run.reason, *([p.message.de, p.message.en] for p in batch.problems)]
                run.status = run.status if batch.whole else "partial"
                if exchange.following and staged and not new:
                    ledger.read_in_part(run, ledger.circle(fetched.url), others=False)
            ledger.hold(run)
        self.tick("fetching", run.pages)

    def _limits(self, session: Session, run: Run, url: str) -> Message | None:
        read = session.scalar(sa.select(Exchange.id).where(Exchange.run_id == run.id, Exchange.url == url))
        if read is not None:
            return ledger.circle(url)
        if run.pages >= pages.MAX_PAGES or run.counts["seen"] > pages.MAX_RECORDS:
            return Message(
                f"Mehr als {pages.MAX_PAGES} Seiten oder {pages.MAX_RECORDS} Datensätze: hier ist Schluss.",
                f"More than {pages.MAX_PAGES} pages or {pages.MAX_RECORDS} datasets: this is where it ends.",
            )
        if now() - run.started_at > DEADLINE:
            return Message("Der Lauf dauert länger als sechs Stunden.", "The run takes longer than six hours.")
        return None

    def _page_failed(self, run_id: int, reason: Message, *, others: bool) -> None:
        """A first page that cannot be had fails the run; a later one leaves it partial: what was read counts, nothing is missing."""
        with self.database.writing() as session:
            run = ledger.mine(session, run_id)
            ledger.read_in_part(run, reason, others=others)
            if run.pages == 0:
                ledger.finish(session, run, "failed")
            else:
                ledger.hold(run)

    def _fetched(self, run_id: int) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, run_id)
            before = self._nothing_new(session, run)
            if before is not None:
                counts = guard.Counts(**before.counts)
                seen = counts.seen - counts.quarantined
                same = guard.Counts(seen=counts.seen, unchanged=seen, quarantined=counts.quarantined)
                run.counts, run.complete = dataclasses.asdict(same), True
                session.get_one(SourceState, run.source_id).last_complete_at = now()
                ledger.supersede(session, run)
                ledger.finish(session, run, "unchanged")
                return
        self._stage_kept(run_id)
        with self.database.writing() as session:
            run = ledger.mine(session, run_id)
            run.complete = run.status != "partial" and self._complete(session, run)
            run.phase = "staged"

    def _nothing_new(self, session: Session, run: Run) -> Run | None:
        """Give the run before when it was complete, every page is as it was then, and no record waits to be proven gone."""
        before = self._last(session, run)
        if before is None or not before.complete or run.dry or run.status == "partial":
            return None
        read = sa.select(Exchange.url, Exchange.sha256)
        pages_now, pages_then = (set(session.execute(read.where(Exchange.run_id == r.id))) for r in (run, before))
        changed = session.scalar(sa.select(sa.func.count()).where(Exchange.run_id == run.id, Exchange.staged))
        waiting = session.scalar(
            sa.select(sa.func.count()).where(
                Record.source_id == run.source_id, Record.misses > 0, Record.gone_at.is_(None)
            )
        )
        return before if not changed and not waiting and pages_now == pages_then else None

    def _last(self, session: Session, run: Run) -> Run | None:
        """Find the run that made the present state: the last one that applied anything, if only in part."""
        query = sa.select(Run).where(
            Run.source_id == run.source_id, Run.status.in_(("applied", "unchanged", "partial")), ~Run.dry
        )
        return session.scalar(query.where(Run.phase == "finished").order_by(Run.finished_at.desc()).limit(1))

    def _stage_kept(self, run_id: int) -> None:
        """Read the pages that had not changed too: what they hold counts as seen."""
        harvester, reader = HARVESTERS[self.source.type], self._reader()
        with self.database.reading() as session:
            kept = session.scalars(sa.select(Exchange).where(Exchange.run_id == run_id, ~Exchange.staged)).all()
        for exchange in kept:
            batch = harvester.split(pages.page_of(exchange, self.files), self.source)
            staged = reader.rows(batch, run_id, exchange.url)
            with self.database.writing() as session:
                run = ledger.mine(session, run_id)
                staging.write(session, run, staged)
                session.get_one(Exchange, exchange.id).staged = True
                ledger.hold(run)

    def _complete(self, session: Session, run: Run) -> bool:
        """Whether the run proves what is absent: every page read, as many records as the source claims, each with an id."""
        totals = sa.select(Exchange.total).where(Exchange.run_id == run.id, Exchange.total.is_not(None))
        wrong = sorted({*session.scalars(totals)} - {run.counts["seen"]})
        if wrong:
            run.reason = [
                *run.reason,
                [
                    f"Die Quelle nennt {wrong[0]} Datensätze, gelesen wurden {run.counts['seen']}; fehlende gelten nicht als weg.",
                    f"The source claims {wrong[0]} datasets, {run.counts['seen']} were read; missing ones do not count as gone.",
                ],
            ]
            return False
        nameless = session.scalar(
            sa.select(sa.func.count()).where(Staged.run_id == run.id, Staged.remote_id.startswith("?", autoescape=True))
        )
        return not nameless

    def _plan(self, run_id: int) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, run_id)
            situation = plan.make(session, run)
            run.counts = dataclasses.asdict(situation.counts)
            waits = guard.reasons(situation, self.source.guard)
            run.reason = [*run.reason, *([w.de, w.en] for w in waits)]
            run.phase = "planned"
            ledger.hold(run)
            if not run.dry:
                ledger.supersede(session, run)
                if waits:
                    run.phase, run.status = "held", "held"
                    run.holder, run.lease_until = "", None
        self.tick("planned", situation.counts.seen)

    def _apply(self, run_id: int) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, run_id)
            run.phase = "applying"
            ledger.hold(run)
        done = 0

        def tick(count: int) -> None:
            nonlocal done
            done += count
            with self.database.writing() as session:
                ledger.hold(ledger.mine(session, run_id))
            self.tick("applying", done)

        policies = self.policies()
        drafts = apply.prepare(self.database, self.config, self.source, policies, run_id, tick)
        with self.database.writing() as session:
            run = ledger.mine(session, run_id)
            if store.overtaken(session, drafts):
                # A check or a decision published one of the datasets meanwhile: all is prepared again, from the present state.
                return
            changed = any(draft.changes for draft in drafts)
            removed = apply.apply(session, run, drafts, self.source)
            run.counts = {**run.counts, "removed": removed}
            publishing.note_inputs(session, self.config, self.source, policies)
            nothing = not changed and not removed and not any(run.counts[k] for k in ("created", "updated", "missing"))
            ledger.finish(session, run, run.status or ("unchanged" if nothing else "applied"))


def history(session: Session, source_id: str | None = None, limit: int = 20) -> list[Run]:
    """List the newest runs, of one source or of all."""
    query = sa.select(Run).order_by(Run.id.desc()).limit(limit)
    return list(session.scalars(query.where(Run.source_id == source_id) if source_id else query))


def quarantined(session: Session, source_id: str) -> list[Quarantine]:
    """List a source's records that could not be taken in, oldest first."""
    query = sa.select(Quarantine).where(Quarantine.source_id == source_id, Quarantine.resolved_at.is_(None))
    return list(session.scalars(query.order_by(Quarantine.id)))


def plan_items(session: Session, run_id: int, limit: int = 200) -> list[PlanItem]:
    """List the lines of a stored plan, changes first."""
    return list(
        session.scalars(sa.select(PlanItem).where(PlanItem.run_id == run_id).order_by(PlanItem.action).limit(limit))
    )
