"""offenbar worker"""

import click

from catalog import job_queue, jobs, tables, worker, workers
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, pass_terminal
from dcat.message import Message


@click.command()
@click.option(
    "--threads",
    default=workers.THREADS,
    show_default=True,
    type=click.IntRange(1, 32),
    help="Ernten zugleich. / Harvests at a time.",
)
@pass_terminal
def command(terminal: Terminal, threads: int) -> None:
    """Ernten, prüfen und Nachrichten senden, ohne Webseiten; endet mit Strg+C oder SIGTERM.

    Harvest, check and send notices, without web pages; ends with Ctrl+C or SIGTERM. On PostgreSQL any number of workers
    share the work, on any number of machines; `offenbar serve --no-jobs` leaves it to them.

    Beispiel / Example: offenbar worker --threads 8
    """
    instance = opened()
    if instance.database.engine.dialect.name == "postgresql":
        terminal.note(Message("Arbeitet mit der Warteschlange in PostgreSQL.", "Works with the queue in PostgreSQL."))
        with tables.Checker() as checker:
            worker.until_stopped(
                instance,
                lambda stop: job_queue.Worker(instance=instance, look=checker.check, stop=stop, threads=threads).run(),
            )
        return
    terminal.note(
        Message(
            "Arbeitet allein, denn SQLite gehört einer Maschine. Daneben: offenbar serve --no-jobs",
            "Works alone, for SQLite belongs to one machine. Beside it: offenbar serve --no-jobs",
        )
    )
    with tables.Checker() as checker:
        worker.until_stopped(instance, lambda stop: jobs.work(instance, checker.check, stop, threads=threads))
