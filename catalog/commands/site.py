"""offenbar site: add, list, check, remove"""

import sys

import click

from catalog import saved_sites
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.remote import RemoteSite, checked_address
from catalog.saved_sites import SavedSite
from dcat.message import Message

name_argument = click.argument("name", metavar="NAME")
_LONGEST_TOKEN = 4000


@click.group()
def command() -> None:
    """Entfernte Websites speichern, damit --site NAME genügt. / Save remote sites, so that --site NAME is enough.

    Beispiel / Example: offenbar site list
    """


@command.command()
@name_argument
@click.argument("url", metavar="ADRESSE")
@click.option("--anonymous", is_flag=True, help="Ohne Token: nur lesen. / Without token: reading only.")
@pass_terminal
def add(terminal: Terminal, name: str, url: str, anonymous: bool) -> None:
    """Eine Website speichern; der Token wird gefragt, ohne Terminal von der Standardeingabe gelesen.

    Save a site; the token is asked for, read from standard input where that is no terminal.

    Beispiel / Example: offenbar site add stadt https://daten.example.org
    """
    token = "" if anonymous else _token(terminal)
    saved_sites.save(SavedSite(name, checked_address(url, token), token))
    terminal.say(Message(f"„{name}“ ist gespeichert: --site {name}", f"“{name}” is saved: --site {name}"))


@command.command("list")
@json_option
@pass_terminal
def list_sites(terminal: Terminal, as_json: bool) -> None:
    """Die gespeicherten Websites zeigen, nie ihre Token. / Show the saved sites, never their tokens.

    Beispiel / Example: offenbar site list --json
    """
    found = saved_sites.sites().values()
    if as_json:
        terminal.data([{"name": one.name, "url": one.url, "token": bool(one.token)} for one in found])
        return
    lines = [(one.name, one.url, terminal.t("ja", "yes") if one.token else "–") for one in found]
    terminal.table(("Name", terminal.t("Adresse", "address"), "Token"), lines)


@command.command()
@name_argument
@json_option
@pass_terminal
def check(terminal: Terminal, name: str, as_json: bool) -> None:
    """Prüfen, ob die Website antwortet und was das Konto dort schreiben darf. / Check whether the site answers, and what the account may write.

    Beispiel / Example: offenbar site check stadt
    """
    saved = saved_sites.find(name)
    site = RemoteSite(saved.url, saved.token)
    held = site.call("organization_list_for_user", permission="create_dataset")
    names = sorted(one["name"] for one in held)
    if as_json:
        terminal.data({"name": name, "url": saved.url, "organizations": names})
        return
    terminal.say(Message(f"{saved.url} antwortet.", f"{saved.url} answers."))
    listed = ", ".join(names) or "–"
    terminal.say(Message(f"Datensätze schreiben: {listed}", f"write datasets of: {listed}"))


@command.command()
@name_argument
@pass_terminal
def remove(terminal: Terminal, name: str) -> None:
    """Eine Website und ihren Token vergessen. / Forget a site and its token.

    Beispiel / Example: offenbar site remove stadt
    """
    saved_sites.remove(name)
    terminal.say(Message(f"„{name}“ ist vergessen.", f"“{name}” is forgotten."))


def _token(terminal: Terminal) -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, default="", show_default=False, err=True)).strip()
    return sys.stdin.readline(_LONGEST_TOKEN).strip()
