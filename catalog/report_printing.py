"""PDF reports for the web: each is made in a process of its own, which knows no settings, reaches no network and has limits."""

import subprocess
from collections.abc import Mapping
from threading import Semaphore
from typing import Any

import orjson

from catalog import processes
from dcat.errors import StateError
from dcat.message import Lang, Message

# Seconds until a page counts as impossible to print, and until somebody who waits for the one before is sent away.
SECONDS = 30
PATIENCE = 10
# One at a time for each web worker: its other threads are for everybody else.
_TURN = Semaphore()


class BusyError(StateError):
    """Another report is being printed; asking again in a few seconds makes sense."""


def print_report(report: Mapping[str, Any], name: str, lang: Lang) -> bytes:
    """Make the PDF of a stored report. Raises BusyError when another one is being made, StateError if it cannot be made."""
    if not _TURN.acquire(timeout=PATIENCE):
        raise BusyError(
            Message(
                "Gerade wird ein anderer Bericht gedruckt. Nächster Schritt: in einigen Sekunden noch einmal versuchen.",
                "Another report is being printed. Next step: try again in a few seconds.",
            )
        )
    try:
        return _printed(orjson.dumps({"report": report, "name": name, "lang": lang}))
    finally:
        _TURN.release()


def _printed(order: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            processes.command("report_pdf"),
            input=order,
            capture_output=True,
            timeout=SECONDS,
            env=processes.bare_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed() from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise _failed()
    return done.stdout


def _failed() -> StateError:
    return StateError(
        Message(
            "Aus diesem Bericht lässt sich kein PDF machen. Nächster Schritt: den Bericht als HTML laden.",
            "No PDF can be made of this report. Next step: load the report as HTML.",
        )
    )
