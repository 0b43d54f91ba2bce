"""Editing a dataset: the overlay is changed, the gate asked once more, and what follows from it published."""

import datetime
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import definitions, edits, gate, publishing
from catalog.instance import Instance
from catalog.models import DatasetRow, Record, SourceState
from catalog.overlay import Edit
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message
from harvesters.source import Source


def change(
    instance: Instance,
    dataset_id: str,
    new: Iterable[Edit],
    *,
    author: str,
    reason: str,
    until: datetime.datetime | None = None,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
) -> None:
    """Enter, drop and keep edits of one dataset, and publish it; ConfigError when it would no longer be a valid description."""
    with instance.database.reading() as session:
        source_id = session.scalar(sa.select(Record.source_id).where(Record.dataset_id == dataset_id)) or ""
    (source,) = instance.sources((source_id,))
    # Until it is published, the source counts as one whose datasets do not all follow the same rules: an interruption is made good.
    expires = until.replace(tzinfo=datetime.UTC) + datetime.timedelta(days=1) if until else None
    with instance.database.writing() as session:
        item = _said(session, dataset_id)
        for field in drop:
            edits.drop(session, dataset_id, field)
        for field in keep:
            edits.keep(session, dataset_id, field, item.dataset)
        for edit in new:
            edits.put(session, dataset_id, edit, item.dataset, author=author, reason=reason, expires_at=expires)
        session.flush()
        _refuse_invalid(instance, session, source, item)
        state = session.get_one(SourceState, source.id)
        before, state.applied_revision = state.applied_revision, publishing.MIXED
    publish(instance, [dataset_id])
    with instance.database.writing() as session:
        session.get_one(SourceState, source.id).applied_revision = before


def expire(instance: Instance) -> int:
    """Let the edits go whose time is over, and publish what the sources say there; gives the number of datasets."""
    with instance.database.reading() as session:
        over = edits.over(session)
    # What is over counts no more when it is published; it goes afterwards, so that an interruption leaves it for the next time.
    publish(instance, over)
    with instance.database.writing() as session:
        edits.expire(session)
    return len(over)


def publish(instance: Instance, dataset_ids: list[str]) -> None:
    """Publish datasets anew whose edits have changed, each by the definition of its source."""
    sources = definitions.present(instance.config.sources).sources
    by_source: dict[str, list[str]] = {}
    with instance.database.reading() as session:
        query = sa.select(DatasetRow.source_id, DatasetRow.id).where(DatasetRow.id.in_(dataset_ids))
        for source_id, dataset_id in session.execute(query):
            by_source.setdefault(source_id, []).append(dataset_id)
    for source_id, ids in by_source.items():
        if source := sources.get(source_id):
            publishing.refresh(instance.database, instance.config, source, instance.policies, "edit", ids)


def _said(session: Session, dataset_id: str) -> publishing.Item:
    item = next(publishing.said(session, [dataset_id]), None)
    if item is None:
        raise NotFoundError(
            Message(
                "Dieser Datensatz ist zurückgezogen und lässt sich nicht bearbeiten. Nächster Schritt: offenbar dataset history",
                "This dataset is withdrawn and cannot be edited. Next step: offenbar dataset history",
            )
        )
    return item


def _refuse_invalid(instance: Instance, session: Session, source: Source, item: publishing.Item) -> None:
    judge = gate.judge(instance.config, source, publishing.allowances(session, source))
    if refused := judge(item.remote_id, item.hash, item.dataset):
        raise ConfigError(
            Message(
                f"So wird der Datensatz nicht vollständig: {refused[1].de}",
                f"This leaves the dataset incomplete: {refused[1].en}",
            )
        )
