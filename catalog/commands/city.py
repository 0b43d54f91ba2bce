"""offenbar city: add, list"""

import io

import click
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from catalog import config as configuration
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.organizations import with_counts
from dcat.errors import ConfigError
from dcat.message import Message
from dcat.naming import slug as slug_of
from dcat.vocabularies import vocabulary


@click.group()
def command() -> None:
    """Kommunen auflisten und aufnehmen. / List and add cities.

    Beispiel / Example: offenbar city list
    """


@command.command("list")
@json_option
@pass_terminal
def list_cities(terminal: Terminal, as_json: bool) -> None:
    """Die Kommunen dieses Katalogs zeigen. / Show the cities of this catalogue.

    Beispiel / Example: offenbar city list
    """
    instance = opened()
    with instance.database.reading() as session:
        counted = with_counts(session)
    numbers = {c.slug: sum(n for o, n in counted if o.city == c.slug) for c in instance.config.cities}
    if as_json:
        terminal.data(
            [
                {"slug": c.slug, "name": c.name, "ags": c.ags, "datasets": numbers[c.slug]}
                for c in instance.config.cities
            ]
        )
        return
    rows = [(c.slug, c.name, c.ags, numbers[c.slug]) for c in instance.config.cities]
    terminal.table((terminal.t("Kurzname", "slug"), "Name", "AGS", terminal.t("Datensätze", "datasets")), rows)


@command.command()
@click.argument("slug")
@click.option("--name", required=True, help="Name, zum Beispiel Offenbach am Main. / Name.")
@click.option("--ags", required=True, help="Achtstelliger Gemeindeschlüssel. / Eight-digit municipality key.")
@pass_terminal
def add(terminal: Terminal, slug: str, name: str, ags: str) -> None:
    """Eine Kommune in die Konfiguration aufnehmen; Kommentare der Datei bleiben erhalten.

    Add a city to the configuration; the file's comments are kept.

    Beispiel / Example: offenbar city add offenbach --name "Offenbach am Main" --ags 06413000
    """
    settings = configuration.load()
    if slug_of(slug) != slug:
        raise ConfigError(
            Message(
                f"„{slug}“ taugt nicht als Kurzname; besser: {slug_of(slug)}",
                f"“{slug}” is no short name; better: {slug_of(slug)}",
            )
        )
    if any(city.slug == slug or city.ags == ags for city in settings.cities):
        raise ConfigError(Message(f"{slug} oder {ags} gibt es schon.", f"{slug} or {ags} exists already."))
    if not ags.isascii() or not ags.isdigit() or len(ags) != 8:
        raise ConfigError(Message(f"„{ags}“ hat nicht acht Ziffern.", f"“{ags}” does not have eight digits."))
    file = settings.config_file
    if not file.is_file():
        raise ConfigError(
            Message(f"{file} fehlt. Nächster Schritt: offenbar init", f"{file} is missing. Next step: offenbar init")
        )
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1000
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(file.read_text(encoding="utf-8")) or {}
    # The list itself carries the comments beside its entries.
    content["cities"] = content.get("cities") or []
    entry = CommentedMap(slug=slug, name=name, ags=DoubleQuotedScalarString(ags))
    # In one line: ruamel mixes up a block that follows such a line with a comment.
    entry.fa.set_flow_style()
    content["cities"].append(entry)
    written = io.StringIO()
    yaml.dump(content, written)
    file.write_text(written.getvalue(), encoding="utf-8")
    known = vocabulary("place").find(ags)
    official = f" ({known.label.de})" if known else ""
    terminal.say(Message(f"Aufgenommen: {name}{official}", f"Added: {name}{official}"))
    terminal.say(
        Message(
            f"Nächster Schritt: je Amt eine Datei in {settings.sources}; Vorlage: docs/steward.md",
            f"Next step: one file per department in {settings.sources}; template: docs/steward.md",
        )
    )
