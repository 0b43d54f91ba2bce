"""The job process of `offenbar serve`: harvests, file checks and the index, until it is told to stop or the server is gone."""

import logging
import os
import signal
import threading
from types import FrameType

from catalog import examples, jobs
from catalog.instance import open_instance
from validators.tables import check_with_rows


def main(parent: int) -> None:
    """Work until SIGTERM, or until the process that started this one is gone, even if that is before the first line here."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()
    instance = open_instance()
    with examples.served(instance.config.home):
        jobs.work(instance, check_with_rows, stop)


def _watch(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
