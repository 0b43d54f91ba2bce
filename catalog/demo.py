"""The demonstration: a home of its own with the example departments of three cities, harvested, checked and published for real."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from catalog import config as configuration
from catalog import derived, examples, jobs, setup, store, table_orders
from catalog.ingest.run import Outcome, Tick
from catalog.instance import Instance, open_instance
from catalog.models import DatasetRow
from catalog.public import FileState
from dcat.errors import StateError
from dcat.message import Message
from dcat.texts import best
from examples import server
from harvesters.source import Source

FOLDER = Path(server.__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the demonstration did: per department, what failed validation, what was held back."""

    departments: tuple[tuple[str, Outcome, int], ...]
    failed: tuple[tuple[str, Message], ...]
    kept_back: tuple[tuple[str, Message], ...]


def prepare(site_port: int = 5000) -> Instance:
    """Make the demonstration's home, whose pages are at a port of this machine; refuses a home that is somebody's own."""
    settings = configuration.load()
    home = settings.home
    if home.exists() and examples.port(home) is None and {path.name for path in home.iterdir()} - {"secret-key"}:
        raise StateError(
            Message(
                f"{home} gehört nicht der Vorführung und bleibt unberührt. Nächster Schritt: OFFENBAR_HOME auf einen leeren "
                "Ordner setzen.",
                f"{home} does not belong to the demonstration and stays untouched. Next step: point OFFENBAR_HOME at an "
                "empty folder.",
            )
        )
    home.mkdir(parents=True, exist_ok=True)
    if examples.port(home) is None:
        (home / examples.MARK).write_text(json.dumps({"port": server.free_port()}), encoding="utf-8")
    if not (home / "offenbar.yaml").exists():
        _copy_definitions(home, examples.port(home) or server.PORT)
    _write_address(home / "offenbar.yaml", site_port)
    setup.new_home(configuration.load())
    return open_instance()


def run(instance: Instance, look: table_orders.Check, tick: Tick) -> Story:
    """Harvest and check every example department, and tell what happened."""
    departments = []
    with examples.served(instance.config.home):
        for source in _in_order(instance):
            outcome = jobs.harvest(instance, source, tick=tick)
            jobs.check_files(instance, source, look, tick=tick)
            with instance.database.reading() as session:
                query = sa.select(sa.func.count()).where(DatasetRow.source_id == source.id, store.VISIBLE)
                departments.append(
                    (
                        f"{instance.config.city(source.city).name}, {source.department}",
                        outcome,
                        session.scalar(query) or 0,
                    )
                )
    failed, kept_back = [], []
    with instance.database.reading() as session:
        ids = list(session.scalars(sa.select(DatasetRow.id).where(store.VISIBLE).order_by(DatasetRow.name)))
        for shown in store.views(session, ids):
            title = best(shown.dataset.title)
            if shown.withheld:
                kept_back.append((title, shown.withheld.text))
                continue
            for file in shown.files:
                if file.state in (FileState.HELD, FileState.WITHHELD) and file.reason:
                    kept_back.append((f"{title} / {file.name}", file.reason.text))
                elif file.sentence and (file.valid is False or file.report is None):
                    failed.append((f"{title} / {file.name}", file.sentence))
    return Story(departments=tuple(departments), failed=tuple(failed), kept_back=tuple(kept_back))


def _in_order(instance: Instance) -> list[Source]:
    """List the sources city by city, in each the one with the highest authority first."""
    cities = [city.slug for city in instance.config.cities]
    return sorted(instance.sources(), key=lambda source: (cities.index(source.city), -source.authority, source.id))


def _write_address(file: Path, site_port: int) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(\n  url: )\S+", rf'\g<1>"http://127.0.0.1:{site_port}"', text, count=1), encoding="utf-8")


def _copy_definitions(home: Path, port: int) -> None:
    for folder in ("sources", f"sources/{derived.FOLDER}", "policies"):
        (home / folder).mkdir(exist_ok=True)
        for file in sorted((FOLDER / folder).glob("*.yaml")):
            text = file.read_text(encoding="utf-8").replace(f"127.0.0.1:{server.PORT}", f"127.0.0.1:{port}")
            (home / folder / file.name).write_text(text, encoding="utf-8")
    # Last, so that an interrupted copy is made again.
    shutil.copy(FOLDER / "offenbar.yaml", home / "offenbar.yaml")
