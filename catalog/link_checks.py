"""Whether the links of published datasets answer: asked politely and in small batches, remembered, and told to stewards and readers.

What is found moves the score (catalog/quality.py) and the lists of broken links, never what is published of a dataset.
"""

import datetime
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import definitions, link_uses, link_words
from catalog.db import now
from catalog.instance import Instance
from catalog.models import DatasetRow, Link, LinkUse, Score
from catalog.store import VISIBLE
from dcat.errors import FetchError
from dcat.message import Message
from harvesters.addresses import read_address, shown
from harvesters.fetch import Fetcher
from harvesters.network import FetchLimits, Network
from harvesters.source import Login, Source

OK, FAILING, UNKNOWN = "ok", "failing", "unknown"
LIMITS = FetchLimits(connect=4, read=6, total=8, max_bytes=500_000, retries=0, connections=1)
# One run asks for so many links, of one host for so few, with a pause between two of one host, and stops after some seconds.
BATCH = 20
PER_HOST = 3
PAUSE = 1.0
LONGEST_PAUSE = 10.0
SECONDS = 30.0
WEEK = datetime.timedelta(days=7)
DAY = datetime.timedelta(days=1)
# Days until the next look after the first, second, and every further failure.
AGAIN = (1, 2, 4)
HISTORY = 20
ROBOTS, BUSY = "robots", "busy"


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at a link found: the HTTP status, 0 where no answer came, and a short word for what went wrong."""

    state: str
    status: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one run: how many links were looked at, and how many changed."""

    made: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLink:
    """A link of a dataset that failed on two days or more; `url` is fit to be shown."""

    url: str
    status: int
    since: datetime.datetime
    checked_at: datetime.datetime
    what: Message
    fix: Message
    dataset: str
    title: str
    city: str


def check(
    instance: Instance,
    *,
    sources: Sequence[str] | None = None,
    stop: Callable[[], bool] = lambda: False,
    pause: float = PAUSE,
    limits: FetchLimits = LIMITS,
) -> Checked:
    """Look at a batch of links that are due, of all sources or some; datasets whose score moves by it are marked."""
    with instance.database.reading() as session:
        rows = _due(session, sources)
    if not rows:
        return Checked()
    known = definitions.present(instance.config.sources).sources
    found: dict[str, Found] = {}
    with ExitStack() as opened:
        visitors: dict[str, _Visitor] = {}
        paces = _Paces(pause)
        until = time.monotonic() + SECONDS
        for row in _in_turns(rows):
            if stop() or time.monotonic() > until:
                break
            if row.source_id not in visitors:
                source = known.get(row.source_id) or _UNKNOWN_SOURCE
                fetcher = opened.enter_context(instance.fetcher(_open_to_all(source, limits)))
                visitors[row.source_id] = _Visitor(fetcher, paces)
            found[row.key] = visitors[row.source_id].look(row.url)
    with instance.database.writing() as session:
        changed = [name for name, one in found.items() if _record(session, name, one)]
        _mark_scores(session, changed)
    return Checked(len(found), len(changed))


def heard(session: Session, source_id: str, url: str, error: FetchError | None) -> None:
    """Take over what the check of a data file found at its address, so that nobody asks there twice."""
    name = link_uses.key(source_id, url)
    if _record(session, name, _failed(error) if error else Found(OK, 200)):
        _mark_scores(session, [name])


def _mark_scores(session: Session, links: Sequence[str]) -> None:
    """Ask for a new score of the datasets that name these links."""
    users = sa.select(LinkUse.dataset_id).where(LinkUse.key.in_(links))
    session.execute(sa.update(Score).where(Score.dataset_id.in_(users)).values(stale=True))


def hurry(instance: Instance, sources: Sequence[str] | None = None) -> None:
    """Make links due that fail or were never looked at, for a steward who asks now."""
    query = sa.update(Link).where(Link.state.in_(("", FAILING)))
    with instance.database.writing() as session:
        session.execute((query if sources is None else query.where(Link.source_id.in_(sources))).values(due_at=now()))


def broken(session: Session, *, city: str = "", limit: int = 1000) -> tuple[BrokenLink, ...]:
    """List the broken links of visible datasets, those that fail longest first."""
    query = (
        sa.select(Link, DatasetRow.name, DatasetRow.title, DatasetRow.city)
        .join(LinkUse, LinkUse.key == Link.key)
        .join(DatasetRow, DatasetRow.id == LinkUse.dataset_id)
        .where(Link.broken, VISIBLE)
        .order_by(Link.failing_since, Link.key, DatasetRow.name)
        .limit(limit)
    )
    rows = session.execute(query.where(DatasetRow.city == city) if city else query)
    return tuple(_broken(link, name, title, city) for link, name, title, city in rows)


def broken_of(session: Session, dataset_id: str) -> int:
    """Count the broken links of one dataset."""
    query = sa.select(sa.func.count()).select_from(Link).join(LinkUse, LinkUse.key == Link.key)
    return session.scalar(query.where(LinkUse.dataset_id == dataset_id, Link.broken)) or 0


def count_broken(session: Session) -> int:
    """Count the broken links of all visible datasets."""
    return session.scalar(sa.select(sa.func.count()).select_from(Link).where(Link.broken)) or 0


