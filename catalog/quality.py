"""The quality of the published descriptions: measured when they are published, and again when there is news of their links."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import link_uses, scores, store
from catalog.drafts import entry
from catalog.instance import Instance
from catalog.models import DatasetRow, Link, Score
from catalog.public import FileState, PublicDataset
from catalog.scores import Scored
from catalog.store import VISIBLE
from dcat import quality
from dcat.quality import Evidence
from validators import metadata
from validators.report import Severity

BATCH = 25


@dataclass(frozen=True, slots=True)
class Examined:
    """One dataset with its measurements as they are now."""

    shown: PublicDataset
    score: quality.Score


def measure(shown: PublicDataset, statuses: Mapping[str, int]) -> quality.Score:
    """Score one dataset with what is known of its links. Copies that we give out ourselves answer."""
    ours = [file.distribution for file in shown.files if file.state is FileState.PUBLIC and file.copy]
    own = {url: 200 for distribution in ours for url in (*distribution.access_url, *distribution.download_url)}
    findings = metadata.check(shown.dataset)
    compliant = not any(finding.severity is Severity.BLOCKS for finding in findings)
    return quality.score(shown.dataset, Evidence(statuses={**statuses, **own}, compliant=compliant))


def examine(session: Session, dataset_ids: Sequence[str]) -> list[Examined]:
    """Measure visible datasets anew, in the order asked for, to tell every reason."""
    shown = list(store.views(session, list(dataset_ids)))
    known = link_uses.statuses(session, shown)
    return [Examined(one, measure(one, known[one.id])) for one in shown]


def total(session: Session, dataset_id: str) -> int | None:
    """Tell the total of one dataset; None where it has no score."""
    return session.scalar(sa.select(Score.total).where(Score.dataset_id == dataset_id))


def state(session: Session) -> tuple[int, str, str]:
    """Name the state that everything here is made of: the newest change, score, and news of a link."""
    scored = session.scalar(sa.select(sa.func.max(Score.scored_at)))
    heard = session.scalar(sa.select(sa.func.max(Link.changed_at)))
    return store.last_seq(session), str(scored or ""), str(heard or "")


def catch_up(instance: Instance, stop: Callable[[], bool] = lambda: False) -> int:
    """Score the datasets anew whose links have news; gives their number."""
    done = 0
    query = sa.select(Score.dataset_id).where(Score.stale).limit(BATCH)
    while not stop():
        with instance.database.reading() as session:
            ids = list(session.scalars(query))
        if not ids:
            break
        with instance.database.writing() as session:
            # Links and views are read in the transaction that writes: news that come meanwhile wait, and mark once more.
            _score(session, ids)
        done += len(ids)
    return done


def fill(instance: Instance, stop: Callable[[], bool] = lambda: False) -> int:
    """Score the datasets that have no score by the present rules: published before there were any, or by older ones."""
    done, last = 0, ""
    missing = sa.or_(Score.dataset_id.is_(None), Score.version != scores.VERSION)
    query = sa.select(DatasetRow.id).outerjoin(Score, Score.dataset_id == DatasetRow.id).where(VISIBLE, missing)
    while not stop():
        with instance.database.reading() as session:
            ids = list(session.scalars(query.where(DatasetRow.id > last).order_by(DatasetRow.id).limit(BATCH)))
        if not ids:
            break
        with instance.database.writing() as session:
            link_uses.note(session, map(entry, store.views(session, ids)))
            _score(session, ids)
        done, last = done + len(ids), ids[-1]
    return done


def dataset_json(found: Examined, place: str) -> dict[str, Any]:
    """Give the measurements of a dataset as data; facts of links are HTTP statuses, 0 for no answer."""
    score = found.score
    return {
        "id": found.shown.id,
        "name": found.shown.name,
        "total": score.total,
        "band": quality.band(score.total).name,
        "dimensions": score.dimensions,
        "metrics": [
            {
                "metric": one.metric.uri,
                "points": one.points,
                "possible": one.metric.points,
                "de": one.reason.de,
                "en": one.reason.en,
                "fix_de": "" if one.met else one.metric.fix.de,
                "fix_en": "" if one.met else one.metric.fix.en,
                "mend": "" if one.met else one.metric.mending(found.shown.name, place),
                "values": [{"of": value.subject, "value": value.fact} for value in one.values],
            }
            for one in score.measurements
        ],
    }


def _score(session: Session, dataset_ids: Sequence[str]) -> None:
    """Score datasets in the caller's transaction; those that are not visible any more have no score."""
    shown = list(store.views(session, list(dataset_ids)))
    known = link_uses.statuses(session, shown)
    rows = session.execute(sa.select(DatasetRow.id, DatasetRow.organization_id).where(DatasetRow.id.in_(dataset_ids)))
    owners = dict(rows.all())
    scores.write(session, [Scored(one.id, owners[one.id], measure(one, known[one.id]).points) for one in shown])
    visible = {one.id for one in shown}
    scores.remove(session, [dataset_id for dataset_id in dataset_ids if dataset_id not in visible])
