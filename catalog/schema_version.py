"""Which version a database has and which one this program works with: all that a start needs to know of migrations."""

import sqlalchemy as sa

from catalog.db import Database
from dcat.errors import StateError
from dcat.message import Message

# The newest in catalog/migrations.
HEAD = "0010"
# Alembic keeps it here.
_TABLE = sa.table("alembic_version", sa.column("version_num", sa.String))


def current(database: Database) -> str:
    """Name the database's version; empty for a new one. StateError when it cannot be opened."""
    try:
        with database.engine.connect() as connection:
            if not sa.inspect(connection).has_table(_TABLE.name):
                return ""
            return connection.scalar(sa.select(_TABLE.c.version_num)) or ""
    except sa.exc.DBAPIError as error:
        raise StateError(
            Message(
                "Die Datenbank ist nicht zu öffnen. Nächster Schritt: offenbar init, oder OFFENBAR_DATABASE_URL prüfen.",
                "The database cannot be opened. Next step: offenbar init, or check OFFENBAR_DATABASE_URL.",
            )
        ) from error


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
    if version != HEAD:
        raise StateError(
            Message(
                f"Die Datenbank hat Version {version}, das Programm {HEAD}. Nächster Schritt: offenbar upgrade",
                f"The database has version {version}, the program {HEAD}. Next step: offenbar upgrade",
            )
        )
