"""offenbar dataset diff"""

from typing import Any

import click
import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from catalog import desk_rows, store
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.edits import plain
from catalog.models import RecordVersion
from catalog.renditions import decompress
from dcat.errors import NotFoundError
from dcat.message import Message

_SHOWN = 200


@click.command()
@click.argument("dataset", metavar="DATENSATZ")
@click.option(
    "--from",
    "first",
    type=click.IntRange(min=1),
    help="Diese Fassung; sonst die vorletzte. / This version; else the last but one.",
)
@click.option(
    "--to", "second", type=click.IntRange(min=1), help="Mit dieser; sonst der letzten. / With this one; else the last."
)
@json_option
@pass_terminal
def diff(terminal: Terminal, dataset: str, first: int | None, second: int | None, as_json: bool) -> None:
    """Zeigen, was sich von einer Fassung zur anderen geändert hat: was die Quelle sagte, oder was hier geschrieben wurde.

    Show what changed from one version to another: of what the source said, or what was written here.

    Beispiel / Example: offenbar dataset diff baumkataster-darmstadt --from 1
    """
    with opened().database.reading() as session:
        dataset_id = _id(session, dataset)
        query = sa.select(RecordVersion.version).where(RecordVersion.dataset_id == dataset_id)
        kept = list(session.scalars(query.order_by(RecordVersion.version)))
        second = second or (kept[-1] if kept else 1)
        earlier = [version for version in kept if version < second]
        first = first or (earlier[-1] if earlier else second)
        before, after = _document(session, dataset_id, first, kept), _document(session, dataset_id, second, kept)
    changed = [
        {"field": field, "before": before.get(field), "after": after.get(field)}
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    ]
    if as_json:
        terminal.data({"from": first, "to": second, "changes": changed})
        return
    terminal.note(Message(f"Fassung {first} → {second}", f"version {first} → {second}"))
    for one in changed:
        terminal.say(f"{one['field']}:\n  − {_shown(one['before'])}\n  + {_shown(one['after'])}")
    if not changed:
        terminal.say(Message("Kein Unterschied.", "No difference."))


def _id(session: Session, dataset: str) -> str:
    found = store.find_row(session, dataset) or desk_rows.find(session, dataset)
    if found is None:
        raise NotFoundError(
            Message(
                f"Den Datensatz „{dataset[:100]}“ gibt es nicht. Nächster Schritt: offenbar dataset list",
                f"There is no dataset “{dataset[:100]}”. Next step: offenbar dataset list",
            )
        )
    return found.id


def _document(session: Session, dataset_id: str, version: int, kept: list[int]) -> dict[str, Any]:
    row = session.get(RecordVersion, (dataset_id, version))
    if row is None:
        there = ", ".join(map(str, kept)) or "-"
        raise NotFoundError(
            Message(
                f"Die Fassung {version} ist nicht aufbewahrt (aufbewahrt: {there}).",
                f"Version {version} is not kept (kept: {there}).",
            )
        )
    document: dict[str, Any] = orjson.loads(decompress(row.document))
    return document


def _shown(value: Any) -> str:
    text = "–" if value is None else plain(value)
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text
