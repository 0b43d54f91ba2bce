"""Repairs: changes cells that a schema does not accept into what they can only have meant, in a copy, with a log of every change."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from validators.cell_checks import PRECHECKS, Precheck
from validators.changes import ChangeLog, Collector
from validators.columns import match
from validators.readings import Reading, date_sense, number_sense
from validators.repair_rules import CLEANERS, REPAIRS
from validators.report import Finding, TableProfile
from validators.schemas import Field, TableSchema
from validators.sniff import records
from validators.spellings import swapped, without_hidden, without_unit
from validators.tables import CellReader, cell_readers

MAX_CELL = 2000
PREVIEW_SECONDS = 60.0
_MEMO = 50_000
_ODD = tuple(check for check in PRECHECKS if check.odd)
# What a copy puts right by being written anew (validators/mapped.py), whatever its cells say.
_REWRITTEN = frozenset(("bom", "not-utf8", "utf-16", "sep-line", "title-lines", "column-order"))
_RENAMED = frozenset(("incorrect-label",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What the whole of a column proves, by field name: `numbers` comma or point, `dates` day or month, either one `off`.

    A column that proves both is `off`: nothing that depends on the convention is changed there. `local` names the columns of
    times in which no time has a zone.
    """

    numbers: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    local: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A field with frictionless' reader and the checks for odd spellings; `bound` means that other cells depend on its value: a key."""

    field: Field
    read: CellReader
    checks: tuple[Precheck, ...]
    bound: bool

    def odd(self, cell: str) -> bool:
        """Tell whether a cell is written in a way that a repair may touch although frictionless accepts it."""
        return "\0" in cell or any(check.finds(self.field, cell) for check in self.checks)


class Repairer:
    """Repairs row after row; the same cell of the same column always becomes the same.

    `names` are the fields of the columns of a row, empty where a column belongs to none. Changes are noted in `collector`.
    """

    def __init__(
        self,
        schema: TableSchema,
        names: Sequence[str],
        collector: Collector | None = None,
        proofs: Proofs | None = None,
    ) -> None:
        known = _columns(schema)
        self._places = [(position, known[name]) for position, name in enumerate(names) if name in known]
        self._memos: list[dict[str, tuple[str, str] | None]] = [{} for _ in self._places]
        self._collector = collector
        self._proofs = proofs or Proofs()
        at = {column.field.name: (position, column) for position, column in self._places}
        axes = (at.get("lon"), at.get("lat"))
        free = all(axis and not axis[1].bound for axis in axes)
        self._axes = (axes[0], axes[1]) if free and axes[0] and axes[1] else None

    def row(self, number: int, cells: Sequence[str]) -> list[str]:
        """Give the repaired cells of the record with this number; a row is never emptied."""
        result = list(cells)
        changes: list[tuple[int, str, str]] = []
        for (position, column), memo in zip(self._places, self._memos, strict=True):
            if position >= len(result) or not (cell := result[position]):
                continue
            if cell in memo:
                found = memo[cell]
            else:
                found = mend(column, cell, self._proofs)
                if len(memo) < _MEMO:
                    memo[cell] = found
            if found:
                changes.append((position, found[0], column.field.name))
                result[position] = found[1]
        if self._axes and (turned := self._turned(cells)):
            (x, _), (y, _) = self._axes
            changes = [change for change in changes if change[0] not in (x, y)]
            changes += [(x, "swapped-coordinates", "lon"), (y, "swapped-coordinates", "lat")]
            result[x], result[y] = turned
        if changes and not any(result):
            return list(cells)
        if self._collector:
            for position, rule, name in changes:
                self._collector.note(number, name, rule, cells[position], result[position])
        return result

    def _turned(self, cells: Sequence[str]) -> tuple[str, str] | None:
        """Longitude and latitude exchanged, if they do not fit as they stand and both do the other way round."""
        if self._axes is None:
            return None
        (x, lon), (y, lat) = self._axes
        if max(x, y) >= len(cells) or not cells[x] or not cells[y]:
            return None
        if not swapped(cells[x], cells[y]):
            return None
        fits = self._fitting(lon, cells[x]) is not None and self._fitting(lat, cells[y]) is not None
        bounded = lon.field.minimum or lon.field.maximum or lat.field.minimum or lat.field.maximum
        if fits and bounded:
            return None
        east, north = self._fitting(lon, cells[y]), self._fitting(lat, cells[x])
        return None if east is None or north is None else (east, north)

    def _fitting(self, column: _Column, cell: str) -> str | None:
        """The cell as the column accepts it, repaired if need be."""
        if not column.read(cell)[1] and not column.odd(cell):
            return cell
        found = mend(column, cell, self._proofs)
        return found[1] if found else None


