"""offenbar dataset create"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from catalog import drafting, package_fields, saved_sites, sending
from catalog.commands import dataset_release
from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.drafting import Draft
from catalog.site_errors import SiteError
from catalog.sites import Site
from dcat import naming
from dcat.errors import ConfigError
from dcat.message import Message

# How many names are tried when the one that follows from the title is taken.
_NAMES = 50


@click.command()
@click.option(
    "--title",
    default="",
    help="Titel; sonst aus dem Namen der ersten Datei. / Title; else from the name of the first file.",
)
@click.option(
    "--name", default="", help="Name in der Adresse; sonst aus dem Titel. / Name in the address; else from the title."
)
@click.option("--notes", default="", help="Beschreibung. / Description.")
@click.option(
    "--org",
    "organization",
    default="",
    help="Organisation; sonst die eine, für die Sie schreiben. / Organisation; else the one you write for.",
)
@click.option("--license", "license_id", default="", help="Lizenz, wie dl-by-de/2.0. / Licence, such as dl-by-de/2.0.")
@click.option("--tag", "tags", multiple=True, help="Schlagwort; mehrfach möglich. / Keyword; may be repeated.")
@click.option(
    "--group", "groups", multiple=True, help="Gruppe oder Thema; mehrfach möglich. / Group or theme; may be repeated."
)
@click.option(
    "--resource",
    "resources",
    multiple=True,
    metavar="ADRESSE|DATEI",
    help="Daten: Adresse oder Datei; mehrfach möglich. / Data: address or file; may be repeated.",
)
@click.option(
    "--set",
    "entries",
    multiple=True,
    metavar="FELD=WERT",
    help="Jedes andere Feld, auch extras.NAME. / Any other field, extras.NAME too.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML, CSV oder Excel; eine Tabelle legt je Zeile einen an. / YAML, CSV or Excel; a table makes one per row.",
)
@click.option(
    "--template",
    default="",
    help="Vorlage aus dem Ordner templates; sonst die der Organisation. / Template of the folder templates; else that of the organisation.",
)
@click.option(
    "--like",
    "example",
    default="",
    metavar="DATENSATZ",
    help="Lizenz, Kontakt, Themen … von diesem übernehmen. / Take over licence, contact, themes … of this one.",
)
@click.option(
    "--publish",
    is_flag=True,
    help="Gleich veröffentlichen; sonst bleibt es ein Entwurf. / Publish at once; else it stays a draft.",
)
@click.option("--yes", is_flag=True, help="Nichts fragen. / Ask nothing.")
@json_option
@on_site
@pass_terminal
def create(
    terminal: Terminal,
    site: Site,
    title: str,
    name: str,
    notes: str,
    organization: str,
    license_id: str,
    tags: tuple[str, ...],
    groups: tuple[str, ...],
    resources: tuple[str, ...],
    entries: tuple[str, ...],
    source: Path | None,
    template: str,
    example: str,
    publish: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Einen Datensatz anlegen, als Entwurf; gefragt wird nur, was sich nicht ergibt.

    Create a dataset, as a draft; only what does not follow is asked for.

    Beispiel / Example: offenbar dataset create --org darmstadt-umweltamt --title "Brunnen" --resource brunnen.csv
    """
    plain = {"title": title, "name": name, "notes": notes, "license_id": license_id, "tags": tags, "groups": groups}
    flags = package_fields.arguments({key: value for key, value in plain.items() if value} | words(entries))
    given = drafting.read(source) if source else [{}]
    if len(given) > 1 and (name or title or resources):
        raise ConfigError(
            Message(
                f"{source} enthält {len(given)} Datensätze; --name, --title und --resource meinen nur einen.",
                f"{source} holds {len(given)} datasets; --name, --title and --resource mean one only.",
            )
        )
    likeness = drafting.like(site.call("package_show", id=example)) if example else {}
    ask = sys.stdin.isatty() and not yes
    made = []
    for one in given:
        owner = _organization(
            terminal, site, organization or str({**likeness, **one, **flags}.get("owner_org", "")), ask
        )
        common = drafting.template(_templates(site), template or owner, required=bool(template))
        whole = package_fields.merged(common, likeness, one, flags, {"owner_org": owner, "state": "draft"})
        folder = source.parent if source and not resources else Path()
        draft = _named(terminal, drafting.draft(whole, resources, folder), ask=ask)
        made.append(_create(terminal, site, draft, named=bool(whole.get("name"))))
    code = 0
    if publish:
        for package in made:
            code = max(code, dataset_release.publish_one(terminal, site, package["id"], yes=yes, quiet=as_json))
    if as_json:
        shown = [site.call("package_show", id=package["id"]) for package in made]
        terminal.data(shown if len(given) > 1 else shown[0])
    return code


