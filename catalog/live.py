"""Current values: asked for when they are due, where the dataset is public, and the newest of each series kept.

What cannot be fetched leaves the values as they are, with the reason and the time.
"""

import datetime
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import definitions, store, workers
from catalog.db import batches, now, upsert
from catalog.instance import Instance
from catalog.models import DatasetRow, LiveFile, LiveValue
from catalog.public import FileState
from catalog.store import VISIBLE
from dcat.errors import FetchError, UnreadableError
from dcat.message import Message
from harvesters.base import Harvester, Page, Value
from harvesters.bodies import Body
from harvesters.fetch import Fetcher
from harvesters.registry import HARVESTERS
from harvesters.response import Validators
from harvesters.source import Source

MAX_SERIES = 200
MAX_VALUES = 20_000
# A clock may be fast; what lies further ahead is a forecast.
AHEAD = datetime.timedelta(hours=1)


@dataclass(slots=True)
class Watch:
    """The job that keeps current values current. As long as it runs it remembers what servers gave to ask again with, and up to
    which change, by which definitions, the list of live distributions is made."""

    instance: Instance
    known: dict[str, Validators] = field(default_factory=dict)
    made: tuple[object, ...] = ()

    def catch_up(self, stop: Callable[[], bool] = lambda: False) -> int:
        """Fetch what is due, of each source that has live values; gives the number of addresses asked."""
        sources = {source.id: source for source in workers.defined(self.instance) if source.live.every}
        self._enrol(sources)
        with self.instance.database.reading() as session:
            query = sa.select(LiveFile).where(LiveFile.due_at <= now(), LiveFile.source_id.in_(sources))
            due = session.scalars(query.order_by(LiveFile.source_id, LiveFile.due_at)).all()
        asked = 0
        for source in sources.values():
            files = [file for file in due if file.source_id == source.id]
            if files and not stop():
                self._postpone(files, source.live.every)
                with self.instance.fetcher(source) as fetcher:
                    for file in files:
                        if stop():
                            break
                        workers.guarded(f"live values of {source.id}", partial(self._fetch, source, file, fetcher))
                        asked += 1
        return asked

    def _postpone(self, files: list[LiveFile], seconds: int) -> None:
        """Set the next time before anything is asked: whatever happens then, nobody is asked more often."""
        with self.instance.database.writing() as session:
            for part in batches([file.file_id for file in files]):
                later = now() + datetime.timedelta(seconds=seconds)
                session.execute(sa.update(LiveFile).where(LiveFile.file_id.in_(part)).values(due_at=later))

    def _enrol(self, sources: dict[str, Source]) -> None:
        """List the distributions that have current values and are public; what is no longer public loses its values."""
        with self.instance.database.reading() as session:
            present = (store.last_seq(session), *(source.revision for source in sources.values()))
            if present == self.made:
                return
            wanted = dict(_wanted(session, sources))
            listed = {file.file_id: file.url for file in session.scalars(sa.select(LiveFile))}
        # While a definition cannot be read, nobody knows whose values are no longer wanted.
        unreadable = definitions.present(self.instance.config.sources).unreadable
        gone = set() if unreadable else listed.keys() - wanted.keys()
        changed = [file for file, (_, url) in wanted.items() if listed.get(file) != url]
        if gone or changed:
            self._list(gone, changed, wanted)
        self.made = present

    def _list(self, gone: Iterable[str], changed: Iterable[str], wanted: dict[str, tuple[str, str]]) -> None:
        with self.instance.database.writing() as session:
            for part in batches(sorted(gone)):
                session.execute(sa.delete(LiveValue).where(LiveValue.file_id.in_(part)))
                session.execute(sa.delete(LiveFile).where(LiveFile.file_id.in_(part)))
            rows = [{"file_id": f, "source_id": wanted[f][0], "url": wanted[f][1], "due_at": now()} for f in changed]
            upsert(session, LiveFile, rows)
        # Whose values are gone must not be told that nothing has changed since.
        for file in (*gone, *changed):
            self.known.pop(file, None)

    def _fetch(self, source: Source, file: LiveFile, fetcher: Fetcher) -> None:
        """Ask one address and keep what it says; a failure keeps what was there."""
        harvester, failure = HARVESTERS[source.type], None
        values: tuple[Value, ...] = ()
        try:
            response = fetcher.get(file.url, accept=harvester.accept, validators=self.known.get(file.file_id))
            self.known[file.file_id] = response.validators
            if response.status != 304:
                values = _read(harvester, response.url, response.body, response.media_type, response.charset)
        except (FetchError, UnreadableError) as error:
            self.known.pop(file.file_id, None)
            failure = error.message
        with self.instance.database.writing() as session:
            listed = session.get(LiveFile, file.file_id)
            if listed is None or listed.url != file.url:
                return
            listed.failure = [failure.de, failure.en, now().isoformat()] if failure else None
            if failure is None:
                listed.fetched_at = now()
                _keep(session, file.file_id, values, source.live.keep)


