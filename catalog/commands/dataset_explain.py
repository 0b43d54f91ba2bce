"""offenbar dataset explain, edit"""

import datetime
import getpass
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy.orm import Session

from catalog import bulk, desk_source, drafting, edit_words, editing, edits, package_fields, publishing, store
from catalog.commands.catalogue import opened
from catalog.commands.dataset_create import words
from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.ingest import identity
from catalog.instance import Instance
from catalog.layers import RULES
from catalog.models import DatasetRow, Record, RecordVersion
from catalog.models_desk import DeskDataset
from catalog.sites import Site
from dcat import document
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message

_LAYERS = {
    "upstream": Message("Quelle", "source"),
    "overlay": Message("bearbeitet", "edited"),
    "computed": Message("ergänzt", "computed"),
}
_WRITTEN_HERE = Message("geschrieben", "written")
dataset_argument = click.argument("dataset", metavar="DATENSATZ")


@click.command()
@dataset_argument
@json_option
@pass_terminal
def explain(terminal: Terminal, dataset: str, as_json: bool) -> None:
    """Zeigen, woher jedes Feld kommt, und was nicht übernommen wurde. / Show where each field comes from, and what was not taken.

    Beispiel / Example: offenbar dataset explain strassenverzeichnis-darmstadt
    """
    instance = opened()
    with instance.database.reading() as session:
        row = _row(session, dataset)
        explained = _explained(instance, session, row)
    if as_json:
        terminal.data(explained)
        return
    lang = terminal.lang
    layers = {**_LAYERS, "upstream": _WRITTEN_HERE} if desk_source.is_desk(explained["source"]) else _LAYERS
    rows = [
        (f["field"], layers[f["layer"]].in_(lang), RULES[f["rule"]].in_(lang) if f["rule"] else "", f["value"][:70])
        for f in explained["fields"]
    ]
    terminal.table(
        (
            terminal.t("Feld", "field"),
            terminal.t("Ebene", "layer"),
            terminal.t("Regel", "rule"),
            terminal.t("Wert", "value"),
        ),
        rows,
    )
    for edit in explained["edits"]:
        terminal.say(_told(edit, terminal))
    if explained["also"]:
        terminal.say(terminal.t("\nAuch beschrieben von:", "\nDescribed by, too:"))
    for other in explained["also"]:
        terminal.say(f"  {other['source']}: {other['remote_id']}")
    if explained["problems"]:
        terminal.say(terminal.t("\nNicht übernommen:", "\nNot taken:"))
    for problem in explained["problems"]:
        terminal.say(f"  {problem['path']}: {problem[lang]} ({problem['value'][:80]})")


