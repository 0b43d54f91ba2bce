"""How parts of this program are started as processes of their own, and asked question after question."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

# Modules keep their plain names wherever the program lies.
_START = "import sys; sys.path.insert(0, sys.argv[1]); from catalog.{module} import main; main()"
_KEPT = ("PATH", "LD_LIBRARY_PATH")


def command(module: str, *arguments: str, isolated: bool = False) -> list[str]:
    """Give the command that calls `main` of a module in `catalog`, which finds its arguments from `sys.argv[2]` on.

    An `isolated` one loads nothing from the folder it works in, and heeds no variable that is meant for Python.
    """
    options = ["-I"] if isolated else []
    start = _START.format(module=module)
    return [sys.executable, *options, "-c", start, str(Path(__file__).parent.parent), *arguments]


def bare_environment() -> dict[str, str]:
    """Give the environment of a process that must know no settings and no passwords: where programs and libraries are."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def give_memory_back() -> None:
    """Return the memory that is free to the system (malloc_trim(3)); without glibc that is left to the allocator."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class EndedError(Exception):
    """A process ended before it had answered; `code` is how, that of SIGXCPU also where its answer did not come in time."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Helper:
    """A process that answers question after question on its pipes, and ends when nothing is asked of it for a while."""

    def __init__(self, module: str, *arguments: str, memory: int, idle: float, folder: Path | None = None) -> None:
        """Start it, with our process id, its limit of memory and its patience as its first arguments; `folder` is the one it works in."""
        self._idle = idle
        self._heard = time.monotonic()
        place = {"TMPDIR": str(folder)} if folder else {}
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command(module, str(os.getpid()), str(memory), str(idle), *arguments, isolated=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder or "/",
            env=bare_environment() | {"PYTHONUTF8": "1"} | place,
        )

    def ready(self) -> bool:
        """Tell whether it can be asked; one that is about to end for want of work cannot."""
        return self._process.poll() is None and time.monotonic() - self._heard < self._idle / 2

    def ask(self, line: bytes) -> None:
        """Ask something; EndedError when nobody listens."""
        given, _ = self._pipes()
        try:
            given.write(line + b"\n")
            given.flush()
        except OSError as error:
            raise EndedError(0) from error

    def read(self, most: int, until: float) -> bytes:
        """Read what it has answered, at least one byte; EndedError when none comes until then."""
        _, taken = self._pipes()
        waiting = select.poll()
        waiting.register(taken, select.POLLIN)
        if not waiting.poll(max(until - time.monotonic(), 0) * 1000):
            raise EndedError(-signal.SIGXCPU)
        if piece := os.read(taken.fileno(), most):
            self._heard = time.monotonic()
            return piece
        raise EndedError(self._process.wait())

    def close(self) -> None:
        """End it."""
        self._process.kill()
        for pipe in self._pipes():
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None and self._process.stdout is not None, "both are pipes"
        return self._process.stdin, self._process.stdout
