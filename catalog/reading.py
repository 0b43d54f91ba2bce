"""What pages read: the public catalogue, within one session and one moment. Nothing here writes, and nothing hidden is read."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import link_checks, organizations, quality, search, store
from catalog.instance import Instance
from catalog.models import DatasetRow, FileRow
from catalog.public import PublicDataset
from catalog.reading_types import Bucket, Counts, Found, Organization, Query, Results, Scored
from catalog.renditions import SCHEMA_ORG
from catalog.store import GONE, VISIBLE
from dcat.message import Message
from dcat.vocabularies import vocabulary
from validators import schemas
from validators.schemas import TableSchema


class Reading:
    """The public catalogue as a page sees it."""

    def __init__(self, instance: Instance, session: Session) -> None:
        self._instance = instance
        self._session = session

    def counts(self) -> Counts:
        """Count what there is, in all and by city and theme."""
        hits = search.search(self._instance, "", rows=1)
        cities = ((c.slug, c.name, hits.facets["city"].get(c.slug, 0)) for c in self._instance.config.cities)
        found = sorted(hits.facets["theme"].items(), key=lambda item: (-item[1], item[0]))
        themes = ((code, _theme(code), number) for code, number in found)
        return Counts(hits.count, tuple(cities), tuple(themes))

    def latest(self, limit: int = 6) -> tuple[PublicDataset, ...]:
        """List the datasets changed last."""
        query = sa.select(DatasetRow.id).where(VISIBLE).order_by(DatasetRow.seq.desc()).limit(limit)
        return tuple(store.views(self._session, list(self._session.scalars(query))))

    def find(self, name_or_id: str) -> Found:
        """Find a dataset by name or id, and say what became of one that moved or is gone."""
        row = store.find_row(self._session, name_or_id)
        if row is None:
            return Found()
        if row.state == GONE:
            return Found(gone=Message(row.title, row.title_en or row.title))
        if name_or_id not in (row.name, row.id):
            return Found(moved_to=row.name)
        described = store.bodies(self._session, SCHEMA_ORG, [row.id])
        return Found(
            public=store.find_public(self._session, row.id),
            schema_org=described.get(row.id, b""),
            score=self._score(row.id),
        )

    def search(self, query: Query) -> Results:
        """Search; a facet counts what would be left if its value were chosen."""
        filters = [
            (field, value)
            for field in ("city", "theme", "organization", "format")
            if (value := str(getattr(query, field)))
        ]
        hits = search.search(
            self._instance,
            query.text,
            filters,
            order=query.sort if query.sort in search.ORDERS else "" if query.text else "newest",
            start=(query.page - 1) * query.per_page,
            rows=query.per_page,
        )
        names = {city.slug: Message(city.name, city.name) for city in self._instance.config.cities}
        return Results(
            count=hits.count,
            datasets=tuple(store.views(self._session, list(hits.ids))),
            cities=_buckets(hits.facets["city"], query.city, names),
            themes=_buckets(hits.facets["theme"], query.theme, {}),
            query=query,
        )

    def organizations(self) -> tuple[Organization, ...]:
        """List all departments, each with the number of its datasets."""
        return tuple(
            Organization(
                name=o.name, title=o.title, city=o.city, city_name=self._instance.config.city_name(o.city), count=number
            )
            for o, number in organizations.with_counts(self._session)
        )

    def organization(self, name: str) -> Organization | None:
        """Find one department."""
        return next((found for found in self.organizations() if found.name == name), None)

    def schemas(self) -> tuple[TableSchema, ...]:
        """List the shared table schemas."""
        return schemas.all_schemas()

    def schema(self, schema_id: str) -> TableSchema | None:
        """Find one shared table schema."""
        return schemas.load(schema_id) if schema_id in schemas.IDS else None

    def schema_usage(self, schema_id: str) -> tuple[PublicDataset, ...]:
        """List the datasets with files that are checked against a schema."""
        query = (
            sa.select(DatasetRow.id)
            .join(FileRow, FileRow.dataset_id == DatasetRow.id)
            .where(FileRow.schema_id == schema_id, VISIBLE)
            .order_by(DatasetRow.city, DatasetRow.title)
            .distinct()
        )
        rows = self._session.execute(query.add_columns(DatasetRow.city, DatasetRow.title).limit(100))
        return tuple(store.views(self._session, [row[0] for row in rows]))

    def _score(self, dataset_id: str) -> Scored | None:
        total = quality.total(self._session, dataset_id)
        return None if total is None else Scored(total, link_checks.broken_of(self._session, dataset_id))


def _theme(code: str) -> Message:
    concept = vocabulary("theme").find(code)
    return concept.label if concept else Message(code, code)


def _buckets(facet: dict[str, int], active: str, names: dict[str, Message]) -> tuple[Bucket, ...]:
    found = sorted(facet.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Bucket(value, names.get(value) or _theme(value), number, value == active) for value, number in found)
