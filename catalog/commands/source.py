"""offenbar source: lint, list"""

from pathlib import Path

import click

from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.ingest.run import history
from dcat.message import Message
from harvesters import source as definitions
from harvesters.source_lint import LintFinding
from validators import schemas

_LEVELS = {"error": Message("Fehler", "error"), "hint": Message("Hinweis", "hint")}


@click.group()
def command() -> None:
    """Quelldefinitionen prüfen und auflisten. / Check and list source definitions.

    Beispiel / Example: offenbar source list
    """


@command.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="DATEI..."
)
@json_option
@pass_terminal
def lint(terminal: Terminal, files: tuple[Path, ...], as_json: bool) -> int:
    """Quelldefinitionen prüfen, ohne etwas abzurufen. Endet mit 1, wenn eine Datei Fehler hat.

    Check source definitions without fetching anything. Ends with 1 if a file has errors.

    Beispiel / Example: offenbar source lint sources/da-statistik.yaml
    """
    linted = [(file, file.read_bytes()) for file in files]
    found = [(file, finding) for file, data in linted for finding in definitions.lint(data, file.name)]
    broken = {file for file, finding in found if finding.level == "error"}
    found += [(f, finding) for f, data in linted if f not in broken for finding in _unknown_schemas(f.name, data)]
    if as_json:
        terminal.data(
            [
                {"file": str(file), "line": f.line, "level": f.level, "de": f.message.de, "en": f.message.en}
                for file, f in found
            ]
        )
    else:
        for _, f in found:
            terminal.say(f"{_LEVELS[f.level].in_(terminal.lang)}: {f.message.in_(terminal.lang)}")
        errors = sum(f.level == "error" for _, f in found)
        terminal.say(Message(f"Geprüft: {len(files)}, Fehler: {errors}", f"Checked: {len(files)}, errors: {errors}"))
    return 1 if any(f.level == "error" for _, f in found) else 0


@command.command("list")
@json_option
@pass_terminal
def list_sources(terminal: Terminal, as_json: bool) -> None:
    """Die Quellen und ihren letzten Lauf zeigen. / Show the sources and their latest run.

    Beispiel / Example: offenbar source list
    """
    instance = opened()
    rows = []
    with instance.database.reading() as session:
        for source in instance.sources():
            last = next(iter(history(session, source.id, 1)), None)
            rows.append(
                {
                    "id": source.id,
                    "city": source.city,
                    "department": source.department,
                    "type": source.type,
                    "url": source.url,
                    "last": last.started_at.isoformat() if last else None,
                    "status": last.status if last else None,
                }
            )
    if as_json:
        terminal.data(rows)
        return
    columns = (
        "id",
        terminal.t("Kommune", "city"),
        terminal.t("Amt", "department"),
        terminal.t("Art", "type"),
        terminal.t("letzter Lauf", "latest run"),
    )
    terminal.table(
        columns,
        [
            (r["id"], r["city"], r["department"], r["type"], f"{r['status'] or '-'} {(r['last'] or '')[:16]}")
            for r in rows
        ],
    )


def _unknown_schemas(name: str, data: bytes) -> list[LintFinding]:
    source = definitions.read(data, name)
    known = ", ".join(schemas.IDS)
    return [
        LintFinding(
            level="error",
            line=1,
            message=Message(
                f"{name}: Das Schema „{schema_id}“ gibt es nicht (vorhanden: {known}).",
                f"{name}: there is no schema “{schema_id}” (present: {known}).",
            ),
        )
        for _, schema_id in source.schemas
        if schema_id not in schemas.IDS
    ]
