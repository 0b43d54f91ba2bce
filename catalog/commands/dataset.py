"""offenbar dataset: list, show, history, explain, edit"""

import datetime
import getpass
from typing import Any

import click
import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import edit_words, editing, edits, publishing, store
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.db import batches
from catalog.ingest import identity
from catalog.instance import Instance
from catalog.layers import RULES
from catalog.models import Change, DatasetRow, Organization, Record, RecordVersion
from catalog.public import PublicDataset
from catalog.renditions import CKAN
from dcat import document
from dcat.errors import ConfigError, NotFoundError
from dcat.message import Message
from dcat.texts import best

_STATES = {
    "published": Message("veröffentlicht", "published"),
    "partly": Message("teilweise veröffentlicht", "published in part"),
    "withheld": Message("zurückgehalten", "withheld"),
    "withdrawn": Message("zurückgezogen", "withdrawn"),
}
_KINDS = {
    "create": Message("aufgenommen", "taken in"),
    "update": Message("geändert", "changed"),
    "withdraw": Message("zurückgezogen", "withdrawn"),
    "revive": Message("wieder da", "back again"),
}
_LAYERS = {
    "upstream": Message("Quelle", "source"),
    "overlay": Message("bearbeitet", "edited"),
    "computed": Message("ergänzt", "computed"),
}
dataset_argument = click.argument("dataset", metavar="DATENSATZ")


@click.group()
def command() -> None:
    """Datensätze auflisten, ansehen, erklären, bearbeiten. / List, show, explain and edit datasets.

    Beispiel / Example: offenbar dataset list
    """


@command.command("list")
@click.option("--city", default="", help="Nur diese Kommune. / This city only.")
@json_option
@pass_terminal
def list_datasets(terminal: Terminal, city: str, as_json: bool) -> None:
    """Die Datensätze auflisten, auch zurückgezogene. / List the datasets, withdrawn ones too.

    Beispiel / Example: offenbar dataset list --city frankfurt --json
    """
    instance = opened()
    with instance.database.reading() as session:
        query = sa.select(DatasetRow, Organization.name).join(
            Organization, Organization.id == DatasetRow.organization_id
        )
        query = query.where(DatasetRow.city == city) if city else query
        rows = [(row, name) for row, name in session.execute(query.order_by(DatasetRow.name))]
        states = _states(session, [row.id for row, _ in rows])
        found = [_listed(row, name, states.get(row.id, "withdrawn")) for row, name in rows]
    if as_json:
        terminal.data(found)
        return
    shown = [(d["name"], d["title"], d["city"], _STATES[d["state"]].in_(terminal.lang)) for d in found]
    terminal.table(
        ("Name", terminal.t("Titel", "title"), terminal.t("Kommune", "city"), terminal.t("Stand", "state")), shown
    )


@command.command()
@dataset_argument
@json_option
@pass_terminal
def show(terminal: Terminal, dataset: str, as_json: bool) -> None:
    """Einen Datensatz zeigen, wie ihn die Öffentlichkeit sieht; --json gibt das CKAN-Paket aus.

    Show a dataset as the public sees it; --json gives the CKAN package.

    Beispiel / Example: offenbar dataset show baumkataster-darmstadt
    """
    instance = opened()
    with instance.database.reading() as session:
        row = _row(session, dataset)
        if as_json:
            terminal.data(orjson.loads(store.bodies(session, CKAN, [row.id]).get(row.id, b"null")))
            return
        shown = store.find_public(session, row.id)
    if shown is None:
        terminal.say(f"{row.title}: {_STATES['withdrawn'].in_(terminal.lang)}")
        return
    lang = terminal.lang
    terminal.say(f"{best(shown.dataset.title, lang)}\n{instance.config.site_url}/dataset/{shown.name}\n")
    terminal.say(best(shown.dataset.description, lang) + "\n")
    for file in shown.files:
        note = file.reason.text.in_(lang) if file.reason else file.sentence.in_(lang) if file.sentence else ""
        terminal.say(f"  {file.state:<9} {file.name or file.id}  {note}")


@command.command()
@dataset_argument
@json_option
@pass_terminal
def history(terminal: Terminal, dataset: str, as_json: bool) -> None:
    """Die Änderungen eines Datensatzes zeigen, neueste zuerst. / Show a dataset's changes, newest first.

    Beispiel / Example: offenbar dataset history baumkataster-darmstadt
    """
    instance = opened()
    with instance.database.reading() as session:
        row = _row(session, dataset)
        changes = session.scalars(
            sa.select(Change).where(Change.dataset_id == row.id).order_by(Change.seq.desc())
        ).all()
    if as_json:
        terminal.data(
            [
                {"seq": c.seq, "kind": c.kind, "at": c.at.isoformat(), "fields": c.fields, "cause": c.cause}
                for c in changes
            ]
        )
        return
    rows = [
        (c.seq, f"{c.at:%Y-%m-%d %H:%M}", _KINDS[c.kind].in_(terminal.lang), ", ".join(c.fields), c.cause)
        for c in changes
    ]
    terminal.table(
        ("Nr.", "UTC", terminal.t("Änderung", "change"), terminal.t("Felder", "fields"), terminal.t("Anlass", "cause")),
        rows,
    )


@command.command()
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
    rows = [
        (f["field"], _LAYERS[f["layer"]].in_(lang), RULES[f["rule"]].in_(lang) if f["rule"] else "", f["value"][:70])
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


@command.command()
@dataset_argument
@click.argument("entries", nargs=-1, metavar="[FELD=WERT...]")
@click.option("--reason", default="", help="Warum; Pflicht beim Eintragen. / Why; needed when something is entered.")
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
@pass_terminal
def edit(
    terminal: Terminal,
    dataset: str,
    entries: tuple[str, ...],
    reason: str,
    author: str,
    until: datetime.datetime | None,
    drop: tuple[str, ...],
    keep: tuple[str, ...],
    as_json: bool,
) -> None:
    """Felder eines Datensatzes bearbeiten; was die Quelle sagt, bleibt darunter erhalten.

    Edit fields of a dataset; what the source says is kept beneath.

    Beispiel / Example: offenbar dataset edit strassenverzeichnis-darmstadt keyword=Adressen --reason "besser zu finden"
    """
    instance = opened()
    with instance.database.reading() as session:
        row = _row(session, dataset)
    if not (entries or drop or keep):
        raise ConfigError(
            Message(
                "Es ist nichts zu tun. Nächster Schritt: FELD=WERT, --drop FELD oder --keep FELD angeben",
                "There is nothing to do. Next step: give FIELD=VALUE, --drop FIELD or --keep FIELD",
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


def _states(session: Session, dataset_ids: list[str]) -> dict[str, str]:
    return {shown.id: _state(shown) for part in batches(dataset_ids) for shown in store.views(session, part)}


def _listed(row: DatasetRow, organization: str, state: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title,
        "city": row.city,
        "organization": organization,
        "state": state,
    }


def _state(shown: PublicDataset) -> str:
    if shown.withheld or (shown.files and not any(file.state.visible for file in shown.files)):
        return "withheld"
    return "published" if all(file.state.visible for file in shown.files) else "partly"


def _explained(instance: Instance, session: Session, row: DatasetRow) -> dict[str, Any]:
    (source,) = instance.sources((row.source_id,))
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
