"""How parts of this program are started as processes of their own."""

import os
import sys
from pathlib import Path

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