@click.command()
@dataset_argument
@click.argument("entries", nargs=-1, metavar="[FELD=WERT...]")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Felder aus einer YAML-Datei. / Fields from a YAML file.",
)
@click.option(
    "--reason",
    default="",
    help="Warum; Pflicht bei geernteten Datensätzen. / Why; needed for harvested datasets.",
)
@click.option(
    "--author", default="", help="Wer es einträgt; sonst der angemeldete Name. / Who enters it; else the login name."
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Gilt bis zu diesem Tag. / Holds until this day.")
@click.option("--drop", multiple=True, metavar="FELD", help="Die Bearbeitung zurücknehmen. / Take the edit back.")
@click.option(
    "--keep",
    multiple=True,
    metavar="FELD",
    help="Trotz neuer Angabe der Quelle behalten. / Keep it though the source says something new.",
)
@json_option
@on_site
@pass_terminal
def edit(
    terminal: Terminal,
    site: Site,
    dataset: str,
    entries: tuple[str, ...],
    source: Path | None,
    reason: str,
    author: str,
    until: datetime.datetime | None,
    drop: tuple[str, ...],
    keep: tuple[str, ...],
    as_json: bool,
) -> None:
    """Felder eines Datensatzes ändern. Bei einem geernteten bleibt darunter erhalten, was die Quelle sagt.

    Change fields of a dataset. Of a harvested one, what the source says is kept beneath.

    Beispiel / Example: offenbar dataset edit strassenverzeichnis-darmstadt keyword=Adressen --reason "besser zu finden"
    """
    if not (entries or source or drop or keep):
        raise ConfigError(
            Message(
                "Es ist nichts zu tun. Nächster Schritt: FELD=WERT, --drop FELD oder --keep FELD angeben",
                "There is nothing to do. Next step: give FIELD=VALUE, --drop FIELD or --keep FIELD",
            )
        )
    instance = site.instance
    row = _harvested(instance, dataset) if instance else None
    if instance is None or row is None:
        _edit_written(terminal, site, dataset, entries, source, overlaid=bool(drop or keep or until), as_json=as_json)
        return
    if source:
        raise ConfigError(
            Message(
                "--from geht nur bei Datensätzen, die hier geschrieben sind. Nächster Schritt: FELD=WERT angeben",
                "--from works for datasets written here only. Next step: give FIELD=VALUE",
            )
        )
    if entries and not reason.strip():
        raise ConfigError(
            Message(
                'Es fehlt der Grund. Nächster Schritt: --reason "..."',
                'The reason is missing. Next step: --reason "..."',
            )
        )
    editing.change(
        instance,
        row.id,
        edit_words.edits(entries),
        author=author or getpass.getuser(),
        reason=reason.strip(),
        until=until,
        drop=drop,
        keep=keep,
    )
    _tell_edits(terminal, instance, row, as_json=as_json)


def _tell_edits(terminal: Terminal, instance: Instance, row: DatasetRow, *, as_json: bool) -> None:
    with instance.database.reading() as session:
        explained = _explained(instance, session, row)
    if as_json:
        terminal.data(explained)
        return
    for one in explained["edits"]:
        terminal.say(_told(one, terminal))
    if not explained["edits"]:
        terminal.say(
            Message("Keine Bearbeitung mehr; es gilt, was die Quelle sagt.", "No edit left; the source prevails.")
        )


def _edit_written(
    terminal: Terminal,
    site: Site,
    dataset: str,
    entries: tuple[str, ...],
    source: Path | None,
    *,
    overlaid: bool,
    as_json: bool,
) -> None:
    """Change a dataset that was written at a catalogue's desk, from the version that was read."""
    if overlaid:
        raise ConfigError(
            Message(
                "--drop, --keep und --until gelten Bearbeitungen über geernteten Datensätzen; dieser ist hier geschrieben.",
                "--drop, --keep and --until are for edits over harvested datasets; this one was written here.",
            )
        )
    answer = site.ask("package_show", {"id": dataset})
    package = answer.result
    arguments = _from_file(source, package) if source else {}
    arguments |= bulk.patch(package, words(entries))
    if "resources" in arguments:
        raise ConfigError(
            Message(
                "Dateien ändert dieser Befehl nicht. Nächster Schritt: offenbar dataset upload",
                "This command changes no files. Next step: offenbar dataset upload",
            )
        )
    changed = site.ask("package_patch", {**arguments, "id": package["id"]}, if_match=answer.etag).result
    if as_json:
        terminal.data(changed)
        return
    before, after = bulk.cells(package), bulk.cells(changed)
    for field in [field for field in before | after if before.get(field, "") != after.get(field, "")]:
        terminal.say(f"{field}: {before.get(field, '')[:70]} → {after.get(field, '')[:70]}")


def _from_file(source: Path, package: dict[str, Any]) -> dict[str, Any]:
    """Read fields from a file: what it does not name stays, further fields too."""
    given = drafting.read(source)
    if len(given) != 1:
        raise ConfigError(
            Message(
                f"{source} enthält {len(given)} Datensätze. Nächster Schritt: offenbar dataset import {source}",
                f"{source} holds {len(given)} datasets. Next step: offenbar dataset import {source}",
            )
        )
    (found,) = given
    if "extras" in found:
        found["extras"] = package_fields.merged({"extras": package["extras"]}, {"extras": found["extras"]})["extras"]
    return found


def _harvested(instance: Instance, dataset: str) -> DatasetRow | None:
    """Find a dataset that a source describes; None for one that was written here, or none at all."""
    with instance.database.reading() as session:
        row = store.find_row(session, dataset)
        return None if row is None or session.get(DeskDataset, row.id) is not None else row


def _told(edit: dict[str, Any], terminal: Terminal) -> str:
    until = f", {terminal.t('bis', 'until')} {edit['until'][:10]}" if edit["until"] else ""
    line = f"{edit['field']} = {edit['value'][:70]}  ({edit['author']}: {edit['reason']}{until})"
    if not edit["conflict"]:
        return line
    hint = terminal.t(
        f"  Konflikt seit {edit['conflict'][:10]}: die Quelle sagt jetzt etwas anderes. "
        f"--keep {edit['field']} behält die Bearbeitung, --drop {edit['field']} nimmt sie zurück",
        f"  Conflict since {edit['conflict'][:10]}: the source says something else now. "
        f"--keep {edit['field']} keeps the edit, --drop {edit['field']} takes it back",
    )
    return f"{line}\n{hint}"


def _row(session: Session, name_or_id: str) -> DatasetRow:
    row = store.find_row(session, name_or_id)
    if row is None:
        raise NotFoundError(
            Message(
                f"Den Datensatz „{name_or_id}“ gibt es nicht. Nächster Schritt: offenbar dataset list",
                f"There is no dataset “{name_or_id}”. Next step: offenbar dataset list",
            )
        )
    return row


def _explained(instance: Instance, session: Session, row: DatasetRow) -> dict[str, Any]:
    source = desk_source.find(instance, session, row.source_id)
    assembled = publishing.assembled(instance.config, session, source, instance.policies(), row.id)
    record = session.get_one(Record, row.id)
    version = session.get_one(RecordVersion, (row.id, record.version))
    values = document.write(assembled.layers.dataset)
    fields = []
    for origin in assembled.layers.origins:
        value = values.get(origin.field, "")
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        fields.append({"field": origin.field, "layer": origin.layer, "rule": origin.rule, "value": text})
    return {
        "id": row.id,
        "name": row.name,
        "source": row.source_id,
        "remote_id": record.remote_id,
        "version": record.version,
        "run": version.run_id,
        "fields": fields,
        "edits": [
            {
                "field": edit.field,
                "value": edits.plain(edit.value),
                "author": edit.author,
                "reason": edit.reason,
                "until": edit.expires_at.isoformat() if edit.expires_at else None,
                "conflict": edit.conflict_at.isoformat() if edit.conflict_at else None,
            }
            for edit in edits.listed(session, row.id)
        ],
        "also": [
            {"source": other.source_id, "remote_id": other.remote_id} for other in identity.behind(session, row.id)
        ],
        "problems": [*version.problems, *(document.write_problem(problem) for problem in assembled.problems)],
    }
