"""Secrets of source definitions: what stands there is a reference, `env:NAME` or `file:/path`; the value is read when it is used.

A value never stands in a message, a log or a repr: the errors here name the reference only.
"""

import os
from pathlib import Path

from dcat.errors import ConfigError
from dcat.message import Message

# A private key of the usual kinds has some kilobytes; a larger file is a slip.
LARGEST = 64 * 1024


def read(reference: str) -> str:
    """Give the secret that a reference names, without the line end that closes a file; ConfigError says what is missing."""
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        return _from_environment(name)
    if kind == "file" and name.startswith("/"):
        return _from_file(Path(name))
    # What stands here instead may be the secret itself, so it is not repeated.
    raise ConfigError(
        Message(
            "Unter »login« steht etwas anderes als ein Verweis; bitte env:NAME oder file:/pfad eintragen, nie das Geheimnis selbst.",
            'Under "login" stands something other than a reference; please enter env:NAME or file:/path, never the secret itself.',
        )
    )


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(
            Message(
                f"Die Umgebungsvariable {name} fehlt oder ist leer; bitte setzen, oder »login« in der Quelle berichtigen.",
                f'The environment variable {name} is missing or empty; please set it, or correct "login" in the source.',
            )
        )
    return value


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "?"
        raise _unusable(path, f"nicht lesbar ({reason})", f"not readable ({reason})") from None
    if len(content) > LARGEST:
        raise _unusable(path, "größer als 64 KB", "larger than 64 KB")
    try:
        value = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise _unusable(path, "kein Text in UTF-8", "no text in UTF-8") from None
    if not value:
        raise _unusable(path, "leer", "empty")
    return value


def _unusable(path: Path, de: str, en: str) -> ConfigError:
    shown = str(path).encode("utf-8", "replace").decode()[:300]
    return ConfigError(
        Message(
            f"Die Datei {shown} mit dem Geheimnis ist {de}; bitte Datei und Rechte prüfen, oder »login« in der Quelle berichtigen.",
            f'The file {shown} with the secret is {en}; please check the file and its rights, or correct "login" in the source.',
        )
    )
