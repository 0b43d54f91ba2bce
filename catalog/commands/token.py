"""offenbar token: create, list, revoke"""

import getpass

import click

from catalog import accounts, audit, tokens
from catalog.access import ALL_SCOPES, LOCAL, Scope
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from dcat.message import Message


@click.group()
def command() -> None:
    """Schlüssel für Programme ausstellen, auflisten, widerrufen. / Issue, list and revoke keys for programs.

    Beispiel / Example: offenbar token create --user amt
    """


@command.command()
@click.option(
    "--user",
    required=True,
    metavar="NAME",
    help="Das Konto, für das der Token handelt. / The account the token acts for.",
)
@click.option("--name", default="", help="Wozu er dient. / What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Was er darf; mehrfach möglich, sonst alles, was das Konto darf. / What it may do; may be repeated; else all the account may.",
)
@click.option(
    "--days",
    type=click.IntRange(1, tokens.MOST_DAYS),
    default=tokens.DAYS,
    show_default=True,
    help="Wie lange er gilt. / How long it is valid.",
)
@json_option
@pass_terminal
def create(terminal: Terminal, user: str, name: str, scopes: tuple[str, ...], days: int, as_json: bool) -> None:
    """Einen Token ausstellen; er wird nur jetzt gezeigt. / Issue a token; it is shown now and never again.

    Beispiel / Example: offenbar token create --user amt --scope datasets --days 90
    """
    wanted = frozenset(map(Scope, scopes)) or ALL_SCOPES
    with opened().database.writing() as session:
        account = accounts.require(session, user)
        made = tokens.create(session, account, name=name, scopes=wanted, days=days)
        audit.note(
            session,
            LOCAL,
            "token.create",
            made.token.id,
            made.token.name,
            account=account.name,
            scopes=made.token.scopes,
            by=getpass.getuser(),
        )
    ends = made.token.expires_at
    if as_json:
        terminal.data(
            {"token": made.text, "id": made.token.id, "expires": ends.isoformat(timespec="seconds") if ends else None}
        )
        return
    click.echo(made.text)
    terminal.note(
        Message(
            f"Gilt bis {ends:%d.%m.%Y}. Bewahren Sie ihn auf wie ein Kennwort; er lässt sich nicht noch einmal anzeigen.",
            f"Valid until {ends:%Y-%m-%d}. Keep it as you keep a password; it cannot be shown again.",
        )
    )


@command.command("list")
@click.option("--user", default="", metavar="NAME", help="Nur die dieses Kontos. / Only those of this account.")
@json_option
@pass_terminal
def list_tokens(terminal: Terminal, user: str, as_json: bool) -> None:
    """Die Tokens zeigen, nie ihren Text. / Show the tokens, never their text.

    Beispiel / Example: offenbar token list --user amt
    """
    with opened().database.reading() as session:
        found = tokens.tokens(session, accounts.require(session, user).id if user else "")
    if as_json:
        terminal.data(
            [
                {
                    "id": token.id,
                    "user": account,
                    "name": token.name,
                    "scopes": token.scopes,
                    "created": token.created_at.isoformat(timespec="seconds"),
                    "expires": token.expires_at.isoformat(timespec="seconds") if token.expires_at else None,
                    "used": token.used_at.isoformat(timespec="seconds") if token.used_at else None,
                }
                for token, account in found
            ]
        )
        return
    columns = (
        "Id",
        terminal.t("Konto", "account"),
        "Name",
        terminal.t("Bereiche", "scopes"),
        terminal.t("gilt bis", "expires"),
        terminal.t("zuletzt benutzt", "last used"),
    )
    lines = [
        (
            token.id,
            account,
            token.name,
            " ".join(token.scopes),
            f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "–",
            f"{token.used_at:%Y-%m-%d %H:%M}" if token.used_at else "–",
        )
        for token, account in found
    ]
    terminal.table(columns, lines)


@command.command()
@click.argument("token", metavar="ID")
@pass_terminal
def revoke(terminal: Terminal, token: str) -> None:
    """Einen Token widerrufen; er gilt sofort nicht mehr. / Revoke a token; it ends at once.

    Beispiel / Example: offenbar token revoke 0b8c5a52-4f0e-4a0c-9a0e-1d2c3b4a5f60
    """
    with opened().database.writing() as session:
        found = tokens.require(session, token)
        tokens.revoke(session, found)
        audit.note(session, LOCAL, "token.revoke", found.id, found.name, by=getpass.getuser())
    terminal.say(Message("Widerrufen.", "Revoked."))
