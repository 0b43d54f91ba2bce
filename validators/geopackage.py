"""Reads a layer of a GeoPackage as a table. The file is a database of strangers: opened for reading only, its statements limited in kind, size and time."""

import base64
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from validators.columns import known
from validators.file_findings import too_many_columns
from validators.geo import Places, in_order, placed
from validators.geo_findings import geo_findings
from validators.geometry import Tally
from validators.json_cells import Cells
from validators.kind_findings import damaged, left_out, no_such_part, no_table, took_too_long
from validators.report import TableProfile
from validators.schemas import TableSchema
from validators.text_table import Limits, RefusedError, TextTable
from validators.wkb import BadWkbError, from_geopackage

MAX_SECONDS = 120.0
_MAX_LAYERS = 200
_MAX_VALUE = 20_000_000
_AT_ONCE = 1_000
_STEPS = 10_000
_NO_FRACTION = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.0+(Z?)$")
_ALLOWED = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))
_HARMLESS = frozenset(
    (
        "abs",
        "coalesce",
        "ifnull",
        "nullif",
        "length",
        "lower",
        "upper",
        "trim",
        "substr",
        "round",
        "count",
        "min",
        "max",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """A layer: its table, its columns without the geometry, that of the geometry and whether it holds points, and the name of its system."""

    name: str
    columns: tuple[str, ...]
    booleans: frozenset[str]
    key: str
    geometry: str
    points: bool
    system: str


def read(path: Path, target: Path, schema: TableSchema | None, limits: Limits, part: str) -> TableProfile:
    """Write the layer `part`, or the one that fits the schema best, as CSV; RefusedError says why that cannot be done."""
    deadline = time.monotonic() + MAX_SECONDS
    try:
        with closing(_connect(path, deadline)) as database:
            return _read(database, target, schema, limits, part)
    except sqlite3.OperationalError as error:
        if time.monotonic() >= deadline:
            raise RefusedError(took_too_long("geopackage", MAX_SECONDS)) from error
        raise RefusedError(damaged("geopackage", str(error))) from error
    except (sqlite3.Error, UnicodeError, OverflowError, MemoryError) as error:
        raise RefusedError(damaged("geopackage", str(error))) from error


def _connect(path: Path, deadline: float) -> sqlite3.Connection:
    """`immutable` keeps SQLite from looking for journals beside the file, which it would play back."""
    database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True, timeout=1)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
    database.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 200_000)
    database.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.text_factory = lambda value: value.decode("utf-8", "replace")
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0", "temp_store=MEMORY"):
        database.execute(f"PRAGMA {pragma}")
    database.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    database.set_authorizer(_may)
    return database


