"""offenbar index: rebuild"""

import click

from catalog import search, triples
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, pass_terminal
from dcat.message import Message


@click.group()
def command() -> None:
    """Der Suchindex und der Speicher für SPARQL. / The search index and the store for SPARQL.

    Beispiel / Example: offenbar index rebuild
    """


@command.command()
@pass_terminal
def rebuild(terminal: Terminal) -> None:
    """Suchindex und SPARQL-Speicher aus dem Katalog neu aufbauen. / Build search index and SPARQL store anew from the catalogue.

    Beispiel / Example: offenbar index rebuild
    """
    catalogue = opened()
    count = search.rebuild(catalogue)
    terminal.say(Message(f"{count} Datensätze im Suchindex.", f"{count} datasets in the search index."))
    triples.rebuild(catalogue)
    terminal.say(Message("Der Speicher für SPARQL ist neu aufgebaut.", "The store for SPARQL has been built anew."))
