"""offenbar validate"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import orjson

from catalog import documents, store
from catalog.api import linked
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.instance import Instance
from catalog.public import PublicDataset
from catalog.report_page import WORDS, html
from dcat import naming
from dcat.errors import NotFoundError
from dcat.message import Lang, Message
from dcat.texts import best
from harvesters.fetch import Fetcher
from harvesters.network import Network
from validators import metadata, schemas, shacl
from validators.report import Finding, Report, sentence, to_json
from validators.schemas import TableSchema
from validators.shacl import Combination, Engine, ShaclResult, ShaclSeverity
from validators.tables import check_table


@click.command()
@click.argument("what", metavar="[DATEI|ADRESSE|DATENSATZ]", default="")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Den ganzen Katalog gegen die SHACL-Shapes. / The whole catalogue against the SHACL shapes.",
)
@click.option("--schema", "schema_name", default="", help="Schema oder Datei eines Schemas. / Schema, or file of one.")
@click.option(
    "--limit-errors", default=1000, show_default=True, type=click.IntRange(1, 100_000), help="Höchstzahl. / At most."
)
@click.option(
    "--report", "form", type=click.Choice(["html", "json", "csv"]), help="Bericht als Datei. / Report as a file."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Datei des Berichts. / File of the report."
)
@click.option(
    "--shapes",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Ordner der amtlichen SHACL-Shapes, als zweite Meinung. / Folder of the official SHACL shapes, as a second opinion.",
)
@click.option(
    "--engine",
    type=click.Choice([engine.value for engine in Engine]),
    default=Engine.PYSHACL.value,
    show_default=True,
    help="Wer SHACL prüft; rudof für ganze Kataloge. / Who checks SHACL; rudof for whole catalogues.",
)
@json_option
@pass_terminal
def command(
    terminal: Terminal,
    what: str,
    everything: bool,
    schema_name: str,
    limit_errors: int,
    form: str | None,
    output: Path | None,
    shapes: Path | None,
    engine: str,
    as_json: bool,
) -> int:
    """Eine Tabelle gegen ein Schema prüfen, oder die Metadaten eines Datensatzes gegen DCAT-AP.de. Endet mit 1, wenn etwas verletzt ist.

    Mit --all alle veröffentlichten Metadaten gegen unsere SHACL-Shapes, mit --shapes auch gegen die amtlichen.

    Check a table against a schema, or a dataset's metadata against DCAT-AP.de. Ends with 1 if something is broken. With --all
    check all published metadata against our SHACL shapes, with --shapes against the official ones too.

    Beispiel / Example: offenbar validate baeume.csv --schema baumkataster --report html -o bericht.html
    """
    if everything == bool(what):
        raise click.UsageError("DATEI|ADRESSE|DATENSATZ, oder --all. / A file, address or dataset, or --all.")
    if everything:
        return _everything(terminal, shapes, Engine(engine), as_json)
    if not Path(what).exists() and "://" not in what:
        if naming.slug(what) != what:
            raise NotFoundError(Message(f"Die Datei {what} gibt es nicht.", f"There is no file {what}."))
        return _dataset(terminal, what, shapes, Engine(engine), as_json)
    with _local(what) as path:
        report = check_table(path, _schema(schema_name), limit_errors=limit_errors)
    if form:
        text = {"html": html, "csv": _csv, "json": _json}[form](report, Path(what).name, terminal.lang)
        if output:
            output.write_text(text, encoding="utf-8")
            terminal.note(Message(f"Geschrieben: {output}", f"Written: {output}"))
        else:
            click.echo(text)
    if as_json:
        terminal.data(to_json(report))
    elif not form:
        terminal.say(sentence(report))
        _say(terminal, report.findings)
    return 0 if report.conforms else 1


@contextmanager
def _local(what: str) -> Iterator[Path]:
    if "://" not in what:
        yield Path(what)
        return
    with TemporaryDirectory() as folder, Fetcher(Network()) as fetcher:
        path = Path(folder) / "datei.csv"
        fetcher.download(what, path)
        yield path


def _schema(name: str) -> TableSchema | None:
    if not name:
        return None
    return schemas.read(Path(name).read_bytes()) if Path(name).is_file() else schemas.load(name)


def _dataset(terminal: Terminal, name: str, shapes: Path | None, engine: Engine, as_json: bool) -> int:
    instance = opened()
    with instance.database.reading() as session:
        shown = store.find_public(session, name)
    if shown is None:
        raise NotFoundError(
            Message(
                f"„{name}“ ist weder Datei noch Adresse noch veröffentlichter Datensatz. Nächster Schritt: offenbar dataset list",
                f"“{name}” is no file, address or published dataset. Next step: offenbar dataset list",
            )
        )
    findings = metadata.check(shown.dataset)
    blocked = metadata.blocks(findings)
    opinions = _second_opinion(instance, shown, shapes, engine) if shapes else {}
    if as_json:
        opinion = (
            {"shapes": {name: [asdict(r) for r in results] for name, results in opinions.items()}} if shapes else {}
        )
        terminal.data({"valid": not blocked, "findings": [asdict(f) for f in findings], **opinion})
    else:
        verdict = (
            Message("entspricht DCAT-AP.de", "conforms to DCAT-AP.de")
            if not blocked
            else Message("verletzt DCAT-AP.de", "breaks DCAT-AP.de")
        )
        terminal.say(f"{best(shown.dataset.title, terminal.lang)}: {verdict.in_(terminal.lang)}")
        _say(terminal, findings)
        for file in shown.files:
            if file.sentence:
                terminal.say(f"  {file.name}: {file.sentence.in_(terminal.lang)}")
        for name, results in opinions.items():
            broken = [result for result in results if result.severity is ShaclSeverity.VIOLATION]
            terminal.say(
                Message(f"  SHACL {name}: {len(broken)} Verletzungen", f"  SHACL {name}: {len(broken)} violations")
            )
            for result in broken:
                terminal.say(f"    {result.path or result.focus}: {result.message}")
    return 1 if blocked else 0


def _second_opinion(
    instance: Instance, shown: PublicDataset, shapes: Path, engine: Engine
) -> dict[str, tuple[ShaclResult, ...]]:
    """Ask the official shapes, which decide nothing."""
    with instance.database.reading() as session:
        body = documents.dataset(session, instance.config, shown.id, "nt") or b""
    wanted = [c for c in Combination if c is not Combination.HVD or shown.dataset.hvd_category]
    return {str(combination): _official(body, combination, shapes, engine) for combination in wanted}


def _official(body: bytes, combination: Combination, shapes: Path, engine: Engine) -> tuple[ShaclResult, ...]:
    """Ask one combination; the vocabularies it needs lie beside the folder of the shapes."""
    vocabularies = shapes.parent / "vocabularies" / "shacl-vocabularies.ttl"
    return shacl.check(body, combination, shapes, vocabularies, engine)


def _everything(terminal: Terminal, shapes: Path | None, engine: Engine, as_json: bool) -> int:
    """Check the catalogue page by page, so that memory stays small; equal results are counted."""
    tallies: dict[str, Counter[tuple[str, str, str]]] = {}
    examples: dict[tuple[str, str, str], str] = {}
    total = 0
    for count, body in _pages(opened()):
        total += count
        opinions = {"offenbar": shacl.check_profile(body, engine=engine)}
        if shapes:
            opinions |= {str(one): _official(body, one, shapes, engine) for one in Combination}
        for name, results in opinions.items():
            keys = [(result.severity.value, result.path, result.message) for result in results]
            tallies.setdefault(name, Counter()).update(keys)
            for key, result in zip(keys, results, strict=True):
                examples.setdefault(key, result.focus)
    rows = {
        name: [
            {"severity": key[0], "path": key[1], "message": key[2], "count": count, "example": examples[key]}
            for key, count in tally.most_common()
        ]
        for name, tally in tallies.items()
    }
    if as_json:
        terminal.data({"datasets": total, "shapes": rows})
    else:
        terminal.say(Message(f"{total} Datensätze", f"{total} datasets"))
        for name, found in rows.items():
            _say_shapes(terminal, name, found)
    return 1 if any(row["severity"] == ShaclSeverity.VIOLATION for found in rows.values() for row in found) else 0


def _pages(instance: Instance) -> Iterator[tuple[int, bytes]]:
    """Give the catalogue's pages of one moment, each with the number of its datasets."""
    with instance.database.reading() as session:
        selection = linked.Selection(at=store.last_seq(session))
        while (found := linked.extent(session, selection)) and found.ids:
            yield len(found.ids), linked.page(session, instance.config, selection, found, "nt")
            selection = replace(selection, page=selection.page + 1, after=found.ids[-1])


