"""Reads one column of a mapping file: exactly one source, then steps in a fixed order; each key with what it expects."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from dcat.marked_yaml import Marked, Value
from dcat.message import Message
from validators import patterns
from validators.coordinates import SYSTEMS
from validators.mapping_keys import AXES, KEYS, POINTS
from validators.transforms import (
    Ambiguous,
    Axis,
    Codes,
    Column,
    Constant,
    Coordinates,
    Extract,
    Kind,
    Moment,
    Number,
    Pad,
    Point,
    Rule,
    Source,
    Split,
    Step,
    Template,
    Tidy,
    Words,
)

MAX_TEXT = 1000
MAX_SOURCES = 20
MAX_CODES = 2000
_SOURCES = ("from", "value", "template", "coordinates")
# Keys that say nothing without another one.
_NEEDS = {
    "join": ("from",),
    "point": ("from",),
    "axis": ("point", "coordinates"),
    "crs": ("point",),
    "part": ("split",),
    "split": ("part",),
    "codes_default": ("codes",),
    "zone": ("datetime",),
    "ambiguous": ("datetime",),
    "true": ("false",),
    "false": ("true",),
}
_DIRECTIVES = {"date": "dmYyj", "datetime": "dmYyjHMSfz", "time": "HMSf"}
_NEEDED = {"date": ("d", "m", "Yy"), "datetime": ("d", "m", "Yy", "H"), "time": ("H", "M")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a mapping file: its line, counted from 1, and a sentence."""

    line: int
    message: Message


class _WrongError(Exception):
    """A key whose value is not what it expects; `key` is its path below the column."""

    def __init__(self, key: str, message: Message | None = None) -> None:
        super().__init__(key)
        self.key = key
        self.message = message


def rule(marked: Marked, path: tuple[str, str]) -> tuple[Rule | None, list[Problem]]:
    """Read the column at a path of the file, such as ("columns", "strasse")."""
    content: Value = marked.value
    for name in path:
        assert isinstance(content, dict), "the path was walked before"
        content = content[name]
    if isinstance(content, str) and content:
        content = {"from": content}
    if not isinstance(content, dict) or not content:
        german = f"„{path[1][:60]}“ braucht den Namen einer Spalte der Datei oder Schlüssel wie from, value, template"
        english = f"“{path[1][:60]}” needs the name of a column of the file, or keys such as from, value, template"
        return None, [Problem(line=marked.line(path), message=Message(german, english))]
    if strange := [key for key in content if key not in KEYS]:
        known = ", ".join(KEYS)
        german, english = (
            f"„{strange[0][:60]}“ gibt es hier nicht, es gibt: {known}",
            f"there is no “{strange[0][:60]}” here, there are: {known}",
        )
        return None, [Problem(line=marked.line((*path, strange[0])), message=Message(german, english))]
    try:
        _check_together(content)
        return Rule(source=_source(content, path[1]), steps=tuple(_steps(content))), []
    except _WrongError as error:
        expected = KEYS[error.key]
        message = error.message or Message(
            f"„{error.key}“ erwartet {expected.de}", f"“{error.key}” expects {expected.en}"
        )
        where = f"{path[1][:60]}: "
        line = marked.line((*path, error.key))
        return None, [Problem(line=line, message=Message(where + message.de, where + message.en))]


def _check_together(content: dict[str, Value]) -> None:
    given = [key for key in _SOURCES if key in content]
    if len(given) != 1:
        names = ", ".join(_SOURCES)
        raise _WrongError(
            given[1] if given else next(iter(content)),
            Message(
                f"genau einer dieser Schlüssel ist nötig: {names}", f"exactly one of these keys is needed: {names}"
            ),
        )
    for key, others in _NEEDS.items():
        if key in content and not any(other in content for other in others):
            names = ", ".join(others)
            raise _WrongError(key, Message(f"zu „{key}“ gehört {names}", f"“{key}” goes with {names}"))
    readings: list[str] = [key for key in ("date", "datetime", "time", "true") if key in content]
    if any(key in content for key in ("decimal", "group", "factor", "decimals")):
        readings.append("decimal")
    if len(readings) > 1:
        raise _WrongError(
            readings[0],
            Message(
                "ein Wert ist Zahl, Datum, Zeit oder ja/nein, nicht mehreres davon",
                "a value is a number, date, time or yes/no, not several of them",
            ),
        )
    placed = "coordinates" in content or "point" in content
    allowed = {"from", "coordinates", "point", "crs", "axis"} | (
        {"decimal", "group"} if "coordinates" in content else set()
    )
    if placed and (extra := [key for key in content if key not in allowed]):
        raise _WrongError(
            extra[0],
            Message(f"„{extra[0]}“ hat bei Koordinaten keine Wirkung", f"“{extra[0]}” has no effect on coordinates"),
        )
    if "value" in content and len(content) > 1:
        extra = [key for key in content if key != "value"]
        raise _WrongError(
            extra[0],
            Message(f"„{extra[0]}“ hat bei „value“ keine Wirkung", f"“{extra[0]}” has no effect with “value”"),
        )


