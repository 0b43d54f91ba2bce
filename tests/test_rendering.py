"""Rendering in helpers gives the same bytes as rendering here, and goes on here when a helper is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import builders
import pytest

import cli
from catalog import rendering
from catalog.public import PublicDataset
from catalog.rendering import Order, Workshop

pytestmark = pytest.mark.slow
CHECKOUT = Path(cli.__file__).parent


def orders(number: int = 6) -> list[Order]:
    found = []
    for position in range(number):
        dataset = builders.dataset(f"Satz {position}", uri=f"https://amt.example/{position}", distribution=())
        shown = PublicDataset(
            id=f"00000000-0000-5000-8000-{position:012}",
            name=f"satz-{position}",
            city="darmstadt",
            organization="darmstadt-amt",
            organization_title="Darmstadt, Amt",
            source="amt",
            remote_id=f"{position}",
            dataset=dataset,
            published_at="2026-06-01T12:00:00+00:00",
            modified_at="2026-06-01T12:00:00+00:00",
        )
        found.append(
            Order(shown, {"id": "amt", "name": "darmstadt-amt", "title": "Amt"}, "https://daten.example.org", {}, "")
        )
    return found


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    with Workshop(full=6, cores=3) as workshop:
        yield workshop


def test_the_first_batch_is_made_here_and_the_next_in_helpers_alike(workshop: Workshop) -> None:
    work = orders()
    first = workshop.begin(work)()
    assert len(workshop._helpers) == 2
    second, third = workshop.begin(work), workshop.begin(work[:1])
    assert second() == first and third() == first[:1]
    assert [one.hash for one in first] == [rendering.render(order).hash for order in work]


def test_few_datasets_and_a_single_core_need_no_helper() -> None:
    with Workshop(full=6, cores=3) as workshop:
        workshop.begin(orders(5))()
        assert workshop._helpers == []
    with Workshop(full=6, cores=1) as workshop:
        workshop.begin(orders(6))()
        assert workshop._helpers == []


def test_work_goes_on_here_when_a_helper_is_killed(workshop: Workshop) -> None:
    work = orders()
    expected = workshop.begin(work)()
    for helper in workshop._helpers:
        helper._process.send_signal(signal.SIGKILL)
    assert workshop.begin(work)() == expected


def test_what_the_public_has_already_is_not_made_again() -> None:
    (order,) = orders(1)
    made = rendering.render(order)
    again = rendering.render(Order(order.shown, order.organization, order.site_url, {}, made.hash))
    assert (again.hash, again.renditions) == (made.hash, None)


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_helpers_end_when_the_process_that_started_them_is_killed() -> None:
    script = (
        "import sys, time; sys.path[:0] = sys.argv[1:3]\n"
        "from test_rendering import orders; from catalog.rendering import Workshop\n"
        "workshop = Workshop(full=6, cores=2); workshop.begin(orders())()\n"
        "print(workshop._helpers[0]._process.pid, flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(CHECKOUT), str(CHECKOUT / "tests")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        helper = int(process.stdout.readline())
        process.kill()
    for _ in range(200):
        if not _lives(helper):
            return
        time.sleep(0.05)
    os.kill(helper, signal.SIGKILL)
    pytest.fail("the helper outlived the process it worked for")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
