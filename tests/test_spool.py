"""The spool: what goes in comes out, in order, as often as wanted, in memory or not."""

import gc
import warnings
from pathlib import Path

import builders
import pytest

from catalog.spool import Spool


@pytest.mark.parametrize("count", [0, 1, 5, 6, 104, 105, 106, 1_234])
def test_everything_comes_out_in_order_as_often_as_wanted(count: int) -> None:
    with Spool(range(count), most=5) as spool:
        assert len(spool) == count
        assert list(spool) == list(spool) == list(range(count))


def test_two_may_read_at_once_and_more_may_come_afterwards() -> None:
    with Spool((str(number) for number in range(500)), most=5) as spool:
        assert all(a == b for a, b in zip(spool, spool, strict=True))
        spool.extend(["a", "b"])
        assert [*spool][-3:] == ["499", "a", "b"]


def test_what_comes_out_is_equal_to_what_went_in() -> None:
    datasets = [builders.dataset(f"Bäume {number}") for number in range(250)]
    with Spool(datasets, most=0) as spool:
        assert list(spool) == datasets


def test_the_file_goes_with_the_spool() -> None:
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Spool(range(1_000), most=5):
            assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
        gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
