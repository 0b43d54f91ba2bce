"""offenbar dataset: list, show, history, explain"""

from typing import Any

import click
import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import publishing, store
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.db import batches
from catalog.instance import Instance
from catalog.layers import RULES
from catalog.models import Change, DatasetRow, Organization, Record, RecordVersion
from catalog.public import PublicDataset
from catalog.renditions import CKAN
from dcat import document
from dcat.errors import NotFoundError
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
_LAYERS = {"upstream": Message("Quelle", "source"), "computed": Message("ergänzt", "computed")}
dataset_argument = click.argument("dataset", metavar="DATENSATZ")


@click.group()
def command() -> None:
    """Datensätze auflisten, ansehen, erklären. / List, show and explain datasets.

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
    if explained["problems"]:
        terminal.say(terminal.t("\nNicht übernommen:", "\nNot taken:"))
    for problem in explained["problems"]:
        terminal.say(f"  {problem['path']}: {problem[lang]} ({problem['value'][:80]})")


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
        "problems": [*version.problems, *(document.write_problem(problem) for problem in assembled.problems)],
    }
