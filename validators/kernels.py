"""Proves cells of a column valid, many at a time. A kernel says yes only where frictionless certainly would; all else goes to frictionless itself."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from validators.layout import ColumnReading

# Gives true for cells that are certainly valid; never null.
Kernel = Callable[[Any], Any]

_DAYS = (
    r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"  # month-day
)
_DATE = rf"^[12][0-9]{{3}}-{_DAYS}$"
_DATETIME = (
    rf"^[12][0-9]{{3}}-{_DAYS}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?$"
)
_TIME = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
_GEOPOINT = r"^-?(?:1[0-7][0-9]|[0-9]{1,2})(?:\.[0-9]+)?,-?[0-8]?[0-9](?:\.[0-9]+)?$"
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_PARTS = {"%d": "(0[1-9]|1[0-9]|2[0-8])", "%m": "(0[1-9]|1[0-2])", "%Y": "([12][0-9]{3})"}
# Where Python's expressions and RE2's differ in more than strictness: classes that Unicode widens and that are negated here,
# word borders, octal numbers, named sets, open repetitions, flags and looking around.
_UNSAFE = re.compile(r"\\[DWSbBZAzNpPCQE0-9]|\[\[|\[:|\{,|\(\?(?!:|P<)")
# The precision of a double, with room: what lies closer to a bound, frictionless compares as a decimal number.
_MARGIN = 1e-12
_TINY = 1e-300


def kernel(column: ColumnReading) -> Kernel | None:
    """Choose the kernel of a column; None where every different value must be read."""
    if "enum" in column.constraints:
        return None
    made: Kernel | None = None
    match column.type:
        case "string":
            made = _string(column)
        case "integer" if column.bare:
            made = _integer(column)
        case "number" if column.bare:
            made = _number(column)
        case "date":
            made = _date(column)
        case "datetime" if column.format == "default" and not column.bounds:
            made = _matching(_DATETIME)
        case "time" if column.format == "default" and not column.bounds:
            made = _matching(_TIME)
        case "geopoint" if column.format == "default":
            made = _matching(_GEOPOINT)
    return _present(column, made) if made else None


def harmless(column: ColumnReading) -> bool:
    """Tell whether no cell of the column can be wrong."""
    free = not set(column.constraints) - {"unique"}
    return free and (column.type == "any" or (column.type == "string" and column.format == "default"))


def filled(cells: Any) -> Any:
    """True for cells that are not empty."""
    return pc.greater(pc.binary_length(cells), 0)


def whole_numbers(cells: Any) -> Any:
    """The cells as 64-bit integers; null where they are written in another way than with digits alone."""
    # With x they may be hexadecimal, which is no number to frictionless.
    if not holds(cells, b"xX") and (numbers := _cast(cells, pa.int64())) is not None:
        return numbers
    plain = pc.match_substring_regex(cells, "^-?[0-9]{1,18}$")
    return pc.cast(pc.if_else(plain, cells, None), pa.int64())


def holds(cells: Any, signs: bytes) -> bool:
    """Tell whether one of the signs (ASCII) occurs in any cell."""
    text = joined(cells)
    return any(text.find(bytes((sign,))) >= 0 for sign in signs)


def joined(cells: Any) -> bytes:
    """The text of all cells one after the other."""
    _, offsets, data = cells.buffers()
    if data is None or not len(cells):
        return b""
    first, last = memoryview(offsets).cast("i")[cells.offset :: len(cells)][:2]
    return bytes(memoryview(data)[first:last])


def _present(column: ColumnReading, made: Kernel) -> Kernel:
    """A cell that stands for a missing value is never proven: whether it may be missing is a rule of its own."""
    if column.missing <= {""}:
        # Only texts can be empty and match.
        return (lambda cells: pc.and_(filled(cells), made(cells))) if column.type == "string" else made
    missing = pa.array(sorted(column.missing), pa.string())
    return lambda cells: pc.and_(pc.invert(pc.is_in(cells, value_set=missing)), made(cells))


def _matching(pattern: str) -> Kernel:
    return lambda cells: pc.match_substring_regex(cells, pattern)


def _string(column: ColumnReading) -> Kernel | None:
    if column.format == "uuid" and not set(column.constraints) - {"required", "unique"}:
        return _matching(_UUID)
    if column.format != "default":
        return None
    tests: list[Kernel] = []
    least, most = column.constraints.get("minLength"), column.constraints.get("maxLength")
    pattern = column.constraints.get("pattern")
    if least is not None:
        tests.append(lambda cells: pc.greater_equal(pc.utf8_length(cells), least))
    if most is not None:
        tests.append(lambda cells: pc.less_equal(pc.utf8_length(cells), most))
    if pattern is not None:
        if not translatable(pattern):
            return None
        # Exactly as frictionless builds it; the outer ^ because it matches at the first letter and does not search: ^a|b$ would find b in xb.
        tests.append(_matching(f"^(?:^{pattern}$)"))
    if not tests:
        return filled
    return lambda cells: _all([test(cells) for test in tests])


def translatable(pattern: str) -> bool:
    """Tell whether what RE2 finds with this pattern, Python finds too."""
    if _UNSAFE.search(pattern) or ("[^" in pattern and re.search(r"\\[dws]", pattern)):
        return False
    try:
        pc.match_substring_regex(pa.array([""]), f"^{pattern}$")
        re.compile(f"^{pattern}$")
    except (pa.ArrowInvalid, re.error, RecursionError, OverflowError):
        return False
    return True


def _integer(column: ColumnReading) -> Kernel | None:
    bounds = [(name, bound) for name, bound in column.bounds.items()]
    if any(not isinstance(bound, int) or abs(bound) >= 2**63 for _, bound in bounds):
        return None

    def proven(cells: Any) -> Any:
        numbers = whole_numbers(cells)
        tests = [_COMPARE[name](numbers, pa.scalar(bound, pa.int64())) for name, bound in bounds]
        return pc.fill_null(_all([pc.is_valid(numbers), *tests]), False)

    return proven


def _number(column: ColumnReading) -> Kernel | None:
    group, decimal = column.group_char, column.decimal_char
    try:
        bounds = [(name, float(bound)) for name, bound in column.bounds.items()]
    except (TypeError, ValueError, OverflowError):
        return None
    if any(bound != bound or abs(bound) > 1e300 for _, bound in bounds) or not decimal:
        return None

    def proven(cells: Any) -> Any:
        text, tests = cells, []
        if group:
            text = pc.replace_substring(text, group, "")
        if decimal != ".":
            if holds(text, b"."):
                tests.append(pc.invert(pc.match_substring(text, ".")))
            text = pc.replace_substring(text, decimal, ".")
        numbers = _floats(text)
        size = pc.abs(numbers)
        # What is too small for a double may be too small for a decimal number as well, and that is an error.
        tests += [pc.is_finite(numbers), pc.greater(size, _TINY)]
        tests += [_far_enough(name, numbers, bound) for name, bound in bounds]
        return pc.fill_null(_all(tests), False)

    return proven


def _floats(text: Any) -> Any:
    if (numbers := _cast(text, pa.float64())) is not None:
        return numbers
    plain = pc.match_substring_regex(text, r"^-?[0-9]+(?:\.[0-9]+)?$")
    return pc.cast(pc.if_else(plain, text, None), pa.float64())


def _cast(text: Any, kind: Any) -> Any:
    """All cells but the empty ones as numbers; None when one of them is none."""
    try:
        return pc.cast(text, kind)
    except pa.ArrowInvalid:
        pass
    try:
        return pc.cast(pc.if_else(filled(text), text, None), kind)
    except pa.ArrowInvalid:
        return None


def _far_enough(name: str, numbers: Any, bound: float) -> Any:
    room = abs(bound) * _MARGIN
    if "inimum" in name:
        return pc.greater(numbers, bound + room)
    return pc.less(numbers, bound - room)


def _date(column: ColumnReading) -> Kernel | None:
    if column.format == "default":
        pattern, order = _DATE, ""
    else:
        codes = re.findall(r"%.", column.format)
        rest = re.sub(r"%.", "", column.format)
        if sorted(codes) != ["%Y", "%d", "%m"] or re.search(r"[\w\s%]", rest):
            return None
        pattern = "^" + re.sub(r"%.|[^%]", lambda m: _PARTS.get(m[0], re.escape(m[0])), column.format) + "$"
        order = "-".join(rf"\{codes.index(code) + 1}" for code in ("%Y", "%m", "%d"))
    bounds = list(column.bounds.items())
    if any(not isinstance(bound, date) or bound.year < 1000 for _, bound in bounds):
        return None

    def proven(cells: Any) -> Any:
        good = pc.match_substring_regex(cells, pattern)
        if not bounds:
            return good
        iso = pc.replace_substring_regex(cells, pattern, order) if order else cells
        return _all([good, *(_COMPARE[name](iso, f"{bound:%Y-%m-%d}") for name, bound in bounds)])

    return proven


def _all(tests: list[Any]) -> Any:
    result = tests[0]
    for test in tests[1:]:
        result = pc.and_(result, test)
    return result


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "minimum": pc.greater_equal,
    "maximum": pc.less_equal,
    "exclusiveMinimum": pc.greater,
    "exclusiveMaximum": pc.less,
}
