"""offenbar doctor"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from catalog import config as configuration
from catalog import installation
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.instance import program_version
from dcat.message import Message
from harvesters.addresses import read_address
from harvesters.examine import Check, examine
from harvesters.fetch import Fetcher
from harvesters.network import FetchLimits, Network, entry_for

_MARKS = {
    "ok": Message("gut    ", "good   "),
    "hint": Message("Hinweis", "hint   "),
    "bad": Message("Fehler ", "error  "),
}
_LIMITS = FetchLimits(total=60, retries=0)


@click.command()
@click.argument("url", required=False, metavar="[ADRESSE]")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Weitere Stellen, denen geglaubt wird (PEM). / Further authorities to believe (PEM).",
)
@json_option
@pass_terminal
def command(terminal: Terminal, url: str | None, ca: Path | None, as_json: bool) -> int:
    """Eine Adresse untersuchen, die Quelle werden soll; ohne Adresse diese Installation. Endet mit 1, wenn etwas nicht geht.

    Examine an address that shall become a source; without one, this installation. Ends with 1 if something does not work.

    Beispiel / Example: offenbar doctor https://daten.example.org/catalog.ttl
    """
    if url is None:
        checks = installation.check(opened(check=False))
        return _tell(terminal, checks, {}, as_json=as_json)
    settings = configuration.load()
    # Who names an address here means it, wherever it leads.
    network = Network(allow=(entry_for(read_address(url)),), ca=str(ca or ""))
    agent = f"offenbar/{program_version()} (+{settings.site_url})"
    with Fetcher(network, _LIMITS, agent=agent, contact=settings.contact) as fetcher:
        city = settings.cities[0].slug if settings.cities else ""
        found = examine(url, fetcher, ca=str(ca or ""), city=city)
    result = _tell(
        terminal,
        found.checks,
        {"url": found.url, "type": found.type or None, "definition": found.definition or None},
        as_json=as_json,
    )
    if found.definition and not as_json:
        terminal.say(Message("\nEine Quelldefinition für den Anfang:\n", "\nA source definition to begin with:\n"))
        terminal.say(found.definition.rstrip())
    return result


def _tell(terminal: Terminal, checks: Sequence[Check], further: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        listed = [{"check": c.name, "state": c.state, "de": c.message.de, "en": c.message.en} for c in checks]
        terminal.data({**further, "checks": listed})
    else:
        for each in checks:
            terminal.say(f"{_MARKS[each.state].in_(terminal.lang)}  {each.message.in_(terminal.lang)}")
    return 1 if any(each.state == "bad" for each in checks) else 0
