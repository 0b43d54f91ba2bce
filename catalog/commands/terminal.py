"""How commands speak: German or English, people or JSON, progress on standard error, errors as one sentence with an exit code."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from dcat.errors import OffenbarError
from dcat.message import Lang, Message
from dcat.printable import printable

PHASES = {
    "fetching": Message("Seiten gelesen", "pages read"),
    "planned": Message("Datensätze verglichen", "datasets compared"),
    "applying": Message("Datensätze aufbereitet", "datasets prepared"),
    "checking": Message("Dateien geprüft", "files checked"),
    "links": Message("Adressen geprüft", "addresses checked"),
    "loaded": Message("Zeilen geladen", "lines loaded"),
}


class Terminal:
    """What a command writes to."""

    def __init__(self, lang: Lang, *, quiet: bool = False) -> None:
        self.lang: Lang = lang
        self.quiet = quiet

    def t(self, de: str, en: str) -> str:
        """Choose a sentence."""
        return en if self.lang == "en" else de

    def say(self, message: Message | str) -> None:
        """Write a line for people."""
        if not self.quiet:
            click.echo(printable(message.in_(self.lang) if isinstance(message, Message) else message))

    def note(self, message: Message) -> None:
        """Write a line beside the result, on standard error."""
        if not self.quiet:
            click.echo(printable(message.in_(self.lang)), err=True)

    def written(self, path: Path) -> None:
        """Name a file that was written, on standard error."""
        self.note(Message(f"Geschrieben: {path}", f"Written: {path}"))

    def data(self, value: Any) -> None:
        """Write a result as JSON."""
        click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Write rows as a table."""
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            # As text: what departments wrote may look like markup.
            table.add_row(*(Text(printable(str(cell))) for cell in row))
        Console(width=None if sys.stdout.isatty() else 160).print(table)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[str, int], None]]:
        """Show how far long work is, on standard error and only for people."""
        with self._bar(SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()) as bar:
            task = bar.add_task(what)

            def tick(phase: str, done: int) -> None:
                bar.update(task, description=f"{what}: {done} {PHASES[phase].in_(self.lang)}")

            yield tick

    @contextmanager
    def counted(self, what: Message, total: int) -> Iterator[Callable[[int], None]]:
        """Show how many of a known number are done, on standard error and only for people."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with self._bar(*columns) as bar:
            task = bar.add_task(what.in_(self.lang), total=total)
            yield lambda done: bar.update(task, completed=done)

    @contextmanager
    def transfer(self, name: str, size: int) -> Iterator[Callable[[int], None]]:
        """Show how many bytes of a file have been sent, on standard error and only for people."""
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with self._bar(*columns) as bar:
            task = bar.add_task(printable(name), total=size)
            yield lambda done: bar.update(task, completed=done)

    def _bar(self, *columns: ProgressColumn) -> Progress:
        console = Console(stderr=True, quiet=self.quiet or not sys.stderr.isatty())
        return Progress(*columns, console=console, transient=True)


def language(wanted: str | None) -> Lang:
    """Choose the language: the option, else the locale, else German."""
    if wanted in ("de", "en"):
        return "en" if wanted == "en" else "de"
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "en" if value.lower().startswith("en") else "de"
    return "de"


def failed(terminal: Terminal, error: OffenbarError) -> int:
    """Say what went wrong and give the exit code."""
    click.echo(terminal.t("Fehler: ", "Error: ") + error.message.in_(terminal.lang), err=True)
    return error.exit_code


pass_terminal = click.make_pass_decorator(Terminal)
json_option = click.option("--json", "as_json", is_flag=True, help="Ergebnis als JSON. / Result as JSON.")
