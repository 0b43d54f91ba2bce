"""frictionless, its only door: the verdict on a table file with exactly the dialect that was found."""

import csv
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

from frictionless import Checklist, Dialect, FrictionlessException, Package, Plugin, Schema, errors, formats, system
from frictionless.formats.csv import CsvParser
from frictionless.resources import TableResource
from frictionless.schemes.local import LocalLoader
from frictionless.table import Lookup, Row, create_cell_handlers

from dcat.errors import ConfigError
from dcat.message import Message
from validators.layout import ColumnReading, Extract, ForeignColumns, Layout, Reference, UnprovenError
from validators.report import Severity, TableProfile

# What frictionless 5.21 was seen to let through on strange tables and schemas, besides its own exception.
HOSTILE = (
    FrictionlessException,
    csv.Error,
    re.error,
    UnicodeError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
)

# Reads one cell as frictionless does: its value, and the rules it breaks (`type`, or names of constraints).
CellReader = Callable[[str], tuple[Any, frozenset[str]]]


class _Table(TableResource):  # type: ignore[misc]
    """A table read from exactly one local file, with exactly the dialect that was found, until a deadline."""

    file = Path()
    deadline = 0.0
    stopped = False
    extract: Extract | None = None

    def to_copy(self, **options: Any) -> "_Table":
        """Copy for a foreign key into the own table; frictionless' own way forgets what is not in the descriptor."""
        copy: _Table = super().to_copy(**options)
        copy.file, copy.deadline = self.file, self.deadline
        copy.schema = self.schema.to_copy()
        return copy

    def _TableResource__open_lookup(self) -> None:  # noqa: N802
        """Take the values of other tables as they are given; frictionless would read the tables row by row."""
        if self.extract is None:
            super()._TableResource__open_lookup()
            return
        lookup = Lookup()
        for (name, fields), values in self.extract.lookups.items():
            lookup.setdefault(name, {})[fields] = values
        self._TableResource__lookup = lookup


class _Cells(list[str]):
    """The cells of a row out of the middle of a file."""

    number = 0


