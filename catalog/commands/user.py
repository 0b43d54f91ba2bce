"""offenbar user: add, list, password, role, delete"""

import getpass
import sys

import click

from catalog import account_links, accounts, audit, organizations
from catalog.access import LOCAL, Capacity
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.config import Config
from catalog.db import now
from catalog.models_accounts import Account
from catalog.passwords import fault
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message
from dcat.states import ACTIVE, PENDING

name_argument = click.argument("name", metavar="NAME")
_LONGEST_LINE = 4000


@click.group()
def command() -> None:
    """Konten und Rollen anlegen, ändern, auflisten. / Make, change and list accounts and roles.

    Beispiel / Example: offenbar user list
    """


@command.command()
@name_argument
@click.option("--admin", is_flag=True, help="Darf alles auf dieser Website. / May do everything on this site.")
@click.option("--email", default="", help="E-Mail-Adresse. / E-mail address.")
@click.option("--fullname", default="", help="Voller Name; er ist nie öffentlich. / Full name; it is never public.")
@click.option(
    "--invite",
    is_flag=True,
    help="Kein Kennwort lesen: einen Link schicken oder ausgeben, mit dem es gesetzt wird. / Read no password: send or print a link that sets it.",
)
@json_option
@pass_terminal
def add(terminal: Terminal, name: str, admin: bool, email: str, fullname: str, invite: bool, as_json: bool) -> None:
    """Ein Konto anlegen; das Kennwort wird zweimal gelesen, ohne Terminal von der Standardeingabe.

    Make an account; the password is read twice, from standard input where that is no terminal.

    Beispiel / Example: offenbar user add amt --admin
    """
    instance = opened()
    if found := accounts.name_fault(name):
        raise ConfigError(found)
    password, state = ("", PENDING) if invite else (_password(terminal), ACTIVE)
    with instance.database.writing() as session:
        account = accounts.add(session, name, password, admin=admin, email=email, fullname=fullname, state=state)
        audit.note(session, LOCAL, "account.create", account.id, account.name, admin=admin, by=getpass.getuser())
    if as_json:
        terminal.data({"id": account.id, "name": account.name})
    else:
        terminal.say(Message(f"Das Konto „{name}“ ist angelegt.", f"The account “{name}” was made."))
    if invite:
        _invite(terminal, instance.config, account)


@command.command("list")
@json_option
@pass_terminal
def list_accounts(terminal: Terminal, as_json: bool) -> None:
    """Die Konten zeigen. / Show the accounts.

    Beispiel / Example: offenbar user list
    """
    with opened().database.reading() as session:
        found, after = [], ""
        while part := accounts.accounts(session, after=after):
            found += part
            after = part[-1].name
    if as_json:
        terminal.data(
            [
                {
                    "id": account.id,
                    "name": account.name,
                    "fullname": account.fullname,
                    "email": account.email,
                    "admin": account.admin,
                    "state": account.state,
                    "created": account.created_at.isoformat(timespec="seconds"),
                    "seen": account.seen_at.isoformat(timespec="seconds") if account.seen_at else None,
                }
                for account in found
            ]
        )
        return
    columns = (
        "Name",
        terminal.t("voller Name", "full name"),
        "E-Mail",
        terminal.t("verwaltet", "administers"),
        terminal.t("Stand", "state"),
        terminal.t("zuletzt da", "last seen"),
    )
    lines = [
        (
            account.name,
            account.fullname,
            account.email,
            terminal.t("ja", "yes") if account.admin else "–",
            account.state,
            f"{account.seen_at:%Y-%m-%d}" if account.seen_at else "–",
        )
        for account in found
    ]
    terminal.table(columns, lines)


@command.command()
@name_argument
@pass_terminal
def password(terminal: Terminal, name: str) -> None:
    """Ein neues Kennwort setzen; alle Sitzungen des Kontos enden. / Set a new password; all sessions of the account end.

    Beispiel / Example: offenbar user password amt
    """
    instance = opened()
    with instance.database.reading() as session:
        accounts.require(session, name)
    given = _password(terminal)
    with instance.database.writing() as session:
        account = accounts.require(session, name)
        accounts.set_password(account, given)
        audit.note(session, LOCAL, "account.password", account.id, account.name, by=getpass.getuser())
    terminal.say(Message("Das neue Kennwort gilt.", "The new password is set."))


@command.command()
@name_argument
@click.argument("organization", metavar="ORGANISATION")
@click.argument("capacity", metavar="ROLLE", type=click.Choice([*(one.value for one in Capacity), "none"]))
@pass_terminal
def role(terminal: Terminal, name: str, organization: str, capacity: str) -> None:
    """Die Rolle in einer Organisation setzen: admin, editor, member, oder none für keine.

    Set the role in an organisation: admin, editor, member, or none.

    Beispiel / Example: offenbar user role amt darmstadt-umweltamt editor
    """
    with opened().database.writing() as session:
        account = accounts.require(session, name)
        holder = organizations.find(session, organization)
        if holder is None:
            raise NotFoundError(
                Message(
                    f"Eine Organisation „{organization}“ gibt es nicht; ihr Kurzname steht in ihrer Adresse /organization/…",
                    f"There is no organisation “{organization}”; its short name stands in its address /organization/…",
                )
            )
        if capacity == "none":
            accounts.take_role(session, holder.id, account.id)
        else:
            accounts.give_role(session, holder.id, account.id, Capacity(capacity))
        audit.note(
            session,
            LOCAL,
            "account.role",
            account.id,
            account.name,
            organization=holder.name,
            role=capacity,
            by=getpass.getuser(),
        )
    terminal.say(f"{account.name} @ {holder.name}: {capacity}")


@command.command()
@name_argument
@pass_terminal
def delete(terminal: Terminal, name: str) -> None:
    """Ein Konto löschen: Angaben zur Person, Rollen und Tokens gehen. / Delete an account: personal data, roles and tokens go.

    Beispiel / Example: offenbar user delete amt
    """
    with opened().database.writing() as session:
        account = accounts.require(session, name)
        accounts.delete(session, account)
        audit.note(session, LOCAL, "account.delete", account.id, account.name, by=getpass.getuser())
    terminal.say(Message(f"Das Konto „{name}“ ist gelöscht.", f"The account “{name}” is deleted."))


def _invite(terminal: Terminal, config: Config, account: Account) -> None:
    """Send the link that sets the password, or print it where no mail is sent from here."""
    if config.mail_server and account.email:
        account_links.invite(config, account)
        terminal.note(
            Message(f"Die Einladung ist an {account.email} verschickt.", f"The invitation was sent to {account.email}.")
        )
        return
    click.echo(account_links.address(config, account, account_links.INVITATION, now()), err=True)
    terminal.note(
        Message(
            "Geben Sie diese Adresse der Person weiter; dort setzt sie binnen 7 Tagen ihr Kennwort.",
            "Pass this address on to the person, who sets the password there within 7 days.",
        )
    )


def _password(terminal: Terminal) -> str:
    """Read a new password twice: without echo from a terminal, else as two lines of standard input."""
    if sys.stdin.isatty():
        given = click.prompt(terminal.t("Kennwort", "Password"), hide_input=True, err=True)
        again = click.prompt(terminal.t("Noch einmal", "Once more"), hide_input=True, err=True)
    else:
        given, again = (sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n") for _ in range(2))
    if given != again:
        raise ConfigError(Message("Die beiden Kennwörter sind verschieden.", "The two passwords are not the same."))
    if found := fault(given):
        raise ConfigError(found)
    return str(given)
