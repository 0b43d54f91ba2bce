"""Plain values of JSON read by the property table, as CKAN packages and data.json carry them; what does not fit is reported."""

from collections.abc import Mapping
from typing import Any

import orjson

from dcat.kinds import KINDS, Kind, Misfit, TextKind, language_tag
from dcat.message import Message
from dcat.model import Problem, Text
from dcat.plain import plain
from dcat.profile import Property

MAX_VALUES = 1_000
MAX_DISTRIBUTIONS = 5_000


class Values:
    """Reads the values of one description and keeps the problems met on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(self, prop: Property, raw: Any, path: str) -> Any:
        """Read the value of a property, which may be a JSON list in text, a list, or a single value."""
        assert prop.kind is not None, "nodes are read elsewhere"
        if isinstance(prop.kind, TextKind):
            return texts(self.limited(raw, path) if isinstance(raw, list) else raw)
        found = items(raw) if prop.many else [] if raw in (None, "") else [raw]
        kept = [
            value for item in self.limited(found, path) if (value := self._value(prop, written(item), path)) is not None
        ]
        return tuple(dict.fromkeys(kept)) if prop.many else next(iter(kept), None)

    def one(self, kind: str, raw: Any, path: str, vocabulary: str = "") -> str:
        """Read a single plain value of a kind; empty when there is none or it does not fit."""
        if raw in (None, ""):
            return ""
        value = self._of_kind(KINDS[kind], written(raw), vocabulary, path)
        return "" if value is None else str(value)

    def limited(self, found: Any, path: str, most: int = MAX_VALUES) -> Any:
        """Give a list as it is, or its beginning where it is too long."""
        if len(found) <= most:
            return found
        message = Message(
            f"{len(found)} Werte, nur die ersten {most} werden übernommen.",
            f"{len(found)} values, only the first {most} are taken.",
        )
        self.report(path, "too-many", str(len(found)), message)
        return found[:most]

    def report(self, path: str, code: str, value: str, message: Message) -> None:
        """Keep a problem."""
        self.problems.append(Problem(path=path, code=code, value=value[:500], message=message))

    def dropped(self, path: str, raw: Any) -> None:
        """Report a statement that the profile has no place for."""
        message = Message(
            f"Die Angabe „{path[:80]}“ gehört nicht zum Profil und wird nicht weitergegeben.",
            f"The statement “{path[:80]}” is not part of the profile and is not passed on.",
        )
        self.report(path[:200], "unknown-property", shown(raw), message)

    def _value(self, prop: Property, raw: str, path: str) -> Any:
        assert prop.kind is not None, "nodes are read elsewhere"
        return self._of_kind(prop.kind, raw, prop.vocabulary, path)

    def _of_kind(self, kind: Kind, raw: str, vocabulary_name: str, path: str) -> Any:
        term = KINDS["string"].write(raw)
        value = kind.read(term, vocabulary_name)
        remark = value if isinstance(value, Misfit) else kind.remark(term, value)
        if remark:
            self.report(path, remark.code, raw, remark.message)
        return None if isinstance(value, Misfit) else value


def mappings(raw: Any) -> list[Mapping[str, Any]]:
    """Give those entries of a list that are objects."""
    return [item for item in raw if isinstance(item, Mapping)] if isinstance(raw, list) else []


def texts(raw: Any) -> tuple[Text, ...]:
    """Read a text, a list of texts, or texts by language."""
    if isinstance(raw, Mapping):
        spoken = [(value, language_tag(str(lang))) for lang, value in raw.items()]
    else:
        spoken = [(value, "") for value in (raw if isinstance(raw, list) else [raw])]
    found = (Text(plain(str(value)), lang) for value, lang in spoken if isinstance(value, str | int | float))
    return tuple(dict.fromkeys(text for text in found if text.value))


def items(raw: Any) -> list[Any]:
    """Give the entries of a list, or of a JSON list in text; anything else is its own single entry."""
    if isinstance(raw, str) and raw.startswith("["):
        try:
            raw = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return [raw]
    if isinstance(raw, list):
        return [item for item in raw if item not in (None, "")]
    return [] if raw in (None, "") else [raw]


def written(raw: Any) -> str:
    """Give a single value as text; an object or a list, which is none, as JSON."""
    return "" if raw is None else str(raw) if isinstance(raw, str | int | float) else shown(raw)


def shown(raw: Any, longest: int = 500) -> str:
    """Write a value in one line; what is nested too deep to be written is an ellipsis."""
    try:
        return raw[:longest] if isinstance(raw, str) else orjson.dumps(raw).decode()[:longest]
    except TypeError:
        return "…"
