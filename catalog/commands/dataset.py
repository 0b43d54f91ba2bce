"""offenbar dataset: list, show, history; the other commands stand in dataset_*.py"""

from typing import Any

import click
import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_rows, listing, store
from catalog.access import Holding
from catalog.commands import (
    dataset_bulk,
    dataset_create,
    dataset_diff,
    dataset_explain,
    dataset_release,
    dataset_upload,
)
from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.instance import Instance
from catalog.models import Change, DatasetRow
from catalog.renditions import CKAN
from catalog.sites import Site
from dcat.errors import NotFoundError
from dcat.message import Message
from dcat.texts import best

_STATES = {
    "published": Message("veröffentlicht", "published"),
    "partly": Message("teilweise veröffentlicht", "published in part"),
    "withheld": Message("zurückgehalten", "withheld"),
    "withdrawn": Message("zurückgezogen", "withdrawn"),
    "draft": Message("Entwurf", "draft"),
    "private": Message("nicht öffentlich", "private"),
    "deleted": Message("gelöscht", "deleted"),
}
_KINDS = {
    "create": Message("aufgenommen", "taken in"),
    "update": Message("geändert", "changed"),
    "withdraw": Message("zurückgezogen", "withdrawn"),
    "revive": Message("wieder da", "back again"),
}
dataset_argument = click.argument("dataset", metavar="DATENSATZ")


@click.group()
def command() -> None:
    """Datensätze auflisten, anlegen, bearbeiten, veröffentlichen. / List, create, edit and publish datasets.

    Beispiel / Example: offenbar dataset list
    """


for _part in (
    dataset_create.create,
    dataset_explain.edit,
    dataset_explain.explain,
    dataset_diff.diff,
    dataset_release.publish,
    dataset_release.withdraw,
    dataset_release.purge,
    dataset_bulk.export_table,
    dataset_bulk.import_table,
    dataset_bulk.undo,
    dataset_upload.upload,
):
    command.add_command(_part)


@command.command("list")
@click.option("--city", default="", help="Nur diese Kommune. / This city only.")
@click.option("--org", "organization", default="", help="Nur diese Organisation. / This organisation only.")
@click.option(
    "--state", type=click.Choice(list(_STATES)), help="Nur was in diesem Zustand ist. / Only what is in this state."
)
@json_option
@on_site
@pass_terminal
def list_datasets(
    terminal: Terminal, site: Site, city: str, organization: str, state: str | None, as_json: bool
) -> None:
    """Die Datensätze auflisten: geerntete und hier geschriebene, auch Entwürfe und zurückgezogene.

    List the datasets: harvested ones and those written here, drafts and withdrawn ones too.

    Beispiel / Example: offenbar dataset list --city frankfurt --json
    """
    found = [one for one in _all(site, city, organization) if state in (None, one["state"])]
    if as_json:
        terminal.data(found)
        return
    shown = [(d["name"], d["title"], d["city"], _STATES[d["state"]].in_(terminal.lang)) for d in found]
    terminal.table(
        ("Name", terminal.t("Titel", "title"), terminal.t("Kommune", "city"), terminal.t("Stand", "state")), shown
    )


def _all(site: Site, city: str, organization: str) -> list[dict[str, Any]]:
    """Read the whole list, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        part = site.call("offenbar_dataset_list", city=city, organization=organization, after=after)
        found += part
        if len(part) < listing.PAGE:
            return sorted(found, key=lambda one: str(one["name"]))
        after = part[-1]["id"]


@command.command()
@dataset_argument
@json_option
@on_site
@pass_terminal
def show(terminal: Terminal, site: Site, dataset: str, as_json: bool) -> None:
    """Einen Datensatz zeigen, wie ihn die Öffentlichkeit sieht; --json gibt das CKAN-Paket aus, hier geschriebene, wie sie geschrieben sind.

    Show a dataset as the public sees it; --json gives the CKAN package, of those written here as they were written.

    Beispiel / Example: offenbar dataset show baumkataster-darmstadt
    """
    instance = site.instance
    written = _written(instance, dataset) if instance else None
    if instance is None or (written is not None and (as_json or not written.public)):
        package = site.call("package_show", id=dataset)
        if as_json:
            terminal.data(package)
        else:
            _tell_package(terminal, site, package)
        return
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
@on_site
@pass_terminal
def history(terminal: Terminal, site: Site, dataset: str, as_json: bool) -> None:
    """Die Änderungen eines Datensatzes zeigen, neueste zuerst. / Show a dataset's changes, newest first.

    Beispiel / Example: offenbar dataset history baumkataster-darmstadt
    """
    instance = site.instance
    written = _written(instance, dataset) if instance else None
    if instance is None or (written is not None and not written.public):
        found = _activities(site, dataset)
    else:
        with instance.database.reading() as session:
            row = _row(session, dataset)
            changes = session.scalars(
                sa.select(Change).where(Change.dataset_id == row.id).order_by(Change.seq.desc())
            ).all()
        found = [
            {"seq": c.seq, "kind": c.kind, "at": c.at.isoformat(), "fields": c.fields, "cause": c.cause}
            for c in changes
        ]
    if as_json:
        terminal.data(found)
        return
    rows = [
        (
            one["seq"] or "",
            one["at"][:16].replace("T", " "),
            _KINDS[one["kind"]].in_(terminal.lang),
            ", ".join(one["fields"]),
            one["cause"],
        )
        for one in found
    ]
    terminal.table(
        ("Nr.", "UTC", terminal.t("Änderung", "change"), terminal.t("Felder", "fields"), terminal.t("Anlass", "cause")),
        rows,
    )


def _activities(site: Site, dataset: str) -> list[dict[str, Any]]:
    """Read the history as the API tells it: without the numbers and causes of our own log."""
    found = site.call("package_activity_list", id=dataset, limit=100)
    kinds = {"new package": "create", "deleted package": "withdraw"}
    return [
        {
            "seq": None,
            "kind": kinds.get(one["activity_type"], "update"),
            "at": one["timestamp"],
            "fields": [],
            "cause": "",
        }
        for one in found
    ]


def _tell_package(terminal: Terminal, site: Site, package: dict[str, Any]) -> None:
    state = "private" if package["state"] == "active" and package["private"] else package["state"]
    shown = _STATES.get("published" if state == "active" else state, Message(state, state)).in_(terminal.lang)
    terminal.say(f"{package['title'] or package['name']}  ({shown})\n{site.address}/dataset/{package['name']}\n")
    if package["notes"]:
        terminal.say(f"{package['notes']}\n")
    for resource in package["resources"]:
        terminal.say(f"  {resource['format'] or '–':<8} {resource['name'] or resource['id']}  {resource['url']}")


def _written(instance: Instance, dataset: str) -> Holding | None:
    """Find a dataset that was written here, public or not."""
    with instance.database.reading() as session:
        row = desk_rows.find(session, dataset)
        return desk_rows.holding(row) if row else None


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
