"""offenbar validate"""

from pathlib import Path

import click

from catalog.commands.terminal import Terminal, json_option, pass_terminal
from dcat.errors import NotFoundError
from dcat.message import Message

# What a file needs and what a dataset needs are large, and apart: each is loaded when it is asked for.
FORMS = ("html", "pdf", "csv", "json", "sarif", "junit")
ENGINES = ("pyshacl", "rudof")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("what", metavar="[DATEI|ADRESSE|DATENSATZ]", default="")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Den ganzen Katalog gegen die SHACL-Shapes. / The whole catalogue against the SHACL shapes.",
)
@click.option("--schema", default="", help="Schema oder Datei eines Schemas. / Schema, or file of one.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Zuordnung, die vor der Prüfung angewandt wird. / Mapping to apply before the check.",
)
@click.option("--part", default="", metavar="BLATT", help="Blatt oder Ebene der Datei. / Sheet or layer of the file.")
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="SCHEMA=DATEI",
    help="Tabelle, auf die Schlüssel verweisen. / Table that keys point to.",
)
@click.option("--privacy", is_flag=True, help="Auch nach personenbezogenen Daten suchen. / Look for personal data too.")
@click.option(
    "--repair",
    type=_FILE,
    metavar="KOPIE",
    help="Reparierte Kopie schreiben und prüfen. / Write a repaired copy and check it.",
)
@click.option(
    "--limit-errors", default=1000, show_default=True, type=click.IntRange(1, 100_000), help="Höchstzahl. / At most."
)
@click.option("--report", "form", type=click.Choice(FORMS), help="Bericht als Datei. / Report as a file.")
@click.option("-o", "--output", type=_FILE, help="Datei des Berichts. / File of the report.")
@click.option("--badge", type=_FILE, help="Plakette als SVG schreiben. / Write a badge as SVG.")
@click.option(
    "--shapes",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Ordner der amtlichen SHACL-Shapes, als zweite Meinung. / Folder of the official SHACL shapes, as a second opinion.",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default=ENGINES[0],
    show_default=True,
    help="Wer SHACL prüft; rudof für ganze Kataloge. / Who checks SHACL; rudof for whole catalogues.",
)
@json_option
@pass_terminal
def command(
    terminal: Terminal,
    what: str,
    everything: bool,
    schema: str,
    mapping: Path | None,
    part: str,
    references: tuple[str, ...],
    privacy: bool,
    repair: Path | None,
    limit_errors: int,
    form: str | None,
    output: Path | None,
    badge: Path | None,
    shapes: Path | None,
    engine: str,
    as_json: bool,
) -> int:
    """Eine Tabelle gegen ein Schema prüfen, oder die Metadaten eines Datensatzes gegen DCAT-AP.de. Endet mit 1, wenn etwas verletzt ist.

    Mit --repair wird eine Kopie repariert und noch einmal geprüft; ob das Ende 0 oder 1 ist, entscheidet dann die Kopie. Mit --all alle
    veröffentlichten Metadaten gegen unsere SHACL-Shapes, mit --shapes auch gegen die amtlichen.

    Check a table against a schema, or a dataset's metadata against DCAT-AP.de. Ends with 1 if something is broken. With --repair a
    copy is mended and checked again; then the copy decides between 0 and 1. With --all check all published metadata against our SHACL
    shapes, with --shapes against the official ones too.

    Beispiel / Example: offenbar validate baeume.csv --schema baumkataster --report html -o bericht.html
    """
    if everything == bool(what):
        raise click.UsageError("DATEI|ADRESSE|DATENSATZ, oder --all. / A file, address or dataset, or --all.")
    is_file = bool(what) and (Path(what).exists() or "://" in what)
    if is_file:
        from catalog.commands.validate_table import Options, check_file  # noqa: PLC0415

        return check_file(
            terminal,
            what,
            Options(
                schema=schema,
                mapping=mapping,
                part=part,
                references=references,
                privacy=privacy,
                repair=repair,
                limit_errors=limit_errors,
                form=form or "",
                output=output,
                badge=badge,
                as_json=as_json,
            ),
        )
    from catalog.commands.validate_metadata import check_dataset, check_everything  # noqa: PLC0415
    from dcat import naming  # noqa: PLC0415

    if everything:
        return check_everything(terminal, shapes, engine, as_json=as_json)
    if naming.slug(what) != what:
        raise NotFoundError(Message(f"Die Datei {what} gibt es nicht.", f"There is no file {what}."))
    return check_dataset(terminal, what, shapes, engine, as_json=as_json)
