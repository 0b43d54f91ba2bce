"""offenbar serve: web workers under granian, and one job process beside them. All end within seconds of SIGTERM."""

import os
import subprocess
import sys
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from catalog.instance import Instance
from dcat.errors import StateError
from dcat.message import Message

_WORK = "import sys; sys.path.insert(0, sys.argv[1]); from catalog.worker import main; main(int(sys.argv[2]))"


def serve(instance: Instance, *, host: str, port: int, workers: int, jobs: bool) -> None:
    """Serve until told to stop. Each process opens the catalogue for itself."""
    instance.database.close()
    # A program of its own: what checks tables needs stays out of the web workers' memory.
    command = [sys.executable, "-c", _WORK, str(Path(__file__).parent.parent), str(os.getpid())]
    background = subprocess.Popen(command) if jobs else None  # noqa: S603 - our own program
    server = Granian(
        "catalog.app:from_environment",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
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
            background.terminate()
            try:
                background.wait(5)
            except subprocess.TimeoutExpired:
                background.kill()
