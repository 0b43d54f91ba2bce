"""Values that stand in a schema itself - bounds, lists of values, examples - read in the notation of their column."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

DEFAULTS = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%dT%H:%M:%S%z", "time": "%H:%M:%S%z"}
TRUE_VALUES = ("true", "True", "TRUE", "1")
FALSE_VALUES = ("false", "False", "FALSE", "0")
_NUMBERS = ("integer", "number", "year")
_DURATION = re.compile(r"-?P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")


def value(field: Mapping[str, Any], given: Any) -> Any:
    """Give a value as frictionless will read it in this column; ValueError when it is none of the column's type."""
    kind = field["type"]
    if kind in _NUMBERS:
        return _number(field, given)
    if kind in DEFAULTS:
        return _moment(kind, field["format"], _text(given))
    if kind == "yearmonth":
        return datetime.strptime(_text(given), "%Y-%m").strftime("%Y-%m")  # noqa: DTZ007
    if kind == "boolean":
        return _boolean(field, given)
    if kind in ("string", "geopoint", "duration"):
        return _written(kind, _text(given))
    if kind in ("object", "geojson"):
        return _parsed(given, dict)
    if kind in ("array", "list"):
        return _parsed(given, list) if kind == "array" else _text(given)
    return given


def order(field: Mapping[str, Any], given: Any) -> Any:
    """Give something that sorts bounds of one column: numbers as they are, times as moments."""
    if field["type"] in DEFAULTS:
        return datetime.strptime(given, _wanted(field["type"], field["format"]))  # noqa: DTZ007
    return given


def _number(field: Mapping[str, Any], given: Any) -> int | float:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError
    decimal, group = field.get("decimalChar", "."), field.get("groupChar", "")
    number: int | float
    if isinstance(given, str):
        text = given.strip()
        if field["type"] == "number" and decimal != "." and decimal in text:
            text = (text.replace(group, "") if group else text).replace(decimal, ".")
        number = int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    else:
        number = given
    if not math.isfinite(number):
        raise ValueError
    if field["type"] == "number":
        return number
    # frictionless reads no year beyond these and would compare a bound it cannot read with every cell.
    if number != int(number) or (field["type"] == "year" and not 0 <= number <= 9999):
        raise ValueError
    return int(number)


def _moment(kind: str, form: str, given: str) -> str:
    wanted = _wanted(kind, form)
    try:
        datetime.strptime(given, wanted)  # noqa: DTZ007
    except ValueError:
        readers: dict[str, Callable[[str], date | time]] = {
            "date": date.fromisoformat,
            "datetime": datetime.fromisoformat,
            "time": time.fromisoformat,
        }
        written = readers[kind](given).strftime(wanted)
        datetime.strptime(written, wanted)  # noqa: DTZ007
        return written
    return given


def _wanted(kind: str, form: str) -> str:
    return DEFAULTS[kind] if form == "default" else form


def _boolean(field: Mapping[str, Any], given: Any) -> Any:
    words = (*field.get("trueValues", TRUE_VALUES), *field.get("falseValues", FALSE_VALUES))
    if isinstance(given, bool) or (isinstance(given, str) and given in words):
        return given
    raise ValueError


def _written(kind: str, given: str) -> str:
    if kind == "geopoint":
        parts = [float(part) for part in given.strip("[]").split(",")]
        if len(parts) != 2 or not all(map(math.isfinite, parts)):
            raise ValueError
    if kind == "duration" and not _DURATION.fullmatch(given):
        raise ValueError
    return given


def _parsed(given: Any, kind: type) -> Any:
    try:
        read = json.loads(given) if isinstance(given, str) else given
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(read, kind):
        raise ValueError
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError
    return given
