"""The database's version: migrations forward, and the refusal to work on a database of another version."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from catalog.db import Database
from dcat.errors import StateError
from dcat.message import Message


def upgrade(database: Database) -> tuple[str, str]:
    """Bring the database to this program's version; gives the versions before and after."""
    before = current(database)
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StateError(
                Message(
                    f"Die Datenbank hat Version {before}, die dieses Programm nicht kennt ({head()}). Nächster Schritt: "
                    "ein neueres offenbar installieren.",
                    f"The database has version {before}, which this program does not know ({head()}). Next step: "
                    "install a newer offenbar.",
                )
            ) from error
        connection.commit()
    return before, current(database)


def current(database: Database) -> str:
    """Name the database's version; empty for a new one. StateError when it cannot be opened."""
    try:
        with database.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""
    except sa.exc.DBAPIError as error:
        raise StateError(
            Message(
                "Die Datenbank ist nicht zu öffnen. Nächster Schritt: offenbar init, oder OFFENBAR_DATABASE_URL prüfen.",
                "The database cannot be opened. Next step: offenbar init, or check OFFENBAR_DATABASE_URL.",
            )
        ) from error


def head() -> str:
    """Name the version this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def require(database: Database) -> None:
    """Refuse a database of another version with the command that helps."""
    version = current(database)
    if not version:
        raise StateError(
            Message(
                "Hier ist noch kein Katalog eingerichtet. Nächster Schritt: offenbar init (oder offenbar demo).",
                "No catalogue has been set up here. Next step: offenbar init (or offenbar demo).",
            )
        )
    if version != head():
        raise StateError(
            Message(
                f"Die Datenbank hat Version {version}, das Programm {head()}. Nächster Schritt: offenbar upgrade",
                f"The database has version {version}, the program {head()}. Next step: offenbar upgrade",
            )
        )


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
