"""offenbar demo"""

from collections.abc import Iterator

import click

from catalog import demo, search, tables
from catalog.commands.terminal import Terminal, pass_terminal
from catalog.ingest.guard import Counts
from catalog.server import serve
from dcat.message import Message


@click.command()
@click.option(
    "--port",
    default=5000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port der Webseiten. / Port of the pages.",
)
@click.option("--no-serve", is_flag=True, help="Nur ernten und veröffentlichen. / Harvest and publish only.")
@pass_terminal
def command(terminal: Terminal, port: int, no_serve: bool) -> None:
    """Beispielämter dreier Städte ernten, prüfen, veröffentlichen und auf dieser Maschine zeigen.

    Harvest, check and publish example departments of three cities, and show them on this machine.

    Beispiel / Example: offenbar demo --port 5000
    """
    instance = demo.prepare(port)
    click.get_current_context().call_on_close(instance.database.close)
    with terminal.progress("Demo") as tick:
        with tables.Checker() as checker:
            story = demo.run(instance, checker.check, tick)
        search.catch_up(instance)
    _tell(terminal, story)
    site = f"http://127.0.0.1:{port}"
    for label, path in (
        (terminal.t("Startseite", "Home page"), "/"),
        (terminal.t("Alle Datensätze", "All datasets"), "/dataset"),
        ("DCAT-AP.de", "/catalog.ttl"),
        ("CKAN-API", "/api/3/action/package_search?q=Baum"),
    ):
        terminal.say(f"  {label + ':':<18}{site}{path}")
    if not no_serve:
        terminal.say(Message("Beenden mit Strg+C.", "Stop with Ctrl+C."))
        serve(instance, host="127.0.0.1", port=port, workers=2, jobs=True)


def _tell(terminal: Terminal, story: demo.Story) -> None:
    terminal.say(Message("Geerntet:", "Harvested:"))
    for department, outcome, published in story.departments:
        c = outcome.counts
        news = (
            Message("nichts Neues", "nothing new")
            if outcome.status == "unchanged"
            else Message(f"{c.created} neu", f"{c.created} new")
        )
        more = [news, *_not_shown(c, published)]
        numbers = Message(
            f"{published} {'Datensatz' if published == 1 else 'Datensätze'} ({', '.join(one.de for one in more)})",
            f"{published} {'dataset' if published == 1 else 'datasets'} ({', '.join(one.en for one in more)})",
        )
        terminal.say(f"  {department}: {numbers.in_(terminal.lang)}")
    terminal.say(
        Message("Prüfung nicht bestanden (veröffentlicht, mit Hinweis):", "Checks not passed (published, with a note):")
    )
    for name, sentence in story.failed:
        terminal.say(f"  {name}: {sentence.in_(terminal.lang)}")
    terminal.say(Message("Zurückgehalten:", "Held back:"))
    for name, reason in story.kept_back:
        terminal.say(f"  {name}: {reason.in_(terminal.lang)}")
    terminal.say(Message("Ansehen:", "Look at:"))


def _not_shown(counts: Counts, published: int) -> Iterator[Message]:
    """Say what a source named and what is not shown as its own."""
    if (behind := counts.seen - counts.quarantined - published) > 0:
        yield Message(
            f"{behind} schon von einer anderen Quelle beschrieben", f"{behind} described by another source already"
        )
    if counts.quarantined:
        yield Message(f"{counts.quarantined} in Quarantäne", f"{counts.quarantined} in quarantine")
