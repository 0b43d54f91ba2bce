"""offenbar steward"""

import click

from catalog import steward_key
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.db import now
from dcat.message import Message


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Eine Adresse ausgeben, unter der die Seiten der Datenpflege einen Tag lang zu lesen sind: Läufe, Pläne, Quarantäne.

    Print an address where the steward's pages can be read for one day: runs, plans, quarantine.

    Beispiel / Example: offenbar steward
    """
    address, until = steward_key.address(opened().config, now())
    if as_json:
        terminal.data({"address": address, "until": until.isoformat(timespec="seconds")})
        return
    terminal.say(address)
    terminal.note(
        Message(
            f"Gilt bis {until.astimezone():%d.%m.%Y %H:%M}. Wer die Adresse hat, liest mit: geben Sie sie nicht weiter.",
            f"Valid until {until.astimezone():%Y-%m-%d %H:%M}. Whoever has the address can read: do not pass it on.",
        )
    )