def _say_shapes(terminal: Terminal, name: str, rows: list[dict[str, Any]]) -> None:
    sums = Counter[str]()
    for row in rows:
        sums[row["severity"]] += row["count"]
    broken, warned = sums[ShaclSeverity.VIOLATION], sums[ShaclSeverity.WARNING]
    terminal.say(
        Message(
            f"SHACL {name}: {broken} Verletzungen, {warned} Warnungen",
            f"SHACL {name}: {broken} violations, {warned} warnings",
        )
    )
    for row in rows:
        terminal.say(f"  {row['severity']} ({row['count']}×) {row['message']} [{row['example']}]")


def _say(terminal: Terminal, findings: tuple[Finding, ...]) -> None:
    lang = terminal.lang
    for f in findings:
        where = f" [{f.address or f.field}]" if f.address or f.field else ""
        times = f" ({f.count}×)" if f.count > 1 else ""
        terminal.say(f"  {WORDS[f.severity].in_(lang)}{where}{times}: {f.what.in_(lang)}")
        terminal.say(f"      {f.fix.in_(lang)}")


def _json(report: Report, name: str, lang: Lang) -> str:
    return orjson.dumps(to_json(report), option=orjson.OPT_INDENT_2).decode()


def _csv(report: Report, name: str, lang: Lang) -> str:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";")
    writer.writerow(["schwere", "code", "spalte", "zelle", "anzahl", "zeilen", "was", "warum", "abhilfe", "beispiele"])
    for f in report.findings:
        rows, examples = " ".join(map(str, f.rows)), " | ".join(f.examples)
        words = (m.in_(lang) for m in (f.what, f.why, f.fix))
        cells = [f.severity, f.code, f.field, f.address, f.count, rows, *words, examples]
        writer.writerow([_harmless(str(cell)) for cell in cells])
    return target.getvalue()


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is written as text."""
    return f"'{cell}" if cell[:1] in "=+-@\t" and cell else cell
