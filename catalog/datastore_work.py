"""What the process that reads and writes tables does (catalog/datastore_run.py): orders from standard input, answers in frames.

DuckDB opens the files that an order names, and nothing else: before the first statement its access to files, its extensions and its
settings are shut for good.
"""

import contextlib
import os
import select as polling
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import duckdb
import orjson

from catalog import confined, datastore, datastore_change, datastore_forms, datastore_sql
from catalog.datastore import MB, Search, Stored, Writing, WrongError
from catalog.datastore_sql import ID, Columns, quoted, select
from catalog.datastore_types import NUMBER, Column, stored

_ROWS = 2000
# Bytes of one piece of an answer.
_PIECE = 1 << 18
_FILE_SIZE = 2000 * MB
_SETTINGS = {
    "threads": "1",
    "memory_limit": "600MB",
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "preserve_insertion_order": "true",
    "enable_object_cache": "false",
}
_SHOWN = {
    "BOOLEAN": "bool",
    "DATE": "date",
    "TIME": "time",
    "DOUBLE": "float8",
    "FLOAT": "float8",
    "VARCHAR": "text",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"), "int4"),
    **dict.fromkeys(("BIGINT", "UINTEGER"), "int8"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "timestamp"),
}
Connection = duckdb.DuckDBPyConnection


def main() -> None:
    """Answer what comes on standard input, one order a line, until it ends or nothing comes for a while."""
    parent, memory, idle = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    # Whatever prints must not print into the answers.
    answers = os.fdopen(os.dup(1), "wb", buffering=_PIECE)
    os.dup2(2, 1)
    confined.confine(parent, memory=memory, file_size=_FILE_SIZE)
    ready = connect()
    while line := _next(sys.stdin.buffer, idle):
        _answer(ready, line, answers)
        # The next one is made while nobody waits for it.
        ready = connect()


def connect() -> Connection:
    """Open an engine without a database; it can still be told which files it may open."""
    return duckdb.connect(config=dict(_SETTINGS))


def _next(orders: IO[bytes], idle: float) -> bytes:
    waiting, _, _ = polling.select([orders], [], [], idle)
    return orders.readline() if waiting else b""


def _answer(engine: Connection, line: bytes, answers: IO[bytes]) -> None:
    """Write the frames of one answer: what is known before the rows, the rows, and how it ended."""
    begun = False
    try:
        order = datastore.read_order(line)
        confined.allow_seconds(order.seconds)
        with engine, _limited(engine, order.seconds):
            pieces = search(engine, order) if isinstance(order, Search) else change(engine, order)
            head = next(pieces)
            _frame(answers, orjson.dumps(head))
            begun = True
            tail = {}
            for piece in pieces:
                if isinstance(piece, bytes):
                    _frame(answers, piece)
                else:
                    tail = piece
        end = {"outcome": "done", **tail}
    except WrongError as error:
        end = {"outcome": "wrong", "errors": error.errors}
    except Exception as error:  # noqa: BLE001 - whatever an order breaks, the next one is answered
        end = {"outcome": _outcome(error)}
    if not begun:
        _frame(answers, orjson.dumps({}))
    _frame(answers, b"")
    _frame(answers, orjson.dumps(end))
    answers.flush()


def _outcome(error: Exception) -> str:
    if isinstance(error, duckdb.InterruptException):
        return "slow"
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return "memory"
    return "large" if isinstance(error, _TooLargeError) else "broken"


def _frame(answers: IO[bytes], body: bytes) -> None:
    answers.write(struct.pack(">I", len(body)) + body)


class _TooLargeError(Exception):
    """The answer grew beyond what was asked for."""


@contextlib.contextmanager
def _limited(engine: Connection, seconds: float) -> Iterator[None]:
    alarm = threading.Timer(seconds, engine.interrupt)
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def lock(engine: Connection, *paths: Path) -> None:
    """Let an engine open these files and no others, whatever is said to it later."""
    engine.execute(f"SET allowed_paths = [{', '.join(map(quoted, paths))}]")
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")


