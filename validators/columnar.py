"""The fast path: frictionless' report on a large table, column by column. It finds the rows that have errors; frictionless words them."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from validators.blocks import Block, Row, block
from validators.column_judge import ColumnJudge
from validators.error_findings import grouped
from validators.keys import Keys, all_null
from validators.layout import Extract, Layout, Reference, UnprovenError
from validators.pieces import BOM, Piece, has_blank_line, piece_of, pieces, rows_of, supported
from validators.references import ReferenceJudge, lookups
from validators.report import Count, Cut, TableProfile
from validators.tables import HOSTILE, judge_extract, layout_of

# What stops the fast path: what pyarrow cannot hold, and what can only be judged row by row.
ODD = (pa.ArrowException, UnprovenError, MemoryError)


# Rows without a place in columns that are remembered, and how long they may be.
_ODD_ROWS = 1000
_ODD_LENGTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """frictionless' report, whether the deadline cut it short, and all errors of the file below its header: by rule, and their rows.

    `seen` tells whether who wanted to see the blocks of the file has seen them.
    """

    raw: dict[str, Any]
    stopped: bool = False
    counts: tuple[Count, ...] = ()
    faulty_rows: int = 0
    seen: bool = False


def judge(
    path: Path,
    profile: TableProfile,
    descriptor: dict[str, Any],
    limit_errors: int,
    deadline: float,
    references: Mapping[str, Reference] | None = None,
    *,
    also: Callable[[Block], None] | None = None,
    size: int | None = None,
) -> Verdict | None:
    """Judge a file as `tables.judge` does; None where only that can. `also` is shown every block, even of a file that ends as None."""
    if not supported(profile) or not any(profile.header):
        return None
    try:
        expected = layout_of(path, profile, descriptor)
    except HOSTILE:
        # The schema is one at which frictionless itself gives up, in its own words.
        return None
    if len(expected.columns) != len(profile.header):
        return None
    try:
        scan = _Scan(path, profile, expected, references or {}, limit_errors)
        scan.run(deadline, also, size)
        scan.finish()
        extract = Extract(
            head=[[] for _ in range(profile.header_row - 1)] + [list(profile.header)],
            chosen=sorted(scan.shown.items()),
            rows=scan.rows,
            bytes=scan.bytes,
            md5=scan.md5.hexdigest(),
            sha256=scan.sha256.hexdigest() if scan.sha256 else profile.sha256,
            lookups=scan.lookups,
            whole=not scan.stopped,
        )
    except ODD:
        return None
    return Verdict(
        raw=judge_extract(path, profile, descriptor, limit_errors, extract),
        stopped=scan.stopped,
        seen=also is not None,
        counts=counted(scan.counts),
        faulty_rows=pc.count_distinct(pa.chunked_array(scan.wrong, pa.int64())).as_py(),
    )


def counted(counts: Mapping[tuple[str, str, str], int]) -> tuple[Count, ...]:
    """Put numbers of errors by type, field and broken constraint in order."""
    return tuple(
        Count(type=kind, field=name, rule=rule, number=number)
        for (kind, name, rule), number in sorted(counts.items())
        if number
    )


def count_errors(errors: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Count errors below the header; of a row with cells missing or too many, the row counts."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for key, group in grouped(errors).items():
        by_row = key[0] in ("missing-cell", "extra-cell")
        counts[key] = len({error["rowNumber"] for error in group}) if by_row else len(group)
    return counts


class _Scan:
    """One pass over a file: which rows have errors, which of them frictionless must see, and the keys of all rows."""

    def __init__(
        self,
        path: Path,
        profile: TableProfile,
        expected: Layout,
        references: Mapping[str, Reference],
        limit: int,
    ) -> None:
        self.path, self.profile, self.expected, self.limit = path, profile, expected, limit
        self.at = {column.name: position for position, column in enumerate(expected.columns)}
        self.judges = [ColumnJudge(column) for column in expected.columns]
        self.unique = {name: Keys(width=1) for name in expected.unique}
        self.primary = Keys(width=len(expected.primary_key)) if expected.primary_key else None
        self.lookups = lookups(path, profile, expected, references)
        # frictionless reads the other table of every key, and follows only those whose columns the file has.
        self.foreign = [
            ReferenceJudge(key, [expected.columns[self.at[name]] for name in key.fields], self.lookups)
            for key in expected.foreign_keys
            if set(key.fields) <= self.at.keys()
        ]
        # Of the text, which is not what was opened if that was no text.
        mark = BOM if profile.encoding == "utf-8-sig" else b""
        self.md5 = hashlib.md5(mark, usedforsecurity=False)
        self.sha256 = None if profile.kind == "csv" and profile.sha256 else hashlib.sha256(mark)
        self.bytes = len(mark)
        self.rows = 0
        self.stopped = False
        self.counts: Counter[tuple[str, str, str]] = Counter()
        # The rows that frictionless must see: beyond the limit of errors it looks at none.
        self.shown: dict[int, list[str]] = {}
        self.bad = self.odd = 0
        self.odd_rows: dict[tuple[str, ...], tuple[dict[str, Any], Counter[tuple[str, str, str]], bool]] = {}
        # The record numbers of all rows with an error.
        self.wrong: list[Any] = []
        self.places: list[Cut] = []

    def run(self, deadline: float, also: Callable[[Block], None] | None, size: int | None) -> None:
        """Read the whole file, or as much of it as there is time for."""
        for piece in pieces(self.path, self.profile, size):
            if time.monotonic() > deadline:
                self.stopped = True
                return
            self.md5.update(piece.raw)
            if self.sha256:
                self.sha256.update(piece.raw)
            self.bytes += len(piece.raw)
            if piece.cut.first + piece.cut.records <= self.profile.header_row + 1:
                continue
            self.places.append(piece.cut)
            part = block(piece, self.profile)
            self.rows += len(part.numbers) + len(part.odd)
            if also is not None:
                also(part)
            self._take(self._without_blanks(part))
        if self.bytes != self.path.stat().st_size:
            # Behind a record that is too long nothing is cut.
            raise UnprovenError

    def finish(self) -> None:
        """Find repeated keys, and fetch the rows that repeat one together with those that had it before."""
        needed: set[int] = set()
        keys = [(("unique-error", name, ""), keys) for name, keys in self.unique.items()]
        if self.primary is not None:
            keys.append((("primary-key", "", "double"), self.primary))
        for rule, found in keys:
            repeats = found.repeats(self.limit)
            self.counts[rule] += len(repeats.rows)
            self.wrong += repeats.rows.chunks
            needed.update(repeats.chosen)
        needed -= self.shown.keys()
        for cut in self.places:
            if here := [number for number in needed if cut.first <= number < cut.first + cut.records]:
                self._fetch(piece_of(self.path, self.profile, cut), here)

    def _fetch(self, piece: Piece, numbers: list[int]) -> None:
        part = block(piece, self.profile)
        wanted = set(numbers)
        self.shown |= {number: cells for number, cells in part.odd if number in wanted}
        self.shown |= dict(part.rows(pc.is_in(part.numbers, value_set=pa.array(numbers, pa.int64()))))

    def _without_blanks(self, part: Block) -> Block:
        """Take rows without any value out of the columns: they have one error of their own, and no others."""
        blank = None
        for column_judge, cells in zip(self.judges, part.columns, strict=True):
            mask = column_judge.blank(cells)
            blank = mask if blank is None else pc.and_(blank, mask)
            if not pc.any(blank, min_count=0).as_py():
                return part
        rows = part.rows(blank)
        if has_blank_line(part.piece) and any(not any(cells) for _, cells in rows):
            # In columns, a line without anything looks like one of empty cells.
            wanted = {number for number, _ in rows}
            rows = [(number, cells) for number, cells in rows_of(part.piece, self.profile) if number in wanted]
        return part.without(blank, rows)

    def _take(self, part: Block) -> None:
        if not self.shown:
            # After errors in the header alone frictionless stops behind the first row.
            self.shown |= dict([*part.odd[:1], *part.rows(pc.less(part.numbers, self.profile.header_row + 2))])
        self._take_odd(part.odd)
        bad = self._bad_cells(part)
        for reference in self.foreign:
            mask = reference.judge([part.columns[self.at[name]] for name in reference.key.fields])
            if mask is not None:
                self.counts[_rule(reference)] += pc.sum(mask).as_py()
                bad = _either(bad, mask)
        for name, keys in self.unique.items():
            keys.add(part.numbers, [self._values(name, part)])
        if self.primary is not None:
            values = [self._values(name, part) for name in self.expected.primary_key]
            self.primary.add(part.numbers, values)
            empty = all_null(values)
            if number := pc.sum(empty, min_count=0).as_py():
                self.counts["primary-key", "", "empty"] += number
                bad = _either(bad, empty)
        if bad is not None:
            self.wrong.append(part.numbers.filter(bad))
            rows = part.rows(bad, self._room(self.bad))
            self.bad += len(rows)
            self.shown |= dict(rows)

    def _bad_cells(self, part: Block) -> Any:
        bad = None
        for column_judge, cells in zip(self.judges, part.columns, strict=True):
            judged = column_judge.judge(cells)
            if judged.bad is not None:
                bad = _either(bad, judged.bad)
            for rule, number in judged.counts.items():
                kind = "type-error" if rule == "type" else "constraint-error"
                self.counts[kind, column_judge.column.name, "" if rule == "type" else rule] += number
        return bad

    def _take_odd(self, odd: tuple[Row, ...]) -> None:
        """Take rows that have no place in columns: blank, too short, too long. Frictionless' own rows tell what is wrong with them."""
        if not odd:
            return
        values: list[dict[str, Any]] = []
        wrong: list[Row] = []
        for number, cells in odd:
            found, counts, faulty = self._odd_row(number, cells)
            values.append(found)
            self.counts.update(counts)
            if faulty:
                wrong.append((number, cells))
        numbers = pa.array([number for number, _ in odd], pa.int64())
        for name, keys in self.unique.items():
            keys.add(numbers, [self._odd_values(name, values)])
        if self.primary is not None:
            self.primary.add(numbers, [self._odd_values(name, values) for name in self.expected.primary_key])
        self.wrong.append(pa.array([number for number, _ in wrong], pa.int64()))
        self.shown |= dict(wrong[: self._room(self.odd)])
        self.odd += len(wrong)

    def _odd_row(self, number: int, cells: list[str]) -> tuple[dict[str, Any], Counter[tuple[str, str, str]], bool]:
        """The values of one row, its errors by rule, and whether it has any; equal rows, as blank ones are, are looked at once."""
        key = tuple(cells)
        if (known := self.odd_rows.get(key)) is None:
            found, errors = self.expected.row(number, cells)
            counts = count_errors(errors) + self._key_errors(found, errors)
            known = found, counts, bool(counts or errors)
            if len(self.odd_rows) < _ODD_ROWS and sum(map(len, cells)) < _ODD_LENGTH:
                self.odd_rows[key] = known
        return known

    def _key_errors(self, values: Mapping[str, Any], errors: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
        counts = Counter(
            _rule(reference)
            for reference in self.foreign
            if reference.lacks([values[name] for name in reference.key.fields])
        )
        key = self.expected.primary_key
        # That a blank row has no key goes without saying.
        blank = any(error["type"] == "blank-row" for error in errors)
        if key and not blank and all(values[name] is None for name in key):
            counts["primary-key", "", "empty"] += 1
        return counts

    def _values(self, name: str, part: Block) -> Any:
        position = self.at[name]
        return self.judges[position].values(part.columns[position])

    def _odd_values(self, name: str, rows: list[dict[str, Any]]) -> Any:
        column_judge = self.judges[self.at[name]]
        return pa.array([column_judge.value(row[name]) for row in rows], column_judge.kind)

    def _room(self, taken: int) -> int | None:
        return max(self.limit - taken, 0) if self.limit else None


def _rule(reference: ReferenceJudge) -> tuple[str, str, str]:
    """Under what the errors of a foreign key are counted."""
    key = reference.key
    error = {"type": "foreign-key", "rowNumber": 0, "fieldNames": list(key.fields), "referenceName": key.name}
    return next(iter(grouped([error])))


def _either(one: Any, other: Any) -> Any:
    return other if one is None else pc.or_(one, other)
