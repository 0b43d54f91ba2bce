"""offenbar audit"""

from typing import Any

import click

from catalog import accounts, audit
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from dcat.message import Message


@click.command()
@click.option(
    "--object",
    "object_id",
    default="",
    metavar="ID",
    help="Nur was mit diesem Ding geschah. / Only what happened to this thing.",
)
@click.option(
    "--user", "user", default="", metavar="NAME", help="Nur was dieses Konto tat. / Only what this account did."
)
@click.option(
    "--action", default="", help="Nur diese Handlung, etwa account.login. / Only this action, such as account.login."
)
@click.option(
    "--before", type=click.IntRange(min=1), default=None, help="Weiter ab dieser Nummer. / Go on from this number."
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=audit.PAGE,
    show_default=True,
    help="Höchstens so viele. / So many at the most.",
)
@json_option
@pass_terminal
def command(
    terminal: Terminal, object_id: str, user: str, action: str, before: int | None, limit: int, as_json: bool
) -> None:
    """Zeigen, wer was getan hat, das Neueste zuerst; „offenbar“ ist die Befehlszeile.

    Show who did what, the latest first; “offenbar” is the command line.

    Beispiel / Example: offenbar audit --user amt
    """
    with opened().database.reading() as session:
        # What somebody did stays in the log when the account is deleted.
        account_id = (accounts.find(session, user) or accounts.require(session, user)).id if user else ""
        found = audit.entries(
            session,
            object_id=object_id,
            account_id=account_id,
            action=action,
            before=before or 0,
            limit=limit,
        )
    if as_json:
        terminal.data(
            [
                {
                    "number": entry.seq,
                    "at": entry.at.isoformat(timespec="seconds"),
                    "user": name,
                    "token": entry.token_id,
                    "action": entry.action,
                    "id": entry.object_id,
                    "name": entry.name,
                    "details": entry.details,
                }
                for entry, name in found
            ]
        )
        return
    columns = (
        "Nr.",
        terminal.t("Zeit (UTC)", "time (UTC)"),
        terminal.t("Konto", "account"),
        terminal.t("Handlung", "action"),
        terminal.t("Was", "what"),
        terminal.t("Einzelheiten", "details"),
    )
    lines = [
        (
            entry.seq,
            f"{entry.at:%Y-%m-%d %H:%M}",
            name or "offenbar",
            entry.action,
            entry.name or entry.object_id,
            " ".join(f"{key}={_plain(value)}" for key, value in entry.details.items()),
        )
        for entry, name in found
    ]
    terminal.table(columns, lines)
    if len(found) == limit:
        terminal.note(Message(f"Weiter mit --before {found[-1][0].seq}", f"Go on with --before {found[-1][0].seq}"))


def _plain(value: Any) -> str:
    """Write a detail for people: the entries of a list beside each other."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