def _wanted(session: Session, sources: dict[str, Source]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name the distributions of some sources that are public and have current values: id, source and address."""
    query = sa.select(DatasetRow.id).where(DatasetRow.source_id.in_(sources), VISIBLE).order_by(DatasetRow.id)
    for part in batches(list(session.scalars(query))):
        for shown in store.views(session, part):
            source = sources.get(shown.source)
            for file in shown.files if source else ():
                url = next(iter((*file.distribution.download_url, *file.distribution.access_url)), "")
                if source and file.state is FileState.LINKED and HARVESTERS[source.type].is_live(url):
                    yield file.id, (shown.source, url)


def _read(harvester: Harvester, url: str, body: Body, media_type: str, charset: str) -> tuple[Value, ...]:
    values = harvester.live(Page(url=url, body=body, media_type=media_type, charset=charset))
    if not values:
        raise UnreadableError(
            Message(
                f"{url} nennt keinen Wert. Nächster Schritt: die Adresse im Browser öffnen.",
                f"{url} names no value. Next step: open the address in a browser.",
            )
        )
    return values


def _keep(session: Session, file_id: str, values: Iterable[Value], most: int) -> None:
    """Store values, of each series the newest so many."""
    rows = _rows(file_id, values)
    for part in batches(rows):
        upsert(session, LiveValue, part)
    # One look into the index for each series: ranking all values of a distribution takes several times as long.
    for name in sorted({row["series"] for row in rows}):
        own = sa.and_(LiveValue.file_id == file_id, LiveValue.series == name)
        newest = sa.select(LiveValue.at).where(own).order_by(LiveValue.at.desc())
        oldest = session.scalar(newest.offset(most - 1).limit(1))
        if oldest is not None:
            session.execute(sa.delete(LiveValue).where(own, LiveValue.at < oldest))


def _rows(file_id: str, values: Iterable[Value]) -> list[dict[str, Any]]:
    """Bring values into rows; one without a usable time is none, and of two for the same moment the last counts."""
    rows: dict[tuple[str, datetime.datetime], dict[str, Any]] = {}
    series: set[str] = set()
    for value in values:
        at, name = _instant(value.at), value.series[:200]
        if at is None or not math.isfinite(value.value) or (name not in series and len(series) >= MAX_SERIES):
            continue
        series.add(name)
        row = {"file_id": file_id, "series": name, "at": at, "value": value.value}
        rows[name, at] = row | {"unit": value.unit[:60], "label": value.label[:500]}
        if len(rows) >= MAX_VALUES:
            break
    return list(rows.values())


def _instant(text: str) -> datetime.datetime | None:
    """Read a time with its zone; one without means another moment to every reader."""
    try:
        at = datetime.datetime.fromisoformat(text)
        return at.astimezone(datetime.UTC) if at.tzinfo and at <= now() + AHEAD else None
    except (ValueError, OverflowError):
        return None
