"""offenbar links"""

import click

from catalog import link_checks, quality
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from dcat.message import Message


@click.command()
@click.option(
    "--check",
    "check_now",
    is_flag=True,
    help="Zuvor neue, fällige und gestörte prüfen. / First check new, due and failing ones.",
)
@click.option("--city", default="", help="Nur diese Kommune. / This city only.")
@json_option
@pass_terminal
def command(terminal: Terminal, check_now: bool, city: str, as_json: bool) -> None:
    """Die Adressen auflisten, die an zwei Tagen nicht antworteten, mit Datensatz, Beginn und nächstem Schritt.

    List the addresses that did not answer on two days, with dataset, beginning and next step.

    Beispiel / Example: offenbar links --check --city darmstadt
    """
    instance = opened()
    if city:
        instance.config.city(city)
    if check_now:
        sources = [source.id for source in instance.sources() if source.city == city] if city else None
        link_checks.hurry(instance, sources)
        made = changed = 0
        with terminal.progress(terminal.t("Adressen", "Addresses")) as tick:
            while (done := link_checks.check(instance, sources=sources)).made:
                made, changed = made + done.made, changed + done.changed
                tick("links", made)
        quality.catch_up(instance)
        terminal.note(
            Message(
                f"{made} Adressen geprüft, {changed} mit Neuigkeiten.",
                f"{made} addresses checked, {changed} with news.",
            )
        )
    with instance.database.reading() as session:
        found = link_checks.broken(session, city=city)
    if as_json:
        terminal.data([link_checks.as_json(link) for link in found])
        return
    for link in found:
        lang = terminal.lang
        since = terminal.t(f"seit {link.since:%Y-%m-%d}", f"since {link.since:%Y-%m-%d}")
        terminal.say(f"{link.dataset}: {link.url}\n  {since}: {link.what.in_(lang)} {link.fix.in_(lang)}")
    if not found:
        terminal.say(Message("Keine Adresse ist als gestört bekannt.", "No address is known to be broken."))
