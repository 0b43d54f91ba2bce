"""The migrations of the database, forward. What a start needs to know of them is in catalog/schema_version.py."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from catalog.db import Database
from catalog.schema_version import current
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


def head() -> str:
    """Name the version this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
