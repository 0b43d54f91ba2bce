"""Streams a home's whole catalogue in every format, to nowhere, and prints the peak memory of this process in bytes as JSON."""

import json
import sys
from pathlib import Path

from benchmarks import home
from catalog import documents
from dcat import rdf

_PIECES = 500


def main(folder: Path) -> dict[str, int]:
    """Stream and measure: `peak` counts all resident memory, `private` leaves out the database file that SQLite maps.

    getrusage is no help: it counts the parent's memory before this program was loaded.
    """
    private = 0
    with home.opened(folder) as instance:
        for ending in rdf.FORMATS:
            with instance.database.reading() as session:
                for number, _ in enumerate(documents.dump(session, instance.config, ending)):
                    if number % _PIECES == 0:
                        private = max(private, _status("RssAnon"))
    return {"peak": _status("VmHWM"), "private": private}


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
