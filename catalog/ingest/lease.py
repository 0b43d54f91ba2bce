"""Who works on a run: a lease that lapses, or at once when its process is gone from this host."""

import datetime
import os
import platform
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import orjson

LEASE = datetime.timedelta(seconds=60)


# The leases that work of this process holds: they lapse with the process, whatever the clock says.
_TAKEN: set[str] = set()


@contextmanager
def taken() -> Iterator[str]:
    """Describe who works: host, boot, process id and its start, so that a reused number is no mistake, and a name of this work."""
    holder = orjson.dumps([*_process(os.getpid()), uuid.uuid4().hex]).decode()
    _TAKEN.add(holder)
    try:
        yield holder
    finally:
        _TAKEN.discard(holder)


@cache
def _process(pid: int) -> tuple[str, str, int, str]:
    # By number, for a forked child has its parent's memory but not its lease.
    return platform.node(), _boot(), pid, _started(pid)


def is_held(holder: str, until: datetime.datetime | None, present: datetime.datetime, by: str = "") -> bool:
    """Tell whether someone else than `by` still works under this lease."""
    if not holder or holder == by or until is None or until < present:
        return False
    host, boot, pid, started, *_ = orjson.loads(holder)
    if (host, boot, pid, started) == _process(os.getpid()):
        return holder in _TAKEN
    if host != platform.node():
        return True
    return bool(boot == _boot() and _started(pid) == started)


def _boot() -> str:
    file = Path("/proc/sys/kernel/random/boot_id")
    return file.read_text().strip() if file.exists() else ""


def _started(pid: int) -> str:
    """Give the start time of a process in the kernel's ticks; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        pass
    try:
        os.kill(pid, 0)
    except OSError:
        return ""
    return "running"