def words(entries: tuple[str, ...]) -> dict[str, Any]:
    """Read entries such as `notes=Alle Bäume`; several of one list come together."""
    found: dict[str, Any] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals:
            raise ConfigError(
                Message(
                    f"„{entry[:80]}“ ist keine Angabe wie feld=Wert. Beispiel: tags=Bäume",
                    f"“{entry[:80]}” is no entry such as field=value. Example: tags=Trees",
                )
            )
        field = package_fields.field_of(name)
        if field in ("tags", "groups") and field in found:
            value = f"{found[field]},{value}"
        found[field] = value
    return found


def _organization(terminal: Terminal, site: Site, wanted: str, ask: bool) -> str:
    """Find out whose dataset it is: the one that is named, the only one there is, or the one that is chosen."""
    if wanted:
        return wanted
    held = site.call("organization_list_for_user", permission="create_dataset")
    names = sorted(str(one["name"]) for one in held)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ConfigError(
            Message(
                "Es gibt noch keine Organisation, für die Sie schreiben. Nächster Schritt: offenbar organization add NAME",
                "There is no organisation yet that you write for. Next step: offenbar organization add NAME",
            )
        )
    if not ask:
        shown = ", ".join(names[:30])
        raise ConfigError(
            Message(
                f"Für welche Organisation? Nächster Schritt: --org angeben (möglich: {shown})",
                f"For which organisation? Next step: give --org (possible: {shown})",
            )
        )
    return str(click.prompt(terminal.t("Organisation", "Organisation"), type=click.Choice(names), err=True))


def _templates(site: Site) -> Path:
    """Name the folder of templates: beside the settings of this installation, or with the saved sites of whoever works on another."""
    if site.instance is not None:
        return site.instance.config.config_file.parent / "templates"
    return saved_sites.folder() / "templates"


def _named(terminal: Terminal, draft: Draft, *, ask: bool) -> Draft:
    """Ask for the title where it is not given and somebody is there; see that there is one."""
    title, name = draft.arguments.get("title", ""), draft.arguments.get("name", "")
    if title and name:
        return draft
    if ask:
        given = click.prompt(terminal.t("Titel", "Title"), default=title or None, err=True)
        return Draft({**draft.arguments, "title": given, "name": name or naming.slug(given)}, draft.files)
    raise ConfigError(
        Message(
            "Es fehlt der Titel. Nächster Schritt: --title angeben, oder --resource mit einer Datei",
            "The title is missing. Next step: give --title, or --resource with a file",
        )
    )


def _create(terminal: Terminal, site: Site, draft: Draft, *, named: bool) -> Mapping[str, Any]:
    """Create the dataset, then send its files; a name that follows from the title gets a number when it is taken."""
    package = _with_free_name(site, draft, named=named)
    for path, fields in draft.files:
        with terminal.transfer(path.name, path.stat().st_size) as moved:
            sending.send(site, "resource_create", {"package_id": package["id"], **fields}, path, moved)
    number = len(draft.files) + len(draft.arguments["resources"])
    terminal.note(
        Message(
            f"Angelegt als Entwurf: {package['name']} ({number} {'Datei' if number == 1 else 'Dateien'}). "
            f"Nächster Schritt: offenbar dataset publish {package['name']}",
            f"Created as a draft: {package['name']} ({number} {'file' if number == 1 else 'files'}). "
            f"Next step: offenbar dataset publish {package['name']}",
        )
    )
    return package


def _with_free_name(site: Site, draft: Draft, *, named: bool) -> Mapping[str, Any]:
    name = draft.arguments["name"]
    for number in range(1, _NAMES + 1):
        try:
            tried = name if number == 1 else f"{name[:90]}-{number}"
            found: Mapping[str, Any] = site.call("package_create", **{**draft.arguments, "name": tried})
            return found
        except SiteError as error:
            if named or number == _NAMES or not error.concerns("name", "That URL is already in use."):
                raise
    raise AssertionError("the last attempt returns or raises")
