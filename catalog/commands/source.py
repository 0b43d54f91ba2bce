"""offenbar source: lint, probe, list, leave, rename"""

import dataclasses
from pathlib import Path

import click

from catalog import derived, examples, jobs, search
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.ingest import leaving, probing
from catalog.ingest.run import history
from catalog.models import DatasetRow
from dcat.errors import ConfigError
from dcat.message import Message
from harvesters import source as definitions
from harvesters.registry import require_options
from harvesters.source import Source
from harvesters.source_lint import LintFinding
from validators import mapping, schemas

_LEVELS = {"error": Message("Fehler", "error"), "hint": Message("Hinweis", "hint")}


@click.group()
def command() -> None:
    """Quelldefinitionen prüfen, erproben, auflisten, umbenennen und verabschieden. / Check, try, list, rename and dismiss sources.

    Beispiel / Example: offenbar source list
    """


@command.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="DATEI..."
)
@json_option
@pass_terminal
def lint(terminal: Terminal, files: tuple[Path, ...], as_json: bool) -> int:
    """Quelldefinitionen prüfen, ohne etwas abzurufen. Endet mit 1, wenn eine Datei Fehler hat.

    Check source definitions without fetching anything. Ends with 1 if a file has errors.

    Beispiel / Example: offenbar source lint sources/da-statistik.yaml
    """
    linted = [(file, file.read_bytes()) for file in files]
    found = [(file, finding) for file, data in linted for finding in definitions.lint(data, file.name)]
    broken = {file for file, finding in found if finding.level == "error"}
    found += [(f, finding) for f, data in linted if f not in broken for finding in _unknown_names(f, data)]
    if as_json:
        terminal.data(
            [
                {"file": str(file), "line": f.line, "level": f.level, "de": f.message.de, "en": f.message.en}
                for file, f in found
            ]
        )
    else:
        for _, f in found:
            terminal.say(f"{_LEVELS[f.level].in_(terminal.lang)}: {f.message.in_(terminal.lang)}")
        errors = sum(f.level == "error" for _, f in found)
        terminal.say(Message(f"Geprüft: {len(files)}, Fehler: {errors}", f"Checked: {len(files)}, errors: {errors}"))
    return 1 if any(f.level == "error" for _, f in found) else 0


@command.command("list")
@json_option
@pass_terminal
def list_sources(terminal: Terminal, as_json: bool) -> None:
    """Die Quellen und ihren letzten Lauf zeigen. / Show the sources and their latest run.

    Beispiel / Example: offenbar source list
    """
    instance = opened()
    rows = []
    with instance.database.reading() as session:
        for source in instance.sources():
            last = next(iter(history(session, source.id, 1)), None)
            rows.append(
                {
                    "id": source.id,
                    "city": source.city,
                    "department": source.department,
                    "type": source.type,
                    "url": source.url,
                    "last": last.started_at.isoformat() if last else None,
                    "status": last.status if last else None,
                }
            )
    if as_json:
        terminal.data(rows)
        return
    columns = (
        "id",
        terminal.t("Kommune", "city"),
        terminal.t("Amt", "department"),
        terminal.t("Art", "type"),
        terminal.t("letzter Lauf", "latest run"),
    )
    terminal.table(
        columns,
        [
            (r["id"], r["city"], r["department"], r["type"], f"{r['status'] or '-'} {(r['last'] or '')[:16]}")
            for r in rows
        ],
    )


@command.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="DATEI..."
)
@json_option
@pass_terminal
def probe(terminal: Terminal, files: tuple[Path, ...], as_json: bool) -> int:
    """Die erste Seite jeder Quelle abrufen und zeigen, was sich daraus lesen lässt; am Katalog ändert sich nichts.

    Fetch the first page of each source and show what can be read from it; nothing changes in the catalogue.

    Beispiel / Example: offenbar source probe sources/da-statistik.yaml
    """
    instance = opened()
    probed = []
    with examples.served(instance.config.home):
        for file in files:
            source = definitions.read(file.read_bytes(), file.name)
            with instance.fetcher(source) as fetcher:
                probed.append(probing.probe(source, fetcher))
    if as_json:
        terminal.data([dataclasses.asdict(one) for one in probed])
    for one in () if as_json else probed:
        terminal.say(f"{one.source}: {one.url}")
        if one.failure:
            terminal.say(f"  {one.failure.in_(terminal.lang)}")
            continue
        terminal.say(
            Message(
                f"  {one.records} Datensätze auf der ersten Seite, {one.unreadable} davon nicht lesbar, "
                f"{one.following} weitere Seiten genannt, Gesamtzahl {one.total if one.total is not None else 'nicht genannt'}",
                f"  {one.records} datasets on the first page, {one.unreadable} of them not readable, "
                f"{one.following} further pages named, total {one.total if one.total is not None else 'not named'}",
            )
        )
        for title in one.titles:
            terminal.say(f"  - {title}")
        for problem in one.problems:
            terminal.say(f"  ! {problem.in_(terminal.lang)}")
    return 1 if any(one.failure or one.unreadable for one in probed) else 0


