"""offenbar privacy: list, dismiss, recall"""

import getpass
from typing import Any

import click

from catalog import desk_source, dismissals
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.dismissals import Held
from catalog.models import Dismissal
from dcat.message import Message

source_argument = click.argument("source", metavar="QUELLE")
dataset_argument = click.argument("dataset", metavar="DATENSATZ")
file_argument = click.argument("file", metavar="DATEI")
column_argument = click.argument("column", metavar="SPALTE")
code_argument = click.argument("code", metavar="CODE")


@click.group()
def command() -> None:
    """Dateien mit personenbezogenen Daten auflisten, Fehlalarme verwerfen. / List files with personal data, dismiss false alarms.

    Beispiel / Example: offenbar privacy list
    """


@command.command("list")
@click.argument("source", required=False, default="", metavar="[QUELLE]")
@click.option("--dismissed", is_flag=True, help="Statt dessen, was verworfen ist. / What is dismissed instead.")
@json_option
@pass_terminal
def list_verdicts(terminal: Terminal, source: str, dismissed: bool, as_json: bool) -> None:
    """Zeigen, welche Spalten welcher Dateien zurückgehalten werden und warum. / Show which columns keep which files back, and why.

    Beispiel / Example: offenbar privacy list ffm-gruenflaechen
    """
    sources = [source] if source else []
    with opened().database.reading() as session:
        rows = dismissals.listed(session, sources) if dismissed else dismissals.held(session, sources)
    if as_json:
        terminal.data([_as_json(row) for row in rows])
        return
    for row in rows:
        terminal.say(f"{row.source_id if isinstance(row, Dismissal) else row.source}: {_line(row, terminal)}")
    if not rows:
        terminal.say(
            Message("Nichts ist verworfen.", "Nothing is dismissed.")
            if dismissed
            else Message(
                "Keine Datei wird wegen personenbezogener Daten zurückgehalten.",
                "No file is kept back for personal data.",
            )
        )


@command.command()
@source_argument
@dataset_argument
@file_argument
@column_argument
@code_argument
@click.option(
    "--reason",
    required=True,
    help="Warum es ein Fehlalarm ist, in 20 Zeichen oder mehr; steht im Bericht. / Why it is a false alarm, in 20 characters or more; the report quotes it.",
)
@click.option(
    "--author", default="", help="Wer es verwirft; sonst der angemeldete Name. / Who dismisses it; else the login name."
)
@json_option
@pass_terminal
def dismiss(
    terminal: Terminal,
    source: str,
    dataset: str,
    file: str,
    column: str,
    code: str,
    reason: str,
    author: str,
    as_json: bool,
) -> None:
    """Einen Fehlalarm verwerfen: er zählt für diese Spalte dieser Datei nicht mehr, alle anderen zählen weiter.

    Dismiss a false alarm: it no longer counts for this column of this file, all others still do.

    Beispiel / Example: offenbar privacy dismiss da-kultur kunstwerke kunst.csv name person-name --reason "Namen verstorbener Künstler"
    """
    instance = opened()
    with instance.database.writing() as session:
        known = desk_source.find(instance, session, source)
        row = dismissals.dismiss(
            session, known, dataset, file, column, code, author=author or getpass.getuser(), reason=reason
        )
        data = _as_json(row)
    _done(terminal, data, source, as_json=as_json)


@command.command()
@source_argument
@dataset_argument
@file_argument
@column_argument
@code_argument
@json_option
@pass_terminal
def recall(terminal: Terminal, source: str, dataset: str, file: str, column: str, code: str, as_json: bool) -> None:
    """Eine Verwerfung zurücknehmen: der Verdacht zählt wieder. / Take a dismissal back: the verdict counts again.

    Beispiel / Example: offenbar privacy recall da-kultur kunstwerke kunst.csv name person-name
    """
    instance = opened()
    with instance.database.writing() as session:
        known = desk_source.find(instance, session, source)
        data = _as_json(dismissals.recall(session, known, dataset, file, column, code))
    _done(terminal, data, source, as_json=as_json)


def _done(terminal: Terminal, data: dict[str, Any], source: str, *, as_json: bool) -> None:
    if as_json:
        terminal.data(data)
        return
    if desk_source.is_desk(source):
        terminal.say(
            Message(
                "Notiert. Die Datei wird in wenigen Sekunden neu beurteilt, solange offenbar serve läuft.",
                "Noted. The file is judged anew within seconds while offenbar serve is running.",
            )
        )
        return
    terminal.say(
        Message(
            f"Notiert. Die Datei wird bei der nächsten Prüfung neu beurteilt; sofort: offenbar harvest run {source}",
            f"Noted. The file is judged anew at its next check; at once: offenbar harvest run {source}",
        )
    )


def _line(row: Held | Dismissal, terminal: Terminal) -> str:
    if isinstance(row, Dismissal):
        return f"{row.remote_id}, {row.name}, {row.column}, {row.code}\n  {row.author}: {row.reason}"
    shown = terminal.t(" (gezeigt wird die frühere Fassung)", " (the earlier version is shown)") if row.newer else ""
    return (
        f"{row.dataset}, {row.file}, {row.column}, {row.code}{shown}\n"
        f"  {row.what.in_(terminal.lang)} {row.fix.in_(terminal.lang)}"
    )


def _as_json(row: Held | Dismissal) -> dict[str, Any]:
    if isinstance(row, Dismissal):
        return {
            "source": row.source_id,
            "dataset": row.remote_id,
            "file": row.name,
            "column": row.column,
            "code": row.code,
            "reason": row.reason,
            "author": row.author,
            "at": row.created_at.isoformat(timespec="seconds"),
        }
    return {
        "source": row.source,
        "dataset": row.dataset,
        "name": row.name,
        "file": row.file,
        "column": row.column,
        "letter": row.letter,
        "code": row.code,
        "count": row.count,
        "share": row.share,
        "confidence": row.confidence,
        "what": row.what.de,
        "what_en": row.what.en,
        "fix": row.fix.de,
        "fix_en": row.fix.en,
        "earlier_version_shown": row.newer,
    }
