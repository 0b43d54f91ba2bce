"""offenbar export"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import sqlalchemy as sa

from catalog import documents, parts, store
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, pass_terminal
from catalog.db import batches
from catalog.instance import Instance
from catalog.models import DatasetRow
from catalog.parts import Part
from catalog.renditions import CKAN
from dcat.profile import DEFAULT, RELEASES

FORMATS = ("ttl", "rdf", "jsonld", "nt", "ckan-jsonl")


@click.command()
@click.option("--format", "form", type=click.Choice(FORMATS), default="ttl", show_default=True, help="Format.")
@click.option(
    "--profile",
    "release",
    type=click.Choice(tuple(RELEASES)),
    default=DEFAULT,
    show_default=True,
    help="Ausgabe des Anwendungsprofils. / Release of the application profile.",
)
@click.option("--city", default="", help="Nur diese Kommune. / This city only.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Datei; sonst Standardausgabe. / File; else standard output.",
)
@pass_terminal
def command(terminal: Terminal, form: str, release: str, city: str, output: Path | None) -> None:
    """Den Katalog ausgeben: DCAT-AP.de in vier RDF-Formaten, oder CKAN-Pakete Zeile für Zeile.

    Write the catalogue: DCAT-AP.de in four RDF formats, or CKAN packages line by line.

    Beispiel / Example: offenbar export --format ttl --city frankfurt -o frankfurt.ttl
    """
    instance = opened()
    part = parts.of_city(instance.config.city(city)) if city else parts.WHOLE
    pieces = _packages(instance, city) if form == "ckan-jsonl" else _document(instance, form, part, release)
    with _whole(output) if output else contextlib.nullcontext(sys.stdout.buffer) as target:
        for piece in pieces:
            target.write(piece)
    if output:
        terminal.written(output)


def _document(instance: Instance, form: str, part: Part, release: str) -> Iterator[bytes]:
    with instance.database.reading() as session:
        yield from documents.dump(session, instance.config, form, part, release)


@contextlib.contextmanager
def _whole(output: Path) -> Iterator[IO[bytes]]:
    """Write beside the file and put it in its place at the end: a run that breaks off leaves what was there."""
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as target:
            yield target
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _packages(instance: Instance, city: str) -> Iterator[bytes]:
    with instance.database.reading() as session:
        wanted = sa.select(DatasetRow.id).where(store.VISIBLE, *([DatasetRow.city == city] if city else []))
        ids = list(session.scalars(wanted.order_by(DatasetRow.name)))
        for part in batches(ids):
            bodies = store.bodies(session, CKAN, part)
            yield from (bodies[key] + b"\n" for key in part if key in bodies)
