"""offenbar validate: the copies made of a table on the way - mapped, repaired, or to look up keys in - and what was changed in them."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message
from validators import intake, mapped, mapping, schemas
from validators.changes import KINDS, ChangeLog
from validators.check import References, check_opened
from validators.intake import Intake
from validators.mapping import Mapping
from validators.report import Report
from validators.schemas import TableSchema
from validators.wording import amount, cells, rows

MAX_MAPPING = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of a table: where it is, what was changed, and what the check of it says."""

    target: Path
    log: ChangeLog
    report: Report

    def summary(self, done: Message) -> Message:
        """Say how much was changed."""
        values, touched = cells(self.log.values), rows(self.log.rows)
        return Message(f"{done.de}: {values.de} in {touched.de}.", f"{done.en}: {values.en} in {touched.en}.")

    def difference(self) -> Iterator[Message]:
        """Give a line for each rule and column with the number of changes, and below it the most frequent ones."""
        for total, examples in self.log.kinds():
            rule, column, number = total.words, total.column or "–", amount(total.count)
            yield Message(f"  {column}: {rule.de} ({number.de}×)", f"  {column}: {rule.en} ({number.en}×)")
            for change in examples:
                before, after = change.before, change.after
                yield Message(f"      „{before}“ → „{after}“", f"      “{before}” → “{after}”")
        if (left := len(self.log.totals) - KINDS) > 0:
            yield Message(f"  und {left} weitere Arten von Änderungen", f"  and {left} more kinds of changes")


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file."""
    if path.stat().st_size > MAX_MAPPING:
        raise ConfigError(
            Message(f"{path.name} ist größer als eine Zuordnung.", f"{path.name} is larger than a mapping can be.")
        )
    return mapping.read(path.read_bytes(), path.name)


def read_references(given: tuple[str, ...], folder: Path) -> References:
    """Read the tables that keys point to, each of any kind we read: SCHEMA=FILE."""
    found: dict[str, Path] = {}
    for number, one in enumerate(given):
        name, _, file = one.partition("=")
        if not name or not file:
            raise ConfigError(
                Message(
                    f"--reference {one}: erwartet wird SCHEMA=DATEI.",
                    f"--reference {one}: SCHEMA=FILE is expected.",
                )
            )
        if not Path(file).is_file():
            raise NotFoundError(Message(f"Die Datei {file} gibt es nicht.", f"There is no file {file}."))
        schema, target = schemas.load(name), folder / f"reference-{number}.csv"
        with intake.opened(Path(file), schema) as table:
            mapped.derive(table.path, table.profile, schema, target)
        found[name] = target
    return found


def make_mapped(
    table: Intake, schema: TableSchema, rules: Mapping, references: References, limit_errors: int, target: Path
) -> Copy:
    """Write what the mapping makes of a table, and check it."""
    log = mapped.derive(table.path, table.profile, schema, target, mapping=rules, repair=rules.repair)
    with intake.opened(target, schema) as made:
        report = check_opened(made, schema, references=references, limit_errors=limit_errors)
    return Copy(target=target, log=log, report=report)


def make_repaired(
    table: Intake,
    original: Path,
    schema: TableSchema,
    rules: Mapping | None,
    references: References,
    limit_errors: int,
    target: Path,
) -> Copy:
    """Write the repaired copy and check it; the file itself stays as it is, and an old copy until the new one is whole."""
    if target.exists() and target.samefile(original):
        raise ConfigError(
            Message(
                "Die Reparatur schreibt eine Kopie und nie in die Datei selbst. Nächster Schritt: anderen Namen angeben.",
                "A repair writes a copy and never into the file itself. Next step: give another name.",
            )
        )
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        log = mapped.derive(table.path, table.profile, schema, part, mapping=rules, repair=True)
        with intake.opened(part, schema) as copy:
            report = check_opened(copy, schema, references=references, limit_errors=limit_errors)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Copy(target=target, log=log, report=report)