def opened(engine: Connection, table: Stored) -> tuple[str, Columns]:
    """Give a table as the source of statements, with the columns c0 (`_id`), c1, ..., and what they are."""
    file = quoted(table.path)
    names = _top(engine.execute(select("name, num_children", f"parquet_schema({file})")).fetchall()[1:])
    kinds = [row[1] for row in engine.execute("DESCRIBE " + select("*", f"read_parquet({file})")).fetchall()]
    raw = [f"r{place}" for place in range(len(kinds))]
    number = "file_row_number + 1" if "file_row_number" not in names else "row_number() OVER ()"
    expressions = [] if table.numbered else [number]
    columns = [] if table.numbered else [Column(ID, "int")]
    taken = {ID}
    for name, kind, alias in zip(names, kinds, raw, strict=True):
        if table.numbered and not columns:
            columns.append(Column(ID, "int"))
            expressions.append(alias)
            continue
        shown = _free(name, taken)
        expression, found = _read(alias, kind, table.types.get(name, ""))
        columns.append(Column(shown, found))
        expressions.append(expression)
    listed = ", ".join(f"{expression} AS c{place}" for place, expression in enumerate(expressions))
    named = f"read_parquet({file}) AS file({', '.join(raw)})"
    return f"({select(listed, named)})", Columns(columns)


def _top(nodes: list[tuple[str, int | None]]) -> list[str]:
    """Give the names of the columns, of all nodes of a file's tree in their order; DuckDB would change those that differ in case only."""
    names, place = [], 0
    while place < len(nodes):
        names.append(nodes[place][0])
        waiting = 1
        while waiting:
            waiting += (nodes[place][1] or 0) - 1
            place += 1
    return names


def _free(name: str, taken: set[str]) -> str:
    """Give a column a name of its own: a file may have one that is called as the number of the row is."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def _read(alias: str, kind: str, declared: str) -> tuple[str, str]:
    """Say how a column is read, and its type: as declared where it is text, instants in UTC without a zone."""
    if kind == "VARCHAR" and declared == "numeric":
        return f"CASE WHEN regexp_full_match({alias}, '{NUMBER}') THEN {alias} END", declared
    if kind == "DOUBLE" and declared == "numeric":
        text = f"regexp_replace(CAST({alias} AS VARCHAR), '[.]0$', '')"
        return f"CASE WHEN isfinite({alias}) THEN {text} END", declared
    if kind == "VARCHAR" and declared:
        wanted = stored(declared)
        return (alias if wanted == kind else f"TRY_CAST({alias} AS {wanted})"), declared
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({alias}))", "timestamp"
    if kind.startswith("TIMESTAMP_"):
        return f"CAST({alias} AS TIMESTAMP)", "timestamp"
    if kind in _SHOWN:
        return alias, declared if _keeps(kind, declared) else _SHOWN[kind]
    if kind.startswith("DECIMAL") or kind.endswith("HUGEINT") or kind == "UBIGINT":
        return f"CAST({alias} AS DOUBLE)", "numeric"
    return f"CAST({alias} AS VARCHAR)", "text"


def _keeps(kind: str, declared: str) -> bool:
    """Tell whether a column is what it was declared to be."""
    return bool(declared) and stored(declared) == kind


def search(engine: Connection, asked: Search) -> Iterator[Any]:
    """Answer a search: the columns, pieces of the rows, and last how many there are."""
    lock(engine, asked.table.path)
    source, columns = opened(engine, asked.table)
    rows, counting = datastore_sql.statements(asked, columns, source)
    wanted = datastore_sql.chosen(asked, columns)
    found = engine.execute(rows.sql, rows.values)
    yield {"columns": [[one.id, one.type] for one in wanted]}
    by_id = not asked.sort and not asked.distinct and wanted[:1] == columns.all[:1]
    form = datastore_forms.form(asked.form, wanted, heading=asked.heading)
    piece, size, count, last = form.start, 0, 0, None
    while part := found.fetchmany(_ROWS):
        piece += (form.between if count else b"") + form.rows(part)
        count, last = count + len(part), part[-1][0] if by_id else None
        if size + len(piece) > asked.most:
            raise _TooLargeError
        if len(piece) >= _PIECE:
            yield piece
            piece, size = b"", size + len(piece)
    yield from (one for one in (piece + form.end,) if one)
    total = None
    if asked.total:
        # Who was given fewer rows than asked for has seen the last one.
        seen = asked.limit is None or count < asked.limit
        total = asked.offset + count if seen and (count or not asked.offset) else _number(engine, counting)
    yield {"count": count, "last": last, "total": total}


def _number(engine: Connection, counting: datastore_sql.Part) -> int:
    (row,) = engine.execute(counting.sql, counting.values).fetchall()
    return int(row[0])


def change(engine: Connection, asked: Writing) -> Iterator[Any]:
    """Write a table anew with a change in it."""
    before = (asked.table.path,) if asked.table else ()
    lock(engine, *before, asked.parquet, asked.csv)
    source, columns = opened(engine, asked.table) if asked.table else ("", Columns(()))
    yield {}
    yield datastore_change.write(engine, asked, source, columns)


if __name__ == "__main__":
    main()
