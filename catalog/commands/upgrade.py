"""offenbar upgrade"""

import click

from catalog import schema
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, pass_terminal
from dcat.message import Message


@click.command()
@pass_terminal
def command(terminal: Terminal) -> None:
    """Die Datenbank auf die Version des Programms bringen; Daten bleiben erhalten.

    Bring the database to the program's version; data are kept.

    Beispiel / Example: offenbar upgrade
    """
    instance = opened(check=False)
    instance.config.home.mkdir(parents=True, exist_ok=True)
    before, after = schema.upgrade(instance.database)
    if before == after:
        terminal.say(Message(f"Die Datenbank ist aktuell ({after}).", f"The database is up to date ({after})."))
    else:
        terminal.say(Message(f"Datenbank: {before or 'neu'} → {after}", f"Database: {before or 'new'} → {after}"))
