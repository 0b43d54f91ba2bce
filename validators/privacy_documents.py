"""Documents in JSON as the scan for personal data sees them: rows of texts under their keys."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from dcat.errors import UnreadableError
from dcat.message import Message
from validators.looks import Look, Tally


class Document:
    """A JSON document as rows of a table: the texts in each object, by their keys; a list's texts belong to the key above it.

    `keys` has the place of each. UnreadableError if the bytes are no JSON.
    """

    def __init__(self, body: bytes) -> None:
        try:
            self._document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise UnreadableError(
                Message(f"Die Datei ist kein lesbares JSON: {error}", f"The file is no readable JSON: {error}")
            ) from error
        self.keys: dict[str, int] = {}
        for row in _objects(self._document):
            for key, _ in row:
                self.keys.setdefault(key, len(self.keys))

    def ask(self, looks: Sequence[Look]) -> list[Tally]:
        """Ask the questions of all texts; those about two keys only where one object has both."""
        tallies = [Tally() for _ in looks]
        single: dict[int, list[int]] = {}
        double: dict[int, list[int]] = {}
        for index, look in enumerate(looks):
            (single if len(look.positions) == 1 else double).setdefault(look.positions[0], []).append(index)
        for number, row in enumerate(_objects(self._document), 1):
            texts: Mapping[int, str] = {self.keys[key]: text for key, text in row} if double else {}
            for key, text in row:
                position = self.keys[key]
                for index in single.get(position, ()):
                    _count(looks[index], tallies[index], number, (text,))
                for index in double.get(position, ()):
                    if (other := texts.get(looks[index].positions[1])) is not None:
                        _count(looks[index], tallies[index], number, (text, other))
        return tallies


def _count(look: Look, tally: Tally, number: int, cells: tuple[str, ...]) -> None:
    tally.asked += 1
    if look.finds(*cells):
        tally.add(number, cells)


def _objects(value: Any, key: str = "") -> Iterator[list[tuple[str, str]]]:
    """Walk through all objects and lists of a JSON value, each as its texts with their keys; orjson has limited the depth."""
    parts = (
        value.items() if isinstance(value, dict) else ((key, part) for part in value) if isinstance(value, list) else ()
    )
    row: list[tuple[str, str]] = []
    for name, part in parts:
        if isinstance(part, dict | list):
            yield from _objects(part, name)
        elif (text := _text(part)) is not None:
            row.append((name, text))
    if row:
        yield row
    elif (text := _text(value)) is not None and not key:
        yield [("", text)]


def _text(value: Any) -> str | None:
    """Texts, and whole numbers long enough to be somebody's."""
    if isinstance(value, str) and len(value) > 1:
        return value
    return str(value) if type(value) is int and value >= 10**8 else None
