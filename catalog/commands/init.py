"""offenbar init"""

import click

from catalog import config, schema, setup
from catalog.commands.terminal import Terminal, pass_terminal
from dcat.message import Message


@click.command()
@pass_terminal
def command(terminal: Terminal) -> None:
    """Einen neuen Katalog einrichten: Ordner, Konfiguration, Datenbank. Vorhandenes bleibt, wie es ist.

    Set up a new catalogue: folder, configuration, database. What is there stays as it is.

    Beispiel / Example: OFFENBAR_HOME=/srv/offenbar offenbar init
    """
    settings = setup.new_home(config.load())
    terminal.say(Message(f"Eingerichtet: {settings.home}", f"Set up: {settings.home}"))
    terminal.say(
        Message(
            f"Nächster Schritt: Kommunen in {settings.config_file}, Quellen in {settings.sources}; dann offenbar harvest run",
            f"Next step: cities in {settings.config_file}, sources in {settings.sources}; then offenbar harvest run",
        )
    )
    terminal.say(Message(f"Datenbankversion {schema.head()}", f"Database version {schema.head()}"))
