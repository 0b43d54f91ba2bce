"""The harvest of one source as a state machine in the database: a process may die at any instruction, another goes on.

fetching -> staged -> planned -> (held) -> applying -> finished; a finished run's status says how it ended.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import organizations, publishing
from catalog.config import Config
from catalog.db import Database, now
from catalog.drafts import Draft
from catalog.files import Files
from catalog.ingest import apply, decisions, guard, lease, ledger, pages, plan
from catalog.ingest.fetching import Fetching
from catalog.models import Exchange, PlanItem, Run
from catalog.policy import Policies
from catalog.spool import Spool
from dcat.errors import StateError
from dcat.iri import is_below
from dcat.message import Message
from harvesters.fetch import Fetcher
from harvesters.registry import HARVESTERS
from harvesters.source import Source

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

    `policies` reads the policies of the moment: a decision taken while a long run goes on counts. `sources` reads the definitions
    there are, by id: a record of any of them may come forward when this source lets one go.
    """

    database: Database
    config: Config
    files: Files
    policies: Callable[[], Policies]
    source: Source
    fetcher: Fetcher
    sources: Callable[[], Mapping[str, Source]]
    tick: Tick = lambda phase, done: None

    def run(self, *, dry: bool = False, full: bool = False) -> Outcome:
        """Harvest, going on with an unfinished run if there is one; a dry run stops at the stored plan.

        A full run asks for every page without validators.
        """
        with lease.taken() as holder:
            return self._advance(self._claim(holder, _Wanted(dry=dry, full=full)), holder)

    def resume(self) -> Outcome | None:
        """Go on with an unfinished run; None when there is none."""
        with lease.taken() as holder:
            run_id = self._claim(holder, None)
            return self._advance(run_id, holder) if run_id else None

    def replay(self, run_id: int, *, dry: bool = False) -> Outcome:
        """Read the stored pages of a run anew, by the present rules and without the source."""
        with lease.taken() as holder:
            return self._advance(self._claim(holder, _Wanted(dry=dry, replay_of=run_id)), holder)

    def decide(self, decision: str) -> Outcome:
        """Approve or reject the held plan of this source, apply its additions only, or give its records their new ids."""
        with lease.taken() as holder:
            with self.database.writing() as session:
                run = self._held(session)
                self._refuse_beside(self._open(session, dry=False), holder)
                if decision != decisions.REJECTED and run.revision != pages.reader_revision(self.source):
                    raise StateError(
                        Message(
                            f"Die Definition von {self.source.id} hat sich geändert, seit der Plan entstand. "
                            "Nächster Schritt: offenbar harvest run, oder den Plan verwerfen",
                            f"The definition of {self.source.id} has changed since the plan was made. "
                            "Next step: offenbar harvest run, or reject the plan",
                        )
                    )
                decisions.take(session, run, decision, self.policies())
                if run.phase != "finished":
                    ledger.hold(run, holder)
            return self._advance(run.id, holder)

    def _held(self, session: Session) -> Run:
        query = sa.select(Run).where(Run.source_id == self.source.id, Run.phase == "held")
        run = session.scalar(query.order_by(Run.id.desc()).limit(1))
        if run is None:
            raise StateError(
                Message(
                    f"Für {self.source.id} wartet kein Plan. Nächster Schritt: offenbar harvest status",
                    f"No plan is waiting for {self.source.id}. Next step: offenbar harvest status",
                )
            )
        return run

    def _claim(self, holder: str, wanted: "_Wanted | None") -> int:
        """Take an unfinished run over, or begin the one that is wanted; 0 when there is neither."""
        dry = wanted is not None and wanted.dry
        with self.database.writing() as session:
            organizations.register(session, self.source, self.config.city(self.source.city))
            run = self._open(session, dry=dry)
            self._refuse_beside(run, holder)
            if run is not None and (dry or run.revision != pages.reader_revision(self.source)):
                # The definition changed meanwhile: what was read by the old rules is not applied. A dead plan is of no use.
                ledger.finish(session, run, "superseded")
                run = None
            if run is None and wanted is None:
                return 0
            if run is not None:
                # Whoever goes on has the whole time of the phase: how long nobody was there does not count.
                run.phase_at = now()
            if run is None:
                assert wanted is not None
                run = self._begin(session, wanted)
            ledger.hold(run, holder)
            return run.id

    def _begin(self, session: Session, wanted: "_Wanted") -> Run:
        run = Run(
            source_id=self.source.id,
            phase="fetching",
            phase_at=now(),
            started_at=now(),
            revision=pages.reader_revision(self.source),
            cursor=self._cursor(session, wanted.replay_of),
            counts=dataclasses.asdict(guard.Counts()),
            reason=[],
            dry=wanted.dry,
            full=wanted.full,
            replay_of=wanted.replay_of,
        )
        session.add(run)
        session.flush()
        return run

    def _cursor(self, session: Session, replay_of: int | None) -> list[str]:
        if replay_of is None:
            return list(HARVESTERS[self.source.type].pages(self.source))
        read = sa.select(Exchange.url).where(Exchange.run_id == replay_of, Exchange.source_id == self.source.id)
        urls = list(session.scalars(read.order_by(Exchange.id)))
        if not urls:
            raise StateError(
                Message(
                    f"Von Lauf {replay_of} der Quelle {self.source.id} sind keine Seiten aufbewahrt. "
                    "Nächster Schritt: offenbar harvest status",
                    f"No pages of run {replay_of} of the source {self.source.id} are kept. Next step: offenbar harvest status",
                )
            )
        return urls

    def _open(self, session: Session, *, dry: bool) -> Run | None:
        query = sa.select(Run).where(Run.source_id == self.source.id, Run.phase.in_(ledger.OPEN), Run.dry == dry)
        return session.scalar(query.order_by(Run.id).limit(1))

    def _refuse_beside(self, run: Run | None, holder: str) -> None:
        if run is not None and lease.is_held(run.holder, run.lease_until, now(), holder):
            raise StateError(
                Message(
                    f"{self.source.id} wird gerade geerntet (Lauf {run.id}). Nächster Schritt: offenbar harvest status",
                    f"{self.source.id} is being harvested (run {run.id}). Next step: offenbar harvest status",
                )
            )

    def _advance(self, run_id: int, holder: str) -> Outcome:
        steps: dict[str, Callable[[int, str], None]] = {
            "fetching": self._fetch,
            "staged": self._plan,
            "planned": self._apply,
            "applying": self._apply,
        }
        with ledger.heartbeat(self.database, run_id, holder):
            while True:
                with self.database.reading() as session:
                    run = session.get_one(Run, run_id)
                    step = steps.get(run.phase)
                    if step is None or (run.phase == "planned" and run.dry):
                        return self._stop(run)
                    late = ledger.is_late(run)
                if late:
                    self._give_up(run_id, holder)
                else:
                    with _explained():
                        step(run_id, holder)

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

    def _give_up(self, run_id: int, holder: str) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, run_id, holder)
            text = Message(
                f"Der Schritt „{run.phase}“ ist nicht rechtzeitig fertig geworden. Nächster Schritt: offenbar harvest run",
                f"The step “{run.phase}” was not done in time. Next step: offenbar harvest run",
            )
            run.reason = [*run.reason, [text.de, text.en]]
            ledger.finish(session, run, "failed")

    def _fetch(self, run_id: int, holder: str) -> None:
        Fetching(
            database=self.database,
            config=self.config,
            files=self.files,
            source=self.source,
            fetcher=self.fetcher,
            run_id=run_id,
            holder=holder,
            tick=lambda done: self.tick("fetching", done),
        ).all()

    def _plan(self, run_id: int, holder: str) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, run_id, holder)
            echoing = self.source.mirrors or is_below(self.source.url, self.config.site_url)
            situation = plan.make(session, run, self.sources().keys(), mirrors=echoing)
            run.counts = dataclasses.asdict(situation.counts)
            waits = guard.reasons(situation, self.source.guard)
            run.reason = [*run.reason, *([w.de, w.en] for w in waits)]
            ledger.enter(run, "planned")
            ledger.hold(run, holder)
            if not run.dry:
                ledger.supersede(session, run)
                if waits:
                    ledger.wait(session, run)
        self.tick("planned", situation.counts.seen)

    def _apply(self, run_id: int, holder: str) -> None:
        with self.database.writing() as session:
            run = ledger.mine(session, run_id, holder)
            ledger.enter(run, "applying")
            ledger.hold(run, holder)
        done = 0

        def tick(count: int) -> None:
            nonlocal done
            done += count
            self.tick("applying", done)

        policies = self.policies()
        setup = apply.Setup(database=self.database, config=self.config, source=self.source, sources=self.sources())
        with Spool[Draft]() as drafts:
            prepared = apply.prepare(setup, policies, run_id, drafts, tick)
            with self.database.writing() as session:
                run = ledger.mine(session, run_id, holder)
                removed = apply.apply(session, setup, run, prepared)
                if removed is None:
                    # Others published one of the datasets meanwhile: all is prepared again, from the present state.
                    return
                run.counts = {**run.counts, "removed": removed}
                publishing.note_inputs(session, self.config, self.source, policies)
                counted = any(run.counts[k] for k in ("created", "updated", "missing", "removed"))
                nothing = not prepared.changes and not counted
                ledger.finish(session, run, run.status or ("unchanged" if nothing else "applied"))


@contextmanager
def _explained() -> Iterator[None]:
    """Say in a sentence that the machine below failed us, such as a disk that is full; the run stays where it is."""
    try:
        yield
    except OSError as error:
        cause = error.strerror or str(error)
        raise StateError(
            Message(
                f"Die Ablage arbeitet nicht: {cause}. Nächster Schritt: Platz und Rechte prüfen, dann offenbar harvest resume",
                f"The file store does not work: {cause}. Next step: check space and rights, then offenbar harvest resume",
            )
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The run to begin when none is open."""

    dry: bool = False
    full: bool = False
    replay_of: int | None = None


def history(session: Session, source_id: str | None = None, limit: int = 20) -> list[Run]:
    """List the newest runs, of one source or of all."""
    query = sa.select(Run).order_by(Run.id.desc()).limit(limit)
    return list(session.scalars(query.where(Run.source_id == source_id) if source_id else query))


def plan_items(session: Session, run_id: int, limit: int = 200) -> list[PlanItem]:
    """List the lines of a stored plan, changes first."""
    return list(
        session.scalars(sa.select(PlanItem).where(PlanItem.run_id == run_id).order_by(PlanItem.action).limit(limit))
    )
