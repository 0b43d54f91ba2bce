"""offenbar dataset upload"""

from pathlib import Path

import click

from catalog import sending
from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.sites import Site
from dcat.message import Message


@click.command()
@click.argument("dataset", metavar="DATENSATZ")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="DATEI")
@click.option("--name", default="", help="Name der Datei auf der Seite. / Name of the file on the page.")
@click.option(
    "--resource",
    default="",
    metavar="ID",
    help="Diese Ressource ersetzen; sonst kommt eine dazu. / Replace this resource; else one is added.",
)
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Eine abgebrochene Übertragung derselben Datei fortsetzen. / Go on with a transfer of the same file that broke off.",
)
@json_option
@on_site
@pass_terminal
def upload(
    terminal: Terminal,
    site: Site,
    dataset: str,
    file: Path,
    name: str,
    resource: str,
    resume: bool,
    as_json: bool,
) -> None:
    """Eine Datei zu einem Datensatz hochladen; eine große kommt in Stücken, und nach einer Unterbrechung geht es weiter.

    Upload a file to a dataset; a large one goes in pieces, and goes on after an interruption.

    Beispiel / Example: offenbar dataset upload brunnen brunnen_2026.csv
    """
    package = site.call("package_show", id=dataset)
    fields = {"name": name or file.name}
    target = {"id": resource} if resource else {"package_id": package["id"]}
    action = "resource_patch" if resource else "resource_create"
    with terminal.transfer(file.name, file.stat().st_size) as moved:
        found = sending.send(site, action, {**target, **fields}, file, moved, resume=resume)
    if as_json:
        terminal.data(found)
        return
    terminal.say(Message(f"Hochgeladen: {found['name']} ({found['id']})", f"Uploaded: {found['name']} ({found['id']})"))
