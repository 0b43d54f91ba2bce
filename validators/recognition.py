"""Which shared schema a table looks like, and which of its columns is which: by names first, then by units, coordinates and values."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from dcat.message import Message
from validators.column_facts import Facts, writes_german
from validators.columns import match, other_names, plain
from validators.conversions import axis_pair, conversion, unit_factor
from validators.patterns import grouped
from validators.points import PointForm
from validators.schemas import Field, TableSchema, all_schemas
from validators.tables import cell_readers
from validators.transforms import Axis, Column, Coordinates, Point, Rule, transform

How = Literal["name", "spelling", "synonym", "unit", "coordinates", "values", "similar"]
HOW: dict[How, Message] = {
    "name": Message("gleicher Name", "same name"),
    "spelling": Message("andere Schreibweise", "other spelling"),
    "synonym": Message("anderer Name dafür", "another name for it"),
    "unit": Message("andere Einheit", "other unit"),
    "coordinates": Message("Koordinaten", "coordinates"),
    "values": Message("nach den Werten", "by its values"),
    "similar": Message("ähnlicher Name, bitte prüfen", "similar name, please check"),
}
# A pair counts when at least this share of different values fits; below the lower one a mere synonym is taken for chance.
GOOD = 0.5
_CHANCE = 0.2
_SAMPLE = 50
_FEW = 30
# In wider tables columns are found by their names only; trying out every column for every field would take minutes.
_WIDE = 200
_LABEL = 100
_SURE = 0.95
_AXES: tuple[Axis, ...] = ("lon", "lat")
_FORMS: tuple[PointForm, ...] = ("lat,lon", "lon,lat", "wkt")
# What a pattern of a field must refuse for its values to say anything.
_ANYTHING = ("abc", "12345", "x-1", "2020")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A field of the schema and the rule that makes it of the file; `fits` is the share of different values that the field accepts.

    `values` are all values of the column, if they are few.
    """

    field: str
    rule: Rule
    how: How
    fits: float
    examples: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How much a table looks like one schema: the pairs found in the schema's order, and a score from 0 to 1.

    `doubtful` are pairs that a name suggests and whose values say otherwise, such as codes; `nothing` are the file's words for "no value".
    """

    schema: TableSchema
    pairs: tuple[Pair, ...]
    score: float
    doubtful: tuple[Pair, ...] = ()
    nothing: tuple[str, ...] = ()

    @property
    def good(self) -> int:
        """The number of fields whose values fit."""
        return sum(pair.fits >= GOOD for pair in self.pairs)

    @property
    def lacking(self) -> tuple[str, ...]:
        """The mandatory fields that nothing was found for."""
        return self.schema.lacking({pair.field for pair in self.pairs})

    def sentence(self) -> Message:
        """Say it in words."""
        number, title = len(self.schema.fields), self.schema.title
        return Message(
            f"Das sieht nach {title.de} aus: {self.good} von {number} Spalten.",
            f"This looks like {title.en}: {self.good} of {number} columns.",
        )


def recognise(header: tuple[str, ...], facts: Sequence[Facts]) -> tuple[Likeness, ...]:
    """Give the shared schemas that a table looks like, the most likely first; nothing when it looks like none."""
    found = [compare(header, facts, schema) for schema in all_schemas()]
    likely = [one for one in found if one.good >= 3 and one.score >= 0.3]
    return tuple(sorted(likely, key=lambda one: -one.score))


def compare(header: tuple[str, ...], facts: Sequence[Facts], schema: TableSchema) -> Likeness:
    """Pair the columns of a table with the fields of a schema."""
    finder = _Finder(header, facts, schema)
    finder.by_name()
    finder.by_place()
    if not finder.wide:
        finder.by_unit()
        finder.by_values()
        finder.by_likeness()
    pairs = tuple(finder.pairs[field.name] for field in schema.fields if field.name in finder.pairs)
    weight = _weights()
    whole = sum(weight.get(field.name, 1.0) for field in schema.fields)
    reached = sum(weight.get(pair.field, 1.0) for pair in pairs if pair.fits >= GOOD and pair.how != "similar")
    # A file with few columns can be a complete one of a schema whose other columns may stay empty.
    used = {label for pair in pairs if pair.fits >= GOOD for label in pair.rule.labels}
    covered = len(used) / len(header) if header else 0.0
    doubtful = tuple(pair for pair in finder.doubtful.values() if pair.field not in finder.pairs)
    nothing = sorted({word for each in facts if each.kinds for word in each.nothing})
    return Likeness(
        schema=schema,
        pairs=pairs,
        doubtful=doubtful,
        nothing=tuple(nothing[:20]),
        score=round((reached / whole) ** 0.5 * (0.5 + covered / 2), 4),
    )


@cache
def _weights() -> dict[str, float]:
    """A field that many schemas have, such as lon or name, says little about which one it is."""
    often = Counter(field.name for schema in all_schemas() for field in schema.fields)
    return {name: number**-0.5 for name, number in often.items()}


class _Finder:
    """Collects pairs; each column is used once, and so is each field."""

    def __init__(self, header: tuple[str, ...], facts: Sequence[Facts], schema: TableSchema) -> None:
        self.header, self.facts, self.schema = header, facts, schema
        self.readers = cell_readers(schema.rules())
        self.pairs: dict[str, Pair] = {}
        self.used: set[int] = set()
        self.matched = match(header, schema)
        self.german = writes_german(facts)
        self.words = [plain(label[:_LABEL]).split("_") for label in header]
        self.wide = len(header) > _WIDE
        self.doubtful: dict[str, Pair] = {}

    def free(self) -> list[Field]:
        return [field for field in self.schema.fields if field.name not in self.pairs]

    def unused(self) -> list[int]:
        """The positions of columns that have a name of their own and no field yet."""
        return [
            p for p, label in enumerate(self.header) if p not in self.used and label and self.header.count(label) == 1
        ]

    def by_name(self) -> None:
        respelled = dict(self.matched.respelled)
        synonyms = dict(self.matched.synonyms)
        for position, name in enumerate(self.matched.fields):
            if name:
                self.take(position, name, "spelling" if position in respelled else "name")
        for position, name in synonyms.items():
            if (pair := self.pair(position, name, "synonym")) is None:
                continue
            if pair.fits >= _CHANCE:
                self.keep(pair, position)
            else:
                self.doubtful[name] = pair

    def by_unit(self) -> None:
        for field in self.free():
            for position in self.unused():
                if (factor := unit_factor(self.words[position], field, other_names(field))) is None:
                    continue
                pair = self.pair(position, field.name, "unit", factor=factor)
                if pair and pair.fits >= GOOD:
                    self.keep(pair, position)
                    break

    def by_place(self) -> None:
        if not {"lon", "lat"} <= {field.name for field in self.free()}:
            return
        for position in self.unused():
            form = next((form for form in _FORMS if form in self.facts[position].kinds), None)
            if form and self.facts[position].filled:
                for axis in _AXES:
                    self.place(Rule(source=Point(label=self.header[position], form=form, axis=axis)), axis, (position,))
                return
        if pair := axis_pair(self.header, self.facts, self.unused(), german=self.german):
            x, y, crs, decimal, group = pair
            for axis in _AXES:
                east, north = self.header[x], self.header[y]
                source = Coordinates(x=east, y=north, crs=crs, axis=axis, decimal=decimal, group=group)
                self.place(Rule(source=source), axis, (x, y))

    def place(self, rule: Rule, axis: str, positions: tuple[int, ...]) -> None:
        examples = tuple(next(iter(self.facts[p].values), "") for p in positions)
        self.pairs[axis] = Pair(field=axis, rule=rule, how="coordinates", fits=1.0, examples=examples)
        self.used |= set(positions)

    def by_values(self) -> None:
        """Only lists of words and narrow patterns say by themselves what a column is."""
        for field in self.free():
            if not self.telling(field):
                continue
            for position in self.unused():
                facts = self.facts[position]
                if facts.many or len(facts.values) < (2 if field.enum else 1):
                    continue
                pair = self.pair(position, field.name, "values")
                if pair and pair.fits >= _SURE:
                    self.keep(pair, position)
                    break

    def telling(self, field: Field) -> bool:
        if field.type == "string" and len(field.enum) > 1:
            return True
        read = self.readers[field.name]
        return bool(field.pattern and grouped(field.pattern)) and all(read(text)[1] for text in _ANYTHING)

    def by_likeness(self) -> None:
        synonyms = dict(self.matched.synonyms)
        for position, name in self.matched.similar:
            if position in self.used or position in synonyms or name in self.pairs:
                continue
            pair = self.pair(position, name, "similar")
            if pair and pair.fits >= _SURE:
                self.keep(pair, position)

    def take(self, position: int, name: str, how: How) -> None:
        if pair := self.pair(position, name, how):
            self.keep(pair, position)

    def keep(self, pair: Pair, position: int) -> None:
        self.pairs[pair.field] = pair
        self.used.add(position)

    def pair(self, position: int, name: str, how: How, *, factor: str = "") -> Pair | None:
        """Make the rule of one column for one field and see how many of its values the field accepts then."""
        field, facts = self.schema.field(name), self.facts[position]
        if field is None:
            return None
        steps = conversion(field, facts, factor, german=self.german)
        rule = Rule(source=Column(labels=(self.header[position],)), steps=steps)
        values = [value for value in facts.values if value not in facts.nothing][:_SAMPLE]
        run, read = transform(rule, field), self.readers[name]
        good = sum(not made.unread and not read(made.text)[1] for made in (run((value,)) for value in values))
        fits = good / len(values) if values else 1.0
        few = tuple(values) if not facts.many and len(values) <= _FEW else ()
        examples = tuple(value[:60] for value in values[:3])
        return Pair(field=name, rule=rule, how=how, fits=round(fits, 4), examples=examples, values=few)
