"""What the scores add up to, by city and organisation: averages, bands, gaps with their remedies, links that are broken."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import link_checks
from catalog.config import Config
from catalog.link_checks import BrokenLink
from catalog.models import DatasetRow, Organization, Score, ScoreSum
from catalog.scores import BAND, DATASETS, TOTAL
from catalog.store import VISIBLE
from dcat import quality
from dcat.message import Message
from dcat.quality import BANDS, DIMENSIONS, Band, Metric

LISTED = 10
# Among so many of the worst datasets an example is looked for.
LOOKED_AT = 200


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
        return self.metric.mending(self.example, self.place)


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
    """What would bring most to a group, each with a dataset that lacks it where the command asks for one."""
    worst = _worst(session, group)
    return tuple(
        replace(gain, example=next((name for name, points in worst if not points.get(gain.metric.name)), ""))
        if "NAME" in gain.metric.mend
        else gain
        for gain in group.gains(count)
    )


def _worst(session: Session, group: Group) -> list[tuple[str, dict[str, int]]]:
    """Read names and points of the worst datasets of a group."""
    query = sa.select(DatasetRow.name, Score.metrics).join(Score, Score.dataset_id == DatasetRow.id).where(VISIBLE)
    if group.name:
        column = Organization.city if group.name == group.city else Organization.name
        query = query.where(Score.organization_id.in_(sa.select(Organization.id).where(column == group.name)))
    rows = session.execute(query.order_by(Score.total, Score.dataset_id).limit(LOOKED_AT))
    return [(name, points) for name, points in rows]


def overview(session: Session, config: Config) -> Overview:
    """Gather what the dashboard shows; the cost does not grow with the number of datasets."""
    whole, cities, organizations = groups(session, config)
    return Overview(
        whole=whole,
        gaps=exemplified(session, whole, LISTED),
        cities=cities,
        organizations=organizations,
        worst=_ranked(session, Score.total.asc(), Score.dataset_id.asc()),
        best=_ranked(session, Score.total.desc(), Score.dataset_id.desc()),
        broken=link_checks.broken(session, limit=LISTED),
        broken_count=link_checks.count_broken(session),
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


def overview_json(found: Overview) -> dict[str, Any]:
    """Give the numbers of the dashboard as data."""
    return {
        "possible": {"total": quality.most(), **{name: quality.most(name) for name in DIMENSIONS}},
        "all": group_json(found.whole),
        "cities": [group_json(group) for group in found.cities],
        "organizations": [group_json(group) for group in found.organizations],
        "worst": [_ranked_json(one) for one in found.worst],
        "best": [_ranked_json(one) for one in found.best],
        "broken_links": {
            "count": found.broken_count,
            "longest": [link_checks.as_json(link) for link in found.broken],
        },
    }


def _ranked_json(one: Ranked) -> dict[str, Any]:
    title = {"de": one.title.de, "en": one.title.en}
    return {"name": one.name, "title": title, "city": one.city, "total": one.total, "band": one.band.name}


def _ranked(session: Session, *order: sa.UnaryExpression[Any]) -> tuple[Ranked, ...]:
    rows = session.execute(
        sa.select(DatasetRow.name, DatasetRow.title, DatasetRow.title_en, DatasetRow.city, Score.total)
        .join(Score, Score.dataset_id == DatasetRow.id)
        .where(VISIBLE)
        .order_by(*order)
        .limit(LISTED)
    )
    return tuple(
        Ranked(name, Message(title, title_en or title), city, number) for name, title, title_en, city, number in rows
    )
