"""The listing of a folder that no web server lists: a JSON list of name, size and time, written by a door and read by a protocol."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from dcat.errors import FetchError, RefusedError, UnreadableError
from dcat.message import Message
from harvesters import places
from harvesters.addresses import shown
from harvesters.base import Page

# A folder with more entries is no folder to publish from.
MAX_ENTRIES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a folder, or a folder in it, whose name ends in a slash; size in bytes, time in ISO 8601, if known."""

    name: str
    size: int | None = None
    modified: str = ""


def write(entries: Iterable[Entry]) -> bytes:
    """Write a listing, by name: the same folder is always the same bytes. ASCII throughout, since names need not be UTF-8."""
    ordered = sorted(entries, key=lambda entry: entry.name)
    rows = [{"name": entry.name, "size": entry.size, "modified": entry.modified} for entry in ordered]
    return ("[" + ",\n".join(json.dumps(row) for row in rows) + "]\n").encode("ascii")


def read(page: Page) -> list[str]:
    """Give the addresses that a listing names; UnreadableError if it is none."""
    try:
        rows = json.loads(page.body[:])
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableError(
            Message(
                f"{page.url} ist keine Ordnerliste. Nächster Schritt: die Adresse der Quelle prüfen.",
                f"{page.url} is no listing of a folder. Next step: check the address of the source.",
            )
        )
    return [link for row in rows if (link := _link(page.url, row.get("name")))]


def crowded(url: str) -> RefusedError:
    """The folder has more entries than are listed."""
    return RefusedError(
        Message(
            f"{shown(url)} hat mehr als {MAX_ENTRIES} Einträge; bitte in der Quelle einen kleineren Ordner angeben.",
            f"{shown(url)} has more than {MAX_ENTRIES} entries; please name a smaller folder in the source.",
        ),
        code="too-large",
        url=shown(url),
    )


def moment(seconds: float | None) -> str:
    """Write a time in POSIX seconds as ISO 8601; empty where there is none, or none that a calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _link(folder: str, name: object) -> str:
    """Give the address of an entry; nothing for what is no plain name."""
    if not isinstance(name, str) or not name or "/" in name[:-1] or name[0] == "." or name == "/":
        return ""
    try:
        link = places.below(folder, name)
        places.read_place(link)
    except (ValueError, FetchError):
        return ""
    return link
