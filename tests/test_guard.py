"""The guard: thresholds at their exact edges, shares of the live records, and no opinion on a first harvest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.ingest.guard import Counts, Situation, reasons
from harvesters.source import Guard

GUARD = Guard()


def held(live: int, *, rekeyed: int = 0, newly_quarantined: int = 0, limits: Guard = GUARD, **counts: Any) -> list[str]:
    situation = Situation(
        counts=Counts(**{"seen": live or 1} | counts),
        live=live,
        rekeyed=rekeyed,
        newly_quarantined=newly_quarantined,
    )
    return [message.de for message in reasons(situation, limits)]


def test_a_healthy_run_goes_ahead() -> None:
    assert held(100, created=1000, unchanged=100) == []


@pytest.mark.parametrize("live, most", [(1, 5), (10, 5), (50, 5), (51, 5), (59, 5), (60, 6), (100, 10), (1000, 100)])
def test_removals_up_to_five_or_a_tenth(live: int, most: int) -> None:
    assert held(live, missing=most) == []
    assert held(live, missing=most + 1) == [f"{most + 1} von {live} Datensätzen fehlen."]


@pytest.mark.parametrize("live, most", [(1, 5), (16, 5), (20, 6), (100, 30), (1000, 300)])
def test_updates_up_to_three_in_ten(live: int, most: int) -> None:
    assert held(live, updated=most) == []
    assert held(live, updated=most + 1) == [f"{most + 1} von {live} Datensätzen würden geändert."]


@pytest.mark.parametrize("live, most", [(1, 5), (25, 5), (30, 6), (100, 20), (1000, 200)])
def test_new_ids_under_old_titles_up_to_a_fifth(live: int, most: int) -> None:
    assert held(live, rekeyed=most) == []
    (reason,) = held(live, rekeyed=most + 1)
    assert reason == f"{most + 1} von {live} Datensätzen haben bei gleichem Titel eine neue Kennung."


@pytest.mark.parametrize("live, most", [(1, 5), (50, 5), (60, 6), (100, 10), (1000, 100)])
def test_newly_quarantined_up_to_a_tenth(live: int, most: int) -> None:
    assert held(live, newly_quarantined=most) == []
    assert held(live, newly_quarantined=most + 1) == [f"{most + 1} Datensätze sind neu in Quarantäne."]


def test_those_in_quarantine_before_do_not_count_again() -> None:
    assert held(100, quarantined=90, newly_quarantined=0) == []


@pytest.mark.parametrize("live", [1, 5, 1000])
def test_an_empty_answer_is_held_whatever_the_limits(live: int) -> None:
    generous = Guard(removals=1.0, removals_min=10**6)
    (reason,) = held(live, seen=0, missing=live, limits=generous)
    assert reason == f"Die Quelle nennt keinen einzigen Datensatz; bisher waren es {live}."


def test_an_empty_answer_needs_no_further_reasons() -> None:
    assert len(held(1000, seen=0, missing=1000, newly_quarantined=900, rekeyed=900)) == 1


def test_a_first_harvest_is_never_held() -> None:
    assert held(0, seen=0) == []
    assert held(0, seen=1000, created=500, quarantined=500, newly_quarantined=500) == []


def test_shares_are_of_the_live_records_not_of_those_seen() -> None:
    # 20 of 100 live ones are missing, however many new ones came with them.
    assert held(100, seen=10_080, created=10_000, missing=20)
    assert held(100, seen=10_100, created=10_000, updated=31)
    assert held(100, seen=10_100, created=10_000, newly_quarantined=11)
    # Records that were gone before do not make the share smaller.
    assert held(10, seen=4, missing=6)


def test_all_reasons_are_given() -> None:
    assert len(held(100, missing=50, updated=50, rekeyed=50, newly_quarantined=50)) == 4


def test_a_source_may_set_its_own_limits() -> None:
    strict = Guard(removals=0.0, removals_min=0, updates=0.0)
    assert len(held(1000, missing=1, updated=1, limits=strict)) == 2
    loose = Guard(removals=0.5, updates=1.0)
    assert held(100, missing=50, updated=100, limits=loose) == []
    assert held(100, missing=51, limits=loose)


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_a_share_is_exact(live: int, number: int) -> None:
    assert bool(held(live, missing=number)) == (number > 5 and number * 10 > live)
    assert bool(held(live, updated=number)) == (number > 5 and number * 10 > live * 3)
    assert bool(held(live, rekeyed=number)) == (number > 5 and number * 10 > live * 2)
    assert bool(held(live, newly_quarantined=number)) == (number > 5 and number * 10 > live)


@given(st.integers(1, 10**6))
def test_exactly_at_the_edge_goes_ahead(tens: int) -> None:
    live = tens * 10
    assert held(live, missing=tens, updated=3 * tens, rekeyed=2 * tens, newly_quarantined=tens) == []
