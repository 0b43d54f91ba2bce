"""When a source is due: intervals, windows, back-off, full reads, and the order among several."""

import datetime
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import schedule
from catalog.schedule import BERLIN, History, due_at, is_full
from harvesters.source import Schedule, Source

HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR
NOW = datetime.datetime(2026, 3, 3, 12, 0, tzinfo=datetime.UTC)


def source(id: str = "amt", **fields: object) -> Source:
    given = Schedule(**fields)  # type: ignore[arg-type]
    return Source(
        id=id, city="darmstadt", department="Amt", type="dcat", url="https://daten.example.org", schedule=given
    )


def ran(ago: datetime.timedelta, **fields: object) -> History:
    given = {"started_at": NOW - ago, "finished_at": NOW - ago, **fields}
    return History(**given)  # type: ignore[arg-type]


def berlin(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime.datetime:
    return datetime.datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def test_the_first_harvest_is_due_at_once_and_full_whatever_the_window() -> None:
    assert due_at(source(window="20:00-06:00"), History(), NOW) == NOW
    assert is_full(Schedule(), None, NOW)


def test_an_interval_counts_from_the_start_of_the_last_run() -> None:
    at = due_at(source(every=6 * 3600), ran(2 * HOUR), NOW)
    assert NOW + 4 * HOUR - schedule.LARGEST_SPREAD <= at <= NOW + 4 * HOUR


def test_sources_of_one_interval_are_spread_and_each_keeps_its_place() -> None:
    times = [due_at(source(f"amt-{number}", every=3600), ran(HOUR), NOW) for number in range(200)]
    assert len({at.replace(microsecond=0) for at in times}) > 100
    assert max(times) <= NOW
    assert times == [due_at(source(f"amt-{number}", every=3600), ran(HOUR), NOW) for number in range(200)]


def test_a_last_run_in_the_future_counts_as_now() -> None:
    at = due_at(source(every=3600), ran(-400 * DAY, failures=1), NOW)
    assert NOW < at <= NOW + HOUR
    assert is_full(Schedule(), NOW + DAY, NOW)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 5), (2, 10), (3, 20), (6, 160), (8, 640), (9, 1280)])
def test_each_failure_doubles_the_wait(failures: int, minutes: int) -> None:
    at = due_at(source(every=86400), ran(datetime.timedelta(0), failures=failures), NOW)
    wait = datetime.timedelta(minutes=minutes)
    assert NOW + wait <= at <= NOW + wait * 1.1


def test_the_wait_after_failures_is_never_longer_than_the_interval() -> None:
    for failures in (10, 1000):
        assert due_at(source(every=86400), ran(datetime.timedelta(0), failures=failures), NOW) <= NOW + DAY
    assert due_at(source(every=60), ran(datetime.timedelta(0), failures=1), NOW) <= NOW + DAY / 1440


@pytest.mark.parametrize(
    ("ready", "opens"),
    [
        (berlin(3, 12), berlin(3, 20)),
        (berlin(3, 6, 30), berlin(3, 20)),
        (berlin(3, 5, 59), None),
        (berlin(3, 0), None),
        (berlin(3, 23), None),
        (berlin(3, 20), berlin(3, 20)),
    ],
)
def test_a_window_over_midnight(ready: datetime.datetime, opens: datetime.datetime | None) -> None:
    one = source(every=3600, window="20:00-06:00")
    at = due_at(one, History(started_at=ready - HOUR), ready)
    if opens is None:
        assert at <= ready
    else:
        assert opens <= at <= opens + schedule.LARGEST_SPREAD


@pytest.mark.parametrize(
    ("ready", "opens"), [(berlin(3, 8), berlin(3, 9)), (berlin(3, 18), berlin(4, 9)), (berlin(3, 17, 30), berlin(4, 9))]
)
def test_a_window_within_a_day(ready: datetime.datetime, opens: datetime.datetime) -> None:
    at = due_at(source(every=3600, window="09:00-17:00"), History(started_at=ready - HOUR), ready)
    assert opens <= at <= opens + schedule.LARGEST_SPREAD


def test_a_daily_source_stays_in_its_window_for_years() -> None:
    one = source(every=86400, window="20:00-22:00")
    at, days = berlin(1, 20, 5).astimezone(datetime.UTC), []
    for _ in range(800):
        # Whoever harvests comes a little late.
        at = due_at(one, History(started_at=at), at) + datetime.timedelta(seconds=7)
        local = at.astimezone(BERLIN)
        assert 20 <= local.hour < 22
        days.append(local.date())
    assert all((later - day).days == 1 for day, later in itertools.pairwise(days))


def test_a_window_keeps_the_clock_of_the_city_when_the_clocks_change() -> None:
    one = source(every=3600, window="20:00-06:00")
    # 29 March and 25 October 2026 are the nights in which an hour is missing or comes twice.
    for day, month, offset in [(28, 3, 1), (29, 3, 2), (24, 10, 2), (25, 10, 1)]:
        noon = berlin(day, 12, month=month)
        at = due_at(one, History(started_at=noon - HOUR), noon)
        assert at.astimezone(BERLIN).hour == 20
        assert at.hour == 20 - offset
    missing = source(every=3600, window="02:30-03:30")
    noon = berlin(28, 12)
    assert due_at(missing, History(started_at=noon - HOUR), noon).astimezone(BERLIN).hour == 3


@given(
    st.text(max_size=20),
    st.integers(60, 90 * 86400),
    st.integers(0, 2000),
    st.integers(0, 20 * 365 * 24 * 60).map(lambda minutes: NOW + datetime.timedelta(minutes=minutes)),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
@settings(max_examples=200)
def test_whatever_is_given_the_time_lies_in_the_window_and_not_beyond_reason(
    id: str, every: int, failures: int, started: datetime.datetime, opens: int, closes: int
) -> None:
    clock = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (opens, closes)]
    one = source(id, every=every, window="-".join(clock))
    at = due_at(one, History(started_at=started, failures=failures), started)
    assert started < at <= started + datetime.timedelta(seconds=every) + 2 * DAY
    local = at.astimezone(BERLIN).time()
    inside = (
        local >= datetime.time.fromisoformat(clock[0]) or local < datetime.time.fromisoformat(clock[1])
        if closes <= opens
        else datetime.time.fromisoformat(clock[0]) <= local < datetime.time.fromisoformat(clock[1])
    )
    assert inside or at.astimezone(BERLIN).utcoffset() != (at - 2 * HOUR).astimezone(BERLIN).utcoffset()


def test_a_source_is_read_in_full_at_least_once_a_week() -> None:
    weekly = Schedule(every=86400, full=7 * 86400)
    assert not is_full(weekly, NOW - 5 * DAY, NOW)
    assert is_full(weekly, NOW - 6 * DAY, NOW), "the next one would come after more than a week"
    assert is_full(weekly, None, NOW)
    assert is_full(Schedule(every=30 * 86400), NOW - DAY, NOW), "whoever is asked so rarely is asked for everything"


def test_priority_comes_before_time() -> None:
    early, late, urgent = source("a"), source("b"), source("c", priority=9)
    waiting = [(late, NOW), (urgent, NOW + HOUR), (early, NOW - HOUR)]
    waiting.sort(key=lambda pair: schedule.order(*pair))
    assert [one.id for one, _ in waiting] == ["c", "a", "b"]
