"""The conformance kit at work: every protocol, read from a real server on loopback, through every fault a source can have.

A protocol is described by `tests/samples_<type>.py`; what it cannot do or has no use for stands in its `Sample`. Each test begins with a
source that was harvested once and is complete. The guard is set so that what two runs miss is gone: a fault that passes for a proof
of absence costs a dataset here, and fails the test.
"""

import codecs
import datetime
import gzip
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import conformance
import homes
import orjson
import pytest
import source_site
import sqlalchemy as sa
from conformance import Sample, Told
from protocol_runs import defined, tell
from source_site import Answer, Site

from catalog import jobs
from catalog.ingest.run import Outcome
from catalog.instance import Instance
from catalog.models import HostBudget, Quarantine, Record
from harvesters.registry import HARVESTERS
from harvesters.source import Source

pytestmark = pytest.mark.slow
SAMPLES = conformance.samples()
# Not more than may be missing without a word of the guard: what it holds here, it holds for another reason.
TOLD = tuple(Told(f"satz-{number}", f"Übersicht {number}: Bäume & Straßen") for number in range(1, 6))
BOMB = gzip.compress(bytes(30_000_000))
LOGIN = b'<!DOCTYPE html><html><head><title>Anmeldung</title></head><body><form><input type="password"></form></body></html>'
NEW = Told("neu", "Ganz neu")