@command.command()
@click.argument("source_id", metavar="QUELLE")
@click.option("--apply", "really", is_flag=True, help="Es wirklich tun. / Really do it.")
@json_option
@pass_terminal
def leave(terminal: Terminal, source_id: str, really: bool, as_json: bool) -> int:
    """Zeigen, was mit einer Quelle ohne Definition aus dem Katalog ginge; --apply zieht es zurück.

    Show what would leave the catalogue with a source that has no definition any more; --apply withdraws it.

    Beispiel / Example: offenbar source leave alte-quelle
    """
    instance = opened()
    defined = {source.id: source for source in instance.sources()}
    if really:
        farewell = leaving.leave(instance.database, instance.config, instance.policies(), source_id, defined)
        search.catch_up(instance)
    else:
        with instance.database.reading() as session:
            farewell = leaving.preview(session, source_id, defined)
    with instance.database.reading() as session:
        titles = [row.title for one in farewell.withdrawn if (row := session.get(DatasetRow, one))]
    if as_json:
        terminal.data(
            {
                "source": source_id,
                "applied": really,
                "withdrawn": list(farewell.withdrawn),
                "handed_over": dict(farewell.shifts.successors),
            }
        )
        return 0
    for title in titles[:20]:
        terminal.say(f"  - {title}")
    gone, kept = len(farewell.withdrawn), farewell.handed_over
    if really:
        said = Message(
            f"{gone} Datensätze zurückgezogen, {kept} davon zeigt jetzt eine andere Quelle.",
            f"{gone} datasets withdrawn, {kept} of them are shown by another source now.",
        )
    else:
        said = Message(
            f"{gone} Datensätze gingen, {kept} davon zeigte dann eine andere Quelle. Nächster Schritt: "
            f"offenbar source leave {source_id} --apply",
            f"{gone} datasets would go, {kept} of them would be shown by another source. Next step: "
            f"offenbar source leave {source_id} --apply",
        )
    terminal.say(said)
    return 0


@command.command()
@click.argument("old", metavar="ALT")
@click.argument("new", metavar="NEU")
@pass_terminal
def rename(terminal: Terminal, old: str, new: str) -> None:
    """Datensätze, Verlauf und Adressen einer Quelle ihrem neuen Namen geben; ALT ist nicht mehr definiert, NEU schon.

    Give the datasets, history and addresses of a source to its new name; OLD is no longer defined, NEW is.

    Beispiel / Example: offenbar source rename alte-quelle neue-quelle
    """
    instance = opened()
    defined = {source.id: source for source in instance.sources()}
    (found,) = instance.sources((new,))
    with instance.database.writing() as session:
        number = leaving.rename(session, old, found, defined, instance.policies())
    jobs.refresh(instance, found)
    terminal.say(
        Message(
            f"{number} Datensätze gehören jetzt zu {new}. Nächster Schritt: offenbar harvest run {new}",
            f"{number} datasets belong to {new} now. Next step: offenbar harvest run {new}",
        )
    )


def _unknown_names(file: Path, data: bytes) -> list[LintFinding]:
    source = definitions.read(data, file.name)
    found = [*_unknown_schemas(file.name, source), *_broken_mappings(file, source)]
    try:
        require_options(source)
    except ConfigError as error:
        return [LintFinding(level="error", line=1, message=error.message), *found]
    return found


def _broken_mappings(file: Path, source: Source) -> list[LintFinding]:
    """Mapping files that are missing, cannot be read, or name columns that their schema does not have."""
    found = []
    for name in dict.fromkeys(name for _, name in source.mappings):
        mapped = derived.read(file.parent, name)
        messages = [problem] if (problem := derived.problem(mapped)) else _misfits(mapped)
        for message in messages:
            # A file that is there tells the place itself.
            where = Message("" if name in message.de else f"{name}: ", "" if name in message.en else f"{name}: ")
            text = Message(f"{file.name}: {where.de}{message.de}", f"{file.name}: {where.en}{message.en}")
            found.append(LintFinding(level="error", line=1, message=text))
    return found


def _misfits(file: derived.MappingFile) -> list[Message]:
    data = file.text.encode()
    read = mapping.read(data, file.name)
    faults = mapping.misfits(read, schemas.load(read.schema), data)
    return [
        Message(f"{file.name}, Zeile {one.line}: {one.message.de}", f"{file.name}, line {one.line}: {one.message.en}")
        for one in faults
    ]


def _unknown_schemas(name: str, source: Source) -> list[LintFinding]:
    known = ", ".join(schemas.IDS)
    return [
        LintFinding(
            level="error",
            line=1,
            message=Message(
                f"{name}: Das Schema „{schema_id}“ gibt es nicht (vorhanden: {known}).",
                f"{name}: there is no schema “{schema_id}” (present: {known}).",
            ),
        )
        for _, schema_id in source.schemas
        if schema_id not in schemas.IDS
    ]
