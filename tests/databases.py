"""Databases for tests: a SQLite file, or a PostgreSQL schema of the test's own that is dropped in the end."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

KINDS = ("sqlite", "postgresql")
VARIABLE = "OFFENBAR_TEST_POSTGRES"


@contextmanager
def database_url(kind: str, folder: Path) -> Iterator[str]:
    """Give the address of an empty database. Without PostgreSQL the test is skipped, or fails where OFFENBAR_REQUIRE is set."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'offenbar.db'}"
        return
    server = sa.make_url(_server()).set(drivername="postgresql+psycopg")
    name = f"offenbar_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    try:
        yield server.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


def _server() -> str:
    url = os.environ.get(VARIABLE, "")
    if not url:
        reason = f"no PostgreSQL to test with; set {VARIABLE}, such as postgresql+psycopg://user@127.0.0.1/test"
        if os.environ.get("OFFENBAR_REQUIRE"):
            pytest.fail(reason)
        pytest.skip(reason)
    return url
