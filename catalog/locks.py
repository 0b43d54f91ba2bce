"""Locks that the processes of one machine share: an open file, which one of them holds until it is closed."""

import fcntl
import time
from typing import IO

_PAUSE = 0.02


def acquire(file: IO[str], patience: float) -> bool:
    """Take the lock, waiting some seconds at the most; tells whether it was had."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE)
        else:
            return True
