"""The rules of a mapping: where the text of a column comes from, what is done to it, and how it is written in the target's notation."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from validators.coordinates import DECIMALS, to_lon_lat
from validators.points import PointForm, read_point
from validators.schemas import Field

Axis = Literal["lon", "lat"]
Kind = Literal["date", "datetime", "time"]
Ambiguous = Literal["keep", "first", "second"]
_DEGREES = ("EPSG:4326", "EPSG:4258")
# Longer cells are not searched with a pattern: three open repetitions on more characters take seconds.
_SEARCHED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The text of one column, or of several joined; empty cells leave no joint behind."""

    labels: tuple[str, ...]
    join: str = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """The same text in every row."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Text around cells: `parts` are alternately text and the label of a column, text first. Nothing comes of empty cells alone."""

    parts: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns it needs."""
        return self.parts[1::2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """One axis of a place given by two columns in a known system."""

    x: str
    y: str
    crs: str
    axis: Axis
    decimal: str = "."
    group: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns it needs."""
        return (self.x, self.y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One axis of a place written into one cell."""

    label: str
    form: PointForm
    axis: Axis
    crs: str = "EPSG:4326"

    @property
    def labels(self) -> tuple[str, ...]:
        """The column it needs."""
        return (self.label,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One part of a text, counted from 1, from the end with -1; with `rest` all parts from there on. No such part is an empty text."""

    by: str
    part: int
    rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What a regular expression finds, without blanks at its ends: its first group, else the whole match."""

    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidy:
    """Blanks at the ends removed, inner ones single; capitals changed."""

    trim: bool = False
    case: Literal["", "lower", "upper"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """Leading zeros for a text of digits that lost them."""

    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """A code list; `default` stands for all that is not on it."""

    pairs: tuple[tuple[str, str], ...]
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """How numbers are written in the source, and what they are multiplied with and rounded to (half up)."""

    decimal: str = "."
    group: str = ""
    factor: Decimal = Decimal(1)
    decimals: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How dates and times are written in the source, in the notation of strptime.

    The hour that occurs twice when summer time ends is `first`, `second`, or stays unread (`keep`); an hour that does not exist always does.
    """

    kind: Kind
    form: str
    zone: str = "Europe/Berlin"
    ambiguous: Ambiguous = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Which words mean yes and no, in whatever capitals."""

    yes: tuple[str, ...]
    no: tuple[str, ...]


Source = Column | Constant | Template | Coordinates | Point
Step = Split | Extract | Tidy | Pad | Codes | Number | Moment | Words
Value = str | bool | Decimal | date | time


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one column of the target is made."""

    source: Source
    steps: tuple[Step, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns of the source that it reads."""
        return () if isinstance(self.source, Constant) else self.source.labels


@dataclass(frozen=True, slots=True)
class Mapped:
    """The text for the target; `unread` when the rule could not read the source, whose text then stays."""

    text: str
    unread: bool = False


def transform(rule: Rule, field: Field) -> Callable[[tuple[str, ...]], Mapped]:
    """Make the function that turns the cells of `rule.labels` into the text of a field."""
    steps = [_step(step) for step in rule.steps]
    rescaled = any(isinstance(step, Number) and step.factor != 1 for step in rule.steps)
    speaks_of_empty = any(_handles_empty(step) for step in rule.steps)

    def run(cells: tuple[str, ...]) -> Mapped:
        if isinstance(rule.source, Coordinates | Point):
            return _place(rule.source, field, cells)
        text = _text(rule.source, cells)
        if not text.strip() and not speaks_of_empty:
            return Mapped("")
        value: Value = text
        for step in steps:
            found = step(value if isinstance(value, str) else str(value))
            if found is None:
                return _unread(text, rescaled=rescaled)
            value = found
            if value == "" and not speaks_of_empty:
                return Mapped("")
        return Mapped(_written(field, value))

    return run


def _written(field: Field, value: Value) -> str:
    """Write a value in the field's own notation."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return field.truth(value)
    if isinstance(value, Decimal):
        return _number_text(field, value)
    return _moment_text(field, value)


def _number_text(field: Field, value: Decimal) -> str:
    if field.type == "integer" and value == value.to_integral_value():
        value = value.to_integral_value()
    return f"{value:f}".replace(".", field.mark)


def _moment_text(field: Field, value: date | time) -> str:
    if isinstance(value, time):
        return value.isoformat() if field.format == "default" else value.strftime(field.format)
    if field.type == "year":
        return f"{value.year:04}"
    if field.type == "yearmonth":
        return f"{value.year:04}-{value.month:02}"
    if field.type == "date" and isinstance(value, datetime):
        value = value.date()
    if field.type in ("date", "datetime") and field.format != "default":
        return value.strftime(field.format)
    return value.isoformat()


def _unread(text: str, *, rescaled: bool) -> Mapped:
    """A number that could not be converted must not be taken for a converted one, so a question mark makes it none."""
    return Mapped(f"? {text}" if rescaled and re.search("[0-9]", text) else text, unread=True)


def _text(source: Source, cells: tuple[str, ...]) -> str:
    if isinstance(source, Constant):
        return source.text
    if isinstance(source, Template):
        if not any(cell.strip() for cell in cells):
            return ""
        filled = [part for pair in zip(source.parts[::2], (*cells, ""), strict=False) for part in pair]
        return "".join(filled).strip()
    assert isinstance(source, Column), "places are made elsewhere"
    if len(cells) == 1:
        return cells[0]
    return source.join.join(cell.strip() for cell in cells if cell.strip())


def _handles_empty(step: Step) -> bool:
    if isinstance(step, Codes):
        return any(not code for code, _ in step.pairs)
    return isinstance(step, Words) and "" in (*step.yes, *step.no)


def _step(step: Step) -> Callable[[str], Value | None]:
    match step:
        case Split():
            return lambda text: _split(step, text)
        case Extract():
            expression = re.compile(step.pattern)
            return lambda text: _extract(expression, text)
        case Tidy():
            return lambda text: _tidy(step, text)
        case Pad():
            return lambda text: text.strip().zfill(step.width) if re.fullmatch("[0-9]+", text.strip()) else None
        case Codes():
            codes = {code.casefold(): word for code, word in step.pairs} | dict(step.pairs)
            return lambda text: codes.get(text, codes.get(text.strip().casefold(), step.default))
        case Number():
            return lambda text: _number(step, text)
        case Moment():
            return lambda text: _moment(step, text)
        case Words():
            words = {word.casefold(): True for word in step.yes} | {word.casefold(): False for word in step.no}
            return lambda text: words.get(text.strip().casefold())


def _split(step: Split, text: str) -> str:
    parts = text.split(step.by)
    start = step.part - 1 if step.part > 0 else len(parts) + step.part
    if not 0 <= start < len(parts):
        return ""
    return (step.by.join(parts[start:]) if step.rest else parts[start]).strip()


def _extract(expression: re.Pattern[str], text: str) -> str | None:
    if len(text) > _SEARCHED or (found := expression.search(text)) is None:
        return None
    return ((found[1] or "") if expression.groups else found[0]).strip()


def _tidy(step: Tidy, text: str) -> str:
    if step.trim:
        text = " ".join(text.replace("\u200b", "").split())
    return {"": text, "lower": text.lower(), "upper": text.upper()}[step.case]


def _number(step: Number, text: str) -> Decimal | None:
    value = _decimal(text, step.decimal, step.group)
    if value is None:
        return None
    if step.factor != 1:
        value *= step.factor
        if value == value.to_integral_value():
            value = value.to_integral_value()
        elif step.decimals is None:
            value = value.normalize()
    if step.decimals is not None:
        try:
            value = value.quantize(Decimal(1).scaleb(-step.decimals), rounding=ROUND_HALF_UP)
        except InvalidOperation:
            return None
    return value


def _decimal(text: str, decimal: str, group: str) -> Decimal | None:
    """Read a number in exactly one notation; groups have three digits."""
    if len(text) > 100 or not _notation(decimal, group).fullmatch(text := text.strip()):
        return None
    return Decimal((text.replace(group, "") if group else text).replace(decimal, "."))


@cache
def _notation(decimal: str, group: str) -> re.Pattern[str]:
    mark = re.escape(group)
    whole = rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    return re.compile(rf"[+-]?(?:{whole})(?:{re.escape(decimal)}[0-9]+)?")


def _moment(step: Moment, text: str) -> date | time | None:
    try:
        found = datetime.strptime(text.strip(), step.form)  # noqa: DTZ007 - the zone follows
    except (ValueError, OverflowError):
        return None
    if step.kind == "date":
        return found.date()
    if step.kind == "time":
        return found.time()
    return found if found.tzinfo else _placed(found, step)


def _placed(found: datetime, step: Moment) -> datetime | None:
    """Give a local time its zone: an hour that occurs twice needs a decision, one that does not exist has none."""
    zone = ZoneInfo(step.zone)
    first, second = found.replace(tzinfo=zone, fold=0), found.replace(tzinfo=zone, fold=1)
    try:
        if (first.utcoffset() or timedelta()).seconds % 60:
            # Before the zones of the railways every town had a time of its own, which no field can say.
            return None
        if first.utcoffset() == second.utcoffset():
            return first
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
            return None
    except OverflowError:
        return None
    return {"keep": None, "first": first, "second": second}[step.ambiguous]


def _place(source: Coordinates | Point, field: Field, cells: tuple[str, ...]) -> Mapped:
    if not any(cell.strip() for cell in cells):
        return Mapped("")
    if isinstance(source, Point):
        own = cells[0]
        pair = read_point(source.form, own)
    else:
        own = cells[0] if source.axis == "lon" else cells[1]
        x, y = (_decimal(cell, source.decimal, source.group) for cell in cells)
        pair = (float(x), float(y)) if x is not None and y is not None else None
    place = to_lon_lat(source.crs, *pair) if pair else None
    if place is None:
        # Degrees are degrees, read or not; metres that stay must not be taken for degrees.
        return _unread(own, rescaled=source.crs not in _DEGREES)
    degrees = Decimal(repr(place[0] if source.axis == "lon" else place[1]))
    if source.crs not in _DEGREES:
        degrees = round(degrees, DECIMALS)
    return Mapped(_number_text(field, degrees))
