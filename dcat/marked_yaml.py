"""Reads small YAML files (1.2) into plain values and remembers on which line each key stands. Nothing is constructed but text and numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.events import MappingEndEvent as MappingEnd

from dcat.errors import UnreadableError
from dcat.message import Message

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
Path: TypeAlias = tuple[str | int, ...]

LARGEST = 256 * 1024
_DEEPEST = 12
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())
}


@dataclass(frozen=True, slots=True)
class Marked:
    """A value and the line, from 1, of every key and item in it."""

    value: Value
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Give the line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class MarkedError(UnreadableError):
    """The bytes are no YAML, or YAML with features that a definition does not need."""

    def __init__(self, message: Message, line: int) -> None:
        super().__init__(message)
        self.line = line


def read_marked(data: bytes) -> Marked:
    """Read one YAML document; aliases, tags, double keys and deep nesting are refused."""
    if len(data) > LARGEST:
        raise MarkedError(
            Message(
                "die Datei ist größer als 256 KB, bitte aufteilen", "the file is larger than 256 KB, please split it"
            ),
            1,
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MarkedError(
            Message("die Datei ist nicht in UTF-8, bitte so speichern", "the file is not in UTF-8, please save it so"),
            line,
        ) from None
    lines: dict[Path, int] = {}
    try:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        value: Value = None
        for number, start in enumerate(event for event in events if isinstance(event, DocumentStartEvent)):
            if number:
                raise _refused(
                    start,
                    "nur ein Dokument je Datei, bitte ab »---« eine neue anlegen",
                    'one document per file, please start a new file at "---"',
                )
            value = _node(next(events), events, (), lines)
    except MarkedYAMLError as error:
        raise _no_yaml(error.problem_mark.line + 1 if error.problem_mark else 1, error.problem or "") from None
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # The parser stumbles over some malformed escapes and directives with errors that are not its own.
        raise _no_yaml(1, type(error).__name__) from None
    return Marked(value, lines)


def _node(event: Event, events: Iterator[Event], path: Path, lines: dict[Path, int]) -> Value:
    """Build the value that begins with an event."""
    if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
        raise _refused(
            event,
            "Anker und Verweise (& und *) gibt es hier nicht, bitte ausschreiben",
            "anchors and aliases (& and *) are not available here, please write it out",
        )
    if len(path) > _DEEPEST:
        raise _refused(event, "zu tief verschachtelt", "nested too deeply")
    if str(getattr(event, "tag", None) or "!") != "!":
        raise _refused(
            event,
            "Typangaben mit ! gibt es hier nicht, bitte weglassen",
            "types with ! are not available here, please leave them out",
        )
    lines.setdefault(path, event.start_mark.line + 1)
    if isinstance(event, ScalarEvent):
        return _scalar(event)
    if isinstance(event, SequenceStartEvent):
        items: list[Value] = []
        while not isinstance(item := next(events), SequenceEndEvent):
            items.append(_node(item, events, (*path, len(items)), lines))
        return items
    assert isinstance(event, MappingStartEvent)
    return _mapping(events, path, lines)


def _mapping(events: Iterator[Event], path: Path, lines: dict[Path, int]) -> Value:
    values: dict[str, Value] = {}
    while not isinstance(key := next(events), MappingEnd):
        if not isinstance(key, ScalarEvent) or key.anchor:
            raise _refused(key, "ein Schlüssel muss ein Wort sein", "a key must be a word")
        name = _text(key)
        if name in values:
            raise _refused(
                key,
                f"der Schlüssel »{name[:60]}« steht doppelt, bitte einen streichen",
                f'the key "{name[:60]}" appears twice, please delete one',
            )
        lines[(*path, name)] = key.start_mark.line + 1
        values[name] = _node(next(events), events, (*path, name), lines)
    return values


def _scalar(event: ScalarEvent) -> Value:
    """Resolve a plain word by the core schema of YAML 1.2; dates stay text, quoted words as well."""
    text = _text(event)
    if event.style or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _text(event: ScalarEvent) -> str:
    """Half a character, which an escape such as \\ud800 makes, can be written into no file and no answer."""
    text = str(event.value)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise _refused(
            event,
            "eine Angabe wie \\ud800 ist kein Zeichen, bitte das Zeichen selbst schreiben",
            "an escape such as \\ud800 is no character, please write the character itself",
        )
    return text


def _refused(event: Event, de: str, en: str) -> MarkedError:
    return MarkedError(Message(de, en), event.start_mark.line + 1)


def _no_yaml(line: int, problem: str) -> MarkedError:
    return MarkedError(
        Message(
            f"das ist kein gültiges YAML ({problem}), bitte Einrückung, Doppelpunkte und Anführungszeichen prüfen",
            f"this is not valid YAML ({problem}), please check indentation, colons and quotes",
        ),
        line,
    )
