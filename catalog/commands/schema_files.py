"""offenbar schema: what infer, map and check share - files to read and to write, and what is said of them."""

from pathlib import Path
from typing import Any

import click

from catalog.commands.terminal import Terminal
from dcat.errors import ConfigError, UnreadableError
from dcat.message import Message
from validators import intake, schemas
from validators.recognition import Likeness
from validators.report import Finding, Severity
from validators.schemas import TableSchema

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PART = "Tabellenblatt oder Ebene der Datei. / Sheet or layer of the file."
TARGET = click.Path(dir_okay=False, path_type=Path)
SHOWN = 20


def read_schema(name: str) -> TableSchema:
    """Read a schema that is named by its file, or by its id, with a version where wanted."""
    return schemas.read(Path(name).read_bytes()) if Path(name).is_file() else schemas.find(name)


def require_table(table: intake.Intake) -> None:
    """UnreadableError, with the sentence of the heaviest finding, where there is no table."""
    if table.profile.readable and table.profile.header_row:
        return
    first = next((f for f in table.profile.findings if f.severity is Severity.BLOCKS), None)
    if first is None:
        raise UnreadableError(Message("Die Datei enthält keine Tabelle.", "The file holds no table."))
    raise UnreadableError(Message(f"{first.what.de} {first.fix.de}", f"{first.what.en} {first.fix.en}"))


def write(terminal: Terminal, path: Path, text: str, source: Path) -> None:
    """Write a result, but never over the file it was made of."""
    require_other(path, source)
    path.write_text(text, encoding="utf-8")
    terminal.written(path)


def require_other(path: Path, source: Path) -> None:
    """ConfigError where a result would be written over the file it is made of."""
    if path.exists() and path.samefile(source):
        raise ConfigError(
            Message(
                f"{path} ist die Datei selbst; bitte einen anderen Namen für das Ergebnis wählen.",
                f"{path} is the file itself; please choose another name for the result.",
            )
        )


def likeness_json(one: Likeness) -> dict[str, Any]:
    """Give what was recognised for programs."""
    return {
        "schema": one.schema.id,
        "score": one.score,
        "columns": one.good,
        "of": len(one.schema.fields),
        "missing_mandatory": list(one.lacking),
        "pairs": [
            {"field": pair.field, "columns": list(pair.rule.labels), "how": pair.how, "fits": pair.fits}
            for pair in one.pairs
        ],
    }


def say_first(terminal: Terminal, findings: tuple[Finding, ...]) -> None:
    """Say the heaviest findings, each with what to do."""
    for finding in findings[:SHOWN]:
        terminal.say(f"  {finding.what.in_(terminal.lang)} {finding.fix.in_(terminal.lang)}")