def _may(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Reading, and a few functions that only compute; a view that calls others is not read."""
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first == "table_info" else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (second or "").lower() in _HARMLESS else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _read(
    database: sqlite3.Connection, target: Path, schema: TableSchema | None, limits: Limits, part: str
) -> TableProfile:
    layers = _layers(database)
    if not layers:
        raise RefusedError(no_table("geopackage"))
    if part:
        layer = next((one for one in layers if one.name.casefold() == part.casefold()), None)
        if layer is None:
            raise RefusedError(no_such_part("geopackage", part, [one.name for one in layers]))
    else:
        layer = max(layers, key=lambda one: known(one.columns, schema))
    if len(layer.columns) > limits.columns:
        raise RefusedError(too_many_columns(1, len(layer.columns), limits.columns))
    profile = _write(database, layer, target, schema, limits)
    if others := [one.name for one in layers if one is not layer]:
        profile = replace(profile, others=tuple(others), findings=(left_out("geopackage", others), *profile.findings))
    return profile


def _layers(database: sqlite3.Connection) -> list[_Layer]:
    tables = {str(name).casefold() for (name,) in database.execute("SELECT name FROM sqlite_master LIMIT 10000")}
    if "gpkg_contents" not in tables:
        return []
    geometries: dict[str, tuple[str, str, int]] = {}
    systems: dict[int, str] = {}
    if {"gpkg_geometry_columns", "gpkg_spatial_ref_sys"} <= tables:
        found = database.execute(
            "SELECT table_name, column_name, geometry_type_name, srs_id FROM gpkg_geometry_columns LIMIT 10000"
        )
        for table, column, kind, system in found:
            geometries[str(table).casefold()] = (
                str(column),
                str(kind).upper(),
                system if isinstance(system, int) else 0,
            )
        named = database.execute(
            "SELECT srs_id, organization, organization_coordsys_id FROM gpkg_spatial_ref_sys LIMIT 10000"
        )
        systems = {
            number: f"{str(body).upper()}:{code}"
            for number, body, code in named
            if isinstance(number, int) and number > 0
        }
    contents = database.execute(
        "SELECT table_name FROM gpkg_contents WHERE lower(data_type) IN ('features', 'attributes') LIMIT ?",
        (_MAX_LAYERS,),
    ).fetchall()
    layers = []
    for (name,) in contents:
        if str(name).casefold() in tables:
            column, kind, number = geometries.get(str(name).casefold(), ("", "", 0))
            layers.append(_layer(database, str(name), column, kind, systems.get(number, "")))
    return layers


def _layer(database: sqlite3.Connection, name: str, geometry: str, kind: str, system: str) -> _Layer:
    described = database.execute(f"PRAGMA table_info({_quoted(name)})").fetchall()
    columns = [(str(row[1]), str(row[2]).upper(), bool(row[5])) for row in described]
    plain = [column for column in columns if column[0].casefold() != geometry.casefold()]
    return _Layer(
        name=name,
        columns=tuple(column[0] for column in plain),
        booleans=frozenset(column[0] for column in plain if column[1] == "BOOLEAN"),
        # The key that programs add by themselves is no data.
        key=next((column[0] for column in plain if column[2] and column[1] == "INTEGER"), ""),
        geometry=geometry if len(plain) < len(columns) else "",
        points=kind == "POINT",
        system=system,
    )


def _write(
    database: sqlite3.Connection, layer: _Layer, target: Path, schema: TableSchema | None, limits: Limits
) -> TableProfile:
    labels = [name for name in layer.columns if name != layer.key or schema is None or schema.field(name)]
    places, about_places = placed(labels, schema, points=layer.points) if layer.geometry else (Places(), [])
    header = in_order([*labels, *places.labels], schema)
    if not header:
        raise RefusedError(no_table("geopackage"))
    cells, tally = Cells(header, schema), Tally()
    wanted = [*labels, *([layer.geometry] if layer.geometry else [])]
    # Names come from the file's own list of columns, each quoted.
    found = database.execute(f"SELECT {', '.join(map(_quoted, wanted))} FROM {_quoted(layer.name)}")  # noqa: S608
    with TextTable(target, limits) as table:
        table.write([header])
        while rows := found.fetchmany(_AT_ONCE):
            texts = []
            for row, values in enumerate(rows, table.records + 1):
                given = {
                    name: _value(value, name in layer.booleans) for name, value in zip(labels, values, strict=False)
                }
                if layer.geometry:
                    given |= _geometry_cells(values[-1], tally, row, places)
                texts.append(cells.row(given))
            table.write(texts)
    findings = geo_findings(tally, layer.system, geojson=False) + about_places if layer.geometry else []
    return table.profile(1, kind="geopackage", part=layer.name, findings=(*findings, *cells.findings()))


def _geometry_cells(blob: object, tally: Tally, row: int, places: Places) -> dict[str, str]:
    geometry: object = None
    if isinstance(blob, bytes):
        try:
            _, geometry = from_geopackage(blob)
        except BadWkbError as error:
            tally.features += 1
            tally.bad.add(row, str(error))
            return {}
    return places.cells(geometry, usable=tally.add(row, geometry))


def _value(value: Any, boolean: bool) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if boolean and value in (0, 1):
        return bool(value)
    # Times are text to the millisecond, even where there are none.
    return _NO_FRACTION.sub(r"\1\2", value) if isinstance(value, str) and len(value) < 40 else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'
