"""offenbar serve: web workers under granian, and one job process beside them. All end within seconds of SIGTERM."""

import logging
import os
import subprocess
import threading
import time

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from catalog import processes
from catalog.instance import Instance
from dcat.errors import StateError
from dcat.message import Message

log = logging.getLogger(__name__)


def serve(instance: Instance, *, host: str, port: int, workers: int, jobs: bool) -> None:
    """Serve until told to stop. Each process opens the catalogue for itself."""
    instance.database.close()
    # Each of the threads of a process would have memory of its own, and keep what it once took (mallopt(3), M_ARENA_MAX).
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    # A program of its own: what checks tables needs stays out of the web workers' memory.
    background = _Background(processes.command("worker", str(os.getpid()))) if jobs else None
    server = Granian(
        "catalog.app:from_environment",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=5,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    )
    try:
        server.serve()
    except OSError as error:
        raise StateError(
            Message(
                f"Port {port} ist belegt. Nächster Schritt: offenbar serve --port {port + 1}",
                f"Port {port} is taken. Next step: offenbar serve --port {port + 1}",
            )
        ) from error
    finally:
        if background is not None:
            background.end()


class _Background:
    """The job process: started, started again when it ends on its own, and ended with the server."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._ending = threading.Event()
        self._process = self._started()
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> None:
        """End the process, politely first."""
        self._ending.set()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command)  # noqa: S603 - our own program

    def _watch(self) -> None:
        pause = 1.0
        while True:
            began = time.monotonic()
            self._process.wait()
            # One that ends at once again and again is given more and more time.
            pause = min(pause * 2, 60.0) if time.monotonic() - began < 60 else 1.0
            if self._ending.wait(pause):
                return
            log.warning("the job process has ended with %s; it is started again", self._process.returncode)
            self._process = self._started()
            if self._ending.is_set():
                self._process.terminate()
                return
