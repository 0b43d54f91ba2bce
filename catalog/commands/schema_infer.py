"""offenbar schema infer"""

from pathlib import Path
from typing import Any

import click
import orjson

from catalog.commands.schema_files import FILE, PART, TARGET, likeness_json, require_table, write
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from dcat.message import Message
from validators import intake
from validators.infer import Guess, Inference
from validators.infer import infer as propose
from validators.recognition import Likeness, recognise
from validators.wording import columns, rows

# A schema is named beside the most likely one only if it is almost as likely.
_RIVAL = 0.8


@click.command()
@click.argument("file", metavar="DATEI", type=FILE)
@click.option("-o", "--output", type=TARGET, help="Datei für das Schema. / File for the schema.")
@click.option("--part", default="", help=PART)
@json_option
@pass_terminal
def infer(terminal: Terminal, file: Path, output: Path | None, part: str, as_json: bool) -> int:
    """Alle Zeilen einer Tabelle lesen, ein Schema vorschlagen und sagen, welchem gemeinsamen Schema sie gleicht.

    Read all rows of a table, propose a schema, and say which shared schema it looks like.

    Beispiel / Example: offenbar schema infer baeume.csv -o schema.json
    """
    with terminal.progress(file.name), intake.opened(file, part=part) as table:
        require_table(table)
        found = propose(table, file.stem)
        likely = recognise(table.profile.header, found.facts)
    if output:
        write(terminal, output, orjson.dumps(found.document, option=orjson.OPT_INDENT_2).decode() + "\n", file)
    if as_json:
        terminal.data(_inferred(found, likely))
        return 0
    _say_columns(terminal, found)
    for one in likely[:3]:
        if one.score >= _RIVAL * likely[0].score:
            terminal.say(one.sentence())
    terminal.say(_next_step(file, likely, output))
    return 0


def _inferred(found: Inference, likely: tuple[Likeness, ...]) -> dict[str, Any]:
    known = [
        {
            "name": guess.label,
            "filled": guess.filled,
            "different": guess.different,
            "examples": list(guess.examples),
            "note": guess.note.de if guess.note else None,
            "note_en": guess.note.en if guess.note else None,
        }
        for guess in found.columns
    ]
    return {
        "rows": found.rows,
        "schema": found.document,
        "columns": known,
        "looks_like": [likeness_json(one) for one in likely],
    }


def _say_columns(terminal: Terminal, found: Inference) -> None:
    terminal.say(
        Message(
            f"{rows(found.rows).de}, {columns(len(found.columns)).de}",
            f"{rows(found.rows).en}, {columns(len(found.columns)).en}",
        )
    )
    head = (
        terminal.t("Spalte", "column"),
        terminal.t("Art", "type"),
        terminal.t("Regeln", "rules"),
        terminal.t("Beispiel", "example"),
        terminal.t("Hinweis", "note"),
    )
    key = found.schema.primary_key
    lines = [
        (guess.label, _type(guess), _rules(guess, key), next(iter(guess.examples), ""), _note(terminal, guess))
        for guess in found.columns
    ]
    terminal.table(head, lines)


def _note(terminal: Terminal, guess: Guess) -> str:
    return guess.note.in_(terminal.lang) if guess.note else ""


def _type(guess: Guess) -> str:
    form = guess.field.get("format", "default")
    return str(guess.field["type"]) + (f" {form}" if form != "default" else "")


def _rules(guess: Guess, key: tuple[str, ...]) -> str:
    rules = ["primaryKey"] if guess.label in key else []
    for name, value in guess.field["constraints"].items():
        if value is True:
            rules.append(name)
        elif name == "enum":
            rules.append(f"enum ({len(value)})")
        else:
            rules.append(f"{name} {value}")
    rules += [f"{name} {guess.field[name]}" for name in ("decimalChar", "groupChar") if name in guess.field]
    return ", ".join(rules)


def _next_step(file: Path, likely: tuple[Likeness, ...], output: Path | None) -> Message:
    if likely:
        command = f"offenbar schema map {file.name} {likely[0].schema.id} -o {file.stem}.yaml"
    elif output:
        command = f"offenbar validate {file.name} --schema {output}"
    else:
        command = f"offenbar schema infer {file.name} -o {file.stem}.schema.json"
    return Message(f"Nächster Schritt: {command}", f"Next step: {command}")