def mend(column: _Column, cell: str, proofs: Proofs) -> tuple[str, str] | None:
    """Give rule and new value for a cell that its column does not accept or that is written oddly; nothing where that is not certain."""
    value, broken = column.read(cell)
    if not cell or len(cell) > MAX_CELL or not (broken or column.odd(cell)):
        return None
    # A key that already counts must stay the same value: as another one it could meet its double.
    fixed = not broken and (column.bound and column.field.name not in proofs.local)
    same = fixed or (
        not broken and any(check.code == "odd-number" and check.finds(column.field, cell) for check in column.checks)
    )

    def good(after: str) -> bool:
        read, wrong = column.read(after)
        if wrong or after == cell or (after and column.odd(after)) or (not after and column.bound):
            return False
        return not same or read == value or (not fixed and value != value and not after)

    base = cell
    for cleaner in CLEANERS:
        for reading in cleaner.readings(column.field, base):
            base = reading.after
            if good(base):
                return reading.rule, base
    found = [reading for reading in _readings(column.field, base) if good(reading.after)]
    chosen = _chosen(found, proofs.numbers.get(column.field.name, ""), proofs.dates.get(column.field.name, ""))
    return (chosen.rule, chosen.after) if chosen else None


def learn(schema: TableSchema, names: Sequence[str], rows: Iterable[Sequence[str]]) -> Proofs:
    """Read all rows once to see which conventions each column proves; only cells that need a repair count."""
    known = _columns(schema)
    places = [
        (position, known[name])
        for position, name in enumerate(names)
        if name in known and known[name].field.type in ("number", "integer", "date", "datetime")
    ]
    seen: list[dict[str, None]] = [{} for _ in places]
    witnesses = [_Witness() for _ in places]
    for row in rows:
        for (position, column), memo, witness in zip(places, seen, witnesses, strict=True):
            if position < len(row) and (cell := row[position]) and cell not in memo:
                if len(memo) < _MEMO:
                    memo[cell] = None
                witness.hear(column, cell)
    numbers: dict[str, str] = {}
    dates: dict[str, str] = {}
    local: set[str] = set()
    for (_, column), witness in zip(places, witnesses, strict=True):
        name = column.field.name
        verdict = witness.verdict(column)
        (numbers if column.field.type in ("number", "integer") else dates)[name] = verdict
        if column.field.type == "datetime" and not witness.zoned:
            local.add(name)
    return Proofs(numbers=numbers, dates=dates, local=frozenset(local))


@dataclass(slots=True)
class _Witness:
    """What the cells of one column that need a repair say about its convention."""

    senses: set[str] = field(default_factory=set)
    unclear: dict[str, None] = field(default_factory=dict)
    zoned: bool = False

    def hear(self, column: _Column, cell: str) -> None:
        value, broken = column.read(cell)
        if not broken and getattr(value, "tzinfo", None) is not None:
            self.zoned = True
        if len(cell) > MAX_CELL or not (broken or column.odd(cell)):
            return
        text = " ".join(without_hidden(cell).split())
        if column.field.type in ("number", "integer"):
            sense = number_sense(column.field, without_unit(column.field, text) or text)
        else:
            sense = date_sense(text)
        if sense:
            self.senses.add(sense)
        elif len(self.unclear) < _MEMO:
            self.unclear[text] = None

    def verdict(self, column: _Column) -> str:
        """The one convention proven; `off` when there are two, or when a cell would fit the other one only."""
        if len(self.senses) != 1:
            return "off" if self.senses else ""
        (sense,) = self.senses
        for text in self.unclear:
            fitting = {r.sense for r in _readings(column.field, text) if not column.read(r.after)[1]}
            if fitting and sense not in fitting and "" not in fitting:
                return "off"
        return sense


