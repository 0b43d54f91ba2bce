"""Measures the DataStore on a made-up table: searches of every kind, a dump, and a change of a table that programs write.

.venv/bin/python -m benchmarks.rows --rows 1000000
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from catalog.datastore import DUMP_SECONDS, Search, Stored, Writing
from catalog.datastore_run import runner
from catalog.datastore_types import Column

_COLUMNS = (
    Column("nr", "int8"),
    Column("ort", "text"),
    Column("wert", "float8"),
    Column("wahr", "bool"),
    Column("zeit", "timestamp"),
)
_MADE = """
    SELECT i AS _id, i AS nr, 'Straße ' || i AS ort, i / 3.0 AS wert, i % 2 = 0 AS wahr,
           timestamp '2026-01-01' + i * interval 1 second AS zeit
    FROM range(1, {rows} + 1) made(i)
"""


def main() -> None:
    """Make a table and ask for its rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = _table(Path(folder), given.rows)
        print(f"{given.rows:,} rows, {table.path.stat().st_size / 1e6:.0f} MB")
        print("| question | p50 ms | most ms |")
        print("| --- | --- | --- |")
        for name, asked in _questions(table, given.rows).items():
            _measure(name, given.times, partial(runner().search, asked))
        _measure("dump as CSV", 1, lambda: _dump(table))
        _measure("upsert of 1,000 rows by key", 3, lambda: _change(table, Path(folder), given.rows))


def _table(folder: Path, rows: int) -> Stored:
    path = folder / "table.parquet"
    about = f"KV_METADATA {{'offenbar.next_id': '{rows + 1}'}}"
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY ({_MADE.format(rows=rows)}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000, {about})"
        )
    return Stored(path=path, numbered=True)


def _questions(table: Stored, rows: int) -> dict[str, Search]:
    return {
        "first 100 rows and total": Search(table=table),
        "100 rows from the end, by offset": Search(table=table, offset=rows - 100),
        "100 rows from the end, by _id": Search(table=table, filters={"_id": {"gt": rows - 100}}),
        "one row by its number": Search(table=table, filters={"nr": rows // 2}),
        "a range, sorted": Search(table=table, filters={"wert": {"gt": 1000, "lt": 2000}}, sort=("wert desc",)),
        "all rows sorted": Search(table=table, sort=("ort desc",)),
        "a word": Search(table=table, words=("STRASSE 99999",)),
        "32,000 rows": Search(table=table, limit=32_000),
    }


def _dump(table: Stored) -> int:
    asked = Search(table=table, limit=None, total=False, form="csv", heading=True, most=10**10, seconds=DUMP_SECONDS)
    with runner().stream(asked) as (_, pieces):
        return sum(map(len, pieces))


def _change(table: Stored, folder: Path, rows: int) -> None:
    records = tuple({"nr": number, "ort": "neu"} for number in range(1, rows, max(rows // 1000, 1)))
    asked = Writing(
        table=table,
        columns=_COLUMNS,
        key=("nr",),
        method="upsert",
        records=records,
        parquet=folder / "new.parquet",
        csv=folder / "new.csv",
    )
    runner().change(asked)


def _measure(name: str, times: int, ask: Callable[[], object]) -> None:
    taken = []
    for _ in range(times):
        start = time.monotonic()
        ask()
        taken.append((time.monotonic() - start) * 1000)
    print(f"| {name} | {statistics.median(taken):.0f} | {max(taken):.0f} |")


if __name__ == "__main__":
    main()
