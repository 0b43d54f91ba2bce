"""One dataset through several sources: who leads, and who is kept hidden behind it until the leader goes.

Records that share a URI or a global identifier describe the same dataset. The source of the highest authority leads; among equals
the one that was there first. The others are kept, and the next of them is shown in the same transaction that takes the leader away.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from catalog.db import batches
from catalog.models import Claim, Record, SourceState

MAX_KEYS = 50
# What is the same wherever it stands: absolute IRIs and UUIDs. A number or a word is not.
_GLOBAL = re.compile(
    r"(https?://|urn:|doi:).{4,}|\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shifts:
    """What a run changes in who leads: `led` names for datasets the one that leads them from now on (None for themselves, as do
    all that come or change and are not named),
    `hidden` those that were public until now, by what takes their place, and `shown` those that come forward, by source;
    `successors` tells who takes the place of a leader that goes.
    """

    led: Mapping[str, str | None]
    hidden: Mapping[str, str]
    shown: Mapping[str, tuple[str, ...]]
    successors: Mapping[str, str]

    @property
    def leaving(self) -> frozenset[str]:
        """The datasets whose URIs are free for others to describe."""
        return frozenset(self.hidden) | frozenset(self.successors)


@dataclass(frozen=True, slots=True)
class _Party:
    dataset_id: str
    source_id: str
    authority: int
    led_by: str | None
    public: bool

    @property
    def rank(self) -> tuple[int, bool, str, str]:
        return -self.authority, not self.public, self.source_id, self.dataset_id


def keys(dataset: Mapping[str, Any]) -> frozenset[str]:
    """Name what a dataset is known by everywhere: its URI and its global identifiers (dcterms:identifier, adms:identifier).

    The dataset comes as a document (dcat/document.py).
    """
    others = (other.get("notation") or other.get("uri", "") for other in dataset.get("other_identifier", ()))
    stated = (dataset.get("uri", ""), *dataset.get("identifier", ()), *others)
    # In the order of the document: however many others there are, the URI counts.
    texts = list(dict.fromkeys(_same(text) for text in stated if _GLOBAL.fullmatch(text.strip())))
    return frozenset(hashlib.sha256(text.encode()).hexdigest()[:40] for text in texts[:MAX_KEYS])


def _same(text: str) -> str:
    """Bring an identifier into one form: http and https, a slash at the end and braces make no difference."""
    text = text.strip()
    if text[:8].lower() in ("https://",) or text[:7].lower() == "http://":
        return re.sub("^https?://", "//", text, flags=re.IGNORECASE).rstrip("/")
    return text.strip("{}").lower()


def shifts(
    session: Session,
    source_id: str,
    changed: Mapping[str, Collection[str]],
    gone: Collection[str],
    usable: Collection[str],
) -> Shifts:
    """Find who leads after a run of a source. `changed` holds the keys of each record that comes or changes, by dataset;
    `gone` those that are withdrawn; `usable` the sources whose definitions are there, so that their records can be shown.
    """
    authority = session.get_one(SourceState, source_id).authority
    followers = _parties(session, Record.led_by, [*changed, *gone])
    restless = _restless(session, source_id, authority)
    by_key = _others(session, source_id, changed, {**followers, **restless})
    # Whoever meets nobody leads itself: of a large source there is nothing more to keep in mind.
    met = {one: found for one, found in changed.items() if any(key in by_key for key in found)}
    known = _parties(session, Record.dataset_id, met)
    incoming = {one: known.get(one) or _Party(one, source_id, authority, None, False) for one in met}
    meetings = _Meetings(incoming, met, by_key, set(gone))
    touched = {party.dataset_id: party for found in by_key.values() for party in found} | followers | restless
    parties = {
        one: party
        for one, party in {**touched, **incoming}.items()
        if one not in gone and (party.source_id == source_id or party.source_id in usable)
    }
    led = {one: meetings.leader(party) for one, party in parties.items()}
    hidden = {one: leader for one, leader in led.items() if leader is not None and parties[one].public}
    shown: dict[str, list[str]] = {}
    for one, leader in sorted(led.items()):
        if leader is None and parties[one].led_by is not None and one not in changed:
            shown.setdefault(parties[one].source_id, []).append(one)
    coming = {one for ids in shown.values() for one in ids}
    successors = {
        party.led_by: party.dataset_id
        for party in sorted(followers.values(), key=lambda party: party.rank, reverse=True)
        if party.led_by is not None and party.led_by in gone and party.dataset_id in coming
    }
    return Shifts(led, hidden, {source: tuple(ids) for source, ids in shown.items()}, successors)


def known_elsewhere(session: Session, source_id: str, wanted: Mapping[str, Collection[str]]) -> set[str]:
    """Name the datasets that another source has, or had: what comes back through a portal that harvests us is no news."""
    by_key: dict[str, list[str]] = {}
    for dataset_id, found in wanted.items():
        for key in found:
            by_key.setdefault(key, []).append(dataset_id)
    query = sa.select(Claim.key).join(Record, Record.dataset_id == Claim.dataset_id)
    known: set[str] = set()
    for part in batches(sorted(by_key)):
        for key in session.scalars(query.where(Claim.key.in_(part), Record.source_id != source_id)):
            known.update(by_key[key])
    return known


def behind(session: Session, dataset_id: str) -> list[Record]:
    """List the live records that are kept hidden behind a dataset, by source."""
    query = sa.select(Record).where(Record.led_by == dataset_id, Record.gone_at.is_(None))
    return list(session.scalars(query.order_by(Record.source_id)))


def orphaned(session: Session, source_id: str) -> bool:
    """Tell whether records of a source are hidden behind a leader that is gone."""
    leader = aliased(Record)
    query = sa.select(Record.dataset_id).join(leader, leader.dataset_id == Record.led_by)
    found = query.where(Record.source_id == source_id, Record.gone_at.is_(None), leader.gone_at.is_not(None))
    return session.scalar(found.limit(1)) is not None


def write(session: Session, led: Mapping[str, str | None], but: Collection[str] = ()) -> None:
    """Note who leads whom; records that carry it already are left out."""
    rows = [{"of": one, "by": leader} for one, leader in led.items() if one not in but]
    if rows:
        statement = sa.update(Record).where(Record.dataset_id == sa.bindparam("of"))
        session.connection().execute(statement.values(led_by=sa.bindparam("by")), rows)


class _Meetings:
    """Who meets whom under which key."""

    def __init__(
        self,
        incoming: Mapping[str, _Party],
        changed: Mapping[str, Collection[str]],
        by_key: Mapping[str, list[_Party]],
        away: set[str],
    ) -> None:
        self._away = away
        self._keys = {dataset_id: set(found) for dataset_id, found in changed.items()}
        self._by_key = {key: list(found) for key, found in by_key.items()}
        for key, found in by_key.items():
            for party in found:
                self._keys.setdefault(party.dataset_id, set()).add(key)
        for dataset_id, found_keys in changed.items():
            for key in found_keys:
                self._by_key.setdefault(key, []).append(incoming[dataset_id])

    def leader(self, party: _Party) -> str | None:
        """The best of those of other sources that describe the same, if it ranks before this one."""
        rivals = {
            other.dataset_id: other
            for key in self._keys.get(party.dataset_id, ())
            for other in self._by_key.get(key, ())
            if other.source_id != party.source_id and other.dataset_id not in self._away
        }
        best = min(rivals.values(), key=lambda other: other.rank, default=None)
        return best.dataset_id if best is not None and best.rank < party.rank else None


def _parties(
    session: Session, column: sa.ColumnElement[Any] | InstrumentedAttribute[Any], ids: Iterable[str]
) -> dict[str, _Party]:
    found = {}
    for part in batches(sorted(set(ids))):
        for row in session.execute(_PARTY.where(column.in_(part))):
            found[row.dataset_id] = _party(row)
    return found


def _restless(session: Session, source_id: str, authority: int) -> dict[str, _Party]:
    """Find where who leads turns without a record that changes: own ones behind a leader that is gone, since their definition could
    not be read at that moment, or behind a source that is lesser now; others behind ours that is lesser now."""
    leader, other = aliased(Record), aliased(SourceState)
    query = _PARTY.join(leader, leader.dataset_id == Record.led_by).join(other, other.id == leader.source_id)
    lesser = sa.or_(other.authority < authority, leader.gone_at.is_not(None))
    own = query.where(Record.source_id == source_id, lesser)
    others = query.where(leader.source_id == source_id, SourceState.authority > authority)
    return {row.dataset_id: _party(row) for part in (own, others) for row in session.execute(part)}


def _others(
    session: Session, source_id: str, changed: Mapping[str, Collection[str]], known: Mapping[str, _Party]
) -> dict[str, list[_Party]]:
    """Read who is live under the keys of the changed and the known ones, and under the further keys of those who are met."""
    found: dict[str, list[_Party]] = {}
    query = _PARTY.add_columns(Claim.key).join(Claim, Claim.dataset_id == Record.dataset_id)
    fresh = {key for keys in changed.values() for key in keys} | _keys_of(session, known)
    for _ in range(2):
        for part in batches(sorted(fresh)):
            for row in session.execute(query.where(Claim.key.in_(part))):
                if row.dataset_id not in changed:
                    found.setdefault(row.key, []).append(_party(row))
        met = {party.dataset_id for parties in found.values() for party in parties if party.source_id != source_id}
        fresh = _keys_of(session, met) - found.keys() - fresh
    return found


def _keys_of(session: Session, ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in batches(sorted(set(ids))):
        found.update(session.scalars(sa.select(Claim.key).where(Claim.dataset_id.in_(part))))
    return found


_PARTY = (
    sa.select(Record.dataset_id, Record.source_id, SourceState.authority, Record.led_by)
    .join(SourceState, SourceState.id == Record.source_id)
    .where(Record.gone_at.is_(None))
)


def _party(row: Any) -> _Party:
    return _Party(row.dataset_id, row.source_id, row.authority, row.led_by, row.led_by is None)