def _source(content: dict[str, Value], field: str) -> Source:
    if "value" in content:
        return Constant(text=_text(content, "value"))
    if "template" in content:
        return Template(parts=_template(_text(content, "template")))
    if "coordinates" in content:
        return _coordinates(content, field)
    labels = _labels(content["from"])
    if "point" in content:
        form = content["point"]
        if not isinstance(form, str) or form not in POINTS:
            raise _WrongError("point")
        if len(labels) != 1:
            raise _WrongError("from")
        return Point(
            label=labels[0],
            form=POINTS[form],
            axis=_axis(content, field),
            crs=_crs(content.get("crs", "EPSG:4326"), "crs"),
        )
    return Column(labels=labels, join=_text(content, "join", empty=True) if "join" in content else " ")


def _labels(given: Value) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    labels = tuple(str(label) for label in listed if isinstance(label, str) and label)
    if not labels or len(labels) != len(listed) or len(labels) > MAX_SOURCES:
        raise _WrongError("from")
    return labels


def _coordinates(content: dict[str, Value], field: str) -> Coordinates:
    given = content["coordinates"]
    if not isinstance(given, dict) or set(given) != {"x", "y", "crs"}:
        raise _WrongError("coordinates")
    x, y = given["x"], given["y"]
    if not isinstance(x, str) or not isinstance(y, str) or not x or not y:
        raise _WrongError("coordinates")
    decimal, group = _marks(content)
    crs = _crs(given["crs"], "coordinates")
    return Coordinates(x=x, y=y, crs=crs, axis=_axis(content, field), decimal=decimal, group=group)


def _crs(given: Value, key: str) -> str:
    if not isinstance(given, str) or given not in SYSTEMS:
        raise _WrongError(key)
    return given


def _axis(content: dict[str, Value], field: str) -> Axis:
    given = content.get("axis", field)
    if not isinstance(given, str) or given not in AXES:
        raise _WrongError(
            "axis" if "axis" in content else "point" if "point" in content else "coordinates",
            Message(
                "„axis“ muss sagen, ob Länge (lon) oder Breite (lat) gemeint ist",
                "“axis” must say whether lon or lat is meant",
            ),
        )
    return AXES[given]


def _template(text: str) -> tuple[str, ...]:
    """Take a template apart: text, label, text, label, text. Doubled braces stand for themselves."""
    parts = [""]
    for piece in re.findall(r"\{\{|\}\}|\{[^{}]+\}|[^{}]+|[{}]", text):
        if piece in ("{", "}"):
            raise _WrongError("template")
        if piece in ("{{", "}}") or not piece.startswith("{"):
            parts[-1] += piece[0] if piece in ("{{", "}}") else piece
        else:
            parts += [piece[1:-1], ""]
    if not 1 < len(parts) <= 2 * MAX_SOURCES + 1:
        raise _WrongError("template")
    return tuple(parts)


def _steps(content: dict[str, Value]) -> list[Step]:
    readers: tuple[tuple[tuple[str, ...], Callable[[dict[str, Value]], Step]], ...] = (
        (("split",), _split),
        (("pattern",), _pattern),
        (("trim", "case"), _tidy),
        (("pad",), _pad),
        (("codes",), _codes),
        (("date", "datetime", "time"), _moment),
        (("true",), _words),
    )
    steps = [read(content) for keys, read in readers if any(key in content for key in keys)]
    if "coordinates" not in content and any(key in content for key in ("decimal", "group", "factor", "decimals")):
        steps.append(_number(content))
    return steps


def _split(content: dict[str, Value]) -> Split:
    part = content["part"]
    if isinstance(part, str) and re.fullmatch("[1-9][0-9]?-", part):
        return Split(by=_text(content, "split"), part=int(part[:-1]), rest=True)
    if not isinstance(part, int) or isinstance(part, bool) or not 0 < abs(part) < 100:
        raise _WrongError("part")
    return Split(by=_text(content, "split"), part=part)


