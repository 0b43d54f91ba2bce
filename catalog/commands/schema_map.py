"""offenbar schema map"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from catalog.commands.schema_files import (
    FILE,
    PART,
    SHOWN,
    TARGET,
    likeness_json,
    read_schema,
    require_other,
    require_table,
    say_first,
    write,
)
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from dcat.message import Message
from validators import intake, mapping, mapping_text
from validators.changes import ChangeLog
from validators.check import check_table
from validators.infer import infer as propose
from validators.mapped import derive
from validators.mapping import Mapping
from validators.recognition import HOW, Likeness, compare
from validators.report import Report, sentence, to_json
from validators.schemas import TableSchema
from validators.wording import cells, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Applied:
    """The mapped table's log and report."""

    log: ChangeLog
    report: Report


@click.command("map")
@click.argument("file", metavar="DATEI", type=FILE)
@click.argument("schema_name", metavar="[SCHEMA]", default="")
@click.option("-o", "--output", type=TARGET, help="Datei für den Vorschlag. / File for the proposal.")
@click.option("--part", default="", help=PART)
@click.option("--mapping", "given", type=FILE, help="Diese Zuordnung anwenden. / Apply this mapping.")
@click.option("--apply", "target", type=TARGET, help="Die zugeordnete Tabelle schreiben. / Write the mapped table.")
@click.option("--repair", is_flag=True, help="In der Kopie auch reparieren. / Repair the copy too.")
@json_option
@pass_terminal
def map_file(
    terminal: Terminal,
    file: Path,
    schema_name: str,
    output: Path | None,
    part: str,
    given: Path | None,
    target: Path | None,
    repair: bool,
    as_json: bool,
) -> int:
    """Vorschlagen, welche Spalte einer Datei welche des Schemas ist; mit --apply die zugeordnete Tabelle schreiben und prüfen.

    Endet mit 1, wenn die zugeordnete Tabelle dem Schema nicht entspricht. --mapping nimmt eine fertige Zuordnung statt des Vorschlags.

    Propose which column of a file is which one of the schema; with --apply write the mapped table and check it. Ends with 1 if that
    table does not conform. --mapping takes a finished mapping in place of the proposal.

    Beispiel / Example: offenbar schema map baeume.csv baumkataster -o zuordnung.yaml
    """
    mapped = mapping.read(given.read_bytes(), given.name) if given else None
    if not schema_name and mapped is None:
        raise click.UsageError("SCHEMA oder --mapping fehlt. / SCHEMA or --mapping is missing.")
    schema = read_schema(schema_name or (mapped.schema if mapped else ""))
    if mapped is not None:
        likeness, text = None, ""
    else:
        with terminal.progress(file.name), intake.opened(file, schema, part=part) as table:
            require_table(table)
            likeness = compare(table.profile.header, propose(table, file.stem).facts, schema)
            text = mapping_text.proposal(table.profile.header, likeness, terminal.lang)
        mapped = mapping_text.mapping_of(likeness)
    if output and text:
        write(terminal, output, text, file)
    result = _applied(terminal, file, part, schema, mapped, target, repair) if target else None
    if as_json:
        terminal.data(_mapped_json(schema, likeness, text, result))
    else:
        _say_mapping(terminal, file, likeness, text, result, output)
    return 0 if result is None or result.report.conforms else 1


def _applied(
    terminal: Terminal, file: Path, part: str, schema: TableSchema, mapped: Mapping, target: Path, repair: bool
) -> _Applied:
    require_other(target, file)
    with terminal.progress(file.name), intake.opened(file, schema, part=part or mapped.sheet) as table:
        require_table(table)
        log = derive(table.path, table.profile, schema, target, mapping=mapped, repair=repair)
    terminal.written(target)
    return _Applied(log=log, report=check_table(target, schema))


def _mapped_json(schema: TableSchema, likeness: Likeness | None, text: str, result: _Applied | None) -> dict[str, Any]:
    return {
        "schema": schema.id,
        "found": likeness_json(likeness) if likeness else None,
        "mapping": text or None,
        "changes": result.log.to_json() if result else None,
        "report": to_json(result.report) if result else None,
    }


def _say_mapping(
    terminal: Terminal, file: Path, likeness: Likeness | None, text: str, result: _Applied | None, output: Path | None
) -> None:
    if likeness:
        lacking = listed(likeness.lacking)
        # A proposal on standard output is a file: what is said beside it goes to standard error.
        say = terminal.note if not output and not result else terminal.say
        say(likeness.sentence())
        if lacking.de:
            say(Message(f"Pflichtspalten fehlen: {lacking.de}", f"Mandatory columns are missing: {lacking.en}"))
        if not output and not result:
            click.echo(text, nl=False)
        else:
            _say_pairs(terminal, likeness)
    if result:
        _say_changes(terminal, result.log)
        terminal.say(sentence(result.report))
        say_first(terminal, result.report.findings)
    elif output:
        step = f"offenbar schema map {file.name} --mapping {output} --apply {file.stem}.zugeordnet.csv"
        terminal.say(Message(f"Nächster Schritt: {step}", f"Next step: {step}"))


def _say_pairs(terminal: Terminal, likeness: Likeness) -> None:
    head = (terminal.t("Spalte des Schemas", "column of the schema"), terminal.t("aus", "from"))
    rows = [
        (pair.field, ", ".join(pair.rule.labels), HOW[pair.how].in_(terminal.lang), f"{pair.fits:.0%}")
        for pair in likeness.pairs
    ]
    terminal.table((*head, terminal.t("weil", "because"), terminal.t("passt", "fits")), rows)


def _say_changes(terminal: Terminal, log: ChangeLog) -> None:
    for total in log.totals[:SHOWN]:
        words, number = total.words, cells(total.count)
        where = f"{total.column}: " if total.column else ""
        terminal.say(Message(f"  {where}{number.de}: {words.de}", f"  {where}{number.en}: {words.en}"))
