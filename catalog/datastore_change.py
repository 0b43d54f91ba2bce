"""How a table that programs write becomes another one: rows added, changed by their key, or deleted; then all of it is written anew."""

from collections.abc import Sequence
from typing import Any

import orjson

from catalog import datastore_forms, datastore_sql, datastore_types
from catalog.datastore import MAX_ANSWER, MAX_BYTES, MAX_ROWS, MB, Writing, WrongError
from catalog.datastore_sql import EVERYTHING, ID, Columns, quoted, select
from catalog.datastore_types import Column, NoValueError, stored

_GROUP = 50_000
# The next `_id` stands in the file's own description, so that none is given twice, also after rows were deleted.
_NEXT = "offenbar.next_id"
Row = dict[str, Any]


def write(engine: Any, asked: Writing, source: str, columns: Columns) -> dict[str, Any]:
    """Write the table with the change in it; gives its rows, how many were touched, and these where they were asked for.

    `source` is the table before, empty for none.
    """
    table = _Table(engine, asked, source, columns)
    if asked.method == "delete":
        rows = table.without(datastore_sql.condition(asked.filters, columns))
    else:
        rows = table.with_records()
    if asked.unique or table.by_number:
        table.require_unique()
    if rows > MAX_ROWS:
        raise WrongError(records=f"A table takes at most {MAX_ROWS} rows")
    if asked.parquet.stat().st_size > MAX_BYTES:
        raise WrongError(records=f"A table takes at most {MAX_BYTES // MB} MB")
    return {"rows": rows, "touched": table.touched, "given": orjson.Fragment(table.given)}


