"""offenbar organization: add, list"""

from typing import Any

import click

from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.sites import Site
from dcat.message import Message
from dcat.naming import slug

# How many records one call of the list gives.
_PAGE = 25


@click.group()
def command() -> None:
    """Organisationen auflisten und anlegen. / List and add organisations.

    Beispiel / Example: offenbar organization list
    """


@command.command("list")
@json_option
@on_site
@pass_terminal
def list_organizations(terminal: Terminal, site: Site, as_json: bool) -> None:
    """Die Organisationen zeigen; der Kurzname ist, was --org meint. / Show the organisations; the short name is what --org means.

    Beispiel / Example: offenbar organization list
    """
    found: list[dict[str, Any]] = []
    while page := site.call("organization_list", all_fields=True, limit=_PAGE, offset=len(found)):
        found += page
    if as_json:
        fields = ("name", "title", "city", "package_count")
        terminal.data([{field: one.get(field) for field in fields} for one in found])
        return
    terminal.table(
        (terminal.t("Kurzname", "short name"), terminal.t("Name", "name"), terminal.t("Datensätze", "datasets")),
        [(one["name"], one["title"], one["package_count"]) for one in found],
    )


@command.command()
@click.argument("title", metavar="NAME")
@click.option(
    "--name",
    default="",
    help="Kurzname in Adressen; sonst aus dem Namen. / Short name in addresses; else from the name.",
)
@click.option(
    "--city",
    default="",
    help="Kurzname der Kommune (offenbar city list). / Short name of the city (offenbar city list).",
)
@json_option
@on_site
@pass_terminal
def add(terminal: Terminal, site: Site, title: str, name: str, city: str, as_json: bool) -> None:
    """Eine Organisation anlegen, etwa ein Amt, das keine Quelle hat und seine Datensätze hier schreibt.

    Add an organisation, such as a department that has no source and writes its datasets here.

    Beispiel / Example: offenbar organization add Grünflächenamt --city darmstadt
    """
    wanted = {"title": title, "name": name or slug(title)} | ({"city": city} if city else {})
    made = site.call("organization_create", **wanted)
    if as_json:
        terminal.data(made)
        return
    terminal.say(
        Message(
            f"Angelegt: {made['name']}. Nächster Schritt: offenbar dataset create --org {made['name']} --resource DATEI",
            f"Added: {made['name']}. Next step: offenbar dataset create --org {made['name']} --resource FILE",
        )
    )
