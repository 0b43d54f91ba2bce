"""The database: engine, sessions for reading and for writing, shared column types. SQLite by default, PostgreSQL when it grows."""

import datetime
import functools
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from dcat.errors import ConfigError, StateError
from dcat.message import Message

Item = TypeVar("Item")
# Beyond the few that stay open: each harvest of a worker needs two or three now and then.
_MOST_CONNECTIONS = 95
# Seconds for which a connection that lay idle is trusted: a question to the server before every use would cost as much as the use.
_TRUSTED = 1.0


class UtcTime(TypeDecorator[datetime.datetime]):
    """An instant; always with time zone UTC in the program, whatever the database keeps."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "times carry their zone"
        value = value.astimezone(datetime.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value.astimezone(datetime.UTC)


class Json(TypeDecorator[Any]):
    """A small JSON value kept as text, the same bytes on every database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


class Base(DeclarativeBase):
    """Root of the models."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime.datetime: UtcTime,
        dict[str, Any]: Json,
        list[Any]: Json,
        bytes: sa.LargeBinary,
    }


def now() -> datetime.datetime:
    """The present instant in UTC."""
    return datetime.datetime.now(datetime.UTC)


class Question:
    """A statement about tables that is asked for one value again and again.

    It goes to the driver as it was compiled once: what SQLAlchemy does for each execution costs more than a short answer. The value
    comes as the driver reads it: bytes, text and numbers, no times.
    """

    def __init__(self, statement: sa.Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, Any] = {}

    def written(self, dialect: Dialect, values: Mapping[str, str]) -> tuple[str, Any]:
        """Give the text for a driver, and the values as it wants them."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = self._statement.compile(dialect=dialect)
        named = {**compiled.params, **values}
        return compiled.string, [named[name] for name in compiled.positiontup or ()] if compiled.positional else named


class Database:
    """One engine and its sessions. Writers take the write lock at once, so that no transaction fails half-way for want of it."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._writers = sessionmaker(_for_writing(self.engine), expire_on_commit=False)
        self._brief = _for_writing(self.engine, alone=False)
        self._straight = _without_transactions(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads; everything in it is of one moment."""
        with _explained(), self._sessions() as session:
            yield session

    @contextmanager
    def asking(self) -> Iterator[sa.Connection]:
        """Open a connection for questions about tables, each of its own moment.

        A session, which knows of classes, and a transaction cost more than a short answer.
        """
        with _explained(), self._straight.connect() as connection:
            yield connection

    def ask(self, question: Question, **values: str) -> Any:
        """Ask a question, of this moment; gives the value, None where there is no row."""
        dialect = self.engine.dialect
        text, given = question.written(dialect, values)
        try:
            with _lone(self._straight) as connection:
                row = connection.execute(text, given).fetchone()
        except dialect.loaded_dbapi.OperationalError as error:
            with _explained():
                raise sa.exc.OperationalError(text, None, error) from error
        return None if row is None else row[0]

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction that commits at the end, or leaves nothing behind."""
        with _explained(), self._writers.begin() as session:
            yield session

    @contextmanager
    def aside(self) -> Iterator[sa.Connection]:
        """Open a short transaction on rows that no other writer touches; on PostgreSQL it waits for their locks only.

        It may be lost when the database server crashes, so that nobody waits for the disk.
        """
        with _explained(), self._brief.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
            yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()
        self._straight.dispose()


@contextmanager
def _explained() -> Iterator[None]:
    """Say in a sentence that the database cannot work: gone, full, locked for too long."""
    try:
        yield
    except sa.exc.OperationalError as error:
        cause = " ".join(str(error.orig).split())[:200]
        raise StateError(
            Message(
                f"Die Datenbank arbeitet nicht: {cause}. Nächster Schritt: Platz, Rechte und OFFENBAR_DATABASE_URL prüfen, "
                "dann offenbar harvest resume",
                f"The database does not work: {cause}. Next step: check space, rights and OFFENBAR_DATABASE_URL, then "
                "offenbar harvest resume",
            )
        ) from error


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        parsed.get_dialect()
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ConfigError(
            Message(
                "OFFENBAR_DATABASE_URL ist keine Datenbankadresse wie postgresql+psycopg://host/name.",
                "OFFENBAR_DATABASE_URL is no database address such as postgresql+psycopg://host/name.",
            )
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        try:
            engine = sa.create_engine(
                parsed,
                isolation_level="REPEATABLE READ",
                max_overflow=_MOST_CONNECTIONS,
                # The one used last has its statements prepared, and in its memory what they read.
                pool_use_lifo=True,
                hide_parameters=True,
            )
        except ModuleNotFoundError as error:
            raise ConfigError(
                Message(
                    f"Für {parsed.get_backend_name()} fehlt der Treiber. Nächster Schritt: pip install 'offenbar[postgres]'",
                    f"The driver for {parsed.get_backend_name()} is missing. Next step: pip install 'offenbar[postgres]'",
                )
            ) from error
        event.listen(engine, "begin", _begin_postgresql)
        return _watched(engine)
    # A database in memory has one connection.
    room = {"max_overflow": _MOST_CONNECTIONS, "pool_use_lifo": True} if parsed.database else {}
    engine = sa.create_engine(parsed, connect_args={"timeout": 30}, hide_parameters=True, **room)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-6000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("offenbar_single"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("offenbar_write") else "BEGIN")


def _without_transactions(engine: sa.Engine) -> sa.Engine:
    """Give connections on which each statement is a transaction of its own, so that nothing is to be undone when they come back."""
    if engine.dialect.name == "sqlite":
        # Nothing begins there by itself.
        return engine.execution_options(offenbar_single=True)
    return _watched(
        sa.create_engine(
            engine.url,
            isolation_level="AUTOCOMMIT",
            max_overflow=_MOST_CONNECTIONS,
            pool_reset_on_return=None,
            pool_use_lifo=True,
            hide_parameters=True,
        )
    )


@contextmanager
def _lone(engine: sa.Engine) -> Iterator[Any]:
    """Take the driver's connection; after a failure it is not used again."""
    pooled = engine.raw_connection()
    try:
        yield pooled.dbapi_connection
    except BaseException:
        pooled.invalidate()
        raise
    finally:
        pooled.close()


