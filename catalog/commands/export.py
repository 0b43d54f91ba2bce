"""offenbar export"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_rows, documents, parts, store
from catalog.access import LOCAL
from catalog.api.actions import packages
from catalog.api.actions.call import Call
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, pass_terminal
from catalog.db import batches
from catalog.instance import Instance
from catalog.models import DatasetRow, Organization
from catalog.models_desk import DeskDataset
from catalog.parts import Part
from catalog.renditions import CKAN
from dcat.errors import ConfigError
from dcat.message import Message
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
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Auch Entwürfe und nicht öffentliche; nur ckan-jsonl. / Drafts and private ones too; ckan-jsonl only.",
)
@pass_terminal
def command(terminal: Terminal, form: str, release: str, city: str, output: Path | None, everything: bool) -> None:
    """Den Katalog ausgeben: DCAT-AP.de in vier RDF-Formaten, oder CKAN-Pakete Zeile für Zeile.

    Write the catalogue: DCAT-AP.de in four RDF formats, or CKAN packages line by line.

    Beispiel / Example: offenbar export --format ttl --city frankfurt -o frankfurt.ttl
    """
    if everything and form != "ckan-jsonl":
        raise ConfigError(
            Message("--all geht nur mit --format ckan-jsonl.", "--all works with --format ckan-jsonl only.")
        )
    instance = opened()
    part = parts.of_city(instance.config.city(city)) if city else parts.WHOLE
    pieces = (
        _packages(instance, city, everything=everything)
        if form == "ckan-jsonl"
        else _document(instance, form, part, release)
    )
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


def _packages(instance: Instance, city: str, *, everything: bool) -> Iterator[bytes]:
    """Give the packages by name: as the public gets them, those of the desk as they were written where everything is wanted."""
    with instance.database.reading() as session:
        wanted = sa.select(DatasetRow.id).where(store.VISIBLE, *([DatasetRow.city == city] if city else []))
        ids = list(session.scalars(wanted.order_by(DatasetRow.name)))
        for part in batches(ids):
            bodies = store.bodies(session, CKAN, part)
            yield from (bodies[key] + b"\n" for key in part if key in bodies)
        if everything:
            yield from _hidden(instance, session, city)


def _hidden(instance: Instance, session: Session, city: str) -> Iterator[bytes]:
    call = Call(instance, {}, LOCAL)
    query = sa.select(DeskDataset).join(Organization, Organization.id == DeskDataset.organization_id)
    query = query.where(desk_rows.NOT_PUBLIC)
    query = query.where(Organization.city == city) if city else query
    rows = session.scalars(query.order_by(DeskDataset.name)).all()
    try:
        for part in batches(rows):
            written = packages.written(call, part)
            yield from (orjson.dumps(written[row.id]) + b"\n" for row in part)
    finally:
        call.renew()
