"""What pages read: the public catalogue, within one session and one moment. Nothing here writes, and nothing hidden is read."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import (
    file_history,
    file_versions,
    link_checks,
    live_reading,
    models,
    organizations,
    quality,
    schema_usage,
    search,
    search_page,
    store,
)
from catalog.drafts import GONE
from catalog.file_history import Step
from catalog.instance import Instance
from catalog.models import DatasetRow, Record
from catalog.public import PublicDataset, PublicFile
from catalog.reading_types import Counts, Found, Organization, Scored
from catalog.renditions import SCHEMA_ORG
from catalog.schema_usage import CityCount
from catalog.search import Proposal
from catalog.search_types import Query, Results
from catalog.store import VISIBLE
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
            successor = store.successor(self._session, row)
            return Found(
                gone=Message(row.title, row.title_en or row.title), successor=successor.name if successor else ""
            )
        if name_or_id not in (row.name, row.id):
            return Found(moved_to=row.name)
        described = store.bodies(self._session, SCHEMA_ORG, [row.id])
        return Found(
            public=store.find_public(self._session, row.id),
            schema_org=described.get(row.id, b""),
            score=self._score(row.id),
            stale_since=self._session.scalar(sa.select(Record.stale_since).where(Record.dataset_id == row.id)),
        )

    def live(self, file_id: str, most: int) -> live_reading.Live | None:
        """Read the current values of a distribution that is public; None where it has none."""
        return live_reading.read(self._session, file_id, most)

    def history(self, file: PublicFile) -> tuple[Step, ...]:
        """Read how a file fared from version to version, the newest first; nothing of one that the public cannot get."""
        return file_history.steps(file_versions.history(self._session, file.id)) if file.state.visible else ()

    def search(self, query: Query) -> Results:
        """Search; a facet counts what would be left if one of its values were chosen alone."""
        return search_page.find(self._instance, self._session, query)

    def suggest(self, typed: str, limit: int) -> tuple[Proposal, ...]:
        """Propose keywords and titles to who types."""
        return search.suggest(self._instance, typed, limit)

    def organizations(self) -> tuple[Organization, ...]:
        """List what stands at the top of each city's tree, each with the departments that belong to it."""
        rows = organizations.with_counts(self._session)
        known = {row.id for row, _ in rows}
        children: dict[str, list[tuple[models.Organization, int]]] = {}
        for row, number in rows:
            children.setdefault((row.parent_id if row.parent_id in known else None) or "", []).append((row, number))
        return tuple(self._branch(row, number, children) for row, number in children.get("", ()))

    def _branch(
        self,
        row: models.Organization,
        number: int,
        children: Mapping[str, list[tuple[models.Organization, int]]],
        above: tuple[tuple[str, str], ...] = (),
    ) -> Organization:
        below = (*above, (row.name, row.title))
        parts = children.get(row.id, ()) if len(above) < organizations.DEEPEST else ()
        return Organization(
            name=row.name,
            title=row.title,
            city=row.city,
            city_name=self._instance.config.city_name(row.city),
            count=number,
            above=above,
            parts=tuple(self._branch(part, count, children, below) for part, count in parts),
        )

    def organization(self, name: str) -> Organization | None:
        """Find one department, wherever in the tree it stands."""
        waiting = list(self.organizations())
        while waiting:
            found = waiting.pop()
            if found.name == name:
                return found
            waiting += found.parts
        return None

    def schemas(self) -> tuple[TableSchema, ...]:
        """List the shared table schemas."""
        return schemas.all_schemas()

    def schema(self, schema_id: str) -> TableSchema | None:
        """Find one shared table schema."""
        return schemas.load(schema_id) if schema_id in schemas.IDS else None

    def schema_usage(self, schema_id: str) -> tuple[PublicDataset, ...]:
        """List the datasets with files that are checked against a schema."""
        return schema_usage.datasets(self._session, schema_id)

    def schema_counts(self) -> Mapping[str, tuple[CityCount, ...]]:
        """Count the datasets of each city that are checked against each schema, and those that conform."""
        return schema_usage.counts(self._session)

    def _score(self, dataset_id: str) -> Scored | None:
        total = quality.total(self._session, dataset_id)
        return None if total is None else Scored(total, link_checks.broken_of(self._session, dataset_id))


def _theme(code: str) -> Message:
    concept = vocabulary("theme").find(code)
    return concept.label if concept else Message(code, code)
