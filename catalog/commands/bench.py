"""offenbar bench"""

from pathlib import Path

import click

from benchmarks import catalogue
from catalog.commands.terminal import Terminal, pass_terminal
from dcat.message import Message


@click.command()
@click.option(
    "--count", default=10_000, show_default=True, type=click.IntRange(100, 1_000_000), help="Datensätze. / Datasets."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Tabelle anhängen. / Append the table."
)
@pass_terminal
def command(terminal: Terminal, count: int, output: Path | None) -> int:
    """Ernte und Ausgabe eines erzeugten Katalogs messen, in einem eigenen Ordner. Endet mit 1, wenn eine Untergrenze verfehlt ist.

    Measure harvest and export of a generated catalogue, in a folder of its own. Ends with 1 if a floor was missed.

    Beispiel / Example: offenbar bench --count 1000
    """
    terminal.note(Message(f"Gemessen wird mit {count} Datensätzen.", f"Measuring with {count} datasets."))
    results = catalogue.run(count)
    text = catalogue.table(results)
    terminal.say(text)
    if output:
        with output.open("a", encoding="utf-8") as target:
            target.write(f"\n{text}")
    return 0 if all(result.kept for result in results) else 1
