"""offenbar config"""

import click

from catalog import config as configuration
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.config import Config, masked
from catalog.settings import SETTINGS
from dcat.message import Message

_ORIGINS = {
    "environment": Message("Umgebung", "environment"),
    "file": Message("Datei", "file"),
    "default": Message("Vorgabe", "default"),
    "home": Message("im Datenordner", "kept in the home"),
}


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Die geltenden Einstellungen und ihre Herkunft zeigen; Geheimes bleibt verdeckt.

    Show the effective settings and their origin; secrets stay hidden.

    Beispiel / Example: offenbar config --json
    """
    settings = configuration.load()
    values = _values(settings)
    if as_json:
        terminal.data({name: {"value": value, "origin": settings.origins[name]} for name, value in values.items()})
        return
    rows = [
        (
            name,
            value,
            _ORIGINS[settings.origins[name]].in_(terminal.lang),
            SETTINGS[name].variable or SETTINGS[name].path,
        )
        for name, value in values.items()
    ]
    terminal.table(
        (
            terminal.t("Einstellung", "setting"),
            terminal.t("Wert", "value"),
            terminal.t("Herkunft", "origin"),
            terminal.t("Name", "name"),
        ),
        rows,
    )
    for city in settings.cities:
        terminal.say(f"{city.slug}: {city.name} ({city.ags})")


def _values(settings: Config) -> dict[str, str]:
    values = configuration.written(settings)
    values |= {name: masked(values[name]) for name in ("database_url", "files_url", "mail_server")}
    values |= {name: _reference(values[name]) for name in ("mail_password", "oidc_client_secret")}
    return values | {"secret_key": "***"}


def _reference(text: str) -> str:
    """Show where a secret is kept; whatever else stands there may be the secret itself."""
    return text if not text or text.startswith(("env:", "file:")) else "***"
