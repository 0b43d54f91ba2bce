"""offenbar schema: list, show; and the commands of schema_infer.py, schema_map.py and schema_check.py"""

import click

from catalog.commands import schema_check, schema_infer, schema_map
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from validators import schemas


@click.group()
def command() -> None:
    """Die gemeinsamen Schemata zeigen; Tabellen erkennen und zuordnen. / Show the shared schemas; recognise and map tables.

    Beispiel / Example: offenbar schema list
    """


@command.command("list")
@json_option
@pass_terminal
def list_schemas(terminal: Terminal, as_json: bool) -> None:
    """Die Schemata auflisten. / List the schemas.

    Beispiel / Example: offenbar schema list
    """
    found = schemas.all_schemas()
    if as_json:
        terminal.data(
            [
                {"id": s.id, "title": s.title.de, "title_en": s.title.en, "version": s.version, "fields": len(s.fields)}
                for s in found
            ]
        )
        return
    rows = [(s.id, s.title.in_(terminal.lang), s.version, len(s.fields)) for s in found]
    terminal.table(
        ("id", terminal.t("Titel", "title"), terminal.t("Fassung", "version"), terminal.t("Spalten", "columns")), rows
    )


@command.command()
@click.argument("schema_id", metavar="SCHEMA")
@json_option
@pass_terminal
def show(terminal: Terminal, schema_id: str, as_json: bool) -> None:
    """Die Spalten eines Schemas zeigen; --json gibt das Table Schema aus. / Show a schema's columns; --json gives the Table Schema.

    Beispiel / Example: offenbar schema show baumkataster
    """
    schema = schemas.load(schema_id)
    if as_json:
        terminal.data(schema.descriptor())
        return
    terminal.say(f"{schema.title.in_(terminal.lang)} ({schema.id} {schema.version})")
    rows = [(f.name, f.type, f.description.in_(terminal.lang), f.example) for f in schema.fields]
    terminal.table(
        (
            terminal.t("Spalte", "column"),
            terminal.t("Art", "type"),
            terminal.t("Bedeutung", "meaning"),
            terminal.t("Beispiel", "example"),
        ),
        rows,
    )


for subcommand in (schema_infer.infer, schema_map.map_file, schema_check.check):
    command.add_command(subcommand)