class _Table:
    """One table on its way from what it was to what it shall be."""

    def __init__(self, engine: Any, asked: Writing, source: str, columns: Columns) -> None:
        self._engine = engine
        self._asked = asked
        self._source = source
        self._columns = columns
        self._next = self._next_id()
        self.touched = 0
        self.given = b"[]"
        self.by_number = False

    def without(self, rows: datastore_sql.Part) -> int:
        """Write all rows but those that a condition names."""
        if self._asked.given:
            self.given = self._rows(self._columns, self._source, rows)
        self.touched = self._one(select("count(*)", self._source, rows.sql), rows.values)
        return self._save(self._old(f"({rows.sql}) IS NOT TRUE"), rows.values)

    def with_records(self) -> int:
        """Write all rows with the records of the call among them."""
        records = [self._read(number, record) for number, record in enumerate(self._asked.records, 1)]
        key = self._key(records)
        if self._asked.method == "insert":
            self._refuse_known(key, records)
            changed = [self._added(record) for record in records]
        else:
            changed = self._merged(key, records)
        self.touched = len(changed)
        listed = "SELECT unnest(from_json(?::JSON, ?), recursive := true)"
        rows = [self._aliased(row) for row in changed]
        self._engine.execute(f"CREATE TEMP TABLE changed AS {listed}", [_json(rows), self._structure()])
        if self._asked.given:
            self.given = self._rows(Columns((Column(ID, "int"), *self._asked.columns)), "changed", EVERYTHING)
        if not self._source:
            return self._save("SELECT * FROM changed", ())
        kept = self._old("c0 NOT IN (SELECT c0 FROM changed)")
        return self._save(" UNION ALL ".join((kept, "SELECT * FROM changed")), ())

    def _rows(self, columns: Columns, source: str, rows: datastore_sql.Part) -> bytes:
        """Write rows as they are shown."""
        form = datastore_forms.form("objects", columns.all)
        listed = ", ".join(map(columns.alias, columns.all))
        found = self._engine.execute(select(listed, source, rows.sql) + " ORDER BY c0", rows.values).fetchall()
        body = form.start + (form.rows(found) if found else b"") + form.end
        if len(body) > MAX_ANSWER:
            raise WrongError(include_records=f"The rows are larger than {MAX_ANSWER // MB} MB")
        return body

    def require_unique(self) -> None:
        """See that the key of what was written is one: no two rows share it, and none is without."""
        names = ", ".join(_name(column) for column in self._asked.key)
        empty = " OR ".join(f"{_name(column)} IS NULL" for column in self._asked.key)
        file = f"read_parquet({quoted(self._asked.parquet)})"
        double = select(names, file) + f" GROUP BY {names} HAVING count(*) > 1"
        if self._one(select("count(*)", f"({double})"), ()) or self._one(select("count(*)", file, empty), ()):
            raise WrongError(primary_key="could not create unique index: rows share this key, or have none")

    def _next_id(self) -> int:
        if self._asked.table is None:
            return 1
        path = str(self._asked.table.path)
        found = self._engine.execute(
            "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?", [path, _NEXT]
        )
        return int(found.fetchall()[0][0])

    def _read(self, number: int, record: Any) -> Row:
        """Read one record: every cell by the type of its column; `_id` may only name a row that is there."""
        if not isinstance(record, dict):
            raise WrongError(records="Must be a list of objects", records_row=number)
        types = {column.id: column.type for column in self._asked.columns} | {ID: "int8"}
        if unknown := ", ".join(name for name in record if name not in types)[:200]:
            if self._asked.method == "insert":
                raise WrongError(records=f'row "{number}" has extra keys "{unknown}"', records_row=number)
            raise WrongError(fields=f'fields "{unknown}" do not exist', records_row=number)
        if self._asked.method == "insert":
            record = {name: value for name, value in record.items() if name != ID}
        read = {}
        for name, value in record.items():
            try:
                read[name] = datastore_types.read(value, types[name])
            except NoValueError as error:
                raise WrongError(records=str(error), records_row=number, records_field=name) from None
        return read

    def _key(self, records: Sequence[Row]) -> tuple[Column, ...]:
        """Choose what rows are known by: `_id` where the records name it, else the primary key."""
        if self._asked.method != "insert":
            if records and all(record.get(ID) is not None for record in records):
                self.by_number = bool(self._asked.key)
                return (Column(ID, "int8"),)
            if not self._asked.key and records:
                raise WrongError(key="table does not have a unique key defined; name rows by their _id")
        found = tuple(column for name in self._asked.key for column in self._asked.columns if column.id == name)
        for number, record in enumerate(records, 1):
            if missing := [column.id for column in found if record.get(column.id) is None]:
                raise WrongError(key=f'fields "{", ".join(missing)}" are missing but needed as key', records_row=number)
        return found

    def _refuse_known(self, key: Sequence[Column], records: Sequence[Row]) -> None:
        if not key:
            return
        seen = {tuple(record[column.id] for column in key) for record in records}
        if len(seen) < len(records) or self._known(key, records):
            raise WrongError(
                records="duplicate key value violates unique constraint: there is a row with this key already"
            )

    def _merged(self, key: Sequence[Column], records: Sequence[Row]) -> list[Row]:
        """Put records onto the rows they name; what a record does not name stays. Later ones go onto earlier ones."""
        together: dict[tuple[Any, ...], Row] = {}
        for record in records:
            together.setdefault(tuple(record[column.id] for column in key), {}).update(record)
        known = self._known(key, list(together.values()))
        adding = self._asked.method == "upsert" and [column.id for column in key] != [ID]
        changed = []
        for values, record in together.items():
            if before := known.get(values):
                changed.append(before | {**record, ID: before[ID]})
            elif adding:
                changed.append(self._added({name: value for name, value in record.items() if name != ID}))
            else:
                raise WrongError(key=f'key "{[str(value)[:60] for value in values]}" not found')
        return changed

    def _known(self, key: Sequence[Column], records: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
        """Find the rows with the keys of some records."""
        if not self._source or not records:
            return {}
        fields = {f"k{place}": stored(column.type) for place, column in enumerate(key)}
        wanted = [{f"k{place}": record[column.id] for place, column in enumerate(key)} for record in records]
        present = [self._columns.alias(self._columns.find(column.id, "key")) for column in key if self._has(column)]
        if len(present) < len(key):
            # A column that is only now added holds nothing yet.
            return {}
        same = " AND ".join(f"{alias} = k{place}" for place, alias in enumerate(present))
        asked = "(SELECT unnest(from_json(?::JSON, ?), recursive := true)) AS wanted"
        found = self._engine.execute(
            select("old.*", f"{self._source} AS old JOIN {asked} ON {same}"),
            [_json(wanted), orjson.dumps([fields]).decode()],
        )
        names = [column.id for column in self._columns.all]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return {tuple(row[column.id] for column in key): row for row in rows}

    def _has(self, column: Column) -> bool:
        return any(one.id == column.id for one in self._columns.all)

    def _added(self, record: Row) -> Row:
        self._next += 1
        return {**record, ID: self._next - 1}

    def _structure(self) -> str:
        types = {"c0": "BIGINT"} | {f"c{n}": stored(one.type) for n, one in enumerate(self._asked.columns, 1)}
        return orjson.dumps([types]).decode()

    def _aliased(self, row: Row) -> Row:
        return {"c0": row[ID]} | {f"c{n}": row.get(one.id) for n, one in enumerate(self._asked.columns, 1)}

    def _old(self, where: str) -> str:
        """Those rows of the table before for which `where` holds, with the columns there shall be."""
        cells = ["c0"]
        for place, column in enumerate(self._asked.columns, 1):
            old = self._columns.alias(self._columns.find(column.id, "fields")) if self._has(column) else "NULL"
            cells.append(f"CAST({old} AS {stored(column.type)}) AS c{place}")
        return select(", ".join(cells), self._source, where)

    def _save(self, rows: str, values: Sequence[Any]) -> int:
        """Write both files; gives the number of rows."""
        names = [_name(ID), *(_name(column.id) for column in self._asked.columns)]
        cells = ", ".join(f"c{place} AS {name}" for place, name in enumerate(names))
        parquet, csv = (quoted(path) for path in (self._asked.parquet, self._asked.csv))
        about = f"KV_METADATA {{'{_NEXT}': '{self._next}'}}"
        self._copy(
            select(cells, f"({rows})") + " ORDER BY c0",
            f"{parquet} (FORMAT parquet, USE_TMP_FILE false, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP}, {about})",
            values,
        )
        if not self._asked.columns:
            self._asked.csv.touch()
            return self._one(select("count(*)", f"read_parquet({parquet})"), ())
        shown = ", ".join(_shown(column) for column in self._asked.columns)
        # Quoted, no cell looks like a delimiter, a number or the end of the table to whoever reads the file.
        texts = [name for name, column in zip(names[1:], self._asked.columns, strict=True) if _is_text(column)]
        quoting = f", FORCE_QUOTE ({', '.join(texts)})" if texts else ""
        self._copy(
            select(shown, f"read_parquet({parquet})"), f"{csv} (FORMAT csv, USE_TMP_FILE false, HEADER{quoting})", ()
        )
        return self._one(select("count(*)", f"read_parquet({parquet})"), ())

    def _copy(self, rows: str, target: str, values: Sequence[Any]) -> None:
        self._engine.execute(f"COPY ({rows}) TO {target}", values)

    def _one(self, sql: str, values: Sequence[Any]) -> int:
        return int(self._engine.execute(sql, values).fetchall()[0][0])


def _json(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows).decode()


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _is_text(column: Column) -> bool:
    return stored(column.type) == "VARCHAR" and column.type != "numeric"


def _shown(column: Column) -> str:
    """Write a column for CSV: times in ISO 8601."""
    name = _name(column.id)
    if column.type != "timestamp":
        return name
    whole = f"strftime({name}, '%Y-%m-%dT%H:%M:%S')"
    return f"CASE WHEN epoch_us({name}) % 1000000 = 0 THEN {whole} ELSE strftime({name}, '%Y-%m-%dT%H:%M:%S.%f') END AS {name}"
