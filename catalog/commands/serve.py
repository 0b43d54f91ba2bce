"""offenbar serve"""

import click

from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, pass_terminal
from catalog.server import serve
from dcat.message import Message


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse. / Address.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Webprozesse. / Web workers.")
@click.option("--no-jobs", is_flag=True, help="Ohne Hintergrundarbeit. / Without background work.")
@pass_terminal
def command(terminal: Terminal, host: str, port: int, workers: int, no_jobs: bool) -> None:
    """Webseiten, Schnittstellen und Hintergrundarbeit starten; endet mit Strg+C oder SIGTERM.

    Start pages, interfaces and background work; ends with Ctrl+C or SIGTERM.

    Beispiel / Example: offenbar serve --host 0.0.0.0 --port 8000 --workers 4
    """
    instance = opened()
    terminal.note(Message(f"offenbar läuft auf http://{host}:{port}/", f"offenbar runs at http://{host}:{port}/"))
    serve(instance, host=host, port=port, workers=workers, jobs=not no_jobs)
