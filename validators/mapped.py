"""Writes the copy of a table that a schema asks for: by a mapping, or by the names of the columns; what was changed is logged."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from dcat.errors import ConfigError, UnreadableError
from dcat.message import Message
from validators.changes import ChangeLog, Collector
from validators.columns import match
from validators.mapping import Mapping, absent, misfits
from validators.mapping_rules import Problem
from validators.repairs import Repairer, learn
from validators.report import TableProfile
from validators.schemas import Field, TableSchema
from validators.sniff import MAX_BYTES, MAX_CELL, records
from validators.transforms import Column, Constant, Mapped, Rule, transform

_MEMO = 20_000
_CHECKED = 10_000


@dataclass(slots=True, kw_only=True)
class _Maker:
    """Makes the cells of one column of the target, each different source once."""

    name: str
    positions: tuple[int, ...]
    run: Callable[[tuple[str, ...]], Mapped]
    rule: str
    missing: frozenset[str] = frozenset()
    memo: dict[tuple[str, ...], Mapped] = field(default_factory=dict)

    def make(self, row: int, cells: list[str], log: Collector | None) -> str:
        """Make the cell of one row and note what is no mere copy."""
        given = tuple([cells[position] for position in self.positions])
        if (made := self.memo.get(given)) is None:
            read = tuple(["" if cell.strip() in self.missing else cell for cell in given]) if self.missing else given
            made = self.run(read)
            if len(made.text) > MAX_CELL:
                raise _too_big()
            if len(self.memo) < _MEMO:
                self.memo[given] = made
        if log is None:
            return made.text
        before = given[0] if len(given) == 1 else " | ".join(given)
        if made.unread:
            log.note(row, self.name, "unread", before, made.text)
        elif made.text != before:
            log.note(row, self.name, self.rule, before, made.text)
        return made.text


def derive(
    path: Path,
    profile: TableProfile,
    schema: TableSchema,
    target: Path,
    *,
    mapping: Mapping | None = None,
    repair: bool = False,
) -> ChangeLog:
    """Write an opened table as a table of the schema: UTF-8, comma, LF, exactly the schema's columns in their order.

    Without a mapping, columns are taken by name, other spelling or synonym. Columns that mean nothing in the schema are left out, rows
    without any text too. ConfigError when file, mapping and schema do not fit together, UnreadableError when there is no table.
    """
    if not profile.readable or not profile.header_row:
        raise UnreadableError(
            Message(
                "Die Datei lässt sich nicht als Tabelle lesen. Nächster Schritt: offenbar validate DATEI",
                "The file cannot be read as a table. Next step: offenbar validate FILE",
            )
        )
    log = Collector()
    makers = _by_mapping(profile, schema, mapping) if mapping else _by_name(profile, schema, log)
    names = [field.name for field in schema.fields]
    repairer = None
    if repair or (mapping is not None and mapping.repair):
        # Whether 1.134 is one or a thousand, and 03.04. April or March, only the whole column can tell: it is read twice.
        proofs = learn(schema, names, (row for _, row in _rows(path, profile, makers, None)))
        repairer = Repairer(schema, names, log, proofs)
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(names)
        for number, row in _rows(path, profile, makers, log):
            writer.writerow(repairer.row(number, row) if repairer else row)
            if number % _CHECKED == 0:
                _check_size(handle)
        _check_size(handle)
    return log.log()


def _rows(
    path: Path, profile: TableProfile, makers: list[_Maker | None], log: Collector | None
) -> Iterator[tuple[int, list[str]]]:
    """Make the rows of the target, each with its record number in the source; a log sees what is left out."""
    width = len(profile.header)
    for number, row in records(path, profile):
        if not any(row):
            if log:
                log.note(number, "", "empty-row", "", "")
            continue
        if log and len(row) > width and any(row[width:]):
            log.note(number, "", "extra-cells", " | ".join(row[width:]), "")
        cells = row + [""] * (width - len(row))
        yield number, [maker.make(number, cells, log) if maker else "" for maker in makers]


def _by_mapping(profile: TableProfile, schema: TableSchema, mapping: Mapping) -> list[_Maker | None]:
    unknown = [name for name, _ in mapping.columns if schema.field(name) is None]
    if unknown:
        raise _unfit(misfits(mapping, schema))
    if faults := absent(mapping, profile.header):
        raise _unfit(faults)
    rules, missing = dict(mapping.columns), frozenset(mapping.missing)
    return [
        _maker(profile, field, rules[field.name], missing) if field.name in rules else None for field in schema.fields
    ]


def _maker(profile: TableProfile, target: Field, rule: Rule, missing: frozenset[str]) -> _Maker:
    named = "constant" if isinstance(rule.source, Constant) else "mapped"
    return _Maker(
        name=target.name,
        positions=tuple(profile.header.index(label) for label in rule.labels),
        run=transform(rule, target),
        rule=named,
        missing=missing,
    )


def _by_name(profile: TableProfile, schema: TableSchema, log: Collector) -> list[_Maker | None]:
    """Take every column whose name says which field it is; a likeness alone is too little to move data."""
    meant = match(profile.header, schema).meant()
    for label, name in zip(profile.header, meant, strict=True):
        if name and name != label:
            log.note(profile.header_row, name, "column-name", label, name)
    return [
        _Maker(
            name=field.name,
            positions=(meant.index(field.name),),
            run=transform(Rule(source=Column(labels=(profile.header[meant.index(field.name)],))), field),
            rule="mapped",
        )
        if field.name in meant
        else None
        for field in schema.fields
    ]


def _check_size(handle: TextIO) -> None:
    if handle.tell() > MAX_BYTES:
        raise _too_big()


def _too_big() -> UnreadableError:
    return UnreadableError(
        Message(
            "Die zugeordnete Tabelle würde zu groß. Nächster Schritt: die Datei teilen oder Vorlagen in der Zuordnung kürzen",
            "The mapped table would become too large. Next step: split the file, or shorten templates in the mapping",
        )
    )


def _unfit(faults: tuple[Problem, ...]) -> ConfigError:
    german = "; ".join(fault.message.de for fault in faults[:5])
    english = "; ".join(fault.message.en for fault in faults[:5])
    return ConfigError(
        Message(
            f"Die Zuordnung passt nicht: {german}. Nächster Schritt: offenbar schema check ZUORDNUNG --data DATEI",
            f"The mapping does not fit: {english}. Next step: offenbar schema check MAPPING --data FILE",
        )
    )
