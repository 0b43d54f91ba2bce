"""The quality of the published descriptions: scores that follow the catalogue and its links, and their sums for stewards and readers."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import link_uses, links, scores, store
from catalog.config import Config
from catalog.instance import Instance
from catalog.links import BrokenLink
from catalog.models import DatasetRow, Link, Organization, Score, ScoreSum
from catalog.public import FileState, PublicDataset
from catalog.scores import BAND, DATASETS, TOTAL, Scored
from catalog.store import VISIBLE
from dcat import quality
from dcat.message import Message
from dcat.quality import BANDS, DIMENSIONS, Band, Evidence, Metric
from validators import metadata
from validators.report import Severity

BATCH = 25
LISTED = 10


@dataclass(frozen=True, slots=True)
class Gain:
    """What mending one metric everywhere would bring: in how many datasets it is missing, and the points they would gain.

    `place` is the municipality's URI, `example` the name of a dataset that lacks it, where they are known.
    """

    metric: Metric
    datasets: int
    place: str = ""
    example: str = ""

    @property
    def points(self) -> int:
        """The points gained in all."""
        return self.metric.points * self.datasets

    @property
    def mend(self) -> str:
        """The line for a source definition, or the command."""
        return self.metric.mending(self.example or "NAME", self.place or "PLACE")


@dataclass(frozen=True, slots=True)
class Group:
    """The scores of the datasets of a city, an organisation, or all, as sums."""

    name: str = ""
    title: str = ""
    city: str = ""
    place: str = ""
    sums: Mapping[str, int] = field(default_factory=dict)

    @property
    def datasets(self) -> int:
        """How many datasets there are."""
        return self.sums.get(DATASETS, 0)

    @property
    def average(self) -> float:
        """The average total; 0 where there is no dataset."""
        return self.sums.get(TOTAL, 0) / self.datasets if self.datasets else 0.0

    @property
    def band(self) -> Band:
        """The band of the average."""
        return quality.band(self.average)

    @property
    def bands(self) -> tuple[tuple[Band, int], ...]:
        """How many datasets are in each band, best first."""
        return tuple((band, self.sums.get(BAND + band.name, 0)) for band in BANDS)

    @property
    def shares(self) -> dict[str, float]:
        """Which share of the points of each dimension is reached, from 0 to 1."""
        reached = Counter(dict.fromkeys(DIMENSIONS, 0))
        for metric in quality.metrics():
            reached[metric.dimension] += self.sums.get(metric.name, 0)
        most = {name: self.datasets * quality.most(name) for name in DIMENSIONS}
        return {name: reached[name] / most[name] if most[name] else 0.0 for name in DIMENSIONS}

    def gains(self, count: int = 3) -> tuple[Gain, ...]:
        """What would bring most, best first. A metric gives all its points or none, so that sums tell how many lack it."""
        found = (
            Gain(metric, self.datasets - self.sums.get(metric.name, 0) // metric.points, self.place)
            for metric in quality.metrics()
        )
        return tuple(sorted((gain for gain in found if gain.datasets > 0), key=lambda gain: -gain.points)[:count])


@dataclass(frozen=True, slots=True)
class Ranked:
    """A dataset with its total."""

    name: str
    title: Message
    city: str
    total: int

    @property
    def band(self) -> Band:
        """The band of the total."""
        return quality.band(self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the dashboard shows."""

    whole: Group
    gaps: tuple[Gain, ...]
    cities: tuple[Group, ...]
    organizations: tuple[Group, ...]
    worst: tuple[Ranked, ...]
    best: tuple[Ranked, ...]
    broken: tuple[BrokenLink, ...]
    broken_count: int


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
    while not stop():
        with instance.database.writing() as session:
            # Read and written in one transaction: news that come meanwhile wait and mark the dataset once more.
            ids = list(session.scalars(sa.select(Score.dataset_id).where(Score.stale).limit(BATCH)))
            _score(session, ids)
        done += len(ids)
        if len(ids) < BATCH:
            break
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
            link_uses.note(session, store.views(session, ids))
            _score(session, ids)
        done, last = done + len(ids), ids[-1]
    return done