def _watched(engine: sa.Engine) -> sa.Engine:
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", partial(_require_alive, engine.dialect))
    return engine


def _note_return(_connection: Any, record: Any) -> None:
    record.info["returned"] = time.monotonic()


def _require_alive(dialect: Dialect, connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that lay idle for a while whether its server still hears it; a dead one is replaced by the pool."""
    if time.monotonic() - record.info.get("returned", time.monotonic()) < _TRUSTED:
        return
    try:
        dialect.do_ping(connection)
    except sa.exc.DBAPIError as error:
        raise sa.exc.DisconnectionError from error
    except dialect.loaded_dbapi.Error as error:
        raise sa.exc.DisconnectionError from error


def _for_writing(engine: sa.Engine, *, alone: bool = True) -> sa.Engine:
    if engine.dialect.name == "sqlite":
        return engine.execution_options(offenbar_write=True)
    # Whoever waited for the lock must see what the one before wrote, so each statement looks anew.
    return engine.execution_options(offenbar_write=alone, isolation_level="READ COMMITTED")


def _begin_postgresql(connection: sa.Connection) -> None:
    """Writers wait for each other as they do in SQLite: nothing they read first can change before they write."""
    if connection.get_execution_options().get("offenbar_write"):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('offenbar ' || current_schema()))")


def batches(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """Cut a list into parts that one statement can name."""
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part


def core(session: Session) -> sa.Connection:
    """Give a session's connection, for statements about tables: the mapper costs more than they do. What it holds back is written first."""
    session.flush()
    return session.connection()


def insert(session: Session, model: type[DeclarativeBase], rows: list[dict[str, Any]]) -> None:
    """Insert rows that are not there yet."""
    if rows:
        core(session).execute(_plain_insert(model), _single(rows))


def insert_or_ignore(session: Session, model: type[DeclarativeBase], rows: list[dict[str, Any]]) -> None:
    """Insert rows; those whose key is taken already stay as they are."""
    if rows:
        core(session).execute(_insert(session.get_bind().dialect.name, model), _single(rows))


def upsert(
    session: Session,
    model: type[DeclarativeBase],
    rows: list[dict[str, Any]],
    *,
    keep: tuple[str, ...] = (),
    add: tuple[str, ...] = (),
) -> None:
    """Insert rows, or bring those with the same primary key up to date: except for the columns to `keep`; to those to `add` is added."""
    if rows:
        statement = _upsert(session.get_bind().dialect.name, model, tuple(rows[0]), keep, add)
        core(session).execute(statement, _single(rows))


def _single(rows: list[dict[str, Any]]) -> Any:
    """One row goes as a plain statement: a pipeline for it costs more."""
    return rows[0] if len(rows) == 1 else rows


# Making a statement costs more than running it for one row.
@functools.cache
def _plain_insert(model: type[DeclarativeBase]) -> sa.Insert:
    return sa.insert(sa.inspect(model).local_table)  # type: ignore[arg-type]


@functools.cache
def _insert(dialect: str, model: type[DeclarativeBase]) -> sa.Insert:
    made: sa.Insert = _inserting(dialect)(model.__table__).on_conflict_do_nothing()
    return made


@functools.cache
def _upsert(
    dialect: str, model: type[DeclarativeBase], names: tuple[str, ...], keep: tuple[str, ...], add: tuple[str, ...]
) -> sa.Insert:
    table = model.__table__
    statement = _inserting(dialect)(table)
    key = [column.name for column in table.primary_key]
    changes = {name: statement.excluded[name] for name in names if name not in key and name not in keep}
    changes |= {name: table.c[name] + statement.excluded[name] for name in add}
    made: sa.Insert = statement.on_conflict_do_update(index_elements=key, set_=changes)
    return made


def _inserting(dialect: str) -> Any:
    return sqlite.insert if dialect == "sqlite" else postgresql.insert
