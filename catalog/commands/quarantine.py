"""offenbar quarantine: list, show, release"""

import getpass
from typing import Any

import click
import orjson

from catalog import examples, jobs
from catalog.commands.catalogue import opened
from catalog.commands.harvest import end, say_outcome
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.ingest import quarantine
from catalog.models import Quarantine
from catalog.renditions import decompress
from dcat.message import Message

number_argument = click.argument("number", type=int, metavar="NUMMER")


@click.group()
def command() -> None:
    """Datensätze ansehen und freigeben, die nicht aufgenommen werden konnten. / Look at and release records that could not be taken in.

    Beispiel / Example: offenbar quarantine list
    """


@command.command("list")
@click.argument("source", required=False, default="", metavar="[QUELLE]")
@json_option
@pass_terminal
def list_entries(terminal: Terminal, source: str, as_json: bool) -> None:
    """Zeigen, was wartet, und warum. / Show what waits, and why.

    Beispiel / Example: offenbar quarantine list da-statistik
    """
    with opened().database.reading() as session:
        rows = quarantine.waiting(session, source)
    if as_json:
        terminal.data([_data(row) for row in rows])
        return
    columns = (
        "Nr.",
        terminal.t("Quelle", "source"),
        terminal.t("Datensatz", "dataset"),
        "Code",
        terminal.t("Grund", "reason"),
    )
    lines = [
        (row.id, row.source_id, (row.title or row.remote_id)[:50], row.code, Message(*row.reason).in_(terminal.lang))
        for row in rows
    ]
    terminal.table(columns, lines)


@command.command()
@number_argument
@json_option
@pass_terminal
def show(terminal: Terminal, number: int, as_json: bool) -> None:
    """Einen Eintrag zeigen: Grund, Seite, und was sich lesen ließ. / Show an entry: reason, page, and what could be read.

    Beispiel / Example: offenbar quarantine show 1
    """
    with opened().database.reading() as session:
        row = quarantine.find(session, number)
    data = _data(row) | {"document": orjson.loads(decompress(row.document)) if row.document else None}
    if as_json:
        terminal.data(data)
        return
    terminal.say(f"{row.source_id}: {row.title or row.remote_id}\n{row.remote_id}\n{row.url}")
    terminal.say(f"{row.code}: {Message(*row.reason).in_(terminal.lang)}")
    if row.resolved_at is None and row.code == quarantine.RELEASABLE:
        terminal.say(f"  offenbar quarantine release {row.id} --reason ...")
    if data["document"] is not None:
        terminal.data(data["document"])


@command.command()
@number_argument
@click.option("--reason", required=True, help="Warum er trotzdem aufgenommen wird. / Why it is taken in all the same.")
@click.option("--always", is_flag=True, help="Auch künftig, was immer er sagt. / In future too, whatever it says.")
@click.option(
    "--author", default="", help="Wer freigibt; sonst der angemeldete Name. / Who releases; else the login name."
)
@json_option
@pass_terminal
def release(terminal: Terminal, number: int, reason: str, always: bool, author: str, as_json: bool) -> int:
    """Einen unvollständigen Datensatz aufnehmen; die Seiten des letzten Laufs werden dazu neu gelesen, ohne die Quelle zu fragen.

    Take an incomplete dataset in; the pages of the latest run are read anew for it, without asking the source.

    Beispiel / Example: offenbar quarantine release 1 --reason "Beschreibung folgt"
    """
    instance = opened()
    with instance.database.writing() as session:
        row = quarantine.release(session, number, always=always, author=author or getpass.getuser(), reason=reason)
    (source,) = instance.sources((row.source_id,))
    with examples.served(instance.config.home):
        outcome = jobs.replay(instance, source)
    if not as_json:
        say_outcome(terminal, outcome)
    return end(terminal, [outcome], as_json)


def _data(row: Quarantine) -> dict[str, Any]:
    return {
        "number": row.id,
        "source": row.source_id,
        "id": row.remote_id,
        "title": row.title,
        "url": row.url,
        "code": row.code,
        "reason": row.reason[0],
        "reason_en": row.reason[1],
        "since": row.created_at.isoformat(),
        "release": row.release,
    }