Change = Callable[[Answer], Answer]
# What comes in the place of a page; none of it says anything of the datasets.
FAULTS: Mapping[str, Change] = {
    "status 500": lambda answer: replace(answer, status=500),
    "status 404": lambda answer: replace(answer, status=404),
    "status 403": lambda answer: replace(answer, status=403),
    "nothing": lambda answer: replace(answer, body=b""),
    "blanks": lambda answer: replace(answer, body=b" \n\n"),
    "login page": lambda answer: replace(answer, body=LOGIN, media_type="text/html; charset=utf-8"),
    "login page that claims to be data": lambda answer: replace(answer, body=LOGIN),
    "login page elsewhere": lambda answer: replace(answer, status=302, location="/anmelden"),
    "noise": lambda answer: replace(answer, body=bytes(range(256)) * 20),
    "gzip bomb": lambda answer: replace(answer, body=BOMB, headers=(("Content-Encoding", "gzip"),)),
    "half of it": lambda answer: replace(answer, breaks=len(answer.body) // 2),
    "reset": lambda answer: replace(answer, breaks=0),
}
# How a page is written, and what is said of it.
LIES: Mapping[str, Change] = {
    "Latin-1, it is said": lambda answer: replace(answer, media_type=said(answer, "iso-8859-1")),
    "UTF-8, it is said": lambda answer: replace(
        answer, body=answer.body.decode().encode("cp1252"), media_type=said(answer, "utf-8")
    ),
    "UTF-8 with a mark": lambda answer: replace(answer, body=codecs.BOM_UTF8 + answer.body),
    "UTF-16 with a mark": lambda answer: replace(answer, body=answer.body.decode().encode("utf-16")),
}


def said(answer: Answer, charset: str) -> str:
    return f"{answer.media_type.partition(';')[0]}; charset={charset}"


@dataclass(frozen=True)
class Trial:
    """A source that was harvested once and is complete: its datasets, the pages in the order they were asked for, and what is public."""

    type: str
    instance: Instance
    site: Site
    source: Source
    told: tuple[Told, ...]
    asked: tuple[str, ...]
    public: tuple[str, ...]

    @property
    def sample(self) -> Sample:
        return SAMPLES[self.type]

    def tell(self, *told: Told, page_size: int = 2) -> None:
        """Let the source tell of other datasets."""
        self.site.answers.clear()
        tell(self.site, self.sample, *told, page_size=page_size)
        self.site.put("/anmelden", LOGIN, source_site.LISTING)

    @property
    def pages(self) -> list[str]:
        """The addresses at which the source answers now, in the order of its pages."""
        return [path for path in self.site.answers if path != "/anmelden"]

    def spoil(self, path: str, how: Change) -> None:
        """Change the answer of one address."""
        self.site.answers[path] = how(replace(self.site.answers[path], etag=False))

    def harvest(self) -> Outcome:
        """Harvest; whatever happens, the sums add up, and what is not as it should be has a reason."""
        outcome = jobs.harvest(self.instance, self.source)
        homes.counted(outcome)
        if outcome.status not in ("applied", "unchanged"):
            assert outcome.reasons and all(len(reason.de) > 20 and len(reason.en) > 20 for reason in outcome.reasons)
        with self.instance.database.reading() as session:
            rows = session.scalars(sa.select(Quarantine).where(Quarantine.resolved_at.is_(None))).all()
        assert all(len(row.reason) == 2 and min(map(len, row.reason)) > 15 for row in rows)
        return outcome

    def shown(self) -> tuple[str, ...]:
        return tuple(homes.published(self.instance))

    def heal(self) -> None:
        """Let the source answer as it did, and nobody remember that its host was unwell."""
        self.tell(*self.told)
        with self.instance.database.writing() as session:
            session.execute(sa.delete(HostBudget))

    def is_untouched(self) -> None:
        """Nothing is changed, and nothing counts as missed."""
        assert self.shown() == self.public
        assert homes.quarantined(self.instance) == {}
        assert all((misses, gone) == (0, False) for _, misses, gone in homes.records(self.instance).values())

    def is_as_before(self) -> None:
        """The source is well again, and everything is as it was."""
        self.heal()
        assert self.harvest().status in ("applied", "unchanged")
        self.is_untouched()


@dataclass(frozen=True)
class Harvested:
    """The home of a source after its first harvest, to be copied."""

    folder: Path
    told: tuple[Told, ...]
    asked: tuple[str, ...]
    public: tuple[str, ...]


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with source_site.running() as running:
        yield running


@pytest.fixture(scope="module")
def first_harvests(tmp_path_factory: pytest.TempPathFactory, server: Site) -> Callable[[str], Harvested]:
    """Harvest each protocol's sample once for all tests."""
    known: dict[str, Harvested] = {}

    def harvested(name: str) -> Harvested:
        if name not in known:
            known[name] = _first_harvest(tmp_path_factory.mktemp(name) / "home", server, SAMPLES[name])
        return known[name]

    return harvested


def _first_harvest(folder: Path, server: Site, sample: Sample) -> Harvested:
    told = TOLD[: sample.most]
    with homes.home(folder) as instance:
        server.answers.clear()
        tell(server, sample, *told)
        server.seen.clear()
        outcome = jobs.harvest(instance, defined(instance, server, sample))
        asked = tuple(path for path, _ in server.seen if path != "/robots.txt")
        assert outcome.status == "applied"
        assert homes.counted(outcome) == {"seen": len(told), "created": len(told)}
        assert set(homes.records(instance)) == {sample.named(one.id) for one in told}
        public = tuple(homes.published(instance))
    assert len(public) == len(told)
    return Harvested(folder, told, asked, public)


@pytest.fixture
def trial(
    request: pytest.FixtureRequest, tmp_path: Path, server: Site, first_harvests: Callable[[str], Harvested]
) -> Iterator[Trial]:
    """A source of the protocol that the test names, after its first harvest."""
    first = first_harvests(request.param)
    shutil.copytree(first.folder, tmp_path / "home")
    with homes.opened(tmp_path / "home") as instance:
        (source,) = instance.sources()
        # What passes by itself is tested with the fetcher; here it would only take its time.
        source = replace(source, limits=replace(source.limits, retries=0))
        trial = Trial(request.param, instance, server, source, first.told, first.asked, first.public)
        trial.tell(*first.told)
        yield trial


def each(
    chosen: Callable[[Sample], bool] = lambda sample: True,
    *,
    crossing: bool | None = None,
) -> pytest.MarkDecorator:
    """Run a test for each protocol whose sample has what it needs."""
    names = [
        name for name, sample in SAMPLES.items() if chosen(sample) and crossing in (None, HARVESTERS[name].crossing)
    ]
    return pytest.mark.parametrize("trial", names, indirect=True)


@each()
def test_a_second_harvest_changes_nothing(trial: Trial) -> None:
    before = homes.everything(trial.instance)
    for _ in range(2):
        outcome = trial.harvest()
        assert outcome.status == "unchanged"
        assert homes.counted(outcome) == {"seen": len(trial.told), "unchanged": len(trial.told)}
    assert homes.everything(trial.instance) == before


@each()
def test_a_new_title_updates_its_dataset_alone(trial: Trial) -> None:
    first, *others = trial.told
    trial.tell(Told(first.id, "Ganz neuer Titel"), *others)
    outcome = trial.harvest()
    assert homes.counted(outcome) == {"seen": len(trial.told), "updated": 1} | (
        {"unchanged": len(others)} if others else {}
    )
    (change,) = homes.plan(trial.instance, outcome.run)
    assert change[:2] == ("update", trial.sample.named(first.id))
    assert len(homes.changes(trial.instance)) == len(trial.told) + 1
    names = homes.records(trial.instance)
    trial.is_as_before()
    assert homes.records(trial.instance) == names


@each(lambda sample: sample.most > 1)
def test_one_comes_and_another_goes_when_it_is_proven(trial: Trial) -> None:
    week = replace(trial.source.guard, misses=2, min_days=7)
    trial = replace(trial, source=replace(trial.source, guard=week))
    away, *stay = trial.told
    trial.tell(*stay, NEW)
    assert homes.counted(trial.harvest()) == {"seen": 5, "created": 1, "unchanged": 4, "missing": 1}
    trial.site.seen.clear()
    assert trial.harvest().counts.missing == 1
    last, _ = trial.site.seen[-1]
    assert len(trial.shown()) == 6, "missed twice, but not for a week"
    with trial.instance.database.writing() as session:
        record = session.scalars(sa.select(Record).where(Record.misses == 2)).one()
        assert record.remote_id == trial.sample.named(away.id) and record.missing_since
        record.missing_since -= datetime.timedelta(days=8)
    if trial.sample.paged:
        trial.spoil(last, FAULTS["status 500"])
        assert trial.harvest().status == "partial"
        assert len(trial.shown()) == 6, "a run that is not complete proves nothing"
        trial.tell(*stay, NEW)
    assert trial.harvest().counts.removed == 1
    assert len(trial.shown()) == 5 and NEW.title in " ".join(trial.shown())
    trial.tell(*trial.told, NEW)
    assert trial.harvest().counts.created == 1
    assert set(trial.public) < set(trial.shown()), "who comes back is the same"


@each()
def test_an_empty_source_waits_for_a_steward(trial: Trial) -> None:
    trial.tell()
    for _ in range(3):
        assert trial.harvest().status == trial.sample.empty
        assert trial.shown() == trial.public
    trial.is_as_before()


@each()
@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_bad_answer_hides_is_not_gone(trial: Trial, fault: str) -> None:
    trial.spoil(trial.asked[0], FAULTS[fault])
    assert trial.harvest().status == "failed"
    trial.is_untouched()
    for path in trial.asked[1:2]:
        trial.heal()
        trial.spoil(path, FAULTS[fault])
        assert trial.harvest().status == "partial"
        trial.is_untouched()


@each()
def test_a_page_cut_off_anywhere_proves_nothing(trial: Trial) -> None:
    for path in trial.asked[:2]:
        trial.heal()
        whole = trial.site.answers[path]
        # In the end the same page again: a page that was cut off has no better right for being unchanged.
        for part in (1, 2, 3, 5, 6, 7, 4, 4):
            trial.site.answers[path] = replace(whole, body=whole.body[: len(whole.body) * part // 8])
            trial.harvest()
            trial.is_untouched()
    trial.is_as_before()


@each(lambda sample: sample.isolates)
def test_one_spoilt_record_waits_and_the_others_come_in(trial: Trial) -> None:
    first, second, *others = trial.told
    trial.tell(Told(first.id, first.title, spoilt=True), replace(second, title="Neu genannt"), *others, NEW)
    for _ in range(2):
        outcome = trial.harvest()
        assert outcome.status in ("applied", "unchanged")
        assert (outcome.counts.seen, outcome.counts.quarantined) == (len(trial.told) + 1, 1)
        assert all(title in " ".join(trial.shown()) for title in (NEW.title, "Neu genannt"))
        assert len(trial.shown()) == len(trial.told) + 1, "its last good version stays"
    trial.heal()
    trial.harvest()
    assert set(trial.public) < set(trial.shown())
    assert homes.quarantined(trial.instance) == {}


@each(lambda sample: sample.most > 1)
def test_an_id_told_twice_costs_nobody_the_place(trial: Trial) -> None:
    first, second, *others = trial.told
    trial.tell(first, second, *others, Told(first.id, "Derselbe noch einmal"), Told(second.id, "Und noch einer"))
    for _ in range(2):
        outcome = trial.harvest()
        assert outcome.counts.missing == 0
        assert len(trial.shown()) == len(trial.told)
        assert len(homes.quarantined(trial.instance)) == trial.sample.twins * 2
    trial.heal()
    trial.harvest()
    assert trial.shown() == trial.public


@each(lambda sample: sample.paged and not sample.tree and sample.most > 1, crossing=False)
@pytest.mark.parametrize("period", [1, 2, 3])
def test_pages_that_lead_back_end(trial: Trial, period: int) -> None:
    many = tuple(Told(f"kreis-{number}", f"Kreis {number}") for number in range(40))
    trial.tell(*many)
    pages = trial.pages[trial.sample.heads :]
    for number, path in enumerate(pages[period:], period):
        trial.site.answers[path] = trial.site.answers[pages[number % period]]
    trial.site.seen.clear()
    outcome = trial.harvest()
    assert (outcome.status, outcome.counts.missing) == ("partial", 0)
    assert outcome.counts.created == 2 * period
    assert len(trial.site.seen) <= period + 2
    assert set(trial.public) < set(trial.shown())


@each(lambda sample: sample.paged and sample.claims_total)
@pytest.mark.parametrize("change", ["insert", "delete", "reorder"])
def test_a_source_that_changes_while_it_is_read_loses_nothing(trial: Trial, change: str) -> None:
    later = {
        "insert": (NEW, *trial.told),
        "delete": trial.told[1:],
        "reorder": (*trial.told[3:], *trial.told[:3]),
    }[change]
    trial.tell(*later)
    moved = dict(trial.site.answers)
    trial.tell(*trial.told)
    first = trial.asked[0]
    trial.site.answers = moved | {first: trial.site.answers[first]}
    for _ in range(3):
        outcome = trial.harvest()
        assert outcome.counts.missing == 0
        assert set(trial.public) <= set(trial.shown())


@pytest.mark.parametrize("trial", ["ldes"], indirect=True)
@pytest.mark.parametrize("period", [1, 2, 3])
def test_pages_that_lead_back_are_no_circle_where_they_may(trial: Trial, period: int) -> None:
    last, back = (trial.site.url(path) for path in (trial.asked[-1], trial.asked[-period]))
    link = f"<{last}> tree:relation [ a tree:Relation ; tree:node <{back}> ] .\n".encode()
    trial.tell(*trial.told[1:], NEW)
    trial.spoil(trial.asked[-1], lambda answer: replace(answer, body=answer.body + link))
    assert homes.counted(trial.harvest()) == {"seen": 5, "created": 1, "unchanged": 4, "missing": 1}


@each(lambda sample: sample.text)
@pytest.mark.parametrize("lie", LIES)
def test_a_page_says_the_same_in_any_coding(trial: Trial, lie: str) -> None:
    before = len(homes.changes(trial.instance))
    for path in trial.asked:
        trial.spoil(path, lambda answer: LIES[lie](plain(answer)))
    outcome = trial.harvest()
    assert (outcome.counts.seen, outcome.counts.updated, outcome.counts.missing) == (len(trial.told), 0, 0)
    assert trial.shown() == trial.public
    assert len(homes.changes(trial.instance)) == before


@each()
def test_a_title_of_a_million_letters_stays_with_its_record(trial: Trial) -> None:
    first, *others = trial.told
    trial.tell(Told(first.id, "Ü" * 1_000_000), *others)
    outcome = trial.harvest()
    assert (outcome.counts.seen, outcome.counts.missing) == (len(trial.told), 0)
    assert len(trial.shown()) == len(trial.told)
    trial.is_as_before()


@each(lambda sample: sample.text)
def test_nesting_without_end_hides_nothing(trial: Trial) -> None:
    for path in trial.asked[:2]:
        trial.heal()
        trial.spoil(path, lambda answer: replace(answer, body=nested(answer.body)))
        trial.harvest()
        trial.is_untouched()


@each(lambda sample: bool(sample.keyword))
def test_a_million_keywords_are_cut_short(trial: Trial) -> None:
    place, keyword = trial.sample.keyword
    many = "".join(keyword.replace("*", f"w{number}") for number in range(1_000_000)).encode()
    path = next(path for path in trial.asked if place.encode() in trial.site.answers[path].body)
    trial.spoil(
        path, lambda answer: replace(answer, body=answer.body.replace(place.encode(), place.encode() + many, 1))
    )
    outcome = trial.harvest()
    assert outcome.counts.missing == 0
    assert trial.shown() == trial.public
    trial.is_as_before()


def plain(answer: Answer) -> Answer:
    """Write a page with umlauts instead of escapes."""
    return replace(answer, body=orjson.dumps(orjson.loads(answer.body))) if answer.body[:1] in b"{[" else answer


def nested(body: bytes, depth: int = 20_000) -> bytes:
    """Put twenty thousand levels into a page, in its own format."""
    if body[:1] == b"{":
        return b'{"tief":' + b"[" * depth + b"]" * depth + b"," + body[1:]
    if body[:1] == b"[":
        return b"[" * depth + b"]" * depth + body[1:]
    if body[:1] == b"@":
        return body + b"<http://a.example/> dct:relation " + b"[ dct:relation " * depth + b"1 " + b"]" * depth + b" .\n"
    start = body.index(b">", body.index(b"<", 2)) + 1
    return body[:start] + b"<a>" * depth + b"</a>" * depth + body[start:]
