"""What must be done to the values of a column so that a field accepts them: notation of numbers and dates, words, codes, units, zeros."""

import re
from collections.abc import Sequence
from decimal import Decimal

from validators.column_facts import MARKS, WORDS, Facts, notation
from validators.columns import plain
from validators.coordinates import recognised
from validators.schemas import Field
from validators.transforms import Codes, Moment, Number, Pad, Step, Words

# (unit in the name of the column, unit of the field in UCUM) -> factor
_FACTORS = {
    ("mm", "m"): "0.001",
    ("cm", "m"): "0.01",
    ("dm", "m"): "0.1",
    ("km", "m"): "1000",
    ("mm", "cm"): "0.1",
    ("dm", "cm"): "10",
    ("m", "cm"): "100",
    ("m", "km"): "0.001",
    ("cm", "mm"): "10",
    ("qm", "ha"): "0.0001",
    ("m2", "ha"): "0.0001",
    ("w", "kW"): "0.001",
    ("mw", "kW"): "1000",
    ("ct", "EUR"): "0.01",
    ("cent", "EUR"): "0.01",
    ("teur", "EUR"): "1000",
    ("tsd", "EUR"): "1000",
    ("ct", "EUR/kWh"): "0.01",
    ("cent", "EUR/kWh"): "0.01",
    ("pa", "hPa"): "0.01",
}
_FILL = frozenset(("in", "je", "pro", "der", "des"))
_X_NAMES = (
    "rechtswert",
    "ostwert",
    "easting",
    "east",
    "ost",
    "x",
    "xcoord",
    "xkoordinate",
    "koordx",
    "utmx",
    "utmost",
    "gkx",
    "rw",
    "coordx",
    "e",
)
_Y_NAMES = ("hochwert", "nordwert", "northing", "north", "nord", "y", "ycoord", "ykoordinate", "koordy", "utmy", "utmnord", "gky", "hw", "coordy", "n")  # fmt: skip
# Leading zeros that a spreadsheet may have eaten; more than two are no accident.
_LOST = 2


def conversion(field: Field, facts: Facts, factor: str = "", *, german: bool = False) -> tuple[Step, ...]:
    """Give the steps from the column's notation to the field's; none where the values can stay as they are."""
    if field.type in ("number", "integer"):
        return _number(field, facts, factor, german=german)
    if field.type in ("date", "datetime", "time", "year", "yearmonth"):
        return _moment(field, facts)
    if field.type == "boolean":
        return _words(field, facts)
    if field.enum:
        return _codes(field, facts)
    return _zeros(field, facts)


def unit_factor(label: Sequence[str], field: Field, names: Sequence[str]) -> str | None:
    """Give the factor of a column whose words name the field but for its unit, such as hoehe, cm for hoehe_m."""
    *words, unit = label
    factor = _FACTORS.get((unit, field.unit))
    if factor is None or not words:
        return None
    base = "".join(word for word in words if word not in _FILL)
    own = "".join(plain(field.name).split("_")[:-1])
    return factor if base and (base == own or base in names) else None


def axis_pair(
    header: tuple[str, ...], facts: Sequence[Facts], positions: list[int], *, german: bool
) -> tuple[int, int, str, str, str] | None:
    """Find the two columns of a place in metres: their positions, the system, and how their numbers are written."""
    named = {plain(header[p]).replace("_", ""): p for p in positions}
    x = next((named[name] for name in _X_NAMES if name in named), None)
    y = next((named[name] for name in _Y_NAMES if name in named), None)
    if x is None or y is None or not facts[x].values or not facts[y].values:
        return None
    marks = [_marks(facts[p], german=german) for p in (x, y)]
    # One column may happen to have no group, or no decimals.
    decimal, group = next((one for one in marks if one[1]), marks[0] if marks[0] != (".", "") else marks[1])
    numbers = [_plain_number(next(iter(facts[p].values)), decimal, group) for p in (x, y)]
    if numbers[0] is None or numbers[1] is None:
        return None
    if crs := recognised(numbers[0], numbers[1]):
        return x, y, crs, decimal, group
    # In Gauß-Krüger tables x is often the northing.
    if crs := recognised(numbers[1], numbers[0]):
        return y, x, crs, decimal, group
    return None