class _Dialect(Dialect):  # type: ignore[misc]
    """Numbers the rows of an extract as they are numbered in the file."""

    extract: Extract | None = None
    stats: Any = None

    def read_fragment(self, sample: list[list[str]]) -> list[list[str]]:
        """Give the rows of the sample, of which nothing is counted yet."""
        return [cells for _, cells in super().read_enumerated_content_stream(sample)]

    def read_enumerated_content_stream(self, cell_stream: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
        rows = super().read_enumerated_content_stream(cell_stream)
        if self.extract is None:
            yield from rows
            return
        first = self.create_first_content_row()
        for _, cells in rows:
            # frictionless adds one for the row it gets.
            self.stats.rows = cells.number - first
            yield cells.number, cells
        self.stats.rows = self.extract.rows
        if self.extract.whole:
            self.stats.md5, self.stats.sha256 = self.extract.md5, self.extract.sha256
            self.stats.bytes = self.extract.bytes


class _Loader(LocalLoader):  # type: ignore[misc]
    """Opens our file whatever it is called: to frictionless a name can mean an address, an archive or another folder."""

    def read_byte_stream_create(self) -> IO[bytes]:
        return self.resource.file.open("rb")  # type: ignore[no-any-return]

    def read_byte_stream_decompress(self, byte_stream: Any) -> Any:
        return byte_stream


class _Parser(CsvParser):  # type: ignore[misc]
    """frictionless' own parser asks csv.Sniffer even if nothing is left to guess; that takes minutes on hostile quotes."""

    def read_cell_stream_create(self) -> Iterator[list[str]]:
        if (extract := self.resource.extract) is not None:
            yield from extract.head
            for number, row in extract.chosen:
                numbered = _Cells(row)
                numbered.number = number
                yield numbered
            return
        for number, cells in enumerate(self._records()):
            if number % 1000 == 0 and time.monotonic() > self.resource.deadline:
                self.resource.stopped = True
                return
            yield cells

    def _records(self) -> Iterator[list[str]]:
        dialect = self.resource.dialect.get_control("csv").to_python()
        return csv.reader(self.loader.text_stream, dialect=dialect)


class _TablePlugin(Plugin):  # type: ignore[misc]
    """Hands our loader and parser to our tables and leaves all others alone."""

    def create_loader(self, resource: Any) -> _Loader | None:
        return _Loader(resource) if isinstance(resource, _Table) else None

    def create_parser(self, resource: Any) -> _Parser | None:
        return _Parser(resource) if isinstance(resource, _Table) else None


@cache
def _register() -> None:
    system.register("offenbar", _TablePlugin())


def judge(
    path: Path,
    profile: TableProfile,
    descriptor: dict[str, Any],
    limit_errors: int,
    deadline: float,
    references: Mapping[str, Reference] | None = None,
) -> tuple[dict[str, Any], bool]:
    """Run frictionless on the local file; gives its report and whether the deadline cut it short."""
    resource = _resource(path, profile, descriptor or _untyped(profile))
    resource.deadline = deadline
    if descriptor.get("foreignKeys"):
        others = [_referenced(name, found, deadline) for name, found in (references or {}).items()]
        Package(resources=[resource, *others], basepath=str(path.parent))
    report = resource.validate(Checklist(), limit_errors=limit_errors)
    return report.to_dict(), resource.stopped


def judge_extract(
    path: Path, profile: TableProfile, descriptor: dict[str, Any], limit_errors: int, extract: Extract
) -> dict[str, Any]:
    """Run frictionless on chosen rows of a file; gives the report on all of it, if no other row has an error."""
    resource = _resource(path, profile, descriptor or _untyped(profile))
    resource.extract = resource.dialect.extract = extract
    resource.dialect.stats = resource.stats
    report: dict[str, Any] = resource.validate(Checklist(), limit_errors=limit_errors).to_dict()
    if any(task["warnings"] for task in report["tasks"]):
        _as_far_as_read(path, profile, report)
    return report


def _as_far_as_read(path: Path, profile: TableProfile, report: dict[str, Any]) -> None:
    """frictionless counts and hashes the bytes it has read when it stops after many errors; that many are read here too."""
    resource = _resource(path, profile, _untyped(profile))
    resource.deadline = float("inf")
    for task in report["tasks"]:
        last = profile.header_row + task["stats"].get("rows", 0)
        with resource:
            # The resource has read its sample on opening, and goes on behind it.
            for number, _ in enumerate(resource.cell_stream, start=1):
                if number >= last:
                    break
        facts = {key: getattr(resource.stats, key) for key in ("md5", "sha256", "bytes")}
        # In frictionless' own order.
        known = {key: task["stats"].pop(key) for key in ("fields", "rows") if key in task["stats"]}
        task["stats"] |= {key: value for key, value in facts.items() if value} | known


def layout_of(path: Path, profile: TableProfile, descriptor: dict[str, Any]) -> Layout:
    """Tell what frictionless expects of the rows of a file, header and schema put together."""
    resource = _resource(path, profile, descriptor or _untyped(profile))
    head: list[list[str]] = [[] for _ in range(profile.header_row - 1)] + [list(profile.header)]
    resource.extract = resource.dialect.extract = Extract(
        head=head, chosen=(), rows=0, bytes=0, md5="", sha256="", lookups={}
    )
    resource.dialect.stats = resource.stats
    with resource:
        fields = resource.header.get_expected_fields()
        schema = resource.schema
    names = {field.name for field in fields}
    handlers = create_cell_handlers(fields)

    def row(number: int, cells: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        found = Row(cells, handlers=handlers, row_number=number)
        try:
            row_errors = found.errors
        except HOSTILE as error:
            raise UnprovenError from error
        errors = [
            {
                "type": error.type,
                "note": error.note,
                "rowNumber": number,
                "fieldName": getattr(error, "field_name", ""),
            }
            for error in row_errors
        ]
        return {name: found[name] for name in names}, errors

    return Layout(
        columns=tuple(_reading(field) for field in fields),
        unique=tuple(field.name for field in fields if field.constraints.get("unique")),
        primary_key=tuple(schema.primary_key) if set(schema.primary_key) <= names else (),
        foreign_keys=tuple(
            ForeignColumns(
                fields=tuple(key["fields"]),
                name=key["reference"]["resource"],
                reference=tuple(key["reference"]["fields"]),
            )
            for key in schema.foreign_keys
        ),
        row=row,
    )


def _reading(field: Any) -> ColumnReading:
    missing = field.missing_values
    if not field.has_defined("missing_values") and field.schema:
        missing = field.schema.missing_values
    value_reader = field.create_value_reader()
    bounds = {name: value_reader(bound) for name, bound in field.constraints.items() if "imum" in name}
    read = field.create_cell_reader()

    def reader(cell: str | None) -> tuple[Any, tuple[str, ...]]:
        value, notes = read(cell)
        return value, tuple(notes) if notes else ()

    return ColumnReading(
        name=field.name,
        type=field.type,
        format=field.format,
        missing=frozenset(missing),
        constraints=dict(field.constraints),
        bounds=bounds,
        decimal_char=getattr(field, "decimal_char", "."),
        group_char=getattr(field, "group_char", ""),
        bare=getattr(field, "bare_number", True),
        read=reader,
    )


def _referenced(name: str, reference: Reference, deadline: float) -> _Table:
    table = _resource(reference.path, reference.profile, reference.descriptor)
    table.name, table.deadline = name, deadline
    return table


def cell_readers(descriptor: dict[str, Any]) -> dict[str, CellReader]:
    """Give frictionless' own reader for the cells of each field; a reader never raises. ConfigError for an unusable schema."""
    return {field.name: _cell_reader(field) for field in _schema(descriptor).fields}


def _cell_reader(field: Any) -> CellReader:
    try:
        read = field.create_cell_reader()
    except HOSTILE:
        return lambda _: (None, frozenset(("type",)))

    def reader(cell: str) -> tuple[Any, frozenset[str]]:
        try:
            value, notes = read(cell)
        except HOSTILE:
            return None, frozenset(("type",))
        return value, frozenset(notes or ())

    return reader


def _resource(path: Path, profile: TableProfile, descriptor: dict[str, Any]) -> _Table:
    _register()
    dialect = _Dialect(
        header_rows=[max(profile.header_row, 1)],
        controls=[formats.CsvControl(delimiter=profile.delimiter, quote_char=profile.quote)],
    )
    table = _Table(
        name="table",
        path=_place(path),
        basepath=str(path.parent),
        scheme="file",
        format="csv",
        compression="",
        encoding=profile.encoding,
        dialect=dialect,
        schema=_schema(descriptor),
        # As the schema, or frictionless takes exclusive bounds for a fault of the schema.
        datapackage_version="v2",
    )
    table.file = path
    return table


def _place(path: Path) -> str:
    """The name shown in the report; frictionless refuses the ones it could read as something else."""
    return path.name if re.fullmatch(r"\w[\w. ()-]*", path.name) else "table.csv"


def _schema(descriptor: dict[str, Any]) -> Any:
    try:
        # Without a version frictionless takes version 1, which has no exclusive bounds; it carries the profile of version 2 itself.
        return Schema.from_descriptor({"$schema": Schema.metadata_v2_profile, **descriptor})
    except FrictionlessException as error:
        notes = "; ".join(reason.note for reason in error.reasons) or error.error.note
        raise ConfigError(
            Message(f"Das Schema ist nicht brauchbar: {notes}", f"The schema cannot be used: {notes}"),
        ) from error


def _untyped(profile: TableProfile) -> dict[str, Any]:
    """Without a schema every column is text; frictionless would otherwise guess types from the first rows."""
    seen: dict[str, None] = {}
    for position, label in enumerate(profile.header, start=1):
        name = label if label and label not in seen else f"field{position}"
        while name in seen:
            name += "_"
        seen[name] = None
    return {"fields": [{"name": name, "type": "any"} for name in seen], "missingValues": [""]}


def refused(path: Path, profile: TableProfile) -> dict[str, Any]:
    """Give the report of a file that is not given to frictionless at all, in frictionless' own form."""
    codes = [finding.code for finding in profile.findings if finding.severity is Severity.BLOCKS]
    note = ", ".join(codes)
    damaged = "undecodable" in codes
    return _synthetic(path, errors.EncodingError(note=note) if damaged else errors.SourceError(note=note))


def crashed(path: Path, error: Exception) -> dict[str, Any]:
    """Give the report of a table that frictionless gave up on."""
    return _synthetic(path, errors.SourceError(note=type(error).__name__))


def _synthetic(path: Path, error: Any) -> dict[str, Any]:
    content = error.to_dict()
    stats = {"errors": 1, "warnings": 0, "seconds": 0.0}
    return {
        "valid": False,
        "stats": {"tasks": 1, **stats},
        "warnings": [],
        "errors": [],
        "tasks": [
            {
                "name": "table",
                "type": "table",
                "valid": False,
                "place": _place(path),
                "labels": [],
                "stats": stats,
                "warnings": [],
                "errors": [content],
            }
        ],
    }
