"""Types of columns that programs name through CKAN's DataStore, and how a value given from outside becomes one of a type. Pure."""

import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

# Of a type's name as PostgreSQL and CKAN write it, the name it is shown by.
_NAMES = {
    "text": ("text", "varchar", "character varying", "string"),
    "int4": ("int", "int2", "int4", "integer", "smallint"),
    "int8": ("int8", "bigint"),
    "float8": ("float", "float4", "float8", "real", "double precision"),
    "numeric": ("numeric", "decimal", "number"),
    "bool": ("bool", "boolean"),
    "date": ("date",),
    "time": ("time",),
    "timestamp": ("timestamp", "timestamptz", "datetime"),
    "json": ("json", "jsonb", "nested"),
}
_KNOWN = {name: shown for shown, names in _NAMES.items() for name in names}
# How each type is kept: numbers that are no whole ones with the 15 to 17 digits of a double, JSON as its text.
STORED: Mapping[str, str] = {
    "text": "VARCHAR",
    "int4": "BIGINT",
    "int8": "BIGINT",
    "float8": "DOUBLE",
    "numeric": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "json": "VARCHAR",
}
_TRUE, _FALSE = ("true", "t", "yes", "on", "1"), ("false", "f", "no", "off", "0")
_LARGEST = 2**63
MAX_CELL = 1_000_000
MAX_NAME = 63


_Iso = TypeVar("_Iso")


class NoValueError(Exception):
    """What was given is no value of the type; the argument says so in a sentence."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name, its type as CKAN calls it, and what its author says about it."""

    id: str
    type: str
    info: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def shown(self) -> dict[str, Any]:
        """Describe it as CKAN lists fields."""
        return {"id": self.id, "type": self.type, **({"info": dict(self.info)} if self.info else {})}


def type_named(name: str) -> str:
    """Give the type that a name stands for; NoValueError for an unknown one."""
    if found := _KNOWN.get(name.strip().lower()):
        return found
    raise NoValueError(f'"{name[:100]}" is not a valid PostgreSQL type')


def guessed(values: Iterable[Any]) -> str:
    """Guess the type of a column whose values are JSON: text stays text, whatever it looks like."""
    kinds = {bool if isinstance(one, bool) else type(one) for one in values if one is not None}
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int8"
    if kinds and kinds <= {int, float}:
        return "numeric"
    return "json" if kinds and kinds <= {dict, list} else "text"


def column_misfit(name: Any) -> str:
    """Say what is wrong with the name of a new column; empty for a good one."""
    if not isinstance(name, str) or not name.strip() or name != name.strip():
        return "Field names must be text without spaces around it"
    if name.startswith("_") or '"' in name or not name.isprintable() or len(name) > MAX_NAME:
        return f'"{name[:100]}" is not a valid field name: no "_" in front, no quotation mark, at most {MAX_NAME} characters'
    return ""


def read(value: Any, kind: str) -> Any:
    """Read a JSON value, or text in its place, as a type; None stays None. NoValueError when it is no such value."""
    return None if value is None else _READERS[kind](value)


def read_bound(value: Any, kind: str) -> Any:
    """Read a value that cells are compared with: whole numbers may be compared with any number."""
    if kind in ("int", "int4", "int8"):
        number = _number(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else _exact(value, number)
    return _READERS[kind](value)


def _exact(value: Any, number: float) -> int | float:
    try:
        whole = int(str(value)) if len(str(value)) < 20 else number
    except ValueError:
        return number
    return whole if abs(whole) < _LARGEST else float(whole)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if "\0" in text or len(text) > MAX_CELL:
        raise NoValueError(f"text must not hold NUL or more than {MAX_CELL} characters")
    return text


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 400:
        raise NoValueError(f"{_short(value)} is not a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise NoValueError(f"{_short(value)} is not a number") from None
    if not math.isfinite(number):
        raise NoValueError(f"{_short(value)} is not a finite number")
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal() and len(value) < 25:
        whole = int(value)
    elif isinstance(value, int):
        whole = value
    elif number.is_integer():
        whole = int(number)
    else:
        raise NoValueError(f"{_short(value)} is not a whole number")
    if not -_LARGEST <= whole < _LARGEST:
        raise NoValueError(f"{_short(value)} is too large for a whole number")
    return whole


def _bool(value: Any) -> bool:
    word = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
    if word not in _TRUE and word not in _FALSE:
        raise NoValueError(f"{_short(value)} is not true or false")
    return word in _TRUE


def _date(value: Any) -> datetime.date:
    return _iso(value, lambda text: datetime.date.fromisoformat(text[:10]) if len(text) == 10 else _moment(text).date())


def _time(value: Any) -> datetime.time:
    return _iso(value, lambda text: datetime.time.fromisoformat(text).replace(tzinfo=None))


def _timestamp(value: Any) -> datetime.datetime:
    return _iso(value, _moment)


def _moment(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(datetime.UTC).replace(tzinfo=None)


def _iso(value: Any, parse: Callable[[str], _Iso]) -> _Iso:
    if not isinstance(value, str) or len(value) > 40:
        raise NoValueError(f"{_short(value)} is not a date or time in ISO 8601")
    try:
        return parse(value.strip())
    except (ValueError, OverflowError):
        raise NoValueError(f"{_short(value)} is not a date or time in ISO 8601") from None


def _json(value: Any) -> str:
    return _text(orjson.dumps(value).decode())


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "int": _whole,
    "int4": _whole,
    "int8": _whole,
    "float8": _number,
    "numeric": _number,
    "bool": _bool,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "json": _json,
}


def _short(value: Any) -> str:
    text = str(value)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