def _pattern(content: dict[str, Value]) -> Extract:
    pattern = _text(content, "pattern")
    if (reason := patterns.problem(pattern)) is not None:
        raise _WrongError(
            "pattern", Message(f"das Muster wird abgelehnt: {reason.de}", f"the pattern is refused: {reason.en}")
        )
    return Extract(pattern=pattern)


def _tidy(content: dict[str, Value]) -> Tidy:
    trim, case = content.get("trim", False), content.get("case", "")
    if not isinstance(trim, bool):
        raise _WrongError("trim")
    if "case" in content and case not in ("lower", "upper"):
        raise _WrongError("case")
    return Tidy(trim=trim, case="lower" if case == "lower" else "upper" if case == "upper" else "")


def _pad(content: dict[str, Value]) -> Pad:
    return Pad(width=_whole(content, "pad", 2, 50))


def _codes(content: dict[str, Value]) -> Codes:
    given = content["codes"]
    if not isinstance(given, dict) or not 0 < len(given) <= MAX_CODES:
        raise _WrongError("codes")
    pairs = [(code, word) for code, word in given.items() if isinstance(word, str) and _writable(word)]
    if len(pairs) < len(given):
        raise _WrongError("codes")
    default = _text(content, "codes_default", empty=True) if "codes_default" in content else None
    return Codes(pairs=tuple(pairs), default=default)


def _number(content: dict[str, Value]) -> Number:
    decimal, group = _marks(content)
    factor = content.get("factor", 1)
    # A number below 1e-9 or above 1e9 is no unit of anything a city measures.
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 1e-9 <= factor <= 1e9:
        raise _WrongError("factor")
    decimals = _whole(content, "decimals", 0, 12) if "decimals" in content else None
    return Number(decimal=decimal, group=group, factor=Decimal(str(factor)), decimals=decimals)


def _marks(content: dict[str, Value]) -> tuple[str, str]:
    decimal, group = content.get("decimal", "."), content.get("group", "")
    if not isinstance(decimal, str) or decimal not in (",", "."):
        raise _WrongError("decimal")
    if not isinstance(group, str) or ("group" in content and (len(group) != 1 or group == decimal or group.isalnum())):
        raise _WrongError("group")
    return decimal, group


def _moment(content: dict[str, Value]) -> Moment:
    kind: Kind = "date" if "date" in content else "datetime" if "datetime" in content else "time"
    form = _text(content, kind)
    used = re.findall("%(.?)", form)
    if (
        len(form) > 50
        or any(letter not in _DIRECTIVES[kind] or not letter for letter in used)
        or len(used) != len(set(used))
        or not ("j" in used or all(any(letter in used for letter in one) for one in _NEEDED[kind]))
    ):
        raise _WrongError(kind)
    zone, ambiguous = content.get("zone", "Europe/Berlin"), content.get("ambiguous", "keep")
    if not isinstance(zone, str) or not _is_zone(zone):
        raise _WrongError("zone")
    if ambiguous not in ("keep", "first", "second"):
        raise _WrongError("ambiguous")
    chosen: Ambiguous = "first" if ambiguous == "first" else "second" if ambiguous == "second" else "keep"
    return Moment(kind=kind, form=form, zone=zone, ambiguous=chosen)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _words(content: dict[str, Value]) -> Words:
    yes, no = _word_list(content, "true"), _word_list(content, "false")
    if {word.casefold() for word in yes} & {word.casefold() for word in no}:
        raise _WrongError("false")
    return Words(yes=yes, no=no)


def _word_list(content: dict[str, Value], key: str) -> tuple[str, ...]:
    given = content[key]
    listed = given if isinstance(given, list) else [given]
    # Capitals do not count, so 1 and true may stand without quotation marks.
    words = tuple(str(word) for word in listed if isinstance(word, str | int))
    if not words or len(words) != len(listed) or len(words) > 50:
        raise _WrongError(key)
    return words


def _text(content: dict[str, Value], key: str, *, empty: bool = False) -> str:
    given = content[key]
    if not isinstance(given, str) or not _writable(given) or not (given or empty):
        raise _WrongError(key)
    return given


def _writable(text: str) -> bool:
    """An escape such as \\ud800 is no character and could not be written into any file."""
    return len(text) <= MAX_TEXT and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _whole(content: dict[str, Value], key: str, low: int, high: int) -> int:
    given = content[key]
    if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
        raise _WrongError(key)
    return given