def groups(session: Session, config: Config) -> tuple[Group, tuple[Group, ...], tuple[Group, ...]]:
    """Read the sums: of all, of every city, of every organisation with datasets, from the counters alone."""
    rows = session.execute(
        sa.select(Organization.name, Organization.title, Organization.city, ScoreSum.name, ScoreSum.value)
        .join(ScoreSum, ScoreSum.organization_id == Organization.id)
        .order_by(Organization.title)
    )
    whole: Counter[str] = Counter()
    by_city: dict[str, Counter[str]] = {city.slug: Counter() for city in config.cities}
    organizations: dict[str, tuple[str, str, Counter[str]]] = {}
    for name, title, city, what, value in rows:
        whole[what] += value
        by_city.setdefault(city, Counter())[what] += value
        organizations.setdefault(name, (title, city, Counter()))[2][what] += value
    places = {city.slug: city.place for city in config.cities}
    names = {city.slug: city.name for city in config.cities}
    return (
        Group(sums=whole),
        tuple(
            Group(name=slug, title=names.get(slug, slug), city=slug, place=places.get(slug, ""), sums=sums)
            for slug, sums in by_city.items()
        ),
        tuple(
            Group(name=name, title=title, city=city, place=places.get(city, ""), sums=sums)
            for name, (title, city, sums) in organizations.items()
            if sums[DATASETS]
        ),
    )


def exemplified(session: Session, group: Group, count: int = 3) -> tuple[Gain, ...]:
    """What would bring most to a group, each with one dataset that lacks it where the command asks for one."""
    return tuple(
        replace(gain, example=_lacking(session, group, gain.metric)) if "NAME" in gain.metric.mend else gain
        for gain in group.gains(count)
    )


def _lacking(session: Session, group: Group, metric: Metric) -> str:
    """Name the worst dataset of a group without a metric."""
    query = (
        sa.select(DatasetRow.name)
        .join(Score, Score.dataset_id == DatasetRow.id)
        .where(VISIBLE, Score.metrics.cast(sa.Text).like(f'%"{metric.name}":0%'))
        .order_by(Score.total, Score.dataset_id)
        .limit(1)
    )
    if group.name:
        column = Organization.city if group.name == group.city else Organization.name
        chosen = sa.select(Organization.id).where(column == group.name)
        query = query.where(Score.organization_id.in_(chosen))
    return session.scalar(query) or ""


def overview(session: Session, config: Config) -> Overview:
    """Gather what the dashboard shows; the cost does not grow with the number of datasets."""
    whole, cities, organizations = groups(session, config)
    return Overview(
        whole=whole,
        gaps=exemplified(session, whole, LISTED),
        cities=cities,
        organizations=organizations,
        worst=_ranked(session, Score.total.asc()),
        best=_ranked(session, Score.total.desc()),
        broken=links.broken(session, limit=LISTED),
        broken_count=links.count_broken(session),
    )


def group_json(group: Group) -> dict[str, Any]:
    """Give the sums of a group as data."""
    return {
        "name": group.name,
        "title": group.title,
        "city": group.city,
        "datasets": group.datasets,
        "average": round(group.average, 1),
        "band": group.band.name if group.datasets else None,
        "bands": {band.name: number for band, number in group.bands},
        "dimensions": {name: round(share, 4) for name, share in group.shares.items()},
        "fixes": [
            {
                "metric": gain.metric.uri,
                "datasets": gain.datasets,
                "points": gain.points,
                "de": gain.metric.fix.de,
                "en": gain.metric.fix.en,
                "mend": gain.mend,
            }
            for gain in group.gains()
        ],
    }


def dataset_json(found: Examined) -> dict[str, Any]:
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
                "mend": "" if one.met else one.metric.mending(found.shown.name),
                "values": [{"of": value.subject, "value": value.fact} for value in one.values],
            }
            for one in score.measurements
        ],
    }


def _ranked(session: Session, order: sa.ColumnElement[int]) -> tuple[Ranked, ...]:
    rows = session.execute(
        sa.select(DatasetRow.name, DatasetRow.title, DatasetRow.title_en, DatasetRow.city, Score.total)
        .join(Score, Score.dataset_id == DatasetRow.id)
        .where(VISIBLE)
        .order_by(order, Score.dataset_id)
        .limit(LISTED)
    )
    return tuple(
        Ranked(name, Message(title, title_en or title), city, number) for name, title, title_en, city, number in rows
    )


def _score(session: Session, dataset_ids: Sequence[str]) -> None:
    """Score datasets in the caller's transaction; those that are not visible any more have no score."""
    shown = list(store.views(session, list(dataset_ids)))
    known = link_uses.statuses(session, shown)
    rows = session.execute(sa.select(DatasetRow.id, DatasetRow.organization_id).where(DatasetRow.id.in_(dataset_ids)))
    owners = {dataset_id: organization_id for dataset_id, organization_id in rows}  # noqa: C416 - rows are no pairs to mypy
    scores.write(session, [Scored(one.id, owners[one.id], measure(one, known[one.id]).points) for one in shown])
    visible = {one.id for one in shown}
    scores.remove(session, [dataset_id for dataset_id in dataset_ids if dataset_id not in visible])
