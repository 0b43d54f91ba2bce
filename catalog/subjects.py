"""Who describes which URI: nothing is described by two datasets, and who mentions what another describes is told of news of it."""

import hashlib
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches, core, insert_or_ignore
from catalog.drafts import Draft
from catalog.models import DatasetLink, Subject

_SUBJECT = Subject.__table__
# Made once, of the table: every dataset that is published asks, some more than once.
_HOLDERS = sa.select(_SUBJECT.c.key, _SUBJECT.c.dataset_id).where(
    _SUBJECT.c.key.in_(sa.bindparam("keys", expanding=True))
)


_LINK = DatasetLink.__table__
_MET = (
    sa.update(DatasetLink)
    .where(_LINK.c.key.in_(sa.bindparam("keys", expanding=True)), _LINK.c.resolved == sa.bindparam("was"))
    .values(due=True)
)


def claimed_by_others(session: Session, drafts: list[Draft], leaving: Collection[str]) -> set[str]:
    """Name the drafts that describe what another dataset describes already; those that are `leaving` no longer do."""
    wanted = {key: draft.entry.id for draft in drafts if draft.changes for key in _subjects(draft)}
    found: set[str] = set()
    for part in batches(sorted(wanted)):
        rows = core(session).execute(_HOLDERS, {"keys": part})
        found |= {wanted[key] for key, holder in rows if holder != wanted[key] and holder not in leaving}
    return found


def key_of(uri: str) -> str:
    """Name a URI in the table of subjects."""
    return hashlib.sha256(uri.encode()).hexdigest()[:40]


def _subjects(draft: Draft) -> dict[str, bool]:
    """The URIs a draft describes, by key; the dataset's own is the main one."""
    uris = draft.entry.subjects
    return {key_of(uri): position == 0 for position, uri in enumerate(uris)}


def write(session: Session, drafts: list[Draft]) -> None:
    """Claim what the datasets describe and give free what they no longer do; who mentions either is due to be published anew."""
    held: set[str] = set()
    claims = {key: (draft.entry.id, main) for draft in drafts for key, main in _subjects(draft).items()}
    if known := [draft.entry.id for draft in drafts if draft.was]:
        held = set(session.scalars(sa.select(Subject.key).where(Subject.dataset_id.in_(known))))
        session.execute(sa.delete(Subject).where(Subject.dataset_id.in_(known)))
    rows = [{"key": key, "dataset_id": dataset_id, "main": main} for key, (dataset_id, main) in claims.items()]
    insert_or_ignore(session, Subject, rows)
    note_links(session, drafts)
    mark_links(session, claims.keys() - held, held - claims.keys())


def note_links(session: Session, drafts: list[Draft]) -> None:
    """Note whom datasets mention; one that met its describer, or lost it, since its draft was made is due at once."""
    if known := [draft.entry.id for draft in drafts if draft.was]:
        session.execute(sa.delete(DatasetLink).where(DatasetLink.dataset_id.in_(known)))
    described = holders(session, {uri for draft in drafts for uri in draft.links})
    links = {
        (draft.entry.id, key_of(uri)): {
            "dataset_id": draft.entry.id,
            "key": key_of(uri),
            "resolved": resolved,
            "due": resolved != (described.get(uri, draft.entry.id) != draft.entry.id),
        }
        for draft in drafts
        for uri, resolved in draft.links.items()
    }
    insert_or_ignore(session, DatasetLink, list(links.values()))


def leave_links(session: Session, dataset_ids: Iterable[str]) -> None:
    """Take datasets that cannot be published anew off the list; the next news of whom they mention puts them on it again."""
    for part in batches(sorted(dataset_ids)):
        session.execute(sa.update(DatasetLink).where(DatasetLink.dataset_id.in_(part)).values(due=False))


def mark_links(session: Session, claimed: Iterable[str], freed: Iterable[str]) -> None:
    for keys, resolved in ((sorted(claimed), False), (sorted(freed), True)):
        for part in batches(keys):
            core(session).execute(_MET, {"keys": part, "was": resolved})


def holders(session: Session, uris: Iterable[str]) -> dict[str, str]:
    """Tell which dataset describes each of some URIs, by its id; those that nobody describes are left out."""
    keys = {key_of(uri): uri for uri in uris}
    found: dict[str, str] = {}
    for part in batches(sorted(keys)):
        rows = core(session).execute(_HOLDERS, {"keys": part})
        found.update({keys[key]: dataset_id for key, dataset_id in rows})
    return found
