"""offenbar import: ckan-jsonl"""

from collections import Counter
from pathlib import Path

import click

from catalog import package_import
from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.package_import import Importer, LineError, Outcome
from catalog.site_errors import SiteError
from catalog.sites import Site
from dcat.errors import StateError
from dcat.message import Message


@click.group()
def command() -> None:
    """Datensätze aus anderen Katalogen laden. / Load datasets from other catalogues.

    Beispiel / Example: offenbar import ckan-jsonl datensaetze.jsonl.gz
    """


@command.command("ckan-jsonl")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), metavar="DATEI")
@json_option
@on_site
@pass_terminal
def ckan_jsonl(terminal: Terminal, site: Site, file: Path, as_json: bool) -> int:
    """Laden, was `ckanapi dump datasets` oder `offenbar export` Zeile für Zeile schreibt, auch gepackt (gz).

    Load what `ckanapi dump datasets` or `offenbar export` writes line by line, packed (gz) too. Missing organisations and groups
    are created, active datasets published; a second run changes nothing and goes on where one broke off. Ends with 1 if a line failed.

    Beispiel / Example: offenbar import ckan-jsonl datensaetze.jsonl.gz
    """
    importer, counts, failed = Importer(site), Counter[str](), []
    with package_import.opened(file) as opened, terminal.progress(terminal.t("Laden", "Loading")) as tick:
        for number, line in package_import.lines(opened):
            try:
                _, outcome = importer.load(line)
                counts[outcome] += 1
            except (LineError, SiteError, StateError) as error:
                failed.append({"line": number, "de": error.message.de, "en": error.message.en})
                _tell(terminal, number, error.message)
            tick("loaded", number)
    if as_json:
        terminal.data({**{str(one): counts[one] for one in Outcome}, "failed": failed})
    else:
        terminal.say(
            Message(
                f"{counts[Outcome.CREATED]} neu, {counts[Outcome.UPDATED]} geändert, {counts[Outcome.UNCHANGED]} unverändert, "
                f"{counts[Outcome.HARVESTED]} aus Quellen und unberührt, {len(failed)} fehlgeschlagen",
                f"{counts[Outcome.CREATED]} new, {counts[Outcome.UPDATED]} changed, {counts[Outcome.UNCHANGED]} unchanged, "
                f"{counts[Outcome.HARVESTED]} from sources and untouched, {len(failed)} failed",
            )
        )
    return 1 if failed else 0


def _tell(terminal: Terminal, number: int, message: Message) -> None:
    terminal.note(Message(f"Zeile {number}: {message.de}", f"line {number}: {message.en}"))
