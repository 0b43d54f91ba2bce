"""What is asked of the process that reads and writes tables, and what it answers: types, and the JSON they travel as."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from catalog.datastore_types import Column
from dcat.errors import OffenbarError
from dcat.message import Message

MB = 1_000_000
# Of a table that programs write: each call writes all of it anew.
MAX_ROWS = 1_000_000
MAX_BYTES = 100 * MB
# Bytes of the records in one answer; a dump has no such limit.
MAX_ANSWER = 32 * MB
SEARCH_SECONDS, DUMP_SECONDS, CHANGE_SECONDS = 10.0, 120.0, 60.0


class WrongError(Exception):
    """What was asked does not fit the table: sentences by the argument they are about, and facts such as the number of a row."""

    def __init__(self, **errors: str | int) -> None:
        super().__init__(*errors.values())
        self.errors: dict[str, Any] = {name: [said] if isinstance(said, str) else said for name, said in errors.items()}


class UnansweredError(OffenbarError):
    """A question that got no answer; `status` is the one of HTTP."""

    def __init__(self, message: Message, status: int = 409) -> None:
        super().__init__(message)
        self.status = status


TOO_SLOW = Message(
    "Die Abfrage der Tabelle hat zu lange gedauert und wurde beendet. Nächster Schritt: weniger Zeilen abfragen oder genauer filtern.",
    "The query of the table took too long and was ended. Next step: ask for fewer rows or filter more precisely.",
)
TOO_MUCH = Message(
    "Die Abfrage der Tabelle braucht mehr Speicher, als sie bekommt. Nächster Schritt: weniger Zeilen oder Spalten abfragen, ohne "
    "Sortierung.",
    "The query of the table needs more memory than it gets. Next step: ask for fewer rows or columns, without sorting.",
)
TOO_LARGE = Message(
    f"Die Antwort ist größer als {MAX_ANSWER // MB} MB. Nächster Schritt: mit limit und offset in Teilen abfragen oder "
    "/datastore/dump/ laden.",
    f"The answer is larger than {MAX_ANSWER // MB} MB. Next step: ask for parts with limit and offset, or load /datastore/dump/.",
)
BUSY = Message(
    "Gerade werden so viele Tabellen abgefragt, wie zugleich gehen. Nächster Schritt: in einigen Sekunden noch einmal fragen.",
    "As many tables are being queried as can be at once. Next step: ask again in a few seconds.",
)
BROKEN = Message(
    "Die Abfrage der Tabelle ist bei uns gescheitert. Nächster Schritt: später noch einmal fragen.",
    "The query of the table failed on our side. Next step: ask again later.",
)
FAILURES = {"slow": TOO_SLOW, "memory": TOO_MUCH, "large": TOO_LARGE, "broken": BROKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A table's Parquet file. `numbered` ones carry `_id` as their first column; in others it is the number of the row.

    `types` are those their author declared, by column: a column of text is read as what it was declared to be.
    """

    path: Path
    numbered: bool = False
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A question for rows. What it names of the table is checked by the process, which alone knows the columns.

    `filters` and `words` are as CKAN has them (catalog/datastore_sql.py). Without a `limit` all rows come. `form` is one of
    catalog/datastore_forms.py, `heading` lets CSV and TSV begin with the names of the columns, `most` limits the answer in bytes.
    """

    table: Stored
    filters: Any = None
    words: tuple[Any, ...] = ()
    fields: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    distinct: bool = False
    limit: int | None = 100
    offset: int = 0
    total: bool = True
    form: str = "objects"
    heading: bool = False
    most: int = MAX_ANSWER
    seconds: float = SEARCH_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A change of a table that programs write. `table` is None for a new one; `columns` are those it shall have.

    `method` is insert, update, upsert or delete; `records` are the rows as they came, `filters` name what to delete. `unique` asks to
    see that the key is one, after it was changed; `given` asks for the rows that were touched. The new table is written to `parquet`, and as CSV without `_id` to `csv`.
    """

    table: Stored | None
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    method: str = "insert"
    records: tuple[Any, ...] = ()
    filters: Any = None
    unique: bool = False
    given: bool = False
    parquet: Path
    csv: Path
    seconds: float = CHANGE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to a search: the columns that were asked for, the number of all rows that match (None when not asked), the records.

    `body` is JSON for objects and lists. `count` is the number of its rows, `last` the `_id` of the last one where it can be gone on
    from there.
    """

    columns: tuple[Column, ...]
    total: int | None
    body: bytes = b""
    count: int = 0
    last: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a change made of a table: its rows, how many the change touched, and these where they were asked for."""

    rows: int
    touched: int
    given: tuple[Any, ...] = ()


def write_search(asked: Search) -> bytes:
    """Write a question as one line of JSON."""
    return orjson.dumps(
        {
            "search": {
                **{name: getattr(asked, name) for name in Search.__slots__ if name != "table"},
                "table": _write_stored(asked.table),
            }
        }
    )


def write_writing(asked: Writing) -> bytes:
    """Write a change as one line of JSON."""
    plain = {
        name: getattr(asked, name) for name in ("key", "method", "records", "filters", "unique", "given", "seconds")
    }
    return orjson.dumps(
        {
            "writing": {
                **plain,
                "table": _write_stored(asked.table) if asked.table else None,
                "columns": [[one.id, one.type] for one in asked.columns],
                "parquet": str(asked.parquet),
                "csv": str(asked.csv),
            }
        }
    )


def read_order(line: bytes) -> Search | Writing:
    """Read a question or a change back."""
    content = orjson.loads(line)
    if "search" in content:
        said = content["search"]
        lists = {name: tuple(said[name]) for name in ("words", "fields", "sort")}
        return Search(**{**said, **lists, "table": _read_stored(said["table"])})
    said = content["writing"]
    return Writing(
        **{
            **said,
            "table": _read_stored(said["table"]) if said["table"] else None,
            "columns": tuple(Column(name, kind) for name, kind in said["columns"]),
            "key": tuple(said["key"]),
            "records": tuple(said["records"]),
            "parquet": Path(said["parquet"]),
            "csv": Path(said["csv"]),
        }
    )


def _write_stored(table: Stored) -> dict[str, Any]:
    return {"path": str(table.path), "numbered": table.numbered, "types": dict(table.types)}


def _read_stored(said: dict[str, Any]) -> Stored:
    return Stored(path=Path(said["path"]), numbered=said["numbered"], types=said["types"])
