"""Limits that a process puts around itself before it touches what others wrote, and that nothing in it can lift."""

import ctypes
import os
import resource
import shutil
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

# Numbers from the kernel's headers: linux/seccomp.h, linux/prctl.h, linux/bpf_common.h and asm/unistd.h.
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_SECCOMP_MODE_FILTER = 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_REFUSED, _ALLOWED = 0x0005_0000 | 13, 0x7FFF_0000
# By machine: socket, socketpair, execve, execveat, ptrace.
_CALLS = {"x86_64": (41, 53, 59, 322, 101), "aarch64": (198, 199, 221, 281, 117)}


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def confine(parent: int, *, memory: int, file_size: int, remove: Path | None = None) -> None:
    """Limit this process in bytes of memory and of each file it writes, take network and programs from it, end it with its parent.

    A parent that was killed left files behind: with it goes the folder `remove`.

    Sockets and programs are out of reach on Linux only, on the two kinds of machine whose numbers are known.
    """
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))
    # Too large a file is an error like any other, not the end.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    os.nice(5)
    threading.Thread(target=_end_with, args=(parent, remove), daemon=True).start()
    if sys.platform.startswith("linux"):
        _first_to_go()
        _without_calls(ctypes.CDLL(None))


def allow_seconds(seconds: float) -> None:
    """Let this process use so many seconds of a processor from now on; then the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, hard))


def await_end(parent: int, remove: Path, seconds: float = 2.0) -> None:
    """Where nobody speaks to this process any more, see whether its parent was killed, and take away what it left behind."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.getppid() != parent:
            shutil.rmtree(remove, ignore_errors=True)
            return
        time.sleep(0.05)


def _end_with(parent: int, remove: Path | None) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    if remove is not None:
        shutil.rmtree(remove, ignore_errors=True)
    os._exit(1)


def _first_to_go() -> None:
    """When memory runs out, this process goes before those that serve."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


def _without_calls(libc: ctypes.CDLL) -> bool:
    """Let the kernel refuse sockets and programs; tells whether it does."""
    numbers = _CALLS.get(os.uname().machine)
    if numbers is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    # Each comparison jumps over what is left to the refusal at the end.
    jumps = [_Instruction(_JUMP_IF_EQUAL, len(numbers) - place, 0, call) for place, call in enumerate(numbers)]
    listed = [_Instruction(_LOAD, 0, 0, 0), *jumps]
    listed += [_Instruction(_RETURN, 0, 0, _ALLOWED), _Instruction(_RETURN, 0, 0, _REFUSED)]
    instructions = (_Instruction * len(listed))(*listed)
    program = _Filter(len(instructions), instructions)
    return bool(
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program)) == 0
    )
