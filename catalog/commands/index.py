"""offenbar index: rebuild, misses"""

import click

from catalog import search, search_misses, triples
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
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


@command.command()
@click.argument("words", required=False, default="", metavar="[WÖRTER]")
@click.option(
    "--forget", is_flag=True, help="Diese Wörter vergessen, ohne WÖRTER alle. / Forget these words, without WÖRTER all."
)
@json_option
@pass_terminal
def misses(terminal: Terminal, words: str, forget: bool, as_json: bool) -> None:
    """Zeigen, wonach auf den Seiten vergeblich gesucht wurde. / Show what was searched for in vain on the pages.

    Beispiel / Example: offenbar index misses
    """
    if forget:
        with opened().database.writing() as session:
            search_misses.forget_misses(session, words)
        terminal.say(Message("Vergessen.", "Forgotten."))
        return
    with opened().database.reading() as session:
        found = search_misses.misses(session, search_misses.MOST)
    found = [miss for miss in found if not words or miss.words == search_misses.normalised(words)]
    if as_json:
        terminal.data([{"words": m.words, "count": m.count, "last_at": m.last_at.isoformat()} for m in found])
        return
    columns = (terminal.t("Wörter", "words"), terminal.t("wie oft", "how often"), terminal.t("zuletzt", "last"))
    terminal.table(columns, [(m.words, m.count, f"{m.last_at:%Y-%m-%d}") for m in found])
    if found:
        # Without the words: what strangers typed is nothing to copy into a shell.
        terminal.note(
            Message(
                "Nächster Schritt: offenbar request add --words WÖRTER führt sie als Datenwunsch.",
                "Next step: offenbar request add --words WÖRTER keeps them as a request for data.",
            )
        )
