"""Who works on a run: a lease that lapses, or at once when its process is gone from this host."""

import datetime
import os
import platform
from functools import cache
from pathlib import Path

import orjson

LEASE = datetime.timedelta(seconds=60)


def me() -> str:
    """Describe this process: host, boot, process id and its start, so that a reused number is no mistake."""
    return _describe(os.getpid())


@cache
def _describe(pid: int) -> str:
    # By number, for a forked child has its parent's memory but not its lease.
    return orjson.dumps([platform.node(), _boot(), pid, _started(pid)]).decode()


def is_held(holder: str, until: datetime.datetime | None, present: datetime.datetime) -> bool:
    """Tell whether someone else still works under this lease."""
    if not holder or holder == me() or until is None or until < present:
        return False
    host, boot, pid, started = orjson.loads(holder)
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
