"""What a source states, read as the kind of value its field wants; what does not fit becomes a problem instead of silence."""

from collections.abc import Iterable
from typing import Any

from dcat.kinds import language_tag
from dcat.model import Place, Problem, Text
from dcat.plain_values import Values
from harvesters.areas import place, position
from harvesters.json_answers import entries, text, too_many

MAX_KEYWORDS = 1_000
MAX_WORD = 500


class Stated:
    """Reads the values of one record and keeps what could not be taken over."""

    def __init__(self, language: str = "") -> None:
        self.language = language_tag(language) or "de"
        self._values = Values()
        self.problems: list[Problem] = self._values.problems

    def one(self, kind: str, raw: Any, path: str, vocabulary: str = "") -> str:
        """Read one value of a kind; empty where nothing is stated or it does not fit."""
        return self._values.one(kind, text(raw), path, vocabulary)

    def many(self, kind: str, raw: Iterable[Any], path: str, vocabulary: str = "") -> tuple[str, ...]:
        """Read several values of a kind, each once."""
        found = [self.one(kind, value, path, vocabulary) for value in self.cut(list(raw), path)]
        return tuple(dict.fromkeys(value for value in found if value))

    def texts(self, raw: Any, language: str = "") -> tuple[Text, ...]:
        """Read a text in the language of the record."""
        value = text(raw)
        return (Text(value, language or self.language),) if value else ()

    def keywords(self, raw: Iterable[Any], path: str) -> tuple[Text, ...]:
        """Read keywords, each once."""
        words = (text(word, MAX_WORD) for word in self.cut(list(raw), path))
        return tuple(Text(word, self.language) for word in dict.fromkeys(words) if word)

    def cut(self, values: list[Any], path: str, most: int = MAX_KEYWORDS) -> list[Any]:
        """Keep so many values, and say how many there were."""
        if len(values) > most:
            self.problems.append(too_many(path, len(values), most))
        return values[:most]

    def box(self, raw: Any) -> tuple[Place, ...]:
        """Read a box of west, south, east and north, with or without heights (RFC 7946, section 5); none across the antimeridian."""
        numbers = entries(raw)
        half = len(numbers) // 2
        corners = [position(*numbers[start : start + 2]) for start in (0, half)] if len(numbers) in (4, 6) else [None]
        known = [corner for corner in corners if corner]
        return place(known) if len(known) == 2 and known[0][0] <= known[1][0] and known[0][1] <= known[1][1] else ()
