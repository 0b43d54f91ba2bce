"""offenbar dataset export, import, undo: many datasets as one table, there and back"""

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from catalog import bulk, bulk_apply, bulk_files, listing
from catalog.bulk import Plan
from catalog.commands.on_site import on_site
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.sites import Site
from dcat.errors import ConfigError
from dcat.message import Message

_SHOWN = 60


@click.command("export")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Datei; ihre Endung .xlsx oder .csv sagt das Format. / File; its ending .xlsx or .csv tells the format.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(bulk_files.KINDS),
    help="Wenn die Endung fehlt. / Where the ending is missing.",
)
@click.option("--org", "organization", default="", help="Nur diese Organisation. / This organisation only.")
@click.option("--city", default="", help="Nur diese Kommune. / This city only.")
@on_site
@pass_terminal
def export_table(terminal: Terminal, site: Site, output: Path, form: str | None, organization: str, city: str) -> None:
    """Die hier geschriebenen Datensätze als Tabelle ausgeben, eine Zeile je Datensatz; geerntete pflegt ihre Quelle.

    Write the datasets that were written here as a table, one row each; harvested ones are kept by their source.

    Beispiel / Example: offenbar dataset export --org darmstadt-umweltamt -o datensaetze.xlsx
    """
    if form and output.suffix.lower() != f".{form}":
        output = output.with_name(f"{output.name}.{form}")
    found = (one for one in _listed(site, organization, city) if one["state"] != "withdrawn")
    listed = sorted(found, key=lambda one: str(one["name"]))
    find = bulk_apply.finder(site)
    packages: list[Mapping[str, Any]] = []
    with terminal.counted(Message("gelesen", "read"), len(listed)) as tick:
        for number, one in enumerate(listed, 1):
            known = find(one["id"])
            if known is not None and known.etag:
                packages.append(known.package)
            tick(number)
    bulk_files.write(output, bulk.table(packages))
    others = len(listed) - len(packages)
    terminal.note(
        Message(
            f"{len(packages)} Datensätze geschrieben: {output}; {others} werden an ihrer Quelle gepflegt.",
            f"{len(packages)} datasets written: {output}; {others} are kept at their source.",
        )
    )


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="DATEI")
@click.option("--dry-run", is_flag=True, help="Nur zeigen, was sich ändern würde. / Only show what would change.")
@json_option
@on_site
@pass_terminal
def import_table(terminal: Terminal, site: Site, file: Path, dry_run: bool, as_json: bool) -> int:
    """Eine bearbeitete Tabelle einlesen: zeigen, was sich ändert, und es ändern. Was inzwischen andere geändert haben, bleibt.

    Read an edited table: show what changes, and change it. What others have changed meanwhile stays. Ends with 1 when a row
    could not be followed.

    Beispiel / Example: offenbar dataset import datensaetze.xlsx --dry-run
    """
    table = bulk_files.read(file, bulk.known_columns())
    with terminal.counted(Message("verglichen", "compared"), len(table.rows)) as tick:
        find = functools.partial(_counting, bulk_apply.finder(site), tick, iter(range(1, len(table.rows) + 1)))
        plan = bulk.compare(table, find)
    return _carry_out(terminal, site, plan, dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("batch", required=False, default="", metavar="[ID]")
@click.option(
    "--list", "as_list", is_flag=True, help="Zeigen, was sich zurücknehmen lässt. / Show what can be taken back."
)
@click.option("--dry-run", is_flag=True, help="Nur zeigen, was sich ändern würde. / Only show what would change.")
@json_option
@on_site
@pass_terminal
def undo(terminal: Terminal, site: Site, batch: str, as_list: bool, dry_run: bool, as_json: bool) -> int:
    """Zurücknehmen, was `dataset import` geändert hat; was seither andere geändert haben, bleibt.

    Take back what `dataset import` has changed; what others have changed since stays.

    Beispiel / Example: offenbar dataset undo 20261122-083000-1a2b3c
    """
    if as_list:
        _tell_batches(terminal, site, as_json=as_json)
        return 0
    if not batch:
        raise ConfigError(
            Message(
                "Welche Änderung? Nächster Schritt: offenbar dataset undo --list",
                "Which change? Next step: offenbar dataset undo --list",
            )
        )
    return _carry_out(terminal, site, bulk_apply.plan_back(site, batch), dry_run=dry_run, as_json=as_json)


def _carry_out(terminal: Terminal, site: Site, plan: Plan, *, dry_run: bool, as_json: bool) -> int:
    if not as_json:
        _show(terminal, plan)
    done = bulk_apply.Done(0, (), "")
    if not dry_run:
        with terminal.counted(Message("geändert", "changed"), len(plan.changes)) as tick:
            done = bulk_apply.apply(site, plan, tick)
    faults = (*plan.faults, *done.faults)
    if as_json:
        terminal.data(_as_data(plan, done, faults, dry_run=dry_run))
        return 1 if faults else 0
    for fault in done.faults:
        _tell_fault(terminal, fault)
    if dry_run:
        terminal.say(
            Message(
                f"Nichts geändert. Zu ändern wären: {len(plan.changes)}; {plan.unchanged} bleiben gleich, {len(faults)} gehen nicht.",
                f"Nothing changed. To be changed: {len(plan.changes)}; {plan.unchanged} stay the same, {len(faults)} cannot be done.",
            )
        )
    else:
        terminal.say(
            Message(
                f"Datensätze geändert: {done.applied}; {plan.unchanged} bleiben gleich, {len(faults)} gingen nicht.",
                f"Datasets changed: {done.applied}; {plan.unchanged} stay the same, {len(faults)} could not be done.",
            )
        )
    if done.applied:
        terminal.say(
            Message(f"Zurücknehmen: offenbar dataset undo {done.undo}", f"Take back: offenbar dataset undo {done.undo}")
        )
    return 1 if faults else 0


def _show(terminal: Terminal, plan: Plan) -> None:
    for change in plan.changes:
        new = terminal.t("neu: ", "new: ") if not change.id else ""
        terminal.say(f"{new}{change.name}")
        for one in change.differences:
            terminal.say(f"  {one.field}: {_cut(one.before)} → {_cut(one.after)}")
    for fault in plan.faults:
        _tell_fault(terminal, fault)


def _tell_fault(terminal: Terminal, fault: bulk.Fault) -> None:
    kind = Message("Konflikt", "conflict") if fault.conflict else Message("geht nicht", "cannot be done")
    terminal.note(
        Message(
            f"Zeile {fault.row}, {fault.name or '–'}: {kind.de}: {fault.why.de}",
            f"row {fault.row}, {fault.name or '–'}: {kind.en}: {fault.why.en}",
        )
    )


def _as_data(plan: Plan, done: bulk_apply.Done, faults: Iterable[bulk.Fault], *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "applied": done.applied,
        "unchanged": plan.unchanged,
        "undo": done.undo or None,
        "changes": [
            {
                "id": change.id or None,
                "name": change.name,
                "fields": [{"field": d.field, "before": d.before, "after": d.after} for d in change.differences],
            }
            for change in plan.changes
        ],
        "faults": [
            {"row": f.row, "name": f.name, "conflict": f.conflict, "de": f.why.de, "en": f.why.en} for f in faults
        ],
    }


def _tell_batches(terminal: Terminal, site: Site, *, as_json: bool) -> None:
    found = bulk_apply.batches(site)
    if as_json:
        terminal.data([{"id": one.id, "at": one.at, "changes": one.changes} for one in found])
        return
    lines = [(one.id, one.at[:16].replace("T", " "), one.changes) for one in found]
    terminal.table(("Id", "UTC", terminal.t("Datensätze", "datasets")), lines)


def _listed(site: Site, organization: str, city: str) -> Iterator[dict[str, Any]]:
    after = ""
    while part := site.call("offenbar_dataset_list", organization=organization, city=city, after=after):
        yield from part
        after = part[-1]["id"]
        if len(part) < listing.PAGE:
            return


def _counting(find: bulk.Find, tick: Any, numbers: Iterator[int], name_or_id: str) -> bulk.Known | None:
    tick(next(numbers, 0))
    return find(name_or_id)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return f"„{line[: _SHOWN - 1]}…“" if len(line) > _SHOWN else f"„{line}“"