def as_json(link: BrokenLink) -> dict[str, Any]:
    """Give a broken link as data."""
    return {
        "dataset": link.dataset,
        "city": link.city,
        "url": link.url,
        "status": link.status or None,
        "since": link.since.isoformat(timespec="seconds"),
        "checked_at": link.checked_at.isoformat(timespec="seconds"),
        "de": link.what.de,
        "en": link.what.en,
        "fix_de": link.fix.de,
        "fix_en": link.fix.en,
    }


def _due(session: Session, sources: Sequence[str] | None) -> list[Link]:
    """Choose the links that have waited longest; a host with many of them does not keep the others waiting."""
    query = sa.select(Link).where(Link.due_at <= now()).order_by(Link.due_at, Link.host).limit(BATCH)
    query = query if sources is None else query.where(Link.source_id.in_(sources))
    chosen: list[Link] = []
    hosts: Counter[str] = Counter()
    for _ in range(BATCH):
        full = [host for host, number in hosts.items() if number >= PER_HOST]
        taken = [link.key for link in chosen]
        rows = session.scalars(query.where(Link.host.not_in(full), Link.key.not_in(taken))).all()
        for link in rows:
            if hosts[link.host] < PER_HOST and len(chosen) < BATCH:
                hosts[link.host] += 1
                chosen.append(link)
        if len(rows) < BATCH or len(chosen) == BATCH:
            break
    return chosen


def _in_turns(rows: Sequence[Link]) -> Iterator[Link]:
    """Go from host to host, so that the pause of one is the turn of another."""
    nth: Counter[str] = Counter()
    turns = []
    for position, link in enumerate(rows):
        turns.append((nth[link.host], position, link))
        nth[link.host] += 1
    return (link for _, _, link in sorted(turns, key=lambda turn: turn[:2]))


def _open_to_all(source: Source, limits: FetchLimits) -> Source:
    """Links lead anywhere in public, and answer whoever asks; private addresses only where the source's own allow-list names them."""
    network = replace(source.network, anywhere=True, certificate="")
    return replace(source, network=network, limits=limits, login=Login())


# Datasets whose definition was taken away are still published.
_UNKNOWN_SOURCE = Source(id="", city="", department="", type="dcat", url="", network=Network())


class _Paces:
    """Keeps a pause between two requests to one host."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._free: dict[str, float] = {}

    def wait(self, host: str, wanted: float) -> None:
        present = time.monotonic()
        time.sleep(max(0.0, self._free.get(host, 0.0) - present))
        self._free[host] = time.monotonic() + min(max(self._pause, wanted), LONGEST_PAUSE)


class _Visitor:
    """Looks at links with the rights of one source, and as each server's robots.txt asks (RFC 9309)."""

    def __init__(self, fetcher: Fetcher, paces: _Paces) -> None:
        self._fetcher = fetcher
        self._paces = paces

    def look(self, url: str) -> Found:
        """Find out whether a link answers."""
        try:
            address = read_address(url)
            rules = self._fetcher.rules(address)
            if rules.forbidding(address.target):
                return Found(UNKNOWN, code=ROBOTS)
            self._paces.wait(address.host, rules.delay)
            return Found(OK, self._fetcher.probe(url).status)
        except FetchError as error:
            return _failed(error)


def _failed(error: FetchError) -> Found:
    """Say what a fetch that failed tells of a link."""
    if error.status == 429 or error.code == "resting":
        return Found(UNKNOWN, error.status, BUSY)
    if error.code == ROBOTS:
        return Found(UNKNOWN, code=ROBOTS)
    return Found(FAILING, error.status, error.code)


def _record(session: Session, key: str, found: Found) -> bool:
    """Remember what was found; tells whether it is news."""
    link, at = session.get(Link, key), now()
    if link is None:
        return False
    before, last = (link.state, link.status, link.broken), link.checked_at
    link.checked_at, link.code = at, found.code
    if found.state == OK:
        link.failures, link.failing_since, link.broken, link.ok_at, link.due_at = 0, None, False, at, at + WEEK
    elif found.state == FAILING:
        # Days count, not how often a steward asks on one of them.
        link.failures += not (link.failures and last and last.date() == at.date())
        link.failing_since = link.failing_since or at
        link.broken = link.failing_since.date() < at.date()
        link.due_at = at + DAY * AGAIN[min(link.failures, len(AGAIN)) - 1]
    else:
        link.due_at = at + (DAY if found.code == BUSY else WEEK)
    if found.state != UNKNOWN:
        link.state, link.status = found.state, found.status
    elif not link.state:
        link.state = UNKNOWN
    if (link.state, link.status, link.broken) == before:
        return False
    link.changed_at = at
    if (link.state, link.status) != before[:2]:
        entry = [at.isoformat(timespec="seconds"), link.state, found.status, found.code]
        link.history = [*link.history, entry][-HISTORY:]
    return True


def _broken(link: Link, name: str, title: str, city: str) -> BrokenLink:
    assert link.failing_since is not None, "a broken link fails since some day"
    assert link.checked_at is not None, "a broken link was looked at"
    status = link.status or 0
    what, fix = link_words.sentences(status, link.code)
    return BrokenLink(
        url=shown(link.url),
        status=status,
        since=link.failing_since,
        checked_at=link.checked_at,
        what=what,
        fix=fix,
        dataset=name,
        title=title,
        city=city,
    )
