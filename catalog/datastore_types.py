"""Types of columns that programs name through CKAN's DataStore, and how a value given from outside becomes one of a type. Pure."""

import datetime
import decimal
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
# How each type is kept: numeric with all its digits, as their text; JSON as its text, too.
_STORED: Mapping[str, str] = {
    "text": "VARCHAR",
    "int4": "BIGINT",
    "int8": "BIGINT",
    "float8": "DOUBLE",
    "numeric": "VARCHAR",
    "bool": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "json": "VARCHAR",
}
# What PostgreSQL calls them in full.
NATIVE: Mapping[str, str] = {
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "float8": "double precision",
    "bool": "boolean",
    "time": "time without time zone",
    "timestamp": "timestamp without time zone",
}
# What a list of a type is called here and in PostgreSQL: _text; text[] and text[3] mean the same.
_LIST = re.compile(r"_(?P<one>[\w ]+)|(?P<many>[\w ]+?)(?:\[\d*\])+")
_INT4 = 2**31
_TRUE, _FALSE = ("true", "t", "yes", "on", "1"), ("false", "f", "no", "off", "0")
_LARGEST = 2**63
MAX_CELL = 1_000_000
MAX_NAME = 63
# Numbers as JSON writes them, and as they are shortest: what reads back as the same text.
NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_BROKEN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{0,17}[1-9]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,6})?Z?)?")
# Digits of a number: more are no measurement, and those of 1e999999999 would fill the memory.
_MAX_DIGITS = 400


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
    plain = name.strip().lower()
    if found := _KNOWN.get(plain):
        return found
    if (listed := _LIST.fullmatch(plain)) and (found := _KNOWN.get((listed["one"] or listed["many"]).strip())):
        return f"_{found}"
    raise NoValueError(f'"{name[:100]}" is not a valid PostgreSQL type')


def stored(kind: str) -> str:
    """Give the type of DuckDB that values of a type are kept in."""
    return "VARCHAR" if is_list(kind) else _STORED[kind]


def is_list(kind: str) -> bool:
    """Tell whether values of a type are lists."""
    return kind.startswith("_")


def is_json(kind: str) -> bool:
    """Tell whether values of a type are kept as JSON."""
    return kind == "json" or is_list(kind)


def guessed(values: Iterable[Any]) -> str:
    """Guess the type of a column whose values are JSON.

    Text that only looks like numbers or moments becomes such where no character of it is lost: 01067 stays text.
    """
    present = [one for one in values if one is not None]
    kinds = {bool if isinstance(one, bool) else type(one) for one in present}
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return _whole_type(present)
    if kinds and kinds <= {int, float}:
        return "float8"
    if kinds == {str}:
        return _guessed_of_text(present)
    return "json" if kinds and kinds <= {dict, list} else "text"


def _guessed_of_text(texts: Sequence[str]) -> str:
    if all(_WHOLE.fullmatch(one) for one in texts):
        return _whole_type(map(int, texts))
    if all(_WHOLE.fullmatch(one) or _BROKEN_NUMBER.fullmatch(one) for one in texts):
        return "numeric"
    return "timestamp" if all(map(_is_moment, texts)) else "text"


def _whole_type(numbers: Iterable[int]) -> str:
    return "int4" if all(-_INT4 <= one < _INT4 for one in numbers) else "int8"


def _is_moment(text: str) -> bool:
    try:
        return bool(_MOMENT.fullmatch(text)) and bool(_moment(text))
    except (ValueError, OverflowError):
        return False


def column_misfit(name: Any) -> str:
    """Say what is wrong with the name of a new column; empty for a good one."""
    if not isinstance(name, str) or not name.strip() or name != name.strip():
        return "Field names must be text without spaces around it"
    if name.startswith("_") or '"' in name or not name.isprintable() or len(name) > MAX_NAME:
        return f'"{name[:100]}" is not a valid field name: no "_" in front, no quotation mark, at most {MAX_NAME} characters'
    return ""


def read(value: Any, kind: str) -> Any:
    """Read a JSON value, or text in its place, as a type; None stays None, and empty text is none of a type that is no text.

    NoValueError when it is no such value.
    """
    if value is None or (value == "" and kind not in ("text", "json")):
        return None
    return _list(value, kind) if is_list(kind) else _READERS[kind](value)


def read_bound(value: Any, kind: str) -> Any:
    """Read a value that cells are compared with: whole numbers may be compared with any number."""
    if kind in ("int", "int4", "int8"):
        number = _number(value, kind)
        return int(number) if number.is_integer() and abs(number) < 2**53 else _exact(value, number)
    if kind == "numeric":
        return _number(value, kind)
    return _list(value, kind) if is_list(kind) else _READERS[kind](value)


def _list(value: Any, kind: str) -> str:
    if not isinstance(value, list):
        raise NoValueError(f"malformed array literal: {_short(value)}")
    one = kind.removeprefix("_")
    cells = [read(each, one) for each in value]
    plain = [float(each) if one == "numeric" and each is not None else each for each in cells]
    return _text(orjson.dumps(plain).decode())


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


def _number(value: Any, kind: str = "double precision") -> float:
    name = NATIVE.get(kind, kind)
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > _MAX_DIGITS:
        raise _no_value(value, name)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _no_value(value, name) from None
    if not math.isfinite(number):
        raise _no_value(value, name)
    return number


def _numeric(value: Any) -> str:
    """Write a number with all the digits that it came with, but those that say nothing."""
    _number(value, "numeric")
    try:
        number = decimal.Decimal(str(value).strip())
    except decimal.InvalidOperation:
        raise _no_value(value, "numeric") from None
    if abs(number.adjusted()) > _MAX_DIGITS:
        raise _no_value(value, "numeric")
    plain = f"{number:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def _whole(value: Any) -> int:
    number = _number(value, "int4")
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal() and len(value) < 25:
        whole = int(value)
    elif isinstance(value, int):
        whole = value
    elif number.is_integer():
        whole = int(number)
    else:
        raise _no_value(value, "integer")
    if not -_LARGEST <= whole < _LARGEST:
        raise NoValueError(f"{_short(value)} is out of range for type bigint")
    return whole


def _bool(value: Any) -> bool:
    word = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
    if word not in _TRUE and word not in _FALSE:
        raise _no_value(value, "boolean")
    return word in _TRUE


def _date(value: Any) -> datetime.date:
    return _iso(
        value, "date", lambda text: datetime.date.fromisoformat(text[:10]) if len(text) == 10 else _moment(text).date()
    )


def _time(value: Any) -> datetime.time:
    return _iso(value, "time", lambda text: datetime.time.fromisoformat(text).replace(tzinfo=None))


def _timestamp(value: Any) -> datetime.datetime:
    return _iso(value, "timestamp", _moment)


def _moment(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(datetime.UTC).replace(tzinfo=None)


def _iso(value: Any, kind: str, parse: Callable[[str], _Iso]) -> _Iso:
    if not isinstance(value, str) or len(value) > 40:
        raise _no_value(value, kind)
    try:
        return parse(value.strip())
    except (ValueError, OverflowError):
        raise _no_value(value, kind) from None


def _json(value: Any) -> str:
    return _text(json.dumps(value, ensure_ascii=False))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "int": _whole,
    "int4": _whole,
    "int8": _whole,
    "float8": _number,
    "numeric": _numeric,
    "bool": _bool,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "json": _json,
}


def _no_value(value: Any, kind: str) -> NoValueError:
    """Say it in PostgreSQL's words, which programs look for."""
    return NoValueError(f"invalid input syntax for type {kind}: {_short(value)}")


def _short(value: Any) -> str:
    text = str(value)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
