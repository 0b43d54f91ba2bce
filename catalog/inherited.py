"""Decisions that hold for the same dataset through another source: what is held back at one does not come out through the next."""

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog.db import batches
from catalog.ingest import identity
from catalog.models import Claim, Record
from catalog.policy import Policies, Withholding
from dcat import document
from dcat.model import Dataset


def policies(session: Session, given: Policies, source_id: str, records: Iterable[tuple[str, Dataset]]) -> Policies:
    """Add, for a source's records (their ids there, and what they say), the decisions about the same datasets at other sources."""
    decided = _by_key(session, [one for one in given.withholdings if one.source != source_id])
    if not decided:
        return given
    found = [
        replace(decision, source=source_id, dataset=remote_id)
        for remote_id, dataset in records
        for key in sorted(identity.keys(document.write(dataset)))
        for decision in decided.get(key, ())
    ]
    return replace(given, withholdings=(*given.withholdings, *dict.fromkeys(found)))


def _by_key(session: Session, decisions: list[Withholding]) -> dict[str, list[Withholding]]:
    """Find what the records that decisions are about are known by, also those that are gone."""
    about: dict[str, list[Withholding]] = {}
    for part in batches(decisions, 200):
        pairs = sa.tuple_(Record.source_id, Record.remote_id).in_([(one.source, one.dataset) for one in part])
        rows = session.execute(sa.select(Record.source_id, Record.remote_id, Record.dataset_id).where(pairs))
        known = {(source_id, remote_id): dataset_id for source_id, remote_id, dataset_id in rows}
        for one in part:
            if dataset_id := known.get((one.source, one.dataset)):
                about.setdefault(dataset_id, []).append(one)
    found: dict[str, list[Withholding]] = {}
    for ids in batches(sorted(about)):
        query = sa.select(Claim.key, Claim.dataset_id).where(Claim.dataset_id.in_(ids))
        for key, dataset_id in session.execute(query):
            found.setdefault(key, []).extend(about[dataset_id])
    return found