def _plain_number(text: str, decimal: str, group: str) -> float | None:
    try:
        return float((text.replace(group, "") if group else text).replace(decimal, "."))
    except ValueError:
        return None


def _marks(facts: Facts, *, german: bool) -> tuple[str, str]:
    return MARKS.get(notation(facts.kinds, german=german), MARKS["point"])


def _number(field: Field, facts: Facts, factor: str, *, german: bool) -> tuple[Step, ...]:
    decimal, group = _marks(facts, german=german)
    if (not factor and (decimal, group) == (field.mark, "")) or not facts.kinds:
        return (Number(factor=Decimal(factor)),) if factor else ()
    return (Number(decimal=decimal, group=group, factor=Decimal(factor or 1)),)


def _moment(field: Field, facts: Facts) -> tuple[Step, ...]:
    order = ("date ", "datetime ", "time ") if field.type != "datetime" else ("datetime ", "date ")
    forms = [kind for prefix in order for kind in sorted(facts.kinds) if kind.startswith(prefix)]
    if not forms or field.type in facts.kinds or f"{field.type} {field.format}" in facts.kinds:
        return _zone(field, facts)
    if field.type == "date" and field.format == "default" and "date %Y-%m-%d" in facts.kinds:
        return ()
    # All digits may be any number; a date it is only where the field says so.
    kind, form = forms[0].split(" ", 1)
    if form == "default" or (field.type in ("year", "yearmonth") and kind == "time"):
        return ()
    return (Moment(kind="datetime" if kind == "datetime" else "time" if kind == "time" else "date", form=form),)


def _zone(field: Field, facts: Facts) -> tuple[Step, ...]:
    """Times in the right form without a zone are local ones."""
    local = field.type == "datetime" and field.format == "default" and "datetime default" in facts.kinds
    values = [value for value in facts.values if value not in facts.nothing]
    if local and values and all(re.fullmatch(r"[0-9T:-]{19}", value) for value in values):
        return (Moment(kind="datetime", form="%Y-%m-%dT%H:%M:%S"),)
    return ()


def _words(field: Field, facts: Facts) -> tuple[Step, ...]:
    known = {*field.true_values, *field.false_values}
    if facts.many or all(value in known for value in facts.values):
        return ()
    for kind, (yes, no) in WORDS.items():
        if kind in facts.kinds:
            return (Words(yes=(yes,), no=(no,)),)
    return ()


def _codes(field: Field, facts: Facts) -> tuple[Step, ...]:
    """Other spellings of the words of a list; what means something else needs a person."""
    if facts.many or all(value in field.enum for value in facts.values):
        return ()
    by_plain = {plain(word): word for word in field.enum}
    pairs = tuple((v, by_plain[plain(v)]) for v in facts.values if v not in field.enum and plain(v) in by_plain)
    kept = tuple((value, value) for value in facts.values if value in field.enum)
    return (Codes(pairs=(*pairs, *kept)),) if pairs else ()


def _zeros(field: Field, facts: Facts) -> tuple[Step, ...]:
    """A key such as 6411000 that lost its zero, where the field's pattern accepts it with one and not without."""
    if not field.pattern or "digits" not in facts.kinds or not facts.filled:
        return ()
    wanted = re.compile(field.pattern)
    values = [value.strip() for value in facts.values if value not in facts.nothing]
    if all(wanted.fullmatch(value) for value in values):
        return ()
    for width in range(facts.longest, facts.longest + _LOST + 1):
        if all(wanted.fullmatch(value.zfill(width)) for value in values):
            return (Pad(width=width),)
    return ()
