"""How the sources are: what the health board and the page of a source read. Public: no content of records, no addresses."""

import datetime
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_source, schedule
from catalog.config import Config
from catalog.db import now
from catalog.definitions import Definitions
from catalog.ingest import ledger
from catalog.models import Organization, Quarantine, Record, Run, SourceState
from catalog.schedule import History
from dcat.message import Message
from harvesters.source import Source

TREND = 14
PAGE = 50
# Beyond this nobody counts: the page says "more than".
COUNTED = 10_000
# The states of a source, those that ask for somebody first.
STATES = ("failing", "held", "left", "new", "ok")
_EXPLAINED = ("failed", "partial", "held")
# What may quote a source: texts in quotes or brackets, addresses, hosts, names of files.
_TELLING = re.compile(
    r"„.*“|“.*”|».*«|\"[^\"]*\"|\([^()]*\)|\S*[/@_\\=#]\S*|[^\s.:]\S*[.:][^\s.:]\S*|[^\s.:]+[.:][^\s.:]+"
)
# Numbers, and what a server answered.
_HARMLESS = re.compile(r"\([Ss]tatus [1-5]\d\d\)|\d{1,3}(\.\d{3}){0,2}(,\d+)?%?|\d+(\.\d+)?%?[.,;:]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run in a list: how far it got or how it ended, its sums and reasons. `status` is empty while it runs."""

    id: int
    source: str
    phase: str
    status: str
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    complete: bool
    full: bool
    replay_of: int | None
    counts: Mapping[str, int]
    reasons: tuple[Message, ...]

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is open."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None

    @property
    def public_reasons(self) -> tuple[Message, ...]:
        """Why it did not go as it should, without what may quote the source."""
        if self.status not in _EXPLAINED:
            return ()
        return tuple(dict.fromkeys(discreet(reason) for reason in self.reasons))[-3:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What we hold of a source; each is counted up to COUNTED, and one more stands for all beyond.

    `missing` are those that the last complete run did not name and that are still public; `stale` those whose last good version stays.
    """

    live: int = 0
    missing: int = 0
    stale: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One source on the board. `trend` holds its last outcomes, oldest first; `due` is when it is asked again."""

    id: str
    title: str
    organization: str
    city: str
    city_name: str
    type: str
    state: str
    since: datetime.datetime | None
    complete_at: datetime.datetime | None
    last: RunLine | None
    trend: tuple[str, ...]
    due: datetime.datetime | None
    window: str
    numbers: Numbers = Numbers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One page of the board; `states` counts the sources of the city chosen. `following` is the id that the next page comes after."""

    rows: tuple[Health, ...]
    states: Mapping[str, int]
    cities: tuple[tuple[str, str], ...]
    unreadable: int
    following: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """One source with a page of its runs, newest first; `following` is the number that the next page comes before."""

    health: Health
    runs: tuple[RunLine, ...]
    following: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A source, defined or left, before anything is counted."""

    id: str
    title: str
    organization: str
    city: str
    definition: Source | None
    state: str
    since: datetime.datetime | None
    complete_at: datetime.datetime | None
    failures: int


def board(
    session: Session, config: Config, definitions: Definitions, *, city: str = "", state: str = "", after: str = ""
) -> Board:
    """Read a page of the board: sources that ask for somebody first."""
    everything = _known(session, config, definitions)
    here = [known for known in everything if not city or known.city == city]
    chosen = [known for known in here if not state or known.state == state]
    start = next((place for place, known in enumerate(chosen, 1) if known.id == after), 0)
    shown = chosen[start : start + PAGE]
    states = Counter(known.state for known in here)
    slugs = {known.city for known in everything}
    return Board(
        rows=tuple(_health(session, config, known) for known in shown),
        states={name: states[name] for name in STATES if states[name]},
        cities=tuple((each.slug, each.name) for each in config.cities if each.slug in slugs),
        unreadable=definitions.unreadable,
        following=shown[-1].id if start + PAGE < len(chosen) else "",
    )


def source(
    session: Session, config: Config, definitions: Definitions, source_id: str, before: int = 0
) -> SourcePage | None:
    """Read the page of one source; None when nobody knows it."""
    known = _find(session, config, definitions, source_id)
    if known is None:
        return None
    runs = lines(session, source_id, before=before, limit=PAGE + 1)
    return SourcePage(
        health=_health(session, config, known),
        runs=runs[:PAGE],
        following=runs[PAGE - 1].id if len(runs) > PAGE else 0,
    )


def standing(session: Session, config: Config, definitions: Definitions, source_id: str) -> Health | None:
    """Read the state of one source without counting anything; None when nobody knows it."""
    known = _find(session, config, definitions, source_id)
    return _standing(config, known, lines(session, known.id, limit=TREND)) if known else None


def lines(session: Session, source_id: str = "", *, before: int = 0, limit: int = PAGE) -> tuple[RunLine, ...]:
    """List runs, newest first, of one source or of all; plans that were only looked at are left out."""
    query = sa.select(Run).where(~Run.dry)
    if source_id:
        query = query.where(Run.source_id == source_id)
    if before:
        query = query.where(Run.id < before)
    return tuple(line(run) for run in session.scalars(query.order_by(Run.id.desc()).limit(limit)))


def line(run: Run) -> RunLine:
    """Bring a run into the form of a list."""
    return RunLine(
        id=run.id,
        source=run.source_id,
        phase=run.phase,
        status=run.status if run.phase in ("finished", "held") else "",
        started_at=run.started_at,
        finished_at=run.finished_at,
        complete=run.complete,
        full=run.full,
        replay_of=run.replay_of,
        counts={name: int(number) for name, number in run.counts.items()},
        reasons=tuple(Message(*reason) for reason in run.reason),
    )


def discreet(reason: Message) -> Message:
    """Take out of a reason what may quote the source: addresses, hosts, names of files, texts in quotes or brackets."""
    return Message(*(_TELLING.sub(_hidden, text) for text in (reason.de, reason.en)))


def _due(known: _Known, runs: tuple[RunLine, ...]) -> datetime.datetime | None:
    """Tell when a source is asked again; None for one that is being read, or is no longer defined."""
    if known.definition is None or (runs and runs[0].phase in ledger.OPEN):
        return None
    asked = next((run for run in runs if run.replay_of is None), None)
    if asked is None:
        return now()
    history = History(started_at=asked.started_at, finished_at=asked.finished_at, failures=known.failures)
    return schedule.due_at(known.definition, history, now())


def limited(session: Session, query: sa.Select[int]) -> int:
    """Count the rows of a query, but no more than one beyond COUNTED."""
    return session.scalar(sa.select(sa.func.count()).select_from(query.limit(COUNTED + 1).subquery())) or 0


def _hidden(found: re.Match[str]) -> str:
    return found[0] if _HARMLESS.fullmatch(found[0]) else "…"


def _known(session: Session, config: Config, definitions: Definitions, only: str = "") -> list[_Known]:
    """List the sources that are defined or have left something here, those that ask for somebody first."""
    query = sa.select(SourceState, Organization).join(Organization, Organization.id == SourceState.organization_id)
    rows = session.execute(query.where(SourceState.id == only) if only else query).all()
    found = {}
    for row, organization in rows:
        if desk_source.is_desk(row.id):
            continue
        found[row.id] = _Known(
            id=row.id,
            title=organization.title,
            organization=organization.name,
            city=organization.city,
            definition=definitions.find(row.id),
            state="left" if definitions.left(row.id) else row.state,
            since=row.state_since,
            complete_at=row.last_complete_at,
            failures=row.failures,
        )
    for defined in definitions.sources.values():
        if defined.id not in found and only in ("", defined.id):
            found[defined.id] = _Known(
                id=defined.id,
                title=f"{config.city_name(defined.city)}, {defined.department}",
                organization="",
                city=defined.city,
                definition=defined,
                state="new",
                since=None,
                complete_at=None,
                failures=0,
            )
    rank = {state: place for place, state in enumerate(STATES)}
    return sorted(found.values(), key=lambda known: (rank.get(known.state, 0), known.title, known.id))


def _find(session: Session, config: Config, definitions: Definitions, source_id: str) -> _Known | None:
    # PostgreSQL refuses to look for what it could not hold.
    found = _known(session, config, definitions, source_id) if source_id and "\0" not in source_id else []
    return found[0] if found else None


def _health(session: Session, config: Config, known: _Known) -> Health:
    runs = lines(session, known.id, limit=TREND)
    return replace(_standing(config, known, runs), numbers=_numbers(session, known.id, runs))


def _standing(config: Config, known: _Known, runs: tuple[RunLine, ...]) -> Health:
    return Health(
        id=known.id,
        title=known.title,
        organization=known.organization,
        city=known.city,
        city_name=config.city_name(known.city),
        type=known.definition.type if known.definition else "",
        state=known.state,
        since=known.since,
        complete_at=known.complete_at,
        last=runs[0] if runs else None,
        trend=tuple(run.status for run in reversed(runs)),
        due=_due(known, runs),
        window=known.definition.schedule.window if known.definition else "",
    )


def _numbers(session: Session, source_id: str, runs: tuple[RunLine, ...]) -> Numbers:
    one = sa.literal(1)
    complete = next((run for run in runs if run.complete and run.status in ("applied", "unchanged")), None)
    waiting = (
        sa.select(one)
        .select_from(Quarantine)
        .where(Quarantine.source_id == source_id, Quarantine.resolved_at.is_(None))
    )
    kept = sa.and_(Record.source_id == Quarantine.source_id, Record.remote_id == Quarantine.remote_id)
    return Numbers(
        # By the records: the databases would count the published datasets of all sources.
        live=limited(
            session,
            sa.select(one).where(Record.source_id == source_id, Record.gone_at.is_(None), Record.led_by.is_(None)),
        ),
        # From the run's sums: to look for them would read every record of the source.
        missing=complete.counts.get("missing", 0) - complete.counts.get("removed", 0) if complete else 0,
        stale=limited(session, waiting.join(Record, kept).where(Record.gone_at.is_(None))),
        quarantined=limited(session, waiting),
    )