def preview(
    path: Path, profile: TableProfile, schema: TableSchema, *, limit_seconds: float = PREVIEW_SECONDS
) -> ChangeLog:
    """Say what a repaired copy of a CSV would change; a file too large for the time is looked at as far as that reaches."""
    names = fields_of(profile, schema)
    first, second = _Pass(path, profile, limit_seconds / 2), _Pass(path, profile, limit_seconds / 2)
    proofs = learn(schema, names, (row for _, row in first))
    collector = Collector()
    repairer = Repairer(schema, names, collector, proofs)
    for number, row in second:
        repairer.row(number, row)
    return replace(collector.log(), complete=first.complete and second.complete)


def fields_of(profile: TableProfile, schema: TableSchema) -> tuple[str, ...]:
    """Name the field of each column of a file: by its name, another spelling of it, or a synonym."""
    return match(profile.header, schema).meant()


def offered(findings: Iterable[Finding], schema: TableSchema) -> list[Finding]:
    """Name the repair of each finding that a rule can put right, judged by its examples."""
    known = _columns(schema)
    result = []
    for finding in findings:
        code = ""
        if finding.code in _REWRITTEN:
            code = "canonical-file"
        elif finding.code in _RENAMED or (finding.code == "extra-label" and match(finding.examples, schema).synonyms):
            code = "column-name"
        elif finding.code == "nul-byte":
            code = "invisible"
        elif finding.code == "swapped-coordinates":
            code = _turning(finding, schema)
        elif finding.field in known and finding.examples:
            code = _mending(finding, known[finding.field], schema)
        result.append(replace(finding, repair=code) if code and not finding.repair else finding)
    return result


def _turning(finding: Finding, schema: TableSchema) -> str:
    repairer = Repairer(schema, ("lon", "lat"))
    pairs = [example.split(" / ") for example in finding.examples]
    turned = any(repairer.row(1, pair) != pair for pair in pairs if len(pair) == 2)
    return "swapped-coordinates" if turned else ""


def _mending(finding: Finding, column: _Column, schema: TableSchema) -> str:
    proofs = learn(schema, (finding.field,), ([example] for example in finding.examples))
    for example in finding.examples:
        if found := mend(column, example, proofs):
            return found[0]
    return ""


def _columns(schema: TableSchema) -> dict[str, _Column]:
    """The fields that may be repaired, by name. A field that is unique twice over is left alone: one double would count twice."""
    readers = cell_readers(schema.rules())
    foreign = {name for key in schema.foreign_keys for name in key.fields}
    return {
        column.name: _Column(
            field=column,
            read=readers[column.name],
            checks=tuple(check for check in _ODD if not check.types or column.type in check.types),
            bound=column.unique or column.name in schema.primary_key or column.name in foreign,
        )
        for column in schema.fields
        if not (column.unique and column.name in schema.primary_key)
    }


def _readings(column: Field, cell: str) -> list[Reading]:
    rules = (rule for rule in REPAIRS if not rule.types or column.type in rule.types)
    return [reading for rule in rules for reading in rule.readings(column, cell)]


def _chosen(found: list[Reading], number: str, day: str) -> Reading | None:
    """The one reading that is left when the column's convention is kept; without proof a comma is German."""
    for proof, senses in ((number, ("comma", "point")), (day, ("day", "month"))):
        if proof:
            found = [reading for reading in found if reading.sense not in senses or reading.sense == proof]
    if not number and not any(reading.own for reading in found) and len({reading.after for reading in found}) > 1:
        found = [reading for reading in found if reading.sense != "point"]
    return found[0] if len({reading.after for reading in found}) == 1 else None


class _Pass:
    """The records of a file, until the time is up."""

    def __init__(self, path: Path, profile: TableProfile, seconds: float) -> None:
        self._records = records(path, profile)
        self._seconds = seconds
        self.complete = True

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        deadline = time.monotonic() + self._seconds
        for number, row in self._records:
            if number % 1000 == 0 and time.monotonic() > deadline:
                self.complete = False
                return
            yield number, row
