"""Whether this installation can work: `offenbar doctor` without an address."""

import os
import shutil
from collections.abc import Iterator

import sqlalchemy as sa

from catalog import definitions, derived, file_versions, schema_version, search
from catalog.db import now
from catalog.instance import Instance
from catalog.models import HostBudget
from dcat.errors import ConfigError, OffenbarError, StateError
from dcat.message import Message
from harvesters import secrets, source
from harvesters.budget import FAILURES
from harvesters.examine import Check
from harvesters.source import Source

# Bytes: a harvest of a large source may need as much; and below this even the database cannot go on for long.
_LITTLE = 2_000_000_000
_TOO_LITTLE = 200_000_000
_MB = 1_000_000


def check(instance: Instance) -> tuple[Check, ...]:
    """Look at home, space, database, files, index, definitions and hosts."""
    return (*_home(instance), *_database(instance), *_sources(instance), *_mappings(instance))


def _home(instance: Instance) -> Iterator[Check]:
    home = instance.config.home
    if not os.access(home, os.W_OK):
        yield Check(
            "home",
            "bad",
            Message(
                f"In den Datenordner {home} kann nicht geschrieben werden; bitte Besitzer und Rechte prüfen.",
                f"The data folder {home} cannot be written to; please check its owner and rights.",
            ),
        )
        return
    yield Check("home", "ok", Message(f"Der Datenordner ist {home}.", f"The data folder is {home}."))
    free = shutil.disk_usage(home).free
    state = Message(f"Frei sind {free // _MB:,} MB.".replace(",", "."), f"{free // _MB:,} MB are free.")
    yield Check("space", "bad" if free < _TOO_LITTLE else "hint" if free < _LITTLE else "ok", state)
    if instance.files.ready():
        yield Check("files", "ok", Message("Die Ablage der Dateien nimmt an.", "The file storage accepts files."))
    else:
        yield Check(
            "files",
            "bad",
            Message(
                f"In die Ablage der Dateien {instance.config.files_url} kann nicht geschrieben werden.",
                f"The file storage {instance.config.files_url} cannot be written to.",
            ),
        )


def _database(instance: Instance) -> Iterator[Check]:
    try:
        schema_version.require(instance.database)
    except StateError as error:
        yield Check("database", "bad", error.message)
        return
    version = schema_version.HEAD
    yield Check(
        "database", "ok", Message(f"Die Datenbank hat Version {version}.", f"The database has version {version}.")
    )
    try:
        search.catch_up(instance, patience=5)
    except (OffenbarError, OSError, ValueError):
        yield Check(
            "index",
            "bad",
            Message(
                "Der Suchindex ist nicht zu öffnen. Nächster Schritt: offenbar index rebuild",
                "The search index cannot be opened. Next step: offenbar index rebuild",
            ),
        )
    else:
        yield Check("index", "ok", Message("Der Suchindex ist aktuell.", "The search index is up to date."))
    yield from _hosts(instance)
    yield from _engines(instance)


def _hosts(instance: Instance) -> Iterator[Check]:
    """Hosts that are left alone at present."""
    query = sa.select(HostBudget).where(HostBudget.failures >= FAILURES, HostBudget.open_until > now())
    with instance.database.reading() as session:
        for host in session.scalars(query.order_by(HostBudget.name)):
            assert host.failing_since is not None, "a failing host fails since some moment"
            since = host.failing_since.isoformat(timespec="minutes")
            yield Check(
                "host",
                "hint",
                Message(
                    f"{host.name} antwortet seit {since} nicht und wird in Ruhe gelassen.",
                    f"{host.name} has not answered since {since} and is left alone.",
                ),
            )


def _engines(instance: Instance) -> Iterator[Check]:
    """Files that both engines checked with different results: a defect of ours."""
    with instance.database.reading() as session:
        found = [(one.sha256, one.compared) for one in file_versions.differing(session)]
    for digest, difference in found:
        yield Check(
            "engines",
            "bad",
            Message(
                f"Die Datei mit der Prüfsumme {digest[:12]}… beurteilen die beiden Prüfwege verschieden: {difference[:300]} "
                "Nächster Schritt: bitte melden; bis dahin prüft OFFENBAR_COMPARE_ENGINES=1 jede kleine Datei doppelt.",
                f"The two engines judge the file with the checksum {digest[:12]}… differently: {difference[:300]} "
                "Next step: please report it; until then OFFENBAR_COMPARE_ENGINES=1 checks every small file twice.",
            ),
        )


def _mappings(instance: Instance) -> Iterator[Check]:
    """Mapping files that a definition names and that cannot be used."""
    known = definitions.present(instance.config.sources).sources
    for source_id, each in sorted(known.items()):
        for name in dict.fromkeys(file for _, file in each.mappings):
            if (wrong := derived.problem(derived.read(instance.config.sources, name))) is not None:
                yield Check("mapping", "bad", Message(f"{source_id}: {wrong.de}", f"{source_id}: {wrong.en}"))


def _sources(instance: Instance) -> Iterator[Check]:
    folder = instance.config.sources
    if not folder.is_dir():
        yield Check(
            "sources",
            "hint",
            Message(
                f"Den Ordner der Quellen {folder} gibt es nicht; bitte anlegen oder »sources« in offenbar.yaml prüfen.",
                f'The folder of sources {folder} does not exist; please make it, or check "sources" in offenbar.yaml.',
            ),
        )
        return
    errors = []
    for file in sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml") and file.name[0] != "."):
        errors += [found.message for found in source.lint(file.read_bytes(), file.name) if found.level == "error"]
    yield from (Check("sources", "bad", message) for message in errors)
    if errors:
        return
    try:
        found = instance.sources()
    except OffenbarError as error:
        yield Check("sources", "bad", error.message)
        return
    text = Message(f"{len(found)} Quellen sind eingetragen.", f"{len(found)} sources are entered.")
    yield Check("sources", "ok" if found else "hint", text)
    for each in found:
        yield from _needs(instance, each)


def _needs(instance: Instance, of: Source) -> Iterator[Check]:
    """The secrets and certificates that a definition names."""
    login = of.login
    for reference in filter(None, (login.user, login.password, login.token, login.key, login.secret)):
        try:
            secrets.read(reference)
        except ConfigError as error:
            yield Check("login", "bad", Message(f"{of.id}: {error.message.de}", f"{of.id}: {error.message.en}"))
            return
    if of.network.ca or of.network.certificate:
        try:
            instance.fetcher(of).close()
        except ConfigError as error:
            yield Check("certificate", "bad", Message(f"{of.id}: {error.message.de}", f"{of.id}: {error.message.en}"))
