"""offenbar index: rebuild"""

import click

from catalog import search
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, pass_terminal
from dcat.message import Message


@click.group()
def command() -> None:
    """Der Suchindex. / The search index.

    Beispiel / Example: offenbar index rebuild
    """


@command.command()
@pass_terminal
def rebuild(terminal: Terminal) -> None:
    """Den Suchindex aus dem Katalog neu aufbauen. / Build the search index anew from the catalogue.

    Beispiel / Example: offenbar index rebuild
    """
    count = search.rebuild(opened())
    terminal.say(Message(f"{count} Datensätze im Suchindex.", f"{count} datasets in the search index."))
