"""Remote sites that somebody works with, by a short name: kept in a file that only they can read."""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from catalog.private_files import write_private
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True)
class SavedSite:
    """A site: its short name, its address, and the token of an account there, empty for none."""

    name: str
    url: str
    token: str = field(default="", repr=False)


def folder(environ: Mapping[str, str] | None = None) -> Path:
    """Name the folder of what belongs to whoever runs commands: $XDG_CONFIG_HOME/offenbar, else ~/.config/offenbar."""
    environ = os.environ if environ is None else environ
    named = environ.get("XDG_CONFIG_HOME", "")
    return (Path(named) if named else Path.home() / ".config") / "offenbar"


def sites() -> dict[str, SavedSite]:
    """Read the saved sites by name; ConfigError when others may read the file, or it cannot be understood."""
    file = _file()
    if not file.is_file():
        return {}
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            Message(
                f"{file} enthält Token und ist für andere lesbar. Nächster Schritt: chmod 600 {file}",
                f"{file} holds tokens and others can read it. Next step: chmod 600 {file}",
            )
        )
    try:
        return {
            one["name"]: SavedSite(one["name"], one["url"], one["token"]) for one in orjson.loads(file.read_bytes())
        }
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ConfigError(
            Message(
                f"{file} ist nicht zu verstehen. Nächster Schritt: die Datei löschen und die Websites neu eintragen",
                f"{file} cannot be understood. Next step: delete the file and enter the sites again",
            )
        ) from error


def find(name: str) -> SavedSite:
    """Find a saved site; NotFoundError names those there are."""
    known = sites()
    if name in known:
        return known[name]
    there = ", ".join(sorted(known)) or "-"
    raise NotFoundError(
        Message(
            f"Eine Website „{name[:60]}“ ist nicht gespeichert (gespeichert: {there}). Nächster Schritt: offenbar site add NAME ADRESSE",
            f"There is no saved site “{name[:60]}” (saved: {there}). Next step: offenbar site add NAME ADDRESS",
        )
    )


def save(site: SavedSite) -> None:
    """Keep a site, in the place of one of the same name."""
    if not _NAME.fullmatch(site.name):
        raise ConfigError(
            Message(
                f"„{site.name[:60]}“ ist kein Kurzname: 1 bis 60 Zeichen aus a-z, 0-9, - und _.",
                f"“{site.name[:60]}” is no short name: 1 to 60 characters out of a-z, 0-9, - and _.",
            )
        )
    _write((sites() | {site.name: site}).values())


def remove(name: str) -> None:
    """Forget a site; NotFoundError names those there are."""
    known = sites()
    del known[find(name).name]
    _write(known.values())


def _write(known: Iterable[SavedSite]) -> None:
    listed = [{"name": one.name, "url": one.url, "token": one.token} for one in sorted(known, key=lambda one: one.name)]
    write_private(_file(), orjson.dumps(listed, option=orjson.OPT_INDENT_2))


def _file() -> Path:
    return folder() / "sites.json"
