"""Other portals harvest us while the catalogue changes under their hands: nothing is lost, doubled or mixed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import histories
import marked
import pytest
import sqlalchemy as sa
from consumers import KINDS, AbortedError, Ckan, Consumer, Piveau, Web
from flask.testing import FlaskClient
from marked import Marked
from source_site import Site
from sqlalchemy import event

from catalog.app import create_app
from catalog.instance import Instance
from catalog.models import Rendition
from dcat.profile import DEFAULT, GOVDATA

COUNT = 20
PAGE = 4
STEPS = 4
SLOW = pytest.mark.slow
KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
PROFILE = pytest.mark.parametrize("profile", (DEFAULT, GOVDATA))


@dataclass
class Watch:
    """A history that goes on while a harvester runs, and what was there all the time, or at no time, since a run began."""

    history: Marked
    steps: int = 0
    throughout: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)
    versions: dict[int, int] = field(default_factory=dict)

    def begin(self, steps: int) -> None:
        """Begin a run in which the catalogue changes so many times."""
        self.steps = steps
        self.throughout, self.ever = self._present(), self._present()
        self.versions = dict(self.history.versions)

    def step(self) -> None:
        """Let something happen, if something is left to happen in this run."""
        if self.steps > 0:
            self.steps -= 1
            self.history.step(3, COUNT)
            self.throughout &= self._present()
            self.ever |= self._present()

    def touched(self) -> set[str]:
        """Name the datasets that were published anew, withdrawn or revived since the run began."""
        changed = {n for n, version in self.history.versions.items() if version != self.versions.get(n)}
        return {marked.uri(number) for number in changed} | (self.ever - self.throughout)

    def _present(self) -> set[str]:
        return {marked.uri(number) for number in self.history.present}


@pytest.fixture
def watch(instance: Instance, site: Site, request: pytest.FixtureRequest) -> Watch:
    return Watch(marked.begin(instance, site, getattr(request, "param", 1), COUNT))


@pytest.fixture
def client(watch: Watch) -> FlaskClient:
    return create_app(watch.history.instance).test_client()


def address(consumer: Consumer, profile: str) -> str:
    return f"/catalog.{consumer.ending}?limit={PAGE}&profile={profile}"


def check(consumer: Consumer, watch: Watch) -> None:
    """Hold the copies of a run against what there was to copy."""
    assert watch.steps < STEPS, "something has happened during the run"
    assert set(consumer.met.values()) == {1}, "nothing is doubled"
    assert watch.throughout <= consumer.copies.keys() <= watch.ever, "nothing is lost, nothing is made up"
    for uri, copy in consumer.copies.items():
        number = marked.number(uri)
        found = marked.marks("\n".join(copy))
        assert len(found) == 1, f"{uri} is mixed: {found}"
        ((whose, version),) = found
        assert whose == number
        assert watch.versions.get(number, 1) <= version <= watch.history.versions[number]


def published(consumer: Consumer, watch: Watch, client: FlaskClient, profile: str) -> dict[str, Any]:
    """Read each dataset at its own address as the harvester reads it."""
    found: dict[str, Any] = {}
    for dataset_id in histories.visible(watch.history.instance):
        body = client.get(f"/dataset/{dataset_id}.{consumer.ending}?profile={profile}").data
        found |= consumer.read(body)
    return found


@contextmanager
def interrupted(instance: Instance, act: Callable[[], None]) -> Iterator[None]:
    """Let something happen while an answer is being made: just before the stored forms of its datasets are read."""
    busy = False

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal busy
        if "rendition.body" in statement and "OUTER JOIN" in statement and not busy:
            busy = True
            act()
            busy = False

    event.listen(instance.database.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(instance.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("watch", "kind", "profile"),
    [
        pytest.param(seed, kind, profile, marks=[] if (kind, profile) == (Piveau, DEFAULT) else SLOW)
        for kind in KINDS
        for seed, profile in enumerate((DEFAULT, GOVDATA))
    ],
    indirect=["watch"],
)
def test_copies_while_the_catalogue_changes(
    watch: Watch, client: FlaskClient, kind: type[Consumer], profile: str
) -> None:
    consumer = kind()
    for _ in range(2):
        watch.begin(STEPS)
        consumer.run(Web(client, watch.step), address(consumer, profile))
        check(consumer, watch)
    watch.begin(0)
    consumer.run(Web(client), address(consumer, profile))
    expected = published(consumer, watch, client, profile)
    assert consumer.copies.keys() == expected.keys() == watch.throughout
    assert consumer.copies == expected


@SLOW
@KIND
def test_copies_while_pages_are_being_made(watch: Watch, client: FlaskClient, kind: type[Consumer]) -> None:
    consumer, profile = kind(), DEFAULT
    for _ in range(2):
        watch.begin(STEPS)
        with interrupted(watch.history.instance, watch.step):
            consumer.run(Web(client), address(consumer, profile))
        check(consumer, watch)
    consumer.run(Web(client), address(consumer, profile))
    assert consumer.copies == published(consumer, watch, client, profile)


@SLOW
@PROFILE
def test_what_did_not_change_is_not_updated(watch: Watch, client: FlaskClient, profile: str) -> None:
    consumer, spared = Piveau(), 0
    consumer.run(Web(client), address(consumer, profile))
    for _ in range(4):
        watch.begin(1)
        watch.step()
        before = consumer.hashes.copy()
        consumer.run(Web(client), address(consumer, profile))
        # A page of the site is named instead of a dataset that has come, and the other way round.
        linking = {uri for uri in consumer.copies if links(watch, uri) & (watch.ever - watch.throughout)}
        assert consumer.updated <= watch.touched() | linking
        same = before.keys() & consumer.hashes.keys() - watch.touched() - linking
        assert all(before[uri] == consumer.hashes[uri] for uri in same)
        spared += len(same)
    assert spared > COUNT
    consumer.run(Web(client), address(consumer, profile))
    assert consumer.updated == set()


def links(watch: Watch, uri: str) -> set[str]:
    return set(watch.history.datasets[marked.number(uri)].relation)


@SLOW
@KIND
def test_a_page_that_fails_deletes_nothing(watch: Watch, client: FlaskClient, kind: type[Consumer]) -> None:
    consumer, instance = kind(), watch.history.instance
    consumer.run(Web(client), address(consumer, DEFAULT))
    before = dict(consumer.copies)
    with instance.database.writing() as session:
        one = session.scalars(sa.select(Rendition.dataset_id).order_by(Rendition.dataset_id.desc()).limit(1)).one()
        session.execute(sa.delete(Rendition).where(Rendition.dataset_id == one))
    # Another worker: this one remembers what it sent, and that was whole.
    with pytest.raises(AbortedError, match="503"):
        consumer.run(Web(create_app(instance).test_client()), address(consumer, DEFAULT))
    assert consumer.copies == before


def test_the_end_is_found_by_those_who_look_for_a_page_they_know(watch: Watch, client: FlaskClient) -> None:
    requests: list[int] = []
    consumer = Ckan()
    consumer.run(Web(client, lambda: requests.append(1)), address(consumer, DEFAULT))
    assert len(requests) == 2 * COUNT / PAGE
