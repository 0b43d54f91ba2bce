"""The processes that work behind the pages until they are told to stop: that of `offenbar serve`, and those of `offenbar worker`."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from catalog import examples, jobs, tables
from catalog.instance import Instance, open_instance

# Seconds after which a process that was told to stop ends in the middle of what it does; its runs can be resumed.
PATIENCE = 8.0


def main() -> None:
    """Work until SIGTERM, or until the process that started this one and named itself is gone, even before the first line here."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    stop = _stopped_by_signals()
    threading.Thread(target=_watch, args=(int(sys.argv[2]), stop), daemon=True).start()
    instance = open_instance()
    with examples.served(instance.config.home), tables.Checker() as checker:
        jobs.work(instance, checker.check, stop)


def until_stopped(instance: Instance, work: Callable[[threading.Event], None]) -> None:
    """Work until SIGTERM, and end within ten seconds of it."""
    logging.getLogger("catalog").setLevel(logging.INFO)
    stop = _stopped_by_signals()
    # A file that cannot be read in time, or a server that does not answer, must not put the end off.
    threading.Thread(target=_cut_off, args=(stop,), daemon=True).start()
    with examples.served(instance.config.home):
        work(stop)


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def _watch(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()


def _cut_off(stop: threading.Event) -> None:
    stop.wait()
    threading.Event().wait(PATIENCE)
    os._exit(0)
