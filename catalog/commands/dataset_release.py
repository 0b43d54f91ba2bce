"""offenbar dataset publish, withdraw, purge"""

import sys
from typing import Any

import click

from catalog import bulk_apply
from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.sites import Site
from dcat.errors import ConfigError
from dcat.message import Message

dataset_argument = click.argument("dataset", metavar="DATENSATZ")
yes_option = click.option("--yes", is_flag=True, help="Nichts fragen. / Ask nothing.")
_MARKS = {
    "blocks": Message("verhindert", "blocks"),
    "hvd": Message("HVD", "HVD"),
    "warning": Message("Warnung", "warning"),
    "hint": Message("Hinweis", "hint"),
}
_MOST_FINDINGS = 20


@click.command()
@click.argument("datasets", nargs=-1, required=True, metavar="DATENSATZ...")
@yes_option
@click.option("--dry-run", is_flag=True, help="Nur zeigen, was öffentlich würde. / Only show what would become public.")
@json_option
@on_site
@pass_terminal
def publish(terminal: Terminal, site: Site, datasets: tuple[str, ...], yes: bool, dry_run: bool, as_json: bool) -> int:
    """Zeigen, was öffentlich wird, fragen, veröffentlichen. Endet mit 1, wenn etwas fehlt, das Pflicht ist.

    Show what becomes public, ask, publish. Ends with 1 where something mandatory is missing.

    Beispiel / Example: offenbar dataset publish brunnen --yes
    """
    if dry_run:
        found = [site.call("offenbar_dataset_preview", id=one) for one in datasets]
        if as_json:
            terminal.data(found)
        else:
            for one in found:
                _show(terminal, one)
        return 1 if any(one["blocked"] for one in found) else 0
    code = max([publish_one(terminal, site, one, yes=yes, quiet=as_json) for one in datasets])
    if as_json:
        terminal.data([site.call("package_show", id=one) for one in datasets])
    return code


def publish_one(terminal: Terminal, site: Site, dataset: str, *, yes: bool, quiet: bool = False) -> int:
    """Publish one dataset as its preview shows it: what somebody changes in between is not published unseen."""
    answer = site.ask("offenbar_dataset_preview", {"id": dataset})
    preview = answer.result
    if not quiet:
        _show(terminal, preview)
    if preview["blocked"]:
        terminal.note(
            Message(
                f"Nicht veröffentlicht: in der Beschreibung von {preview['name']} fehlt, was Pflicht ist.",
                f"Not published: the description of {preview['name']} lacks what is mandatory.",
            )
        )
        return 1
    if preview["public"]:
        terminal.note(Message(f"{preview['name']} ist schon öffentlich.", f"{preview['name']} is public already."))
        return 0
    _require_yes(terminal, Message("Veröffentlichen?", "Publish?"), yes=yes)
    site.ask("package_patch", {"id": preview["id"], "state": "active", "private": False}, if_match=answer.etag)
    terminal.note(Message(f"Veröffentlicht: {preview['url']}", f"Published: {preview['url']}"))
    return 0


@click.command()
@dataset_argument
@click.option("--reason", required=True, help="Warum; steht im Protokoll. / Why; stands in the log.")
@json_option
@on_site
@pass_terminal
def withdraw(terminal: Terminal, site: Site, dataset: str, reason: str, as_json: bool) -> None:
    """Einen Datensatz aus der Öffentlichkeit nehmen; das Amt sieht ihn weiter. / Take a dataset out of the public; its department still sees it.

    Beispiel / Example: offenbar dataset withdraw brunnen --reason "Die Datei nennt Personen"
    """
    package = site.call("offenbar_dataset_withdraw", id=dataset, reason=reason)
    if as_json:
        terminal.data(package)
        return
    terminal.say(Message(f"{package['name']} ist nicht mehr öffentlich.", f"{package['name']} is no longer public."))


@click.command()
@dataset_argument
@click.option("--reason", required=True, help="Warum; steht im Protokoll. / Why; stands in the log.")
@yes_option
@on_site
@pass_terminal
def purge(terminal: Terminal, site: Site, dataset: str, reason: str, yes: bool) -> None:
    """Einen hier geschriebenen Datensatz mit allem, was von ihm aufbewahrt wurde, endgültig entfernen.

    Erase a dataset that was written here, with all that was kept of it, for good.

    Beispiel / Example: offenbar dataset purge 0b8c5a52-4f0e-4a0c-9a0e-1d2c3b4a5f60 --reason "Gerichtsbeschluss"
    """
    package = site.call("package_show", id=dataset)
    title = package["title"] or package["name"]
    _require_yes(terminal, Message(f"„{title}“ endgültig entfernen?", f"Erase “{title}” for good?"), yes=yes)
    site.call("dataset_purge", id=package["id"], reason=reason)
    bulk_apply.forget(site, package["id"])
    terminal.say(Message(f"{package['name']} ist entfernt.", f"{package['name']} is erased."))


def _show(terminal: Terminal, preview: dict[str, Any]) -> None:
    lang = terminal.lang
    terminal.say(f"{preview['title'] or preview['name']}\n{preview['url']}")
    number = len(preview["files"])
    one_file = Message("\nÖffentlich wird eine Datei:", "\nOne file becomes public:")
    several = Message(f"\nÖffentlich werden {number} Dateien:", f"\n{number} files become public:")
    terminal.say(one_file if number == 1 else several)
    for file in preview["files"]:
        after = terminal.t("nach der Prüfung, hier", "after its check, here") if file["uploaded"] else file["url"]
        terminal.say(f"  {file['format'] or '–':<8} {file['name']}  {after}")
    if preview["computed"]:
        terminal.say(Message("\nErgänzt wird:", "\nAdded by us:"))
    for one in preview["computed"]:
        terminal.say(f"  {one['field']}: {one['value'][:80]}  ({one[lang]})")
    if preview["findings"]:
        terminal.say(Message("\nIn der Beschreibung fällt auf:", "\nOf note in the description:"))
    # What is said of several files in the same words is said once.
    lines = [f"  {_MARKS[one['severity']].in_(lang):<10} {one['what'][lang]}" for one in preview["findings"]]
    for line in list(dict.fromkeys(lines))[:_MOST_FINDINGS]:
        terminal.say(line)
    if preview["findings"]:
        name = preview["name"]
        terminal.say(
            Message(
                f"  Nachtragen: offenbar dataset edit {name} FELD=WERT",
                f"  Fill in: offenbar dataset edit {name} FIELD=VALUE",
            )
        )
    terminal.say("")


def _require_yes(terminal: Terminal, question: Message, *, yes: bool) -> None:
    """Ask; where nobody can answer, --yes must have been given."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            Message("Das fragt nach. Nächster Schritt: --yes angeben", "This asks first. Next step: give --yes")
        )
    click.confirm(question.in_(terminal.lang), abort=True, err=True)
