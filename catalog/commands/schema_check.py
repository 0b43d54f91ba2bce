"""offenbar schema check"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from catalog.commands.schema_files import FILE, read_schema, require_table, say_first
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from dcat.errors import NotFoundError
from dcat.message import Message
from validators import intake, mapping, schemas
from validators.check import check_table
from validators.mapped import derive
from validators.mapping_rules import Problem
from validators.report import Report, Severity, sentence, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remark:
    """One thing said about a schema or a mapping; `line` is 0 where none is known."""

    blocks: bool
    line: int = 0
    field: str = ""
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What was found about one schema or mapping, and about the table checked with it."""

    name: str
    kind: str
    remarks: tuple[_Remark, ...]
    report: Report | None = None

    @property
    def broken(self) -> bool:
        return any(remark.blocks for remark in self.remarks) or (self.report is not None and not self.report.conforms)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="DATEI|SCHEMA...")
@click.option("--data", type=FILE, help="Auch diese Tabelle damit prüfen. / Check this table with it too.")
@click.option("--schema", "schema_name", default="", help="Schema der Zuordnung. / Schema of the mapping.")
@json_option
@pass_terminal
def check(terminal: Terminal, names: tuple[str, ...], data: Path | None, schema_name: str, as_json: bool) -> int:
    """Schema-Dateien (.json) oder Zuordnungen (.yaml) prüfen, mit --data auch an einer Tabelle. Endet mit 1 bei Fehlern.

    Check schema files (.json) or mappings (.yaml), with --data on a table too. Ends with 1 if there are faults.

    Beispiel / Example: offenbar schema check zuordnung.yaml --data baeume.csv
    """
    checked = [_checked(name, data, schema_name) for name in names]
    if as_json:
        terminal.data([_checked_json(one) for one in checked])
    else:
        for one in checked:
            _say_checked(terminal, one)
    return 1 if any(one.broken for one in checked) else 0


def _checked(name: str, data: Path | None, schema_name: str) -> _Checked:
    path = Path(name)
    if not path.is_file():
        if path.suffix:
            raise NotFoundError(Message(f"Die Datei {name} gibt es nicht.", f"There is no file {name}."))
        return _checked_schema(name, schemas.load(name).document.encode(), data)
    content = path.read_bytes()
    if path.suffix.lower() in (".yaml", ".yml"):
        return _checked_mapping(name, content, data, schema_name)
    return _checked_schema(name, content, data)


def _checked_schema(name: str, content: bytes, data: Path | None) -> _Checked:
    remarks = tuple(
        _Remark(blocks=fault.severity is Severity.BLOCKS, field=fault.field, message=fault.message)
        for fault in schemas.lint(content)
    )
    usable = not any(remark.blocks for remark in remarks)
    report = check_table(data, schemas.read(content)) if data and usable else None
    return _Checked(name=name, kind="schema", remarks=remarks, report=report)


def _checked_mapping(name: str, content: bytes, data: Path | None, schema_name: str) -> _Checked:
    mapped, problems = mapping.examined(content)
    if mapped is None:
        return _Checked(name=name, kind="mapping", remarks=_remarks(problems))
    try:
        schema = read_schema(schema_name or mapped.schema)
    except NotFoundError as error:
        return _Checked(name=name, kind="mapping", remarks=(_Remark(blocks=True, line=1, message=error.message),))
    problems = mapping.misfits(mapped, schema, content)
    if data is None or problems:
        return _Checked(name=name, kind="mapping", remarks=_remarks(problems))
    with intake.opened(data, schema, part=mapped.sheet) as table, TemporaryDirectory() as folder:
        require_table(table)
        if problems := mapping.absent(mapped, table.profile.header, content):
            return _Checked(name=name, kind="mapping", remarks=_remarks(problems))
        target = Path(folder) / "zugeordnet.csv"
        derive(table.path, table.profile, schema, target, mapping=mapped)
        return _Checked(name=name, kind="mapping", remarks=(), report=check_table(target, schema))


def _remarks(problems: tuple[Problem, ...]) -> tuple[_Remark, ...]:
    ordered = sorted(problems, key=lambda problem: problem.line)
    return tuple(_Remark(blocks=True, line=problem.line, message=problem.message) for problem in ordered)


def _checked_json(one: _Checked) -> dict[str, Any]:
    remarks = [
        {"blocks": r.blocks, "line": r.line or None, "field": r.field or None, "de": r.message.de, "en": r.message.en}
        for r in one.remarks
    ]
    report = to_json(one.report) if one.report else None
    return {"name": one.name, "kind": one.kind, "valid": not one.broken, "problems": remarks, "report": report}


def _say_checked(terminal: Terminal, one: _Checked) -> None:
    for remark in one.remarks:
        level = Message("Fehler", "error") if remark.blocks else Message("Hinweis", "hint")
        where = terminal.t(f", Zeile {remark.line}", f", line {remark.line}") if remark.line else ""
        terminal.say(f"{level.in_(terminal.lang)}: {one.name}{where}: {remark.message.in_(terminal.lang)}")
    if one.report:
        terminal.say(f"{one.name}: {sentence(one.report).in_(terminal.lang)}")
        say_first(terminal, one.report.findings)
    elif not one.broken:
        terminal.say(Message(f"{one.name}: in Ordnung", f"{one.name}: all right"))
