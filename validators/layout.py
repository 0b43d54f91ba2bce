"""What frictionless is asked and what it answers about the rows of one table, without frictionless itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcat.errors import OffenbarError
from dcat.message import Message
from validators.report import TableProfile


class UnprovenError(OffenbarError):
    """The fast path cannot judge this table; frictionless alone can."""

    def __init__(self) -> None:
        super().__init__(
            Message("Die Tabelle braucht den langsamen Prüfer.", "The table needs the slow checker."),
        )


# What a referenced table holds: by its name and columns, the values found there together.
Lookups = Mapping[tuple[str, tuple[str, ...]], set[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A table that foreign keys point to: its file, how to read it, and the Table Schema of its columns."""

    path: Path
    profile: TableProfile
    descriptor: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignColumns:
    """One foreign key: our columns, the name of the other table (empty for our own), its columns."""

    fields: tuple[str, ...]
    name: str
    reference: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """How frictionless reads one column: what may be proven without it, and its own reader for everything else.

    `bounds` are typed. `read` gives the value of a cell (None where it has none) and the rules it breaks: `type`, or names of constraints.
    """

    name: str
    type: str
    format: str
    missing: frozenset[str]
    constraints: Mapping[str, Any]
    bounds: Mapping[str, Any]
    decimal_char: str
    group_char: str
    bare: bool
    read: Callable[[str | None], tuple[Any, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What frictionless expects of the rows of one file: columns in the order of the file, keys, and the errors of a single row.

    `foreign_keys` are all of the schema, also those whose columns the file lacks.
    """

    columns: tuple[ColumnReading, ...]
    unique: tuple[str, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignColumns, ...]
    row: Callable[[int, list[str]], tuple[dict[str, Any], list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The rows of a file that frictionless must see, with their record numbers, and the facts about all of it.

    `head` are the records down to the header, `rows` all records below. `whole` is false when reading stopped early.
    """

    head: Sequence[list[str]]
    chosen: Iterable[tuple[int, list[str]]]
    rows: int
    bytes: int
    md5: str
    sha256: str
    lookups: Lookups
    whole: bool = True
